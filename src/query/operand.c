/*
 * Operands of a text become those of a tree: literals, macros, words and calls; names are resolved
 * by names.c.
 */
#include "query/internal.h"

#include "base/limits.h"

#include <assert.h>

static struct query_recipe literal_recipe(const struct query_operand *operand)
{
    if (operand->literal != QUERY_NO_LITERAL)
        return (struct query_recipe){.kind = RECIPE_LITERAL, .index = operand->literal};
    if (operand->kind == QUERY_TEXT)
        return (struct query_recipe){.kind = RECIPE_CONST,
                                     .text = operand->text.p ? operand->text : STR("")};
    return (struct query_recipe){.kind = RECIPE_CONST, .number = query_number(operand->text)};
}

static unsigned literal(struct query_make *make, const struct query_operand *operand)
{
    enum query_class class = CLASS_NUMBER;

    if (operand->kind == QUERY_TEXT)
        class = operand->text.n > 0 ? CLASS_TEXT : CLASS_EMPTY;
    return query_operand_given(make, class, literal_recipe(operand));
}

/* `true`, `false` and `null` are literals where no field has that name. */
static unsigned word(struct query_make *make, struct str name)
{
    struct tree_operand out = {.kind = TREE_NUMBER, .facts = {.is_const = true}};

    if (str_eq_nocase(name, STR("null")))
        return query_operand_null(make);
    out.at = str_eq_nocase(name, STR("true"));
    return out.at || str_eq_nocase(name, STR("false")) ? query_operand_add(make, out) : 0;
}

static unsigned identifier(struct query_make *make, const struct query_scope *scope,
                           struct str name)
{
    unsigned macro, out;

    if (query_macro_find(name, &macro))
        return query_operand_given(make, CLASS_TEXT,
                                   (struct query_recipe){.kind = RECIPE_MACRO, .index = macro});
    out = query_name(make, scope, name);
    return out ? out : word(make, name);
}

/* A literal among arguments is given in any case, be it ''. */
static unsigned literal_argument(struct query_make *make, const struct query_operand *arg)
{
    struct tree_operand out = {.kind = TREE_PARAM, .facts = {.n_params = 1}};

    out.facts.has_empty = arg->kind == QUERY_TEXT && arg->text.n == 0;
    out.at = query_param(make, literal_recipe(arg));
    return query_operand_add(make, out);
}

static unsigned argument(struct query_make *make, const struct query_scope *scope,
                         const struct query_operand *arg)
{
    unsigned out;

    if (arg->kind != QUERY_IDENT)
        return literal_argument(make, arg);
    make->operand = arg;
    out = identifier(make, scope, arg->text);
    if (out == 0)
        query_point(make, query_place(make));
    return out;
}

static unsigned call(struct query_make *make, const struct query_scope *scope,
                     const struct query_operand *operand)
{
    const struct call *function = query_call_find(make, operand);
    unsigned args[LIMIT_STRFTIME_ARGS];

    if (!function)
        return 0;
    assert(operand->n_args <= COUNT_OF(args));
    for (size_t i = 0; i < operand->n_args; i++) {
        args[i] = argument(make, scope, &operand->args[i]);
        if (args[i] == 0)
            return query_call_fail(make, function, i);
    }
    return query_call_add(make, function, args, operand->n_args);
}

unsigned query_resolve(struct query_make *make, const struct query_scope *scope,
                       const struct query_operand *operand)
{
    unsigned out;

    make->operand = operand;
    make->tail = 0;
    if (operand->kind == QUERY_IDENT)
        out = identifier(make, scope, operand->text);
    else if (operand->kind == QUERY_CALL)
        out = call(make, scope, operand);
    else
        out = literal(make, operand);
    if (out == 0)
        query_point(make, query_place(make));
    make->operand = NULL;
    return out;
}
