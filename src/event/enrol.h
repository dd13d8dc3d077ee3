/*
 * What a new account may be given: the rules that REGISTER on the edge, before a session is a user,
 * and the core's commands share. Pure; any thread. draft/account-registration.
 */
#ifndef MARU_ENROL_H
#define MARU_ENROL_H

#include "settings.h"

enum { ENROL_PASSWORD_MAX = 300, ENROL_EMAIL_MAX = 254 };

/* Why not; `code` is what FAIL says ("WEAK_PASSWORD"). Both are NULL where nothing is wrong. */
struct enrol_fault {
    const char *code;
    const char *text;
};

struct enrol_fault enrol_check_password(const struct settings *settings, struct str password);

/* `email` is "*" or empty where none is given. Whether mail reaches it is another matter. */
struct enrol_fault enrol_check_email(const struct settings *settings, struct str email);

static inline bool enrol_has_email(struct str email)
{
    return email.len > 0 && !str_eq(email, STR("*"));
}

#endif
