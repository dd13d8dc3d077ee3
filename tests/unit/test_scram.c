/* scram.c: the exchange of RFC 7677, and what must not pass for one. */
#include "unit.h"

#include "scram.h"

#include <openssl/evp.h>
#include <sodium.h>

/* RFC 7677 section 3. */
static const char first[] = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
static const char nonce[] = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
static const char challenge[] = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
static const char last[] = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                           "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
static const char verdict[] = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

static struct scram_keys keys_of(const char *password)
{
    struct scram_keys keys = {.iterations = 4096, .salt_len = 16};
    struct buf salt = {0};
    unsigned char salted[SCRAM_HASH_BYTES];
    assert_int_equal(secret_unbase64(STR("W22ZaJ0SNY7soEsUEjb6gQ=="), &salt), STATUS_OK);
    memcpy(keys.salt, salt.p, 16);
    assert_int_equal(
        PKCS5_PBKDF2_HMAC(password, -1, keys.salt, 16, 4096, EVP_sha256(), sizeof(salted), salted),
        1);
    scram_keys_make(salted, &keys);
    buf_finish(&salt);
    return keys;
}

static void as_in_rfc_7677(void **state)
{
    struct scram scram = {0};
    struct scram_keys keys = keys_of("pencil");
    struct buf out = {0};
    assert_int_equal(scram_first(&scram, str_from(first), false, false), STATUS_OK);
    assert_string_equal(scram.name, "user");
    assert_string_equal(scram.authzid, "");
    assert_null(scram.binding);
    scram_challenge(&scram, &keys, str_from(nonce), &out);
    assert_str(buf_str(&out), challenge);
    buf_clear(&out);
    assert_int_equal(scram_last(&scram, str_from(last), (struct str){0}, &out), STATUS_OK);
    assert_str(buf_str(&out), verdict);
    scram_finish(&scram);
    scram_finish(&scram);
    buf_finish(&out);
}

static int end(const char *password, const char *begin, const char *end_with)
{
    struct scram scram = {0};
    struct scram_keys keys = keys_of(password);
    struct buf out = {0};
    assert_int_equal(scram_first(&scram, str_from(begin), false, false), STATUS_OK);
    scram_challenge(&scram, &keys, str_from(nonce), &out);
    buf_clear(&out);
    int status = scram_last(&scram, str_from(end_with), (struct str){0}, &out);
    assert_true(status == STATUS_OK || out.len == 0);
    scram_finish(&scram);
    buf_finish(&out);
    return status;
}

static void what_does_not_fit(void **state)
{
    assert_int_equal(end("pencil", first, last), STATUS_OK);
    assert_int_equal(end("pencils", first, last), STATUS_DENIED);
    /* Another nonce, another header, another name. */
    assert_int_equal(end("pencil", "n,,n=user,r=rOprNGfwEbeRWgbNEkqP", last), STATUS_DENIED);
    assert_int_equal(end("pencil", "y,,n=user,r=rOprNGfwEbeRWgbNEkqO", last), STATUS_DENIED);
    assert_int_equal(end("pencil", "n,,n=root,r=rOprNGfwEbeRWgbNEkqO", last), STATUS_DENIED);
    assert_int_equal(end("pencil", first, ""), STATUS_MALFORMED);
    assert_int_equal(end("pencil", first, "c=biws"), STATUS_MALFORMED);
    assert_int_equal(end("pencil", first, "c=biws,r=x,p"), STATUS_MALFORMED);
    assert_int_equal(
        end("pencil", first, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p="),
        STATUS_DENIED);
    assert_int_equal(
        end("pencil", first, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=AAAA"),
        STATUS_DENIED);
}

static int begin(const char *message, bool plus, bool offered)
{
    struct scram scram = {0};
    int status = scram_first(&scram, str_from(message), plus, offered);
    scram_finish(&scram);
    return status;
}

static void first_messages(void **state)
{
    assert_int_equal(begin("n,a=other,n=user,r=x", false, true), STATUS_OK);
    assert_int_equal(begin("n,,n=a=2Cb=3Dc,r=x,e=1", false, true), STATUS_OK);
    assert_int_equal(begin("y,,n=user,r=x", false, false), STATUS_OK);
    assert_int_equal(begin("y,,n=user,r=x", false, true), STATUS_DENIED);
    assert_int_equal(begin("p=tls-exporter,,n=user,r=x", true, true), STATUS_OK);
    assert_int_equal(begin("p=tls-server-end-point,,n=user,r=x", true, true), STATUS_OK);
    assert_int_equal(begin("p=tls-exporter,,n=user,r=x", false, true), STATUS_MALFORMED);
    assert_int_equal(begin("p=tls-unique,,n=user,r=x", true, true), STATUS_MALFORMED);
    assert_int_equal(begin("n,,n=user,r=x", true, true), STATUS_MALFORMED);
    const char *const bad[] = {"",
                               "n",
                               "n,,",
                               "n,,n=user",
                               "n,,n=,r=x",
                               "n,,n=user,r=",
                               "n,,r=x,n=user",
                               "n,,m=1,n=user,r=x",
                               "n,,n=us=er,r=x",
                               "n,,n=user=2,r=x",
                               "n,user,n=user,r=x",
                               "n,,n=user,r=with space",
                               "n,,n=\xff,r=x",
                               "x,,n=user,r=x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(begin(bad[i], false, false), STATUS_MALFORMED);
    }
}

static void names_are_unescaped(void **state)
{
    struct scram scram = {0};
    assert_int_equal(scram_first(&scram, STR("n,a=b=3D,n=a=2Cb,r=x"), false, false), STATUS_OK);
    assert_string_equal(scram.name, "a,b");
    assert_string_equal(scram.authzid, "b=");
    scram_finish(&scram);
}

static void bound_to_the_channel(void **state)
{
    struct scram_keys keys = keys_of("pencil");
    for (int same = 0; same < 2; same++) {
        struct scram scram = {0};
        struct buf out = {0};
        struct buf final = {0};
        assert_int_equal(scram_first(&scram, STR("p=tls-exporter,,n=user,r=abc"), true, true),
                         STATUS_OK);
        assert_string_equal(scram.binding, "tls-exporter");
        scram_challenge(&scram, &keys, STR("def"), &out);
        buf_add_cstr(&final, "c=");
        secret_add_base64(&final, "p=tls-exporter,,data", 20);
        buf_add_cstr(&final, ",r=abcdef");
        /* The client's proof, by hand. */
        unsigned char salted[SCRAM_HASH_BYTES];
        unsigned char client[SCRAM_HASH_BYTES];
        unsigned char signature[SCRAM_HASH_BYTES];
        PKCS5_PBKDF2_HMAC("pencil", -1, keys.salt, 16, 4096, EVP_sha256(), 32, salted);
        crypto_auth_hmacsha256(client, (const unsigned char *)"Client Key", 10, salted);
        struct buf auth = {0};
        buf_printf(&auth, "n=user,r=abc," STR_FMT "," STR_FMT, STR_ARG(buf_str(&out)),
                   STR_ARG(buf_str(&final)));
        crypto_auth_hmacsha256(signature, (const unsigned char *)auth.p, auth.len, keys.stored);
        for (int i = 0; i < SCRAM_HASH_BYTES; i++) {
            client[i] ^= signature[i];
        }
        buf_add_cstr(&final, ",p=");
        secret_add_base64(&final, client, sizeof(client));
        buf_clear(&out);
        assert_int_equal(
            scram_last(&scram, buf_str(&final), same ? STR("data") : STR("dats"), &out),
            same ? STATUS_OK : STATUS_DENIED);
        scram_finish(&scram);
        buf_finish(&out);
        buf_finish(&final);
        buf_finish(&auth);
    }
}

static void keys_as_text(void **state)
{
    struct scram_keys keys = keys_of("pencil");
    struct scram_keys again;
    struct buf text = {0};
    scram_keys_add(&keys, &text);
    assert_int_equal(scram_keys_parse(buf_str(&text), &again), STATUS_OK);
    assert_memory_equal(&keys, &again, sizeof(keys));
    for (size_t len = 0; len < text.len; len++) {
        assert_int_equal(scram_keys_parse(str_make(text.p, len), &again), STATUS_MALFORMED);
    }
    assert_int_equal(scram_keys_parse(STR("0$YQ==$YQ==$YQ=="), &again), STATUS_MALFORMED);
    buf_finish(&text);
}

static void pretended_keys_stay(void **state)
{
    unsigned char secret[SCRAM_HASH_BYTES] = {1};
    struct scram_keys a;
    struct scram_keys b;
    scram_keys_pretend(secret, STR("nobody"), 4096, &a);
    scram_keys_pretend(secret, STR("nobody"), 4096, &b);
    assert_memory_equal(&a, &b, sizeof(a));
    scram_keys_pretend(secret, STR("nobodY"), 4096, &b);
    assert_memory_not_equal(a.salt, b.salt, SCRAM_SALT_BYTES);
    secret[0] = 2;
    scram_keys_pretend(secret, STR("nobody"), 4096, &b);
    assert_memory_not_equal(a.salt, b.salt, SCRAM_SALT_BYTES);
    assert_int_equal(a.salt_len, SCRAM_SALT_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_in_rfc_7677),       cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(first_messages),       cmocka_unit_test(names_are_unescaped),
        cmocka_unit_test(bound_to_the_channel), cmocka_unit_test(keys_as_text),
        cmocka_unit_test(pretended_keys_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
