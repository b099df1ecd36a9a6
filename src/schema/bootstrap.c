/*
 * A data directory that is new is filled; one that exists is looked at first and refused,
 * unchanged, when it is not what we know. Everything is written in the caller's one transaction.
 */
#include "base/date.h"
#include "schema/internal.h"
#include "schema/plan.h"

#define SQL_MAX (1024 * 1024)

/* --- what is there ---------------------------------------------------------------------------- */

static bool has_table(const struct db_tables *tables, const char *name)
{
    for (size_t i = 0; i < tables->n; i++) {
        if (str_eq(tables->items[i].name, str_of(name)))
            return true;
    }
    return false;
}

static struct err *check_columns(struct arena *a, struct db_conn *conn, const char *table,
                                 const char *const *names, unsigned n)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    AUTO_BUF struct buf sql;
    unsigned *at = ARENA_ARRAY(a, unsigned, n);
    struct err *err;

    buf_init(&sql, SQL_MAX);
    BUF_ADD(&sql, "SELECT * FROM ");
    db_conn_dialect(conn)->ident(&sql, str_of(table));
    BUF_ADD(&sql, " WHERE 1 = 0");
    err = db_prepare(a, conn, buf_str(&sql), &stmt);
    return err ? err : schema_map_columns(a, stmt, table, names, n, at);
}

static struct err *check_tables(struct arena *a, struct db_conn *conn,
                                const struct db_tables *tables)
{
    static const char *const params[] = {"id", "value", "created", "updated"};
    struct err *err;

    if (has_table(tables, "_admins") || !has_table(tables, "_mfas") ||
        !has_table(tables, "_authOrigins"))
        return err_new(a, E_INTERNAL, NULL,
                       "data.db: the directory was written by PocketBase before v0.23: upgrade it "
                       "with PocketBase v0.23 or later first");
    if (!has_table(tables, "_params") || !has_table(tables, "_collections"))
        return err_new(a, E_INTERNAL, NULL, "data.db: there is no table %s",
                       has_table(tables, "_params") ? "_collections" : "_params");
    err = schema_check_collections(a, conn);
    return err ? err : check_columns(a, conn, "_params", params, COUNT_OF(params));
}

/* missing[i]: boot_migrations[i] has no row. */
static struct err *find_missing(struct arena *a, struct db_conn *conn,
                                const struct db_tables *tables, bool *missing, bool *ret_any)
{
    struct db_row *row = NULL;
    struct err *err = NULL;

    *ret_any = false;
    for (size_t i = 0; i < boot_migrations_n && !err; i++) {
        struct db_value file = DB_V_TEXT(str_of(boot_migrations[i]));

        if (has_table(tables, "_migrations"))
            err = db_query_row(a, conn, STR("SELECT 1 FROM _migrations WHERE file = ?1"), &file, 1,
                               &row);
        missing[i] = !row;
        *ret_any = *ret_any || missing[i];
    }
    return err;
}

static bool is_fresh(const struct db_tables *tables)
{
    return !has_table(tables, "_params") && !has_table(tables, "_collections") &&
           !has_table(tables, "_admins");
}

struct err *schema_needs_bootstrap(struct arena *a, struct db_conn *conn, bool *ret)
{
    AUTO(schema_unref) struct schema *schema = NULL;
    bool *missing = ARENA_ARRAY(a, bool, boot_migrations_n);
    struct db_tables tables;
    struct err *err;

    err = db_list_tables(a, conn, &tables);
    if (err)
        return err;
    if (is_fresh(&tables)) {
        *ret = true;
        return NULL;
    }
    err = check_tables(a, conn, &tables);
    if (!err)
        err = find_missing(a, conn, &tables, missing, ret);
    /* before anything is written: is it all ours to read? */
    if (!err && *ret)
        err = schema_load(a, conn, &schema);
    return err;
}

/* --- a fresh directory ------------------------------------------------------------------------ */

static struct err *run_all(struct arena *a, struct db_conn *tx, const char *const *statements)
{
    struct err *err = NULL;

    for (size_t i = 0; statements[i] && !err; i++)
        err = db_exec(a, tx, str_of(statements[i]), NULL, 0, NULL);
    return err;
}

static struct db_value text_or_null(const char *text)
{
    return text ? DB_V_TEXT(str_of(text)) : DB_V_NULL;
}

static struct err *insert_col(struct arena *a, struct db_conn *tx, const struct boot_col *col,
                              struct str now)
{
    bool auth = str_eq(str_of(col->type), STR("auth"));
    const struct db_value values[] = {
        DB_V_TEXT(str_of(col->id)),
        DB_V_INT(col->system),
        DB_V_TEXT(str_of(col->type)),
        DB_V_TEXT(str_of(col->name)),
        DB_V_TEXT(str_of(col->fields)),
        DB_V_TEXT(str_of(col->indexes)),
        text_or_null(col->list_rule),
        text_or_null(col->view_rule),
        text_or_null(col->create_rule),
        text_or_null(col->update_rule),
        text_or_null(col->delete_rule),
        DB_V_TEXT(auth ? boot_auth_options(a, col) : STR("{}")),
        DB_V_TEXT(now),
        DB_V_TEXT(now),
    };

    return db_exec(a, tx,
                   STR("INSERT INTO _collections (id, \"system\", type, name, fields, indexes, "
                       "\"listRule\", \"viewRule\", \"createRule\", \"updateRule\", "
                       "\"deleteRule\", options, created, updated) "
                       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"),
                   values, COUNT_OF(values), NULL);
}

/* Plain settings are bound as bytes, as PocketBase does it; encrypted ones are text. */
static struct err *insert_settings(struct arena *a, struct db_conn *tx,
                                   const struct schema_bootstrap *in, struct str now)
{
    const struct db_value values[] = {in->settings_sealed ? DB_V_TEXT(in->settings_json)
                                                          : DB_V_BLOB(in->settings_json),
                                      DB_V_TEXT(now)};

    return db_exec(a, tx,
                   STR("INSERT INTO _params (id, value, created, updated) "
                       "VALUES ('settings', ?1, ?2, ?2)"),
                   values, COUNT_OF(values), NULL);
}

/* Applied at rising microseconds, so that sorting by them gives the order back. */
static struct err *insert_migration(struct arena *a, struct db_conn *tx, size_t i, int64_t now_ms)
{
    const struct db_value values[] = {DB_V_TEXT(str_of(boot_migrations[i])),
                                      DB_V_INT(now_ms * 1000 + (int64_t)i)};

    return db_exec(a, tx, STR("INSERT INTO _migrations (file, applied) VALUES (?1, ?2)"), values,
                   COUNT_OF(values), NULL);
}

static struct err *fill_fresh(struct arena *a, struct db_conn *tx,
                              const struct schema_bootstrap *in, struct str now)
{
    AUTO(schema_unref) struct schema *schema = NULL;
    struct err *err = NULL;

    for (size_t i = 0; i < boot_cols_n && !err; i++)
        err = insert_col(a, tx, &boot_cols[i], now);
    if (!err)
        err = schema_load(a, tx, &schema);
    for (size_t i = 0; !err && i < schema->n_cols; i++)
        err = schema_carry_out(a, tx, NULL, schema->cols[i], STR_NONE, NULL);
    if (!err)
        err = insert_settings(a, tx, in, now);
    for (size_t i = 0; i < boot_migrations_n && !err; i++)
        err = insert_migration(a, tx, i, in->now_ms);
    return err;
}

/* --- one that exists -------------------------------------------------------------------------- */

static struct err *catch_up(struct arena *a, struct db_conn *tx, const struct db_tables *tables,
                            const struct schema_bootstrap *in, struct str now)
{
    bool *missing = ARENA_ARRAY(a, bool, boot_migrations_n);
    bool any;
    struct err *err;

    err = check_tables(a, tx, tables);
    if (!err)
        err = find_missing(a, tx, tables, missing, &any);
    if (!err && any && !has_table(tables, "_migrations"))
        err = db_exec(a, tx, str_of(db_conn_dialect(tx)->data_tables[0]), NULL, 0, NULL);
    for (size_t i = 0; i < boot_migrations_n && !err; i++) {
        if (!missing[i])
            continue;
        err = schema_upgrade(a, tx, boot_migrations[i], now);
        if (!err)
            err = insert_migration(a, tx, i, in->now_ms);
    }
    return err;
}

struct err *schema_bootstrap_data(struct db_conn *tx, const void *in, struct arena *a,
                                  void **ret_out)
{
    const struct schema_bootstrap *bootstrap = in;
    char form[DATE_TEXT_LEN + 1];
    struct str now = {form, DATE_TEXT_LEN};
    struct db_tables tables;
    struct err *err;

    (void)ret_out;
    date_format(form, bootstrap->now_ms);
    err = db_list_tables(a, tx, &tables);
    if (err)
        return err;
    if (!is_fresh(&tables))
        return catch_up(a, tx, &tables, bootstrap, now);
    /* a _migrations table that other tools made is kept */
    err = run_all(a, tx, db_conn_dialect(tx)->data_tables + has_table(&tables, "_migrations"));
    return err ? err : fill_fresh(a, tx, bootstrap, now);
}

struct err *schema_bootstrap_auxiliary(struct db_conn *tx, const void *in, struct arena *a,
                                       void **ret_out)
{
    struct db_tables tables;
    struct err *err;

    (void)in;
    (void)ret_out;
    err = db_list_tables(a, tx, &tables);
    if (err || has_table(&tables, "_logs"))
        return err;
    return run_all(a, tx, db_conn_dialect(tx)->auxiliary_tables);
}
