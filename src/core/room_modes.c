/* Modes of rooms as text: letters, signs, values (Modern IRC, "Channel Modes"). Pure. */
#include "core_priv.h"

/* From the lowest rank to the highest. */
static const struct {
    uint8_t rank;
    char letter;
    char sign;
} ranks[] = {
    {RANK_VOICE, 'v', '+'}, {RANK_HALFOP, 'h', '%'},  {RANK_OP, 'o', '@'},
    {RANK_ADMIN, 'a', '&'}, {RANK_FOUNDER, 'q', '~'},
};

enum { RANKS = sizeof(ranks) / sizeof(ranks[0]) };

uint8_t rank_of_letter(char letter)
{
    for (unsigned i = 0; i < RANKS; i++) {
        if (ranks[i].letter == letter) {
            return ranks[i].rank;
        }
    }
    return 0;
}

uint8_t rank_of_sign(char sign)
{
    for (unsigned i = 0; i < RANKS; i++) {
        if (ranks[i].sign == sign) {
            return ranks[i].rank;
        }
    }
    return 0;
}

void room_add_prefix(uint8_t rank, bool all, struct buf *out)
{
    for (unsigned i = RANKS; rank != 0 && i-- > 0;) {
        if ((rank & ranks[i].rank) != 0) {
            buf_add_char(out, ranks[i].sign);
            rank = all ? (uint8_t)(rank & ~ranks[i].rank) : 0;
        }
    }
}

static void add_flags(const struct room *room, struct buf *out)
{
    for (unsigned i = 0; ROOM_FLAG_LETTERS[i] != '\0'; i++) {
        if ((room->modes & 1u << i) != 0) {
            buf_add_char(out, ROOM_FLAG_LETTERS[i]);
        }
    }
}

static void add_rate(struct buf *params, const struct room_rate *rate)
{
    buf_printf(params, " %u:%u", rate->n, rate->seconds);
}

/* Each value with a space before it. */
static void add_limits(const struct room *room, struct buf *letters, struct buf *params)
{
    const struct room_limits *limits = room->limits;
    if (limits == NULL) {
        return;
    }
    if (limits->forward != NULL) {
        buf_add_char(letters, 'f');
        buf_printf(params, " %s", limits->forward);
    }
    if (limits->messages.n > 0) {
        buf_add_char(letters, 'F');
        add_rate(params, &limits->messages);
    }
    if (limits->slow_s > 0) {
        buf_add_char(letters, 'W');
        buf_printf(params, " %u", limits->slow_s);
    }
    if (limits->joins.n > 0) {
        buf_add_char(letters, 'j');
        add_rate(params, &limits->joins);
    }
}

void room_add_lasting_modes(const struct room *room, struct buf *letters, struct buf *params)
{
    add_flags(room, letters);
    struct buf values = {0};
    add_limits(room, letters, &values);
    struct str rest = buf_str(&values);
    str_split(&rest, ' '); /* what is before the first space: nothing */
    while (rest.p != NULL) {
        struct str value = str_split(&rest, ' ');
        if (params->len > 0) {
            buf_add_char(params, ' ');
        }
        buf_add_str(params, value);
        if (value.p[0] == '#') {
            /* Nothing can be folded here when it comes back. */
            buf_printf(params, ",%s", room->limits->forward_folded);
        }
    }
    buf_finish(&values);
}

static void parse_value(struct room *room, char letter, struct str value)
{
    struct room_rate rate;
    uint64_t seconds;
    struct str raw;
    switch (letter) {
    case 'f':
        raw = str_split(&value, ',');
        room_set_forward(room, raw, value.p != NULL ? value : raw);
        break;
    case 'F':
        if (room_rate_parse(value, &rate)) {
            room_limits(room)->messages = rate;
        }
        break;
    case 'W':
        if (str_to_u64(value, &seconds) == STATUS_OK && seconds <= CORE_RATE_SECONDS_MAX) {
            room_set_slow(room, (unsigned)seconds);
        }
        break;
    default:
        if (room_rate_parse(value, &rate)) {
            room_limits(room)->joins = rate;
        }
        break;
    }
}

void room_parse_lasting_modes(struct room *room, struct str letters, struct str params)
{
    room->modes = 0;
    for (size_t at = 0; at < letters.len; at++) {
        char c = letters.p[at];
        const char *letter = c != '\0' ? strchr(ROOM_FLAG_LETTERS, c) : NULL;
        if (letter != NULL) {
            room->modes |= 1u << (letter - ROOM_FLAG_LETTERS);
        } else if (c != '\0' && strchr(ROOM_PARAM_LETTERS, c) != NULL && params.p != NULL) {
            parse_value(room, c, str_split(&params, ' '));
        }
    }
}

void room_add_modes(const struct room *room, const struct user *viewer, struct buf *out)
{
    struct buf params = {0};
    buf_add_char(out, '+');
    add_flags(room, out);
    if (room->key != NULL) {
        buf_add_char(out, 'k');
        /* The key is for members; others see that there is one. */
        bool inside = viewer != NULL && user_membership(viewer, room) != NULL;
        buf_printf(&params, " %s", inside ? room->key : "*");
    }
    if (room->limit > 0) {
        buf_add_char(out, 'l');
        buf_printf(&params, " %u", room->limit);
    }
    add_limits(room, out, &params);
    buf_add_str(out, buf_str(&params));
    buf_finish(&params);
}
