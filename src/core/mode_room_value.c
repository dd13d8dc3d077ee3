/* MODE of rooms: those with a value, k l f F j W. Pure. */
#include "mode_room.h"

#include <stdlib.h>

/* What JOIN can give again: one word, no comma. */
static bool is_valid_key(struct str key, size_t max)
{
    if (key.len == 0 || key.len > max || key.p[0] == ':') {
        return false;
    }
    for (size_t i = 0; i < key.len; i++) {
        unsigned char byte = (unsigned char)key.p[i];
        if (byte <= ' ' || byte == 0x7F || byte == ',') {
            return false;
        }
    }
    return true;
}

void mode_change_key(struct change *c, const struct room_mode *mode)
{
    struct room *room = c->room;
    unsigned i;
    if (!mode_check_power(c, mode->rank)) {
        return;
    }
    if (!c->on) {
        /* The key itself may be given, and need not be right. */
        if (c->param < c->in->line.n_params) {
            c->param++;
            c->n_params_used++;
        }
        if (room->key != NULL) {
            free(room->key);
            room->key = NULL;
            mode_changed(c, 'k', STR("*"));
        }
        return;
    }
    if (!mode_take_param(c, 'k', "This mode needs a key", &i)) {
        return;
    }
    struct str key = c->in->line.params[i];
    if (!is_valid_key(key, c->core->settings->key_len)) {
        mode_invalid(c, 'k', STR("*"), "A key is one word without commas, and not too long");
    } else if (!str_eq(str_from(room->key), key)) {
        free(room->key);
        room->key = str_dup(key);
        mode_changed(c, 'k', key);
    }
}

void mode_change_limit(struct change *c, const struct room_mode *mode)
{
    struct room *room = c->room;
    unsigned i;
    if (!mode_check_power(c, mode->rank)) {
        return;
    }
    if (!c->on) {
        if (room->limit > 0) {
            room->limit = 0;
            mode_changed(c, 'l', (struct str){0});
        }
        return;
    }
    if (!mode_take_param(c, 'l', "This mode needs a number", &i)) {
        return;
    }
    uint64_t limit;
    if (str_to_u64(c->in->line.params[i], &limit) != STATUS_OK || limit == 0 ||
        limit > CORE_ROOM_LIMIT_MAX) {
        mode_invalid(c, 'l', c->in->line.params[i],
                     "The limit is a number of members, 1 to 1000000");
    } else if (limit != room->limit) {
        room->limit = (unsigned)limit;
        struct buf number = {0};
        buf_add_u64(&number, limit);
        mode_changed(c, 'l', buf_str(&number));
        buf_finish(&number);
    }
}

void mode_change_forward(struct change *c, const struct room_mode *mode)
{
    const struct room_limits *limits = c->room->limits;
    unsigned i;
    if (!mode_check_power(c, mode->rank)) {
        return;
    }
    if (!c->on) {
        if (limits != NULL && limits->forward != NULL) {
            room_set_forward(c->room, (struct str){0}, (struct str){0});
            mode_changed(c, 'f', (struct str){0});
        }
        return;
    }
    if (!mode_take_param(c, mode->letter, "This mode needs a room", &i)) {
        return;
    }
    struct str folded = c->in->folded[i];
    if (!mode_check_forward(c, 'f', c->in->line.params[i], folded)) {
        return;
    }
    if (limits == NULL || !str_eq(str_from(limits->forward_folded), folded)) {
        const struct room *to = room_find(c->core, folded);
        room_set_forward(c->room, room_name(to), folded);
        mode_changed(c, 'f', room_name(to));
    }
}

/* F and j: so many in so many seconds. */
void mode_change_rate(struct change *c, const struct room_mode *mode)
{
    unsigned i;
    if (!mode_check_power(c, mode->rank)) {
        return;
    }
    bool of_joins = mode->letter == 'j';
    struct room_rate rate = {0};
    if (c->on) {
        if (!mode_take_param(c, mode->letter, "This mode needs a number and seconds, such as 5:10",
                             &i)) {
            return;
        }
        if (!room_rate_parse(c->in->line.params[i], &rate)) {
            mode_invalid(c, mode->letter, c->in->line.params[i],
                         "A rate is number:seconds, such as 5:10 (at most 10000:86400)");
            return;
        }
    } else if (c->room->limits == NULL) {
        return;
    }
    struct room_limits *limits = room_limits(c->room);
    struct room_rate *field = of_joins ? &limits->joins : &limits->messages;
    if (field->n == rate.n && field->seconds == rate.seconds) {
        return;
    }
    *field = rate;
    struct buf text = {0};
    if (c->on) {
        buf_printf(&text, "%u:%u", rate.n, rate.seconds);
    }
    mode_changed(c, mode->letter, buf_str(&text));
    buf_finish(&text);
}

void mode_change_slow(struct change *c, const struct room_mode *mode)
{
    unsigned i;
    uint64_t seconds = 0;
    if (!mode_check_power(c, mode->rank)) {
        return;
    }
    if (c->on) {
        if (!mode_take_param(c, mode->letter, "This mode needs a number of seconds", &i)) {
            return;
        }
        if (str_to_u64(c->in->line.params[i], &seconds) != STATUS_OK || seconds == 0 ||
            seconds > CORE_RATE_SECONDS_MAX) {
            mode_invalid(c, 'W', c->in->line.params[i], "Slow mode takes seconds, 1 to 86400");
            return;
        }
    }
    unsigned before = c->room->limits != NULL ? c->room->limits->slow_s : 0;
    if (seconds == before) {
        return;
    }
    room_set_slow(c->room, (unsigned)seconds);
    struct buf text = {0};
    if (c->on) {
        buf_add_u64(&text, seconds);
    }
    mode_changed(c, 'W', buf_str(&text));
    buf_finish(&text);
}
