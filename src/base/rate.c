/*
 * Invariants
 *  1. A key is in one slot at most: keys come in under their set's lock, which looks for them once
 *     more.
 *  2. A window changes by compare-and-swap alone, while its slot has that key: a slot changes hands
 *     by having none, then another window, then the new key. Whoever was about to count the former
 *     one finds another window and looks again.
 *  3. Invariant 2 has one hole: a slot taken from a key that is still counted, by one whose window
 *     is the same to the second and to the use. A use is then counted to the wrong one of the two,
 *     in a table that is full of others.
 */
#include "base/rate.h"

#include "base/compiler.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/str.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define WAYS 8 /* slots that a key may be in: two cache lines */
#define SETS (LIMIT_RATE_ENTRIES / WAYS)
#define LOCKS 64

_Static_assert((SETS & (SETS - 1)) == 0, "a set is found by a mask");

struct slot {
    _Atomic uint64_t key; /* 0: free */
    _Atomic uint64_t
        window; /* the second at which it is over in the upper half, uses in the lower */
};

struct rates {
    pthread_mutex_t locks[LOCKS]; /* of the sets in turn: who brings a key in */
    struct slot *slots;
    int64_t wall_ms; /* of the wall clock, when the other one was 0 */
};

struct use {
    uint64_t key;
    uint32_t now_s;
    uint32_t end_s; /* of a window that it begins */
    uint32_t max;
};

static uint32_t ends_at(uint64_t window)
{
    return (uint32_t)(window >> 32);
}

static uint32_t uses_in(uint64_t window)
{
    return (uint32_t)window;
}

static uint64_t begin(const struct use *use)
{
    return (uint64_t)use->end_s << 32 | 1;
}

struct rates *rates_new(void)
{
    struct rates *rates = malloc(sizeof(*rates));

    if (!rates)
        BUG("out of memory");
    rates->slots = calloc(LIMIT_RATE_ENTRIES, sizeof(*rates->slots));
    if (!rates->slots)
        BUG("out of memory");
    rates->wall_ms = date_now_ms() - (int64_t)clock_ms();
    for (size_t i = 0; i < LOCKS; i++)
        if (pthread_mutex_init(&rates->locks[i], NULL) != 0)
            BUG("no lock to be had");
    return rates;
}

void rates_free(struct rates *rates)
{
    if (!rates)
        return;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&rates->locks[i]);
    free(rates->slots);
    free(rates);
}

int64_t rates_now_ms(const struct rates *rates)
{
    return rates->wall_ms + (int64_t)clock_ms();
}

uint64_t rate_key(const uint64_t *numbers, size_t n)
{
    return str_hash((struct str){(const char *)numbers, n * sizeof(*numbers)});
}

static struct slot *find(struct slot *set, uint64_t key)
{
    for (size_t i = 0; i < WAYS; i++)
        if (atomic_load_explicit(&set[i].key, memory_order_acquire) == key)
            return &set[i];
    return NULL;
}

/* False: the slot is another key's by now. */
static bool count_in(struct slot *slot, const struct use *use, bool *ret_allowed)
{
    uint64_t was = atomic_load(&slot->window);

    while (atomic_load(&slot->key) == use->key) {
        const bool over = ends_at(was) <= use->now_s;

        *ret_allowed = over || uses_in(was) < use->max;
        if (!*ret_allowed ||
            atomic_compare_exchange_weak(&slot->window, &was, over ? begin(use) : was + 1))
            return true;
    }
    return false;
}

/* Whether x goes rather than y: windows that are over, then those of the fewest uses, and of these
 * the one that ends first. */
static bool goes_first(uint64_t x, uint64_t y, uint32_t now_s)
{
    const bool x_over = ends_at(x) <= now_s, y_over = ends_at(y) <= now_s;

    if (x_over || y_over)
        return x_over && !y_over;
    return uses_in(x) != uses_in(y) ? uses_in(x) < uses_in(y) : x < y;
}

/* With the set's lock: a slot for the key, with the window that its first use begins. False: what
 * was to go has been used meanwhile. */
static bool bring_in(struct slot *set, const struct use *use)
{
    struct slot *chosen = NULL;
    uint64_t was = 0;
    uint64_t former;

    for (size_t i = 0; i < WAYS && !(chosen && atomic_load(&chosen->key) == 0); i++) {
        uint64_t other = atomic_load(&set[i].window);

        if (chosen && atomic_load(&set[i].key) != 0 && !goes_first(other, was, use->now_s))
            continue;
        chosen = &set[i];
        was = other;
    }
    former = atomic_exchange(&chosen->key, 0);
    if (!atomic_compare_exchange_strong(&chosen->window, &was, begin(use))) {
        atomic_store(&chosen->key, former);
        return false;
    }
    atomic_store_explicit(&chosen->key, use->key, memory_order_release);
    return true;
}

RARELY static bool begin_first(struct rates *rates, size_t at, const struct use *use)
{
    struct slot *set = rates->slots + at * WAYS;
    pthread_mutex_t *lock = &rates->locks[at % LOCKS];
    bool allowed = true;

    pthread_mutex_lock(lock);
    for (;;) {
        struct slot *slot = find(set, use->key);

        if (slot ? count_in(slot, use, &allowed) : bring_in(set, use))
            break;
    }
    pthread_mutex_unlock(lock);
    return allowed;
}

bool rate_take(struct rates *rates, uint64_t key, int64_t now_ms, int64_t duration_s, int64_t max)
{
    struct use use = {.key = key ? key : 1, .now_s = (uint32_t)(now_ms / 1000)};
    size_t at = (size_t)(use.key & (SETS - 1));
    struct slot *slot;
    bool allowed;

    if (max <= 0 || duration_s <= 0)
        return max > 0;
    use.max = max < UINT32_MAX ? (uint32_t)max : UINT32_MAX;
    use.end_s = duration_s < UINT32_MAX - use.now_s ? use.now_s + (uint32_t)duration_s : UINT32_MAX;
    slot = find(rates->slots + at * WAYS, use.key);
    if (slot && count_in(slot, &use, &allowed))
        return allowed;
    return begin_first(rates, at, &use);
}
