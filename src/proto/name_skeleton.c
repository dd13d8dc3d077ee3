/* Skeletons of names, UTS 39 section 4, over ICU. Pure; any thread: a checker is opened for each
 * call, which costs a microsecond and saves state that threads would share. */
#include "name.h"

#include "alloc.h"

#include <unicode/uspoof.h>

/* A skeleton is at most this many times as long as its name in practice; longer ones are asked for
 * again with room for all. */
enum { SKELETON_GROWTH = 4 };

void name_skeleton(struct str raw, struct buf *out)
{
    struct buf folded = {0};
    name_fold(NAME_CASE_RFC8265, raw, &folded);
    UErrorCode error = U_ZERO_ERROR;
    USpoofChecker *checker = uspoof_open(&error);
    CHECK(U_SUCCESS(error));
    struct buf skeleton = {0};
    size_t room = SKELETON_GROWTH * folded.len + 1;
    int32_t n = uspoof_getSkeletonUTF8(checker, 0, folded.p, (int32_t)folded.len,
                                       buf_reserve(&skeleton, room), (int32_t)room, &error);
    if (error == U_BUFFER_OVERFLOW_ERROR) {
        error = U_ZERO_ERROR;
        room = (size_t)n + 1;
        n = uspoof_getSkeletonUTF8(checker, 0, folded.p, (int32_t)folded.len,
                                   buf_reserve(&skeleton, room), (int32_t)room, &error);
    }
    CHECK(U_SUCCESS(error));
    buf_add(out, skeleton.p, (size_t)n);
    uspoof_close(checker);
    buf_finish(&skeleton);
    buf_finish(&folded);
}
