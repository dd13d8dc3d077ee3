/*
 * A file system for SQLite that fails when it is told to, and that knows what a loss of power would
 * leave: what was written reaches the disk with a sync that succeeds, and never if that sync fails
 * (the kernel forgets that the pages are dirty). Under the default one; threads may share it.
 */
#ifndef MARU_FAULT_VFS_H
#define MARU_FAULT_VFS_H

#include <stdbool.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_IO,   /* any call: EIO */
    FAULT_SYNC, /* only syncs: EIO */
    FAULT_FULL, /* only what needs room: ENOSPC */
};

/* Makes it the default, once in a process. */
void fault_vfs_register(void);

/* The nth call of that kind from now fails; with `lasting` all from there on, until FAULT_NONE. */
void fault_vfs_arm(enum fault_kind kind, unsigned nth, bool lasting);
/* Lets everything work for a while, uncounted. */
void fault_vfs_pause(bool paused);
/* How often it failed since it was armed. */
unsigned fault_vfs_failures(void);

/* Writes what would be left of `path` and its log if power failed now: to `to`, and its log. */
void fault_vfs_crash(const char *path, const char *to);
/* Forgets all files. */
void fault_vfs_reset(void);

#endif
