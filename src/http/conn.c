/*
 * Connections.
 *
 * Invariants
 *  1. A connection has at most one exchange. While it has one, its read buffer does not move: the
 *     request's slices point into it.
 *  2. in[0, in_at) is consumed, in[in_at, in_n) is what came and is not looked at yet (or, while a
 *     body is awaited in place, a part of it).
 *  3. What is read, until when is waited, and what a FIN means follow from the state alone, by its
 *     row in states[]: conn_enter() brings them about, and nothing else starts or stops reading.
 *  4. Whatever was read whole before a FIN is answered, but for a read that takes long after it.
 *     The same holds for a stop of the server where it is we who were late (CONN_TURN).
 *  5. A connection is freed when libuv has closed its socket and it has no exchange.
 */
#include "http/internal.h"

#include "base/limits.h"
#include "base/memory.h"

#include <assert.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

uint64_t conn_taken(const struct http_conn *conn)
{
    uint64_t left = uv_stream_get_write_queue_size((const uv_stream_t *)&conn->tcp);
    int fd, kernels = 0;

    if (uv_fileno((const uv_handle_t *)&conn->tcp, &fd) == 0 && ioctl(fd, SIOCOUTQ, &kernels) == 0)
        left += (uint64_t)kernels; /* it takes whole megabytes at once, and then nothing for long */
    return conn->n_sent > left ? conn->n_sent - left : 0;
}

bool conn_has_unread(const struct http_conn *conn)
{
    int fd, n = 0;

    return uv_fileno((const uv_handle_t *)&conn->tcp, &fd) == 0 && ioctl(fd, FIONREAD, &n) == 0 &&
           n > 0;
}

/* ---- states --------------------------------------------------------------------------------- */

enum reads {
    READS_NOTHING,
    READS_INPUT, /* into the buffer, or a long body through scratch memory: always room for more */
    READS_AHEAD, /* into what room the buffer has: a client that leaves is noticed that way */
    READS_WASTE, /* into scratch memory, to be dropped */
};

enum fin {
    FIN_CLOSES, /* nothing whole is there */
    FIN_WAITS,  /* the answer comes first, and what else is there and whole */
};

static void close_late(struct http_conn *conn)
{
    conn_close(conn);
}

/* A client that still reads, however slowly, gets the whole of its answer. */
static void write_late(struct http_conn *conn)
{
    uint64_t taken = conn_taken(conn);

    if (taken - conn->taken < LIMIT_WRITE_BYTES) {
        conn_close(conn);
        return;
    }
    conn->taken = taken;
    loop_deadline(conn, DEADLINE_WRITE);
}

static void refuse_late(struct http_conn *conn)
{
    conn->loop->server->calls->refuse_body(conn);
}

/* Its client has sent a FIN some time ago, and may not be there at all. */
static void drop_late(struct http_conn *conn)
{
    const enum req_stake stake = conn->exchange->req.stake;

    if (stake == REQ_DROPPABLE || stake == REQ_UNDOABLE)
        conn_close(conn);
    else
        loop_deadline(conn, DEADLINE_NONE);
}

/* A deadline that two states in a row have in common runs on. While a sink pauses it is we who are
 * waited for: then the body's begins anew, for the next piece. */
/* clang-format off */
static const struct conn_row {
    enum reads reads;            /* until a FIN */
    enum fin fin;
    enum http_deadline deadline;
    enum http_deadline after_fin;
    void (*late)(struct http_conn *conn);
} states[] = {
    [CONN_IDLE]   = {READS_INPUT,   FIN_CLOSES, DEADLINE_IDLE,   DEADLINE_NONE,  close_late},
    [CONN_HEAD]   = {READS_INPUT,   FIN_CLOSES, DEADLINE_HEAD,   DEADLINE_NONE,  close_late},
    [CONN_TURN]   = {READS_NOTHING, FIN_WAITS,  DEADLINE_NONE,   DEADLINE_NONE,  NULL},
    [CONN_BODY]   = {READS_INPUT,   FIN_CLOSES, DEADLINE_BODY,   DEADLINE_BODY,  refuse_late},
    [CONN_SINK]   = {READS_NOTHING, FIN_WAITS,  DEADLINE_NONE,   DEADLINE_NONE,  NULL},
    [CONN_BUSY]   = {READS_AHEAD,   FIN_WAITS,  DEADLINE_NONE,   DEADLINE_LEFT,  drop_late},
    [CONN_WRITE]  = {READS_AHEAD,   FIN_WAITS,  DEADLINE_WRITE,  DEADLINE_WRITE, write_late},
    [CONN_FETCH]  = {READS_NOTHING, FIN_WAITS,  DEADLINE_NONE,   DEADLINE_NONE,  NULL},
    [CONN_STREAM] = {READS_AHEAD,   FIN_CLOSES, DEADLINE_NONE,   DEADLINE_NONE,  NULL},
    [CONN_LINGER] = {READS_WASTE,   FIN_CLOSES, DEADLINE_LINGER, DEADLINE_NONE,  close_late},
    [CONN_CLOSED] = {READS_NOTHING, FIN_WAITS,  DEADLINE_NONE,   DEADLINE_NONE,  NULL},
};
/* clang-format on */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret);
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void set_reading(struct http_conn *conn, bool on)
{
    if (conn->reading == on)
        return;
    conn->reading = on;
    if (!on)
        (void)uv_read_stop((uv_stream_t *)&conn->tcp); /* always 0 */
    else if (uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read) != 0)
        BUG("a socket that cannot be read");
}

void conn_enter(struct http_conn *conn, enum http_state state)
{
    const struct conn_row *row = &states[state];
    enum http_deadline deadline = conn->eof ? row->after_fin : row->deadline;
    bool full = row->reads == READS_AHEAD && conn->in && conn->in_n == conn->in_cap;

    if (conn->state == CONN_TURN)
        turn_leave(conn);
    conn->state = state;
    if (conn->deadline != deadline && deadline == DEADLINE_WRITE)
        conn->taken = conn_taken(conn);
    if (conn->deadline != deadline)
        loop_deadline(conn, deadline);
    if (state == CONN_TURN)
        turn_wait(conn);
    set_reading(conn, row->reads != READS_NOTHING && !conn->eof && !conn->settles && !full);
}

void conn_expired(struct http_conn *conn)
{
    states[conn->state].late(conn);
}

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
    crowd_left(conn);
    free(conn);
    loop_conn_done(loop);
}

static void on_closed(uv_handle_t *handle)
{
    struct http_conn *conn = handle->data;
    struct http_loop *loop = conn->loop;

    conn->handle_gone = true;
    let_go(conn);
    watch_end(loop, "close");
}

/* A request that is not whole; the handler has not seen it. */
static void drop_part(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;

    if (ex && (conn->state == CONN_HEAD || conn->state == CONN_BODY)) {
        conn->exchange = NULL;
        exchange_put(conn->loop, ex);
    }
}

void conn_close(struct http_conn *conn)
{
    if (conn->state == CONN_CLOSED)
        return;
    if (conn->state == CONN_BUSY && conn->exchange) /* it has none once the answer is out */
        atomic_store(&conn->exchange->req.gone, true);
    loop_end_pause(conn);
    drop_part(conn);
    conn_enter(conn, CONN_CLOSED);
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
    if (conn->exchange && conn->exchange->stream.events)
        conn->exchange->stream.gone(conn->exchange);
}

void conn_reset(struct http_conn *conn)
{
    const struct linger now = {.l_onoff = 1};
    int fd;

    if (conn->state == CONN_CLOSED)
        return;
    if (uv_fileno((uv_handle_t *)&conn->tcp, &fd) == 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)); /* else it is a plain end */
    conn_close(conn);
}

/* Half-closes, drops what still comes, then closes: so the answer is read before a reset. */
static void linger(struct http_conn *conn)
{
    int fd;

    if (conn->eof || uv_fileno((uv_handle_t *)&conn->tcp, &fd) != 0 || shutdown(fd, SHUT_WR) != 0) {
        conn_close(conn);
        return;
    }
    conn->settles = false; /* what comes is read, if only to be dropped */
    conn->dropped = conn->in_n - conn->in_at;
    drop_buffer(conn);
    conn_enter(conn, CONN_LINGER);
}

void conn_next(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;
    bool keep = ex->keep && !conn_drains(conn);
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
    conn_enter(conn, CONN_HEAD);
    conn->scanned = conn->line_at = 0;
    conn->loop->server->calls->input(conn);
}

/* ---- reading ------------------------------------------------------------------------------- */

static bool grow(struct http_conn *conn, size_t cap)
{
    char *p;

    if (!memory_take(cap))
        return false;
    p = malloc(cap);
    if (!p)
        BUG("out of memory");
    memcpy(p, conn->in + conn->in_at, conn->in_n - conn->in_at);
    spare_buffer_put(conn->loop, conn->in, conn->in_cap);
    conn->in = p;
    conn->in_cap = cap;
    conn->in_n -= conn->in_at;
    conn->in_at = 0;
    return true;
}

bool conn_room(struct http_conn *conn, size_t n)
{
    size_t used = conn->in_n - conn->in_at;
    size_t max = conn->loop->server->conf.max_head_bytes + 2 * IN_BYTES;

    if (!conn->in) {
        conn->in = spare_buffer_get(conn->loop);
        conn->in_cap = IN_BYTES;
    }
    if (conn->exchange || conn->in_cap - conn->in_n >= n)
        return true;
    if (conn->in_at > 0) {
        memmove(conn->in, conn->in + conn->in_at, used);
        conn->in_at = 0;
        conn->in_n = used;
    }
    if (conn->in_cap - conn->in_n >= n || conn->in_cap == max)
        return true;
    return grow(conn, conn->in_cap * 2 < max ? conn->in_cap * 2 : max);
}

void conn_unused(struct http_conn *conn)
{
    if (conn->in && conn->in_at == conn->in_n)
        drop_buffer(conn);
}

void conn_shed(struct http_conn *conn)
{
    uv_buf_t answer = piece_of(write_unavailable);

    (void)uv_try_write((uv_stream_t *)&conn->tcp, &answer, 1); /* we close in any case */
    drop_part(conn);
    linger(conn);
}

/* Where the next bytes of a body go that is not taken from the buffer; its room, or 0. */
static size_t body_room(const struct http_conn *conn)
{
    const struct exchange *ex = conn->exchange;
    uint64_t missing;

    if (conn->state != CONN_BODY || ex->framing != BODY_LENGTH || ex->in_place)
        return 0;
    missing = ex->length - ex->got;
    return missing < SCRATCH_BYTES ? (size_t)missing : SCRATCH_BYTES;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct http_conn *conn = handle->data;
    struct http_loop *loop = conn->loop;
    size_t room;

    (void)suggested;
    if (states[conn->state].reads == READS_WASTE) {
        *ret = uv_buf_init(loop->scratch, SCRATCH_BYTES);
        return;
    }
    room = body_room(conn);
    if (room > 0) {
        *ret = uv_buf_init(loop->scratch, (unsigned)room);
        return;
    }
    if (!conn_room(conn, 1)) {
        *ret = uv_buf_init(NULL, 0); /* UV_ENOBUFS */
        return;
    }
    assert(conn->in_n < conn->in_cap);
    *ret = uv_buf_init(conn->in + conn->in_n, (unsigned)(conn->in_cap - conn->in_n));
}

static void on_end(struct http_conn *conn, bool orderly)
{
    conn->eof = true;
    if (!orderly || states[conn->state].fin == FIN_CLOSES)
        conn_close(conn);
    else
        conn_enter(conn, conn->state); /* with nothing more to read */
}

static void take_read(struct http_conn *conn, ssize_t n, const uv_buf_t *buf)
{
    if (n < 0) {
        if (n == UV_ENOBUFS)
            conn_shed(conn);
        else
            on_end(conn, n == UV_EOF);
        return;
    }
    conn->n_read += (uint64_t)n;
    if (n == 0) {
        if (!conn->exchange || conn->state == CONN_STREAM)
            conn_unused(conn); /* it was taken for nothing */
        return;
    }
    if (states[conn->state].reads == READS_WASTE) {
        conn->dropped += (uint64_t)n;
        if (conn->dropped > LIMIT_DISCARD_BYTES)
            conn_close(conn);
        return;
    }
    if (buf->base == conn->loop->scratch) {
        conn->loop->server->calls->body(conn, buf->base, (size_t)n);
        return;
    }
    conn->in_n += (size_t)n;
    if (states[conn->state].reads == READS_AHEAD)
        conn_enter(conn, conn->state); /* the buffer may be full */
    else
        conn->loop->server->calls->input(conn);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct http_conn *conn = stream->data;
    struct http_loop *loop = conn->loop;

    watch_request(conn);
    take_read(conn, n, buf);
    watch_end(loop, "read");
}

void conn_settle(struct http_conn *conn)
{
    if (conn->eof && states[conn->state].fin == FIN_CLOSES) {
        conn_close(conn);
    } else if (conn->settles && states[conn->state].fin == FIN_CLOSES) {
        drop_part(conn);
        linger(conn);
    } else if (conn->state == CONN_HEAD && conn->in_at == conn->in_n) {
        drop_buffer(conn);
        conn_enter(conn, CONN_IDLE);
    }
}

void conn_turn(struct http_conn *conn)
{
    conn_enter(conn, CONN_HEAD);
    conn->loop->server->calls->input(conn);
}

/* ---- what happens to it -------------------------------------------------------------------- */

/* Nobody who connects is turned away for a restart: the first request is answered, and one that has
 * come. */
static bool may_still_ask(const struct http_conn *conn)
{
    return http_server_restarts(conn->loop->server) && (conn->n_read == 0 || conn_has_unread(conn));
}

void conn_open(struct http_loop *loop, struct http_conn *conn)
{
    conn->loop = loop;
    conn->deadline = DEADLINE_NONE;
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
    if (loop->draining && !may_still_ask(conn)) {
        conn_close(conn);
        return;
    }
    conn_enter(conn, CONN_HEAD); /* a first head must not be as late as a next one */
}

void conn_drain(struct http_conn *conn)
{
    loop_end_pause(conn);
    if (conn->state == CONN_TURN)
        conn->settles = true;
    else if (conn->exchange && conn->exchange->stream.events)
        conn->exchange->stream.stop(conn->exchange);
    else if ((conn->state == CONN_IDLE || conn->state == CONN_HEAD) && conn->in_at == conn->in_n &&
             !may_still_ask(conn))
        conn_close(conn);
}

void conn_abandon(struct http_conn *conn)
{
    uv_buf_t answer = piece_of(write_unavailable);

    if (conn->state == CONN_BUSY && conn->exchange->req.stake < REQ_UNDOABLE) {
        atomic_store(&conn->exchange->req.gone, true); /* first: what is refused is not done */
        (void)uv_try_write((uv_stream_t *)&conn->tcp, &answer, 1); /* we close in any case */
    }
    conn_close(conn);
}
