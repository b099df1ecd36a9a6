/*
 * Whether all loops go round: each is woken, and has told so by the next time it is looked at. The
 * first one has by looking.
 */
#include "http/internal.h"

static bool all_turned(struct http_server *server)
{
    bool all = true;

    for (unsigned i = 1; i < server->n_loops; i++) {
        struct http_loop *loop = &server->loops[i];

        all = atomic_exchange_explicit(&loop->turned, false, memory_order_relaxed) && all;
        loop_wake(loop);
    }
    return all;
}

static void on_alive(uv_timer_t *timer)
{
    struct http_server *server = timer->data;

    if (all_turned(server))
        server->conf.alive(server->conf.user);
}

void alive_start(struct http_server *server)
{
    const uint64_t ms = server->conf.alive_ms;

    if (uv_timer_init(&server->loops[0].uv, &server->alive) != 0)
        BUG("a timer cannot be made");
    server->alive.data = server;
    if (ms == 0)
        return;
    (void)all_turned(server); /* it is asked for the first time */
    server->conf.alive(server->conf.user);
    if (uv_timer_start(&server->alive, on_alive, ms, ms) != 0)
        BUG("a timer that is closed");
}

void alive_stop(struct http_server *server)
{
    uv_close((uv_handle_t *)&server->alive, NULL);
}
