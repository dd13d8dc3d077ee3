/* Failing calls, and images of what is on disk. One lock guards it all. */
#include "fault_vfs.h"

#include "alloc.h"
#include "lock.h"
#include "str.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES_MAX = 16 };

/* A file as it is on disk, and which parts of it are only in memory. */
struct image {
    char *path;
    char *bytes;
    size_t len;
    struct {
        size_t at;
        size_t len;
    } * dirty;
    size_t n_dirty;
    size_t cap_dirty;
};

struct fault_file {
    sqlite3_file base;
    struct image *image; /* of databases and logs, else NULL */
    sqlite3_file *real;  /* behind this struct */
};

static struct {
    struct lock lock;
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    sqlite3_io_methods methods;
    enum fault_kind kind;
    unsigned countdown;
    bool lasting;
    bool paused;
    unsigned failures;
    struct image images[IMAGES_MAX];
    unsigned n_images;
} fault;

/* ---- failing ---- */

static bool fails(enum fault_kind kind)
{
    lock_enter(&fault.lock);
    bool failing = false;
    if (fault.kind != FAULT_NONE && !fault.paused &&
        (kind == fault.kind || fault.kind == FAULT_IO)) {
        if (fault.countdown > 0) {
            fault.countdown--;
        }
        failing = fault.countdown == 0 && (fault.lasting || fault.failures == 0);
        fault.failures += failing ? 1 : 0;
    }
    lock_leave(&fault.lock);
    return failing;
}

void fault_vfs_arm(enum fault_kind kind, unsigned nth, bool lasting)
{
    lock_enter(&fault.lock);
    fault.kind = kind;
    fault.countdown = nth;
    fault.lasting = lasting;
    fault.failures = 0;
    lock_leave(&fault.lock);
}

void fault_vfs_pause(bool paused)
{
    lock_enter(&fault.lock);
    fault.paused = paused;
    lock_leave(&fault.lock);
}

unsigned fault_vfs_failures(void)
{
    lock_enter(&fault.lock);
    unsigned failures = fault.failures;
    lock_leave(&fault.lock);
    return failures;
}

/* ---- images ---- */

static struct image *find_image(const char *path)
{
    for (unsigned i = 0; i < fault.n_images; i++) {
        if (strcmp(fault.images[i].path, path) == 0) {
            return &fault.images[i];
        }
    }
    return NULL;
}

static struct image *add_image(const char *path)
{
    struct image *image = find_image(path);
    if (image == NULL) {
        CHECK(fault.n_images < IMAGES_MAX);
        image = &fault.images[fault.n_images++];
        *image = (struct image){.path = str_dup(str_from(path))};
    }
    return image;
}

static void note_dirty(struct image *image, size_t at, size_t len)
{
    if (image->n_dirty == image->cap_dirty) {
        image->cap_dirty = image->cap_dirty > 0 ? image->cap_dirty * 2 : 64;
        image->dirty = xrealloc(image->dirty, image->cap_dirty * sizeof(*image->dirty));
    }
    image->dirty[image->n_dirty].at = at;
    image->dirty[image->n_dirty++].len = len;
}

static void grow(struct image *image, size_t len)
{
    if (len > image->len) {
        image->bytes = xrealloc(image->bytes, len);
        memset(image->bytes + image->len, 0, len - image->len);
        image->len = len;
    }
}

static void sync_image(struct fault_file *file)
{
    struct image *image = file->image;
    sqlite3_int64 size = 0;
    CHECK(file->real->pMethods->xFileSize(file->real, &size) == SQLITE_OK);
    for (size_t i = 0; i < image->n_dirty; i++) {
        size_t at = image->dirty[i].at;
        size_t len = image->dirty[i].len;
        if (at + len <= (size_t)size) {
            grow(image, at + len);
            CHECK(file->real->pMethods->xRead(file->real, image->bytes + at, (int)len,
                                              (sqlite3_int64)at) == SQLITE_OK);
        }
    }
    image->n_dirty = 0;
}

static void write_image(const char *path, const char *suffix, const char *to)
{
    char name[256];
    snprintf(name, sizeof(name), "%s%s", path, suffix);
    const struct image *image = find_image(name);
    snprintf(name, sizeof(name), "%s%s", to, suffix);
    remove(name);
    if (image != NULL && image->len > 0) {
        FILE *file = fopen(name, "w");
        CHECK(file != NULL && fwrite(image->bytes, image->len, 1, file) == 1);
        CHECK(fclose(file) == 0);
    }
}

void fault_vfs_crash(const char *path, const char *to)
{
    lock_enter(&fault.lock);
    write_image(path, "", to);
    write_image(path, "-wal", to);
    lock_leave(&fault.lock);
}

void fault_vfs_reset(void)
{
    lock_enter(&fault.lock);
    for (unsigned i = 0; i < fault.n_images; i++) {
        free(fault.images[i].path);
        free(fault.images[i].bytes);
        free(fault.images[i].dirty);
    }
    fault.n_images = 0;
    fault.kind = FAULT_NONE;
    lock_leave(&fault.lock);
}

/* ---- files ---- */

static sqlite3_file *real(sqlite3_file *file)
{
    return ((struct fault_file *)file)->real;
}

static int close_file(sqlite3_file *file)
{
    return real(file)->pMethods->xClose(real(file));
}

static int read_file(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    if (fails(FAULT_IO)) {
        return SQLITE_IOERR_READ;
    }
    return real(file)->pMethods->xRead(real(file), to, n, at);
}

static int write_file(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
    if (fails(FAULT_FULL)) {
        /* As a full disk does: a part of it may be written. */
        real(file)->pMethods->xWrite(real(file), bytes, n / 2, at);
        return fault.kind == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    int rc = real(file)->pMethods->xWrite(real(file), bytes, n, at);
    struct image *image = ((struct fault_file *)file)->image;
    if (rc == SQLITE_OK && image != NULL) {
        lock_enter(&fault.lock);
        note_dirty(image, (size_t)at, (size_t)n);
        lock_leave(&fault.lock);
    }
    return rc;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    if (fails(FAULT_IO)) {
        return SQLITE_IOERR_TRUNCATE;
    }
    struct image *image = ((struct fault_file *)file)->image;
    if (image != NULL) {
        lock_enter(&fault.lock);
        image->len = image->len < (size_t)size ? image->len : (size_t)size;
        lock_leave(&fault.lock);
    }
    return real(file)->pMethods->xTruncate(real(file), size);
}

/* Nothing is really synced: the images say what is on disk. */
static int sync_file(sqlite3_file *file, int flags)
{
    bool failing = fails(FAULT_SYNC);
    struct fault_file *own = (struct fault_file *)file;
    lock_enter(&fault.lock);
    if (own->image != NULL && failing) {
        own->image->n_dirty = 0;
    } else if (own->image != NULL) {
        sync_image(own);
    }
    lock_leave(&fault.lock);
    return failing ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    return fails(FAULT_IO) ? SQLITE_IOERR_FSTAT
                           : real(file)->pMethods->xFileSize(real(file), ret_size);
}

static int lock_file(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}

static int unlock_file(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int check_reserved(sqlite3_file *file, int *ret_reserved)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), ret_reserved);
}

static int control(sqlite3_file *file, int op, void *arg)
{
    return real(file)->pMethods->xFileControl(real(file), op, arg);
}

static int sector_size(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int traits(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret_at)
{
    return fails(FAULT_IO) ? SQLITE_IOERR_SHMMAP
                           : real(file)->pMethods->xShmMap(real(file), page, size, extend, ret_at);
}

static int shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}

static void shm_barrier(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}

static int shm_unmap(sqlite3_file *file, int remove_it)
{
    return real(file)->pMethods->xShmUnmap(real(file), remove_it);
}

/* ---- the file system ---- */

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret)
{
    struct fault_file *own = (struct fault_file *)file;
    *own = (struct fault_file){.real = (sqlite3_file *)(own + 1)};
    if (fails(FAULT_IO)) {
        return SQLITE_CANTOPEN;
    }
    int rc = fault.real->xOpen(fault.real, name, own->real, flags, ret);
    if (rc == SQLITE_OK) {
        own->base.pMethods = &fault.methods;
        if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0) {
            lock_enter(&fault.lock);
            own->image = add_image(name);
            lock_leave(&fault.lock);
        }
    }
    return rc;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    if (fails(FAULT_IO)) {
        return SQLITE_IOERR_DELETE;
    }
    lock_enter(&fault.lock);
    struct image *image = find_image(name);
    if (image != NULL) {
        image->len = image->n_dirty = 0;
    }
    lock_leave(&fault.lock);
    return fault.real->xDelete(fault.real, name, 0);
}

static int access_file(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
    return fails(FAULT_IO) ? SQLITE_IOERR_ACCESS
                           : fault.real->xAccess(fault.real, name, flags, ret);
}

void fault_vfs_register(void)
{
    if (fault.real != NULL) {
        return;
    }
    lock_init(&fault.lock);
    fault.real = sqlite3_vfs_find(NULL);
    fault.vfs = *fault.real;
    fault.vfs.zName = "fault";
    fault.vfs.szOsFile = (int)sizeof(struct fault_file) + fault.real->szOsFile;
    fault.vfs.xOpen = open_file;
    fault.vfs.xDelete = delete_file;
    fault.vfs.xAccess = access_file;
    fault.methods = (sqlite3_io_methods){
        .iVersion = 2,
        .xClose = close_file,
        .xRead = read_file,
        .xWrite = write_file,
        .xTruncate = truncate_file,
        .xSync = sync_file,
        .xFileSize = file_size,
        .xLock = lock_file,
        .xUnlock = unlock_file,
        .xCheckReservedLock = check_reserved,
        .xFileControl = control,
        .xSectorSize = sector_size,
        .xDeviceCharacteristics = traits,
        .xShmMap = shm_map,
        .xShmLock = shm_lock,
        .xShmBarrier = shm_barrier,
        .xShmUnmap = shm_unmap,
    };
    CHECK(sqlite3_vfs_register(&fault.vfs, 1) == SQLITE_OK);
}
