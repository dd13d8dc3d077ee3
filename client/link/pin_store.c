/* Certificates that were trusted on first use. Main thread; no GTK. */
#include "pin_store.h"

#include <stdbool.h>
#include <string.h>

enum { FINGERPRINT_LEN = 32 * 3 - 1 };

struct pin_store {
    char *path;
    GHashTable *pins;
};

static void read_file(struct pin_store *pins)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(pins->path, &text, NULL, NULL)) {
        return;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        char *space = strchr(*line, ' ');
        if ((*line)[0] != '#' && space != NULL && strlen(space + 1) == FINGERPRINT_LEN) {
            g_hash_table_replace(pins->pins, g_strndup(*line, (gsize)(space - *line)),
                                 g_strdup(space + 1));
        }
    }
}

struct pin_store *pin_store_create(const char *path)
{
    struct pin_store *pins = g_new0(struct pin_store, 1);
    pins->path = g_strdup(path);
    pins->pins = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    read_file(pins);
    return pins;
}

void pin_store_destroy(struct pin_store *pins)
{
    if (pins != NULL) {
        g_hash_table_unref(pins->pins);
        g_free(pins->path);
        g_free(pins);
    }
}

const char *pin_store_find(struct pin_store *pins, const char *key)
{
    return g_hash_table_lookup(pins->pins, key);
}

int pin_store_set(struct pin_store *pins, const char *key, const char *fingerprint)
{
    /* Another window may have added servers meanwhile. */
    read_file(pins);
    g_hash_table_replace(pins->pins, g_strdup(key), g_strdup(fingerprint));
    GString *text = g_string_new("# Certificates that maru trusts: server, SHA-256.\n");
    GHashTableIter iter;
    gpointer server;
    gpointer pin;
    g_hash_table_iter_init(&iter, pins->pins);
    while (g_hash_table_iter_next(&iter, &server, &pin)) {
        g_string_append_printf(text, "%s %s\n", (char *)server, (char *)pin);
    }
    g_autofree char *folder = g_path_get_dirname(pins->path);
    bool written = g_mkdir_with_parents(folder, 0700) == 0 &&
                   g_file_set_contents_full(pins->path, text->str, (gssize)text->len,
                                            G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL);
    g_string_free(text, TRUE);
    return written ? STATUS_OK : STATUS_IO;
}

char *pin_fingerprint(GTlsCertificate *certificate)
{
    g_autoptr(GByteArray) der = NULL;
    g_object_get(certificate, "certificate", &der, NULL);
    if (der == NULL) {
        return g_strdup("");
    }
    g_autofree char *hex = g_compute_checksum_for_data(G_CHECKSUM_SHA256, der->data, der->len);
    GString *out = g_string_sized_new(FINGERPRINT_LEN + 1);
    for (size_t i = 0; hex[i] != '\0'; i++) {
        if (i > 0 && i % 2 == 0) {
            g_string_append_c(out, ':');
        }
        g_string_append_c(out, g_ascii_toupper(hex[i]));
    }
    return g_string_free(out, FALSE);
}
