/*
 * Index definitions: parsed, and their normal form.
 */
#include "unit/fields.h"

static void normal_forms(void **state)
{
    static const struct {
        const char *text, *normal; /* NULL: no index */
    } cases[] = {
        {"create index i3 on ix(a)", "CREATE INDEX `i3` ON `t` (`a`)"},
        {"create unique  index if not exists main.'i1' on foo(a collate nocase asc, [b] DESC) "
         "where a!='' ;",
         "CREATE UNIQUE INDEX IF NOT EXISTS `main`.`i1` ON `t` (\n  `a` COLLATE nocase ASC,\n"
         "  `b` DESC\n) WHERE a!='' ;"},
        {"create index i2 on foo (lower(a), `b`)",
         "CREATE INDEX `i2` ON `t` (\n  lower(a),\n  `b`\n)"},
        {"create index i4 on foo (lower(b))", "CREATE INDEX `i4` ON `t` (lower(b))"},
        {"CREATE INDEX `idx` ON `_mfas` (collectionRef,recordRef)",
         "CREATE INDEX `idx` ON `t` (\n  `collectionRef`,\n  `recordRef`\n)"},
        {"create\tindex\n\"i\"\non\n[x]\n(\n`a`\n)\n", "CREATE INDEX `i` ON `t` (`a`)"},
        {"-- words\ncreate index i on t (a)", "CREATE INDEX `i` ON `t` (`a`)"},
        {"create index i on t (a) where (b > 1) and (c)",
         "CREATE INDEX `i` ON `t` (`a`) WHERE (b > 1) and (c)"},
        {"create index i on t (a, , b,)", "CREATE INDEX `i` ON `t` (\n  `a`,\n  `b`\n)"},
        {"create index i on t (asc desc)", "CREATE INDEX `i` ON `t` (`asc` DESC)"},
        {"create index i on t (a || ',' || b)", "CREATE INDEX `i` ON `t` (a || ',' || b)"},
        {"create index \"my.dot\" on t (a)", "CREATE INDEX `my.dot` ON `t` (`a`)"},
        {"create index main.`my.dot` on t (a)", "CREATE INDEX `main`.`my.dot` ON `t` (`a`)"},
        {"create index a\vb on t (a)", "CREATE INDEX `a\vb` ON `t` (`a`)"},
        {"create index i on t (a collate \"x\")", "CREATE INDEX `i` ON `t` (a collate \"x)"},
        {"create index i on t (replace(a, '\\', ','), b)", NULL},
        {"create index i on t (replace(a, '\\n', ','), b)",
         "CREATE INDEX `i` ON `t` (\n  replace(a, '\\n', ','),\n  `b`\n)"},
        {"create index i on t (replace(a, '\\', '\\'))",
         "CREATE INDEX `i` ON `t` (replace(a, '\\', '\\'))"},
        {"create index [it's] on t (a)", NULL},
        {"create index \"it's\" on t (a)", "CREATE INDEX `it's` ON `t` (`a`)"},
        {"create index on t (a)", NULL},
        {"create index i on t ()", NULL},
        {"create index i on t (a);", NULL},
        {"create index i on t (a) -- c", NULL},
        {"create index i on t (a)where b", NULL},
        {"create table t (a)", NULL},
        {"create index i", NULL},
        {"create index i on", NULL},
        {"create index i on t", NULL},
        {"create index i on t (", NULL},
        {"create", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct schema_index index;
        bool ok = schema_parse_index(a, str_of(cases[i].text), STR("t"), &index);

        if (ok != (cases[i].normal != NULL))
            fail_msg("%s: %s", cases[i].text, ok ? arena_cstr(a, index.normal) : "refused");
        if (ok)
            assert_string_equal(arena_cstr(a, index.normal), cases[i].normal);
    }
}

static void parts(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct schema_index index;

    (void)state;
    assert_true(schema_parse_index(
        a, STR("create unique index x on t (`a` collate NoCase, lower(b)) where a != ''"), STR("t"),
        &index));
    assert_true(index.unique);
    assert_string_equal(arena_cstr(a, index.name), "x");
    assert_int_equal(index.columns.n, 2);
    assert_string_equal(arena_cstr(a, index.columns.items[0]), "a");
    assert_string_equal(arena_cstr(a, index.collations.items[0]), "NOCASE");
    assert_string_equal(arena_cstr(a, index.columns.items[1]), "lower(b)");
    assert_string_equal(arena_cstr(a, index.collations.items[1]), "");
    assert_string_equal(arena_cstr(a, index.where), "a != ''");
}

static void unique_fields(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct schema_col col = {
        .name = STR("t"),
        .indexes_json = STR("[\"create unique index i1 on t (a)\",\"create index i2 on t (b)\","
                            "\"create unique index i3 on t (c collate nocase) where c != ''\","
                            "\"create unique index i4 on t (d, e)\",\"nonsense\","
                            "\"create unique index i5 on t (lower(f))\"]"),
    };
    bool nocase = true;

    (void)state;
    assert_null(schema_read_indexes(a, a, &col));
    assert_int_equal(col.n_indexes, 5);
    assert_true(schema_is_unique(&col, STR("A"), &nocase));
    assert_false(nocase);
    assert_true(schema_is_unique(&col, STR("c"), &nocase));
    assert_true(nocase);
    assert_false(schema_is_unique(&col, STR("b"), NULL));
    assert_false(schema_is_unique(&col, STR("d"), NULL));
    assert_false(schema_is_unique(&col, STR("f"), NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_forms),
        cmocka_unit_test(parts),
        cmocka_unit_test(unique_fields),
    };

    return cmocka_run_group_tests_name("indexes", tests, NULL, NULL);
}
