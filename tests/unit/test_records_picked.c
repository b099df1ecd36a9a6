/*
 * What is written by a picker is, byte for byte, what the picker makes of the whole answer; for
 * fields and expands that are made from a seed, over odd rows.
 */
#include "unit/random_site.h"
#include "unit/site.h"

#include "base/compiler.h"
#include "base/limits.h"

#include <string.h>

/* --- the site --------------------------------------------------------------------------------- */

/* A field of each kind, and a name with what has a meaning in a path. */
static const char every_fields[] =
    "[{\"id\":\"f0\",\"name\":\"id\",\"type\":\"text\",\"primaryKey\":true,\"required\":true,"
    "\"system\":true,\"min\":1,\"max\":99,\"pattern\":\"\"}"
    ",{\"id\":\"f1\",\"name\":\"t\",\"type\":\"text\"}"
    ",{\"id\":\"f2\",\"name\":\"n\",\"type\":\"number\"}"
    ",{\"id\":\"f3\",\"name\":\"b\",\"type\":\"bool\"}"
    ",{\"id\":\"f4\",\"name\":\"j\",\"type\":\"json\"}"
    ",{\"id\":\"f5\",\"name\":\"geo\",\"type\":\"geoPoint\"}"
    ",{\"id\":\"f6\",\"name\":\"d\",\"type\":\"date\"}"
    ",{\"id\":\"f7\",\"name\":\"mail\",\"type\":\"email\"}"
    ",{\"id\":\"f8\",\"name\":\"link\",\"type\":\"url\"}"
    ",{\"id\":\"f9\",\"name\":\"html\",\"type\":\"editor\"}"
    ",{\"id\":\"f10\",\"name\":\"secret\",\"type\":\"text\",\"hidden\":true}"
    ",{\"id\":\"f11\",\"name\":\"s\",\"type\":\"select\",\"maxSelect\":1,\"values\":[\"a\",\"b\"]}"
    ",{\"id\":\"f12\",\"name\":\"m\",\"type\":\"select\",\"maxSelect\":3,\"values\":[\"a\",\"b\"]}"
    ",{\"id\":\"f13\",\"name\":\"j.a\",\"type\":\"text\"}"
    ",{\"id\":\"f14\",\"name\":\"zz\",\"type\":\"json\"}"
    ",{\"id\":\"f15\",\"name\":\"one\",\"type\":\"relation\",\"maxSelect\":1,\"collectionId\":\"c_q0\"}"
    ",{\"id\":\"f16\",\"name\":\"lot\",\"type\":\"relation\",\"maxSelect\":9,\"collectionId\":\"c_every\"}]";

static const char every_table[] =
    "CREATE TABLE every (id TEXT PRIMARY KEY NOT NULL, t, n, b, j, geo, d, mail, link, html, "
    "secret, s, m, \"j.a\", zz, one, lot)";

static const char *const documents[] = {
    "NULL",
    "''",
    "'{\"b\": 1, \"a\": {\"b\": [1.50, 1e2], \"c\": \"\\u0041\\/<p>x</p>\"}, \"b\": 2}'",
    "'[{\"a\": {\"b\": 1}, \"c\": 2}, {\"c\": 3}, 4, [{\"a\": 1}]]'",
    "'[1, {\"a\": 1}]'",
    "'{\"a.b\": 1, \"a\": {\"x.y\": 2}, \"*\": 3, \"\": 4}'",
    "'\"<b>a text</b> <p>of some length</p>\"'",
    "'1e999'",
    "'-0.0'",
    "'12345678901234567890'",
    "'true'",
    "'broken {'",
    "'\"\\ud800\"'",
    "CAST(x'22ff6122' AS TEXT)",
    "CAST(x'ffff61623c623e63643c2f623e' AS TEXT)", /* \xff\xffab<b>cd</b> */
    "7",
    "1.5",
};

static void add_every(void)
{
    AUTO_BUF struct buf sql;

    buf_init(&sql, 64 * KIB);
    site_exec(every_table);
    buf_addf(&sql,
             "INSERT INTO _collections (id, system, type, name, indexes, listRule, viewRule, "
             "createRule, updateRule, deleteRule, options, fields) VALUES ('c_every', 0, 'base', "
             "'every', '[]', '', '', '', '', '', '{}', '%s')",
             every_fields);
    site_exec(sql.p);
    for (size_t i = 0; i < COUNT_OF(documents); i++) {
        buf_reset(&sql);
        buf_addf(&sql,
                 "INSERT INTO every VALUES ('e%zu', %s, %zu.25, %zu, %s, "
                 "'{\"lat\":%zu.5,\"lon\":2}', '2024-01-02 03:04:05.6Z', 'a@example.com', "
                 "'https://example.com/<i>', '<p>some &amp; more</p><script>no</script> text', "
                 "'psst', 'a', '[\"a\",\"b\"]', '<i>dotted</i> name', %s, 'q0_%zu', "
                 "'[\"e%zu\",\"gone\",\"e0\"]')",
                 i, documents[i], i, i % 2, documents[i], i,
                 documents[(i + 5) % COUNT_OF(documents)], i % 4, (i + 1) % COUNT_OF(documents));
        site_exec(sql.p);
    }
    site_reload();
}

/* --- what is asked for ------------------------------------------------------------------------ */

static const char *const names[] = {"*",
                                    "id",
                                    "t",
                                    "n",
                                    "b",
                                    "j",
                                    "j",
                                    "geo",
                                    "d",
                                    "mail",
                                    "link",
                                    "html",
                                    "secret",
                                    "s",
                                    "m",
                                    "j.a",
                                    "zz",
                                    "one",
                                    "lot",
                                    "own",
                                    "kin",
                                    "user",
                                    "f",
                                    "two",
                                    "collectionId",
                                    "collectionName",
                                    "nope",
                                    "t:excerpt(4,true)",
                                    "*:excerpt(4,true)",
                                    "",
                                    "name",
                                    "*",
                                    "email",
                                    "i"};
static const char *const deeper[] = {".a",   ".b",   ".a.b", ".*",  ".lat", ".lon.x",
                                     ".x.y", ".a.c", ".",    ".c.", ".nope"};
static const char *const modifiers[] = {":excerpt(3)", ":excerpt(4,true)", ":excerpt(100)",
                                        ":excerpt(0)", ":nope"};
static const char *const branches[] = {
    "one",         "lot",        "own",        "two",     "kin",           "user",
    "uniq",        "lot.one",    "lot.lot",    "one.own", "own.own",       "own.lot",
    "lot.lot.one", "q0_via_one", "q1_via_lot", "nope",    "every_via_lot", "every_via_one.lot",
    "kin.user",    "user.nope"};

static const char *one_of(struct random_site *gen, const char *const *list, size_t n)
{
    return list[random_site_below(gen, (unsigned)n)];
}
#define ONE_OF(gen, list) one_of((gen), (list), COUNT_OF(list))

static bool chance(struct random_site *gen, unsigned percent)
{
    return random_site_below(gen, 100) < percent;
}

static void write_path(struct random_site *gen, struct buf *out)
{
    for (unsigned depth = 0; depth < 3 && chance(gen, 35); depth++) {
        BUF_ADD(out, "expand");
        if (chance(gen, 10))
            return;
        buf_addf(out, ".%s.", chance(gen, 10) ? "*" : ONE_OF(gen, branches));
    }
    buf_addf(out, "%s", ONE_OF(gen, names));
    if (chance(gen, 30))
        buf_addf(out, "%s", ONE_OF(gen, deeper));
    if (chance(gen, 15))
        buf_addf(out, "%s", ONE_OF(gen, modifiers));
}

static struct str make_fields(struct arena *a, struct random_site *gen)
{
    AUTO_BUF struct buf out;

    buf_init(&out, 64 * KIB);
    if (chance(gen, 4))
        return STR("  "); /* everything, written anew */
    for (unsigned n = 1 + random_site_below(gen, 5), i = 0; i < n; i++) {
        if (i > 0)
            BUF_ADD(&out, ", ");
        write_path(gen, &out);
    }
    return arena_dup(a, buf_str(&out));
}

static struct str make_expand(struct arena *a, struct random_site *gen)
{
    AUTO_BUF struct buf out;

    buf_init(&out, 64 * KIB);
    for (unsigned n = random_site_below(gen, 5), i = 0; i < n; i++)
        buf_addf(&out, "%s%s", i > 0 ? "," : "", ONE_OF(gen, branches));
    return arena_dup(a, buf_str(&out));
}

/* --- the comparison --------------------------------------------------------------------------- */

struct question {
    const struct schema_col *col;
    struct str id; /* n 0: a list */
    struct str expand;
};

static struct err *answer(struct arena *a, struct db_conn *conn, const struct question *q,
                          const struct query_picker *picker, struct buf *out)
{
    const struct rec_list_params params = {.expand = q->expand, .picker = picker};

    if (q->id.n > 0)
        return rec_view(a, conn, &site.actor, q->col, q->id, q->expand, picker, out);
    return rec_list(a, conn, &site.actor, q->col, &params, out);
}

static void check(struct arena *a, struct db_conn *conn, const struct question *q,
                  struct str fields, unsigned *n_checked)
{
    AUTO_BUF struct buf whole, after, written;
    struct query_picker *picker;
    struct err *err;

    buf_init(&whole, 16 * MIB);
    buf_init(&after, 16 * MIB);
    buf_init(&written, 16 * MIB);
    if (query_picker_parse(a, fields, &picker) || !picker)
        return;
    err = answer(a, conn, q, NULL, &whole);
    if (err) {
        assert_non_null(answer(a, conn, q, picker, &written));
        return;
    }
    site_ok(answer(a, conn, q, picker, &written));
    site_ok(query_pick(a, picker, buf_str(&whole), &after));
    if (!str_eq(buf_str(&after), buf_str(&written)))
        print_error("%.*s: fields=%.*s expand=%.*s\n", STR_ARG(q->col->name), STR_ARG(fields),
                    STR_ARG(q->expand));
    assert_string_equal(written.p, after.p);
    (*n_checked)++;
}

static struct question make_question(struct arena *a, struct random_site *gen)
{
    static const char *const cols[] = {"every", "every", "every", "q0",  "q1",
                                       "q2",    "posts", "users", "pins"};
    struct question q = {.col = site_col(ONE_OF(gen, cols)), .expand = make_expand(a, gen)};

    if (chance(gen, 30) && str_eq(q.col->name, STR("every")))
        q.id = arena_printf(a, "e%u", random_site_below(gen, COUNT_OF(documents)));
    else if (chance(gen, 30))
        q.id = arena_printf(a, "%.*s_1", STR_ARG(q.col->name));
    return q;
}

#define QUESTIONS 400

static unsigned try_seed(uint64_t seed)
{
    struct random_site gen;
    struct db_conn *conn;
    unsigned n_checked = 0;

    random_site_add(&gen, seed);
    add_every();
    site_rule("users", "listRule", "");
    site_rule("users", "viewRule", "");
    if (chance(&gen, 50))
        site_rule("users", "manageRule", "name = 'b'");
    site_act(chance(&gen, 30) ? "super" : chance(&gen, 50) ? "user0000000000a" : NULL);
    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    for (unsigned i = 0; i < QUESTIONS; i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct question q = make_question(a, &gen);

        check(a, conn, &q, make_fields(a, &gen), &n_checked);
    }
    db_read_end(conn);
    return n_checked;
}

static void written_by_a_picker_or_picked_after(void **state)
{
    unsigned n_checked = 0;

    for (uint64_t seed = 1; seed <= 6; seed++) {
        assert_int_equal(site_setup(state), 0);
        n_checked += try_seed(seed);
        assert_int_equal(site_teardown(state), 0);
    }
    assert_in_range(n_checked, 1000, 6 * QUESTIONS);
}

/* --- what is not asked for -------------------------------------------------------------------- */

/* The whole answer would not fit. */
static void what_is_not_picked_is_not_written(void **state)
{
    static const char *const fields[] = {"id", "id,html:excerpt(5)", "id,expand.lot.id"};

    assert_int_equal(site_setup(state), 0);
    add_every();
    site_exec("UPDATE every SET html = printf('%.*c', 100000, 'x')");
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        struct rec_list_params params = {.expand = STR("lot")};
        AUTO_BUF struct buf out;
        struct query_picker *picker;
        struct db_conn *conn;

        buf_init(&out, 64 * KIB);
        site_ok(db_reader(site.a, site.db, &conn));
        site_ok(db_read_begin(site.a, conn));
        assert_non_null(rec_list(site.a, conn, &site.actor, site_col("every"), &params, &out));
        site_ok(query_picker_parse(site.a, str_of(fields[i]), &picker));
        params.picker = picker;
        buf_reset(&out);
        site_ok(rec_list(site.a, conn, &site.actor, site_col("every"), &params, &out));
        db_read_end(conn);
        site_has(out.p, "{\"items\":[{");
    }
    assert_int_equal(site_teardown(state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_by_a_picker_or_picked_after),
        cmocka_unit_test(what_is_not_picked_is_not_written),
    };

    return cmocka_run_group_tests_name("records_picked", tests, NULL, NULL);
}
