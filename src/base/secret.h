/*
 * What secrets need: hashes, comparisons that take the same time whatever they find, memory that
 * forgets, and base64, in which secrets travel. Any thread. Over libsodium, which needs no
 * sodium_init() for any of this.
 */
#ifndef MARU_SECRET_H
#define MARU_SECRET_H

#include "buf.h"
#include "status.h"

enum { SECRET_HASH_BYTES = 32 };

void secret_sha256(struct str text, unsigned char ret[SECRET_HASH_BYTES]);
void secret_hmac_sha256(struct str key, struct str text, unsigned char ret[SECRET_HASH_BYTES]);

/* Both of `len` bytes. */
bool secret_equal(const void *a, const void *b, size_t len) MARU_CHECK;

void secret_wipe(void *bytes, size_t len);
/* Of a string on the heap, which is freed; NULL is nothing. */
void secret_free(char *text);
/* With the memory that it has now; it must not have grown since it held a secret. */
void secret_finish(struct buf *buf);

/* Base64 of RFC 4648 section 4, with padding. */
void secret_add_base64(struct buf *out, const void *bytes, size_t len);
/* STATUS_MALFORMED, and nothing appended, where it is not that. */
int secret_unbase64(struct str text, struct buf *out) MARU_CHECK;

#endif
