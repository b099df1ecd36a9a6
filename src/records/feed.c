/*
 * Changes on their way to who follows them: noted in the unit's arena, which may run again or be
 * rolled back, and copied once they are true.
 */
#include "records/feed.h"

struct noted {
    struct rec_feed *feed;
    const struct schema *schema;
    const struct schema_col *col;
    enum rec_action action;
    const struct rec *old, *now;
};

/* --- who wants what --------------------------------------------------------------------------- */

static atomic_uint *slot_of(struct rec_feed *feed, struct str collection)
{
    return &feed->wanted[str_hash(collection) % REC_FEED_SLOTS];
}

bool rec_feed_want(struct rec_feed *feed, struct str collection)
{
    return atomic_fetch_add(slot_of(feed, collection), 1) > 0;
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

void rec_change_free(struct rec_change *change)
{
    if (!change)
        return;
    schema_unref(change->schema);
    arena_free(change->arena);
}

static void tell(void *user)
{
    const struct noted *noted = user;
    struct arena *a = arena_new();
    struct rec_change *change = ARENA_NEW(a, struct rec_change);

    *change = (struct rec_change){
        .arena = a,
        .schema = schema_ref((struct schema *)(uintptr_t)noted->schema), /* it counts itself */
        .col = noted->col,
        .action = noted->action,
        .old = rec_copy(a, noted->old),
        .now = rec_copy(a, noted->now),
    };
    noted->feed->tell(noted->feed->user, change);
}

void rec_feed_note(struct db_conn *tx, const struct rec_scope *scope, enum rec_action action,
                   const struct rec *old, const struct rec *now)
{
    struct arena *a = db_unit_arena(tx);
    struct noted *noted;

    noted = ARENA_NEW(a, struct noted);
    *noted = (struct noted){
        .feed = scope->feed,
        .schema = scope->schema,
        .col = old ? old->col : now->col,
        .action = action,
        .old = rec_copy(a, old),
        .now = rec_copy(a, now),
    };
    db_after_commit(tx, tell, noted);
}
