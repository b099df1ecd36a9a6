/*
 * A server with a few routes of its own, for tests/http/run.py and for measuring src/http alone.
 * Prints its port; ends on SIGTERM.
 *
 * A script needs facts to wait for, also when no connection is free and while the server drains.
 * So it asks on standard input, a byte a question: `?` prints a line of counters, `!` ends the
 * waiting of the slow handlers, `.` lets a loop go on that a request holds.
 *
 *   http_server [--loops N] [--port N] [--head-ms N] [--body-ms N] [--idle-ms N] [--write-ms N]
 *               [--shutdown-ms N] [--connections N] [--bodies N] [--origins LIST] [--proxied 1]
 *               [--alive-ms N]
 */

#include "http/server.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/num.h"
#include "base/thread.h"
#include "http/answers.h"
#include "http/sink.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#define BIG_BYTES (8 * MIB)
#define BODY_LIMIT (1 * MIB)

static struct http_server *server;
static struct pool *pool;
static atomic_uint n_slow;  /* slow handlers that have begun */
static atomic_uint n_gone;  /* of these, ended since the client had left */
static atomic_uint n_ready; /* of these, with an answer for the loop */
static atomic_uint n_held;  /* loops that were held */
static atomic_bool release; /* slow handlers wait no longer */
static atomic_bool go_on;   /* nor do loops that are held */
static atomic_uint n_order; /* requests for a number */
static atomic_uint n_alive; /* times that all loops had gone round */
static bool proxied;        /* no address has a share of the connections */

static void finish(struct req *req)
{
    req_send(req);
}

static void health(struct req *req)
{
    BUF_ADD(&req->resp.body, "{\"message\":\"API is healthy.\",\"code\":200,\"data\":{}}");
    req_answer_json(req, 200);
    req_send(req);
}

/* What arrived, for the script to compare. */
static void echo(struct req *req)
{
    struct buf *out = &req->resp.body;
    uint64_t n, sum;

    buf_add(out, req->method);
    buf_addf(out, " %zu %d%d ", req->body.n, (int)req->too_large, (int)req->body_broken);
    buf_add(out, req->body);
    if (sink_seen(req, &n, &sum))
        buf_addf(out, "sunk %llu %llu", (unsigned long long)n, (unsigned long long)sum);
    if (req->unread)
        BUF_ADD(out, "unread");
    req->resp.status = req->too_large ? 413 : 200;
    req->resp.content_type = "text/plain";
    req_send(req);
}

static void params(struct req *req)
{
    for (int i = 0; i < REQ_PARAMS_MAX; i++) {
        buf_add(&req->resp.body, req->params[i]);
        BUF_ADD(&req->resp.body, "|");
    }
    buf_add(&req->resp.body, req_query_get(req, STR("q")));
    req->resp.status = 200;
    req->resp.content_type = "text/plain";
    req_send(req);
}

static void big(struct req *req)
{
    char block[4096];

    memset(block, 'x', sizeof(block));
    for (size_t i = 0; i < BIG_BYTES / sizeof(block); i++)
        buf_add_bytes(&req->resp.body, block, sizeof(block));
    req->resp.status = 200;
    req->resp.content_type = "text/plain";
    req_send(req);
}

/* On a pool thread: waits `ms` of the query, or until the client has left or we are told to end. */
static void wait_on_pool(struct job *job)
{
    struct req *req = (struct req *)(void *)((char *)job - offsetof(struct req, job));
    uint64_t ms = 0;

    atomic_fetch_add(&n_slow, 1);
    (void)num_parse_u64(req_query_get(req, STR("ms")), &ms); /* 0 then */
    for (uint64_t i = 0; i < ms && !atomic_load(&req->gone) && !atomic_load(&release); i += 5)
        (void)usleep(5000);
    if (atomic_load(&req->gone)) {
        (void)fprintf(stderr, "gone\n");
        atomic_fetch_add(&n_gone, 1);
    }
    buf_addf(&req->resp.body, "waited");
    req->resp.status = 200;
    req->resp.content_type = "text/plain";
    req_resume(req, finish, ms % 2 == 0);
    http_server_wake(server);
    atomic_fetch_add(&n_ready, 1);
}

static void slow(struct req *req)
{
    if (req_query_get(req, STR("decided")).p)
        req->stake = REQ_DECIDED;
    req->job.run = wait_on_pool;
    if (!pool_submit(pool, POOL_WORK, &req->job)) {
        req_answer_err(req, err_new(req->arena, E_UNAVAILABLE, NULL, "queue full"));
        req_send(req);
    }
}

/* A stream that is opened after a while on the pool, whatever has become of its client. */
static void open_late_on_pool(struct job *job)
{
    struct req *req = (struct req *)(void *)((char *)job - offsetof(struct req, job));

    atomic_fetch_add(&n_slow, 1);
    while (!atomic_load(&release))
        (void)usleep(1000);
    req_resume(req, answer_stream, true);
}

static void open_late(struct req *req)
{
    req->stake = REQ_DECIDED;
    req->job.run = open_late_on_pool;
    if (!pool_submit(pool, POOL_WORK, &req->job))
        abort();
}

/* Which one it is of all these, in the order in which they are handled. */
static void order(struct req *req)
{
    buf_addf(&req->resp.body, "number %u;", atomic_fetch_add(&n_order, 1));
    req->resp.status = 200;
    req->resp.content_type = "text/plain";
    req_send(req);
}

/* Keeps its loop for `us` of the query, as no real handler may. */
static void busy(struct req *req)
{
    uint64_t start = uv_hrtime(), us = 0;

    (void)num_parse_u64(req_query_get(req, STR("us")), &us); /* 0 then */
    while (uv_hrtime() - start < us * 1000)
        ;
    order(req);
}

/* Keeps its loop until we are told: what is sent to others meanwhile is all there at once then. */
static void hold(struct req *req)
{
    atomic_fetch_add(&n_held, 1);
    while (!atomic_load(&go_on))
        (void)usleep(1000);
    order(req);
}

struct row {
    void (*run)(struct req *req);
};
static const struct row rows[] = {
    {health}, {echo}, {params},          {big},         {slow},          {order},
    {busy},   {hold}, {answer_borrowed}, {answer_file}, {answer_stream}, {open_late}};
static const struct http_route routes[] = {
    {"GET", "/api/health", &rows[0]},   {"POST", "/api/echo", &rows[1]},
    {"GET", "/api/echo", &rows[1]},     {"GET", "/api/p/{a}/x/{b}", &rows[2]},
    {"GET", "/api/p/{a...}", &rows[2]}, {"GET", "/api/big", &rows[3]},
    {"GET", "/api/slow", &rows[4]},     {"POST", "/api/slow", &rows[4]},
    {"GET", "/api/order", &rows[5]},    {"GET", "/api/busy", &rows[6]},
    {"GET", "/api/hold", &rows[7]},     {"GET", "/api/borrowed", &rows[8]},
    {"GET", "/api/file", &rows[9]},     {"GET", "/api/stream", &rows[10]},
    {"GET", "/api/late", &rows[11]},
};

static struct http_body body_plan(void *user, struct req *req)
{
    (void)user;
    return (struct http_body){
        .limit = str_eq(req->query, STR("unlimited")) ? LIMIT_ANY_BODY_BYTES : BODY_LIMIT,
        .sink = sink_for(pool, req),
        .unread = str_eq(req->query, STR("unread")),
    };
}

static void handle(void *user, struct req *req)
{
    const struct row *row;

    (void)user;
    if (!req->route) {
        bool asks = str_eq(req->method, STR("GET")) || str_eq(req->method, STR("HEAD"));

        req_answer_err(
            req, err_new(req->arena, E_NOT_FOUND, asks ? "File not found." : NULL, "no route"));
        req_send(req);
        return;
    }
    row = req->route->data;
    row->run(req);
}

static bool peers_are_clients(void *user)
{
    (void)user;
    return !proxied;
}

static void alive(void *user)
{
    (void)user;
    atomic_fetch_add(&n_alive, 1);
}

static struct http_conf conf = {
    .host = STR_INIT("127.0.0.1"),
    .n_loops = 1,
    .max_connections = LIMIT_CONNECTIONS,
    .max_head_bytes = LIMIT_HEAD_BYTES,
    .head_ms = LIMIT_HEAD_MS,
    .body_ms = LIMIT_BODY_MS,
    .idle_ms = LIMIT_IDLE_MS,
    .write_ms = LIMIT_WRITE_MS,
    .shutdown_ms = LIMIT_SHUTDOWN_MS,
    .origins = STR_INIT("*"),
    .routes = routes,
    .n_routes = COUNT_OF(routes),
    .body = body_plan,
    .handle = handle,
    .peers_are_clients = peers_are_clients,
    .alive = alive,
};

static void set(struct str name, struct str value)
{
    uint64_t n = 0;

    if (str_eq(name, STR("--origins"))) {
        conf.origins = value;
        return;
    }
    if (!num_parse_u64(value, &n))
        exit(2);
    if (str_eq(name, STR("--loops")))
        conf.n_loops = (unsigned)n;
    else if (str_eq(name, STR("--port")))
        conf.port = (uint16_t)n;
    else if (str_eq(name, STR("--head-ms")))
        conf.head_ms = n;
    else if (str_eq(name, STR("--body-ms")))
        conf.body_ms = n;
    else if (str_eq(name, STR("--idle-ms")))
        conf.idle_ms = n;
    else if (str_eq(name, STR("--write-ms")))
        conf.write_ms = n;
    else if (str_eq(name, STR("--shutdown-ms")))
        conf.shutdown_ms = n;
    else if (str_eq(name, STR("--alive-ms")))
        conf.alive_ms = n;
    else if (str_eq(name, STR("--connections")))
        conf.max_connections = (unsigned)n;
    else if (str_eq(name, STR("--proxied")))
        proxied = n != 0;
    else if (str_eq(name, STR("--memory")))
        memory_set_budget(n);
    else
        exit(2);
}

static void print_counters(void)
{
    struct http_stats stats = http_server_stats(server);

    (void)printf(
        "connections=%llu in_flight=%llu requests=%llu memory=%llu slow=%u gone=%u ready=%u "
        "held=%u streams=%u alive=%u\n",
        (unsigned long long)stats.connections, (unsigned long long)stats.in_flight,
        (unsigned long long)stats.requests, (unsigned long long)memory_used(), atomic_load(&n_slow),
        atomic_load(&n_gone), atomic_load(&n_ready), atomic_load(&n_held), atomic_load(&n_streams),
        atomic_load(&n_alive));
    (void)fflush(stdout);
}

/* A thread: answers what is asked, until nobody asks any more or `arg`, a pipe, is written to. */
static void answer_questions(void *arg)
{
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = *(const int *)arg, .events = POLLIN}};
    char question;

    for (;;) {
        int n = poll(fds, 2, -1);

        if (n < 0 && errno == EINTR) /* a signal that this thread was chosen for */
            continue;
        if (n < 0 || fds[1].revents || read(STDIN_FILENO, &question, 1) != 1)
            return;
        if (question == '?')
            print_counters();
        else if (question == '!')
            atomic_store(&release, true);
        else if (question == '.')
            atomic_store(&go_on, true);
    }
}

int main(int argc, char **argv)
{
    static const struct pool_lane_conf lanes[POOL_LANES] = {POOL_LANE(4, 4, 64), POOL_LANE(1, 1, 2),
                                                            POOL_LANE(1, 1, 2), POOL_LANE(1, 1, 2)};
    struct arena *a = arena_new();
    pthread_t answerer;
    struct err *err;
    int ended[2];

    for (int i = 1; i + 1 < argc; i += 2)
        set(str_of(argv[i]), str_of(argv[i + 1]));
    pool = conf.pool = pool_new(lanes);
    err = http_fit_descriptors(a, &conf);
    if (!err)
        err = http_server_open(a, &conf, &server);
    if (err || pipe(ended) != 0) {
        (void)fprintf(stderr, "%.*s\n", STR_ARG(err ? err->cause : STR("no pipe")));
        return 1;
    }
    (void)printf("%u\n", (unsigned)http_server_port(server));
    (void)fflush(stdout);
    if (!thread_start("questions", answer_questions, &ended[0], &answerer))
        return 1;
    http_server_run(server);
    pool_free(pool);
    if (write(ended[1], "", 1) != 1)
        return 1;
    thread_join(answerer);
    http_server_close(server);
    arena_free(a);
    return 0;
}
