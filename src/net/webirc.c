/*
 * WEBIRC on an edge: which gateway it is, by its address, its certificate and its password. The
 * edge's thread; passwords are checked by verify.c.
 *
 * A gateway says the same password for each of its users, and to check it takes long on purpose. So
 * what was right once is remembered, as a digest under a key of this process that never leaves it.
 */
#include "edge_priv.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <stdio.h>

_Static_assert(WEBIRC_DIGEST == crypto_generichash_BYTES &&
                   WEBIRC_DIGEST == crypto_generichash_KEYBYTES,
               "keys and digests are as long as libsodium makes them");

static void make_digest(struct webirc_memory *memory, const char *password, const char *hash,
                        uint8_t ret_digest[WEBIRC_DIGEST])
{
    crypto_generichash_state state;
    if (!memory->has_key) {
        randombytes_buf(memory->key, sizeof(memory->key));
        memory->has_key = true;
    }
    crypto_generichash_init(&state, memory->key, sizeof(memory->key), WEBIRC_DIGEST);
    crypto_generichash_update(&state, (const unsigned char *)hash, strlen(hash) + 1);
    crypto_generichash_update(&state, (const unsigned char *)password, strlen(password));
    crypto_generichash_final(&state, ret_digest, WEBIRC_DIGEST);
}

static bool is_remembered(struct webirc_memory *memory, const char *password, const char *hash)
{
    uint8_t digest[WEBIRC_DIGEST];
    make_digest(memory, password, hash, digest);
    bool found = false;
    for (unsigned i = 0; i < memory->n; i++) {
        found = found || sodium_memcmp(memory->digests[i], digest, WEBIRC_DIGEST) == 0;
    }
    return found;
}

/* The oldest makes room. */
static void remember(struct webirc_memory *memory, const char *password, const char *hash)
{
    unsigned at = memory->next++ % WEBIRC_REMEMBERED;
    make_digest(memory, password, hash, memory->digests[at]);
    memory->n = memory->n > at ? memory->n : at + 1;
}

static bool has_certificate(const struct conn *conn, const char *fingerprint)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    const X509 *certificate = conn->ssl != NULL ? SSL_get0_peer_certificate(conn->ssl) : NULL;
    if (certificate == NULL || X509_digest(certificate, EVP_sha256(), digest, &len) != 1) {
        return false;
    }
    char text[2 * EVP_MAX_MD_SIZE + 1];
    for (unsigned i = 0; i < len; i++) {
        snprintf(text + (size_t)2 * i, 3, "%02x", digest[i]);
    }
    return strcmp(text, fingerprint) == 0;
}

/* The next one that it may be, and that was not tried. */
static const struct settings_gateway *next_gateway(struct conn *conn, struct peer_webirc *webirc)
{
    const struct settings *settings = conn->edge->settings;
    while (webirc->tried < settings->n_gateways) {
        const struct settings_gateway *gateway = &settings->gateways[webirc->tried++];
        if (networks_have(gateway->from, gateway->n_from, &conn->address) &&
            (gateway->fingerprint == NULL || has_certificate(conn, gateway->fingerprint))) {
            return gateway;
        }
    }
    return NULL;
}

static void finish(struct conn *conn, bool right)
{
    struct edge *edge = conn->edge;
    struct peer_env env = conn_env(conn);
    struct address address = peer_webirc(&conn->peer)->address;
    conn->held = false;
    buf_clear(&edge->out);
    if (right && door_move(conn, &address) != STATUS_OK) {
        conn_close_for(conn, STR("Too many connections from your address"));
    } else if (peer_webirc_verdict(&conn->peer, &env, right) == PEER_CLOSE) {
        conn_close_after(conn, buf_str(&edge->out));
    } else {
        turn_add_resume(conn);
    }
}

void webirc_check(struct conn *conn)
{
    struct peer_webirc *webirc = peer_webirc(&conn->peer);
    const struct settings_gateway *gateway;
    while ((gateway = next_gateway(conn, webirc)) != NULL) {
        const char *hash = gateway->password_hash;
        if (hash == NULL || is_remembered(&conn->edge->webirc, webirc->password, hash)) {
            finish(conn, true);
            return;
        }
        worker_gateway(conn, str_from(webirc->password), hash);
        return;
    }
    finish(conn, false);
}

void webirc_verdict(struct conn *conn, bool right, const char *hash)
{
    struct peer_webirc *webirc = peer_webirc(&conn->peer);
    if (webirc == NULL) {
        return;
    }
    if (right) {
        /* A reload may have moved the gateways, or taken this one away, while the check ran: so the
         * same one is looked at again, as it is now. */
        remember(&conn->edge->webirc, webirc->password, hash);
        webirc->tried--;
    }
    webirc_check(conn);
}
