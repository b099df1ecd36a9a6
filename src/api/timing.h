/*
 * api/timing: where the time of a superuser's request goes, as its answer's Server-Timing tells
 * (W3C Server Timing). Private to this folder.
 *
 *   auth   who asks: the token, the caller's record
 *   rule   rules, filters and sorts become SQL
 *   sql    inside of the database; how many statements, and rows that they gave
 *   json   the rest of the steps that read: rows become JSON
 *   write  units of work, with the wait for their turn and the commit
 *   total  since the request's head had come
 */
#ifndef REEVE_API_TIMING_H
#define REEVE_API_TIMING_H

#include "base/timing.h"

struct api_call;
struct db_traced;

struct api_timing {
    struct timing rule;
    uint64_t auth_us, steps_us, sql_us, write_us;
    uint64_t n_statements, n_rows;
    uint64_t began_us; /* of what runs now */
};

/* Around a step that is not a unit; on its thread, the second one whatever came of it. Nothing is
 * measured unless who asks is a superuser. */
void timing_step_begins(struct api_call *call);
void timing_step_ends(struct api_call *call);
/* Around a unit; whoever has the call. */
void timing_write_begins(struct api_call *call);
void timing_write_ends(struct api_call *call);
/* For db_trace: user is a struct api_call. */
void timing_traced(void *user, const struct db_traced *traced);
/* Adds the header to the answer. */
void timing_tell(const struct api_call *call);

#endif
