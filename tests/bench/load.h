/* What the files of the load generator share. It has one thread. */
#ifndef MARU_LOAD_H
#define MARU_LOAD_H

#include "buf.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct traffic;

enum {
    LOAD_TEXT = 100,          /* bytes of a message's text */
    LOAD_READ = 256 * 1024,   /* read from a client at a time */
    LOAD_LINE_MAX = 8 * 1024, /* an unfinished line that is longer is an error of the server */
    LOAD_EVENTS = 1024,
    LOAD_PATIENCE_S = 30, /* without any progress: the server has lost something */
};

struct load_options {
    uint16_t port;
    pid_t pid; /* of the server, for its processor time and memory */
    unsigned rooms;
    unsigned members; /* of each room; client i is in room i / members */
    unsigned at_once; /* clients on their way in at a time; 0: all */
    double seconds;   /* that each kind of traffic is measured */
    bool bare;        /* the server is bare_loop: no IRC, lines are passed on as they are */
    bool tls;
    bool tagged; /* asks for server-time and message-tags */
};

enum client_state {
    CLIENT_NEW,
    CLIENT_CONNECTING,
    CLIENT_HANDSHAKE, /* TLS */
    CLIENT_SIGNUP,
    CLIENT_JOINING,
    CLIENT_INSIDE,
};

struct client {
    int fd;
    uint32_t index;
    uint32_t room;
    uint32_t place;     /* in its room */
    uint8_t state;      /* enum client_state */
    bool writing;       /* polled for output */
    SSL *ssl;           /* NULL: plain */
    struct buf partial; /* a line whose end has not come */
    struct buf out;     /* what the kernel did not take yet */
    uint64_t *joined;   /* bits by place: whose JOIN it saw */
    uint64_t *named;    /* bits by place: who was in its list of names */
};

struct load {
    struct load_options options;
    struct client *clients;
    unsigned n_clients;
    unsigned n_started;
    unsigned n_inside;
    uint64_t n_joins; /* JOINs that somebody saw of another */
    int epoll;
    SSL_CTX *tls;
    char *read_buf;
    uint64_t now_ns;         /* when the events at hand were taken */
    uint64_t lines;          /* progress of any kind */
    struct traffic *traffic; /* NULL while there is none */
};

/* Says what went wrong and ends the process: figures of a broken run are worth nothing. */
void load_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
uint64_t load_clock_ns(void);
/* Waits for events, at most until `until_ns`, and serves them; fails after long silence. */
void load_turn(struct load *load, uint64_t until_ns);

/* load_client.c: connections and lines */
void client_connect(struct load *load, struct client *client);
void client_event(struct load *load, struct client *client, unsigned events);
void client_send(struct load *load, struct client *client, const char *bytes, size_t len);
void client_close(struct client *client);

/* load_door.c: coming in, and who has seen whom come */
void door_setup(struct load *load);
void door_finish(struct load *load);
/* Connects clients until `n` are inside and have seen each other. */
void door_admit(struct load *load, unsigned n);
/* A line that is no chat, without its end. */
void door_line(struct load *load, struct client *client, struct str line);
void door_connected(struct load *load, struct client *client);

/* load_traffic.c: what is said, and who hears it */

struct shape {
    const char *name;
    unsigned senders; /* in each room; 0: everyone */
    unsigned window;  /* messages of a sender that not everyone has */
    bool batch;       /* the window is filled again only when it is empty */
    unsigned rate;    /* messages a second of each sender; 0: as fast as the window lets them */
};

const struct shape *shape_find(const char *name);
/* Warms up, measures, waits until everything has arrived, and prints what it saw as JSON. */
void traffic_run(struct load *load, const struct shape *shape);
/* A line with a message, without its end; false where it is none. */
bool traffic_line(struct load *load, struct client *client, struct str line);

/* load_meter.c: what the server costs */
enum { METER_THREADS = 80 };
struct meter {
    uint64_t cpu_ns;
    unsigned n_threads;
    int tids[METER_THREADS];
    uint64_t thread_ns[METER_THREADS];
    bool is_edge[METER_THREADS]; /* by the name that marud gives the thread */
};
void meter_read(pid_t pid, struct meter *ret);
uint64_t meter_self_ns(void);
uint64_t meter_resident_bytes(pid_t pid);
/* Prints ,"threads_us":[…],"edges_us":… as microseconds between two readings. */
void meter_print_threads(const struct meter *before, const struct meter *after);

#endif
