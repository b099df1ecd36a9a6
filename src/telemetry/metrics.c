/*
 * Counting, and adding up.
 *
 * Invariants
 *  1. A block is written by one thread, by a plain load and store; others only read it. So a number
 *     never goes back, and none is lost.
 *  2. A block that is in the list stays there, also when its thread has ended: what it has counted
 *     goes on to count.
 */
#include "telemetry/counts.h"

#include "base/date.h"
#include "base/memory.h"

#define FIRST_US 100 /* the bound of the first bucket */
#define LAST_US UINT64_C(60000000)
#define APART 64 /* bytes between what different threads write */

struct tally {
    atomic_uint_fast64_t statuses[METRICS_STATUSES];
    struct {
        atomic_uint_fast64_t buckets[METRICS_BUCKETS];
        atomic_uint_fast64_t sum_us;
    } classes[METRICS_CLASSES];
};

struct metrics_block {
    struct metrics_block *next; /* constant once it is in the list */
    char apart[APART];
    struct tally routes[]; /* one more than there are, and APART bytes */
};

/* --- statuses and times ----------------------------------------------------------------------- */

static const int statuses[METRICS_STATUSES] = {
#define X(status) [METRICS_##status] = (status),
    FOR_EACH_METRICS_STATUS(X)
#undef X
};

static const uint8_t places[600] = {
#define X(status) [status] = METRICS_##status,
    FOR_EACH_METRICS_STATUS(X)
#undef X
};

int metrics_status(enum metrics_status status)
{
    return statuses[status];
}

static size_t place_of(int status)
{
    return status >= 0 && status < (int)COUNT_OF(places) ? places[status] : METRICS_OTHER;
}

static size_t class_of(int status)
{
    return status >= 200 && status < 500 ? (size_t)status / 100 - 2 : METRICS_CLASSES - 1;
}

static size_t bucket_of(uint64_t us)
{
    size_t at;

    if (us <= FIRST_US)
        return 0;
    at = 64 - (size_t)__builtin_clzll((us - 1) / FIRST_US);
    if (at < METRICS_BUCKETS - 2)
        return at;
    return us <= LAST_US ? METRICS_BUCKETS - 2 : METRICS_BUCKETS - 1;
}

uint64_t metrics_bound_us(size_t bucket)
{
    if (bucket < METRICS_BUCKETS - 2)
        return (uint64_t)FIRST_US << bucket;
    return bucket == METRICS_BUCKETS - 2 ? LAST_US : UINT64_MAX;
}

uint64_t metrics_quantile_us(const uint64_t buckets[METRICS_BUCKETS], unsigned per_mille)
{
    uint64_t all = 0, wanted, below = 0, low, high;
    size_t i;

    for (i = 0; i < METRICS_BUCKETS; i++)
        all += buckets[i];
    if (all == 0)
        return 0;
    wanted = (all * per_mille + 999) / 1000;
    wanted = wanted > 0 ? wanted : 1;
    for (i = 0; below + buckets[i] < wanted; i++)
        below += buckets[i];
    if (i == METRICS_BUCKETS - 1)
        return LAST_US;
    low = i > 0 ? metrics_bound_us(i - 1) : 0;
    high = metrics_bound_us(i);
    return low + (uint64_t)((double)(high - low) * (double)(wanted - below) / (double)buckets[i]);
}

/* --- counting --------------------------------------------------------------------------------- */

static _Thread_local struct {
    uint64_t serial; /* whose block it is */
    struct metrics_block *block;
} mine;

static size_t block_bytes(const struct metrics *metrics)
{
    return sizeof(struct metrics_block) + metrics_routes(metrics) * sizeof(struct tally) + APART;
}

RARELY static struct metrics_block *make_block(struct metrics *metrics)
{
    struct metrics_block *block = memory_new(block_bytes(metrics));

    block->next = atomic_load(&metrics->blocks);
    while (!atomic_compare_exchange_weak(&metrics->blocks, &block->next, block))
        ;
    mine.serial = metrics->serial;
    mine.block = block;
    return block;
}

static void add(atomic_uint_fast64_t *to, uint64_t n)
{
    atomic_store_explicit(to, atomic_load_explicit(to, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

void metrics_count(struct metrics *metrics, size_t route, int status, uint64_t took_us)
{
    struct metrics_block *block =
        LIKELY(mine.serial == metrics->serial) ? mine.block : make_block(metrics);
    struct tally *tally =
        &block->routes[route < metrics->conf.n_routes ? route : metrics->conf.n_routes];
    const size_t class = class_of(status);

    add(&tally->statuses[place_of(status)], 1);
    add(&tally->classes[class].buckets[bucket_of(took_us)], 1);
    add(&tally->classes[class].sum_us, took_us);
}

/* --- adding up -------------------------------------------------------------------------------- */

static uint64_t get(const atomic_uint_fast64_t *from)
{
    return atomic_load_explicit(from, memory_order_relaxed);
}

void metrics_route(const struct metrics *metrics, size_t route, struct metrics_route *ret)
{
    *ret = (struct metrics_route){0};
    for (const struct metrics_block *block = atomic_load(&metrics->blocks); block;
         block = block->next) {
        const struct tally *tally = &block->routes[route];

        for (size_t i = 0; i < METRICS_STATUSES; i++)
            ret->statuses[i] += get(&tally->statuses[i]);
        for (size_t i = 0; i < METRICS_CLASSES; i++) {
            for (size_t j = 0; j < METRICS_BUCKETS; j++)
                ret->classes[i].buckets[j] += get(&tally->classes[i].buckets[j]);
            ret->classes[i].sum_us += get(&tally->classes[i].sum_us);
        }
    }
}

/* Of failed ones no more than of all, so these are added up in one pass. */
void metrics_sum(const struct metrics *metrics, struct metrics_totals *ret)
{
    *ret = (struct metrics_totals){0};
    for (size_t i = 0; i < metrics_routes(metrics); i++) {
        struct metrics_route route;

        metrics_route(metrics, i, &route);
        for (size_t j = 0; j < METRICS_BUCKETS; j++) {
            for (size_t class = 0; class < METRICS_CLASSES; class ++)
                ret->buckets[j] += route.classes[class].buckets[j];
            ret->failed_4xx += route.classes[2].buckets[j];
            ret->failed_5xx += route.classes[3].buckets[j];
        }
    }
}

size_t metrics_routes(const struct metrics *metrics)
{
    return metrics->conf.n_routes + 1;
}

int64_t metrics_started_ms(const struct metrics *metrics)
{
    return metrics->started_ms;
}

/* --- begin and end ---------------------------------------------------------------------------- */

struct metrics *metrics_new(const struct metrics_conf *conf)
{
    static atomic_uint_fast64_t last;
    struct metrics *metrics = memory_new(sizeof(*metrics));

    metrics->conf = *conf;
    metrics->serial = atomic_fetch_add(&last, 1) + 1;
    metrics->started_ms = date_now_ms();
    past_init(metrics);
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    struct metrics_block *next;

    if (!metrics)
        return;
    metrics_stop(metrics);
    for (struct metrics_block *block = atomic_load(&metrics->blocks); block; block = next) {
        next = block->next;
        memory_free(block, block_bytes(metrics));
    }
    past_done(metrics);
    memory_free(metrics, sizeof(*metrics));
}
