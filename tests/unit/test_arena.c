#include "unit/unit.h"

#include "base/arena.h"

#include "base/compiler.h"

#include <string.h>

/* Pieces of every size, each filled with a byte of its own that must still be there at the end. */
static void fill_and_check(struct arena *a)
{
    static const size_t sizes[] = {5000, 60, 24, 300, 900, 40, 1, 900, 900, 900, 2500, 100000};
    unsigned char *pieces[400];

    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        pieces[i] = arena_alloc(a, sizes[i % COUNT_OF(sizes)]);
        memset(pieces[i], (int)(i & 0xff), sizes[i % COUNT_OF(sizes)]);
    }
    for (size_t i = 0; i < COUNT_OF(pieces); i++)
        for (size_t j = 0; j < sizes[i % COUNT_OF(sizes)]; j++)
            assert_int_equal(pieces[i][j], i & 0xff);
}

/* A first large piece has a chunk of its own, which is not to be handed out again. */
static void pieces_never_overlap(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();

    (void)state;
    for (int i = 0; i < 3; i++) {
        fill_and_check(a);
        arena_reset(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pieces_never_overlap)};

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
