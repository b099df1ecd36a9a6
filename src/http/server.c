/*
 * The server as a whole: opened, run, stopped, closed.
 */
#include "http/internal.h"

#include "base/thread.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#define OTHER_DESCRIPTORS 256 /* databases, loops, logs, files being written */

static void raise_descriptors(unsigned max_connections)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)max_connections + OTHER_DESCRIPTORS;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* with fewer, accepting refuses earlier */
}

struct err *http_server_open(struct arena *a, const struct http_conf *conf,
                             struct http_server **ret)
{
    struct http_server *server = ARENA_NEW(a, struct http_server);
    struct err *err;

    server->conf = *conf;
    server->n_loops = conf->n_loops ? conf->n_loops : 1;
    server->deadline_ms[DEADLINE_IDLE] = conf->idle_ms;
    server->deadline_ms[DEADLINE_HEAD] = conf->head_ms;
    server->deadline_ms[DEADLINE_BODY] = conf->body_ms;
    server->deadline_ms[DEADLINE_WRITE] = conf->write_ms;
    server->deadline_ms[DEADLINE_LINGER] = LINGER_MS;
    server->deadline_ms[DEADLINE_LEFT] = LEFT_MS;
    server->router = router_new(a, conf->routes, conf->n_routes);
    cors_init(a, server);
    raise_descriptors(conf->max_connections);
    err = accept_listen(a, server);
    if (err)
        return err;
    server->loops = ARENA_ARRAY(a, struct http_loop, server->n_loops);
    for (unsigned i = 0; i < server->n_loops; i++)
        loop_init(a, &server->loops[i], server, i);
    accept_catch_signals();
    *ret = server;
    return NULL;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_run(struct http_server *server)
{
    (void)signal(SIGPIPE, SIG_IGN); /* a client that leaves is an error of the write */
    accept_start(server);
    for (unsigned i = 1; i < server->n_loops; i++)
        if (!thread_start("http", loop_run, &server->loops[i], &server->loops[i].thread))
            BUG("the system has no thread left");
    if (atomic_load(&server->stopping))
        loop_wake(&server->loops[0]);
    loop_run(&server->loops[0]);
    for (unsigned i = 1; i < server->n_loops; i++)
        thread_join(server->loops[i].thread);
}

void http_server_stop(struct http_server *server)
{
    atomic_store(&server->stopping, true);
    loop_wake(&server->loops[0]);
}

void http_server_wake(struct http_server *server)
{
    for (unsigned i = 0; i < server->n_loops; i++) {
        if (atomic_load_explicit(&server->loops[i].inbox, memory_order_relaxed))
            loop_wake(&server->loops[i]);
    }
}

void http_server_close(struct http_server *server)
{
    if (server->listen_fd >= 0)
        (void)close(server->listen_fd); /* it was never run */
    accept_end(server);
    for (unsigned i = 0; i < server->n_loops; i++)
        loop_close(&server->loops[i]);
    if (server->spare_fd >= 0)
        (void)close(server->spare_fd);
}

struct http_stats http_server_stats(const struct http_server *server)
{
    struct http_stats stats = {0};

    for (unsigned i = 0; i < server->n_loops; i++) {
        stats.connections += atomic_load(&server->loops[i].n_conns);
        stats.in_flight += atomic_load(&server->loops[i].n_in_flight);
        stats.requests += atomic_load(&server->loops[i].n_requests);
    }
    return stats;
}
