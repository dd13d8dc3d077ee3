/* Unix stream sockets by path. Any thread. */
#include "unix_socket.h"

#include "str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* The address of `path`; where that is too long, by way of *ret_folder, which the caller closes
 * after use (-1 otherwise). */
static int make_address(const char *path, struct sockaddr_un *ret, int *ret_folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int folder = -1;
    int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (len < 0 || (size_t)len >= sizeof(address.sun_path)) {
        const char *slash = strrchr(path, '/');
        if (slash == NULL) {
            errno = ENAMETOOLONG;
            return STATUS_IO;
        }
        char *parent = str_dup(str_make(path, (size_t)(slash - path) + 1));
        folder = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int saved = errno;
        free(parent);
        errno = saved;
        if (folder < 0) {
            return STATUS_IO;
        }
        len = snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", folder,
                       slash + 1);
        if (len < 0 || (size_t)len >= sizeof(address.sun_path)) {
            close(folder);
            errno = ENAMETOOLONG;
            return STATUS_IO;
        }
    }
    *ret = address;
    *ret_folder = folder;
    return STATUS_OK;
}

static int fail(int fd)
{
    int saved = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = saved;
    return STATUS_IO;
}

static int connect_to(const struct sockaddr_un *address, int *ret_fd)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
        return fail(fd);
    }
    *ret_fd = fd;
    return STATUS_OK;
}

int unix_socket_connect(const char *path, int *ret_fd)
{
    struct sockaddr_un address;
    int folder;
    int status = make_address(path, &address, &folder);
    if (status == STATUS_OK) {
        status = connect_to(&address, ret_fd);
        if (folder >= 0) {
            int saved = errno;
            close(folder);
            errno = saved;
        }
    }
    return status;
}

/* Removes a socket that nobody listens on. */
static int clear_stale(const struct sockaddr_un *address)
{
    struct stat st;
    if (lstat(address->sun_path, &st) != 0) {
        return errno == ENOENT ? STATUS_OK : STATUS_IO;
    }
    int fd;
    if (connect_to(address, &fd) == STATUS_OK) {
        close(fd);
        return STATUS_EXISTS;
    }
    /* A backlog that is full is somebody, too. */
    if (errno == EAGAIN) {
        return STATUS_EXISTS;
    }
    if (!S_ISSOCK(st.st_mode) || errno != ECONNREFUSED) {
        errno = S_ISSOCK(st.st_mode) ? errno : EEXIST;
        return STATUS_IO;
    }
    return unlink(address->sun_path) == 0 || errno == ENOENT ? STATUS_OK : STATUS_IO;
}

/* Nobody can connect between bind() and listen(), so the mode is right before anybody can. */
static int listen_at(const struct sockaddr_un *address, int backlog, int *ret_fd)
{
    int status = clear_stale(address);
    if (status < 0) {
        return status;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 ||
        chmod(address->sun_path, 0600) != 0 || listen(fd, backlog) != 0) {
        return fail(fd);
    }
    *ret_fd = fd;
    return STATUS_OK;
}

int unix_socket_listen(const char *path, int backlog, int *ret_fd)
{
    struct sockaddr_un address;
    int folder;
    int status = make_address(path, &address, &folder);
    if (status == STATUS_OK) {
        status = listen_at(&address, backlog, ret_fd);
        if (folder >= 0) {
            int saved = errno;
            close(folder);
            errno = saved;
        }
    }
    return status;
}
