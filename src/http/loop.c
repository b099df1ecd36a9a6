/*
 * What a loop keeps for its connections: deadlines, pauses, the inbox, the Date line.
 *
 * Invariant: the timer is due no later than the first deadline of every list, and than the end of
 * the first pause.
 */
#include "http/internal.h"

#include "base/date.h"
#include "http/when.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- deadlines ----------------------------------------------------------------------------- */

void loop_arm(struct http_loop *loop, uint64_t due_ms)
{
    uint64_t now_ms = uv_now(&loop->uv);

    if (loop->timer_due_ms != 0 && loop->timer_due_ms <= due_ms)
        return;
    loop->timer_due_ms = due_ms;
    if (uv_timer_start(&loop->timer, loop_on_timer, due_ms > now_ms ? due_ms - now_ms : 0, 0) != 0)
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
    loop_arm(loop, conn->due_ms);
}

/* ---- pauses -------------------------------------------------------------------------------- */

_Static_assert(REQ_PAUSE_MOST_MS / PAUSE_TICK_MS + 2 <= PAUSE_SLOTS, "a tick has a slot");

static struct exchange **pause_slot(struct http_loop *loop, uint64_t tick)
{
    return &loop->pauses[tick % PAUSE_SLOTS];
}

/* The request goes on in its turn of the inbox: whoever ends a pause is in the midst of something.
 */
static void end_pause(struct http_loop *loop, struct exchange *ex)
{
    struct exchange **slot = pause_slot(loop, ex->paused_until_ms / PAUSE_TICK_MS);

    if (ex->paused_before)
        ex->paused_before->paused_after = ex->paused_after;
    else
        *slot = ex->paused_after;
    if (ex->paused_after)
        ex->paused_after->paused_before = ex->paused_before;
    ex->paused_before = ex->paused_after = NULL;
    ex->paused_until_ms = 0;
    loop->n_paused--;
    req_resume(&ex->req, ex->req.resume, true);
}

void loop_end_pause(struct http_conn *conn)
{
    if (conn->exchange && conn->exchange->paused_until_ms > 0)
        end_pause(conn->loop, conn->exchange);
}

void req_pause(struct req *req, unsigned ms, void (*resume)(struct req *req))
{
    struct exchange *ex = exchange_of(req), **slot;
    struct http_loop *loop = req->conn->loop;
    const uint64_t now_ms = uv_now(&loop->uv);

    assert(ms <= REQ_PAUSE_MOST_MS);
    if (loop->draining || atomic_load(&req->gone)) {
        req_resume(req, resume, true);
        return;
    }
    if (loop->n_paused++ == 0)
        loop->pauses_tick = now_ms / PAUSE_TICK_MS;
    req->resume = resume;
    ex->paused_until_ms = ((now_ms + ms) / PAUSE_TICK_MS + 1) * PAUSE_TICK_MS;
    slot = pause_slot(loop, ex->paused_until_ms / PAUSE_TICK_MS);
    ex->paused_after = *slot;
    if (*slot)
        (*slot)->paused_before = ex;
    *slot = ex;
    loop_arm(loop, ex->paused_until_ms);
}

/* A loop that comes late goes round once: in a slot may be those of a tick to come, too. */
static void end_pauses(struct http_loop *loop, uint64_t now_ms)
{
    const uint64_t now = now_ms / PAUSE_TICK_MS;
    uint64_t tick = loop->pauses_tick;

    if (loop->n_paused == 0)
        return;
    loop->pauses_tick = now;
    for (tick = now - tick < PAUSE_SLOTS ? tick : now - PAUSE_SLOTS; tick++ < now;) {
        struct exchange *next;

        for (struct exchange *ex = *pause_slot(loop, tick); ex; ex = next) {
            next = ex->paused_after;
            if (ex->paused_until_ms <= now_ms)
                end_pause(loop, ex);
        }
    }
    for (tick = now + 1; loop->n_paused > 0; tick++) {
        if (!*pause_slot(loop, tick))
            continue;
        loop_arm(loop, tick * PAUSE_TICK_MS);
        break;
    }
}

/* ---- the timer ----------------------------------------------------------------------------- */

void loop_on_timer(uv_timer_t *timer)
{
    struct http_loop *loop = timer->data;
    uint64_t now_ms = uv_now(&loop->uv);

    loop->timer_due_ms = 0;
    if (loop->draining)
        loop->server->calls->drain(loop);
    end_pauses(loop, now_ms);
    for (int kind = 0; kind < DEADLINE_KINDS; kind++) {
        struct conn_list *list = &loop->deadlines[kind];

        while (list->first && list->first->due_ms <= now_ms) {
            loop->server->calls->late(list->first);
            watch_end(loop, "deadline");
        }
        if (list->first)
            loop_arm(loop, list->first->due_ms);
    }
}

void loop_conn_done(struct http_loop *loop)
{
    atomic_fetch_sub(&loop->n_conns, 1);
    if (atomic_load(&loop->server->paused))
        loop_wake(&loop->server->loops[0]);
    if (loop->draining)
        loop_wake(loop); /* it may be the last */
}

/* ---- inbox --------------------------------------------------------------------------------- */

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

void req_resume(struct req *req, void (*resume)(struct req *req), bool wake)
{
    struct http_loop *loop = req->conn->loop; /* read before the loop may have the request back */
    struct req *head = atomic_load_explicit(&loop->inbox, memory_order_relaxed);

    req->resume = resume;
    do {
        req->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&loop->inbox, &head, req, memory_order_release,
                                                    memory_order_relaxed));
    if (wake)
        loop_wake(loop);
}

void loop_stop(struct http_server *server)
{
    atomic_store(&server->ending, ENDING_STOP);
    loop_wake(&server->loops[0]);
}

void loop_restart(struct http_server *server)
{
    int not_yet = ENDING_NOT;

    if (atomic_compare_exchange_strong(&server->ending, &not_yet, ENDING_RESTART))
        loop_wake(&server->loops[0]);
}

/* ---- the date ------------------------------------------------------------------------------ */

const char *loop_date_line(struct http_loop *loop)
{
    char when[HTTP_WHEN_LEN + 1];
    int64_t now_ms;

    if (loop->date_s >= 0 && loop->date_round == loop->round)
        return loop->date_line; /* as of a few milliseconds ago */
    loop->date_round = loop->round;
    now_ms = date_now_ms();
    if (now_ms / 1000 == loop->date_s)
        return loop->date_line;
    loop->date_s = now_ms / 1000;
    http_when_write(when, loop->date_s);
    (void)snprintf(loop->date_line, sizeof(loop->date_line), "Date: %s\r\n", when);
    return loop->date_line;
}
