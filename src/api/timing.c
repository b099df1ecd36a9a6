#include "api/timing.h"

#include "api/internal.h"
#include "base/date.h"

#include <inttypes.h>

static void begin(struct api_call *call)
{
    call->timing->began_us = clock_us();
}

static uint64_t since(const struct api_call *call)
{
    return clock_us() - call->timing->began_us;
}

void timing_step_begins(struct api_call *call)
{
    if (!call->caller.actor.superuser)
        return;
    if (!call->timing)
        call->timing = ARENA_NEW(call->arena, struct api_timing);
    if (call->step == call->first)
        call->timing->auth_us += clock_us() - call->identified_us;
    timing_use(&call->timing->rule);
    if (call->conn)
        db_trace(call->conn, &call->trace);
    begin(call);
}

void timing_step_ends(struct api_call *call)
{
    if (!call->timing)
        return;
    call->timing->steps_us += since(call);
    timing_use(NULL);
    if (call->conn && !call->slow)
        db_trace(call->conn, NULL);
}

void timing_write_begins(struct api_call *call)
{
    if (call->timing)
        begin(call);
}

void timing_write_ends(struct api_call *call)
{
    if (call->timing)
        call->timing->write_us += since(call);
}

void timing_traced(void *user, const struct db_traced *traced)
{
    struct api_call *call = user;

    if (call->slow)
        api_note_slow(call->slow, traced);
    if (!call->timing)
        return;
    call->timing->sql_us += traced->elapsed_us;
    call->timing->n_statements++;
    call->timing->n_rows += traced->rows;
}

/* `name;dur=1.234`, in milliseconds. */
static void add(struct buf *out, const char *name, uint64_t us)
{
    buf_addf(out, "%s;dur=%" PRIu64 ".%03u", name, us / 1000, (unsigned)(us % 1000));
}

void timing_tell(const struct api_call *call)
{
    const struct api_timing *timing = call->timing;
    struct buf *out = &call->req->resp.headers;
    uint64_t told_us;

    if (!timing)
        return;
    told_us = timing->rule.us + timing->sql_us;
    BUF_ADD(out, "Server-Timing: ");
    add(out, "auth", timing->auth_us);
    add(out, ", rule", timing->rule.us);
    add(out, ", sql", timing->sql_us);
    buf_addf(out, ";desc=\"%" PRIu64 " statements\", rows;desc=\"%" PRIu64 "\"",
             timing->n_statements, timing->n_rows);
    add(out, ", json", timing->steps_us > told_us ? timing->steps_us - told_us : 0);
    add(out, ", write", timing->write_us);
    add(out, ", total", clock_us() - call->req->began_us);
    BUF_ADD(out, "\r\n");
}
