/*
 * base/cron: when scheduled work is due (services.md 9).
 */
#ifndef REEVE_BASE_CRON_H
#define REEVE_BASE_CRON_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Bit n of a set: the value n is among them. All five must match, in UTC. */
struct cron {
    uint64_t minutes, hours, days, months, weekdays; /* weekday 0 is Sunday */
};

/* Five segments with one space between them, or a macro ("@daily"). False: *ret_why, in `a`, says
 * what is wrong with it. Any thread. */
bool cron_parse(struct arena *a, struct str text, struct cron *ret, struct str *ret_why);
/* What a macro stands for, which is how it is listed; any other text as it is. */
struct str cron_expanded(struct str text);

/* Whether it is due in the minute of that instant, in milliseconds since 1970. */
bool cron_matches(const struct cron *cron, int64_t unix_ms);
/* The beginning of the first minute after that of after_ms in which it is due; -1: there is none.
 */
int64_t cron_next(const struct cron *cron, int64_t after_ms);

#endif
