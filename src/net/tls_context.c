/* TLS server contexts with OpenSSL 3. Creating reads files; the rest is for any thread. */
#include "tls_context.h"

#include "alloc.h"
#include "lock.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FINGERPRINT_TEXT = EVP_MAX_MD_SIZE * 3, TLS_BINDING_BYTES = 32 };

struct tls_context {
    struct refcount refs;
    SSL_CTX *ssl;
    int64_t expires_s;
    char fingerprint[FINGERPRINT_TEXT];
};

/* "FILE: why", from the library's queue of errors, which is empty afterwards. */
static int refuse(struct buf *error, const char *file, const char *otherwise)
{
    unsigned long code = ERR_peek_error();
    const char *why = code != 0 ? ERR_reason_error_string(code) : NULL;
    if (code != 0 && ERR_SYSTEM_ERROR(code)) {
        why = strerror(ERR_GET_REASON(code));
    }
    buf_printf(error, "%s: %s", file, why != NULL ? why : otherwise);
    ERR_clear_error();
    return STATUS_CRYPTO;
}

/* The first protocol of the client's list that we speak. */
static int choose_alpn(SSL *ssl, const unsigned char **ret, unsigned char *ret_len,
                       const unsigned char *in, unsigned in_len, void *arg)
{
    for (unsigned at = 0; at < in_len && in[at] < in_len - at; at += 1u + in[at]) {
        struct str name = str_make((const char *)in + at + 1, in[at]);
        if (str_eq(name, STR("irc")) || str_eq(name, STR("http/1.1"))) {
            *ret = in + at + 1;
            *ret_len = in[at];
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_NOACK;
}

/* Any certificate will do, and none: what it is worth is for others to say. */
static int accept_any(int verified, X509_STORE_CTX *store)
{
    return 1;
}

/* Clients of IRC may show a certificate by which they are known. Browsers would bother people with
 * that question, and they say what they are. */
static int on_hello(SSL *ssl, int *alert, void *arg)
{
    const unsigned char *list;
    size_t len;
    bool browser =
        SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &list,
                                  &len) == 1 &&
        (memmem(list, len, "\x08http/1.1", 9) != NULL || memmem(list, len, "\x02h2", 3) != NULL);
    SSL_set_verify(ssl, browser ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, accept_any);
    return SSL_CLIENT_HELLO_SUCCESS;
}

/* A key with a passphrase is refused instead of asking on a terminal that may not be there. */
static int no_passphrase(char *into, int size, int writing, void *user)
{
    return -1;
}

static bool set_rules(SSL_CTX *ssl)
{
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
    SSL_CTX_set_alpn_select_cb(ssl, choose_alpn, NULL);
    SSL_CTX_set_client_hello_cb(ssl, on_hello, NULL);
    return SSL_CTX_set_num_tickets(ssl, 0) == 1 &&
           SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ssl, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL") == 1 &&
           SSL_CTX_set1_groups_list(ssl, "X25519:P-256:P-384") == 1;
}

/* Notes the fingerprint and the end of the certificate. */
static bool describe(struct tls_context *context)
{
    const X509 *certificate = SSL_CTX_get0_certificate(context->ssl);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct tm end;
    if (certificate == NULL || X509_digest(certificate, EVP_sha256(), digest, &len) != 1 ||
        ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) {
        return false;
    }
    for (unsigned i = 0; i < len; i++) {
        snprintf(context->fingerprint + (size_t)i * 3, 4, i + 1 < len ? "%02X:" : "%02X",
                 digest[i]);
    }
    context->expires_s = timegm(&end);
    return true;
}

int tls_context_create(const char *certificate, const char *key, struct tls_context **ret,
                       struct buf *error)
{
    ERR_clear_error();
    struct tls_context *context = xcalloc(1, sizeof(*context));
    refcount_set(&context->refs, 1);
    int status = STATUS_OK;
    context->ssl = SSL_CTX_new(TLS_server_method());
    if (context->ssl == NULL || !set_rules(context->ssl)) {
        status = refuse(error, "OpenSSL", "refuses the settings");
    } else if (SSL_CTX_use_certificate_chain_file(context->ssl, certificate) != 1) {
        status = refuse(error, certificate, "is no certificate");
    } else if (SSL_CTX_use_PrivateKey_file(context->ssl, key, SSL_FILETYPE_PEM) != 1) {
        status = refuse(error, key, "is no key without a passphrase");
    } else if (SSL_CTX_check_private_key(context->ssl) != 1) {
        status = refuse(error, key, "does not belong to the certificate");
    } else if (!describe(context)) {
        status = refuse(error, certificate, "is no certificate");
    }
    if (status < 0) {
        tls_context_unref(context);
        return status;
    }
    *ret = context;
    return STATUS_OK;
}

struct tls_context *tls_context_ref(struct tls_context *context)
{
    refcount_up(&context->refs);
    return context;
}

void tls_context_unref(struct tls_context *context)
{
    if (context != NULL && refcount_down(&context->refs)) {
        SSL_CTX_free(context->ssl);
        free(context);
    }
}

SSL *tls_context_session(struct tls_context *context)
{
    SSL *ssl = SSL_new(context->ssl);
    if (ssl != NULL) {
        SSL_set_accept_state(ssl);
    }
    return ssl;
}

int tls_peer_fingerprint(const SSL *ssl, struct buf *out)
{
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (certificate == NULL) {
        return STATUS_NOT_FOUND;
    }
    bool made = X509_digest(certificate, EVP_sha256(), digest, &len) == 1;
    X509_free(certificate);
    for (unsigned i = 0; made && i < len; i++) {
        buf_printf(out, "%02x", digest[i]);
    }
    return made ? STATUS_OK : STATUS_CRYPTO;
}

static int export_binding(SSL *ssl, struct buf *out)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    unsigned char data[TLS_BINDING_BYTES];
    /* Without the extended master secret two channels could have the same one (RFC 7627). */
    if ((SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) ||
        SSL_export_keying_material(ssl, data, sizeof(data), label, sizeof(label) - 1,
                                   (const unsigned char *)"", 0, 1) != 1) {
        ERR_clear_error();
        return STATUS_UNSUPPORTED;
    }
    buf_add(out, data, sizeof(data));
    return STATUS_OK;
}

/* The hash of our certificate by the function that it is signed with, but for weak ones. */
static int end_point_binding(const SSL *ssl, struct buf *out)
{
    const X509 *certificate = SSL_get_certificate(ssl);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    int nid = NID_undef;
    if (certificate == NULL ||
        X509_get_signature_info((X509 *)certificate, &nid, NULL, NULL, NULL) != 1 ||
        nid == NID_undef) {
        ERR_clear_error();
        return STATUS_UNSUPPORTED;
    }
    const EVP_MD *hash =
        nid == NID_md5 || nid == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(nid);
    if (hash == NULL || X509_digest(certificate, hash, digest, &len) != 1) {
        ERR_clear_error();
        return STATUS_UNSUPPORTED;
    }
    buf_add(out, digest, len);
    return STATUS_OK;
}

int tls_channel_binding(SSL *ssl, struct str type, struct buf *out)
{
    if (str_eq(type, STR("tls-exporter"))) {
        return export_binding(ssl, out);
    }
    return str_eq(type, STR("tls-server-end-point")) ? end_point_binding(ssl, out)
                                                     : STATUS_UNSUPPORTED;
}

const char *tls_context_fingerprint(const struct tls_context *context)
{
    return context->fingerprint;
}

int64_t tls_context_expires_s(const struct tls_context *context)
{
    return context->expires_s;
}
