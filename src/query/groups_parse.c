/*
 * The parameters of groups: names, functions, order.
 */
#include "query/groups.h"

#include "base/buf.h"
#include "base/compiler.h"
#include "base/limits.h"
#include "query/lex.h"

/* clang-format off */
static const struct {
    struct str name;
    enum query_function function;
    bool has_field;
} functions[] = {
    {STR_INIT("count"), FUNCTION_COUNT, false},
    {STR_INIT("sum"),   FUNCTION_SUM,   true},
    {STR_INIT("avg"),   FUNCTION_AVG,   true},
    {STR_INIT("min"),   FUNCTION_MIN,   true},
    {STR_INIT("max"),   FUNCTION_MAX,   true},
};
/* clang-format on */

struct parsing {
    struct arena *a;
    struct str names[LIMIT_SORT_FIELDS + LIMIT_AGGREGATES];
    size_t n;
    struct query_aggregate aggregates[LIMIT_AGGREGATES];
    size_t n_aggregates;
    struct query_group_order order[LIMIT_SORT_FIELDS];
    size_t n_order;
};

/* The client reads what is before and after the name in quotes. */
static struct err *refuse(struct parsing *p, const char *before, struct str name, const char *after)
{
    struct str quoted = query_quote(p->a, name);
    struct str message = arena_printf(p->a, "%s %.*s%s", before, STR_ARG(quoted), after);

    return err_new(p->a, E_BAD_REQUEST, message.p, "groups: %.*s", STR_ARG(message));
}

static struct err *refuse_number(struct parsing *p, const char *of, int most)
{
    struct str message = arena_printf(p->a, "Too many %s: %d at most.", of, most);

    return err_new(p->a, E_BAD_REQUEST, message.p, "groups: %.*s", STR_ARG(message));
}

static struct err *refuse_empty(struct parsing *p, const char *of)
{
    struct str message = arena_printf(p->a, "A name in %s is empty.", of);

    return err_new(p->a, E_BAD_REQUEST, message.p, "groups: %.*s", STR_ARG(message));
}

/* What the language knows besides fields, which a group has none of. */
static bool is_no_field(struct str name)
{
    return str_starts(name, STR("@")) && !str_starts(name, STR("@collection."));
}

/* Messages show names: those are of a length to be shown. */
static struct err *check_length(struct parsing *p, const char *of, struct str name)
{
    struct str message;

    if (name.n <= LIMIT_SORT_NAME_BYTES)
        return NULL;
    message = arena_printf(p->a, "A name in %s has more than %d bytes.", of, LIMIT_SORT_NAME_BYTES);
    return err_new(p->a, E_BAD_REQUEST, message.p, "groups: %.*s", STR_ARG(message));
}

static bool find_column(const struct parsing *p, struct str name, size_t *ret)
{
    for (size_t i = 0; i < p->n; i++) {
        if (str_eq(p->names[i], name)) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static struct err *add_column(struct parsing *p, struct str name)
{
    size_t at;

    if (find_column(p, name, &at))
        return refuse(p, "More than one member of a group would be called", name, ".");
    p->names[p->n++] = name;
    return NULL;
}

static struct err *add_key(struct parsing *p, struct str name)
{
    struct err *err;

    if (name.n == 0)
        return refuse_empty(p, "groupBy");
    if (p->n == LIMIT_SORT_FIELDS)
        return refuse_number(p, "names in groupBy", LIMIT_SORT_FIELDS);
    err = check_length(p, "groupBy", name);
    if (err)
        return err;
    if (is_no_field(name))
        return refuse(p, "Invalid group", name, ": it is no field.");
    return add_column(p, name);
}

static struct err *find_function(struct parsing *p, struct str item, struct query_aggregate *ret)
{
    size_t colon = str_find_byte(item, ':');
    struct str name = str_sub(item, 0, colon);

    ret->of = colon < item.n ? str_from(item, colon + 1) : STR_NONE;
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        if (!str_eq(functions[i].name, name))
            continue;
        ret->function = functions[i].function;
        if (functions[i].has_field && ret->of.n == 0)
            return refuse(p, "Invalid aggregate", item, ": it needs a field, as in sum:price.");
        if (!functions[i].has_field && ret->of.p)
            return refuse(p, "Invalid aggregate", item, ": count has no field.");
        return NULL;
    }
    return refuse(p, "Unknown aggregate", item,
                  ": there are count, sum:field, avg:field, min:field and max:field.");
}

static struct err *add_aggregate(struct parsing *p, struct str item)
{
    struct query_aggregate *aggregate = &p->aggregates[p->n_aggregates];
    struct err *err;
    struct str name = item;

    if (item.n == 0)
        return refuse_empty(p, "aggregate");
    if (p->n_aggregates == LIMIT_AGGREGATES)
        return refuse_number(p, "aggregates", LIMIT_AGGREGATES);
    err = check_length(p, "aggregate", item);
    if (!err)
        err = find_function(p, item, aggregate);
    if (err)
        return err;
    if (is_no_field(aggregate->of))
        return refuse(p, "Invalid aggregate", item, ": it is of no field.");
    p->n_aggregates++;
    if (aggregate->of.p) /* sum:price is called sum_price */
        name =
            arena_concat(p->a, str_sub(item, 0, str_find_byte(item, ':')), STR("_"), aggregate->of);
    return add_column(p, name);
}

static struct err *add_order(struct parsing *p, struct str item)
{
    struct query_group_order *order = &p->order[p->n_order];
    bool is_signed = item.n > 0 && (item.p[0] == '-' || item.p[0] == '+');
    struct str name = is_signed ? str_from(item, 1) : item;
    struct err *err;

    if (p->n_order == LIMIT_SORT_FIELDS)
        return refuse_number(p, "names in sort", LIMIT_SORT_FIELDS);
    err = check_length(p, "sort", name);
    if (err)
        return err;
    order->descending = is_signed && item.p[0] == '-';
    if (!find_column(p, name, &order->column))
        return refuse(p, "Groups have no member", name, " to sort by.");
    p->n_order++;
    return NULL;
}

static struct err *each_item(struct parsing *p, struct str text,
                             struct err *(*add)(struct parsing *p, struct str item))
{
    struct err *err = NULL;

    if (text.n == 0)
        return NULL;
    while (text.p && !err)
        err = add(p, str_trim_space(str_split(&text, ',')));
    return err;
}

/* Numbers first, so that the names, in which there is no comma, can be told apart. */
static struct str text_of(const struct parsing *p, size_t n_keys)
{
    AUTO_BUF struct buf out;

    buf_init(&out, KIB * (LIMIT_SORT_FIELDS + LIMIT_AGGREGATES));
    buf_addf(&out, "%zu,%zu", n_keys, p->n_order);
    for (size_t i = 0; i < p->n_order; i++)
        buf_addf(&out, ",%c%zu", p->order[i].descending ? '-' : '+', p->order[i].column);
    for (size_t i = 0; i < p->n; i++) {
        BUF_ADD(&out, ",");
        buf_add(&out, p->names[i]);
    }
    return arena_dup(p->a, buf_str(&out));
}

struct err *query_groups_parse(struct arena *a, struct str group_by, struct str aggregate,
                               struct str sort, struct query_groups *ret)
{
    struct parsing *p = ARENA_NEW(a, struct parsing);
    struct err *err;
    size_t n_keys;

    p->a = a;
    err = each_item(p, group_by, add_key);
    n_keys = p->n;
    if (!err)
        err = each_item(p, aggregate, add_aggregate);
    if (!err)
        err = each_item(p, sort, add_order);
    if (err)
        return err;
    *ret = (struct query_groups){
        .names = p->names,
        .n_keys = n_keys,
        .aggregates = p->aggregates,
        .n_aggregates = p->n_aggregates,
        .order = p->order,
        .n_order = p->n_order,
        .text = text_of(p, n_keys),
    };
    return NULL;
}
