/*
 * /api/collections/{collection}/records (records.md).
 */
#include "api/internal.h"

#define MISSING_CONTEXT "Missing collection context."
#define MISSING_OR_INVALID_CONTEXT "Missing or invalid collection context."

struct err *api_records_list(struct api_call *call)
{
    const struct schema_col *col;
    struct rec_list_params params;
    struct err *err;

    err = api_collection(call, MISSING_CONTEXT, &col);
    if (!err)
        err = api_body(call, &call->actor.request.body);
    if (err)
        return err;
    params = (struct rec_list_params){
        .page = api_query(call, STR("page")),
        .per_page = api_query(call, STR("perPage")),
        .skip_total = api_query(call, STR("skipTotal")),
        .filter = api_query(call, STR("filter")),
        .sort = api_query(call, STR("sort")),
        .expand = api_query(call, STR("expand")),
    };
    err = rec_list(call->arena, call->conn, &call->actor, col, &params, &call->req->resp.body);
    if (err)
        return err;
    req_answer_json(call->req, 200);
    return NULL;
}

struct err *api_records_view(struct api_call *call)
{
    const struct schema_col *col;
    struct err *err;

    err = api_collection(call, MISSING_CONTEXT, &col);
    if (!err)
        err = api_body(call, &call->actor.request.body);
    if (!err)
        err = rec_view(call->arena, call->conn, &call->actor, col, call->req->params[1],
                       api_query(call, STR("expand")), &call->req->resp.body);
    if (err)
        return err;
    req_answer_json(call->req, 200);
    return api_etag_view(call, col);
}

static struct err *draft(struct api_call *call, enum rec_action action, const char *missing)
{
    struct rec_request request = {.action = action,
                                  .actor = &call->actor,
                                  .id = call->req->params[1],
                                  .expand = api_query(call, STR("expand")),
                                  .condition = api_condition(call),
                                  .gone = &call->req->gone,
                                  .now_ms = call->now_ms};
    struct err *err;

    err = api_collection(call, missing, &request.col);
    if (!err && action != REC_DELETE && request.col->type == SCHEMA_VIEW)
        return err_new(call->arena, E_BAD_REQUEST, "Unsupported collection type.", "a view");
    if (!err)
        err = api_body(call, &request.body);
    request.uploads = call->uploads;
    request.n_uploads = call->n_uploads;
    if (!err)
        err = rec_draft_new(call->arena, &request, &call->draft);
    if (!err)
        err = rec_draft_read(call->arena, call->conn, call->draft);
    return err;
}

struct err *api_records_create(struct api_call *call)
{
    return draft(call, REC_CREATE, MISSING_OR_INVALID_CONTEXT);
}

struct err *api_records_update(struct api_call *call)
{
    return draft(call, REC_UPDATE, MISSING_OR_INVALID_CONTEXT);
}

struct err *api_records_delete(struct api_call *call)
{
    return draft(call, REC_DELETE, MISSING_CONTEXT);
}
