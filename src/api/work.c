/*
 * A call's way through its steps (design.md 4.2).
 *
 * Invariants
 *  1. A call is in one place at a time: its loop, a pool thread, or the writer's queue; whoever has
 *     it hands it on exactly once. Between steps it is on its loop, and api_answer() ends it there.
 *  2. Steps may run again from the first one: what they leave outside the database and the call's
 *     arena is for the work's undo.
 *  3. No answer is written under one schema from rows of another: reads compare the generation
 *     once their snapshot has begun (db_read_begin_at), units before they do anything.
 *  4. What was refused has not been done, also where it was refused while it waited: a unit starts
 *     only for a client that has not been told so, and is not refused from then on.
 */
#include "api/internal.h"
#include "api/upload.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"

static void step_back(struct req *req);
static void go_on(struct api_call *call);

static void empty_answer(struct api_call *call)
{
    buf_reset(&call->req->resp.body);
    buf_reset(&call->req->resp.headers);
}

/* --- the pool --------------------------------------------------------------------------------- */

/* For its turn in the pool: longer than what it asks for may take. */
static bool waited_too_long(const struct api_call *call)
{
    uint64_t most_us = call->api->query_timeout_s * UINT64_C(1000000);

    return most_us && clock_us() - call->queued_us > most_us;
}

/* --- reads ------------------------------------------------------------------------------------ */

/* Before the first step comes who is asking. */
static struct err *run_step(struct api_call *call)
{
    struct err *err;

    if (call->step == call->first) {
        err = api_identify(call);
        if (err)
            return err;
    }
    timing_step_begins(call);
    err = call->step->run(call);
    timing_step_ends(call);
    return err;
}

static struct err *run_reading(void *user, struct db_conn *conn)
{
    struct api_call *call = user;
    struct err *err;

    call->conn = conn;
    err = call->is_slow ? api_watch_slow(call, run_step) : run_step(call);
    call->conn = NULL;
    return err;
}

/* Inside a read transaction of the running thread. cpu_us 0: no budget. */
static struct err *try_read(struct api_call *call, uint64_t cpu_us)
{
    const struct api_read read = {.arena = call->arena,
                                  .api = call->api,
                                  .schema = call->schema,
                                  .limits = {.cpu_us = cpu_us, .gone = &call->req->gone},
                                  .run = run_reading,
                                  .user = call,
                                  .ret_version = &call->db_version};

    return api_read(&read);
}

/* The snapshots as they are now, for a step that was stale. */
static struct err *renew(struct api_call *call)
{
    struct err *err = NULL;

    empty_answer(call);
    if (call->schema->db_version != call->db_version)
        err = call->api->follow_schema(call->api->user, call->arena, call->db_version);
    api_call_renew(call);
    return err;
}

/* A first step begins anew where it is: back on the loop it might be stale again before its turn in
 * the pool came. */
static struct err *read_step(struct api_call *call, uint64_t cpu_us)
{
    struct err *err = try_read(call, cpu_us);

    while (call->step == call->first && err && err->kind == E_STALE &&
           ++call->tries < API_STALE_TRIES) {
        err = renew(call);
        if (!err)
            err = try_read(call, cpu_us);
    }
    return err;
}

/* Without a budget: in a lane where others wait for it, but no loop does. */
static void read_in_turn(struct job *job)
{
    struct api_call *call = api_call_of(job);

    call->err = waited_too_long(call) ? api_busy(call, "reads before it took too long")
                                      : read_step(call, 0);
    req_resume(call->req, step_back, true);
}

/* Of one that a loop may not read: what a step makes of it takes as long. */
static bool has_large_body(const struct api_call *call)
{
    return call->req->body.n > LIMIT_INLINE_BODY_BYTES || upload_spool(call->req);
}

static bool is_over_budget(const struct api_call *call)
{
    return call->err && call->err->kind == E_OVER_BUDGET;
}

/* The time that a large body took to be parsed is not the query's: it has its budget once more. */
static void read_on_pool(struct job *job)
{
    struct api_call *call = api_call_of(job);

    call->err = read_step(call, LIMIT_WORK_CPU_US);
    if (is_over_budget(call) && has_large_body(call)) {
        empty_answer(call);
        call->err = read_step(call, LIMIT_WORK_CPU_US);
    }
    if (is_over_budget(call)) {
        empty_answer(call);
        if (api_to_pool(call, POOL_SLOW, read_in_turn))
            return;
    }
    req_resume(call->req, step_back, true);
}

/* --- units of work ---------------------------------------------------------------------------- */

static struct err *run_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct api_call *call = in;
    struct err *err = schema_check_fresh(a, call->schema, tx);

    return err ? err : call->step->unit(tx, call->state, a, ret_out);
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

static void run_leased(struct job *job)
{
    struct api_call *call = api_call_of(job);
    const struct api_step *step = call->step;
    struct db_lease lease = {.timeout_s = step->timeout_s ? step->timeout_s(call)
                                                          : call->api->query_timeout_s,
                             .wait_s = call->api->query_timeout_s,
                             .gone = &call->req->gone,
                             .changes_schema = step->changes_schema,
                             .published = step->changes_schema ? schema_changed : NULL,
                             .user = call,
                             .ret_ends = &call->ends};
    uint64_t end_us = clock_us() + lease.timeout_s * UINT64_C(1000000);

    call->out_of_time = false;
    call->leased = true;
    if (waited_too_long(call)) {
        call->err = api_busy(call, "leases before it took too long");
    } else {
        timing_write_begins(call);
        call->err = db_run_leased(call->arena, call->api->db, &lease, run_unit, call, &call->out);
        timing_write_ends(call);
        call->out_of_time = lease.timeout_s && clock_us() >= end_us;
        call->committed |= !call->err;
    }
    req_resume(call->req, step_back, true);
}

static void unit_done(struct db_unit *unit, struct err *err, void *out)
{
    struct api_call *call = unit->user;

    timing_write_ends(call);

    call->err = err;
    call->out = out;
    call->ends = unit->after.ends;
    call->committed |= !err;
    req_resume(call->req, step_back, false); /* group_done wakes the loops */
}

/* What listeners say to the unit that is over: an error of theirs is the call's, though all of it
 * is stored. */
static void run_ends(struct job *job)
{
    struct api_call *call = api_call_of(job);
    struct err *err = db_ends_run(TAKE(call->ends), call->err);

    if (!call->err)
        call->err = err;
    req_resume(call->req, step_back, true);
}

/* Who waited long may have left, and more wait behind. */
static bool is_for_nobody(const struct api_call *call)
{
    return call->req->stake != REQ_DECIDED && atomic_load(&call->req->gone);
}

static void run_on_pool(struct job *job)
{
    struct api_call *call = api_call_of(job);

    call->err = is_for_nobody(call) ? err_new(call->arena, E_GONE, NULL, "the client has left")
                                    : call->step->run(call);
    req_resume(call->req, step_back, true);
}

/* --- starting a step, by its place: false when it is over already, as call->err says -------- */

static bool start_read(struct api_call *call)
{
    call->is_slow = false;
    if (!has_large_body(call)) {
        call->err = read_step(call, LIMIT_INLINE_CPU_US);
        if (!is_over_budget(call))
            return false;
        call->is_slow = true;
        empty_answer(call);
    }
    return api_to_pool(call, POOL_WORK, read_on_pool);
}

static bool start_unit(struct api_call *call)
{
    struct arena *a = arena_child(call->arena); /* the unit's own: it may run again */

    call->leased = false;
    timing_write_begins(call);
    call->unit = (struct db_unit){.run = run_unit,
                                  .in = call,
                                  .arena = a,
                                  .gone = &call->req->gone,
                                  .done = unit_done,
                                  .user = call};
    if (db_submit(call->api->db, &call->unit))
        return true;
    call->err = api_busy(call, "the write queue is full");
    return false;
}

static bool start_store(struct api_call *call)
{
    const bool waits = file_store_is_remote(call->api->files);

    return api_to_pool(call, waits ? POOL_REMOTE : POOL_WORK, run_on_pool);
}

static const struct place {
    bool reads;
    bool identifies; /* may be a call's first: before it, it is found out who asks */
    bool decides;    /* the client is not refused from here on */
    bool undoes;     /* the same, but what it does ends with its client */
    bool (*start)(struct api_call *call); /* on the loop; NULL: */
    enum pool_lane lane;
    void (*run)(struct job *job);
} places[] = {
    [AT_LOOP] = {.identifies = true}, /* neither */
    [AT_READ] = {.reads = true, .identifies = true, .start = start_read},
    [AT_POOL_READ] = {.reads = true, .identifies = true, .lane = POOL_WORK, .run = read_in_turn},
    [AT_STORE] = {.start = start_store},
    [AT_REMOTE] = {.lane = POOL_REMOTE, .run = run_on_pool},
    [AT_PROVIDER] = {.lane = POOL_PROVIDER, .run = run_on_pool},
    [AT_MAIL] = {.lane = POOL_MAIL, .run = run_on_pool},
    [AT_POOL] = {.lane = POOL_WORK, .run = run_on_pool},
    [AT_CONSOLE] = {.lane = POOL_CONSOLE, .run = run_on_pool},
    [AT_CONSOLE_HELD] = {.undoes = true, .lane = POOL_LEASE, .run = run_on_pool},
    [AT_IMAGE] = {.lane = POOL_IMAGE, .run = run_on_pool},
    [AT_HASH] = {.lane = POOL_HASH, .run = run_on_pool},
    [AT_HEARD] = {.decides = true, .lane = POOL_HEARD, .run = run_on_pool},
    [AT_UNIT] = {.decides = true, .start = start_unit},
    [AT_LEASE] = {.decides = true, .lane = POOL_LEASE, .run = run_leased},
};

/* The first step of a call with a token reads, wherever it runs. Calls that wait for the database
 * do so on threads of their own, without a budget: that is for those that compute. */
static bool start_step(struct api_call *call, enum api_place at)
{
    const struct place *place = &places[at];

    if (at == AT_LOOP && call->step == call->first &&
        req_header(call->req, STR("Authorization")).n > 0)
        place = &places[AT_READ];
    if (place->decides)
        call->req->stake = REQ_DECIDED;
    else if (place->undoes)
        call->req->stake = REQ_UNDOABLE;
    if (place->reads && db_blocks(call->api->db))
        return api_to_pool(call, POOL_DATABASE, read_in_turn);
    if (place->start)
        return place->start(call);
    if (place->run)
        return api_to_pool(call, place->lane, place->run);
    call->err = run_step(call);
    return false;
}

/* --- from step to step, on the loop --------------------------------------------------------- */

/* Whether the step that was stale, or one since that unit, reads what it goes by. */
static bool has_read_since(const struct api_call *call)
{
    for (const struct api_step *step = call->anew; step <= call->step; step++)
        if (places[step->place].reads)
            return true;
    return false;
}

/* What a unit has committed is not done twice: it begins behind that, with who asks. */
static bool begins_anew(struct api_call *call, const struct err *err)
{
    if (err->kind != E_STALE || ++call->tries >= API_STALE_TRIES)
        return false;
    if (call->committed && (call->anew == call->work->steps || !has_read_since(call)))
        return false;
    if (call->work->undo && !call->committed)
        call->work->undo(call);
    empty_answer(call);
    api_call_borrow(call);
    call->step = call->first = call->anew;
    return true;
}

static void wait_over(struct req *req);

/* Answers, once the call has waited as long as it is to. */
static void end(struct api_call *call, struct err *err)
{
    const unsigned ms = call->wait_ms < REQ_PAUSE_MOST_MS ? call->wait_ms : REQ_PAUSE_MOST_MS;

    if (ms == 0 || atomic_load(&call->req->gone)) {
        api_answer(call, err);
        return;
    }
    call->err = err;
    call->wait_ms -= ms;
    req_pause(call->req, ms, wait_over);
}

static void wait_over(struct req *req)
{
    struct api_call *call = req->user;

    end(call, call->err);
}

/* The step that is over. False: the call is elsewhere, or has been answered. */
static bool step_ended(struct api_call *call)
{
    const struct api_step *step = call->step;

    if (call->ends && api_to_pool(call, POOL_HEARD, run_ends))
        return false;
    if (call->err && begins_anew(call, call->err))
        return true;
    if (is_over_budget(call) && step->place == AT_UNIT && !call->leased &&
        start_step(call, AT_LEASE))
        return false;
    if (call->err && !step->may_fail) {
        end(call, call->err);
        return false;
    }
    call->step += !step->repeats;
    if (step->unit && !call->err && !step->repeats)
        call->anew = call->step;
    return true;
}

/* To the next one that is needed. False: the call is over. */
static bool find_step(struct api_call *call)
{
    const struct api_step *end = call->work->steps + API_STEPS;

    for (; call->step < end && (call->step->run || call->step->unit); call->step++) {
        if (!call->step->needed || call->step->needed(call))
            return true;
        if (call->first == call->step) /* who asks is found out before the one that runs */
            call->first++;
    }
    return false;
}

/* One that is given up may have been told that it is refused, or has nobody to answer. */
static void go_on(struct api_call *call)
{
    struct err *err = NULL;

    do {
        bool found = find_step(call);

        if (found && call->req->stake != REQ_DECIDED && atomic_load(&call->req->gone))
            err = err_new(call->arena, E_GONE, NULL, "the client has left");
        if (!found || err) {
            end(call, err);
            return;
        }
        if (start_step(call, call->step->place))
            return;
    } while (step_ended(call));
}

static void step_back(struct req *req)
{
    struct api_call *call = req->user;

    if (step_ended(call))
        go_on(call);
}

void api_work_start(struct api_call *call)
{
    const struct api_step *steps = call->work->steps;

    for (size_t i = 0; i < API_STEPS && (steps[i].run || steps[i].unit); i++)
        call->writes |= steps[i].unit != NULL;
    if (!places[steps[0].place].identifies)
        BUG("a call begins without asking who calls");
    call->req->stake = call->writes ? REQ_AWAITED : REQ_DROPPABLE;
    call->step = call->first = call->anew = steps;
    go_on(call);
}
