/*
 * base/date: instants as milliseconds since 1970-01-01T00:00:00Z, and their texts.
 * Storage form: "YYYY-MM-DD HH:MM:SS.mmmZ" (data-dir.md 5.3).
 */
#ifndef REEVE_BASE_DATE_H
#define REEVE_BASE_DATE_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define DATE_TEXT_LEN 24

/* The first and the last instant of the years 0 to 9999. */
#define DATE_MIN_MS INT64_C(-62167219200000)
#define DATE_MAX_MS INT64_C(253402300799999)

/* Wall clock. One that is off shows no instant outside those years. */
int64_t date_now_ms(void);
int64_t date_now_us(void);
/* A clock that never goes back, for deadlines. */
uint64_t clock_ms(void);
uint64_t clock_us(void);
/* CPU time of the calling thread. */
uint64_t clock_thread_cpu_us(void);

/* out holds exactly DATE_TEXT_LEN bytes and a NUL. What is outside the years 0 to 9999, as the day
 * after the last, becomes the nearest in them. */
void date_format(char out[DATE_TEXT_LEN + 1], int64_t ms);

/* Exactly the storage form. */
bool date_parse_stored(struct str s, int64_t *ret_ms);
/* Every layout that a date field accepts (records.md 6.6); truncated to milliseconds. False also
 * when a zone moves it out of the years 0 to 9999. */
bool date_parse_loose(struct str s, int64_t *ret_ms);

struct date_parts {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second, ms;
    int weekday; /* 0: Sunday */
};
struct date_parts date_split(int64_t ms);
/* month from 1 to 12 */
int date_month_days(int year, int month);
int64_t date_join(struct date_parts parts); /* weekday ignored; out-of-range parts carry over */

#endif
