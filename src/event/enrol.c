/* Passwords and addresses of new accounts. Pure; any thread. */
#include "enrol.h"

struct enrol_fault enrol_check_password(const struct settings *settings, struct str password)
{
    if (password.len == 0 || password.len < settings->password_min) {
        return (struct enrol_fault){"WEAK_PASSWORD", "That password is too short"};
    }
    if (password.len > ENROL_PASSWORD_MAX) {
        return (struct enrol_fault){"UNACCEPTABLE_PASSWORD", "That password is too long"};
    }
    for (size_t i = 0; i < password.len; i++) {
        if ((unsigned char)password.p[i] < ' ' || password.p[i] == 0x7f) {
            return (struct enrol_fault){"UNACCEPTABLE_PASSWORD",
                                        "A password may not hold control characters"};
        }
    }
    if (!str_is_utf8(password)) {
        return (struct enrol_fault){"UNACCEPTABLE_PASSWORD", "A password has to be UTF-8"};
    }
    return (struct enrol_fault){0};
}

/* Something, one '@', and something with a dot inside or "localhost": what a mail program could
 * take for an option, a header or a second address is refused, the rest is for it to say. */
static bool is_plausible(struct str email)
{
    const char *at = memchr(email.p, '@', email.len);
    if (email.len > ENROL_EMAIL_MAX || at == NULL || at == email.p || email.p[0] == '-' ||
        !str_is_utf8(email)) {
        return false;
    }
    for (size_t i = 0; i < email.len; i++) {
        if ((unsigned char)email.p[i] <= ' ' || email.p[i] == 0x7f ||
            strchr("\"(),:;<>[\\]`|", email.p[i]) != NULL) {
            return false;
        }
    }
    struct str host = {at + 1, email.len - (size_t)(at + 1 - email.p)};
    return host.len > 0 && memchr(host.p, '@', host.len) == NULL && host.p[0] != '.' &&
           host.p[0] != '-' && host.p[host.len - 1] != '.';
}

struct enrol_fault enrol_check_email(const struct settings *settings, struct str email)
{
    if (!enrol_has_email(email)) {
        return settings->email_required || settings->email_verified
                   ? (struct enrol_fault){"INVALID_EMAIL", "An e-mail address is needed"}
                   : (struct enrol_fault){0};
    }
    return is_plausible(email) ? (struct enrol_fault){0}
                               : (struct enrol_fault){"INVALID_EMAIL", "That is no e-mail address"};
}
