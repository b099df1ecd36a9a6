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

#define ROOM_BEHIND_HEAD 1024 /* for chunks, and to notice a client that leaves */
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

static void begin_body(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;
    const struct http_conf *conf = &conn->loop->server->conf;
    struct http_body body = conf->body(conf->user, &ex->req);

    ex->in_place = ex->framing == BODY_LENGTH && ex->length <= conn->in_cap - conn->in_at;
    ex->req.too_large = ex->framing == BODY_LENGTH && ex->length > body.limit;
    ex->req.unread = body.unread && !ex->in_place;
    if (ex->req.too_large || ex->req.unread || !ex->req.route) {
        answered_early(conn);
        dispatch(conn);
        return;
    }
    if (ex->expects)
        write_continue(conn);
    if (ex->framing == BODY_CHUNKED)
        head_chunk_parser(&ex->chunks, ex);
    ex->limit = ex->framing == BODY_CHUNKED ? body.limit : ex->length;
    if (!ex->in_place) {
        ex->req.sink = body.sink;
        buf_init(&ex->body, (size_t)ex->limit);
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
    watch_request(conn);
    if (refused == REFUSED_NOT)
        route(conn);
    else
        refuse(conn, refused);
    return conn->state == CONN_HEAD;
}

/* ---- bodies -------------------------------------------------------------------------------- */

static void complete(struct http_conn *conn);

static void go_by(struct http_conn *conn, enum sink_says says)
{
    struct exchange *ex = conn->exchange;

    if (says == SINK_PAUSES) {
        conn_enter(conn, CONN_SINK);
    } else if (says == SINK_GOES_ON && !ex->complete) {
        conn_enter(conn, CONN_BODY);
    } else if (says == SINK_GOES_ON && !ex->ended) {
        complete(conn);
    } else {
        ex->keep &= ex->complete; /* else what still comes is of no use */
        ex->linger |= !ex->complete;
        dispatch(conn);
    }
}

void intake_resumed(struct req *req)
{
    struct http_conn *conn = req->conn;

    if (conn->state == CONN_CLOSED) {
        conn_next(conn);
        return;
    }
    if (conn->exchange->expired) {
        write_refusal(conn, REFUSED_TIMEOUT);
        return;
    }
    conn->exchange->given = 0;
    go_by(conn, conn->exchange->says);
    if (conn->state == CONN_BODY)
        conn_input(conn);
}

/* All of the body has come. */
static void complete(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;

    ex->complete = true;
    if (ex->req.sink) {
        ex->ended = true;
        go_by(conn, ex->req.sink->end(&ex->req));
        return;
    }
    if (!ex->in_place)
        ex->req.body = buf_str(&ex->body);
    dispatch(conn);
}

/* The body's next bytes; last: nothing comes behind them. */
static void take_bytes(struct http_conn *conn, struct str bytes, bool last)
{
    struct exchange *ex = conn->exchange;

    ex->complete = last;
    if (ex->req.sink && bytes.n > 0) {
        ex->given += bytes.n;
        go_by(conn, ex->req.sink->write(&ex->req, bytes));
    } else if (last) {
        complete(conn);
    }
}

/* Whether memory was too short for what has come: then the request was answered. */
static bool starved(struct http_conn *conn)
{
    if (!conn->exchange->body.starved)
        return false;
    write_err(conn, E_UNAVAILABLE);
    return true;
}

/* What was decoded of a chunked body. */
static void take_decoded(struct http_conn *conn, bool last)
{
    struct exchange *ex = conn->exchange;
    struct buf decoded = ex->body;

    if (!ex->req.sink) {
        take_bytes(conn, STR_NONE, last);
        return;
    }
    buf_init(&ex->body, (size_t)ex->limit);
    take_bytes(conn, buf_str(&decoded), last);
    buf_done(&decoded);
}

static void body_broken(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;

    ex->req.body_broken = true;
    ex->keep = false;
    ex->linger = true;
    take_decoded(conn, true);
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
        take_decoded(conn, true);
        return;
    }
    conn->in_n = conn->in_at; /* the same bytes are read into again */
    ex->raw += n;
    if ((llhttp_get_errno(&ex->chunks) != HPE_OK && line_is_broken(ex, p, n)) ||
        ex->raw > CHUNK_OVERHEAD + CHUNK_OVERHEAD_RATIO * ex->got)
        body_broken(conn);
    else
        take_decoded(conn, false);
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

    if (!ex->req.sink)
        buf_add_bytes(&ex->body, p, n);
    if (starved(conn))
        return;
    ex->got += n;
    take_bytes(conn, (struct str){p, n}, ex->got == ex->length);
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
        complete(conn);
    }
    return conn->state == CONN_HEAD;
}
