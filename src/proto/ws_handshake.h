/*
 * The HTTP request that becomes a WebSocket, and who may ask for one. Pure; any thread.
 * RFC 6455 section 4; IRCv3 "WebSocket support".
 */
#ifndef MARU_WS_HANDSHAKE_H
#define MARU_WS_HANDSHAKE_H

#include "http.h"
#include "ws.h"

enum {
    WS_ACCEPT_MAX = 64, /* bytes of the answer to a key */
};

/* What is hashed behind the key, to be answered as base64 of its SHA-1. */
#define WS_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* Views into the head. */
struct ws_handshake {
    struct str key;         /* as it came: 16 bytes in base64 */
    struct str subprotocol; /* the one to answer with; empty: none was agreed on */
    enum ws_opcode opcode;  /* of what is sent: text where nothing else was agreed on */
    struct str origin;      /* of the page that asks; empty: none, it is no browser */
};

/* Whether a request, sound or not, asks for a WebSocket. */
bool ws_is_asked_for(const struct http_head *head);

/*
 * Of the subprotocols that the client names, the first that we speak is chosen; where there is
 * none, the connection is made without (as the specification permits). STATUS_UNSUPPORTED  another
 * version than 13: 426 STATUS_MALFORMED    not as it must be: 400
 */
int ws_handshake_read(const struct http_head *head, struct ws_handshake *ret) MARU_CHECK;

/* Whether a page of that origin ("https://chat.example.org:8443") was loaded from this very host,
 * as the request's Host names it. */
bool ws_is_same_origin(struct str origin, struct str host);

/* Appends the answer, after which frames follow. */
void ws_handshake_answer(struct buf *out, struct str accept, struct str subprotocol);

#endif
