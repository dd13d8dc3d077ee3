/*
 * Nicknames as people type them into nicknames that the server admits. Pure; any thread. Knows the
 * rules only through name_check_nick, so it follows whatever they are.
 */
#include "classic_name.h"

#include "classic_text.h"
#include "name.h"

/* The nickname so far. */
struct draft {
    struct buf text;
    size_t bytes_max;
    bool is_parted;  /* something was left out where '_' will stand if more follows */
    bool has_letter; /* something else than '_' and '-' */
};

static bool is_separator(struct str character)
{
    switch (classic_utf8_code(character)) {
    case 0x00A0:
    case 0x202F:
    case 0x3000:
        return true;
    default:
        return character.len == 1;
    }
}

/* Tries the nickname with `more` at its end, and keeps it where that is admitted. */
static enum name_verdict draft_try(struct draft *draft, const char *between, struct str more,
                                   bool *ret_full)
{
    size_t before = draft->text.len;
    buf_add_cstr(&draft->text, between);
    buf_add_str(&draft->text, more);
    enum name_verdict verdict = name_check_nick(buf_str(&draft->text));
    *ret_full = draft->text.len > draft->bytes_max;
    if (verdict != NAME_OK || *ret_full) {
        draft->text.len = before;
        return verdict;
    }
    draft->is_parted = false;
    if (!str_eq(more, STR("_")) && !str_eq(more, STR("-"))) {
        draft->has_letter = true;
    }
    return NAME_OK;
}

/* Adds the first character of `rest`, or leaves it out; returns how many bytes that took, or 0
 * where the nickname is full. */
static size_t draft_add(struct draft *draft, struct str rest)
{
    size_t len;
    if (classic_utf8_next(rest, &len) != CLASSIC_UTF8_VALID) {
        return len;
    }
    struct str character = {rest.p, len};
    const char *between = draft->is_parted && draft->text.len > 0 ? "_" : "";
    bool is_full;
    enum name_verdict verdict = draft_try(draft, between, character, &is_full);
    if (verdict == NAME_BAD_START && draft->text.len == 0) {
        verdict = draft_try(draft, "_", character, &is_full);
    }
    if (verdict == NAME_OK) {
        return is_full ? 0 : len;
    }
    if (is_separator(character)) {
        draft->is_parted = true;
        return len;
    }
    /* Some characters are admitted only with the next: a Hangul syllable in loose letters, say. */
    size_t next_len;
    struct str behind = {rest.p + len, rest.len - len};
    if (behind.len > 0 && classic_utf8_next(behind, &next_len) == CLASSIC_UTF8_VALID &&
        (unsigned char)behind.p[0] >= 0x80) {
        struct str both = {rest.p, len + next_len};
        if (draft_try(draft, between, both, &is_full) == NAME_OK) {
            return is_full ? 0 : both.len;
        }
    }
    return len;
}

bool classic_usable_nick(struct str typed, size_t bytes_max, struct buf *out)
{
    if (typed.len <= bytes_max && name_check_nick(typed) == NAME_OK) {
        buf_add_str(out, typed);
        return true;
    }
    struct draft draft = {.bytes_max = bytes_max};
    size_t at = 0;
    while (at < typed.len) {
        size_t taken = draft_add(&draft, str_make(typed.p + at, typed.len - at));
        if (taken == 0) {
            break;
        }
        at += taken;
    }
    bool is_usable = draft.has_letter;
    if (is_usable) {
        buf_add_str(out, buf_str(&draft.text));
    }
    buf_finish(&draft.text);
    return is_usable;
}

void classic_suffix_nick(struct str base, uint64_t number, size_t bytes_max, struct buf *out)
{
    struct buf digits = {0};
    buf_add_u64(&digits, number);
    size_t room = bytes_max > digits.len ? bytes_max - digits.len : 0;
    buf_add_str(out, str_cut_utf8(base, room));
    buf_add_str(out, buf_str(&digits));
    buf_finish(&digits);
}
