/* gzip: what it held, exactly; nothing of what is damaged, cut, or of another length. */
#include "unit/unit.h"

#include "base/inflate.h"

#include <string.h>

#define TEXT "hello hello hello hello\n"
#define N (sizeof(TEXT) - 1)

/* TEXT, at level 9. */
static const unsigned char packed[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9,
    0x57, 0xc8, 0x40, 0x27, 0xb9, 0x00, 0x00, 0x88, 0x59, 0x0b, 0x18, 0x00, 0x00, 0x00,
};

static struct str part(size_t n)
{
    return (struct str){(const char *)packed, n};
}

static void it_is_what_it_was(void **state)
{
    char to[N];

    (void)state;
    assert_true(gzip_unpack(part(sizeof(packed)), to, N));
    assert_memory_equal(to, TEXT, N);
}

static void of_another_length_it_is_refused(void **state)
{
    char to[N + 1];

    (void)state;
    assert_false(gzip_unpack(part(sizeof(packed)), to, N - 1));
    assert_false(gzip_unpack(part(sizeof(packed)), to, N + 1));
    assert_false(gzip_unpack(part(sizeof(packed)), to, 0));
}

static void cut_anywhere_it_is_refused(void **state)
{
    char to[N];

    (void)state;
    for (size_t n = 0; n < sizeof(packed); n++)
        assert_false(gzip_unpack(part(n), to, N));
}

/* The header's time, flags of the system and the like do not count. */
static void damaged_it_is_refused_or_the_same(void **state)
{
    char to[N];

    (void)state;
    for (size_t at = 0; at < sizeof(packed); at++) {
        char damaged[sizeof(packed)];

        memcpy(damaged, packed, sizeof(packed));
        damaged[at] = (char)(damaged[at] ^ 0x10);
        if (gzip_unpack((struct str){damaged, sizeof(damaged)}, to, N)) {
            assert_true(at < 10);
            assert_memory_equal(to, TEXT, N);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_what_it_was),
        cmocka_unit_test(of_another_length_it_is_refused),
        cmocka_unit_test(cut_anywhere_it_is_refused),
        cmocka_unit_test(damaged_it_is_refused_or_the_same),
    };

    return cmocka_run_group_tests_name("inflate", tests, NULL, NULL);
}
