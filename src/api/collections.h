/*
 * api/collections: what the files behind /api/collections share.
 */
#ifndef REEVE_API_COLLECTIONS_H
#define REEVE_API_COLLECTIONS_H

#include "api/internal.h"
#include "events/events.h"
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

/* clang-format off */
/* One that may be listened to: heard_fn carries it out where is_heard(call), says unit_fn's. */
#define COLL_HEARD_WORK(prepare_fn, is_heard, is_unheard, heard_fn, unit_fn)         \
    {                                                                                \
        .steps = {                                                                   \
            {.place = AT_READ, .run = prepare_fn},                                   \
            {.place = AT_HEARD, .run = heard_fn, .needed = is_heard},                \
            {.place = AT_LEASE, .unit = unit_fn, .needed = is_unheard,               \
             .changes_schema = true, .timeout_s = coll_takes_its_time},              \
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
    bool is_stored;          /* coll_store() has done it */
    struct schema_plan *log; /* what coll_store() ran (schema/plan.h); NULL: nobody asks */
};

/* Infers a view's fields and makes `col`; then checks; then stores. Errors are raw: items without a
 * message, or a cause. */
MUST_CHECK struct err *coll_make(struct coll_save *save);
MUST_CHECK struct err *coll_check(struct coll_save *save);
MUST_CHECK struct err *coll_store(struct coll_save *save);
/* The client's words for a raw error or a listener's: "<failed>." with its items, or with what
 * coll_words_of() says. */
struct err *coll_failed(struct arena *a, struct err *err, const char *failed);
/* E_PRECONDITION unless the collection of that snapshot, NULL: a new one, satisfies the condition,
 * which may be NULL. */
MUST_CHECK struct err *coll_check_condition(struct arena *a, const struct rec_condition *condition,
                                            const struct schema *schema,
                                            const struct schema_col *col);
/* The answer of a unit. */
struct rec_written *coll_answer(struct arena *a, struct buf *body);

/* Adds an item under `path` for a list of fields or indexes that is too long to be looked at. */
void coll_check_lengths(struct arena *a, const struct json *definition, const char *path,
                        struct err **refused);

/* What a client is told of an error: its message where it has one of its own, else its cause. */
struct str coll_words_of(const struct err *err);
/* collections_words.c: an error's items as nested objects, for a message that quotes them. */
struct str coll_nested_items(struct arena *a, const struct err *err);

/* Whether a rule's text compiles for a collection of that snapshot; *ret_why: PocketBase's words.
 */
bool coll_rule_compiles(struct arena *a, const struct db_dialect *dialect,
                        const struct schema *schema, const struct schema_col *col, struct str rule,
                        int64_t now_ms, struct str *ret_why);

/* --- changes that somebody listens to (collections_heard.c) ----------------------------------- */

/*
 *   REQUEST { SAVE { VALIDATE { a lease: the checks } EXECUTE { a lease: the checks, WRITE { the
 *   statements } } }, COMMITTED or FAILED }
 *
 * Each lease is as long as what it is around, so no listener but one to WRITE keeps the write
 * connection from others. The checks of VALIDATE leave nothing behind; those of EXECUTE are about
 * what the definition and the schema have become since. An import is one lease: in there each of
 * its collections has SAVE { EXECUTE { WRITE } }, and is told when the lease has come to its end.
 */
struct coll_heard {
    struct arena *a;
    const struct events *events; /* NULL: nobody listens */
    enum event_kind kind;
    struct schema_event event;
    struct err *(*save)(struct coll_heard *heard); /* what SAVE is around */
    void *user;
};

/* Whether anybody hears one of those stages of it. */
bool coll_hears(const struct coll_heard *heard, uint32_t stages);
/* One stage around an action, which may be NULL. */
MUST_CHECK struct err *coll_raise(struct coll_heard *heard, enum event_stage stage,
                                  struct err *(*action)(struct coll_heard *heard));
/* SAVE, then COMMITTED or FAILED with the error as it was. In no unit. */
MUST_CHECK struct err *coll_save_told(struct coll_heard *heard);
/* The same inside a unit, whose end it is told at. */
MUST_CHECK struct err *coll_save_inside(struct db_conn *tx, struct coll_heard *heard);
/* coll_store(), with WRITE around it where it is heard. heard: the change's; is not changed. */
MUST_CHECK struct err *coll_write(struct coll_save *save, const struct coll_heard *heard);

/* Inside a unit: the schema, and in it the collection (*col; NULL: none), as they are by now where
 * they have changed while listeners were asked. E_NOT_FOUND: it is gone. */
MUST_CHECK struct err *coll_follow(struct arena *a, struct db_conn *tx,
                                   const struct schema **schema, const struct schema_col **col);
/* Runs a unit leased, on a thread that may wait. What it commits is published before others write
 * and before its ends are told, if it changes the schema. */
MUST_CHECK struct err *coll_run_leased(struct api_call *call, bool changes_schema, db_unit_fn *unit,
                                       const void *in, void **ret_out);

/* --- changes: read from a body, then carried out in a unit ------------------------------------ */

/* Each takes from the call what it needs; errors are the client's. Conditions are for the units of
 * a call that carries the change out. The unit's `log` takes the steps
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

/* A db_unit_fn of a struct coll_import that tells who listens; leased. What it leaves is an
 * answer's struct rec_written. */
MUST_CHECK struct err *coll_import_unit(struct db_conn *tx, const void *in, struct arena *a,
                                        void **ret_out);

/* collections_delete.c: in a unit whose arena is a; once it is committed, the files go that the
 * collection's records have had until now. */
void coll_files_go(struct arena *a, struct db_conn *tx, struct file_store *store,
                   const struct schema_col *col);

#endif
