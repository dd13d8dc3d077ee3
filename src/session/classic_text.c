/*
 * The wording of the classic protocol, and its text as UTF-8. Pure; any thread. Knows nothing of
 * frames, sockets or the core.
 */
#include "classic_text.h"

static const char REPLACEMENT[] = "\xEF\xBF\xBD";

/* The length that the first byte announces, and the bounds of the second byte. Table 3-7 of the
 * Unicode standard. 0 for a byte that begins nothing. */
static size_t announced(unsigned char c, unsigned char *ret_low, unsigned char *ret_high)
{
    *ret_low = 0x80;
    *ret_high = 0xBF;
    if (c < 0x80) {
        return 1;
    }
    if (c >= 0xC2 && c <= 0xDF) {
        return 2;
    }
    if (c >= 0xE0 && c <= 0xEF) {
        *ret_low = c == 0xE0 ? 0xA0 : 0x80;
        *ret_high = c == 0xED ? 0x9F : 0xBF;
        return 3;
    }
    if (c >= 0xF0 && c <= 0xF4) {
        *ret_low = c == 0xF0 ? 0x90 : 0x80;
        *ret_high = c == 0xF4 ? 0x8F : 0xBF;
        return 4;
    }
    return 0;
}

enum classic_utf8 classic_utf8_next(struct str bytes, size_t *ret_len)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    unsigned char low;
    unsigned char high;
    size_t need = announced(p[0], &low, &high);
    if (need <= 1) {
        *ret_len = 1;
        return need == 1 ? CLASSIC_UTF8_VALID : CLASSIC_UTF8_INVALID;
    }
    size_t len = 1;
    while (len < need && len < bytes.len && p[len] >= low && p[len] <= high) {
        low = 0x80;
        high = 0xBF;
        len++;
    }
    *ret_len = len;
    if (len == need) {
        return CLASSIC_UTF8_VALID;
    }
    return len == bytes.len ? CLASSIC_UTF8_INCOMPLETE : CLASSIC_UTF8_INVALID;
}

uint32_t classic_utf8_code(struct str character)
{
    const unsigned char *p = (const unsigned char *)character.p;
    static const unsigned char first_mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = p[0] & first_mask[character.len];
    for (size_t i = 1; i < character.len; i++) {
        code = code << 6 | (p[i] & 0x3Fu);
    }
    return code;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
}

/* How many bytes the colours behind \x03 (at most two numbers of two digits, with a comma) or
 * \x04 (the same with six hex digits) have. */
static size_t colour_len(struct str rest, size_t digits_max, bool (*is_colour_digit)(char))
{
    size_t at = 0;
    while (at < rest.len && at < digits_max && is_colour_digit(rest.p[at])) {
        at++;
    }
    if (at == 0 || at + 1 >= rest.len || rest.p[at] != ',' || !is_colour_digit(rest.p[at + 1])) {
        return at;
    }
    size_t second = at + 1;
    while (second < rest.len && second - at - 1 < digits_max && is_colour_digit(rest.p[second])) {
        second++;
    }
    return second;
}

/* Handles an ASCII control character at the start of `rest`; returns how many bytes it takes. */
static size_t add_control(struct buf *out, struct str rest)
{
    struct str behind = {rest.p + 1, rest.len - 1};
    switch (rest.p[0]) {
    case '\t':
    case '\r':
    case '\n':
        buf_add_char(out, ' ');
        return 1;
    case 0x03:
        return 1 + colour_len(behind, 2, is_digit);
    case 0x04:
        return 1 + colour_len(behind, 6, is_hex);
    default:
        return 1;
    }
}

void classic_text_add_clean(struct buf *out, struct str text)
{
    size_t at = 0;
    while (at < text.len) {
        struct str rest = {text.p + at, text.len - at};
        unsigned char c = (unsigned char)rest.p[0];
        if (c < 0x20 || c == 0x7F) {
            at += add_control(out, rest);
            continue;
        }
        size_t len;
        if (classic_utf8_next(rest, &len) == CLASSIC_UTF8_VALID) {
            buf_add(out, rest.p, len);
        } else {
            buf_add_cstr(out, REPLACEMENT);
        }
        at += len;
    }
}

/* The text of a CTCP ACTION: \x01ACTION text\x01, the last byte optional. */
static bool is_action(struct str text, struct str *ret_what)
{
    static const char begin[] = "\x01"
                                "ACTION ";
    if (!str_starts(text, STR(begin))) {
        return false;
    }
    struct str what = {text.p + sizeof(begin) - 1, text.len - (sizeof(begin) - 1)};
    if (what.len > 0 && what.p[what.len - 1] == 0x01) {
        what.len--;
    }
    *ret_what = what;
    return true;
}

static void add_said(struct buf *out, struct str nick, struct str text)
{
    struct str what;
    if (is_action(text, &what)) {
        buf_add_cstr(out, "* ");
        buf_add_str(out, nick);
        buf_add_char(out, ' ');
        classic_text_add_clean(out, what);
        return;
    }
    buf_add_str(out, nick);
    buf_add_cstr(out, " : ");
    classic_text_add_clean(out, text);
}

void classic_text_chat(struct buf *out, struct str nick, struct str text)
{
    add_said(out, nick, text);
}

void classic_text_direct(struct buf *out, struct str nick, struct str text)
{
    buf_add_cstr(out, "[귓속말] ");
    add_said(out, nick, text);
}

void classic_text_notice(struct buf *out, struct str nick, struct str text)
{
    buf_add_cstr(out, "[알림] ");
    add_said(out, nick, text);
}

void classic_text_announcement(struct buf *out, struct str text)
{
    buf_add_cstr(out, "[공지] ");
    classic_text_add_clean(out, text);
}

void classic_text_server(struct buf *out, struct str text)
{
    buf_add_cstr(out, "[안내] ");
    classic_text_add_clean(out, text);
}

void classic_text_joined(struct buf *out, struct str nick)
{
    buf_add_str(out, nick);
    buf_add_cstr(out, "님이 입장하였습니다.");
}

void classic_text_left(struct buf *out, struct str nick)
{
    buf_add_str(out, nick);
    buf_add_cstr(out, "님이 퇴장하였습니다.");
}

/* How a word ends when it is read aloud, which decides the Korean particle behind it. */
enum ending {
    ENDING_UNKNOWN,
    ENDING_VOWEL,
    ENDING_RIEUL,
    ENDING_CONSONANT,
};

static enum ending word_ending(struct str word)
{
    enum { FIRST_SYLLABLE = 0xAC00, LAST_SYLLABLE = 0xD7A3, FINALS = 28, FINAL_RIEUL = 8 };
    /* 영 일 이 삼 사 오 육 칠 팔 구 */
    static const enum ending digits[] = {
        ENDING_CONSONANT, ENDING_RIEUL,     ENDING_VOWEL, ENDING_CONSONANT, ENDING_VOWEL,
        ENDING_VOWEL,     ENDING_CONSONANT, ENDING_RIEUL, ENDING_RIEUL,     ENDING_VOWEL,
    };
    if (word.len > 0 && is_digit(word.p[word.len - 1])) {
        return digits[word.p[word.len - 1] - '0'];
    }
    if (word.len < 3 || ((unsigned char)word.p[word.len - 3] & 0xF0) != 0xE0) {
        return ENDING_UNKNOWN;
    }
    uint32_t code = classic_utf8_code(str_make(word.p + word.len - 3, 3));
    if (code < FIRST_SYLLABLE || code > LAST_SYLLABLE) {
        return ENDING_UNKNOWN;
    }
    uint32_t final = (code - FIRST_SYLLABLE) % FINALS;
    if (final == 0) {
        return ENDING_VOWEL;
    }
    return final == FINAL_RIEUL ? ENDING_RIEUL : ENDING_CONSONANT;
}

static void add_with_to(struct buf *out, struct str word)
{
    static const char *const particles[] = {"(으)로", "로", "로", "으로"};
    buf_add_str(out, word);
    buf_add_cstr(out, particles[word_ending(word)]);
}

static void add_with_topic(struct buf *out, struct str word)
{
    static const char *const particles[] = {"은(는)", "는", "은", "은"};
    classic_text_add_clean(out, word);
    buf_add_cstr(out, particles[word_ending(word)]);
}

void classic_text_nick_changed(struct buf *out, struct str nick, struct str new_nick)
{
    buf_add_str(out, nick);
    buf_add_cstr(out, "님이 이름을 ");
    add_with_to(out, new_nick);
    buf_add_cstr(out, " 바꾸었습니다.");
}

void classic_text_kicked(struct buf *out, struct str nick, struct str by, struct str reason)
{
    buf_add_str(out, nick);
    buf_add_cstr(out, "님이 ");
    buf_add_str(out, by);
    buf_add_cstr(out, "님에 의해 내보내졌습니다.");
    if (reason.len > 0) {
        buf_add_cstr(out, " (");
        classic_text_add_clean(out, reason);
        buf_add_char(out, ')');
    }
}

void classic_text_topic(struct buf *out, struct str topic)
{
    buf_add_cstr(out, "[주제] ");
    if (topic.len > 0) {
        classic_text_add_clean(out, topic);
    } else {
        buf_add_cstr(out, "(없음)");
    }
}

void classic_text_renamed(struct buf *out, struct str typed, struct str nick)
{
    buf_add_cstr(out, "[안내] ");
    add_with_topic(out, typed);
    buf_add_cstr(out, " 그대로 쓸 수 없는 이름이라 ");
    add_with_to(out, nick);
    buf_add_cstr(out, " 입장합니다.");
}

void classic_text_taken(struct buf *out, struct str typed, struct str nick)
{
    buf_add_cstr(out, "[안내] ");
    add_with_topic(out, typed);
    buf_add_cstr(out, " 이미 쓰고 있는 이름이라 ");
    add_with_to(out, nick);
    buf_add_cstr(out, " 입장합니다.");
}

void classic_text_unusable(struct buf *out)
{
    buf_add_cstr(out, "[안내] 쓸 수 없는 이름입니다. 다른 이름으로 다시 접속해 주세요.");
}

void classic_text_full(struct buf *out, uint64_t clients, uint64_t clients_max)
{
    buf_add_cstr(out, "[안내] 자리가 없습니다 (");
    buf_add_u64(out, clients);
    buf_add_char(out, '/');
    buf_add_u64(out, clients_max);
    buf_add_cstr(out, "명). 잠시 뒤에 다시 접속해 주세요.");
}

void classic_text_closed(struct buf *out, struct str reason)
{
    buf_add_cstr(out, "[안내] 연결을 끊습니다.");
    if (reason.len > 0) {
        buf_add_cstr(out, " (");
        classic_text_add_clean(out, reason);
        buf_add_char(out, ')');
    }
}

void classic_text_lost(struct buf *out)
{
    buf_add_cstr(out, "[안내] 지금 있는 사람에게는 전달되었지만 저장되지 않았습니다.");
}

void classic_text_skipped(struct buf *out, uint64_t count)
{
    buf_add_char(out, '[');
    buf_add_u64(out, count);
    buf_add_cstr(out, "개의 메시지를 건너뜀]");
}

struct str classic_reason_nick_too_long(void)
{
    return STR("이름이 너무 깁니다");
}

struct str classic_reason_text_too_long(void)
{
    return STR("메시지가 너무 깁니다");
}

struct str classic_reason_too_fast(void)
{
    return STR("너무 많은 글을 한꺼번에 보냈습니다");
}
