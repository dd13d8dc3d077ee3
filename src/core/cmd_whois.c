/* WHOIS and WHOWAS (Modern IRC, "User-Based Queries"). Pure; under the core's mutex. */
#include "reply.h"

/* The rooms that the viewer may see the user in, in as many lines as it takes. */
static void add_rooms(struct core *core, const struct user *user, bool privileged)
{
    const struct user *viewer = core->who->user;
    bool hidden = (user->umodes & UMODE_INVISIBLE) != 0;
    struct buf *line = NULL;
    for (unsigned i = 0; i < user->n_rooms; i++) {
        const struct room *room = user->rooms[i].room;
        bool common = user_membership(viewer, room) != NULL;
        if (!privileged && !room_shows(room, user, &user->rooms[i], viewer) &&
            !room_shows_all(room, viewer)) {
            continue;
        }
        if (!privileged && !common && (hidden || (room->modes & RMODE_SECRET) != 0)) {
            continue;
        }
        size_t need = room_name(room).len + sizeof(" " ROOM_RANK_SIGNS);
        if (line != NULL && line->len - core->reply_start + need > CORE_LINE_MAX) {
            reply_end(core);
            line = NULL;
        }
        if (line == NULL) {
            line = reply_begin(core, RPL_WHOISCHANNELS);
            buf_printf(line, "%s :", user->name.raw);
        } else {
            buf_add_char(line, ' ');
        }
        room_add_prefix(user->rooms[i].rank, (core->who->caps & CAP_MULTI_PREFIX) != 0, line);
        buf_add_cstr(line, room->name.raw);
    }
    if (line != NULL) {
        reply_end(core);
    }
}

static void add_private(struct core *core, const struct user *user)
{
    const char *nick = user->name.raw;
    reply_numeric(core, RPL_WHOISHOST, "%s :is connecting from " STR_FMT "@" STR_FMT, nick,
                  STR_ARG(user_ident(user)), STR_ARG(user_host(user)));
    reply_numeric(core, RPL_WHOISACTUALLY, "%s " STR_FMT " :Is actually using host", nick,
                  STR_ARG(user_host(user)));
    struct buf *line = reply_begin(core, RPL_WHOISMODES);
    buf_printf(line, "%s :is using modes +", nick);
    user_add_modes(user->umodes, line);
    reply_end(core);
}

static bool is_secure(const struct user *user)
{
    for (const struct session *s = user->sessions; s != NULL; s = s->next) {
        if (!s->tls) {
            return false;
        }
    }
    return user->sessions != NULL;
}

static void whois(struct core *core, const struct user *user)
{
    const struct settings *settings = core->settings;
    const struct user *viewer = core->who->user;
    const char *nick = user->name.raw;
    bool privileged = user == viewer || user_is_operator(viewer);
    reply_numeric(core, RPL_WHOISUSER, "%s " STR_FMT " " STR_FMT " * :%s", nick,
                  STR_ARG(user_ident(user)), STR_ARG(user_host(user)), user_realname(user));
    add_rooms(core, user, privileged);
    reply_numeric(core, RPL_WHOISSERVER, "%s %s :%s", nick, settings->server_name,
                  settings->description);
    if (user_is_operator(user)) {
        reply_numeric(core, RPL_WHOISOPERATOR, "%s :is an IRC operator", nick);
    }
    if (user_account(user) != NULL) {
        reply_numeric(core, RPL_WHOISACCOUNT, "%s " STR_FMT " :is logged in as", nick,
                      STR_ARG(user_account_name(user)));
    }
    if ((user->umodes & UMODE_BOT) != 0) {
        reply_numeric(core, RPL_WHOISBOT, "%s :is a bot on %s", nick, settings->network);
    }
    if (privileged) {
        add_private(core, user);
    }
    if (is_secure(user)) {
        reply_numeric(core, RPL_WHOISSECURE, "%s :is using a secure connection", nick);
    }
    metadata_whois(core, user);
    if (user_away(user) != NULL) {
        reply_numeric(core, RPL_AWAY, "%s :%s", nick, user_away(user));
    }
    uint64_t idle_ms = core->now_ms > user->active_ms ? core->now_ms - user->active_ms : 0;
    reply_numeric(core, RPL_WHOISIDLE, "%s %llu %llu :seconds idle, signon time", nick,
                  (unsigned long long)idle_ms / 1000, (unsigned long long)user->since_ms / 1000);
}

void cmd_WHOIS(struct core *core, const struct input_line *in)
{
    /* WHOIS [server] nick: here there is one server, which still has to be the one meant. */
    unsigned i = in->line.n_params > 1 ? 1 : 0;
    struct str raw = line_param(&in->line, i);
    struct str folded = in->folded[i];
    if (raw.len == 0) {
        reply_numeric(core, ERR_NONICKNAMEGIVEN, ":No nickname given");
        return;
    }
    if (i == 1 && !reply_check_server(core, in, 0)) {
        return;
    }
    /* One nickname a command, as TARGMAX says. */
    struct str nick = str_split(&raw, ',');
    const struct user *user = user_find(core, str_split(&folded, ','));
    if (user != NULL) {
        whois(core, user);
    } else {
        reply_no_such_nick(core, nick);
    }
    reply_numeric(core, RPL_ENDOFWHOIS, STR_FMT " :End of /WHOIS list", STR_ARG(reply_word(nick)));
}

void cmd_WHOWAS(struct core *core, const struct input_line *in)
{
    struct str raw = line_param(&in->line, 0);
    struct str folded = in->folded[0];
    if (raw.len == 0) {
        reply_numeric(core, ERR_NONICKNAMEGIVEN, ":No nickname given");
        return;
    }
    struct str nick = str_split(&raw, ',');
    folded = str_split(&folded, ',');
    uint64_t count;
    if (str_to_u64(line_param(&in->line, 1), &count) != STATUS_OK || count == 0 ||
        count > CORE_WHOWAS_MAX) {
        count = CORE_WHOWAS_MAX;
    }
    unsigned n = 0;
    unsigned back = 0;
    const struct whowas_entry *entry;
    while (n < count && (entry = whowas_next(core->whowas, folded, &back)) != NULL) {
        reply_numeric(core, RPL_WHOWASUSER, "%s %s %s * :%s", entry->nick, entry->user, entry->host,
                      entry->realname);
        struct buf *line = reply_begin(core, RPL_WHOISSERVER);
        buf_printf(line, "%s %s :", entry->nick, core->settings->server_name);
        message_add_time(line, entry->left_ms);
        reply_end(core);
        n++;
    }
    if (n == 0) {
        reply_numeric(core, ERR_WASNOSUCHNICK, STR_FMT " :There was no such nickname",
                      STR_ARG(reply_word(nick)));
    }
    reply_numeric(core, RPL_ENDOFWHOWAS, STR_FMT " :End of WHOWAS", STR_ARG(reply_word(nick)));
}
