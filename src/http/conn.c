/*
 * Connections.
 *
 * Invariants
 *  1. A connection has at most one exchange. While it has one, its read buffer does not move: the
 *     request's slices point into it.
 *  2. in[0, in_at) is consumed, in[in_at, in_n) is what came and is not looked at yet (or, while a
 *     body is awaited in place, a part of it).
 *  3. Reading goes on while the handler has the request, as far as the buffer has room: that is how
 *     a client that leaves is noticed.
 *  4. A connection is freed when libuv has closed its socket and it has no exchange.
 */
#include "http/internal.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- life ---------------------------------------------------------------------------------- */

static void drop_buffer(struct http_conn *conn)
{
    if (conn->in)
        spare_buffer_put(conn->loop, conn->in, conn->in_cap);
    conn->in = NULL;
    conn->in_n = conn->in_cap = conn->in_at = 0;
}

static void let_go(struct http_conn *conn)
{
    struct http_loop *loop = conn->loop;

    if (!conn->handle_gone || conn->exchange)
        return;
    drop_buffer(conn);
    if (conn->newer)
        conn->newer->older = conn->older;
    else
        loop->conns = conn->older;
    if (conn->older)
        conn->older->newer = conn->newer;
    free(conn);
    loop_conn_done(loop);
}

static void on_closed(uv_handle_t *handle)
{
    struct http_conn *conn = handle->data;

    conn->handle_gone = true;
    let_go(conn);
}

void conn_close(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;

    if (conn->state == CONN_CLOSED)
        return;
    loop_deadline(conn, DEADLINE_NONE);
    if (conn->state == CONN_BUSY)
        atomic_store(&ex->req.gone, true);
    if (ex && (conn->state == CONN_HEAD || conn->state == CONN_BODY)) {
        conn->exchange = NULL; /* the handler has not seen it */
        exchange_put(conn->loop, ex);
    }
    conn->state = CONN_CLOSED;
    conn->reading = false;
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

/* Half-closes, drops what still comes, then closes: so the answer is read before a reset. */
static void linger(struct http_conn *conn)
{
    int fd;

    if (conn->eof || uv_fileno((uv_handle_t *)&conn->tcp, &fd) != 0 || shutdown(fd, SHUT_WR) != 0) {
        conn_close(conn);
        return;
    }
    conn->state = CONN_LINGER;
    conn->dropped = conn->in_n - conn->in_at;
    drop_buffer(conn);
    loop_deadline(conn, DEADLINE_LINGER);
    conn_read(conn, true);
}

static void rest(struct http_conn *conn)
{
    bool empty = conn->in_at == conn->in_n;

    if (conn->state != CONN_HEAD)
        return;
    if (empty)
        drop_buffer(conn);
    if (empty && !conn->fresh)
        loop_deadline(conn, DEADLINE_IDLE);
    else if (conn->deadline != DEADLINE_HEAD)
        loop_deadline(conn, DEADLINE_HEAD);
    conn_read(conn, true);
}

void conn_next(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;
    bool keep = ex->keep && !conn->eof && !conn->loop->draining;
    bool lingers = ex->linger || conn->in_at < conn->in_n;

    conn->exchange = NULL;
    exchange_put(conn->loop, ex);
    if (conn->state == CONN_CLOSED) {
        let_go(conn);
        return;
    }
    if (!keep) {
        if (lingers)
            linger(conn);
        else
            conn_close(conn);
        return;
    }
    conn->state = CONN_HEAD;
    conn->scanned = conn->line_at = 0;
    conn_input(conn);
}

/* ---- reading ------------------------------------------------------------------------------- */

static void grow(struct http_conn *conn, size_t cap)
{
    char *p = malloc(cap);

    if (!p)
        BUG("out of memory");
    memcpy(p, conn->in + conn->in_at, conn->in_n - conn->in_at);
    spare_buffer_put(conn->loop, conn->in, conn->in_cap);
    conn->in = p;
    conn->in_cap = cap;
    conn->in_n -= conn->in_at;
    conn->in_at = 0;
}

void conn_room(struct http_conn *conn, size_t n)
{
    size_t used = conn->in_n - conn->in_at;
    size_t max = conn->loop->server->conf.max_head_bytes + 2 * IN_BYTES;

    if (!conn->in) {
        conn->in = spare_buffer_get(conn->loop);
        conn->in_cap = IN_BYTES;
    }
    if (conn->exchange || conn->in_cap - conn->in_n >= n)
        return;
    if (conn->in_at > 0) {
        memmove(conn->in, conn->in + conn->in_at, used);
        conn->in_at = 0;
        conn->in_n = used;
    }
    if (conn->in_cap - conn->in_n < n && conn->in_cap < max)
        grow(conn, conn->in_cap * 2 < max ? conn->in_cap * 2 : max);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct http_conn *conn = handle->data;
    struct http_loop *loop = conn->loop;
    size_t room;

    (void)suggested;
    if (conn->state == CONN_LINGER) {
        *ret = uv_buf_init(loop->scratch, SCRATCH_BYTES);
        return;
    }
    room = intake_room(conn);
    if (room > 0) {
        *ret = uv_buf_init(loop->scratch, (unsigned)room);
        return;
    }
    conn_room(conn, 1);
    *ret = uv_buf_init(conn->in + conn->in_n, (unsigned)(conn->in_cap - conn->in_n));
}

static void on_end(struct http_conn *conn, bool orderly)
{
    conn->eof = true;
    if (orderly && (conn->state == CONN_BUSY || conn->state == CONN_WRITE)) {
        if (conn->state == CONN_BUSY)
            atomic_store(&conn->exchange->req.gone, true);
        conn_read(conn, false); /* it may have closed its half only: the answer is written */
        return;
    }
    conn_close(conn);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct http_conn *conn = stream->data;

    if (n == UV_ENOBUFS) {
        conn_read(conn, false); /* full of what comes after the request in hand: rest() goes on */
        return;
    }
    if (n < 0) {
        on_end(conn, n == UV_EOF);
        return;
    }
    if (n == 0) {
        rest(conn);
        return;
    }
    conn->fresh = false;
    if (conn->state == CONN_LINGER) {
        conn->dropped += (uint64_t)n;
        if (conn->dropped > LIMIT_DISCARD_BYTES)
            conn_close(conn);
        return;
    }
    if (buf->base == conn->loop->scratch) {
        intake_bytes(conn, buf->base, (size_t)n);
        return;
    }
    conn->in_n += (size_t)n;
    if (conn->state == CONN_BUSY || conn->state == CONN_WRITE) {
        if (conn->in_n == conn->in_cap)
            conn_read(conn, false);
        return;
    }
    conn_input(conn);
}

void conn_read(struct http_conn *conn, bool on)
{
    if (conn->reading == on || conn->state == CONN_CLOSED)
        return;
    conn->reading = on;
    if (!on)
        (void)uv_read_stop((uv_stream_t *)&conn->tcp); /* always 0 */
    else if (uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read) != 0)
        conn_close(conn);
}

void conn_input(struct http_conn *conn)
{
    bool more = true;

    if (conn->parsing)
        return; /* a handler answered at once: the loop below goes on */
    conn->parsing = true;
    while (more) {
        if (conn->state == CONN_HEAD)
            more = intake_head(conn);
        else if (conn->state == CONN_BODY && conn->in_at < conn->in_n)
            more = intake_body(conn);
        else
            more = false;
    }
    conn->parsing = false;
    rest(conn);
}

/* ---- what happens to it -------------------------------------------------------------------- */

void conn_open(struct http_loop *loop, struct http_conn *conn)
{
    conn->loop = loop;
    conn->deadline = DEADLINE_NONE;
    conn->fresh = true;
    conn->older = loop->conns;
    if (loop->conns)
        loop->conns->newer = conn;
    loop->conns = conn;
    conn->tcp.data = conn;
    if (uv_tcp_init(&loop->uv, &conn->tcp) != 0)
        BUG("a handle of libuv cannot be made");
    if (uv_tcp_open(&conn->tcp, conn->fd) != 0) {
        (void)close(conn->fd); /* nothing was written to it */
        conn_close(conn);
        return;
    }
    (void)uv_tcp_nodelay(&conn->tcp, 1); /* a matter of speed only */
    if (loop->draining) {
        conn_close(conn);
        return;
    }
    rest(conn);
}

void conn_expired(struct http_conn *conn)
{
    if (conn->state == CONN_BODY) {
        write_refusal(conn, REFUSED_TIMEOUT);
    } else if (conn->state == CONN_SPOOL) {
        conn->exchange->expired = true;
        loop_deadline(conn, DEADLINE_NONE);
    } else {
        conn_close(conn);
    }
}

void conn_drain(struct http_conn *conn)
{
    if (conn->state == CONN_HEAD && conn->in_at == conn->in_n)
        conn_close(conn);
}

void conn_abandon(struct http_conn *conn)
{
    uv_buf_t answer = write_piece(write_unavailable);

    if (conn->state == CONN_BUSY)
        (void)uv_try_write((uv_stream_t *)&conn->tcp, &answer, 1); /* we close in any case */
    conn_close(conn);
}
