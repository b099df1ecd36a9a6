#include "api/timing.h"

#include "api/internal.h"
#include "base/date.h"

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

/* `name;dur=1.234`, in milliseconds. Without printf: it is in each answer to a superuser. */
static void add(struct buf *out, struct str name, uint64_t us)
{
    const unsigned rest = (unsigned)(us % 1000);

    buf_add(out, name);
    BUF_ADD(out, ";dur=");
    buf_add_u64(out, us / 1000);
    buf_add_byte(out, '.');
    buf_add_byte(out, (char)('0' + rest / 100));
    buf_add_byte(out, (char)('0' + rest / 10 % 10));
    buf_add_byte(out, (char)('0' + rest % 10));
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
    add(out, STR("auth"), timing->auth_us);
    add(out, STR(", rule"), timing->rule.us);
    add(out, STR(", sql"), timing->sql_us);
    BUF_ADD(out, ";desc=\"");
    buf_add_u64(out, timing->n_statements);
    BUF_ADD(out, " statements\", rows;desc=\"");
    buf_add_u64(out, timing->n_rows);
    BUF_ADD(out, "\"");
    add(out, STR(", json"), timing->steps_us > told_us ? timing->steps_us - told_us : 0);
    add(out, STR(", write"), timing->write_us);
    add(out, STR(", total"), call->ended_us - call->req->began_us);
    BUF_ADD(out, "\r\n");
}
