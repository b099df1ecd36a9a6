/*
 * The table `_logs`: entries come and go.
 */
#include "telemetry/internal.h"

#include "base/date.h"
#include "base/limits.h"
#include "db/dialect.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)

bool entry_next(struct str *entries, struct entry *ret)
{
    if (entries->n == 0)
        return false;
    memcpy(&ret->head, entries->p, sizeof(ret->head));
    *entries = str_from(*entries, sizeof(ret->head));
    ret->message = str_sub(*entries, 0, ret->head.n_message);
    *entries = str_from(*entries, ret->head.n_message);
    ret->data = str_sub(*entries, 0, ret->head.n_data);
    *entries = str_from(*entries, ret->head.n_data);
    return true;
}

static struct err *insert(struct arena *a, struct db_conn *tx, const struct entry *entry,
                          size_t max_data)
{
    struct db_value values[5];
    char created[DATE_TEXT_LEN + 1];

    date_format(created, entry->head.created_ms);
    values[0] = DB_V_TEXT(((struct str){entry->head.id, ID_LEN}));
    values[1] = DB_V_INT(entry->head.level);
    values[2] = DB_V_TEXT(str_sub(entry->message, 0, LIMIT_LOG_MESSAGE_BYTES));
    values[3] = DB_V_TEXT(entry_cut(a, entry->data, max_data));
    values[4] = DB_V_TEXT(str_of(created));
    return db_exec(a, tx,
                   db_sql(a, tx,
                          "INSERT INTO [_logs] ([id], [level], [message], [data], [created]) "
                          "VALUES ({1}, {2}, {3}, {4}, {5})"),
                   values, COUNT_OF(values), NULL);
}

struct err *entries_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct entry_batch *batch = in;
    struct arena *scratch = arena_child(a);
    struct str rest = batch->entries;
    struct entry entry;
    struct err *err = NULL;

    *ret_out = NULL;
    while (!err && entry_next(&rest, &entry)) {
        if (entry.head.level < batch->min_level)
            continue;
        err = err_copy(a, insert(scratch, tx, &entry, batch->max_data));
        arena_reset(scratch);
    }
    return err;
}

/* --- what goes -------------------------------------------------------------------------------- */

struct deletion {
    const char *sql;
    struct db_value value;
};

static struct err *delete_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct deletion *deletion = in;
    int64_t *n = ARENA_NEW(a, int64_t);

    *ret_out = n;
    return db_exec(a, tx, db_sql(a, tx, deletion->sql), &deletion->value, 1, n);
}

/* A part at a time, so that nobody waits long for it. */
static struct err *delete_all(struct arena *a, struct db *db, const struct deletion *deletion,
                              const atomic_bool *ending)
{
    struct arena *scratch = arena_child(a);
    struct err *err = NULL;
    void *n = NULL;

    do {
        arena_reset(scratch);
        err = db_run(scratch, db, delete_unit, deletion, &n);
    } while (!err && *(const int64_t *)n >= LIMIT_LOG_DELETE_ROWS && !atomic_load(ending));
    return err_copy(a, err);
}

#define DELETE_WHERE(condition) \
    "DELETE FROM [_logs] WHERE [id] IN (SELECT [id] FROM [_logs] WHERE " condition " LIMIT 2000)"
_Static_assert(LIMIT_LOG_DELETE_ROWS == 2000, "the limit above");

struct err *entries_prune(struct arena *a, struct db *db, const struct settings *settings,
                          const atomic_bool *ending)
{
    const int64_t now_ms = date_now_ms(), days = settings->logs.max_days;
    char until[DATE_TEXT_LEN + 1];
    struct deletion old = {DELETE_WHERE("[created] <= {1}"), DB_V_TEXT(str_of(until))};
    const struct deletion low = {DELETE_WHERE("[level] < {1}"), DB_V_INT(settings->logs.min_level)};
    struct err *err;

    if (days <= 0)
        return entries_clear(a, db);
    date_format(until,
                days < (now_ms - DATE_MIN_MS) / DAY_MS ? now_ms - days * DAY_MS : DATE_MIN_MS);
    old.value = DB_V_TEXT(str_of(until));
    err = delete_all(a, db, &old, ending);
    return err ? err : delete_all(a, db, &low, ending);
}

static struct err *clear_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    (void)in;
    *ret_out = NULL;
    return db_exec(a, tx, db_sql(a, tx, "DELETE FROM [_logs]"), NULL, 0, NULL);
}

struct err *entries_clear(struct arena *a, struct db *db)
{
    struct err *err = db_run(a, db, clear_unit, NULL, NULL);

    return err ? err : db_compact(a, db);
}
