/*
 * What a TLS server needs for new connections: certificate, key and rules. Shared and counted, so
 * that a reload puts another one in its place while connections keep theirs. Creating one belongs
 * on the main thread (it reads files); everything else is for any thread.
 *
 * TLS 1.2 and 1.3 with forward secrecy only; no renegotiation, no compression, and no session
 * tickets: a full handshake with an elliptic-curve key costs a fraction of a millisecond, and
 * tickets would tie the secrecy of TLS 1.2 to one key in memory. ALPN takes "irc" and "http/1.1"
 * and goes on without where neither is offered. Who does not speak HTTP is asked for a certificate,
 * which may be any or none: nothing about it is checked.
 */
#ifndef MARU_TLS_CONTEXT_H
#define MARU_TLS_CONTEXT_H

#include "buf.h"
#include "status.h"

#include <openssl/types.h>

struct tls_context;

/* Reads a certificate chain and its key, both PEM. On failure `error` says in a phrase what is
 * wrong with which file. */
int tls_context_create(const char *certificate, const char *key, struct tls_context **ret,
                       struct buf *error) MARU_CHECK;

struct tls_context *tls_context_ref(struct tls_context *context);
void tls_context_unref(struct tls_context *context); /* NULL is nothing */

/* A new server-side connection without BIOs; NULL when memory is gone. It keeps what it needs of
 * the context by itself. Writes may be partial and from moving buffers; an end without
 * close_notify is an ordinary end. */
SSL *tls_context_session(struct tls_context *context);

/* Appends SHA-256 of the client's certificate in lower-case hexadecimal; STATUS_NOT_FOUND where it
 * has none. Clients are asked for one and may have none or any (EXTERNAL knows them by it, nobody
 * vouches for it), but for those that speak HTTP, where a browser would bother its user. */
int tls_peer_fingerprint(const SSL *ssl, struct buf *out) MARU_CHECK;

/* Appends the binding data of this channel: "tls-exporter" (RFC 9266) or "tls-server-end-point"
 * (RFC 5929 section 4). STATUS_UNSUPPORTED where there is none of that type. */
int tls_channel_binding(SSL *ssl, struct str type, struct buf *out) MARU_CHECK;

/* SHA-256 of the certificate, "AB:CD:…", as clients show it. Lives as long as the context. */
const char *tls_context_fingerprint(const struct tls_context *context);

/* When the certificate ends, in seconds since 1970; it may have ended. */
int64_t tls_context_expires_s(const struct tls_context *context);

/* Makes sure that a self-signed certificate (ECDSA P-256, 10 years; for `server_name`, this host's
 * name, localhost and the loopback addresses) and its key are in the two files. What is there
 * stays: only a missing certificate is made, with a new key or for the key that is there. Files
 * get mode 0600 and appear whole or not at all. *ret_made says whether anything was made. */
int tls_selfsigned_ensure(const char *certificate, const char *key, const char *server_name,
                          bool *ret_made, struct buf *error) MARU_CHECK;

#endif
