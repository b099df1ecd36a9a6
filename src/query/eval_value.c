/*
 * Values as SQLite compares them: storage classes, affinities, texts of numbers, LIKE.
 */
#include "query/eval.h"

#include "base/compiler.h"
#include "base/limits.h"
#include "base/num.h"

#include <math.h>
#include <string.h>

#define EXACT_DIGITS 17   /* with more, readers may round differently */
#define PATTERN_MAX 50000 /* longer ones are an error of LIKE */
#define EARTH_KM 6371
#define INT64_SPAN 9223372036854775808.0

void eval_spend(struct eval_scratch *s, size_t bytes)
{
    s->spent += bytes;
    s->cannot |= s->spent > LIMIT_EVAL_BYTES;
}

struct str eval_text(struct eval_scratch *s, struct db_value value)
{
    switch (value.type) {
    case DB_TEXT:
        return value.s;
    case DB_INT:
        return arena_printf(s->a, "%lld", (long long)value.i);
    case DB_REAL:
        return s->dialect->real_text(s->a, value.d);
    case DB_BLOB:
        s->cannot = true;
        return STR("");
    case DB_NULL:
        return STR("");
    }
    BUG("not a database value");
}

/* --- numbers --------------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct str trim(struct str s)
{
    while (s.n > 0 && is_space(s.p[0]))
        s = str_from(s, 1);
    while (s.n > 0 && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

static size_t count_digits(struct str s, size_t *at)
{
    size_t from = *at;

    while (*at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9')
        ++*at;
    return *at - from;
}

static bool is_exponent(struct str s, size_t *at)
{
    if (*at == s.n || (s.p[*at] | 32) != 'e')
        return true;
    ++*at;
    if (*at < s.n && (s.p[*at] == '+' || s.p[*at] == '-'))
        ++*at;
    return count_digits(s, at) > 0;
}

/* Digits with an optional point and exponent, nothing else; and how many digits. */
static bool scan_number(struct str s, size_t *ret_digits, bool *ret_is_int)
{
    size_t at = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;
    size_t n = count_digits(s, &at);

    *ret_is_int = at == s.n;
    if (at < s.n && s.p[at] == '.') {
        at++;
        n += count_digits(s, &at);
    }
    *ret_digits = n;
    return n > 0 && is_exponent(s, &at) && at == s.n;
}

struct db_value eval_numeric(struct eval_scratch *s, struct db_value value)
{
    struct db_value out = value;
    struct str text;
    size_t n_digits;
    bool is_int;
    double number;

    if (value.type != DB_TEXT)
        return value;
    text = trim(value.s);
    if (!scan_number(text, &n_digits, &is_int))
        return value;
    if (n_digits > EXACT_DIGITS || !num_parse_loose(text, &number)) {
        s->cannot = true;
    } else if (is_int) {
        out.type = DB_INT;
        s->cannot |= !num_parse_i64(text, &out.i);
    } else {
        out = DB_V_REAL(number);
    }
    return out;
}

static int order_of_doubles(double x, double y)
{
    return (x > y) - (x < y);
}

/* Exact, also where the integer has more bits than a double. */
static int order_of_mixed(int64_t i, double d)
{
    int64_t whole;

    if (d >= INT64_SPAN)
        return -1;
    if (d < -INT64_SPAN)
        return 1;
    whole = (int64_t)d;
    if (i != whole)
        return i < whole ? -1 : 1;
    return order_of_doubles((double)whole, d);
}

static int order_of_numbers(struct db_value x, struct db_value y)
{
    if (x.type == DB_INT && y.type == DB_INT)
        return (x.i > y.i) - (x.i < y.i);
    if (x.type == DB_INT)
        return order_of_mixed(x.i, y.d);
    if (y.type == DB_INT)
        return -order_of_mixed(y.i, x.d);
    return order_of_doubles(x.d, y.d);
}

/* --- comparisons ----------------------------------------------------------------------------- */

static bool is_number(struct db_value value)
{
    return value.type == DB_INT || value.type == DB_REAL;
}

/* Neither is NULL nor a blob: numbers come before texts. */
static int order(struct db_value x, struct db_value y)
{
    if (is_number(x) && is_number(y))
        return order_of_numbers(x, y);
    if (is_number(x) != is_number(y))
        return is_number(x) ? -1 : 1;
    return str_cmp(x.s, y.s);
}

/* Which conversion a comparison of the two makes. */
static enum tree_affinity affinity_of(enum tree_affinity left, enum tree_affinity right)
{
    if (left == AFFINITY_NUMERIC || right == AFFINITY_NUMERIC)
        return AFFINITY_NUMERIC;
    if (left > AFFINITY_NONE && right > AFFINITY_NONE)
        return AFFINITY_BLOB;
    return left > right ? left : right;
}

static void convert(struct eval_scratch *s, struct db_value *left, struct db_value *right,
                    enum tree_affinity affinity)
{
    if (affinity == AFFINITY_NUMERIC) {
        *left = eval_numeric(s, *left);
        *right = eval_numeric(s, *right);
    } else if (affinity == AFFINITY_TEXT && (left->type == DB_TEXT || right->type == DB_TEXT)) {
        if (is_number(*left))
            *left = DB_V_TEXT(eval_text(s, *left));
        if (is_number(*right))
            *right = DB_V_TEXT(eval_text(s, *right));
    }
}

static struct str pattern_text(struct eval_scratch *s, struct db_value value)
{
    struct str text = eval_text(s, value);

    s->cannot |= str_find_byte(text, '\0') < text.n;
    return text;
}

static bool like(struct eval_scratch *s, struct db_value left, struct db_value right)
{
    struct str text = pattern_text(s, left);
    struct str pattern = pattern_text(s, right);
    bool matches = false;
    size_t rest;

    s->cannot |= pattern.n > PATTERN_MAX || s->spent > LIMIT_EVAL_BYTES;
    if (s->cannot)
        return false;
    rest = LIMIT_EVAL_BYTES - s->spent;
    pattern.p = arena_cstr(s->a, pattern);
    text.p = arena_cstr(s->a, text);
    s->cannot |= !s->dialect->like_match(pattern, text, &rest, &matches);
    s->spent = LIMIT_EVAL_BYTES - rest;
    return matches;
}

static enum eval_truth truth(bool holds)
{
    return holds ? EVAL_YES : EVAL_NO;
}

enum eval_truth eval_compare(struct eval_scratch *s, enum eval_compare op, struct db_value left,
                             enum tree_affinity left_affinity, struct db_value right,
                             enum tree_affinity right_affinity)
{
    bool is_null = left.type == DB_NULL || right.type == DB_NULL;
    bool are_null = left.type == right.type && is_null;
    int sign = 0;

    if (is_null && op != COMPARE_IS && op != COMPARE_IS_NOT)
        return EVAL_UNKNOWN;
    if (op < COMPARE_LIKE && !is_null) {
        convert(s, &left, &right, affinity_of(left_affinity, right_affinity));
        sign = order(left, right);
    }
    switch (op) {
    case COMPARE_EQ:
        return truth(sign == 0);
    case COMPARE_IS:
        return truth(are_null || (!is_null && sign == 0));
    case COMPARE_IS_NOT:
        return truth(!are_null && (is_null || sign != 0));
    case COMPARE_GT:
        return truth(sign > 0);
    case COMPARE_GE:
        return truth(sign >= 0);
    case COMPARE_LT:
        return truth(sign < 0);
    case COMPARE_LE:
        return truth(sign <= 0);
    case COMPARE_LIKE:
    case COMPARE_NOT_LIKE:
        return truth(like(s, left, right) == (op == COMPARE_LIKE));
    }
    BUG("not a comparison");
}

/* --- functions ------------------------------------------------------------------------------- */

struct db_value eval_lower(struct eval_scratch *s, struct db_value value)
{
    struct str text;
    char *out;

    if (value.type == DB_NULL)
        return value;
    text = eval_text(s, value);
    eval_spend(s, text.n);
    s->cannot |= str_find_byte(text, '\0') < text.n;
    out = arena_alloc(s->a, text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        out[i] = text.p[i];
        if (out[i] >= 'A' && out[i] <= 'Z')
            out[i] = (char)(out[i] | 32);
    }
    return DB_V_TEXT(((struct str){out, text.n}));
}

static bool radians(struct eval_scratch *s, struct db_value value, double *ret)
{
    value = eval_numeric(s, value);
    if (!is_number(value))
        return false;
    *ret = (value.type == DB_INT ? (double)value.i : value.d) * (M_PI / 180.0);
    return true;
}

/* The terms are kept apart: a fused multiplication would round otherwise than SQL does. */
struct db_value eval_distance(struct eval_scratch *s, const struct db_value args[4])
{
    volatile double across, along, sum;
    double at[4];

    for (size_t i = 0; i < 4; i++)
        if (!radians(s, args[i], &at[i]))
            return DB_V_NULL;
    across = cos(at[1]) * cos(at[3]);
    across = across * cos(at[2] - at[0]);
    along = sin(at[1]) * sin(at[3]);
    sum = across + along;
    if (isnan(sum))
        return DB_V_NULL;
    return DB_V_REAL(EARTH_KM * acos(fmin(1.0, fmax(-1.0, sum))));
}
