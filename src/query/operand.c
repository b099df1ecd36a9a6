/*
 * Operands that need no schema: literals and macros; the rest is handed on.
 */
#include "query/internal.h"

struct query_value query_null(void)
{
    return (struct query_value){.sql = STR("NULL"), .is_null = true, .term = EVAL_NULL};
}

static struct query_value constant(struct str sql, unsigned term)
{
    return (struct query_value){.sql = sql, .is_const = true, .term = term};
}

struct query_value query_from_class(struct query_make *make, enum query_class class,
                                    struct query_recipe recipe)
{
    struct query_value out = {.n_params = 1, .recipe_from = (unsigned)make->recipes.n};

    if (class == CLASS_NULL)
        return query_null();
    if (class == CLASS_EMPTY) {
        out.sql = STR("''");
        out.is_empty = out.has_empty = true;
        out.term = EVAL_EMPTY;
        out.recipe_to = out.recipe_from;
        return out;
    }
    out.sql = query_param(make, recipe);
    out.term = query_term_param(make);
    out.recipe_to = (unsigned)make->recipes.n;
    return out;
}

static struct query_recipe literal_recipe(const struct query_operand *operand)
{
    if (operand->literal != QUERY_NO_LITERAL)
        return (struct query_recipe){.kind = RECIPE_LITERAL, .index = operand->literal};
    if (operand->kind == QUERY_TEXT)
        return (struct query_recipe){.kind = RECIPE_CONST,
                                     .text = operand->text.p ? operand->text : STR("")};
    return (struct query_recipe){.kind = RECIPE_CONST, .number = query_number(operand->text)};
}

struct str query_literal_param(struct query_make *make, const struct query_operand *operand)
{
    return query_param(make, literal_recipe(operand));
}

/* `true`, `false` and `null` are literals where no field has that name. */
static bool word(struct str name, struct query_value *ret)
{
    if (str_eq_nocase(name, STR("null")))
        *ret = query_null();
    else if (str_eq_nocase(name, STR("true")))
        *ret = constant(STR("1"), EVAL_ONE);
    else if (str_eq_nocase(name, STR("false")))
        *ret = constant(STR("0"), EVAL_ZERO);
    else
        return false;
    return true;
}

static bool identifier(struct query_make *make, struct query_scope *scope, struct str name,
                       struct query_value *ret)
{
    unsigned macro;

    if (query_macro_find(name, &macro)) {
        *ret = query_from_class(make, CLASS_TEXT,
                                (struct query_recipe){.kind = RECIPE_MACRO, .index = macro});
        return true;
    }
    return query_resolve(make, scope, name, ret) || word(name, ret);
}

static bool any_operand(struct query_make *make, struct query_scope *scope,
                        const struct query_operand *operand, struct query_value *ret)
{
    enum query_class class = CLASS_NUMBER;

    if (operand->kind == QUERY_IDENT)
        return identifier(make, scope, operand->text, ret);
    if (operand->kind == QUERY_CALL)
        return query_call(make, scope, operand, ret);
    if (operand->kind == QUERY_TEXT)
        class = operand->text.n > 0 ? CLASS_TEXT : CLASS_EMPTY;
    *ret = query_from_class(make, class, literal_recipe(operand));
    return true;
}

bool query_operand(struct query_make *make, struct query_scope *scope,
                   const struct query_operand *operand, struct query_value *ret)
{
    make->tail = 0;
    if (any_operand(make, scope, operand, ret))
        return true;
    query_point(make, operand->at + (make->tail > 0 ? operand->text.n - make->tail : 0));
    return false;
}
