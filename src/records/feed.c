/*
 * Changes on their way to who follows them: noted in the unit's arena, which may run again or be
 * rolled back, and copied once they are true.
 */
#include "records/feed.h"

#include "base/date.h"
#include "records/rows.h"
#include "records/sql.h"

#define LONGEST_UNIT_US UINT64_C(300000000) /* older ones have ended */

struct noted {
    struct rec_feed *feed;
    const struct schema *schema;
    const struct schema_col *col;
    enum rec_action action;
    const struct rec *old, *now;
};

/* --- who wants what --------------------------------------------------------------------------- */

size_t rec_feed_slot(struct str collection)
{
    return str_hash(collection) % REC_FEED_SLOTS;
}

static atomic_uint *slot_of(struct rec_feed *feed, struct str collection)
{
    return &feed->wanted[rec_feed_slot(collection)];
}

void rec_feed_leave_slot(struct rec_feed *feed, size_t slot)
{
    (void)atomic_fetch_sub(&feed->wanted[slot], 1);
}

bool rec_feed_want(struct rec_feed *feed, struct str collection)
{
    const bool was_wanted = atomic_fetch_add(slot_of(feed, collection), 1) > 0;

    if (!was_wanted)
        feed->wanted_us[rec_feed_slot(collection)] = clock_us();
    return was_wanted;
}

bool rec_feed_is_sure(const struct rec_feed *feed, struct str collection)
{
    return clock_us() - feed->wanted_us[rec_feed_slot(collection)] > LONGEST_UNIT_US;
}

void rec_feed_leave(struct rec_feed *feed, struct str collection)
{
    (void)atomic_fetch_sub(slot_of(feed, collection), 1);
}

bool rec_feed_wants(const struct rec_scope *scope, const struct schema_col *col)
{
    struct rec_feed *feed = scope->feed;

    return feed && (atomic_load_explicit(slot_of(feed, col->name), memory_order_relaxed) > 0 ||
                    atomic_load_explicit(slot_of(feed, col->id), memory_order_relaxed) > 0);
}

/* --- changes ---------------------------------------------------------------------------------- */

struct rec_changes *rec_changes_ref(struct rec_changes *changes)
{
    atomic_fetch_add(&changes->refs, 1);
    return changes;
}

void rec_changes_unref(struct rec_changes *changes)
{
    if (!changes || atomic_fetch_sub(&changes->refs, 1) > 1)
        return;
    schema_unref(changes->schema);
    arena_free(changes->arena);
}

static void begin(struct rec_feed *feed, const struct schema *schema)
{
    struct arena *a = arena_new();
    struct rec_changes *changes = ARENA_NEW(a, struct rec_changes);

    changes->arena = a;
    atomic_init(&changes->refs, 1);
    changes->schema = schema_ref((struct schema *)(uintptr_t)schema); /* it counts itself */
    feed->telling = changes;
    feed->end = &changes->first;
}

static void tell(void *user, bool is_last)
{
    const struct noted *noted = user;
    struct rec_feed *feed = noted->feed;
    struct rec_changes *changes;
    struct rec_change *change;

    if (!feed->telling)
        begin(feed, noted->schema);
    changes = feed->telling;
    change = ARENA_NEW(changes->arena, struct rec_change);
    *change = (struct rec_change){
        .col = noted->col,
        .action = noted->action,
        .old = rec_copy(changes->arena, noted->old),
        .now = rec_copy(changes->arena, noted->now),
    };
    *feed->end = change;
    feed->end = &change->next;
    changes->n++;
    changes->has_deletes |= noted->action == REC_DELETE;
    if (is_last)
        feed->tell(feed->user, TAKE(feed->telling));
}

void rec_feed_note(struct db_conn *tx, const struct rec_scope *scope, enum rec_action action,
                   const struct rec *old, const struct rec *now)
{
    struct arena *a = db_unit_arena(tx);
    struct noted *noted = ARENA_NEW(a, struct noted);

    *noted = (struct noted){
        .feed = scope->feed,
        .schema = scope->schema,
        .col = old ? old->col : now->col,
        .action = action,
        .old = rec_copy(a, old),
        .now = rec_copy(a, now),
    };
    if (action == REC_DELETE)
        db_ask_before_commit(tx);
    db_each_after_commit(tx, tell, noted);
}

struct err *rec_note_deletes(struct rec_sql *q, struct db_conn *tx, const struct rec_scope *scope,
                             const struct schema_col *col)
{
    AUTO(arena_free) struct arena *scratch = arena_new();
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err = rec_sql_prepare(q, tx, &stmt);
    struct rec old;
    bool row = true;

    while (!err) {
        err = db_step(q->a, stmt, &row);
        if (err || !row)
            break;
        arena_reset(scratch);
        old = rec_copy_row(scratch, stmt, col);
        rec_feed_note(tx, scope, REC_DELETE, &old, NULL);
    }
    return err;
}
