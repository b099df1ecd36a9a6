/*
 * engine/engine.h: a database in a folder of its own, for tests of db/.
 */
#ifndef REEVE_TESTS_ENGINE_H
#define REEVE_TESTS_ENGINE_H

#include "unit/unit.h"

#include "base/arena.h"
#include "base/compiler.h"
#include "db/db.h"
#include "db/internal.h"
#include "support/temp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bench {
    struct arena *a;
    struct db_conf conf;
    struct db *db;
    struct str folder;
};

#define assert_ok(err) assert_ok_at((err), __FILE__, __LINE__)
static inline void assert_ok_at(const struct err *err, const char *file, int line)
{
    if (!err)
        return;
    print_error("%s:%d: %.*s\n", file, line, STR_ARG(err->cause));
    fail();
}

static inline void assert_str(struct str got, const char *want)
{
    assert_int_equal(got.n, strlen(want));
    assert_memory_equal(got.p ? got.p : "", want, got.n);
}

/* A database that is not there yet. */
static inline struct bench bench_new(void)
{
    struct bench b = {.a = arena_new()};
    char folder[TEMP_SIZE];

    assert_non_null(mkdtemp(temp_path(folder, "engine")));
    b.folder = arena_dup(b.a, str_of(folder));
    b.conf.path = arena_concat(b.a, b.folder, STR("/"), STR("data.db"));
    b.conf.create = true;
    return b;
}

static inline void bench_open(struct bench *b)
{
    assert_ok(db_open(b->a, &b->conf, &b->db));
}

static inline void bench_done(struct bench *b)
{
    static const char *const names[] = {"/data.db", "/data.db-wal", "/data.db-shm", ""};

    db_close(b->db);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        (void)remove(arena_cstr(b->a, arena_concat(b->a, b->folder, str_of(names[i]), STR_NONE)));
    arena_free(b->a);
}

/* A unit that runs the statements of a NULL-ended list. */
static inline struct err *run_statements(struct db_conn *tx, const void *in, struct arena *a,
                                         void **ret_out)
{
    const char *const *sql = in;
    struct err *err = NULL;

    (void)ret_out;
    for (; *sql && !err; sql++)
        err = db_exec(a, tx, str_of(*sql), NULL, 0, NULL);
    return err;
}

#define bench_run(b, ...) bench_run_list((b), (const char *const[]){__VA_ARGS__, NULL})
static inline void bench_run_list(struct bench *b, const char *const *list)
{
    assert_ok(db_run(b->a, b->db, run_statements, list, NULL));
}

static inline int64_t bench_int(struct bench *b, const char *sql)
{
    struct db_conn *conn;
    struct db_row *row;

    assert_ok(db_reader(b->a, b->db, &conn));
    assert_ok(db_query_row(b->a, conn, str_of(sql), NULL, 0, &row));
    assert_non_null(row);
    assert_int_equal(row->cells[0].type, DB_INT);
    return row->cells[0].i;
}

#endif
