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
            {.place = AT_LEASE, .unit = unit_fn, .changes_schema = publishes},       \
            {.place = AT_LOOP, .run = api_send_written},                             \
        },                                                                           \
    }
/* clang-format on */

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

/* collections_delete.c: in a unit whose arena is a; once it is committed, the files go that the
 * collection's records have had until now. */
void coll_files_go(struct arena *a, struct db_conn *tx, struct file_store *store,
                   const struct schema_col *col);

#endif
