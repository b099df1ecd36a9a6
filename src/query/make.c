/*
 * Small parts of the statement being made: texts, aliases, parameters, probes.
 */
#include "query/internal.h"

#include <stdarg.h>

struct str query_take(struct query_make *make, size_t mark)
{
    struct str text = str_from(buf_str(&make->tmp), mark);

    text = arena_dup(make->a, text);
    buf_cut(&make->tmp, mark);
    return text;
}

bool query_fail(struct query_make *make, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    make->why = arena_vprintf(make->a, format, args);
    va_end(args);
    return false;
}

void query_point(struct query_make *make, size_t at)
{
    if (make->at == 0)
        make->at = at;
}

size_t query_place(const struct query_make *make)
{
    const struct query_operand *operand = make->operand;

    if (!operand)
        return 0;
    return operand->at + (make->tail > 0 ? operand->text.n - make->tail : 0) + 1;
}

bool query_fail_at(struct query_make *make, size_t at, const char *format, ...)
{
    va_list args;

    query_point(make, at + 1);
    va_start(args, format);
    make->why = arena_vprintf(make->a, format, args);
    va_end(args);
    return false;
}

struct str query_alias(struct query_make *make, char letter)
{
    return arena_printf(make->a, "%c%u", letter, ++make->n_aliases);
}

unsigned query_param(struct query_make *make, struct query_recipe recipe)
{
    *VEC_PUSH(make->a, &make->recipes) = recipe;
    return (unsigned)make->recipes.n;
}

unsigned query_shared_param(struct query_make *make, struct query_recipe recipe)
{
    recipe.shared = true;
    for (unsigned i = 0; i < make->recipes.n; i++) {
        const struct query_recipe *old = &make->recipes.items[i];

        if (old->shared && old->kind == recipe.kind && old->index == recipe.index)
            return i + 1;
    }
    *VEC_PUSH(make->a, &make->recipes) = recipe;
    return (unsigned)make->recipes.n;
}

static bool is_same_probe(const struct query_probe *x, const struct query_probe *y)
{
    return x->kind == y->kind && x->as_number == y->as_number && x->as_json == y->as_json &&
           str_eq(x->path, y->path);
}

unsigned query_ask(struct query_make *make, struct query_probe probe)
{
    struct query_answer answer;

    for (unsigned i = 0; i < make->probes.n; i++)
        if (is_same_probe(&make->probes.items[i], &probe))
            return i;
    query_answer_to(make->a, make->spec->request, &probe, &answer);
    probe.class = answer.class;
    *VEC_PUSH(make->a, &make->probes) = probe;
    *VEC_PUSH(make->a, &make->answers) = answer;
    return (unsigned)make->probes.n - 1;
}

const struct query_answer *query_answer_of(const struct query_make *make, unsigned probe)
{
    return &make->answers.items[probe];
}

bool query_may_repeat(const struct query_make *make, const struct schema_col *col)
{
    return col->type == SCHEMA_VIEW &&
           (col->id_field->absent || !schema_view_is_unique(make->a, make->spec->schema, col));
}
