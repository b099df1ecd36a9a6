/*
 * records/feed: changes of records, for whoever follows them; those of a unit are told together,
 * once it is on disk, in the order of the commits.
 *
 * Nobody is waited for, nothing can fail, and a write that nobody wants to hear of pays a look at
 * two counters. Who must be asked before and may change what is written listens to events instead
 * (events/events.h).
 */
#ifndef REEVE_RECORDS_FEED_H
#define REEVE_RECORDS_FEED_H

#include "records/records.h"

#include <stdatomic.h>

#define REC_FEED_SLOTS 1024

struct rec_change {
    const struct schema_col *col;
    enum rec_action action;
    const struct rec *old; /* NULL of a create */
    const struct rec *now; /* NULL of a delete */
    struct rec_change *next;
    uint64_t number; /* the receiver's */
};

/* What one unit has changed, in its order, in an arena of its own. */
struct rec_changes {
    struct arena *arena;
    atomic_uint refs;      /* one is told */
    struct schema *schema; /* under which it was written; counted */
    struct rec_change *first;
    size_t n;
    bool has_deletes;
};
/* Any thread. The last reference frees it; NULL is fine. */
struct rec_changes *rec_changes_ref(struct rec_changes *changes);
void rec_changes_unref(struct rec_changes *changes);

struct rec_feed {
    /* How many want changes of collections by that name or id; names share slots, so some that
     * nobody wants may come. Raised before a write begins, it is told. */
    atomic_uint wanted[REC_FEED_SLOTS];
    uint64_t wanted_us[REC_FEED_SLOTS]; /* clock_us(): since when; of rec_feed_want() */
    /* On the thread that committed, which has the write connection: must not wait. Takes it. Of a
     * unit with deletes db_conf.before_commit() has been called. */
    void (*tell)(void *user, struct rec_changes *take_changes);
    void *user;
    /* the committing thread's */
    struct rec_changes *telling;
    struct rec_change **end;
};

/* Of a collection's name or id, as clients spell it. One caller at a time, but for who has wanted
 * it before. False: nobody did. */
bool rec_feed_want(struct rec_feed *feed, struct str collection);
/* By who wants it: it has been wanted for long, so all writes on their way will be told. Else one
 * that has begun may not be: those are that begin, or wait, now. */
bool rec_feed_is_sure(const struct rec_feed *feed, struct str collection);
/* Any thread. */
void rec_feed_leave(struct rec_feed *feed, struct str collection);

/* The same by its slot. */
size_t rec_feed_slot(struct str collection);
void rec_feed_leave_slot(struct rec_feed *feed, size_t slot);

/* scope->feed may be NULL: nobody wants anything. */
bool rec_feed_wants(const struct rec_scope *scope, const struct schema_col *col);
/* Inside a unit, where it wants it: copies what is given. old, now: see above. */
void rec_feed_note(struct db_conn *tx, const struct rec_scope *scope, enum rec_action action,
                   const struct rec *old, const struct rec *now);
struct rec_sql;
/* The rows that the SELECT of all fields finds are about to be deleted: for who follows. */
MUST_CHECK struct err *rec_note_deletes(struct rec_sql *q, struct db_conn *tx,
                                        const struct rec_scope *scope,
                                        const struct schema_col *col);

#endif
