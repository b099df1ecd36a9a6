/*
 * Into the table (records.md 8): generated texts, autodates, validation, insert or update.
 */
#include "base/date.h"
#include "base/id.h"
#include "records/internal.h"

#include <string.h>

/* --- values that nobody submits --------------------------------------------------------------- */

struct value *rec_zero(struct arena *a, const struct schema_col *col)
{
    struct value *values = ARENA_ARRAY(a, struct value, col->n_fields);

    for (size_t i = 0; i < col->n_fields; i++)
        values[i] = field_zero(&col->fields[i]);
    return values;
}

/* A pattern that generation does not know leaves the field empty, as upstream. */
static struct str generate(struct arena *a, const struct schema_field *field)
{
    struct str text;

    return regex_generate(a, field->text.autogenerate, &text) ? text : STR_NONE;
}

void rec_fill_generated(struct arena *a, const struct schema_col *col, struct value *values)
{
    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *field = &col->fields[i];

        if (field->type->kind == FIELD_TEXT && field->text.autogenerate.n > 0 &&
            values[i].text.n == 0)
            values[i].text = generate(a, field);
    }
}

struct str rec_new_token_key(struct arena *a, const struct schema_col *col)
{
    const struct schema_field *field = col->auth->token_key;

    if (field->type->kind == FIELD_TEXT && field->text.autogenerate.n > 0)
        return generate(a, field);
    return random_text(a, 50, ALPHABET_SECRET);
}

void rec_stamp(const struct rec_work *work)
{
    char text[DATE_TEXT_LEN + 1];
    struct str now = {text, DATE_TEXT_LEN};

    date_format(text, work->now_ms);
    now = arena_dup(work->a, now);
    for (size_t i = 0; i < work->col->n_fields; i++) {
        const struct schema_field *field = &work->col->fields[i];

        if (field->type->kind == FIELD_AUTODATE &&
            (work->old ? field->autodate.on_update : field->autodate.on_create))
            work->values[i].text = now;
    }
    if (work->col == work->schema->superusers)
        work->values[work->col->auth->verified->at].truth = true;
}

/* --- statements ------------------------------------------------------------------------------- */

static struct err *insert(const struct rec_work *work, const struct db_value *cells)
{
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, work->a, work->tx);
    REC_SQL(&q, "INSERT INTO ");
    rec_sql_ident(&q, work->col->name);
    REC_SQL(&q, " (");
    for (size_t i = 0; i < work->col->n_fields; i++) {
        if (i)
            REC_SQL(&q, ", ");
        rec_sql_ident(&q, work->col->fields[i].name);
    }
    REC_SQL(&q, ") VALUES (");
    for (size_t i = 0; i < work->col->n_fields; i++) {
        if (i)
            REC_SQL(&q, ", ");
        rec_sql_param(&q, cells[i]);
    }
    REC_SQL(&q, ")");
    return rec_sql_exec(&q, work->tx, NULL);
}

/* Every column but the id, which does not change. */
static struct err *update(const struct rec_work *work, const struct db_value *cells)
{
    const struct schema_field *id = work->col->id_field;
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, work->a, work->tx);
    REC_SQL(&q, "UPDATE ");
    rec_sql_ident(&q, work->col->name);
    REC_SQL(&q, " SET ");
    for (size_t i = 0; i < work->col->n_fields; i++) {
        if (&work->col->fields[i] == id)
            continue;
        if (q.values.n)
            REC_SQL(&q, ", ");
        rec_sql_ident(&q, work->col->fields[i].name);
        REC_SQL(&q, " = ");
        rec_sql_param(&q, cells[i]);
    }
    if (q.values.n == 0)
        return NULL; /* nothing but an id */
    REC_SQL(&q, " WHERE ");
    rec_sql_ident(&q, id->name);
    REC_SQL(&q, " = ");
    rec_sql_param(&q, DB_V_TEXT(rec_id(work->old)));
    return rec_sql_exec(&q, work->tx, NULL);
}

/* --- saving ----------------------------------------------------------------------------------- */

static struct err *validate(const struct rec_work *work, const struct err *field_items)
{
    struct err *items = err_copy(work->a, field_items);
    struct err *err;

    err = rec_check_stored(work, &items);
    if (!err && !items)
        err = rec_check_system(work, &items);
    return err ? err : items;
}

static struct err *put(struct rec_work *work)
{
    struct err *err = NULL;

    if (rec_is_auth(work->col)) {
        err = rec_react_before(work);
        if (!err)
            err = rec_check_auth_id(work);
    }
    if (err)
        return err;
    if (!work->cells)
        work->cells = rec_store(work->a, work->col, work->values);
    err = work->old ? update(work, work->cells) : insert(work, work->cells);
    return err ? err : rec_react_after(work);
}

struct err *rec_save(struct rec_work *work, const struct err *field_items, struct rec **ret)
{
    struct err *err;

    err = validate(work, field_items);
    if (err)
        return err;
    if (!work->cells)
        rec_stamp(work);
    err = put(work);
    if (err)
        return err;
    *ret = ARENA_NEW(work->a, struct rec);
    **ret = (struct rec){.col = work->col, .cells = work->cells};
    return NULL;
}

/* Nothing that others react to changes: old and new differ in a relation, or in form only. */
struct err *rec_save_normal(const struct rec_work *work)
{
    struct err *err = NULL;

    rec_stamp(work);
    if (rec_is_auth(work->col))
        err = rec_check_auth_id(work);
    if (err)
        return err;
    return update(work, rec_store(work->a, work->col, work->values));
}

/* --- from inside ------------------------------------------------------------------------------ */

static void apply_sets(const struct schema_col *col, const struct rec_set *sets, size_t n,
                       struct value *values)
{
    for (size_t i = 0; i < n; i++) {
        const struct schema_field *field = schema_field(col, sets[i].field);

        if (field)
            values[field->at] = sets[i].value;
    }
}

struct rec_fixed rec_fix(struct arena *a, const struct schema_col *col, int64_t now_ms)
{
    struct rec_fixed fixed = {.col = col, .values = rec_zero(a, col), .now_ms = now_ms};

    rec_fill_generated(a, col, fixed.values);
    if (rec_is_auth(col))
        fixed.token_key = rec_new_token_key(a, col);
    return fixed;
}

/* Generated texts stand where nobody has set one. */
static struct value *new_values(struct arena *a, const struct rec_fixed *fixed,
                                const struct rec_set *sets, size_t n)
{
    struct value *values = rec_zero(a, fixed->col);

    apply_sets(fixed->col, sets, n, values);
    for (size_t i = 0; i < fixed->col->n_fields; i++)
        if (fixed->values[i].text.n > 0 && values[i].text.n == 0)
            values[i].text = fixed->values[i].text;
    return values;
}

struct err *rec_insert(struct arena *a, struct db_conn *tx, const struct schema *schema,
                       const struct rec_fixed *fixed, const struct rec_set *sets, size_t n,
                       struct rec **ret)
{
    struct rec_work work = {.a = a,
                            .tx = tx,
                            .schema = schema,
                            .col = fixed->col,
                            .values = new_values(a, fixed, sets, n),
                            .now_ms = fixed->now_ms};
    struct err *items = NULL;

    rec_check_fields(&work, &items);
    return rec_save(&work, items, ret);
}

struct err *rec_change(struct arena *a, struct db_conn *tx, const struct schema *schema,
                       const struct rec_fixed *fixed, const struct rec *rec,
                       const struct rec_set *sets, size_t n, struct rec **ret)
{
    struct value *old = rec_load(a, rec);
    struct rec_work work = {.a = a,
                            .tx = tx,
                            .schema = schema,
                            .col = rec->col,
                            .old = rec,
                            .old_values = old,
                            .values = ARENA_ARRAY(a, struct value, rec->col->n_fields),
                            .token_key = fixed->token_key,
                            .now_ms = fixed->now_ms};
    struct err *items = NULL;

    memcpy(work.values, old, rec->col->n_fields * sizeof(*old));
    apply_sets(rec->col, sets, n, work.values);
    rec_check_fields(&work, &items);
    return rec_save(&work, items, ret);
}
