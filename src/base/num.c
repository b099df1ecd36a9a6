/*
 * Numbers to and from text.
 *
 * Shortest digits: an integer below 2^53 is its own; a double that equals m / 10^k with m < 10^15
 * and small k is m's digits, because fewer than 16 digits name at most one double each and that
 * division is exact to the last bit; yyjson's writer does what is left.
 */
#include "base/num.h"

#include "base/compiler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

/* 0.d1d2d3… * 10^point, without zeros at either end; zero has no digits. */
struct decimal {
    char digits[24];
    int n;
    int point;
    bool negative;
};

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

#define LARGEST_EXACT 9007199254740992.0 /* 2^53 */

static int u64_digits(char out[20], uint64_t value)
{
    char reversed[20];
    int n = 0;

    do {
        reversed[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    for (int i = 0; i < n; i++)
        out[i] = reversed[n - 1 - i];
    return n;
}

/* m * 10^-k */
static void set_decimal(struct decimal *d, uint64_t m, int k)
{
    d->n = u64_digits(d->digits, m);
    d->point = d->n - k;
    while (d->n && d->digits[d->n - 1] == '0')
        d->n--;
}

static bool try_short(struct decimal *d, double x)
{
    if (x >= LARGEST_EXACT)
        return false;
    if (x == floor(x)) {
        set_decimal(d, (uint64_t)x, 0);
        return true;
    }
    for (int k = 1; k <= 9; k++) {
        double m = nearbyint(x * powers[k]);

        if (m >= 1e15)
            return false;
        if (m / powers[k] == x) {
            set_decimal(d, (uint64_t)m, k);
            return true;
        }
    }
    return false;
}

/* From the text of a positive number, such as "1.25e-8". */
static void read_decimal(struct decimal *d, const char *text, size_t n)
{
    bool after_point = false;

    d->n = 0;
    d->point = 0;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];

        if (c == 'e' || c == 'E') {
            d->point += (int)strtol(text + i + 1, NULL, 10);
            break;
        }
        if (c == '.') {
            after_point = true;
            continue;
        }
        if (d->n || c != '0') {
            if (d->n < (int)sizeof(d->digits))
                d->digits[d->n++] = c;
            d->point += !after_point;
        } else {
            d->point -= after_point;
        }
    }
    while (d->n && d->digits[d->n - 1] == '0')
        d->n--;
}

static void shortest(struct decimal *d, double x)
{
    char memory[1024];
    yyjson_alc alc;
    yyjson_val value = {0};
    size_t n = 0;
    char *text;

    d->negative = signbit(x);
    x = fabs(x);
    if (try_short(d, x))
        return;
    unsafe_yyjson_set_real(&value, x);
    if (!yyjson_alc_pool_init(&alc, memory, sizeof(memory)))
        BUG("no room to write a number");
    text = yyjson_val_write_opts(&value, YYJSON_WRITE_NOFLAG, &alc, &n, NULL);
    if (!text)
        BUG("a number that is not finite");
    read_decimal(d, text, n);
}

static char *repeat(char *out, char c, int n)
{
    for (; n > 0; n--)
        *out++ = c;
    return out;
}

static char *put_digits(char *out, const char *p, int n)
{
    if (n > 0) {
        memcpy(out, p, (size_t)n);
        out += n;
    }
    return out;
}

static char *put_plain(char *out, const struct decimal *d)
{
    int whole = d->point < 0 ? 0 : d->point < d->n ? d->point : d->n;

    if (d->n == 0 || d->point <= 0)
        *out++ = '0';
    out = put_digits(out, d->digits, whole);
    out = repeat(out, '0', d->n ? d->point - d->n : 0);
    if (d->n > whole) {
        *out++ = '.';
        out = repeat(out, '0', -d->point);
        out = put_digits(out, d->digits + whole, d->n - whole);
    }
    return out;
}

static char *put_exponent(char *out, const struct decimal *d, int least_digits)
{
    int exponent = d->point - 1;
    char digits[20];
    int n;

    *out++ = d->digits[0];
    if (d->n > 1) {
        *out++ = '.';
        out = put_digits(out, d->digits + 1, d->n - 1);
    }
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    n = u64_digits(digits, (uint64_t)abs(exponent));
    out = repeat(out, '0', least_digits - n);
    return put_digits(out, digits, n);
}

static size_t finish(char *start, char *end)
{
    *end = '\0';
    return (size_t)(end - start);
}

size_t num_format_json(char out[NUM_TEXT_MAX], double x)
{
    struct decimal d;
    char *at = out;

    if (x > -LARGEST_EXACT && x < LARGEST_EXACT && x == (double)(int64_t)x &&
        (x != 0 || !signbit(x))) {
        if (x < 0)
            *at++ = '-';
        at += u64_digits(at, (uint64_t)fabs(x));
        return finish(out, at);
    }
    shortest(&d, x);
    if (d.negative)
        *at++ = '-';
    if (d.n && (d.point > 21 || d.point < -5))
        return finish(out, put_exponent(at, &d, 1));
    return finish(out, put_plain(at, &d));
}

size_t num_format_plain(char out[NUM_TEXT_MAX], double x)
{
    struct decimal d;
    char *at = out;

    shortest(&d, x);
    if (d.negative)
        *at++ = '-';
    return finish(out, put_plain(at, &d));
}

size_t num_format_general(char out[NUM_TEXT_MAX], double x, int limit)
{
    struct decimal d;
    char *at = out;

    shortest(&d, x);
    if (d.negative)
        *at++ = '-';
    if (d.n && (d.point - 1 < -4 || d.point - 1 >= limit))
        return finish(out, put_exponent(at, &d, 2));
    return finish(out, put_plain(at, &d));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digit_run(struct str s, size_t at)
{
    while (at < s.n && is_digit(s.p[at]))
        at++;
    return at;
}

size_t num_scan_json(struct str s)
{
    size_t at = s.n && s.p[0] == '-';
    size_t end = digit_run(s, at);

    if (end == at || (s.p[at] == '0' && end > at + 1))
        return 0;
    if (end < s.n && s.p[end] == '.') {
        at = end + 1;
        end = digit_run(s, at);
        if (end == at)
            return 0;
    }
    if (end < s.n && (s.p[end] == 'e' || s.p[end] == 'E')) {
        at = end + 1;
        at += at < s.n && (s.p[at] == '+' || s.p[at] == '-');
        end = digit_run(s, at);
        if (end == at)
            return 0;
    }
    return end;
}

/* s as the C library reads it: a copy that ends, as s need not. */
static double library_parse(struct str s)
{
    char small[128];
    char *copy = s.n < sizeof(small) ? small : malloc(s.n + 1);
    double x;

    if (!copy)
        BUG("out of memory");
    memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    x = strtod(copy, NULL);
    if (copy != small)
        free(copy);
    return x;
}

/* s is known to be a decimal number. Up to 15 digits and a small power of ten are exact. */
static double parse_decimal(struct str s)
{
    size_t at = s.p[0] == '-' || s.p[0] == '+';
    bool negative = s.p[0] == '-';
    uint64_t m = 0;
    int places = 0;
    int digits = 0;
    bool after_point = false;
    double x;

    for (; at < s.n; at++) {
        if (s.p[at] == '.') {
            after_point = true;
            continue;
        }
        if (!is_digit(s.p[at]) || ++digits > 15)
            return library_parse(s);
        m = m * 10 + (uint64_t)(s.p[at] - '0');
        places += after_point;
    }
    x = (double)m / powers[places];
    return negative ? -x : x;
}

bool num_parse_json(struct str s, double *ret)
{
    if (s.n == 0 || num_scan_json(s) != s.n)
        return false;
    *ret = parse_decimal(s);
    return true;
}

static bool parse_name(struct str s, double *ret)
{
    bool negative = s.n && s.p[0] == '-';
    bool has_sign = negative || (s.n && s.p[0] == '+');
    struct str name = str_from(s, has_sign);

    if (str_eq_nocase(name, STR("inf")) || str_eq_nocase(name, STR("infinity"))) {
        *ret = negative ? -HUGE_VAL : HUGE_VAL;
        return true;
    }
    if (str_eq_nocase(s, STR("nan"))) {
        *ret = (double)NAN;
        return true;
    }
    return false;
}

static bool is_hex_digit(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Whether s, without its sign, is a decimal or hexadecimal number as strtod() reads it. */
static bool is_float(struct str s)
{
    bool hex = str_starts_nocase(s, STR("0x"));
    char mark = hex ? 'p' : 'e';
    size_t at = hex ? 2 : 0;
    size_t digits = 0;
    size_t end;

    for (bool point = false; at < s.n; at++) {
        if (s.p[at] == '.' && !point)
            point = true;
        else if (hex ? is_hex_digit(s.p[at]) : is_digit(s.p[at]))
            digits++;
        else
            break;
    }
    if (digits == 0)
        return false;
    if (at == s.n)
        return !hex; /* a hexadecimal one needs its exponent */
    if ((s.p[at] | 0x20) != mark)
        return false;
    at++;
    at += at < s.n && (s.p[at] == '+' || s.p[at] == '-');
    end = digit_run(s, at);
    return end > at && end == s.n;
}

/* Underscores must stand between digits; the base prefix counts as one. */
static bool underscores_fit(struct str s)
{
    bool hex = str_starts_nocase(s, STR("0x"));

    for (size_t i = 0; i < s.n; i++) {
        bool before, after;

        if (s.p[i] != '_')
            continue;
        before = i > 0 && (is_digit(s.p[i - 1]) ||
                           (hex && (is_hex_digit(s.p[i - 1]) || (i == 2 && s.p[1] != '_'))));
        after = i + 1 < s.n && (hex ? is_hex_digit(s.p[i + 1]) : is_digit(s.p[i + 1]));
        if (!before || !after)
            return false;
    }
    return true;
}

/* Without the underscores. */
static bool parse_clean(struct str s, double *ret)
{
    double x;

    if (s.n == 0 || !is_float(str_from(s, s.p[0] == '-' || s.p[0] == '+')))
        return false;
    x = library_parse(s);
    if (isinf(x))
        return false; /* out of range */
    *ret = x;
    return true;
}

bool num_parse_loose(struct str s, double *ret)
{
    bool has_sign = s.n && (s.p[0] == '-' || s.p[0] == '+');
    char clean[NUM_TEXT_MAX];
    size_t n = 0;

    if (parse_name(s, ret))
        return true;
    if (str_find_byte(s, '_') == s.n)
        return parse_clean(s, ret);
    if (s.n > sizeof(clean) || !underscores_fit(str_from(s, has_sign)))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '_')
            clean[n++] = s.p[i];
    }
    return parse_clean((struct str){clean, n}, ret);
}

bool num_parse_u64(struct str s, uint64_t *ret)
{
    uint64_t value = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]) || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value))
            return false;
    }
    *ret = value;
    return true;
}

bool num_parse_i64(struct str s, int64_t *ret)
{
    bool negative = s.n && s.p[0] == '-';
    bool has_sign = negative || (s.n && s.p[0] == '+');
    uint64_t size;

    if (!num_parse_u64(str_from(s, has_sign), &size) || size > (uint64_t)INT64_MAX + negative)
        return false;
    *ret = negative ? (int64_t)(0 - size) : (int64_t)size;
    return true;
}
