/*
 * Small parts of the statement being made: texts, aliases, columns, parameters, probes.
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
        make->at = at + 1;
}

bool query_fail_at(struct query_make *make, size_t at, const char *format, ...)
{
    va_list args;

    query_point(make, at);
    va_start(args, format);
    make->why = arena_vprintf(make->a, format, args);
    va_end(args);
    return false;
}

struct str query_alias(struct query_make *make, char letter)
{
    return arena_printf(make->a, "%c%u", letter, ++make->n_aliases);
}

struct str query_ident(struct query_make *make, struct str name)
{
    size_t mark = make->tmp.n;

    make->dialect->ident(&make->tmp, name);
    return query_take(make, mark);
}

struct str query_column(struct query_make *make, const struct query_scope *scope, struct str alias,
                        const struct schema_field *field)
{
    size_t mark = make->tmp.n;

    /* aliases of a virtual row begin with v, in a sub-select too: see query_scope and query_walk */
    if (scope->is_virtual && alias.p[0] == 'v')
        make->cells[field->at] = true;
    buf_add(&make->tmp, alias);
    buf_add_byte(&make->tmp, '.');
    make->dialect->ident(&make->tmp, field->name);
    return query_take(make, mark);
}

struct str query_id_column(struct query_make *make, const struct query_scope *scope,
                           struct str alias, const struct schema_col *col)
{
    return query_column(make, scope, alias, col->id_field);
}

struct str query_param(struct query_make *make, struct query_recipe recipe)
{
    size_t mark = make->tmp.n;

    *VEC_PUSH(make->a, &make->recipes) = recipe;
    make->dialect->param(&make->tmp, (unsigned)make->recipes.n);
    return query_take(make, mark);
}

unsigned query_join_param(struct query_make *make, struct query_recipe recipe)
{
    recipe.of_join = true;
    for (unsigned i = 0; i < make->recipes.n; i++) {
        const struct query_recipe *old = &make->recipes.items[i];

        if (old->of_join && old->kind == recipe.kind && old->index == recipe.index)
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

unsigned query_probe(struct query_make *make, struct query_probe probe)
{
    struct query_answer answer;

    for (unsigned i = 0; i < make->probes.n; i++)
        if (is_same_probe(&make->probes.items[i], &probe))
            return i;
    query_answer(make->a, make->spec->request, &probe, &answer);
    probe.class = answer.class;
    *VEC_PUSH(make->a, &make->probes) = probe;
    *VEC_PUSH(make->a, &make->answers) = answer;
    return (unsigned)make->probes.n - 1;
}

const struct query_answer *query_answer_of(const struct query_make *make, unsigned probe)
{
    return &make->answers.items[probe];
}
