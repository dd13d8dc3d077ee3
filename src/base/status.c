/* Phrases for the error enumeration. Any thread; knows nothing but the enumeration. */
#include "status.h"

const char *status_text(int status)
{
    switch (status) {
    case STATUS_OK:
        return "no error";
    case STATUS_MALFORMED:
        return "malformed";
    case STATUS_TOO_LONG:
        return "too long";
    case STATUS_NOT_FOUND:
        return "not found";
    case STATUS_EXISTS:
        return "already exists";
    case STATUS_FULL:
        return "full";
    case STATUS_DENIED:
        return "denied";
    case STATUS_INCOMPLETE:
        return "incomplete";
    case STATUS_CLOSED:
        return "closed";
    case STATUS_IO:
        return "input/output error";
    case STATUS_CRYPTO:
        return "refused by the cryptography library";
    case STATUS_UNSUPPORTED:
        return "not supported";
    }
    return "unknown error";
}
