/*
 * POST /api/sql: statements of a superuser (services.md 10), and what is ours beside it: readOnly,
 * maxRows, params, timeout.
 *
 * A query that begins as a write does is run in one transaction, and its rows are not told. Any
 * other is run as a read; where the engine finds that it would write, nothing has been done, and it
 * is run once more with the write connection held, each statement by itself.
 */
#include "api/sql.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"

#include <string.h>

#define TOO_LARGE "the result is too large: fewer rows or columns, please"
#define TOO_LONG "context deadline exceeded"

/* --- the answer ------------------------------------------------------------------------------ */

static void write_columns(void *user, const struct db_console_column *columns, unsigned n)
{
    struct api_call *call = user;
    struct sql_ask *ask = call->state;
    struct buf *out = &call->req->resp.body;

    ask->n_columns = n;
    ask->are_times = ARENA_ARRAY(call->arena, bool, n);
    for (unsigned i = 0; i < n; i++) {
        struct str type = arena_dup(call->arena, columns[i].type);

        for (size_t k = 0; k < type.n; k++)
            if (type.p[k] >= 'a' && type.p[k] <= 'z')
                ((char *)(uintptr_t)type.p)[k] -= 'a' - 'A';
        ask->are_times[i] = sql_type_is_time(type);
        if (i > 0)
            BUF_ADD(out, ",");
        BUF_ADD(out, "{\"name\":");
        json_write_text(out, columns[i].name);
        BUF_ADD(out, ",\"type\":");
        json_write_text(out, type);
        BUF_ADD(out, ",\"nullable\":true}");
    }
    BUF_ADD(out, "],\"rows\":[");
}

static struct err *write_row(void *user, struct arena *a, const struct db_value *cells)
{
    struct api_call *call = user;
    struct sql_ask *ask = call->state;
    struct buf *out = &call->req->resp.body;

    buf_add(out, ask->has_rows ? STR(",[") : STR("["));
    ask->has_rows = true;
    for (unsigned i = 0; i < ask->n_columns; i++) {
        if (i > 0)
            BUF_ADD(out, ",");
        sql_cell_write(out, &cells[i], ask->are_times[i]);
    }
    BUF_ADD(out, "]");
    if (out->starved || memory_is_over())
        return err_starved(a, "rows of a query");
    return out->full ? sql_failed(call, STR(TOO_LARGE)) : NULL;
}

/* How long it took, and how many rows it has changed, are known last and told first. */
static void put_head(struct api_call *call)
{
    const struct sql_ask *ask = call->state;
    struct buf *body = &call->req->resp.body;
    struct str head =
        arena_printf(call->arena, "{\"execTime\":%llu,\"affectedRows\":%lld,\"columns\":[",
                     (unsigned long long)ask->took_ms, (long long)ask->told.n_rows);

    if (!buf_reserve(body, head.n))
        return;
    memmove(body->p + head.n, body->p, body->n);
    memcpy(body->p, head.p, head.n);
    buf_grew(body, head.n);
}

static struct err *answer(struct api_call *call)
{
    const struct sql_ask *ask = call->state;
    struct buf *body = &call->req->resp.body;

    if (!ask->are_times)
        BUF_ADD(body, "],\"rows\":[");
    buf_add(body, ask->told.more ? STR("],\"truncated\":true}") : STR("]}"));
    put_head(call);
    if (body->full && !body->starved)
        return sql_failed(call, STR(TOO_LARGE));
    req_answer_json(call->req, 200);
    return NULL;
}

/* --- its run --------------------------------------------------------------------------------- */

/* Should it fail, the next reader sees a version that is not its snapshot's and tries again. */
static void schema_changed(void *user)
{
    struct api_call *call = user;
    struct err *err = call->api->follow_schema(call->api->user, call->arena, API_ANY_VERSION);

    if (err)
        log_error("schema.reload.failed", LOG_STR("cause", err->cause));
}

static struct err *run_as(struct api_call *call, enum db_console_mode mode)
{
    struct sql_ask *ask = call->state;
    const struct db_console console = {.mode = mode,
                                       .sql = ask->query,
                                       .values = ask->values,
                                       .n_values = ask->n_values,
                                       .timeout_s = ask->timeout_s,
                                       .wait_s = call->api->query_timeout_s,
                                       .gone = &call->req->gone,
                                       .max_rows = ask->max_rows,
                                       .counts_more = ask->counts_more,
                                       .columns = write_columns,
                                       .row = write_row,
                                       .published = schema_changed,
                                       .user = call};
    const uint64_t start_ms = clock_ms();
    struct err *err = db_console_run(call->arena, call->api->db, &console, &ask->told);

    ask->took_ms = clock_ms() - start_ms;
    if (err && err->timed_out)
        return sql_failed(call, STR(TOO_LONG));
    return err && ask->told.failed ? sql_failed(call, err->cause) : err;
}

static struct err *read_ask(struct api_call *call)
{
    struct sql_ask *ask = ARENA_NEW(call->arena, struct sql_ask);

    call->state = ask;
    return sql_ask_read(call, ask);
}

static bool is_read(const struct api_call *call)
{
    const struct sql_ask *ask = call->state;

    return !ask->writes || ask->read_only;
}

static struct err *run_read(struct api_call *call)
{
    const struct sql_ask *ask = call->state;

    return run_as(call, ask->read_only ? DB_CONSOLE_LOOKS : DB_CONSOLE_READS);
}

static bool is_write(const struct api_call *call)
{
    const struct sql_ask *ask = call->state;

    return !is_read(call) || ask->told.writes;
}

static struct err *run_write(struct api_call *call)
{
    const struct sql_ask *ask = call->state;

    return run_as(call, ask->writes ? DB_CONSOLE_CHANGES : DB_CONSOLE_WRITES);
}

const struct api_work api_sql = {
    .steps = {{.place = AT_READ, .run = read_ask},
              {.place = AT_CONSOLE, .run = run_read, .needed = is_read},
              {.place = AT_CONSOLE_HELD, .run = run_write, .needed = is_write},
              {.place = AT_LOOP, .run = answer}}};
