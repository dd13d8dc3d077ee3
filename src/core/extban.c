/* Masks with more to say: their text. Pure. */
#include "extban.h"

#include "core_limits.h"
#include "mask.h"
#include "status.h"

static bool is_kind(struct str word, const char *letter, const char *name)
{
    return str_eq(word, str_from(letter)) || str_eq(word, str_from(name));
}

/* One word, which can stand as a parameter in the middle of a line. */
static bool is_word(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7F) {
            return false;
        }
    }
    return s.len > 0;
}

/* Takes what stands in front of the next colon; false where there is none. */
static bool take_word(struct str *text, struct str *ret_word)
{
    struct str rest = *text;
    *ret_word = str_split(&rest, ':');
    if (rest.p == NULL) {
        return false;
    }
    *text = rest;
    return true;
}

static bool take_minutes(struct str *text, struct extban *ban)
{
    struct str number;
    uint64_t minutes;
    if (ban->minutes != 0 || !take_word(text, &number) ||
        str_to_u64(number, &minutes) != STATUS_OK || minutes == 0 ||
        minutes > CORE_BAN_MINUTES_MAX) {
        return false;
    }
    ban->minutes = minutes;
    return true;
}

static bool take_forward(struct str *text, struct extban *ban)
{
    struct str room;
    if (ban->forward.len > 0 || !take_word(text, &room) || !is_word(room) || room.len < 2 ||
        room.p[0] != '#') {
        return false;
    }
    ban->forward = room;
    return true;
}

/* One kind with what belongs to it; false where it is none, or comes again. */
static bool take_kind(struct str *text, struct extban *ban)
{
    struct str word;
    text->p++; /* '~' */
    text->len--;
    if (!take_word(text, &word)) {
        return false;
    }
    if (is_kind(word, "t", "time")) {
        return take_minutes(text, ban);
    }
    if (is_kind(word, "f", "forward")) {
        return take_forward(text, ban);
    }
    if (is_kind(word, "m", "mute") && !ban->mutes) {
        ban->mutes = true;
        return true;
    }
    ban->of_account = is_kind(word, "a", "account");
    return ban->of_account;
}

/* "~word:"; a user name may begin with '~', too. */
static bool has_kind(struct str text)
{
    size_t i = 1;
    while (i < text.len && ascii_lower(text.p[i]) >= 'a' && ascii_lower(text.p[i]) <= 'z') {
        i++;
    }
    return i > 1 && i < text.len && text.p[0] == '~' && text.p[i] == ':';
}

bool extban_parse(struct str text, struct extban *ret_ban)
{
    struct extban ban = {0};
    while (!ban.of_account && has_kind(text)) {
        if (!take_kind(&text, &ban)) {
            return false;
        }
    }
    /* What remains must be something: nothing would be made whole to everybody. */
    if (text.len == 0 || (unsigned char)text.p[0] <= ' ' || (ban.of_account && !is_word(text))) {
        return false;
    }
    ban.compared = text;
    *ret_ban = ban;
    return true;
}

void extban_add(const struct extban *ban, struct buf *out)
{
    if (ban->minutes > 0) {
        buf_printf(out, "~t:%llu:", (unsigned long long)ban->minutes);
    }
    if (ban->forward.len > 0) {
        buf_printf(out, "~f:" STR_FMT ":", STR_ARG(ban->forward));
    }
    if (ban->mutes) {
        buf_add_cstr(out, "~m:");
    }
    if (ban->of_account) {
        buf_add_cstr(out, "~a:");
        buf_add_str(out, ban->compared);
    } else {
        mask_normalise(ban->compared, out);
    }
}
