/*
 * CAP of a registered session (IRCv3 "Client Capability Negotiation"), and PASS and USER, which
 * come too late then. Pure; under the core's mutex. Negotiation before is the edge's.
 */
#include "reply.h"

#include "settings_caps.h"

/* ":server CAP nick SUB :words", in as many lines as it takes. With `more`, all but the last carry
 * "*", which only clients of version 302 understand; others get the lines without it. */
static void send_words(struct core *core, const char *subcommand, struct str words, bool more)
{
    const char *nick = core->who->user->name.raw;
    size_t head = strlen(core->settings->server_name) + strlen(nick) + strlen(subcommand) +
                  sizeof(":  CAP  * :");
    size_t max = head < CORE_LINE_MAX ? CORE_LINE_MAX - head : 1;
    if (words.len == 0) {
        words = STR("");
    }
    do {
        struct str part = cap_take_words(&words, max);
        reply_server(core, "CAP %s %s %s:" STR_FMT, nick, subcommand,
                     more && words.len > 0 ? "* " : "", STR_ARG(part));
    } while (words.len > 0);
}

static void send_caps(struct core *core, const char *subcommand, cap_set caps, unsigned version)
{
    struct buf names = {0};
    settings_add_caps(core->settings, caps, version, core->who->tls, &names);
    send_words(core, subcommand, buf_str(&names), core->who->cap_version >= CAP_VERSION_VALUES);
    buf_finish(&names);
}

static void list_supported(struct core *core, struct str version)
{
    struct session *who = core->who;
    uint64_t number;
    if (str_to_u64(version, &number) == STATUS_OK && number >= CAP_VERSION_VALUES &&
        (who->cap_version < CAP_VERSION_VALUES || (who->caps & CAP_CAP_NOTIFY) == 0)) {
        who->cap_version = CAP_VERSION_VALUES;
        who->caps |= CAP_CAP_NOTIFY;
        session_emit_traits(core, who);
    }
    send_caps(core, "LS", settings_caps_told(core->settings, who->cap_version), who->cap_version);
}

static void request(struct core *core, struct str list)
{
    struct session *who = core->who;
    cap_set caps = who->caps;
    if (!cap_apply(list, who->cap_version, settings_caps(core->settings), &caps)) {
        send_words(core, "NAK", list, false);
        return;
    }
    send_words(core, "ACK", list, false);
    /* The answer leaves under the old capabilities, label included; then the new ones hold. */
    reply_close(core);
    who->caps = caps;
    session_emit_traits(core, who);
}

void cmd_CAP(struct core *core, const struct input_line *in)
{
    struct str subcommand = in->line.params[0];
    if (str_eq_nocase(subcommand, STR("LS"))) {
        list_supported(core, line_param(&in->line, 1));
    } else if (str_eq_nocase(subcommand, STR("LIST"))) {
        send_caps(core, "LIST", core->who->caps, 0);
    } else if (str_eq_nocase(subcommand, STR("REQ"))) {
        request(core, line_rest(in, 1));
    } else if (!str_eq_nocase(subcommand, STR("END"))) {
        reply_numeric(core, ERR_INVALIDCAPCMD, STR_FMT " :Invalid CAP command",
                      STR_ARG(reply_word(subcommand)));
    }
}

static void too_late(struct core *core)
{
    reply_numeric(core, ERR_ALREADYREGISTERED, ":You may not reregister");
}

void cmd_PASS(struct core *core, const struct input_line *in)
{
    too_late(core);
}

void cmd_USER(struct core *core, const struct input_line *in)
{
    too_late(core);
}
