/*
 * db/seen: what has changed since a snapshot began, told without asking the database. Private to
 * db/: db.h has what callers see of it.
 *
 * Commits of this process have numbers, in their order. Before a commit its number is written to
 * the slot of each thing that it changes, after it to `completed`. A snapshot notes `completed`
 * before it begins; what was read of a thing stands while its slot holds no later number than that:
 *   - later, while the commit is being carried out: the reader may have seen the state before it;
 *   - later, and completed: it is old; also when that commit failed, which costs a miss;
 *   - none later: each commit that touched it was complete before the snapshot began.
 * Things share slots by their hash; so one may be forgotten for another's sake.
 *
 * Commits of other processes are seen in a word of memory that changes with each commit (`outside`,
 * the engine's). `published` is what it was after the last commit that is accounted for: by its
 * number where it was ours, by a new `epoch` where it was not. Where the two differ nothing holds;
 * and an epoch ends before they are made equal.
 */
#ifndef REEVE_DB_SEEN_H
#define REEVE_DB_SEEN_H

#include "base/limits.h"
#include "db/db.h"

#define SEEN_EVERYTHING 0 /* the slot that stands for all others */

struct db_seen_state {
    /* written by who commits, one at a time; read by any thread */
    _Atomic(const _Atomic uint64_t *) outside; /* NULL: it cannot be told */
    _Atomic uint64_t begun;                    /* number of the last commit that was begun */
    _Atomic uint64_t completed;
    /* any thread */
    _Atomic uint64_t published; /* 0: nothing */
    _Atomic uint64_t epoch;     /* each is one database's alone */
    /* as the first */
    _Atomic uint64_t slots[LIMIT_SEEN_SLOTS];
};

/* What a transaction will have changed. */
struct db_written {
    bool all;
    unsigned n;
    uint16_t at[LIMIT_SEEN_WRITTEN];
};
void db_written_add(struct db_written *written, const struct db_slots *slots);

struct db_seen_state *db_seen_state_new(void);
void db_seen_state_free(struct db_seen_state *state); /* NULL is fine */

/* Slots of a table, and of its columns: names are one in either case. */
uint64_t db_seen_name(struct str name);     /* what it is known by below */
uint16_t db_seen_any_slot(uint64_t table);  /* whatever changes in it */
uint16_t db_seen_rows_slot(uint64_t table); /* rows come, go, or change as a whole */
uint16_t db_seen_column_slot(uint64_t table, uint64_t column);

/* Before a commit, with the lock that keeps all others from committing; `outside`: the word's value
 * under it. */
void db_seen_begin(struct db_seen_state *state, const struct db_written *written, uint64_t outside);
/* After it, whether it failed or not, as nobody else may begin one; `outside`: the value that this
 * commit has left, 0: who knows. */
void db_seen_end(struct db_seen_state *state, uint64_t outside);

/* reader.c: before a snapshot begins. */
void db_seen_note(struct db_conn *conn);

#endif
