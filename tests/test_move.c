/* Strided views against the plain formula. */
#include "support.h"

#include "kernel/move.h"

static int64_t view_place(const gan__view *view, int64_t index)
{
    int64_t place = view->offset;
    for (int32_t i = view->rank - 1; i >= 0; i--) {
        place += index % view->dims[i] * view->strides[i];
        index /= view->dims[i];
    }
    return place;
}

/* Random views with strides of 0, of 1 and in any order, simplified or not, read and written in
 * pieces. */
START_TEST(views_read_and_write)
{
    enum { SIZE = 4096 };
    static float base[SIZE], target[SIZE], expected[SIZE], y[SIZE];
    dice d = {8};
    roll_array(&d, SIZE, -1, 1, base);
    for (int32_t round = 0; round < 2000; round++) {
        gan__view view = {.rank = 1 + roll(&d, 6), .offset = roll(&d, 50)};
        int32_t order[6];
        int64_t stride = 1, n = 1;
        for (int32_t i = 0; i < view.rank; i++) {
            const int32_t other = roll(&d, i + 1); /* a random order of the axes */
            order[i] = order[other];
            order[other] = i;
        }
        const bool repeats = roll(&d, 3) == 0, in_order = roll(&d, 3) == 0;
        for (int32_t i = view.rank - 1; i >= 0; i--) {
            const int32_t axis = in_order ? i : order[i];
            view.dims[axis] = 1 + roll(&d, roll(&d, 6) == 0 ? 40 : 4);
            n *= view.dims[axis];
            view.strides[axis] = repeats && roll(&d, 2) == 0 ? 0 : stride;
            stride *= view.dims[axis] + (roll(&d, 3) == 0);
        }
        if (n > SIZE || view.offset + stride > SIZE) {
            continue;
        }
        const gan__view plain = view;
        if (roll(&d, 2) == 0) {
            gan__view_simplify(&view);
            ck_assert_int_ge(view.rank, 1);
        }
        memcpy(target, base, sizeof target);
        memcpy(expected, base, sizeof expected);
        int64_t wrong = 0;
        gan__view_cursor from, to;
        for (int64_t start = 0, count; start < n; start += count) {
            count = 1 + roll(&d, (int32_t)(n - start));
            if (start == 0 || roll(&d, 2) == 0) { /* else they go on from where they are */
                gan__view_seek(&view, start, &from);
                to = from;
            }
            gan__view_read(&view, base, &from, count, y + start);
            gan__view_write(&view, base + 100 + start, &to, repeats ? 0 : count, target);
        }
        for (int64_t i = 0; i < n; i++) {
            wrong += y[i] != base[view_place(&plain, i)];
            if (!repeats) {
                expected[view_place(&plain, i)] = base[100 + i];
            }
        }
        wrong += memcmp(target, expected, sizeof target) != 0;
        ck_assert_msg(wrong == 0, "round %d: %d wrong", (int)round, (int)wrong);
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS("views", views_read_and_write);
}
