/*
 * Every word that the classic protocol shows, in one place, and its text as UTF-8.
 * Pure; any thread. Knows nothing of frames, sockets or the core.
 *
 * Builders append one line, without a line end. Names and texts are borrowed; texts pass through
 * classic_text_add_clean, so IRC formatting never reaches a classic client.
 */
#ifndef MARU_CLASSIC_TEXT_H
#define MARU_CLASSIC_TEXT_H

#include "buf.h"
#include "str.h"

/* Without the bytes of IRC formatting and without control characters; a tab, CR or LF becomes a
 * space, invalid UTF-8 becomes U+FFFD. */
void classic_text_add_clean(struct buf *out, struct str text);

/* 철수 : 안녕. A text that is a CTCP ACTION becomes `* 철수 …`. */
void classic_text_chat(struct buf *out, struct str nick, struct str text);

/* [귓속말] 철수 : 안녕 */
void classic_text_direct(struct buf *out, struct str nick, struct str text);

/* [알림] 철수 : 안녕, for a NOTICE of a member. */
void classic_text_notice(struct buf *out, struct str nick, struct str text);

/* [공지] text, for an announcement of the operator. */
void classic_text_announcement(struct buf *out, struct str text);

/* [안내] text, for what the server itself says. */
void classic_text_server(struct buf *out, struct str text);

/* 철수님이 입장하였습니다. / 철수님이 퇴장하였습니다. */
void classic_text_joined(struct buf *out, struct str nick);
void classic_text_left(struct buf *out, struct str nick);

/* 철수님이 이름을 영희로 바꾸었습니다. */
void classic_text_nick_changed(struct buf *out, struct str nick, struct str new_nick);

/* 철수님이 영희님에 의해 내보내졌습니다. (까닭) An empty reason is left out. */
void classic_text_kicked(struct buf *out, struct str nick, struct str by, struct str reason);

/* [주제] text, or that there is none where it is empty. */
void classic_text_topic(struct buf *out, struct str topic);

/* [안내] what the client typed could not be used as it was, or was taken; and what it became. */
void classic_text_renamed(struct buf *out, struct str typed, struct str nick);
void classic_text_taken(struct buf *out, struct str typed, struct str nick);

/* [안내] why a client cannot come in, after which it is closed. */
void classic_text_unusable(struct buf *out);
void classic_text_full(struct buf *out, uint64_t clients, uint64_t clients_max);

/* [안내] why a client is closed. An empty reason is left out. */
void classic_text_closed(struct buf *out, struct str reason);

/* [안내] what was said last reached who is here, but was not stored. */
void classic_text_lost(struct buf *out);

/* [n개의 메시지를 건너뜀] */
void classic_text_skipped(struct buf *out, uint64_t count);

/* Reasons for closing, for classic_text_closed: static strings. */
struct str classic_reason_nick_too_long(void);
struct str classic_reason_text_too_long(void);
struct str classic_reason_too_fast(void);

enum { CLASSIC_UTF8_BYTES_MAX = 4 };

enum classic_utf8 {
    CLASSIC_UTF8_VALID,      /* one character */
    CLASSIC_UTF8_INVALID,    /* bytes that no character begins with: one U+FFFD stands for them */
    CLASSIC_UTF8_INCOMPLETE, /* the bytes end inside what may become a character */
};

/* Looks at the first character of `bytes`, which are not empty, and says how many bytes it (or the
 * longest beginning of one; Unicode chapter 3, "maximal subpart") has. */
enum classic_utf8 classic_utf8_next(struct str bytes, size_t *ret_len);

/* The code point of one valid character. */
uint32_t classic_utf8_code(struct str character);

#endif
