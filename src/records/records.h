/*
 * records: list, view, create, update, delete; rules; validation; row to JSON; expand.
 *
 * Behaviour: compat records.md. Everything here takes a connection and never asks whether it is a
 * reader or a unit's. Answers are written as JSON text.
 */
#ifndef REEVE_RECORDS_RECORDS_H
#define REEVE_RECORDS_RECORDS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "db/db.h"
#include "events/events.h"
#include "files/files.h"
#include "query/picker.h"
#include "query/query.h"
#include "schema/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- a record -------------------------------------------------------------------------------- */

/* A stored row: one cell a field, in the collection's order. Lives in the arena it was read into.
 */
struct rec {
    const struct schema_col *col;
    const struct db_value *cells;
};

/* With its texts, in `a`; NULL is fine. */
struct rec *rec_copy(struct arena *a, const struct rec *rec);
/* Empty where the cell is no text; borrowed from the record. */
struct str rec_id(const struct rec *rec);
/* A field's cell as text, number, truth: normalised (data-dir.md 5.3). */
struct str rec_text(struct arena *a, const struct rec *rec, const struct schema_field *field);
bool rec_truth(struct arena *a, const struct rec *rec, const struct schema_field *field);
struct value rec_value(struct arena *a, const struct rec *rec, const struct schema_field *field);

/* Whether every cell can be read. PocketBase never loads a row with one that cannot (a geoPoint
 * that is no point): to clients there is no such record. Most collections have no field to ask. */
bool rec_is_readable(struct arena *a, const struct rec *rec);
/* *ret NULL when there is no such row, or it cannot be read. By id, exactly; or by one field's
 * text.
 */
MUST_CHECK struct err *rec_find(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                                struct str id, struct rec **ret);
MUST_CHECK struct err *rec_find_by(struct arena *a, struct db_conn *conn,
                                   const struct schema_col *col, const struct schema_field *field,
                                   struct str text, bool nocase, struct rec **ret);
/* rec_find(), but a row that cannot be read is found, too. */
MUST_CHECK struct err *rec_find_row(struct arena *a, struct db_conn *conn,
                                    const struct schema_col *col, struct str id, struct rec **ret);

/* --- where it happens ------------------------------------------------------------------------ */

struct rec_feed;

/* What everything works with that is done to records. By value: it is five words. */
struct rec_scope {
    const struct schema *schema;
    int64_t now_ms;              /* what @now and its like mean, and what autodates get */
    struct file_store *files;    /* NULL: files of records are left alone */
    const struct events *events; /* NULL: nobody listens */
    struct rec_feed *feed;       /* NULL: nobody follows (records/feed.h) */
};

/* What the events of a record carry (events.h). Rows as cells, before and after; those that
 * listeners may change as values. */
struct rec_event {
    const struct rec_scope *scope;
    const struct rec_actor *actor; /* who asks; NULL: nobody, it is written from inside */
    const struct schema_col *col;
    const struct rec *old; /* as it was; NULL of a create */
    struct value *values;  /* as it shall be, one a field, until it is written; NULL of a delete */
    const struct rec *now; /* as it is stored, once it is; NULL of a delete */
    const struct err *failed; /* EVENT_FAILED: why */
};

/* --- who acts -------------------------------------------------------------------------------- */

struct rec_actor {
    struct rec_scope scope;
    const struct rec *auth; /* NULL: a guest; auth->col is an auth collection */
    bool superuser;
    struct query_request request; /* context, method, query, headers, auth_*; body per operation */
};

/* Fills request.auth_* and superuser from auth (may be NULL). */
void rec_actor_set_auth(struct arena *a, struct rec_actor *actor, const struct rec *auth);
/* Whom "COLLECTION/ID" names, a collection by its name or id. *ret NULL: no record of an auth
 * collection. */
MUST_CHECK struct err *rec_find_caller(struct arena *a, struct db_conn *conn,
                                       const struct schema *schema, struct str which,
                                       struct rec **ret);

/* What is known of the row that a record was, for all questions about it in one snapshot; zeroed:
 * nothing yet. */
struct rec_stored {
    bool is_known, is_same;
};
/* Whether the record is one that the actor may see by the rule, and a filter of its client's finds
 * (empty: none): as far as its cells tell, else QUERY_CANNOT. stored not NULL: the database is
 * asked then, in the snapshot of conn, of the record as it is given, whatever it is by now. rec
 * NULL: it is not there, and seen only by who needs not be asked. Errors: E_BAD_REQUEST,
 * E_FORBIDDEN: the filter, or the rule, is none. */
MUST_CHECK struct err *rec_sees(struct arena *a, struct db_conn *conn, struct rec_stored *stored,
                                const struct rec_actor *actor, const struct schema_col *col,
                                const struct rec *rec, const struct schema_rule *rule,
                                struct str filter, enum query_verdict *ret);

/* --- reading --------------------------------------------------------------------------------- */

/* Raw query parameters; p NULL: absent. */
struct rec_list_params {
    struct str page, per_page, skip_total, filter, sort, expand;
    struct str cursor, from;           /* where a list by cursor goes on, or begins */
    struct str group_by, aggregate;    /* not of records, but of groups of them */
    const struct query_picker *picker; /* of each item; NULL: all of it, as it is stored */
};

/* A page of a search result (records.md 9). */
struct rec_page {
    int64_t page, per_page, offset;
    bool skip_total;
    bool by_cursor;        /* told are also the cursors of the page behind it and before it */
    struct str next, prev; /* p NULL: there is none */
};
/* Errors: E_BAD_REQUEST for what is no number or bool. */
MUST_CHECK struct err *rec_page_read(struct arena *a, const struct rec_list_params *params,
                                     struct rec_page *ret);
/* From the end of the list of items to that of the result. total below 0: not counted. */
void rec_page_write(struct buf *out, const struct rec_page *page, int64_t total);

/* GET …/records: writes the search result (records.md 9). Rules, restrictions and errors as in
 * records.md 4. */
MUST_CHECK struct err *rec_list(struct arena *a, struct db_conn *conn,
                                const struct rec_actor *actor, const struct schema_col *col,
                                const struct rec_list_params *params, struct buf *out);
/* The whole of a list, however many rows, told in parts; between them nothing is held, so each part
 * is of its own moment: rows that were there all the time come once. */
enum rec_format {
    REC_NDJSON, /* a record a line, as lists have them */
    REC_CSV     /* RFC 4180: a line of names first; texts as they are, lists and JSON as JSON */
};
struct rec_export;
/* Checks of a list, and of what a format cannot tell: E_BAD_REQUEST for the client. params: filter,
 * sort, expand, picker and from count; what they point to lives as long as `a`, as does *ret.
 * actor and col are borrowed for the call. */
MUST_CHECK struct err *rec_export_new(struct arena *a, struct db_conn *conn,
                                      const struct rec_actor *actor, const struct schema_col *col,
                                      const struct rec_list_params *params, enum rec_format format,
                                      struct rec_export **ret);
/* Appends the next rows until `out` has `bytes` bytes or there are none: *ret_more false. actor:
 * the same, by the schema that is current. On an error `out` is what it was before, and the next
 * call tries the same; E_BAD_REQUEST where the collection is not what it was. Nothing of it stays
 * in `a`. */
MUST_CHECK struct err *rec_export_next(struct arena *a, struct db_conn *conn,
                                       const struct rec_actor *actor, struct rec_export *export,
                                       size_t bytes, struct buf *out, bool *ret_more);

/* How many rows of a list there are of each hour of a date field of theirs, as a JSON list
 * [{"date","total"}], the oldest first. Errors: of the filter, E_BAD_REQUEST. */
MUST_CHECK struct err *rec_hours(struct arena *a, struct db_conn *conn,
                                 const struct rec_actor *actor, const struct schema_col *col,
                                 struct str field, struct str filter, struct buf *out);

/* GET …/records/{id}. expand: the raw parameter; picker: NULL: all of it, as it is stored. */
MUST_CHECK struct err *rec_view(struct arena *a, struct db_conn *conn,
                                const struct rec_actor *actor, const struct schema_col *col,
                                struct str id, struct str expand, const struct query_picker *picker,
                                struct buf *out);

enum rec_write_flags {
    REC_EMAIL_SHOWN = 1, /* auth answers: the e-mail whatever its visibility */
};
/* The record as the actor may see it, expanded and picked (NULL: everything), as a text in `a`. */
MUST_CHECK struct err *rec_show(struct arena *a, struct db_conn *conn,
                                const struct rec_actor *actor, const struct rec *rec,
                                struct str expand, const struct query_picker *picker,
                                struct str *ret);
/* Whether that asks the database; else conn need be in no snapshot. */
bool rec_show_asks(const struct rec_actor *actor, const struct schema_col *col, struct str expand);
/* One record as the actor may see it, with its expands (raw parameter, may be empty). */
MUST_CHECK struct err *rec_write(struct arena *a, struct db_conn *conn,
                                 const struct rec_actor *actor, const struct rec *rec,
                                 struct str expand, unsigned flags, struct buf *out);

/* Whether the stored record satisfies a rule's text (empty: yes), asked by the actor. */
MUST_CHECK struct err *rec_matches(struct arena *a, struct db_conn *conn,
                                   const struct rec_actor *actor, const struct schema_col *col,
                                   struct str id, struct str rule, bool *ret);

/* --- stored files --------------------------------------------------------------------------- */

/* A file that a client asks for by a record's id and a name (services.md 3.1). */
struct rec_file {
    const struct rec *rec;            /* as it was asked for; of a view, too */
    const struct schema_field *field; /* of its collection, whose options count */
    struct file_key key;              /* behind a view: of the record that the file belongs to */
};
/* E_NOT_FOUND where there is no such record, or none of its file fields has the name; the file
 * itself is not looked at. *ret borrows from `name` and the schema. */
MUST_CHECK struct err *rec_file_find(struct arena *a, struct db_conn *conn,
                                     const struct schema *schema, const struct schema_col *col,
                                     struct str id, struct str name, struct rec_file *ret);
/* For a protected one: E_NOT_FOUND unless the view rule lets the actor see the record. */
MUST_CHECK struct err *rec_file_check(struct arena *a, struct db_conn *conn,
                                      const struct rec_actor *actor, const struct rec_file *file);

/* A name that a file field of a record holds; texts live where they were read into. */
struct rec_name {
    struct str id;
    const struct schema_field *field;
    struct str name;
};
struct rec_names {
    struct rec_name *items;
    size_t n, cap;
    struct str last; /* the id of the last record; p NULL: there was none */
};
/* All that a record names, be it one that cannot be read; none where there is no such record. */
MUST_CHECK struct err *rec_names_of(struct arena *a, struct db_conn *conn,
                                    const struct schema_col *col, struct str id,
                                    struct rec_names *ret);
/* What the next `rows` records name, in the order of their ids: from the first one behind `after`,
 * which is empty at first. */
MUST_CHECK struct err *rec_names_after(struct arena *a, struct db_conn *conn,
                                       const struct schema_col *col, struct str after,
                                       unsigned rows, struct rec_names *ret);
/* Takes a name out of its field as a superuser's update with "<field>-" does: errors are the
 * update's, E_STALE where scope->schema is not the database's. Leased: not in a unit, and it
 * waits. */
MUST_CHECK struct err *rec_drop_name(struct arena *a, struct db *db, const struct rec_scope *scope,
                                     const struct schema_col *col, const struct rec_name *name);

/* --- versions -------------------------------------------------------------------------------- */

/* Length of a version's text: base64url, so it needs no quoting in an entity tag. */
#define REC_VERSION_LEN 16

/*
 * The version of a stored row, from its cells as they were read and its collection's definition:
 * another one as soon as either changes. It is keyed with a secret of the data directory, since it
 * covers fields that the client may not see and could otherwise guess. Any thread.
 */
struct str rec_version(struct arena *a, const struct schema *schema, const struct rec *rec);

/* An entity tag (RFC 9110 8.8.3), and those of If-Match or If-None-Match. */
struct rec_tag {
    struct str text; /* without its quotes; ours begin with the row's version */
    bool is_weak;
};
struct rec_tags {
    bool sent; /* the request has the header, with a value */
    bool any;  /* '*' */
    struct rec_tag *items;
    size_t n, cap;
};
/* What a request demands of what it is about (RFC 9110 13.1). One that demands nothing still asks
 * for the tag. */
struct rec_condition {
    struct rec_tags match, none_match;
};
/* Whether it demands anything; NULL: no. */
bool rec_condition_compares(const struct rec_condition *condition);
/* For a write of what has that version; empty: of what is not there yet, which no If-Match names.
 * E_PRECONDITION unless the condition, which may be NULL, is satisfied. */
MUST_CHECK struct err *rec_condition_check(struct arena *a, const struct rec_condition *condition,
                                           struct str version);
/* Whether one of the tags is of that version; or, `whole`, is that text. strong: weak ones are
 * not. */
bool rec_tags_have(const struct rec_tags *tags, struct str text, bool whole, bool strong);

/* --- writing --------------------------------------------------------------------------------- */

enum rec_action { REC_CREATE, REC_UPDATE, REC_DELETE };

/*
 * A write that was parsed and converted: what does not need the database is done, ids, clock and
 * random texts are fixed, so that rec_draft_run() may run any number of times. Lives in the
 * request's arena with everything it points to; read-only once prepared.
 */
struct rec_draft;

/*
 * A file that came with a body: it lies in memory, or in a temporary file, which is removed with
 * its request.
 * Only keys of file fields count: `field`, `field+`, `+field`; others are left alone.
 */
struct rec_upload {
    struct str key;
    struct str name; /* the client's, without its directory part; not empty */
    struct file_content content;
};

struct rec_request {
    enum rec_action action;
    const struct rec_actor *actor;
    const struct schema_col *col;
    const struct schema_rule *rule; /* it is judged by; NULL: the collection's */
    struct str id;                  /* update, delete */
    const struct json *body;        /* an object, or NULL: empty. Of delete: feeds @request.body */
    struct str expand;              /* raw parameter */
    const struct query_picker *picker; /* of the answer; NULL: all of it, as it is stored */
    const struct rec_upload *uploads;  /* beside the body's values; n_uploads of them */
    size_t n_uploads;
    /* compared inside the unit, once the rule is satisfied. NULL: none, and the answer tells no
     * version */
    const struct rec_condition *condition;
    /* Of an auth record: nobody has chosen the body's password, so its field's rules are not for
     * it. */
    bool password_is_random;
    bool is_leased; /* the unit will be: it may take its time */
    /* A batch's, which its drafts share: what one of them writes, another may find. NULL: none */
    struct rec_matches *matches;
    const atomic_bool *gone; /* the client has left; may be NULL */
};

/* Texts that were matched with their fields' patterns. */
struct rec_matches;
/* shared: what several have in common; may be NULL. Not freed by itself. */
struct rec_matches *rec_matches_new(struct arena *a, struct rec_matches *shared);

/* The checks of records.md 4 up to the null rule, and the conversion of the body (modifiers are
 * applied inside the unit, on the current row). */
MUST_CHECK struct err *rec_draft_new(struct arena *a, const struct rec_request *request,
                                     struct rec_draft **ret);
/* In the read transaction in which the actor was identified: what is compared with an oldPassword,
 * and texts that patterns are matched with, are read. Where the unit finds another hash it is
 * E_STALE; another text is matched there, but a long one only once the unit is leased
 * (E_OVER_BUDGET). */
MUST_CHECK struct err *rec_draft_read(struct arena *a, struct db_conn *conn,
                                      struct rec_draft *draft);
/* What a draft has before it, in this order. */
enum rec_next {
    /* rec_draft_go_on(), on a pool thread without a snapshot or a unit: */
    REC_HASH,  /* passwords are hashed, or compared */
    REC_LOOK,  /* uploads are looked into; their names are fixed from then on */
    REC_MATCH, /* texts are matched with patterns, which may take a while */
    REC_JUDGE, /* rec_draft_judge(); never where the unit is leased: it may be about what others in
                  it will have written */
    REC_STORE, /* rec_draft_go_on(): uploads are stored; nothing that will be refused for its size
                  or type */
    /* it is complete: */
    REC_HEARD,  /* somebody listens: rec_draft_run_heard() */
    REC_LEASED, /* a delete whose collection others reference: rec_draft_run(), leased */
    REC_RUN,    /* rec_draft_run() */
};
enum rec_next rec_draft_next(const struct rec_draft *draft);
MUST_CHECK struct err *rec_draft_go_on(struct arena *a, struct rec_draft *draft);
/* Of a draft with uploads, before they are stored, in a read transaction: what the unit will first
 * say, is there such a record, may the actor do this, does its condition hold. */
MUST_CHECK struct err *rec_draft_judge(struct arena *a, struct db_conn *conn,
                                       struct rec_draft *draft);
/* When the unit has failed or is not run: removes what REC_STORE has stored. Any thread that
 * may block; doing it twice, or for a draft without files, is fine. */
void rec_draft_discard(struct rec_draft *draft);
/* The unit of work (db_unit_fn): in is a const struct rec_draft *. *ret_out: struct rec_written *.
 */
struct rec_written {
    struct str body;       /* the answer's JSON text; empty after a delete */
    struct str version;    /* where the request had a condition, but for a delete; else empty */
    const struct rec *now; /* as it was stored; NULL after a delete */
};
struct err *rec_draft_run(struct db_conn *tx, const void *in, struct arena *a, void **ret_out);
/* What somebody listens to: in a unit that the caller has leased, rec_draft_run() has listeners run
 * inside of it. This runs them outside of any transaction, and the unit among them, for which it
 * waits. *ret in any case: what the unit has left, once it is committed, which an error may follow;
 * NULL: it is not, without an error where a listener has kept it from that. On a pool thread
 * without a snapshot or a unit; E_STALE before the first listener only. */
MUST_CHECK struct err *rec_draft_run_heard(struct arena *a, struct db *db,
                                           const struct rec_draft *draft, struct rec_written **ret);

/* --- trying a rule ---------------------------------------------------------------------------- */

enum rec_try_action {
    REC_TRY_LIST,
    REC_TRY_VIEW,
    REC_TRY_CREATE,
    REC_TRY_UPDATE,
    REC_TRY_DELETE,
    REC_TRY_MANAGE, /* as an update asks it */
    REC_TRY_AUTH,   /* the actor is who logs in, and not the record yet */
};
/* The collection's own; NULL: it has none for that. */
const struct schema_rule *rec_try_rule(const struct schema_col *col, enum rec_try_action action);

/* May the actor do this, by that rule? What it points to lives until the answer is there. */
struct rec_try {
    enum rec_try_action action;
    const struct rec_actor *actor; /* its body is `body` */
    const struct schema_col *col;
    const struct schema_rule *rule;
    struct str id;           /* of a record that is there; not of a list, or a create */
    const struct json *body; /* an object, or NULL */
    const atomic_bool *gone; /* the client has left; may be NULL */
    /* rec_try_begin()'s: rec_draft_go_on() where rec_draft_next() is REC_HASH or REC_MATCH, then
     * rec_try_run(). NULL: there is nothing to prepare. */
    struct rec_draft *draft;
};

/* A comparison of the rule, or a group of them, by itself: what it says beside others about a
 * record among many may be another matter. */
struct rec_try_part {
    struct str text;
    bool is_or; /* how it joins what stands before it; false for the first */
    /* QUERY_CANNOT: it was not asked, or `why` says what was wrong. Of lists always. */
    enum query_verdict value;
    int64_t matches; /* of lists: so many records, and `more`; below 0: it was not asked */
    bool more;
    struct str why;             /* it gave no answer; else empty */
    struct rec_try_part *parts; /* of a group */
    size_t n;
};

struct rec_tried {
    bool allowed;
    struct str reason; /* a sentence for people */
    struct str_list
        ids; /* of a list: the first that match; else the record, where it may be done */
    int64_t total;
    /* the statement of the whole rule; sql.p NULL: nothing was to be asked */
    struct str sql;
    const struct db_value *values;
    unsigned n_values;
    uint64_t elapsed_us;
    struct db_plan plan;
    struct rec_try_part *parts;
    size_t n_parts;
};

/* Both in a read transaction; nothing is written, and nobody who listens is told. A create and an
 * update are judged by what judges them in their unit, before it writes: a create's row is one of
 * values in a statement. Errors: `timed_out` where the rule takes too long. */
MUST_CHECK struct err *rec_try_begin(struct arena *a, struct db_conn *conn,
                                     struct rec_try *question);
MUST_CHECK struct err *rec_try_run(struct arena *a, struct db_conn *conn,
                                   const struct rec_try *question, struct rec_tried *ret);

/* The superuser of a first start (data-dir.md 10); creating any other one removes it. */
#define REC_INSTALLER_EMAIL STR("__pbinstaller@example.com")

/* --- writing from inside --------------------------------------------------------------------- */

/* No rules, no actor: for the command line and the auth flows. All validation and all reactions of
 * records.md 8 and 13.4 apply; errors carry items. */
struct rec_set {
    struct str field;
    struct value value;
};
/* Chance of a unit, fixed before it: however often it runs, it writes the same. */
struct rec_fixed {
    const struct schema_col *col;
    struct value *values; /* of a new record: generated texts, nothing else */
    struct str token_key; /* of an auth record, should it have to change */
};
/* Outside of the unit; lives in `a`. */
struct rec_fixed rec_fix(struct arena *a, const struct schema_col *col);
/* A new record of fixed->col. */
MUST_CHECK struct err *rec_insert(struct arena *a, struct db_conn *tx,
                                  const struct rec_scope *scope, const struct rec_fixed *fixed,
                                  const struct rec_set *sets, size_t n, struct rec **ret);
/* rec is one of fixed->col. */
MUST_CHECK struct err *rec_change(struct arena *a, struct db_conn *tx,
                                  const struct rec_scope *scope, const struct rec_fixed *fixed,
                                  const struct rec *rec, const struct rec_set *sets, size_t n,
                                  struct rec **ret);
/* With relation integrity and cascade (records.md 12); the files of what is deleted are added to
 * `files`, NULL: they stay. */
MUST_CHECK struct err *rec_remove(struct arena *a, struct db_conn *tx,
                                  const struct rec_scope *scope, struct file_removal *files,
                                  const struct rec *rec);
/* In a unit whose arena is a: what is added to it is removed once the unit is committed. NULL when
 * there is no store. */
struct file_removal *rec_files_to_go(struct arena *a, struct db_conn *tx, struct file_store *store,
                                     struct blob_place *place);

#endif
