/*
 * Who holds a loop: for developers and tests, the CPU time that its thread spends on one connection
 * before the others have their turn.
 *
 * A piece of work begins where the one before has ended, so that all of the thread's time is some
 * piece's: what libuv reads and writes for a connection is in the one of its callback, or of the
 * next that there is.
 */
#include "http/internal.h"

#include "base/date.h"
#include "base/log.h"

#include <string.h>

void watch_start(struct http_loop *loop)
{
    loop->watch.request_n = 0;
    loop->watch.began_us = clock_thread_cpu_us();
}

static void add(struct watch *watch, struct str text)
{
    size_t room = sizeof(watch->request) - watch->request_n;
    size_t n = text.n < room ? text.n : room;

    if (n > 0)
        memcpy(watch->request + watch->request_n, text.p, n);
    watch->request_n += n;
}

/* What a request points to is gone once its answer is on its way. */
static bool is_known(const struct http_conn *conn)
{
    return conn->exchange && (conn->state == CONN_HEAD || conn->state == CONN_BODY ||
                              conn->state == CONN_SINK || conn->state == CONN_BUSY);
}

void watch_name(const struct http_conn *conn)
{
    struct watch *watch = &conn->loop->watch;

    if (!is_known(conn))
        return;
    watch->request_n = 0;
    add(watch, conn->exchange->req.method);
    add(watch, STR(" "));
    add(watch, conn->exchange->req.path);
}

void watch_stop(struct http_loop *loop, const char *what)
{
    static struct log_pace pace;
    struct watch *watch = &loop->watch;
    uint64_t spent_us = clock_thread_cpu_us() - watch->began_us;

    if (spent_us > watch->limit_us)
        log_seldom(&pace, LOG_WARN, "http.loop_held", LOG_U64("ms", spent_us / 1000),
                   LOG_CSTR("what", what),
                   LOG_STR("request", ((struct str){watch->request, watch->request_n})));
    watch_start(loop);
}
