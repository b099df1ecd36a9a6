/*
 * strftime() as SQLite has it: a time value, what modifiers make of it, and how a format shows it.
 *
 * A time is an instant here, where SQLite keeps its parts as they were written until it has to
 * reckon with them. Where that can be told from outside - a 30th of February that is modified, the
 * hour 24, years that a later modifier brings back - only SQLite knows; so it does of the local
 * time, of its own clock, and where the rounding of its arithmetic may decide.
 */
#include "query/eval.h"

#include "base/buf.h"
#include "base/compiler.h"
#include "base/date.h"
#include "base/limits.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)
#define JULIAN_1970_MS INT64_C(210866760000000) /* from the first julian day to 1970 */
#define JULIAN_DAYS 5373484.5                   /* smaller numbers are julian days */
#define UNIX_MIN (-210866760000.0)              /* where 'auto' takes a number for seconds */
#define UNIX_MAX 253402300799.0
#define FRACTION_DIGITS_MAX 18
#define FAR_MS 1e15 /* from any year to beyond all of them */
#define FAR_MONTHS 1e6

struct moment {
    int64_t ms; /* since 1970; not yet, if it is a number */
    bool is_number;
    double number;  /* of which only the first modifier tells what it counts */
    bool is_uneven; /* written with parts that only fit together once they are reckoned with */
    bool subsec;    /* %s shows milliseconds */
    int overhang;   /* days that the last month added was too short for */
    size_t left;    /* modifiers still to come */
};

/* False: a later modifier might bring it back, or it is NULL. */
static bool is_within(struct eval_scratch *s, const struct moment *m)
{
    s->cannot |= m->ms < DATE_MIN_MS || (m->ms > DATE_MAX_MS && m->left > 0);
    return m->ms >= DATE_MIN_MS && m->ms <= DATE_MAX_MS;
}

/* To the nearest, away from zero. Products that are not exact are off by 1/32 at most. */
static int64_t round_ms(struct eval_scratch *s, double ms)
{
    double size = fabs(ms), part = size - floor(size);

    s->cannot |= part > 0.45 && part < 0.55;
    return (int64_t)(ms < 0 ? ms - 0.5 : ms + 0.5);
}

/* --- time values ----------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_byte(struct str *text, char c)
{
    if (text->n == 0 || text->p[0] != c)
        return false;
    *text = str_from(*text, 1);
    return true;
}

static void skip_space(struct str *text)
{
    while (text->n > 0 && (text->p[0] == ' ' || (text->p[0] >= '\t' && text->p[0] <= '\r')))
        *text = str_from(*text, 1);
}

/* Exactly n digits. */
static bool take_number(struct str *text, size_t n, int min, int max, int *ret)
{
    int value = 0;

    if (text->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(text->p[i]))
            return false;
        value = value * 10 + text->p[i] - '0';
    }
    *text = str_from(*text, n);
    *ret = value;
    return value >= min && value <= max;
}

/* Rounded to milliseconds, but never up to the next second. */
static int take_fraction(struct eval_scratch *s, struct str *text)
{
    int ms = 0;
    size_t n = 0;

    if (text->n < 2 || text->p[0] != '.' || !is_digit(text->p[1]))
        return 0;
    *text = str_from(*text, 1);
    for (; text->n > 0 && is_digit(text->p[0]); n++) {
        int digit = text->p[0] - '0';

        if (n < 3)
            ms = ms * 10 + digit;
        else if (n == 3)
            ms += digit > 5;
        s->cannot |= n == 3 && (digit == 4 || digit == 5);
        *text = str_from(*text, 1);
    }
    s->cannot |= n > FRACTION_DIGITS_MAX;
    for (; n < 3; n++)
        ms *= 10;
    return ms > 999 ? 999 : ms;
}

/* HH:MM, HH:MM:SS, HH:MM:SS.fff */
static bool take_time(struct eval_scratch *s, struct str *text, struct date_parts *at)
{
    if (!take_number(text, 2, 0, 24, &at->hour) || !take_byte(text, ':') ||
        !take_number(text, 2, 0, 59, &at->minute))
        return false;
    s->cannot |= at->hour == 24;
    if (!take_byte(text, ':'))
        return true;
    if (!take_number(text, 2, 0, 59, &at->second))
        return false;
    at->ms = take_fraction(s, text);
    return true;
}

/* Z, +HH:MM, -HH:MM or nothing, and spaces around it: all that is left. */
static bool take_zone(struct str text, int *ret_minutes)
{
    int hours, minutes;
    bool west;

    *ret_minutes = 0;
    skip_space(&text);
    if (text.n == 0)
        return true;
    west = text.p[0] == '-';
    if (take_byte(&text, '-') || take_byte(&text, '+')) {
        if (!take_number(&text, 2, 0, 14, &hours) || !take_byte(&text, ':') ||
            !take_number(&text, 2, 0, 59, &minutes))
            return false;
        *ret_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
    } else if (!take_byte(&text, 'Z') && !take_byte(&text, 'z')) {
        return false;
    }
    skip_space(&text);
    return text.n == 0;
}

static bool take_date(struct str *text, struct date_parts *at)
{
    return take_number(text, 4, 0, 9999, &at->year) && take_byte(text, '-') &&
           take_number(text, 2, 1, 12, &at->month) && take_byte(text, '-') &&
           take_number(text, 2, 1, 31, &at->day);
}

/* A date, a time, or both. */
static bool read_calendar(struct eval_scratch *s, struct str text, struct moment *m)
{
    struct date_parts at = {.year = 2000, .month = 1, .day = 1};
    bool has_date = text.n > 4 && text.p[4] == '-';
    int zone = 0;

    if (has_date) {
        if (!take_date(&text, &at))
            return false;
        do
            skip_space(&text);
        while (take_byte(&text, 'T'));
    }
    if ((!has_date || text.n > 0) && (!take_time(s, &text, &at) || !take_zone(text, &zone)))
        return false;
    m->is_uneven = at.day > date_month_days(at.year, at.month) || (!has_date && zone != 0);
    m->ms = date_join(at) - zone * MINUTE_MS;
    return true;
}

static bool read_number(struct eval_scratch *s, struct db_value value, double *ret)
{
    value = eval_numeric(s, value);
    if (value.type == DB_INT)
        *ret = (double)value.i;
    else if (value.type == DB_REAL)
        *ret = value.d;
    return value.type == DB_INT || value.type == DB_REAL;
}

/* It is the engine's own clock. */
static bool is_of_clock(struct str text)
{
    return str_eq_nocase(text, STR("now")) || str_eq_nocase(text, STR("subsec")) ||
           str_eq_nocase(text, STR("subsecond"));
}

/* False: NULL, as for all that makes or changes a moment. */
static bool read_moment(struct eval_scratch *s, struct db_value value, struct moment *m)
{
    m->is_number = value.type != DB_TEXT && read_number(s, value, &m->number);
    s->cannot |= value.type == DB_BLOB;
    if (value.type != DB_TEXT)
        return m->is_number;
    eval_spend(s, value.s.n);
    s->cannot |= str_find_byte(value.s, '\0') < value.s.n;
    if (read_calendar(s, value.s, m))
        return true;
    s->cannot |= is_of_clock(value.s);
    m->is_number = read_number(s, value, &m->number);
    s->cannot |= !m->is_number && str_starts(value.s, STR("-")); /* a year before 0 */
    return m->is_number;
}

/* --- modifiers ------------------------------------------------------------------------------- */

static bool is_julian(const struct moment *m)
{
    return m->is_number && m->number >= 0 && m->number < JULIAN_DAYS;
}

static bool to_julian(struct eval_scratch *s, struct moment *m)
{
    if (!is_julian(m))
        return false;
    m->ms = round_ms(s, m->number * DAY_MS) - JULIAN_1970_MS;
    m->is_number = false;
    return true;
}

static bool to_unix(struct eval_scratch *s, struct moment *m)
{
    if (!m->is_number || m->number < UNIX_MIN || m->number >= UNIX_MAX + 1)
        return false;
    m->ms = round_ms(s, m->number * 1000 + (double)JULIAN_1970_MS) - JULIAN_1970_MS;
    m->is_number = false;
    return true;
}

static bool to_either(struct eval_scratch *s, struct moment *m)
{
    if (!m->is_number || is_julian(m))
        return !m->is_number || to_julian(s, m);
    if (m->number >= UNIX_MIN && m->number <= UNIX_MAX)
        return to_unix(s, m);
    s->cannot |= m->left > 0;
    return false;
}

static bool to_start(struct moment *m, bool of_month, bool of_year)
{
    struct date_parts at = date_split(m->ms);

    m->ms = date_join((struct date_parts){
        .year = at.year, .month = of_year ? 1 : at.month, .day = of_month || of_year ? 1 : at.day});
    return true;
}

static bool to_day(struct eval_scratch *s, struct moment *m)
{
    (void)s;
    return to_start(m, false, false);
}

static bool to_month(struct eval_scratch *s, struct moment *m)
{
    (void)s;
    return to_start(m, true, false);
}

static bool to_year(struct eval_scratch *s, struct moment *m)
{
    (void)s;
    return to_start(m, false, true);
}

static bool to_floor(struct eval_scratch *s, struct moment *m)
{
    (void)s;
    m->ms -= m->overhang * DAY_MS;
    return true;
}

static bool to_ceiling(struct eval_scratch *s, struct moment *m)
{
    (void)s;
    m->overhang = 0;
    return true;
}

static bool to_subsec(struct eval_scratch *s, struct moment *m)
{
    (void)s;
    m->subsec = true;
    return true;
}

static bool to_local(struct eval_scratch *s, struct moment *m)
{
    (void)m;
    s->cannot = true;
    return false;
}

static const struct word {
    struct str name;
    bool says_unit; /* what a number counts: only the first modifier can */
    bool (*apply)(struct eval_scratch *s, struct moment *m);
} words[] = {
    {STR_INIT("auto"), true, to_either},           {STR_INIT("unixepoch"), true, to_unix},
    {STR_INIT("julianday"), true, to_julian},      {STR_INIT("start of day"), false, to_day},
    {STR_INIT("start of month"), false, to_month}, {STR_INIT("start of year"), false, to_year},
    {STR_INIT("floor"), false, to_floor},          {STR_INIT("ceiling"), false, to_ceiling},
    {STR_INIT("subsec"), false, to_subsec},        {STR_INIT("subsecond"), false, to_subsec},
    {STR_INIT("localtime"), false, to_local},      {STR_INIT("utc"), false, to_local},
};

static const struct unit {
    struct str name;
    int months; /* that whole ones add by the calendar */
    double ms;  /* of the rest */
} units[] = {
    {STR_INIT("second"), 0, 1e3},      {STR_INIT("minute"), 0, 60e3},
    {STR_INIT("hour"), 0, 3600e3},     {STR_INIT("day"), 0, 86400e3},
    {STR_INIT("month"), 1, 2592000e3}, {STR_INIT("year"), 12, 31536000e3},
};

static const struct unit *find_unit(struct str name)
{
    if (name.n < 3 || name.n > 10)
        return NULL;
    if ((name.p[name.n - 1] | 32) == 's')
        name.n--;
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (str_eq_nocase(name, units[i].name))
            return &units[i];
    return NULL;
}

/* A day that the month does not have is one of the next. */
static void add_months(struct moment *m, int months)
{
    struct date_parts at = date_split(m->ms);
    int since_0 = at.year * 12 + at.month - 1 + months;
    int days;

    at.year = (since_0 - (since_0 < 0 ? 11 : 0)) / 12;
    at.month = since_0 - at.year * 12 + 1;
    days = date_month_days(at.year, at.month);
    m->overhang = at.day > days ? at.day - days : 0;
    m->ms = date_join(at);
}

/* NNN units */
static bool add(struct eval_scratch *s, struct str text, struct moment *m)
{
    struct str number = text;
    const struct unit *unit;
    double amount, whole = 0;

    number.n = 0;
    while (text.n > 0 && text.p[0] != ' ' && !(text.p[0] >= '\t' && text.p[0] <= '\r')) {
        s->cannot |= text.p[0] == ':' || (number.n > 0 && text.p[0] == '-'); /* times and dates */
        text = str_from(text, 1);
        number.n++;
    }
    skip_space(&text);
    unit = find_unit(text);
    if (!unit || !read_number(s, DB_V_TEXT(number), &amount))
        return false;
    m->overhang = 0;
    if (fabs(amount) * unit->ms > FAR_MS || fabs(amount) * unit->months > FAR_MONTHS) {
        s->cannot |= m->left > 0;
        return false;
    }
    if (unit->months > 0) {
        whole = trunc(amount);
        add_months(m, (int)whole * unit->months);
    }
    m->ms += round_ms(s, (amount - whole) * unit->ms);
    return true;
}

static bool to_weekday(struct eval_scratch *s, struct str text, struct moment *m)
{
    double day;

    if (!read_number(s, DB_V_TEXT(text), &day) || day < 0 || day >= 7 || day != trunc(day))
        return false;
    m->ms += ((int)day - date_split(m->ms).weekday + 7) % 7 * DAY_MS;
    return true;
}

static const struct word *find_word(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq_nocase(name, words[i].name))
            return &words[i];
    return NULL;
}

static bool modify(struct eval_scratch *s, struct db_value value, bool is_first, struct moment *m)
{
    const struct str weekday = STR("weekday ");
    const struct word *word;
    struct str text;

    if (value.type == DB_NULL)
        return false;
    text = eval_text(s, value);
    eval_spend(s, text.n);
    s->cannot |= m->is_uneven || str_find_byte(text, '\0') < text.n;
    word = find_word(text);
    if (word && word->says_unit)
        return is_first && word->apply(s, m) && is_within(s, m);
    if (m->is_number && (!to_julian(s, m) || !is_within(s, m))) {
        s->cannot = true;
        return false;
    }
    if (word)
        return word->apply(s, m) && is_within(s, m);
    if (str_starts_nocase(text, weekday))
        return to_weekday(s, str_from(text, weekday.n), m) && is_within(s, m);
    if (text.n > 0 && (text.p[0] == '+' || text.p[0] == '-' || is_digit(text.p[0])))
        return add(s, text, m) && is_within(s, m);
    return false;
}

/* --- formats --------------------------------------------------------------------------------- */

struct shown {
    int64_t ms;
    bool subsec;
    struct date_parts at;
    int hour_of_12, day_of_year;  /* both from 1 */
    int day_of_week;              /* 7: Sunday */
    int sunday_week, monday_week; /* of the year, from its first Sunday or Monday */
    /* Of the week's Thursday; less than 0: the year is. */
    int iso_year, iso_year_2, iso_week;
};

#define AT(member) offsetof(struct shown, member)
static const struct number_letter {
    char letter;
    char pad;
    int width;
    size_t at;
} number_letters[] = {
    {'Y', '0', 4, AT(at.year)},    {'m', '0', 2, AT(at.month)},    {'d', '0', 2, AT(at.day)},
    {'H', '0', 2, AT(at.hour)},    {'M', '0', 2, AT(at.minute)},   {'S', '0', 2, AT(at.second)},
    {'e', ' ', 2, AT(at.day)},     {'k', ' ', 2, AT(at.hour)},     {'I', '0', 2, AT(hour_of_12)},
    {'l', ' ', 2, AT(hour_of_12)}, {'j', '0', 3, AT(day_of_year)}, {'u', '0', 1, AT(day_of_week)},
    {'w', '0', 1, AT(at.weekday)}, {'U', '0', 2, AT(sunday_week)}, {'W', '0', 2, AT(monday_week)},
    {'G', '0', 4, AT(iso_year)},   {'g', '0', 2, AT(iso_year_2)},  {'V', '0', 2, AT(iso_week)},
};
#undef AT

static int day_of_year(int64_t ms, int year)
{
    int64_t first = date_join((struct date_parts){.year = year, .month = 1, .day = 1});

    return (int)((ms - first) / DAY_MS);
}

static struct shown show(const struct moment *m)
{
    struct shown to = {.ms = m->ms, .subsec = m->subsec, .at = date_split(m->ms)};
    int day = day_of_year(m->ms, to.at.year);
    int from_monday = (to.at.weekday + 6) % 7;
    int64_t thursday = m->ms + (3 - from_monday) * DAY_MS;

    to.hour_of_12 = (to.at.hour + 11) % 12 + 1;
    to.day_of_year = day + 1;
    to.day_of_week = from_monday + 1;
    to.sunday_week = (day - to.at.weekday + 7) / 7;
    to.monday_week = (day - from_monday + 7) / 7;
    to.iso_year = thursday < DATE_MIN_MS ? -1 : date_split(thursday).year;
    to.iso_year_2 = to.iso_year < 0 ? -1 : to.iso_year % 100;
    to.iso_week = to.iso_year < 0 ? -1 : day_of_year(thursday, to.iso_year) / 7 + 1;
    return to;
}

static void write_number(struct eval_scratch *s, struct buf *out, const struct shown *from,
                         const struct number_letter *as)
{
    int value;
    char text[16];
    int n;

    memcpy(&value, (const char *)from + as->at, sizeof(value));
    s->cannot |= value < 0;
    n = snprintf(text, sizeof(text), "%d", value);
    for (int i = n; i < as->width; i++)
        buf_add_byte(out, as->pad);
    buf_add_bytes(out, text, (size_t)n);
}

/* Sixteen digits, nine of them behind the point; SQLite rounds what it has rounded before. */
static void write_julian(struct eval_scratch *s, struct buf *out, int64_t ms)
{
    double days = (double)(ms + JULIAN_1970_MS) / DAY_MS;
    char text[40];
    int n = snprintf(text, sizeof(text), "%.13f", days);
    char next = text[n - 4];

    s->cannot |= next == '4' || next == '5';
    n = snprintf(text, sizeof(text), "%.9f", days);
    while (text[n - 1] == '0')
        n--;
    n -= text[n - 1] == '.';
    buf_add_bytes(out, text, (size_t)n);
}

static void write_seconds(struct buf *out, const struct shown *from)
{
    int64_t ms = from->ms % 1000;

    if (from->subsec)
        buf_addf(out, "%s%lld.%03d", from->ms < 0 ? "-" : "",
                 (long long)(from->ms < 0 ? -from->ms : from->ms) / 1000, (int)(ms < 0 ? -ms : ms));
    else
        buf_add_i64(out, from->ms / 1000 - (ms < 0));
}

static bool write_letter(struct eval_scratch *s, struct buf *out, const struct shown *from,
                         char letter)
{
    for (size_t i = 0; i < COUNT_OF(number_letters); i++) {
        if (number_letters[i].letter == letter) {
            write_number(s, out, from, &number_letters[i]);
            return true;
        }
    }
    switch (letter) {
    case 'F':
        buf_addf(out, "%04d-%02d-%02d", from->at.year, from->at.month, from->at.day);
        return true;
    case 'R':
        buf_addf(out, "%02d:%02d", from->at.hour, from->at.minute);
        return true;
    case 'T':
        buf_addf(out, "%02d:%02d:%02d", from->at.hour, from->at.minute, from->at.second);
        return true;
    case 'f':
        buf_addf(out, "%02d.%03d", from->at.second, from->at.ms);
        return true;
    case 'p':
        buf_add(out, from->at.hour < 12 ? STR("AM") : STR("PM"));
        return true;
    case 'P':
        buf_add(out, from->at.hour < 12 ? STR("am") : STR("pm"));
        return true;
    case 's':
        write_seconds(out, from);
        return true;
    case 'J':
        write_julian(s, out, from->ms);
        return true;
    case '%':
        buf_add_byte(out, '%');
        return true;
    default:
        return false;
    }
}

static struct db_value write_all(struct eval_scratch *s, struct str format, const struct moment *m)
{
    AUTO_BUF struct buf out;
    struct shown from = show(m);

    buf_init(&out, LIMIT_EVAL_BYTES);
    for (size_t i = 0; i < format.n; i++) {
        if (format.p[i] != '%')
            buf_add_byte(&out, format.p[i]);
        else if (++i == format.n || !write_letter(s, &out, &from, format.p[i]))
            return DB_V_NULL;
    }
    s->cannot |= out.full;
    eval_spend(s, out.n);
    return s->cannot ? DB_V_NULL : DB_V_TEXT(arena_dup(s->a, buf_str(&out)));
}

struct db_value eval_strftime(struct eval_scratch *s, const struct db_value *args, size_t n,
                              int64_t now_ms)
{
    struct moment m = {.ms = now_ms};
    struct str format;

    if (n == 0 || args[0].type == DB_NULL || (n > 1 && !read_moment(s, args[1], &m)))
        return DB_V_NULL;
    for (size_t i = 2; i < n; i++) {
        m.left = n - i - 1;
        if (!modify(s, args[i], i == 2, &m))
            return DB_V_NULL;
    }
    if ((m.is_number && !to_julian(s, &m)) || !is_within(s, &m))
        return DB_V_NULL;
    format = eval_text(s, args[0]);
    eval_spend(s, format.n);
    s->cannot |= str_find_byte(format, '\0') < format.n;
    return s->cannot ? DB_V_NULL : write_all(s, format, &m);
}
