/*
 * Checks and restores the database while no server runs: the control socket is held meanwhile, so
 * that none can start. Main thread.
 */
#include "offline.h"

#include "data_dir.h"
#include "escape.h"
#include "progress.h"
#include "store_admin.h"
#include "unix_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* The data folder, taken for ourselves. */
struct taken {
    struct buf socket;   /* its path, with a NUL */
    struct buf database; /* the same */
    int fd;
};

static int complain(struct str why)
{
    struct buf text = {0};
    escape_add(&text, why);
    fprintf(stderr, "marud: " STR_FMT "\n", STR_ARG(buf_str(&text)));
    buf_finish(&text);
    return EXIT_FAILURE;
}

static void give_back(struct taken *taken)
{
    if (taken->fd >= 0) {
        unlink(taken->socket.p);
        close(taken->fd);
    }
    buf_finish(&taken->socket);
    buf_finish(&taken->database);
}

static bool take(const struct config *config, struct taken *ret_taken)
{
    struct taken taken = {.fd = -1};
    struct buf why = {0};
    buf_printf(&taken.socket, "%s/" DATA_CONTROL_SOCKET, config->server.data);
    buf_add_char(&taken.socket, '\0');
    buf_printf(&taken.database, "%s/" DATA_HISTORY, config->server.data);
    buf_add_char(&taken.database, '\0');
    int status = unix_socket_listen(taken.socket.p, 1, &taken.fd);
    if (status == STATUS_OK) {
        *ret_taken = taken;
        return true;
    }
    if (status == STATUS_EXISTS) {
        buf_printf(&why, "a server runs on %s: stop it first", config->server.data);
    } else {
        buf_printf(&why, "%s: %s", taken.socket.p, strerror(errno));
    }
    complain(buf_str(&why));
    buf_finish(&why);
    give_back(&taken);
    return false;
}

static bool show(void *ctx, uint64_t done, uint64_t total)
{
    progress_show(ctx, done, total);
    return true;
}

static void add_day(struct buf *out, uint64_t wall_ms)
{
    time_t when = (time_t)(wall_ms / 1000);
    struct tm parts;
    char text[32] = "";
    if (localtime_r(&when, &parts) != NULL) {
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &parts);
    }
    buf_add_cstr(out, text);
}

static void say_whole(const char *path, const struct store_figures *figures)
{
    struct buf text = {0};
    escape_add(&text, str_from(path));
    buf_printf(&text, " is whole: %llu messages", (unsigned long long)figures->messages);
    if (figures->messages > 0) {
        buf_add_cstr(&text, ", from ");
        add_day(&text, figures->oldest_ms);
        buf_add_cstr(&text, " to ");
        add_day(&text, figures->newest_ms);
    }
    printf(STR_FMT ".\n", STR_ARG(buf_str(&text)));
    buf_finish(&text);
}

int offline_check(const struct config *config)
{
    struct taken taken;
    if (!take(config, &taken)) {
        return EXIT_FAILURE;
    }
    struct progress progress;
    struct buf report = {0};
    struct store_figures figures = {0};
    progress_begin(&progress, "Checking");
    const struct store_progress onwards = {show, &progress};
    int status = store_admin_check(taken.database.p, &onwards, &figures, &report);
    progress_end(&progress);
    if (status == STATUS_OK) {
        say_whole(taken.database.p, &figures);
    }
    struct str rest = buf_str(&report);
    while (rest.len > 0) {
        struct str line = str_split(&rest, '\n');
        if (line.len > 0) {
            complain(line);
        }
    }
    buf_finish(&report);
    give_back(&taken);
    return status == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int offline_restore(const struct config *config, const char *from)
{
    struct taken taken;
    if (!take(config, &taken)) {
        return EXIT_FAILURE;
    }
    struct progress progress;
    struct buf kept = {0};
    struct buf error = {0};
    progress_begin(&progress, "Restoring");
    const struct store_progress onwards = {show, &progress};
    int status = store_admin_restore(taken.database.p, from, &onwards, &kept, &error);
    progress_end(&progress);
    if (status < 0) {
        complain(buf_str(&error));
    } else if (kept.len > 0) {
        struct buf text = {0};
        escape_add(&text, buf_str(&kept));
        printf("Restored. The database that was there is kept as " STR_FMT ".\n",
               STR_ARG(buf_str(&text)));
        buf_finish(&text);
    } else {
        puts("Restored. There was no database before.");
    }
    buf_finish(&kept);
    buf_finish(&error);
    give_back(&taken);
    return status == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
