/*
 * schema/define: a collection in the making, and how it is told apart from a stored one.
 *
 * A definition is what a request wants a collection to be: scaffold or stored collection, with the
 * submitted JSON decoded over it (collections.md 5, 6). From it a struct schema_col is made, which
 * is checked (11) and then stored and followed by its table (12).
 */
#ifndef REEVE_SCHEMA_DEFINE_H
#define REEVE_SCHEMA_DEFINE_H

#include "schema/schema.h"

struct schema_plan;

enum schema_rule_kind { RULE_LIST, RULE_VIEW, RULE_CREATE, RULE_UPDATE, RULE_DELETE, RULE_KINDS };

struct schema_def {
    struct str id, name, type;
    bool system;
    struct schema_rule rules[RULE_KINDS];
    VEC(struct json) fields; /* objects of their types' shapes */
    VEC(struct str) indexes;
    struct json options; /* of an auth collection */
    struct str view_query;
    struct str created, updated;
    struct str auto_id; /* the id that nobody asked for, or empty */
};

/* An empty collection of that type (collections.md 15.1); an unknown type gives a base one. Secrets
 * are fresh. */
struct schema_def *schema_def_new(struct arena *a, struct str type, struct str name);
/* What is stored. */
struct schema_def *schema_def_of(struct arena *a, const struct schema_col *col);
/* Decodes `body` over it, exact keys. False: *ret_why says which value has the wrong type; the
 * definition is of no use then. null resets. */
bool schema_def_merge(struct arena *a, struct schema_def *def, const struct json *body,
                      struct str *ret_why);
/* Adds a field object as PocketBase's list of fields does: by id, else by name (3.2). */
void schema_def_add_field(struct arena *a, struct schema_def *def, struct json field);
/* Normalises before validation (5.4). old: the stored collection, or NULL. */
void schema_def_finish(struct arena *a, struct schema_def *def, const struct schema *schema,
                       const struct schema_col *old, int64_t now_ms);

/* What stays as it is of the superusers, whatever was checked (data-dir.md 9.3). */
void schema_def_force_superusers(struct schema_def *def);

/* The collection that it defines, for checks and for storing. *ret_whole: it could be read whole,
 * so that rules can be compiled against it. */
struct schema_col *schema_def_col(struct arena *a, const struct schema_def *def, bool *ret_whole);

/* A snapshot in which `col` stands in place of the collection with its id, or is added. It is
 * never published and borrows texts of both. NULL: it cannot be read. */
struct schema *schema_with(const struct schema *schema, const struct schema_col *col);

/* --- events ----------------------------------------------------------------------------------- */

/* What the events of a collection carry (events.h). Its tags are the definition's name and id as
 * they are by then; of a delete, the stored ones. */
struct schema_event {
    const struct schema *schema; /* before the change */
    const void *actor;           /* who asks: a struct rec_actor; NULL: nobody, it is an import's */
    const struct schema_col *old; /* as it was; NULL of a create */
    /* As it shall be: what listeners change of it until it is written is what is stored. Then as it
     * is stored, which is what is answered. NULL of a delete. */
    struct schema_def *def;
    const struct schema_def *now; /* def, once it is stored; else NULL */
    const struct err *failed;     /* EVENT_FAILED: why */
};

/* Of an import: listeners to its REQUEST may put others in place of what was sent. */
struct schema_import_event {
    const struct schema *schema;
    const void *actor;              /* as above */
    const struct json *collections; /* a list of objects; null is an empty one */
    bool delete_missing;
};

/* --- checks (11) ------------------------------------------------------------------------------ */

struct schema_check {
    const struct schema *schema; /* before the change */
    const struct schema_col *old;
    const struct schema_def *def;
    const struct schema_col *col; /* of def */
    /* Compiles a rule against col, with `with` as the snapshot; *ret_why: PocketBase's words. */
    bool (*compiles)(void *user, struct arena *a, const struct schema *with,
                     const struct schema_col *col, struct str rule, struct str *ret_why);
    void *user;
    struct str view_why; /* why the view's query is of no use; p NULL: it is fine */
};
/* Inside the unit. Errors: E_BAD_REQUEST with items, without a message. */
MUST_CHECK struct err *schema_check_def(struct arena *a, struct db_conn *tx,
                                        const struct schema_check *check);

/* What a check said before it was made a sentence: for messages that quote it. */
struct str schema_check_words(struct arena *a, const struct err_item *item);

/* --- views (9) -------------------------------------------------------------------------------- */

/* Derives the fields of a view's query inside a transaction, by a view that is dropped again. The
 * fields go into def->fields; the statement that makes the view of def->name comes back. *ret_why,
 * p NULL: it is fine. Errors are those of the database being unavailable. */
MUST_CHECK struct err *schema_infer_view(struct arena *a, struct db_conn *tx,
                                         const struct schema *schema, struct schema_def *def,
                                         struct str *ret_select, struct str *ret_why);

/* Runs what schema_infer_view() made for its first rows: their ids must be there and differ.
 * *ret_why and errors as above. */
MUST_CHECK struct err *schema_sample_view(struct arena *a, struct db_conn *tx, struct str select,
                                          struct str *ret_why);

/* --- storing (12) ----------------------------------------------------------------------------- */

/* Inside a unit. `log` takes the steps that were run (plan.h), in its arena; NULL: nobody asks. */

/* Writes the row and lets the table follow. view_select: of a view. Indexes that cannot be made are
 * items of the error. */
MUST_CHECK struct err *schema_save(struct arena *a, struct db_conn *tx,
                                   const struct schema_col *old, const struct schema_col *col,
                                   struct str view_select, struct schema_plan *log);
/* The view alone, if it is there; for a while, so no log has it. */
MUST_CHECK struct err *schema_drop_view(struct arena *a, struct db_conn *tx, struct str name);
/* Drops the table or view, the row, and what system collections hold of its records. */
MUST_CHECK struct err *schema_drop(struct arena *a, struct db_conn *tx, const struct schema *schema,
                                   const struct schema_col *col, struct schema_plan *log);

/* Views whose fields follow from the change of a collection, which is `col` now, are stored anew,
 * and those that select from them; one that cannot be is left alone. schema: before the change. */
MUST_CHECK struct err *schema_follow_views(struct arena *a, struct db_conn *tx,
                                           const struct schema *schema,
                                           const struct schema_col *col, int64_t now_ms,
                                           struct schema_plan *log);

/* --- answers ---------------------------------------------------------------------------------- */

/* The collection as the API shows it (2): without secrets. */
void schema_write_def(struct buf *out, const struct schema_def *def);
/* Its list of fields alone. */
void schema_write_fields(struct buf *out, const struct schema_def *def);

#endif
