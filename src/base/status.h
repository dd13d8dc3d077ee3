/*
 * The one enumeration of errors. What can fail returns 0 or one of these negative values and is
 * marked MARU_CHECK; results come last, are named ret_*, and stay untouched on failure.
 */
#ifndef MARU_STATUS_H
#define MARU_STATUS_H

#define MARU_CHECK __attribute__((warn_unused_result))

enum status {
    STATUS_OK = 0,
    STATUS_MALFORMED = -1,  /* bytes that the format does not allow */
    STATUS_TOO_LONG = -2,   /* over a named limit */
    STATUS_NOT_FOUND = -3,  /* nothing has that name or id */
    STATUS_EXISTS = -4,     /* the name is taken */
    STATUS_FULL = -5,       /* a bounded container or the server is full */
    STATUS_DENIED = -6,     /* not permitted */
    STATUS_INCOMPLETE = -7, /* more bytes are needed */
    STATUS_CLOSED = -8,     /* the other side is gone */
    STATUS_IO = -9,         /* the operating system refused; errno says why */
    STATUS_CRYPTO = -10,    /* the TLS or password library refused */
    STATUS_UNSUPPORTED = -11,
};

/* A short English phrase for a status; never NULL. */
const char *status_text(int status);

#endif
