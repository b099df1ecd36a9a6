/*
 * A change of a collection as a list of steps: which ones, how they are spelled, and what running
 * them leaves behind.
 */
#include "unit/data.h"

#include "schema/define.h"
#include "schema/plan.h"

#define SQL_MAX (64 * 1024)

static struct data data;
static struct schema *schema;

static int open_data(void **state)
{
    (void)state;
    data_open(&data);
    no_err(db_read_begin(data.a, data.reader));
    no_err(schema_load(data.a, data.reader, &schema));
    db_read_end(data.reader);
    return 0;
}

static int close_data(void **state)
{
    (void)state;
    schema_unref(schema);
    data_close(&data);
    return 0;
}

/* --- definitions ------------------------------------------------------------------------------ */

#define F(id, name) "{\"id\":\"" id "\",\"name\":\"" name "\",\"type\":\"text\"}"
#define PICK(id, name, most)                                        \
    "{\"id\":\"" id "\",\"name\":\"" name "\",\"type\":\"select\"," \
    "\"values\":[\"x\",\"y\"],\"maxSelect\":" most "}"
#define TABLE(name, fields, indexes)                                    \
    "{\"type\":\"base\",\"name\":\"" name "\",\"fields\":[" fields "]," \
    "\"indexes\":[" indexes "]}"
#define VIEW(name, query) "{\"type\":\"view\",\"name\":\"" name "\",\"viewQuery\":\"" query "\"}"

/* What a body makes of a stored collection, or of none. */
static const struct schema_col *define(struct arena *a, const struct schema_col *old,
                                       const char *text)
{
    const struct json *body;
    struct schema_def *def;
    struct str why;
    bool whole;

    assert_true(json_read(a, str_of(text), &json_limits_stored, &body, NULL));
    def = old ? schema_def_of(a, old)
              : schema_def_new(a, json_get(body, STR("type"))->text,
                               json_get(body, STR("name"))->text);
    assert_true(schema_def_merge(a, def, body, &why));
    schema_def_finish(a, def, schema, old, DATA_NOW_MS);
    return schema_def_col(a, def, &whole);
}

/* --- the list --------------------------------------------------------------------------------- */

/* A line "kind: sql" for each step, "|" between the statements of one. */
static const char *told(struct arena *a, const struct schema_plan *plan)
{
    const struct db_dialect *dialect = &db_dialect_sqlite;
    AUTO_BUF struct buf out;

    buf_init(&out, SQL_MAX);
    for (size_t i = 0; i < plan->steps.n; i++) {
        const struct schema_step *step = &plan->steps.items[i];

        buf_addf(&out, "%s: ", schema_step_info[step->kind].name);
        schema_step_sql(a, dialect, step, &out);
        BUF_ADD(&out, "\n");
    }
    return arena_cstr(a, buf_str(&out));
}

/* A "?" stands for any one byte: passing names are random. */
static void assert_told(const char *what, const char *is, const char *expected)
{
    size_t i = 0;

    while (expected[i] && is[i] && (expected[i] == '?' || expected[i] == is[i]))
        i++;
    if (expected[i] || is[i])
        fail_msg("%s, expected:\n%s\nis:\n%s", what, expected, is);
}

#define ALTER "ALTER TABLE `t` "
#define TITLE F("f1", "title")
#define OTHER F("f2", "other")
#define BY_TITLE "\"CREATE INDEX i1 ON t (title)\""
#define BY_OTHER "\"CREATE UNIQUE INDEX i2 ON t (other)\""

#define SWAP                                                          \
    "rename_column: " ALTER "RENAME COLUMN `title` TO `other?????`\n" \
    "rename_column: " ALTER "RENAME COLUMN `other` TO `title?????`\n" \
    "rename_column: " ALTER "RENAME COLUMN `other?????` TO `other`\n" \
    "rename_column: " ALTER "RENAME COLUMN `title?????` TO `title`\n"
#define TO_LIST(name)                                                                             \
    "convert_column: " ALTER "RENAME COLUMN `" name "` TO `_" name "?????`;\n" ALTER              \
    "ADD COLUMN `" name "` JSON DEFAULT '[]' NOT NULL;\n"                                         \
    "UPDATE `t` SET `" name "` = (CASE WHEN coalesce(`_" name "?????`, '') = '' THEN '[]' "       \
    "WHEN iif(json_valid(`_" name "?????`), json_type(`_" name "?????`) = 'array', FALSE) "       \
    "THEN `_" name "?????` ELSE json_array(`_" name "?????`) END);\n" ALTER "DROP COLUMN `_" name \
    "?????`\n"
#define DROP_T "drop_table: DROP TABLE IF EXISTS `t`\n"

static const struct {
    const char *what, *old, *new, *steps;
} plans[] = {
    {"a new table", NULL, TABLE("t", OTHER "," TITLE "," PICK("f3", "pick", "2"), BY_TITLE),
     "create_table: CREATE TABLE `t` ("
     "`id` TEXT PRIMARY KEY DEFAULT ('r'||lower(hex(randomblob(7)))) NOT NULL, "
     "`other` TEXT DEFAULT '' NOT NULL, `pick` JSON DEFAULT '[]' NOT NULL, "
     "`title` TEXT DEFAULT '' NOT NULL)\n"
     "create_index: CREATE INDEX `i1` ON `t` (`title`)\n"},
    {"nothing of the table", TABLE("t", TITLE, BY_TITLE), "{\"listRule\":\"\"}", ""},
    {"another name", TABLE("t", TITLE, BY_TITLE), "{\"name\":\"u\"}",
     "drop_index: DROP INDEX IF EXISTS `i1`\n"
     "rename_table: ALTER TABLE `t` RENAME TO `u`\n"
     "create_index: CREATE INDEX `i1` ON `u` (`title`)\n"},
    {"another case of the name", TABLE("t", TITLE, ""), "{\"name\":\"T\"}", ""},
    {"names swapped", TABLE("t", TITLE "," OTHER, ""),
     TABLE("t", F("f1", "other") "," F("f2", "title"), ""), SWAP},
    {"one column for another", TABLE("t", TITLE, ""), TABLE("t", F("f9", "title"), ""),
     "drop_column: " ALTER "DROP COLUMN `title`\n"
     "add_column: " ALTER "ADD COLUMN `title?????` TEXT DEFAULT '' NOT NULL\n"
     "rename_column: " ALTER "RENAME COLUMN `title?????` TO `title`\n"},
    {"one value to many", TABLE("t", PICK("f3", "pick", "1"), ""),
     TABLE("t", PICK("f3", "pick", "2"), ""), TO_LIST("pick")},
    {"another index", TABLE("t", TITLE "," OTHER, BY_TITLE),
     TABLE("t", TITLE "," OTHER, BY_OTHER "," BY_TITLE),
     "drop_index: DROP INDEX IF EXISTS `i1`\n"
     "create_index: CREATE UNIQUE INDEX `i2` ON `t` (`other`)\n"
     "create_index: CREATE INDEX `i1` ON `t` (`title`)\n"},
    {"no index at all", TABLE("t", TITLE, ""), "{\"indexes\":[\"nonsense\"]}",
     "create_index: nonsense\n"},
    {"a new view", NULL, VIEW("v", "SELECT id FROM t"),
     "create_view: DROP VIEW IF EXISTS `v`;\n"
     "CREATE VIEW `v` AS SELECT * FROM (SELECT id FROM t)\n"},
    {"another query", VIEW("v", "SELECT id FROM s"), VIEW("v", "SELECT id FROM t"),
     "create_view: DROP VIEW IF EXISTS `v`;\n"
     "CREATE VIEW `v` AS SELECT * FROM (SELECT id FROM t)\n"},
    {"a view's other name", VIEW("v", "SELECT id FROM t"), "{\"name\":\"w\"}",
     "drop_view: DROP VIEW IF EXISTS `v`\n"
     "create_view: DROP VIEW IF EXISTS `w`;\n"
     "CREATE VIEW `w` AS SELECT * FROM (SELECT id FROM t)\n"},
    {"no table", TABLE("t", TITLE, BY_TITLE), NULL, DROP_T},
    {"no view", VIEW("v", "SELECT id FROM t"), NULL, "drop_view: DROP VIEW IF EXISTS `v`\n"},
};

static void plans_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(plans); i++) {
        AUTO(arena_free) struct arena *defs = arena_new();
        AUTO(arena_free) struct arena *a = arena_new();
        const struct schema_col *old = plans[i].old ? define(defs, NULL, plans[i].old) : NULL;
        const struct schema_col *new = plans[i].new ? define(defs, old, plans[i].new) : NULL;
        struct schema_plan plan = {0};

        no_err(schema_plan_make(a, old, new, STR("SELECT id FROM t"), &plan));
        arena_reset(defs); /* the plan borrows nothing of them */
        assert_told(plans[i].what, told(a, &plan), plans[i].steps);
    }
}

static void passing_names_stay(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const struct schema_col *old = define(a, NULL, TABLE("t", PICK("f3", "pick", "2"), ""));
    const struct schema_col *new = define(a, old, TABLE("t", PICK("f3", "kind", "1"), ""));
    struct schema_plan plan = {0};

    (void)state;
    no_err(schema_plan_make(a, old, new, STR_NONE, &plan));
    assert_int_equal(plan.steps.n, 3);
    assert_string_equal(told(a, &plan), told(a, &plan));
}

static void kinds(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STEP_KINDS; i++) {
        const struct schema_step_info *info = &schema_step_info[i];

        assert_non_null(info->name);
        assert_int_equal(info->rewrites, i == STEP_DROP_COLUMN || i == STEP_CONVERT_COLUMN);
        assert_int_equal(info->scans, i == STEP_CREATE_INDEX);
    }
}

/* --- run in a database ------------------------------------------------------------------------ */

/* What a unit does to a collection: saved as `old` says, filled, then saved as `new` says. */
struct script {
    const char *old, *new;              /* new NULL: dropped */
    const char *sql[8];                 /* between them, ended by NULL */
    const char *ask;                    /* one text, afterwards */
    const char *log;                    /* told() of the second change */
    const char *answer, *cause, *items; /* cause or items instead of an answer: of its error */
};

struct outcome {
    const char *log, *answer, *cause, *items;
};

static const char *items_of(struct arena *a, const struct err *err)
{
    AUTO_BUF struct buf out;

    buf_init(&out, SQL_MAX);
    for (const struct err_item *item = err->items; item; item = item->next)
        buf_addf(&out, "%.*s: %.*s\n", STR_ARG(item->path), STR_ARG(item->message));
    return arena_cstr(a, buf_str(&out));
}

static struct err *ask(struct arena *a, struct db_conn *tx, const char *sql, const char **ret)
{
    struct db_row *row = NULL;
    struct err *err = db_query_row(a, tx, str_of(sql), NULL, 0, &row);

    if (!err)
        *ret = arena_cstr(data.a, row->cells[0].s);
    return err;
}

/* What the change did is the outcome; all of it is undone again. */
static struct err *run_script(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct script *script = in;
    const struct schema_col *old = define(a, NULL, script->old), *new;
    struct outcome *out = *ret_out = ARENA_NEW(data.a, struct outcome);
    struct schema_plan log = {.a = a};
    struct err *err;

    no_err(schema_save(a, tx, NULL, old, STR_NONE, NULL));
    no_err(data_exec_unit(tx, script->sql, a, NULL));
    new = script->new ? define(a, old, script->new) : NULL;
    no_err(db_savepoint(a, tx));
    err =
        new ? schema_save(a, tx, old, new, STR_NONE, &log) : schema_drop(a, tx, schema, old, &log);
    out->cause = err ? arena_cstr(data.a, err->cause) : "";
    out->items = err ? items_of(data.a, err) : "";
    out->log = told(data.a, &log);
    if (!err)
        no_err(ask(a, tx, script->ask, &out->answer));
    db_savepoint_rollback(tx);
    for (size_t i = 0; script->sql[i]; i++) /* a view of the script's own */
        if (strncmp(script->sql[i], "CREATE VIEW v ", 14) == 0)
            no_err(db_exec(a, tx, STR("DROP VIEW v"), NULL, 0, NULL));
    return schema_drop(a, tx, schema, old, NULL);
}

static void run(const struct script *script)
{
    struct db_lease lease = {0};
    struct outcome *out;
    void *ret;

    no_err(db_run_leased(data.a, data.db, &lease, run_script, script, &ret));
    out = ret;
    assert_string_equal(out->cause, script->cause ? script->cause : "");
    assert_string_equal(out->items, script->items ? script->items : "");
    assert_told(script->old, out->log, script->log ? script->log : "");
    if (script->answer)
        assert_string_equal(out->answer, script->answer);
}

#define ROWS "INSERT INTO t (id, title, other) VALUES ('1', 'a', 'b'), ('2', 'c', 'd')"

static void swapped(void **state)
{
    (void)state;
    run(&(struct script){.old = TABLE("t", TITLE "," OTHER, ""),
                         .new = TABLE("t", F("f1", "other") "," F("f2", "title"), ""),
                         .sql = {ROWS},
                         .ask = "SELECT group_concat(title || other) FROM t",
                         .log = SWAP,
                         .answer = "ba,dc"});
}

/* Views that name the column are back afterwards, in their order. */
static void converted(void **state)
{
    (void)state;
    run(&(struct script){
        .old = TABLE("t", PICK("f3", "pick", "1") "," PICK("f4", "kind", "1"), ""),
        .new = TABLE("t", PICK("f3", "pick", "2") "," PICK("f4", "kind", "2"), ""),
        .sql = {"INSERT INTO t (id, pick, kind) VALUES ('1', 'x', ''), ('2', 'y', 'x')",
                "CREATE VIEW v AS SELECT id, pick, kind FROM t"},
        .ask = "SELECT group_concat(pick || kind) FROM v",
        .log = TO_LIST("pick") TO_LIST("kind"),
        .answer = "[\"x\"][],[\"y\"][\"x\"]"});
}

static void dropped(void **state)
{
    (void)state;
    run(&(struct script){.old = TABLE("t", TITLE "," OTHER, BY_TITLE),
                         .sql = {ROWS},
                         .ask = "SELECT 'tables: ' || count(*) FROM sqlite_schema "
                                "WHERE name IN ('t', 'i1')",
                         .log = DROP_T,
                         .answer = "tables: 0"});
}

static void columns_refused(void **state)
{
    static const char view[] = "CREATE VIEW v AS SELECT title FROM t";

    (void)state;
    run(&(struct script){
        .old = TABLE("t", TITLE "," OTHER, ""),
        .new = TABLE("t", OTHER, ""),
        .sql = {view},
        .cause =
            "failed to drop column title - SQL logic error: error in view v after drop column: "
            "no such column: title (1)",
    });
    run(&(struct script){
        .old = TABLE("t", TITLE, ""),
        .new = TABLE("t", F("f1", "name"), ""),
        .sql = {"CREATE VIEW v AS SELECT absent FROM t"},
        .cause = "failed to rename column title - SQL logic error: error in view v: "
                 "no such column: absent (1)",
    });
}

static void indexes_refused(void **state)
{
    (void)state;
    run(&(struct script){
        .old = TABLE("t", TITLE "," OTHER, ""),
        .new = TABLE("t", TITLE "," OTHER,
                     "\"CREATE INDEX i0 ON t (absent)\"," BY_TITLE ",\"nonsense\","
                     "\"CREATE UNIQUE INDEX i3 ON t (lower('x'))\""),
        .sql = {ROWS},
        .items = "indexes.0: Failed to create index i0 - "
                 "SQL logic error: no such column: absent (1).\n"
                 "indexes.2: Invalid CREATE INDEX expression.\n"
                 "indexes.3: Failed to create index i3 - "
                 "constraint failed: UNIQUE constraint failed: index 'i3' (2067).\n",
    });
}

/* A view whose fields change with the table's is stored anew, and its step is in the log; the views
 * that are only looked at are not. */
static struct err *follow(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct schema_def *def = schema_def_new(a, STR("view"), STR("v"));
    AUTO(schema_unref) struct schema *now = NULL;
    const struct schema_col *old = define(a, NULL, TABLE("t", TITLE, ""));
    struct schema_plan *log = ARENA_NEW(a, struct schema_plan);
    struct str select, why;
    bool whole;

    (void)in;
    log->a = a;
    no_err(schema_save(a, tx, NULL, old, STR_NONE, NULL));
    no_err(schema_load(a, tx, &now));
    def->view_query = STR("SELECT id, title FROM t");
    schema_def_finish(a, def, now, NULL, DATA_NOW_MS);
    no_err(schema_infer_view(a, tx, now, def, &select, &why));
    no_err(schema_save(a, tx, NULL, schema_def_col(a, def, &whole), select, log));
    schema_unref(TAKE(now));
    no_err(schema_save(a, tx, old,
                       define(a, old,
                              "{\"fields\":[{\"id\":\"f1\",\"name\":\"title\","
                              "\"type\":\"text\",\"max\":7}]}"),
                       STR_NONE, log));
    no_err(schema_load(a, tx, &now));
    no_err(schema_follow_views(a, tx, now, schema_find(now, STR("t")), DATA_NOW_MS, log));
    *ret_out = log;
    return NULL;
}

static void views_followed(void **state)
{
#define V_MADE                                \
    "create_view: DROP VIEW IF EXISTS `v`;\n" \
    "CREATE VIEW `v` AS SELECT * FROM (SELECT id, title FROM t)\n"
    struct db_lease lease = {0};
    void *log;

    (void)state;
    no_err(db_run_leased(data.a, data.db, &lease, follow, NULL, &log));
    assert_told("a view follows", told(data.a, log), V_MADE V_MADE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_told),      cmocka_unit_test(passing_names_stay),
        cmocka_unit_test(kinds),           cmocka_unit_test(swapped),
        cmocka_unit_test(converted),       cmocka_unit_test(dropped),
        cmocka_unit_test(columns_refused), cmocka_unit_test(indexes_refused),
        cmocka_unit_test(views_followed),
    };

    return cmocka_run_group_tests_name("schema plans", tests, open_data, close_data);
}
