/*
 * Loops: their threads, what wakes them, their end.
 *
 * Invariant: a loop ends when the server drains and its last connection is gone; a connection
 * outlives its request, so every handler has let go by then. Its async handle stays open until
 * run_close(): others may still wake a loop that has ended.
 */
#include "http/internal.h"

#include <string.h>

/* ---- the end ------------------------------------------------------------------------------- */

static void abandon_all(struct http_loop *loop)
{
    struct http_conn *older;

    for (struct http_conn *conn = loop->conns; conn; conn = older) {
        older = conn->older;
        conn_abandon(conn);
    }
    if (loop->server->conf.abandoned)
        loop->server->conf.abandoned(loop->server->conf.user);
}

/* Once the time is over nobody is waited for; until then the timer is due at its end. */
static void on_draining(struct http_loop *loop)
{
    if (loop->drain_due_ms <= uv_now(&loop->uv))
        abandon_all(loop);
    else
        loop_arm(loop, loop->drain_due_ms);
}

static void close_handles(struct http_loop *loop)
{
    uv_close((uv_handle_t *)&loop->timer, NULL);
    turn_close(loop);
    pressure_close(loop);
}

static void end_if_done(struct http_loop *loop)
{
    if (!loop->draining || loop->ended || atomic_load(&loop->n_conns) > 0)
        return;
    loop->ended = true;
    close_handles(loop);
    uv_unref((uv_handle_t *)&loop->async);
}

static void drain(struct http_loop *loop)
{
    struct http_conn *older;

    loop->draining = true;
    loop->drain_due_ms = uv_now(&loop->uv) + loop->server->conf.shutdown_ms;
    for (struct http_conn *conn = loop->conns; conn; conn = older) {
        older = conn->older;
        conn_drain(conn);
    }
    loop_arm(loop, loop->drain_due_ms);
}

/* ---- what others have left for it ---------------------------------------------------------- */

static void take_conns(struct http_loop *loop)
{
    struct http_conn *newest = atomic_exchange(&loop->conn_inbox, NULL);
    struct http_conn *first = NULL;

    while (newest) {
        struct http_conn *older = newest->later; /* the inbox's link until it is opened */

        newest->later = first;
        first = newest;
        newest = older;
    }
    while (first) { /* in the order in which they came: the eldest makes room */
        struct http_conn *next = first->later;

        first->later = NULL;
        crowd_open(loop, first);
        watch_end(loop, "open");
        first = next;
    }
}

static void take_requests(struct http_loop *loop)
{
    struct req *newest = atomic_exchange_explicit(&loop->inbox, NULL, memory_order_acquire);
    struct req *first = NULL;

    while (newest) {
        struct req *older = newest->next;

        newest->next = first;
        first = newest;
        newest = older;
    }
    while (first) {
        struct req *next = first->next; /* it may be gone after its turn */

        first->next = NULL;
        watch_request(first->conn);
        first->resume(first);
        watch_end(loop, "resume");
        first = next;
    }
}

static void on_wake(uv_async_t *async)
{
    struct http_loop *loop = async->data;
    struct http_server *server = loop->server;

    atomic_store_explicit(&loop->turned, true, memory_order_relaxed);
    if (atomic_load(&server->ending) != ENDING_NOT && loop->number == 0 && server->listening) {
        accept_stop(server);
        atomic_store(&server->draining, true);
        if (server->conf.stopping)
            server->conf.stopping(server->conf.user);
        for (unsigned i = 1; i < server->n_loops; i++)
            loop_wake(&server->loops[i]);
    }
    if (loop->number == 0)
        accept_resume(server);
    take_conns(loop);
    take_requests(loop);
    if (atomic_load(&server->draining) && !loop->draining)
        drain(loop);
    end_if_done(loop);
}

/* ---- life ---------------------------------------------------------------------------------- */

static const struct http_calls calls = {
    .input = intake_input,
    .body = gather_bytes,
    .refuse_body = gather_late,
    .late = conn_expired,
    .turn = conn_turn,
    .drain = on_draining,
};

bool run_init(struct arena *a, struct http_loop *loop, struct http_server *server, unsigned number)
{
    loop->server = server;
    loop->number = number;
    loop->date_s = -1;
    loop->watch.limit_us = server->conf.watch_us;
    server->calls = &calls;
    loop->scratch = arena_alloc(a, SCRATCH_BYTES);
    if (uv_loop_init(&loop->uv) != 0)
        return false;
    if (uv_async_init(&loop->uv, &loop->async, on_wake) != 0 ||
        uv_timer_init(&loop->uv, &loop->timer) != 0)
        BUG("handles that need no descriptor of their own");
    loop->async.data = loop;
    loop->timer.data = loop;
    turn_init(loop);
    pressure_init(loop);
    return true;
}

void run_loop(void *arg)
{
    struct http_loop *loop = arg;
    const struct http_conf *conf = &loop->server->conf;

    if (conf->loop_start)
        conf->loop_start(conf->user);
    watch_start(loop);
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT); /* what is left is the async handle */
    if (conf->loop_end)
        conf->loop_end(conf->user);
}

void run_close(struct http_loop *loop)
{
    if (!loop->ended)
        close_handles(loop);
    uv_close((uv_handle_t *)&loop->async, NULL);
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT); /* runs the closing of the handles above */
    if (uv_loop_close(&loop->uv) != 0)
        BUG("a loop is closed with handles in it");
    spare_free(loop);
}
