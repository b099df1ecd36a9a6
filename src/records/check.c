/*
 * Validation of a record (records.md 6): what each field type checks by itself, and what has to be
 * asked of the database. Every field is checked, the first failing check of each is reported.
 */
#include "records/check.h"

#include "records/sql.h"
#include "records/values.h"

/* With this pattern, a duplicate id is left to the unique index. */
#define DEFAULT_ID_PATTERN STR("^[a-z0-9]+$")

static bool has_item(const struct err *err, struct str path)
{
    for (const struct err_item *item = err ? err->items : NULL; item; item = item->next)
        if (str_eq(item->path, path))
            return true;
    return false;
}

/* --- without the database --------------------------------------------------------------------- */

/* A name must be stored already, or come with an upload that the field takes. */
static void check_files(const struct rec_work *work, const struct schema_field *field,
                        struct err **err)
{
    const struct value *value = &work->values[field->at];
    const struct value known = rec_uploads_known(work->a, work->uploads, field,
                                                 work->old ? &work->old_values[field->at] : NULL);

    if (!field_check_files(work->a, field, value, &known, err))
        return;
    field->type->check(work->a, field, value, err);
    if (!has_item(*err, field->name))
        rec_uploads_check(work->a, work->uploads, field, value, err);
}

static bool hash_failed(const struct schema_field *field, const struct value *value)
{
    return field->type->kind == FIELD_PASSWORD && value->changed && value->plain.n > 0 &&
           value->text.n == 0;
}

/* bcrypt takes it, the library that makes ours does not. */
static bool has_nul(struct str password)
{
    return str_find_byte(password, '\0') < password.n;
}

bool rec_has_unhashed(const struct schema_col *col, const struct value *values)
{
    for (size_t i = 0; i < col->n_fields; i++)
        if (hash_failed(&col->fields[i], &values[i]) && !has_nul(values[i].plain))
            return true;
    return false;
}

void rec_check_fields(const struct rec_work *work, struct err **err)
{
    for (size_t i = 0; i < work->col->n_fields; i++) {
        const struct schema_field *field = &work->col->fields[i];
        const struct value *value = &work->values[i];

        if (work->old && field == work->col->id_field) {
            if (!str_eq(value->text, work->old_values[i].text))
                err_add_item(work->a, err, field->name, CODE_PK_CHANGE, STR_NONE);
        } else if (hash_failed(field, value)) {
            err_add_item(work->a, err, field->name,
                         has_nul(value->plain) ? CODE_PASSWORD_NUL : CODE_INVALID, STR_NONE);
        } else if (field->type->kind == FIELD_FILE) {
            check_files(work, field, err);
        } else {
            field->type->check(work->a, field, value, err);
        }
    }
}

/* --- with it ---------------------------------------------------------------------------------- */

static struct err *count_existing(const struct rec_work *work, const struct schema_col *target,
                                  const struct str *ids, size_t n, int64_t *ret)
{
    AUTO_SQL struct rec_sql q;
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err;
    bool row = false;

    *ret = 0;
    rec_sql_init(&q, work->a, work->tx);
    REC_SQL(&q, "SELECT COUNT(*) FROM ");
    rec_sql_ident(&q, target->name);
    REC_SQL(&q, " WHERE ");
    rec_sql_ident(&q, target->id_field->name);
    rec_sql_among(&q, ids, n);
    err = rec_sql_prepare(&q, work->tx, &stmt);
    if (!err)
        err = db_step(work->a, stmt, &row);
    if (!err && row)
        *ret = db_column_int(stmt, 0);
    return err;
}

static struct err *check_related(const struct rec_work *work, const struct schema_field *field,
                                 struct err **items)
{
    const struct value *value = &work->values[field->at];
    struct err *err;
    int64_t n;

    if (value->list.n == 0 || has_item(*items, field->name))
        return NULL;
    if (!field->relation.target) {
        err_add_item(work->a, items, field->name, CODE_REL_COLLECTION, STR_NONE);
        return NULL;
    }
    err = count_existing(work, field->relation.target, value->list.items, value->list.n, &n);
    if (!err && n != (int64_t)value->list.n)
        err_add_item(work->a, items, field->name, CODE_REL_RECORDS, STR_NONE);
    return err;
}

/* Ids that differ in case only are refused, unless the pattern rules that out. */
static struct err *check_new_id(const struct rec_work *work, struct err **items)
{
    const struct schema_field *field = work->col->id_field;
    AUTO_SQL struct rec_sql q;
    struct err_item **at;
    struct err *err;
    bool taken;

    rec_sql_init(&q, work->a, work->tx);
    if (str_eq(field->text.pattern, DEFAULT_ID_PATTERN))
        return NULL;
    REC_SQL(&q, "SELECT 1 FROM ");
    rec_sql_ident(&q, work->col->name);
    REC_SQL(&q, " WHERE ");
    rec_sql_equal_nocase(&q, field->name, DB_V_TEXT(work->values[field->at].text));
    REC_SQL(&q, " LIMIT 1");
    err = rec_sql_exists(&q, work->tx, &taken);
    if (err || !taken)
        return err;
    at = *items ? &(*items)->items : NULL;
    while (at && *at && !str_eq((*at)->path, field->name))
        at = &(*at)->next;
    if (at && *at)
        *at = (*at)->next; /* this comes before the other checks of an id */
    err_add_item(work->a, items, field->name, CODE_PK_INVALID, STR_NONE);
    return NULL;
}

struct err *rec_check_stored(const struct rec_work *work, struct err **items)
{
    struct err *err = work->old ? NULL : check_new_id(work, items);

    for (size_t i = 0; i < work->col->n_fields && !err; i++)
        if (work->col->fields[i].type->kind == FIELD_RELATION)
            err = check_related(work, &work->col->fields[i], items);
    return err;
}

struct err *rec_check_auth_id(const struct rec_work *work)
{
    struct str id = work->values[work->col->id_field->at].text;
    struct err *err = NULL;

    for (size_t i = 0; i < work->scope->schema->n_cols && !err; i++) {
        const struct schema_col *other = work->scope->schema->cols[i];
        int64_t n = 0;

        if (other == work->col || !other->auth)
            continue;
        err = count_existing(work, other, &id, 1, &n);
        if (!err && n > 0)
            err_add_item(work->a, &err, work->col->id_field->name, CODE_AUTH_ID, STR_NONE);
    }
    return err;
}
