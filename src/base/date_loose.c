/*
 * The layouts that a date field accepts (records.md 6.6), as a table and a small matcher for it.
 *
 * In a layout "%" and a letter stand for a part, a space for one or more of them (or the end of
 * the text), anything else for itself. Parts:
 *   Y year, 4 digits   y year, 2 digits   m month        b Jan        d day, 2 digits
 *   e day, 1 or 2      a Mon              A Monday       H hour       I hour of 12
 *   M minute           S second, with a fraction if there is one      p AM or PM
 *   z -0700   x -07:00   X Z or -0700   Z Z or -07:00    N MST
 */
#include "base/compiler.h"
#include "base/date.h"

static const char *const layouts[] = {
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S%Z",
    "%Y-%m-%dT%H:%M:%S",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S %N",
    "%d %b %y %H:%M %z",
    "%d %b %y %H:%M %N",
    "%A, %d-%b-%y %H:%M:%S %N",
    "%Y-%m-%d %H:%M:%S %z %N",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S%X",
    "%Y-%m-%d %H:%M:%S",
    "%a %b %e %H:%M:%S %Y",
    "%a %b %e %H:%M:%S %N %Y",
    "%a %b %d %H:%M:%S %z %Y",
    "%Y-%m-%d %H:%M:%S%Z",
    "%d %b %Y",
    "%Y-%m-%d %H:%M:%S %x",
    "%Y-%m-%d %H:%M:%S %z",
    "%I:%M%p",
    "%b %e %H:%M:%S",
};

struct match {
    struct str rest;
    struct date_parts parts;
    bool has_half, afternoon;
    int offset_minutes; /* to take away */
    int zone_hours;     /* to add: "GMT+3" is read as the text of a clock that is 3 hours ahead */
};

static bool is_digit(struct str s, size_t at)
{
    return at < s.n && s.p[at] >= '0' && s.p[at] <= '9';
}

/* From `least` to `most` digits. */
static bool take_number(struct str *s, size_t least, size_t most, int *ret)
{
    size_t n = 0;
    int value = 0;

    while (n < most && is_digit(*s, n))
        value = value * 10 + (s->p[n++] - '0');
    if (n < least)
        return false;
    *s = str_from(*s, n);
    *ret = value;
    return true;
}

static bool take_bounded(struct str *s, size_t least, int from, int to, int *ret)
{
    return take_number(s, least, 2, ret) && *ret >= from && *ret <= to;
}

/* One of n names, or their first three letters. */
static bool take_name(struct str *s, const struct str *names, size_t n, bool whole, int *ret)
{
    for (size_t i = 0; i < n; i++) {
        struct str name = whole ? names[i] : str_sub(names[i], 0, 3);

        if (str_starts_nocase(*s, name)) {
            *s = str_from(*s, name.n);
            *ret = (int)i;
            return true;
        }
    }
    return false;
}

static bool take_month_name(struct str *s, int *ret)
{
    static const struct str names[] = {
        STR_INIT("Jan"), STR_INIT("Feb"), STR_INIT("Mar"), STR_INIT("Apr"),
        STR_INIT("May"), STR_INIT("Jun"), STR_INIT("Jul"), STR_INIT("Aug"),
        STR_INIT("Sep"), STR_INIT("Oct"), STR_INIT("Nov"), STR_INIT("Dec"),
    };

    if (!take_name(s, names, COUNT_OF(names), false, ret))
        return false;
    ++*ret;
    return true;
}

static bool take_weekday(struct str *s, bool whole)
{
    static const struct str names[] = {
        STR_INIT("Sunday"),   STR_INIT("Monday"), STR_INIT("Tuesday"),  STR_INIT("Wednesday"),
        STR_INIT("Thursday"), STR_INIT("Friday"), STR_INIT("Saturday"),
    };
    int unused; /* nobody compares it with the date */

    return take_name(s, names, COUNT_OF(names), whole, &unused);
}

static bool take_second(struct match *m)
{
    int scale = 100;

    if (!take_bounded(&m->rest, 2, 0, 59, &m->parts.second))
        return false;
    if (!(m->rest.n && (m->rest.p[0] == '.' || m->rest.p[0] == ',') && is_digit(m->rest, 1)))
        return true;
    for (m->rest = str_from(m->rest, 1); is_digit(m->rest, 0); m->rest = str_from(m->rest, 1)) {
        m->parts.ms += (m->rest.p[0] - '0') * scale;
        scale /= 10;
    }
    return true;
}

static bool take_offset(struct match *m, bool colon, bool or_z)
{
    int sign, hours, minutes;

    if (or_z && str_starts(m->rest, STR("Z"))) {
        m->rest = str_from(m->rest, 1);
        return true;
    }
    if (m->rest.n == 0 || (m->rest.p[0] != '+' && m->rest.p[0] != '-'))
        return false;
    sign = m->rest.p[0] == '-' ? -1 : 1;
    m->rest = str_from(m->rest, 1);
    if (!take_bounded(&m->rest, 2, 0, 24, &hours))
        return false;
    if (colon && !str_starts(m->rest, STR(":")))
        return false;
    m->rest = str_from(m->rest, colon);
    if (!take_bounded(&m->rest, 2, 0, 60, &minutes))
        return false;
    m->offset_minutes = sign * (hours * 60 + minutes);
    return true;
}

/* Length of "+3", "-03" … at the start of s, and its hours; 0 when there is none. */
static size_t signed_hours(struct str s, int *ret_hours)
{
    struct str rest = str_from(s, 1);
    int hours;

    if (s.n == 0 || (s.p[0] != '+' && s.p[0] != '-') || !take_number(&rest, 1, 9, &hours) ||
        hours > 23 || is_digit(rest, 0))
        return 0;
    *ret_hours = s.p[0] == '-' ? -hours : hours;
    return s.n - rest.n;
}

/* Length of a zone's abbreviation: three to five capitals, the longer ones ending in T. */
static size_t abbreviation(struct str s)
{
    size_t n = 0;

    if (str_starts(s, STR("ChST")) || str_starts(s, STR("MeST")) || str_starts(s, STR("WITA")))
        return s.n > 4 && s.p[0] == 'W' && s.p[4] >= 'A' && s.p[4] <= 'Z' ? 0 : 4;
    while (n < 6 && n < s.n && s.p[n] >= 'A' && s.p[n] <= 'Z')
        n++;
    if (n == 3)
        return n;
    return (n == 4 || n == 5) && s.p[n - 1] == 'T' ? n : 0;
}

static bool take_zone(struct match *m)
{
    int hours = 0;
    size_t n;

    if (str_starts(m->rest, STR("UTC"))) {
        n = 3;
    } else if (str_starts(m->rest, STR("GMT"))) {
        n = 3 + signed_hours(str_from(m->rest, 3), &hours);
        m->zone_hours = hours;
    } else {
        n = m->rest.n < 3 ? 0 : signed_hours(m->rest, &hours);
        if (n == 0)
            n = abbreviation(m->rest);
    }
    m->rest = str_from(m->rest, n);
    return n > 0;
}

static bool take_half(struct match *m)
{
    m->has_half = true;
    m->afternoon = str_starts(m->rest, STR("PM"));
    if (!m->afternoon && !str_starts(m->rest, STR("AM")))
        return false;
    m->rest = str_from(m->rest, 2);
    return true;
}

static bool take_year(struct match *m, size_t digits)
{
    if (!take_number(&m->rest, digits, digits, &m->parts.year))
        return false;
    if (digits == 2)
        m->parts.year += m->parts.year >= 69 ? 1900 : 2000;
    return true;
}

static bool take_part(struct match *m, char part)
{
    switch (part) {
    case 'Y':
        return take_year(m, 4);
    case 'y':
        return take_year(m, 2);
    case 'm':
        return take_bounded(&m->rest, 2, 1, 12, &m->parts.month);
    case 'b':
        return take_month_name(&m->rest, &m->parts.month);
    case 'd':
        return take_bounded(&m->rest, 2, 1, 31, &m->parts.day);
    case 'e':
        return take_bounded(&m->rest, 1, 1, 31, &m->parts.day);
    case 'a':
        return take_weekday(&m->rest, false);
    case 'A':
        return take_weekday(&m->rest, true);
    case 'H':
        return take_bounded(&m->rest, 1, 0, 23, &m->parts.hour);
    case 'I':
        return take_bounded(&m->rest, 1, 0, 12, &m->parts.hour);
    case 'M':
        return take_bounded(&m->rest, 2, 0, 59, &m->parts.minute);
    case 'S':
        return take_second(m);
    case 'p':
        return take_half(m);
    case 'N':
        return take_zone(m);
    default:
        return take_offset(m, part == 'x' || part == 'Z', part == 'X' || part == 'Z');
    }
}

static bool take_spaces(struct str *s)
{
    if (s->n && s->p[0] != ' ')
        return false;
    while (s->n && s->p[0] == ' ')
        *s = str_from(*s, 1);
    return true;
}

static bool match_layout(struct match *m, const char *layout)
{
    for (; *layout; layout++) {
        bool ok;

        if (*layout == '%') {
            ok = take_part(m, *++layout);
        } else if (*layout == ' ') {
            ok = take_spaces(&m->rest);
        } else {
            ok = m->rest.n && m->rest.p[0] == *layout;
            m->rest = str_from(m->rest, 1);
        }
        if (!ok)
            return false;
    }
    return m->rest.n == 0 && m->parts.day <= date_month_days(m->parts.year, m->parts.month);
}

static int64_t matched_ms(struct match *m)
{
    if (m->has_half && m->afternoon && m->parts.hour < 12)
        m->parts.hour += 12;
    else if (m->has_half && !m->afternoon && m->parts.hour == 12)
        m->parts.hour = 0;
    return date_join(m->parts) + ((int64_t)m->zone_hours * 60 - m->offset_minutes) * 60000;
}

bool date_parse_loose(struct str s, int64_t *ret_ms)
{
    if (date_parse_stored(s, ret_ms))
        return true;
    for (size_t i = 0; i < COUNT_OF(layouts); i++) {
        struct match m = {.rest = s, .parts = {.year = 0, .month = 1, .day = 1}};
        int64_t ms;
        int year;

        if (!match_layout(&m, layouts[i]))
            continue;
        ms = matched_ms(&m);
        year = date_split(ms).year;
        if (year < 0 || year > 9999)
            return false; /* a zone moved it out of what can be stored */
        *ret_ms = ms;
        return true;
    }
    return false;
}
