/* Every statement of this folder, prepared once for each connection: X(NAME, "SQL"). */
#ifndef MARU_STORE_STATEMENTS_H
#define MARU_STORE_STATEMENTS_H

/* The columns that make a line, in the order of store_line_read(). */
#define STORE_COLUMNS "seq, time, kind, sender, source, target, text, tags, message_seq"
/* Those that decide whether it is shown. */
#define STORE_TRAITS "seq, time, kind, message_seq"

#define STORE_ROOM_COLUMNS                                                                         \
    "id, name, folded, skeleton, modes, key, member_limit, topic, topic_by, topic_ms, since_ms, "  \
    "empty_ms, params, founder, registered_ms"
#define STORE_ACCOUNT_COLUMNS                                                                      \
    "id, name, folded, skeleton, created_ms, password_hash, scram, email, code, code_ms, "         \
    "multiclient, always_on, suspended, suspended_why, seen_ms, user, realname"

/* A message is in one of two indexes: speech, or events. The two together, in order, are merged
 * while they are read. */
#define STORE_SPEECH(columns, where)                                                               \
    "SELECT " columns " FROM messages INDEXED BY messages_speech WHERE kind <= 2 AND " where " "
#define STORE_EVENTS(columns, where)                                                               \
    "SELECT " columns " FROM messages INDEXED BY messages_events WHERE kind > 2 AND " where " "
#define STORE_BOTH(columns, where)                                                                 \
    STORE_SPEECH(columns, where) "UNION ALL " STORE_EVENTS(columns, where)
#define STORE_RANGE "place = ?1 AND seq BETWEEN ?2 AND ?3"

#define STORE_STATEMENTS(X)                                                                        \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                    \
    X(COMMIT, "COMMIT")                                                                            \
    X(META_GET, "SELECT value FROM meta WHERE key = ?1")                                           \
    X(META_SET, "INSERT INTO meta(key, value) VALUES (?1, ?2) "                                    \
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value")                          \
    X(PLACE_OF_ROOM, "SELECT id FROM places WHERE room = ?1")                                      \
    X(PLACE_OF_PAIR, "SELECT id FROM places WHERE a = ?1 AND b = ?2")                              \
    X(PLACE_ADD, "INSERT INTO places(room, a, b) VALUES (?1, ?2, ?3)")                             \
    X(PLACE_NEXT, "SELECT id, room, gone FROM places WHERE id > ?1 ORDER BY id LIMIT 1")           \
    X(PLACE_GONE, "UPDATE places SET gone = 1, room = NULL WHERE room = ?1")                       \
    X(PLACE_DELETE, "DELETE FROM places WHERE id = ?1")                                            \
    X(PLACES_OF_USER, "SELECT id FROM places WHERE a = ?1 "                                        \
                      "UNION ALL SELECT id FROM places WHERE b = ?1 AND a <> ?1")                  \
    X(MESSAGE_ADD,                                                                                 \
      "INSERT INTO messages(seq, place, time, kind, sender, source, target, text, tags, "          \
      "message_seq, parent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")                \
    X(MESSAGE_FIND, "SELECT place, kind, sender FROM messages WHERE seq = ?1")                     \
    X(MESSAGE_AND_ROOM, "SELECT " STORE_COLUMNS ", (SELECT room FROM places WHERE id = place) "    \
                        "FROM messages WHERE seq = ?1")                                            \
    X(MESSAGE_DELETE, "DELETE FROM messages WHERE seq = ?1")                                       \
    X(MESSAGE_CHILDREN, "SELECT seq FROM messages WHERE parent = ?1 ORDER BY seq LIMIT ?2")        \
    X(MESSAGE_FROM, "SELECT seq, time FROM messages WHERE seq >= ?1 ORDER BY seq LIMIT 1")         \
    X(MESSAGE_LAST, "SELECT seq, time FROM messages WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1")    \
    X(SPEECH_UP, STORE_SPEECH(STORE_COLUMNS, STORE_RANGE) "ORDER BY seq")                          \
    X(SPEECH_DOWN, STORE_SPEECH(STORE_TRAITS, STORE_RANGE) "ORDER BY seq DESC")                    \
    X(SPEECH_LATEST, STORE_SPEECH(STORE_COLUMNS, STORE_RANGE) "ORDER BY seq DESC LIMIT 1")         \
    X(ALL_UP, STORE_BOTH(STORE_COLUMNS, STORE_RANGE) "ORDER BY seq")                               \
    X(ALL_DOWN, STORE_BOTH(STORE_TRAITS, STORE_RANGE) "ORDER BY seq DESC")                         \
    X(ALL_OLDEST, STORE_BOTH("seq, time", "place = ?1") "ORDER BY seq LIMIT ?2")                   \
    X(ALL_NTH_NEWEST, STORE_BOTH("seq", "place = ?1") "ORDER BY seq DESC LIMIT 1 OFFSET ?2")       \
    X(SPEECH_COUNT, "SELECT count(*), max(seq) FROM (" STORE_SPEECH(                               \
                        "seq", "place = ?1 AND seq > ?2") "ORDER BY seq LIMIT ?3)")                \
    X(EVENTS_COUNT, "SELECT count(*), max(seq) FROM (" STORE_EVENTS(                               \
                        "seq", "place = ?1 AND seq > ?2") "ORDER BY seq LIMIT ?3)")                \
    X(SOURCES, "SELECT seq, source, kind, CASE WHEN kind > 2 THEN text END, sender FROM messages " \
               "WHERE seq > ?1 ORDER BY seq")                                                      \
    X(EPOCH_ADD, "INSERT OR IGNORE INTO epochs(seq) VALUES (?1)")                                  \
    X(EPOCH_AFTER, "SELECT seq FROM epochs WHERE seq > ?1 ORDER BY seq LIMIT 1")                   \
    X(EPOCH_BEFORE, "SELECT seq FROM epochs WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1")            \
    X(ROOM_SET, "INSERT OR REPLACE INTO rooms(" STORE_ROOM_COLUMNS                                 \
                ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)")     \
    X(ROOM_DELETE, "DELETE FROM rooms WHERE id = ?1")                                              \
    X(ROOM_EACH, "SELECT " STORE_ROOM_COLUMNS " FROM rooms ORDER BY id")                           \
    X(ROOM_LAST, "SELECT max(id) FROM rooms")                                                      \
    X(ROOMS_WITHOUT_FOUNDER, "UPDATE rooms SET founder = 0, registered_ms = 0 WHERE founder = ?1") \
    X(MASK_ADD, "INSERT INTO room_masks(room, list, mask, mask_folded, set_by, set_ms, until_ms) " \
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")                                             \
    X(MASK_DELETE, "DELETE FROM room_masks WHERE room = ?1")                                       \
    X(MASK_EACH, "SELECT list, mask, mask_folded, set_by, set_ms, until_ms FROM room_masks "       \
                 "WHERE room = ?1 ORDER BY id")                                                    \
    X(RANK_ADD, "INSERT INTO room_ranks(room, account, rank) VALUES (?1, ?2, ?3)")                 \
    X(RANK_DELETE, "DELETE FROM room_ranks WHERE room = ?1")                                       \
    X(RANKS_OF_ACCOUNT, "DELETE FROM room_ranks WHERE account = ?1")                               \
    X(RANK_EACH, "SELECT account, rank FROM room_ranks WHERE room = ?1 ORDER BY id")               \
    X(ACCOUNT_SET, "INSERT OR REPLACE INTO accounts(" STORE_ACCOUNT_COLUMNS                        \
                   ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "  \
                   "?16, ?17)")                                                                    \
    X(ACCOUNT_DELETE, "DELETE FROM accounts WHERE id = ?1")                                        \
    X(ACCOUNT_EACH, "SELECT " STORE_ACCOUNT_COLUMNS " FROM accounts ORDER BY id")                  \
    X(ACCOUNT_NAME, "SELECT name FROM accounts WHERE id = ?1")                                     \
    X(FINGERPRINT_ADD, "INSERT INTO account_fingerprints(account, fingerprint) VALUES (?1, ?2)")   \
    X(FINGERPRINT_DELETE, "DELETE FROM account_fingerprints WHERE account = ?1")                   \
    X(FINGERPRINT_EACH,                                                                            \
      "SELECT fingerprint FROM account_fingerprints WHERE account = ?1 ORDER BY id")               \
    X(ACCOUNT_ROOM_ADD, "INSERT INTO account_rooms(account, room, since_seq, rank) "               \
                        "VALUES (?1, ?2, ?3, ?4)")                                                 \
    X(ACCOUNT_ROOM_DELETE, "DELETE FROM account_rooms WHERE account = ?1")                         \
    X(ACCOUNT_ROOM_EACH,                                                                           \
      "SELECT room, since_seq, rank FROM account_rooms WHERE account = ?1 ORDER BY id")            \
    X(MARKER_SET, "INSERT OR REPLACE INTO markers(account, place, time) VALUES (?1, ?2, ?3)")      \
    X(MARKERS_OF_ACCOUNT, "DELETE FROM markers WHERE account = ?1")                                \
    X(MARKERS_OF_PLACE, "DELETE FROM markers WHERE place = ?1 AND time < ?2")                      \
    X(MARKER_EACH, "SELECT account, room, a, b, time FROM markers JOIN places ON id = place "      \
                   "WHERE gone IS NULL ORDER BY account, place")

enum store_statement {
#define X(name, sql) STMT_##name,
    STORE_STATEMENTS(X)
#undef X
        STMT_COUNT
};

#endif
