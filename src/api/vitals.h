/*
 * api/vitals: how the server is, as those say whose parts these are: for metrics.c and stats.c.
 * Private to this folder.
 */
#ifndef REEVE_API_VITALS_H
#define REEVE_API_VITALS_H

#include "api/internal.h"
#include "jobs/jobs.h"
#include "realtime/realtime.h"
#include "telemetry/metrics.h"
#include "telemetry/telemetry.h"

struct vitals_job {
    struct jobs_item item;
    struct jobs_result last;
    int64_t started_ms; /* of that */
};

/* Of those that were made here, and are remembered. */
struct vitals_backups {
    bool running;
    uint64_t failed, failed_since; /* all of them; since the last that is good */
    bool found;                    /* there is a good one: */
    int64_t ended_ms, took_ms, bytes;
};

struct vitals {
    struct metrics_process process;
    struct db_stats db;
    struct db_sizes data, logs;
    uint64_t disk_bytes, disk_free_bytes; /* where the data directory is; free for such as us */
    struct logbook_stats logbook;
    struct http_stats http;
    uint64_t memory_used, memory_budget;
    struct pool_stats pool[POOL_LANES];
    struct hub_numbers hub;
    /* read from the database */
    uint64_t mail_waiting;
    struct vitals_job *jobs;
    size_t n_jobs;
    struct vitals_backups backups;
};

/* Two steps, so that a server whose pool is full of work can still be watched. A reading one: what
 * is stored; call->state is the struct vitals. Some statements, of small tables. */
MUST_CHECK struct err *vitals_read(struct api_call *call);
/* One among the console's: the rest. It asks the file system. */
const struct vitals *vitals_look(struct api_call *call);

#endif
