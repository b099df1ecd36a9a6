/*
 * The server as a whole: opened, run, stopped, closed.
 */
#include "http/internal.h"

#include "base/log.h"
#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define FEWEST_CONNECTIONS 16
#define LOOP_FDS 3     /* epoll, a wake-up, and libuv's own spare one */
#define SERVER_FDS 8   /* listener, signals, a spare one, libuv's lock; a name is looked up */
#define OPEN_MAX 65536 /* higher ones are not looked for */

static rlim_t open_descriptors(rlim_t limit)
{
    rlim_t n = 0;

    for (int fd = 0; fd < OPEN_MAX && (rlim_t)fd < limit; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

struct err *http_fit_descriptors(struct arena *a, struct http_conf *conf)
{
    rlim_t others = conf->reserved_fds + conf->n_loops * LOOP_FDS + SERVER_FDS + CROWD_SLACK;
    struct rlimit limit;
    rlim_t wanted;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return err_new(a, E_INTERNAL, NULL, "no limit of descriptors to be had");
    others += open_descriptors(limit.rlim_cur);
    wanted = others + (rlim_t)conf->max_connections;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* read again: what counts is what there is */
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur < others + FEWEST_CONNECTIONS)
        return err_new(a, E_INTERNAL, NULL,
                       "too few file descriptors: %llu may be open, at least %llu are needed; "
                       "raise the limit (ulimit -n)",
                       (unsigned long long)limit.rlim_cur,
                       (unsigned long long)(others + FEWEST_CONNECTIONS));
    if (limit.rlim_cur - others < conf->max_connections)
        conf->max_connections = (unsigned)(limit.rlim_cur - others);
    return NULL;
}

/* What it has opened so far, where it cannot be opened whole. */
static struct err *not_opened(struct http_server *server, struct err *err)
{
    if (server->listen_fd >= 0)
        (void)close(server->listen_fd);
    if (server->spare_fd >= 0)
        (void)close(server->spare_fd);
    while (server->n_loops > 0)
        run_close(&server->loops[--server->n_loops]);
    return err;
}

static struct err *open_loops(struct arena *a, struct http_server *server, unsigned n)
{
    server->loops = ARENA_ARRAY(a, struct http_loop, n);
    for (; server->n_loops < n; server->n_loops++) {
        if (!run_init(a, &server->loops[server->n_loops], server, server->n_loops))
            return err_new(a, E_INTERNAL, NULL, "no event loop: %s", strerror(errno));
    }
    return NULL;
}

struct err *http_server_open(struct arena *a, const struct http_conf *conf,
                             struct http_server **ret)
{
    struct http_server *server = ARENA_NEW(a, struct http_server);
    struct err *err;

    server->conf = *conf;
    server->listen_fd = server->spare_fd = -1;
    server->crowd_slots = ARENA_ARRAY(a, atomic_uint, CROWD_SLOTS);
    server->deadline_ms[DEADLINE_IDLE] = conf->idle_ms;
    server->deadline_ms[DEADLINE_HEAD] = conf->head_ms;
    server->deadline_ms[DEADLINE_BODY] = conf->body_ms;
    server->deadline_ms[DEADLINE_WRITE] = conf->write_ms;
    server->deadline_ms[DEADLINE_LINGER] = LINGER_MS;
    server->deadline_ms[DEADLINE_LEFT] = LEFT_MS;
    server->router = router_new(a, conf->routes, conf->n_routes);
    cors_init(a, server);
    err = accept_listen(a, server);
    if (!err)
        err = open_loops(a, server, conf->n_loops ? conf->n_loops : 1);
    if (!err)
        err = accept_catch_signals(a, server);
    if (err)
        return not_opened(server, err);
    *ret = server;
    return NULL;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

struct str http_server_host(struct arena *a, const struct http_server *server)
{
    return server->conf.listen_fd > 0 ? accept_host(a, server->listen_fd) : STR_NONE;
}

/* Without a thread for each there are fewer loops: nobody has been dealt to one yet. */
static void start_threads(struct http_server *server)
{
    unsigned n = 1; /* the calling thread runs the first one */

    while (n < server->n_loops &&
           thread_start("http", run_loop, &server->loops[n], &server->loops[n].thread))
        n++;
    if (n < server->n_loops)
        log_warn("http.too_few_threads", LOG_U64("loops", n), LOG_U64("wanted", server->n_loops));
    while (server->n_loops > n)
        run_close(&server->loops[--server->n_loops]);
}

void http_server_run(struct http_server *server)
{
    (void)signal(SIGPIPE, SIG_IGN); /* a client that leaves is an error of the write */
    start_threads(server);
    accept_start(server);
    if (atomic_load(&server->ending) != ENDING_NOT)
        loop_wake(&server->loops[0]);
    run_loop(&server->loops[0]);
    for (unsigned i = 1; i < server->n_loops; i++)
        thread_join(server->loops[i].thread);
}

void http_server_stop(struct http_server *server)
{
    loop_stop(server);
}

void http_server_restart(struct http_server *server)
{
    loop_restart(server);
}

bool http_server_restarts(const struct http_server *server)
{
    return atomic_load(&server->ending) == ENDING_RESTART;
}

int http_server_take_listener(struct http_server *server)
{
    int fd = server->listen_fd;

    if (!http_server_restarts(server))
        return -1;
    server->listen_fd = -1;
    return fd;
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
        (void)close(server->listen_fd); /* it was never run, or nobody follows it after all */
    accept_end(server);
    for (unsigned i = 0; i < server->n_loops; i++)
        run_close(&server->loops[i]);
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
