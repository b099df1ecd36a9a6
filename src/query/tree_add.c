/*
 * The tree grows: operands and tests are added to it.
 */
#include "query/internal.h"

unsigned query_operand_add(struct query_make *make, struct tree_operand operand)
{
    *VEC_PUSH(make->a, &make->tree.operands) = operand;
    return (unsigned)make->tree.operands.n - 1;
}

unsigned query_operand_null(struct query_make *make)
{
    return query_operand_add(make,
                             (struct tree_operand){.kind = TREE_NULL, .facts = {.is_null = true}});
}

unsigned query_operand_call(struct query_make *make, struct tree_operand operand,
                            const unsigned *args, size_t n)
{
    operand.args = (unsigned)make->tree.args.n;
    operand.n_args = (unsigned)n;
    for (size_t i = 0; i < n; i++)
        *VEC_PUSH(make->a, &make->tree.args) = args[i];
    return query_operand_add(make, operand);
}

unsigned query_operand_lower(struct query_make *make, unsigned of)
{
    const struct tree_operand *arg = &make->tree.operands.items[of];
    struct tree_operand out = {.kind = TREE_LOWER,
                               .facts = arg->facts,
                               .is_never_null = arg->is_never_null,
                               .guard = arg->guard};

    return query_operand_call(make, out, &of, 1);
}

unsigned query_operand_given(struct query_make *make, enum query_class class,
                             struct query_recipe recipe)
{
    struct tree_operand out = {.kind = TREE_PARAM, .facts = {.n_params = 1}};

    if (class == CLASS_NULL)
        return query_operand_null(make);
    if (class == CLASS_EMPTY) {
        out.kind = TREE_EMPTY;
        out.facts.is_empty = out.facts.has_empty = true;
    } else {
        out.at = query_param(make, recipe);
    }
    return query_operand_add(make, out);
}

/* --- tests ----------------------------------------------------------------------------------- */

unsigned query_test_add(struct query_make *make, struct tree_test test)
{
    *VEC_PUSH(make->a, &make->tree.tests) = test;
    return (unsigned)make->tree.tests.n - 1;
}

void query_tests_put(struct query_make *make, struct query_tests *tests, unsigned test)
{
    if (tests->n++ == 0)
        tests->first = test;
    else
        make->tree.tests.items[tests->last].next = test;
    tests->last = test;
}

unsigned query_tests_join(struct query_make *make, enum tree_test_kind kind,
                          const struct query_tests *tests)
{
    return tests->n <= 1
               ? tests->first
               : query_test_add(make, (struct tree_test){.kind = kind, .first = tests->first});
}
