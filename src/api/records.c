/*
 * /api/collections/{collection}/records (records.md).
 */
#include "api/internal.h"
#include "api/rate.h"

#define MISSING_CONTEXT "Missing collection context."
#define MISSING_OR_INVALID_CONTEXT "Missing or invalid collection context."

/* The row is read once more: what was shown of it does not make its version. */
static struct err *tag_record(struct api_call *call, const struct rec_condition *condition,
                              const struct schema_col *col)
{
    struct rec *rec;
    struct err *err = rec_find(call->arena, call->conn, col, call->req->params[1], &rec);

    if (err || !rec)
        return err;
    return api_etag_view(call, condition, rec_version(call->arena, call->schema, rec),
                         API_OTHER_RECORD);
}

static struct err *view_record(struct api_call *call)
{
    const struct rec_condition *condition = api_condition(call);
    const struct schema_col *col;
    struct err *err;

    err = api_collection(call, MISSING_CONTEXT, &col);
    if (!err)
        err = api_body(call, &call->caller.actor.request.body);
    if (!err)
        err = rec_view(call->arena, call->conn, &call->caller.actor, col, call->req->params[1],
                       req_query_get(call->req, STR("expand")), api_picker(call),
                       &call->req->resp.body);
    if (err)
        return err;
    req_answer_json(call->req, 200);
    return condition ? tag_record(call, condition, col) : NULL;
}

const struct api_work api_records_view = {.steps = {{.place = AT_READ, .run = view_record}}};

/* --- writes --------------------------------------------------------------------------------- */

/* The step's `what` is the action. */
static struct err *make_draft(struct api_call *call)
{
    const enum rec_action action = (enum rec_action)call->step->what;
    struct rec_request request = {.action = action,
                                  .actor = &call->caller.actor,
                                  .id = call->req->params[1],
                                  .expand = req_query_get(call->req, STR("expand")),
                                  .picker = api_picker(call),
                                  .condition = api_condition(call),
                                  .gone = &call->req->gone};
    struct rec_draft *draft;
    struct err *err;

    err = api_collection(call, action == REC_DELETE ? MISSING_CONTEXT : MISSING_OR_INVALID_CONTEXT,
                         &request.col);
    if (!err && action != REC_DELETE && request.col->type == SCHEMA_VIEW)
        return err_new(call->arena, E_BAD_REQUEST, "Unsupported collection type.", "a view");
    if (!err && !call->req->unread)
        err = api_body(call, &request.body);
    request.uploads = call->uploads;
    request.n_uploads = call->n_uploads;
    if (!err)
        err = rec_draft_new(call->arena, &request, &draft);
    if (!err && call->req->unread)
        err = err_new(call->arena, E_UNAVAILABLE, NULL, "the rule is another one by now");
    if (!err)
        err = rec_draft_read(call->arena, call->conn, draft);
    call->state = err ? NULL : draft;
    return err;
}

/* Whether it comes to what the step's `what` says. */
static bool is_next(const struct api_call *call)
{
    return rec_draft_next(call->state) == (enum rec_next)call->step->what;
}

static struct err *complete_draft(struct api_call *call)
{
    return rec_draft_go_on(call->arena, call->state);
}

static struct err *judge_draft(struct api_call *call)
{
    return rec_draft_judge(call->arena, call->conn, call->state);
}

static struct err *run_heard(struct api_call *call)
{
    struct rec_written *written = NULL;
    struct err *err = rec_draft_run_heard(call->arena, call->api->db, call->state, &written);

    call->committed = written != NULL;
    if (!written || !written->now) /* kept by a listener; a delete has no files */
        rec_draft_discard(call->state);
    call->out = written ? written : ARENA_NEW(call->arena, struct rec_written);
    return err;
}

/* Guesses at an old password are counted and slowed as those of logins are. */
static struct err *answer_update(struct api_call *call)
{
    if (!call->err)
        return api_send_written(call);
    if (rate_is_wrong_password(call->err))
        call->wait_ms = rate_wrong_password_ms(
            call,
            rate_account(schema_find(call->schema, call->req->params[0]), call->req->params[1]));
    return call->err;
}

static void discard_draft(struct api_call *call)
{
    if (call->state)
        rec_draft_discard(call->state);
    call->state = NULL;
}

/* clang-format off */
/* fails: whether the answer is told of its errors, too. */
#define SAVE(action, answer, fails)                                                               \
    {                                                                                             \
        .steps = {                                                                                \
            {.place = AT_READ, .run = make_draft, .what = action},                                \
            {.place = AT_HASH, .run = complete_draft, .needed = is_next, .what = REC_HASH},       \
            {.place = AT_POOL, .run = complete_draft, .needed = is_next, .what = REC_LOOK},       \
            {.place = AT_POOL, .run = complete_draft, .needed = is_next, .what = REC_MATCH},      \
            {.place = AT_READ, .run = judge_draft, .needed = is_next, .what = REC_JUDGE},         \
            {.place = AT_STORE, .run = complete_draft, .needed = is_next, .what = REC_STORE},     \
            {.place = AT_HEARD, .run = run_heard, .needed = is_next, .what = REC_HEARD,           \
             .may_fail = fails},                                                                  \
            {.place = AT_UNIT, .unit = rec_draft_run, .needed = is_next, .what = REC_RUN,         \
             .may_fail = fails},                                                                  \
            {.place = AT_LOOP, .run = answer},                                                    \
        },                                                                                        \
        .undo = discard_draft,                                                                    \
    }

const struct api_work api_records_create = SAVE(REC_CREATE, api_send_written, false);
const struct api_work api_records_update = SAVE(REC_UPDATE, answer_update, true);
const struct api_work api_records_delete = {
    .steps = {
        {.place = AT_READ, .run = make_draft, .what = REC_DELETE},
        {.place = AT_HEARD, .run = run_heard, .needed = is_next, .what = REC_HEARD},
        {.place = AT_LEASE, .unit = rec_draft_run, .needed = is_next, .what = REC_LEASED},
        {.place = AT_UNIT, .unit = rec_draft_run, .needed = is_next, .what = REC_RUN},
        {.place = AT_LOOP, .run = api_send_written},
    },
};
/* clang-format on */
