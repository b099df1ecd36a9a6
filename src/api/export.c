/*
 * A part is read on the pool while the client takes the one before; the request's loop sends.
 *
 * Between parts no transaction is open and no thread is held, so a client may take its time. What
 * goes wrong once the answer has begun ends the connection: that is how the client sees it.
 *
 * Invariants
 *  1. While `reads`, all but `left` is the pool thread's; else all is the loop's.
 *  2. The request's own texts are gone once the answer has begun: what is needed of them lies in
 *     the export's arena, or in the schema that it has a reference to.
 *  3. The rows are those of the schema they are read under; its collection must be the same from
 *     the first part to the last.
 */
#include "api/export.h"

#include "api/internal.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"

#define FIRST_BYTES ((size_t)64 * KIB)
#define PIECE_BYTES ((size_t)256 * KIB) /* sent at once */
#define LONG_US 20000 /* a part that took longer was hard to find: the next is to be larger */

struct export
{
    struct arena *arena;
    struct api *api;
    struct req *req;
    struct schema *schema;
    struct rec_actor actor;
    struct str auth_col;  /* the id of the collection of who asks; empty: a guest */
    struct str token_key; /* of who asks */
    struct arena *auth;   /* in which actor.auth lies, once it was read anew; NULL: it was not */
    struct rec_export *list;
    enum rec_format format;
    struct str file_name;
    struct buf out; /* a part */
    size_t sent;    /* of it */
    size_t bytes;   /* how large the next is to be */
    bool is_slow;   /* the last one took so long that the next waits among its like */
    bool more;
    bool failed;
    bool reads; /* a part is being read */
    bool left;  /* nobody reads it any more */
};

static void export_free(struct export *export)
{
    schema_unref(export->schema);
    buf_done(&export->out);
    arena_free(export->arena);
}

/* --- what is kept of the request -------------------------------------------------------------- */

static const struct query_pair *copy_pairs(struct arena *a, const struct query_pair *pairs,
                                           size_t n)
{
    struct query_pair *copy = ARENA_ARRAY(a, struct query_pair, n);

    for (size_t i = 0; i < n; i++)
        copy[i] = (struct query_pair){arena_dup(a, pairs[i].name), arena_dup(a, pairs[i].value)};
    return copy;
}

/* It is kept for as long as the export takes. */
static struct err *copy_body(struct arena *a, const struct json *body, struct query_request *ret)
{
    AUTO_BUF struct buf text;

    buf_init(&text, LIMIT_INLINE_BODY_BYTES);
    if (!body)
        return NULL;
    json_write(&text, body, false);
    if (!text.full &&
        json_read(a, arena_dup(a, buf_str(&text)), &json_limits_stored, &ret->body, NULL))
        return NULL;
    return err_new(a, E_TOO_LARGE, "The body is too large for an export's request.", "body");
}

static struct err *copy_actor(struct arena *a, const struct rec_actor *actor, struct rec_actor *ret)
{
    struct query_request *request = &ret->request;

    *ret = *actor;
    request->context = arena_dup(a, request->context);
    request->method = arena_dup(a, request->method);
    request->query = copy_pairs(a, request->query, request->n_query);
    request->headers = copy_pairs(a, request->headers, request->n_headers);
    if (actor->auth)
        rec_actor_set_auth(a, ret, rec_copy(a, actor->auth));
    return copy_body(a, actor->request.body, request);
}

/* Their texts, and the picker, which the call has in its own arena. */
static struct err *copy_params(struct api_call *call, struct arena *a,
                               const struct rec_list_params *params, struct rec_list_params *ret)
{
    struct query_picker *picker;
    struct err *err;

    *ret = (struct rec_list_params){
        .filter = arena_dup(a, params->filter),
        .sort = arena_dup(a, params->sort),
        .expand = arena_dup(a, params->expand),
        .cursor = arena_dup(a, params->cursor),
        .from = arena_dup(a, params->from),
        .group_by = arena_dup(a, params->group_by),
        .aggregate = arena_dup(a, params->aggregate),
    };
    err = query_picker_parse(a, arena_dup(a, req_query_get(call->req, STR("fields"))), &picker);
    ret->picker = err ? NULL : picker;
    return err;
}

/* --- in the call ------------------------------------------------------------------------------ */

void export_undo(struct api_call *call)
{
    if (call->exported)
        export_free(TAKE(call->exported));
}

bool export_is_prepared(const struct api_call *call)
{
    return call->exported != NULL;
}

/* Who asks, for as long as it is the same record with the same key. */
static void note_auth(struct export *export, const struct rec *auth)
{
    if (!auth)
        return;
    export->auth_col = arena_dup(export->arena, auth->col->id);
    export->token_key =
        arena_dup(export->arena, rec_text(export->arena, auth, auth->col->auth->token_key));
}

struct err *export_prepare(struct api_call *call, const struct schema_col *col,
                           const struct rec_list_params *params, enum rec_format format)
{
    const struct rec_actor *actor = &call->caller.actor;
    struct arena *a = arena_new();
    struct export *export = ARENA_NEW(a, struct export);
    struct rec_list_params own;
    struct err *err;

    export_undo(call); /* of a try that went over its budget */
    *export = (struct export){.arena = a,
                              .api = call->api,
                              .schema = schema_ref(call->schema),
                              .format = format,
                              .file_name = arena_dup(a, col->name),
                              .bytes = FIRST_BYTES};
    buf_init(&export->out, LIMIT_RESPONSE_BYTES);
    export->out.asks = true;
    call->exported = export;
    err = copy_params(call, a, params, &own);
    if (!err)
        err = rec_export_new(a, call->conn, actor, col, &own, format, &export->list);
    if (!err)
        err = copy_actor(a, actor, &export->actor);
    note_auth(export, actor->auth);
    return err_copy(call->arena, err);
}

struct err *export_begin(struct api_call *call)
{
    struct export *export = call->exported;

    buf_reset(&export->out);
    return rec_export_next(call->arena, call->conn, &export->actor, export->list, export->bytes,
                           &export->out, &export->more);
}

/* --- reading a part, on the pool -------------------------------------------------------------- */

static void go_on(struct export *export);

static struct export *export_of(struct job *job)
{
    return ((struct req *)(void *)((char *)job - offsetof(struct req, job)))->user;
}

/* Who asks, by the schema and the row of now. */
static struct err *find_auth(struct arena *a, struct db_conn *conn, struct export *export)
{
    const struct schema_col *col = schema_find(export->schema, export->auth_col);
    struct arena *fresh = arena_child(export->arena);
    struct rec *rec = NULL;
    struct err *err = NULL;

    if (col && col->auth)
        err = rec_find(fresh, conn, col, export->actor.request.auth_id, &rec);
    if (err)
        return err_copy(a, err);
    if (!rec || !str_eq_secret(rec_text(fresh, rec, col->auth->token_key), export->token_key))
        return err_new(a, E_FORBIDDEN, NULL, "who asked for the export may do so no more");
    rec_actor_set_auth(fresh, &export->actor, rec);
    if (export->auth)
        arena_free(export->auth);
    export->auth = fresh;
    return NULL;
}

struct part {
    struct arena *arena; /* of one part */
    struct export *export;
    int64_t db_version;
};

static struct err *read_part(void *user, struct db_conn *conn)
{
    struct part *part = user;
    struct export *export = part->export;
    struct err *err = NULL;

    export->actor.scope.schema = export->schema;
    if (export->auth_col.n > 0)
        err = find_auth(part->arena, conn, export);
    if (err)
        return err;
    return rec_export_next(part->arena, conn, &export->actor, export->list, export->bytes,
                           &export->out, &export->more);
}

/* The schema that is current by now. */
static struct err *renew(struct part *part)
{
    struct export *export = part->export;
    struct err *err = NULL;

    if (export->schema->db_version != part->db_version)
        err = export->api->follow_schema(export->api->user, part->arena, part->db_version);
    schema_unref(export->schema);
    export->schema = schema_current(export->api->schemas);
    return err;
}

static struct err *try_part(struct part *part)
{
    struct export *export = part->export;
    struct api_read read = {.arena = part->arena,
                            .api = export->api,
                            .limits = {.gone = &export->req->gone},
                            .run = read_part,
                            .user = part,
                            .ret_version = &part->db_version};
    struct err *err;

    for (unsigned tries = 0;; tries++) {
        read.schema = export->schema;
        buf_reset(&export->out);
        err = api_read(&read);
        if (!err || err->kind != E_STALE || tries == API_STALE_TRIES)
            return err;
        err = renew(part);
        if (err)
            return err;
    }
}

static void log_failure(const struct export *export, const struct err *err)
{
    static struct log_pace pace;

    if (err->kind != E_GONE)
        log_seldom(&pace, LOG_ERROR, "export.failed", LOG_STR("collection", export->file_name),
                   LOG_STR("cause", err->cause));
}

static void part_read(struct req *req)
{
    struct export *export = req->user;

    export->reads = false;
    export->sent = 0;
    req_stream_holds(req, export->out.cap);
    go_on(export);
}

static void run_part(struct job *job)
{
    const uint64_t begun_us = clock_us();
    struct export *export = export_of(job);
    struct part part = {.arena = arena_new(), .export = export};
    struct err *err = try_part(&part);
    const uint64_t took_us = clock_us() - begun_us;

    if (err) {
        log_failure(export, err);
        export->failed = true;
    }
    export->is_slow = took_us > LIMIT_WORK_CPU_US;
    if (took_us > LONG_US && export->bytes < LIMIT_EXPORT_BYTES)
        export->bytes *= 2;
    arena_free(part.arena);
    req_resume(export->req, part_read, true);
}

/* --- sending, on the loop --------------------------------------------------------------------- */

static void finish(struct export *export)
{
    struct req *req = export->req;
    bool whole = !export->failed && !export->more && export->sent == export->out.n;

    export_free(export);
    if (whole)
        req_stream_close(req);
    else
        req_stream_break(req);
}

/* False: there is more of the part than the client takes at once. */
static bool send_part(struct export *export)
{
    while (export->sent < export->out.n && !export->left) {
        struct str piece = str_sub(buf_str(&export->out), export->sent, PIECE_BYTES);

        if (req_stream_waits(export->req))
            return false;
        export->left = !req_stream_write(export->req, piece);
        export->sent += piece.n;
    }
    return true;
}

static enum pool_lane lane_of(const struct export *export)
{
    if (db_blocks(export->api->db))
        return POOL_DATABASE;
    return export->is_slow ? POOL_SLOW : POOL_WORK;
}

static void read_next(struct export *export)
{
    struct job *job = &export->req->job;

    job->run = run_part;
    job->owed = true;
    export->reads = true;
    if (pool_submit(export->api->pool, lane_of(export), job))
        return;
    export->failed = true;
    finish(export);
}

static void go_on(struct export *export)
{
    if (export->reads || (!export->failed && !send_part(export)))
        return;
    if (export->left || export->failed || !export->more)
        finish(export);
    else
        read_next(export);
}

static void on_drained(struct req *req)
{
    go_on(req->user);
}

static void on_left(struct req *req)
{
    struct export *export = req->user;

    export->left = true;
    go_on(export);
}

static const struct req_stream_events stream_events = {.drained = on_drained, .ended = on_left};

static const struct {
    const char *content_type;
    const char *extension;
} formats[] = {
    [REC_NDJSON] = {"application/x-ndjson", "ndjson"},
    [REC_CSV] = {"text/csv; charset=utf-8", "csv"},
};

bool export_find_format(struct str name, enum rec_format *ret)
{
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        if (str_eq(name, str_of(formats[i].extension))) {
            *ret = (enum rec_format)i;
            return true;
        }
    }
    return false;
}

/* All of it is there: an answer like any other. */
static void send_whole(struct export *export)
{
    struct req *req = export->req;

    buf_add(&req->resp.body, buf_str(&export->out));
    export_free(export);
    if (req->resp.body.full)
        req_answer_err(req, err_starved(req->arena, "an answer"));
    req_send(req);
}

void export_send(struct req *req, struct export *export)
{
    struct resp *resp = &req->resp;

    req->user = export;
    export->req = req;
    resp->status = 200;
    resp->content_type = formats[export->format].content_type;
    req_add_header(req, "Content-Disposition: attachment; filename=\"%.*s.%s\"",
                   STR_ARG(export->file_name), formats[export->format].extension);
    if (!export->more) {
        send_whole(export);
    } else if (req_stream_open(req, &stream_events)) {
        req_stream_holds(req, export->out.cap);
        go_on(export);
    } else {
        export_free(export);
    }
}
