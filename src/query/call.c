/*
 * Functions (query-language.md 7): what arguments they take, and what they are.
 */
#include "query/internal.h"

#include "base/limits.h"

#define DISTANCE_ARGS 4

/* --- arguments ------------------------------------------------------------------------------- */

static bool check_distance(struct query_make *make, const struct query_operand *call)
{
    if (call->n_args != DISTANCE_ARGS)
        return query_fail(make, "[geoDistance] expected 4 arguments, got %zu", call->n_args);
    for (size_t i = 0; i < DISTANCE_ARGS; i++)
        if (call->args[i].kind != QUERY_IDENT && call->args[i].kind != QUERY_NUMBER)
            return query_fail_at(make, call->args[i].at,
                                 "[geoDistance] argument %zu must be an identifier or number", i);
    return true;
}

static bool fail_distance(struct query_make *make, size_t i)
{
    return query_fail(make, "[geoDistance] failed to resolve argument %zu: %.*s", i,
                      STR_ARG(make->why));
}

static bool check_time(struct query_make *make, const struct query_operand *call)
{
    if (call->n_args == 0)
        return query_fail(make, "[strftime] expected at least 1 arguments, got 0");
    if (call->n_args > LIMIT_STRFTIME_ARGS)
        return query_fail_at(make, call->args[LIMIT_STRFTIME_ARGS].at,
                             "[strftime] too many arguments (max allowed %d, got %zu)",
                             LIMIT_STRFTIME_ARGS, call->n_args);
    if (call->args[0].kind != QUERY_TEXT)
        return query_fail_at(make, call->args[0].at,
                             "[strftime] expects the first argument to be a format string");
    if (call->n_args > 1 && call->args[1].kind == QUERY_CALL)
        return query_fail_at(
            make, call->args[1].at,
            "[strftime] expects the second argument to be of a valid time-value type");
    for (size_t i = 2; i < call->n_args; i++)
        if (call->args[i].kind != QUERY_TEXT)
            return query_fail_at(make, call->args[i].at,
                                 "[strftime] invalid modifier argument %zu - can be only string",
                                 i - 2);
    return true;
}

static bool fail_time(struct query_make *make, size_t i)
{
    (void)i;
    return query_fail(make, "[strftime] failed to resolve time-value argument: %.*s",
                      STR_ARG(make->why));
}

/* --- all ------------------------------------------------------------------------------------- */

struct call {
    struct str name;
    bool (*check)(struct query_make *make, const struct query_operand *call);
    bool (*fail)(struct query_make *make, size_t i);
    enum tree_kind kind;
    enum query_null_mode mode;
    bool may_be_empty; /* nothing but '' given is '' */
};

static const struct call calls[] = {
    {STR_INIT("geoDistance"), check_distance, fail_distance, TREE_DISTANCE, NULL_OFF, false},
    {STR_INIT("strftime"), check_time, fail_time, TREE_TIME, NULL_FORCED, true},
};

const struct call *query_call_find(struct query_make *make, const struct query_operand *operand)
{
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        if (str_eq(calls[i].name, operand->text))
            return calls[i].check(make, operand) ? &calls[i] : NULL;
    (void)query_fail(make, "unknown function %.*s", STR_ARG(query_quote(make->a, operand->text)));
    return NULL;
}

bool query_call_fail(struct query_make *make, const struct call *call, size_t i)
{
    return call->fail(make, i);
}

/* A given time value may say "now". LIMIT_FUNCTION_NESTING deep at most. */
static void mark_time(struct query_make *make, unsigned at)
{
    const struct tree_operand *it = &make->tree.operands.items[at];

    if (it->kind == TREE_PARAM)
        make->recipes.items[it->at - 1].is_time = true;
    else if (it->kind == TREE_LOWER)
        mark_time(make, make->tree.args.items[it->args]);
}

unsigned query_call_add(struct query_make *make, const struct call *call, const unsigned *args,
                        size_t n)
{
    struct tree_operand out = {.kind = call->kind, .facts = {.mode = call->mode}};

    for (size_t i = 0; i < n; i++) {
        const struct tree_facts *arg = &make->tree.operands.items[args[i]].facts;

        out.facts.n_params += arg->n_params;
        out.facts.has_empty |= arg->has_empty;
    }
    if (call->kind == TREE_TIME && n > 1)
        mark_time(make, args[1]);
    out.facts.is_empty = call->may_be_empty && out.facts.n_params == 1 && out.facts.has_empty;
    return query_operand_call(make, out, args, n);
}
