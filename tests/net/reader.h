/*
 * net/reader.h: reads an answer as it comes, as far as it is allowed to.
 */
#ifndef REEVE_TESTS_NET_READER_H
#define REEVE_TESTS_NET_READER_H

#include "net/site.h"

#define READER_RUNS (-2)
#define READER_WHOLE (-1) /* no error */

struct reader {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct net_fetch *fetch;
    /* under lock */
    uint64_t allowed; /* bytes: a piece beyond pauses */
    uint64_t enough;
    uint64_t n_bytes;
    unsigned n_heads;
    unsigned status;
    bool paused;
    int kind; /* of the error */
    char cause[256];
};

static inline void reader_head(void *user, const struct net_head *head)
{
    struct reader *r = user;

    (void)pthread_mutex_lock(&r->lock);
    r->n_heads++;
    r->status = head->status;
    (void)pthread_mutex_unlock(&r->lock);
}

static inline enum net_go reader_data(void *user, struct str piece)
{
    struct reader *r = user;
    enum net_go go = NET_TAKEN;

    (void)pthread_mutex_lock(&r->lock);
    if (r->n_bytes >= r->enough)
        go = NET_ENOUGH;
    else if (r->allowed < piece.n || r->n_bytes > r->allowed - piece.n)
        go = NET_PAUSE;
    else
        r->n_bytes += piece.n;
    r->paused = go == NET_PAUSE;
    (void)pthread_cond_broadcast(&r->wake);
    (void)pthread_mutex_unlock(&r->lock);
    return go;
}

static inline void reader_end(void *user, const struct err *err)
{
    struct reader *r = user;

    (void)pthread_mutex_lock(&r->lock);
    if (r->kind != READER_RUNS)
        abort();
    r->kind = err ? (int)err->kind : READER_WHOLE;
    if (err)
        (void)snprintf(r->cause, sizeof(r->cause), "%.*s", STR_ARG(err->cause));
    (void)pthread_cond_broadcast(&r->wake);
    (void)pthread_mutex_unlock(&r->lock);
}

static const struct net_events reader_events = {reader_head, reader_data, reader_end};

static inline void reader_init(struct reader *r)
{
    *r = (struct reader){.allowed = UINT64_MAX, .enough = UINT64_MAX, .kind = READER_RUNS};
    (void)pthread_mutex_init(&r->lock, NULL);
    (void)pthread_cond_init(&r->wake, NULL);
}

static inline void reader_begin_with(struct reader *r, struct net_site *site,
                                     const struct net_request *request)
{
    assert_null(net_fetch(site->a, site->net, request, &reader_events, r, &r->fetch));
}

static inline void reader_begin(struct reader *r, struct net_site *site,
                                const struct net_request *request)
{
    reader_init(r);
    reader_begin_with(r, site, request);
}

static inline void reader_wait(struct reader *r)
{
    (void)pthread_mutex_lock(&r->lock);
    while (r->kind == READER_RUNS)
        (void)pthread_cond_wait(&r->wake, &r->lock);
    (void)pthread_mutex_unlock(&r->lock);
}

static inline void reader_wait_pause(struct reader *r)
{
    (void)pthread_mutex_lock(&r->lock);
    while (!r->paused && r->kind == READER_RUNS)
        (void)pthread_cond_wait(&r->wake, &r->lock);
    (void)pthread_mutex_unlock(&r->lock);
}

static inline void reader_wait_bytes(struct reader *r, uint64_t n)
{
    (void)pthread_mutex_lock(&r->lock);
    while (r->n_bytes < n && r->kind == READER_RUNS)
        (void)pthread_cond_wait(&r->wake, &r->lock);
    (void)pthread_mutex_unlock(&r->lock);
}

static inline void reader_allow(struct reader *r, uint64_t allowed)
{
    (void)pthread_mutex_lock(&r->lock);
    r->allowed = allowed;
    r->paused = false;
    (void)pthread_mutex_unlock(&r->lock);
    net_fetch_resume(r->fetch);
}

/* It has ended. */
static inline void reader_done(struct reader *r)
{
    net_fetch_free(r->fetch);
    (void)pthread_cond_destroy(&r->wake);
    (void)pthread_mutex_destroy(&r->lock);
}

static inline void reader_done_after_end(struct reader *r)
{
    net_fetch_end(r->fetch);
    reader_wait(r);
    reader_done(r);
}

#endif
