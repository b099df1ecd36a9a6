/*
 * The site of unit/site.h.
 */
#include "unit/site.h"

#include "base/limits.h"
#include "settings/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct site site;

/* --- the directory ---------------------------------------------------------------------------- */

void site_ok(const struct err *err)
{
    if (err)
        print_error("%d %s: %.*s\n", err_status(err), err->message ? err->message : "",
                    STR_ARG(err->cause));
    assert_null(err);
}

static struct err *exec_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    (void)ret;
    return db_exec(a, tx, str_of(in), NULL, 0, NULL);
}

void site_reload(void)
{
    struct schema *schema;
    struct db_conn *conn;

    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    site_ok(schema_load(site.a, conn, &schema));
    db_read_end(conn);
    schema_unref(site.schema);
    site.schema = schema;
    site.actor.scope.schema = schema;
    site.actor.scope.now_ms = SITE_NOW_MS;
}

void site_exec(const char *sql)
{
    struct db_lease lease = {0};

    site_ok(db_run_leased(site.a, site.db, &lease, exec_unit, sql, NULL));
}

#define ID_FIELD                                                                                 \
    "{\"autogeneratePattern\":\"[a-z0-9]{15}\",\"id\":\"text3208210256\",\"max\":15,\"min\":15," \
    "\"name\":\"id\",\"pattern\":\"^[a-z0-9]+$\",\"primaryKey\":true,\"required\":true,"         \
    "\"system\":true,\"type\":\"text\"}"

/* clang-format off */
static const struct {
    const char *name, *fields, *indexes, *table;
} collections[] = {
    {"authors",
     ",{\"id\":\"a1\",\"name\":\"name\",\"type\":\"text\",\"required\":true}"
     ",{\"id\":\"a2\",\"name\":\"mentor\",\"type\":\"relation\",\"collectionId\":\"c_authors\",\"maxSelect\":1}",
     "[]",
     "CREATE TABLE authors (id TEXT PRIMARY KEY NOT NULL, name TEXT DEFAULT '' NOT NULL, mentor TEXT DEFAULT '' NOT NULL)"},
    {"tags",
     ",{\"id\":\"t1\",\"name\":\"name\",\"type\":\"text\"}",
     "[\"CREATE UNIQUE INDEX idx_tags ON tags (name)\"]",
     "CREATE TABLE tags (id TEXT PRIMARY KEY NOT NULL, name TEXT DEFAULT '' NOT NULL)"},
    {"posts",
     ",{\"id\":\"p1\",\"name\":\"title\",\"type\":\"text\",\"min\":3,\"max\":20}"
     ",{\"id\":\"p2\",\"name\":\"score\",\"type\":\"number\"}"
     ",{\"id\":\"p3\",\"name\":\"meta\",\"type\":\"json\"}"
     ",{\"id\":\"p4\",\"name\":\"note\",\"type\":\"text\",\"hidden\":true}"
     ",{\"id\":\"p5\",\"name\":\"author\",\"type\":\"relation\",\"collectionId\":\"c_authors\",\"maxSelect\":1,\"cascadeDelete\":true}"
     ",{\"id\":\"p6\",\"name\":\"tags\",\"type\":\"relation\",\"collectionId\":\"c_tags\",\"maxSelect\":5}"
     ",{\"id\":\"p7\",\"name\":\"created\",\"type\":\"autodate\",\"onCreate\":true}"
     ",{\"id\":\"p8\",\"name\":\"updated\",\"type\":\"autodate\",\"onCreate\":true,\"onUpdate\":true}"
     ",{\"id\":\"p9\",\"name\":\"files\",\"type\":\"file\",\"maxSelect\":3,\"maxSize\":100}",
     "[]",
     "CREATE TABLE posts (id TEXT PRIMARY KEY NOT NULL, title TEXT DEFAULT '' NOT NULL, score NUMERIC DEFAULT 0 NOT NULL, meta JSON,"
     " note TEXT DEFAULT '' NOT NULL, author TEXT DEFAULT '' NOT NULL, tags JSON DEFAULT '[]' NOT NULL,"
     " created TEXT DEFAULT '' NOT NULL, updated TEXT DEFAULT '' NOT NULL, files JSON DEFAULT '[]' NOT NULL)"},
    {"pins",
     ",{\"id\":\"i1\",\"name\":\"post\",\"type\":\"relation\",\"collectionId\":\"c_posts\",\"maxSelect\":1,\"required\":true}",
     "[]",
     "CREATE TABLE pins (id TEXT PRIMARY KEY NOT NULL, post TEXT DEFAULT '' NOT NULL)"},
};

static const char *const rows[] = {
    "INSERT INTO authors VALUES ('author000000ada', 'Ada', ''), ('author000000bob', 'Bob', 'author000000ada'),"
    " ('author000000eve', 'Eve', 'gone00000000000')",
    "INSERT INTO tags VALUES ('tag00000000000c', 'c'), ('tag0000000000go', 'go')",
    "INSERT INTO posts VALUES"
    " ('post00000000001', 'first', 1.5, '{\"k\": [1, 2]}', 'psst', 'author000000ada', '[\"tag0000000000go\",\"tag00000000000c\"]', '', '', '[\"a.png\",\"b.png\"]'),"
    " ('post00000000002', 'second', 2, NULL, '', 'author000000bob', '[\"tag00000000000c\"]', '', '', '[]'),"
    " ('post00000000003', 'third', -3, '7', '', 'author000000eve', '[]', '', '', '[]')",
};
/* clang-format on */

static void add_collections(void)
{
    for (size_t i = 0; i < COUNT_OF(collections); i++) {
        const char *name = collections[i].name;

        site_exec(collections[i].table);
        site_exec(arena_printf(site.a,
                               "INSERT INTO _collections (id, system, type, name, fields, indexes, "
                               "listRule, viewRule, createRule, updateRule, deleteRule, options) "
                               "VALUES ('c_%s', 0, 'base', '%s', '[%s%s]', '%s', '', '', '', '', "
                               "'', '{}')",
                               name, name, ID_FIELD, collections[i].fields, collections[i].indexes)
                      .p);
    }
    site_exec("CREATE UNIQUE INDEX idx_tags ON tags (name)");
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        site_exec(rows[i]);
}

static void add_users(void)
{
    static const char insert[] =
        "INSERT INTO users (id, email, emailVisibility, verified, tokenKey, password, name, avatar, "
        "created, updated) VALUES ('user0000000000%c', '%c@example.com', %d, 0, "
        "'key_that_is_long_enough_for_it_%c', '$2a$04$none', '%c', '', '', '')";

    site_exec("UPDATE _collections SET fields = replace(fields, '\"cost\":0', '\"cost\":4')");
    for (char c = 'a'; c <= 'c'; c++)
        site_exec(arena_printf(site.a, insert, c, c, c == 'c', c, c).p);
}

int site_setup(void **state)
{
    struct schema_bootstrap bootstrap = {.now_ms = SITE_NOW_MS};
    struct db_lease lease = {0};
    struct db_conf conf = {.create = true, .durability = DB_NORMAL};

    (void)state;
    memset(&site, 0, sizeof(site));
    site.a = arena_new();
    assert_non_null(mkdtemp(temp_path(site.dir, "site")));
    conf.path = arena_printf(site.a, "%s/data.db", site.dir);
    site_ok(db_open(site.a, &conf, &site.db));
    bootstrap.settings_json = settings_default_json(site.a, SETTINGS_POCKETBASE);
    site_ok(db_run_leased(site.a, site.db, &lease, schema_bootstrap_data, &bootstrap, NULL));
    add_collections();
    add_users();
    site_reload();
    site_act(NULL);
    return 0;
}

int site_teardown(void **state)
{
    static const char *const names[] = {"data.db", "data.db-wal", "data.db-shm"};

    (void)state;
    schema_unref(site.schema);
    query_cache_release();
    db_reader_close(site.db);
    db_close(site.db);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        (void)unlink(arena_printf(site.a, "%s/%s", site.dir, names[i]).p);
    (void)rmdir(site.dir);
    arena_free(site.a);
    return 0;
}

void site_rule(const char *collection, const char *rule, const char *text)
{
    AUTO_BUF struct buf sql;

    buf_init(&sql, 64 * KIB);
    if (strcmp(rule, "manageRule") == 0)
        buf_addf(&sql, "UPDATE _collections SET options = json_set(options, '$.manageRule', ");
    else
        buf_addf(&sql, "UPDATE _collections SET %s = (", rule);
    if (text)
        db_dialect(site.db)->text_literal(&sql, str_of(text));
    else
        BUF_ADD(&sql, "NULL");
    buf_addf(&sql, ") WHERE name = '%s'", collection);
    site_exec(sql.p);
    site_reload();
}

const struct schema_col *site_col(const char *name)
{
    const struct schema_col *col = schema_find(site.schema, str_of(name));

    assert_non_null(col);
    return col;
}

int64_t site_count(const char *sql)
{
    struct db_conn *conn;
    struct db_row *row;

    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    site_ok(db_query_row(site.a, conn, str_of(sql), NULL, 0, &row));
    db_read_end(conn);
    assert_non_null(row);
    return row->cells[0].i;
}

void site_act(const char *who)
{
    struct rec_actor *actor = &site.actor;
    struct db_conn *conn;
    struct rec *auth = NULL;

    *actor = (struct rec_actor){.scope = {.schema = site.schema, .now_ms = SITE_NOW_MS}};
    actor->request.context = STR("default");
    actor->request.method = STR("GET");
    if (who && strcmp(who, "super") == 0) {
        actor->superuser = true;
    } else if (who) {
        site_ok(db_reader(site.a, site.db, &conn));
        site_ok(db_read_begin(site.a, conn));
        site_ok(rec_find(site.a, conn, site_col("users"), str_of(who), &auth));
        db_read_end(conn);
        assert_non_null(auth);
        rec_actor_set_auth(site.a, actor, auth);
    }
}

/* --- writing ---------------------------------------------------------------------------------- */

/* All rows of all collections, as text. */
static struct err *dump(struct arena *a, struct db_conn *conn, struct buf *out)
{
    struct err *err = NULL;

    for (size_t i = 0; i < site.schema->n_cols && !err; i++) {
        struct str sql =
            arena_printf(a, "SELECT * FROM \"%.*s\"", STR_ARG(site.schema->cols[i]->name));
        AUTO(db_release) struct db_stmt *stmt = NULL;
        bool row = true;

        err = db_prepare(a, conn, sql, &stmt);
        while (!err && !(err = db_step(a, stmt, &row)) && row)
            for (unsigned c = 0; c < db_columns(stmt); c++)
                json_write_text(out, db_column_text(stmt, c));
    }
    return err;
}

static struct str as_text(struct arena *a, const struct err *err, const struct rec_written *out)
{
    AUTO_BUF struct buf text;

    buf_init(&text, 1 * MIB);
    if (err)
        err_write(&text, err);
    else
        buf_add(&text, out->body);
    return arena_dup(a, buf_str(&text));
}

/* Runs the unit, rolls it back, runs it again: rows and answer must be the same. */
static struct err *twice_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    struct arena *first = arena_child(a);
    AUTO_BUF struct buf rows_1;
    AUTO_BUF struct buf rows_2;
    struct str answer_1, answer_2;
    void *out = NULL;
    struct err *err;

    buf_init(&rows_1, 1 * MIB);
    buf_init(&rows_2, 1 * MIB);
    site_ok(db_savepoint(a, tx));
    err = rec_draft_run(tx, in, first, &out);
    answer_1 = as_text(a, err, out);
    site_ok(dump(a, tx, &rows_1));
    db_savepoint_rollback(tx);
    arena_reset(first);
    err = rec_draft_run(tx, in, a, &out);
    answer_2 = as_text(a, err, out);
    site_ok(dump(a, tx, &rows_2));
    assert_string_equal(answer_1.p, answer_2.p);
    assert_string_equal(rows_1.p, rows_2.p);
    *ret = out;
    return err;
}

static struct err *draft(const struct rec_request *request, struct rec_draft **ret)
{
    struct db_conn *conn;
    struct err *err;

    err = rec_draft_new(site.a, request, ret);
    if (err)
        return err;
    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    err = rec_draft_read(site.a, conn, *ret);
    db_read_end(conn);
    while (!err && rec_draft_next(*ret) <= REC_MATCH)
        err = rec_draft_go_on(site.a, *ret);
    return err;
}

const char *site_write(enum rec_action action, const char *collection, const char *id,
                       const char *body, const char *expand)
{
    struct rec_request request = {.action = action,
                                  .actor = &site.actor,
                                  .col = site_col(collection),
                                  .id = str_of(id),
                                  .expand = str_of(expand)};
    struct db_lease lease = {0};
    struct rec_draft *made;
    void *out = NULL;
    struct err *err;

    if (body)
        assert_true(json_read(site.a, str_of(body), &json_limits_body, &request.body, NULL));
    err = draft(&request, &made);
    if (!err)
        err = db_run_leased(site.a, site.db, &lease, twice_unit, made, &out);
    return as_text(site.a, err, out).p;
}

const char *site_create(const char *collection, const char *body)
{
    return site_write(REC_CREATE, collection, NULL, body, NULL);
}

const char *site_update(const char *collection, const char *id, const char *body)
{
    return site_write(REC_UPDATE, collection, id, body, NULL);
}

const char *site_delete(const char *collection, const char *id)
{
    return site_write(REC_DELETE, collection, id, NULL, NULL);
}

/* --- reading ---------------------------------------------------------------------------------- */

static const char *read_answer(const struct err *err, const struct buf *out)
{
    struct rec_written written = {.body = buf_str(out)};

    return as_text(site.a, err, &written).p;
}

static struct db_conn *begin(void)
{
    struct db_conn *conn;

    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    return conn;
}

const char *site_view(const char *collection, const char *id, const char *expand)
{
    struct db_conn *conn = begin();
    AUTO_BUF struct buf out;
    struct err *err;

    buf_init(&out, 1 * MIB);
    err = rec_view(site.a, conn, &site.actor, site_col(collection), str_of(id), str_of(expand),
                   NULL, &out);
    db_read_end(conn);
    return read_answer(err, &out);
}

const char *site_list(const char *collection, const char *filter, const char *sort,
                      const char *expand)
{
    struct rec_list_params params = {
        .filter = str_of(filter), .sort = str_of(sort), .expand = str_of(expand)};

    return site_list_page(collection, &params);
}

const char *site_list_page(const char *collection, const struct rec_list_params *params)
{
    struct db_conn *conn = begin();
    AUTO_BUF struct buf out;
    struct err *err;

    buf_init(&out, 1 * MIB);
    err = rec_list(site.a, conn, &site.actor, site_col(collection), params, &out);
    db_read_end(conn);
    return read_answer(err, &out);
}

void site_has(const char *answer, const char *part)
{
    if (!strstr(answer, part))
        print_error("%s\nis not in\n%s\n", part, answer);
    assert_non_null(strstr(answer, part));
}

void site_lacks(const char *answer, const char *part)
{
    if (strstr(answer, part))
        print_error("%s\nis in\n%s\n", part, answer);
    assert_null(strstr(answer, part));
}
