/*
 * A classic client's connection: IRC's lines become frames, frames become lines. The state machines
 * are in session/classic_*.h; this is their socket and their clock. The edge's thread.
 */
#include "edge_priv.h"

#include "alloc.h"
#include "cap.h"
#include "classic_in.h"
#include "classic_name.h"
#include "classic_out.h"
#include "classic_text.h"
#include "line.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

struct classic {
    struct classic_in in;
    struct classic_out out;
    struct buf typed; /* its nickname as it wrote it */
    struct buf base;  /* … in usable form */
    struct buf nick;  /* what it asks for, or has */
    unsigned suffix;
    bool joined;
    bool roster_wanted; /* the list of members is no longer true */
};

/* The longest text that fits into a line with everything before it, whatever the names are. */
static size_t message_bytes_max(const struct settings *s)
{
    size_t before =
        s->nick_len + s->user_len + s->host_len + s->channel_len + sizeof(":!@ PRIVMSG  :");
    size_t line = 510;
    return line > before + CLASSIC_TEXT_BYTES_MIN ? line - before : CLASSIC_TEXT_BYTES_MIN;
}

void classic_start(struct conn *conn)
{
    const struct settings *settings = conn->edge->settings;
    struct classic *classic = xcalloc(1, sizeof(*classic));
    classic_in_init(&classic->in, message_bytes_max(settings));
    classic_out_init(&classic->out, settings->classic_gap_ms, settings->classic_backlog_bytes);
    conn->classic = classic;
    /* The client shows nothing of its own: its lines come back to it. */
    conn->peer.caps = CAP_ECHO_MESSAGE;
    conn_list_add(&conn->edge->classics, conn);
}

void classic_free(struct conn *conn)
{
    struct classic *classic = conn->classic;
    if (classic == NULL) {
        return;
    }
    conn_list_remove(&conn->edge->classics, conn);
    classic_in_finish(&classic->in);
    classic_out_finish(&classic->out);
    buf_finish(&classic->typed);
    buf_finish(&classic->base);
    buf_finish(&classic->nick);
    free(classic);
    conn->classic = NULL;
}

/* ---- out ---- */

static void say(struct conn *conn, enum classic_line_kind kind, struct buf *line)
{
    classic_out_say(&conn->classic->out, kind, buf_str(line));
    buf_finish(line);
    conn_mark_dirty(conn);
}

static void close_saying(struct conn *conn, struct buf *line)
{
    say(conn, CLASSIC_LINE_NOTICE, line);
    conn_close_after(conn, (struct str){0});
}

/* "철수" of "철수!~classic@host". */
static struct str nick_of(struct str source)
{
    return str_split(&source, '!');
}

static bool is_me(const struct classic *classic, struct str nick)
{
    return str_eq(nick, buf_str(&classic->nick));
}

static void show_text(struct conn *conn, const struct line *line, bool is_notice)
{
    struct str target = line_param(line, 0);
    struct str text = line_param(line, 1);
    struct str nick = nick_of(line->source);
    bool from_server = nick.len == line->source.len;
    struct buf out = {0};
    if (target.len > 0 && target.p[0] == '$') {
        classic_text_announcement(&out, text);
        say(conn, CLASSIC_LINE_NOTICE, &out);
    } else if (from_server) {
        classic_text_server(&out, text);
        say(conn, CLASSIC_LINE_NOTICE, &out);
    } else if (is_me(conn->classic, target)) {
        classic_text_direct(&out, nick, text);
        say(conn, CLASSIC_LINE_CHAT, &out);
    } else {
        if (is_notice) {
            classic_text_notice(&out, nick, text);
        } else {
            classic_text_chat(&out, nick, text);
        }
        say(conn, CLASSIC_LINE_CHAT, &out);
    }
}

static void show_kick(struct conn *conn, const struct line *line)
{
    struct buf out = {0};
    struct str kicked = line_param(line, 1);
    classic_text_kicked(&out, kicked, nick_of(line->source), line_param(line, 2));
    if (is_me(conn->classic, kicked)) {
        /* There is no other room for it. */
        conn_leave_core(conn, STR("Kicked from the room"));
        close_saying(conn, &out);
    } else {
        say(conn, CLASSIC_LINE_NOTICE, &out);
    }
}

/* An error is worth a line; the rest of what IRC answers has no meaning here. */
static void show_numeric(struct conn *conn, const struct line *line)
{
    struct buf out = {0};
    struct str last = line_param(line, line->n_params > 0 ? line->n_params - 1 : 0);
    if (str_eq(line->command, STR("332"))) {
        classic_text_topic(&out, last);
    } else if (line->command.p[0] == '4' && !str_eq(line->command, STR("422"))) {
        classic_text_server(&out, last);
    }
    if (out.len > 0) {
        say(conn, CLASSIC_LINE_NOTICE, &out);
    }
}

static void show(struct conn *conn, const struct line *line)
{
    struct classic *classic = conn->classic;
    struct str nick = nick_of(line->source);
    struct buf out = {0};
    const struct verb *verb = verb_find(line->command);
    if (str_eq(line->command, STR("ERROR"))) {
        classic_closing(conn, line_param(line, 0));
        return;
    }
    if (verb == NULL) {
        show_numeric(conn, line);
        return;
    }
    switch (verb->id) {
    case VERB_PRIVMSG:
    case VERB_NOTICE:
        show_text(conn, line, verb->id == VERB_NOTICE);
        break;
    case VERB_JOIN:
        classic_text_joined(&out, nick);
        say(conn, CLASSIC_LINE_NOTICE, &out);
        classic->roster_wanted = true;
        break;
    case VERB_PART:
    case VERB_QUIT:
        classic_text_left(&out, nick);
        say(conn, CLASSIC_LINE_NOTICE, &out);
        classic->roster_wanted = true;
        break;
    case VERB_KICK:
        classic->roster_wanted = true;
        show_kick(conn, line);
        break;
    case VERB_NICK:
        classic_text_nick_changed(&out, nick, line_param(line, 0));
        say(conn, CLASSIC_LINE_NOTICE, &out);
        classic->roster_wanted = true;
        break;
    case VERB_TOPIC:
        classic_text_topic(&out, line_param(line, 1));
        say(conn, CLASSIC_LINE_NOTICE, &out);
        break;
    default:
        break;
    }
}

void classic_deliver(struct conn *conn, const struct message *message)
{
    struct str rest = message->body;
    while (rest.p != NULL && rest.len > 0 && !conn->closing) {
        struct str bytes = str_split(&rest, '\n');
        if (bytes.len > 0 && bytes.p[bytes.len - 1] == '\r') {
            bytes.len--;
        }
        struct line line;
        if (line_parse(bytes, &line) == STATUS_OK) {
            show(conn, &line);
        }
    }
    conn_mark_dirty(conn);
}

void classic_roster(struct conn *conn, struct str list)
{
    classic_out_members(&conn->classic->out, list, conn->edge->now_ms);
    conn_mark_dirty(conn);
}

/* "ERROR :Closing link: (…) [why]". What waits for the disk comes before it. */
void classic_closing(struct conn *conn, struct str error_line)
{
    if (gate_is_closed(conn->gate)) {
        struct message *last = message_create(&(struct message_parts){.body = error_line});
        if (gates_hold(&conn->edge->gates, conn->gate, NULL, 0, 0, last)) {
            message_unref(last);
            conn->held = true; /* Nothing is heard any more. */
            return;
        }
        message_unref(last);
    }
    struct str why = error_line;
    const char *open = why.len > 0 ? memrchr(why.p, '[', why.len) : NULL;
    const char *close = why.len > 0 ? memrchr(why.p, ']', why.len) : NULL;
    why = open != NULL && close != NULL && close > open
              ? str_make(open + 1, (size_t)(close - open) - 1)
              : (struct str){0};
    struct buf out = {0};
    classic_text_closed(&out, why);
    close_saying(conn, &out);
}

/* An echo is all that this client ever sees of its own words: taken away, they would look unsent to
 * it, though everybody has read them. So it comes all the same, and this line says the rest. */
void classic_lost(struct conn *conn)
{
    struct buf out = {0};
    classic_text_lost(&out);
    say(conn, CLASSIC_LINE_NOTICE, &out);
}

bool classic_is_drained(const struct conn *conn)
{
    return classic_out_drained(&conn->classic->out);
}

/* ---- in ---- */

static void ask_for(struct conn *conn)
{
    struct edge *edge = conn->edge;
    struct peer_env env = conn_env(conn);
    struct input input;
    buf_clear(&edge->out);
    enum peer_act act = peer_classic_nick(&conn->peer, &env, buf_str(&conn->classic->nick), &input);
    if (act == PEER_INPUT) {
        conn_act(conn, act, &input, (struct str){0});
        return;
    }
    /* The server wants a password, and this protocol has no way to give one. */
    struct buf out = {0};
    classic_text_closed(&out, STR("password required"));
    close_saying(conn, &out);
}

static void on_nick(struct conn *conn, struct str typed)
{
    struct classic *classic = conn->classic;
    buf_add_str(&classic->typed, typed);
    if (!classic_usable_nick(typed, conn->edge->settings->nick_len, &classic->base)) {
        struct buf out = {0};
        classic_text_unusable(&out);
        close_saying(conn, &out);
        return;
    }
    buf_add_str(&classic->nick, buf_str(&classic->base));
    classic->suffix = 1;
    ask_for(conn);
}

static void make_line(struct conn *conn, const char *format, struct str text)
{
    struct buf line = {0};
    buf_printf(&line, format, conn->edge->settings->lobby, STR_ARG(text));
    struct str kept = arena_copy(&conn->edge->arena, buf_str(&line));
    buf_finish(&line);
    struct peer_env env = conn_env(conn);
    struct input input;
    if (peer_line(&conn->peer, &env, kept, &input) == PEER_INPUT) {
        conn_act(conn, PEER_INPUT, &input, kept);
    }
}

void classic_registered(struct conn *conn, struct str nick)
{
    struct classic *classic = conn->classic;
    struct buf out = {0};
    buf_clear(&classic->nick);
    buf_add_str(&classic->nick, nick);
    if (classic->suffix > 1) {
        classic_text_taken(&out, buf_str(&classic->typed), nick);
        say(conn, CLASSIC_LINE_NOTICE, &out);
    } else if (!str_eq(buf_str(&classic->typed), nick)) {
        classic_text_renamed(&out, buf_str(&classic->typed), nick);
        say(conn, CLASSIC_LINE_NOTICE, &out);
    }
    classic->joined = true;
    make_line(conn, "JOIN %s" STR_FMT, (struct str){"", 0});
    /* Its answer may be a long one, and what is said must not meet it under way. */
    conn->held = true;
}

void classic_refused(struct conn *conn, const struct effect *effect)
{
    struct classic *classic = conn->classic;
    if (effect->refusal == REFUSED_FULL) {
        struct buf out = {0};
        classic_text_full(&out, effect->clients, conn->edge->settings->clients_max);
        close_saying(conn, &out);
        return;
    }
    if (classic->suffix >= CLASSIC_SUFFIX_MAX) {
        struct buf out = {0};
        classic_text_unusable(&out);
        close_saying(conn, &out);
        return;
    }
    classic->suffix++;
    buf_clear(&classic->nick);
    classic_suffix_nick(buf_str(&classic->base), classic->suffix, conn->edge->settings->nick_len,
                        &classic->nick);
    ask_for(conn);
}

static void take_events(struct conn *conn)
{
    struct classic *classic = conn->classic;
    struct classic_event event;
    while (!conn->held && !conn->pressed && !conn->closing && !conn->doomed) {
        struct peer_env env = conn_env(conn);
        if (peer_wait_ms(&conn->peer, &env) > 0 || !classic_in_next(&classic->in, &event)) {
            break;
        }
        struct buf out = {0};
        switch (event.kind) {
        case CLASSIC_EVENT_NICK:
            on_nick(conn, event.text);
            break;
        case CLASSIC_EVENT_TEXT:
            make_line(conn, "PRIVMSG %s :" STR_FMT, event.text);
            break;
        case CLASSIC_EVENT_OVERRUN:
            buf_printf(&out, "ERROR :Closing link: [" STR_FMT "]", STR_ARG(event.text));
            conn_leave_core(conn, STR("Excess Flood"));
            classic_closing(conn, buf_str(&out));
            buf_finish(&out);
            break;
        }
    }
}

void classic_input(struct conn *conn, struct str bytes)
{
    classic_in_feed(&conn->classic->in, bytes, conn->edge->now_ms);
    take_events(conn);
    classic_arm(conn);
}

void classic_ended(struct conn *conn)
{
    /* Its end is a silence too: the text before it is complete. */
    struct edge *edge = conn->edge;
    classic_in_tick(&conn->classic->in, edge->now_ms + CLASSIC_END_SILENCE_MS);
    take_events(conn);
}

/* ---- time ---- */

static void send_frames(struct conn *conn)
{
    struct classic_out *out = &conn->classic->out;
    uint64_t now_ms = conn->edge->now_ms;
    struct str frame;
    int unacknowledged = 0;
    if (classic_out_in_flight(out) && ioctl(conn->fd, SIOCOUTQ, &unacknowledged) != 0) {
        unacknowledged = 1;
    }
    if (conn->blocked || !classic_out_poll(out, now_ms, unacknowledged == 0, &frame)) {
        return;
    }
    ssize_t sent = send(conn->fd, frame.p, frame.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        conn_doom(conn, STR("Connection closed"));
        return;
    }
    classic_out_wrote(out, sent > 0 ? (size_t)sent : 0, now_ms);
    if (sent < (ssize_t)frame.len) {
        conn->blocked = true;
        poller_watch_conn(conn);
    }
}

static void ask_for_roster(struct conn *conn)
{
    conn->classic->roster_wanted = false;
    const struct input input = {
        .kind = INPUT_ROSTER, .session = conn->id, .now_ms = conn->edge->wall_ms};
    turn_add_input(conn, &input, (struct str){0});
}

void classic_poll(struct conn *conn)
{
    if (conn->doomed) {
        return;
    }
    struct classic *classic = conn->classic;
    uint64_t now_ms = conn->edge->now_ms;
    if (!conn->closing) {
        /* What lies unread in the kernel is no silence: the server was the one that was late. */
        int unread = 0;
        if (classic_in_deadline(&classic->in) <= now_ms &&
            (ioctl(conn->fd, FIONREAD, &unread) != 0 || unread == 0)) {
            classic_in_tick(&classic->in, now_ms);
        }
        take_events(conn);
        if (classic->roster_wanted && classic->joined) {
            ask_for_roster(conn);
        }
    }
    send_frames(conn);
    if (conn->closing && classic_is_drained(conn)) {
        conn_linger(conn);
    }
    classic_arm(conn);
}

void classic_arm(struct conn *conn)
{
    struct edge *edge = conn->edge;
    if (conn->doomed) {
        return;
    }
    struct peer_env env = conn_env(conn);
    uint64_t due = classic_in_deadline(&conn->classic->in);
    uint64_t out = classic_out_deadline(&conn->classic->out);
    uint64_t wait = peer_wait_ms(&conn->peer, &env);
    due = out < due ? out : due;
    if (wait > 0 && edge->now_ms + wait < due) {
        due = edge->now_ms + wait;
    }
    if (due < edge->classic_due_ms) {
        edge->classic_due_ms = due;
        uint64_t in_ms = due > edge->now_ms ? due - edge->now_ms : 1;
        uv_timer_start(&edge->classic_timer, classic_on_timer, in_ms, 0);
    }
}

void classic_on_timer(uv_timer_t *timer)
{
    struct edge *edge = timer->data;
    edge_update_time(edge);
    edge->classic_due_ms = UINT64_MAX;
    for (size_t i = edge->classics.n; i-- > 0;) {
        struct conn *conn = edge->classics.items[i];
        classic_poll(conn);
        if ((conn->piece || conn->answered > 0) && !conn->doomed && classic_is_drained(conn)) {
            conn_mark_dirty(conn);
        }
    }
}
