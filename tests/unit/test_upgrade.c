/*
 * An upgrade from before v0.39: what becomes of indexes that were made by hand, and of views.
 */
#include "unit/data.h"

#include "schema/internal.h"

#define MEMBERS                                                                                   \
    "INSERT INTO _collections (id, name, type, fields, indexes) VALUES ('c_members', 'members', " \
    "'base', '[{\"id\":\"t1\",\"name\":\"id\",\"type\":\"text\",\"system\":true,"                 \
    "\"primaryKey\":true,\"required\":true,\"pattern\":\"^[a-z0-9]+$\"},"                         \
    "{\"id\":\"t2\",\"name\":\"nick\",\"type\":\"text\"},"                                        \
    "{\"id\":\"t3\",\"name\":\"n\",\"type\":\"number\"}]', "                                      \
    "'[\"create index listed on members (n)\"]')"

/* A directory with a collection, set back to before the migration. */
static void old_open(struct data *data)
{
    data_open(data);
    DATA_EXEC(data, "CREATE TABLE members (id TEXT PRIMARY KEY, nick TEXT, n NUMERIC)", MEMBERS,
              "CREATE INDEX listed ON members (n)",
              "DELETE FROM _migrations WHERE file = '1778828400_normalize_indexes.go'");
}

static struct err *upgrade(struct data *data)
{
    struct schema_bootstrap in = {.now_ms = DATA_NOW_MS,
                                  .settings_json =
                                      settings_default_json(data->a, SETTINGS_POCKETBASE)};
    struct db_lease lease = {0};

    return db_run_leased(data->a, data->db, &lease, schema_bootstrap_data, &in, NULL);
}

#define TEXT_OF "SELECT coalesce(max(sql), '(gone)') FROM sqlite_schema WHERE name = "
#define LAST_LISTED \
    "SELECT json_extract(indexes, '$[#-1]') FROM _collections WHERE name = 'members'"

static void kept(void **state)
{
    static const struct {
        const char *sql, *name, *text;
    } cases[] = {
        {"CREATE UNIQUE INDEX \"i1\" ON members (\"nick\")", "'i1'",
         "CREATE UNIQUE INDEX `i1` ON `members` (`nick`)"},
        {"create index [a-b]\non MEMBERS (nick\tcollate NoCase  desc, n)", "'a-b'",
         "CREATE INDEX `a-b` ON `members` (\n  `nick` COLLATE NoCase DESC,\n  `n`\n)"},
        {"create index main.'select' on members (lower(nick)) where nick != ') WHERE ('",
         "'select'", "CREATE INDEX `select` ON `members` (lower(nick)) WHERE nick != ') WHERE ('"},
        {"create index if not exists \"É\" on members (nick /* c */) where n > 1 -- c\n or n < 0",
         "'É'", "CREATE INDEX `É` ON `members` (nick /* c */) WHERE n > 1 -- c\n or n < 0"},
        {"create index \"a\vb\" on members (nick) where nick = '[[x]]'", "'a' || char(11) || 'b'",
         "CREATE INDEX `a\vb` ON `members` (`nick`) WHERE nick = '[[x]]'"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct data data;
        const char *text;

        old_open(&data);
        DATA_EXEC(&data, cases[i].sql);
        no_err(upgrade(&data));
        text = arena_cstr(data.a, arena_printf(data.a, TEXT_OF "%s", cases[i].name));
        assert_string_equal(data_text(&data, text), cases[i].text);
        assert_string_equal(data_text(&data, LAST_LISTED), cases[i].text);
        data_close(&data);
    }
}

/* What is stored, all of it. */
static const char *everything(struct data *data)
{
    return data_text(data, "SELECT (SELECT group_concat(name || coalesce(sql, '')) "
                           "FROM sqlite_schema) || (SELECT group_concat(name || indexes || fields "
                           "|| updated) FROM _collections) || (SELECT group_concat(file || "
                           "applied) FROM _migrations)");
}

static void refused(void **state)
{
    static const struct {
        const char *sql, *why;
    } cases[] = {
        {"CREATE UNIQUE INDEX \"my index\" ON members (nick)", "the index \"my index\""},
        {"CREATE UNIQUE INDEX \"my.dot\" ON members (nick)", "the index \"my.dot\""},
        {"CREATE INDEX \"my.listed\" ON members (nick)", "the index \"my.listed\""},
        {"CREATE INDEX [my.dot] ON members (nick)", "DROP INDEX `my.dot`"},
        {"CREATE INDEX \"a\nb\" ON members (nick)", "the index \"a b\""},
        {"CREATE INDEX \"a\"\"b\" ON members (nick)", "the index \"a\"b\""},
        {"CREATE INDEX \"a`b\" ON members (nick)", "DROP INDEX `a``b`"},
        {"CREATE INDEX \"[x]\" ON members (nick)", "the index \"[x]\""},
        {"CREATE INDEX \"a(b\" ON members (nick)", "the index \"a(b\""},
        {"CREATE INDEX w ON members (nick) /* c */ WHERE n > 1", "the index \"w\""},
        {"CREATE INDEX w ON members (nick)WHERE n > 1", "the index \"w\""},
        {"CREATE INDEX w ON members (nick) WHERE nick = '{:x}'", "the index \"w\""},
        {"CREATE INDEX e ON members (nick||n)", "no such column: nick||n"},
        {"CREATE INDEX c ON members (nick COLLATE \"NOCASE\")", "the index \"c\""},
        {"UPDATE _collections SET indexes = '[\"nonsense\"]' WHERE name = 'members'",
         "the index \"nonsense\""},
        {"UPDATE _collections SET fields = replace(fields, 'nick', 'a b') WHERE name = 'members'",
         "fields.1.name"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct data data;
        const char *before;
        struct err *err;

        old_open(&data);
        DATA_EXEC(&data, cases[i].sql);
        before = everything(&data);
        err = upgrade(&data);
        if (!err || !str_has(err->cause, str_of(cases[i].why)) ||
            !str_has(err->cause, STR("collection members")) || str_has(err->cause, STR("\n")))
            fail_msg("%s: %.*s", cases[i].sql, STR_ARG(err ? err->cause : STR("upgraded")));
        assert_string_equal(everything(&data), before);
        data_close(&data);
    }
}

static void same_ones_go(void **state)
{
    struct data data;

    (void)state;
    old_open(&data);
    DATA_EXEC(&data, "CREATE INDEX again ON members ([n])", "CREATE INDEX x1 ON members (nick)",
              "CREATE INDEX x2 ON members (\"nick\")",
              "CREATE UNIQUE INDEX mail ON users (email COLLATE NOCASE)");
    no_err(upgrade(&data));
    assert_string_equal(data_text(&data, "SELECT group_concat(name) FROM sqlite_schema "
                                         "WHERE name IN ('listed', 'again', 'x1', 'x2', 'mail')"),
                        "listed,x1");
    assert_string_equal(
        data_text(&data, "SELECT indexes FROM _collections WHERE name = 'members'"),
        "[\"create index listed on members (n)\",\"CREATE INDEX `x1` ON `members` (`nick`)\"]");
    data_close(&data);
}

/* Indexes of tables that are no collection's, or the system's. */
static void others_are_left_alone(void **state)
{
    struct data data;

    (void)state;
    old_open(&data);
    DATA_EXEC(&data, "CREATE TABLE other (x)", "CREATE INDEX \"an other\" ON other (x)",
              "CREATE INDEX \"a system's\" ON _mfas (method)");
    no_err(upgrade(&data));
    assert_string_equal(data_text(&data, "SELECT count(*) FROM sqlite_schema "
                                         "WHERE name IN ('an other', 'a system''s')"),
                        "2");
    data_close(&data);
}

static void views_are_followed(void **state)
{
    struct data data;

    (void)state;
    old_open(&data);
    DATA_EXEC(&data,
              "CREATE VIEW counts AS SELECT * FROM (select nick as id, count(id) as total from "
              "members group by nick)",
              "INSERT INTO _collections (id, name, type, fields, indexes, options) VALUES ('c_v', "
              "'counts', 'view', '[{\"id\":\"v1\",\"name\":\"id\",\"type\":\"text\","
              "\"system\":true,\"primaryKey\":true,\"required\":true},{\"id\":\"v2\",\"name\":"
              "\"total\",\"type\":\"number\"}]', '[]', '{\"viewQuery\":\"select nick as id, "
              "count(id) as total from members group by nick\"}')");
    no_err(upgrade(&data));
    assert_string_equal(data_text(&data, "SELECT json_extract(fields, '$[1].onlyInt') "
                                         "FROM _collections WHERE name = 'counts'"),
                        "1");
    data_close(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept),
        cmocka_unit_test(refused),
        cmocka_unit_test(same_ones_go),
        cmocka_unit_test(others_are_left_alone),
        cmocka_unit_test(views_are_followed),
    };

    return cmocka_run_group_tests_name("upgrade", tests, NULL, NULL);
}
