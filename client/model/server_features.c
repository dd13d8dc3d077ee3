/* ISUPPORT as the client uses it. Pure; any thread. */
#include "server_features.h"

#include "client_limits.h"

#include <glib.h>

void server_features_init(struct server_features *features)
{
    *features = (struct server_features){
        .prefix_modes = "ov",
        .prefix_symbols = "@+",
        .list_modes = "beI",
        .param_modes = "k",
        .set_param_modes = "l",
        .room_types = "#&",
        .casemapping = CASEMAPPING_RFC1459,
        .wire_max = CLIENT_WIRE_DEFAULT,
    };
}

void server_features_finish(struct server_features *features)
{
    g_free(features->network);
    g_free(features->lobby);
    features->network = NULL;
    features->lobby = NULL;
}

static void copy_cut(char *to, size_t size, struct str from)
{
    size_t len = MIN(from.len, size - 1);
    memcpy(to, from.p, len);
    to[len] = '\0';
}

/* PREFIX=(ov)@+ ; an empty value means that members have no ranks. */
static void set_prefix(struct server_features *features, struct str value)
{
    const char *close = value.len > 0 ? memchr(value.p, ')', value.len) : NULL;
    if (value.len == 0) {
        features->prefix_modes[0] = '\0';
        features->prefix_symbols[0] = '\0';
        return;
    }
    if (value.p[0] != '(' || close == NULL) {
        return;
    }
    struct str modes = {value.p + 1, (size_t)(close - value.p) - 1};
    struct str symbols = {close + 1, value.len - modes.len - 2};
    if (modes.len != symbols.len) {
        return;
    }
    copy_cut(features->prefix_modes, sizeof(features->prefix_modes), modes);
    copy_cut(features->prefix_symbols, sizeof(features->prefix_symbols), symbols);
}

static void set_chanmodes(struct server_features *features, struct str value)
{
    copy_cut(features->list_modes, sizeof(features->list_modes), str_split(&value, ','));
    if (value.p != NULL) {
        copy_cut(features->param_modes, sizeof(features->param_modes), str_split(&value, ','));
    }
    if (value.p != NULL) {
        copy_cut(features->set_param_modes, sizeof(features->set_param_modes),
                 str_split(&value, ','));
    }
}

/* Values escape bytes as \xHH. */
static char *unescaped(struct str value)
{
    GString *out = g_string_sized_new(value.len);
    for (size_t i = 0; i < value.len; i++) {
        if (i + 3 < value.len && value.p[i] == '\\' && value.p[i + 1] == 'x' &&
            g_ascii_isxdigit(value.p[i + 2]) && g_ascii_isxdigit(value.p[i + 3])) {
            int byte =
                g_ascii_xdigit_value(value.p[i + 2]) * 16 + g_ascii_xdigit_value(value.p[i + 3]);
            g_string_append_c(out, byte != 0 ? (char)byte : ' ');
            i += 3;
        } else {
            g_string_append_c(out, value.p[i]);
        }
    }
    char *raw = g_string_free(out, FALSE);
    char *valid = g_utf8_make_valid(raw, -1);
    g_free(raw);
    return valid;
}

static void add_token(struct server_features *features, struct str token)
{
    struct str value = token;
    struct str key = str_split(&value, '=');
    if (value.p == NULL) {
        value = STR("");
    }
    if (str_eq(key, STR("PREFIX"))) {
        set_prefix(features, value);
    } else if (str_eq(key, STR("CHANMODES"))) {
        set_chanmodes(features, value);
    } else if (str_eq(key, STR("CHANTYPES"))) {
        copy_cut(features->room_types, sizeof(features->room_types), value);
    } else if (str_eq(key, STR("STATUSMSG"))) {
        copy_cut(features->status_targets, sizeof(features->status_targets), value);
    } else if (str_eq(key, STR("CASEMAPPING"))) {
        features->casemapping = str_eq_nocase(value, STR("ascii"))     ? CASEMAPPING_ASCII
                                : str_eq_nocase(value, STR("rfc7613")) ? CASEMAPPING_UNICODE
                                                                       : CASEMAPPING_RFC1459;
    } else if (str_eq(key, STR("UTF8MAPPING"))) {
        features->unicode_names = true;
    } else if (str_eq(key, STR("LINELEN"))) {
        uint64_t max;
        if (str_to_u64(value, &max) == 0 && max >= CLIENT_WIRE_DEFAULT) {
            features->wire_max = (unsigned)MIN(max, (uint64_t)CLIENT_LINE_MAX);
        }
    } else if (str_eq(key, STR("CHATHISTORY"))) {
        uint64_t max;
        if (str_to_u64(value, &max) == 0) {
            features->page_max = (unsigned)MIN(max, (uint64_t)UINT_MAX);
        }
    } else if (str_eq(key, STR("MSGREFTYPES"))) {
        features->by_time_only = true;
        while (value.p != NULL) {
            if (str_eq(str_split(&value, ','), STR("msgid"))) {
                features->by_time_only = false;
            }
        }
    } else if (str_eq(key, STR("NETWORK"))) {
        g_free(features->network);
        features->network = unescaped(value);
    } else if (str_eq(key, STR("maru.chat/LOBBY")) && value.len > 0) {
        g_free(features->lobby);
        features->lobby = unescaped(value);
    }
}

void server_features_add(struct server_features *features, const struct line *line)
{
    /* The first parameter is our nickname, the last a phrase for people. */
    for (unsigned i = 1; i + 1 < line->n_params; i++) {
        add_token(features, line->params[i]);
    }
}

char *server_features_fold(const struct server_features *features, struct str name)
{
    if (features->unicode_names || features->casemapping == CASEMAPPING_UNICODE) {
        g_autofree char *valid = g_utf8_make_valid(name.p != NULL ? name.p : "", (gssize)name.len);
        g_autofree char *lower = g_utf8_strdown(valid, -1);
        return g_utf8_normalize(lower, -1, G_NORMALIZE_NFC);
    }
    char *folded = g_strndup(name.p != NULL ? name.p : "", name.len);
    for (char *c = folded; *c != '\0'; c++) {
        *c = ascii_lower(*c);
        if (features->casemapping == CASEMAPPING_RFC1459) {
            const char *from = "[]\\~";
            const char *at = strchr(from, *c);
            *c = at != NULL ? "{}|^"[at - from] : *c;
        }
    }
    return folded;
}

bool server_features_same(const struct server_features *features, struct str a, struct str b)
{
    g_autofree char *folded_a = server_features_fold(features, a);
    g_autofree char *folded_b = server_features_fold(features, b);
    return strcmp(folded_a, folded_b) == 0;
}

bool server_features_is_room(const struct server_features *features, struct str target)
{
    return target.len > 0 && target.p[0] != '\0' &&
           strchr(features->room_types, target.p[0]) != NULL;
}
