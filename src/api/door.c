/*
 * What http/ calls: a request's start, the bounds of its body, and what belongs to a thread.
 */
#include "api/internal.h"
#include "api/public.h"
#include "api/upload.h"
#include "base/date.h"
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

struct asking {
    const struct api *api;
    struct req *req;
    struct schema *schema;
    bool is_superuser;
};

static struct err *look_who_asks(void *user, struct db_conn *conn)
{
    struct asking *asking = user;
    struct str token = auth_header_token(req_header(asking->req, STR("Authorization")));
    struct auth_token found;
    struct err *err = auth_identify(asking->req->arena, asking->api->db, conn, asking->schema,
                                    token, date_now_ms(), &found);

    asking->is_superuser = !err && found.rec && found.rec->col == asking->schema->superusers;
    return err;
}

static bool may_be_superuser(const struct api *api, struct req *req)
{
    AUTO(settings_return) struct settings *settings = settings_borrow(api->settings);

    return settings->superuser_ips.n == 0 ||
           settings_ip_in(&settings->superuser_ips, api_real_ip(req->arena, req, settings));
}

/* Of a body without a bound it is asked before it comes: it goes to the disk. */
static bool is_superusers(const struct api *api, struct req *req, struct schema *schema)
{
    struct asking asking = {.api = api, .req = req, .schema = schema};
    int64_t version;
    const struct api_read read = {.arena = req->arena,
                                  .api = (struct api *)(uintptr_t)api,
                                  .schema = schema,
                                  .run = look_who_asks,
                                  .user = &asking,
                                  .ret_version = &version};
    struct err *err;

    if (!may_be_superuser(api, req) || db_blocks(api->db))
        return false;
    err = api_read(&read);
    return !err && asking.is_superuser;
}

static uint64_t body_limit(const struct api *api, struct req *req, struct schema *schema)
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
    } else if (route && route->body == BODY_BACKUP && is_superusers(api, req, schema)) {
        limit = LIMIT_ANY_BODY_BYTES;
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

    const struct api_route *route = api_route_of(req);
    const struct req_sink *sink = upload_sink(api, req);
    const bool is_no_form = route && route->body == BODY_BACKUP && !sink;

    return (struct http_body){.limit = body_limit(api, req, schema),
                              .sink = sink,
                              .unread = is_no_form || is_closed(req, schema)};
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
