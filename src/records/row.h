/*
 * records/row: rows to JSON. Private to this folder.
 *
 * A level says how the records of one collection are written, and what hangs on them; expand.c
 * makes it, a writer writes by it.
 */
#ifndef REEVE_RECORDS_ROW_H
#define REEVE_RECORDS_ROW_H

#include "base/map.h"
#include "query/picker.h"
#include "records/rows.h"

/* What of a record is written. */
struct rec_shape {
    struct str expand;                 /* the raw parameter; may be empty */
    const struct query_picker *picker; /* NULL: all of it, as it is stored */
};

/* A member of a record's object: a field, or something constant. */
struct rec_key {
    const struct schema_field *field; /* NULL: text is the whole member */
    const struct query_pick *pick;    /* of the value; NULL: it is written as it is */
    struct str text;                  /* `"name":` */
    bool is_expand;                   /* where "expand" stands, if there is one */
};

/* What is written for each record of a collection, in the order of keys. */
struct rec_plan {
    const struct schema_col *col;
    struct rec_key *keys; /* those that are picked */
    size_t n;
    const struct schema_field *email;   /* written only where it is visible; NULL: it never is */
    const struct query_picker *expands; /* of the members of "expand"; NULL: all of them */
};
/* superuser: hidden fields are written, too. picker: of the record's members; NULL: all. */
struct rec_plan *rec_plan_new(struct arena *a, const struct schema_col *col, bool superuser,
                              const struct query_picker *picker);

struct rec_branch;

/* Records of one collection that are written alike, and what hangs on them. */
struct rec_level {
    const struct rec_actor *actor;
    const struct rec_plan *plan;
    bool emails_shown;        /* of all of them */
    struct map managed;       /* ids whose e-mail the manage rule shows */
    struct rec_branch **kept; /* expands that did not fail, by name; none: no "expand" */
    size_t n_kept;
};

/* One segment of an expand, fetched for all records of its parent's level. */
struct rec_branch {
    struct str name;
    bool is_left_out; /* not picked: resolved like the others, but not written */
    struct query_hop hop;
    struct rec_level level;
    struct rec_rows rows;
    struct map by_id;    /* struct rec */
    struct map back_ids; /* of a back-relation: parent's id to struct str_list */
};

/* What a record of the level above points to in this branch; back_ids are found by then. */
struct str_list rec_branch_ids(struct arena *a, const struct rec_branch *branch,
                               const struct rec *rec);

/* For writing many rows: scratch is reset between them. */
struct rec_writer {
    struct arena *scratch; /* a child of the arena it was made with */
    struct db_conn *conn;
    struct buf *out;
    unsigned n_records;
    size_t checked; /* bytes of `out` when the limits were last looked at */
};
/* conn is asked for the limits only; NULL: there are none. */
/* Writes one record, which can be read, with its expands. Errors: the limits, and an answer that is
 * too large. */
MUST_CHECK struct err *rec_write_row(struct rec_writer *w, const struct rec_level *level,
                                     const struct db_value *cells);
/* Parts of it, for other forms: what a key with a field has as its value; whether the record's
 * e-mail is left out; and, once a row is written, the same errors. */
MUST_CHECK struct err *rec_write_value(struct rec_writer *w, const struct rec_key *key,
                                       struct db_value cell);
bool rec_hides_email(struct rec_writer *w, const struct rec_level *level, const struct rec *rec);
MUST_CHECK struct err *rec_end_row(struct rec_writer *w);
/* An error when the answer has passed its ceiling. */
MUST_CHECK struct err *rec_check_full(struct arena *a, const struct buf *out);

#endif
