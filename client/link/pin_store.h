/*
 * Certificates that were trusted on first use: a text file with a line "host:port SHA-256" for each
 * server, in the person's configuration folder. Main thread; no GTK.
 */
#ifndef MARU_PIN_STORE_H
#define MARU_PIN_STORE_H

#include "status.h"

#include <gio/gio.h>

struct pin_store;

/* Reads the file; one that does not exist, or a line that is none, counts as empty. */
struct pin_store *pin_store_create(const char *path);
void pin_store_destroy(struct pin_store *pins);

/* The remembered fingerprint of a server_address_key; NULL where there is none. */
const char *pin_store_find(struct pin_store *pins, const char *key);

/* Remembers it, also on disk: STATUS_IO where that fails (it then holds for this run). */
int pin_store_set(struct pin_store *pins, const char *key, const char *fingerprint) MARU_CHECK;

/* SHA-256 of the certificate's DER as "AB:CD:…"; freed with g_free. */
char *pin_fingerprint(GTlsCertificate *certificate);

#endif
