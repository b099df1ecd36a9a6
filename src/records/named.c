/*
 * The names of files that records hold: one record's, a collection's page by page; and taking a
 * name out.
 */
#include "records/records.h"
#include "records/sql.h"
#include "records/values.h"

/* --- reading ---------------------------------------------------------------------------------- */

/* A view has no files of its own. */
static bool names_files(const struct schema_col *col)
{
    return col->type != SCHEMA_VIEW && rec_has_files(col);
}

/* "SELECT id, <file fields> FROM <table> WHERE id" */
static void add_select(struct rec_sql *q, const struct schema_col *col)
{
    REC_SQL(q, "SELECT ");
    rec_sql_ident(q, col->id_field->name);
    for (size_t i = 0; i < col->n_fields; i++) {
        if (col->fields[i].type->kind != FIELD_FILE)
            continue;
        REC_SQL(q, ", ");
        rec_sql_ident(q, col->fields[i].name);
    }
    REC_SQL(q, " FROM ");
    rec_sql_ident(q, col->name);
    REC_SQL(q, " WHERE ");
    rec_sql_ident(q, col->id_field->name);
}

static void read_row(struct arena *a, const struct db_stmt *stmt, const struct schema_col *col,
                     struct rec_names *ret)
{
    const struct str id = arena_dup(a, db_column_text(stmt, 0));
    unsigned at = 1;

    ret->last = id;
    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *field = &col->fields[i];
        struct value names;

        if (field->type->kind != FIELD_FILE)
            continue;
        names = field->type->load(a, field, db_column(stmt, at++));
        for (size_t k = 0; k < names.list.n; k++)
            *VEC_PUSH(a, ret) = (struct rec_name){id, field, arena_dup(a, names.list.items[k])};
    }
}

static struct err *read_rows(struct arena *a, struct db_conn *conn, struct rec_sql *q,
                             const struct schema_col *col, struct rec_names *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err = rec_sql_prepare(q, conn, &stmt);
    bool row = true;

    while (!err) {
        err = db_step(a, stmt, &row);
        if (err || !row)
            break;
        read_row(a, stmt, col, ret);
    }
    return err;
}

struct err *rec_names_of(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                         struct str id, struct rec_names *ret)
{
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, a, conn);
    *ret = (struct rec_names){0};
    if (!names_files(col))
        return NULL;
    add_select(&q, col);
    REC_SQL(&q, " = ");
    rec_sql_param(&q, DB_V_TEXT(id));
    return read_rows(a, conn, &q, col, ret);
}

struct err *rec_names_after(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                            struct str after, unsigned rows, struct rec_names *ret)
{
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, a, conn);
    *ret = (struct rec_names){0};
    if (!names_files(col))
        return NULL;
    add_select(&q, col);
    REC_SQL(&q, " > ");
    rec_sql_param(&q, DB_V_TEXT(after));
    REC_SQL(&q, " ORDER BY ");
    rec_sql_ident(&q, col->id_field->name);
    REC_SQL(&q, " LIMIT ");
    rec_sql_param(&q, DB_V_INT(rows));
    return read_rows(a, conn, &q, col, ret);
}

/* --- taking one out --------------------------------------------------------------------------- */

struct drop {
    const struct rec_draft *draft;
    const struct schema *schema;
};

static struct err *run_drop(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct drop *drop = in;

    if (db_schema_version(tx) != drop->schema->db_version)
        return err_new(a, E_STALE, NULL, "the schema changed");
    return rec_draft_run(tx, drop->draft, a, ret_out);
}

/* {"<field>-":"<name>"} */
static const struct json *drop_body(struct arena *a, const struct schema_field *field,
                                    struct str name)
{
    struct json_member *member = ARENA_NEW(a, struct json_member);
    struct json *body = ARENA_NEW(a, struct json);

    *member =
        (struct json_member){arena_concat(a, field->name, STR("-"), STR_NONE), json_of_text(name)};
    *body = json_of_object(member, 1);
    return body;
}

struct err *rec_drop_name(struct arena *a, struct db *db, const struct rec_scope *scope,
                          const struct schema_col *col, const struct rec_name *name)
{
    const struct rec_actor actor = {.scope = *scope, .superuser = true};
    const struct rec_request request = {.action = REC_UPDATE,
                                        .actor = &actor,
                                        .col = col,
                                        .id = name->id,
                                        .body = drop_body(a, name->field, name->name),
                                        .is_leased = true};
    const struct db_lease lease = {0};
    struct drop drop = {.schema = scope->schema};
    struct rec_draft *draft;
    void *out;
    struct err *err = rec_draft_new(a, &request, &draft);

    if (err)
        return err;
    drop.draft = draft;
    return db_run_leased(a, db, &lease, run_drop, &drop, &out);
}
