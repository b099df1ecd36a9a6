/*
 * api/collections: what the files behind /api/collections share.
 */
#ifndef REEVE_API_COLLECTIONS_H
#define REEVE_API_COLLECTIONS_H

#include "api/internal.h"
#include "schema/define.h"

/* A change of collections: prepared, then alone with the write connection. */
/* clang-format off */
#define COLL_WORK(prepare_fn, unit_fn, publishes)                                    \
    {                                                                                \
        .steps = {                                                                   \
            {.place = AT_READ, .run = prepare_fn},                                   \
            {.place = AT_LEASE,                                                      \
             .unit = unit_fn,                                                        \
             .changes_schema = publishes,                                            \
             .timeout_s = coll_takes_its_time},                                      \
            {.place = AT_LOOP, .run = api_send_written},                             \
        },                                                                           \
    }
/* clang-format on */

/* A table of ten million rows is not rewritten within a query's timeout. 0. */
unsigned coll_takes_its_time(const struct api_call *call);

/* A definition on its way into the database, inside a unit. */
struct coll_save {
    struct api *api;
    struct arena *a;
    struct db_conn *tx;
    const struct schema *schema;
    const struct schema_col *old; /* NULL: a new one */
    struct schema_def *def;
    int64_t now_ms;
    const struct schema_col *col; /* what coll_make() made of it */
    bool whole;                   /* it could be read whole, so it can be stored */
    struct str view_select, view_why;
    struct schema_plan *log; /* what coll_store() ran (schema/plan.h); NULL: nobody asks */
};

/* Infers a view's fields and makes `col`; then checks; then stores. Errors are raw: items without a
 * message, or a cause. */
MUST_CHECK struct err *coll_make(struct coll_save *save);
MUST_CHECK struct err *coll_check(struct coll_save *save);
MUST_CHECK struct err *coll_store(struct coll_save *save);
/* The client's words for a raw error: "<failed>." with its items, or with the raw error. */
struct err *coll_failed(struct arena *a, struct err *err, const char *failed);
/* The answer of a unit. */
struct rec_written *coll_answer(struct arena *a, struct buf *body);

/* Whether a rule's text compiles for a collection of that snapshot; *ret_why: PocketBase's words.
 */
bool coll_rule_compiles(struct arena *a, const struct db_dialect *dialect,
                        const struct schema *schema, const struct schema_col *col, struct str rule,
                        int64_t now_ms, struct str *ret_why);

/* --- changes: read from a body, then carried out in a unit ------------------------------------ */

/* Each takes from the call what it needs; errors are the client's. The unit's `log` takes the steps
 * that were run (schema/plan.h); NULL: nobody asks. */

/* collections.c: one is made (old NULL) or changed. body: an object, or null. */
struct coll_change;
MUST_CHECK struct err *coll_read_change(struct api_call *call, const struct schema_col *old,
                                        const struct json *body, const struct coll_change **ret);
/* *ret: as it is stored then. */
MUST_CHECK struct err *coll_change(struct db_conn *tx, const struct coll_change *change,
                                   struct arena *a, struct schema_plan *log,
                                   struct schema_def **ret);

/* collections_delete.c: one is removed. */
struct coll_removal;
const struct coll_removal *coll_read_removal(struct api_call *call, const struct schema_col *col);
MUST_CHECK struct err *coll_remove(struct db_conn *tx, const struct coll_removal *removal,
                                   struct arena *a, struct schema_plan *log);

/* collections_import.c: many are made or changed, and others removed. collections: NULL, or what
 * the client sent. */
struct coll_import;
MUST_CHECK struct err *coll_read_import(struct api_call *call, const struct json *collections,
                                        bool delete_missing, const struct coll_import **ret);
MUST_CHECK struct err *coll_import(struct db_conn *tx, const struct coll_import *import,
                                   struct arena *a, struct schema_plan *log);

/* collections_delete.c: in a unit whose arena is a; once it is committed, the files go that the
 * collection's records have had until now. */
void coll_files_go(struct arena *a, struct db_conn *tx, struct file_store *store,
                   const struct schema_col *col);

#endif
