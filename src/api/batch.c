/*
 * POST /api/batch (records.md 14): a call's way through the threads.
 *
 *   loop -> pool: requests become drafts -> hash lane, a password a turn -> pool: files are stored,
 *   long texts matched -> lease lane: the unit -> loop
 *
 * Invariants
 *  1. Passwords are hashed before the write connection is leased, and each waits for its turn in
 *     the lane: a batch of many users keeps no login waiting longer than one hash.
 *  2. Files are stored before the lease, too, and removed again when the batch fails.
 *  3. After a schema change all of it begins again, on the schema as it is now.
 */
#include "api/batch.h"

#include "base/date.h"

#define DEFAULT_TIMEOUT_S 3

static void prepare_on_pool(struct job *job);
static void hash_next(struct job *job);
static void store_on_pool(struct job *job);
static void run_on_pool(struct job *job);

static void answer_on_loop(struct req *req)
{
    struct api_call *call = req->user;

    api_answer(call, call->err);
}

static void finish(struct api_call *call)
{
    req_resume(call->req, answer_on_loop, true);
}

/* --- preparing -------------------------------------------------------------------------------- */

struct err *api_batch(struct api_call *call)
{
    struct batch *batch = ARENA_NEW(call->arena, struct batch);
    struct batch_headers headers;
    struct batch_request *requests;
    struct err *err = batch_read(call, &requests, &batch->n);

    if (err)
        return err;
    batch->call = call;
    batch->matches = rec_matches_new(call->arena, NULL);
    call->batch = batch;
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
    return NULL;
}

static bool needs_hash(const struct batch_try *attempt)
{
    return attempt->draft && !attempt->err && rec_draft_needs_hash(attempt->draft);
}

/* The item whose turn it is, or NULL. */
static struct batch_item *next_to_hash(struct batch *batch)
{
    for (; batch->n_hashed < batch->n; batch->n_hashed++) {
        struct batch_item *item = &batch->items[batch->n_hashed];

        if (needs_hash(&item->as_sent) || needs_hash(&item->as_update))
            return item;
    }
    return NULL;
}

static void prepare_on_pool(struct job *job)
{
    struct api_call *call = api_call_of_job(job);

    call->err = api_prepare(call);
    if (call->err)
        finish(call);
    else if (next_to_hash(call->batch))
        api_pass_on(call, POOL_HASH, hash_next);
    else
        store_on_pool(job);
}

static void hash_try(struct arena *a, struct batch_try *attempt)
{
    if (needs_hash(attempt))
        attempt->err = rec_draft_hash(a, attempt->draft);
}

static void hash_next(struct job *job)
{
    struct api_call *call = api_call_of_job(job);
    struct batch_item *item = next_to_hash(call->batch);

    hash_try(call->arena, &item->as_sent);
    hash_try(call->arena, &item->as_update);
    call->batch->n_hashed++;
    if (next_to_hash(call->batch) && !atomic_load(&call->req->gone))
        api_pass_on(call, POOL_HASH, hash_next);
    else
        api_pass_on(call, POOL_WORK, store_on_pool);
}

/* --- running ---------------------------------------------------------------------------------- */

static unsigned timeout_s(const struct api_call *call)
{
    int64_t seconds = call->settings->batch.timeout_s;

    if (seconds <= 0)
        return DEFAULT_TIMEOUT_S;
    return seconds < UINT32_MAX ? (unsigned)seconds : UINT32_MAX;
}

static struct err *run_leased(struct api_call *call)
{
    struct db_lease lease = {.timeout_s = timeout_s(call), .gone = &call->req->gone};
    uint64_t end_us = clock_us() + lease.timeout_s * UINT64_C(1000000);
    const struct batch_written *written;
    struct err *err;
    void *out;

    err = db_run_leased(call->arena, call->api->db, &lease, batch_run, call->batch, &out);
    if (err && err->kind == E_UNAVAILABLE && clock_us() >= end_us)
        return err_new(call->arena, E_BAD_REQUEST, BATCH_FAILED, "batch: %.*s",
                       STR_ARG(err->cause));
    if (err)
        return err;
    written = out;
    batch_files_discard(call->batch, written->updated);
    buf_add(&call->req->resp.body, written->body);
    req_answer_json(call->req, 200);
    return NULL;
}

static void store_on_pool(struct job *job)
{
    struct api_call *call = api_call_of_job(job);
    struct err *busy;

    batch_files_store(call->batch);
    busy = api_submit(call, POOL_LEASE, run_on_pool);
    if (!busy)
        return;
    batch_files_discard(call->batch, NULL);
    call->err = busy;
    finish(call);
}

static void run_on_pool(struct job *job)
{
    struct api_call *call = api_call_of_job(job);

    call->err = run_leased(call);
    if (call->err)
        batch_files_discard(call->batch, NULL);
    if (call->err && call->err->kind == E_STALE && ++call->tries < API_STALE_TRIES) {
        api_call_snapshots(call);
        api_pass_on(call, POOL_WORK, prepare_on_pool);
        return;
    }
    finish(call);
}

void api_batch_start(struct api_call *call)
{
    api_to_pool(call, POOL_WORK, prepare_on_pool);
}
