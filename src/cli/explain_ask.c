/*
 * What a request for records asks of the database.
 *
 * A list or a view is answered as the server would answer it, on a snapshot, with each statement
 * traced; its answer is thrown away. Of a write only its rule is asked, and nothing is changed.
 */
#include "cli/explain.h"

#include "base/date.h"
#include "base/limits.h"

#include <inttypes.h>

struct str explain_parameter(const struct explain *x, struct str name)
{
    for (size_t i = 0; i < x->query.n; i++)
        if (str_eq(x->query.items[i].name, name))
            return x->query.items[i].value;
    return STR_NONE;
}

static struct rec_list_params list_params(const struct explain *x)
{
    return (struct rec_list_params){.page = explain_parameter(x, STR("page")),
                                    .per_page = explain_parameter(x, STR("perPage")),
                                    .skip_total = explain_parameter(x, STR("skipTotal")),
                                    .filter = explain_parameter(x, STR("filter")),
                                    .sort = explain_parameter(x, STR("sort")),
                                    .expand = explain_parameter(x, STR("expand")),
                                    .cursor = explain_parameter(x, STR("cursor")),
                                    .from = explain_parameter(x, STR("from")),
                                    .group_by = explain_parameter(x, STR("groupBy")),
                                    .aggregate = explain_parameter(x, STR("aggregate"))};
}

/* --- statements ------------------------------------------------------------------------------- */

static void note_run(void *user, const struct db_traced *traced)
{
    struct explain *x = user;
    struct explain_run *run = VEC_PUSH(x->a, &x->runs);

    *run = (struct explain_run){.sql = arena_dup(x->a, traced->sql),
                                .values = ARENA_ARRAY(x->a, struct db_value, traced->n_values),
                                .n_values = traced->n_values,
                                .rows = traced->rows,
                                .elapsed_us = traced->elapsed_us,
                                .failed = traced->failed};
    for (unsigned i = 0; i < traced->n_values; i++) {
        run->values[i] = traced->values[i];
        if (run->values[i].type == DB_TEXT || run->values[i].type == DB_BLOB)
            run->values[i].s = arena_dup(x->a, run->values[i].s);
    }
}

static struct err *print_statement(struct explain *x, struct str sql, const struct db_value *values,
                                   unsigned n)
{
    const struct rec_list_params params = list_params(x);
    struct db_plan plan;
    struct err *err;

    explain_print_sql(x->out, sql, values, n);
    err = db_explain(x->a, x->inspect.conn, sql, values, n, &plan);
    if (err)
        return err;
    explain_print_plan(x->out, &plan);
    if (!db_plan_is_costly(&plan))
        return NULL;
    return explain_advise(x, x->question->answer == explain_list ? x->col : NULL, &params, sql);
}

static struct err *print_runs(struct explain *x, uint64_t whole_us)
{
    uint64_t rows = 0, us = 0;
    struct err *err = NULL;

    for (size_t i = 0; i < x->runs.n && !err; i++) {
        const struct explain_run *run = &x->runs.items[i];

        buf_addf(x->out, "\nStatement %zu: ", i + 1);
        explain_print_count(x->out, run->rows, "row", "rows");
        BUF_ADD(x->out, ", ");
        explain_print_ms(x->out, run->elapsed_us);
        buf_addf(x->out, "%s\n", run->failed ? ", failed" : "");
        err = print_statement(x, run->sql, run->values, run->n_values);
        rows += run->rows;
        us += run->elapsed_us;
    }
    if (x->runs.n == 0) /* it was refused before anything was asked */
        return err;
    BUF_ADD(x->out, "\nTotal: ");
    explain_print_count(x->out, x->runs.n, "statement", "statements");
    BUF_ADD(x->out, ", ");
    explain_print_count(x->out, rows, "row", "rows");
    BUF_ADD(x->out, ", ");
    explain_print_ms(x->out, us);
    BUF_ADD(x->out, " in the database, ");
    explain_print_ms(x->out, whole_us);
    BUF_ADD(x->out, " in all\n");
    return err;
}

/* Runs ask(x, ret) with each statement traced, and prints what there was to see, whatever came of
 * it; then its error. */
static struct err *run_traced(struct explain *x, struct err *(*ask)(struct explain *x, void *ret),
                              void *ret)
{
    const struct db_trace trace = {note_run, x};
    const uint64_t start_us = clock_us();
    struct err *err, *unseen;

    db_trace(x->inspect.conn, &trace);
    err = ask(x, ret);
    db_trace(x->inspect.conn, NULL);
    db_set_limits(x->inspect.conn, NULL); /* plans have time, also where that was over */
    unseen = print_runs(x, clock_us() - start_us);
    return err ? err : unseen;
}

/* --- reads ------------------------------------------------------------------------------------ */

static struct query_spec alone(const struct explain *x)
{
    return (struct query_spec){.schema = x->inspect.schema,
                               .col = x->col,
                               .request = &x->actor.request,
                               .dialect = db_conn_dialect(x->inspect.conn),
                               .want = QUERY_EXISTS,
                               .client_is_superuser = x->actor.superuser,
                               .limit = -1,
                               .now_ms = x->actor.scope.now_ms};
}

static struct err *print_compiled(struct explain *x, const char *title,
                                  const struct query_spec *spec)
{
    struct query_sql sql;
    struct err *err = query_compile(x->a, spec, &sql);

    buf_addf(x->out, "\n%s%s\n", title, err ? " does not compile" : ", compiled");
    if (!err)
        explain_print_sql(x->out, sql.text, sql.values, sql.n);
    return err;
}

/* What the rule and the client's filter come to, each by itself. */
static struct err *print_conditions(struct explain *x, struct str filter, struct str sort)
{
    struct query_spec by_rule = alone(x), by_filter = alone(x);
    struct err *err = NULL;

    by_rule.rule = x->rule->text;
    by_filter.filter = filter;
    if (!x->actor.superuser) {
        if (!x->rule->set)
            return NULL;
        err = query_check_identifiers(x->a, filter, sort);
        if (!err && x->rule->text.n > 0)
            err = print_compiled(x, "The rule", &by_rule);
    }
    if (!err && filter.n > 0)
        err = print_compiled(x, "The filter", &by_filter);
    return err;
}

static struct err *ask_list(struct explain *x, void *ret)
{
    const struct rec_list_params params = list_params(x);

    return rec_list(x->a, x->inspect.conn, &x->actor, x->col, &params, ret);
}

static struct err *ask_view(struct explain *x, void *ret)
{
    return rec_view(x->a, x->inspect.conn, &x->actor, x->col, x->params[1],
                    explain_parameter(x, STR("expand")), NULL, ret);
}

static struct err *explain_read(struct explain *x, struct err *(*ask)(struct explain *x, void *ret))
{
    AUTO_BUF struct buf answer;
    struct err *err;

    buf_init(&answer, LIMIT_RESPONSE_BYTES);
    err = run_traced(x, ask, &answer);
    if (!err)
        buf_addf(x->out, "Answer: 200, %zu bytes\n", answer.n);
    else if (err->timed_out && err->kind == E_UNAVAILABLE) /* as the server puts it */
        err = err_new(x->a, E_BAD_REQUEST, NULL, "%.*s", STR_ARG(err->cause));
    return err;
}

static struct err *count(const struct explain *x, struct str rule, struct str filter, int64_t *ret)
{
    struct query_spec spec = alone(x);
    struct query_sql sql;
    struct db_row *row;
    struct err *err;

    spec.want = QUERY_COUNT;
    spec.rule = rule;
    spec.filter = filter;
    err = query_compile(x->a, &spec, &sql);
    if (!err)
        err = db_query_row(x->a, x->inspect.conn, sql.text, sql.values, sql.n, &row);
    if (!err)
        *ret = row->cells[0].i;
    return err;
}

/* Why a page is empty: what hides the records. */
static struct err *tell_nothing(struct explain *x, struct str filter)
{
    const struct str rule = x->actor.superuser ? STR_NONE : x->rule->text;
    const struct {
        const char *words;
        struct str rule, filter;
    } counts[] = {{"in the collection", STR_NONE, STR_NONE},
                  {"that the rule shows", rule, STR_NONE},
                  {"that the filter matches", STR_NONE, filter},
                  {"that both do", rule, filter}};
    struct err *err = NULL;
    int64_t n = 0;

    BUF_ADD(x->out, "\nThe page is empty. Records:\n");
    for (size_t i = 0; i < COUNT_OF(counts) && !err; i++) {
        err = count(x, counts[i].rule, counts[i].filter, &n);
        if (!err)
            buf_addf(x->out, "  %" PRIi64 " %s\n", n, counts[i].words);
    }
    return err;
}

struct err *explain_list(struct explain *x)
{
    const struct str filter = explain_parameter(x, STR("filter"));
    struct err *err = print_conditions(x, filter, explain_parameter(x, STR("sort")));

    if (!err)
        err = explain_read(x, ask_list);
    if (!err && x->runs.items[0].rows == 0)
        err = tell_nothing(x, filter);
    return err;
}

/* Which of the two a 404 means: clients are not told. */
static struct err *tell_missing(struct explain *x, struct err *err)
{
    struct rec *row;
    struct err *failed;

    if (!err || err->kind != E_NOT_FOUND || err->timed_out)
        return err;
    failed = rec_find_row(x->a, x->inspect.conn, x->col, x->params[1], &row);
    if (failed)
        return failed;
    buf_addf(x->out, "%s\n",
             row ? "The record is there, and the rule hides it."
                 : "There is no record of this id.");
    return err;
}

struct err *explain_view(struct explain *x)
{
    struct err *err = print_conditions(x, STR_NONE, STR_NONE);

    if (err && err->kind != E_BAD_REQUEST) /* such a rule hides the record: it is asked below */
        return err;
    return tell_missing(x, explain_read(x, ask_view));
}

/* --- writes ----------------------------------------------------------------------------------- */

/* What is refused before the rule is asked. */
static struct err *check_write(const struct explain *x)
{
    const struct rec_request request = {
        .action = x->question->action, .actor = &x->actor, .col = x->col, .id = x->params[1]};
    struct rec_draft *draft;

    return rec_draft_new(x->a, &request, &draft);
}

/* The rule is at fault: to clients there is no such record. */
static struct err *refused(struct arena *a, const struct err *err)
{
    struct err *refusal = err_new(a, E_NOT_FOUND, NULL, "%.*s", STR_ARG(err->cause));

    refusal->timed_out = err->timed_out;
    return refusal;
}

static struct err *ask_rule(struct explain *x, void *ret)
{
    return rec_matches(x->a, x->inspect.conn, &x->actor, x->col, x->params[1],
                       x->actor.superuser ? STR_NONE : x->rule->text, ret);
}

struct err *explain_change(struct explain *x)
{
    struct err *err = check_write(x);
    bool holds = false;

    if (err)
        return err;
    err = run_traced(x, ask_rule, &holds);
    if (err && (err->kind == E_BAD_REQUEST || err->timed_out))
        err = refused(x->a, err);
    else if (!err && !holds)
        err = err_new(x->a, E_NOT_FOUND, NULL, "no such record, or the %s is not satisfied",
                      x->question->rule_name);
    if (!err)
        BUF_ADD(x->out, "The rule lets this through; nothing was changed.\n");
    return tell_missing(x, err);
}

/* A row like one that is made of an empty body. */
static struct db_value *empty_row(const struct explain *x)
{
    struct db_value *cells = ARENA_ARRAY(x->a, struct db_value, x->col->n_fields);

    for (size_t i = 0; i < x->col->n_fields; i++) {
        const struct schema_field *field = &x->col->fields[i];
        const struct value value = field_zero(field);

        cells[i] = field->type->store(x->a, field, &value);
    }
    return cells;
}

struct err *explain_create(struct explain *x)
{
    const struct query_virtual row = {.cells = empty_row(x)};
    struct query_spec spec = alone(x);
    struct query_sql sql;
    struct err *err = check_write(x);

    if (err)
        return err;
    if (x->actor.superuser || x->rule->text.n == 0) {
        BUF_ADD(x->out, "\nNothing is asked of the database before the record is stored.\n");
        return NULL;
    }
    spec.rule = x->rule->text;
    spec.virtual_row = &row;
    err = query_compile(x->a, &spec, &sql);
    if (err)
        return err_say(err, "Failed to create record.");
    BUF_ADD(x->out,
            "\nThe rule, compiled; not run: it is about the row that is to be stored, here with "
            "empty values\n");
    return print_statement(x, sql.text, sql.values, sql.n);
}
