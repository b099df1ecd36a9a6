/*
 * /api/logs: what the log book has written (services.md 5).
 */
#include "api/internal.h"

#include "telemetry/telemetry.h"

/* run() with the caller's right to the logs, in a snapshot of their database. */
static struct err *read_logs(struct api_call *call,
                             struct err *(*run)(struct api_call *call, struct db_conn *conn))
{
    const struct db_limits limits = {.gone = &call->req->gone};
    struct db_conn *conn;
    struct err *err = db_reader(call->arena, call->api->logs, &conn);

    if (err)
        return err;
    db_set_limits(conn, &limits);
    err = db_read_begin(call->arena, conn);
    if (!err) {
        err = run(call, conn);
        db_read_end(conn);
    }
    db_set_limits(conn, NULL);
    return err;
}

static struct err *list(struct api_call *call, struct db_conn *conn)
{
    const struct rec_list_params params = {
        .page = req_query_get(call->req, STR("page")),
        .per_page = req_query_get(call->req, STR("perPage")),
        .skip_total = req_query_get(call->req, STR("skipTotal")),
        .filter = req_query_get(call->req, STR("filter")),
        .sort = req_query_get(call->req, STR("sort")),
        .cursor = req_query_get(call->req, STR("cursor")),
        .from = req_query_get(call->req, STR("from")),
    };

    return rec_list(call->arena, conn, &call->caller.actor, call->schema->logs, &params,
                    &call->req->resp.body);
}

static struct err *view(struct api_call *call, struct db_conn *conn)
{
    return rec_view(call->arena, conn, &call->caller.actor, call->schema->logs,
                    call->req->params[0], STR_NONE, NULL, &call->req->resp.body);
}

static struct err *hours(struct api_call *call, struct db_conn *conn)
{
    struct err *err =
        rec_hours(call->arena, conn, &call->caller.actor, call->schema->logs, STR("created"),
                  req_query_get(call->req, STR("filter")), &call->req->resp.body);

    return err_say(err, "Invalid filter format.");
}

static struct err *answer(struct api_call *call,
                          struct err *(*run)(struct api_call *call, struct db_conn *conn))
{
    struct err *err = read_logs(call, run);

    if (!err)
        req_answer_json(call->req, 200);
    return err;
}

static struct err *answer_list(struct api_call *call)
{
    return answer(call, list);
}

static struct err *answer_view(struct api_call *call)
{
    return answer(call, view);
}

static struct err *answer_hours(struct api_call *call)
{
    return answer(call, hours);
}

static struct err *clear(struct api_call *call)
{
    struct err *err = logbook_clear(call->arena, call->api->logbook);

    if (err)
        return err_new(call->arena, E_INTERNAL, "Failed to truncate all logs.", "%.*s",
                       STR_ARG(err->cause));
    req_answer_empty(call->req, 204);
    return NULL;
}

const struct api_work api_logs_list = {.is_quiet = true,
                                       .steps = {{.place = AT_POOL_READ, .run = answer_list}}};
const struct api_work api_logs_view = {.is_quiet = true,
                                       .steps = {{.place = AT_POOL_READ, .run = answer_view}}};
const struct api_work api_logs_stats = {.is_quiet = true,
                                        .steps = {{.place = AT_POOL_READ, .run = answer_hours}}};
const struct api_work api_logs_clear = {
    .is_quiet = true,
    .steps = {{.place = AT_READ, .run = api_begin}, {.place = AT_POOL, .run = clear}}};
