/* What every unit test needs before cmocka.h, and helpers for struct str. */
#ifndef MARU_UNIT_H
#define MARU_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "str.h"

/* Compares a struct str with a NUL-terminated string. */
#define assert_str(s, cstr)                                                                        \
    do {                                                                                           \
        struct str got_ = (s);                                                                     \
        assert_int_equal(got_.len, strlen(cstr));                                                  \
        assert_memory_equal(got_.p, (cstr), got_.len);                                             \
    } while (0)

#endif
