#include "unit/unit.h"

#include "base/arena.h"

#include <string.h>

static void pieces_are_aligned_and_apart(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    unsigned char *pieces[600];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        size_t n = i * 7 % 300;

        (void)arena_dup(a, STR("odd"));
        pieces[i] = arena_alloc(a, n);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        memset(pieces[i], (int)(i & 0xff), n);
    }
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        for (size_t j = 0; j < i * 7 % 300; j++)
            assert_int_equal(pieces[i][j], i & 0xff);
    }
}

/* Pieces of every size, each filled with a byte of its own that must still be there at the end. */
static void fill_and_check(struct arena *a)
{
    static const size_t sizes[] = {5000, 60, 24, 300, 900, 40, 1, 900, 900, 900, 2500, 100000};
    unsigned char *pieces[400];

    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        pieces[i] = arena_alloc(a, sizes[i % COUNT_OF(sizes)]);
        memset(pieces[i], (int)(i & 0xff), sizes[i % COUNT_OF(sizes)]);
    }
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        for (size_t j = 0; j < sizes[i % COUNT_OF(sizes)]; j++)
            assert_int_equal(pieces[i][j], i & 0xff);
    }
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

static void large_pieces_get_their_own_chunk(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    char *small = arena_zalloc(a, 10);
    char *large = arena_zalloc(a, 3 << 20);

    (void)state;
    memset(large, 1, 3 << 20);
    memset(arena_alloc(a, 10), 2, 10);
    assert_int_equal(small[0], 0);
    assert_int_equal(large[(3 << 20) - 1], 1);
    assert_true(arena_used(a) >= (3 << 20));
}

static void reset_empties(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();

    (void)state;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 100; i++)
            memset(arena_alloc(a, 500), round, 500);
        assert_int_equal(arena_used(a), 50000);
        arena_reset(a);
        assert_int_equal(arena_used(a), 0);
    }
}

struct note {
    struct calls {
        char order[8];
        size_t n;
    } * calls;
    char name;
};

static void write_down(void *arg)
{
    struct note *note = arg;

    note->calls->order[note->calls->n++] = note->name;
}

static void defer_note(struct arena *a, struct calls *calls, char name)
{
    struct note *note = ARENA_NEW(a, struct note);

    *note = (struct note){calls, name};
    arena_defer(a, write_down, note);
}

static void deferred_calls_run_newest_first(void **state)
{
    struct calls calls = {.n = 0};
    struct arena *a = arena_new();
    struct arena *child;
    struct arena *other;

    (void)state;
    defer_note(a, &calls, '1');
    child = arena_child(a);
    defer_note(child, &calls, '2');
    other = arena_child(a);
    defer_note(other, &calls, '3');
    defer_note(a, &calls, '4');
    arena_free(other); /* before its parent: only once */
    arena_reset(a);
    assert_string_equal(calls.order, "3421");
    defer_note(a, &calls, '5');
    arena_free(a);
    assert_string_equal(calls.order, "34215");
}

static void texts(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    char large[1000];

    (void)state;
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    assert_string_equal(arena_cstr(a, STR_NONE), "");
    assert_string_equal(arena_cstr(a, STR("abc")), "abc");
    assert_string_equal(arena_concat(a, STR("a"), STR_NONE, STR("c")).p, "ac");
    assert_string_equal(arena_printf(a, "%s-%d", "x", 7).p, "x-7");
    assert_int_equal(arena_printf(a, "%s!", large).n, sizeof(large));
}

static void vectors_grow_zeroed(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    VEC(uint32_t) v = {0};

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t *slot = VEC_PUSH(a, &v);

        assert_int_equal(*slot, 0);
        *slot = i;
    }
    assert_int_equal(v.n, 1000);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(v.items[i], i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(pieces_never_overlap),
        cmocka_unit_test(large_pieces_get_their_own_chunk),
        cmocka_unit_test(reset_empties),
        cmocka_unit_test(deferred_calls_run_newest_first),
        cmocka_unit_test(texts),
        cmocka_unit_test(vectors_grow_zeroed),
    };

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
