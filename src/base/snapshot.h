/*
 * base/snapshot: immutable things that are counted, and the store that says which is current.
 *
 * One thread makes a snapshot and publishes it; nothing in it changes afterwards, so that any
 * thread may read it as long as it holds it, which it does in one of two ways:
 *
 * - a reference (snapshot_current) takes the store's lock. It may be kept for long, and be given
 *   back by another thread.
 * - a borrowed one (snapshot_borrow) takes no lock and no atomic write: the calling thread keeps
 *   one reference to what was current when it last looked, looks whether it still is, and counts
 *   its borrowers by itself. It is returned on the thread that borrowed it; others may read it
 * until then.
 *
 * So a thread that borrows nothing for a while still keeps the last one it borrowed, and no more.
 */
#ifndef REEVE_BASE_SNAPSHOT_H
#define REEVE_BASE_SNAPSHOT_H

#include "base/arena.h"
#include "base/compiler.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct snapshot_store;

/* The first member of what is published. */
struct snapshot {
    atomic_uint refs;
    struct arena *arena; /* the snapshot lies in there and ends with it */
    /* set by snapshot_publish(), constant after */
    const struct snapshot_store *store; /* NULL: published nowhere */
    uint64_t generation;                /* 0: published nowhere */
    unsigned place;                     /* the store's, which the snapshot may outlive */
};

/* With one reference, the caller's; the last one to go frees the arena. */
void snapshot_init(struct snapshot *snapshot, struct arena *arena);
/* One reference more for who has one, or has borrowed it on any thread. Any thread. */
struct snapshot *snapshot_ref(struct snapshot *snapshot);
/* NULL is fine; any thread. */
void snapshot_unref(struct snapshot *snapshot);

/* An empty store, of generation 0. */
struct snapshot_store *snapshot_store_new(void);
/* Nobody uses it any more; snapshots that are still held stay as they are. NULL is fine. */
void snapshot_store_free(struct snapshot_store *store);
/* Makes it the current one under the next generation; takes the caller's reference. It has not been
 * published before. Any thread. */
void snapshot_publish(struct snapshot_store *store, struct snapshot *take_snapshot);
/* A reference to the current one; something has been published. Any thread. */
struct snapshot *snapshot_current(struct snapshot_store *store);
/* Of the current one, without taking a reference: one atomic load. Any thread. */
uint64_t snapshot_generation(const struct snapshot_store *store);

/* The current one, until snapshot_return() on this thread; something has been published. A thread
 * may have any number of them, of one store also different ones. It ends with
 * snapshot_thread_end(). */
struct snapshot *snapshot_borrow(struct snapshot_store *store);
/* Once for each snapshot_borrow(), in any order, on the thread of that. The store may be gone. NULL
 * is fine. */
void snapshot_return(struct snapshot *snapshot);
/* Lets go what the calling thread keeps; everything it borrowed was returned. It may borrow again,
 * and ends so again. */
void snapshot_thread_end(void);

/*
 * The same functions for stores of struct T alone, whose first member is `struct snapshot
 * snapshot`: T_ref, T_unref, T_store_new, T_store_free, T_publish, T_current, T_generation,
 * T_borrow, T_return; AUTO(T_unref) and AUTO(T_return), too.
 */
#define SNAPSHOT_STORE(T)                                                          \
    _Static_assert(offsetof(struct T, snapshot) == 0, "a snapshot starts as one"); \
    struct T##_store; /* a struct snapshot_store by another name */                \
    static inline struct T *T##_ref(struct T *T)                                   \
    {                                                                              \
        return (struct T *)snapshot_ref(&T->snapshot);                             \
    }                                                                              \
    static inline void T##_unref(struct T *T)                                      \
    {                                                                              \
        snapshot_unref(T ? &T->snapshot : NULL);                                   \
    }                                                                              \
    static inline struct T##_store *T##_store_new(void)                            \
    {                                                                              \
        return (struct T##_store *)snapshot_store_new();                           \
    }                                                                              \
    static inline void T##_store_free(struct T##_store *store)                     \
    {                                                                              \
        snapshot_store_free((struct snapshot_store *)store);                       \
    }                                                                              \
    static inline void T##_publish(struct T##_store *store, struct T *take_##T)    \
    {                                                                              \
        snapshot_publish((struct snapshot_store *)store, &take_##T->snapshot);     \
    }                                                                              \
    static inline struct T *T##_current(struct T##_store *store)                   \
    {                                                                              \
        return (struct T *)snapshot_current((struct snapshot_store *)store);       \
    }                                                                              \
    static inline uint64_t T##_generation(const struct T##_store *store)           \
    {                                                                              \
        return snapshot_generation((const struct snapshot_store *)store);          \
    }                                                                              \
    static inline struct T *T##_borrow(struct T##_store *store)                    \
    {                                                                              \
        return (struct T *)snapshot_borrow((struct snapshot_store *)store);        \
    }                                                                              \
    static inline void T##_return(struct T *T)                                     \
    {                                                                              \
        snapshot_return(T ? &T->snapshot : NULL);                                  \
    }                                                                              \
    AUTO_DEFINE(T##_unref, struct T *)                                             \
    AUTO_DEFINE(T##_return, struct T *)                                            \
    struct T##_store

#endif
