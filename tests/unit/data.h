/*
 * unit/data.h: a data.db in a folder of its own, fresh as schema_bootstrap_data() makes it.
 */
#ifndef REEVE_TESTS_UNIT_DATA_H
#define REEVE_TESTS_UNIT_DATA_H

#include "unit/unit.h"

#include "base/compiler.h"
#include "schema/schema.h"
#include "settings/settings.h"
#include "support/temp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DATA_NOW_MS 1767225600123LL
#define DATA_NOW "2026-01-01 00:00:00.123Z"

struct data {
    struct arena *a;
    struct str folder;
    struct db *db;
    struct db_conn *reader;
};

static inline void no_err(const struct err *err)
{
    if (err)
        fail_msg("%.*s", STR_ARG(err->cause));
}

static inline void data_open_empty(struct data *data)
{
    char folder[TEMP_SIZE];
    struct db_conf conf = {.create = true, .durability = DB_NORMAL};

    *data = (struct data){.a = arena_new()};
    assert_non_null(mkdtemp(temp_path(folder, "data")));
    data->folder = arena_dup(data->a, str_of(folder));
    conf.path = arena_concat(data->a, data->folder, STR("/data.db"), STR_NONE);
    no_err(db_open(data->a, &conf, &data->db));
    no_err(db_reader(data->a, data->db, &data->reader));
}

static inline void data_run(struct data *data, db_unit_fn *unit, const void *in)
{
    struct db_lease lease = {0};

    no_err(db_run_leased(data->a, data->db, &lease, unit, in, NULL));
}

static inline void data_bootstrap(struct data *data)
{
    struct schema_bootstrap in = {.now_ms = DATA_NOW_MS,
                                  .settings_json =
                                      settings_default_json(data->a, SETTINGS_POCKETBASE)};

    data_run(data, schema_bootstrap_data, &in);
}

static inline void data_open(struct data *data)
{
    data_open_empty(data);
    data_bootstrap(data);
}

static inline struct err *data_exec_unit(struct db_conn *tx, const void *in, struct arena *a,
                                         void **ret_out)
{
    const char *const *sql = in;
    struct err *err = NULL;

    (void)ret_out;
    for (; *sql && !err; sql++)
        err = db_exec(a, tx, str_of(*sql), NULL, 0, NULL);
    return err;
}

/* Statements, as a list that NULL ends. */
#define DATA_EXEC(data, ...) \
    data_run((data), data_exec_unit, (const char *const[]){__VA_ARGS__, NULL})

/* The first column of the first row as text; "(none)" without a row. */
static inline const char *data_text(struct data *data, const char *sql)
{
    struct db_row *row = NULL;

    no_err(db_query_row(data->a, data->reader, str_of(sql), NULL, 0, &row));
    if (!row)
        return "(none)";
    if (row->cells[0].type == DB_INT)
        return arena_cstr(data->a, arena_printf(data->a, "%lld", (long long)row->cells[0].i));
    if (row->cells[0].type == DB_NULL)
        return "NULL";
    return arena_cstr(data->a, row->cells[0].s);
}

static inline void data_close(struct data *data)
{
    static const char *const names[] = {"/data.db", "/data.db-wal", "/data.db-shm", ""};

    db_reader_close(data->db);
    db_close(data->db);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        (void)remove(
            arena_cstr(data->a, arena_concat(data->a, data->folder, str_of(names[i]), STR_NONE)));
    arena_free(data->a);
}

#endif
