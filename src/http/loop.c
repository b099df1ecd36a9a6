/*
 * Loops: their inbox, their deadlines, their end.
 *
 * Invariants
 *  1. The timer is due no later than the first deadline of every list.
 *  2. A loop ends when the server drains and its last connection is gone; a connection outlives its
 *     request, so every handler has let go by then. Its async handle stays open until
 *     loop_close(): others may still wake a loop that has ended.
 */
#include "http/internal.h"

#include "base/date.h"

#include <stdio.h>
#include <string.h>

/* ---- deadlines ----------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

static void arm(struct http_loop *loop, uint64_t due_ms)
{
    uint64_t now_ms = uv_now(&loop->uv);

    if (loop->timer_due_ms != 0 && loop->timer_due_ms <= due_ms)
        return;
    loop->timer_due_ms = due_ms;
    if (uv_timer_start(&loop->timer, on_timer, due_ms > now_ms ? due_ms - now_ms : 0, 0) != 0)
        BUG("a timer that is closed");
}

static void set_first(struct conn_list *list, struct http_conn *conn)
{
    list->first = conn;
    atomic_store_explicit(&list->first_due_ms, conn ? conn->due_ms : 0, memory_order_relaxed);
}

void loop_append(struct conn_list *list, struct http_conn *conn)
{
    conn->sooner = list->last;
    if (list->last)
        list->last->later = conn;
    else
        set_first(list, conn);
    list->last = conn;
}

void loop_remove(struct conn_list *list, struct http_conn *conn)
{
    if (conn->sooner)
        conn->sooner->later = conn->later;
    else
        set_first(list, conn->later);
    if (conn->later)
        conn->later->sooner = conn->sooner;
    else
        list->last = conn->sooner;
    conn->sooner = conn->later = NULL;
}

void loop_deadline(struct http_conn *conn, enum http_deadline kind)
{
    struct http_loop *loop = conn->loop;

    if (conn->deadline != DEADLINE_NONE)
        loop_remove(&loop->deadlines[conn->deadline], conn);
    conn->deadline = kind;
    if (kind == DEADLINE_NONE)
        return;
    conn->due_ms = uv_now(&loop->uv) + loop->server->deadline_ms[kind];
    loop_append(&loop->deadlines[kind], conn);
    arm(loop, conn->due_ms);
}

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

static void on_timer(uv_timer_t *timer)
{
    struct http_loop *loop = timer->data;
    uint64_t now_ms = uv_now(&loop->uv);

    loop->timer_due_ms = 0;
    if (loop->draining && loop->drain_due_ms <= now_ms)
        abandon_all(loop);
    else if (loop->draining)
        arm(loop, loop->drain_due_ms);
    for (int kind = 0; kind < DEADLINE_KINDS; kind++) {
        struct conn_list *list = &loop->deadlines[kind];

        while (list->first && list->first->due_ms <= now_ms) {
            conn_expired(list->first);
            watch_end(loop, "deadline");
        }
        if (list->first)
            arm(loop, list->first->due_ms);
    }
}

/* ---- the end ------------------------------------------------------------------------------- */

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
    arm(loop, loop->drain_due_ms);
}

void loop_conn_done(struct http_loop *loop)
{
    atomic_fetch_sub(&loop->n_conns, 1);
    if (atomic_load(&loop->server->paused))
        loop_wake(&loop->server->loops[0]);
    end_if_done(loop);
}

/* ---- inbox --------------------------------------------------------------------------------- */

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

    if (atomic_load(&server->stopping) && loop->number == 0 && server->listening) {
        accept_stop(server);
        atomic_store(&server->draining, true);
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

void loop_wake(struct http_loop *loop)
{
    (void)uv_async_send(&loop->async); /* fails only for what is no async handle */
}

void loop_give(struct http_loop *loop, struct http_conn *conn)
{
    struct http_conn *head = atomic_load(&loop->conn_inbox);

    do {
        conn->later = head;
    } while (!atomic_compare_exchange_weak(&loop->conn_inbox, &head, conn));
    loop_wake(loop);
}

/* ---- life ---------------------------------------------------------------------------------- */

bool loop_init(struct arena *a, struct http_loop *loop, struct http_server *server, unsigned number)
{
    loop->server = server;
    loop->number = number;
    loop->date_s = -1;
    loop->watch.limit_us = server->conf.watch_us;
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

void loop_run(void *arg)
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

void loop_close(struct http_loop *loop)
{
    if (!loop->ended)
        close_handles(loop);
    uv_close((uv_handle_t *)&loop->async, NULL);
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT); /* runs the closing of the handles above */
    if (uv_loop_close(&loop->uv) != 0)
        BUG("a loop is closed with handles in it");
    spare_free(loop);
}

const char *loop_date_line(struct http_loop *loop)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct date_parts d;
    int64_t now_ms;

    if (loop->date_s >= 0 && loop->date_round == loop->round)
        return loop->date_line; /* as of a few milliseconds ago */
    loop->date_round = loop->round;
    now_ms = date_now_ms();
    if (now_ms / 1000 == loop->date_s)
        return loop->date_line;
    d = date_split(now_ms);
    loop->date_s = now_ms / 1000;
    (void)snprintf(loop->date_line, sizeof(loop->date_line),
                   "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[d.weekday], d.day,
                   months[d.month - 1], d.year, d.hour, d.minute, d.second);
    return loop->date_line;
}
