/*
 * POST /api/reeve/schema/plan: what a change of collections would do, without doing it.
 *
 * The change is carried out on a scratch database, which has the tables and no rows: so it is
 * checked as the change itself would be, and the steps are those that it would run. What it means
 * for the rows is then asked of the database as it is.
 */
#include "api/collections.h"

#include "base/form.h"
#include "base/limits.h"
#include "db/dialect.h"
#include "schema/plan.h"

#include <inttypes.h>

#define SQL_MAX ((size_t)64 * 1024)
/* Rows that are written anew, or only read, in a millisecond: for an estimate that tells a moment
 * from minutes. */
#define ROWS_REWRITTEN_A_MS 250
#define ROWS_SCANNED_A_MS 2500

/* What was asked for, one of these. */
struct plan {
    const struct coll_change *change;
    const struct coll_removal *removal;
    const struct coll_import *import;
};

/* What it came to on the scratch database. */
struct outcome {
    struct schema_plan steps;
    struct schema *schema; /* lives as long as the arena */
    struct str *view_why; /* of each of its collections: why a view would fail; p NULL: it would not
                           */
};

/* What the answer is made of. */
struct report {
    struct api_call *call;
    struct arena *a;
    struct buf *out;
    const struct schema *before;
    const struct outcome *after;
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

/* --- questions to the rows -------------------------------------------------------------------- */

static struct err *count(const struct report *report, struct str sql, int64_t *ret)
{
    struct db_row *row = NULL;
    struct err *err = db_query_row(report->a, report->call->conn, sql, NULL, 0, &row);

    *ret = !err && row && row->cells[0].type == DB_INT ? row->cells[0].i : 0;
    return err;
}

static struct err *count_rows(const struct report *report, const struct schema_col *col,
                              int64_t *ret)
{
    AUTO_BUF struct buf sql;

    buf_init(&sql, SQL_MAX);
    BUF_ADD(&sql, "SELECT count(*) FROM ");
    db_conn_dialect(report->call->conn)->ident(&sql, col->name);
    return count(report, buf_str(&sql), ret);
}

static struct str column_of(const struct report *report, const struct schema_col *col,
                            const struct schema_field *field)
{
    const struct db_dialect *dialect = db_conn_dialect(report->call->conn);
    AUTO_BUF struct buf out;

    buf_init(&out, SQL_MAX);
    dialect->ident(&out, col->name);
    BUF_ADD(&out, ".");
    dialect->ident(&out, field->name);
    return arena_dup(report->a, buf_str(&out));
}

/* Rows that hold something there: not the column's empty value. */
static struct err *count_values(const struct report *report, const struct schema_col *col,
                                const struct schema_field *field, int64_t *ret)
{
    struct str column = column_of(report, col, field);
    AUTO_BUF struct buf sql;

    buf_init(&sql, SQL_MAX);
    BUF_ADD(&sql, "SELECT count(*) FROM ");
    db_conn_dialect(report->call->conn)->ident(&sql, col->name);
    buf_addf(&sql,
             " WHERE %.*s IS NOT NULL AND CAST(%.*s AS TEXT) NOT IN ('', '[]', 'null', '0', '0.0', "
             "'false')",
             STR_ARG(column), STR_ARG(column));
    return count(report, buf_str(&sql), ret);
}

/* Rows with more items than the one that would be left. */
static struct err *count_lists(const struct report *report, const struct schema_col *col,
                               const struct schema_field *field, int64_t *ret)
{
    const struct db_dialect *dialect = db_conn_dialect(report->call->conn);
    AUTO_BUF struct buf sql;

    buf_init(&sql, SQL_MAX);
    BUF_ADD(&sql, "SELECT count(*) FROM ");
    dialect->ident(&sql, col->name);
    BUF_ADD(&sql, " WHERE ");
    dialect->json_length(&sql, column_of(report, col, field));
    BUF_ADD(&sql, " > 1");
    return count(report, buf_str(&sql), ret);
}

/* --- what is written: the steps --------------------------------------------------------------- */

static void add_member(struct buf *out, const char *key, struct str text)
{
    if (text.n == 0)
        return;
    buf_addf(out, ",\"%s\":", key);
    json_write_text(out, text);
}

static void write_steps(const struct report *report)
{
    const struct db_dialect *dialect = db_conn_dialect(report->call->conn);
    struct buf *out = report->out;

    BUF_ADD(out, "\"steps\":[");
    for (size_t i = 0; i < report->after->steps.steps.n; i++) {
        const struct schema_step *step = &report->after->steps.steps.items[i];
        AUTO_BUF struct buf sql;

        buf_init(&sql, LIMIT_BODY_BYTES);
        schema_step_sql(report->a, dialect, step, &sql);
        buf_addf(out, "%s{\"kind\":\"%s\"", i ? "," : "", schema_step_info[step->kind].name);
        add_member(out, "table", step->table);
        add_member(out, "name", step->name);
        add_member(out, "to", step->to);
        add_member(out, "field", step->field);
        add_member(out, "sql", buf_str(&sql));
        BUF_ADD(out, "}");
    }
    BUF_ADD(out, "]");
}

static void write_ddl(const struct report *report)
{
    const struct db_dialect *dialect = db_conn_dialect(report->call->conn);
    AUTO_BUF struct buf ddl;

    buf_init(&ddl, LIMIT_RESPONSE_BYTES);
    for (size_t i = 0; i < report->after->steps.steps.n; i++) {
        schema_step_sql(report->a, dialect, &report->after->steps.steps.items[i], &ddl);
        BUF_ADD(&ddl, ";\n");
    }
    BUF_ADD(report->out, ",\"ddl\":");
    json_write_text(report->out, buf_str(&ddl));
}

/* --- what is written: tables and losses ------------------------------------------------------- */

static const struct schema_col *col_after(const struct report *report,
                                          const struct schema_col *before)
{
    return map_find(&report->after->schema->by_id, before->id);
}

static const struct schema_field *field_after(const struct schema_col *col, struct str id)
{
    for (size_t i = 0; i < col->n_fields; i++)
        if (str_eq(col->fields[i].id, id))
            return &col->fields[i];
    return NULL;
}

/* Rows of the former table of a collection that the steps are about. A view has none of its own. */
static struct err *write_table(const struct report *report, const struct schema_col *col,
                               bool *ret_any)
{
    const struct schema_col *after = col_after(report, col);
    bool touched = false, rewrites = false, scans = false;
    int64_t rows = 0, ms;
    struct err *err;

    for (size_t i = 0; i < report->after->steps.steps.n; i++) {
        const struct schema_step *step = &report->after->steps.steps.items[i];

        if (!str_eq_nocase(step->table, col->name) &&
            !(after && str_eq_nocase(step->table, after->name)))
            continue;
        touched = true;
        rewrites = rewrites || schema_step_info[step->kind].rewrites;
        scans = scans || schema_step_info[step->kind].scans;
    }
    if (!touched || col->type == SCHEMA_VIEW)
        return NULL;
    err = count_rows(report, col, &rows);
    ms = (rewrites ? rows / ROWS_REWRITTEN_A_MS : 0) + (scans ? rows / ROWS_SCANNED_A_MS : 0);
    buf_add(report->out, *ret_any ? STR(",{\"name\":") : STR("{\"name\":"));
    json_write_text(report->out, col->name);
    buf_addf(report->out, ",\"rows\":%" PRId64 ",\"rewrite\":%s,\"ms\":%" PRId64 "}", rows,
             rewrites ? "true" : "false", ms);
    *ret_any = true;
    return err;
}

static void write_loss(const struct report *report, const char *kind, const struct schema_col *col,
                       const struct schema_field *field, int64_t rows, bool *ret_any)
{
    struct buf *out = report->out;

    buf_addf(out, "%s{\"kind\":\"%s\",\"collection\":", *ret_any ? "," : "", kind);
    json_write_text(out, col->name);
    if (field)
        add_member(out, "field", field->name);
    buf_addf(out, ",\"rows\":%" PRId64 "}", rows);
    *ret_any = true;
}

/* Losses that go with it: the records, values of a field, all but the last of several. */
static struct err *write_losses_of(const struct report *report, const struct schema_col *col,
                                   bool *ret_any)
{
    const struct schema_col *after = col_after(report, col);
    struct err *err = NULL;
    int64_t rows;

    if (col->type == SCHEMA_VIEW)
        return NULL;
    if (!after) {
        err = count_rows(report, col, &rows);
        write_loss(report, "records", col, NULL, rows, ret_any);
        return err;
    }
    for (size_t i = 0; i < col->n_fields && !err; i++) {
        const struct schema_field *field = &col->fields[i];
        const struct schema_field *now = field_after(after, field->id);

        if (now && (!field->multiple || now->multiple))
            continue;
        err =
            now ? count_lists(report, col, field, &rows) : count_values(report, col, field, &rows);
        if (!err && (rows > 0 || !now))
            write_loss(report, now ? "items" : "values", col, field, rows, ret_any);
    }
    return err;
}

static struct err *write_each(const struct report *report, const char *key,
                              struct err *(*write)(const struct report *report,
                                                   const struct schema_col *col, bool *ret_any))
{
    struct err *err = NULL;
    bool any = false;

    buf_addf(report->out, ",\"%s\":[", key);
    for (size_t i = 0; i < report->before->n_cols && !err; i++)
        err = write(report, report->before->cols[i], &any);
    BUF_ADD(report->out, "]");
    return err;
}

/* --- what is written: who would be left in the lurch ------------------------------------------ */

static void write_reference(const struct report *report, const struct schema_col *col,
                            struct str where, struct str text, struct str why, bool *any)
{
    buf_add(report->out, *any ? STR(",{\"collection\":") : STR("{\"collection\":"));
    json_write_text(report->out, col->name);
    add_member(report->out, "where", where);
    add_member(report->out, "text", text);
    add_member(report->out, "error", err_sentence(report->a, why));
    BUF_ADD(report->out, "}");
    *any = true;
}

static bool compiles(const struct report *report, const struct schema *schema,
                     const struct schema_col *col, struct str rule, struct str *ret_why)
{
    return coll_rule_compiles(report->a, db_conn_dialect(report->call->conn), schema, col, rule,
                              report->call->caller.actor.scope.now_ms, ret_why);
}

/* A rule that meant something before. */
static void check_rule(const struct report *report, const struct schema_col *before,
                       const struct schema_col *after, const char *key, struct str rule, bool *any)
{
    struct str why = STR_NONE;

    if (rule.n > 0 && !compiles(report, report->after->schema, after, rule, &why) &&
        compiles(report, report->before, before, rule, &(struct str){0}))
        write_reference(report, after, str_of(key), rule, why, any);
}

static void check_rules(const struct report *report, const struct schema_col *after, bool *any)
{
    static const struct {
        const char *key;
        size_t at;
    } rules[] = {{"listRule", offsetof(struct schema_col, list_rule)},
                 {"viewRule", offsetof(struct schema_col, view_rule)},
                 {"createRule", offsetof(struct schema_col, create_rule)},
                 {"updateRule", offsetof(struct schema_col, update_rule)},
                 {"deleteRule", offsetof(struct schema_col, delete_rule)}};
    const struct schema_col *before = map_find(&report->before->by_id, after->id);

    for (size_t i = 0; before && i < COUNT_OF(rules); i++) {
        const struct schema_rule *rule =
            (const struct schema_rule *)((const char *)after + rules[i].at);

        check_rule(report, before, after, rules[i].key, rule->text, any);
    }
    if (!before || !after->auth || !before->auth)
        return;
    check_rule(report, before, after, "authRule", after->auth->auth_rule.text, any);
    check_rule(report, before, after, "manageRule", after->auth->manage_rule.text, any);
    check_rule(report, before, after, "mfa.rule", after->auth->mfa_rule, any);
}

static void check_relations(const struct report *report, const struct schema_col *after, bool *any)
{
    for (size_t i = 0; i < after->n_fields; i++) {
        const struct schema_field *field = &after->fields[i];

        if (field->type->kind == FIELD_RELATION && after->type != SCHEMA_VIEW &&
            map_find(&report->before->by_id, field->relation.collection_id) &&
            !map_find(&report->after->schema->by_id, field->relation.collection_id))
            write_reference(report, after,
                            arena_concat(report->a, STR("fields."), field->name, STR_NONE),
                            STR_NONE, STR("the collection that it refers to would be gone"), any);
    }
}

static void write_references(const struct report *report)
{
    const struct schema *schema = report->after->schema;
    bool any = false;

    BUF_ADD(report->out, ",\"references\":[");
    for (size_t i = 0; i < schema->n_cols; i++) {
        check_rules(report, schema->cols[i], &any);
        check_relations(report, schema->cols[i], &any);
        if (report->after->view_why[i].p)
            write_reference(report, schema->cols[i], STR("viewQuery"), schema->cols[i]->view_query,
                            report->after->view_why[i], &any);
    }
    BUF_ADD(report->out, "]");
}

/* --- what is written: the way back ------------------------------------------------------------ */

static bool same_rule(const struct schema_rule *x, const struct schema_rule *y)
{
    return x->set == y->set && str_eq(x->text, y->text);
}

static bool same_definition(const struct schema_col *x, const struct schema_col *y)
{
    return str_eq(x->name, y->name) && str_eq(x->fields_json, y->fields_json) &&
           str_eq(x->indexes_json, y->indexes_json) && str_eq(x->options_json, y->options_json) &&
           same_rule(&x->list_rule, &y->list_rule) && same_rule(&x->view_rule, &y->view_rule) &&
           same_rule(&x->create_rule, &y->create_rule) &&
           same_rule(&x->update_rule, &y->update_rule) &&
           same_rule(&x->delete_rule, &y->delete_rule);
}

/* Collections or fields that the way back has to remove: an import does so only where it knows all
 * that shall stay. */
static bool adds(const struct report *report)
{
    for (size_t i = 0; i < report->after->schema->n_cols; i++) {
        const struct schema_col *after = report->after->schema->cols[i];
        const struct schema_col *before = map_find(&report->before->by_id, after->id);

        if (!before)
            return true;
        for (size_t f = 0; f < after->n_fields && after->type != SCHEMA_VIEW; f++)
            if (!field_after(before, after->fields[f].id))
                return true;
    }
    return false;
}

/* The body of an import. */
static void write_inverse(const struct report *report)
{
    const bool all = adds(report);
    struct buf *out = report->out;
    bool any = false;

    BUF_ADD(out, ",\"inverse\":{\"collections\":[");
    for (size_t i = 0; i < report->before->n_cols; i++) {
        const struct schema_col *before = report->before->cols[i];
        const struct schema_col *after = col_after(report, before);

        if (!all && after && same_definition(before, after))
            continue;
        buf_add(out, any ? STR(",") : STR_NONE);
        schema_write_def(out, schema_def_of(report->a, before));
        any = true;
    }
    buf_addf(out, "],\"deleteMissing\":%s}", all ? "true" : "false");
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

/* What PATCH would do where there is such a collection, else what POST would. */
static struct err *read_collection(struct api_call *call, const struct json *body,
                                   const struct coll_change **ret)
{
    const struct json *id = json_get(body, STR("id"));
    const struct json *name = json_get(body, STR("name"));
    const struct schema_col *old = NULL;

    if (body->type != JSON_OBJECT)
        return refuse(call, "collection", CODE_INVALID);
    if (id && id->type == JSON_TEXT && id->text.n > 0)
        old = schema_find(call->schema, id->text);
    else if (name && name->type == JSON_TEXT && name->text.n > 0)
        old = schema_find(call->schema, name->text);
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
    write_steps(&report);
    write_ddl(&report);
    err = write_each(&report, "tables", write_table);
    if (!err)
        err = write_each(&report, "losses", write_losses_of);
    if (err)
        return err;
    write_references(&report);
    write_inverse(&report);
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
