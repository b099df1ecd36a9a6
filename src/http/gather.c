/*
 * Bodies: gathered in memory, or given to their sink piece by piece; then the request goes to the
 * handler.
 *
 * A body with a length that fits into the read buffer stays there, without a copy. A longer one is
 * read through the loop's scratch memory, never beyond its end, so that nothing of the next request
 * ends up there. A chunked one is decoded out of the read buffer, whose tail is used again and
 * again.
 */
#include "http/internal.h"

#include "base/limits.h"

#include <string.h>

#define CHUNK_OVERHEAD (64 * KIB)
#define CHUNK_OVERHEAD_RATIO 16 /* bytes on the wire for a byte of body, beyond that */

/* ---- to the handler ------------------------------------------------------------------------ */

void gather_dispatch(struct http_conn *conn)
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

void gather_skip(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;

    if (!skip_body(conn)) {
        ex->keep = false;
        ex->linger = true;
    }
}

/* ---- to a sink ----------------------------------------------------------------------------- */

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
        gather_dispatch(conn);
    }
}

static void resumed(struct req *req)
{
    struct http_conn *conn = req->conn;

    if (conn->state == CONN_CLOSED) {
        conn_next(conn);
        return;
    }
    go_by(conn, conn->exchange->says);
    if (conn->state == CONN_BODY)
        conn->loop->server->calls->input(conn);
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
    gather_dispatch(conn);
}

/* The body's next bytes; last: nothing comes behind them. */
static void take_bytes(struct http_conn *conn, struct str bytes, bool last)
{
    struct exchange *ex = conn->exchange;

    ex->complete = last;
    if (ex->req.sink && bytes.n > 0) {
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

void gather_bytes(struct http_conn *conn, const char *p, size_t n)
{
    struct exchange *ex = conn->exchange;

    if (!ex->req.sink)
        buf_add_bytes(&ex->body, p, n);
    if (starved(conn))
        return;
    ex->got += n;
    take_bytes(conn, (struct str){p, n}, ex->got == ex->length);
}

bool gather_body(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;
    size_t n = conn->in_n - conn->in_at;

    if (ex->framing == BODY_CHUNKED) {
        take_chunks(conn);
    } else if (!ex->in_place) {
        conn->in_n = conn->in_at; /* copied, so there is room to notice a client that leaves */
        gather_bytes(conn, conn->in + conn->in_at, n);
    } else if (n >= ex->length) {
        ex->req.body = (struct str){conn->in + conn->in_at, (size_t)ex->length};
        conn->in_at += (size_t)ex->length;
        complete(conn);
    }
    return conn->state == CONN_HEAD;
}

/* ---- to nobody ----------------------------------------------------------------------------- */

static enum sink_says drop_bytes(struct req *req, struct str bytes)
{
    (void)req;
    (void)bytes;
    return SINK_GOES_ON;
}

static enum sink_says drop_end(struct req *req)
{
    (void)req;
    return SINK_GOES_ON;
}

static size_t drop_held(const struct req *req)
{
    (void)req;
    return 0;
}

static void drop_release(struct req *req)
{
    (void)req;
}

/* For a body that nobody will look at. It is taken all the same, so that its client, who may not
 * look for an answer before it is out, gets one. */
static const struct req_sink drop = {drop_bytes, drop_end, drop_held, drop_release};

/* ---- the first look ------------------------------------------------------------------------ */

void gather_begin(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;
    const struct http_conf *conf = &conn->loop->server->conf;
    struct http_body body = conf->body(conf->user, &ex->req);

    ex->in_place = ex->framing == BODY_LENGTH && ex->length <= conn->in_cap - conn->in_at;
    ex->req.too_large = ex->framing == BODY_LENGTH && ex->length > body.limit;
    ex->req.unread = body.unread && !ex->in_place;
    if (ex->req.too_large || (ex->req.unread && ex->expects) || !ex->req.route) {
        gather_skip(conn);
        gather_dispatch(conn);
        return;
    }
    if (ex->expects)
        write_continue(conn);
    if (ex->framing == BODY_CHUNKED)
        head_chunk_parser(&ex->chunks, ex);
    ex->limit = ex->framing == BODY_CHUNKED ? body.limit : ex->length;
    if (!ex->in_place) {
        ex->req.sink = ex->req.unread ? &drop : body.sink;
        buf_init(&ex->body, (size_t)ex->limit);
        ex->body.asks = true;
    }
    conn_enter(conn, CONN_BODY);
    if (conn->in_at < conn->in_n)
        (void)gather_body(conn); /* the caller asks for the state */
}

void gather_late(struct http_conn *conn)
{
    write_refusal(conn, REFUSED_TIMEOUT);
}

void req_sink_resume(struct req *req, enum sink_says says)
{
    exchange_of(req)->says = says;
    req_resume(req, resumed, true);
}
