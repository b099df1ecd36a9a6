/*
 * Functions (query-language.md 7).
 */
#include "query/internal.h"

#include "base/limits.h"

typedef bool call_fn(struct query_make *make, struct query_scope *scope,
                     const struct query_operand *call, struct query_value *ret);

/* One argument's SQL; a literal is always a parameter. */
static bool argument(struct query_make *make, struct query_scope *scope,
                     const struct query_operand *arg, struct query_value *ret)
{
    if (arg->kind == QUERY_IDENT)
        return query_operand(make, scope, arg, ret);
    *ret = (struct query_value){.sql = query_literal_param(make, arg),
                                .n_params = 1,
                                .has_empty = arg->kind == QUERY_TEXT && arg->text.n == 0};
    ret->term = query_term_param(make);
    return true;
}

static bool geo_distance(struct query_make *make, struct query_scope *scope,
                         const struct query_operand *call, struct query_value *ret)
{
    struct query_value out = {.mode = NULL_OFF, .recipe_from = (unsigned)make->recipes.n};
    struct eval_term term = {.kind = TERM_DISTANCE};
    struct str exprs[4];
    size_t mark = make->tmp.n;

    if (call->n_args != COUNT_OF(exprs))
        return query_fail(make, "[geoDistance] expected 4 arguments, got %zu", call->n_args);
    for (size_t i = 0; i < COUNT_OF(exprs); i++) {
        const struct query_operand *arg = &call->args[i];
        struct query_value value;

        if (arg->kind != QUERY_IDENT && arg->kind != QUERY_NUMBER)
            return query_fail_at(make, arg->at,
                                 "[geoDistance] argument %zu must be an identifier or number", i);
        if (!argument(make, scope, arg, &value))
            return query_fail(make, "[geoDistance] failed to resolve argument %zu: %.*s", i,
                              STR_ARG(make->why));
        exprs[i] = value.sql;
        term.args[i] = value.term;
        out.n_params += value.n_params;
        out.has_empty |= value.has_empty;
    }
    make->dialect->geo_distance(&make->tmp, exprs);
    out.sql = query_take(make, mark);
    out.term = query_term(make, term);
    out.recipe_to = (unsigned)make->recipes.n;
    *ret = out;
    return true;
}

static bool check_strftime(struct query_make *make, const struct query_operand *call)
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

static struct str strftime_sql(struct query_make *make, const struct str *exprs, size_t n)
{
    size_t mark = make->tmp.n;

    make->dialect->strftime(&make->tmp, exprs, n);
    return query_take(make, mark);
}

/* The select of a multi-valued time, with the function around its value. */
static struct str many_times(struct query_make *make, struct str many, struct str *exprs, size_t n)
{
    struct str alias = query_alias(make, 's');
    struct str sql;

    exprs[1] = arena_concat(make->a, alias, STR(".v"), STR_NONE);
    sql = strftime_sql(make, exprs, n);
    return arena_printf(make->a, "SELECT %.*s AS v FROM (%.*s) %.*s", STR_ARG(sql), STR_ARG(many),
                        STR_ARG(alias));
}

static bool strftime_call(struct query_make *make, struct query_scope *scope,
                          const struct query_operand *call, struct query_value *ret)
{
    struct query_value out = {.mode = NULL_FORCED, .recipe_from = (unsigned)make->recipes.n};
    struct str exprs[LIMIT_STRFTIME_ARGS];
    struct query_value time = {.sql = STR_NONE};

    if (!check_strftime(make, call))
        return false;
    for (size_t i = 0; i < call->n_args; i++) {
        struct query_value value;

        if (!argument(make, scope, &call->args[i], &value))
            return query_fail(make, "[strftime] failed to resolve time-value argument: %.*s",
                              STR_ARG(make->why));
        if (i == 1)
            time = value;
        exprs[i] = value.sql;
        out.n_params += value.n_params;
        out.has_empty |= value.has_empty;
        if (value.has_empty)
            out.empty_sql = value.sql;
    }
    out.is_empty = out.n_params == 1 && out.has_empty;
    out.sql = strftime_sql(make, exprs, call->n_args);
    if (time.many.p)
        out.many = many_times(make, time.many, exprs, call->n_args);
    out.recipe_to = (unsigned)make->recipes.n;
    *ret = out;
    return true;
}

struct call {
    struct str name;
    call_fn *make;
};

static const struct call calls[] = {
    {STR_INIT("geoDistance"), geo_distance},
    {STR_INIT("strftime"), strftime_call},
};

bool query_call(struct query_make *make, struct query_scope *scope,
                const struct query_operand *operand, struct query_value *ret)
{
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        if (str_eq(calls[i].name, operand->text))
            return calls[i].make(make, scope, operand, ret);
    return query_fail(make, "unknown function %.*s", STR_ARG(query_quote(make->a, operand->text)));
}
