/*
 * Totals of lists, and one count for many.
 *
 * Who finds nothing in the memory counts, and says so: it stands in a list meanwhile, on its own
 * stack. Who wants the same and would read the same waits until it is gone from there, and looks
 * again: into the memory, for what it has left; into the list, as another may have begun; else it
 * counts itself and the others wait for it. So one that fails, or is left by its client, costs the
 * others nothing but time. A total that proves to be none to remember is marked: nobody waits for
 * that again, as nobody would have anything of it. The lock is held for such a look, never while
 * rows are counted.
 */
#include "records/total.h"

#include "base/date.h"
#include "base/limits.h"
#include "records/memory.h"

#include <pthread.h>
#include <time.h>

/* A thread that counts. */
struct counting {
    const struct rec_wanted *wanted;
    struct db_seen since; /* the table as it is in its snapshot */
    struct counting *next;
};

static struct {
    pthread_mutex_t lock;
    pthread_once_t once;
    pthread_cond_t counted; /* one is gone from `counting` */
    /* under lock */
    struct rec_memory memory;
    struct counting *counting; /* each on its thread's stack */
} totals = {.lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

/* --- the memory ------------------------------------------------------------------------------- */

/* memo: NULL where there is none. */
static bool recall(const struct rec_wanted *wanted, struct rec_memo *memo, int64_t *ret)
{
    if (!memo || !rec_memory_use(&totals.memory, wanted, memo))
        return false;
    *ret = memo->n;
    return true;
}

/* What is there stays: it may be of a newer state than the one that was lost. */
static void mark_lost(struct rec_wanted *wanted)
{
    struct rec_memo lost = {.is_lost = true};
    struct rec_memo *memo = rec_memory_find(&totals.memory, wanted);

    if (memo)
        memo->is_lost = true;
    else
        rec_memory_keep(&totals.memory, wanted, &lost);
}

/* --- one for many ----------------------------------------------------------------------------- */

static void init_counted(void)
{
    pthread_condattr_t attr;

    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&totals.counted, &attr);
    (void)pthread_condattr_destroy(&attr);
}

/* Who counts it at this time, from the same state of the table as far as can be told. */
static bool is_being_counted(const struct rec_wanted *wanted)
{
    for (const struct counting *other = totals.counting; other; other = other->next)
        if (other->wanted->hash == wanted->hash &&
            str_eq(buf_str(&other->wanted->key), buf_str(&wanted->key)) &&
            db_seen_holds_in(wanted->conn, &other->since))
            return true;
    return false;
}

/* Until a count is done, or for a moment. */
static void wait_a_moment(void)
{
    const uint64_t until_us = clock_us() + LIMIT_TOTAL_LOOK_MS * UINT64_C(1000);
    const struct timespec until = {.tv_sec = (time_t)(until_us / 1000000),
                                   .tv_nsec = (long)(until_us % 1000000) * 1000};

    (void)pthread_cond_timedwait(&totals.counted, &totals.lock, &until);
}

/* What it would cost to count may be waited, where anything may. */
static struct err *check_wait(struct arena *a, struct db_conn *conn, uint64_t since_us)
{
    const uint64_t budget_us = db_budget_us(conn);

    if (db_on_loop(conn) || (budget_us && clock_us() - since_us >= budget_us))
        return err_new(a, E_OVER_BUDGET, NULL, "another thread counts");
    return db_check_limits(a, conn);
}

/* With the lock. *ret_found: *ret is the total. Else it is to be counted, and where *ret_own is
 * true by nobody else. */
static struct err *find_or_wait(struct arena *a, const struct rec_wanted *wanted, int64_t *ret,
                                bool *ret_found, bool *ret_own)
{
    const uint64_t since_us = clock_us();
    struct err *err = NULL;

    for (;;) {
        struct rec_memo *memo = rec_memory_find(&totals.memory, wanted);

        *ret_found = recall(wanted, memo, ret);
        *ret_own = !*ret_found && !(memo && memo->is_lost);
        if (!*ret_own || !is_being_counted(wanted))
            return NULL;
        err = check_wait(a, wanted->conn, since_us);
        if (err)
            return err;
        wait_a_moment();
    }
}

static void enlist(struct counting *counting)
{
    counting->next = totals.counting;
    totals.counting = counting;
}

static void leave(struct counting *counting)
{
    struct counting **at = &totals.counting;

    while (*at != counting)
        at = &(*at)->next;
    *at = counting->next;
    (void)pthread_cond_broadcast(&totals.counted);
}

/* --- counting --------------------------------------------------------------------------------- */

/* *ret_seen: may it be remembered, *seen says of what. */
static struct err *count(struct arena *a, struct db_conn *conn, const struct query_sql *sql,
                         int64_t *ret, struct db_seen *seen, bool *ret_seen)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    bool row = false;
    struct err *err = db_prepare_bound(a, conn, sql->text, sql->values, sql->n, &stmt);

    if (!err)
        err = db_step(a, stmt, &row);
    if (err)
        return err;
    if (row)
        *ret = db_column_int(stmt, 0);
    *ret_seen = row && db_seen_statement(stmt, seen);
    return NULL;
}

/* counting: NULL where nobody is to wait for it; else it is in the list, which this ends. */
static struct err *count_and_keep(struct arena *a, struct rec_wanted *wanted,
                                  const struct query_sql *sql, struct counting *counting,
                                  int64_t *ret)
{
    struct rec_memo counted = {0};
    bool is_seen = false;
    struct err *err = count(a, wanted->conn, sql, &counted.n, &counted.seen, &is_seen);

    *ret = counted.n;
    (void)pthread_mutex_lock(&totals.lock);
    if (counting)
        leave(counting);
    if (!err && is_seen)
        rec_memory_keep(&totals.memory, wanted, &counted);
    else if (!err && counting)
        mark_lost(wanted);
    (void)pthread_mutex_unlock(&totals.lock);
    return err;
}

static struct err *find_or_count(struct arena *a, struct rec_wanted *wanted,
                                 const struct query_spec *spec, const struct query_sql *sql,
                                 int64_t *ret)
{
    struct counting counting = {.wanted = wanted};
    bool found, own;
    struct err *err;

    (void)pthread_mutex_lock(&totals.lock);
    err = find_or_wait(a, wanted, ret, &found, &own);
    own = !err && own && !db_on_loop(wanted->conn) &&
          db_seen_table(wanted->conn, spec->col->name, &counting.since);
    if (own)
        enlist(&counting);
    (void)pthread_mutex_unlock(&totals.lock);
    if (err || found)
        return err;
    return count_and_keep(a, wanted, sql, own ? &counting : NULL, ret);
}

struct err *rec_total(struct arena *a, struct db_conn *conn, const struct query_spec *rows_spec,
                      int64_t *ret)
{
    struct rec_wanted wanted;
    struct query_spec spec = *rows_spec;
    struct query_sql sql;
    struct db_seen seen;
    struct err *err;
    bool is_seen;

    spec.want = QUERY_COUNT; /* the sort stays: list rules of what it joins count too */
    spec.seek = NULL;
    spec.limit = -1;
    spec.offset = 0;
    err = query_compile(a, &spec, &sql);
    if (err)
        return err;
    (void)pthread_once(&totals.once, init_counted);
    err = rec_wanted_init(&wanted, conn, &spec, &sql) ? find_or_count(a, &wanted, &spec, &sql, ret)
                                                      : count(a, conn, &sql, ret, &seen, &is_seen);
    rec_wanted_done(&wanted);
    return err;
}
