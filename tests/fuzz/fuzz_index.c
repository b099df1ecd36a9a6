/*
 * Index definitions: what is one names its table, itself and its columns. Its normal form is its
 * own normal form, but for quotes inside of names, which the grammar takes off at each turn.
 */
#include "fuzz/fuzz.h"

#include "schema/internal.h"

static bool has_quotes(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (str_find_byte(STR("`\"'[]."), text.p[i]) < 7)
            return true;
    return false;
}

static bool is_same(const struct schema_index *x, const struct schema_index *y)
{
    return str_eq(x->normal, y->normal) && str_eq(x->where, y->where) && x->unique == y->unique &&
           x->columns.n == y->columns.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str text = fuzz_text(data, size);
    struct schema_index once, twice;
    struct str table;

    if (!schema_parse_index(a, text, STR("t"), &once))
        return 0;
    if (!schema_index_table(text, &table) || once.name.n == 0 || once.columns.n == 0)
        abort();
    if (!has_quotes(text) && str_find(text, STR("create")) == 0 &&
        (!schema_parse_index(a, once.normal, STR("t"), &twice) || !is_same(&once, &twice)))
        abort();
    return 0;
}
