/*
 * A resolved condition asked of a row in memory.
 */
#include "query/internal.h"

#include "base/limits.h"

#include <math.h>

/* What these cost besides texts, as so many bytes. */
#define COMPARISON_BYTES 32 /* a side */
#define ROW_BYTES 64

/* The rows of a hop's items. */
struct items {
    struct db_value *values; /* NULL: not read yet */
    size_t n;                /* at least 1 */
    size_t at;
};

struct eval {
    struct eval_scratch s;
    const struct query_tree *tree;
    const struct db_value *params, *cells;
    int64_t now_ms;
    struct items *items;  /* one a hop */
    enum eval_truth *all; /* one a test: of its all-match; EVAL_UNKNOWN: not asked yet */
};

/* One side of a comparison. */
struct side {
    struct tree_facts facts;
    enum tree_affinity affinity;
    bool is_empty; /* '' as it is written */
    unsigned operand;
    struct items *items; /* it has a value for each of these; NULL: it has one */
    struct db_value value;
};

static const struct tree_operand *operand_at(const struct eval *e, unsigned operand)
{
    return &e->tree->operands.items[operand];
}

static struct db_value cannot(struct eval *e)
{
    e->s.cannot = true;
    return DB_V_NULL;
}

/* --- columns --------------------------------------------------------------------------------- */

static struct db_value cell(struct eval *e, unsigned at)
{
    e->s.cannot |= e->cells[at].type == DB_BLOB;
    return e->cells[at];
}

/* NaN is no value of the engine's. */
static struct db_value param(const struct eval *e, unsigned number)
{
    struct db_value value = e->params[number - 1];

    return value.type == DB_REAL && isnan(value.d) ? DB_V_NULL : value;
}

static bool is_json(struct eval *e, struct db_value value, struct str *ret)
{
    if (value.type == DB_NULL)
        return false;
    *ret = eval_text(&e->s, value);
    eval_spend(&e->s, ret->n);
    return !e->s.cannot && eval_json_valid(&e->s, *ret);
}

static struct db_value extract(struct eval *e, const struct tree_operand *it)
{
    struct db_value value = cell(e, it->at);
    struct str text;

    if (!is_json(e, value, &text)) /* it stands in an object of its own */
        return it->path.n == 0 ? value : DB_V_NULL;
    text = eval_json_at(&e->s, text, it->path);
    return text.p && !e->s.cannot ? eval_json_value(&e->s, text) : DB_V_NULL;
}

static struct db_value length(struct eval *e, unsigned at)
{
    struct db_value value = cell(e, at);
    struct str text;
    size_t from = 0;
    int64_t n = 0;

    if (is_json(e, value, &text) && eval_json_is_list(text)) {
        while (eval_json_item(text, &from).p)
            n++;
        return DB_V_INT(n);
    }
    return DB_V_INT(value.type != DB_NULL && (value.type != DB_TEXT || value.s.n > 0));
}

static struct db_value of_row(struct eval *e, const struct tree_operand *it)
{
    if (it->hop != 0 || it->is_only_sql)
        return cannot(e);
    if (it->kind == TREE_COLUMN)
        return cell(e, it->at);
    return it->kind == TREE_JSON ? extract(e, it) : length(e, it->at);
}

/* --- items ----------------------------------------------------------------------------------- */

static bool has_items(const struct tree_hop *hop)
{
    return hop->kind == HOP_GIVEN_ITEMS || (hop->kind == HOP_ITEMS && hop->from == 0);
}

static void read_items(struct eval *e, const struct tree_hop *hop, struct items *ret)
{
    const bool is_given = hop->kind == HOP_GIVEN_ITEMS;
    struct db_value whole = is_given ? param(e, hop->given) : cell(e, hop->cell);
    VEC(struct db_value) values = {0};
    struct str text, item;
    size_t at = 0;

    if (is_json(e, whole, &text) && eval_json_is_list(text)) {
        while (!e->s.cannot && (item = eval_json_item(text, &at)).p) {
            *VEC_PUSH(e->s.a, &values) = eval_json_value(&e->s, item);
        }
        if (values.n == 0)
            *VEC_PUSH(e->s.a, &values) = DB_V_NULL;
    } else {
        e->s.cannot |= is_given || whole.type == DB_REAL;
        *VEC_PUSH(e->s.a, &values) = whole;
    }
    *ret = (struct items){values.items, values.n, 0};
}

static struct items *items_of(struct eval *e, unsigned hop)
{
    const struct tree_hop *it = &e->tree->hops.items[hop];
    struct items *items = &e->items[hop];

    if (!has_items(it)) {
        e->s.cannot = true;
        return NULL;
    }
    if (!items->values)
        read_items(e, it, items);
    if (e->s.cannot)
        *items = (struct items){NULL, 0, 0};
    return items->values ? items : NULL;
}

static struct db_value item(struct eval *e, const struct tree_operand *it)
{
    const struct items *items = it->is_only_sql ? NULL : items_of(e, it->hop);

    return items ? items->values[items->at] : cannot(e);
}

/* --- operands -------------------------------------------------------------------------------- */

static enum eval_truth compare(struct eval *e, enum query_op op, const struct side *left,
                               const struct side *right);
static struct db_value value_of(struct eval *e, unsigned operand);

static struct db_value arg(struct eval *e, const struct tree_operand *it, unsigned i)
{
    return value_of(e, e->tree->args.items[it->args + i]);
}

static struct db_value distance(struct eval *e, const struct tree_operand *it)
{
    struct db_value args[4];

    for (unsigned i = 0; i < COUNT_OF(args); i++)
        args[i] = arg(e, it, i);
    return eval_distance(&e->s, args);
}

static struct db_value formatted_time(struct eval *e, const struct tree_operand *it)
{
    struct db_value args[LIMIT_STRFTIME_ARGS];

    for (unsigned i = 0; i < it->n_args; i++)
        args[i] = arg(e, it, i);
    return eval_strftime(&e->s, args, it->n_args, e->now_ms);
}

static enum eval_truth both(enum eval_truth x, enum eval_truth y)
{
    if (x == EVAL_NO || y == EVAL_NO)
        return EVAL_NO;
    if (x == EVAL_CANNOT || y == EVAL_CANNOT)
        return EVAL_CANNOT;
    return x == EVAL_YES && y == EVAL_YES ? EVAL_YES : EVAL_UNKNOWN;
}

static struct side one_side(struct eval *e, unsigned operand)
{
    const struct tree_operand *it = operand_at(e, operand);

    return (struct side){.facts = it->facts,
                         .affinity = it->affinity,
                         .is_empty = it->kind == TREE_EMPTY,
                         .value = value_of(e, operand)};
}

static struct db_value changed(struct eval *e, const struct tree_operand *it)
{
    const unsigned *args = &e->tree->args.items[it->args];
    struct side submitted, stored;
    enum eval_truth truth;

    if (operand_at(e, args[0])->at == 0) /* it is not there */
        return DB_V_INT(0);
    submitted = one_side(e, args[1]);
    stored = one_side(e, args[2]);
    truth = compare(e, OP_NE, &submitted, &stored);
    if (truth == EVAL_CANNOT)
        return cannot(e);
    return truth == EVAL_UNKNOWN ? DB_V_NULL : DB_V_INT(truth == EVAL_YES);
}

/* LIMIT_FUNCTION_NESTING deep at most. */
static struct db_value value_of(struct eval *e, unsigned operand)
{
    const struct tree_operand *it = operand_at(e, operand);

    switch (it->kind) {
    case TREE_NULL:
        return DB_V_NULL;
    case TREE_EMPTY:
        return DB_V_TEXT(STR(""));
    case TREE_NUMBER:
    case TREE_TRUTH:
        return DB_V_INT(it->at);
    case TREE_PARAM:
        return param(e, it->at);
    case TREE_COLUMN:
    case TREE_JSON:
    case TREE_LENGTH:
        return of_row(e, it);
    case TREE_ITEM:
        return item(e, it);
    case TREE_LOWER:
        return eval_lower(&e->s, arg(e, it, 0));
    case TREE_CHANGED:
        return changed(e, it);
    case TREE_DISTANCE:
        return distance(e, it);
    case TREE_TIME:
        return formatted_time(e, it);
    }
    BUG("not an operand");
}

/* --- comparisons ----------------------------------------------------------------------------- */

static struct db_value around(struct eval *e, struct db_value value)
{
    if (value.type == DB_NULL)
        return value;
    return DB_V_TEXT(arena_concat(e->s.a, STR("%"), eval_text(&e->s, value), STR("%")));
}

static struct db_value or_empty(struct db_value value)
{
    return value.type == DB_NULL ? DB_V_TEXT(STR("")) : value;
}

static void spend_value(struct eval *e, struct db_value value)
{
    eval_spend(&e->s, COMPARISON_BYTES + (value.type == DB_TEXT ? value.s.n : 0));
}

/* A value and how the engine compares it. */
struct operand {
    struct db_value value;
    enum tree_affinity affinity;
};

static enum eval_truth ask(struct eval *e, enum eval_compare how, struct operand left,
                           struct operand right)
{
    return eval_compare(&e->s, how, left.value, left.affinity, right.value, right.affinity);
}

static struct operand shown(const struct side *side, struct operand operand)
{
    if (!tree_is_empty(&side->facts))
        return operand;
    return (struct operand){DB_V_TEXT(STR("")), AFFINITY_NONE};
}

/* It is '' or NULL, or neither. */
static enum eval_truth is_nothing(struct eval *e, struct operand operand, bool equal)
{
    const struct operand empty = {DB_V_TEXT(STR("")), AFFINITY_NONE};

    if (operand.value.type == DB_NULL)
        return equal ? EVAL_YES : EVAL_NO;
    return ask(e, equal ? COMPARE_EQ : COMPARE_IS_NOT, empty, operand);
}

static enum eval_truth equal_values(struct eval *e, bool equal, const struct side *left,
                                    struct operand l, const struct side *right, struct operand r)
{
    switch (tree_equal_form(&left->facts, &right->facts)) {
    case EQUAL_AS_IS:
        return ask(e, equal ? COMPARE_IS : COMPARE_IS_NOT, l, r);
    case EQUAL_PLAIN:
        return ask(e, equal ? COMPARE_EQ : COMPARE_IS_NOT, shown(left, l), shown(right, r));
    case EQUAL_LEFT_EMPTY:
        return is_nothing(e, r, equal);
    case EQUAL_RIGHT_EMPTY:
        return is_nothing(e, l, equal);
    case EQUAL_COALESCED:
        l = (struct operand){or_empty(l.value), AFFINITY_NONE};
        r = (struct operand){or_empty(r.value), AFFINITY_NONE};
        return ask(e, equal ? COMPARE_EQ : COMPARE_IS_NOT, l, r);
    }
    BUG("not a form");
}

static enum eval_truth compare_values(struct eval *e, enum query_op op, const struct side *left,
                                      struct operand l, const struct side *right, struct operand r)
{
    static const enum eval_compare compares[] = {
        [OP_GT] = COMPARE_GT, [OP_GE] = COMPARE_GE,     [OP_LT] = COMPARE_LT,
        [OP_LE] = COMPARE_LE, [OP_LIKE] = COMPARE_LIKE, [OP_NOT_LIKE] = COMPARE_NOT_LIKE,
    };

    spend_value(e, l.value);
    spend_value(e, r.value);
    if (e->s.cannot)
        return EVAL_CANNOT;
    if (op == OP_EQ || op == OP_NE)
        return equal_values(e, op == OP_EQ, left, l, right, r);
    if ((op == OP_LIKE || op == OP_NOT_LIKE) && (right->facts.n_params == 0 || right->is_empty))
        r.value = around(e, r.value);
    return ask(e, compares[op], l, r);
}

static size_t count_values(const struct side *side)
{
    return side->items ? side->items->n : 1;
}

/* The row at hand stays. */
static struct operand value_at(struct eval *e, const struct side *side, size_t i)
{
    struct operand out = {side->value, side->affinity};
    size_t at;

    if (!side->items)
        return out;
    at = side->items->at;
    side->items->at = i;
    out.value = value_of(e, side->operand);
    side->items->at = at;
    return out;
}

/* Of many values: NO where any pair fails; else what the last one says. */
static enum eval_truth compare(struct eval *e, enum query_op op, const struct side *left,
                               const struct side *right)
{
    const size_t n_left = count_values(left), n_right = count_values(right);
    enum eval_truth truth = EVAL_YES;

    if (right->facts.is_truth &&
        (op == OP_NE || tree_equal_form(&left->facts, &right->facts) == EQUAL_AS_IS))
        return EVAL_CANNOT; /* asks for the truth of whatever stands left: the engine knows */
    for (size_t i = 0; i < n_left; i++)
        for (size_t k = 0; k < n_right && truth != EVAL_NO && !e->s.cannot; k++)
            truth = compare_values(e, op, left, value_at(e, left, i), right, value_at(e, right, k));
    return e->s.cannot ? EVAL_CANNOT : truth;
}

/* An operand as an all-match looks at it. */
static struct side many_side(struct eval *e, unsigned operand)
{
    const struct tree_operand *it = operand_at(e, operand);
    const unsigned of = tree_many(e->tree, operand);
    struct side out;

    if (of == 0) {
        out = one_side(e, operand);
        out.facts = tree_facts_opposite(&out.facts);
        return out;
    }
    return (struct side){.facts = tree_facts_of_many(&it->facts),
                         .affinity = AFFINITY_BLOB,
                         .operand = operand,
                         .items = items_of(e, operand_at(e, of)->hop)};
}

/* It is the same for all rows: no side that is one value depends on what else is joined. */
static bool is_of_base(const struct eval *e, unsigned operand)
{
    return tree_many(e->tree, operand) != 0 || tree_operand_hops(e->tree, operand) == 0;
}

static enum eval_truth all_match(struct eval *e, const struct tree_test *test)
{
    const bool is_fixed = is_of_base(e, test->left) && is_of_base(e, test->right);
    enum eval_truth *known = &e->all[test - e->tree->tests.items];
    struct side left, right;
    enum eval_truth truth;

    if (is_fixed && *known != EVAL_UNKNOWN)
        return *known;
    left = many_side(e, test->left);
    right = many_side(e, test->right);
    truth = compare(e, test->op, &left, &right);
    if (truth == EVAL_UNKNOWN)
        truth = EVAL_YES;
    if (is_fixed)
        *known = truth;
    return truth;
}

static enum eval_truth guard(struct eval *e, unsigned operand, enum eval_truth truth)
{
    const unsigned by = operand_at(e, operand)->guard;
    struct operand visible;

    if (by == 0 || truth == EVAL_NO)
        return truth;
    visible = (struct operand){value_of(e, by), operand_at(e, by)->affinity};
    return both(truth, ask(e, COMPARE_EQ, visible, (struct operand){DB_V_INT(1), AFFINITY_NONE}));
}

static enum eval_truth comparison(struct eval *e, const struct tree_test *test)
{
    struct side left = one_side(e, test->left), right = one_side(e, test->right);
    enum eval_truth truth = compare(e, test->op, &left, &right);

    if (!test->any && truth != EVAL_NO && truth != EVAL_CANNOT &&
        (tree_many(e->tree, test->left) || tree_many(e->tree, test->right)))
        truth = both(truth, all_match(e, test));
    truth = guard(e, test->right, guard(e, test->left, truth));
    if (!e->s.cannot)
        return truth;
    e->s.cannot = false; /* of the others, which may decide without it */
    return EVAL_CANNOT;
}

/* --- tests ----------------------------------------------------------------------------------- */

static enum eval_truth truth_of(struct eval *e, unsigned test);

/* AND is decided by a NO, OR by a YES. */
static enum eval_truth joined(struct eval *e, const struct tree_test *test)
{
    const enum eval_truth decided = test->kind == TEST_AND ? EVAL_NO : EVAL_YES;
    enum eval_truth out = test->kind == TEST_AND ? EVAL_YES : EVAL_NO;

    for (unsigned at = test->first; at != 0 && out != decided; at = e->tree->tests.items[at].next) {
        enum eval_truth truth = truth_of(e, at);

        if (truth == decided ||
            (out != EVAL_CANNOT && (truth == EVAL_UNKNOWN || truth == EVAL_CANNOT)))
            out = truth;
    }
    return out;
}

/* The next of all combinations of items; false: there are no more, and it is the first again. */
static bool next_row(struct eval *e, uint64_t hops)
{
    for (unsigned i = 1; i < e->tree->hops.n; i++) {
        struct items *items = &e->items[i];

        if (!(hops & UINT64_C(1) << i) || !items->values)
            continue;
        if (++items->at < items->n)
            return true;
        items->at = 0;
    }
    return false;
}

/* Reads the items that the hops give: what the engine refuses there, it refuses whoever asks. */
static bool can_read(struct eval *e, uint64_t hops)
{
    for (unsigned i = 1; i < e->tree->hops.n && !e->s.cannot; i++)
        if (hops & UINT64_C(1) << i && has_items(&e->tree->hops.items[i]))
            (void)items_of(e, i);
    return !e->s.cannot;
}

/* Some of the rows that the hops give satisfies it. What other tables give is not known; that they
 * give something is. */
static enum eval_truth some(struct eval *e, unsigned test, uint64_t hops)
{
    enum eval_truth out = EVAL_NO;

    if (!can_read(e, hops)) {
        e->s.cannot = false;
        return EVAL_CANNOT;
    }
    do {
        enum eval_truth truth = truth_of(e, test);

        eval_spend(&e->s, ROW_BYTES);
        if (truth == EVAL_YES || truth == EVAL_CANNOT)
            out = truth;
    } while (out != EVAL_YES && !e->s.cannot && next_row(e, hops));
    if (e->s.cannot && out == EVAL_NO) /* of the rows so far */
        out = EVAL_CANNOT;
    e->s.cannot = false;
    for (unsigned i = 1; i < e->tree->hops.n; i++)
        if (hops & UINT64_C(1) << i)
            e->items[i].at = 0;
    return out;
}

/* No deeper than there are comparisons: LIMIT_FILTER_EXPRESSIONS of a rule and of a filter. */
static enum eval_truth truth_of(struct eval *e, unsigned test)
{
    const struct tree_test *it = &e->tree->tests.items[test];

    switch (it->kind) {
    case TEST_COMPARE:
        return comparison(e, it);
    case TEST_AND:
    case TEST_OR:
        return joined(e, it);
    case TEST_SOME:
        return some(e, it->first, it->hops);
    case TEST_VISIBLE:
    case TEST_SEMI:
        return EVAL_CANNOT;
    }
    BUG("not a test");
}

/* Lists that are given with the question. The engine may read them before it looks at the row, and
 * refuses what is no list whatever else is asked. */
static uint64_t given_lists(const struct query_tree *tree)
{
    uint64_t out = 0;

    for (unsigned i = 1; i < tree->hops.n; i++)
        if (tree->hops.items[i].kind == HOP_GIVEN_ITEMS)
            out |= UINT64_C(1) << i;
    return out;
}

enum query_verdict query_eval(struct arena *scratch, const struct query_sql *sql,
                              const struct db_value *cells)
{
    static const enum query_verdict verdicts[] = {
        [EVAL_NO] = QUERY_NO,
        [EVAL_YES] = QUERY_YES,
        [EVAL_UNKNOWN] = QUERY_NO,
        [EVAL_CANNOT] = QUERY_CANNOT,
    };
    const struct query_program *program = sql->program;
    struct eval e = {.params = sql->values, .cells = cells, .now_ms = sql->now_ms};

    if (!program)
        return QUERY_CANNOT;
    if (program->tree.root == 0)
        return QUERY_YES;
    e.s = (struct eval_scratch){.a = scratch, .dialect = program->dialect};
    e.tree = &program->tree;
    e.items = ARENA_ARRAY(scratch, struct items, program->tree.hops.n);
    e.all = ARENA_ARRAY(scratch, enum eval_truth, program->tree.tests.n);
    if (!can_read(&e, given_lists(e.tree)))
        return QUERY_CANNOT;
    return verdicts[some(&e, program->tree.root, program->joined)];
}
