/*
 * The threads of the outbox. One waits for the time of the next row; whoever claims a row wakes
 * another, or starts it: as many mails are under way as there are threads, and one more looks
 * ahead.
 *
 * What is done to rows goes through units of work, so a thread holds nothing while it sends.
 */
#include "mail/outbox.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "mail/rows.h"

#include <pthread.h>

/* Longer than a mail takes in all its steps. */
#define CLAIM_MS (LIMIT_MAIL_MS + 60000)
#define STALE_TRIES 16
#define LONGEST_REST_MS 3600000
/* After an error of the database. */
#define TROUBLE_MS 5000
/* The first pause before a mail is tried again, and by how much each one is longer. */
#define RETRY_FIRST_MS 15000
#define RETRY_GROWTH 4
#define RETRY_LONGEST_MS 3600000
#define TRIES_MOST 100

struct outbox {
    /* set by outbox_new(), constant after */
    struct arena *arena;
    struct outbox_conf conf;
    struct net *net;
    /* any thread */
    atomic_bool stopping;
    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool kicked; /* there may be a row whose time has come */
    pthread_t threads[LIMIT_MAIL_THREADS];
    unsigned n_threads, n_resting;
};

/* --- units ------------------------------------------------------------------------------------ */

static struct err *claim_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const int64_t *now_ms = in;
    struct mail_claim *claim = ARENA_NEW(a, struct mail_claim);

    *ret_out = claim;
    return mail_row_claim(a, tx, *now_ms, CLAIM_MS, claim);
}

/* How a try has ended. */
struct ending {
    const struct outbox *outbox;
    const struct mail_claim *claim;
    const struct mail_message *sent; /* NULL: it was not */
    int64_t now_ms;
    int64_t again_ms; /* when it is tried again; 0: it is over */
    bool refund;
};

static struct err *end_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct ending *ending = in;
    const struct outbox_mail *mail = &ending->claim->mail;
    const struct outbox_conf *conf = &ending->outbox->conf;
    struct err *err;

    *ret_out = NULL;
    if (ending->again_ms > 0)
        return mail_row_delay(a, tx, ending->claim->key, ending->again_ms, ending->refund);
    err = mail_row_close(a, tx, ending->claim);
    return err ? err : conf->settle(conf->user, tx, a, mail, ending->sent, ending->now_ms);
}

/* --- one mail --------------------------------------------------------------------------------- */

static int64_t retry_at(const struct mail_claim *claim, int64_t now_ms)
{
    int64_t pause_ms = RETRY_FIRST_MS;

    for (int64_t i = 1; i < claim->tries && pause_ms < RETRY_LONGEST_MS; i++)
        pause_ms *= RETRY_GROWTH;
    if (pause_ms > RETRY_LONGEST_MS)
        pause_ms = RETRY_LONGEST_MS;
    return now_ms + pause_ms <= claim->mail.until_ms ? now_ms + pause_ms : 0;
}

static void log_failure(const struct mail_claim *claim, const struct err *err, bool is_over)
{
    log_write(is_over ? LOG_ERROR : LOG_WARN, is_over ? "mail.given_up" : "mail.delayed",
              (const struct log_field[]){LOG_STR("kind", claim->mail.kind),
                                         LOG_STR("collection", claim->mail.collection),
                                         LOG_STR("record", claim->mail.record),
                                         LOG_I64("tries", claim->tries),
                                         LOG_STR("cause", err->cause),
                                         {0}});
}

/* What a failure means for the row. */
static void judge(struct ending *ending, const struct err *err)
{
    if (err->kind == E_GONE) { /* the outbox stops: it is sent at the next start */
        ending->again_ms = ending->now_ms;
        ending->refund = true;
        return;
    }
    if (err->kind != E_BAD_REQUEST && ending->claim->tries < TRIES_MOST)
        ending->again_ms = retry_at(ending->claim, ending->now_ms);
    log_failure(ending->claim, err, ending->again_ms == 0);
}

/* Whether what was stale is to be done once more. */
static bool follows(struct arena *a, const struct outbox *outbox, struct err **err, unsigned *tries)
{
    if (!*err || (*err)->kind != E_STALE || ++*tries >= STALE_TRIES)
        return false;
    *err = outbox->conf.follow(outbox->conf.user, a);
    return *err == NULL;
}

static struct err *compose(struct arena *a, const struct outbox *outbox,
                           const struct outbox_mail *mail, const struct mail_message **ret)
{
    unsigned tries = 0;
    struct err *err;

    do
        err = outbox->conf.compose(outbox->conf.user, a, mail, ret);
    while (follows(a, outbox, &err, &tries));
    return err;
}

static struct err *end(struct arena *a, const struct outbox *outbox, const struct ending *ending)
{
    unsigned tries = 0;
    struct err *err;
    void *out;

    do
        err = db_run(a, outbox->conf.db, end_unit, ending, &out);
    while (follows(a, outbox, &err, &tries));
    return err;
}

static struct err *send_claimed(struct arena *a, struct outbox *outbox,
                                const struct mail_claim *claim)
{
    struct ending ending = {.outbox = outbox, .claim = claim};
    const struct mail_message *message = NULL;
    struct err *err = NULL;

    if (claim->tries > TRIES_MOST) /* it was never told how one ended: the program did, too */
        err = err_new(a, E_BAD_REQUEST, NULL, "tried too often");
    if (!err)
        err = compose(a, outbox, &claim->mail, &message);
    if (!err && message)
        err = outbox_send(a, outbox, message, LIMIT_MAIL_MS);
    ending.now_ms = date_now_ms();
    if (err)
        judge(&ending, err);
    else
        ending.sent = message;
    return end(a, outbox, &ending);
}

/* --- threads ---------------------------------------------------------------------------------- */

static void outbox_main(void *arg);

/* Another one looks for what else there is: one that rests, a new one, or the next to rest. Under
 * lock. */
static void call_another(struct outbox *outbox)
{
    if (outbox->n_resting == 0 && outbox->n_threads < LIMIT_MAIL_THREADS &&
        !atomic_load(&outbox->stopping) &&
        thread_start("reeve-outbox", outbox_main, outbox, &outbox->threads[outbox->n_threads])) {
        outbox->n_threads++;
        return;
    }
    outbox->kicked = true;
    (void)pthread_cond_signal(&outbox->wake);
}

static void kick(void *user)
{
    struct outbox *outbox = user;

    (void)pthread_mutex_lock(&outbox->lock);
    call_another(outbox);
    (void)pthread_mutex_unlock(&outbox->lock);
}

/* What is due is sent; how long to rest after it. */
static int64_t work(struct arena *a, struct outbox *outbox)
{
    const int64_t now_ms = date_now_ms();
    struct mail_claim *claim;
    struct err *err;
    void *out;

    err = db_run(a, outbox->conf.db, claim_unit, &now_ms, &out);
    claim = out;
    if (!err && claim->found) {
        kick(outbox);
        err = send_claimed(a, outbox, claim);
    }
    if (err) {
        log_warn("mail.outbox_failed", LOG_STR("cause", err->cause));
        return TROUBLE_MS;
    }
    if (claim->found)
        return 0;
    return claim->next_due_ms < now_ms + LONGEST_REST_MS ? claim->next_due_ms - now_ms
                                                         : LONGEST_REST_MS;
}

/* Until there may be work, or ms are over. Under lock. */
static void rest(struct outbox *outbox, int64_t ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    outbox->n_resting++;
    while (!outbox->kicked && !atomic_load(&outbox->stopping))
        if (pthread_cond_timedwait(&outbox->wake, &outbox->lock, &until) != 0)
            break;
    outbox->n_resting--;
    outbox->kicked = false;
}

static void outbox_main(void *arg)
{
    struct outbox *outbox = arg;
    AUTO(arena_free) struct arena *a = arena_new();

    while (!atomic_load(&outbox->stopping)) {
        int64_t rest_ms = work(a, outbox);

        arena_reset(a);
        (void)pthread_mutex_lock(&outbox->lock);
        if (rest_ms > 0)
            rest(outbox, rest_ms);
        (void)pthread_mutex_unlock(&outbox->lock);
    }
    outbox->conf.thread_end(outbox->conf.user);
}

/* --- from outside ----------------------------------------------------------------------------- */

struct outbox *outbox_new(const struct outbox_conf *conf)
{
    struct arena *a = arena_new();
    struct outbox *outbox = ARENA_NEW(a, struct outbox);
    pthread_condattr_t attr;

    *outbox = (struct outbox){.arena = a, .conf = *conf, .net = net_new()};
    atomic_init(&outbox->stopping, false);
    /* None of these can fail with such arguments. */
    (void)pthread_mutex_init(&outbox->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&outbox->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    kick(outbox);
    if (outbox->n_threads > 0)
        return outbox;
    outbox_free(outbox);
    return NULL;
}

void outbox_stop(struct outbox *outbox)
{
    atomic_store(&outbox->stopping, true);
    (void)pthread_mutex_lock(&outbox->lock);
    (void)pthread_cond_broadcast(&outbox->wake);
    (void)pthread_mutex_unlock(&outbox->lock);
}

void outbox_finish(struct outbox *outbox)
{
    if (!outbox)
        return;
    outbox_stop(outbox);
    for (unsigned i = 0; i < outbox->n_threads; i++) /* none starts another any more */
        thread_join(outbox->threads[i]);
    (void)pthread_mutex_lock(&outbox->lock);
    outbox->n_threads = 0;
    (void)pthread_mutex_unlock(&outbox->lock);
}

void outbox_free(struct outbox *outbox)
{
    if (!outbox)
        return;
    outbox_finish(outbox);
    (void)pthread_cond_destroy(&outbox->wake);
    (void)pthread_mutex_destroy(&outbox->lock);
    net_free(outbox->net);
    arena_free(outbox->arena);
}

struct err *outbox_post(struct arena *a, struct db_conn *tx, struct outbox *outbox,
                        const struct outbox_mail *mail)
{
    struct err *err = mail_row_add(a, tx, mail);

    if (!err) /* for a blank, too: what follows an answer tells no more than the answer */
        db_after_commit(tx, kick, outbox);
    return err;
}

struct err *outbox_send(struct arena *a, struct outbox *outbox, const struct mail_message *message,
                        unsigned limit_ms)
{
    AUTO(settings_unref) struct settings *settings = settings_current(outbox->conf.settings);

    return mail_send(a, outbox->net, settings, message, limit_ms, &outbox->stopping);
}
