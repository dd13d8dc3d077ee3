/* Takes over files of the server. Main thread; waits. */
#include "ctl_file.h"

#include "alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 256 * 1024 };

static int complain(const char *path, struct buf *error)
{
    buf_printf(error, "%s: %s", path, strerror(errno));
    return STATUS_IO;
}

/* "TO.part", for the caller to free: beside the target, so that it can take its place at once. */
static char *part_of(const char *to)
{
    struct buf path = {0};
    buf_printf(&path, "%s.part", to);
    char *copy = str_dup(buf_str(&path));
    buf_finish(&path);
    return copy;
}

/* The folder that holds the file, for the caller to free. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return str_dup(STR("."));
    }
    return str_dup(str_make(path, slash == path ? 1 : (size_t)(slash - path)));
}

/* A name is as lasting as its folder's last sync. */
static int sync_folder(const char *path, struct buf *error)
{
    char *folder = folder_of(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some file systems have no sync of folders: what they promise without is what there is. */
    int status =
        fd >= 0 && (fsync(fd) == 0 || errno == EINVAL) ? STATUS_OK : complain(folder, error);
    if (fd >= 0) {
        close(fd);
    }
    free(folder);
    return status;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    return true;
}

static int copy_bytes(int in, int out, const char *from, const char *to, struct buf *error)
{
    char *piece = xmalloc(PIECE_BYTES);
    int status = STATUS_OK;
    ssize_t n;
    while (status == STATUS_OK && (n = read(in, piece, PIECE_BYTES)) != 0) {
        if (n < 0 && errno != EINTR) {
            status = complain(from, error);
        } else if (n > 0 && !write_all(out, piece, (size_t)n)) {
            status = complain(to, error);
        }
    }
    free(piece);
    return status;
}

static int copy(const char *from, const char *part, struct buf *error)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) {
        return complain(from, error);
    }
    int out = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int status = out >= 0 ? copy_bytes(in, out, from, part, error) : complain(part, error);
    if (status == STATUS_OK && fsync(out) != 0) {
        status = complain(part, error);
    }
    close(in);
    if (out >= 0 && close(out) != 0 && status == STATUS_OK) {
        status = complain(part, error);
    }
    return status;
}

/* Where both are on one file system nothing needs to be copied. False: copy. */
static bool move(const char *from, const char *part)
{
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    bool moved = fd >= 0 && fchmod(fd, 0600) == 0 &&
                 (geteuid() != 0 || fchown(fd, geteuid(), getegid()) == 0) && fsync(fd) == 0 &&
                 rename(from, part) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return moved;
}

int ctl_file_take(const char *from, const char *to, struct buf *error)
{
    char *part = part_of(to);
    int status = move(from, part) ? STATUS_OK : copy(from, part, error);
    if (status == STATUS_OK && rename(part, to) != 0) {
        status = complain(to, error);
    }
    if (status == STATUS_OK) {
        status = sync_folder(to, error);
    } else {
        unlink(part);
    }
    free(part);
    return status;
}

int ctl_file_try(const char *to, struct buf *error)
{
    struct stat st;
    if (stat(to, &st) == 0 && !S_ISREG(st.st_mode)) {
        buf_printf(error, "%s: is no ordinary file", to);
        return STATUS_EXISTS;
    }
    char *part = part_of(to);
    int fd = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    int status = fd >= 0 ? STATUS_OK : complain(part, error);
    if (fd >= 0) {
        close(fd);
        unlink(part);
    }
    free(part);
    return status;
}
