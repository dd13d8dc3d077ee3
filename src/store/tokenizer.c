/* Texts to tokens. Pure; any thread. Normalising is ICU's; text of ASCII, Hangul, kana and Chinese
 * characters alone, which is nearly all, takes a path without tables. */
#include "tokenizer.h"

#include "name.h"
#include "search_limits.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

enum {
    CHUNK_UNITS = 512,                     /* UTF-16 units normalised at a time */
    CHUNK_CUT = CHUNK_UNITS - 128,         /* from here on wherever nothing composes across */
    CHUNK_UNITS_FOLDED = 18 * CHUNK_UNITS, /* NFKC makes at most 18 units of one (UAX 15) */
    FORMAT_COLOUR = 0x03,                  /* followed by up to two numbers of two digits */
    FORMAT_HEX_COLOUR = 0x04,              /* … of six hexadecimal digits */
    KATAKANA_PROLONGED = 0x30FC,           /* belongs to two scripts, so to none by itself */
    HANGUL_FIRST = 0xAC00,
    HANGUL_LAST = 0xD7A3,
    HAN_FIRST = 0x4E00,
    HAN_LAST = 0x9FFF,
    HIRAGANA_FIRST = 0x3041,
    HIRAGANA_LAST = 0x3096,
    KATAKANA_FIRST = 0x30A1,
    KATAKANA_LAST = 0x30FA,
};

enum class {
    CLASS_GAP,
    CLASS_LETTER,
    CLASS_SYLLABLE,
    CLASS_MARK,  /* belongs to what it stands on */
    CLASS_EMOJI, /* a token by itself */
};

struct unit {
    char bytes[TOKEN_UNIT_MAX];
    size_t len;
};

struct splitter {
    token_each each;
    void *ctx;
    bool stopped;
    enum class run; /* LETTER, SYLLABLE, or GAP where none is open */
    size_t len;     /* of the word */
    bool cut;       /* the word is longer than a token may be */
    char word[TOKEN_MAX];
    unsigned units; /* of a run of syllables; 3 and more are 3 */
    struct unit before;
    struct unit last;
};

/* Raw text on its way through the normaliser. */
struct folder {
    struct splitter *to_tokens; /* or … */
    struct buf *to_nick;
    const UNormalizer2 *nfkc_cf;
    int32_t n;
    UChar units[CHUNK_UNITS];
};

static bool is_plain_letter(UChar32 c)
{
    return (c >= HANGUL_FIRST && c <= HANGUL_LAST) || (c >= HAN_FIRST && c <= HAN_LAST) ||
           (c >= HIRAGANA_FIRST && c <= HIRAGANA_LAST) ||
           (c >= KATAKANA_FIRST && c <= KATAKANA_LAST) || c == KATAKANA_PROLONGED;
}

static bool is_unspaced_script(UChar32 c)
{
    UErrorCode error = U_ZERO_ERROR;
    switch (uscript_getScript(c, &error)) {
    case USCRIPT_HANGUL:
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_BOPOMOFO:
    case USCRIPT_YI:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
        return true;
    default:
        return false;
    }
}

static enum class class_of(UChar32 c) {
    if (c < 0x80){return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? CLASS_LETTER
                                                                          : CLASS_GAP;}
if (is_plain_letter(c))
{
    return CLASS_SYLLABLE;
}
uint32_t category = U_GET_GC_MASK(c);
if ((category & U_GC_M_MASK) != 0) {
    return CLASS_MARK;
}
if ((category & (U_GC_L_MASK | U_GC_N_MASK)) != 0) {
    bool digit = (category & U_GC_ND_MASK) != 0;
    return !digit && is_unspaced_script(c) ? CLASS_SYLLABLE : CLASS_LETTER;
}
return u_hasBinaryProperty(c, UCHAR_EXTENDED_PICTOGRAPHIC) ||
               u_hasBinaryProperty(c, UCHAR_REGIONAL_INDICATOR)
           ? CLASS_EMOJI
           : CLASS_GAP;
}

static void emit(struct splitter *s, const char *bytes, size_t len, enum token_kind kind)
{
    if (!s->stopped) {
        struct token token = {
            .text = str_make(bytes, len),
            .kind = kind,
            .joined = kind == TOKEN_PAIR && s->units > 2,
        };
        s->stopped = !s->each(s->ctx, &token);
    }
}

/* The last syllable has got all its marks: with the one before it, it is a pair. */
static void finish_syllable(struct splitter *s)
{
    if (s->units < 2) {
        return;
    }
    char pair[2 * TOKEN_UNIT_MAX];
    memcpy(pair, s->before.bytes, s->before.len);
    memcpy(pair + s->before.len, s->last.bytes, s->last.len);
    emit(s, pair, s->before.len + s->last.len, TOKEN_PAIR);
}

static void end_run(struct splitter *s)
{
    if (s->run == CLASS_LETTER) {
        emit(s, s->word, s->len, TOKEN_WORD);
    } else if (s->run == CLASS_SYLLABLE && s->units == 1) {
        emit(s, s->last.bytes, s->last.len, TOKEN_LONE);
    } else if (s->run == CLASS_SYLLABLE) {
        finish_syllable(s);
    }
    s->run = CLASS_GAP;
    s->len = 0;
    s->cut = false;
    s->units = 0;
}

static void add_letter(struct splitter *s, const char *bytes, size_t len)
{
    s->cut = s->cut || s->len + len > TOKEN_MAX;
    if (!s->cut) {
        memcpy(s->word + s->len, bytes, len);
        s->len += len;
    }
}

static void add_syllable(struct splitter *s, const char *bytes, size_t len)
{
    if (s->units > 0) {
        finish_syllable(s);
        s->before = s->last;
    }
    s->units += s->units < 3 ? 1 : 0;
    memcpy(s->last.bytes, bytes, len);
    s->last.len = len;
}

static void add_mark(struct splitter *s, const char *bytes, size_t len)
{
    if (s->run == CLASS_LETTER) {
        add_letter(s, bytes, len);
    } else if (s->run == CLASS_SYLLABLE && s->last.len + len <= TOKEN_UNIT_MAX) {
        memcpy(s->last.bytes + s->last.len, bytes, len);
        s->last.len += len;
    }
}

/* A character of normalised text. */
static void split_character(struct splitter *s, UChar32 c)
{
    enum class class = class_of(c);
    char bytes[U8_MAX_LENGTH];
    size_t len = 0;
    U8_APPEND_UNSAFE(bytes, len, c);
    if (class == CLASS_MARK) {
        add_mark(s, bytes, len);
        return;
    }
    if (class != s->run || class == CLASS_EMOJI) {
        end_run(s);
        s->run = class == CLASS_EMOJI ? CLASS_GAP : class;
    }
    switch (class) {
    case CLASS_LETTER:
        add_letter(s, bytes, len);
        break;
    case CLASS_SYLLABLE:
        add_syllable(s, bytes, len);
        break;
    case CLASS_EMOJI:
        emit(s, bytes, len, TOKEN_WORD);
        break;
    case CLASS_GAP:
    case CLASS_MARK:
        break;
    }
}

static void nick_character(struct buf *out, UChar32 c)
{
    static const char from[] = "[]\\~";
    static const char to[] = "{}|^";
    char bytes[U8_MAX_LENGTH];
    size_t len = 0;
    if (c <= ' ') {
        return;
    }
    const char *found = c < 0x80 ? strchr(from, c) : NULL;
    U8_APPEND_UNSAFE(bytes, len, found != NULL ? to[found - from] : c);
    buf_add(out, bytes, len);
}

static void folded_character(const struct folder *f, UChar32 c)
{
    if (f->to_tokens != NULL) {
        split_character(f->to_tokens, c);
    } else {
        nick_character(f->to_nick, c);
    }
}

static void flush(struct folder *f)
{
    UErrorCode error = U_ZERO_ERROR;
    UChar folded[CHUNK_UNITS_FOLDED];
    int32_t n = unorm2_normalize(f->nfkc_cf, f->units, f->n, folded, CHUNK_UNITS_FOLDED, &error);
    f->n = 0;
    for (int32_t i = 0; U_SUCCESS(error) && i < n;) {
        UChar32 c;
        U16_NEXT(folded, i, n, c);
        folded_character(f, c);
    }
}

static void fold_character(struct folder *f, UChar32 c)
{
    if (f->n + U16_MAX_LENGTH > CHUNK_UNITS ||
        (f->n >= CHUNK_CUT && unorm2_hasBoundaryBefore(f->nfkc_cf, c))) {
        flush(f);
    }
    U16_APPEND_UNSAFE(f->units, f->n, c);
}

static size_t skip_digits(struct str text, size_t at, size_t max, bool hex)
{
    size_t n = 0;
    while (n < max && at + n < text.len) {
        char c = ascii_lower(text.p[at + n]);
        if (!(c >= '0' && c <= '9') && !(hex && c >= 'a' && c <= 'f')) {
            break;
        }
        n++;
    }
    return n;
}

/* How many bytes of a formatting code begin here; 0: none does. */
static size_t format_len(struct str text, size_t at)
{
    size_t len = 1;
    switch (text.p[at]) {
    case 0x02: /* bold */
    case 0x0F: /* reset */
    case 0x11: /* monospace */
    case 0x16: /* reverse */
    case 0x1D: /* italics */
    case 0x1E: /* struck through */
    case 0x1F: /* underlined */
        return len;
    case FORMAT_COLOUR:
    case FORMAT_HEX_COLOUR: {
        bool hex = text.p[at] == FORMAT_HEX_COLOUR;
        size_t max = hex ? 6 : 2;
        len += skip_digits(text, at + len, max, hex);
        if (len > 1 && at + len < text.len && text.p[at + len] == ',') {
            size_t second = skip_digits(text, at + len + 1, max, hex);
            len += second > 0 ? second + 1 : 0;
        }
        return len;
    }
    default:
        return 0;
    }
}

static UChar32 next_character(struct str text, size_t *at)
{
    UChar32 c = (unsigned char)text.p[*at];
    if (c < 0x80) {
        ++*at;
        return c;
    }
    U8_NEXT(text.p, *at, text.len, c);
    return c;
}

/* No step of the normalising changes anything but capital ASCII letters. */
static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.len;) {
        UChar32 c = next_character(text, &i);
        if (c >= 0x80 ? !is_plain_letter(c) : c < 0) {
            return false;
        }
    }
    return true;
}

static void split_plain(struct splitter *s, struct str text)
{
    for (size_t i = 0; i < text.len && !s->stopped;) {
        size_t skipped = format_len(text, i);
        if (skipped > 0) {
            i += skipped;
            continue;
        }
        UChar32 c = next_character(text, &i);
        split_character(s, c < 0x80 ? (unsigned char)ascii_lower((char)c) : c);
    }
}

static bool folder_begin(struct folder *f)
{
    UErrorCode error = U_ZERO_ERROR;
    f->n = 0;
    f->nfkc_cf = unorm2_getNFKCCasefoldInstance(&error);
    return U_SUCCESS(error);
}

static void split_unicode(struct splitter *s, struct str text)
{
    struct folder f;
    f.to_tokens = s;
    f.to_nick = NULL;
    if (!folder_begin(&f)) {
        return;
    }
    for (size_t i = 0; i < text.len && !s->stopped;) {
        size_t skipped = format_len(text, i);
        if (skipped > 0) {
            i += skipped;
            continue;
        }
        UChar32 c = next_character(text, &i);
        fold_character(&f, c >= ' ' ? c : ' ');
    }
    flush(&f);
}

void tokenizer_split(struct str text, token_each each, void *ctx)
{
    struct splitter s;
    s.each = each;
    s.ctx = ctx;
    s.stopped = false;
    s.run = CLASS_GAP;
    s.len = 0;
    s.cut = false;
    s.units = 0;
    if (is_plain(text)) {
        split_plain(&s, text);
    } else {
        split_unicode(&s, text);
    }
    end_run(&s);
}

void tokenizer_fold_nick(struct str nick, struct buf *out)
{
    struct buf name = {0};
    struct folder f;
    f.to_tokens = NULL;
    f.to_nick = out;
    /* The names' own folding first: what it takes for equal is equal here then, too. */
    name_fold(NAME_CASE_RFC8265, nick, &name);
    if (folder_begin(&f)) {
        struct str folded = buf_str(&name);
        for (size_t i = 0; i < folded.len;) {
            UChar32 c = next_character(folded, &i);
            if (c > ' ') {
                fold_character(&f, c);
            }
        }
        flush(&f);
    }
    buf_finish(&name);
}
