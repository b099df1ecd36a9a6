/*
 * Cron expressions: lists of values, ranges and steps, a segment for each unit of time.
 */
#include "base/cron.h"

#include "base/buf.h"
#include "base/compiler.h"
#include "base/date.h"
#include "base/json.h"
#include "base/num.h"

static const struct {
    struct str name, expression;
} macros[] = {
    {STR_INIT("@yearly"), STR_INIT("0 0 1 1 *")},  {STR_INIT("@annually"), STR_INIT("0 0 1 1 *")},
    {STR_INIT("@monthly"), STR_INIT("0 0 1 * *")}, {STR_INIT("@weekly"), STR_INIT("0 0 * * 0")},
    {STR_INIT("@daily"), STR_INIT("0 0 * * *")},   {STR_INIT("@midnight"), STR_INIT("0 0 * * *")},
    {STR_INIT("@hourly"), STR_INIT("0 * * * *")},
};

static const struct segment {
    size_t at;
    int64_t min, max;
} segments[] = {
    {offsetof(struct cron, minutes), 0, 59}, {offsetof(struct cron, hours), 0, 23},
    {offsetof(struct cron, days), 1, 31},    {offsetof(struct cron, months), 1, 12},
    {offsetof(struct cron, weekdays), 0, 6},
};

/* Within so many days each date has come on each weekday: the 29th of February on a given one comes
 * once in 28 years, or in 40 where one of them is no leap year. */
#define DAYS_MOST (41 * 366)

struct parse {
    struct arena *a;
    const struct segment *segment;
    struct str why; /* p NULL: fine so far */
};

static void refuse(struct parse *parse, const char *why)
{
    parse->why = str_of(why);
}

static struct str quoted(struct arena *a, struct str text)
{
    struct buf out;
    struct str ret;

    buf_init(&out, 8 * text.n + 2);
    json_write_text(&out, text);
    ret = arena_dup(a, buf_str(&out));
    buf_done(&out);
    return ret;
}

/* A number as Go's strconv.Atoi reads it, whose words the client knows. */
static bool read_number(struct parse *parse, struct str text, int64_t *ret)
{
    struct str digits =
        text.n > 0 && (text.p[0] == '+' || text.p[0] == '-') ? str_from(text, 1) : text;
    bool all_digits = digits.n > 0;

    for (size_t i = 0; i < digits.n; i++)
        all_digits = all_digits && digits.p[i] >= '0' && digits.p[i] <= '9';
    if (all_digits && num_parse_i64(text.p[0] == '+' ? digits : text, ret))
        return true;
    parse->why = arena_concat(parse->a, STR("strconv.Atoi: parsing "), quoted(parse->a, text),
                              all_digits ? STR(": value out of range") : STR(": invalid syntax"));
    return false;
}

static bool read_step(struct parse *parse, struct str text, int64_t *ret)
{
    if (!read_number(parse, text, ret))
        return false;
    if (*ret < 1 || *ret > parse->segment->max)
        parse->why = arena_printf(
            parse->a, "invalid segment step boundary - the step must be between 1 and the %d",
            (int)parse->segment->max);
    return !parse->why.p;
}

static bool read_value(struct parse *parse, struct str text, int64_t step, int64_t *ret)
{
    if (step != 1) {
        refuse(parse, "invalid segment step - step > 1 could be used only with the wildcard or "
                      "range format");
        return false;
    }
    if (!read_number(parse, text, ret))
        return false;
    if (*ret < parse->segment->min || *ret > parse->segment->max)
        refuse(parse, "invalid segment value - must be between the min and max of the segment");
    return !parse->why.p;
}

static bool read_bound(struct parse *parse, struct str text, const char *which, int64_t min,
                       int64_t *ret)
{
    if (!read_number(parse, text, ret))
        return false;
    if (*ret < min || *ret > parse->segment->max)
        parse->why = arena_printf(parse->a, "invalid segment range %s - must be between %d and %d",
                                  which, (int)min, (int)parse->segment->max);
    return !parse->why.p;
}

static size_t count_parts(struct str text, char between)
{
    size_t n = 0;

    for (struct str rest = text; rest.p; n++)
        (void)str_split(&rest, between);
    return n;
}

static bool read_range(struct parse *parse, struct str text, int64_t step, int64_t *from,
                       int64_t *to)
{
    struct str high = text;

    switch (count_parts(text, '-')) {
    case 1:
        if (!read_value(parse, text, step, from))
            return false;
        *to = *from;
        return true;
    case 2:
        return read_bound(parse, str_split(&high, '-'), "minimum", parse->segment->min, from) &&
               read_bound(parse, high, "maximum", *from, to);
    default:
        refuse(parse, "invalid segment range format - the range must have 1 or 2 parts");
        return false;
    }
}

/* "*", a value or a range, with a step or without. */
static bool read_item(struct parse *parse, struct str item, uint64_t *set)
{
    struct str range = str_split(&item, '/');
    int64_t from = parse->segment->min, to = parse->segment->max, step = 1;

    if (item.p && str_find_byte(item, '/') < item.n)
        refuse(parse, "invalid segment step format - must be in the format */n or 1-30/n");
    if (parse->why.p || (item.p && !read_step(parse, item, &step)))
        return false;
    if (!str_eq(range, STR("*")) && !read_range(parse, range, step, &from, &to))
        return false;
    for (; from <= to; from += step)
        *set |= UINT64_C(1) << from;
    return true;
}

struct str cron_expanded(struct str text)
{
    for (size_t i = 0; i < COUNT_OF(macros); i++)
        if (str_eq(text, macros[i].name))
            return macros[i].expression;
    return text;
}

bool cron_parse(struct arena *a, struct str text, struct cron *ret, struct str *ret_why)
{
    struct parse parse = {.a = a};

    *ret = (struct cron){0};
    text = cron_expanded(text);
    if (count_parts(text, ' ') != COUNT_OF(segments))
        refuse(&parse, "invalid cron expression - must be a valid macro or to have exactly 5 space "
                       "separated segments");
    for (size_t i = 0; i < COUNT_OF(segments) && !parse.why.p; i++) {
        struct str items = str_split(&text, ' ');

        parse.segment = &segments[i];
        while (items.p && read_item(&parse, str_split(&items, ','),
                                    (uint64_t *)((char *)ret + segments[i].at)))
            ;
    }
    *ret_why = parse.why;
    return !parse.why.p;
}

static bool has(uint64_t set, int value)
{
    return (set >> value & 1) != 0;
}

static bool is_day(const struct cron *cron, struct date_parts at)
{
    return has(cron->months, at.month) && has(cron->days, at.day) &&
           has(cron->weekdays, at.weekday);
}

bool cron_matches(const struct cron *cron, int64_t unix_ms)
{
    const struct date_parts at = date_split(unix_ms);

    return is_day(cron, at) && has(cron->hours, at.hour) && has(cron->minutes, at.minute);
}

/* Moves to its next minute of that day, this one included. False: there is none left. */
static bool find_in_day(const struct cron *cron, struct date_parts *at)
{
    for (; at->hour < 24; at->hour++, at->minute = 0)
        for (; has(cron->hours, at->hour) && at->minute < 60; at->minute++)
            if (has(cron->minutes, at->minute))
                return true;
    return false;
}

int64_t cron_next(const struct cron *cron, int64_t after_ms)
{
    struct date_parts at = date_split(after_ms);

    at.second = at.ms = 0;
    at.minute++;
    at = date_split(date_join(at));
    for (int i = 0; i < DAYS_MOST; i++) {
        if (is_day(cron, at) && find_in_day(cron, &at))
            return date_join(at);
        at.day++;
        at.hour = at.minute = 0;
        at = date_split(date_join(at));
    }
    return -1;
}
