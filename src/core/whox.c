/* WHOX: the fields that a client wants of WHO (IRCv3 "WHOX"). Pure; under the core's mutex. */
#include "whox.h"

#include "reply.h"

/* In the order of a reply, whatever order they were asked for in. */
static const char field_letters[] = "tcuihsnfdlaor";

struct whox whox_parse(struct str param)
{
    struct whox whox = {0};
    const char *at = param.len > 0 ? memchr(param.p, '%', param.len) : NULL;
    if (at == NULL) {
        return whox;
    }
    struct str token = {at + 1, param.len - (size_t)(at + 1 - param.p)};
    struct str letters = str_split(&token, ',');
    for (size_t i = 0; i < letters.len; i++) {
        const char *letter = strchr(field_letters, letters.p[i]);
        if (letter != NULL && *letter != '\0') {
            whox.fields |= (uint64_t)1 << (letter - field_letters);
        }
    }
    bool digits = token.p != NULL && token.len > 0 && token.len <= WHOX_TOKEN_MAX;
    for (size_t i = 0; digits && i < token.len; i++) {
        digits = token.p[i] >= '0' && token.p[i] <= '9';
    }
    if (digits) {
        memcpy(whox.token, token.p, token.len);
    } else {
        whox.token[0] = '0';
    }
    return whox;
}

static void add_field(struct core *core, const struct whox *whox, char letter,
                      const struct user *user, const struct room *room, struct str flags)
{
    struct buf *line = &core->reply;
    uint64_t idle_ms = core->now_ms > user->active_ms ? core->now_ms - user->active_ms : 0;
    struct str account = user_account_name(user);
    switch (letter) {
    case 't':
        buf_add_cstr(line, whox->token);
        break;
    case 'c':
        buf_add_cstr(line, room != NULL ? room->name.raw : "*");
        break;
    case 'u':
        buf_add_str(line, user_ident(user));
        break;
    case 'i':
        /* Addresses are nobody's business; this stands for one that is not told. */
        buf_add_cstr(line, "255.255.255.255");
        break;
    case 'h':
        buf_add_str(line, user_host(user));
        break;
    case 's':
        buf_add_cstr(line, core->settings->server_name);
        break;
    case 'n':
        buf_add_str(line, user_nick(user));
        break;
    case 'f':
        buf_add_str(line, flags);
        break;
    case 'd':
        buf_add_char(line, '0');
        break;
    case 'l':
        buf_add_u64(line, idle_ms / 1000);
        break;
    case 'a':
        buf_add_str(line, account.len > 0 ? account : STR("0"));
        break;
    case 'o':
        buf_add_cstr(line, "n/a");
        break;
    default:
        buf_add_char(line, ':');
        buf_add_cstr(line, user_realname(user));
        break;
    }
}

void whox_add_user(struct core *core, const struct whox *whox, const struct user *user,
                   const struct room *room, struct str flags)
{
    struct buf *line = reply_begin(core, RPL_WHOSPCRPL);
    bool first = true;
    for (unsigned i = 0; field_letters[i] != '\0'; i++) {
        if ((whox->fields >> i & 1) != 0) {
            if (!first) {
                buf_add_char(line, ' ');
            }
            first = false;
            add_field(core, whox, field_letters[i], user, room, flags);
        }
    }
    reply_end(core);
}
