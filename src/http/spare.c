/*
 * Memory that a loop recycles, so that a request of an established load allocates nothing: read
 * buffers, and exchanges with their arena and answer buffers. A few are kept; the rest is freed.
 *
 * These belong to libuv's callbacks and not to a request, hence the heap.
 */
#include "http/internal.h"

#include "base/limits.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define HEADERS_BYTES (64 * KIB) /* what a handler may add */
#define HEAD_BYTES (128 * KIB)

static struct exchange *exchange_new(void)
{
    struct exchange *ex = calloc(1, sizeof(*ex));

    if (!ex)
        BUG("out of memory");
    memory_charge(sizeof(*ex));
    ex->req.arena = arena_new();
    buf_init(&ex->req.resp.body, LIMIT_RESPONSE_BYTES);
    ex->req.resp.body.asks = true;
    buf_init(&ex->req.resp.headers, HEADERS_BYTES);
    buf_init(&ex->head, HEAD_BYTES);
    return ex;
}

static void exchange_free(struct exchange *ex)
{
    arena_free(ex->req.arena);
    buf_done(&ex->req.resp.body);
    buf_done(&ex->req.resp.headers);
    buf_done(&ex->head);
    memory_give(sizeof(*ex));
    free(ex);
}

struct exchange *exchange_get(struct http_conn *conn)
{
    struct http_loop *loop = conn->loop;
    struct exchange *ex = loop->spare_exchanges;

    if (ex) {
        loop->spare_exchanges = ex->next;
        loop->n_spare_exchanges--;
    } else {
        ex = exchange_new();
    }
    ex->conn = conn;
    ex->req.conn = conn;
    ex->req.peer = (struct str){conn->peer, conn->peer_n};
    ex->req.content_type = STR_NONE;
    return ex;
}

/* Everything zero but what is kept for the next one. */
static void exchange_clear(struct exchange *ex)
{
    struct arena *arena = ex->req.arena;
    struct buf body = ex->req.resp.body;
    struct buf headers = ex->req.resp.headers;
    struct buf head = ex->head;

    memset(ex, 0, sizeof(*ex));
    buf_reset(&body);
    buf_reset(&headers);
    buf_reset(&head);
    ex->req.arena = arena;
    ex->req.resp.body = body;
    ex->req.resp.headers = headers;
    ex->head = head;
}

void exchange_shrink(struct exchange *ex)
{
    if (ex->body.p)
        buf_done(&ex->body);
    if (ex->req.sink)
        TAKE(ex->req.sink)->release(&ex->req);
    arena_reset(ex->req.arena);
}

static void drop_answer(struct exchange *ex)
{
    req_drop_file(&ex->req.resp);
    if (ex->stream.events) {
        buf_done(&ex->stream.waiting);
        buf_done(&ex->stream.sending);
    }
}

void exchange_put(struct http_loop *loop, struct exchange *ex)
{
    exchange_shrink(ex);
    drop_answer(ex);
    if (ex->unread)
        atomic_fetch_sub(&loop->server->unread_bytes, ex->unread);
    if (loop->n_spare_exchanges >= LOOP_KEPT) {
        exchange_free(ex);
        return;
    }
    exchange_clear(ex);
    ex->next = loop->spare_exchanges;
    loop->spare_exchanges = ex;
    loop->n_spare_exchanges++;
}

char *spare_buffer_get(struct http_loop *loop)
{
    char *p = loop->spare_buffers;

    if (p) {
        memcpy(&loop->spare_buffers, p, sizeof(loop->spare_buffers));
        loop->n_spare_buffers--;
        return p;
    }
    p = malloc(IN_BYTES);
    if (!p)
        BUG("out of memory");
    memory_charge(IN_BYTES);
    return p;
}

void spare_buffer_put(struct http_loop *loop, char *p, size_t cap)
{
    if (cap != IN_BYTES || loop->n_spare_buffers >= LOOP_KEPT) {
        memory_give(cap);
        free(p);
        return;
    }
    memcpy(p, &loop->spare_buffers, sizeof(loop->spare_buffers));
    loop->spare_buffers = p;
    loop->n_spare_buffers++;
}

void spare_free(struct http_loop *loop)
{
    while (loop->spare_exchanges) {
        struct exchange *ex = loop->spare_exchanges;

        loop->spare_exchanges = ex->next;
        exchange_free(ex);
    }
    while (loop->spare_buffers) {
        char *p = loop->spare_buffers;

        memcpy(&loop->spare_buffers, p, sizeof(loop->spare_buffers));
        memory_give(IN_BYTES);
        free(p);
    }
    loop->n_spare_exchanges = loop->n_spare_buffers = 0;
}
