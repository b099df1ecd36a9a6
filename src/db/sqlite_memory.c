/*
 * SQLite's heap: malloc with an account and a bound.
 *
 * SQLite can count by itself, under one mutex for each malloc and free. Here each thread counts for
 * itself and adds to the common account what has come together (SETTLE_BYTES).
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
#define RELAX_BYTES ((int64_t)(32 * MIB))
#define KEPT_PARTS 8
#define JOURNAL_BYTES ((int)(256 * KIB)) /* one block, allocated whole: 60 pages as they were */

/* In 1/8 of the bound: what stays free where a small, or a large, block is given. */
static const int64_t kept[SQLITE_NEED_MUST][2] = {
    [SQLITE_NEED_READ] = {1, 2},
    [SQLITE_NEED_WRITE] = {0, 0},
};

static atomic_int_fast64_t account;
static atomic_int_fast64_t highest; /* of the account since memory was last given back */
static atomic_int_fast64_t bound = (int64_t)LIMIT_ENGINE_BYTES;
static atomic_int_fast64_t for_conns;

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
    int64_t all, most;

    if (need == SQLITE_NEED_MUST)
        return false;
    all = atomic_load_explicit(&bound, memory_order_relaxed);
    most = all + atomic_load_explicit(&for_conns, memory_order_relaxed);
    return atomic_load_explicit(&account, memory_order_relaxed) + unsettled + more >
           most - all / KEPT_PARTS * kept[need][large];
}

/* --- what SQLite calls ------------------------------------------------------------------------ */

static void *mem_malloc(int n)
{
    void *p;

    if (refused(n, n >= LARGE_BYTES))
        return NULL;
    p = malloc((size_t)n);
    if (p)
        note((int64_t)malloc_usable_size(p));
    return p;
}

static void mem_free(void *p)
{
    note(-(int64_t)malloc_usable_size(p));
    free(p);
}

static void *mem_realloc(void *p, int n)
{
    int64_t was = (int64_t)malloc_usable_size(p);
    void *moved;

    if (n > was && refused(n - was, n >= LARGE_BYTES))
        return NULL;
    moved = realloc(p, (size_t)n);
    if (moved)
        note((int64_t)malloc_usable_size(moved) - was);
    return moved;
}

/* Blocks are of less than 2 GB: SQLite asks for no more. */
static int mem_size(void *p)
{
    return (int)malloc_usable_size(p);
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
    atomic_store(&bound, (int64_t)bytes);
}

void sqlite_memory_note_conn(int n)
{
    atomic_fetch_add(&for_conns, n * (int64_t)LIMIT_PREPARED_BYTES);
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
