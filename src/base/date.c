/*
 * Instants and the calendar. The year is turned to start in March, so that the leap day is its
 * last one; 400 years always have 146,097 days.
 */
#include "base/date.h"

#include "base/compiler.h"

#include <time.h>

#define DAY_MS INT64_C(86400000)
#define DAYS_TO_1970 719468 /* from 0000-03-01 */

static struct timespec clock_read(clockid_t clock)
{
    struct timespec t;

    if (clock_gettime(clock, &t) != 0)
        BUG("a clock that does not run");
    return t;
}

static uint64_t clock_us_of(clockid_t clock)
{
    struct timespec t = clock_read(clock);

    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int64_t date_now_ms(void)
{
    return date_now_us() / 1000;
}

int64_t date_now_us(void)
{
    struct timespec t = clock_read(CLOCK_REALTIME);

    if (t.tv_sec < DATE_MIN_MS / 1000)
        return DATE_MIN_MS * 1000;
    if (t.tv_sec > DATE_MAX_MS / 1000)
        return DATE_MAX_MS * 1000;
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

uint64_t clock_ms(void)
{
    return clock_us() / 1000;
}

uint64_t clock_us(void)
{
    return clock_us_of(CLOCK_MONOTONIC);
}

uint64_t clock_thread_cpu_us(void)
{
    return clock_us_of(CLOCK_THREAD_CPUTIME_ID);
}

static int64_t floor_div(int64_t n, int64_t by)
{
    return n / by - (n % by < 0);
}

static int64_t days_from(int64_t year, int month, int day)
{
    int64_t march_year = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(march_year, 400);
    int64_t year_of_era = march_year - era * 400;
    int64_t month_from_march = (month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           DAYS_TO_1970;
}

int64_t date_join(struct date_parts parts)
{
    int64_t months = (int64_t)parts.year * 12 + parts.month - 1;
    int64_t year = floor_div(months, 12);
    int64_t days = days_from(year, (int)(months - year * 12) + 1, 1) + parts.day - 1;
    int64_t seconds = (days * 24 + parts.hour) * 3600 + (int64_t)parts.minute * 60 + parts.second;

    return seconds * 1000 + parts.ms;
}

static void split_days(int64_t days, struct date_parts *parts)
{
    int64_t from_march = days + DAYS_TO_1970;
    int64_t era = floor_div(from_march, 146097);
    int64_t day_of_era = from_march - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;

    parts->day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    parts->month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    parts->year = (int)(year_of_era + era * 400 + (parts->month <= 2));
}

struct date_parts date_split(int64_t ms)
{
    int64_t days = floor_div(ms, DAY_MS);
    int in_day = (int)(ms - days * DAY_MS);
    struct date_parts parts = {
        .hour = in_day / 3600000,
        .minute = in_day / 60000 % 60,
        .second = in_day / 1000 % 60,
        .ms = in_day % 1000,
        .weekday = (int)((days % 7 + 11) % 7), /* 1970-01-01 was a Thursday */
    };

    split_days(days, &parts);
    return parts;
}

/* Writes `value` in `width` digits. */
static char *digits(char *out, int value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + width;
}

static int64_t nearest_with_form(int64_t ms)
{
    if (ms < DATE_MIN_MS)
        return DATE_MIN_MS;
    return ms < DATE_MAX_MS ? ms : DATE_MAX_MS;
}

void date_format(char out[DATE_TEXT_LEN + 1], int64_t ms)
{
    struct date_parts parts = date_split(nearest_with_form(ms));
    const struct {
        int value, width;
        char after;
    } pieces[] = {{parts.year, 4, '-'}, {parts.month, 2, '-'},  {parts.day, 2, ' '},
                  {parts.hour, 2, ':'}, {parts.minute, 2, ':'}, {parts.second, 2, '.'},
                  {parts.ms, 3, 'Z'}};

    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        out = digits(out, pieces[i].value, pieces[i].width);
        *out++ = pieces[i].after;
    }
    *out = '\0';
}

/* The number in s[at, at + n), or -1. */
static int number_at(struct str s, size_t at, size_t n)
{
    int value = 0;

    for (size_t i = at; i < at + n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return -1;
        value = value * 10 + (s.p[i] - '0');
    }
    return value;
}

int date_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : days[month - 1];
}

bool date_parse_stored(struct str s, int64_t *ret_ms)
{
    struct date_parts parts;

    if (s.n != DATE_TEXT_LEN || s.p[4] != '-' || s.p[7] != '-' || s.p[10] != ' ' ||
        s.p[13] != ':' || s.p[16] != ':' || s.p[19] != '.' || s.p[23] != 'Z')
        return false;
    parts = (struct date_parts){
        .year = number_at(s, 0, 4),
        .month = number_at(s, 5, 2),
        .day = number_at(s, 8, 2),
        .hour = number_at(s, 11, 2),
        .minute = number_at(s, 14, 2),
        .second = number_at(s, 17, 2),
        .ms = number_at(s, 20, 3),
    };
    if (parts.year < 0 || parts.month < 1 || parts.month > 12 || parts.day < 1 ||
        parts.day > date_month_days(parts.year, parts.month))
        return false;
    if (parts.hour < 0 || parts.hour > 23 || parts.minute < 0 || parts.minute > 59 ||
        parts.second < 0 || parts.second > 59 || parts.ms < 0)
        return false;
    *ret_ms = date_join(parts);
    return true;
}
