/*
 * The load generator: thousands of clients in one thread, each delivery checked, the server's cost
 * read from the kernel. What it does is named on the command line; see run.py, which calls it.
 */
#include "load.h"

#include "alloc.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SETTLE_MS = 1500 };

static const char usage[] =
    "usage: bench_load --port N --pid PID [OPTION]... PHASE...\n"
    "  --rooms N --members N   clients: so many rooms with so many members each\n"
    "  --at-once N             clients on their way in at a time\n"
    "  --seconds S             for each kind of traffic\n"
    "  --tls, --tagged, --bare\n"
    "Phases: storm (everyone comes in; must be the first), idle:N[,N...] (memory with N clients),\n"
    "burst, one, sixteen, rooms4, rooms1, calm.\n";

void load_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fputs("bench_load: ", stderr);
    vfprintf(stderr, format, args);
    fputs("\n", stderr);
    va_end(args);
    exit(1);
}

void load_turn(struct load *load, uint64_t until_ns)
{
    static uint64_t progress_ns;
    static uint64_t lines;
    uint64_t now = load_clock_ns();
    if (load->lines != lines || progress_ns == 0) {
        lines = load->lines;
        progress_ns = now;
    } else if (now - progress_ns > (uint64_t)LOAD_PATIENCE_S * 1000000000) {
        load_fail("nothing has come for %d seconds (%u of %u clients are inside, %llu JOINs seen)",
                  LOAD_PATIENCE_S, load->n_inside, load->n_started,
                  (unsigned long long)load->n_joins);
    }
    uint64_t wait_ns = until_ns > now ? until_ns - now : 0;
    struct timespec wait = {.tv_sec = 1};
    if (wait_ns < 1000000000) {
        wait = (struct timespec){.tv_nsec = (long)wait_ns};
    }
    struct epoll_event events[LOAD_EVENTS];
    int n = epoll_pwait2(load->epoll, events, LOAD_EVENTS, &wait, NULL);
    if (n < 0 && errno != EINTR) {
        load_fail("epoll_pwait2: %s", strerror(errno));
    }
    for (int i = 0; i < n; i++) {
        load->now_ns = load_clock_ns();
        client_event(load, events[i].data.ptr, events[i].events);
    }
}

static void rest(struct load *load, unsigned ms)
{
    uint64_t end = load_clock_ns() + (uint64_t)ms * 1000000;
    while (load_clock_ns() < end) {
        load_turn(load, end);
    }
}

static void run_storm(struct load *load)
{
    struct meter before;
    struct meter after;
    meter_read(load->options.pid, &before);
    uint64_t start = load_clock_ns();
    door_admit(load, load->n_clients);
    double seconds = (double)(load_clock_ns() - start) / 1e9;
    meter_read(load->options.pid, &after);
    printf("{\"phase\":\"storm\",\"seconds\":%.4f,\"clients\":%u,\"joins\":%llu,\"cpu_us\":%.1f",
           seconds, load->n_clients, (unsigned long long)load->n_joins,
           (double)(after.cpu_ns - before.cpu_ns) / 1000);
    meter_print_threads(&before, &after);
    printf("}\n");
}

/* Memory with nobody, then with each number of clients. */
static void run_idle(struct load *load, const char *numbers)
{
    printf("{\"phase\":\"idle\",\"points\":[[0,%llu]",
           (unsigned long long)meter_resident_bytes(load->options.pid));
    struct str list = str_from(numbers);
    while (list.p != NULL) {
        uint64_t n;
        if (str_to_u64(str_split(&list, ','), &n) < 0 || n > load->n_clients ||
            n % load->options.members != 0) {
            load_fail("idle: expected numbers of whole rooms, not %s", numbers);
        }
        door_admit(load, (unsigned)n);
        rest(load, SETTLE_MS);
        printf(",[%llu,%llu]", (unsigned long long)n,
               (unsigned long long)meter_resident_bytes(load->options.pid));
    }
    printf("]}\n");
}

static void run_phase(struct load *load, const char *name)
{
    if (strcmp(name, "storm") == 0) {
        run_storm(load);
        return;
    }
    if (strncmp(name, "idle:", 5) == 0) {
        run_idle(load, name + 5);
        return;
    }
    const struct shape *shape = shape_find(name);
    if (shape == NULL) {
        load_fail("there is no phase %s", name);
    }
    door_admit(load, load->n_clients);
    traffic_run(load, shape);
}

static unsigned number(const char *text)
{
    uint64_t value;
    if (str_to_u64(str_from(text), &value) < 0 || value > INT32_MAX) {
        load_fail("expected a number, not %s", text);
    }
    return (unsigned)value;
}

static void read_options(struct load_options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'},    {"pid", required_argument, NULL, 'i'},
        {"rooms", required_argument, NULL, 'r'},   {"members", required_argument, NULL, 'm'},
        {"at-once", required_argument, NULL, 'a'}, {"seconds", required_argument, NULL, 's'},
        {"tls", no_argument, NULL, 't'},           {"tagged", no_argument, NULL, 'g'},
        {"bare", no_argument, NULL, 'b'},          {NULL, 0, NULL, 0},
    };
    *options = (struct load_options){.rooms = 1, .members = 1000, .seconds = 2};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'p':
            options->port = (uint16_t)number(optarg);
            break;
        case 'i':
            options->pid = (pid_t)number(optarg);
            break;
        case 'r':
            options->rooms = number(optarg);
            break;
        case 'm':
            options->members = number(optarg);
            break;
        case 'a':
            options->at_once = number(optarg);
            break;
        case 's':
            options->seconds = strtod(optarg, NULL);
            break;
        case 't':
            options->tls = true;
            break;
        case 'g':
            options->tagged = true;
            break;
        case 'b':
            options->bare = true;
            break;
        default:
            fputs(usage, stderr);
            exit(2);
        }
    }
    if (options->port == 0 || options->pid == 0 || optind == argc || options->members < 2) {
        fputs(usage, stderr);
        exit(2);
    }
}

static SSL_CTX *tls_client(void)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    if (tls == NULL || SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256") != 1) {
        load_fail("TLS is not available");
    }
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
    return tls;
}

int main(int argc, char **argv)
{
    struct load load = {0};
    read_options(&load.options, argc, argv);
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.read_buf = xmalloc(LOAD_READ);
    load.tls = load.options.tls ? tls_client() : NULL;
    door_setup(&load);
    for (int i = optind; i < argc; i++) {
        run_phase(&load, argv[i]);
        fflush(stdout);
    }
    door_finish(&load);
    SSL_CTX_free(load.tls);
    free(load.read_buf);
    close(load.epoll);
    return 0;
}
