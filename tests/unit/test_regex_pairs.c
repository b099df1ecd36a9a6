/*
 * What PocketBase 0.40.6 says of each pattern and text in tests/fixtures/regex_pairs.json, which
 * tools/regex_table.py writes. The table is right where the two differ.
 */
#include "unit/unit.h"

#include "base/json.h"
#include "base/regex.h"

#include <stdio.h>

#define TABLE "tests/fixtures/regex_pairs.json"
#define MAX_TABLE_BYTES (16 << 20)
#define ROUNDS 2 /* the second meets what the first has left: compiled code, caches */

/* Code points that are newer than Unicode 15, or fold to one that is: the library's tables may be
 * older than PocketBase's. */
static const uint32_t newer[] = {0x0264, 0x088f, 0x1c89, 0x1c8a, 0x1fd3,  0x2ffc,
                                 0xa7cb, 0xa7ce, 0xa7cf, 0xfb06, 0x10940, 0x1fae9};

static bool is_newer(struct str text)
{
    while (text.n) {
        uint32_t code = 0;

        text = str_from(text, utf8_decode(text, &code));
        for (size_t i = 0; i < COUNT_OF(newer); i++)
            if (code == newer[i])
                return true;
    }
    return false;
}

/* Upstream, cased letters that are asked for by this name do not fold; these are three texts. */
static bool is_known(struct str pattern, struct str text)
{
    return is_newer(text) || (str_has(pattern, STR("(?i)")) && str_has(pattern, STR("{LC}")));
}

static const struct json *read_table(struct arena *a)
{
    const struct json *table;
    struct json_fault fault;
    char *text = arena_alloc(a, MAX_TABLE_BYTES);
    FILE *f = fopen(TABLE, "rb");
    size_t n;

    if (!f)
        fail_msg("%s is not there; tests run in the checkout", TABLE);
    n = fread(text, 1, MAX_TABLE_BYTES, f);
    assert_true(n < MAX_TABLE_BYTES);
    assert_int_equal(fclose(f), 0);
    if (!json_read(a, (struct str){text, n}, &json_limits_strict, &table, &fault))
        fail_msg("%s: %s at byte %zu", TABLE, fault.what, fault.byte);
    return table;
}

/* Says which texts the matcher gets wrong; how many. `want` has a '0' or '1' a text. */
static size_t count_wrong(const struct json *texts, struct str pattern, struct str want)
{
    AUTO(arena_free) struct arena *a = arena_new();
    AUTO_BUF struct buf quoted;
    struct str why = STR_NONE;
    struct regex *re;
    size_t wrong = 0;

    buf_init(&quoted, 6 * pattern.n + 2);
    json_write_text(&quoted, pattern);
    if (!regex_compile(a, pattern, &re, &why)) {
        print_message("%s: refused, %s\n", quoted.p, arena_cstr(a, why));
        return want.n;
    }
    for (int round = 0; round < ROUNDS && wrong == 0; round++) {
        for (uint32_t i = 0; i < texts->n; i++) {
            struct str text = texts->items[i].text;

            if (regex_match(re, text) == (want.p[i] == '1') || is_known(pattern, text))
                continue;
            print_message("%s: text %u should%s match\n", quoted.p, i,
                          want.p[i] == '1' ? "" : " not");
            wrong++;
        }
    }
    return wrong;
}

/* Its memory is free again when the test fails. */
static size_t count_all_wrong(void)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const struct json *table = read_table(a);
    const struct json *texts = json_get(table, STR("texts"));
    const struct json *patterns = json_get(table, STR("patterns"));
    size_t wrong = 0;

    assert_true(texts && patterns && texts->n > 0 && patterns->n > 0);
    for (uint32_t i = 0; i < patterns->n; i++) {
        const struct json *row = &patterns->items[i];

        assert_int_equal(row->n, 2);
        assert_int_equal(row->items[1].text.n, texts->n);
        wrong += count_wrong(texts, row->items[0].text, row->items[1].text);
    }
    return wrong;
}

static void pairs_match_as_in_pocketbase(void **state)
{
    size_t wrong = count_all_wrong();

    (void)state;
    if (wrong)
        fail_msg("%zu answers differ from PocketBase's", wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pairs_match_as_in_pocketbase)};

    return cmocka_run_group_tests_name("regex_pairs", tests, NULL, NULL);
}
