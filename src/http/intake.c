/*
 * From bytes to a request for the handler: finds the end of a head in the read buffer, answers what
 * needs no handler, and gathers the body.
 *
 * A body with a length that fits into the read buffer stays there, without a copy. A longer one is
 * read through the loop's scratch memory, never beyond its end, so that nothing of the next request
 * ends up there. A chunked one is decoded out of the read buffer, whose tail is used again and
 * again.
 */
#include "http/internal.h"

#include "base/limits.h"
#include "base/memory.h"

#include <string.h>

#define ROOM_BEHIND_HEAD 1024            /* for chunks, and to notice a client that leaves */
#define SPOOL_BUFFER ((size_t)(8 * MIB)) /* a ceiling: what is read at once, beyond a piece */
#define CHUNK_OVERHEAD (64 * KIB)
#define CHUNK_OVERHEAD_RATIO 16 /* bytes on the wire for a byte of body, beyond that */

/* ---- heads --------------------------------------------------------------------------------- */

enum scan { SCAN_MORE, SCAN_HEAD, SCAN_BAD };

/* Looks for an empty line. Each byte is looked at once, however slowly a head comes. */
static enum scan scan_head(struct http_conn *conn, size_t *ret_n)
{
    const char *p = conn->in + conn->in_at;
    size_t n = conn->in_n - conn->in_at;

    for (;;) {
        const char *lf = memchr(p + conn->scanned, '\n', n - conn->scanned);
        size_t end, line_n;

        if (!lf) {
            conn->scanned = n;
            return SCAN_MORE;
        }
        end = (size_t)(lf - p) + 1;
        line_n = end - conn->line_at;
        if (conn->line_at == 0 && !head_line_ok((struct str){p, end}))
            return SCAN_BAD;
        if (line_n == 1 || (line_n == 2 && lf[-1] == '\r')) {
            *ret_n = end;
            return SCAN_HEAD;
        }
        conn->scanned = conn->line_at = end;
    }
}

/* Consumes a body that is not wanted. False: it is not all there, so the connection must end. */
static bool skip_body(struct http_conn *conn)
{
    const struct exchange *ex = conn->exchange;
    size_t there = conn->in_n - conn->in_at;

    if (ex->framing == BODY_NONE)
        return true;
    if (ex->framing != BODY_LENGTH || ex->length > there)
        return false;
    conn->in_at += (size_t)ex->length;
    return true;
}

static void answered_early(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;

    if (!skip_body(conn)) {
        ex->keep = false;
        ex->linger = true;
    }
}

static void dispatch(struct http_conn *conn)
{
    struct http_loop *loop = conn->loop;
    const struct http_conf *conf = &loop->server->conf;

    conn_enter(conn, CONN_BUSY);
    loop_count(&loop->n_in_flight, 1);
    atomic_store_explicit(&loop->n_requests,
                          atomic_load_explicit(&loop->n_requests, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    conf->handle(conf->user, &conn->exchange->req);
}

static struct str redirect_path(const struct req *req)
{
    if (str_eq(req->method, STR("CONNECT")))
        return req->path;
    if (str_eq(req->path, STR("/_")) &&
        (str_eq(req->method, STR("GET")) || str_eq(req->method, STR("HEAD"))))
        return STR("/_/"); /* services.md 1.2 */
    return target_clean(req->arena, req->path);
}

static bool spools(const struct http_conn *conn)
{
    const struct exchange *ex = conn->exchange;

    return conn->loop->server->conf.pool && conn->loop->server->conf.spool.temp_path &&
           (ex->framing == BODY_CHUNKED || ex->length > LIMIT_SPOOL_BYTES) &&
           str_starts(ex->req.content_type, STR("multipart/form-data"));
}

/* Most bytes of a body that are in memory at once. */
static size_t buffer_limit(const struct exchange *ex)
{
    return ex->spools ? SPOOL_BUFFER : (size_t)ex->limit;
}

static void begin_body(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;
    const struct http_conf *conf = &conn->loop->server->conf;
    uint64_t limit = conf->body_limit(conf->user, &ex->req);

    ex->req.too_large = ex->framing == BODY_LENGTH && ex->length > limit;
    if (ex->req.too_large || !ex->req.route) {
        answered_early(conn); /* nobody wants its body */
        dispatch(conn);
        return;
    }
    if (ex->expects)
        write_continue(conn);
    ex->in_place = ex->framing == BODY_LENGTH && ex->length <= conn->in_cap - conn->in_at;
    if (ex->framing == BODY_CHUNKED)
        head_chunk_parser(&ex->chunks, ex);
    ex->limit = ex->framing == BODY_CHUNKED ? limit : ex->length;
    ex->spools = !ex->in_place && spools(conn);
    if (!ex->in_place) {
        buf_init(&ex->body, buffer_limit(ex));
        ex->body.asks = true;
    }
    conn_enter(conn, CONN_BODY);
    if (conn->in_at < conn->in_n)
        (void)intake_body(conn); /* intake_head() asks for the state */
}

/* The head has been read into the exchange. */
static void route(struct http_conn *conn)
{
    struct http_server *server = conn->loop->server;
    struct req *req = &conn->exchange->req;
    struct str path = redirect_path(req);

    if (path.p != req->path.p) {
        answered_early(conn);
        write_redirect(conn, path);
        return;
    }
    if (str_eq(req->method, STR("OPTIONS"))) {
        answered_early(conn);
        write_options(conn);
        return;
    }
    req->route = router_match(server->router, req->arena, req->method, req->path, req->params);
    if (conn->exchange->framing == BODY_NONE)
        dispatch(conn);
    else
        begin_body(conn);
}

static void refuse(struct http_conn *conn, enum http_refused refused)
{
    if (!conn->exchange)
        conn->exchange = exchange_get(conn);
    write_refusal(conn, refused);
}

bool intake_head(struct http_conn *conn)
{
    enum http_refused refused;
    enum scan scan = SCAN_MORE;
    size_t n = 0;

    if (conn->in_at < conn->in_n)
        scan = scan_head(conn, &n);
    if (scan == SCAN_MORE) {
        if (conn->in_n - conn->in_at <= conn->loop->server->conf.max_head_bytes)
            return false;
        n = conn->in_n - conn->in_at;
    }
    if (scan == SCAN_BAD || n > conn->loop->server->conf.max_head_bytes) {
        refuse(conn, scan == SCAN_BAD ? REFUSED_BAD : REFUSED_HEAD_SIZE);
        return conn->state == CONN_HEAD;
    }
    if (memory_is_over() ||
        (conn->in_cap - conn->in_at - n < ROOM_BEHIND_HEAD && !conn_room(conn, ROOM_BEHIND_HEAD))) {
        conn_shed(conn);
        return false;
    }
    turn_count(conn);
    conn->exchange = exchange_get(conn);
    refused = head_parse(conn->exchange, (struct str){conn->in + conn->in_at, n});
    conn->in_at += n;
    if (refused == REFUSED_NOT)
        route(conn);
    else
        refuse(conn, refused);
    return conn->state == CONN_HEAD;
}

/* ---- bodies -------------------------------------------------------------------------------- */

static void spool_on_pool(struct job *job)
{
    struct req *req = (struct req *)(void *)((char *)job - offsetof(struct req, job));
    struct exchange *ex = (struct exchange *)(void *)((char *)req - offsetof(struct exchange, req));

    spool_feed(req->spool, &ex->body, ex->whole);
    req_resume(req, intake_spooled, true);
}

/* Hands what is there of the body to a pool thread; nothing is read until it is back. */
static void spool_piece(struct http_conn *conn, bool whole)
{
    struct exchange *ex = conn->exchange;
    const struct http_conf *conf = &conn->loop->server->conf;

    if (!ex->req.spool)
        ex->req.spool = spool_open(&conf->spool, ex->req.content_type);
    ex->whole = whole;
    if (!ex->req.job.client && conf->client)
        ex->req.job.client = conf->client(conf->user, &ex->req);
    ex->req.job.run = spool_on_pool;
    if (pool_submit(conf->pool, POOL_WORK, &ex->req.job))
        conn_enter(conn, CONN_SPOOL);
    else
        write_err(conn, E_UNAVAILABLE);
}

static void body_complete(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;

    if (ex->req.spool && !ex->req.body_broken) {
        spool_piece(conn, true);
        return;
    }
    if (!ex->in_place)
        ex->req.body = buf_str(&ex->body);
    dispatch(conn);
}

void intake_spooled(struct req *req)
{
    struct http_conn *conn = req->conn;
    struct exchange *ex = conn->exchange;

    if (conn->state == CONN_CLOSED) {
        conn_next(conn);
        return;
    }
    if (ex->expired) {
        write_refusal(conn, REFUSED_TIMEOUT);
        return;
    }
    if (!ex->whole && spool_state(req->spool) == SPOOL_GOOD) {
        conn_enter(conn, CONN_BODY);
        conn_input(conn);
        return;
    }
    if (!ex->whole) { /* what still comes is of no use */
        ex->keep = false;
        ex->linger = true;
    }
    dispatch(conn);
}

/* Whether memory was too short for what has come: then the request was answered. */
static bool starved(struct http_conn *conn)
{
    if (!conn->exchange->body.starved)
        return false;
    write_err(conn, E_UNAVAILABLE);
    return true;
}

static void body_broken(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;

    ex->req.body_broken = true;
    ex->keep = false;
    ex->linger = true;
    body_complete(conn);
}

/* A broken chunk is one once its line is there, as for whoever reads by lines. */
static bool line_is_broken(struct exchange *ex, const char *p, size_t n)
{
    const char *from = p;

    if (!ex->chunks_broken)
        from = llhttp_get_error_pos(&ex->chunks);
    ex->chunks_broken = true;
    return llhttp_get_errno(&ex->chunks) != HPE_INVALID_CHUNK_SIZE ||
           memchr(from, '\n', n - (size_t)(from - p));
}

static void take_chunks(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;
    const char *p = conn->in + conn->in_at;
    size_t n = conn->in_n - conn->in_at;

    if (!ex->chunks_broken)
        (void)llhttp_execute(&ex->chunks, p, n); /* its state is asked for below */
    if (starved(conn))
        return;
    if (ex->got > ex->limit) {
        write_err(conn, E_TOO_LARGE);
        return;
    }
    if (ex->chunks_done) {
        conn->in_at += (size_t)(llhttp_get_error_pos(&ex->chunks) - p);
        body_complete(conn);
        return;
    }
    conn->in_n = conn->in_at; /* the same bytes are read into again */
    ex->raw += n;
    if ((llhttp_get_errno(&ex->chunks) != HPE_OK && line_is_broken(ex, p, n)) ||
        ex->raw > CHUNK_OVERHEAD + CHUNK_OVERHEAD_RATIO * ex->got)
        body_broken(conn);
    else if (ex->spools && ex->body.n >= LIMIT_SPOOL_BYTES)
        spool_piece(conn, false);
}

size_t intake_room(const struct http_conn *conn)
{
    const struct exchange *ex = conn->exchange;
    uint64_t missing;

    if (conn->state != CONN_BODY || ex->framing != BODY_LENGTH || ex->in_place)
        return 0;
    missing = ex->length - ex->got;
    return missing < SCRATCH_BYTES ? (size_t)missing : SCRATCH_BYTES;
}

void intake_bytes(struct http_conn *conn, const char *p, size_t n)
{
    struct exchange *ex = conn->exchange;

    buf_add_bytes(&ex->body, p, n);
    if (starved(conn))
        return;
    ex->got += n;
    if (ex->got == ex->length)
        body_complete(conn);
    else if (ex->spools && ex->body.n >= LIMIT_SPOOL_BYTES)
        spool_piece(conn, false);
}

bool intake_body(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;
    size_t n = conn->in_n - conn->in_at;

    if (ex->framing == BODY_CHUNKED) {
        take_chunks(conn);
    } else if (!ex->in_place) {
        conn->in_n = conn->in_at; /* copied, so there is room to notice a client that leaves */
        intake_bytes(conn, conn->in + conn->in_at, n);
    } else if (n >= ex->length) {
        ex->req.body = (struct str){conn->in + conn->in_at, (size_t)ex->length};
        conn->in_at += (size_t)ex->length;
        body_complete(conn);
    }
    return conn->state == CONN_HEAD;
}
