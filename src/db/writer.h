/*
 * db/writer: units of work for an engine with one write connection and a log: SQLite's way.
 *
 * One thread at a time has the turn, and with it the write connection: the writer thread for a
 * group of units (one commit for all), a caller for a lease, the checkpointer while the log begins
 * anew. Private to db/ and to the tests of engines; another engine has a db_writer of its own.
 *
 *   turn.c          who has the turn, and the connection
 *   writer.c        groups, the thread, start and end
 *   lease.c         units alone
 *   checkpointer.c  the log
 */
#ifndef REEVE_DB_WRITER_H
#define REEVE_DB_WRITER_H

#include "db/internal.h"

struct db_lease_wait {
    pthread_cond_t granted;
    bool has_turn;
    struct db_lease_wait *next;
};

enum db_turn { DB_TURN_NONE, DB_TURN_GROUP, DB_TURN_LEASE };

struct db_checkpointer {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* under lock */
    bool started;
    bool stopping;
    uint64_t wanted_bytes; /* size of the log that asks for work; 0: none */
    pthread_t thread;
    /* of whoever has the turn */
    uint64_t swept_bytes; /* size of the log when work was last asked for */
    /* the thread's */
    struct db_conn *conn;
};

struct db_writer {
    struct db *db; /* constant */
    pthread_mutex_t lock;
    pthread_cond_t wake; /* the writer thread's */
    /* under lock */
    enum db_turn turn;
    enum db_turn last;
    struct db_unit *first, *last_unit;
    size_t n_units;
    struct db_lease_wait *leases; /* in the order they came */
    bool started;
    bool stopping;
    pthread_t thread;
    /* of whoever has the turn */
    struct db_conn *conn;
    struct arena *arena; /* the writer thread's: errors of the group's own calls */

    struct db_checkpointer checkpointer;
};

/* writer.c, lease.c: see struct db_ops (engine.h) */
struct db_writer *db_writer_new(struct db *db);
void db_writer_stop(struct db_writer *w);
void db_writer_free(struct db_writer *w);
MUST_CHECK bool db_writer_submit(struct db_writer *w, struct db_unit *unit);
size_t db_writer_waiting(struct db_writer *w);
void db_writer_run_leased(struct db_writer *w, const struct db_lease *lease, struct db_unit *unit);

/* turn.c */
/* A condition whose waits end at a time of clock_us(). */
void db_cond_init(pthread_cond_t *cond);
void db_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t until_us);
/* Of who has waited for the write connection for as long as he may. */
MUST_CHECK struct err *db_turn_late_err(struct arena *a);
/* Under w->lock: gives the free turn to whoever is next. */
void db_turn_pass(struct db_writer *w);
/* Waits for the turn; NULL gone and 0 deadline: as long as it takes. Any thread that has it not:
 * one that has would wait for ever. */
MUST_CHECK struct err *db_turn_take(struct arena *a, struct db_writer *w, const atomic_bool *gone,
                                    uint64_t deadline_us);
void db_turn_give(struct db_writer *w);
/* With the turn: the write connection, opened on first use, without limits. It is the caller's till
 * the turn is given back. */
MUST_CHECK struct err *db_write_conn(struct arena *a, struct db_writer *w, struct db_conn **ret);

/* checkpointer.c */
/* After a commit, with the turn: starts the thread once the log has grown enough. */
void db_checkpointer_note(struct db_writer *w);
/* With no other thread left: its connection is closed, and the last checkpoint is the write
 * connection's, if there is one. */
void db_checkpointer_done(struct db_writer *w);

#endif
