/* SCRAM-SHA-256 with libsodium's HMAC and comparisons that take the same time. Pure. */
#include "scram.h"

#include "alloc.h"
#include "session_limits.h"

#include <stdlib.h>

static void hmac(const unsigned char *key, struct str text, unsigned char ret[SCRAM_HASH_BYTES])
{
    secret_hmac_sha256(str_make((const char *)key, SCRAM_HASH_BYTES), text, ret);
}

/* ---- keys ---- */

static int parse_bytes(struct str text, size_t min, size_t max, unsigned char *to, size_t *ret_len)
{
    struct buf bytes = {0};
    int status = secret_unbase64(text, &bytes);
    if (status == STATUS_OK && (bytes.len < min || bytes.len > max)) {
        status = STATUS_MALFORMED;
    }
    if (status == STATUS_OK) {
        memcpy(to, bytes.p, bytes.len);
        *ret_len = bytes.len;
    }
    buf_finish(&bytes);
    return status;
}

int scram_keys_parse(struct str text, struct scram_keys *ret)
{
    struct scram_keys keys = {0};
    uint64_t iterations;
    size_t len;
    struct str first = str_split(&text, '$');
    struct str salt = str_split(&text, '$');
    struct str stored = str_split(&text, '$');
    if (str_to_u64(first, &iterations) != STATUS_OK || iterations == 0 || iterations > UINT32_MAX ||
        parse_bytes(salt, 1, SCRAM_SALT_MAX, keys.salt, &keys.salt_len) != STATUS_OK ||
        parse_bytes(stored, SCRAM_HASH_BYTES, SCRAM_HASH_BYTES, keys.stored, &len) != STATUS_OK ||
        parse_bytes(text, SCRAM_HASH_BYTES, SCRAM_HASH_BYTES, keys.server, &len) != STATUS_OK) {
        return STATUS_MALFORMED;
    }
    keys.iterations = (unsigned)iterations;
    *ret = keys;
    return STATUS_OK;
}

void scram_keys_add(const struct scram_keys *keys, struct buf *out)
{
    buf_printf(out, "%u$", keys->iterations);
    secret_add_base64(out, keys->salt, keys->salt_len);
    buf_add_char(out, '$');
    secret_add_base64(out, keys->stored, SCRAM_HASH_BYTES);
    buf_add_char(out, '$');
    secret_add_base64(out, keys->server, SCRAM_HASH_BYTES);
}

void scram_keys_make(const unsigned char salted[SCRAM_HASH_BYTES], struct scram_keys *keys)
{
    unsigned char client[SCRAM_HASH_BYTES];
    hmac(salted, STR("Client Key"), client);
    secret_sha256(str_make((const char *)client, sizeof(client)), keys->stored);
    hmac(salted, STR("Server Key"), keys->server);
    secret_wipe(client, sizeof(client));
}

void scram_keys_pretend(const unsigned char secret[SCRAM_HASH_BYTES], struct str name,
                        unsigned iterations, struct scram_keys *ret)
{
    unsigned char digest[SCRAM_HASH_BYTES];
    *ret = (struct scram_keys){.iterations = iterations, .salt_len = SCRAM_SALT_BYTES};
    hmac(secret, name, digest);
    memcpy(ret->salt, digest, SCRAM_SALT_BYTES);
    /* Nobody knows what these would be hashes of. */
    hmac(secret, str_make((const char *)digest, sizeof(digest)), ret->stored);
    hmac(secret, str_make((const char *)ret->stored, sizeof(ret->stored)), ret->server);
    secret_wipe(digest, sizeof(digest));
}

/* ---- the client's first message ---- */

void scram_finish(struct scram *scram)
{
    free(scram->name);
    free(scram->authzid);
    free(scram->binding);
    secret_finish(&scram->gs2);
    secret_finish(&scram->auth);
    secret_finish(&scram->nonce);
    secret_wipe(scram, sizeof(*scram));
}

/* A saslname: "=2C" is a comma and "=3D" an equals sign. */
static int unescape(struct str text, char **ret)
{
    struct buf plain = {0};
    bool right = text.len > 0 && str_is_utf8(text) && memchr(text.p, '\0', text.len) == NULL;
    for (size_t i = 0; right && i < text.len; i++) {
        if (text.p[i] != '=') {
            buf_add_char(&plain, text.p[i]);
            continue;
        }
        struct str code = {text.p + i, text.len - i < 3 ? text.len - i : 3};
        right = str_eq(code, STR("=2C")) || str_eq(code, STR("=3D"));
        buf_add_char(&plain, right && code.p[2] == 'C' ? ',' : '=');
        i += 2;
    }
    if (right) {
        free(*ret);
        *ret = str_dup(buf_str(&plain));
    }
    buf_finish(&plain);
    return right ? STATUS_OK : STATUS_MALFORMED;
}

/* The value of "k=value"; false where it is something else. */
static bool attribute(struct str part, char key, struct str *ret)
{
    if (part.len < 2 || part.p[0] != key || part.p[1] != '=') {
        return false;
    }
    *ret = (struct str){part.p + 2, part.len - 2};
    return true;
}

static int parse_binding(struct scram *scram, struct str flag, bool plus, bool plus_offered)
{
    struct str name;
    if (attribute(flag, 'p', &name)) {
        if (!plus ||
            (!str_eq(name, STR("tls-exporter")) && !str_eq(name, STR("tls-server-end-point")))) {
            return STATUS_MALFORMED;
        }
        scram->binding = str_dup(name);
        return STATUS_OK;
    }
    if (plus) {
        return STATUS_MALFORMED;
    }
    if (str_eq(flag, STR("y"))) {
        /* It could have bound the channel and believes that we cannot: somebody is in between. */
        return plus_offered ? STATUS_DENIED : STATUS_OK;
    }
    return str_eq(flag, STR("n")) ? STATUS_OK : STATUS_MALFORMED;
}

static bool is_printable(struct str nonce)
{
    for (size_t i = 0; i < nonce.len; i++) {
        if (nonce.p[i] <= ' ' || nonce.p[i] > '~' || nonce.p[i] == ',') {
            return false;
        }
    }
    return nonce.len > 0;
}

int scram_first(struct scram *scram, struct str message, bool plus, bool plus_offered)
{
    struct str rest = message;
    struct str flag = str_split(&rest, ',');
    struct str authzid = str_split(&rest, ',');
    struct str bare = rest;
    struct str name;
    struct str nonce;
    int status = parse_binding(scram, flag, plus, plus_offered);
    if (status != STATUS_OK) {
        return status;
    }
    scram->authzid = str_dup(STR(""));
    if (authzid.len > 0 &&
        (!attribute(authzid, 'a', &authzid) || unescape(authzid, &scram->authzid) != STATUS_OK)) {
        return STATUS_MALFORMED;
    }
    /* "m=" would stand here: an extension that must be understood, and there is none. */
    if (rest.p == NULL || !attribute(str_split(&rest, ','), 'n', &name) ||
        unescape(name, &scram->name) != STATUS_OK || rest.p == NULL ||
        !attribute(str_split(&rest, ','), 'r', &nonce) || !is_printable(nonce) ||
        nonce.len > SCRAM_NONCE_MAX) {
        return STATUS_MALFORMED;
    }
    buf_add(&scram->gs2, message.p, (size_t)(bare.p - message.p));
    buf_add_str(&scram->auth, bare);
    buf_add_str(&scram->nonce, nonce);
    return STATUS_OK;
}

void scram_challenge(struct scram *scram, const struct scram_keys *keys, struct str nonce,
                     struct buf *out)
{
    size_t from = out->len;
    scram->keys = *keys;
    buf_add_str(&scram->nonce, nonce);
    buf_printf(out, "r=" STR_FMT ",s=", STR_ARG(buf_str(&scram->nonce)));
    secret_add_base64(out, keys->salt, keys->salt_len);
    buf_printf(out, ",i=%u", keys->iterations);
    buf_add_char(&scram->auth, ',');
    buf_add(&scram->auth, out->p + from, out->len - from);
    buf_add_char(&scram->auth, ',');
}

/* ---- the client's last message ---- */

/* Whether it means the channel that it came through, and began as this exchange did. */
static bool binding_fits(const struct scram *scram, struct str given, struct str binding)
{
    struct buf expected = {0};
    struct buf data = {0};
    buf_add_str(&expected, buf_str(&scram->gs2));
    buf_add_str(&expected, binding);
    bool fits = secret_unbase64(given, &data) == STATUS_OK && data.len == expected.len &&
                secret_equal(data.p, expected.p, data.len);
    buf_finish(&expected);
    buf_finish(&data);
    return fits;
}

static bool proof_fits(const struct scram *scram, struct str given)
{
    unsigned char signature[SCRAM_HASH_BYTES];
    unsigned char proof[SCRAM_HASH_BYTES];
    unsigned char stored[SCRAM_HASH_BYTES];
    size_t len;
    if (parse_bytes(given, SCRAM_HASH_BYTES, SCRAM_HASH_BYTES, proof, &len) != STATUS_OK) {
        return false;
    }
    hmac(scram->keys.stored, buf_str(&scram->auth), signature);
    for (size_t i = 0; i < SCRAM_HASH_BYTES; i++) {
        proof[i] ^= signature[i]; /* the client key, where it fits */
    }
    secret_sha256(str_make((const char *)proof, sizeof(proof)), stored);
    bool fits = secret_equal(stored, scram->keys.stored, SCRAM_HASH_BYTES);
    secret_wipe(proof, sizeof(proof));
    return fits;
}

int scram_last(struct scram *scram, struct str message, struct str binding, struct buf *out)
{
    struct str rest = message;
    struct str channel;
    struct str nonce;
    struct str proof;
    /* The proof is the last attribute, whatever extensions come before. */
    const char *comma = message.len > 0 ? memrchr(message.p, ',', message.len) : NULL;
    if (comma == NULL ||
        !attribute(str_make(comma + 1, message.len - (size_t)(comma + 1 - message.p)), 'p',
                   &proof) ||
        !attribute(str_split(&rest, ','), 'c', &channel) ||
        !attribute(str_split(&rest, ','), 'r', &nonce)) {
        return STATUS_MALFORMED;
    }
    if (!str_eq(nonce, buf_str(&scram->nonce)) || !binding_fits(scram, channel, binding)) {
        return STATUS_DENIED;
    }
    buf_add(&scram->auth, message.p, (size_t)(comma - message.p));
    if (!proof_fits(scram, proof)) {
        return STATUS_DENIED;
    }
    unsigned char signature[SCRAM_HASH_BYTES];
    hmac(scram->keys.server, buf_str(&scram->auth), signature);
    buf_add_cstr(out, "v=");
    secret_add_base64(out, signature, sizeof(signature));
    return STATUS_OK;
}
