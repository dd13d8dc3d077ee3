/*
 * Who a connection comes from, where somebody else speaks for it: a PROXY header before all other
 * bytes, X-Forwarded-For of a WebSocket's request, WEBIRC. Only those whom the settings name are
 * believed. The edge's thread.
 */
#include "edge_priv.h"

#include "forwarded.h"
#include "proxy_header.h"

#include <errno.h>
#include <sys/socket.h>

bool door_is_proxy(const struct settings *settings, const struct address *address)
{
    return networks_have(settings->proxies, settings->n_proxies, address);
}

bool door_is_exempt(const struct settings *settings, const struct address *address)
{
    if (networks_have(settings->exempt, settings->n_exempt, address) ||
        door_is_proxy(settings, address)) {
        return true; /* A proxy's own address counts for nobody. */
    }
    for (unsigned i = 0; i < settings->n_gateways; i++) {
        const struct settings_gateway *gateway = &settings->gateways[i];
        if (networks_have(gateway->from, gateway->n_from, address)) {
            return true;
        }
    }
    return false;
}

int door_move(struct conn *conn, const struct address *address)
{
    struct edge *edge = conn->edge;
    int status = admission_move(edge->admission, &conn->address, address,
                                door_is_exempt(edge->settings, address));
    if (status == STATUS_OK) {
        conn->address = *address;
        struct buf host = {0};
        address_add(address, &host);
        peer_set_host(&conn->peer, buf_str(&host));
        buf_finish(&host);
    }
    return status;
}

/* Whoever says that its client speaks TLS with it is believed where nobody can listen on the way
 * from it to us. */
static bool is_sheltered(const struct conn *conn)
{
    return conn->ssl != NULL || address_is_loopback(&conn->address);
}

/* ---- PROXY ---- */

static void refuse(struct conn *conn, struct str why)
{
    struct buf last = {0};
    if (conn->listener == LISTENER_HTTP) {
        buf_printf(&last, STR_FMT "\n", STR_ARG(why));
        http_conn_answer(conn, 403, buf_str(&last));
        buf_finish(&last);
        return;
    }
    if (conn->listener == LISTENER_PLAIN || conn->listener == LISTENER_AUTO) {
        buf_printf(&last, "ERROR :Closing link: [" STR_FMT "]\r\n", STR_ARG(why));
    }
    conn_close_after(conn, buf_str(&last));
    buf_finish(&last);
}

static void apply(struct conn *conn, const struct proxy_header *header)
{
    conn_begin(conn);
    if (!header->has_source) {
        return; /* The proxy sees whether we live. */
    }
    bool secure = header->secure && is_sheltered(conn);
    if (door_move(conn, &header->source) != STATUS_OK) {
        refuse(conn, STR("Too many connections from your address"));
        return;
    }
    conn->peer.tls = secure;
}

/* The header is taken, and not a byte more: TLS reads its own. */
static bool take(struct conn *conn, char *bytes, size_t len)
{
    ssize_t n;
    do {
        n = recv(conn->fd, bytes, len, 0);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)len;
}

void door_read_proxy(struct conn *conn)
{
    char bytes[PROXY_HEADER_MAX];
    struct proxy_header header;
    ssize_t n = conn_peek(conn, bytes, sizeof(bytes));
    if (n <= 0) {
        return;
    }
    switch (proxy_header_parse(str_make(bytes, (size_t)n), &header)) {
    case STATUS_OK:
        conn_await_any(conn);
        if (take(conn, bytes, header.len)) {
            apply(conn, &header);
        } else {
            conn_doom(conn, STR("Connection reset"));
        }
        break;
    case STATUS_INCOMPLETE:
        conn_await_more(conn, (size_t)n);
        break;
    case STATUS_NOT_FOUND:
        conn_await_any(conn);
        if (conn->proxied == LISTENER_PROXY_OPTIONAL) {
            conn_begin(conn);
        } else {
            refuse(conn, STR("A PROXY header must come first"));
        }
        break;
    default:
        conn_await_any(conn);
        refuse(conn, STR("The PROXY header is not valid"));
        break;
    }
}

void door_begin(struct conn *conn, enum listener_proxy proxy)
{
    bool known = proxy != LISTENER_PROXY_NO && door_is_proxy(conn->edge->settings, &conn->address);
    if (known) {
        conn->stage = CONN_PROXY;
        conn->proxied = (uint8_t)proxy;
    } else if (proxy == LISTENER_PROXY_REQUIRED) {
        refuse(conn, STR("Only proxies come in here"));
    } else {
        conn_begin(conn);
    }
}

/* ---- HTTP ---- */

int door_read_forwarded(struct conn *conn, const struct http_head *head)
{
    const struct settings *settings = conn->edge->settings;
    struct forwarded forwarded;
    if (!door_is_proxy(settings, &conn->address)) {
        return STATUS_OK;
    }
    int status = forwarded_read(head, settings->proxies, settings->n_proxies, &forwarded);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    bool secure = forwarded.secure && is_sheltered(conn);
    if (status == STATUS_OK) {
        status = door_move(conn, &forwarded.client);
    }
    if (status == STATUS_OK) {
        conn->peer.tls = secure;
    }
    return status;
}
