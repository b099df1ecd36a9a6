/*
 * GET /api/reeve/stats?range=1h|6h|24h: how the server is, and was; superusers alone. Of this
 * process, since its start.
 *
 *   {"node": "web1", "started": "2026-01-01 12:00:00.000Z", "range": "1h",
 *    "step": 60,                                         seconds of a point
 *    "now": {
 *      "requests": {"inFlight": 1, "connections": 3},
 *      "process": {"rssBytes": …, "cpuMs": 5210, "descriptors": 70, "maxDescriptors": 1024},
 *      "memory": {"used": …, "budget": …},               what clients take of the budget
 *      "database": {"fileBytes": …, "walBytes": …, "units": 9, "groups": 7, "checkpoints": 0,
 *                   "queued": 0},                        units of work that wait
 *      "logs": {"fileBytes": …, "walBytes": …, "written": 12, "dropped": 0, "waitingBytes": 0},
 *      "disk": {"bytes": …, "freeBytes": …},             where the data directory is
 *      "realtime": {"clients": 2, "subscriptions": 3, "topics": 2, "events": 9, "bytes": 2048,
 *                   "waitingBytes": 0, "queuedChanges": 0},
 *      "mail": {"waiting": 0},
 *      "pool": [{"lane": "work", "running": 0, "threads": 4, "queued": 0, "places": 1024}, …],
 *      "jobs": {"failed": [], "running": 0},             ids of those whose last run has failed
 *      "backups": {"running": false, "failed": 0,        since the last good one:
 *                  "last": {"ended": "2026-01-01 …", "bytes": …, "tookMs": …}}},       or null
 *    "points": {"time": [1767268800, …],                 when it begins, Unix time in seconds
 *               "ms": [60000, …, 4100],                  for how long the server looked
 *               "requests": [], "failed4xx": [], "failed5xx": [],            in it
 *               "p50Ms": [], "p99Ms": [],                null where there was no request
 *               "cpuMs": [], "units": [],
 *               "rssBytes": [], "walBytes": [], "connections": [], "clients": []}}      the most
 *
 * Points are columns, as charts want them, and 360 at most; the last one is not over. Requests that
 * a client did not wait for count among failed4xx.
 */
#include "api/vitals.h"

#include "base/date.h"

struct range {
    const char *name;
    unsigned minutes, step;
};

static const struct range ranges[] = {{"1h", 60, 1}, {"6h", 360, 1}, {"24h", 1440, 4}};

static struct err *find_range(struct api_call *call, const struct range **ret)
{
    const struct str name = req_query_get(call->req, STR("range"));
    struct err *err = NULL;

    *ret = &ranges[0];
    if (name.n == 0)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        *ret = &ranges[i];
        if (str_eq(name, str_of(ranges[i].name)))
            return NULL;
    }
    err_add_item(call->arena, &err, STR("range"), CODE_IN, STR_NONE);
    return err_say(err, "The range is one of 1h, 6h and 24h.");
}

/* --- now -------------------------------------------------------------------------------------- */

#define AT(member) offsetof(struct vitals, member)

static const struct row {
    const char *group, *name;
    size_t at; /* a uint64_t */
} rows[] = {
    {"requests", "inFlight", AT(http.in_flight)},
    {"requests", "connections", AT(http.connections)},
    {"process", "rssBytes", AT(process.rss_bytes)},
    {"process", "descriptors", AT(process.descriptors)},
    {"process", "maxDescriptors", AT(process.max_descriptors)},
    {"memory", "used", AT(memory_used)},
    {"memory", "budget", AT(memory_budget)},
    {"database", "fileBytes", AT(data.file_bytes)},
    {"database", "walBytes", AT(data.log_bytes)},
    {"database", "units", AT(db.units)},
    {"database", "groups", AT(db.groups)},
    {"database", "checkpoints", AT(db.checkpoints)},
    {"database", "queued", AT(db.waiting)},
    {"logs", "fileBytes", AT(logs.file_bytes)},
    {"logs", "walBytes", AT(logs.log_bytes)},
    {"logs", "written", AT(logbook.written)},
    {"logs", "dropped", AT(logbook.dropped)},
    {"logs", "waitingBytes", AT(logbook.waiting_bytes)},
    {"disk", "bytes", AT(disk_bytes)},
    {"disk", "freeBytes", AT(disk_free_bytes)},
    {"realtime", "clients", AT(hub.clients)},
    {"realtime", "subscriptions", AT(hub.subscriptions)},
    {"realtime", "topics", AT(hub.topics)},
    {"realtime", "events", AT(hub.events)},
    {"realtime", "bytes", AT(hub.bytes)},
    {"realtime", "waitingBytes", AT(hub.waiting_bytes)},
    {"realtime", "queuedChanges", AT(hub.queued_changes)},
    {"mail", "waiting", AT(mail_waiting)},
};

static void write_number(struct buf *out, const char *name, uint64_t value)
{
    buf_addf(out, "\"%s\":", name);
    buf_add_u64(out, value);
}

/* Rows of a group stand together. */
static void write_rows(struct buf *out, const struct vitals *vitals)
{
    const char *group = NULL;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const bool is_first = !group || !str_eq(str_of(group), str_of(rows[i].group));

        if (is_first)
            buf_addf(out, "%s\"%s\":{", group ? "}," : "", rows[i].group);
        else
            BUF_ADD(out, ",");
        group = rows[i].group;
        write_number(out, rows[i].name,
                     *(const uint64_t *)(const void *)((const char *)vitals + rows[i].at));
        if (rows[i].at == AT(process.rss_bytes)) {
            BUF_ADD(out, ",");
            write_number(out, "cpuMs", vitals->process.cpu_us / 1000);
        }
    }
    BUF_ADD(out, "}");
}

static void write_pool(struct buf *out, const struct vitals *vitals)
{
    bool is_first = true;

    BUF_ADD(out, ",\"pool\":[");
    for (unsigned i = 0; i < POOL_LANES; i++) {
        const struct pool_stats *lane = &vitals->pool[i];

        if (lane->n_threads == 0)
            continue;
        buf_addf(out, "%s{\"lane\":\"%s\",\"running\":%u,\"threads\":%u,", is_first ? "" : ",",
                 lane->name, lane->n_running, lane->n_threads);
        write_number(out, "queued", lane->n_queued);
        BUF_ADD(out, ",");
        write_number(out, "places", lane->max_queued);
        BUF_ADD(out, "}");
        is_first = false;
    }
    BUF_ADD(out, "]");
}

static void write_jobs(struct buf *out, const struct vitals *vitals)
{
    uint64_t n_running = 0;
    bool is_first = true;

    BUF_ADD(out, ",\"jobs\":{\"failed\":[");
    for (size_t i = 0; i < vitals->n_jobs; i++) {
        const struct vitals_job *job = &vitals->jobs[i];

        n_running += job->item.is_running;
        if (!job->last.found || job->last.error.n == 0)
            continue;
        buf_add(out, is_first ? STR_NONE : STR(","));
        json_write_text(out, job->item.id);
        is_first = false;
    }
    BUF_ADD(out, "],");
    write_number(out, "running", n_running);
    BUF_ADD(out, "}");
}

static void write_date(struct buf *out, int64_t ms)
{
    char text[DATE_TEXT_LEN + 1];

    date_format(text, ms);
    json_write_text(out, str_of(text));
}

static void write_backups(struct buf *out, const struct vitals_backups *backups)
{
    buf_addf(out, ",\"backups\":{\"running\":%s,", backups->running ? "true" : "false");
    write_number(out, "failed", backups->failed_since);
    BUF_ADD(out, ",\"last\":");
    if (!backups->found) {
        BUF_ADD(out, "null}");
        return;
    }
    BUF_ADD(out, "{\"ended\":");
    write_date(out, backups->ended_ms);
    BUF_ADD(out, ",\"bytes\":");
    buf_add_i64(out, backups->bytes);
    BUF_ADD(out, ",\"tookMs\":");
    buf_add_i64(out, backups->took_ms);
    BUF_ADD(out, "}}");
}

/* --- points ----------------------------------------------------------------------------------- */

static void write_ms(struct buf *out, uint64_t us)
{
    buf_addf(out, "%llu.%03u", (unsigned long long)(us / 1000), (unsigned)(us % 1000));
}

static void write_time(struct buf *out, const struct metrics_point *point)
{
    buf_add_i64(out, point->at_ms / 1000);
}

static void write_p50(struct buf *out, const struct metrics_point *point)
{
    if (point->requests > 0)
        write_ms(out, point->p50_us);
    else
        BUF_ADD(out, "null");
}

static void write_p99(struct buf *out, const struct metrics_point *point)
{
    if (point->requests > 0)
        write_ms(out, point->p99_us);
    else
        BUF_ADD(out, "null");
}

static void write_cpu(struct buf *out, const struct metrics_point *point)
{
    buf_add_u64(out, point->cpu_us / 1000);
}

#define OF(member) offsetof(struct metrics_point, member)

static const struct column {
    const char *name;
    size_t at; /* a uint64_t, where there is no function */
    void (*write)(struct buf *out, const struct metrics_point *point);
} columns[] = {
    {"time", 0, write_time},
    {"ms", OF(ms), NULL},
    {"requests", OF(requests), NULL},
    {"failed4xx", OF(failed_4xx), NULL},
    {"failed5xx", OF(failed_5xx), NULL},
    {"p50Ms", 0, write_p50},
    {"p99Ms", 0, write_p99},
    {"cpuMs", 0, write_cpu},
    {"units", OF(units), NULL},
    {"rssBytes", OF(rss_bytes), NULL},
    {"walBytes", OF(wal_bytes), NULL},
    {"connections", OF(connections), NULL},
    {"clients", OF(clients), NULL},
};

static void write_column(struct buf *out, const struct column *column,
                         const struct metrics_points *points)
{
    buf_addf(out, "\"%s\":[", column->name);
    for (size_t i = 0; i < points->n; i++) {
        const struct metrics_point *point = &points->items[i];

        buf_add(out, i > 0 ? STR(",") : STR_NONE);
        if (column->write)
            column->write(out, point);
        else
            buf_add_u64(out, *(const uint64_t *)(const void *)((const char *)point + column->at));
    }
    BUF_ADD(out, "]");
}

static void write_points(struct buf *out, const struct metrics_points *points)
{
    BUF_ADD(out, ",\"points\":{");
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        buf_add(out, i > 0 ? STR(",") : STR_NONE);
        write_column(out, &columns[i], points);
    }
    BUF_ADD(out, "}}");
}

/* --- all of it -------------------------------------------------------------------------------- */

static struct err *write_stats(struct api_call *call)
{
    const struct vitals *vitals;
    struct buf *out = &call->req->resp.body;
    struct metrics_points points;
    const struct range *range;
    struct err *err = find_range(call, &range);

    if (err)
        return err;
    vitals = vitals_look(call);
    metrics_history(call->arena, call->api->metrics, metrics_time(), range->minutes, range->step,
                    &points);
    BUF_ADD(out, "{\"node\":");
    json_write_text(out, call->api->node);
    BUF_ADD(out, ",\"started\":");
    write_date(out, metrics_started_ms(call->api->metrics));
    buf_addf(out, ",\"range\":\"%s\",\"step\":%u,\"now\":{", range->name, 60 * range->step);
    write_rows(out, vitals);
    write_pool(out, vitals);
    write_jobs(out, vitals);
    write_backups(out, &vitals->backups);
    BUF_ADD(out, "}");
    write_points(out, &points);
    req_answer_json(call->req, 200);
    return NULL;
}

const struct api_work api_stats = {
    .is_quiet = true,
    .steps = {{.place = AT_READ, .run = vitals_read}, {.place = AT_CONSOLE, .run = write_stats}}};
