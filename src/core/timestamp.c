/* Times as clients write them. Pure. */
#include "timestamp.h"

enum { MS = 1000, YEAR_MIN = 1970, YEAR_MAX = 9999 };

/* A run of exactly `digits` digits at the beginning, which is taken off; false where it is not. */
static bool take_number(struct str *text, size_t digits, unsigned *ret_number)
{
    uint64_t number;
    if (text->len < digits || str_to_u64((struct str){text->p, digits}, &number) != STATUS_OK) {
        return false;
    }
    *text = (struct str){text->p + digits, text->len - digits};
    *ret_number = (unsigned)number;
    return true;
}

static bool take_char(struct str *text, char c)
{
    if (text->len == 0 || text->p[0] != c) {
        return false;
    }
    *text = (struct str){text->p + 1, text->len - 1};
    return true;
}

/* ".5" are 500; digits behind the third are left out. */
static bool take_fraction(struct str *text, unsigned *ret_ms)
{
    unsigned ms = 0;
    unsigned unit = 100;
    size_t digits = 0;
    unsigned digit;
    while (take_number(text, 1, &digit)) {
        ms += digit * unit;
        unit /= 10;
        digits++;
    }
    *ret_ms = ms;
    return digits > 0;
}

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* Days since 1970. */
static uint64_t day_number(unsigned year, unsigned month, unsigned day)
{
    unsigned y = year - 1;
    uint64_t days = 365ull * (year - YEAR_MIN) + y / 4 - y / 100 + y / 400 -
                    ((YEAR_MIN - 1) / 4 - (YEAR_MIN - 1) / 100 + (YEAR_MIN - 1) / 400);
    for (unsigned m = 1; m < month; m++) {
        days += days_in(year, m);
    }
    return days + day - 1;
}

int timestamp_parse(struct str text, uint64_t *ret_ms)
{
    unsigned year;
    unsigned month;
    unsigned day;
    unsigned hour;
    unsigned minute;
    unsigned second;
    unsigned ms = 0;
    bool fits =
        take_number(&text, 4, &year) && take_char(&text, '-') && take_number(&text, 2, &month) &&
        take_char(&text, '-') && take_number(&text, 2, &day) && take_char(&text, 'T') &&
        take_number(&text, 2, &hour) && take_char(&text, ':') && take_number(&text, 2, &minute) &&
        take_char(&text, ':') && take_number(&text, 2, &second) &&
        (!take_char(&text, '.') || take_fraction(&text, &ms)) && take_char(&text, 'Z');
    /* A leap second is told as 60 by some. */
    if (!fits || text.len > 0 || year < YEAR_MIN || month < 1 || month > 12 || day < 1 ||
        day > days_in(year, month) || hour > 23 || minute > 59 || second > 60) {
        return STATUS_MALFORMED;
    }
    uint64_t seconds =
        day_number(year, month, day) * 86400 + hour * 3600ull + minute * 60ull + second;
    *ret_ms = seconds * MS + ms;
    return STATUS_OK;
}

int timestamp_parse_seconds(struct str text, uint64_t *ret_ms)
{
    uint64_t seconds;
    unsigned ms = 0;
    struct str whole = str_split(&text, '.');
    if (str_to_u64(whole, &seconds) != STATUS_OK || seconds > UINT64_MAX / MS - 1) {
        return STATUS_MALFORMED;
    }
    if (text.p != NULL && (!take_fraction(&text, &ms) || text.len > 0)) {
        return STATUS_MALFORMED;
    }
    *ret_ms = seconds * MS + ms;
    return STATUS_OK;
}
