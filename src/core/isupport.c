/* The features of 005 (Modern IRC, "RPL_ISUPPORT Parameters"): made once for each set of settings.
 */
#include "reply.h"

#include "extban.h"
#include "settings_caps.h"

enum { ISUPPORT_TOKENS_PER_LINE = 12 };

static const char *casemapping_token(enum name_casemapping mapping)
{
    switch (mapping) {
    case NAME_CASE_RFC8265:
        return "ascii UTF8MAPPING=rfc8265";
    case NAME_CASE_ASCII:
        return "ascii";
    case NAME_CASE_RFC1459:
        return "rfc1459";
    }
    return "ascii";
}

void isupport_update(struct core *core)
{
    const struct settings *s = core->settings;
    struct buf *out = &core->isupport;
    buf_clear(out);
    buf_printf(out, "CASEMAPPING=%s CHANTYPES=# ", casemapping_token(s->casemapping));
    buf_add_cstr(out, "PREFIX=(" ROOM_RANK_LETTERS ")" ROOM_RANK_SIGNS " STATUSMSG=" ROOM_RANK_SIGNS
                      " CHANMODES=" ROOM_LIST_LETTERS ",k," ROOM_PARAM_LETTERS "," ROOM_FLAG_LETTERS
                      " EXTBAN=~," EXTBAN_LETTERS " BOT=B ");
    buf_printf(out,
               "CHANLIMIT=#:%u MAXLIST=b:%u,e:%u,I:%u MODES=%u NICKLEN=%u USERLEN=%u HOSTLEN=%u ",
               s->rooms_per_user, s->list_entries_max, s->list_entries_max, s->list_entries_max,
               s->modes_per_command, s->nick_len, s->user_len, s->host_len);
    buf_printf(out, "CHANNELLEN=%u TOPICLEN=%u KICKLEN=%u AWAYLEN=%u NAMELEN=%u KEYLEN=%u ",
               s->channel_len, s->topic_len, s->kick_len, s->away_len, s->realname_len, s->key_len);
    buf_printf(
        out, "TARGMAX=NAMES:1,LIST:%u,KICK:%u,WHOIS:1,PRIVMSG:%u,NOTICE:%u,TAGMSG:%u,JOIN:,PART: ",
        s->targets_max, s->targets_max, s->targets_max, s->targets_max, s->targets_max);
    if (s->accounts) {
        buf_add_cstr(out, "ACCOUNTEXTBAN=a,account ");
    }
    if (s->history) {
        buf_printf(out, "CHATHISTORY=%u MSGREFTYPES=msgid,timestamp ", s->history_limit);
    }
    buf_printf(out,
               "EXCEPTS=e INVEX=I ELIST=CMNTU MONITOR=%u SAFELIST UTF8ONLY WHOX maru.chat/LOBBY=%s "
               "NETWORK=",
               s->monitor_max, s->lobby);
    settings_add_isupport_value(out, s->network);
    if (s->icon[0] != '\0') {
        buf_add_cstr(out, " draft/ICON=");
        settings_add_isupport_value(out, s->icon);
    }
}

void isupport_send(struct core *core)
{
    bool batched =
        (core->who->caps & CAP_EXTENDED_ISUPPORT) != 0 && (core->who->caps & CAP_BATCH) != 0;
    struct reply_batch batch;
    if (batched) {
        batch = reply_batch_begin(core, "draft/isupport", STR(""));
    }
    struct str rest = buf_str(&core->isupport);
    while (rest.p != NULL) {
        struct buf *line = reply_begin(core, RPL_ISUPPORT);
        for (unsigned i = 0; i < ISUPPORT_TOKENS_PER_LINE && rest.p != NULL; i++) {
            buf_add_str(line, str_split(&rest, ' '));
            buf_add_char(line, ' ');
        }
        buf_add_cstr(line, ":are supported by this server");
        reply_end(core);
    }
    if (batched) {
        reply_batch_end(core, &batch);
    }
}

void cmd_ISUPPORT(struct core *core, const struct input_line *in)
{
    isupport_send(core);
}
