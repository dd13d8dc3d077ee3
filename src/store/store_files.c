/* Files that last. Any thread; waits. */
#include "store_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int complain(const char *path, struct buf *error)
{
    buf_printf(error, "%s: %s", path, strerror(errno));
    return errno == ENOSPC ? STATUS_FULL : STATUS_IO;
}

FILE *store_file_make(const char *path, struct buf *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        complain(path, error);
        if (fd >= 0) {
            close(fd);
        }
    }
    return file;
}

int store_file_finish(FILE *file, const char *path, struct buf *error)
{
    bool good = fflush(file) == 0 && fsync(fileno(file)) == 0;
    int status = good ? 0 : complain(path, error);
    if (fclose(file) != 0 && good) {
        status = complain(path, error);
    }
    return status;
}

static int sync_path(const char *path, int flags, struct buf *error)
{
    int fd = open(path, flags | O_CLOEXEC);
    /* Some file systems know no sync of folders: what they promise without is what there is. */
    int status = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL) ? 0 : complain(path, error);
    if (fd >= 0) {
        close(fd);
    }
    return status;
}

int store_file_sync(const char *path, struct buf *error)
{
    return sync_path(path, O_RDONLY, error);
}

int store_file_sync_folder(const char *path, struct buf *error)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL
                       ? str_dup(STR("."))
                       : str_dup(str_make(path, slash == path ? 1 : (size_t)(slash - path)));
    int status = sync_path(folder, O_RDONLY | O_DIRECTORY, error);
    free(folder);
    return status;
}

uint64_t store_file_size(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

char *store_file_name(const char *path, const char *suffix)
{
    struct buf name = {0};
    buf_printf(&name, "%s%s", path, suffix);
    char *copy = str_dup(buf_str(&name));
    buf_finish(&name);
    return copy;
}
