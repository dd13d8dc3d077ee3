/*
 * Makes a self-signed certificate, so that the first start needs no preparation. Main thread,
 * before anything listens. The key is written first: whatever interrupts this leaves either
 * nothing, or a key for which the next start makes the certificate.
 */
#include "tls_context.h"

#include "alloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    VALID_DAYS = 3650,
    BACKDATED_S = 24 * 60 * 60, /* for clients whose clock is behind */
    SERIAL_BITS = 128,
};

static int refuse_io(struct buf *error, const char *file)
{
    buf_printf(error, "%s: %s", file, strerror(errno));
    return STATUS_IO;
}

static int refuse_crypto(struct buf *error, const char *file, const char *what)
{
    const char *why = ERR_reason_error_string(ERR_peek_error());
    buf_printf(error, "%s: %s%s%s", file, what, why != NULL ? ": " : "", why != NULL ? why : "");
    ERR_clear_error();
    return STATUS_CRYPTO;
}

/* Makes the folder's entries durable; a file system that cannot do that is no reason to fail. */
static void sync_folder(const char *path)
{
    char *copy = str_dup(str_from(path));
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
}

/* Writes the whole file beside its place and moves it there. */
static int write_file(const char *path, BIO *content, struct buf *error)
{
    struct buf temporary = {0};
    buf_printf(&temporary, "%s.XXXXXX", path);
    buf_add_char(&temporary, '\0');
    int status = STATUS_OK;
    /* mkostemp() gives mode 0600. */
    int fd = mkostemp(temporary.p, O_CLOEXEC);
    if (fd < 0) {
        status = refuse_io(error, path);
    } else {
        char *bytes = NULL;
        long len = BIO_get_mem_data(content, &bytes);
        bool good = write(fd, bytes, (size_t)len) == len && fsync(fd) == 0;
        good = close(fd) == 0 && good;
        if (!good || rename(temporary.p, path) != 0) {
            status = refuse_io(error, path);
            unlink(temporary.p);
        } else {
            sync_folder(path);
        }
    }
    buf_finish(&temporary);
    return status;
}

static bool is_dns_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= 253 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == len;
}

static bool add_name(GENERAL_NAMES *names, int type, const void *bytes, size_t len)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value = type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    if (name == NULL || value == NULL || ASN1_STRING_set(value, bytes, (int)len) != 1) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return false;
    }
    GENERAL_NAME_set0_value(name, type, value);
    if (sk_GENERAL_NAME_push(names, name) <= 0) {
        GENERAL_NAME_free(name);
        return false;
    }
    return true;
}

/* Under which names this server is found from this machine and by its configured name. */
static bool add_alt_names(X509 *certificate, const char *server_name)
{
    char host[256] = "";
    if (gethostname(host, sizeof(host) - 1) != 0) {
        host[0] = '\0';
    }
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    bool good = names != NULL && add_name(names, GEN_DNS, "localhost", strlen("localhost"));
    if (good && is_dns_name(server_name)) {
        good = add_name(names, GEN_DNS, server_name, strlen(server_name));
    }
    if (good && is_dns_name(host) && strcmp(host, server_name) != 0 &&
        strcmp(host, "localhost") != 0) {
        good = add_name(names, GEN_DNS, host, strlen(host));
    }
    struct in_addr v4 = {.s_addr = htonl(INADDR_LOOPBACK)};
    good = good && add_name(names, GEN_IPADD, &v4, sizeof(v4)) &&
           add_name(names, GEN_IPADD, &in6addr_loopback, sizeof(in6addr_loopback)) &&
           X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
    GENERAL_NAMES_free(names);
    return good;
}

static bool add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX about;
    X509V3_set_ctx_nodb(&about);
    X509V3_set_ctx(&about, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &about, nid, value);
    bool good = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

static bool set_serial(X509 *certificate)
{
    BIGNUM *number = BN_new();
    bool good = number != NULL &&
                BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
                BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return good;
}

/* A certificate for `key`, signed with it; NULL where the library refuses. */
static X509 *make_certificate(EVP_PKEY *key, const char *server_name)
{
    X509 *certificate = X509_new();
    if (certificate == NULL) {
        return NULL;
    }
    X509_NAME *name = X509_get_subject_name(certificate);
    bool good =
        X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), -BACKDATED_S) != NULL &&
        X509_time_adj_ex(X509_getm_notAfter(certificate), VALID_DAYS, 0, NULL) != NULL &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)server_name,
                                   -1, -1, 0) == 1 &&
        X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
        add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
        add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
        add_extension(certificate, NID_subject_key_identifier, "hash") &&
        add_alt_names(certificate, server_name) && X509_sign(certificate, key, EVP_sha256()) > 0;
    if (!good) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

static int write_key(const char *path, EVP_PKEY *key, struct buf *error)
{
    BIO *content = BIO_new(BIO_s_secmem());
    int status = STATUS_OK;
    if (content == NULL ||
        PEM_write_bio_PKCS8PrivateKey(content, key, NULL, NULL, 0, NULL, NULL) != 1) {
        status = refuse_crypto(error, path, "no key could be made");
    } else {
        status = write_file(path, content, error);
    }
    BIO_free(content);
    return status;
}

static int write_certificate(const char *path, X509 *certificate, struct buf *error)
{
    BIO *content = BIO_new(BIO_s_mem());
    int status = STATUS_OK;
    if (content == NULL || PEM_write_bio_X509(content, certificate) != 1) {
        status = refuse_crypto(error, path, "no certificate could be made");
    } else {
        status = write_file(path, content, error);
    }
    BIO_free(content);
    return status;
}

static int no_passphrase(char *into, int size, int writing, void *user)
{
    return -1;
}

/* The key that is there, or a new one in its place. */
static int ensure_key(const char *path, EVP_PKEY **ret_key, struct buf *error)
{
    EVP_PKEY *key = NULL;
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
        fclose(file);
        if (key == NULL) {
            return refuse_crypto(error, path, "is no key without a passphrase");
        }
    } else if (errno != ENOENT) {
        return refuse_io(error, path);
    } else {
        key = EVP_EC_gen("P-256");
        if (key == NULL) {
            return refuse_crypto(error, path, "no key could be made");
        }
        int status = write_key(path, key, error);
        if (status < 0) {
            EVP_PKEY_free(key);
            return status;
        }
    }
    *ret_key = key;
    return STATUS_OK;
}

int tls_selfsigned_ensure(const char *certificate, const char *key, const char *server_name,
                          bool *ret_made, struct buf *error)
{
    ERR_clear_error();
    struct stat st;
    if (stat(certificate, &st) == 0) {
        *ret_made = false;
        return STATUS_OK;
    }
    if (errno != ENOENT) {
        return refuse_io(error, certificate);
    }
    EVP_PKEY *pair = NULL;
    int status = ensure_key(key, &pair, error);
    if (status < 0) {
        return status;
    }
    X509 *made = make_certificate(pair, server_name);
    status = made != NULL ? write_certificate(certificate, made, error)
                          : refuse_crypto(error, certificate, "no certificate could be made");
    X509_free(made);
    EVP_PKEY_free(pair);
    if (status == STATUS_OK) {
        *ret_made = true;
    }
    return status;
}
