/* Lets libFuzzer drive one target, FUZZ_TARGET. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    FUZZ_TARGET.run(bytes, size);
    return 0;
}

void fuzz_seed(const void *bytes, size_t size)
{
    (void)bytes;
    (void)size;
}

void fuzz_seed_file(const char *path)
{
    (void)path;
}
