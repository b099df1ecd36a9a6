/*
 * Room while memory is short: once more than a half of the budget is in use, connections that hold
 * memory and hardly move any bytes are ended, those first that hold most for longest, until half of
 * it is free again. So clients that send or read slowly, or have stopped, do not shut out others;
 * one that moves FLOOR_BYTES a look is never ended.
 *
 * Answers that wait for their readers have a bound of their own, below the budget's: they are the
 * largest that a client can have us hold by doing nothing.
 *
 * Every loop looks at its own connections LOOK_MS apart for as long as memory is short, and wakes
 * the others: what they hold counts as well. A connection's pace is an average over its looks, in
 * which each one counts as much as all before it; a new one has GRACE looks before it is slow.
 */
#include "http/internal.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"

#define LOOK_MS 200
#define FLOOR_BYTES 4096U /* moved between two looks: 20 KB/s */
#define GRACE 3
#define MOST_ENDED 256 /* in one look */
#define RANKS 64

static size_t held(const struct http_conn *conn)
{
    const struct exchange *ex = conn->exchange;
    size_t n = conn->in_cap;

    if (!ex)
        return n;
    if (ex->req.sink)
        n += ex->req.sink->held(&ex->req);
    return n + ex->body.cap + ex->req.resp.body.cap + ex->stream.waiting.cap +
           ex->stream.sending.cap + ex->stream.held;
}

/* And holds something meanwhile. */
static bool waits_for_client(const struct http_conn *conn)
{
    return conn->state == CONN_WRITE || conn->state == CONN_BODY ||
           ((conn->state == CONN_HEAD || conn->state == CONN_STREAM) && conn->in);
}

static void look_at(struct http_conn *conn)
{
    struct pace *pace = &conn->pace;
    uint64_t taken = conn_taken(conn);
    uint64_t moved = conn->n_read - pace->n_read + taken - pace->taken;

    if (moved > FLOOR_BYTES << GRACE)
        moved = FLOOR_BYTES << GRACE;
    pace->bytes = pace->seen ? (pace->bytes + (unsigned)moved) / 2 : FLOOR_BYTES << GRACE;
    pace->seen = true;
    pace->n_read = conn->n_read;
    pace->taken = taken;
}

/* How much would be gained by its end: by the powers of two of what it holds, and for how long. */
static unsigned rank(const struct http_conn *conn)
{
    uint64_t gain = held(conn) / (1 + conn->pace.bytes / 64);

    return gain ? RANKS - 1 - (unsigned)__builtin_clzll(gain) : 0;
}

/* Bytes of unread answers beyond their bound. */
static uint64_t unread_excess(const struct http_server *server)
{
    uint64_t most =
        memory_budget() / 4 < LIMIT_UNREAD_BYTES ? memory_budget() / 4 : LIMIT_UNREAD_BYTES;
    uint64_t n = atomic_load_explicit(&server->unread_bytes, memory_order_relaxed);

    return n > most ? n - most : 0;
}

/* What is to be made room for: of memory, or else of unread answers alone. */
struct want {
    uint64_t bytes;
    bool answers;
};

static struct want wanted(const struct http_server *server)
{
    uint64_t memory = memory_excess();

    return memory > 0 ? (struct want){memory, false} : (struct want){unread_excess(server), true};
}

static bool may_go(const struct http_conn *conn, const struct want *want)
{
    return waits_for_client(conn) && conn->pace.seen && conn->pace.bytes < FLOOR_BYTES &&
           (!want->answers || (conn->exchange && conn->exchange->unread > 0));
}

/* The highest rank such that all from it up hold what is too much. */
static unsigned find_rank(struct http_loop *loop, const struct want *want)
{
    uint64_t by_rank[RANKS] = {0};
    unsigned at = RANKS;

    for (struct http_conn *conn = loop->conns; conn; conn = conn->older) {
        if (waits_for_client(conn))
            look_at(conn);
        else
            conn->pace.seen = false;
        if (may_go(conn, want))
            by_rank[rank(conn)] += held(conn);
    }
    for (uint64_t sum = 0; at > 0 && sum < want->bytes; sum += by_rank[at])
        at--;
    return at;
}

static void end(struct http_conn *conn)
{
    if (conn->state == CONN_WRITE || conn->state == CONN_STREAM)
        conn_close(conn);
    else
        conn_shed(conn);
}

static void make_room(struct http_loop *loop, const struct want *want)
{
    static struct log_pace pace;
    unsigned least = find_rank(loop, want);
    unsigned n = 0;
    uint64_t freed = 0;
    struct http_conn *older;

    for (struct http_conn *conn = loop->conns; conn && freed < want->bytes && n < MOST_ENDED;
         conn = older) {
        older = conn->older;
        if (!may_go(conn, want) || rank(conn) < least)
            continue;
        freed += held(conn);
        n++;
        end(conn);
    }
    if (n > 0)
        log_seldom(&pace, LOG_WARN, "http.memory_is_short", LOG_U64("ended", n),
                   LOG_U64("bytes", freed));
}

static void wake_others(struct http_loop *loop)
{
    struct http_server *server = loop->server;

    for (unsigned i = 0; i < server->n_loops; i++)
        if (!atomic_load_explicit(&server->loops[i].pressed, memory_order_relaxed))
            loop_wake(&server->loops[i]);
}

static void on_look(uv_timer_t *timer)
{
    struct http_loop *loop = timer->data;
    const struct want want = wanted(loop->server);

    if (want.bytes > 0) {
        wake_others(loop);
        make_room(loop, &want);
        return;
    }
    (void)uv_timer_stop(timer); /* always 0 */
    atomic_store_explicit(&loop->pressed, false, memory_order_relaxed);
    for (struct http_conn *conn = loop->conns; conn; conn = conn->older)
        conn->pace.seen = false;
}

/* Once a round: there is hardly a cheaper place from which all is seen. */
static void on_round(uv_prepare_t *prepare)
{
    struct http_loop *loop = prepare->data;

    if (wanted(loop->server).bytes == 0 ||
        atomic_load_explicit(&loop->pressed, memory_order_relaxed) || loop->ended)
        return;
    atomic_store_explicit(&loop->pressed, true, memory_order_relaxed);
    if (uv_timer_start(&loop->pressure, on_look, LOOK_MS, LOOK_MS) != 0)
        BUG("a timer that is closed");
}

void pressure_init(struct http_loop *loop)
{
    if (uv_timer_init(&loop->uv, &loop->pressure) != 0 ||
        uv_prepare_init(&loop->uv, &loop->pressure_rounds) != 0)
        BUG("a handle of libuv cannot be made");
    loop->pressure.data = loop->pressure_rounds.data = loop;
    if (uv_prepare_start(&loop->pressure_rounds, on_round) != 0)
        BUG("a handle without a callback");
    uv_unref((uv_handle_t *)&loop->pressure);
}

void pressure_close(struct http_loop *loop)
{
    uv_close((uv_handle_t *)&loop->pressure, NULL);
    uv_close((uv_handle_t *)&loop->pressure_rounds, NULL);
}
