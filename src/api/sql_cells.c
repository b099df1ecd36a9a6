/*
 * Cells of a query's rows as texts: as PocketBase's driver gives them, which takes texts in columns
 * that are declared as times for times, where they look like some.
 */
#include "api/sql.h"

#include "base/date.h"
#include "base/num.h"

#include <math.h>

/* RFC 3339, in the time's own offset. */
struct sql_time {
    int year, month, day, hour, minute, second;
    int nanos;
    int offset_minutes;
};

bool sql_type_is_time(struct str type)
{
    return str_eq(type, STR("DATE")) || str_eq(type, STR("DATETIME")) ||
           str_eq(type, STR("TIMESTAMP"));
}

/* --- reading --------------------------------------------------------------------------------- */

static bool is_digit(struct str s, size_t at)
{
    return at < s.n && s.p[at] >= '0' && s.p[at] <= '9';
}

static bool take_byte(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = str_from(*s, 1);
    return true;
}

/* Exactly n digits; up to most of value. */
static bool take_number(struct str *s, size_t n, int least, int most, int *ret)
{
    int value = 0;

    for (size_t i = 0; i < n; i++) {
        if (!is_digit(*s, i))
            return false;
        value = 10 * value + (s->p[i] - '0');
    }
    *s = str_from(*s, n);
    *ret = value;
    return value >= least && value <= most;
}

static bool take_day(struct str *s, struct sql_time *t)
{
    return take_number(s, 4, 0, 9999, &t->year) && take_byte(s, '-') &&
           take_number(s, 2, 1, 12, &t->month) && take_byte(s, '-') &&
           take_number(s, 2, 1, 31, &t->day) && t->day <= date_month_days(t->year, t->month);
}

/* A fraction is of any length, and counts to the nanosecond. */
static void take_fraction(struct str *s, struct sql_time *t)
{
    int unit = 100000000;
    size_t n = 1;

    if (s->n < 2 || (s->p[0] != '.' && s->p[0] != ',') || !is_digit(*s, 1))
        return;
    for (; is_digit(*s, n); n++) {
        t->nanos += (s->p[n] - '0') * unit;
        unit /= 10;
    }
    *s = str_from(*s, n);
}

/* The hour may have one digit. Seconds: *ret_seconds says whether there are any. */
static bool take_clock(struct str *s, struct sql_time *t, bool *ret_seconds)
{
    *ret_seconds = false;
    if (!take_number(s, is_digit(*s, 1) ? 2 : 1, 0, 23, &t->hour) || !take_byte(s, ':') ||
        !take_number(s, 2, 0, 59, &t->minute))
        return false;
    if (!take_byte(s, ':'))
        return true;
    *ret_seconds = true;
    if (!take_number(s, 2, 0, 59, &t->second))
        return false;
    take_fraction(s, t);
    return true;
}

static bool take_offset(struct str *s, const char *between, struct sql_time *t)
{
    const bool west = s->n > 0 && s->p[0] == '-';
    int hours, minutes;

    if (!take_byte(s, west ? '-' : '+') || !take_number(s, 2, 0, 24, &hours) ||
        (*between && !take_byte(s, *between)) || !take_number(s, 2, 0, 60, &minutes))
        return false;
    t->offset_minutes = (west ? -1 : 1) * (60 * hours + minutes);
    return true;
}

/* As Go has them: three capitals, four or five that end in T, WITA, or an offset of hours. */
static bool take_zone_name(struct str *s)
{
    size_t n = 0;

    if (s->n > 1 && (s->p[0] == '+' || s->p[0] == '-') && is_digit(*s, 1)) {
        n = is_digit(*s, 2) ? 3 : 2;
    } else {
        while (n < s->n && s->p[n] >= 'A' && s->p[n] <= 'Z')
            n++;
        if (n < 3 || n > 5 || (n > 3 && s->p[n - 1] != 'T' && !str_starts(*s, STR("WITA"))))
            return false;
        if (n == 3 && str_starts(*s, STR("GMT")) && s->n > 4 && (s->p[3] == '+' || s->p[3] == '-'))
            n = is_digit(*s, 5) ? 6 : 5;
    }
    *s = str_from(*s, n);
    return true;
}

/* What Go prints of a time: "2006-01-02 15:04:05.999 -0700 MST m=+0.1". */
static bool read_printed(struct str text, struct sql_time *t)
{
    const size_t clock = str_find(text, STR("m="));
    struct str s = str_trim_space(clock > 0 ? str_sub(text, 0, clock) : text);
    bool seconds;

    return take_day(&s, t) && take_byte(&s, ' ') && take_clock(&s, t, &seconds) && seconds &&
           take_byte(&s, ' ') && take_offset(&s, "", t) && take_byte(&s, ' ') &&
           take_zone_name(&s) && s.n == 0;
}

static bool read_time(struct str text, struct sql_time *t)
{
    struct str s = text;
    bool seconds;

    if (s.n > 0 && s.p[s.n - 1] == 'Z')
        s = str_sub(s, 0, s.n - 1);
    if (!take_day(&s, t))
        return false;
    if (s.n == 0)
        return true;
    if (!take_byte(&s, 'T')) {
        if (s.p[0] != ' ')
            return false;
        while (take_byte(&s, ' '))
            ;
    }
    if (!take_clock(&s, t, &seconds))
        return false;
    return s.n == 0 || (seconds && take_offset(&s, ":", t) && s.n == 0);
}

/* --- writing --------------------------------------------------------------------------------- */

static void write_time(struct buf *out, const struct sql_time *t)
{
    const int offset = t->offset_minutes < 0 ? -t->offset_minutes : t->offset_minutes;
    int nanos = t->nanos, digits = 9;

    buf_addf(out, "\"%04d-%02d-%02dT%02d:%02d:%02d", t->year, t->month, t->day, t->hour, t->minute,
             t->second);
    for (; nanos > 0 && nanos % 10 == 0; digits--)
        nanos /= 10;
    if (nanos > 0)
        buf_addf(out, ".%0*d", digits, nanos);
    if (offset == 0)
        BUF_ADD(out, "Z\"");
    else
        buf_addf(out, "%c%02d:%02d\"", t->offset_minutes < 0 ? '-' : '+', offset / 60, offset % 60);
}

static void write_text(struct buf *out, struct str text, bool is_time)
{
    struct sql_time printed = {0}, plain = {0};

    if (is_time && read_printed(text, &printed))
        write_time(out, &printed);
    else if (is_time && read_time(text, &plain))
        write_time(out, &plain);
    else
        json_write_text(out, text);
}

static void write_real(struct buf *out, double x)
{
    char text[NUM_TEXT_MAX];

    if (!isfinite(x)) {
        buf_add(out, x > 0 ? STR("\"+Inf\"") : STR("\"-Inf\""));
        return;
    }
    BUF_ADD(out, "\"");
    buf_add(out, (struct str){text, num_format_general(text, x, 6)});
    BUF_ADD(out, "\"");
}

void sql_cell_write(struct buf *out, const struct db_value *cell, bool is_time)
{
    switch (cell->type) {
    case DB_NULL:
        BUF_ADD(out, "null");
        break;
    case DB_INT:
        BUF_ADD(out, "\"");
        buf_add_i64(out, cell->i);
        BUF_ADD(out, "\"");
        break;
    case DB_REAL:
        write_real(out, cell->d);
        break;
    case DB_TEXT:
        write_text(out, cell->s, is_time);
        break;
    case DB_BLOB:
        json_write_text(out, cell->s);
        break;
    }
}
