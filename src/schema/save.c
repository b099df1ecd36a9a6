/*
 * Storing and dropping collections: the row of `_collections`, the table or view behind it, and
 * what system collections hold of its records (collections.md 12, 13).
 */
#include "base/buf.h"
#include "schema/define.h"
#include "schema/internal.h"
#include "schema/plan.h"

#define SQL_MAX SCHEMA_SQL_BYTES

static const char *const type_names[] = {
    [SCHEMA_BASE] = "base", [SCHEMA_AUTH] = "auth", [SCHEMA_VIEW] = "view"};

/* --- the row ---------------------------------------------------------------------------------- */

static struct db_value rule(const struct schema_rule *rule)
{
    return rule->set ? DB_V_TEXT(rule->text) : DB_V_NULL;
}

static struct err *write_row(struct arena *a, struct db_conn *tx, const struct schema_col *old,
                             const struct schema_col *col)
{
    const struct db_value values[] = {
        DB_V_TEXT(col->id),
        DB_V_INT(col->system),
        DB_V_TEXT(str_of(type_names[col->type])),
        DB_V_TEXT(col->name),
        DB_V_TEXT(col->fields_json),
        DB_V_TEXT(col->indexes_json),
        rule(&col->list_rule),
        rule(&col->view_rule),
        rule(&col->create_rule),
        rule(&col->update_rule),
        rule(&col->delete_rule),
        DB_V_TEXT(col->options_json),
        DB_V_TEXT(col->created),
        DB_V_TEXT(col->updated),
    };

    if (old)
        return db_exec(a, tx,
                       STR("UPDATE _collections SET \"system\" = ?2, type = ?3, name = ?4, "
                           "fields = ?5, indexes = ?6, \"listRule\" = ?7, \"viewRule\" = ?8, "
                           "\"createRule\" = ?9, \"updateRule\" = ?10, \"deleteRule\" = ?11, "
                           "options = ?12, created = ?13, updated = ?14 WHERE id = ?1"),
                       values, COUNT_OF(values), NULL);
    return db_exec(a, tx,
                   STR("INSERT INTO _collections (id, \"system\", type, name, fields, indexes, "
                       "\"listRule\", \"viewRule\", \"createRule\", \"updateRule\", "
                       "\"deleteRule\", options, created, updated) "
                       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"),
                   values, COUNT_OF(values), NULL);
}

/* --- views ------------------------------------------------------------------------------------ */

static struct err *run_alone(struct arena *a, struct db_conn *tx, struct schema_step step)
{
    const struct schema_plan plan = {.steps = {.items = &step, .n = 1}};

    return schema_plan_run(a, tx, &plan, NULL);
}

struct err *schema_make_view(struct arena *a, struct db_conn *tx, struct str name,
                             struct str select)
{
    return run_alone(a, tx,
                     (struct schema_step){.kind = STEP_CREATE_VIEW, .table = name, .text = select});
}

struct err *schema_drop_view(struct arena *a, struct db_conn *tx, struct str name)
{
    return run_alone(a, tx, (struct schema_step){.kind = STEP_DROP_VIEW, .table = name});
}

/* --- whole collections ------------------------------------------------------------------------ */

static struct err *has_table(struct arena *a, struct db_conn *tx, struct str name, bool *ret)
{
    struct db_table_columns columns;
    struct err *err = db_list_columns(a, tx, name, &columns);

    *ret = !err && columns.n > 0;
    return err;
}

struct err *schema_save(struct arena *a, struct db_conn *tx, const struct schema_col *old,
                        const struct schema_col *col, struct str view_select,
                        struct schema_plan *log)
{
    bool there = false;
    struct err *err;

    if (col->type == SCHEMA_VIEW) {
        err = schema_carry_out(a, tx, old, col, view_select, log);
        return err ? err : write_row(a, tx, old, col);
    }
    err = write_row(a, tx, old, col);
    if (!err && old)
        err = has_table(a, tx, old->name, &there);
    return err ? err : schema_carry_out(a, tx, there ? old : NULL, col, STR_NONE, log);
}

static struct err *drop_references(struct arena *a, struct db_conn *tx, const struct schema *schema,
                                   const struct schema_col *col)
{
    const struct schema_col *const holders[] = {schema->external_auths, schema->mfas, schema->otps,
                                                schema->auth_origins};
    const struct db_value id = DB_V_TEXT(col->id);
    AUTO_BUF struct buf sql;
    struct err *err = NULL;

    buf_init(&sql, SQL_MAX);
    for (size_t i = 0; i < COUNT_OF(holders) && !err; i++) {
        buf_reset(&sql);
        BUF_ADD(&sql, "DELETE FROM ");
        db_conn_dialect(tx)->ident(&sql, holders[i]->name);
        BUF_ADD(&sql, " WHERE \"collectionRef\" = ?1");
        err = db_exec(a, tx, buf_str(&sql), &id, 1, NULL);
    }
    return err;
}

struct err *schema_drop(struct arena *a, struct db_conn *tx, const struct schema *schema,
                        const struct schema_col *col, struct schema_plan *log)
{
    const struct db_value id = DB_V_TEXT(col->id);
    struct err *err = schema_carry_out(a, tx, col, NULL, STR_NONE, log);

    if (!err)
        err = db_exec(a, tx, STR("DELETE FROM _collections WHERE id = ?1"), &id, 1, NULL);
    return err || col->type != SCHEMA_AUTH ? err : drop_references(a, tx, schema, col);
}
