/*
 * A WebSocket on an edge: the request that asks for one, its frames as lines of IRC, and its end.
 * What leaves is framed in fanout_cast.c. The edge's thread.
 */
#include "edge_priv.h"

#include "alloc.h"
#include "ws_handshake.h"
#include "ws_stream.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

enum framing conn_framing(const struct conn *conn)
{
    if (conn->ws == NULL) {
        return FRAMING_LINES;
    }
    return conn->ws->opcode == WS_TEXT ? FRAMING_TEXT : FRAMING_BINARY;
}

void ws_conn_free(struct conn *conn)
{
    if (conn->ws != NULL) {
        ws_stream_finish(conn->ws);
        free(conn->ws);
        conn->ws = NULL;
    }
}

/* Frames, or the answer before them, as they are. */
static void say_raw(struct conn *conn, struct str bytes)
{
    if (bytes.len > 0 && !conn->doomed) {
        fanout_say(&conn->edge->fanout, session_id_slot(conn->id), FRAMING_LINES, bytes);
    }
}

/* ---- the handshake ---- */

static bool may_ask(const struct settings *settings, const struct ws_handshake *handshake,
                    const struct http_head *head)
{
    struct str host = {0};
    if (handshake->origin.len == 0) {
        return true; /* No browser: nobody's page speaks for somebody without asking. */
    }
    for (unsigned i = 0; i < settings->n_origins; i++) {
        struct str origin = str_from(settings->origins[i]);
        if (str_eq(origin, STR("*")) || str_eq_nocase(origin, handshake->origin)) {
            return true;
        }
    }
    return settings->n_origins == 0 && http_field_find(head, STR("Host"), &host) &&
           ws_is_same_origin(handshake->origin, host);
}

/* base64(SHA-1(key, GUID)) */
static size_t make_accept(struct str key, char accept[WS_ACCEPT_MAX])
{
    struct buf text = {0};
    unsigned char digest[SHA_DIGEST_LENGTH];
    buf_add_str(&text, key);
    buf_add_cstr(&text, WS_GUID);
    SHA1((const unsigned char *)text.p, text.len, digest);
    buf_finish(&text);
    return (size_t)EVP_EncodeBlock((unsigned char *)accept, digest, sizeof(digest));
}

static void begin(struct conn *conn, const struct ws_handshake *handshake)
{
    char accept[WS_ACCEPT_MAX];
    struct buf answer = {0};
    size_t len = make_accept(handshake->key, accept);
    ws_handshake_answer(&answer, str_make(accept, len), handshake->subprotocol);
    say_raw(conn, buf_str(&answer));
    buf_finish(&answer);
    conn->ws = xcalloc(1, sizeof(*conn->ws));
    conn->ws->opcode = (uint8_t)handshake->opcode;
    conn->stage = CONN_IRC;
    conn->scanned = 0;
    conn_set_timer(conn);
}

void ws_conn_start(struct conn *conn, const struct http_head *head, struct str bytes)
{
    struct ws_handshake handshake;
    switch (ws_handshake_read(head, &handshake)) {
    case STATUS_OK:
        break;
    case STATUS_UNSUPPORTED:
        http_conn_answer(conn, 426, STR("WebSocket is spoken in version 13 here.\n"));
        return;
    default:
        http_conn_answer(conn, 400, STR("This is no sound request for a WebSocket.\n"));
        return;
    }
    if (!may_ask(conn->edge->settings, &handshake, head)) {
        http_conn_answer(conn, 403, STR("Pages of this origin may not connect here.\n"));
        return;
    }
    switch (door_read_forwarded(conn, head)) {
    case STATUS_OK:
        break;
    case STATUS_DENIED:
        http_conn_answer(conn, 429, STR("Too many connections from your address.\n"));
        return;
    default:
        http_conn_answer(conn, 400, STR("The proxy does not say clearly whom it speaks for.\n"));
        return;
    }
    begin(conn, &handshake);
    conn_set_pending(conn, (struct str){0});
    if (bytes.len > head->len) {
        /* What was read lies in the turn's arena, which nobody else writes to. */
        ws_conn_input(conn, (char *)bytes.p + head->len, bytes.len - head->len);
    }
}

/* ---- in ---- */

static struct str reason_of(unsigned code)
{
    switch (code) {
    case WS_CODE_INVALID:
        return STR("Text that is not UTF-8");
    case WS_CODE_POLICY:
        return STR("More than one line in a message");
    case WS_CODE_TOO_BIG:
        return STR("Line too long");
    default:
        return STR("WebSocket protocol error");
    }
}

void ws_conn_input(struct conn *conn, char *bytes, size_t len)
{
    struct ws_stream *stream = conn->ws;
    size_t max = conn->edge->settings->recvq_bytes;
    struct buf lines = {0};
    struct buf answers = {0};
    stream->reader.message_max = (uint32_t)(max < WS_MESSAGE_MAX ? max : WS_MESSAGE_MAX);
    int status = ws_stream_feed(stream, bytes, len, &lines, &answers);
    say_raw(conn, buf_str(&answers));
    buf_finish(&answers);
    if (lines.len > 0) {
        conn_process(conn, arena_copy(&conn->edge->arena, buf_str(&lines)));
    }
    buf_finish(&lines);
    if (status == STATUS_OK || conn->closing || conn->doomed) {
        return;
    }
    if (status == STATUS_CLOSED) {
        conn_end_input(conn);
    } else {
        conn_close_for(conn, reason_of(stream->close_code));
    }
}

/* ---- the end ---- */

void ws_conn_say_close(struct conn *conn)
{
    unsigned code = conn->ws->close_code;
    if (code == 0 && conn->ended) {
        return; /* It has gone without a word. */
    }
    struct buf frame = {0};
    if (code == 0) {
        code = conn->edge->stopping ? WS_CODE_GOING_AWAY : WS_CODE_NORMAL;
    }
    ws_add_close(&frame, (enum ws_code)code);
    say_raw(conn, buf_str(&frame));
    buf_finish(&frame);
}
