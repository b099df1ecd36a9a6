/*
 * Sort (query-language.md 10).
 */
#include "query/internal.h"

#include "base/limits.h"

static bool sort_key(struct query_make *make, struct query_scope *scope, struct str name,
                     struct str *ret)
{
    size_t mark = make->tmp.n;
    struct query_value value;

    if (str_eq(name, STR("@rowid"))) {
        if (scope->col->type == SCHEMA_VIEW)
            return query_fail(make, "a view has no @rowid");
        make->dialect->row_id(&make->tmp, scope->alias);
        *ret = query_take(make, mark);
        return true;
    }
    if (!query_resolve(make, scope, name, &value))
        return false;
    if (value.is_null || value.is_const || value.n_params > 0)
        return query_fail(make, "invalid sort field %.*s", STR_ARG(query_quote(make->a, name)));
    *ret = value.sql;
    return true;
}

static bool sort_item(struct query_make *make, struct query_scope *scope, struct str item)
{
    bool descending = item.n > 0 && item.p[0] == '-';
    struct str name = descending || (item.n > 0 && item.p[0] == '+') ? str_from(item, 1) : item;
    struct str key = STR_NONE;

    if (name.n > LIMIT_SORT_NAME_BYTES)
        return query_fail(make, "max sort field length exceeded");
    if (str_eq(name, STR("@random"))) {
        buf_add(&make->tmp, str_of(make->dialect->random_order));
        return true;
    }
    if (!sort_key(make, scope, name, &key))
        return false;
    buf_add(&make->tmp, key);
    buf_add(&make->tmp, descending ? STR(" DESC") : STR(" ASC"));
    return true;
}

bool query_sort(struct query_make *make, struct query_scope *scope, struct str sort,
                struct str *ret)
{
    size_t mark = make->tmp.n;

    for (unsigned n = 0; sort.p; n++) {
        struct str item = str_trim_space(str_split(&sort, ','));

        if (n == LIMIT_SORT_FIELDS)
            return query_fail(make, "max sort fields limit reached");
        if (n > 0)
            BUF_ADD(&make->tmp, ", ");
        if (!sort_item(make, scope, item))
            return false;
    }
    *ret = query_take(make, mark);
    return true;
}
