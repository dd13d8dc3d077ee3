/*
 * HTTP on a chat port: one static page that says how to join, the way to a WebSocket, and clear
 * words for protocols that a listener does not admit. The edge's thread. A request's body is never
 * read, let alone run as IRC.
 */
#include "edge_priv.h"

#include "http.h"
#include "sniff.h"
#include "ws_handshake.h"

static void add_escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            buf_add_cstr(out, "&lt;");
            break;
        case '>':
            buf_add_cstr(out, "&gt;");
            break;
        case '&':
            buf_add_cstr(out, "&amp;");
            break;
        case '"':
            buf_add_cstr(out, "&quot;");
            break;
        default:
            buf_add_char(out, *text);
        }
    }
}

static void add_page(struct buf *out, const struct settings *settings)
{
    buf_add_cstr(out, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>");
    add_escaped(out, settings->network);
    buf_add_cstr(out, "</title>\n<h1>");
    add_escaped(out, settings->network);
    buf_add_cstr(out, "</h1>\n<p>");
    add_escaped(out, settings->description);
    buf_add_cstr(out, "</p>\n<p>This is a Maru chat server. Join with the Maru desktop client");
    if (settings->tls_port > 0) {
        buf_printf(out, ", or with any IRC client over TLS on port %u", settings->tls_port);
    }
    buf_add_cstr(out, ". The room is <b>");
    add_escaped(out, settings->lobby);
    buf_add_cstr(out, "</b>.</p>\n<p lang=\"ko\">마루 채팅 서버입니다. 마루 데스크톱 클라이언트");
    if (settings->tls_port > 0) {
        buf_printf(out, "나 IRC 클라이언트(TLS, %u번 포트)", settings->tls_port);
    }
    buf_add_cstr(out, "로 들어오세요.</p>\n</html>\n");
}

static void answer(struct conn *conn, int code, struct str type, struct str body, bool head_only)
{
    struct buf out = {0};
    http_response(&out, code, type, body, head_only);
    conn_close_after(conn, buf_str(&out));
    buf_finish(&out);
}

void http_conn_answer(struct conn *conn, int code, struct str text)
{
    answer(conn, code, STR("text/plain; charset=utf-8"), text, false);
}

void http_conn_input(struct conn *conn, struct str bytes)
{
    struct http_head head;
    size_t scanned = conn->scanned;
    int status = http_head_parse(bytes, &scanned, &head);
    conn->scanned = (uint32_t)scanned;
    if (status == STATUS_INCOMPLETE) {
        return;
    }
    const struct str text = STR("text/plain; charset=utf-8");
    if (status != STATUS_OK) {
        http_conn_answer(conn, http_code_of(status), STR("This is not a request I understand.\n"));
        return;
    }
    if (ws_is_asked_for(&head)) {
        ws_conn_start(conn, &head, bytes);
        return;
    }
    bool is_head = str_eq(head.method, STR("HEAD"));
    if (!is_head && !str_eq(head.method, STR("GET"))) {
        answer(conn, 405, text, STR("There is only a page to read here.\n"), false);
        return;
    }
    if (!str_eq(head.target, STR("/"))) {
        answer(conn, 404, text, STR("There is only one page here: /\n"), is_head);
        return;
    }
    struct buf page = {0};
    add_page(&page, conn->edge->settings);
    answer(conn, 200, STR("text/html; charset=utf-8"), buf_str(&page), is_head);
    buf_finish(&page);
}

void refuse_protocol(struct conn *conn, int sniffed)
{
    bool tls_wanted = conn->listener == LISTENER_TLS && conn->ssl == NULL;
    switch ((enum sniff_kind)sniffed) {
    case SNIFF_HTTP:
        http_conn_answer(conn, 400,
                         tls_wanted ? STR("This port speaks TLS only: use https.\n")
                                    : STR("This port speaks IRC, not HTTP.\n"));
        break;
    case SNIFF_TLS: {
        /* A fatal alert, unexpected_message (RFC 8446 section 6), as TLS says it before keys. */
        static const char alert[] = {21, 3, 1, 0, 2, 2, 10};
        conn_close_after(conn, str_make(alert, sizeof(alert)));
        break;
    }
    default:
        conn_close_after(conn, tls_wanted ? STR("ERROR :This port speaks TLS only\r\n")
                               : conn->listener == LISTENER_HTTP
                                   ? STR("ERROR :This port speaks HTTP only\r\n")
                                   : STR("ERROR :This is no protocol I speak\r\n"));
        break;
    }
}
