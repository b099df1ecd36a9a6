/*
 * One thread fetches, the request's loop sends; between them lies a buffer.
 *
 * Invariants
 *  1. What the two share is touched under the lock. At most RELAY_BYTES lie there: then the fetch
 *     pauses, and goes on when the client has taken them.
 *  2. The loop is woken by req_resume(), once until it has looked: `posted`.
 *  3. The relay lives until both have let go: the fetch by its end event, the loop by
 *     req_stream_close(), which comes after that.
 */
#include "api/relay.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"

#include <pthread.h>

#define RELAY_BYTES ((size_t)256 * KIB)

struct relay {
    struct arena *arena;
    struct req *req;
    struct net_fetch *fetch;
    struct relayed relayed;
    bool left; /* the loop's: nobody reads it any more */
    pthread_mutex_t lock;
    /* under the lock */
    struct buf bytes;
    bool posted; /* the loop will look */
    bool paused; /* the fetch waits for room */
    bool ended;  /* nothing more comes */
    bool failed; /* ... and it was not all */
};

static void on_news(struct req *req);

/* --- the fetch's thread ----------------------------------------------------------------------- */

/* Under the lock. */
static void post(struct relay *relay)
{
    if (relay->posted)
        return;
    relay->posted = true;
    req_resume(relay->req, on_news, true);
}

static void on_head(void *user, const struct net_head *head)
{
    struct relay *relay = user;

    if (head->status == 200 || head->status == 206)
        return;
    pthread_mutex_lock(&relay->lock);
    relay->failed = true;
    pthread_mutex_unlock(&relay->lock);
}

/* Its posts bring the loop to look, also for room. */
static enum net_go on_data(void *user, struct str piece)
{
    struct relay *relay = user;
    enum net_go go = NET_TAKEN;

    pthread_mutex_lock(&relay->lock);
    if (relay->failed) {
        go = NET_ENOUGH; /* what comes with a failure is no file */
    } else if (relay->bytes.n > 0 && relay->bytes.n + piece.n > RELAY_BYTES) {
        relay->paused = true;
        go = NET_PAUSE;
    } else {
        buf_add(&relay->bytes, piece);
        relay->failed = relay->bytes.full;
    }
    post(relay);
    pthread_mutex_unlock(&relay->lock);
    return go;
}

static void on_end(void *user, const struct err *err)
{
    struct relay *relay = user;
    static struct log_pace pace;

    if (err && err->kind != E_GONE)
        log_seldom(&pace, LOG_WARN, "files.fetch.failed", LOG_STR("cause", err->cause));
    pthread_mutex_lock(&relay->lock);
    relay->ended = true;
    relay->failed |= err != NULL;
    post(relay);
    pthread_mutex_unlock(&relay->lock);
}

static const struct net_events net_events = {.head = on_head, .data = on_data, .end = on_end};

/* --- the loop --------------------------------------------------------------------------------- */

static void relay_free(struct relay *relay)
{
    net_fetch_free(relay->fetch);
    file_close(&relay->relayed.file);
    buf_done(&relay->bytes);
    pthread_mutex_destroy(&relay->lock);
    arena_free(relay->arena);
}

static void finish(struct relay *relay)
{
    struct req *req = relay->req;

    relay_free(relay);
    req_stream_close(req); /* where not all has come, it ends the connection */
}

/* What is there to be sent. *ret_over: nothing follows, and nobody will look any more but the
 * caller. */
static struct buf take(struct relay *relay, bool *ret_over, bool *ret_paused)
{
    struct buf bytes;

    pthread_mutex_lock(&relay->lock);
    bytes = relay->bytes;
    buf_init(&relay->bytes, 2 * RELAY_BYTES);
    *ret_over = relay->ended && !relay->posted;
    *ret_paused = relay->paused;
    relay->paused = false;
    pthread_mutex_unlock(&relay->lock);
    return bytes;
}

static void go_on(struct relay *relay)
{
    AUTO_BUF struct buf bytes;
    bool over, paused;

    buf_init(&bytes, 0);
    if (!relay->left && req_stream_waits(relay->req))
        return; /* on_drained() goes on */
    bytes = take(relay, &over, &paused);
    if (!relay->left && bytes.n > 0 && !req_stream_write(relay->req, buf_str(&bytes))) {
        relay->left = true;
        net_fetch_end(relay->fetch);
    }
    if (over)
        finish(relay);
    else if (paused)
        net_fetch_resume(relay->fetch);
}

static void on_news(struct req *req)
{
    struct relay *relay = req->user;

    pthread_mutex_lock(&relay->lock);
    relay->posted = false;
    pthread_mutex_unlock(&relay->lock);
    go_on(relay);
}

static void on_drained(struct req *req)
{
    go_on(req->user);
}

static void on_left(struct req *req)
{
    struct relay *relay = req->user;

    relay->left = true;
    net_fetch_end(relay->fetch); /* its end event brings us back */
    go_on(relay);
}

static const struct req_stream_events stream_events = {.drained = on_drained, .ended = on_left};

/* The request's arena goes with its head. */
static struct relay *relay_new(struct req *req, const struct relayed *relayed)
{
    struct arena *a = arena_new();
    struct relay *relay = ARENA_NEW(a, struct relay);

    relay->arena = a;
    relay->req = req;
    relay->relayed = *relayed;
    relay->relayed.file.key = arena_dup(a, relayed->file.key);
    if (pthread_mutex_init(&relay->lock, NULL) != 0)
        BUG("no lock to be had");
    buf_init(&relay->bytes, 2 * RELAY_BYTES);
    return relay;
}

static void begin(struct relay *relay)
{
    const struct relayed *relayed = &relay->relayed;
    struct err *err = file_fetch(relay->arena, &relayed->file, relayed->at, relayed->n, &net_events,
                                 relay, &relay->fetch);

    if (!err)
        return;
    log_warn("files.fetch.failed", LOG_STR("cause", err->cause));
    finish(relay);
}

void relay_send(struct req *req, const struct relayed *relayed)
{
    struct relay *relay = relay_new(req, relayed);

    req->user = relay;
    req->resp.sized = true;
    req->resp.size = relayed->n;
    if (!req_stream_open(req, &stream_events))
        relay_free(relay);
    else if (relayed->n == 0)
        finish(relay);
    else
        begin(relay);
}
