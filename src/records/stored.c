/*
 * A stored file that a client asks for (services.md 3.1): whose it is, and who may have it.
 */
#include "base/limits.h"
#include "records/rows.h"
#include "records/rules.h"
#include "records/sql.h"
#include "records/values.h"

static struct err *missing(struct arena *a, const char *what)
{
    return err_new(a, E_NOT_FOUND, NULL, "%s", what);
}

static const struct schema_field *field_with(struct arena *a, const struct rec *rec,
                                             struct str name)
{
    for (size_t i = 0; i < rec->col->n_fields; i++) {
        const struct schema_field *field = &rec->col->fields[i];
        struct str_list names;

        if (field->type->kind != FIELD_FILE)
            continue;
        names = rec_list_of(a, rec, field);
        for (size_t k = 0; k < names.n; k++)
            if (str_eq(names.items[k], name))
                return field;
    }
    return NULL;
}

static void add_has_name(struct rec_sql *q, const struct schema_col *col,
                         const struct schema_field *field, struct str name)
{
    AUTO_BUF struct buf column;

    buf_init(&column, 1 * KIB);
    if (!field->multiple) {
        rec_sql_ident(q, field->name);
        rec_sql_among(q, &name, 1);
        return;
    }
    q->dialect->ident(&column, col->name);
    BUF_ADD(&column, ".");
    q->dialect->ident(&column, field->name);
    REC_SQL(q, "EXISTS (SELECT 1 FROM ");
    q->dialect->json_each(&q->text, buf_str(&column), STR("item"));
    REC_SQL(q, " WHERE ");
    rec_sql_column(q, STR("item"), STR("value"));
    rec_sql_among(q, &name, 1);
    REC_SQL(q, ")");
}

/* The id of a record that has the name in that field; p NULL: there is none. */
static struct err *find_owner(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                              const struct schema_field *field, struct str name, struct str *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    AUTO_SQL struct rec_sql q;
    struct err *err;
    bool row = false;

    rec_sql_init(&q, a, conn);
    REC_SQL(&q, "SELECT ");
    rec_sql_ident(&q, col->id_field->name);
    REC_SQL(&q, " FROM ");
    rec_sql_ident(&q, col->name);
    REC_SQL(&q, " WHERE ");
    add_has_name(&q, col, field, name);
    REC_SQL(&q, " LIMIT 1");
    err = rec_sql_prepare(&q, conn, &stmt);
    if (!err)
        err = db_step(a, stmt, &row);
    if (!err)
        *ret = row ? arena_dup(a, db_column_text(stmt, 0)) : STR_NONE;
    return err;
}

/* A view has no files of its own. */
static struct err *find_behind(struct arena *a, struct db_conn *conn, const struct schema *schema,
                               const struct schema_col *view, struct rec_file *file)
{
    const struct schema_col *col;
    const struct schema_field *field = schema_view_source(a, schema, view, file->field->name, &col);
    struct err *err;

    if (!field || field->type->kind != FIELD_FILE)
        return missing(a, "a view's column that is no collection's files");
    file->key.col = col->id;
    err = find_owner(a, conn, col, field, file->key.name, &file->key.rec);
    if (!err && !file->key.rec.p)
        err = missing(a, "nobody's file");
    return err;
}

struct err *rec_file_find(struct arena *a, struct db_conn *conn, const struct schema *schema,
                          const struct schema_col *col, struct str id, struct str name,
                          struct rec_file *ret)
{
    struct rec *rec;
    struct err *err = rec_find(a, conn, col, id, &rec);

    if (err)
        return err;
    if (!rec)
        return missing(a, "no such record");
    *ret = (struct rec_file){.rec = rec,
                             .field = field_with(a, rec, name),
                             .key = {.col = col->id, .rec = rec_id(rec), .name = name}};
    if (!ret->field)
        return missing(a, "no field of the record has the name");
    return col->type == SCHEMA_VIEW ? find_behind(a, conn, schema, col, ret) : NULL;
}

struct err *rec_file_check(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                           const struct rec_file *file)
{
    const struct schema_rule *rule = &file->rec->col->view_rule;
    bool may = rec_is_free(actor, rule);
    struct err *err = NULL;

    if (!may && rule->set)
        err = rec_rule_failed(a, rec_row_matches(a, conn, actor, file->rec, rule->text, &may),
                              E_NOT_FOUND, false);
    if (!err && !may)
        err = missing(a, "the view rule does not hold");
    return err;
}
