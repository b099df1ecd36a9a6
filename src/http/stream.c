/*
 * Streams: answers whose bytes come as they come.
 *
 * Invariants
 *  1. Bytes go out in the order in which they were written: once some wait, all that follow do.
 *  2. `sending` is libuv's until it says so; what comes meanwhile gathers in `waiting`. Both
 *     together are bounded by LIMIT_STREAM_BYTES, and charged to the budget.
 *  3. The user is told of the end once at most, and lets go by req_stream_close() alone: the
 *     exchange stays until then, whatever has become of its connection.
 */
#include "http/internal.h"

#include "base/limits.h"

#include <string.h>

#define CALM_BYTES 4096
#define FRAME_BYTES 32 /* a chunk's size line and its end */

static void on_written(uv_write_t *write, int status);

static void tell_end(struct exchange *ex)
{
    if (ex->stream.told || ex->stream.closing)
        return;
    ex->stream.told = true;
    ex->stream.events->ended(&ex->req);
}

static void on_left(struct exchange *ex)
{
    atomic_store(&ex->req.gone, true);
    tell_end(ex);
}

static void on_stop(struct exchange *ex)
{
    tell_end(ex);
}

/* All that waits, to libuv. False: the connection is of no use any more. */
static bool flush(struct exchange *ex)
{
    struct stream *stream = &ex->stream;
    struct buf empty = stream->sending;
    uv_buf_t piece;

    stream->sending = stream->waiting;
    stream->waiting = empty;
    piece = piece_of(buf_str(&stream->sending));
    conn_enter(ex->conn, CONN_WRITE);
    ex->write.data = ex;
    if (uv_write(&ex->write, (uv_stream_t *)&ex->conn->tcp, &piece, 1, on_written) != 0)
        return false;
    stream->busy = true;
    ex->conn->n_sent += stream->sending.n;
    return true;
}

/* All is out. */
static void rest(struct exchange *ex)
{
    struct http_conn *conn = ex->conn;

    if (ex->stream.closing) {
        conn_next(conn);
        return;
    }
    conn_enter(conn, CONN_STREAM);
    if (conn->eof)
        conn_close(conn);
    else if (ex->stream.events->drained)
        ex->stream.events->drained(&ex->req);
}

/* Who has nothing to be sent keeps next to nothing: there may be thousands. */
static void calm(struct buf *buf)
{
    if (buf->cap > CALM_BYTES)
        buf_done(buf);
    else
        buf_reset(buf);
}

static void on_written(uv_write_t *write, int status)
{
    struct exchange *ex = write->data;
    struct http_conn *conn = ex->conn;
    struct http_loop *loop = conn->loop;

    calm(&ex->stream.sending);
    if (status != 0)
        conn_close(conn);
    if (conn->state != CONN_CLOSED && ex->stream.waiting.n > 0) {
        if (flush(ex)) {
            watch_end(loop, "stream");
            return;
        }
        conn_close(conn);
    }
    ex->stream.busy = false; /* not before: who closes meanwhile leaves the rest to us */
    if (conn->state != CONN_CLOSED)
        rest(ex);
    else if (ex->stream.closing)
        conn_next(conn);
    watch_end(loop, "stream");
}

static void frame(const struct exchange *ex, struct buf *out, struct str bytes)
{
    if (ex->stream.chunked)
        buf_addf(out, "%zx\r\n", bytes.n);
    buf_add(out, bytes);
    if (ex->stream.chunked)
        BUF_ADD(out, "\r\n");
}

/* What the socket takes at once; the rest waits. False: the connection is of no use any more. */
static bool push(struct exchange *ex)
{
    struct buf *waiting = &ex->stream.waiting;
    uv_buf_t piece = piece_of(buf_str(waiting));
    int n = uv_try_write((uv_stream_t *)&ex->conn->tcp, &piece, 1);

    if (n < 0 && n != UV_EAGAIN)
        return false;
    if (n > 0) {
        ex->conn->n_sent += (uint64_t)n;
        memmove(waiting->p, waiting->p + n, waiting->n - (size_t)n);
        buf_cut(waiting, waiting->n - (size_t)n);
    }
    if (waiting->n == 0) {
        calm(waiting);
        return true;
    }
    return flush(ex);
}

/* Whether anybody reads it and can be kept up with. */
static bool is_open(const struct exchange *ex)
{
    return ex->conn->state != CONN_CLOSED && !ex->stream.closing && !ex->stream.lost;
}

bool req_stream_write(struct req *req, struct str bytes)
{
    struct exchange *ex = exchange_of(req);
    struct stream *stream = &ex->stream;

    if (!is_open(ex))
        return false;
    if (bytes.n == 0) /* a chunk of none would be the last */
        return true;
    stream->waiting.max = LIMIT_STREAM_BYTES - stream->sending.n;
    if (bytes.n + FRAME_BYTES > stream->waiting.max || bytes.n > stream->left)
        stream->lost = true;
    else
        frame(ex, &stream->waiting, bytes);
    stream->left -= stream->lost ? 0 : bytes.n;
    stream->lost |= stream->waiting.full;
    if (!stream->lost && !stream->busy && !push(ex))
        stream->lost = true;
    return !stream->lost;
}

bool req_stream_waits(const struct req *req)
{
    return ((const struct exchange *)(const void *)((const char *)req -
                                                    offsetof(struct exchange, req)))
        ->stream.busy;
}

bool req_stream_open(struct req *req, const struct req_stream_events *events)
{
    struct exchange *ex = exchange_of(req);
    struct http_conn *conn = ex->conn;

    loop_count(&conn->loop->n_in_flight, -1U);
    if (conn->eof || conn_drains(conn)) /* nobody would tell it later */
        conn_close(conn);
    if (conn->state == CONN_CLOSED) {
        conn_next(conn);
        return false;
    }
    if (str_eq(req->method, STR("HEAD"))) {
        write_stream_head(ex);
        send_answer(ex, STR_NONE);
        return false;
    }
    ex->stream = (struct stream){.events = events,
                                 .gone = on_left,
                                 .stop = on_stop,
                                 .chunked = !ex->http10 && !req->resp.sized,
                                 .sized = req->resp.sized,
                                 .left = req->resp.sized ? req->resp.size : UINT64_MAX};
    buf_init(&ex->stream.waiting, LIMIT_STREAM_BYTES);
    buf_init(&ex->stream.sending, LIMIT_STREAM_BYTES);
    ex->stream.waiting.asks = ex->stream.sending.asks = true;
    write_stream_head(ex);
    buf_add(&ex->stream.waiting, buf_str(&ex->head));
    ex->stream.lost = ex->head.full;
    exchange_shrink(ex);
    conn_enter(conn, CONN_STREAM);
    conn_unused(conn);
    if (!ex->stream.lost && !push(ex))
        ex->stream.lost = true;
    return true;
}

void req_stream_close(struct req *req)
{
    struct exchange *ex = exchange_of(req);
    struct http_conn *conn = ex->conn;
    bool whole = is_open(ex) && (!ex->stream.sized || ex->stream.left == 0);

    ex->stream.closing = true;
    if (whole && ex->stream.chunked)
        BUF_ADD(&ex->stream.waiting, "0\r\n\r\n");
    if (!whole || ex->stream.waiting.full)
        conn_close(conn);
    if (ex->stream.busy)
        return; /* on_written() goes on */
    if (conn->state != CONN_CLOSED && ex->stream.waiting.n > 0 && !push(ex))
        conn_close(conn);
    if (!ex->stream.busy)
        conn_next(conn);
}

void req_stream_break(struct req *req)
{
    struct exchange *ex = exchange_of(req);

    ex->stream.lost = ex->stream.closing = true; /* its user has let go, and hears of no end */
    if (!ex->stream.chunked && !ex->stream.sized)
        conn_reset(ex->conn);
    req_stream_close(req);
}

void req_stream_holds(struct req *req, size_t bytes)
{
    exchange_of(req)->stream.held = bytes;
}
