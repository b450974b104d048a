/* What the tests of files that are replaced in one piece share. Included once by each test program,
 * which defines _GNU_SOURCE first. */
#ifndef GAN_TESTS_REPLACED_H
#define GAN_TESTS_REPLACED_H

#include "faults.h"
#include "tensors_support.h"

static int64_t blocks = 1; /* that live before and after each call */

/* Whether the file "f" still has the content "old". */
static inline bool is_old(void)
{
    size_t size;
    uint8_t *bytes = get(at("f"), &size);
    const bool old = size == 3 && memcmp(bytes, "old", 3) == 0;
    free(bytes);
    return old;
}

static inline int count_files(void)
{
    int count = -2; /* . and .. */
    DIR *open = opendir(folder);
    ck_assert_ptr_nonnull(open);
    while (readdir(open) != NULL) {
        count++;
    }
    closedir(open);
    return count;
}

/* Lets each call of a write of the file "f" fail in turn; old content must stay until the rename.
 *   content  0 for the old content "old", 1 for the new; fails the test for any other
 * Returns how many there were. */
static inline int fail_each_of_writing(int32_t (*write_new)(void), int (*content)(void),
                                       bool forever, int error)
{
    for (int n = 1;; n++) {
        put("f", "old", 3);
        const int free_before = free_descriptor();
        arm(n, forever, error);
        const int32_t status = write_new();
        fault.armed = false;
        ck_assert_int_eq(free_descriptor(), free_before);
        ck_assert_int_eq(own.live, blocks);
        if (fault.failed == NULL) {
            ok(status);
            ck_assert_int_eq(content(), 1);
            ck_assert_int_eq(clear(), 1);
            return n - 1;
        }
        /* A close that fails once everything is in place does not matter. */
        if (status == GAN_OK) {
            ck_assert_str_eq(fault.failed, "close");
            ck_assert_int_eq(content(), 1);
        } else {
            fails(status, GAN_ERROR_IO, "/f: cannot ");
            fails(status, GAN_ERROR_IO, error == ENOSPC ? "No space" : "rror (errno 5)");
            const bool renamed = strstr(gan_context_message(ctx), "synchronise its folder") != NULL;
            ck_assert_int_eq(content(), renamed);
        }
        /* What cannot be removed stays; nothing else does. */
        ck_assert_int_le(count_files(), forever ? 2 : 1);
        clear();
    }
}

#endif
