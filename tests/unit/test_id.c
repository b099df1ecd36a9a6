#include "unit/unit.h"

#include "base/id.h"

#include <string.h>

static void texts_use_their_alphabet(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    unsigned seen[256] = {0};

    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct str id = random_text(a, ID_LEN, ALPHABET_ID);

        assert_int_equal(id.n, ID_LEN);
        for (size_t j = 0; j < id.n; j++)
            seen[(unsigned char)id.p[j]]++;
    }
    for (unsigned c = 0; c < 256; c++) {
        bool expected = c && memchr(ALPHABET_ID.p, (int)c, ALPHABET_ID.n);

        assert_int_equal(seen[c] > 0, expected);
        if (expected) /* 833 each on average, with a deviation of 28 */
            assert_in_range(seen[c], 600, 1100);
    }
    assert_int_equal(random_text(a, 0, ALPHABET_ID).n, 0);
}

static void numbers_stay_below(void **state)
{
    bool seen[7] = {false};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint32_t n = random_below(7);

        assert_in_range(n, 0, 6);
        seen[n] = true;
        assert_int_equal(random_below(1), 0);
    }
    for (size_t i = 0; i < 7; i++)
        assert_true(seen[i]);
}

static void bytes_do_not_repeat(void **state)
{
    unsigned char first[16], second[16], large[1000] = {0};
    size_t zeros = 0;

    (void)state;
    random_bytes(first, sizeof(first));
    random_bytes(second, sizeof(second));
    assert_memory_not_equal(first, second, sizeof(first));
    random_bytes(large, sizeof(large));
    for (size_t i = 0; i < sizeof(large); i++)
        zeros += large[i] == 0;
    assert_true(zeros < 40);
}

static void checksums(void **state)
{
    (void)state;
    assert_int_equal(crc32_ieee(STR("id")), 3208210256U);
    assert_int_equal(crc32_ieee(STR("password")), 901924565U);
    assert_int_equal(crc32_ieee(STR("")), 0);
    assert_int_equal(crc32_ieee(STR("123456789")), 0xcbf43926U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_use_their_alphabet), cmocka_unit_test(numbers_stay_below),
        cmocka_unit_test(bytes_do_not_repeat), cmocka_unit_test(checksums)};

    return cmocka_run_group_tests_name("id", tests, NULL, NULL);
}
