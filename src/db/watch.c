/*
 * Limits of a connection: what its statements may use up, and whether they have.
 */
#include "db/db.h"

#include "base/compiler.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/thread.h"
#include "db/internal.h"

#include <assert.h>

uint64_t db_deadline(uint64_t now_us, unsigned timeout_s)
{
    return timeout_s ? now_us + timeout_s * UINT64_C(1000000) : 0;
}

void db_watch_timeout(struct db_conn *conn)
{
    uint64_t now_us = clock_us();

    conn->watch =
        (struct db_watch){.armed = true,
                          .start_us = now_us,
                          .deadline_us = db_deadline(now_us, conn->db->conf.query_timeout_s)};
}

void db_set_limits(struct db_conn *conn, const struct db_limits *limits)
{
    uint64_t now_us;

    assert(conn->owner == thread_id());
    assert(conn->role == DB_ROLE_READER);
    conn->limited = limits != NULL;
    if (!limits && !conn->reading && !conn->n_in_use) {
        conn->watch = (struct db_watch){0}; /* the timeout counts from what begins next */
        return;
    }
    db_watch_timeout(conn);
    if (!limits)
        return;
    now_us = conn->watch.start_us;
    conn->watch.cpu_us = limits->cpu_us;
    conn->watch.gone = limits->gone;
    if (limits->timeout_ms)
        conn->watch.deadline_us = now_us + limits->timeout_ms * 1000;
}

bool db_on_loop(const struct db_conn *conn)
{
    return conn->watch.cpu_us > 0 && conn->watch.cpu_us <= LIMIT_INLINE_CPU_US;
}

uint64_t db_budget_us(const struct db_conn *conn)
{
    return conn->watch.cpu_us;
}

struct err *db_check_limits(struct arena *a, struct db_conn *conn)
{
    enum db_stop stop = db_watch_check(&conn->watch);

    if (stop == DB_GO_ON && memory_is_over())
        return err_starved(a, "rows");
    return stop == DB_GO_ON ? NULL : db_watch_err(a, stop);
}

/* More time than the budget has passed: whether it was this thread's. What had passed before the
 * first look at the CPU clock counts for half the budget at most, since nobody knows whose it was.
 */
static bool budget_used_up(struct db_watch *watch, uint64_t passed_us)
{
    uint64_t cpu_us = clock_thread_cpu_us();

    if (!watch->has_base) {
        watch->has_base = true;
        watch->base_cpu_us = cpu_us;
        watch->base_used_us = passed_us < watch->cpu_us / 2 ? passed_us : watch->cpu_us / 2;
    }
    return watch->base_used_us + (cpu_us - watch->base_cpu_us) >= watch->cpu_us;
}

enum db_stop db_watch_check(struct db_watch *watch)
{
    uint64_t now_us;

    if (!watch->armed || watch->stop != DB_GO_ON)
        return watch->stop;
    if (watch->gone && atomic_load_explicit(watch->gone, memory_order_relaxed)) {
        watch->stop = DB_STOP_GONE;
        return watch->stop;
    }
    now_us = clock_us();
    if (watch->deadline_us && now_us >= watch->deadline_us)
        watch->stop = DB_STOP_TIMEOUT;
    else if (watch->cpu_us && now_us - watch->start_us >= watch->cpu_us / 2 &&
             budget_used_up(watch, now_us - watch->start_us))
        watch->stop = DB_STOP_BUDGET;
    return watch->stop;
}

struct err *db_watch_err(struct arena *a, enum db_stop stop)
{
    struct err *err;

    switch (stop) {
    case DB_STOP_BUDGET:
        return err_new(a, E_OVER_BUDGET, NULL, "the CPU budget of the reads is used up");
    case DB_STOP_TIMEOUT:
        err = err_new(a, E_UNAVAILABLE, NULL, "the query timeout has passed");
        err->timed_out = true;
        return err;
    case DB_STOP_GONE:
        return err_new(a, E_GONE, NULL, "the client has left");
    case DB_GO_ON:
        break;
    }
    BUG("no limit was passed");
}

void db_box_begin(struct db_conn *tx, struct db_box *box)
{
    struct db_watch *watch = &tx->watch;
    uint64_t deadline_us = db_deadline(clock_us(), tx->db->conf.query_timeout_s);

    *box = (struct db_box){watch->deadline_us, watch->armed};
    if (deadline_us && (!watch->deadline_us || deadline_us < watch->deadline_us)) {
        watch->armed = true;
        watch->deadline_us = deadline_us;
    }
}

bool db_box_end(struct db_conn *tx, const struct db_box *box)
{
    struct db_watch *watch = &tx->watch;
    const bool over = watch->stop == DB_STOP_TIMEOUT && watch->deadline_us != box->deadline_us;

    watch->deadline_us = box->deadline_us;
    watch->armed = box->armed;
    if (over)
        watch->stop = DB_GO_ON;
    return over;
}
