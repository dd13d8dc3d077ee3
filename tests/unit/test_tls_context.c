/* TLS contexts: the certificate that the first start makes, handshakes in memory, reloads. */
#include "unit.h"

#include "tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct folder {
    char path[64];
    char certificate[96];
    char key[96];
};

static int make_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));
    snprintf(folder->path, sizeof(folder->path), "/tmp/maru-test-tls-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    snprintf(folder->certificate, sizeof(folder->certificate), "%s/tls.pem", folder->path);
    snprintf(folder->key, sizeof(folder->key), "%s/tls.key", folder->path);
    *state = folder;
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    unlink(folder->certificate);
    unlink(folder->key);
    int status = rmdir(folder->path);
    free(folder);
    /* Fails where a temporary file was left behind. */
    return status;
}

static bool ensure(const struct folder *folder)
{
    bool made = false;
    struct buf error = {0};
    int status =
        tls_selfsigned_ensure(folder->certificate, folder->key, "chat.example.org", &made, &error);
    if (status < 0) {
        print_message(STR_FMT "\n", STR_ARG(buf_str(&error)));
    }
    assert_int_equal(status, STATUS_OK);
    return made;
}

static struct tls_context *create(const struct folder *folder)
{
    struct tls_context *context = NULL;
    struct buf error = {0};
    assert_int_equal(tls_context_create(folder->certificate, folder->key, &context, &error),
                     STATUS_OK);
    return context;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void a_certificate_is_made_once(void **state)
{
    const struct folder *folder = *state;
    assert_true(ensure(folder));
    struct stat st;
    assert_int_equal(stat(folder->certificate, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(folder->key, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    struct tls_context *first = create(folder);
    assert_int_equal(strlen(tls_context_fingerprint(first)), 95);
    assert_false(ensure(folder));
    struct tls_context *second = create(folder);
    assert_string_equal(tls_context_fingerprint(first), tls_context_fingerprint(second));
    tls_context_unref(first);
    tls_context_unref(second);
}

static void the_certificate_says_what_it_should(void **state)
{
    const struct folder *folder = *state;
    ensure(folder);
    FILE *file = fopen(folder->certificate, "r");
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    assert_non_null(certificate);
    assert_int_equal(X509_check_host(certificate, "localhost", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(certificate, "chat.example.org", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(certificate, "other.example.org", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ip_asc(certificate, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(certificate, "::1", 0), 1);
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    char group[32];
    assert_int_equal(EVP_PKEY_get_group_name(key, group, sizeof(group), NULL), 1);
    assert_string_equal(group, "prime256v1");
    assert_int_equal(X509_verify(certificate, key), 1);
    time_t now = time(NULL);
    time_t in_nine_years = now + 9 * 365 * 24 * 60 * 60;
    assert_true(X509_cmp_time(X509_get0_notBefore(certificate), &now) < 0);
    assert_true(X509_cmp_time(X509_get0_notAfter(certificate), &in_nine_years) > 0);
    X509_free(certificate);
    struct tls_context *context = create(folder);
    assert_true(tls_context_expires_s(context) > in_nine_years);
    tls_context_unref(context);
}

static void a_key_without_certificate_is_kept(void **state)
{
    const struct folder *folder = *state;
    ensure(folder);
    struct stat before;
    assert_int_equal(stat(folder->key, &before), 0);
    unlink(folder->certificate);
    assert_true(ensure(folder));
    struct stat after;
    assert_int_equal(stat(folder->key, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    tls_context_unref(create(folder));
}

static void wrong_files_are_refused(void **state)
{
    const struct folder *folder = *state;
    struct tls_context *context = NULL;
    struct buf error = {0};
    assert_true(tls_context_create(folder->certificate, folder->key, &context, &error) < 0);
    buf_add_char(&error, '\0');
    assert_non_null(strstr(error.p, "tls.pem: No such file"));
    buf_clear(&error);

    ensure(folder);
    write_text(folder->key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    assert_true(tls_context_create(folder->certificate, folder->key, &context, &error) < 0);
    buf_add_char(&error, '\0');
    assert_non_null(strstr(error.p, "tls.key: "));
    buf_clear(&error);

    /* A key of another certificate. */
    EVP_PKEY *other = EVP_EC_gen("P-256");
    FILE *file = fopen(folder->key, "w");
    assert_int_equal(PEM_write_PrivateKey(file, other, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
    EVP_PKEY_free(other);
    assert_true(tls_context_create(folder->certificate, folder->key, &context, &error) < 0);
    buf_clear(&error);

    /* And an unusable key is never replaced. */
    unlink(folder->certificate);
    write_text(folder->key, "mine");
    bool made = false;
    assert_true(tls_selfsigned_ensure(folder->certificate, folder->key, "a.b", &made, &error) < 0);
    file = fopen(folder->key, "r");
    char text[16] = "";
    assert_non_null(fgets(text, sizeof(text), file));
    fclose(file);
    assert_string_equal(text, "mine");
    buf_finish(&error);
    assert_null(context);
    assert_int_equal(ERR_peek_error(), 0);
}

struct pair {
    SSL_CTX *client_context;
    SSL *client;
    SSL *server;
};

static struct pair connect_pair(struct tls_context *context, int version_max, const char *alpn)
{
    struct pair pair;
    pair.client_context = SSL_CTX_new(TLS_client_method());
    /* Otherwise the client itself would not offer what must be refused. */
    SSL_CTX_set_security_level(pair.client_context, 0);
    SSL_CTX_set_min_proto_version(pair.client_context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(pair.client_context, version_max);
    pair.client = SSL_new(pair.client_context);
    SSL_set_connect_state(pair.client);
    if (alpn != NULL) {
        SSL_set_alpn_protos(pair.client, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    }
    pair.server = tls_context_session(context);
    assert_non_null(pair.server);
    BIO *left = NULL;
    BIO *right = NULL;
    assert_int_equal(BIO_new_bio_pair(&left, 0, &right, 0), 1);
    SSL_set_bio(pair.client, left, left);
    SSL_set_bio(pair.server, right, right);
    return pair;
}

static bool shake(struct pair *pair)
{
    for (int i = 0; i < 10; i++) {
        int client = SSL_do_handshake(pair->client);
        int server = SSL_do_handshake(pair->server);
        if (client == 1 && server == 1) {
            return true;
        }
    }
    ERR_clear_error();
    return false;
}

static void finish_pair(struct pair *pair)
{
    SSL_free(pair->client);
    SSL_free(pair->server);
    SSL_CTX_free(pair->client_context);
}

static void check_alpn(const struct pair *pair, const char *expected)
{
    const unsigned char *name = NULL;
    unsigned len = 0;
    SSL_get0_alpn_selected(pair->client, &name, &len);
    assert_str(str_make((const char *)name, len), expected);
}

static void both_versions_work(void **state)
{
    const struct folder *folder = *state;
    ensure(folder);
    struct tls_context *context = create(folder);
    struct pair pair = connect_pair(context, TLS1_3_VERSION, "\x02h2\x03irc\x08http/1.1");
    assert_true(shake(&pair));
    assert_string_equal(SSL_get_version(pair.client), "TLSv1.3");
    check_alpn(&pair, "irc");
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    X509_digest(SSL_get0_peer_certificate(pair.client), EVP_sha256(), digest, &len);
    char first[4];
    snprintf(first, sizeof(first), "%02X:", digest[0]);
    assert_memory_equal(first, tls_context_fingerprint(context), 3);
    finish_pair(&pair);

    pair = connect_pair(context, TLS1_2_VERSION, "\x08http/1.1");
    assert_true(shake(&pair));
    assert_string_equal(SSL_get_version(pair.client), "TLSv1.2");
    check_alpn(&pair, "http/1.1");
    assert_true(SSL_get_secure_renegotiation_support(pair.client));
    finish_pair(&pair);

    pair = connect_pair(context, TLS1_3_VERSION, "\x02h2");
    assert_true(shake(&pair));
    check_alpn(&pair, "");
    finish_pair(&pair);
    tls_context_unref(context);
}

static void older_versions_are_refused(void **state)
{
    const struct folder *folder = *state;
    ensure(folder);
    struct tls_context *context = create(folder);
    struct pair pair = connect_pair(context, TLS1_1_VERSION, NULL);
    assert_false(shake(&pair));
    finish_pair(&pair);
    tls_context_unref(context);
}

static void a_connection_outlives_its_context(void **state)
{
    const struct folder *folder = *state;
    ensure(folder);
    struct tls_context *context = create(folder);
    struct tls_context *again = tls_context_ref(context);
    struct pair pair = connect_pair(context, TLS1_3_VERSION, NULL);
    tls_context_unref(again);
    tls_context_unref(context);
    assert_true(shake(&pair));
    assert_int_equal(SSL_write(pair.server, "hello", 5), 5);
    char text[8];
    assert_int_equal(SSL_read(pair.client, text, sizeof(text)), 5);
    assert_memory_equal(text, "hello", 5);
    finish_pair(&pair);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_certificate_is_made_once),
        IN_FOLDER(the_certificate_says_what_it_should),
        IN_FOLDER(a_key_without_certificate_is_kept),
        IN_FOLDER(wrong_files_are_refused),
        IN_FOLDER(both_versions_work),
        IN_FOLDER(older_versions_are_refused),
        IN_FOLDER(a_connection_outlives_its_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
