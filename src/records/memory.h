/*
 * records/memory: what queries have found, as the process remembers it. Private to this folder.
 *
 * An answer is a function of the SQL, of the parameters and of what is read. So it is kept by the
 * first two, and serves while nothing of the third has changed (db_seen_holds_in()).
 *
 * A memory is a table of small sets: a question's hash says which set, the set is searched, and the
 * one that was not asked for longest makes room. Answers that nobody will ever ask for again, as
 * those of filters with @now, go that way. It has no lock of its own: its owner's is held for each
 * call with a memory.
 */
#ifndef REEVE_RECORDS_MEMORY_H
#define REEVE_RECORDS_MEMORY_H

#include "base/limits.h"
#include "records/records.h"

#define REC_MEMORY_WAYS 8

/* What is asked for. */
struct rec_wanted {
    struct db_conn *conn; /* in whose snapshot */
    struct buf key;       /* all that the answer is a function of, but for what it reads */
    uint64_t hash;
};

/* Of the SQL, to be ended by rec_wanted_done(). False: it is too long to be remembered, and to be
 * given to no memory. */
bool rec_wanted_init(struct rec_wanted *wanted, struct db_conn *conn, const struct query_spec *spec,
                     const struct query_sql *sql);
void rec_wanted_done(struct rec_wanted *wanted);

struct rec_memo {
    struct buf key;
    uint64_t hash;       /* of the key */
    uint64_t used;       /* when it was asked for last, in calls; 0: there is none here */
    struct db_seen seen; /* what it was read from */
    /* its owner's */
    bool is_lost;
    int64_t n;
    struct buf bytes; /* the memo owns them */
};

struct rec_memory {
    uint64_t calls;
    struct rec_memo sets[LIMIT_MEMOS / REC_MEMORY_WAYS][REC_MEMORY_WAYS];
};

/* NULL: it is not there. What is may be out of date. */
struct rec_memo *rec_memory_find(struct rec_memory *memory, const struct rec_wanted *wanted);
/* Whether it is what the snapshot of `wanted` would find; then it counts as asked for. */
bool rec_memory_use(struct rec_memory *memory, const struct rec_wanted *wanted,
                    struct rec_memo *memo);
/* Keeps what `memo` has found in the place of what was there, whose memory `wanted` and `memo` have
 * then: their owner frees it without the lock. `memo` needs no key. */
void rec_memory_keep(struct rec_memory *memory, struct rec_wanted *wanted, struct rec_memo *memo);

#endif
