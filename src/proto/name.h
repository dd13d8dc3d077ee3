/*
 * Names of users and rooms: folding for comparison, skeletons that tell look-alikes, and the rules
 * of what may be a name at all. Pure; any thread; nothing to set up. Lengths are not judged here:
 * they are settings.
 *
 * Nicknames are what the PRECIS profile UsernameCaseMapped admits (RFC 8265 section 3.3, RFC 8264
 * IdentifierClass): letters, digits and their marks of every script. Emoji and other symbols are
 * refused in nicknames, since they are drawn differently or not at all from one machine to the
 * next and need invisible joiners; in room names they are welcome as long as they need none. Two
 * things differ from the profile: Hangul compatibility letters (ㅋㅋ) are admitted, being ordinary
 * in Korean nicknames, and joiners (U+200C, U+200D) are refused even where a script could use
 * them, because a name must not hold what cannot be seen.
 */
#ifndef MARU_NAME_H
#define MARU_NAME_H

#include "buf.h"
#include "str.h"

enum name_casemapping {
    NAME_CASE_RFC8265, /* ASCII letters, and UsernameCaseMapped for the rest of Unicode */
    NAME_CASE_ASCII,   /* ASCII letters only; other bytes stay */
    NAME_CASE_RFC1459, /* as ASCII, and []\~ are the capitals of {}|^ */
};

enum name_verdict {
    NAME_OK,
    NAME_EMPTY,
    NAME_BAD_START,     /* begins with what such a name must not begin with */
    NAME_BAD_CHARACTER, /* punctuation, a symbol, a space, a control, an unassigned code point */
    NAME_INVISIBLE,     /* something that cannot be seen, joiners and fillers included */
    NAME_BIDI,          /* a direction control, or directions mixed against RFC 5893 */
    NAME_MARKS,         /* combining marks without a letter, repeated, or too many of them */
    NAME_MIXED_SCRIPTS, /* letters of scripts that look alike, mixed in one nickname */
    NAME_MALFORMED,     /* not UTF-8 */
};

/* A sentence for a reply, without a full stop; never NULL. */
const char *name_verdict_text(enum name_verdict verdict);

/*
 * Appends the form that is compared. Never fails: a name that would be refused folds to something
 * too, and always to the same; bytes that are not UTF-8 stay. Folding works character by character
 * (no context but Unicode composition), and no character becomes ASCII punctuation or a space, so
 * a folded list, mask or prefix is the list, mask or prefix of what is folded. ASCII, Hangul, kana
 * and Chinese characters take a path without tables. Nothing is allocated but in `out`.
 */
void name_fold(enum name_casemapping m, struct str raw, struct buf *out);

/* Appends the skeleton (UTS 39 section 4) of the folded name: equal for names that look alike. Not
 * for display, and not itself a name. Costs microseconds. */
void name_skeleton(struct str raw, struct buf *out);

enum name_verdict name_check_nick(struct str raw);

/* A room: '#', then anything visible but commas. */
enum name_verdict name_check_channel(struct str raw);

bool name_is_ascii(struct str s);

#endif
