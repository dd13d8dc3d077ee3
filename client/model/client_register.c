/*
 * From the open link to the room's door: CAP, NICK, USER, 005, and every way of being refused.
 * Main thread; no GTK. IRCv3 capability-negotiation; Modern IRC "Connection Registration".
 */
#include "client_session_priv.h"

#include "irc_text.h"

#include <glib/gi18n.h>

enum { NICK_TRIES_MAX = 4 };

static void end_negotiation(struct client_session *session)
{
    if (!session->cap_ended && session->phase == CLIENT_REGISTERING) {
        session->cap_ended = true;
        client_send(session, "CAP END");
    }
}

/* labeled-response needs batch. */
static void request(struct client_session *session, unsigned bits)
{
    if ((bits & CLIENT_CAP_BATCH) == 0 && (session->caps & CLIENT_CAP_BATCH) == 0) {
        bits &= ~(unsigned)CLIENT_CAP_LABELED_RESPONSE;
    }
    struct buf names = {0};
    for (unsigned bit = 1; bits != 0 && bit <= bits; bit <<= 1) {
        const char *name = (bits & bit) != 0 ? client_cap_name(bit) : NULL;
        if (name != NULL) {
            if (names.len > 0) {
                buf_add_char(&names, ' ');
            }
            buf_add_cstr(&names, name);
        }
    }
    if (names.len > 0) {
        client_send(session, "CAP REQ :" STR_FMT, STR_ARG(buf_str(&names)));
    } else {
        end_negotiation(session);
    }
    buf_finish(&names);
}

/* The bits of the names in a list like "multi-prefix sasl=PLAIN -away-notify"; a minus goes to
 * *ret_minus. */
static unsigned cap_bits(struct str list, unsigned *ret_minus)
{
    unsigned plus = 0;
    unsigned minus = 0;
    while (list.p != NULL) {
        struct str value = str_split(&list, ' ');
        bool removed = value.len > 0 && value.p[0] == '-';
        struct str name = str_split(&value, '=');
        if (removed) {
            name.p++;
            name.len--;
        }
        unsigned bit = client_cap_bit(name);
        if (removed) {
            minus |= bit;
        } else {
            plus |= bit;
        }
    }
    *ret_minus = minus;
    return plus;
}

void client_on_cap(struct client_session *session, const struct incoming *in)
{
    struct str sub = line_param(in->line, 1);
    unsigned minus;
    unsigned plus = cap_bits(line_param(in->line, in->line->n_params - 1), &minus);
    if (in->line->n_params < 3) {
        return;
    }
    if (str_eq_nocase(sub, STR("LS"))) {
        session->caps_offered |= plus;
        if (!str_eq(line_param(in->line, 2), STR("*"))) {
            request(session, session->caps_offered);
        }
    } else if (str_eq_nocase(sub, STR("ACK"))) {
        session->caps = (session->caps | plus) & ~minus;
        client_tell_changed(session);
        end_negotiation(session);
    } else if (str_eq_nocase(sub, STR("NAK"))) {
        end_negotiation(session);
    } else if (str_eq_nocase(sub, STR("NEW"))) {
        request(session, plus & ~session->caps);
    } else if (str_eq_nocase(sub, STR("DEL"))) {
        session->caps &= ~plus;
        client_tell_changed(session);
    }
}

void client_on_welcome(struct client_session *session, const struct incoming *in)
{
    if (in->line->n_params > 0) {
        client_set_nick(session, line_param(in->line, 0));
    }
    session->cap_ended = true;
}

void client_on_features(struct client_session *session, const struct incoming *in)
{
    server_features_add(&session->features, in->line);
}

void client_join(struct client_session *session)
{
    const char *room = session->wanted_room;
    if (room == NULL) {
        room = session->features.lobby != NULL ? session->features.lobby : "#lobby";
    }
    session->begun_ms = session->now.mono_ms;
    client_set_phase(session, CLIENT_JOINING);
    client_send(session, "JOIN %s", room);
}

/* The end of the message of the day is where every server is ready, and has told its 005. */
void client_on_motd_end(struct client_session *session, const struct incoming *in)
{
    if (session->phase == CLIENT_REGISTERING) {
        client_join(session);
    }
}

static void try_another_nick(struct client_session *session)
{
    session->nick_tries++;
    g_autofree char *nick = g_strdup_printf("%s_", session->nick);
    client_set_nick(session, str_from(nick));
    client_send(session, "NICK %s", nick);
}

void client_on_nick_refused(struct client_session *session, const struct incoming *in)
{
    bool invalid = str_eq(in->line->command, STR("432"));
    g_autofree char *text = client_last_text(in);
    if (session->phase != CLIENT_REGISTERING) {
        client_add_row(session, MESSAGE_WARNING, in->time_us, _("The nickname was not changed: %s"),
                       text);
        return;
    }
    if (session->was_in_room && !invalid && session->nick_tries < NICK_TRIES_MAX) {
        /* The server may still hold the lost connection under our name. */
        try_another_nick(session);
        return;
    }
    client_tell_problem(session, invalid ? PROBLEM_NICK_INVALID : PROBLEM_NICK_TAKEN,
                        line_param(in->line, in->line->n_params - 1));
}

void client_on_room_refused(struct client_session *session, const struct incoming *in)
{
    g_autofree char *text = client_last_text(in);
    if (session->phase == CLIENT_JOINING && session->was_in_room) {
        /* Coming back: the connection stays, and so does the way to ask again. */
        client_set_phase(session, CLIENT_OUTSIDE);
    } else if (session->phase == CLIENT_JOINING) {
        g_autofree char *room = irc_text_clean(line_param(in->line, 1));
        g_autofree char *detail = g_strdup_printf("%s: %s", room, text);
        client_tell_problem(session, PROBLEM_ROOM_REFUSED, str_from(detail));
        return;
    }
    client_on_refused_message(session, in);
}

static enum client_problem_kind password_problem(const struct client_session *session)
{
    return session->password != NULL ? PROBLEM_PASSWORD_WRONG : PROBLEM_PASSWORD;
}

void client_on_password(struct client_session *session, const struct incoming *in)
{
    if (session->phase == CLIENT_REGISTERING) {
        client_tell_problem(session, password_problem(session),
                            line_param(in->line, in->line->n_params - 1));
    } else {
        client_on_other(session, in);
    }
}

void client_on_banned(struct client_session *session, const struct incoming *in)
{
    client_tell_problem(session, PROBLEM_BANNED, line_param(in->line, in->line->n_params - 1));
}

static bool contains_any(const char *text, const char *const *words)
{
    g_autofree char *lower = g_ascii_strdown(text, -1);
    for (; *words != NULL; words++) {
        if (strstr(lower, *words) != NULL) {
            return true;
        }
    }
    return false;
}

/* "Closing link: (host) [reason]": only the reason is of interest, and a host may be called
 * anything. */
static char *reason_in(const char *text)
{
    const char *bracket = strrchr(text, '[');
    if (bracket != NULL && g_str_has_suffix(text, "]") && bracket[1] != ']') {
        return g_strndup(bracket + 1, strlen(bracket) - 2);
    }
    return g_strdup(text);
}

/* Servers say why only in words, so the words are looked at. */
void client_on_error(struct client_session *session, const struct incoming *in)
{
    static const char *const full[] = {"full", "too many clients", "no more connections", NULL};
    static const char *const banned[] = {"banned", "k-line", "g-line", "z-line", NULL};
    static const char *const passing[] = {"shut",      "restart", "going down", "timeout",
                                          "timed out", "sendq",   "reset",      NULL};
    static const char *const password[] = {"password", NULL};
    g_autofree char *text = client_last_text(in);
    g_autofree char *reason = reason_in(text);
    struct str detail = str_from(reason);
    if (session->phase == CLIENT_REGISTERING) {
        enum client_problem_kind kind = contains_any(reason, full)       ? PROBLEM_FULL
                                        : contains_any(reason, banned)   ? PROBLEM_BANNED
                                        : contains_any(reason, password) ? password_problem(session)
                                                                         : PROBLEM_CLOSED;
        client_tell_problem(session, kind, detail);
        return;
    }
    if (session->room->joined) {
        client_add_row(session, MESSAGE_WARNING, in->time_us,
                       _("The server closed the connection: %s"), reason);
        session->room->joined = false;
    }
    /* Operators give any reason; who was sent away by one does not come back unasked. */
    bool comes_back = !session->killed && contains_any(reason, passing);
    client_tell_problem(session, comes_back ? PROBLEM_CLOSED : PROBLEM_REMOVED, detail);
}

void client_on_kill(struct client_session *session, const struct incoming *in)
{
    if (client_is_me(session, line_param(in->line, 0))) {
        session->killed = true;
    }
}

void client_on_ping(struct client_session *session, const struct incoming *in)
{
    client_send(session, "PONG :" STR_FMT,
                STR_ARG(line_param(in->line, in->line->n_params > 0 ? in->line->n_params - 1 : 0)));
}

/* That a line came is all that counts; client_session_line has noted it. */
void client_on_pong(struct client_session *session, const struct incoming *in)
{
}
