/*
 * POST /api/reeve/schema/plan: what a change of collections would do, without doing it.
 *
 * The change is carried out on a scratch database, which has the tables and no rows: so it is
 * checked as the change itself would be, and the steps are those that it would run. What it means
 * for the rows is then asked of the database as it is.
 */
#include "api/collections_plan.h"

#include "base/form.h"
#include "base/limits.h"
#include "schema/plan.h"

/* What was asked for, one of these. */
struct plan {
    const struct coll_change *change;
    const struct coll_removal *removal;
    const struct coll_import *import;
};

/* --- on the scratch database ------------------------------------------------------------------ */

static void unref_schema(void *arg)
{
    schema_unref(arg);
}

/* Views that select from what has changed fail only when they are saved again, or read. */
static struct err *try_views(struct arena *a, struct db_conn *tx, struct outcome *outcome)
{
    const struct schema *schema = outcome->schema;
    struct err *err = NULL;

    outcome->view_why = ARENA_ARRAY(a, struct str, schema->n_cols);
    for (size_t i = 0; i < schema->n_cols && !err; i++) {
        struct str select;

        if (schema->cols[i]->type == SCHEMA_VIEW)
            err = schema_infer_view(a, tx, schema, schema_def_of(a, schema->cols[i]), &select,
                                    &outcome->view_why[i]);
    }
    return err;
}

static struct err *plan_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct plan *plan = in;
    struct outcome *outcome = ARENA_NEW(a, struct outcome);
    struct schema_def *def;
    struct err *err;

    outcome->steps.a = a;
    if (plan->change)
        err = coll_change(tx, plan->change, a, &outcome->steps, &def);
    else if (plan->removal)
        err = coll_remove(tx, plan->removal, a, &outcome->steps);
    else
        err = coll_import(tx, plan->import, a, &outcome->steps);
    if (!err)
        err = schema_load(a, tx, &outcome->schema);
    if (err)
        return err;
    arena_defer(a, unref_schema, outcome->schema);
    *ret_out = outcome;
    return try_views(a, tx, outcome);
}

/* --- the endpoint ----------------------------------------------------------------------------- */

struct form {
    const struct json *collection, *collections;
    bool delete_missing;
    struct str remove;
};

static struct err *refuse(struct api_call *call, const char *path, enum err_code_id code)
{
    struct err *err = NULL;

    err_add_item(call->arena, &err, str_of(path), code, STR_NONE);
    err->message = "An error occurred while validating the submitted data.";
    return err;
}

static struct str text_of(const struct json *body, const char *key)
{
    const struct json *member = json_get(body, str_of(key));

    return member && member->type == JSON_TEXT ? member->text : STR("");
}

/* What PATCH would do where there is such a collection, else what POST would: also of a name that
 * is another's in another case, which POST refuses. */
static struct err *read_collection(struct api_call *call, const struct json *body,
                                   const struct coll_change **ret)
{
    const struct schema_col *old;
    struct str id, name;

    if (body->type != JSON_OBJECT)
        return refuse(call, "collection", CODE_INVALID);
    id = text_of(body, "id");
    name = text_of(body, "name");
    old = schema_find(call->schema, id.n ? id : name);
    if (old && id.n == 0 && !str_eq(old->name, name))
        old = NULL;
    return coll_read_change(call, old, body, ret);
}

static struct err *read_removal(struct api_call *call, struct str which,
                                const struct coll_removal **ret)
{
    const struct schema_col *col = schema_find(call->schema, which);

    if (!col)
        return refuse(call, "remove", CODE_INVALID);
    *ret = coll_read_removal(call, col);
    return NULL;
}

static struct err *read_plan(struct api_call *call, struct plan *plan)
{
    static const struct form_field fields[] = {
        {"collection", FORM_JSON, offsetof(struct form, collection)},
        {"collections", FORM_JSON, offsetof(struct form, collections)},
        {"deleteMissing", FORM_BOOL, offsetof(struct form, delete_missing)},
        {"remove", FORM_TEXT, offsetof(struct form, remove)},
    };
    struct form_input input;
    struct form form;
    struct err *err = api_form(call, &input);

    if (err)
        return err;
    if (!form_decode(call->arena, fields, COUNT_OF(fields), &input, &form))
        return err_new(call->arena, E_BAD_REQUEST,
                       "An error occurred while loading the submitted data.", "no plan");
    if ((form.collection != NULL) + (form.remove.n > 0) + (form.collections != NULL) > 1)
        return refuse(call, form.collection ? "collection" : "remove", CODE_EMPTY);
    if (form.collection)
        return read_collection(call, form.collection, &plan->change);
    if (form.remove.n > 0)
        return read_removal(call, form.remove, &plan->removal);
    return coll_read_import(call, form.collections, form.delete_missing, &plan->import);
}

static struct err *answer(struct api_call *call, const struct outcome *outcome)
{
    const struct report report = {.call = call,
                                  .a = call->arena,
                                  .out = &call->req->resp.body,
                                  .before = call->schema,
                                  .after = outcome};
    struct err *err;

    BUF_ADD(report.out, "{");
    report_steps(&report);
    err = report_rows(&report);
    if (err)
        return err;
    report_references(&report);
    report_inverse(&report);
    BUF_ADD(report.out, "}");
    req_answer_json(call->req, 200);
    return NULL;
}

static struct err *plan(struct api_call *call)
{
    static const char *const rows_of[] = {"_collections", "_params"};
    struct plan plan = {0};
    void *outcome;
    struct err *err = read_plan(call, &plan);

    if (!err)
        err = db_run_scratch(call->arena, call->conn, rows_of, COUNT_OF(rows_of), plan_unit, &plan,
                             &outcome);
    return err ? err : answer(call, outcome);
}

const struct api_work api_schema_plan = {.steps = {{.place = AT_POOL_READ, .run = plan}}};
