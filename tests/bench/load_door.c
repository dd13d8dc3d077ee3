/*
 * How the clients come in: registration, JOIN, and the proof that of each pair in a room exactly
 * one saw the other come and the other found it there.
 */
#include "load.h"

#include "alloc.h"

#include <stdlib.h>

/* "b" and six digits: where a name's end lies is known. */
enum { NICK_LEN = 7, BITS = 64 };

static size_t words(const struct load *load)
{
    return (load->options.members + BITS - 1) / BITS;
}

void door_setup(struct load *load)
{
    load->n_clients = load->options.rooms * load->options.members;
    load->clients = xcalloc(load->n_clients, sizeof(*load->clients));
    for (unsigned i = 0; i < load->n_clients; i++) {
        struct client *client = &load->clients[i];
        client->index = i;
        client->room = i / load->options.members;
        client->place = i % load->options.members;
        client->joined = xcalloc(words(load), sizeof(uint64_t));
        client->named = xcalloc(words(load), sizeof(uint64_t));
    }
}

void door_finish(struct load *load)
{
    for (unsigned i = 0; i < load->n_clients; i++) {
        client_close(&load->clients[i]);
        free(load->clients[i].joined);
        free(load->clients[i].named);
    }
    free(load->clients);
}

static bool take_bit(uint64_t *bits, unsigned at)
{
    uint64_t bit = (uint64_t)1 << at % BITS;
    bool was = (bits[at / BITS] & bit) != 0;
    bits[at / BITS] |= bit;
    return !was;
}

static bool has_bit(const uint64_t *bits, unsigned at)
{
    return (bits[at / BITS] >> at % BITS & 1) != 0;
}

/* The client with the nickname that the bytes begin with. */
static struct client *client_named(struct load *load, struct str name)
{
    if (name.len < NICK_LEN || name.p[0] != 'b') {
        return NULL;
    }
    unsigned index = 0;
    for (int i = 1; i < NICK_LEN; i++) {
        if (name.p[i] < '0' || name.p[i] > '9') {
            return NULL;
        }
        index = index * 10 + (unsigned)(name.p[i] - '0');
    }
    return index < load->n_clients ? &load->clients[index] : NULL;
}

void door_connected(struct load *load, struct client *client)
{
    struct buf say = {0};
    if (load->options.bare) {
        buf_printf(&say, "%u\n:b%06u!bench@127.0.0.1 JOIN #bench%u\r\n", client->room,
                   client->index, client->room);
        client->state = CLIENT_INSIDE;
        load->n_inside++;
    } else {
        if (load->options.tagged) {
            buf_add_cstr(&say, "CAP REQ :server-time message-tags\r\n");
        }
        buf_printf(&say, "NICK b%06u\r\nUSER bench 0 * :bench\r\n", client->index);
        if (load->options.tagged) {
            buf_add_cstr(&say, "CAP END\r\n");
        }
        client->state = CLIENT_SIGNUP;
    }
    client_send(load, client, say.p, say.len);
    buf_finish(&say);
}

static void saw_join(struct load *load, struct client *client, struct str prefix)
{
    const struct client *other = client_named(load, prefix);
    if (other == NULL || other == client) {
        return;
    }
    if (other->room != client->room) {
        load_fail("client %u saw %u join another room", client->index, other->index);
    }
    if (!take_bit(client->joined, other->place)) {
        load_fail("client %u saw %u join twice", client->index, other->index);
    }
    load->n_joins++;
}

static void saw_names(struct load *load, struct client *client, struct str list)
{
    while (list.p != NULL) {
        struct str name = str_split(&list, ' ');
        while (name.len > 0 && strchr("@+%&~!", name.p[0]) != NULL) {
            name = str_make(name.p + 1, name.len - 1);
        }
        const struct client *other = client_named(load, name);
        if (other != NULL && other != client) {
            if (other->room != client->room || !take_bit(client->named, other->place)) {
                load_fail("client %u: %u is in its names twice, or wrongly", client->index,
                          other->index);
            }
        }
    }
}

static void take_numeric(struct load *load, struct client *client, struct str number,
                         struct str line, struct str rest)
{
    if (str_eq(number, STR("376")) || str_eq(number, STR("422"))) {
        if (client->state == CLIENT_SIGNUP) {
            client->state = CLIENT_JOINING;
            char join[32];
            int len = snprintf(join, sizeof(join), "JOIN #bench%u\r\n", client->room);
            client_send(load, client, join, (size_t)len);
        }
    } else if (str_eq(number, STR("353"))) {
        const char *colon = memmem(rest.p, rest.len, " :", 2);
        if (colon != NULL) {
            saw_names(load, client, str_make(colon + 2, (size_t)(rest.p + rest.len - colon) - 2));
        }
    } else if (str_eq(number, STR("366"))) {
        if (client->state == CLIENT_JOINING) {
            client->state = CLIENT_INSIDE;
            load->n_inside++;
        }
    } else if (number.p[0] == '4' || number.p[0] == '5') {
        load_fail("client %u was told: " STR_FMT, client->index, STR_ARG(line));
    }
}

void door_line(struct load *load, struct client *client, struct str line)
{
    struct str rest = line;
    if (rest.len > 0 && rest.p[0] == '@') {
        (void)str_split(&rest, ' ');
    }
    struct str prefix = {0};
    if (rest.len > 0 && rest.p[0] == ':') {
        prefix = str_split(&rest, ' ');
        prefix = str_make(prefix.p + 1, prefix.len - 1);
    }
    struct str command = rest.p != NULL ? str_split(&rest, ' ') : rest;
    if (str_eq(command, STR("JOIN"))) {
        saw_join(load, client, prefix);
    } else if (command.len == 3 && command.p[0] >= '0' && command.p[0] <= '9') {
        take_numeric(load, client, command, line, rest);
    } else if (str_eq(command, STR("PING"))) {
        struct buf pong = {0};
        buf_printf(&pong, "PONG " STR_FMT "\r\n", STR_ARG(rest));
        client_send(load, client, pong.p, pong.len);
        buf_finish(&pong);
    } else if (str_eq(command, STR("ERROR")) || str_eq(command, STR("QUIT")) ||
               str_eq(command, STR("PRIVMSG")) || str_eq(command, STR("KICK"))) {
        load_fail("client %u got: " STR_FMT, client->index, STR_ARG(line));
    }
}

/* Of two members exactly one saw the other's JOIN; whoever came later found the other in its names.
 * It may find those there, too, who came while its list was on its way. */
static void check_pair(const struct load *load, const struct client *a, const struct client *b)
{
    bool a_saw = has_bit(a->joined, b->place);
    if (a_saw == has_bit(b->joined, a->place)) {
        load_fail("%u and %u saw each other join, or neither did", a->index, b->index);
    }
    const struct client *later = a_saw ? b : a;
    const struct client *earlier = a_saw ? a : b;
    if (!load->options.bare && !has_bit(later->named, earlier->place)) {
        load_fail("%u is missing in the names of %u", earlier->index, later->index);
    }
}

static void check_pairs(const struct load *load, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const struct client *client = &load->clients[i];
        for (unsigned place = 0; place < client->place; place++) {
            check_pair(load, client, client - client->place + place);
        }
    }
}

void door_admit(struct load *load, unsigned n)
{
    uint64_t members = load->options.members;
    uint64_t joins = n / members * (members * (members - 1) / 2);
    while (load->n_inside < n || load->n_joins < joins) {
        unsigned at_once = load->options.at_once > 0 ? load->options.at_once : n;
        while (load->n_started < n && load->n_started - load->n_inside < at_once) {
            client_connect(load, &load->clients[load->n_started++]);
        }
        load_turn(load, UINT64_MAX);
    }
    check_pairs(load, n);
}
