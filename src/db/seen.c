/*
 * What has been read, and whether it is still so: see db/seen.h.
 *
 * Order of memory: a thread that was told of a commit's answer, by whatever way, sees the numbers
 * in the slots, which were written before it. One that reads `completed` sees in its snapshot what
 * was committed before it was written. One that finds `published` equal to the word has either the
 * old value of the word (the other's commit is not answered yet) or sees the epoch that has ended.
 */
#include "db/seen.h"

#include "base/compiler.h"
#include "db/internal.h"

#include <assert.h>
#include <string.h>

#define TABLE_ANY 1
#define TABLE_ROWS 2

static uint64_t load(const _Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_acquire);
}

static void store(_Atomic uint64_t *at, uint64_t value)
{
    atomic_store_explicit(at, value, memory_order_release);
}

/* No two databases of a process have an epoch in common: what was filled in by one that is closed
 * holds in no other. Nor is one 0, so that a struct db_seen of zeros holds never. */
struct db_seen_state *db_seen_state_new(void)
{
    static _Atomic uint64_t n_states;
    struct db_seen_state *state = db_alloc(sizeof(*state));

    store(&state->epoch, (atomic_fetch_add(&n_states, 1) << 40) + 1);
    return state;
}

void db_seen_state_free(struct db_seen_state *state)
{
    db_free(state);
}

/* --- slots ----------------------------------------------------------------------------------- */

/* The same in each process, so that names which share a slot do so in each run of a test. One bit
 * less of each byte: that joins letters of either case, and some other bytes, which does no harm.
 */
uint64_t db_seen_name(struct str name)
{
    const uint64_t fold = UINT64_C(0x2020202020202020);
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t h = name.n + 1;
    uint64_t word = 0;

    for (; name.n > sizeof(word); name = str_sub(name, sizeof(word), name.n)) {
        memcpy(&word, name.p, sizeof(word));
        h = mul_fold(h ^ (word | fold), factor);
    }
    word = 0;
    if (name.n)
        memcpy(&word, name.p, name.n);
    return mul_fold(h ^ (word | fold), factor);
}

static uint16_t slot_of(uint64_t table, uint64_t what)
{
    return (uint16_t)(1 + mul_fold(table, what ^ UINT64_C(0x9e3779b97f4a7c15)) %
                              (LIMIT_SEEN_SLOTS - 1));
}

uint16_t db_seen_any_slot(uint64_t table)
{
    return slot_of(table, TABLE_ANY);
}

uint16_t db_seen_rows_slot(uint64_t table)
{
    return slot_of(table, TABLE_ROWS);
}

uint16_t db_seen_column_slot(uint64_t table, uint64_t column)
{
    return slot_of(table, column);
}

/* --- commits --------------------------------------------------------------------------------- */

static bool is_written(const struct db_written *written, uint16_t slot)
{
    for (unsigned i = 0; i < written->n; i++)
        if (written->at[i] == slot)
            return true;
    return false;
}

void db_written_add(struct db_written *written, const struct db_slots *slots)
{
    written->all |= slots->all;
    for (unsigned i = 0; i < slots->n && !written->all; i++) {
        if (is_written(written, slots->at[i]))
            continue;
        if (written->n == COUNT_OF(written->at))
            written->all = true;
        else
            written->at[written->n++] = slots->at[i];
    }
}

void db_seen_begin(struct db_seen_state *state, const struct db_written *written, uint64_t outside)
{
    uint64_t number = load(&state->completed) + 1;

    store(&state->begun, number);
    if (outside != load(&state->published))
        atomic_fetch_add(&state->epoch, 1);
    if (written->all)
        store(&state->slots[SEEN_EVERYTHING], number);
    for (unsigned i = 0; i < written->n; i++)
        store(&state->slots[written->at[i]], number);
}

void db_seen_end(struct db_seen_state *state, uint64_t outside)
{
    store(&state->published, outside);
    store(&state->completed, load(&state->begun));
}

/* --- snapshots ------------------------------------------------------------------------------- */

/* Another process has committed: what was before it ends here, and what is read from now on holds.
 * Not while a commit of ours is on its way, which changes the word, too, and publishes that. */
static void catch_up(struct db_seen_state *state, const _Atomic uint64_t *outside)
{
    uint64_t begun = load(&state->begun);
    uint64_t now, published;

    if (begun != load(&state->completed))
        return;
    now = load(outside);
    published = load(&state->published);
    if (now == published || begun != load(&state->begun))
        return;
    atomic_fetch_add(&state->epoch, 1);
    atomic_compare_exchange_strong(&state->published, &published, now);
}

void db_seen_note(struct db_conn *conn)
{
    struct db_seen_state *state = conn->db->seen;
    const _Atomic uint64_t *outside;

    if (!state)
        return;
    outside = atomic_load_explicit(&state->outside, memory_order_acquire);
    if (outside && load(outside) != load(&state->published))
        catch_up(state, outside);
    conn->seen_epoch = load(&state->epoch);
    conn->seen_mark = load(&state->completed);
}

/* With the slots in place. */
static bool seen_begin(const struct db_conn *conn, struct db_seen *seen)
{
    seen->mark = conn->seen_mark;
    seen->epoch = conn->seen_epoch;
    return db_seen_holds(conn->db, seen);
}

bool db_seen_table(const struct db_conn *conn, struct str table, struct db_seen *ret)
{
    if (!conn->db->seen || !conn->reading)
        return false;
    ret->slots = (struct db_slots){.n = 1, .at = {db_seen_any_slot(db_seen_name(table))}};
    return seen_begin(conn, ret);
}

bool db_seen_statement(const struct db_stmt *stmt, struct db_seen *ret)
{
    const struct db_conn *conn = stmt->conn;

    assert(stmt->in_use && stmt->started);
    if (!conn->db->seen || !conn->reading || !stmt->reads || stmt->reads->all)
        return false;
    ret->slots = *stmt->reads;
    return seen_begin(conn, ret);
}

bool db_seen_holds(const struct db *db, const struct db_seen *seen)
{
    struct db_seen_state *state = db->seen;
    const _Atomic uint64_t *outside;

    if (!state)
        return false;
    outside = atomic_load_explicit(&state->outside, memory_order_acquire);
    if (!outside || load(outside) != load(&state->published))
        return false;
    if (load(&state->epoch) != seen->epoch || load(&state->slots[SEEN_EVERYTHING]) > seen->mark)
        return false;
    for (unsigned i = 0; i < seen->slots.n; i++)
        if (load(&state->slots[seen->slots.at[i]]) > seen->mark)
            return false;
    return true;
}

/* Both snapshots have all commits up to the older mark, and holds() finds none later. */
bool db_seen_holds_in(const struct db_conn *conn, const struct db_seen *seen)
{
    struct db_seen both = *seen;

    if (!conn->reading || seen->epoch != conn->seen_epoch)
        return false;
    if (conn->seen_mark < both.mark)
        both.mark = conn->seen_mark;
    return db_seen_holds(conn->db, &both);
}
