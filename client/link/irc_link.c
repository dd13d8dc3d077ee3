/*
 * One connection to a server. Main thread; no GTK.
 *
 * The link is counted: its owner holds one reference until irc_link_close, every operation under
 * way another.
 */
#include "irc_link.h"

#include "buf.h"
#include "client_limits.h"

#include <gio/gio.h>

enum {
    OPEN_WITHIN_S = 15,
    LINGER_WITHIN_S = 3,
    READ_BYTES = 64 * 1024,

    /* Behind GTK's drawing (G_PRIORITY_HIGH_IDLE + 20), so that a flood of lines never stops the
     * frames; ahead of idle work. */
    READ_PRIORITY = G_PRIORITY_HIGH_IDLE + 25,
};

struct irc_link {
    unsigned refs;
    const struct irc_link_events *events; /* NULL once the owner hears no more */
    void *owner;
    struct server_address address;
    struct pin_store *pins;

    GCancellable *cancellable;
    guint deadline; /* the source that gives up; 0 is none */
    bool timed_out;
    bool handshaking;
    bool lingering; /* closed by the owner; only the output is still written */

    GSocketConnection *socket;
    GIOStream *stream; /* the socket, or TLS over it */
    struct client_problem *cert_problem;

    struct buf in;
    struct buf out;
    GBytes *writing;
};

static unsigned n_lingering;

static struct irc_link *link_ref(struct irc_link *link)
{
    link->refs++;
    return link;
}

static void link_unref(struct irc_link *link)
{
    if (--link->refs > 0) {
        return;
    }
    n_lingering -= link->lingering ? 1 : 0;
    g_clear_handle_id(&link->deadline, g_source_remove);
    g_clear_object(&link->cancellable);
    g_clear_object(&link->stream);
    g_clear_object(&link->socket);
    g_clear_pointer(&link->writing, g_bytes_unref);
    client_problem_destroy(link->cert_problem);
    buf_finish(&link->in);
    buf_finish(&link->out);
    g_free(link);
}

/* The connection is over, whoever ended it. */
static void tear_down(struct irc_link *link)
{
    g_clear_handle_id(&link->deadline, g_source_remove);
    g_cancellable_cancel(link->cancellable);
    if (link->socket != NULL) {
        GSocket *socket = g_socket_connection_get_socket(link->socket);
        (void)g_socket_shutdown(socket, TRUE, TRUE, NULL);
    }
}

static void fail(struct irc_link *link, const struct client_problem *problem)
{
    const struct irc_link_events *events = link->events;
    link->events = NULL;
    tear_down(link);
    if (events != NULL) {
        events->closed(link->owner, problem);
    }
}

static enum client_problem_kind kind_of(const struct irc_link *link, const GError *error)
{
    if (link->timed_out) {
        return link->handshaking ? PROBLEM_NOT_TLS : PROBLEM_UNREACHABLE;
    }
    if (error->domain == G_RESOLVER_ERROR) {
        return PROBLEM_HOST_UNKNOWN;
    }
    if (error->domain == G_TLS_ERROR || link->handshaking) {
        return link->handshaking ? PROBLEM_NOT_TLS : PROBLEM_LOST;
    }
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED)) {
        return PROBLEM_REFUSED;
    }
    return link->stream == NULL ? PROBLEM_UNREACHABLE : PROBLEM_LOST;
}

static void fail_with_error(struct irc_link *link, const GError *error)
{
    if (link->cert_problem != NULL) {
        fail(link, link->cert_problem);
        return;
    }
    struct client_problem *problem =
        client_problem_create(kind_of(link, error), link->timed_out ? NULL : error->message);
    fail(link, problem);
    client_problem_destroy(problem);
}

static void fail_with(struct irc_link *link, enum client_problem_kind kind)
{
    struct client_problem problem = {.kind = kind};
    fail(link, &problem);
}

static gboolean on_deadline(gpointer data)
{
    struct irc_link *link = data;
    link->deadline = 0;
    link->timed_out = true;
    tear_down(link);
    return G_SOURCE_REMOVE;
}

static void read_more(struct irc_link *link);

/* Hands on every whole line; false when the link ended meanwhile. */
static bool split_lines(struct irc_link *link)
{
    size_t begin = 0;
    const char *newline;
    while ((newline = memchr(link->in.p + begin, '\n', link->in.len - begin)) != NULL) {
        size_t end = (size_t)(newline - link->in.p);
        size_t len = end - begin;
        if (len > 0 && link->in.p[end - 1] == '\r') {
            len--;
        }
        if (len > 0) {
            link->events->line(link->owner, str_make(link->in.p + begin, len));
            if (link->events == NULL) {
                return false;
            }
        }
        begin = end + 1;
    }
    buf_consume(&link->in, begin);
    return true;
}

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
    struct irc_link *link = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes =
        g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, &error);
    if (link->events == NULL) {
        /* What still comes is thrown away; the server's end shows that it has read our last words,
         * which a connection closed over unread input would destroy. */
        if (link->lingering && bytes != NULL && g_bytes_get_size(bytes) > 0) {
            read_more(link);
        } else {
            tear_down(link);
        }
    } else if (bytes == NULL) {
        fail_with_error(link, error);
    } else if (g_bytes_get_size(bytes) == 0) {
        fail_with(link, PROBLEM_LOST);
    } else {
        buf_add(&link->in, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
        if (split_lines(link)) {
            if (link->in.len > CLIENT_LINE_MAX) {
                fail_with(link, PROBLEM_LOST);
            } else {
                read_more(link);
            }
        }
    }
    link_unref(link);
}

static void read_more(struct irc_link *link)
{
    g_input_stream_read_bytes_async(g_io_stream_get_input_stream(link->stream), READ_BYTES,
                                    READ_PRIORITY, link->cancellable, on_read, link_ref(link));
}

static void write_more(struct irc_link *link);

static void on_written(GObject *source, GAsyncResult *result, gpointer data)
{
    struct irc_link *link = data;
    g_autoptr(GError) error = NULL;
    bool written = g_output_stream_write_all_finish(G_OUTPUT_STREAM(source), result, NULL, &error);
    g_clear_pointer(&link->writing, g_bytes_unref);
    if (!written) {
        if (link->events != NULL) {
            fail_with_error(link, error);
        } else {
            tear_down(link);
        }
    } else if (link->out.len > 0) {
        write_more(link);
    }
    link_unref(link);
}

static void write_more(struct irc_link *link)
{
    link->writing = g_bytes_new(link->out.p, link->out.len);
    buf_clear(&link->out);
    gsize len;
    const void *bytes = g_bytes_get_data(link->writing, &len);
    g_output_stream_write_all_async(g_io_stream_get_output_stream(link->stream), bytes, len,
                                    G_PRIORITY_DEFAULT, link->cancellable, on_written,
                                    link_ref(link));
}

static void begin_talking(struct irc_link *link)
{
    link->handshaking = false;
    g_clear_handle_id(&link->deadline, g_source_remove);
    read_more(link);
    link->events->opened(link->owner);
}

/* Only called for a certificate that no authority of the system vouches for. */
static gboolean on_certificate(GTlsConnection *tls, GTlsCertificate *certificate,
                               GTlsCertificateFlags errors, gpointer data)
{
    struct irc_link *link = data;
    g_autofree char *key = server_address_key(&link->address);
    g_autofree char *shown = pin_fingerprint(certificate);
    const char *pinned = pin_store_find(link->pins, key);
    if (pinned != NULL && strcmp(pinned, shown) == 0) {
        return TRUE;
    }
    if (pinned == NULL && link->address.loopback) {
        /* On this machine nobody can stand in between; later changes are noticed all the same. */
        if (pin_store_set(link->pins, key, shown) < 0) {
            g_warning("cannot remember the certificate of %s", key);
        }
        return TRUE;
    }
    client_problem_destroy(link->cert_problem);
    link->cert_problem =
        client_problem_create(pinned != NULL ? PROBLEM_CERT_CHANGED : PROBLEM_CERT_UNKNOWN, NULL);
    link->cert_problem->fingerprint = g_strdup(shown);
    link->cert_problem->old_fingerprint = g_strdup(pinned);
    return FALSE;
}

static void on_handshake(GObject *source, GAsyncResult *result, gpointer data)
{
    struct irc_link *link = data;
    g_autoptr(GError) error = NULL;
    bool done = g_tls_connection_handshake_finish(G_TLS_CONNECTION(source), result, &error);
    if (link->events != NULL) {
        if (done) {
            begin_talking(link);
        } else {
            fail_with_error(link, error);
        }
    }
    g_signal_handlers_disconnect_by_data(source, link);
    link_unref(link);
}

static void begin_tls(struct irc_link *link)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocketConnectable) identity =
        g_network_address_new(link->address.host, link->address.port);
    link->stream = g_tls_client_connection_new(G_IO_STREAM(link->socket), identity, &error);
    if (link->stream == NULL) {
        fail_with_error(link, error);
        return;
    }
    link->handshaking = true;
    GTlsConnection *tls = G_TLS_CONNECTION(link->stream);
    g_tls_connection_set_require_close_notify(tls, FALSE);
    g_signal_connect(tls, "accept-certificate", G_CALLBACK(on_certificate), link);
    g_tls_connection_handshake_async(tls, G_PRIORITY_DEFAULT, link->cancellable, on_handshake,
                                     link_ref(link));
}

static void on_connected(GObject *source, GAsyncResult *result, gpointer data)
{
    struct irc_link *link = data;
    g_autoptr(GError) error = NULL;
    link->socket = g_socket_client_connect_finish(G_SOCKET_CLIENT(source), result, &error);
    if (link->events == NULL) {
        /* Closed while connecting. */
    } else if (link->socket == NULL) {
        fail_with_error(link, error);
    } else {
        GSocket *socket = g_socket_connection_get_socket(link->socket);
        g_socket_set_keepalive(socket, TRUE);
        if (link->address.tls) {
            begin_tls(link);
        } else {
            link->stream = g_object_ref(G_IO_STREAM(link->socket));
            begin_talking(link);
        }
    }
    link_unref(link);
}

struct irc_link *irc_link_open(const struct server_address *address, struct pin_store *pins,
                               const struct irc_link_events *events, void *owner)
{
    struct irc_link *link = g_new0(struct irc_link, 1);
    link->refs = 1;
    link->events = events;
    link->owner = owner;
    link->address = *address;
    link->pins = pins;
    link->cancellable = g_cancellable_new();
    link->deadline = g_timeout_add_seconds(OPEN_WITHIN_S, on_deadline, link);
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_socket_client_set_enable_proxy(client, !address->loopback);
    g_autoptr(GSocketConnectable) where = g_network_address_new(address->host, address->port);
    g_socket_client_connect_async(client, where, link->cancellable, on_connected, link_ref(link));
    return link;
}

void irc_link_send(struct irc_link *link, struct str line)
{
    if (link->events == NULL || link->stream == NULL) {
        return;
    }
    buf_add_str(&link->out, line);
    buf_add_cstr(&link->out, "\r\n");
    if (link->out.len > CLIENT_OUTPUT_MAX) {
        /* The server has not read for long; the read side will hear of the end. */
        tear_down(link);
        return;
    }
    if (link->writing == NULL) {
        write_more(link);
    }
}

void irc_link_close(struct irc_link *link)
{
    if (link == NULL) {
        return;
    }
    link->events = NULL;
    if (link->writing != NULL && !g_cancellable_is_cancelled(link->cancellable)) {
        link->lingering = true;
        n_lingering++;
        g_clear_handle_id(&link->deadline, g_source_remove);
        link->deadline = g_timeout_add_seconds(LINGER_WITHIN_S, on_deadline, link);
    } else {
        tear_down(link);
    }
    link_unref(link);
}

void irc_link_drain(void)
{
    while (n_lingering > 0) {
        g_main_context_iteration(NULL, TRUE);
    }
}
