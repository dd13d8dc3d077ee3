/* Every bound of this folder. */
#ifndef MARU_STORE_LIMITS_H
#define MARU_STORE_LIMITS_H

enum {
    STORE_QUEUE_BYTES = 32 * 1024 * 1024, /* that wait to be written; at half, senders wait */
    STORE_EFFECT_BYTES = 256,             /* counted for each effect beside its message */

    STORE_PIECE_BYTES = 64 * 1024, /* rendered lines before a reader waits for its asker */
    STORE_SCAN_ROWS = 2048,        /* read before a reader gives up its snapshot */
    STORE_LINE_HEAD = 12,          /* of a line, at the least, beside its source and its text */
    STORE_PART_BYTES = 400,        /* of a text that was said in several lines, in one of them */
    STORE_LINE_BYTES = 510,        /* of a line without tags and line end */
    STORE_READERS = 2,             /* threads, where nobody says how many */

    STORE_BUSY_MS = 2000, /* for another process that holds the database */
    STORE_CACHE_WRITER_KB = 16 * 1024,
    STORE_CACHE_READER_KB = 8 * 1024,
    STORE_PLACES_CACHED = 64 * 1024, /* rows of places that the writer remembers */

    STORE_WAL_PAGES = 1000,                  /* from which on the log is copied into the database */
    STORE_WAL_PAGES_MAX = 4000,              /* from which on the writer waits for that */
    STORE_WAL_BYTES_KEPT = 16 * 1024 * 1024, /* of the log's file once it was copied */
    STORE_PROBE_MS = 5000,                   /* between attempts while nothing can be written */
    STORE_IDLE_MS = 60000,                   /* between looks at the clocks */

    STORE_EPOCH_SLACK_MS = 5000, /* by which the clock may go back and still count as going on */

    STORE_COUNT_ROWS = 50000,          /* counted before a snapshot is given up */
    STORE_BACKUP_PAGES = 64,           /* copied between two batches … */
    STORE_BACKUP_STEPS = 16,           /* … and so often before what was copied goes to disk */
    STORE_MARKERS_UNSAVED = 64 * 1024, /* kept while nothing can be written */
    STORE_REACTIONS_ROWS = 100,        /* taken away at a time with what they belong to */

    STORE_ERASE_NICKS = 100 * 1000, /* of one person, that events are looked through for */

    STORE_RETAIN_ROWS = 200,         /* taken away in one transaction */
    STORE_RETAIN_PASS_MS = 600000,   /* between two rounds through all places */
    STORE_CLOCK_AGREED_MS = 3600000, /* before anything is taken away for its age */
    STORE_CLOCK_JUMP_MS = 5000,      /* between the clocks, from one look to the next */
};

#endif
