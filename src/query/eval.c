/*
 * A compiled condition asked of a row in memory.
 */
#include "query/internal.h"

#include <math.h>

#define COMPARISON_BYTES 32 /* what a side costs besides its text, as so many bytes */

struct items {
    struct db_value *values;
    size_t n; /* at least 1 */
    size_t at;
};

struct eval {
    struct eval_scratch s;
    const struct query_program *program;
    const struct db_value *params, *cells;
    struct items *lists;
    struct db_value sides[2];
};

/* --- terms ----------------------------------------------------------------------------------- */

static struct db_value cell(struct eval *e, unsigned at)
{
    e->s.cannot |= e->cells[at].type == DB_BLOB;
    return e->cells[at];
}

/* NaN is no value of the engine's. */
static struct db_value param(const struct eval *e, unsigned at)
{
    struct db_value value = e->params[at];

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

static struct db_value extract(struct eval *e, const struct eval_term *term)
{
    struct db_value value = cell(e, term->at);
    struct str text;

    if (!is_json(e, value, &text)) /* it stands in an object of its own */
        return term->path.n == 0 ? value : DB_V_NULL;
    text = eval_json_at(&e->s, text, term->path);
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

static enum eval_truth truth_of(struct eval *e, unsigned at);
static struct db_value value_of(struct eval *e, unsigned at);

static struct db_value distance(struct eval *e, const struct eval_term *term)
{
    struct db_value args[4];

    for (size_t i = 0; i < 4; i++)
        args[i] = value_of(e, term->args[i]);
    return eval_distance(&e->s, args);
}

static struct db_value test_value(enum eval_truth truth)
{
    return truth == EVAL_UNKNOWN ? DB_V_NULL : DB_V_INT(truth == EVAL_YES);
}

/* A term stands in a call, and that in a test of :changed at most. */
static struct db_value value_of(struct eval *e, unsigned at)
{
    const struct eval_term *term = &e->program->terms[at];

    switch (term->kind) {
    case TERM_NULL:
        return DB_V_NULL;
    case TERM_EMPTY:
        return DB_V_TEXT(STR(""));
    case TERM_NUMBER:
        return DB_V_INT(term->at);
    case TERM_PARAM:
        return param(e, term->at);
    case TERM_CELL:
        return cell(e, term->at);
    case TERM_JSON:
        return extract(e, term);
    case TERM_LENGTH:
        return length(e, term->at);
    case TERM_ITEM:
        return e->lists[term->at].values[e->lists[term->at].at];
    case TERM_SIDE:
        return e->sides[term->at];
    case TERM_LOWER:
        return eval_lower(&e->s, value_of(e, term->args[0]));
    case TERM_TEST:
        return test_value(truth_of(e, term->at));
    case TERM_DISTANCE:
        return distance(e, term);
    }
    BUG("not a term");
}

/* --- tests ----------------------------------------------------------------------------------- */

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

static enum eval_truth compare(struct eval *e, const struct eval_test *test)
{
    enum eval_affinity left_affinity = e->program->terms[test->left].affinity;
    enum eval_affinity right_affinity = e->program->terms[test->right].affinity;
    struct db_value left = value_of(e, test->left);
    struct db_value right = value_of(e, test->right);

    spend_value(e, left);
    spend_value(e, right);
    if (e->s.cannot)
        return EVAL_UNKNOWN;
    if (right.type == DB_NULL && (test->or_null || test->and_not_null))
        return test->or_null ? EVAL_YES : EVAL_NO;
    if (test->around)
        right = around(e, right);
    if (test->coalesce) {
        left = or_empty(left);
        right = or_empty(right);
        left_affinity = right_affinity = AFFINITY_NONE;
    }
    return eval_compare(&e->s, test->compare, left, left_affinity, right, right_affinity);
}

static size_t count_items(const struct eval *e, unsigned list)
{
    return list ? e->lists[list - 1].n : 1;
}

/* No value fails it. */
static bool all_match(struct eval *e, const struct eval_test *test)
{
    size_t n_left = count_items(e, test->lists[0]), n_right = count_items(e, test->lists[1]);

    for (size_t i = 0; i < n_left; i++) {
        if (test->lists[0])
            e->sides[0] = e->lists[test->lists[0] - 1].values[i];
        for (size_t k = 0; k < n_right; k++) {
            if (test->lists[1])
                e->sides[1] = e->lists[test->lists[1] - 1].values[k];
            if (compare(e, &e->program->tests[test->all]) == EVAL_NO || e->s.cannot)
                return false;
        }
    }
    return true;
}

static enum eval_truth both(enum eval_truth x, enum eval_truth y)
{
    if (x == EVAL_NO || y == EVAL_NO)
        return EVAL_NO;
    return x == EVAL_YES && y == EVAL_YES ? EVAL_YES : EVAL_UNKNOWN;
}

static enum eval_truth truth_of_value(struct eval *e, struct db_value value)
{
    if (value.type == DB_NULL)
        return EVAL_UNKNOWN;
    e->s.cannot |= value.type != DB_INT;
    return value.type == DB_INT && value.i != 0 ? EVAL_YES : EVAL_NO;
}

static enum eval_truth comparison(struct eval *e, const struct eval_test *test)
{
    enum eval_truth truth = compare(e, test);

    if (test->all && truth != EVAL_NO)
        truth = both(truth, all_match(e, test) ? EVAL_YES : EVAL_NO);
    if (test->guard && truth != EVAL_NO)
        truth = both(truth, eval_compare(&e->s, COMPARE_EQ, value_of(e, test->guard),
                                         e->program->terms[test->guard].affinity, DB_V_INT(1),
                                         AFFINITY_NONE));
    return truth;
}

/* No deeper than there are comparisons: LIMIT_FILTER_EXPRESSIONS of a rule and of a filter. */
static enum eval_truth truth_of(struct eval *e, unsigned at)
{
    const struct eval_test *test = &e->program->tests[at];
    enum eval_truth left, right;

    switch (test->kind) {
    case TEST_TERM:
        return truth_of_value(e, value_of(e, test->left));
    case TEST_COMPARE:
        return comparison(e, test);
    case TEST_AND:
        left = truth_of(e, test->left);
        return left == EVAL_NO || e->s.cannot ? left : both(left, truth_of(e, test->right));
    case TEST_OR:
        left = truth_of(e, test->left);
        if (left == EVAL_YES || e->s.cannot)
            return left;
        right = truth_of(e, test->right);
        return right == EVAL_NO ? left : right;
    }
    BUG("not a test");
}

/* --- lists ----------------------------------------------------------------------------------- */

static void load_list(struct eval *e, const struct eval_list *list, struct items *ret)
{
    struct db_value whole = list->is_param ? param(e, list->at) : cell(e, list->at);
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
        e->s.cannot |= list->is_param || whole.type == DB_REAL;
        *VEC_PUSH(e->s.a, &values) = whole;
    }
    *ret = (struct items){values.items, values.n, 0};
}

static void load_lists(struct eval *e)
{
    e->lists = ARENA_ARRAY(e->s.a, struct items, e->program->n_lists);
    for (unsigned i = 0; i < e->program->n_lists && !e->s.cannot; i++)
        load_list(e, &e->program->lists[i], &e->lists[i]);
}

/* The next of all combinations of items; false: there are no more. */
static bool next_row(struct eval *e)
{
    for (unsigned i = 0; i < e->program->n_lists; i++) {
        if (++e->lists[i].at < e->lists[i].n)
            return true;
        e->lists[i].at = 0;
    }
    return false;
}

enum query_verdict query_eval(struct arena *scratch, const struct query_sql *sql,
                              const struct db_value *cells)
{
    struct eval e = {
        .program = sql->program,
        .params = sql->values,
        .cells = cells,
    };
    bool found = false;

    if (!sql->program)
        return QUERY_CANNOT;
    e.s = (struct eval_scratch){.a = scratch, .dialect = sql->program->dialect};
    load_lists(&e);
    if (e.s.cannot)
        return QUERY_CANNOT;
    do {
        found = truth_of(&e, sql->program->root) == EVAL_YES;
    } while (!found && !e.s.cannot && next_row(&e));
    if (e.s.cannot)
        return QUERY_CANNOT;
    return found ? QUERY_YES : QUERY_NO;
}
