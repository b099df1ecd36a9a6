/*
 * telemetry/internal: entries of the log book. Private to this folder.
 */
#ifndef REEVE_TELEMETRY_INTERNAL_H
#define REEVE_TELEMETRY_INTERNAL_H

#include "base/buf.h"
#include "base/id.h"
#include "base/log.h"
#include "telemetry/telemetry.h"

/* An entry as it waits: this, then its message and its data. */
struct entry_head {
    int64_t created_ms;
    int32_t level;
    uint32_t n_message, n_data;
    char id[ID_LEN];
};

struct entry {
    struct entry_head head;
    struct str message;
    struct str data; /* a JSON object, keys sorted */
};

/* entry.c */
/* The data of an entry, and its message; `a` is for what is needed on the way. */
void entry_of_request(struct arena *a, struct buf *message, struct buf *data,
                      const struct logbook_conf *conf, const struct settings *settings,
                      const struct logbook_request *request);
void entry_of_event(struct arena *a, struct buf *data, const struct logbook_conf *conf,
                    const struct log_field *fields);
/* Of so many requests in one second, or so many entries that were dropped. */
void entry_of_count(struct buf *data, const struct logbook_conf *conf, const char *type,
                    uint64_t n);
/* The object without what is beyond max bytes of it: data-dir.md 4. In `a`. */
struct str entry_cut(struct arena *a, struct str data, size_t max);

/* rows.c */
/* A db_unit_fn; `in`: */
struct entry_batch {
    struct str entries; /* one behind the other */
    size_t max_data;
    int64_t min_level; /* others are left out */
};
struct err *entries_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out);
/* The next of them; false: there is none. */
bool entry_next(struct str *entries, struct entry *ret);
/* Deletes by the settings, some rows a transaction; `ending` set: no more. */
MUST_CHECK struct err *entries_prune(struct arena *a, struct db *db,
                                     const struct settings *settings, const atomic_bool *ending);
MUST_CHECK struct err *entries_clear(struct arena *a, struct db *db);

#endif
