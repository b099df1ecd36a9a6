/*
 * Views whose fields follow from a change of other collections are stored anew (collections.md 9).
 */
#include "schema/define.h"
#include "schema/internal.h"
#include "schema/plan.h"

#define FIELDS_MAX (16 * 1024 * 1024)

/* The list of fields but for their ids, which are drawn anew. */
static struct str fields_but_ids(struct arena *a, const struct schema_def *def)
{
    struct schema_def *copy = ARENA_NEW(a, struct schema_def);
    struct buf out;

    buf_init(&out, FIELDS_MAX);
    for (size_t i = 0; i < def->fields.n; i++) {
        struct json field = def->fields.items[i];
        struct json_member *members = ARENA_ARRAY(a, struct json_member, field.n);

        for (uint32_t m = 0; m < field.n; m++) {
            members[m] = field.members[m];
            if (str_eq(members[m].key, STR("id")))
                members[m].value = json_of_text(STR(""));
        }
        field.members = members;
        *VEC_PUSH(a, &copy->fields) = field;
    }
    schema_write_fields(&out, copy);
    return buf_take(a, &out);
}

struct change {
    struct arena *a;
    struct arena *scratch; /* for one view; one that is saved stays there */
    struct db_conn *tx;
    struct schema *schema; /* with what was saved so far; a reference */
    int64_t now_ms;
    struct schema_plan *log;
};

/* *ret: the view as it is saved anew, or NULL. */
static struct err *follow_view(const struct change *in, const struct schema_col *old,
                               const struct schema_col **ret)
{
    struct schema_def *def = schema_def_of(in->scratch, old);
    struct str before = fields_but_ids(in->scratch, def);
    const struct schema_col *col;
    struct str select, why;
    bool whole;
    struct err *err;

    *ret = NULL;
    schema_def_finish(in->scratch, def, in->schema, old, in->now_ms);
    err = schema_infer_view(in->scratch, in->tx, in->schema, def, &select, &why);
    if (err || why.p || str_eq(before, fields_but_ids(in->scratch, def)))
        return err;
    col = schema_def_col(in->scratch, def, &whole);
    if (!whole)
        return NULL;
    err = schema_save(in->scratch, in->tx, old, col, select, in->log);
    *ret = err ? NULL : col;
    return err;
}

/* What is undone is no part of the log. A view's own fault is none of the change's. */
static struct err *try_view(const struct change *in, const struct schema_col *col,
                            const struct schema_col **ret)
{
    const size_t logged = in->log ? in->log->steps.n : 0;
    struct err *err = db_savepoint(in->a, in->tx);

    if (err)
        return err;
    err = follow_view(in, col, ret);
    if (!err)
        return db_savepoint_release(in->a, in->tx);
    db_savepoint_rollback(in->tx);
    if (in->log)
        in->log->steps.n = logged;
    return err->kind == E_BAD_REQUEST ? NULL : err_copy(in->a, err);
}

/* Once over all views. *ret_any: one was saved, and those that select from it may follow. */
static struct err *follow_all(struct change *in, bool *ret_any)
{
    struct err *err = NULL;

    *ret_any = false;
    for (size_t i = 0; i < in->schema->n_cols && !err; i++) {
        const struct schema_col *saved = NULL;
        struct schema *with;

        if (in->schema->cols[i]->type != SCHEMA_VIEW)
            continue;
        arena_reset(in->scratch);
        err = try_view(in, in->schema->cols[i], &saved);
        with = err || !saved ? NULL : schema_with(in->schema, saved);
        if (!with)
            continue;
        schema_unref(in->schema);
        in->schema = with;
        in->scratch = arena_child(in->a); /* the snapshot borrows of the former one */
        *ret_any = true;
    }
    return err;
}

struct err *schema_follow_views(struct arena *a, struct db_conn *tx, const struct schema *schema,
                                const struct schema_col *col, int64_t now_ms,
                                struct schema_plan *log)
{
    struct change in = {.a = a,
                        .scratch = arena_child(a),
                        .tx = tx,
                        .schema = schema_with(schema, col),
                        .now_ms = now_ms,
                        .log = log};
    bool any = in.schema != NULL;
    struct err *err = NULL;

    /* A chain of views is followed to its end; those that go round in circles cannot be made. */
    for (size_t i = 0; any && i < schema->n_cols && !err; i++)
        err = follow_all(&in, &any);
    schema_unref(in.schema);
    return err;
}
