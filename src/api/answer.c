/*
 * The end of a call: an error's envelope, or the answer with its fields picked; then the request
 * goes.
 */
#include "api/journal.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"
#include "realtime/realtime.h"
#include "telemetry/metrics.h"

/* One failure, one line: here, where the response is, unless what failed has said so already. */
static void log_failure(struct api_call *call, const struct err *err)
{
    const uint64_t status = (uint64_t)err_status(err);

    if (err->timed_out)
        log_warn("request.timed.out", LOG_STR("method", call->req->method),
                 LOG_STR("path", call->req->path),
                 LOG_STR("filter", req_query_get(call->req, STR("filter"))),
                 LOG_STR("sort", req_query_get(call->req, STR("sort"))), LOG_U64("status", status),
                 LOG_STR("cause", err->cause));
    else if (err->kind != E_GONE && !err->logged && status >= 500)
        log_error("request.failed", LOG_STR("method", call->req->method),
                  LOG_STR("path", call->req->path), LOG_U64("status", status),
                  LOG_STR("cause", err->cause));
}

/* A read that ran into the query timeout is PocketBase's 400: at a 503 clients try again at once,
 * which makes it worse. */
static void answer_failure(struct api_call *call, struct err *err)
{
    if (err->timed_out && err->kind == E_UNAVAILABLE && call->route && !call->writes) {
        err = err_new(call->arena, E_BAD_REQUEST, NULL, "%.*s", STR_ARG(err->cause));
        err->timed_out = true;
    }
    log_failure(call, err);
    req_answer_err(call->req, err);
}

static struct err *read_picker(struct api_call *call, struct query_picker **ret)
{
    return query_picker_parse(call->arena, req_query_get(call->req, STR("fields")), ret);
}

const struct query_picker *api_picker(struct api_call *call)
{
    struct query_picker *picker;

    call->is_picked = read_picker(call, &picker) == NULL;
    return call->is_picked ? picker : NULL;
}

static bool needs_picking(const struct api_call *call)
{
    const struct resp *resp = &call->req->resp;

    if (resp->file.open || call->relayed.file.place)
        return false; /* what lies in the body are the texts between its parts */
    return !call->is_picked && resp->status / 100 == 2 && resp->body.n > 0 &&
           req_query_get(call->req, STR("fields")).n > 0;
}

/* The fields parameter, on every 2xx JSON answer (records.md 3.4) that was not written by it. */
static struct err *pick_fields(struct api_call *call)
{
    struct resp *resp = &call->req->resp;
    AUTO_BUF struct buf whole;
    struct query_picker *picker;
    struct err *err;

    buf_init(&whole, LIMIT_RESPONSE_BYTES);
    if (!needs_picking(call))
        return NULL;
    err = read_picker(call, &picker);
    if (err || !picker)
        return err;
    buf_add(&whole, buf_str(&resp->body));
    buf_reset(&resp->body);
    return query_pick(call->arena, picker, buf_str(&whole), &resp->body);
}

struct err *api_send_written(struct api_call *call)
{
    const struct rec_written *written = call->out;

    if (written->body.n == 0) {
        req_answer_empty(call->req, 204);
        return NULL;
    }
    buf_add(&call->req->resp.body, written->body);
    api_etag_add(call, written->version);
    req_answer_json(call->req, 200);
    return NULL;
}

/* What has the answer's bytes, or has had them. */
static void send(struct api_call *call)
{
    struct req *req = call->req;
    struct export *export = TAKE(call->exported);

    if (call->connects)
        hub_connect(call->api->hub, req, call->connects);
    else if (export)
        export_send(req, export);
    else if (call->relayed.file.place)
        relay_send(req, &call->relayed);
    else
        req_send(req);
}

static void add_id(struct api_call *call)
{
    struct buf *headers = &call->req->resp.headers;

    BUF_ADD(headers, "X-Request-Id: ");
    buf_add(headers, journal_id(call));
    BUF_ADD(headers, "\r\n");
}

/* What is sent, or will be: who writes a stream says so only then. */
static int status_of(const struct api_call *call, const struct err *err)
{
    if (err && err->kind == E_GONE)
        return METRICS_LEFT;
    return call->connects || call->exported ? 200 : call->req->resp.status;
}

static void count(const struct api_call *call, const struct err *err)
{
    metrics_count(call->api->metrics, api_route_number(call->route), status_of(call, err),
                  call->ended_us - call->req->began_us);
}

static void finish(struct api_call *call, struct err *err)
{
    struct req *req = call->req;

    if (!err && req->resp.body.full)
        err = req->resp.body.starved
                  ? err_starved(call->arena, "an answer")
                  : err_new(call->arena, E_INTERNAL, NULL, "the answer is over its limit");
    if (err) {
        call->connects = NULL;
        answer_failure(call, err);
        if (call->relayed.file.place)
            file_close(&call->relayed.file);
        export_undo(call);
    }
    call->ended_us = clock_us();
    count(call, err);
    add_id(call);
    timing_tell(call);
    journal_add(call, err);
    api_call_release(call);
    send(call);
}

static void picked(struct req *req)
{
    struct api_call *call = req->user;

    finish(call, call->err);
}

static void pick_on_pool(struct job *job)
{
    struct api_call *call = api_call_of(job);

    call->err = atomic_load(&call->req->gone)
                    ? err_new(call->arena, E_GONE, NULL, "the client has left")
                    : pick_fields(call);
    req_resume(call->req, picked, true);
}

void api_answer(struct api_call *call, struct err *err)
{
    const struct resp *resp = &call->req->resp;

    if (err && call->work->undo && !call->committed)
        call->work->undo(call);
    if (!err && resp->body.n > LIMIT_INLINE_BODY_BYTES && needs_picking(call)) {
        if (api_to_pool(call, POOL_WORK, pick_on_pool))
            return;
        err = call->err;
    } else if (!err) {
        err = pick_fields(call);
    }
    finish(call, err);
}
