/*
 * One thread fetches, the request's loop sends; between them lies a buffer.
 *
 * A fetch pauses while its client is slow, and ends when that lasts: then the rest is asked for
 * when the client has taken what there was, little at first. So a slow client keeps the other
 * server waiting for no longer than it takes to fill the buffer.
 *
 * Invariants
 *  1. What the two share is touched under the lock. At most RELAY_BYTES lie there: then the fetch
 *     pauses, and goes on when the client has taken them.
 *  2. The loop is woken by req_resume(), once until it has looked: `posted`.
 *  3. The relay lives until both have let go: the fetch by its end event, the loop by answering, or
 *     by req_stream_close(), which come after that. Should nobody be there when the answer is to
 *     begin, it is the fetch's alone: `orphan`.
 *  4. The answer begins when the head of the first good answer has come: until then it may be 404.
 *  5. All that is sent is of one object: each answer has the same `version`.
 */
#include "api/relay.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/num.h"

#include <pthread.h>
#include <string.h>

#define RELAY_BYTES ((size_t)256 * KIB)
#define VERSION_BYTES 1024

struct relay {
    struct arena *arena;
    struct req *req;
    struct net_fetch *fetch; /* of the part in hand */
    struct file_opened file;
    struct resp_part *parts; /* n_parts of them, their texts in `texts` */
    size_t n_parts, part;    /* the one in hand */
    uint64_t done;           /* bytes of it that have come by fetches that are over */
    uint64_t most;           /* bytes to be asked for at once */
    struct str texts;        /* what is left of them */
    bool opened;             /* the answer has begun */
    bool left;               /* the loop's: nobody reads it any more */
    bool retried;            /* what is asked for was refused before */
    bool whole;              /* all of the file is asked for: it needs no range */
    uint64_t n_asked;
    pthread_mutex_t lock;
    /* under the lock */
    struct buf bytes;
    struct buf version; /* what tells the object from others: its entity tag, or when it was made */
    uint64_t n_due;     /* bytes that have still to come of those asked for */
    bool posted;        /* the loop will look */
    bool paused;        /* the fetch waits for room */
    bool headed;        /* the head of an answer has come */
    bool busy;          /* ... which says that another try may help */
    bool ended;         /* nothing more comes of the fetch */
    bool failed;        /* something is wrong with it */
    bool orphan;        /* the loop has let go of it */
};

static void on_news(struct req *req);
static void relay_free(struct relay *relay);

static void log_failure(const struct err *err)
{
    static struct log_pace pace;

    log_seldom(&pace, LOG_ERROR, "files.fetch.failed", LOG_STR("cause", err->cause));
}

/* --- the fetch's thread ----------------------------------------------------------------------- */

/* Under the lock. */
static void post(struct relay *relay)
{
    if (relay->posted || relay->orphan)
        return;
    relay->posted = true;
    req_resume(relay->req, on_news, true);
}

/* Under the lock. False: it is another object than that of the answer before. */
static bool is_same(struct relay *relay, const struct net_head *head)
{
    struct str version = net_header(head, STR("etag"));

    if (version.n == 0)
        version = net_header(head, STR("last-modified"));
    if (relay->version.n == 0)
        buf_add(&relay->version, version);
    return str_eq(version, buf_str(&relay->version));
}

/* What is wrong with an answer; NULL: nothing. Under the lock. */
static const char *find_fault(struct relay *relay, const struct net_head *head)
{
    struct str length = net_header(head, STR("content-length"));
    uint64_t n;

    if (head->status != 206 && !(head->status == 200 && relay->whole))
        return "the storage refuses a file that it has told of";
    if (length.p && (!num_parse_u64(length, &n) || n != relay->n_asked))
        return "the storage has another length for a file than it has told of";
    return is_same(relay, head) ? NULL : "a file has changed while it was sent";
}

static void log_fault(unsigned status, const char *fault)
{
    static struct log_pace pace;

    log_seldom(&pace, LOG_ERROR, "files.fetch.failed", LOG_CSTR("cause", fault),
               LOG_U64("status", status));
}

static void on_head(void *user, const struct net_head *head)
{
    struct relay *relay = user;
    const char *fault;

    pthread_mutex_lock(&relay->lock);
    fault = find_fault(relay, head);
    relay->headed = true;
    relay->busy = head->status == 429 || head->status >= 500;
    relay->failed = fault != NULL;
    post(relay);
    pthread_mutex_unlock(&relay->lock);
    if (fault)
        log_fault(head->status, fault);
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

/* A fetch that was ended is asked for again where it had begun: with something of it in hand, it
 * has paused for too long. */
static void on_end(void *user, const struct err *err)
{
    struct relay *relay = user;
    bool was_ended = err && err->kind == E_GONE;
    bool orphan;

    if (err && !was_ended)
        log_failure(err);
    pthread_mutex_lock(&relay->lock);
    relay->ended = true;
    if (was_ended)
        relay->failed |= relay->n_due == relay->n_asked;
    else
        relay->failed |= err || relay->n_due > 0;
    post(relay);
    orphan = relay->orphan;
    pthread_mutex_unlock(&relay->lock);
    if (orphan)
        relay_free(relay);
}

static const struct net_events net_events = {.head = on_head, .data = on_data, .end = on_end};

/* --- the loop --------------------------------------------------------------------------------- */

static void relay_free(struct relay *relay)
{
    net_fetch_free(relay->fetch);
    file_close(&relay->file);
    buf_done(&relay->bytes);
    buf_done(&relay->version);
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

/* What is next of the part in hand. No fetch runs: nobody else looks. False: it cannot be. */
static bool ask(struct relay *relay)
{
    const struct resp_part *part = &relay->parts[relay->part];
    uint64_t n = part->n - relay->done;
    struct arena *a = arena_new();
    struct err *err;

    if (n > relay->most)
        n = relay->most;
    net_fetch_free(TAKE(relay->fetch));
    relay->n_asked = relay->n_due = n;
    relay->whole = n == relay->file.size;
    relay->paused = relay->headed = relay->busy = relay->ended = relay->failed = false;
    err = file_fetch(a, &relay->file, part->at + relay->done, n,
                     relay->opened ? NULL : &relay->req->gone, &net_events, relay, &relay->fetch);
    if (err)
        log_failure(err);
    arena_free(a);
    return !err;
}

/* Once more what was refused, if that may help. */
static bool ask_again(struct relay *relay)
{
    if (!relay->busy || relay->retried)
        return false;
    relay->retried = true;
    return ask(relay);
}

/* The text of the part in hand. False: nobody reads it. */
static bool send_text(struct relay *relay)
{
    size_t n = relay->parts[relay->part].n_text;
    struct str text = str_sub(relay->texts, 0, n);

    relay->texts = str_from(relay->texts, n);
    return n == 0 || req_stream_write(relay->req, text);
}

/* To the next part that has bytes of the file. False: there is none, or no need. */
static bool next_part(struct relay *relay)
{
    relay->done = 0;
    while (++relay->part < relay->n_parts) {
        if (!send_text(relay))
            return false;
        if (relay->parts[relay->part].n > 0)
            return ask(relay);
    }
    return false;
}

/* The fetch is over, and all of it sent. Who was too slow is brought little, and then more and
 * more. False: so is the answer. */
static bool go_further(struct relay *relay)
{
    if (relay->failed && relay->n_due < relay->n_asked)
        return false;
    if (relay->failed)
        return ask_again(relay);
    relay->retried = false;
    relay->done += relay->n_asked - relay->n_due;
    if (relay->n_due > 0)
        relay->most = RELAY_BYTES;
    else if (relay->most < UINT64_MAX / 2)
        relay->most *= 2;
    return relay->done < relay->parts[relay->part].n ? ask(relay) : next_part(relay);
}

/* What is there to be sent. True: it is the last of the fetch, and nobody will look any more but
 * the caller. */
static bool take(struct relay *relay, struct buf *ret, bool *ret_paused)
{
    bool last;

    pthread_mutex_lock(&relay->lock);
    *ret = relay->bytes;
    buf_init(&relay->bytes, 2 * RELAY_BYTES);
    last = relay->ended && !relay->posted;
    *ret_paused = relay->paused;
    relay->paused = false;
    pthread_mutex_unlock(&relay->lock);
    return last;
}

static void go_on(struct relay *relay)
{
    AUTO_BUF struct buf bytes;
    bool last, paused;

    buf_init(&bytes, 0);
    if (!relay->left && req_stream_waits(relay->req))
        return; /* on_drained() goes on */
    last = take(relay, &bytes, &paused);
    if (!relay->left && bytes.n > 0 && !req_stream_write(relay->req, buf_str(&bytes)))
        leave(relay);
    if (!last && paused)
        net_fetch_resume(relay->fetch);
    if (last && (relay->left || !go_further(relay)))
        finish(relay);
}

/* --- the beginning ---------------------------------------------------------------------------- */

/* As PocketBase answers where storage is out of reach. */
static void refuse(struct relay *relay)
{
    struct req *req = relay->req;

    relay_free(relay);
    req_answer_err(req, err_new(req->arena, E_NOT_FOUND, NULL, "it was not to be had"));
    req_send(req);
}

/* Nobody is there; the request is gone. */
static void abandon(struct relay *relay)
{
    struct net_fetch *fetch =
        TAKE(relay->fetch); /* the relay may be gone before it is given back */
    bool ended;

    pthread_mutex_lock(&relay->lock);
    relay->orphan = true;
    ended = relay->ended;
    pthread_mutex_unlock(&relay->lock);
    net_fetch_free(fetch);
    if (ended)
        relay_free(relay);
}

static const struct req_stream_events stream_events;

static bool open_stream(struct relay *relay)
{
    struct resp *resp = &relay->req->resp;

    resp->sized = true;
    for (size_t i = 0; i < relay->n_parts; i++)
        resp->size += relay->parts[i].n_text + relay->parts[i].n;
    relay->opened = req_stream_open(relay->req, &stream_events);
    return relay->opened; /* what the call points to is gone */
}

/* The answer begins if it can; nothing is posted meanwhile, since the request may be gone then. */
static void begin(struct relay *relay)
{
    bool good, bad, ended;

    pthread_mutex_lock(&relay->lock);
    good = !relay->posted && relay->headed && !relay->failed;
    bad = !relay->posted && relay->failed;
    ended = relay->ended;
    relay->posted |= good;
    pthread_mutex_unlock(&relay->lock);
    if (bad && !ended)
        net_fetch_end(relay->fetch); /* and its end brings us back */
    else if (bad && !ask_again(relay))
        refuse(relay);
    if (!good)
        return;
    net_fetch_unwatch(relay->fetch); /* the stream tells of it from here on */
    if (!open_stream(relay)) {
        abandon(relay);
        return;
    }
    pthread_mutex_lock(&relay->lock);
    relay->posted = false;
    pthread_mutex_unlock(&relay->lock);
    if (!send_text(relay))
        leave(relay);
    go_on(relay);
}

static void on_news(struct req *req)
{
    struct relay *relay = req->user;

    pthread_mutex_lock(&relay->lock);
    relay->posted = false;
    pthread_mutex_unlock(&relay->lock);
    if (relay->opened)
        go_on(relay);
    else
        begin(relay);
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
    buf_init(&relay->version, VERSION_BYTES);
    relay->most = UINT64_MAX;
    return relay;
}

/* Of which nothing has to be brought. */
static void send_now(struct relay *relay)
{
    if (!open_stream(relay)) {
        relay_free(relay);
        return;
    }
    (void)send_text(relay); /* who has left is not written to */
    finish(relay);
}

void relay_send(struct req *req, const struct relayed *relayed)
{
    struct relay *relay = relay_new(req, relayed);

    req->user = relay;
    if (relay->parts[0].n == 0 || str_eq(req->method, STR("HEAD")))
        send_now(relay);
    else if (!ask(relay))
        refuse(relay);
}
