/*
 * What http/ calls: a request's start, the bounds of its body, and what belongs to a thread.
 */
#include "api/internal.h"
#include "base/limits.h"

static struct err *no_route(struct api_call *call)
{
    bool reads = str_eq(call->req->method, STR("GET")) || str_eq(call->req->method, STR("HEAD"));

    return err_new(call->arena, E_NOT_FOUND, reads ? "File not found." : NULL, "no such route");
}

static const struct api_work nowhere = {.steps = {{.place = AT_LOOP, .run = no_route}}};

void api_handle(void *user, struct req *req)
{
    struct api_call *call = ARENA_NEW(req->arena, struct api_call);

    call->req = req;
    call->arena = req->arena;
    call->api = user;
    call->route = api_route_of(req);
    call->work = call->route ? call->route->work : &nowhere;
    req->user = call;
    api_call_borrow(call);
    api_work_start(call);
}

/* --- bodies --------------------------------------------------------------------------------- */

uint64_t api_body_limit(void *user, const struct req *req)
{
    const struct api_route *route = api_route_of(req);
    const struct api *api = user;
    uint64_t limit = LIMIT_BODY_BYTES;

    if (route && route->body == BODY_BATCH) {
        AUTO(settings_return) struct settings *settings = settings_borrow(api->settings);

        limit = settings->batch.max_body_size > 0 ? (uint64_t)settings->batch.max_body_size
                                                  : LIMIT_BATCH_BYTES;
    } else if (route && route->body == BODY_RECORD) {
        AUTO(schema_return) struct schema *schema = schema_borrow(api->schemas);
        const struct schema_col *col = schema_find(schema, req->params[0]);

        if (col)
            limit = col->record_body_limit;
    }
    return limit < LIMIT_ANY_BODY_BYTES ? limit : LIMIT_ANY_BODY_BYTES;
}

struct err *api_temp_path(void *user, struct arena *a, struct str *ret)
{
    const struct api *api = user;

    return file_store_temp_dir(a, api->files, ret);
}

void api_remove_temp(void *user, struct str path)
{
    const struct api *api = user;

    file_store_remove_temp(api->files, path);
}

/* --- clients -------------------------------------------------------------------------------- */

bool api_peers_are_clients(void *user)
{
    const struct api *api = user;
    AUTO(settings_return) struct settings *settings = settings_borrow(api->settings);

    return settings->trusted_proxy.headers.n == 0;
}

uint64_t api_client(void *user, const struct req *req)
{
    const struct api *api = user;
    AUTO(settings_return) struct settings *settings = settings_borrow(api->settings);

    return settings_ip_client(api_real_ip(req->arena, req, settings));
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
    query_cache_release();
    snapshot_thread_end();
}
