/* Files that are made beside others, or copied, so that they last. Any thread; waits. */
#ifndef MARU_STORE_FILES_H
#define MARU_STORE_FILES_H

#include "buf.h"
#include "status.h"

#include <stdio.h>

/* A new file, mode 0600, close-on-exec; NULL with a sentence where it cannot be made. */
FILE *store_file_make(const char *path, struct buf *error);
/* Whether all of it is on disk; closes in any case. */
int store_file_finish(FILE *file, const char *path, struct buf *error) MARU_CHECK;

/* A name lasts as long as its folder does. */
int store_file_sync(const char *path, struct buf *error) MARU_CHECK;
int store_file_sync_folder(const char *path, struct buf *error) MARU_CHECK;

/* Of the file; 0 where there is none. */
uint64_t store_file_size(const char *path);

/* PATH with something behind, for the caller to free. */
char *store_file_name(const char *path, const char *suffix);

#endif
