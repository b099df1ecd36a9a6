/*
 * Changes of collections while the engine fails at its first, second, third … call: table, indexes,
 * rows and definition are all old or all new, and a failure is told as one.
 */
#include "engine/engine.h"
#include "engine/fault.h"

#include "schema/define.h"
#include "settings/settings.h"

#define NOW_MS INT64_C(1767225600123)
#define DUMP_MAX (4 * 1024 * 1024)

/* One change: of the collection `name`, or a new one (NULL); body NULL: it is dropped. Before the
 * sweep, a name that is empty says that the body is SQL. */
struct change {
    const char *name;
    const char *body;
};

struct swept {
    const char *what;
    const struct change *before; /* ended by an empty one */
    struct change change;
    bool refused; /* by the database itself, at every try */
};

/* --- one change, as a unit ------------------------------------------------------------------ */

struct unit_in {
    const struct schema *schema;
    const struct change *change;
};

static bool every_rule(void *user, struct arena *a, const struct schema *with,
                       const struct schema_col *col, struct str rule, struct str *ret_why)
{
    (void)user;
    (void)a;
    (void)with;
    (void)col;
    (void)rule;
    (void)ret_why;
    return true;
}

static struct schema_def *definition(struct arena *a, const struct unit_in *in,
                                     const struct schema_col *old)
{
    const struct json *body;
    struct schema_def *def;
    struct str why;

    assert_true(json_read(a, str_of(in->change->body), &json_limits_stored, &body, NULL));
    def = old ? schema_def_of(a, old)
              : schema_def_new(a, json_get(body, STR("type"))->text,
                               json_get(body, STR("name"))->text);
    assert_true(schema_def_merge(a, def, body, &why));
    schema_def_finish(a, def, in->schema, old, NOW_MS);
    return def;
}

static struct err *save(struct arena *a, struct db_conn *tx, const struct unit_in *in,
                        const struct schema_col *old)
{
    struct schema_def *def = definition(a, in, old);
    struct schema_check check = {
        .schema = in->schema, .old = old, .def = def, .compiles = every_rule};
    struct str select = STR_NONE;
    struct err *err = NULL;
    bool whole;

    if (str_eq(def->type, STR("view")))
        err = schema_infer_view(a, tx, in->schema, def, &select, &check.view_why);
    check.col = schema_def_col(a, def, &whole);
    if (!err)
        err = schema_check_def(a, tx, &check);
    return err ? err : schema_save(a, tx, old, check.col, select, NULL);
}

static struct err *run_change(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct unit_in *it = in;
    const struct schema_col *old =
        it->change->name ? schema_find(it->schema, str_of(it->change->name)) : NULL;

    (void)ret_out;
    if (!it->change->body)
        return schema_drop(a, tx, it->schema, old, NULL);
    return save(a, tx, it, old);
}

/* --- what there is -------------------------------------------------------------------------- */

static struct db_conn *reader(struct bench *b)
{
    struct db_conn *conn;

    assert_ok(db_reader(b->a, b->db, &conn));
    return conn;
}

static struct schema *load(struct bench *b)
{
    struct db_conn *conn = reader(b);
    struct schema *schema;

    assert_ok(db_read_begin(b->a, conn));
    assert_ok(schema_load(b->a, conn, &schema));
    db_read_end(conn);
    return schema;
}

static void dump_rows(struct bench *b, struct db_conn *conn, struct str table, struct buf *out)
{
    struct str sql = arena_printf(b->a, "SELECT * FROM `%.*s`", STR_ARG(table));
    AUTO(db_release) struct db_stmt *stmt = NULL;
    bool row = true;

    assert_ok(db_prepare(b->a, conn, sql, &stmt));
    for (;;) {
        assert_ok(db_step(b->a, stmt, &row));
        if (!row)
            return;
        for (unsigned i = 0; i < db_columns(stmt); i++) {
            buf_add(out, db_column_text(stmt, i));
            BUF_ADD(out, "|");
        }
        BUF_ADD(out, "\n");
    }
}

/* Every table, view, index and row. */
static struct str dump(struct bench *b)
{
    struct db_conn *conn = reader(b);
    struct db_table_indexes indexes;
    struct db_tables tables;
    struct buf out;
    struct str text;

    buf_init(&out, DUMP_MAX);
    assert_ok(db_read_begin(b->a, conn));
    assert_ok(db_list_tables(b->a, conn, &tables));
    for (size_t i = 0; i < tables.n; i++) {
        buf_add(&out, tables.items[i].sql);
        BUF_ADD(&out, "\n");
        dump_rows(b, conn, tables.items[i].name, &out);
    }
    assert_ok(db_list_indexes(b->a, conn, STR(""), &indexes));
    for (size_t i = 0; i < indexes.n; i++) {
        buf_add(&out, indexes.items[i].sql);
        BUF_ADD(&out, "\n");
    }
    db_read_end(conn);
    text = arena_dup(b->a, buf_str(&out));
    buf_done(&out);
    return text;
}

static void check_collection(struct bench *b, const struct schema_col *col)
{
    struct db_table_columns columns;
    struct db_table_indexes indexes;

    assert_ok(db_list_columns(b->a, reader(b), col->name, &columns));
    assert_int_equal(columns.n, col->n_fields);
    for (size_t i = 0; i < columns.n; i++)
        assert_non_null(schema_field(col, columns.items[i].name));
    assert_ok(db_list_indexes(b->a, reader(b), col->name, &indexes));
    assert_int_equal(indexes.n, col->n_indexes);
    for (size_t i = 0; i < indexes.n; i++)
        assert_true(str_has(col->indexes_json, indexes.items[i].name));
}

/* Tables are what their definitions say, and there is no other. */
static void check_agreement(struct bench *b)
{
    AUTO(schema_unref) struct schema *schema = load(b);
    struct db_tables tables;
    size_t n = 0;

    for (size_t i = 0; i < schema->n_cols; i++)
        check_collection(b, schema->cols[i]);
    assert_ok(db_list_tables(b->a, reader(b), &tables));
    for (size_t i = 0; i < tables.n; i++)
        n += schema_find(schema, tables.items[i].name) != NULL;
    assert_int_equal(n, schema->n_cols);
    assert_int_equal(tables.n, n + 3); /* _collections, _migrations, _params */
}

/* --- the sweep ------------------------------------------------------------------------------ */

static void count_up(void *user)
{
    int *n = user;

    (*n)++;
}

static struct err *try_change(struct bench *b, const struct change *change)
{
    AUTO(schema_unref) struct schema *schema = load(b);
    const struct unit_in in = {schema, change};
    int n_published = 0;
    const struct db_lease lease = {.published = count_up, .user = &n_published};
    struct err *err = db_run_leased(b->a, b->db, &lease, run_change, &in, NULL);

    assert_int_equal(n_published, err ? 0 : 1);
    return err;
}

static void reopen(struct bench *b)
{
    db_reader_close(b->db);
    db_close(b->db);
    b->db = NULL;
    bench_open(b);
}

static void prepare(struct bench *b, const struct change *before)
{
    struct schema_bootstrap bootstrap = {.now_ms = NOW_MS};
    const struct db_lease lease = {0};

    b->conf.durability = DB_NORMAL;
    bench_open(b);
    bootstrap.settings_json = settings_default_json(b->a, SETTINGS_POCKETBASE);
    assert_ok(db_run_leased(b->a, b->db, &lease, schema_bootstrap_data, &bootstrap, NULL));
    for (; before && (before->name || before->body); before++) {
        if (before->name && before->name[0] == 0)
            bench_run(b, before->body);
        else
            assert_ok(try_change(b, before));
    }
}

/* Fails call 1, 2, 3 … until none failed; statements are prepared anew each time. */
static long sweep(const struct swept *swept, enum fault_kind kind)
{
    struct bench b = bench_new();
    struct db_fault fault;
    struct str old;
    long at = 0;
    bool failed;

    db_fault_init(&fault, &db_ops_sqlite, kind);
    b.conf.ops = &fault.ops;
    prepare(&b, swept->before);
    old = dump(&b);
    do {
        struct err *err;

        reopen(&b);
        db_fault_arm(&fault, ++at);
        err = try_change(&b, &swept->change);
        failed = atomic_load(&fault.n_failed) > 0;
        db_fault_arm(&fault, 0);
        if (failed && (!err || err->kind != E_UNAVAILABLE)) {
            print_error("%s: call %ld failed and nobody says so\n", swept->what, at);
            fail();
        }
        assert_int_equal(err != NULL, failed || swept->refused);
        assert_int_equal(str_eq(dump(&b), old), err != NULL);
        check_agreement(&b);
    } while (failed);
    db_reader_close(b.db);
    bench_done(&b);
    return at;
}

static void sweep_all(const struct swept *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_in_range(sweep(&list[i], FAULT_ERROR), 8, 400);
        assert_in_range(sweep(&list[i], FAULT_ENDS_TX), 8, 400);
    }
}

/* --- the changes ---------------------------------------------------------------------------- */

#define TAGS \
    "{\"name\":\"tags\",\"type\":\"base\",\"fields\":[{\"id\":\"t1\",\"name\":\"name\",\"type\":\"text\"}]}"
#define POSTS                                                                        \
    "{\"name\":\"posts\",\"type\":\"base\",\"fields\":["                             \
    "{\"id\":\"p1\",\"name\":\"title\",\"type\":\"text\"},"                          \
    "{\"id\":\"p2\",\"name\":\"kind\",\"type\":\"select\",\"values\":[\"a\",\"b\"]," \
    "\"maxSelect\":1},"                                                              \
    "{\"id\":\"p3\",\"name\":\"many\",\"type\":\"select\",\"values\":[\"a\",\"b\"]," \
    "\"maxSelect\":2},"                                                              \
    "{\"id\":\"p4\",\"name\":\"note\",\"type\":\"text\"}],"                          \
    "\"indexes\":[\"CREATE INDEX idx_title ON posts (title)\","                      \
    "\"CREATE INDEX idx_note ON posts (note)\"]}"
#define VIEW \
    "{\"name\":\"titles\",\"type\":\"view\",\"viewQuery\":\"SELECT id, title, kind FROM posts\"}"
#define ROWS                                                  \
    "INSERT INTO posts (id, title, kind, many, note) VALUES " \
    "('r1', 'x', 'a', '[\"a\",\"b\"]', 'n'), ('r2', 'x', '', '[]', 'm')"

static const struct change posts_and_view[] = {
    {NULL, TAGS}, {NULL, POSTS}, {"", ROWS}, {NULL, VIEW}, {NULL, NULL}};

static const struct change posts[] = {{NULL, POSTS}, {"", ROWS}, {NULL, NULL}};

static void creating(void **state)
{
    static const struct swept list[] = {
        {"base", NULL, {NULL, POSTS}, false},
        {"auth", NULL, {NULL, "{\"name\":\"people\",\"type\":\"auth\"}"}, false},
        {"view",
         posts_and_view,
         {NULL, "{\"name\":\"other\",\"type\":\"view\","
                "\"viewQuery\":\"SELECT max(rowid) AS id, count(*) AS n FROM posts\"}"},
         false},
    };

    (void)state;
    sweep_all(list, COUNT_OF(list));
}

static void updating(void **state)
{
    static const struct swept list[] = {
        {"names", posts_and_view, {"posts", "{\"name\":\"texts\",\"listRule\":\"\"}"}, false},
        {"columns",
         posts,
         {"posts", "{\"name\":\"texts\",\"fields\":["
                   "{\"id\":\"p1\",\"name\":\"note\",\"type\":\"text\"},"
                   "{\"id\":\"p2\",\"name\":\"kind\",\"type\":\"select\",\"values\":[\"a\"]},"
                   "{\"id\":\"p4\",\"name\":\"title\",\"type\":\"text\"},"
                   "{\"name\":\"added\",\"type\":\"json\"}]}"},
         false},
        {"one and many",
         posts_and_view,
         {"posts", "{\"fields\":["
                   "{\"id\":\"p1\",\"name\":\"title\",\"type\":\"text\"},"
                   "{\"id\":\"p2\",\"name\":\"kind\",\"type\":\"select\",\"values\":[\"a\",\"b\"],"
                   "\"maxSelect\":2},"
                   "{\"id\":\"p3\",\"name\":\"many\",\"type\":\"select\",\"values\":[\"a\",\"b\"],"
                   "\"maxSelect\":1},"
                   "{\"id\":\"p4\",\"name\":\"note\",\"type\":\"text\"}]}"},
         false},
        {"view",
         posts_and_view,
         {"titles", "{\"name\":\"headings\",\"viewQuery\":\"SELECT id, note FROM posts\"}"},
         false},
        {"auth", NULL, {"users", "{\"name\":\"people\",\"authRule\":null}"}, false},
    };

    (void)state;
    sweep_all(list, COUNT_OF(list));
}

/* The last step of a long change is what the database refuses. */
static void refused(void **state)
{
    static const struct swept list[] = {
        {"unique",
         posts_and_view,
         {"posts", "{\"name\":\"texts\","
                   "\"indexes\":[\"CREATE UNIQUE INDEX idx_title ON posts (title)\"]}"},
         true},
    };

    (void)state;
    sweep_all(list, COUNT_OF(list));
}

static void dropping(void **state)
{
    static const struct swept list[] = {
        {"base", posts_and_view, {"tags", NULL}, false},
        {"auth", NULL, {"users", NULL}, false},
        {"view", posts_and_view, {"titles", NULL}, false},
    };

    (void)state;
    sweep_all(list, COUNT_OF(list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creating),
        cmocka_unit_test(updating),
        cmocka_unit_test(refused),
        cmocka_unit_test(dropping),
    };

    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
