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

#endif
