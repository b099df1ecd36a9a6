/*
 * Steps run inside a unit: what fails undoes all of it, by way of the caller.
 */
#include "schema/internal.h"
#include "schema/plan.h"

struct run {
    struct arena *a;
    struct db_conn *tx;
    struct db_tables away; /* tables and views as they were when the views went */
    bool views_away;
    struct err *refused; /* an item for each index that cannot be made */
};

static struct err *exec(const struct run *run, struct str sql)
{
    return db_exec(run->a, run->tx, sql, NULL, 0, NULL);
}

static struct err *exec_step(const struct run *run, const struct schema_step *step)
{
    struct str_list statements = schema_step_statements(run->a, db_conn_dialect(run->tx), step);
    struct err *err = NULL;

    for (size_t i = 0; i < statements.n && !err; i++)
        err = exec(run, statements.items[i]);
    return err;
}

/* --- views ------------------------------------------------------------------------------------ */

static struct err *take_views_away(struct run *run)
{
    struct err *err = db_list_tables(run->a, run->tx, &run->away);

    for (size_t i = 0; !err && i < run->away.n; i++) {
        const struct schema_step drop = {.kind = STEP_DROP_VIEW, .table = run->away.items[i].name};

        if (run->away.items[i].is_view)
            err = exec_step(run, &drop);
    }
    run->views_away = true;
    return err;
}

static struct err *bring_views_back(struct run *run)
{
    struct err *err = NULL;

    for (size_t i = 0; i < run->away.n && !err; i++)
        if (run->away.items[i].is_view)
            err = exec(run, run->away.items[i].sql);
    run->views_away = false;
    return err;
}

/* --- steps that are more than their statements ------------------------------------------------ */

/* What was being done belongs to the raw error that clients see. */
static struct err *change_column(struct run *run, const struct schema_step *step, const char *doing)
{
    struct err *err = exec_step(run, step);

    if (err && err->kind == E_BAD_REQUEST && step->field.n > 0)
        err->cause = arena_printf(run->a, "failed to %s column %.*s - %.*s", doing,
                                  STR_ARG(step->field), STR_ARG(err->cause));
    return err;
}

static struct err *add_column(struct run *run, const struct schema_step *step)
{
    return change_column(run, step, "add");
}

static struct err *rename_column(struct run *run, const struct schema_step *step)
{
    return change_column(run, step, "rename");
}

static struct err *drop_column(struct run *run, const struct schema_step *step)
{
    return change_column(run, step, "drop");
}

/* The next index is tried all the same. */
static void refuse_index(struct run *run, const struct schema_step *step, struct str message)
{
    err_add_raw_item(run->a, &run->refused, arena_printf(run->a, "indexes.%zu", step->at),
                     STR("validation_invalid_index_expression"), message, STR_NONE);
}

static struct err *create_index(struct run *run, const struct schema_step *step)
{
    struct err *err;

    if (!step->index) {
        refuse_index(run, step, STR("Invalid CREATE INDEX expression."));
        return NULL;
    }
    err = exec_step(run, step);
    if (!err || err->kind != E_BAD_REQUEST)
        return err;
    refuse_index(run, step,
                 arena_printf(run->a, "Failed to create index %.*s - %.*s.", STR_ARG(step->name),
                              STR_ARG(err->cause)));
    return NULL;
}

static const struct {
    struct err *(*run)(struct run *run, const struct schema_step *step); /* NULL: its statements */
    bool without_views; /* those that name the column would refuse to see it go */
} ways[STEP_KINDS] = {
    [STEP_ADD_COLUMN] = {.run = add_column},     [STEP_RENAME_COLUMN] = {.run = rename_column},
    [STEP_DROP_COLUMN] = {.run = drop_column},   [STEP_CONVERT_COLUMN] = {.without_views = true},
    [STEP_CREATE_INDEX] = {.run = create_index},
};

/* --- all of it -------------------------------------------------------------------------------- */

static struct err *run_step(struct run *run, const struct schema_step *step)
{
    const bool without = ways[step->kind].without_views;
    struct err *err = NULL;

    if (without != run->views_away)
        err = without ? take_views_away(run) : bring_views_back(run);
    if (err)
        return err;
    return ways[step->kind].run ? ways[step->kind].run(run, step) : exec_step(run, step);
}

struct err *schema_plan_run(struct arena *a, struct db_conn *tx, const struct schema_plan *plan,
                            struct schema_plan *log)
{
    struct run run = {.a = a, .tx = tx};
    struct err *err = NULL;

    for (size_t i = 0; i < plan->steps.n && !err; i++)
        err = run_step(&run, &plan->steps.items[i]);
    if (!err && run.views_away)
        err = bring_views_back(&run);
    if (!err)
        err = run.refused;
    for (size_t i = 0; log && !err && i < plan->steps.n; i++)
        *VEC_PUSH(log->a, &log->steps) = plan->steps.items[i];
    return err;
}

struct err *schema_carry_out(struct arena *a, struct db_conn *tx, const struct schema_col *old,
                             const struct schema_col *col, struct str view_select,
                             struct schema_plan *log)
{
    struct schema_plan plan = {0};
    struct err *err = schema_plan_make(log ? log->a : a, old, col, view_select, &plan);

    return err ? err : schema_plan_run(a, tx, &plan, log);
}
