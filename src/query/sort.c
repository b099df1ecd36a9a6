/*
 * Sort (query-language.md 10).
 */
#include "query/internal.h"

#include "base/limits.h"

#define RANDOM STR("@random")

/* The next item of the list, without the sign before it. */
static struct str next_name(struct str *rest, bool *ret_descending)
{
    struct str item = str_trim_space(str_split(rest, ','));
    bool is_signed = item.n > 0 && (item.p[0] == '-' || item.p[0] == '+');

    *ret_descending = is_signed && item.p[0] == '-';
    return is_signed ? str_from(item, 1) : item;
}

bool query_sort_is_random(struct str sort)
{
    bool descending, found = false;

    while (sort.p && !found)
        found = str_eq(next_name(&sort, &descending), RANDOM);
    return found;
}

static void find_row_id(struct query_make *make, const struct query_scope *scope,
                        struct query_key *ret)
{
    size_t mark = make->tmp.n;

    make->dialect->row_id(&make->tmp, sql_alias(make, NULL, scope->hop));
    ret->sql = query_take(make, mark);
    ret->is_never_null = true;
    ret->is_guarded = scope->guarded; /* it tells how many rows there are */
}

/* The field of a table's column that a name is, and nothing more. */
static const struct schema_field *field_of(const struct query_scope *scope, struct str name)
{
    const struct schema_field *field = schema_field(scope->col, name);
    bool is_stored = field && field->type->kind != FIELD_JSON && scope->col->type != SCHEMA_VIEW;

    return is_stored ? field : NULL;
}

static bool find_key(struct query_make *make, const struct query_scope *scope, struct str name,
                     struct query_key *ret)
{
    const struct tree_operand *it;
    unsigned operand;
    uint64_t hops;

    if (str_eq(name, STR("@rowid"))) {
        if (scope->col->type == SCHEMA_VIEW)
            return query_fail(make, "a view has no @rowid");
        find_row_id(make, scope, ret);
        return true;
    }
    operand = query_name(make, scope, name);
    if (operand == 0)
        return false;
    if (!tree_is_of_row(&make->tree, operand))
        return query_fail(make, "invalid sort field %.*s", STR_ARG(query_quote(make->a, name)));
    it = &make->tree.operands.items[operand];
    hops = tree_operand_hops(&make->tree, operand);
    make->pinned |= hops;
    ret->sql = sql_operand(make, NULL, operand);
    ret->is_never_null = it->is_never_null;
    ret->is_guarded = it->guard != 0;
    ret->multiplies = tree_multiplies(&make->tree, hops);
    ret->field = field_of(scope, name);
    return true;
}

static bool add_key(struct query_make *make, const struct query_scope *scope, struct str name,
                    bool descending)
{
    struct query_key key = {.descending = descending};

    if (name.n > LIMIT_SORT_NAME_BYTES)
        return query_fail(make, "max sort field length exceeded");
    if (str_eq(name, RANDOM)) {
        key.is_random = true;
        key.sql = str_of(make->dialect->random_order);
    } else if (!find_key(make, scope, name, &key)) {
        return false;
    }
    *VEC_PUSH(make->a, &make->keys) = key;
    return true;
}

bool query_sort(struct query_make *make, const struct query_scope *scope, struct str sort)
{
    bool descending;

    for (unsigned n = 0; sort.p; n++) {
        struct str name = next_name(&sort, &descending);

        if (n == LIMIT_SORT_FIELDS)
            return query_fail(make, "max sort fields limit reached");
        if (!add_key(make, scope, name, descending))
            return false;
    }
    return true;
}

void query_write_order(struct query_make *make, bool backward, size_t from)
{
    for (size_t i = 0; i < make->keys.n; i++) {
        const struct query_key *key = &make->keys.items[i];

        if (i > 0)
            BUF_ADD(&make->tmp, ", ");
        if (from > 0)
            buf_add_u64(&make->tmp, from + i);
        else
            buf_add(&make->tmp, key->sql);
        if (!key->is_random)
            buf_add(&make->tmp, key->descending != backward ? STR(" DESC") : STR(" ASC"));
    }
}
