#include "api/vitals.h"

#include "backup/backup.h"
#include "base/date.h"
#include "base/memory.h"

#include <sys/statvfs.h>

void api_look(void *user, struct metrics_levels *ret)
{
    const struct api *api = user;
    const struct metrics_process process = metrics_process();

    *ret = (struct metrics_levels){
        .cpu_us = process.cpu_us,
        .units = db_stats(api->db).units,
        .rss_bytes = process.rss_bytes,
        .wal_bytes = db_sizes(api->db).log_bytes,
        .connections = http_server_stats(api->server).connections,
        .clients = hub_clients(api->hub),
    };
}

/* --- what is stored --------------------------------------------------------------------------- */

static struct err *read_jobs(struct api_call *call, struct vitals *ret)
{
    struct jobs_items found;
    struct err *err = NULL;

    jobs_list(call->arena, call->api->jobs, &found);
    ret->jobs = ARENA_ARRAY(call->arena, struct vitals_job, found.n);
    for (size_t i = 0; i < found.n && !err; i++) {
        struct vitals_job *job = &ret->jobs[i];

        job->item = found.items[i];
        err = jobs_last(call->arena, call->conn, job->item.id, &job->last);
        if (!err && job->last.found && !date_parse_stored(job->last.started, &job->started_ms))
            job->last.found = false; /* somebody else wrote it */
    }
    ret->n_jobs = found.n;
    return err;
}

static void look_at_backup(const struct backup_told *told, struct vitals_backups *ret)
{
    int64_t started_ms;

    if (told->error.n > 0) {
        ret->failed++;
        ret->failed_since += !ret->found;
    } else if (!ret->found && date_parse_stored(told->started, &started_ms)) {
        ret->found = true;
        ret->took_ms = told->took_ms;
        ret->ended_ms = started_ms + told->took_ms;
        ret->bytes = told->size;
    }
}

static struct err *read_backups(struct api_call *call, struct vitals *ret)
{
    struct backup_history history;
    struct err *err = backups_history(call->arena, call->api->backups, call->conn, &history);

    if (err)
        return err;
    ret->backups.running = backups_are_busy(call->api->backups);
    for (size_t i = 0; i < history.n; i++) /* the newest first */
        look_at_backup(&history.items[i].told, &ret->backups);
    return NULL;
}

struct err *vitals_read(struct api_call *call)
{
    struct vitals *vitals = ARENA_NEW(call->arena, struct vitals);
    int64_t waiting;
    struct err *err = outbox_waiting(call->arena, call->conn, &waiting);

    call->state = vitals;
    if (err)
        return err;
    vitals->mail_waiting = (uint64_t)waiting;
    err = read_jobs(call, vitals);
    return err ? err : read_backups(call, vitals);
}

/* --- what is so now --------------------------------------------------------------------------- */

static void look_at_disk(struct api_call *call, struct vitals *ret)
{
    struct statvfs disk;

    if (statvfs(arena_cstr(call->arena, call->api->dir), &disk) != 0)
        return;
    ret->disk_bytes = (uint64_t)disk.f_blocks * disk.f_frsize;
    ret->disk_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
}

const struct vitals *vitals_look(struct api_call *call)
{
    struct vitals *ret = call->state;
    const struct api *api = call->api;

    ret->process = metrics_process();
    ret->db = db_stats(api->db);
    ret->data = db_sizes(api->db);
    ret->logs = db_sizes(api->logs);
    look_at_disk(call, ret);
    ret->logbook = logbook_stats(api->logbook);
    ret->http = http_server_stats(api->server);
    ret->memory_used = memory_used();
    ret->memory_budget = memory_budget();
    for (unsigned i = 0; i < POOL_LANES; i++)
        ret->pool[i] = pool_stats(api->pool, (enum pool_lane)i);
    hub_numbers(api->hub, &ret->hub);
    return ret;
}
