/*
 * strftime() in memory gives what SQLite gives, or says that it cannot: made by hand, and at
 * random.
 */
#include "unit/site.h"

#include "base/compiler.h"
#include "base/date.h"
#include "base/limits.h"
#include "db/dialect.h"
#include "query/eval.h"

#include <stdio.h>
#include <string.h>

#define N_RANDOM 60000
#define ARGS_MAX 6
/* Of a hundred random calls: how many are answered, and how many with a text, at least. */
#define ANSWERED_MIN 75
#define TEXTS_MIN 40

static struct db_conn *conn;
static struct arena *call; /* emptied before each call */

/* --- both answers ----------------------------------------------------------------------------- */

static struct db_value in_memory(const struct db_value *args, size_t n, int64_t now_ms,
                                 bool *ret_cannot)
{
    struct eval_scratch s = {.a = call, .dialect = db_dialect(site.db)};
    struct db_value value = eval_strftime(&s, args, n, now_ms);

    *ret_cannot = s.cannot;
    return value;
}

static struct db_value in_sql(const struct db_value *args, size_t n)
{
    struct str sql = STR("SELECT strftime(?1");
    struct db_row *row;

    for (size_t i = 1; i < n; i++)
        sql = arena_printf(call, "%.*s, ?%zu", STR_ARG(sql), i + 1);
    sql = arena_printf(call, "%.*s)", STR_ARG(sql));
    site_ok(db_query_row(call, conn, sql, args, (unsigned)n, &row));
    return row->cells[0];
}

static const char *shown(struct db_value value)
{
    struct eval_scratch s = {.a = call, .dialect = db_dialect(site.db)};

    return value.type == DB_NULL ? "NULL" : arena_cstr(call, eval_text(&s, value));
}

/* False: it could not; *ret is what it said otherwise. */
static bool same(const struct db_value *args, size_t n, struct db_value *ret)
{
    struct db_value sql;
    bool cannot;

    *ret = in_memory(args, n, date_now_ms(), &cannot);
    if (cannot)
        return false;
    sql = in_sql(args, n);
    if (!db_value_eq(*ret, sql)) {
        for (size_t i = 0; i < n; i++)
            print_error("argument %zu: <%s>\n", i, shown(args[i]));
        fail_msg("in memory <%s>, in SQL <%s>", shown(*ret), shown(sql));
    }
    return true;
}

static int setup(void **state)
{
    if (site_setup(state))
        return -1;
    call = arena_new();
    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    return 0;
}

static int teardown(void **state)
{
    db_read_end(conn);
    arena_free(call);
    return site_teardown(state);
}

/* --- by hand ---------------------------------------------------------------------------------- */

#define CANNOT "only SQL can tell"

/* clang-format off */
static const struct {
    const char *args[ARGS_MAX]; /* up to the first NULL */
    const char *wanted;         /* NULL: NULL */
} cases[] = {
    /* time values */
    {{"%F %T", "2024-02-29 12:34:56.789Z"}, "2024-02-29 12:34:56"},
    {{"%F %R", "2024-02-29T12:34"}, "2024-02-29 12:34"},
    {{"%F %T", "2024-02-2912:34"}, "2024-02-29 12:34:00"},
    {{"%F %T", "2024-02-29 TT 12:34:56 \t z "}, "2024-02-29 12:34:56"},
    {{"%F %T", "2024-02-29"}, "2024-02-29 00:00:00"},
    {{"%F %T", "2024-02-29 "}, "2024-02-29 00:00:00"},
    {{"%F %T", "2023-02-31"}, "2023-03-03 00:00:00"},
    {{"%F %T", "12:34"}, "2000-01-01 12:34:00"},
    {{"%F %T", "01:30 +02:00"}, "1999-12-31 23:30:00"},
    {{"%F %T", "2024-01-01 00:30:00+01:30"}, "2023-12-31 23:00:00"},
    {{"%F %T", "2024-01-01 23:30:00-14:59"}, "2024-01-02 14:29:00"},
    {{"%F", "2024-01-01 23:30:00-15:00"}, NULL},
    {{"%F", "2024-01-01Z"}, NULL},
    {{"%F", "2024-1-1"}, NULL},
    {{"%F", "2024-13-01"}, NULL},
    {{"%F", "2024-00-01"}, NULL},
    {{"%F", "2024-01-32"}, NULL},
    {{"%F", "2024-01-01t10:00"}, NULL},
    {{"%F", "2024-01-01 10"}, NULL},
    {{"%F", "2024-01-01 10:60"}, NULL},
    {{"%F", "2024-01-01 10:00:60"}, NULL},
    {{"%F", "2024-01-01 10:00:00."}, NULL},
    {{"%F", "2024-01-01 10:00 x"}, NULL},
    {{"%F", "24:01"}, CANNOT},
    {{"%F", "-0001-01-01"}, CANNOT},
    {{"%F", ""}, NULL},
    {{"%F", "tomorrow"}, NULL},
    {{"%f", "10:00:01.2"}, "01.200"},
    {{"%f", "10:00:01.2349"}, "01.235"},
    {{"%f", "10:00:01.2341"}, "01.234"},
    {{"%f", "10:00:01.2345"}, CANNOT},
    {{"%f %T", "10:00:59.99999"}, "59.999 10:00:59"},
    {{"%F %T", "2460370.5"}, "2024-03-01 00:00:00"},
    {{"%F %T", " +2460370.75 "}, "2024-03-01 06:00:00"},
    {{"%F", "24603705e-1"}, "2024-03-01"},
    {{"%F", "5373484.5"}, NULL},
    {{"%F", "5373484.499"}, "9999-12-31"},
    {{"%F", "1"}, CANNOT},
    {{"%F", "-1"}, NULL},
    {{"%F", "9999-12-31 23:59:59-00:01"}, NULL},
    /* modifiers */
    {{"%F %T", "1700000000", "unixepoch"}, "2023-11-14 22:13:20"},
    {{"%F %f", "1700000000.25", "UnixEpoch"}, "2023-11-14 20.250"},
    {{"%F %T", "-1", "unixepoch"}, "1969-12-31 23:59:59"},
    {{"%F %T", "253402300799", "unixepoch"}, "9999-12-31 23:59:59"},
    {{"%F", "253402300800", "unixepoch"}, NULL},
    {{"%F", "2024-01-01", "unixepoch"}, NULL},
    {{"%F", "1700000000", "+1 day", "unixepoch"}, CANNOT},
    {{"%F", "2460370.5", "+1 day", "unixepoch"}, NULL},
    {{"%F", "1700000000"}, NULL},
    {{"%F", "1700000000", "auto"}, "2023-11-14"},
    {{"%F", "2460370.5", "auto"}, "2024-03-01"},
    {{"%F", "2024-03-01", "auto"}, "2024-03-01"},
    {{"%F", "2024-03-01", "+1 day", "auto"}, NULL},
    {{"%F", "1e30", "auto"}, NULL},
    {{"%F", "-1e30", "auto"}, NULL},
    {{"%F", "1e30", "auto", "subsec"}, CANNOT},
    {{"%F", "-1e30", "auto", "subsec"}, CANNOT},
    {{"%F", "2460370.5", "julianday"}, "2024-03-01"},
    {{"%F", "2024-03-01", "julianday"}, NULL},
    {{"%F %T", "2024-05-17 12:34:56", "start of day"}, "2024-05-17 00:00:00"},
    {{"%F %T", "2024-05-17 12:34:56", "Start Of Month"}, "2024-05-01 00:00:00"},
    {{"%F %T", "2024-05-17 12:34:56", "start of year"}, "2024-01-01 00:00:00"},
    {{"%F", "2024-05-17", "start of week"}, NULL},
    {{"%F", "2024-05-17", "weekday 5"}, "2024-05-17"},
    {{"%F", "2024-05-17", "weekday 4"}, "2024-05-23"},
    {{"%F", "2024-05-17", "WEEKDAY  6.0 "}, "2024-05-18"},
    {{"%F", "2024-05-17", "weekday 7"}, NULL},
    {{"%F", "2024-05-17", "weekday 1.5"}, NULL},
    {{"%F", "2024-05-17", "weekday -1"}, NULL},
    {{"%F %T", "2024-02-28 12:00", "+1 day", "12 Hours", "-30 minutes", "+1.5 seconds"}, "2024-02-29 23:30:01"},
    {{"%F %T", "2024-02-28 12:00", "+1.5 days"}, "2024-03-01 00:00:00"},
    {{"%F", "2024-01-31", "+1 month"}, "2024-03-02"},
    {{"%F", "2024-01-31", "+1 month", "floor"}, "2024-02-29"},
    {{"%F", "2024-01-31", "+1 month", "ceiling"}, "2024-03-02"},
    {{"%F", "2024-01-31", "-2 months", "floor"}, "2023-11-30"},
    {{"%F", "2024-03-31", "-25 months", "floor"}, "2022-02-28"},
    {{"%F", "2024-02-29", "+1 year"}, "2025-03-01"},
    {{"%F", "2024-02-29", "-4 years", "+1 day"}, "2020-03-01"},
    {{"%F", "2024-01-01", "+1.5 months"}, "2024-02-16"},
    {{"%F", "2024-01-01", "+1 day "}, NULL},
    {{"%F", "2024-01-01", "+1day"}, NULL},
    {{"%F", "2024-01-01", "+ 1 day"}, NULL},
    {{"%F", "2024-01-01", "+1 dayss"}, NULL},
    {{"%F", "2024-01-01", "+1 week"}, NULL},
    {{"%F", "2024-01-01", "+1"}, NULL},
    {{"%F", "2024-01-01", ""}, NULL},
    {{"%F", "2024-01-01", "+1:00"}, CANNOT},
    {{"%F", "2024-01-01", "+0001-01-01"}, CANNOT},
    {{"%F", "2024-01-01", "localtime"}, CANNOT},
    {{"%F", "2024-01-01", "utc"}, CANNOT},
    {{"%F", "2023-02-30", "+1 day"}, CANNOT},
    {{"%F", "9999-12-31", "+1 day"}, NULL},
    {{"%F", "9999-12-31", "+1 day", "-1 day"}, CANNOT},
    {{"%F", "2024-01-01", "+1e300 days"}, NULL},
    {{"%F", "2024-01-01", "+99999 years"}, NULL},
    {{"%F", "0000-01-01", "-1 second"}, CANNOT},
    /* formats */
    {{"%d|%e|%f|%F|%G|%g|%H|%I|%j|%J", "2024-01-05 03:00:05.678"},
     "05| 5|05.678|2024-01-05|2024|24|03|03|005|2460314.625065717"},
    {{"%k|%l|%m|%M|%p|%P|%R|%s|%S|%T", "2024-01-05 15:04:05"}, "15| 3|01|04|PM|pm|15:04|1704467045|05|15:04:05"},
    {{"%u|%U|%V|%w|%W|%Y|%%", "2024-01-07"}, "7|01|01|0|01|2024|%"},
    {{"%G %g %V", "2021-01-03"}, "2020 20 53"},
    {{"%G", "0000-01-01"}, CANNOT},
    {{"%Y", "0000-01-01"}, "0000"},
    {{"%I %l %p", "00:30"}, "12 12 AM"},
    {{"%I %p", "12:30"}, "12 PM"},
    {{"%s", "1969-12-31 23:59:59.5"}, "-1"},
    {{"%s", "1969-12-31 23:59:59.5", "subsec"}, "-0.500"},
    {{"%s", "2024-01-05 15:04:05.006", "subsecond"}, "1704467045.006"},
    {{"%J", "2024-01-01 12:00"}, "2460311"},
    {{"%x", "2024-01-01"}, NULL},
    {{"%Y%", "2024-01-01"}, NULL},
    {{"", "2024-01-01"}, ""},
    {{"caf\xc3\xa9 %Y", "2024-01-01"}, "caf\xc3\xa9 2024"},
};
/* clang-format on */

static void known_calls_give_known_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct db_value args[ARGS_MAX + 1], value;
        const char *wanted = cases[i].wanted;
        size_t n = 0;

        arena_reset(call);
        for (; n < ARGS_MAX && cases[i].args[n]; n++)
            args[n] = DB_V_TEXT(str_of(cases[i].args[n]));
        if (!same(args, n, &value))
            assert_string_equal(CANNOT, wanted ? wanted : "NULL");
        else
            assert_string_equal(shown(value), wanted ? wanted : "NULL");
    }
}

static void other_types_are_taken_as_sql_takes_them(void **state)
{
    const struct db_value format = DB_V_TEXT(STR("%F %T"));
    const struct db_value unix_epoch = DB_V_TEXT(STR("unixepoch"));
    const struct db_value calls[][3] = {
        {format, DB_V_INT(2460370), DB_V_TEXT(STR("+1 day"))},
        {format, DB_V_REAL(2460370.25), DB_V_TEXT(STR("auto"))},
        {format, DB_V_INT(1700000000), unix_epoch},
        {format, DB_V_INT(-1), unix_epoch},
        {format, DB_V_REAL(1e300), unix_epoch},
        {format, DB_V_INT(INT64_MIN), unix_epoch},
        {format, DB_V_INT(2460370), DB_V_INT(5)},
        {format, DB_V_NULL, unix_epoch},
        {format, DB_V_INT(1), DB_V_NULL},
        {DB_V_NULL, DB_V_INT(1), unix_epoch},
        {DB_V_INT(7), DB_V_INT(1700000000), unix_epoch},
        {DB_V_REAL(0.5), DB_V_INT(1700000000), unix_epoch},
    };
    struct db_value value;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        assert_true(same(calls[i], 3, &value));
}

static void blobs_and_zero_bytes_are_left_to_sql(void **state)
{
    const struct db_value ok = DB_V_TEXT(STR("2024-01-01")), format = DB_V_TEXT(STR("%F"));
    const struct db_value zero = DB_V_TEXT(((struct str){"%F\0x", 4}));
    const struct db_value blob = DB_V_BLOB(STR("2024-01-01"));
    const struct db_value calls[][2] = {{format, blob}, {blob, ok}, {format, zero}, {zero, ok}};
    bool cannot;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        (void)in_memory(calls[i], 2, 0, &cannot);
        assert_true(cannot);
    }
}

static void what_takes_long_is_left_to_sql(void **state)
{
    char *text = arena_alloc(site.a, LIMIT_EVAL_BYTES);
    const struct db_value format = DB_V_TEXT(((struct str){text, LIMIT_EVAL_BYTES / 2}));
    bool cannot;

    (void)state;
    for (size_t i = 0; i < LIMIT_EVAL_BYTES; i++)
        text[i] = i % 2 == 0 ? '%' : 'F';
    (void)in_memory(&format, 1, 0, &cannot);
    assert_true(cannot);
}

/* The caller's clock, which SQL is given as dates are stored: it reads that to the millisecond. */
static void without_a_time_it_is_the_callers(void **state)
{
    const struct db_value format = DB_V_TEXT(STR("%F %T %f %s %J"));
    char text[DATE_TEXT_LEN + 1];

    (void)state;
    for (int64_t ms = 1700000000000; ms < 1700000120000; ms += 17) {
        struct db_value args[] = {format, DB_V_TEXT(((struct str){text, DATE_TEXT_LEN}))};
        struct db_value value;
        bool cannot;

        arena_reset(call);
        date_format(text, ms);
        value = in_memory(args, 1, ms, &cannot);
        if (!cannot)
            assert_string_equal(shown(value), shown(in_sql(args, 2)));
    }
}

static void the_engines_clock_is_left_to_sql(void **state)
{
    static const char *const clocks[] = {"now", "NoW", "subsec", "SUBSECOND"};
    bool cannot;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(clocks); i++) {
        const struct db_value args[] = {DB_V_TEXT(STR("%F")), DB_V_TEXT(str_of(clocks[i]))};

        (void)in_memory(args, 2, 0, &cannot);
        assert_true(cannot);
    }
}

/* --- at random -------------------------------------------------------------------------------- */

static uint64_t chance = 20250101;

static unsigned below(unsigned n)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (unsigned)((chance >> 33) % n);
}

#define ONE_OF(list) ((list)[below((unsigned)COUNT_OF(list))])

static struct str some_format(void)
{
    static const char letters[] = "deFfGgHIjJklmMpPRsSTuUVwWY%";
    struct str out = STR("");

    for (unsigned i = below(5); i < 5; i++)
        out = arena_printf(call, "%.*s%s%%%c", STR_ARG(out), below(4) ? "" : "x-",
                           letters[below((unsigned)sizeof(letters) - 1)]);
    return below(100) ? out : arena_printf(call, "%.*s%%%c", STR_ARG(out), 'A' + (char)below(58));
}

static struct str some_clock(void)
{
    static const char *const zones[] = {"",       "",       "",        "Z",      "z",    " Z",
                                        "+02:00", "-05:30", " +14:59", "-15:00", "+1:00"};
    struct str out = arena_printf(call, "%02u:%02u", below(24) + !below(50), below(60));

    if (below(4))
        out = arena_printf(call, "%.*s:%02u", STR_ARG(out), below(60) + !below(50));
    if (below(2))
        out = arena_printf(call, "%.*s.%0*u", STR_ARG(out), 1 + (int)below(6), below(1000));
    return arena_printf(call, "%.*s%s", STR_ARG(out), ONE_OF(zones));
}

static struct str some_date(void)
{
    static const unsigned years[] = {0,    1,    4,    100,  400,  1582, 1900,
                                     1969, 1970, 2000, 2038, 9996, 9999};
    unsigned year = below(2) ? 1900 + below(200) : below(2) ? below(10000) : ONE_OF(years);

    return arena_printf(call, "%04u-%02u-%02u", year, 1 + below(12) + !below(100),
                        1 + below(28) + below(4) * !below(4));
}

/* A text with a byte that does not belong there, now and then. */
static struct str worn(struct str text)
{
    static const char bytes[] = "0159 :-+.TZtzeE\t";
    char *out;

    if (text.n == 0 || below(40))
        return text;
    out = arena_alloc(call, text.n + 1);
    memcpy(out, text.p, text.n);
    out[below((unsigned)text.n)] = bytes[below((unsigned)sizeof(bytes) - 1)];
    return (struct str){out, text.n};
}

static struct db_value some_number(void)
{
    int64_t seconds = (int64_t)below(2000000000) * (below(4) ? 1 : 130) * (below(4) ? 1 : -1);
    double day = 1721059 + below(3652425) + below(86400) / 86400.0;

    switch (below(4)) {
    case 0:
        return DB_V_INT(seconds);
    case 1:
        return DB_V_REAL((double)seconds + below(1000) / 1000.0);
    case 2:
        return DB_V_REAL(day);
    default:
        return DB_V_TEXT(arena_printf(call, "%.*f", (int)below(4), day));
    }
}

static struct db_value some_time(void)
{
    static const char *const between[] = {" ", "T", "", "  ", " T"};
    struct str date, clock;

    switch (below(8)) {
    case 0:
    case 1:
        return some_number();
    case 2:
        return DB_V_TEXT(worn(some_clock()));
    case 3:
    case 4:
        return DB_V_TEXT(worn(some_date()));
    default:
        date = some_date();
        clock = some_clock();
        return DB_V_TEXT(
            worn(arena_printf(call, "%.*s%s%.*s", STR_ARG(date), ONE_OF(between), STR_ARG(clock))));
    }
}

static struct str some_modifier(void)
{
    static const char *const fixed[] = {
        "start of day", "start of month", "start of year", "floor", "ceiling",   "subsec",
        "weekday 0",    "weekday 3",      "weekday 6",     "auto",  "unixepoch", "julianday"};
    static const char *const units_of[] = {"second", "minutes", "Hour", "days", "month", "YEARS"};
    static const char *const signs[] = {"+", "-", ""};
    const char *sign = ONE_OF(signs);

    if (below(3) == 0)
        return str_of(ONE_OF(fixed));
    if (below(4) == 0)
        return arena_printf(call, "%s%u.%u %s", sign, below(400), below(1000), ONE_OF(units_of));
    return arena_printf(call, "%s%u %s", sign, below(below(4) ? 50 : 200000), ONE_OF(units_of));
}

/* Numbers mostly have a first modifier that says what they count. */
static size_t some_call(struct db_value args[ARGS_MAX])
{
    static const char *const counts[] = {"unixepoch", "auto", "julianday"};
    size_t n = 2;

    args[0] = DB_V_TEXT(some_format());
    args[1] = some_time();
    if (args[1].type != DB_TEXT && below(4))
        args[n++] = DB_V_TEXT(str_of(ONE_OF(counts)));
    while (n < ARGS_MAX && below(2))
        args[n++] = DB_V_TEXT(worn(some_modifier()));
    return n;
}

static void memory_says_what_sql_says(void **state)
{
    size_t answered = 0, texts = 0;

    (void)state;
    for (size_t i = 0; i < N_RANDOM; i++) {
        struct db_value args[ARGS_MAX], value;
        size_t n;

        arena_reset(call);
        n = some_call(args);
        if (!same(args, n, &value))
            continue;
        answered++;
        texts += value.type == DB_TEXT;
    }
    print_message("of %d calls %zu were answered in memory, %zu with a text\n", N_RANDOM, answered,
                  texts);
    assert_true(answered * 100 >= (size_t)N_RANDOM * ANSWERED_MIN);
    assert_true(texts * 100 >= (size_t)N_RANDOM * TEXTS_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_calls_give_known_texts),
        cmocka_unit_test(other_types_are_taken_as_sql_takes_them),
        cmocka_unit_test(blobs_and_zero_bytes_are_left_to_sql),
        cmocka_unit_test(what_takes_long_is_left_to_sql),
        cmocka_unit_test(without_a_time_it_is_the_callers),
        cmocka_unit_test(the_engines_clock_is_left_to_sql),
        cmocka_unit_test(memory_says_what_sql_says),
    };

    return cmocka_run_group_tests_name("eval_time", tests, setup, teardown);
}
