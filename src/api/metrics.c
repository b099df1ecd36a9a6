/*
 * GET /api/reeve/metrics: OpenMetrics 1.0 text, for superusers and for who has the token of the
 * setting metrics.token (GUARD_SCRAPER).
 *
 * Requests are told by the pattern of their route, so that there are no more series than rows in
 * the table of routes, whatever clients ask for. Series that have counted nothing yet are left out.
 * All names begin with reeve_; those of the process would clash with a client library's else.
 */
#include "api/vitals.h"

#include "base/version.h"

#define CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* --- the format ------------------------------------------------------------------------------- */

static void begin_family(struct buf *out, const char *name, const char *type, const char *unit,
                         const char *help)
{
    buf_addf(out, "# TYPE %s %s\n", name, type);
    if (unit)
        buf_addf(out, "# UNIT %s %s\n", name, unit);
    buf_addf(out, "# HELP %s %s\n", name, help);
}

/* What stands between quotes. */
static void add_escaped(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i];

        if (c == '\\' || c == '"')
            buf_add_byte(out, '\\');
        if (c == '\n')
            BUF_ADD(out, "\\n");
        else
            buf_add_byte(out, c);
    }
}

/* `mark`: what comes before it, a brace or a comma. */
static void add_label(struct buf *out, char mark, const char *name, struct str value)
{
    buf_add_byte(out, mark);
    buf_addf(out, "%s=\"", name);
    add_escaped(out, value);
    BUF_ADD(out, "\"");
}

/* Seconds, with a point: bounds of buckets have to have one. */
static void add_seconds(struct buf *out, uint64_t us)
{
    unsigned digits = 6;
    uint64_t rest = us % 1000000;

    while (digits > 1 && rest % 10 == 0) {
        rest /= 10;
        digits--;
    }
    buf_addf(out, "%llu.%0*llu", (unsigned long long)(us / 1000000), (int)digits,
             (unsigned long long)rest);
}

static void end_sample(struct buf *out, uint64_t value)
{
    BUF_ADD(out, " ");
    buf_add_u64(out, value);
    BUF_ADD(out, "\n");
}

static void end_sample_us(struct buf *out, uint64_t us)
{
    BUF_ADD(out, " ");
    add_seconds(out, us);
    BUF_ADD(out, "\n");
}

/* --- single numbers --------------------------------------------------------------------------- */

#define AT(member) offsetof(struct vitals, member)

/* One that has the name of the row before it is another sample of the same family. */
static const struct row {
    const char *name, *type, *unit;
    const char *labels; /* NULL: none */
    size_t at;          /* a uint64_t */
    bool is_us;
    const char *help;
} rows[] = {
    /* clang-format off */
    {"reeve_cpu_seconds", "counter", "seconds", NULL, AT(process.cpu_us), true,
     "CPU time of the process."},
    {"reeve_resident_memory_bytes", "gauge", "bytes", NULL, AT(process.rss_bytes), false,
     "Memory of the process that is in use."},
    {"reeve_memory_used_bytes", "gauge", "bytes", NULL, AT(memory_used), false,
     "What requests and clients take of the memory budget."},
    {"reeve_memory_budget_bytes", "gauge", "bytes", NULL, AT(memory_budget), false,
     "What all clients together may take (--memory)."},
    {"reeve_descriptors", "gauge", NULL, NULL, AT(process.descriptors), false,
     "Descriptors that are open."},
    {"reeve_max_descriptors", "gauge", NULL, NULL, AT(process.max_descriptors), false,
     "Descriptors that the process may have open."},
    {"reeve_http_connections", "gauge", NULL, NULL, AT(http.connections), false,
     "Connections that are open."},
    {"reeve_http_requests_in_flight", "gauge", NULL, NULL, AT(http.in_flight), false,
     "Requests that are not answered yet, streams of realtime among them."},
    {"reeve_db_units", "counter", NULL, NULL, AT(db.units), false,
     "Units of work that have come to an end."},
    {"reeve_db_groups", "counter", NULL, NULL, AT(db.groups), false,
     "Commits that carried them; units by groups is how large a group is."},
    {"reeve_db_checkpoints", "counter", NULL, NULL, AT(db.checkpoints), false,
     "Times that the log was moved into the database's file."},
    {"reeve_db_write_queue", "gauge", NULL, NULL, AT(db.waiting), false,
     "Units of work that wait for their turn."},
    {"reeve_db_file_bytes", "gauge", "bytes", "{database=\"data\"}", AT(data.file_bytes), false,
     "Size of the database's file."},
    {"reeve_db_file_bytes", "gauge", "bytes", "{database=\"auxiliary\"}", AT(logs.file_bytes), false,
     ""},
    {"reeve_db_wal_bytes", "gauge", "bytes", "{database=\"data\"}", AT(data.log_bytes), false,
     "Size of its log."},
    {"reeve_db_wal_bytes", "gauge", "bytes", "{database=\"auxiliary\"}", AT(logs.log_bytes), false,
     ""},
    {"reeve_disk_bytes", "gauge", "bytes", NULL, AT(disk_bytes), false,
     "Size of the file system that has the data directory."},
    {"reeve_disk_free_bytes", "gauge", "bytes", NULL, AT(disk_free_bytes), false,
     "What is free of it."},
    {"reeve_logbook_written", "counter", NULL, NULL, AT(logbook.written), false,
     "Log entries that were written."},
    {"reeve_logbook_dropped", "counter", NULL, NULL, AT(logbook.dropped), false,
     "Log entries for which there was no room, or that could not be written."},
    {"reeve_logbook_waiting_bytes", "gauge", "bytes", NULL, AT(logbook.waiting_bytes), false,
     "Log entries that are to be written."},
    {"reeve_mail_waiting", "gauge", NULL, NULL, AT(mail_waiting), false,
     "Mails that are to be sent still."},
    {"reeve_realtime_clients", "gauge", NULL, NULL, AT(hub.clients), false,
     "Clients of realtime that are connected."},
    {"reeve_realtime_subscriptions", "gauge", NULL, NULL, AT(hub.subscriptions), false,
     "What they subscribe to, all of them together."},
    {"reeve_realtime_topics", "gauge", NULL, NULL, AT(hub.topics), false,
     "Topics that somebody subscribes to."},
    {"reeve_realtime_events", "counter", NULL, NULL, AT(hub.events), false,
     "Events that clients were given."},
    {"reeve_realtime_sent_bytes", "counter", "bytes", NULL, AT(hub.bytes), false,
     "Bytes of these."},
    {"reeve_realtime_waiting_bytes", "gauge", "bytes", NULL, AT(hub.waiting_bytes), false,
     "Events that clients have not taken yet."},
    {"reeve_realtime_queued_changes", "gauge", NULL, NULL, AT(hub.queued_changes), false,
     "Changes of records that are to be delivered still."},
    {"reeve_realtime_queued_bytes", "gauge", "bytes", NULL, AT(hub.queued_bytes), false,
     "Bytes of these."},
    {"reeve_realtime_ended", "counter", NULL, "{reason=\"slow\"}", AT(hub.ended[HUB_SLOW]), false,
     "Streams that the server has ended."},
    {"reeve_realtime_ended", "counter", NULL, "{reason=\"idle\"}", AT(hub.ended[HUB_QUIET]), false,
     ""},
    {"reeve_realtime_ended", "counter", NULL, "{reason=\"expired\"}", AT(hub.ended[HUB_WHOLE]), false,
     ""},
    {"reeve_realtime_ended", "counter", NULL, "{reason=\"behind\"}", AT(hub.ended[HUB_BEHIND]), false,
     ""},
    {"reeve_backup_failures", "gauge", NULL, NULL, AT(backups.failed), false,
     "Of the last hundred backups, those that have failed."},
    {"reeve_backup_failures_since_success", "gauge", NULL, NULL, AT(backups.failed_since), false,
     "Backups that have failed since the last that is good."},
    /* clang-format on */
};

static void write_row(struct buf *out, const struct vitals *vitals, const struct row *row)
{
    const uint64_t value = *(const uint64_t *)(const void *)((const char *)vitals + row->at);
    const bool is_same = row > rows && str_eq(str_of(row[-1].name), str_of(row->name));

    if (!is_same)
        begin_family(out, row->name, row->type, row->unit, row->help);
    buf_add(out, str_of(row->name));
    buf_add(out, str_eq(str_of(row->type), STR("counter")) ? STR("_total") : STR_NONE);
    buf_add(out, row->labels ? str_of(row->labels) : STR_NONE);
    if (row->is_us)
        end_sample_us(out, value);
    else
        end_sample(out, value);
}

/* --- who it is -------------------------------------------------------------------------------- */

static void write_info(struct buf *out, const struct api *api)
{
    begin_family(out, "reeve_build", "info", NULL, "Which program this is.");
    BUF_ADD(out, "reeve_build_info");
    add_label(out, '{', "version", STR(REEVE_VERSION));
    add_label(out, ',', "engine", str_of(db_engine(api->db)));
    BUF_ADD(out, "} 1\n");
    begin_family(out, "reeve_node", "info", NULL, "What this process is called among others.");
    BUF_ADD(out, "reeve_node_info");
    add_label(out, '{', "node", api->node);
    BUF_ADD(out, "} 1\n");
    begin_family(out, "reeve_start_time_seconds", "gauge", "seconds",
                 "When the process began, since 1970.");
    BUF_ADD(out, "reeve_start_time_seconds");
    end_sample_us(out, (uint64_t)metrics_started_ms(api->metrics) * 1000);
}

/* --- requests --------------------------------------------------------------------------------- */

static void add_route(struct buf *out, size_t at)
{
    const struct api_route *route = api_route_at(at);

    add_label(out, '{', "method", route ? str_of(route->method) : STR("none"));
    add_label(out, ',', "route", route ? str_of(route->pattern) : STR("none"));
}

static void write_statuses(struct buf *out, size_t at, const struct metrics_route *route)
{
    for (unsigned i = 0; i < METRICS_STATUSES; i++) {
        if (route->statuses[i] == 0)
            continue;
        BUF_ADD(out, "reeve_http_requests_total");
        add_route(out, at);
        if (i == METRICS_OTHER)
            BUF_ADD(out, ",status=\"other\"}");
        else
            buf_addf(out, ",status=\"%d\"}", metrics_status((enum metrics_status)i));
        end_sample(out, route->statuses[i]);
    }
}

static void begin_time(struct buf *out, const char *suffix, size_t at, size_t class)
{
    buf_addf(out, "reeve_http_request_duration_seconds%s", suffix);
    add_route(out, at);
    buf_addf(out, ",class=\"%zuxx\"", class + 2);
}

/* The sum of the buckets is the count, so that they agree whatever is counted meanwhile. */
static void write_times(struct buf *out, size_t at, size_t class, const struct metrics_times *times)
{
    uint64_t n = 0;

    for (size_t i = 0; i < METRICS_BUCKETS; i++)
        n += times->buckets[i];
    if (n == 0)
        return;
    n = 0;
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        n += times->buckets[i];
        begin_time(out, "_bucket", at, class);
        BUF_ADD(out, ",le=\"");
        if (metrics_bound_us(i) == UINT64_MAX)
            BUF_ADD(out, "+Inf");
        else
            add_seconds(out, metrics_bound_us(i));
        BUF_ADD(out, "\"}");
        end_sample(out, n);
    }
    begin_time(out, "_sum", at, class);
    BUF_ADD(out, "}");
    end_sample_us(out, times->sum_us);
    begin_time(out, "_count", at, class);
    BUF_ADD(out, "}");
    end_sample(out, n);
}

static void write_requests(struct api_call *call)
{
    const struct metrics *metrics = call->api->metrics;
    const size_t n = metrics_routes(metrics);
    struct metrics_route *routes = ARENA_ARRAY(call->arena, struct metrics_route, n);
    struct buf *out = &call->req->resp.body;

    for (size_t i = 0; i < n; i++)
        metrics_route(metrics, i, &routes[i]);
    begin_family(out, "reeve_http_requests", "counter", NULL,
                 "Requests by the row of the table of routes; 499: the client left before its "
                 "answer.");
    for (size_t i = 0; i < n; i++)
        write_statuses(out, i, &routes[i]);
    begin_family(out, "reeve_http_request_duration_seconds", "histogram", "seconds",
                 "Time from a request's head to its answer.");
    for (size_t i = 0; i < n; i++)
        for (size_t class = 0; class < METRICS_CLASSES; class ++)
            write_times(out, i, class, &routes[i].classes[class]);
}

/* --- lanes of the pool ------------------------------------------------------------------------ */

static void write_lanes(struct buf *out, const struct vitals *vitals, const char *name,
                        const char *help, uint64_t (*value)(const struct pool_stats *lane))
{
    begin_family(out, name, "gauge", NULL, help);
    for (unsigned i = 0; i < POOL_LANES; i++) {
        if (vitals->pool[i].n_threads == 0)
            continue;
        buf_add(out, str_of(name));
        add_label(out, '{', "lane", str_of(vitals->pool[i].name));
        BUF_ADD(out, "}");
        end_sample(out, value(&vitals->pool[i]));
    }
}

static uint64_t lane_running(const struct pool_stats *lane)
{
    return lane->n_running;
}

static uint64_t lane_threads(const struct pool_stats *lane)
{
    return lane->n_threads;
}

static uint64_t lane_queued(const struct pool_stats *lane)
{
    return lane->n_queued;
}

static uint64_t lane_places(const struct pool_stats *lane)
{
    return lane->max_queued;
}

static void write_pool(struct buf *out, const struct vitals *vitals)
{
    write_lanes(out, vitals, "reeve_pool_running", "Threads of a lane that work.", lane_running);
    write_lanes(out, vitals, "reeve_pool_threads", "Threads that a lane may have.", lane_threads);
    write_lanes(out, vitals, "reeve_pool_queued", "Jobs that wait for one.", lane_queued);
    write_lanes(out, vitals, "reeve_pool_places", "Jobs that may wait for one.", lane_places);
}

/* --- jobs and backups ------------------------------------------------------------------------- */

static void begin_job(struct buf *out, const char *name, const struct vitals_job *job)
{
    buf_add(out, str_of(name));
    add_label(out, '{', "id", job->item.id);
    BUF_ADD(out, "}");
}

static uint64_t us_of(int64_t ms)
{
    return ms > 0 ? (uint64_t)ms * 1000 : 0;
}

static void write_job_results(struct buf *out, const struct vitals *vitals)
{
    static const struct {
        const char *name, *unit, *help;
    } told[] = {
        {"reeve_job_last_start_timestamp_seconds", "seconds",
         "When the last run of a job that has ended began, on whatever node."},
        {"reeve_job_last_duration_seconds", "seconds", "How long it took."},
        {"reeve_job_last_success", NULL, "1: it went well, 0: it failed or was skipped."},
    };

    for (size_t i = 0; i < COUNT_OF(told); i++) {
        begin_family(out, told[i].name, "gauge", told[i].unit, told[i].help);
        for (size_t j = 0; j < vitals->n_jobs; j++) {
            const struct vitals_job *job = &vitals->jobs[j];

            if (!job->last.found)
                continue;
            begin_job(out, told[i].name, job);
            if (told[i].unit)
                end_sample_us(out, us_of(i == 0 ? job->started_ms : job->last.took_ms));
            else
                end_sample(out, job->last.error.n == 0);
        }
    }
}

static void write_jobs(struct buf *out, const struct vitals *vitals)
{
    begin_family(out, "reeve_job_running", "gauge", NULL, "1: the job runs here, 0: it does not.");
    for (size_t i = 0; i < vitals->n_jobs; i++) {
        begin_job(out, "reeve_job_running", &vitals->jobs[i]);
        end_sample(out, vitals->jobs[i].item.is_running);
    }
    write_job_results(out, vitals);
}

static void write_backups(struct buf *out, const struct vitals_backups *backups)
{
    begin_family(out, "reeve_backup_running", "gauge", NULL, "1: one is made or restored here.");
    BUF_ADD(out, "reeve_backup_running");
    end_sample(out, backups->running);
    if (!backups->found)
        return;
    begin_family(out, "reeve_backup_last_success_timestamp_seconds", "gauge", "seconds",
                 "When the last good backup was complete.");
    BUF_ADD(out, "reeve_backup_last_success_timestamp_seconds");
    end_sample_us(out, us_of(backups->ended_ms));
    begin_family(out, "reeve_backup_last_success_duration_seconds", "gauge", "seconds",
                 "How long it took.");
    BUF_ADD(out, "reeve_backup_last_success_duration_seconds");
    end_sample_us(out, us_of(backups->took_ms));
    begin_family(out, "reeve_backup_last_success_bytes", "gauge", "bytes", "How large it is.");
    BUF_ADD(out, "reeve_backup_last_success_bytes");
    end_sample(out, backups->bytes > 0 ? (uint64_t)backups->bytes : 0);
}

/* --- all of it -------------------------------------------------------------------------------- */

static struct err *write_metrics(struct api_call *call)
{
    const struct vitals *vitals = vitals_look(call);
    struct resp *resp = &call->req->resp;

    write_info(&resp->body, call->api);
    write_requests(call);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        write_row(&resp->body, vitals, &rows[i]);
    write_pool(&resp->body, vitals);
    write_jobs(&resp->body, vitals);
    write_backups(&resp->body, &vitals->backups);
    BUF_ADD(&resp->body, "# EOF\n");
    call->is_picked = true; /* it is no JSON to pick fields of */
    resp->content_type = CONTENT_TYPE;
    resp->status = 200;
    return NULL;
}

const struct api_work api_metrics = {
    .is_quiet = true,
    .steps = {{.place = AT_READ, .run = vitals_read}, {.place = AT_CONSOLE, .run = write_metrics}}};
