/*
 * Totals of lists, and those that the process remembers.
 *
 * The memory is a table of small sets: a total's hash says which set, the set is searched, and the
 * one that was not asked for longest makes room. Totals that no other call will ever ask for, as
 * those of filters with @now, go that way. The lock is held for a look into one set, never while
 * rows are counted: who asks meanwhile counts, too.
 */
#include "records/total.h"

#include "base/limits.h"

#include <pthread.h>

#define WAYS 8
#define SETS (LIMIT_TOTALS / WAYS)

struct total {
    struct buf key; /* all that it is a function of, but for what it reads */
    uint64_t hash;  /* of the key */
    uint64_t used;  /* when it was asked for last, in calls; 0: there is none here */
    int64_t n;
    struct db_seen seen; /* what it was read from */
};

static struct {
    pthread_mutex_t lock;
    /* under lock */
    uint64_t calls;
    struct total sets[SETS][WAYS];
} totals = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- keys ------------------------------------------------------------------------------------- */

static void add_text(struct buf *key, struct str text)
{
    buf_add_bytes(key, &text.n, sizeof(text.n));
    buf_add(key, text);
}

/* No key is the begin of another, nor two parameters of one the same as others of two. */
static void write_key(struct buf *key, const struct query_spec *spec, const struct query_sql *sql)
{
    const uint64_t generation = spec->schema->snapshot.generation;

    buf_add_bytes(key, &generation, sizeof(generation));
    add_text(key, sql->text);
    for (unsigned i = 0; i < sql->n; i++) {
        const struct db_value *value = &sql->values[i];

        buf_add_byte(key, (char)value->type);
        if (value->type == DB_TEXT || value->type == DB_BLOB)
            add_text(key, value->s);
        else if (value->type != DB_NULL)
            buf_add_bytes(key, &value->i, sizeof(value->i)); /* a real's bits, too */
    }
}

/* --- the memory ------------------------------------------------------------------------------- */

static struct total *set_of(uint64_t hash)
{
    return totals.sets[hash % SETS];
}

/* NULL: it is not there. */
static struct total *find(struct str key, uint64_t hash)
{
    struct total *set = set_of(hash);

    for (size_t i = 0; i < WAYS; i++)
        if (set[i].used && set[i].hash == hash && str_eq(buf_str(&set[i].key), key))
            return &set[i];
    return NULL;
}

static struct total *least_used(uint64_t hash)
{
    struct total *set = set_of(hash), *least = set;

    for (size_t i = 1; i < WAYS; i++)
        if (set[i].used < least->used)
            least = &set[i];
    return least;
}

static bool recall(const struct db_conn *conn, struct str key, uint64_t hash, int64_t *ret)
{
    struct total *total;
    bool holds;

    (void)pthread_mutex_lock(&totals.lock);
    total = find(key, hash);
    holds = total && db_seen_holds_in(conn, &total->seen);
    if (holds) {
        total->used = ++totals.calls;
        *ret = total->n;
    }
    (void)pthread_mutex_unlock(&totals.lock);
    return holds;
}

/* *key becomes the one that was there, whose memory the caller frees without the lock. */
static void keep(struct buf *key, uint64_t hash, const struct db_seen *seen, int64_t n)
{
    const struct buf own = *key;
    struct total *total;

    (void)pthread_mutex_lock(&totals.lock);
    total = find(buf_str(key), hash);
    if (!total)
        total = least_used(hash);
    *key = total->key;
    *total =
        (struct total){.key = own, .hash = hash, .used = ++totals.calls, .n = n, .seen = *seen};
    (void)pthread_mutex_unlock(&totals.lock);
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

struct err *rec_total(struct arena *a, struct db_conn *conn, const struct query_spec *rows_spec,
                      int64_t *ret)
{
    AUTO_BUF struct buf key;
    struct query_spec spec = *rows_spec;
    struct query_sql sql;
    struct db_seen seen;
    struct err *err;
    uint64_t hash;
    bool is_seen;

    buf_init(&key, LIMIT_TOTAL_BYTES);
    spec.want = QUERY_COUNT; /* the sort stays: list rules of what it joins count too */
    spec.seek = NULL;
    spec.limit = -1;
    spec.offset = 0;
    err = query_compile(a, &spec, &sql);
    if (err)
        return err;
    write_key(&key, &spec, &sql);
    hash = str_hash(buf_str(&key));
    if (!key.full && recall(conn, buf_str(&key), hash, ret))
        return NULL;
    err = count(a, conn, &sql, ret, &seen, &is_seen);
    if (!err && is_seen && !key.full)
        keep(&key, hash, &seen, *ret);
    return err;
}
