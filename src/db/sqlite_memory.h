/*
 * db/sqlite_memory: what SQLite may hold of the heap, all connections of the process together.
 */
#ifndef REEVE_DB_SQLITE_MEMORY_H
#define REEVE_DB_SQLITE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* What the calling thread needs memory for, and so how much of the bound is open to it. */
enum sqlite_need {
    SQLITE_NEED_READ,  /* as each thread begins */
    SQLITE_NEED_WRITE, /* a transaction that may write: a part is kept for it */
    SQLITE_NEED_MUST,  /* what keeps a connection in order: never refused */
};

/* Hands SQLite its allocator and its bounds, once in a process; before SQLite is asked for anything
 * else. Any thread. */
void sqlite_memory_setup(void);

/* The bound from here on, in bytes. Any thread; what is held beyond it stays. */
void sqlite_memory_set_bound(size_t bytes);

/* A connection is opened (+1) or closed (-1): each widens the bound by what it may keep. Afterwards
 * the account is exact as to what the calling thread has done. */
void sqlite_memory_note_conn(int n);

/* Returns the former need of the thread, to be set again. */
enum sqlite_need sqlite_memory_need(enum sqlite_need need);

/* Bytes that SQLite holds; up to 64 KiB a thread are not counted yet. Any thread. */
int64_t sqlite_memory_used(void);

#endif
