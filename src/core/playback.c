/*
 * History for clients that cannot ask for it as draft/chathistory has it: those that know
 * znc.in/playback write to *playback, all others see the last lines of a room when they join.
 * A classic client sees none: its protocol has no way to say that a line is old. Pure; under the
 * core's mutex.
 */
#include "reply.h"

#include "mask.h"
#include "timestamp.h"

#include <stdarg.h>

static void play(struct core *core, const struct query_place *place, unsigned limit,
                 struct query_bound from, struct query_bound to)
{
    ask(core, &(struct query){
                  .kind = QUERY_HISTORY,
                  .order = QUERY_LAST,
                  .limit = limit,
                  .from = from,
                  .to = to,
                  .playback = true,
                  .places = place,
                  .n_places = 1,
              });
}

void playback_join(struct core *core, const struct room *room, uint64_t join_seq)
{
    const struct session *who = core->who;
    struct query_place place;
    unsigned lines = core->settings->playback_lines;
    if (!core->settings->history || lines == 0 || who->kind != SESSION_IRC ||
        (who->caps & (CAP_CHATHISTORY | CAP_PLAYBACK)) != 0 || room->speaker == 0 ||
        !history_room(core, who->user, room, &place) || place.since_seq + 1 >= join_seq) {
        return;
    }
    play(core, &place, lines, (struct query_bound){.kind = BOUND_NONE},
         (struct query_bound){.kind = BOUND_SEQ, .value = join_seq});
}

/* ---- *playback, as ZNC's module of that name has it ---- */

static void say(struct core *core, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct core *core, const char *format, ...)
{
    struct buf *line = &core->reply;
    core->reply_start = line->len;
    buf_printf(line, ":*playback!playback@%s PRIVMSG %s :", core->settings->server_name,
               core->who->user->name.raw);
    va_list args;
    va_start(args, format);
    buf_vprintf(line, format, args);
    va_end(args);
    reply_end(core);
}

/* Whether a list of names with wildcards has this one. They are names as the server wrote them, but
 * for the case of ASCII letters: nothing else can be folded here. */
static bool list_has(struct str list, struct str name)
{
    struct buf lower = {0};
    for (size_t i = 0; i < name.len; i++) {
        buf_add_char(&lower, ascii_lower(name.p[i]));
    }
    bool found = false;
    while (!found && list.p != NULL) {
        struct buf mask = {0};
        struct str item = str_split(&list, ',');
        for (size_t i = 0; i < item.len; i++) {
            buf_add_char(&mask, ascii_lower(item.p[i]));
        }
        found = item.len > 0 && mask_match(buf_str(&mask), buf_str(&lower));
        buf_finish(&mask);
    }
    buf_finish(&lower);
    return found;
}

typedef void (*buffer_fn)(struct core *core, const struct query_place *place, void *ctx);

/* Each room that the user is in and each person that it spoke with alone, where the list has it. */
static void each_buffer(struct core *core, struct str list, buffer_fn each, void *ctx)
{
    const struct user *user = core->who->user;
    struct query_place place;
    for (unsigned i = 0; i < user->n_rooms; i++) {
        if (history_room(core, user, user->rooms[i].room, &place) && list_has(list, place.name)) {
            each(core, &place, ctx);
        }
    }
    struct str nick;
    user_id id;
    unsigned at = 0;
    while ((id = partners_next(core, user, &at, &nick)) != 0) {
        if (list_has(list, nick)) {
            place =
                (struct query_place){.place = place_between(user_identity(user), id), .name = nick};
            each(core, &place, ctx);
        }
    }
}

struct span {
    struct query_bound from, to;
};

static void play_buffer(struct core *core, const struct query_place *place, void *ctx)
{
    const struct span *span = ctx;
    play(core, place, core->settings->history_limit, span->from, span->to);
}

static void list_buffer(struct core *core, const struct query_place *place, void *ctx)
{
    unsigned long long now = core->now_ms;
    say(core, STR_FMT " 0 %llu.%03llu", STR_ARG(place->name), now / 1000, now % 1000);
}

static bool take_time(struct str word, struct query_bound *bound)
{
    if (word.len == 0) {
        return true;
    }
    bound->kind = BOUND_TIME;
    return timestamp_parse_seconds(word, &bound->value) == STATUS_OK;
}

static struct str next_word(struct str *rest)
{
    while (rest->p != NULL && rest->len > 0 && rest->p[0] == ' ') {
        rest->p++;
        rest->len--;
    }
    return rest->p != NULL ? str_split(rest, ' ') : (struct str){0};
}

void playback_command(struct core *core, struct str text)
{
    struct str command = next_word(&text);
    struct str list = next_word(&text);
    struct span span = {.from = {.kind = BOUND_NONE}, .to = {.kind = BOUND_NONE}};
    if (str_eq_nocase(command, STR("PLAY"))) {
        if (list.len == 0 || !take_time(next_word(&text), &span.from) ||
            !take_time(next_word(&text), &span.to)) {
            say(core, "Usage: PLAY <buffers> [from] [to]: times are seconds since 1970");
            return;
        }
        each_buffer(core, list, play_buffer, &span);
    } else if (str_eq_nocase(command, STR("LIST"))) {
        each_buffer(core, list.len > 0 ? list : STR("*"), list_buffer, NULL);
    } else if (str_eq_nocase(command, STR("CLEAR"))) {
        say(core, "History here is everybody's: it cannot be cleared");
    } else {
        say(core, "Commands: PLAY <buffers> [from] [to], LIST [buffers]");
    }
}
