/*
 * What the server says of itself: MOTD, VERSION, ADMIN, LUSERS, TIME, INFO, LINKS (Modern IRC,
 * "Server Queries and Commands"). Pure; under the core's mutex. The first ones are also called by
 * the welcome, without a line.
 */
#include "reply.h"

/* Lines from *at on, until the piece is full; true when that was all. The settings may be others by
 * the next piece. */
static bool add_motd(struct core *core, uint64_t *at)
{
    struct str motd = str_from(core->settings->motd);
    while (*at < motd.len) {
        if (core_piece_full(core)) {
            return false;
        }
        struct str rest = {motd.p + *at, motd.len - *at};
        struct str line = str_split(&rest, '\n');
        *at += line.len + 1;
        if (line.len > 0 && line.p[line.len - 1] == '\r') {
            line.len--;
        }
        reply_numeric(core, RPL_MOTD, ":- " STR_FMT, STR_ARG(line));
    }
    return true;
}

static bool end_motd(struct core *core)
{
    reply_numeric(core, RPL_ENDOFMOTD, ":End of /MOTD command.");
    return true;
}

static bool motd_more(struct core *core, struct walk *walk)
{
    return add_motd(core, &walk->cursor) && end_motd(core);
}

void cmd_MOTD(struct core *core, const struct input_line *in)
{
    const struct settings *settings = core->settings;
    if (in != NULL && !reply_check_server(core, in, 0)) {
        return;
    }
    if (settings->motd == NULL || settings->motd[0] == '\0') {
        reply_numeric(core, ERR_NOMOTD, ":MOTD File is missing");
        return;
    }
    reply_numeric(core, RPL_MOTDSTART, ":- %s Message of the day - ", settings->server_name);
    if (in != NULL) {
        walk_begin(core, motd_more, &(struct walk){0}, (struct str){0});
        return;
    }
    /* The welcome comes at once, so that it has an end before anything else. */
    uint64_t at = 0;
    if (!add_motd(core, &at)) {
        reply_numeric(core, RPL_MOTD, ":- ... there is more: type MOTD to read it all");
    }
    end_motd(core);
}

void cmd_VERSION(struct core *core, const struct input_line *in)
{
    if (!reply_check_server(core, in, 0)) {
        return;
    }
    reply_numeric(core, RPL_VERSION, "%s %s :%s", core->settings->version,
                  core->settings->server_name, core->settings->description);
    isupport_send(core);
}

void cmd_ADMIN(struct core *core, const struct input_line *in)
{
    static const enum numeric numerics[] = {RPL_ADMINLOC1, RPL_ADMINLOC2, RPL_ADMINEMAIL};
    if (!reply_check_server(core, in, 0)) {
        return;
    }
    reply_numeric(core, RPL_ADMINME, "%s :Administrative info", core->settings->server_name);
    for (unsigned i = 0; i < 3; i++) {
        const char *text = core->settings->admin[i];
        if (text[0] != '\0') {
            reply_numeric(core, numerics[i], ":%s", text);
        }
    }
}

void cmd_LUSERS(struct core *core, const struct input_line *in)
{
    unsigned long long users = core->users.len;
    unsigned long long invisible = core->n_invisible;
    unsigned long long most = core->users_max;
    reply_numeric(core, RPL_LUSERCLIENT, ":There are %llu users and %llu invisible on 1 servers",
                  users - invisible, invisible);
    reply_numeric(core, RPL_LUSEROP, "%llu :operator(s) online",
                  (unsigned long long)core->n_operators);
    if (core_n_rooms(core) > 0) {
        reply_numeric(core, RPL_LUSERCHANNELS, "%llu :channels formed",
                      (unsigned long long)core_n_rooms(core));
    }
    reply_numeric(core, RPL_LUSERME, ":I have %llu clients and 1 servers", users);
    reply_numeric(core, RPL_LOCALUSERS, "%llu %llu :Current local users %llu, max %llu", users,
                  most, users, most);
    reply_numeric(core, RPL_GLOBALUSERS, "%llu %llu :Current global users %llu, max %llu", users,
                  most, users, most);
}

void cmd_TIME(struct core *core, const struct input_line *in)
{
    if (!reply_check_server(core, in, 0)) {
        return;
    }
    struct buf *line = reply_begin(core, RPL_TIME);
    buf_printf(line, "%s %llu 0 :", core->settings->server_name,
               (unsigned long long)core->now_ms / 1000);
    message_add_time(line, core->now_ms);
    reply_end(core);
}

void cmd_INFO(struct core *core, const struct input_line *in)
{
    if (!reply_check_server(core, in, 0)) {
        return;
    }
    reply_numeric(core, RPL_INFO, ":Maru (%s), a chat room that people host themselves.",
                  core->settings->version);
    reply_numeric(core, RPL_INFO,
                  ":A maru is the open wooden floor of a Korean house, where everybody gathers.");
    struct buf *line = reply_begin(core, RPL_INFO);
    buf_add_cstr(line, ":This server was started ");
    message_add_time(line, core->started_ms);
    reply_end(core);
    reply_numeric(core, RPL_ENDOFINFO, ":End of INFO list");
}

/* LINKS [[server] mask]: there is one server. */
void cmd_LINKS(struct core *core, const struct input_line *in)
{
    unsigned i = in->line.n_params > 1 ? 1 : 0;
    if (i == 1 && !reply_check_server(core, in, 0)) {
        return;
    }
    const char *server = core->settings->server_name;
    struct str mask = line_param(&in->line, i);
    if (mask.len == 0 || reply_mask_is_server(core, in->folded[i])) {
        reply_numeric(core, RPL_LINKS, "%s %s :0 %s", server, server, core->settings->description);
    }
    reply_numeric(core, RPL_ENDOFLINKS, STR_FMT " :End of /LINKS list.", STR_ARG(reply_word(mask)));
}
