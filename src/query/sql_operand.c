/*
 * How operands are spelt, and the joins that lead to them.
 *
 * A frame says which rows are at hand, and under which alias. The statement's own joins have the
 * alias of their hop; a sub-select puts a frame around what it joins again, or alone.
 */
#include "query/internal.h"

#include "base/limits.h"

/* --- names ----------------------------------------------------------------------------------- */

struct str sql_alias(const struct query_make *make, const struct sql_frame *frame, unsigned hop)
{
    for (; frame; frame = frame->outer)
        for (size_t i = 0; i < frame->n; i++)
            if (frame->hops[i] == hop)
                return frame->aliases[i];
    return make->tree.hops.items[hop].alias;
}

void sql_frame_add(struct query_make *make, struct sql_frame *frame, unsigned hop)
{
    const char letter = make->tree.hops.items[hop].col ? 'm' : 'e';

    frame->hops[frame->n] = (unsigned char)hop;
    frame->aliases[frame->n++] = query_alias(make, letter);
}

struct str sql_ident(struct query_make *make, struct str name)
{
    size_t mark = make->tmp.n;

    make->dialect->ident(&make->tmp, name);
    return query_take(make, mark);
}

struct str sql_param(struct query_make *make, unsigned param)
{
    size_t mark = make->tmp.n;

    make->dialect->param(&make->tmp, param);
    return query_take(make, mark);
}

struct str sql_given(struct query_make *make, struct query_recipe recipe)
{
    return sql_param(make, query_param(make, recipe));
}

struct str sql_column(struct query_make *make, const struct sql_frame *frame, unsigned hop,
                      const struct schema_field *field)
{
    size_t mark = make->tmp.n;

    if (make->cells && hop == 0)
        make->cells[field->at] = true;
    buf_add(&make->tmp, sql_alias(make, frame, hop));
    buf_add_byte(&make->tmp, '.');
    make->dialect->ident(&make->tmp, field->name);
    return query_take(make, mark);
}

struct str sql_id(struct query_make *make, const struct sql_frame *frame, unsigned hop)
{
    return sql_column(make, frame, hop, make->tree.hops.items[hop].col->id_field);
}

struct str sql_table(struct query_make *make, unsigned hop)
{
    if (hop == 0 && make->spec->virtual_row)
        return STR(SQL_VIRTUAL_TABLE);
    return sql_ident(make, make->tree.hops.items[hop].col->name);
}

/* --- joins ----------------------------------------------------------------------------------- */

/* J(field) as a table. */
static void add_items(struct query_make *make, const struct sql_frame *frame, unsigned of,
                      const struct schema_field *field, struct str alias)
{
    make->dialect->json_each(&make->tmp, sql_column(make, frame, of, field), alias);
}

struct str sql_related(struct query_make *make, const struct sql_frame *frame, unsigned hop)
{
    const struct tree_hop *it = &make->tree.hops.items[hop];

    if (make->tree.hops.items[it->from].col)
        return sql_column(make, frame, it->from, it->field);
    return arena_concat(make->a, sql_alias(make, frame, it->from), STR(".value"), STR_NONE);
}

/* <id> IN (<items as e>) */
static void add_among(struct query_make *make, struct str id, struct str alias)
{
    buf_add(&make->tmp, id);
    buf_addf(&make->tmp, " IN (SELECT %.*s.value FROM ", STR_ARG(alias));
}

static void add_back(struct query_make *make, const struct sql_frame *frame, unsigned hop)
{
    const struct tree_hop *it = &make->tree.hops.items[hop];
    struct str items;

    if (!it->field->multiple) {
        buf_add(&make->tmp, sql_column(make, frame, hop, it->field));
        BUF_ADD(&make->tmp, " = ");
        buf_add(&make->tmp, sql_id(make, frame, it->from));
        return;
    }
    items = query_alias(make, 'e');
    add_among(make, sql_id(make, frame, it->from), items);
    add_items(make, frame, hop, it->field, items);
    BUF_ADD(&make->tmp, ")");
}

/* One parameter for all copies of the join. */
static unsigned given_param(struct query_make *make, const struct tree_hop *hop)
{
    struct query_recipe recipe = {.kind = RECIPE_PROBE, .index = hop->given};

    if (hop->kind == HOP_CALLER)
        recipe = (struct query_recipe){.kind = RECIPE_AUTH_ID};
    return query_shared_param(make, recipe);
}

static void add_one_of_ids(struct query_make *make, const struct sql_frame *frame, unsigned hop)
{
    struct str items = query_alias(make, 'e');
    unsigned param = given_param(make, &make->tree.hops.items[hop]);

    add_among(make, sql_id(make, frame, hop), items);
    make->dialect->json_each_param(&make->tmp, param, items);
    BUF_ADD(&make->tmp, ")");
}

/* id = <text> */
static void add_is(struct query_make *make, const struct sql_frame *frame, unsigned hop,
                   struct str text)
{
    buf_add(&make->tmp, sql_id(make, frame, hop));
    BUF_ADD(&make->tmp, " = ");
    buf_add(&make->tmp, text);
}

/* Which rows of the hop's table it joins. */
static void add_on(struct query_make *make, const struct sql_frame *frame, unsigned hop)
{
    const struct tree_hop *it = &make->tree.hops.items[hop];

    switch (it->kind) {
    case HOP_RELATION:
        add_is(make, frame, hop, sql_related(make, frame, hop));
        return;
    case HOP_BACK:
        add_back(make, frame, hop);
        return;
    case HOP_CALLER:
    case HOP_ID:
        add_is(make, frame, hop, sql_param(make, given_param(make, it)));
        return;
    case HOP_IDS:
        add_one_of_ids(make, frame, hop);
        return;
    case HOP_BASE:
    case HOP_ITEMS:
    case HOP_GIVEN_ITEMS:
    case HOP_ALL:
        BUF_ADD(&make->tmp, "TRUE");
        return;
    }
    BUG("not a hop");
}

static void add_table(struct query_make *make, const struct sql_frame *frame, unsigned hop)
{
    const struct tree_hop *it = &make->tree.hops.items[hop];
    struct str alias = sql_alias(make, frame, hop);

    if (it->kind == HOP_ITEMS) {
        add_items(make, frame, it->from, it->field, alias);
        return;
    }
    if (it->kind == HOP_GIVEN_ITEMS) {
        make->dialect->json_each_param(&make->tmp, it->given, alias);
        return;
    }
    buf_add(&make->tmp, sql_table(make, hop));
    BUF_ADD(&make->tmp, " ");
    buf_add(&make->tmp, alias);
}

struct str sql_join(struct query_make *make, const struct sql_frame *frame, unsigned hop)
{
    size_t mark = make->tmp.n;

    BUF_ADD(&make->tmp, " LEFT JOIN ");
    add_table(make, frame, hop);
    BUF_ADD(&make->tmp, " ON ");
    add_on(make, frame, hop);
    return query_take(make, mark);
}

/* --- operands -------------------------------------------------------------------------------- */

static unsigned arg(const struct query_make *make, const struct tree_operand *operand, unsigned i)
{
    return make->tree.args.items[operand->args + i];
}

static struct str changed(struct query_make *make, const struct sql_frame *frame,
                          const struct tree_operand *it)
{
    struct sql_side submitted = sql_side_of(make, frame, arg(make, it, 1));
    struct sql_side stored = sql_side_of(make, frame, arg(make, it, 2));
    struct str is_set = sql_operand(make, frame, arg(make, it, 0));
    struct str differs = sql_compare(make, OP_NE, &submitted, &stored);

    return arena_printf(make->a, "(%.*s AND %.*s)", STR_ARG(is_set), STR_ARG(differs));
}

/* The operand is one of the dialect's; what it is of is spelt before. */
static struct str of_column(struct query_make *make, const struct sql_frame *frame,
                            const struct tree_operand *it)
{
    struct str column = sql_column(make, frame, it->hop, it->field);
    size_t mark = make->tmp.n;

    if (it->kind == TREE_JSON)
        make->dialect->json_extract(&make->tmp, column, it->path);
    else
        make->dialect->json_length(&make->tmp, column);
    return query_take(make, mark);
}

static struct str of_args(struct query_make *make, const struct sql_frame *frame,
                          const struct tree_operand *it)
{
    struct str exprs[LIMIT_STRFTIME_ARGS];
    unsigned n = it->n_args;
    size_t mark;

    for (unsigned i = 0; i < n; i++)
        exprs[i] = sql_operand(make, frame, arg(make, it, i));
    /* An empty format shows nothing of the time, and may stand there without its call. */
    if (it->kind == TREE_TIME && n == 1 && !it->facts.is_empty)
        exprs[n++] =
            sql_param(make, query_shared_param(make, (struct query_recipe){.kind = RECIPE_NOW}));
    mark = make->tmp.n;
    if (it->kind == TREE_LOWER)
        make->dialect->lower(&make->tmp, exprs[0]);
    else if (it->kind == TREE_DISTANCE)
        make->dialect->geo_distance(&make->tmp, exprs);
    else
        make->dialect->strftime(&make->tmp, exprs, n);
    return query_take(make, mark);
}

static struct str truth(struct query_make *make, bool is_true)
{
    size_t mark = make->tmp.n;

    make->dialect->bool_literal(&make->tmp, is_true);
    return query_take(make, mark);
}

/* LIMIT_FUNCTION_NESTING deep at most. */
struct str sql_operand(struct query_make *make, const struct sql_frame *frame, unsigned operand)
{
    const struct tree_operand *it = &make->tree.operands.items[operand];

    switch (it->kind) {
    case TREE_NULL:
        return STR("NULL");
    case TREE_EMPTY:
        return STR("''");
    case TREE_NUMBER:
        return it->at ? STR("1") : STR("0");
    case TREE_TRUTH:
        return truth(make, it->at);
    case TREE_PARAM:
        return sql_param(make, it->at);
    case TREE_COLUMN:
        return sql_column(make, frame, it->hop, it->field);
    case TREE_JSON:
    case TREE_LENGTH:
        return of_column(make, frame, it);
    case TREE_ITEM:
        return arena_concat(make->a, sql_alias(make, frame, it->hop), STR(".value"), STR_NONE);
    case TREE_CHANGED:
        return changed(make, frame, it);
    case TREE_LOWER:
    case TREE_DISTANCE:
    case TREE_TIME:
        return of_args(make, frame, it);
    }
    BUG("not an operand");
}

/* Of a call that is '' for its one given value is that. */
static struct str given_empty(struct query_make *make, const struct tree_operand *it)
{
    for (unsigned i = 0; i < it->n_args; i++) {
        unsigned at = arg(make, it, i);

        if (make->tree.operands.items[at].facts.has_empty)
            return sql_operand(make, NULL, at);
    }
    return STR_NONE;
}

struct sql_side sql_side_of(struct query_make *make, const struct sql_frame *frame,
                            unsigned operand)
{
    const struct tree_operand *it = &make->tree.operands.items[operand];

    return (struct sql_side){
        .sql = sql_operand(make, frame, operand),
        .empty = it->facts.is_empty ? given_empty(make, it) : STR_NONE,
        .facts = it->facts,
        .is_empty = it->kind == TREE_EMPTY,
    };
}
