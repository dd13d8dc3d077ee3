/* What is offered, and the values of it. Any thread. */
#include "settings_caps.h"

#include "metadata.h"

cap_set settings_caps(const struct settings *settings)
{
    cap_set caps = CAP_ALL;
    if (!settings->history) {
        caps &= ~(cap_set)CAP_OF_HISTORY;
    }
    if (!settings->accounts) {
        caps &= ~(cap_set)CAP_OF_ACCOUNTS;
    }
    if (!settings->registration) {
        caps &= ~(cap_set)CAP_ACCOUNT_REGISTRATION;
    }
    return caps;
}

cap_set settings_caps_told(const struct settings *settings, unsigned version)
{
    cap_set caps = settings_caps(settings);
    return version >= CAP_VERSION_VALUES ? caps : caps & ~(cap_set)CAPS_OF_302;
}

void settings_add_isupport_value(struct buf *out, const char *value)
{
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == ' ' || *c == '\\' || *c == '=') {
            buf_printf(out, "\\x%02x", (unsigned)(unsigned char)*c);
        } else {
            buf_add_char(out, *c);
        }
    }
}

void settings_add_mechanisms(const struct settings *settings, bool tls, struct buf *out)
{
    buf_add_cstr(out, "PLAIN");
    if (tls) {
        buf_add_cstr(out, ",EXTERNAL");
    }
    /* Who has the passwords elsewhere has no keys for SCRAM here. */
    if (!settings->outside_logins) {
        buf_add_cstr(out, tls ? ",SCRAM-SHA-256,SCRAM-SHA-256-PLUS" : ",SCRAM-SHA-256");
    }
}

static void add_registration(const struct settings *settings, struct buf *out)
{
    size_t before = out->len;
    if (settings_registers_early(settings)) {
        buf_add_cstr(out, ",before-connect");
    }
    if (settings->email_required || settings->email_verified) {
        buf_add_cstr(out, ",email-required");
    }
    if (settings->registration_custom_names) {
        buf_add_cstr(out, ",custom-account-name");
    }
    if (out->len > before) {
        out->p[before] = '=';
    }
}

/* A policy, which nobody asks for by CAP REQ. */
static void add_sts(const struct settings *settings, bool tls, struct buf *out)
{
    const struct settings_sts *sts = &settings->sts;
    if (sts->on && tls) {
        buf_printf(out, " sts=duration=%u%s", sts->duration_s, sts->preload ? ",preload" : "");
    } else if (sts->on && sts->port > 0) {
        buf_printf(out, " sts=port=%u", sts->port);
    }
}

void settings_add_caps(const struct settings *settings, cap_set caps, unsigned version, bool tls,
                       struct buf *out)
{
    bool first = true;
    for (unsigned i = 0; i < CAP_COUNT; i++) {
        if ((caps & (cap_set)1 << i) == 0) {
            continue;
        }
        if (!first) {
            buf_add_char(out, ' ');
        }
        first = false;
        buf_add_str(out, cap_name(i));
        if (version < CAP_VERSION_VALUES) {
            continue;
        }
        switch (i) {
        case CAP_BIT_SASL:
            buf_add_char(out, '=');
            settings_add_mechanisms(settings, tls, out);
            break;
        case CAP_BIT_METADATA_2:
        case CAP_BIT_METADATA_3:
            buf_printf(out, "=before-connect,max-subs=%d,max-keys=%d,max-value-bytes=%d",
                       METADATA_SUBS_MAX, METADATA_KEYS_MAX, METADATA_VALUE_MAX);
            break;
        case CAP_BIT_MULTILINE:
            buf_printf(out, "=max-bytes=%u,max-lines=%u", settings->multiline_bytes,
                       settings->multiline_lines);
            break;
        case CAP_BIT_ACCOUNT_REGISTRATION:
            add_registration(settings, out);
            break;
        default:
            break;
        }
    }
    if (version >= CAP_VERSION_VALUES) {
        add_sts(settings, tls, out);
    }
}
