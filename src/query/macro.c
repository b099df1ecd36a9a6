/*
 * Macros (query-language.md 4): names for the present.
 */
#include "query/internal.h"

#include "base/date.h"

#define DAY_MS INT64_C(86400000)

/* Which part of the date a macro rounds to; its value is then the first or last instant of it. */
enum period { DAY, MONTH, YEAR };

static struct date_parts last_moment(struct date_parts parts)
{
    parts.hour = 23;
    parts.minute = 59;
    parts.second = 59;
    parts.ms = 999;
    return parts;
}

struct db_value query_date_value(struct arena *a, int64_t ms)
{
    char *text = arena_alloc(a, DATE_TEXT_LEN + 1);

    date_format(text, ms);
    return DB_V_TEXT(((struct str){text, DATE_TEXT_LEN}));
}

static struct db_value around_now(struct arena *a, int64_t now_ms, int days)
{
    return query_date_value(a, now_ms + days * DAY_MS);
}

static struct db_value period_start(struct arena *a, int64_t now_ms, int period)
{
    struct date_parts now = date_split(now_ms);

    return query_date_value(a, date_join((struct date_parts){
                                   .year = now.year,
                                   .month = period == YEAR ? 1 : now.month,
                                   .day = period == DAY ? now.day : 1,
                               }));
}

static struct db_value period_end(struct arena *a, int64_t now_ms, int period)
{
    struct date_parts now = date_split(now_ms);
    struct date_parts end = {.year = now.year, .month = now.month, .day = now.day};

    if (period != DAY) { /* day 0 of the month after */
        end.month = period == YEAR ? 13 : now.month + 1;
        end.day = 0;
    }
    return query_date_value(a, date_join(last_moment(end)));
}

enum part { SECOND, MINUTE, HOUR, DAY_OF_MONTH, MONTH_OF_YEAR, YEAR_NUMBER, WEEKDAY };

static struct db_value part_of_now(struct arena *a, int64_t now_ms, int part)
{
    struct date_parts now = date_split(now_ms);
    const int parts[] = {
        [SECOND] = now.second,    [MINUTE] = now.minute,       [HOUR] = now.hour,
        [DAY_OF_MONTH] = now.day, [MONTH_OF_YEAR] = now.month, [YEAR_NUMBER] = now.year,
        [WEEKDAY] = now.weekday,
    };

    (void)a;
    return DB_V_INT(parts[part]);
}

struct macro {
    struct str name;
    struct db_value (*value)(struct arena *a, int64_t now_ms, int arg);
    int arg;
};

static const struct macro macros[] = {
    {STR_INIT("@now"), around_now, 0},
    {STR_INIT("@yesterday"), around_now, -1},
    {STR_INIT("@tomorrow"), around_now, 1},
    {STR_INIT("@second"), part_of_now, SECOND},
    {STR_INIT("@minute"), part_of_now, MINUTE},
    {STR_INIT("@hour"), part_of_now, HOUR},
    {STR_INIT("@day"), part_of_now, DAY_OF_MONTH},
    {STR_INIT("@month"), part_of_now, MONTH_OF_YEAR},
    {STR_INIT("@year"), part_of_now, YEAR_NUMBER},
    {STR_INIT("@weekday"), part_of_now, WEEKDAY},
    {STR_INIT("@todayStart"), period_start, DAY},
    {STR_INIT("@todayEnd"), period_end, DAY},
    {STR_INIT("@monthStart"), period_start, MONTH},
    {STR_INIT("@monthEnd"), period_end, MONTH},
    {STR_INIT("@yearStart"), period_start, YEAR},
    {STR_INIT("@yearEnd"), period_end, YEAR},
};

bool query_macro_find(struct str name, unsigned *ret)
{
    for (unsigned i = 0; i < COUNT_OF(macros); i++) {
        if (str_eq(macros[i].name, name)) {
            *ret = i;
            return true;
        }
    }
    return false;
}

struct db_value query_macro_value(struct arena *a, unsigned macro, int64_t now_ms)
{
    return macros[macro].value(a, now_ms, macros[macro].arg);
}
