/*
 * The capabilities that a server with these settings offers, with what stands behind the names in
 * CAP LS 302: one list for negotiation on the edge and in the core. Any thread.
 * IRCv3 "Client Capability Negotiation"; "Strict Transport Security"; "SASL Authentication" 3.2;
 * draft/account-registration.
 */
#ifndef MARU_SETTINGS_CAPS_H
#define MARU_SETTINGS_CAPS_H

#include "cap.h"
#include "settings.h"

enum { CAP_VERSION_VALUES = 302 }; /* from here on names have values, and lists several lines */

/* Whatever is not in it is refused by CAP REQ. */
cap_set settings_caps(const struct settings *settings);

/* What of it CAP LS tells a client of this version. */
cap_set settings_caps_told(const struct settings *settings, unsigned version);

/* Appends the names in the set, from version 302 on with their values and the policy of `sts`,
 * separated by spaces. `tls`: the client came through TLS, where it can do more. */
void settings_add_caps(const struct settings *settings, cap_set caps, unsigned version, bool tls,
                       struct buf *out);

/* A value of 005: what may not stand in one is written \xNN (Modern IRC, "RPL_ISUPPORT"). */
void settings_add_isupport_value(struct buf *out, const char *value);

/* "PLAIN,EXTERNAL,…": how one may log in. */
void settings_add_mechanisms(const struct settings *settings, bool tls, struct buf *out);

#endif
