/*
 * What a change of collections would be: its steps, which rules and views it would break, and the
 * way back.
 */
#include "api/collections_plan.h"

#include "base/limits.h"
#include "db/dialect.h"

/* --- shared ----------------------------------------------------------------------------------- */

void report_text(struct buf *out, const char *key, struct str text)
{
    if (text.n == 0)
        return;
    buf_addf(out, ",\"%s\":", key);
    json_write_text(out, text);
}

const struct schema_field *report_field(const struct schema_col *col, struct str id)
{
    for (size_t i = 0; i < col->n_fields; i++)
        if (str_eq(col->fields[i].id, id))
            return &col->fields[i];
    return NULL;
}

/* --- the steps --------------------------------------------------------------- */

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
        report_text(out, "table", step->table);
        report_text(out, "name", step->name);
        report_text(out, "to", step->to);
        report_text(out, "field", step->field);
        report_text(out, "sql", buf_str(&sql));
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

void report_steps(const struct report *report)
{
    write_steps(report);
    write_ddl(report);
}

/* --- who would be left in the lurch ------------------------------------------ */

static void write_reference(const struct report *report, const struct schema_col *col,
                            struct str where, struct str text, struct str why, bool *any)
{
    buf_add(report->out, *any ? STR(",{\"collection\":") : STR("{\"collection\":"));
    json_write_text(report->out, col->name);
    report_text(report->out, "where", where);
    report_text(report->out, "text", text);
    report_text(report->out, "error", err_sentence(report->a, why));
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

void report_references(const struct report *report)
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

/* --- the way back ------------------------------------------------------------ */

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
            if (!report_field(before, after->fields[f].id))
                return true;
    }
    return false;
}

/* The body of an import. */
void report_inverse(const struct report *report)
{
    const bool all = adds(report);
    struct buf *out = report->out;
    bool any = false;

    BUF_ADD(out, ",\"inverse\":{\"collections\":[");
    for (size_t i = 0; i < report->before->n_cols; i++) {
        const struct schema_col *before = report->before->cols[i];
        const struct schema_col *after = map_find(&report->after->schema->by_id, before->id);

        if (!all && after && same_definition(before, after))
            continue;
        buf_add(out, any ? STR(",") : STR_NONE);
        schema_write_def(out, schema_def_of(report->a, before));
        any = true;
    }
    buf_addf(out, "],\"deleteMissing\":%s}", all ? "true" : "false");
}
