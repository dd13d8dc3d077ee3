/* The life of connections from their first byte: registration, capabilities, floods, time. */
#include "fuzz_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_world f;
    fuzz_world_init(&f, 2, 1);
    fuzz_world_run(&f, fuzz_str(data, size));
    fuzz_world_finish(&f);
    return 0;
}
