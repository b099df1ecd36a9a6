/*
 * A call is a fetch that is waited for. Until its end event the caller's arena is the net thread's:
 * whoever waits does not touch it.
 */
#include "net/internal.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/thread.h"

#include <assert.h>

struct call {
    /* set by net_call(), constant after */
    struct arena *arena;
    size_t max_answer;
    /* the net thread's, the caller's once it is done */
    struct net_head head;
    struct buf body;
    struct err *err;
    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool done;
};

static void on_head(void *user, const struct net_head *head)
{
    struct call *call = user;
    struct net_header *headers = ARENA_ARRAY(call->arena, struct net_header, head->n_headers);

    for (size_t i = 0; i < head->n_headers; i++) {
        headers[i].name = arena_dup(call->arena, head->headers[i].name);
        headers[i].value = arena_dup(call->arena, head->headers[i].value);
    }
    call->head = (struct net_head){head->status, headers, head->n_headers};
}

static enum net_go on_data(void *user, struct str piece)
{
    struct call *call = user;

    buf_add(&call->body, piece);
    return call->body.full ? NET_ENOUGH : NET_TAKEN;
}

static struct err *call_err(const struct call *call, const struct err *err)
{
    if (call->body.starved)
        return err_starved(call->arena, "an answer of another server");
    if (call->body.full)
        return err_new(call->arena, E_TOO_LARGE, NULL, "%.*s; it has more than %zu bytes",
                       STR_ARG(err->cause), call->max_answer);
    return err_copy(call->arena, err);
}

static void on_end(void *user, const struct err *err)
{
    struct call *call = user;

    if (err)
        call->err = call_err(call, err);
    (void)pthread_mutex_lock(&call->lock);
    call->done = true;
    (void)pthread_cond_signal(&call->wake);
    (void)pthread_mutex_unlock(&call->lock);
}

static const struct net_events call_events = {on_head, on_data, on_end};

static void init(struct call *call, struct arena *a, const struct net_request *request)
{
    *call = (struct call){.arena = a, .max_answer = request->max_answer};
    if (!call->max_answer)
        call->max_answer = LIMIT_NET_ANSWER_BYTES;
    buf_init(&call->body, call->max_answer);
    call->body.asks = true;
    /* Neither can fail with such arguments. */
    (void)pthread_mutex_init(&call->lock, NULL);
    (void)pthread_cond_init(&call->wake, NULL);
}

static void done(struct call *call)
{
    buf_done(&call->body);
    (void)pthread_cond_destroy(&call->wake);
    (void)pthread_mutex_destroy(&call->lock);
}

static void wait_for_end(struct call *call)
{
    (void)pthread_mutex_lock(&call->lock);
    while (!call->done)
        (void)pthread_cond_wait(&call->wake, &call->lock);
    (void)pthread_mutex_unlock(&call->lock);
}

struct err *net_call(struct arena *a, struct net *net, const struct net_request *request,
                     struct net_answer *ret)
{
    struct call call;
    struct net_fetch *fetch;
    struct err *err;

    assert(!thread_is_loop());
    init(&call, a, request);
    err = net_begin(a, net, request, true, &call_events, &call, &fetch);
    if (!err) {
        wait_for_end(&call);
        net_fetch_free(fetch);
        err = call.err;
    }
    if (!err)
        *ret = (struct net_answer){call.head, arena_dup(a, buf_str(&call.body))};
    done(&call);
    return err;
}
