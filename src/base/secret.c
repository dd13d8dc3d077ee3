/* Secrets over libsodium. Any thread. */
#include "secret.h"

#include <sodium.h>
#include <stdlib.h>

void secret_sha256(struct str text, unsigned char ret[SECRET_HASH_BYTES])
{
    crypto_hash_sha256(ret, (const unsigned char *)text.p, text.len);
}

void secret_hmac_sha256(struct str key, struct str text, unsigned char ret[SECRET_HASH_BYTES])
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)key.p, key.len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text.p, text.len);
    crypto_auth_hmacsha256_final(&state, ret);
    sodium_memzero(&state, sizeof(state));
}

bool secret_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

void secret_wipe(void *bytes, size_t len)
{
    sodium_memzero(bytes, len);
}

void secret_free(char *text)
{
    if (text != NULL) {
        sodium_memzero(text, strlen(text));
        free(text);
    }
}

void secret_finish(struct buf *buf)
{
    if (buf->p != NULL) {
        sodium_memzero(buf->p, buf->cap);
    }
    buf_finish(buf);
}

void secret_add_base64(struct buf *out, const void *bytes, size_t len)
{
    size_t size = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
    char *to = buf_reserve(out, size);
    if (to != NULL) {
        sodium_bin2base64(to, size, bytes, len, sodium_base64_VARIANT_ORIGINAL);
        out->len += size - 1; /* without its NUL */
    }
}

int secret_unbase64(struct str text, struct buf *out)
{
    if (text.len == 0) {
        return STATUS_OK;
    }
    char *to = buf_reserve(out, text.len);
    size_t len = 0;
    if (to == NULL || sodium_base642bin((unsigned char *)to, text.len, text.p, text.len, NULL, &len,
                                        NULL, sodium_base64_VARIANT_ORIGINAL) != 0) {
        return STATUS_MALFORMED;
    }
    out->len += len;
    return STATUS_OK;
}
