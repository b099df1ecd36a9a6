/*
 * records/internal: what the files of records share. Private to this folder.
 */
#ifndef REEVE_RECORDS_INTERNAL_H
#define REEVE_RECORDS_INTERNAL_H

#include "base/map.h"
#include "records/records.h"

#define REC_ONLY_SUPERUSERS "Only superusers can perform this action."
#define REC_FAILED_CREATE "Failed to create record."
#define REC_FAILED_UPDATE "Failed to update record."
#define REC_FAILED_DELETE                                                  \
    "Failed to delete record. Make sure that the record is not part of a " \
    "required relation reference."

/* Between how many rows the limits of a request are looked at. */
#define REC_ROWS_A_CHECK 16
/* What writing rows may gather before it is thrown away. */
#define REC_SCRATCH_BYTES 65536
/* Ids in one question; a level of expand that needs more fails, as it does upstream. */
#define REC_MAX_IDS 32766

/* --- SQL of our own (sql.c) ------------------------------------------------------------------- */

/* A statement in the making: its text and its parameters, numbered as they are added. */
struct rec_sql {
    struct arena *a;
    const struct db_dialect *dialect;
    struct buf text;
    VEC(struct db_value) values;
};
void rec_sql_init(struct rec_sql *q, struct arena *a, const struct db_conn *conn);
void rec_sql_done(struct rec_sql *q);
static inline void auto_rec_sql_done(struct rec_sql *q)
{
    rec_sql_done(q);
}
#define AUTO_SQL __attribute__((cleanup(auto_rec_sql_done)))

#define REC_SQL(q, literal) BUF_ADD(&(q)->text, literal)
void rec_sql_ident(struct rec_sql *q, struct str name);
void rec_sql_column(struct rec_sql *q, struct str table, struct str name);
void rec_sql_param(struct rec_sql *q, struct db_value value);
/* <name> = ?, ASCII case ignored. */
void rec_sql_equal_nocase(struct rec_sql *q, struct str name, struct db_value value);
/* " = ?" or " IN (…)"; n > 0. */
void rec_sql_among(struct rec_sql *q, const struct str *ids, size_t n);
/* "SELECT <all fields> FROM <table> WHERE " */
void rec_sql_select(struct rec_sql *q, const struct schema_col *col);
MUST_CHECK struct err *rec_sql_prepare(struct rec_sql *q, struct db_conn *conn,
                                       struct db_stmt **ret);
MUST_CHECK struct err *rec_sql_exec(struct rec_sql *q, struct db_conn *conn, int64_t *ret_changes);
/* Whether there is a first row. */
MUST_CHECK struct err *rec_sql_exists(struct rec_sql *q, struct db_conn *conn, bool *ret);

/* --- rows (rec.c) ----------------------------------------------------------------------------- */

struct rec_rows {
    struct rec *items;
    size_t n, cap;
};

/* The statement's row as cells, borrowed until its next step. cells: one a field. */
void rec_borrow_row(const struct db_stmt *stmt, const struct schema_col *col,
                    struct db_value *cells);
/* E_BAD_REQUEST unless the row can be read. */
MUST_CHECK struct err *rec_check_readable(struct arena *a, const struct rec *rec);
/* The row as rec_borrow_row() has it, copied. */
struct rec rec_copy_row(struct arena *a, const struct db_stmt *stmt, const struct schema_col *col);
/* Compiles and prepares. */
MUST_CHECK struct err *rec_open(struct arena *a, struct db_conn *conn,
                                const struct query_spec *spec, struct db_stmt **ret);
/* All rows of a query for QUERY_ROWS, copied. E_BAD_REQUEST when one of them cannot be read. */
MUST_CHECK struct err *rec_read_all(struct arena *a, struct db_conn *conn,
                                    const struct query_spec *spec, struct rec_rows *ret);
/* A cell's items: of a select, relation or file. */
struct str_list rec_list_of(struct arena *a, const struct rec *rec,
                            const struct schema_field *field);
/* An error of the question that asks a rule, as the client reads it: where the rule is at fault,
 * which does not compile or ran past the query timeout, it is of the given kind. */
struct err *rec_rule_failed(struct arena *a, struct err *err, enum err_kind kind);
/* What every query of an actor starts from. */
struct query_spec rec_spec(struct db_conn *conn, const struct rec_actor *actor,
                           const struct schema_col *col);
struct value *rec_load(struct arena *a, const struct rec *rec);
struct db_value *rec_store(struct arena *a, const struct schema_col *col,
                           const struct value *values);
static inline bool rec_is_auth(const struct schema_col *col)
{
    return col->type == SCHEMA_AUTH;
}

/* --- rules (rules.c) -------------------------------------------------------------------------- */

/* The 403 of a null rule, or NULL. */
MUST_CHECK struct err *rec_check_rule(struct arena *a, const struct rec_actor *actor,
                                      const struct schema_rule *rule);
/* Nothing to ask: a superuser, or everyone may. */
bool rec_is_free(const struct rec_actor *actor, const struct schema_rule *rule);
/* rec_matches() of a record that this connection has just read and nobody has changed since. */
MUST_CHECK struct err *rec_row_matches(struct arena *a, struct db_conn *conn,
                                       const struct rec_actor *actor, const struct rec *rec,
                                       struct str rule, bool *ret);
/* Whether the rule's text holds for cells that are not stored yet. */
MUST_CHECK struct err *rec_virtual_matches(struct arena *a, struct db_conn *conn,
                                           const struct rec_actor *actor,
                                           const struct schema_col *col, struct str rule,
                                           const struct db_value *cells, bool *ret);
/* Whether the actor satisfies the collection's manage rule; cells NULL: for the stored row `id`. A
 * rule that cannot be compiled is satisfied by nobody. */
MUST_CHECK struct err *rec_manages(struct arena *a, struct db_conn *conn,
                                   const struct rec_actor *actor, const struct schema_col *col,
                                   struct str id, const struct db_value *cells, bool *ret);

/* --- JSON (row.c) ----------------------------------------------------------------------------- */

/* A member of a record's object: a field, or something constant. */
struct rec_key {
    const struct schema_field *field; /* NULL: text is the whole member */
    struct str text;                  /* `"name":` */
    bool is_expand;                   /* where "expand" stands, if there is one */
};

/* What is written for each record of a collection, in the order of keys. */
struct rec_plan {
    const struct schema_col *col;
    struct rec_key *keys;
    size_t n;
    const struct schema_field *email; /* written only where it is visible; NULL: no such field */
};
struct rec_plan *rec_plan_new(struct arena *a, const struct schema_col *col, bool superuser);

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
    struct query_hop hop;
    struct rec_level level;
    struct rec_rows rows;
    struct map by_id;    /* struct rec */
    struct map back_ids; /* of a back-relation: parent's id to struct str_list */
};

/* For writing many rows: scratch is reset between them. */
struct rec_writer {
    struct arena *scratch;
    struct db_conn *conn;
    struct buf *out;
    unsigned n_records;
};
void rec_writer_init(struct rec_writer *w, struct arena *a, struct db_conn *conn, struct buf *out);
/* Writes one record, which can be read, with its expands. Errors: the limits, and an answer that is
 * too large. */
MUST_CHECK struct err *rec_write_row(struct rec_writer *w, const struct rec_level *level,
                                     const struct db_value *cells);
/* An error when the answer has passed its ceiling. */
MUST_CHECK struct err *rec_check_full(struct arena *a, const struct buf *out);

/* --- expand (expand.c) ------------------------------------------------------------------------ */

/* Makes the level for rows: who manages them, and the expands of the raw parameter. */
MUST_CHECK struct err *rec_level_init(struct arena *a, struct db_conn *conn,
                                      const struct rec_actor *actor, const struct schema_col *col,
                                      const struct rec_rows *rows, struct str expand,
                                      struct rec_level *ret);
/* Whether rows must be known before the first is written. */
bool rec_level_needs_rows(const struct rec_actor *actor, const struct schema_col *col,
                          struct str expand);

/* --- submitted bodies (body.c) ---------------------------------------------------------------- */

enum rec_op { REC_OP_NONE, REC_OP_SET, REC_OP_APPEND, REC_OP_PREPEND, REC_OP_REMOVE };

/* One submitted key that names a field, converted. */
struct rec_edit {
    const struct schema_field *field;
    enum rec_op op;
    struct value value;    /* SET; a number's operand */
    struct str_list items; /* a list's operand */
    size_t key_length, at; /* order: shorter keys first, then as submitted */
};

struct rec_edits {
    struct rec_edit *items;
    size_t n, cap;
};

/* Hidden fields are for superusers; but everybody chooses a password. */
bool rec_may_set(const struct schema_col *col, const struct schema_field *field, bool superuser);
/* Which field a key names, with its modifier; NULL when none. */
const struct schema_field *rec_key_field(const struct schema_col *col, struct str key,
                                         enum rec_op *ret_op, bool *ret_generate);
/* Hidden fields are left out unless the actor is a superuser. body may be NULL. */
void rec_edits_parse(struct arena *a, const struct schema_col *col, const struct json *body,
                     bool superuser, struct rec_edits *ret);
void rec_edits_apply(struct arena *a, const struct rec_edits *edits, struct value *values);
/* The body as rules see it: the resolved values in place of what was submitted. */
const struct json *rec_resolved_body(struct arena *a, const struct schema_col *col,
                                     const struct json *body, bool superuser,
                                     const struct value *values);

/* --- patterns (match.c) ------------------------------------------------------------------------
 */

/* A text that was matched with its field's pattern. */
struct rec_match {
    const struct schema_field *field;
    struct str text;
    enum pattern_verdict verdict;
};
struct rec_matches {
    VEC(struct rec_match) items;
    size_t n_run;               /* of them: the first ones */
    bool slow;                  /* there is one among the others that is for a pool thread */
    struct rec_matches *shared; /* has the long ones; NULL: they are here */
};
/* Whether an update has to know texts that it does not set. */
bool rec_matches_need_row(const struct schema_col *col, const struct rec_edits *edits);
/* Adds the texts that the record will have as far as is known, but for those whose length is
 * refused anyway. old: the stored record; NULL: there is none, or it need not be known. */
void rec_matches_gather(struct arena *a, const struct schema_col *col,
                        const struct rec_edits *edits, bool update, const struct rec *old,
                        struct rec_matches *matches);
/* Whether some are left that are for a pool thread. */
bool rec_matches_pending(const struct rec_matches *matches);
/* E_GONE once *gone, which may be NULL. */
MUST_CHECK struct err *rec_matches_run(struct arena *a, struct rec_matches *matches,
                                       const atomic_bool *gone);
/* Tells values what is known of them. False: there is a text that nothing is known of, and that is
 * not for the writer to match. */
bool rec_matches_apply(const struct rec_matches *matches, const struct schema_col *col,
                       struct value *values);

/* --- uploads (uploads.c) ---------------------------------------------------------------------- */

struct rec_work;

/* A file that came for a field. */
struct rec_new_file {
    const struct rec_upload *from;
    const struct schema_field *field;
    enum rec_op op;
    struct field_upload file;
    bool stored;
};

struct rec_uploads {
    struct rec_new_file *items;
    size_t n;
    struct str col, rec; /* whose folder they are stored in */
};

/* Those for file fields that may be set. */
void rec_uploads_find(struct arena *a, const struct rec_request *request, bool superuser,
                      struct rec_uploads *ret);
/* Reads their types and gives them their names. Blocks. */
MUST_CHECK struct err *rec_uploads_look(struct arena *a, struct rec_uploads *uploads);
/* Adds what they do to the record; body: the texts that came with them. */
void rec_uploads_edit(struct arena *a, const struct rec_uploads *uploads, const struct json *body,
                      struct rec_edits *edits);
/* The body with their fields among its keys. */
const struct json *rec_uploads_body(struct arena *a, const struct rec_uploads *uploads,
                                    const struct json *body);
/* Stores what may become part of the record; values: what it will have, NULL: not known yet. What
 * is stored when this fails is for rec_uploads_discard(). Blocks. */
MUST_CHECK struct err *rec_uploads_store(struct arena *a, struct rec_uploads *uploads,
                                         struct file_store *store, struct str col, struct str rec,
                                         const struct value *values);
void rec_uploads_discard(struct rec_uploads *uploads, struct file_store *store);
/* All checks of a file field; items are added to *err. */
void rec_check_files(const struct rec_work *work, const struct schema_field *field,
                     struct err **err);
/* What the record names is stored. */
MUST_CHECK struct err *rec_uploads_check_stored(const struct rec_work *work);
bool rec_has_files(const struct schema_col *col);
/* In a unit, once the record is saved: files that it names no more go after the commit. */
void rec_files_replaced(const struct rec_work *work, struct file_store *store);
/* In a unit, before the rows are deleted: their files are to go. */
MUST_CHECK struct err *rec_files_deleted(struct arena *a, struct db_conn *tx,
                                         struct file_removal *files, const struct schema_col *col,
                                         struct str_list ids);

/* --- saving (check.c, system.c, reactions.c, save.c) ------------------------------------------ */

/* A record on its way into its table. */
struct rec_work {
    struct arena *a;
    struct db_conn *tx; /* NULL in checks that need no database */
    const struct schema *schema;
    const struct schema_col *col;
    const struct rec *old;          /* as stored; NULL: a new one */
    const struct value *old_values; /* of old */
    struct value *values;           /* one a field, as it shall be */
    int64_t now_ms;
    struct str token_key;              /* a fresh one, should it have to change */
    const struct db_value *cells;      /* what to store, when that is known already; else NULL */
    const struct rec_uploads *uploads; /* files that `values` may name; NULL: none */
};

/* Random texts for empty fields that have a pattern. */
void rec_fill_generated(struct arena *a, const struct schema_col *col, struct value *values);
/* Zero values, one a field. */
struct value *rec_zero(struct arena *a, const struct schema_col *col);
/* A token key as the collection's field describes it. */
struct str rec_new_token_key(struct arena *a, const struct schema_col *col);

/* A password that was submitted but cannot be hashed. */
bool rec_has_unhashed(const struct schema_col *col, const struct value *values);
bool rec_has_item(const struct err *err, struct str path);
/* The checks of every field that need no database: items are added to *err. */
void rec_check_fields(const struct rec_work *work, struct err **err);
/* Those that do. */
MUST_CHECK struct err *rec_check_stored(const struct rec_work *work, struct err **items);
/* What system collections ask of their records, once their fields are all right. */
MUST_CHECK struct err *rec_check_system(const struct rec_work *work, struct err **items);
/* Autodates and what is forced. */
void rec_stamp(const struct rec_work *work);
/* The token key before, the other collections' rows after an update. */
MUST_CHECK struct err *rec_react_before(const struct rec_work *work);
MUST_CHECK struct err *rec_react_after(const struct rec_work *work);
/* Rows of the four system collections that belong to these auth records. */
MUST_CHECK struct err *rec_forget_auth(struct arena *a, struct db_conn *tx,
                                       const struct schema *schema, const struct schema_col *col,
                                       const struct str *ids, size_t n);
/* An auth record's id must be nobody's in the other auth collections. */
MUST_CHECK struct err *rec_check_auth_id(const struct rec_work *work);

/* All of it in order, but for rec_check_fields(), whose findings are field_items (may be NULL), and
 * with every column written. On success *ret is the record as it was stored. */
MUST_CHECK struct err *rec_save(struct rec_work *work, const struct err *field_items,
                                struct rec **ret);
/* A stored record that has lost a reference (records.md 12): every column in normal form, autodates
 * moved, nothing validated. */
MUST_CHECK struct err *rec_save_normal(const struct rec_work *work);

/* --- forms of auth records (form.c) ------------------------------------------------------------
 */

/* What a body says about passwords, beside the record's own values (records.md 13.2). */
struct rec_form {
    struct str password, confirm, old_password;
};
void rec_form_parse(struct arena *a, const struct json *body, struct rec_form *ret);
/* Whether the old password has to be compared, unless the actor manages the record. */
bool rec_form_asks_old(const struct rec_form *form);
/* old_matches: the submitted old password is the stored one. Items are reported alone. */
void rec_form_check(const struct rec_work *work, const struct rec_form *form, bool manages,
                    bool old_matches, struct err **items);

/* --- versions (version.c) --------------------------------------------------------------------- */

/* E_PRECONDITION unless the stored record satisfies the request's condition. */
MUST_CHECK struct err *rec_check_condition(const struct rec_work *work,
                                           const struct rec_request *request,
                                           const struct rec *rec);
/* The version of the record as it is stored now; empty where the request has no condition. */
MUST_CHECK struct err *rec_version_now(const struct rec_work *work,
                                       const struct rec_request *request, struct str *ret);

/* --- deleting (remove.c) ---------------------------------------------------------------------- */

/* Whether a delete in it may delete in other collections. */
bool rec_cascades(const struct schema_col *col);

#endif
