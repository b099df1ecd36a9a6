/*
 * /api/collections/{collection}/records (records.md).
 */
#include "api/internal.h"

#define MISSING_CONTEXT "Missing collection context."
#define MISSING_OR_INVALID_CONTEXT "Missing or invalid collection context."

static struct err *list(struct api_call *call)
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

static struct err *view(struct api_call *call)
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

const struct api_work api_records_list = {.steps = {{.place = AT_READ, .run = list}}};
const struct api_work api_records_view = {.steps = {{.place = AT_READ, .run = view}}};

/* --- writes --------------------------------------------------------------------------------- */

static struct err *draft(struct api_call *call, enum rec_action action, const char *missing)
{
    struct rec_request request = {.action = action,
                                  .actor = &call->actor,
                                  .id = call->req->params[1],
                                  .expand = api_query(call, STR("expand")),
                                  .condition = api_condition(call),
                                  .gone = &call->req->gone};
    struct rec_draft *draft;
    struct err *err;

    err = api_collection(call, missing, &request.col);
    if (!err && action != REC_DELETE && request.col->type == SCHEMA_VIEW)
        return err_new(call->arena, E_BAD_REQUEST, "Unsupported collection type.", "a view");
    if (!err)
        err = api_body(call, &request.body);
    request.uploads = call->uploads;
    request.n_uploads = call->n_uploads;
    if (!err)
        err = rec_draft_new(call->arena, &request, &draft);
    if (!err)
        err = rec_draft_read(call->arena, call->conn, draft);
    call->state = err ? NULL : draft;
    return err;
}

static struct err *draft_create(struct api_call *call)
{
    return draft(call, REC_CREATE, MISSING_OR_INVALID_CONTEXT);
}

static struct err *draft_update(struct api_call *call)
{
    return draft(call, REC_UPDATE, MISSING_OR_INVALID_CONTEXT);
}

static struct err *draft_delete(struct api_call *call)
{
    return draft(call, REC_DELETE, MISSING_CONTEXT);
}

static bool needs_hash(const struct api_call *call)
{
    return rec_draft_needs_hash(call->state);
}

static struct err *hash(struct api_call *call)
{
    return rec_draft_hash(call->arena, call->state);
}

static bool needs_store(const struct api_call *call)
{
    return rec_draft_needs_store(call->state);
}

static struct err *store(struct api_call *call)
{
    return rec_draft_store(call->arena, call->state);
}

static bool needs_match(const struct api_call *call)
{
    return rec_draft_needs_match(call->state);
}

static struct err *match(struct api_call *call)
{
    return rec_draft_match(call->arena, call->state);
}

static bool is_heard(const struct api_call *call)
{
    return rec_draft_is_heard(call->state);
}

static struct err *run_heard(struct api_call *call)
{
    struct rec_written *written = NULL;
    struct err *err = rec_draft_run_heard(call->arena, call->api->db, call->state, &written);

    call->committed = written != NULL;
    call->out = written ? written : ARENA_NEW(call->arena, struct rec_written);
    return err;
}

static bool is_leased(const struct api_call *call)
{
    return !is_heard(call) && rec_draft_is_leased(call->state);
}

static bool is_grouped(const struct api_call *call)
{
    return !is_heard(call) && !rec_draft_is_leased(call->state);
}

static void undo(struct api_call *call)
{
    if (call->state)
        rec_draft_discard(call->state);
    call->state = NULL;
}

/* clang-format off */
#define SAVE(make_draft)                                             \
    {                                                                \
        .steps = {                                                   \
            {.place = AT_READ, .run = make_draft},                   \
            {.place = AT_HASH, .run = hash, .needed = needs_hash},   \
            {.place = AT_POOL, .run = store, .needed = needs_store}, \
            {.place = AT_POOL, .run = match, .needed = needs_match}, \
            {.place = AT_POOL, .run = run_heard, .needed = is_heard, \
             .decides = true},                                       \
            {.place = AT_UNIT, .unit = rec_draft_run,                \
             .needed = is_grouped},                                  \
            {.place = AT_LOOP, .run = api_send_written},             \
        },                                                           \
        .undo = undo,                                                \
    }

const struct api_work api_records_create = SAVE(draft_create);
const struct api_work api_records_update = SAVE(draft_update);
const struct api_work api_records_delete = {
    .steps = {
        {.place = AT_READ, .run = draft_delete},
        {.place = AT_POOL, .run = run_heard, .needed = is_heard, .decides = true},
        {.place = AT_LEASE, .unit = rec_draft_run, .needed = is_leased},
        {.place = AT_UNIT, .unit = rec_draft_run, .needed = is_grouped},
        {.place = AT_LOOP, .run = api_send_written},
    },
};
/* clang-format on */
