#include "http/when.h"

#include "base/compiler.h"
#include "base/date.h"

#include <string.h>

static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* So many digits of a number that has no more. */
static void put_number(char *at, int number, int n)
{
    for (int i = n; i > 0; i--) {
        at[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
}

/* Without a format: it is in the head of every file's answer. */
void http_when_write(char out[HTTP_WHEN_LEN + 1], int64_t s)
{
    int64_t ms = s < DATE_MIN_MS / 1000   ? DATE_MIN_MS
                 : s > DATE_MAX_MS / 1000 ? DATE_MAX_MS
                                          : s * 1000;
    struct date_parts d = date_split(ms);

    memcpy(out, "Sun, 06 Nov 1994 08:49:37 GMT", HTTP_WHEN_LEN + 1);
    memcpy(out, days[d.weekday], 3);
    put_number(out + 5, d.day, 2);
    memcpy(out + 8, months[d.month - 1], 3);
    put_number(out + 12, d.year, 4);
    put_number(out + 17, d.hour, 2);
    put_number(out + 20, d.minute, 2);
    put_number(out + 23, d.second, 2);
}

/* --- reading: each takes what it reads off the front of the text ------------------------------ */

static bool take_byte(struct str *text, char c)
{
    if (text->n == 0 || text->p[0] != c)
        return false;
    *text = str_from(*text, 1);
    return true;
}

/* So many digits; pad: the first may be a space. */
static bool take_number(struct str *text, size_t n, bool pad, int *ret)
{
    *ret = 0;
    if (text->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = text->p[i];

        if (i == 0 && pad && c == ' ')
            continue;
        if (c < '0' || c > '9')
            return false;
        *ret = *ret * 10 + (c - '0');
    }
    *text = str_from(*text, n);
    return true;
}

/* The place of the word among the names; -1: it is none of them. */
static int take_name(struct str *text, const char (*names)[4], int n)
{
    for (int i = 0; i < n; i++) {
        if (text->n >= 3 && str_eq_nocase(str_sub(*text, 0, 3), str_of(names[i]))) {
            *text = str_from(*text, 3);
            return i;
        }
    }
    return -1;
}

static bool take_month(struct str *text, struct date_parts *d)
{
    d->month = take_name(text, months, (int)COUNT_OF(months)) + 1;
    return d->month > 0;
}

static bool take_clock(struct str *text, struct date_parts *d)
{
    return take_number(text, 2, false, &d->hour) && take_byte(text, ':') &&
           take_number(text, 2, false, &d->minute) && take_byte(text, ':') &&
           take_number(text, 2, false, &d->second);
}

/* ", 06 Nov 1994 08:49:37 GMT" */
static bool read_fixed(struct str text, struct date_parts *d)
{
    return take_byte(&text, ',') && take_byte(&text, ' ') &&
           take_number(&text, 2, false, &d->day) && take_byte(&text, ' ') && take_month(&text, d) &&
           take_byte(&text, ' ') && take_number(&text, 4, false, &d->year) &&
           take_byte(&text, ' ') && take_clock(&text, d) && str_eq(text, STR(" GMT"));
}

/* "day, 06-Nov-94 08:49:37 GMT"; from 69 on it is the last century. */
static bool read_old(struct str text, struct date_parts *d)
{
    size_t comma = str_find_byte(text, ',');

    text = str_from(text, comma);
    if (!take_byte(&text, ',') || !take_byte(&text, ' ') ||
        !take_number(&text, 2, false, &d->day) || !take_byte(&text, '-') || !take_month(&text, d) ||
        !take_byte(&text, '-') || !take_number(&text, 2, false, &d->year) ||
        !take_byte(&text, ' ') || !take_clock(&text, d))
        return false;
    d->year += d->year >= 69 ? 1900 : 2000;
    return str_eq(text, STR(" GMT"));
}

/* " Nov  6 08:49:37 1994" */
static bool read_asctime(struct str text, struct date_parts *d)
{
    return take_byte(&text, ' ') && take_month(&text, d) && take_byte(&text, ' ') &&
           take_number(&text, 2, true, &d->day) && take_byte(&text, ' ') && take_clock(&text, d) &&
           take_byte(&text, ' ') && take_number(&text, 4, false, &d->year) && text.n == 0;
}

bool http_when_read(struct str text, int64_t *ret_s)
{
    static bool (*const forms[])(struct str, struct date_parts *) = {read_fixed, read_old,
                                                                     read_asctime};
    struct date_parts d;

    if (take_name(&text, days, (int)COUNT_OF(days)) < 0)
        return false;
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        d = (struct date_parts){0};
        if (!forms[i](text, &d))
            continue;
        if (d.day < 1 || d.day > date_month_days(d.year, d.month) || d.hour > 23 || d.minute > 59 ||
            d.second > 59)
            return false;
        *ret_s = date_join(d) / 1000;
        return true;
    }
    return false;
}
