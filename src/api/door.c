/*
 * What http/ calls: a request's start, the bounds of its body, and what belongs to a thread.
 */
#include "api/internal.h"
#include "api/public.h"
#include "api/upload.h"
#include "base/limits.h"

static struct err *no_route(struct api_call *call)
{
    return err_new(call->arena, E_NOT_FOUND, NULL, "no such route");
}

static const struct api_work nowhere = {.steps = {{.place = AT_LOOP, .run = no_route}}};

static bool reads(const struct req *req)
{
    return str_eq(req->method, STR("GET")) || str_eq(req->method, STR("HEAD"));
}

void api_handle(void *user, struct req *req)
{
    struct api_call *call = ARENA_NEW(req->arena, struct api_call);

    call->req = req;
    call->arena = req->arena;
    call->api = user;
    call->trace = (struct db_trace){timing_traced, call};
    call->route = api_route_of(req);
    call->work = call->route ? call->route->work : reads(req) ? &api_public : &nowhere;
    req->user = call;
    api_call_borrow(call);
    api_work_start(call);
}

/* --- bodies --------------------------------------------------------------------------------- */

static uint64_t body_limit(const struct api *api, const struct req *req, struct schema *schema)
{
    const struct api_route *route = api_route_of(req);
    uint64_t limit = LIMIT_BODY_BYTES;

    if (route && route->body == BODY_BATCH) {
        AUTO(settings_return) struct settings *settings = settings_borrow(api->settings);

        limit = settings->batch.max_body_size > 0 ? (uint64_t)settings->batch.max_body_size
                                                  : LIMIT_BATCH_BYTES;
    } else if (route && route->body == BODY_RECORD) {
        const struct schema_col *col = schema_find(schema, req->params[0]);

        if (col)
            limit = col->record_body_limit;
    }
    return limit < LIMIT_ANY_BODY_BYTES ? limit : LIMIT_ANY_BODY_BYTES;
}

/* Whether a guest is refused whatever he sends. Should that change until he is, he may try again.
 */
static bool is_closed(const struct req *req, struct schema *schema)
{
    const struct api_route *route = api_route_of(req);
    const struct schema_col *col;

    if (!route || req_header(req, STR("Authorization")).n > 0)
        return false;
    if (route->guard != GUARD_NONE)
        return true;
    if (route->work != &api_records_create && route->work != &api_records_update)
        return false;
    col = schema_find(schema, req->params[0]);
    return col &&
           !(route->work == &api_records_create ? &col->create_rule : &col->update_rule)->set;
}

struct http_body api_body_plan(void *user, struct req *req)
{
    const struct api *api = user;
    AUTO(schema_return) struct schema *schema = schema_borrow(api->schemas);

    return (struct http_body){.limit = body_limit(api, req, schema),
                              .sink = upload_sink(api, req),
                              .unread = is_closed(req, schema)};
}

/* --- clients -------------------------------------------------------------------------------- */

bool api_peers_are_clients(void *user)
{
    const struct api *api = user;
    AUTO(settings_return) struct settings *settings = settings_borrow(api->settings);

    return settings->trusted_proxy.headers.n == 0;
}

/* --- threads -------------------------------------------------------------------------------- */

void api_abandoned(void *user)
{
    const struct api *api = user;

    db_end_waits(api->db);
}

void api_thread_end(void *user)
{
    const struct api *api = user;

    db_reader_close(api->db);
    db_reader_close(api->logs);
    auth_thread_end();
    query_cache_release();
    snapshot_thread_end();
    file_thread_end();
}
