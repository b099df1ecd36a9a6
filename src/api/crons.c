/*
 * Scheduled work (services.md 9); superusers alone.
 *
 * GET /api/crons: [{"id", "expression"}]. POST /api/crons/{id}: 204, it runs in the background.
 *
 * GET /api/reeve/crons, in the same order:
 *   [{"id": "__pbOTPCleanup__", "expression": "0 * * * *",
 *     "next": "2026-01-01 13:00:00.000Z",                  when it is due; null: never
 *     "running": false,                                    here, at present
 *     "last": {"node": "web1",                             the newest run, of all nodes, that has
 *              "started": "2026-01-01 12:00:00.007Z",      ended; null: there is none
 *              "tookMs": 3, "error": ""}}, …]              "skipped": it still ran
 */
#include "api/internal.h"
#include "base/date.h"
#include "jobs/jobs.h"

#define RATES_SCHEDULE STR("2 * * * *")

/* The job of rate limits is there once a rule has counted something, and until settings are saved.
 */
static struct err *follow_rates(struct api_call *call)
{
    const bool counted =
        atomic_load(&call->api->rated_generation) == call->settings->snapshot.generation;

    return jobs_set_schedule(call->arena, call->api->jobs, STR(API_RATES_JOB),
                             counted ? RATES_SCHEDULE : STR_NONE);
}

static struct err *find_jobs(struct api_call *call, struct jobs_items *ret)
{
    struct err *err = follow_rates(call);

    if (!err)
        jobs_list(call->arena, call->api->jobs, ret);
    return err;
}

static void write_head(struct buf *out, const struct jobs_item *item, bool is_first)
{
    buf_add(out, is_first ? STR_NONE : STR(","));
    BUF_ADD(out, "{\"id\":");
    json_write_text(out, item->id);
    BUF_ADD(out, ",\"expression\":");
    json_write_text(out, item->schedule);
}

static struct err *list(struct api_call *call)
{
    struct buf *out = &call->req->resp.body;
    struct jobs_items found;
    struct err *err = find_jobs(call, &found);

    if (err)
        return err;
    BUF_ADD(out, "[");
    for (size_t i = 0; i < found.n; i++) {
        write_head(out, &found.items[i], i == 0);
        BUF_ADD(out, "}");
    }
    BUF_ADD(out, "]");
    req_answer_json(call->req, 200);
    return NULL;
}

static struct err *run(struct api_call *call)
{
    struct err *err = follow_rates(call);

    if (err)
        return err;
    if (!jobs_run(call->api->jobs, call->req->params[0]))
        return err_new(call->arena, E_NOT_FOUND, "Missing or invalid cron job.", "no such job");
    req_answer_empty(call->req, 204);
    return NULL;
}

static void write_date(struct buf *out, int64_t ms)
{
    char text[DATE_TEXT_LEN + 1];

    date_format(text, ms);
    json_write_text(out, str_of(text));
}

static void write_last(struct buf *out, const struct jobs_result *last)
{
    BUF_ADD(out, ",\"last\":");
    if (!last->found) {
        BUF_ADD(out, "null");
        return;
    }
    BUF_ADD(out, "{\"node\":");
    json_write_text(out, last->node);
    BUF_ADD(out, ",\"started\":");
    json_write_text(out, last->started);
    BUF_ADD(out, ",\"tookMs\":");
    buf_add_i64(out, last->took_ms);
    BUF_ADD(out, ",\"error\":");
    json_write_text(out, last->error);
    BUF_ADD(out, "}");
}

static struct err *report(struct api_call *call)
{
    struct buf *out = &call->req->resp.body;
    struct jobs_items found;
    struct err *err = find_jobs(call, &found);

    BUF_ADD(out, "[");
    for (size_t i = 0; !err && i < found.n; i++) {
        const struct jobs_item *item = &found.items[i];
        struct jobs_result last;

        err = jobs_last(call->arena, call->conn, item->id, &last);
        write_head(out, item, i == 0);
        BUF_ADD(out, ",\"next\":");
        if (item->next_ms >= 0)
            write_date(out, item->next_ms);
        else
            BUF_ADD(out, "null");
        buf_add(out, item->is_running ? STR(",\"running\":true") : STR(",\"running\":false"));
        write_last(out, &last);
        BUF_ADD(out, "}");
    }
    BUF_ADD(out, "]");
    if (!err)
        req_answer_json(call->req, 200);
    return err;
}

const struct api_work api_crons = {.steps = {{.place = AT_LOOP, .run = list}}};
const struct api_work api_crons_run = {.steps = {{.place = AT_LOOP, .run = run}}};
const struct api_work api_crons_report = {.steps = {{.place = AT_POOL_READ, .run = report}}};
