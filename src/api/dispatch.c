/*
 * A call's way through the threads (design.md 4.2).
 *
 * Invariants
 *  1. A call is in one place at a time: its loop, a pool thread, or the writer's queue; whoever has
 * it hands it on exactly once, and api_answer() ends it on its loop.
 *  2. Handlers and drafts may run again from the start: nothing outside the database and the
 * answer's buffer remembers the first run.
 *  3. No answer is written under one schema from rows of another: reads compare the generation
 * after their snapshot has begun, units before they do anything.
 */
#include "api/internal.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"

static void write_submit(struct api_call *call);
static void write_store(struct job *job);
static void write_match(struct job *job);
static void write_prepare(struct api_call *call);
static void write_finish(struct req *req);
static void read_on_pool(struct job *job);
static void read_slow(struct job *job);

struct api_call *api_call_of_job(struct job *job)
{
    return ((struct req *)((char *)job - offsetof(struct req, job)))->user;
}

static void answer_on_loop(struct req *req)
{
    struct api_call *call = req->user;

    api_answer(call, call->err);
}

/* Said once a second: a server that is busy is so for many. */
static struct err *busy(struct api_call *call, const char *cause)
{
    static struct log_pace pace;
    struct err *err = err_new(call->arena, E_UNAVAILABLE, NULL, "%s", cause);

    err->retry_after_s = 1;
    err->logged = true;
    log_seldom(&pace, LOG_WARN, "api.busy", LOG_STR("path", call->req->path),
               LOG_CSTR("cause", cause));
    return err;
}

struct err *api_submit(struct api_call *call, enum pool_lane lane, void (*run)(struct job *job))
{
    struct job *job = &call->req->job;

    job->run = run;
    call->queued_us = clock_us();
    if (!job->client)
        job->client = settings_ip_client(api_real_ip(call->arena, call->req, call->settings));
    if (pool_submit(call->api->pool, lane, job))
        return NULL;
    return busy(call, "the pool's queue is full");
}

void api_to_pool(struct api_call *call, enum pool_lane lane, void (*run)(struct job *job))
{
    struct err *err = api_submit(call, lane, run);

    if (err)
        api_answer(call, err);
}

void api_pass_on(struct api_call *call, enum pool_lane lane, void (*run)(struct job *job))
{
    struct err *err = api_submit(call, lane, run);

    if (!err)
        return;
    call->err = err;
    req_resume(call->req, answer_on_loop, true);
}

static void answer_reset(struct api_call *call)
{
    buf_reset(&call->req->resp.body);
    buf_reset(&call->req->resp.headers);
}

static struct err *not_found(struct api_call *call)
{
    bool reads = str_eq(call->req->method, STR("GET")) || str_eq(call->req->method, STR("HEAD"));

    return err_new(call->arena, E_NOT_FOUND, reads ? "File not found." : NULL, "no such route");
}

static struct err *identify_and_handle(struct api_call *call)
{
    struct err *err = api_identify(call);

    if (err)
        return err;
    return call->route ? call->route->handle(call) : not_found(call);
}

static bool needs_database(const struct api_call *call)
{
    return (call->route && call->route->run != RUN_PLAIN) ||
           req_header(call->req, STR("Authorization")).n > 0;
}

/* One try inside a read transaction of the running thread. cpu_us 0: no budget. */
static struct err *try_read(struct api_call *call, uint64_t cpu_us,
                            struct err *(*run)(struct api_call *call))
{
    struct db_limits limits = {.cpu_us = cpu_us, .gone = &call->req->gone};
    struct err *err;

    if (!needs_database(call))
        return run(call);
    err = db_reader(call->arena, call->api->db, &call->conn);
    if (err)
        return err;
    db_set_limits(call->conn, &limits);
    err = db_read_begin(call->arena, call->conn);
    if (!err) {
        err = schema_check_fresh(call->arena, call->schema, call->conn);
        if (!err)
            err = run(call);
        db_read_end(call->conn);
    }
    db_set_limits(call->conn, NULL);
    return err;
}

/* After E_STALE: the snapshots as they are now. */
static struct err *refresh(struct api_call *call)
{
    struct err *err = NULL;

    answer_reset(call);
    if (call->schema->db_version != db_schema_version(call->conn))
        err = call->api->follow_schema(call->api->user, call->arena, db_schema_version(call->conn));
    api_call_snapshots(call);
    return err;
}

static struct err *read_call(struct api_call *call, uint64_t cpu_us,
                             struct err *(*run)(struct api_call *call))
{
    struct err *err = try_read(call, cpu_us, run);

    for (int i = 1; i < API_STALE_TRIES && err && err->kind == E_STALE; i++) {
        err = refresh(call);
        if (!err)
            err = try_read(call, cpu_us, run);
    }
    return err;
}

struct err *api_prepare(struct api_call *call)
{
    return read_call(call, 0, identify_and_handle);
}

/* For its turn in the pool: longer than what it asks for may take. */
static bool waited_too_long(const struct api_call *call)
{
    uint64_t most_us = call->api->query_timeout_s * UINT64_C(1000000);

    return most_us && clock_us() - call->queued_us > most_us;
}

/* --- reads ------------------------------------------------------------------------------------ */

static void read_on_loop(struct api_call *call)
{
    struct err *err = read_call(call, LIMIT_INLINE_CPU_US, identify_and_handle);

    if (err && err->kind == E_OVER_BUDGET) {
        answer_reset(call);
        api_to_pool(call, POOL_WORK, read_on_pool);
        return;
    }
    api_answer(call, err);
}

static void read_on_pool(struct job *job)
{
    struct api_call *call = api_call_of_job(job);

    call->err = read_call(call, LIMIT_WORK_CPU_US, identify_and_handle);
    if (call->err && call->err->kind == E_OVER_BUDGET) {
        answer_reset(call);
        api_pass_on(call, POOL_SLOW, read_slow);
        return;
    }
    req_resume(call->req, answer_on_loop, true);
}

static void read_slow(struct job *job)
{
    struct api_call *call = api_call_of_job(job);

    if (waited_too_long(call))
        call->err = busy(call, "slow reads before it took too long");
    else
        call->err = read_call(call, 0, identify_and_handle);
    req_resume(call->req, answer_on_loop, true);
}

/* --- logins: everything on a pool thread, the snapshot let go before the hash is compared -------
 */

static struct err *login(struct api_call *call)
{
    struct err *err = read_call(call, 0, api_identify);

    return err ? err : call->route->handle(call);
}

static void hash_on_pool(struct job *job)
{
    struct api_call *call = api_call_of_job(job);
    struct err *err = login(call);

    for (int i = 1; i < API_STALE_TRIES && err && err->kind == E_STALE; i++) {
        err = refresh(call);
        if (!err)
            err = login(call);
    }
    call->err = err;
    req_resume(call->req, answer_on_loop, true);
}

/* --- writes ----------------------------------------------------------------------------------- */

static struct err *write_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct api_call *call = in;
    struct err *err = schema_check_fresh(a, call->schema, tx);

    if (err)
        return err;
    if (call->lease.run)
        return call->lease.run(tx, call->lease.in, a, ret_out);
    return rec_draft_run(tx, call->draft, a, ret_out);
}

/* After the commit of a unit that changed collections. Should it fail, the next reader sees a
 * version that is not its snapshot's and tries again. */
static void schema_changed(void *user)
{
    struct api_call *call = user;
    struct err *err = call->api->follow_schema(call->api->user, call->arena, API_ANY_VERSION);

    if (err)
        log_error("schema.reload.failed", LOG_STR("cause", err->cause));
}

static void write_leased(struct job *job)
{
    struct api_call *call = api_call_of_job(job);
    struct db_lease lease = {.timeout_s = call->api->query_timeout_s,
                             .gone = &call->req->gone,
                             .published = call->lease.changes_schema ? schema_changed : NULL,
                             .user = call};

    if (waited_too_long(call))
        call->err = busy(call, "leases before it took too long");
    else
        call->err =
            db_run_leased(call->unit_arena, call->api->db, &lease, write_unit, call, &call->out);
    req_resume(call->req, write_finish, true);
}

static void write_finish(struct req *req)
{
    struct api_call *call = req->user;
    const struct rec_written *written = call->out;

    if (call->err && call->err->kind == E_STALE && ++call->tries < API_STALE_TRIES) {
        if (call->draft)
            rec_draft_discard(call->draft);
        api_call_snapshots(call);
        write_prepare(call);
        return;
    }
    if (call->err && call->err->kind == E_OVER_BUDGET) {
        api_to_pool(call, POOL_LEASE, write_leased);
        return;
    }
    if (!call->err && written->body.n > 0) {
        buf_add(&req->resp.body, written->body);
        api_etag_add(call, written->version);
        req_answer_json(req, 200);
    } else if (!call->err) {
        req_answer_empty(req, 204);
    }
    api_answer(call, call->err);
}

static void write_done(struct db_unit *unit, struct err *err, void *out)
{
    struct api_call *call = unit->user;

    call->err = err;
    call->out = out;
    req_resume(call->req, write_finish, false); /* group_done wakes the loops */
}

/* On the loop: the draft is complete. */
static void write_submit(struct api_call *call)
{
    if (atomic_load(&call->req->gone)) { /* it may have been told that it is refused */
        api_answer(call, err_new(call->arena, E_GONE, NULL, "the client has left"));
        return;
    }
    call->req->stake = REQ_DECIDED;
    if (!call->unit_arena)
        call->unit_arena = arena_child(call->arena);
    if (call->lease.run || rec_draft_is_leased(call->draft)) {
        api_to_pool(call, POOL_LEASE, write_leased);
        return;
    }
    call->unit = (struct db_unit){.run = write_unit,
                                  .in = call,
                                  .arena = call->unit_arena,
                                  .gone = &call->req->gone,
                                  .done = write_done,
                                  .user = call};
    if (db_submit(call->api->db, &call->unit))
        return;
    api_answer(call, busy(call, "the write queue is full"));
}

static void write_prepared(struct req *req)
{
    struct api_call *call = req->user;

    if (call->err)
        api_answer(call, call->err);
    else if (!call->lease.run && rec_draft_needs_store(call->draft))
        api_to_pool(call, POOL_WORK, write_store);
    else if (!call->lease.run && rec_draft_needs_match(call->draft))
        api_to_pool(call, POOL_WORK, write_match);
    else
        write_submit(call);
}

static void write_store(struct job *job)
{
    struct api_call *call = api_call_of_job(job);

    call->err = rec_draft_store(call->arena, call->draft);
    req_resume(call->req, write_prepared, true);
}

static void write_match(struct job *job)
{
    struct api_call *call = api_call_of_job(job);

    call->err = rec_draft_match(call->arena, call->draft);
    req_resume(call->req, write_prepared, true);
}

static void write_hash(struct job *job)
{
    struct api_call *call = api_call_of_job(job);

    call->err = rec_draft_hash(call->arena, call->draft);
    req_resume(call->req, write_prepared, true);
}

static void write_prepare(struct api_call *call)
{
    struct err *err = read_call(call, 0, identify_and_handle);

    call->err = err;
    if (!err && !call->lease.run && rec_draft_needs_hash(call->draft))
        api_to_pool(call, POOL_HASH, write_hash);
    else
        write_prepared(call->req);
}

/* --- the door --------------------------------------------------------------------------------- */

static void hash_start(struct api_call *call)
{
    api_to_pool(call, POOL_HASH, hash_on_pool);
}

void api_handle(void *user, struct req *req)
{
    static const struct {
        void (*start)(struct api_call *call);
        enum req_stake stake; /* as it starts: write_submit() raises it */
    } runs[] = {
        [RUN_PLAIN] = {read_on_loop, REQ_DROPPABLE}, [RUN_READ] = {read_on_loop, REQ_DROPPABLE},
        [RUN_WRITE] = {write_prepare, REQ_AWAITED},  [RUN_LEASE] = {write_prepare, REQ_AWAITED},
        [RUN_HASH] = {hash_start, REQ_DECIDED},      [RUN_BATCH] = {api_batch_start, REQ_DECIDED},
    };
    struct api_call *call = ARENA_NEW(req->arena, struct api_call);
    enum api_run run;

    call->req = req;
    call->arena = req->arena;
    call->api = user;
    call->route = api_route_of(req);
    req->user = call;
    run = call->route ? call->route->run : RUN_PLAIN;
    api_call_snapshots(call);
    req->stake = runs[run].stake;
    runs[run].start(call);
}

static uint64_t batch_limit(const struct api *api)
{
    AUTO(settings_unref) struct settings *settings = settings_current(api->settings);

    return settings->batch.max_body_size > 0 ? (uint64_t)settings->batch.max_body_size
                                             : LIMIT_BATCH_BYTES;
}

static uint64_t wanted_limit(void *user, const struct req *req)
{
    const struct api *api = user;
    const struct api_route *route = api_route_of(req);
    AUTO(schema_unref) struct schema *schema = NULL;
    const struct schema_col *col;

    if (route && route->run == RUN_BATCH)
        return batch_limit(api);
    if (!route || !route->record_body)
        return LIMIT_BODY_BYTES;
    schema = schema_current(api->schemas);
    col = schema_find(schema, req->params[0]);
    return col ? col->record_body_limit : LIMIT_BODY_BYTES;
}

uint64_t api_body_limit(void *user, const struct req *req)
{
    uint64_t limit = wanted_limit(user, req);

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
}
