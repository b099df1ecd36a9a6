/*
 * engine/blocking: an engine that wraps another and behaves as if that were behind a network: each
 * round trip takes its time, and none may be made on a loop (thread_is_loop(): it ends the
 * process).
 *
 * What a round trip is:
 *   - the first step of a statement is one; what it was prepared from, its values and its further
 *     rows travel with it;
 *   - the begin of a read is none: it travels with the first statement, and so does the answer
 *     (lazy_begin). Its end is none: nobody waits for that, as nobody does for a rollback;
 *   - a statement that does not compile is one: it was asked for;
 *   - begin, savepoint (set, release, rollback) and commit of a unit are one each;
 *   - opening a connection is one.
 *
 * With `log_fd` each transaction leaves a line there as it ends: "read N" or "unit N", N being its
 * round trips; statements outside of transactions, and opened connections, leave none.
 *
 * One struct serves any number of databases; db_conf.ops points at its `ops`.
 */
#ifndef REEVE_TESTS_BLOCKING_H
#define REEVE_TESTS_BLOCKING_H

#include "db/engine.h"

struct db_blocking {
    struct db_ops ops;
    const struct db_ops *inner;
    unsigned delay_us; /* of each round trip */
    int log_fd;        /* -1: none */
    atomic_uint_fast64_t n_trips;
};

/* The struct outlives the databases; `inner` too. */
void db_blocking_init(struct db_blocking *blocking, const struct db_ops *inner);

#endif
