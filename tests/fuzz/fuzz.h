/*
 * What every fuzz target needs. A target is fuzz_NAME.c with LLVMFuzzerTestOneInput and one line in
 * tests/fuzz/meson.build; its seeds are the files of corpus/NAME. Broken promises end in CHECK.
 */
#ifndef MARU_FUZZ_H
#define MARU_FUZZ_H

#include "alloc.h"
#include "buf.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline struct str fuzz_str(const uint8_t *data, size_t size)
{
    return str_make((const char *)data, size);
}

/* A view that is not empty lies inside the whole. */
static inline bool fuzz_within(struct str view, struct str whole)
{
    return view.len == 0 || (view.p >= whole.p && view.len <= whole.len &&
                             (size_t)(view.p - whole.p) <= whole.len - view.len);
}

#endif
