/*
 * http/server: the listener, its loops and their connections.
 *
 * One listener deals accepted sockets out to the least loaded loop; each loop is a thread with its
 * own connections (libuv, llhttp). A handler runs on the loop and must not block.
 *
 * What the server answers by itself: malformed requests, heads over their limit (431), bodies sent
 * without a known length that pass their limit (413), unclean paths (307), CORS and preflights
 * (services.md 12.2), time-outs. It adds the security headers (services.md 12.4) and Vary: Origin.
 */
#ifndef REEVE_HTTP_SERVER_H
#define REEVE_HTTP_SERVER_H

#include "base/err.h"
#include "http/req.h"
#include "http/router.h"

#include <stdint.h>

/* What is to be done with a body. */
struct http_body {
    uint64_t limit;              /* most bytes of it to read */
    const struct req_sink *sink; /* where it goes; NULL: into memory */
    /* Nobody will look at it: it takes no memory, unless it is short. */
    bool unread;
};

struct http_conf {
    struct str host; /* empty: all interfaces */
    uint16_t port;   /* 0: any free one */
    /* Above 0: a TCP socket that listens, in place of host and port; the server's from
     * http_server_open() on, also where that fails. */
    int listen_fd;
    unsigned n_loops;
    unsigned max_connections;
    unsigned reserved_fds; /* descriptors that others in the process may want at once */
    size_t max_head_bytes;
    uint64_t head_ms, body_ms, idle_ms, write_ms, shutdown_ms;
    uint64_t watch_us;  /* of CPU time on one connection at a time: a warning beyond; 0: never */
    struct str origins; /* --origins, comma separated; "*": any */
    const struct http_route *routes;
    size_t n_routes;
    struct pool *pool; /* whose threads read files that are sent; NULL: the loops do */
    void *user;        /* for the callbacks */

    /* On a loop, once the head of a request with a body is there. */
    struct http_body (*body)(void *user, struct req *req);
    /* On a loop, once the request is complete; also, without its body, when no route matched. */
    void (*handle)(void *user, struct req *req);
    /* On each loop once the time to drain is over and its clients are told: whoever waits for
     * something on behalf of a request need not wait any more; may be NULL. */
    void (*abandoned)(void *user);
    /* On the first loop: whether a connection's address is that of its client, so that its share of
     * all connections is bounded, and not a proxy's; may be NULL: it is. */
    bool (*peers_are_clients)(void *user);
    /* On the first loop, once, when the server begins to stop: requests are still in flight. It
     * does not block. NULL is fine. */
    void (*stopping)(void *user);
    /* On the first loop, at the start and then every alive_ms while all loops go round; not from
     * the stop on. 0: never. */
    void (*alive)(void *user);
    uint64_t alive_ms;
    /* On each loop's thread as it starts and before it ends; may be NULL. */
    void (*loop_start)(void *user);
    void (*loop_end)(void *user);
};

struct http_server;

/* Before anything is opened: raises RLIMIT_NOFILE as far as it may be, and lowers
 * conf->max_connections to what it leaves beside reserved_fds and the server's own. An error where
 * that is only a handful. */
MUST_CHECK struct err *http_fit_descriptors(struct arena *a, struct http_conf *conf);

/* Binds, listens and blocks SIGTERM, SIGINT and SIGHUP, which the first loop reads; conf is copied,
 * what it points to must live as long as the server. */
MUST_CHECK struct err *http_server_open(struct arena *a, const struct http_conf *conf,
                                        struct http_server **ret);
/* The port it listens on. */
uint16_t http_server_port(const struct http_server *server);
/* The address of a socket that was given, as it stands in a URL; empty: all addresses, or none was
 * given. */
struct str http_server_host(struct arena *a, const struct http_server *server);
/* Serves until http_server_stop(), then drains: no new connection, requests in flight get
 * shutdown_ms, then those still unanswered are answered 503, or, where that might not be true
 * (REQ_DECIDED), not at all. Returns once every loop has ended and every handler has let go. Runs
 * the first loop on the calling thread. */
void http_server_run(struct http_server *server);
/* Any thread, also more than once. SIGTERM and SIGINT do the same, however often they come, from
 * http_server_open() on: one that comes before http_server_run() ends it at once, and none has an
 * effect once it has returned, so that what is left to close is closed. */
void http_server_stop(struct http_server *server);
/* Any thread: the same for a server that another one follows, on the same listener. That stays
 * open, and who connects meanwhile waits in its backlog; who is connected and has asked for nothing
 * yet may still do so while it drains. SIGHUP does this, too, unless it tells that the terminal is
 * gone. A stop that comes before or after it counts more. */
void http_server_restart(struct http_server *server);
/* Any thread: whether it stops for that. */
bool http_server_restarts(const struct http_server *server);
/* Once it has run: the listener for the one that follows, the caller's to close; -1: none does. */
int http_server_take_listener(struct http_server *server);
/* Any thread: wakes the loops that req_resume() left asleep. */
void http_server_wake(struct http_server *server);
void http_server_close(struct http_server *server);

struct http_stats {
    uint64_t connections; /* open now */
    uint64_t in_flight;   /* requests handed to the handler and not yet sent */
    uint64_t requests;    /* since the start */
};
struct http_stats http_server_stats(const struct http_server *server);

#endif
