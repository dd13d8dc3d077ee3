/* classic_in.c: bytes of a classic client into events, in virtual time. */
#include "unit.h"

#include <stdlib.h>

#include "classic_in.h"
#include "session_limits.h"

enum { MESSAGE_BYTES = 60 };

/* Takes every event there is and writes them one to a line: N, T or O, a space, the text. */
static void take_all(struct classic_in *in, struct buf *seen)
{
    static const char letters[] = {'N', 'T', 'O'};
    struct classic_event event;
    while (classic_in_next(in, &event)) {
        buf_add_char(seen, letters[event.kind]);
        buf_add_char(seen, ' ');
        buf_add_str(seen, event.text);
        buf_add_char(seen, '\n');
    }
}

struct peer {
    struct classic_in in;
    struct buf seen;
    uint64_t now_ms;
};

static int open_peer(void **state)
{
    struct peer *peer = calloc(1, sizeof(*peer));
    classic_in_init(&peer->in, MESSAGE_BYTES);
    peer->now_ms = 1000;
    *state = peer;
    return 0;
}

static int close_peer(void **state)
{
    struct peer *peer = *state;
    classic_in_finish(&peer->in);
    buf_finish(&peer->seen);
    free(peer);
    return 0;
}

static void feed(struct peer *peer, struct str bytes)
{
    classic_in_feed(&peer->in, bytes, peer->now_ms);
    take_all(&peer->in, &peer->seen);
}

static void wait_ms(struct peer *peer, uint64_t ms)
{
    peer->now_ms += ms;
    classic_in_tick(&peer->in, peer->now_ms);
    take_all(&peer->in, &peer->seen);
}

static void sees(struct peer *peer, const char *events)
{
    assert_str(buf_str(&peer->seen), events);
    buf_clear(&peer->seen);
}

/* Brings the peer past its nickname. */
static void come_in(struct peer *peer)
{
    feed(peer, STR("철수"));
    wait_ms(peer, CLASSIC_SILENCE_MS);
    sees(peer, "N 철수\n");
}

static void nickname_ends_at_silence(void **state)
{
    struct peer *peer = *state;
    assert_true(classic_in_deadline(&peer->in) == UINT64_MAX);
    feed(peer, STR("철"));
    wait_ms(peer, CLASSIC_SILENCE_MS - 1);
    feed(peer, STR("수\r\n\0"));
    assert_true(classic_in_deadline(&peer->in) == peer->now_ms + CLASSIC_SILENCE_MS);
    wait_ms(peer, CLASSIC_SILENCE_MS - 1);
    sees(peer, "");
    wait_ms(peer, 1);
    sees(peer, "N 철수\n");
    assert_true(classic_in_deadline(&peer->in) == UINT64_MAX);
}

static void nickname_ends_at_the_first_message(void **state)
{
    struct peer *peer = *state;
    feed(peer, STR("홍 길동/1recv)홍 길동/1 : 안녕recv)홍 길동/1 : 또"));
    sees(peer, "N 홍 길동/1\nT 안녕\n");
    wait_ms(peer, CLASSIC_SILENCE_MS);
    sees(peer, "T 또\n");
}

static void nickname_may_be_nothing(void **state)
{
    struct peer *peer = *state;
    feed(peer, STR("\r\n"));
    wait_ms(peer, CLASSIC_SILENCE_MS);
    sees(peer, "N \n");
}

static void long_nickname_is_refused(void **state)
{
    struct peer *peer = *state;
    char nick[CLASSIC_IN_NICK_BYTES_MAX + 1];
    memset(nick, 'a', sizeof(nick));
    feed(peer, str_make(nick, sizeof(nick) - 1));
    sees(peer, "");
    feed(peer, STR("a"));
    sees(peer, "O 이름이 너무 깁니다\n");
    feed(peer, STR("recv)x : y"));
    wait_ms(peer, 10000);
    sees(peer, "");
    assert_true(classic_in_deadline(&peer->in) == UINT64_MAX);
}

static void merged_messages_are_split(void **state)
{
    struct peer *peer = *state;
    come_in(peer);
    feed(peer, STR("recv)철수 : 하나recv)철수 : 둘recv)철수 : 셋"));
    sees(peer, "T 하나\nT 둘\n");
    wait_ms(peer, CLASSIC_SILENCE_MS);
    sees(peer, "T 셋\n");
    /* Somebody else's prefix is text. */
    feed(peer, STR("recv)철수 : recv)영희 : 가짜"));
    wait_ms(peer, CLASSIC_SILENCE_MS);
    sees(peer, "T recv)영희 : 가짜\n");
}

static void prefix_may_come_in_pieces(void **state)
{
    struct peer *peer = *state;
    come_in(peer);
    struct str all = STR("recv)철수 : 하나recv)철수 : 둘\n");
    for (size_t i = 0; i < all.len; i++) {
        feed(peer, str_make(all.p + i, 1));
        wait_ms(peer, 10);
    }
    sees(peer, "T 하나\nT 둘\n");
}

static void text_goes_on_without_a_prefix(void **state)
{
    struct peer *peer = *state;
    come_in(peer);
    feed(peer, STR("recv)철수 : 앞"));
    wait_ms(peer, CLASSIC_SILENCE_MS - 1);
    feed(peer, STR("뒤"));
    wait_ms(peer, CLASSIC_SILENCE_MS);
    sees(peer, "T 앞뒤\n");
    feed(peer, STR("앞말 없이"));
    wait_ms(peer, CLASSIC_SILENCE_MS);
    sees(peer, "T 앞말 없이\n");
}

/* The driver may be late: a feed after the deadline ends the text by itself. */
static void silence_is_seen_at_the_next_feed(void **state)
{
    struct peer *peer = *state;
    come_in(peer);
    classic_in_feed(&peer->in, STR("하나"), 2000);
    classic_in_feed(&peer->in, STR("둘"), 2000 + CLASSIC_SILENCE_MS);
    classic_in_feed(&peer->in, STR("셋"), 2000 + 3 * CLASSIC_SILENCE_MS);
    take_all(&peer->in, &peer->seen);
    sees(peer, "T 하나\nT 둘\n");
}

static void line_ends_split_and_nul_is_dropped(void **state)
{
    struct peer *peer = *state;
    come_in(peer);
    feed(peer, STR("recv)철\0수 : 하\0나\r\n\r\n둘\n셋\n"));
    sees(peer, "T 하나\nT 둘\nT 셋\n");
    wait_ms(peer, CLASSIC_SILENCE_MS);
    sees(peer, "");
    feed(peer, STR("recv)철수 : "));
    wait_ms(peer, CLASSIC_SILENCE_MS);
    sees(peer, "");
}

static void a_character_may_come_in_pieces(void **state)
{
    struct peer *peer = *state;
    come_in(peer);
    feed(peer, STR("recv)철수 : 안\xEB"));
    wait_ms(peer, CLASSIC_SILENCE_MS + 200);
    sees(peer, "");
    feed(peer, STR("\x85"));
    wait_ms(peer, CLASSIC_SILENCE_MS + 200);
    sees(peer, "");
    feed(peer, STR("\x95"));
    wait_ms(peer, CLASSIC_SILENCE_MS);
    sees(peer, "T 안녕\n");
    /* What never comes is a character lost, not a text lost. */
    feed(peer, STR("recv)철수 : 안\xEB"));
    wait_ms(peer, CLASSIC_STALL_MS - 1);
    sees(peer, "");
    wait_ms(peer, 1);
    sees(peer, "T 안\xEF\xBF\xBD\n");
}

static void a_prefix_cut_by_the_network_is_waited_for(void **state)
{
    struct peer *peer = *state;
    come_in(peer);
    feed(peer, STR("recv)철수 : 하나recv)철"));
    wait_ms(peer, 300);
    feed(peer, STR("수 : 둘"));
    wait_ms(peer, CLASSIC_SILENCE_MS);
    sees(peer, "T 하나\nT 둘\n");
    /* A text may end like a prefix begins. */
    feed(peer, STR("recv)철수 : your"));
    wait_ms(peer, CLASSIC_SILENCE_MS);
    sees(peer, "T your\n");
    feed(peer, STR("recv)철수 : recv)"));
    wait_ms(peer, CLASSIC_STALL_MS);
    sees(peer, "T recv)\n");
}

static void invalid_bytes_are_replaced(void **state)
{
    struct peer *peer = *state;
    come_in(peer);
    feed(peer, STR("recv)철수 : a\xFF\xFE z\xED\xA0\x80 \xED\x95recv)철수 : b\n"));
    sees(peer, "T a\xEF\xBF\xBD\xEF\xBF\xBD z\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \xEF\xBF\xBD\n"
               "T b\n");
}

static void invalid_nickname_still_splits(void **state)
{
    struct peer *peer = *state;
    feed(peer, STR("\xC3\xB6\xFFrecv)\xC3\xB6\xFF : a\nrecv)\xC3\xB6\xFF : b\n"));
    sees(peer, "N ö\xEF\xBF\xBD\nT a\nT b\n");
}

static void long_texts_are_cut_between_characters(void **state)
{
    struct peer *peer = *state;
    come_in(peer);
    struct buf text = {0};
    buf_add_cstr(&text, "recv)철수 : a");
    for (int i = 0; i < 40; i++) {
        buf_add_cstr(&text, "가");
    }
    buf_add_cstr(&text, "recv)철수 : 끝\n");
    feed(peer, buf_str(&text));
    buf_clear(&text);
    buf_add_cstr(&text, "T a");
    for (int i = 0; i < 40; i++) {
        buf_add_cstr(&text, i == 19 || i == 39 ? "\nT 가" : "가");
    }
    buf_add_cstr(&text, "\nT 끝\n");
    buf_add_char(&text, '\0');
    sees(peer, text.p);
    buf_finish(&text);
}

static void a_megabyte_without_a_prefix_is_bounded(void **state)
{
    struct peer *peer = *state;
    come_in(peer);
    char chunk[1000];
    memset(chunk, 'x', sizeof(chunk));
    for (int i = 0; i < 1000; i++) {
        feed(peer, str_make(chunk, sizeof(chunk)));
        assert_true(peer->in.pending.cap <= 4 * sizeof(chunk));
    }
    struct str seen = buf_str(&peer->seen);
    assert_true(seen.len < 2 * CLASSIC_IN_TEXT_BYTES_MAX);
    struct str last = STR("O 메시지가 너무 깁니다\n");
    assert_true(seen.len > last.len);
    assert_memory_equal(seen.p + seen.len - last.len, last.p, last.len);
    assert_null(peer->in.pending.p);
}

static void a_backlog_that_nobody_takes_is_bounded(void **state)
{
    struct peer *peer = *state;
    come_in(peer);
    char chunk[1000];
    memset(chunk, '\n', sizeof(chunk));
    for (int i = 0; i < 1000; i++) {
        classic_in_feed(&peer->in, str_make(chunk, sizeof(chunk)), peer->now_ms);
        assert_true(peer->in.pending.len <= CLASSIC_IN_BACKLOG_BYTES_MAX + 1);
    }
    take_all(&peer->in, &peer->seen);
    sees(peer, "O 너무 많은 글을 한꺼번에 보냈습니다\n");
}

static void nothing_is_kept_while_nothing_is_open(void **state)
{
    struct peer *peer = *state;
    come_in(peer);
    feed(peer, STR("recv)철수 : 안녕"));
    wait_ms(peer, CLASSIC_SILENCE_MS);
    assert_null(peer->in.pending.p);
    assert_null(peer->in.message.p);
}

/* The generator of the randomized tests; numbers differ on no machine. */
static uint64_t random_state;

static uint64_t random_below(uint64_t end)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % end;
}

/* Whatever pieces the network makes of it, a stream of frames shows the same texts. */
static void pieces_make_no_difference(void **state)
{
    static const char *const words[] = {"안녕",         "r",  "recv)", "ecv)철",  " : ", "x", "😀",
                                        "recv)영희 : ", "수", "\xFF",  "\xED\x95"};
    random_state = 0x9E3779B97F4A7C15u;
    for (int round = 0; round < 3000; round++) {
        struct buf sent = {0};
        struct buf expected = {0};
        buf_add_cstr(&sent, "철수");
        buf_add_cstr(&expected, "N 철수\n");
        uint64_t n_frames = 1 + random_below(6);
        for (uint64_t i = 0; i < n_frames; i++) {
            buf_add_cstr(&sent, "recv)철수 : ");
            struct classic_in whole;
            struct classic_event event;
            classic_in_init(&whole, MESSAGE_BYTES);
            classic_in_feed(&whole, STR("철수recv)철수 : "), 0);
            assert_true(classic_in_next(&whole, &event));
            size_t begin = sent.len;
            uint64_t n_words = random_below(20);
            for (uint64_t k = 0; k < n_words; k++) {
                buf_add_cstr(&sent, words[random_below(sizeof(words) / sizeof(words[0]))]);
            }
            classic_in_feed(&whole, str_make(sent.p + begin, sent.len - begin), 0);
            classic_in_tick(&whole, CLASSIC_STALL_MS);
            take_all(&whole, &expected);
            classic_in_finish(&whole);
        }
        struct buf seen = {0};
        struct classic_in in;
        classic_in_init(&in, MESSAGE_BYTES);
        uint64_t now_ms = 5;
        for (size_t at = 0; at < sent.len;) {
            size_t len = 1 + random_below(random_below(3) == 0 ? 40 : 4);
            len = len < sent.len - at ? len : sent.len - at;
            now_ms += random_below(CLASSIC_SILENCE_MS);
            classic_in_tick(&in, now_ms);
            classic_in_feed(&in, str_make(sent.p + at, len), now_ms);
            if (random_below(2) == 0) {
                take_all(&in, &seen);
            }
            at += len;
        }
        classic_in_tick(&in, now_ms + CLASSIC_STALL_MS);
        take_all(&in, &seen);
        assert_int_equal(seen.len, expected.len);
        assert_memory_equal(seen.p, expected.p, seen.len);
        assert_true(str_is_utf8(buf_str(&seen)));
        classic_in_finish(&in);
        buf_finish(&seen);
        buf_finish(&sent);
        buf_finish(&expected);
    }
}

/* Bytes of no meaning never break a bound. */
static void noise_is_bounded(void **state)
{
    random_state = 42;
    for (int round = 0; round < 500; round++) {
        struct classic_in in;
        classic_in_init(&in, CLASSIC_IN_MESSAGE_BYTES_MIN);
        classic_in_feed(&in, STR("a\nb"), 0);
        uint64_t now_ms = CLASSIC_SILENCE_MS;
        for (int i = 0; i < 60; i++) {
            char bytes[64];
            for (size_t k = 0; k < sizeof(bytes); k++) {
                static const char some[] = "recv)a\nb : \0\xED\x95\x9C\xFF\r";
                bytes[k] = some[random_below(sizeof(some))];
            }
            classic_in_feed(&in, str_make(bytes, sizeof(bytes)), now_ms);
            struct classic_event event;
            while (classic_in_next(&in, &event)) {
                assert_true(str_is_utf8(event.text));
                assert_true(event.kind != CLASSIC_EVENT_TEXT ||
                            (event.text.len > 0 && event.text.len <= CLASSIC_IN_MESSAGE_BYTES_MIN));
            }
            assert_true(in.pending.len < 256);
            now_ms += random_below(2 * CLASSIC_SILENCE_MS);
        }
        classic_in_finish(&in);
    }
}

#define PEER_TEST(f) cmocka_unit_test_setup_teardown(f, open_peer, close_peer)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PEER_TEST(nickname_ends_at_silence),
        PEER_TEST(nickname_ends_at_the_first_message),
        PEER_TEST(nickname_may_be_nothing),
        PEER_TEST(long_nickname_is_refused),
        PEER_TEST(merged_messages_are_split),
        PEER_TEST(prefix_may_come_in_pieces),
        PEER_TEST(text_goes_on_without_a_prefix),
        PEER_TEST(silence_is_seen_at_the_next_feed),
        PEER_TEST(line_ends_split_and_nul_is_dropped),
        PEER_TEST(a_character_may_come_in_pieces),
        PEER_TEST(a_prefix_cut_by_the_network_is_waited_for),
        PEER_TEST(invalid_bytes_are_replaced),
        PEER_TEST(invalid_nickname_still_splits),
        PEER_TEST(long_texts_are_cut_between_characters),
        PEER_TEST(a_megabyte_without_a_prefix_is_bounded),
        PEER_TEST(a_backlog_that_nobody_takes_is_bounded),
        PEER_TEST(nothing_is_kept_while_nothing_is_open),
        cmocka_unit_test(pieces_make_no_difference),
        cmocka_unit_test(noise_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
