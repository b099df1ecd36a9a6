/*
 * SQLite's heap: malloc with an account and a bound.
 *
 * SQLite can count by itself, under one mutex for each block taken or freed. Here each thread
 * counts for itself and adds to the common account what has come together (SETTLE_BYTES).
 *
 *   1. The account is what all live blocks take, page caches and statements that are kept included.
 *      It is off by less than SETTLE_BYTES a thread.
 *   2. The bound is what was set, and for each open connection what it may keep (the statements of
 *      its cache): a machine of many cores has many connections that do nothing.
 *   3. Who is refused what, as parts of the set bound that stay free, is the table `kept`: first
 * the large blocks of reads, then all that reads ask for, at last what writes ask for. So a read
 *      that gathers a large value ends before it can disturb small statements, and reads together
 *      leave something for the one who writes.
 *   4. Opening, beginning, savepoints, commit, rollback, checkpoints and reading a cell are never
 *      refused: they run no statement of a request, and take little. They are all that can bring
 *      the account over the bound.
 *   5. What is refused is SQLITE_NOMEM, of that statement. It may end the transaction: who runs
 *      units asks for that after each error.
 *
 * What grows with the rows that are read has a bound before this one: sorters and temporary tables
 * go to files (sqlite.c).
 */
#include "db/sqlite_memory.h"

#include "base/compiler.h"
#include "base/limits.h"
#include "db/db.h"

#include <malloc.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>

#define SETTLE_BYTES ((int64_t)(64 * KIB))
#define LARGE_BYTES                                                               \
    ((int)(32 * KIB)) /* larger than what a small statement ever asks for at once \
                       */
#define RELAX_BYTES ((int64_t)(8 * MIB))
#define KEPT_PARTS 8
/* One block, allocated whole: some 30 pages as they were. It goes to its file in one write, and of
 * one SQLite's unix files take less than 128 KiB: a longer one ends as a full disk. */
#define JOURNAL_BYTES ((int)(124 * KIB))

/* In 1/8 of the bound: what stays free where a small, or a large, block is given. */
static const int64_t kept[SQLITE_NEED_MUST][2] = {
    [SQLITE_NEED_READ] = {1, 2},
    [SQLITE_NEED_WRITE] = {0, 0},
};

/* Before each block. malloc knows sizes as well, but to ask it takes longer than to read this, and
 * SQLite's own allocator has the same. */
struct head {
    int64_t bytes; /* of the block, and what malloc and this add to it */
};
#define HEAD_BYTES ((int64_t)sizeof(struct head) + 8)

static atomic_int_fast64_t account;
static atomic_int_fast64_t highest; /* of the account since memory was last given back */
static atomic_int_fast64_t most[SQLITE_NEED_MUST + 1][2]; /* of the account, by `kept` */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* under lock */
static int64_t bound = (int64_t)LIMIT_ENGINE_BYTES;
static int64_t n_conns;

static _Thread_local int64_t unsettled;
static _Thread_local enum sqlite_need need;

/* --- the account ------------------------------------------------------------------------------ */

static void settle(void)
{
    int64_t now = atomic_fetch_add(&account, unsettled) + unsettled;
    int64_t top = atomic_load(&highest);

    unsettled = 0;
    while (now > top && !atomic_compare_exchange_weak(&highest, &top, now))
        ;
}

static inline void note(int64_t bytes)
{
    unsettled += bytes;
    if (unsettled >= SETTLE_BYTES || unsettled <= -SETTLE_BYTES)
        settle();
}

static inline bool refused(int64_t more, bool large)
{
    return atomic_load_explicit(&account, memory_order_relaxed) + more >
           atomic_load_explicit(&most[need][large], memory_order_relaxed);
}

static void set_bound(int64_t bytes, int64_t conns)
{
    const int64_t all = bytes + conns * (int64_t)LIMIT_PREPARED_BYTES;

    bound = bytes;
    n_conns = conns;
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        for (size_t large = 0; large < 2; large++)
            atomic_store(&most[i][large], all - bytes / KEPT_PARTS * kept[i][large]);
    for (size_t large = 0; large < 2; large++)
        atomic_store(&most[SQLITE_NEED_MUST][large], INT64_MAX);
}

/* --- what SQLite calls ------------------------------------------------------------------------ */

static void *mem_malloc(int n)
{
    const int64_t bytes = n + HEAD_BYTES;
    struct head *head;

    if (refused(bytes, n >= LARGE_BYTES))
        return NULL;
    head = malloc(sizeof(*head) + (size_t)n);
    if (!head)
        return NULL;
    head->bytes = bytes;
    note(bytes);
    return head + 1;
}

static void mem_free(void *p)
{
    struct head *head = (struct head *)p - 1;

    note(-head->bytes);
    free(head);
}

static void *mem_realloc(void *p, int n)
{
    struct head *head = (struct head *)p - 1;
    const int64_t bytes = n + HEAD_BYTES, more = bytes - head->bytes;

    if (more > 0 && refused(more, n >= LARGE_BYTES))
        return NULL;
    head = realloc(head, sizeof(*head) + (size_t)n);
    if (!head)
        return NULL;
    head->bytes = bytes;
    note(more);
    return head + 1;
}

static int mem_size(void *p)
{
    return (int)(((struct head *)p - 1)->bytes - HEAD_BYTES);
}

static int mem_roundup(int n)
{
    return (n + 7) & ~7;
}

static int mem_init(void *unused)
{
    (void)unused;
    return SQLITE_OK;
}

static void mem_shutdown(void *unused)
{
    (void)unused;
}

static void setup(void)
{
    static const sqlite3_mem_methods methods = {
        .xMalloc = mem_malloc,
        .xFree = mem_free,
        .xRealloc = mem_realloc,
        .xSize = mem_size,
        .xRoundup = mem_roundup,
        .xInit = mem_init,
        .xShutdown = mem_shutdown,
    };

    pthread_mutex_lock(&lock);
    set_bound(bound, n_conns);
    pthread_mutex_unlock(&lock);
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, JOURNAL_BYTES) != SQLITE_OK)
        BUG("SQLite is in use before it has its allocator");
}

/* --- for the engine --------------------------------------------------------------------------- */

void sqlite_memory_setup(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, setup); /* cannot fail */
}

void sqlite_memory_set_bound(size_t bytes)
{
    pthread_mutex_lock(&lock);
    set_bound((int64_t)bytes, n_conns);
    pthread_mutex_unlock(&lock);
}

void sqlite_memory_note_conn(int n)
{
    pthread_mutex_lock(&lock);
    set_bound(bound, n_conns + n);
    pthread_mutex_unlock(&lock);
    settle();
}

enum sqlite_need sqlite_memory_need(enum sqlite_need now)
{
    enum sqlite_need was = need;

    need = now;
    return was;
}

int64_t sqlite_memory_used(void)
{
    return atomic_load(&account) + unsettled;
}

/* --- for the process -------------------------------------------------------------------------- */

void db_memory_relax(void)
{
    int64_t now = atomic_load(&account);

    if (atomic_load(&highest) - now < RELAX_BYTES)
        return;
    atomic_store(&highest, now);
    (void)malloc_trim(0); /* whether there was anything to give back */
}
