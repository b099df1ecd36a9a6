/*
 * From bytes to requests: finds the end of a head in the read buffer, answers what needs no
 * handler, and hands the rest on (gather.c), for as long as there is something whole and it is the
 * connection's turn.
 */
#include "http/internal.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/memory.h"

#include <string.h>

#define ROOM_BEHIND_HEAD 1024 /* for chunks, and to notice a client that leaves */

/* ---- heads --------------------------------------------------------------------------------- */

enum scan { SCAN_MORE, SCAN_HEAD, SCAN_BAD };

/* Looks for an empty line. Each byte is looked at once, however slowly a head comes. */
static enum scan scan_head(struct http_conn *conn, size_t *ret_n)
{
    const char *p = conn->in + conn->in_at;
    size_t n = conn->in_n - conn->in_at;

    for (;;) {
        const char *lf = memchr(p + conn->scanned, '\n', n - conn->scanned);
        size_t end, line_n;

        if (!lf) {
            conn->scanned = n;
            return SCAN_MORE;
        }
        end = (size_t)(lf - p) + 1;
        line_n = end - conn->line_at;
        if (conn->line_at == 0 && !head_line_ok((struct str){p, end}))
            return SCAN_BAD;
        if (line_n == 1 || (line_n == 2 && lf[-1] == '\r')) {
            *ret_n = end;
            return SCAN_HEAD;
        }
        conn->scanned = conn->line_at = end;
    }
}

static struct str redirect_path(const struct req *req)
{
    if (str_eq(req->method, STR("CONNECT")))
        return req->path;
    if (str_eq(req->path, STR("/_")) &&
        (str_eq(req->method, STR("GET")) || str_eq(req->method, STR("HEAD"))))
        return STR("/_/"); /* services.md 1.2 */
    return target_clean(req->arena, req->path);
}

/* The head has been read into the exchange. */
static void route(struct http_conn *conn)
{
    struct http_server *server = conn->loop->server;
    struct req *req = &conn->exchange->req;
    struct str path = redirect_path(req);

    req->began_us = clock_us();
    if (path.p != req->path.p) {
        gather_skip(conn);
        write_redirect(conn, path);
        return;
    }
    if (str_eq(req->method, STR("OPTIONS"))) {
        gather_skip(conn);
        write_options(conn);
        return;
    }
    req->route = router_match(server->router, req->arena, req->method, req->path, req->params);
    if (conn->exchange->framing == BODY_NONE)
        gather_dispatch(conn);
    else
        gather_begin(conn);
}

static void refuse(struct http_conn *conn, enum http_refused refused)
{
    if (!conn->exchange)
        conn->exchange = exchange_get(conn);
    write_refusal(conn, refused);
}

static bool take_head(struct http_conn *conn)
{
    enum http_refused refused;
    enum scan scan = SCAN_MORE;
    size_t n = 0;

    if (conn->in_at < conn->in_n)
        scan = scan_head(conn, &n);
    if (scan == SCAN_MORE) {
        if (conn->in_n - conn->in_at <= conn->loop->server->conf.max_head_bytes)
            return false;
        n = conn->in_n - conn->in_at;
    }
    if (scan == SCAN_BAD || n > conn->loop->server->conf.max_head_bytes) {
        refuse(conn, scan == SCAN_BAD ? REFUSED_BAD : REFUSED_HEAD_SIZE);
        return conn->state == CONN_HEAD;
    }
    if (memory_is_over() ||
        (conn->in_cap - conn->in_at - n < ROOM_BEHIND_HEAD && !conn_room(conn, ROOM_BEHIND_HEAD))) {
        conn_shed(conn);
        return false;
    }
    turn_count(conn);
    conn->exchange = exchange_get(conn);
    refused = head_parse(conn->exchange, (struct str){conn->in + conn->in_at, n});
    conn->in_at += n;
    watch_request(conn);
    if (refused == REFUSED_NOT)
        route(conn);
    else
        refuse(conn, refused);
    return conn->state == CONN_HEAD;
}

/* ---- input --------------------------------------------------------------------------------- */

/* False: what is in the buffer has to wait, or there is nothing. */
static bool take(struct http_conn *conn)
{
    bool there = conn->in_at < conn->in_n;

    if (conn->state == CONN_HEAD && there && turn_is_over(conn)) {
        conn_enter(conn, CONN_TURN);
        return false;
    }
    if (conn->state == CONN_HEAD)
        return take_head(conn);
    return conn->state == CONN_BODY && there && gather_body(conn);
}

void intake_input(struct http_conn *conn)
{
    if (conn->parsing)
        return; /* a handler answered at once: the loop below goes on */
    conn->parsing = true;
    if (conn->state == CONN_IDLE)
        conn_enter(conn, CONN_HEAD);
    while (take(conn))
        ;
    conn->parsing = false;
    conn_settle(conn);
}
