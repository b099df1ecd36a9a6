/*
 * Whatever a cell or a body holds: no type crashes on it, and what is written is valid JSON.
 */
#include "unit/fields.h"

static const char *const definitions[] = {
    "\"type\":\"text\",\"pattern\":\"^(a|b)*$\"",
    "\"type\":\"editor\"",
    "\"type\":\"number\",\"min\":1",
    "\"type\":\"bool\"",
    "\"type\":\"email\"",
    "\"type\":\"url\"",
    "\"type\":\"date\"",
    "\"type\":\"autodate\"",
    "\"type\":\"select\",\"values\":[\"a\"],\"maxSelect\":3",
    "\"type\":\"select\",\"values\":[\"a\"]",
    "\"type\":\"file\",\"maxSelect\":3",
    "\"type\":\"relation\",\"collectionId\":\"x\"",
    "\"type\":\"json\"",
    "\"type\":\"geoPoint\"",
    "\"type\":\"password\"",
};

static const char *const seeds[] = {
    "[\"a\",\"b\\u00e9\",null,[1]]",
    "{\"lon\":1.5,\"lat\":-2e1,\"x\":{\"y\":[1,2,\"\\\\\\\"\"]}}",
    "{\"lat\":\"\\",
    "2024-02-29 23:59:59.999Z",
    "http://user:pw@[::1%25eth0]:80/a%20b?c#d",
    "\"a b\"@ex-am.ple.com.",
    "0x1_0p4",
    "\"\\ud83d\\ude00\\ud800\"",
    "\xf0\x9f\x98\x80\xe2\x80\xa8\xc3\xa9\x7f",
    "-12345678901234567890.5e-300",
};

static void try_text(struct arena *a, const struct schema_field *field, struct str text)
{
    const struct json in = {.type = JSON_TEXT, .text = text};
    struct db_value cell = DB_V_TEXT(text);
    AUTO_BUF struct buf out;
    struct value value = field->type->accept(a, field, &in);
    struct err *err = NULL;
    struct json seen;

    buf_init(&out, 1024 * 1024);
    field->type->check(a, field, &value, &err);
    (void)field->type->store(a, field, &value);
    seen = field_value_json(a, field, &value);
    json_write(&out, &seen, true);
    assert_true(json_valid(buf_str(&out), &json_limits_stored));
    value = field->type->load(a, field, cell);
    assert_true(field_value_eq(&value, &value));
    buf_reset(&out);
    field->type->write(a, &out, field, cell);
    if (!json_valid(buf_str(&out), &json_limits_stored))
        fail_msg("%.*s: written as %s", STR_ARG(text), out.p);
}

/* Every seed cut at both ends, and with each byte replaced by some that mean something. */
static void mutated_texts(void **state)
{
    static const char bytes[] = "\0\"\\[]{}:,@\xff\xc3 9";

    (void)state;
    for (size_t d = 0; d < COUNT_OF(definitions); d++) {
        AUTO(arena_free) struct arena *a = arena_new();
        AUTO(arena_free) struct arena *scratch = arena_new();
        const struct schema_field *field = make_field(a, definitions[d]);

        for (size_t s = 0; s < COUNT_OF(seeds); s++) {
            struct str seed = str_of(seeds[s]);

            for (size_t i = 0; i < seed.n; i++) {
                /* its own allocation, so that reading past it is seen */
                char *copy = test_malloc(seed.n);

                memcpy(copy, seed.p, seed.n);
                try_text(scratch, field, (struct str){copy + i, seed.n - i});
                try_text(scratch, field, (struct str){copy, i});
                for (size_t b = 0; b < sizeof(bytes) - 1; b++) {
                    copy[i] = bytes[b];
                    try_text(scratch, field, (struct str){copy, seed.n});
                }
                test_free(copy);
                arena_reset(scratch);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mutated_texts)};

    return cmocka_run_group_tests_name("field_hostile", tests, NULL, NULL);
}
