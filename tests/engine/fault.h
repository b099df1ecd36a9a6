/*
 * engine/fault: an engine that wraps another and fails its Nth call.
 *
 * Only calls on the write connection count, and only those that can fail. Everything else goes
 * through. One struct a database; db_conf.ops points at its `ops`.
 */
#ifndef REEVE_TESTS_FAULT_H
#define REEVE_TESTS_FAULT_H

#include "db/engine.h"

enum fault_kind {
    FAULT_ERROR,   /* the call does nothing and says so */
    FAULT_ENDS_TX, /* the transaction is rolled back with it, as a full disk may do */
    FAULT_STAYS,   /* a begin says so, but its transaction stands, as when it is interrupted late;
                      other calls as FAULT_ERROR */
};

struct db_fault {
    struct db_ops ops;
    const struct db_ops *inner;
    enum fault_kind kind;
    /* any thread, atomic */
    atomic_long n_calls;
    atomic_long fail_at; /* counted from 1; 0: never */
    atomic_long n_failed;
};

void db_fault_init(struct db_fault *fault, const struct db_ops *inner, enum fault_kind kind);
/* Counts anew from here and fails the Nth call. */
void db_fault_arm(struct db_fault *fault, long fail_at);

#endif
