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
#include <string.h>

#define RELAY_BYTES ((size_t)256 * KIB)

static void log_failure(const struct err *err)
{
    static struct log_pace pace;

    log_seldom(&pace, LOG_ERROR, "files.fetch.failed", LOG_STR("cause", err->cause));
}

struct relay {
    struct arena *arena;
    struct req *req;
    struct net_fetch *fetch; /* of the part in hand */
    struct file_opened file;
    struct resp_part *parts; /* n_parts of them, their texts in `texts` */
    size_t n_parts, part;    /* the next one */
    struct str texts;        /* what is left of them */
    bool left;               /* the loop's: nobody reads it any more */
    bool whole;              /* the part in hand is all of the file: it needs no range */
    pthread_mutex_t lock;
    /* under the lock */
    struct buf bytes;
    uint64_t n_due; /* bytes of the part that have still to come */
    bool posted;    /* the loop will look */
    bool paused;    /* the fetch waits for room */
    bool ended;     /* nothing more comes of the part */
    bool failed;    /* ... and it was not all, or something else */
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

    pthread_mutex_lock(&relay->lock);
    relay->failed = head->status != 206 && !(head->status == 200 && relay->whole);
    pthread_mutex_unlock(&relay->lock);
}

/* Its posts bring the loop to look, also for room. */
static enum net_go on_data(void *user, struct str piece)
{
    struct relay *relay = user;
    enum net_go go = NET_TAKEN;

    pthread_mutex_lock(&relay->lock);
    if (!relay->failed && relay->bytes.n > 0 && relay->bytes.n + piece.n > RELAY_BYTES) {
        relay->paused = true;
        go = NET_PAUSE;
    } else if (!relay->failed && piece.n <= relay->n_due) {
        buf_add(&relay->bytes, piece);
        relay->n_due -= piece.n;
        relay->failed = relay->bytes.full;
    } else {
        relay->failed = true;
        go = NET_ENOUGH; /* what comes with a failure is no file */
    }
    post(relay);
    pthread_mutex_unlock(&relay->lock);
    return go;
}

static void on_end(void *user, const struct err *err)
{
    struct relay *relay = user;

    if (err && err->kind != E_GONE)
        log_failure(err);
    pthread_mutex_lock(&relay->lock);
    relay->ended = true;
    relay->failed |= err || relay->n_due > 0;
    post(relay);
    pthread_mutex_unlock(&relay->lock);
}

static const struct net_events net_events = {.head = on_head, .data = on_data, .end = on_end};

/* --- the loop --------------------------------------------------------------------------------- */

static void relay_free(struct relay *relay)
{
    net_fetch_free(relay->fetch);
    file_close(&relay->file);
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

static void leave(struct relay *relay)
{
    relay->left = true;
    net_fetch_end(relay->fetch);
}

/* A text that was kept; nobody reads it: false. */
static bool send_text(struct relay *relay, size_t n)
{
    struct str text = str_sub(relay->texts, 0, n);

    relay->texts = str_from(relay->texts, n);
    return n == 0 || req_stream_write(relay->req, text);
}

/* The next part that has bytes of the file, or the end. False: there is none. */
static bool begin_part(struct relay *relay)
{
    struct err *err;

    net_fetch_free(TAKE(relay->fetch));
    while (relay->part < relay->n_parts) {
        const struct resp_part *part = &relay->parts[relay->part++];

        if (!send_text(relay, part->n_text))
            return false;
        if (part->n == 0)
            continue;
        relay->ended = false; /* no fetch runs: nobody else looks */
        relay->n_due = part->n;
        relay->whole = part->n == relay->file.size;
        err = file_fetch(relay->arena, &relay->file, part->at, part->n, &net_events, relay,
                         &relay->fetch);
        if (err)
            log_failure(err);
        return !err;
    }
    return false;
}

enum taken { TAKEN_SOME, TAKEN_LAST, TAKEN_BROKEN };

/* What is there to be sent; the last of the part where nothing follows, and nobody will look any
 * more but the caller. */
static enum taken take(struct relay *relay, struct buf *ret, bool *ret_paused)
{
    enum taken taken = TAKEN_SOME;

    pthread_mutex_lock(&relay->lock);
    *ret = relay->bytes;
    buf_init(&relay->bytes, 2 * RELAY_BYTES);
    if (relay->ended && !relay->posted)
        taken = relay->failed ? TAKEN_BROKEN : TAKEN_LAST;
    *ret_paused = relay->paused;
    relay->paused = false;
    pthread_mutex_unlock(&relay->lock);
    return taken;
}

static void go_on(struct relay *relay)
{
    AUTO_BUF struct buf bytes;
    enum taken taken;
    bool paused;

    buf_init(&bytes, 0);
    if (!relay->left && req_stream_waits(relay->req))
        return; /* on_drained() goes on */
    taken = take(relay, &bytes, &paused);
    if (!relay->left && bytes.n > 0 && !req_stream_write(relay->req, buf_str(&bytes)))
        leave(relay);
    if (taken == TAKEN_SOME) {
        if (paused)
            net_fetch_resume(relay->fetch);
    } else if (taken == TAKEN_BROKEN || relay->left || !begin_part(relay)) {
        finish(relay);
    }
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

/* The fetch's end event brings us back, if it is not on its way already. */
static void on_left(struct req *req)
{
    struct relay *relay = req->user;

    leave(relay);
    go_on(relay);
}

static const struct req_stream_events stream_events = {.drained = on_drained, .ended = on_left};

/* With copies of what goes with the head. */
static struct relay *relay_new(struct req *req, const struct relayed *relayed)
{
    struct arena *a = arena_new();
    struct relay *relay = ARENA_NEW(a, struct relay);

    relay->arena = a;
    relay->req = req;
    relay->file = relayed->file;
    relay->file.key = arena_dup(a, relayed->file.key);
    relay->texts = arena_dup(a, buf_str(&req->resp.body));
    relay->parts = ARENA_ARRAY(a, struct resp_part, relayed->n_parts);
    relay->n_parts = relayed->n_parts;
    memcpy(relay->parts, relayed->parts, relayed->n_parts * sizeof(*relay->parts));
    if (pthread_mutex_init(&relay->lock, NULL) != 0)
        BUG("no lock to be had");
    buf_init(&relay->bytes, 2 * RELAY_BYTES);
    return relay;
}

void relay_send(struct req *req, const struct relayed *relayed)
{
    struct relay *relay = relay_new(req, relayed);

    req->user = relay;
    req->resp.sized = true;
    for (size_t i = 0; i < relay->n_parts; i++)
        req->resp.size += relay->parts[i].n_text + relay->parts[i].n;
    if (!req_stream_open(req, &stream_events)) /* what the call points to is gone after it */
        relay_free(relay);
    else if (!begin_part(relay))
        finish(relay);
}
