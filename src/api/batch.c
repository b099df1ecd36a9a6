/*
 * POST /api/batch (records.md 14): the steps of it.
 *
 * Invariants
 *  1. Passwords are hashed before the write connection is leased, and each waits for its turn in
 *     the lane: a batch of many users keeps no login waiting longer than one hash.
 *  2. Files are stored before the lease, too, and removed again when the batch fails.
 *  3. The batch's timeout is for the work of all its steps together, not for its waits in between.
 */
#include "api/batch.h"
#include "api/rate.h"

#include "base/date.h"

#define DEFAULT_TIMEOUT_S 3
#define US_PER_S UINT64_C(1000000)

/* --- its time ------------------------------------------------------------------------------- */

static uint64_t limit_us(const struct api_call *call)
{
    int64_t seconds = call->settings->batch.timeout_s;

    if (seconds <= 0)
        seconds = DEFAULT_TIMEOUT_S;
    return (seconds < UINT32_MAX ? (uint64_t)seconds : UINT32_MAX) * US_PER_S;
}

/* A lease counts whole seconds, and none would be no limit: the unit looks at the rest itself. */
static unsigned lease_timeout_s(const struct api_call *call)
{
    uint64_t left_us = batch_left_us(call->state, clock_us());

    return left_us > US_PER_S ? (unsigned)((left_us + US_PER_S - 1) / US_PER_S) : 1;
}

/* --- preparing ------------------------------------------------------------------------------ */

static struct err *prepare_batch(struct api_call *call)
{
    const uint64_t begun_us = clock_us();
    struct batch *batch = ARENA_NEW(call->arena, struct batch);
    struct batch_headers headers;
    struct batch_request *requests;
    struct err *err = batch_read(call, &requests, &batch->n);

    if (err)
        return err;
    batch->matches = rec_matches_new(call->arena, NULL);
    batch->refused = ARENA_NEW(call->arena, struct batch_refused);
    call->state = batch;
    batch_headers_init(call, &headers);
    err = batch_files_deal(call, requests, batch->n);
    if (err)
        return err;
    batch->items = ARENA_ARRAY(call->arena, struct batch_item, batch->n);
    for (size_t i = 0; i < batch->n; i++) {
        batch_item_init(call, &headers, &requests[i], i, &batch->items[i]);
        err = db_check_limits(call->arena, call->conn);
        if (err)
            return err;
    }
    batch->limit_us = limit_us(call);
    batch->spent_us = clock_us() - begun_us;
    return NULL;
}

/* Leaves n_hashed at the item whose turn it is. */
static bool is_hash_left(const struct api_call *call)
{
    struct batch *batch = call->state;

    for (; batch->n_hashed < batch->n; batch->n_hashed++) {
        const struct batch_item *item = &batch->items[batch->n_hashed];

        if (batch_item_fails(item))
            return false;
        if (batch_try_next(&item->tries[AS_SENT]) == REC_HASH ||
            batch_try_next(&item->tries[AS_UPDATE]) == REC_HASH)
            return true;
    }
    return false;
}

static struct err *hash_next(struct api_call *call)
{
    const uint64_t begun_us = clock_us();
    struct batch *batch = call->state;
    struct batch_item *item = &batch->items[batch->n_hashed++];

    for (size_t t = 0; t < BATCH_TRIES; t++) {
        struct batch_try *attempt = &item->tries[t];

        if (batch_try_next(attempt) == REC_HASH)
            attempt->err = rec_draft_go_on(call->arena, attempt->draft);
    }
    batch->spent_us += clock_us() - begun_us;
    return batch_left_us(batch, clock_us()) ? NULL : batch_late_err(call->arena);
}

/* --- running -------------------------------------------------------------------------------- */

static struct err *send_answers(struct api_call *call)
{
    const struct batch_written *written = call->out;
    const struct batch *batch = call->state;
    const struct batch_item *guess = batch->refused->guess;

    if (call->err && guess)
        call->wait_ms = rate_wrong_password_ms(call, rate_account(guess->col, guess->id));
    if (call->committed)
        batch_files_discard(call->state, written->used);
    if (call->err && call->err->kind == E_UNAVAILABLE && call->out_of_time)
        return err_new(call->arena, E_BAD_REQUEST, BATCH_FAILED, "batch: %.*s",
                       STR_ARG(call->err->cause));
    if (call->err)
        return call->err;
    buf_add(&call->req->resp.body, written->body);
    req_answer_json(call->req, 200);
    return NULL;
}

static void undo_batch(struct api_call *call)
{
    if (call->state)
        batch_files_discard(call->state, NULL);
    call->state = NULL;
}

/* clang-format off */
const struct api_work api_batch = {
    .steps = {
        {.place = AT_POOL_READ, .run = prepare_batch},
        {.place = AT_HASH, .run = hash_next, .needed = is_hash_left, .repeats = true},
        {.place = AT_STORE, .run = batch_files_store, .needed = batch_files_wait},
        {.place = AT_LEASE, .unit = batch_run, .timeout_s = lease_timeout_s, .may_fail = true},
        {.place = AT_LOOP, .run = send_answers},
    },
    .undo = undo_batch,
};
/* clang-format on */
