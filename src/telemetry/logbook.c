/*
 * The log book: entries wait in one buffer; a thread takes it whole and writes it.
 *
 * Invariants
 *  1. The lock is held for a copy of some hundred bytes or an exchange of two buffers, never while
 *     anything is written.
 *  2. What is appended is written by the next flush, or counted as dropped.
 */
#include "telemetry/internal.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/thread.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#define SECOND_MS 1000

/* Successful requests of a second of the monotonic clock. */
struct pace {
    atomic_uint_fast64_t second;
    atomic_uint_fast64_t n;       /* that had their turn in it */
    atomic_uint_fast64_t counted; /* without an entry of their own, not told yet */
};

struct logbook {
    /* set by logbook_new(), constant after */
    struct arena *arena;
    struct logbook_conf conf;
    pthread_t thread;
    /* any thread */
    atomic_bool ending;
    struct pace pace;
    atomic_uint_fast64_t dropped; /* not told yet */
    atomic_uint_fast64_t n_written, n_dropped;
    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct buf waiting; /* entries, one behind the other */
    size_t n_waiting;
    uint64_t due_ms; /* clock_ms(): when they are to be written; 0: there are none */
    bool must_prune; /* the settings may be other ones */
    bool finished;   /* nothing is taken any more */
    /* the thread's */
    struct buf taken;
    int64_t max_days, min_level; /* that it has pruned by; -1: not yet */
};

/* --- appending -------------------------------------------------------------------------------- */

static void make_id(char id[ID_LEN])
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    unsigned char bytes[ID_LEN];

    random_bytes(bytes, sizeof(bytes)); /* a bias of an id that is no secret */
    for (size_t i = 0; i < ID_LEN; i++)
        id[i] = alphabet[bytes[i] % (sizeof(alphabet) - 1)];
}

/* With the lock. False: there is no room. */
static bool put(struct logbook *book, const struct entry_head *head, struct str message,
                struct str data)
{
    const size_t n = sizeof(*head) + message.n + data.n;

    if (book->finished || book->waiting.n + n > LIMIT_LOG_WAITING_BYTES)
        return false;
    buf_add_bytes(&book->waiting, head, sizeof(*head));
    buf_add(&book->waiting, message);
    buf_add(&book->waiting, data);
    if (book->n_waiting++ == 0)
        book->due_ms = clock_ms() + LIMIT_LOG_WAIT_MS;
    if (book->n_waiting == 1 || book->n_waiting == LIMIT_LOG_BATCH)
        pthread_cond_signal(&book->wake);
    return true;
}

static void append(struct logbook *book, int level, struct str message, struct str data)
{
    struct entry_head head = {.created_ms = date_now_ms(), .level = level};
    bool is_put;

    message = str_sub(message, 0, LIMIT_LOG_MESSAGE_BYTES);
    head.n_message = (uint32_t)message.n;
    head.n_data = (uint32_t)data.n;
    make_id(head.id);
    pthread_mutex_lock(&book->lock);
    is_put = data.n > 0 && put(book, &head, message, data);
    pthread_mutex_unlock(&book->lock);
    if (is_put)
        return;
    atomic_fetch_add(&book->dropped, 1);
    atomic_fetch_add(&book->n_dropped, 1);
}

static void append_count(struct logbook *book, int level, const char *words, const char *type,
                         uint64_t n)
{
    AUTO_BUF struct buf message;
    AUTO_BUF struct buf data;

    buf_init(&message, 256);
    buf_init(&data, KIB);
    buf_addf(&message, "%llu %s", (unsigned long long)n, words);
    entry_of_count(&data, &book->conf, type, n);
    append(book, level, buf_str(&message), buf_str(&data));
}

/* --- requests --------------------------------------------------------------------------------- */

/* What the second before has left. */
static void tell_counted(struct logbook *book)
{
    const uint64_t n = atomic_exchange(&book->pace.counted, 0);

    if (n > 0)
        append_count(book, LOGBOOK_INFO, "more requests in a second", "requests", n);
}

static bool is_in_pace(struct logbook *book, int64_t rate)
{
    struct pace *pace = &book->pace;
    const uint64_t now = clock_ms() / SECOND_MS;
    uint64_t second = atomic_load(&pace->second);

    if (second != now && atomic_compare_exchange_strong(&pace->second, &second, now)) {
        atomic_store(&pace->n, 0);
        tell_counted(book);
    }
    if ((int64_t)atomic_fetch_add(&pace->n, 1) < rate)
        return true;
    if (atomic_fetch_add(&pace->counted, 1) > 0)
        return false;
    pthread_mutex_lock(&book->lock);
    if (book->due_ms == 0) {
        book->due_ms = clock_ms() + LIMIT_LOG_WAIT_MS;
        pthread_cond_signal(&book->wake);
    }
    pthread_mutex_unlock(&book->lock);
    return false;
}

bool logbook_wants(struct logbook *book, const struct settings *settings, bool failed)
{
    if (settings->logs.max_days == 0 ||
        settings->logs.min_level > (failed ? LOGBOOK_ERROR : LOGBOOK_INFO))
        return false;
    return failed || is_in_pace(book, settings->logs.rate);
}

void logbook_request(struct arena *a, struct logbook *book, const struct settings *settings,
                     const struct logbook_request *request)
{
    AUTO_BUF struct buf message;
    AUTO_BUF struct buf data;

    buf_init(&message, LIMIT_LOG_MESSAGE_BYTES);
    buf_init(&data, LIMIT_LOG_WAITING_BYTES);
    entry_of_request(a, &message, &data, &book->conf, settings, request);
    append(book, request->failed ? LOGBOOK_ERROR : LOGBOOK_INFO, buf_str(&message), buf_str(&data));
}

/* --- events ----------------------------------------------------------------------------------- */

static int level_of(enum log_level level)
{
    switch (level) {
    case LOG_DEBUG:
        return LOGBOOK_DEBUG;
    case LOG_INFO:
        return LOGBOOK_INFO;
    case LOG_WARN:
        return LOGBOOK_WARN;
    case LOG_ERROR:
        return LOGBOOK_ERROR;
    }
    BUG("not a log level");
}

/* NULL once the book is finished: their store may be gone then, while threads that end last still
 * have something to say. */
static struct settings *settings_of(struct logbook *book)
{
    struct settings *settings = NULL;

    pthread_mutex_lock(&book->lock);
    if (!book->finished)
        settings = settings_current(book->conf.settings);
    pthread_mutex_unlock(&book->lock);
    return settings;
}

/* Not what is for --dev alone: it would come with every request. */
static void on_event(void *user, enum log_level level, const char *event,
                     const struct log_field *fields)
{
    struct logbook *book = user;
    AUTO(settings_unref) struct settings *settings = settings_of(book);
    AUTO(arena_free) struct arena *a = NULL;
    AUTO_BUF struct buf data;

    buf_init(&data, 64 * KIB);
    if (level == LOG_DEBUG || !settings || settings->logs.max_days == 0 ||
        settings->logs.min_level > level_of(level))
        return;
    a = arena_new();
    entry_of_event(a, &data, &book->conf, fields);
    append(book, level_of(level), str_of(event), buf_str(&data));
}

/* --- writing ---------------------------------------------------------------------------------- */

/* By the settings as they are by now, whatever they were when it was said. */
static struct entry_batch batch_of(struct logbook *book)
{
    AUTO(settings_unref) struct settings *settings = settings_current(book->conf.settings);
    struct entry_batch batch = {.entries = buf_str(&book->taken),
                                .max_data = LIMIT_LOG_DATA_BYTES,
                                .min_level = LOGBOOK_DEBUG};

    if (!settings)
        return batch;
    if (settings->logs.max_data_size > 0)
        batch.max_data = (size_t)settings->logs.max_data_size;
    batch.min_level = settings->logs.max_days > 0 ? settings->logs.min_level : INT64_MAX;
    return batch;
}

static void tell_dropped(struct logbook *book)
{
    const uint64_t n = atomic_exchange(&book->dropped, 0);

    if (n > 0)
        append_count(book, LOGBOOK_WARN, "log entries were dropped", "dropped", n);
}

/* With the lock: what waits is the thread's. */
static size_t take(struct logbook *book)
{
    struct buf taken = book->taken;
    const size_t n = book->n_waiting;

    book->taken = book->waiting;
    book->waiting = taken;
    book->n_waiting = 0;
    book->due_ms = 0;
    return n;
}

/* What cannot be written is gone, and counted. */
static void flush(struct logbook *book, size_t n)
{
    static struct log_pace pace;
    AUTO(arena_free) struct arena *a = arena_new();
    const struct entry_batch batch = batch_of(book);
    struct err *err = n > 0 ? db_run(a, book->conf.db, entries_unit, &batch, NULL) : NULL;

    atomic_fetch_add(err ? &book->n_dropped : &book->n_written, n);
    if (err) {
        atomic_fetch_add(&book->dropped, n);
        log_seldom(&pace, LOG_ERROR, "logs.failed", LOG_STR("cause", err->cause));
    }
    buf_reset(&book->taken);
}

static bool has_changed(struct logbook *book, const struct settings *settings)
{
    return settings && (settings->logs.max_days != book->max_days ||
                        settings->logs.min_level != book->min_level);
}

static void prune(struct logbook *book)
{
    AUTO(arena_free) struct arena *a = arena_new();
    AUTO(settings_unref) struct settings *settings = settings_current(book->conf.settings);
    struct err *err;

    if (!has_changed(book, settings))
        return;
    err = entries_prune(a, book->conf.db, settings, &book->ending);
    if (err) {
        log_warn("logs.prune.failed", LOG_STR("cause", err->cause));
        return;
    }
    book->max_days = settings->logs.max_days;
    book->min_level = settings->logs.min_level;
}

/* With the lock, until there is something to do. */
static void rest(struct logbook *book)
{
    while (!atomic_load(&book->ending) && !book->must_prune && book->n_waiting < LIMIT_LOG_BATCH &&
           (!book->due_ms || clock_ms() < book->due_ms)) {
        const struct timespec until = {.tv_sec = (time_t)(book->due_ms / 1000),
                                       .tv_nsec = (long)(book->due_ms % 1000) * 1000000};

        if (book->due_ms)
            (void)pthread_cond_timedwait(&book->wake, &book->lock, &until);
        else
            (void)pthread_cond_wait(&book->wake, &book->lock);
    }
}

static void logbook_main(void *arg)
{
    struct logbook *book = arg;
    bool must_prune;
    size_t n;

    pthread_mutex_lock(&book->lock);
    do {
        rest(book);
        pthread_mutex_unlock(&book->lock);
        tell_counted(book);
        tell_dropped(book);
        pthread_mutex_lock(&book->lock);
        must_prune = book->must_prune;
        book->must_prune = false;
        n = take(book);
        book->finished = atomic_load(&book->ending);
        pthread_mutex_unlock(&book->lock);
        flush(book, n);
        if (must_prune)
            prune(book);
        pthread_mutex_lock(&book->lock);
    } while (!book->finished);
    pthread_mutex_unlock(&book->lock);
    db_reader_close(book->conf.db);
}

/* --- the book --------------------------------------------------------------------------------- */

static void init_wake(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

struct logbook *logbook_new(const struct logbook_conf *conf)
{
    struct arena *a = arena_new();
    struct logbook *book = ARENA_NEW(a, struct logbook);

    *book = (struct logbook){.arena = a, .conf = *conf, .must_prune = true, .max_days = -1};
    book->conf.node = arena_dup(a, conf->node);
    buf_init(&book->waiting, LIMIT_LOG_WAITING_BYTES);
    buf_init(&book->taken, LIMIT_LOG_WAITING_BYTES);
    pthread_mutex_init(&book->lock, NULL);
    init_wake(&book->wake);
    if (!thread_start("logs", logbook_main, book, &book->thread)) {
        logbook_free(book);
        return NULL;
    }
    log_set_tap(on_event, book);
    return book;
}

void logbook_finish(struct logbook *book)
{
    if (!book)
        return;
    pthread_mutex_lock(&book->lock);
    atomic_store(&book->ending, true);
    pthread_cond_signal(&book->wake);
    pthread_mutex_unlock(&book->lock);
    thread_join(book->thread);
}

void logbook_free(struct logbook *book)
{
    if (!book)
        return;
    log_set_tap(NULL, NULL);
    buf_done(&book->waiting);
    buf_done(&book->taken);
    pthread_mutex_destroy(&book->lock);
    pthread_cond_destroy(&book->wake);
    arena_free(book->arena);
}

void logbook_settings_changed(struct logbook *book)
{
    pthread_mutex_lock(&book->lock);
    book->must_prune = true;
    pthread_cond_signal(&book->wake);
    pthread_mutex_unlock(&book->lock);
}

struct err *logbook_prune(struct arena *a, struct logbook *book)
{
    AUTO(settings_unref) struct settings *settings = settings_current(book->conf.settings);

    return settings ? entries_prune(a, book->conf.db, settings, &book->ending) : NULL;
}

struct err *logbook_clear(struct arena *a, struct logbook *book)
{
    return entries_clear(a, book->conf.db);
}

struct logbook_stats logbook_stats(struct logbook *book)
{
    struct logbook_stats stats = {.written = atomic_load(&book->n_written),
                                  .dropped = atomic_load(&book->n_dropped)};

    pthread_mutex_lock(&book->lock);
    stats.waiting_bytes = book->waiting.n;
    pthread_mutex_unlock(&book->lock);
    return stats;
}
