/*
 * schema: collections and their fields as an immutable snapshot.
 *
 * schema_load() reads `_collections` into one arena; nothing in it changes afterwards, so any
 * thread may read a snapshot that it holds. The store publishes the current one under a generation
 * number (base/snapshot.h; design.md 4, freshness).
 *
 * Definitions: compat collections.md 2-4; storage: data-dir.md 3 and 5.
 */
#ifndef REEVE_SCHEMA_SCHEMA_H
#define REEVE_SCHEMA_SCHEMA_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/map.h"
#include "base/regex.h"
#include "base/snapshot.h"
#include "base/str.h"
#include "db/db.h"
#include "db/dialect.h"
#include "files/files.h"
#include "oauth/oauth.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- values of fields ------------------------------------------------------------------------ */

/* What a field holds, converted. Select, relation and file are always lists, single ones of at most
 * one item. Texts are borrowed or live in the arena they were made in. */
enum value_type {
    VALUE_TEXT,   /* text, editor, email, url, password (its hash), date, autodate */
    VALUE_NUMBER, /* may be NaN or ±Inf when that was submitted */
    VALUE_BOOL,
    VALUE_LIST,
    VALUE_JSON, /* raw JSON text; p NULL: SQL NULL */
    VALUE_GEO,
};

/* What a text's pattern says of it, where it was asked before. */
enum pattern_verdict { PATTERN_NOT_ASKED, PATTERN_FITS, PATTERN_FAILS };

struct value {
    enum value_type type;
    bool changed; /* password: `text` is a hash made from `plain`, submitted now */
    enum pattern_verdict pattern;
    union {
        struct str text;
        double number;
        bool truth;
        struct {
            struct str *items;
            size_t n;
        } list;
        struct {
            double lon, lat;
        } geo;
    };
    struct str plain; /* password: as submitted */
};

/* --- fields ---------------------------------------------------------------------------------- */

enum field_kind {
    FIELD_TEXT,
    FIELD_EDITOR,
    FIELD_NUMBER,
    FIELD_BOOL,
    FIELD_EMAIL,
    FIELD_URL,
    FIELD_DATE,
    FIELD_AUTODATE,
    FIELD_SELECT,
    FIELD_FILE,
    FIELD_RELATION,
    FIELD_JSON,
    FIELD_GEO,
    FIELD_PASSWORD,
};

struct str_list {
    struct str *items;
    size_t n;
};

struct schema_col;
struct field_type;

struct schema_field {
    struct str id;
    struct str name;
    struct str member; /* `"name":`, as JSON has it before the value; empty: not made */
    const struct field_type *type;
    bool system, hidden, presentable, required;
    bool absent; /* of a view: it has no such column (any more); rows hold NULL in its place */
    struct str help;
    unsigned at;   /* its place in the collection's fields; also the column of a row read for it */
    bool multiple; /* select, relation, file with maxSelect > 1 */
    union {
        struct {
            int64_t min, max; /* 0: none / the default */
            struct str pattern, autogenerate;
            /* NULL: no pattern, one that does not compile (nothing matches), or the default of
             * ids, which is looked at by hand */
            const struct regex *regex;
            bool primary_key;
        } text;
        struct {
            int64_t min, max, cost;
            struct str pattern;
            const struct regex *regex;
        } password;
        struct {
            int64_t max_size;
            bool convert_urls;
        } editor;
        struct {
            bool has_min, has_max, only_int;
            double min, max;
        } number;
        struct {
            struct str_list only, except;
        } domains; /* email, url */
        struct {
            struct str min, max; /* storage form, or empty */
        } date;
        struct {
            bool on_create, on_update;
        } autodate;
        struct {
            struct str_list values;
            int64_t max_select;
        } select;
        struct {
            int64_t max_select, max_size;
            struct str_list mime_types, thumbs;
            bool is_protected;
        } file;
        struct {
            struct str collection_id;
            const struct schema_col *target; /* NULL: the collection is gone */
            bool cascade_delete;
            int64_t min_select, max_select;
        } relation;
        struct {
            int64_t max_size;
        } json;
    };
};

/* One file per field type implements one of these; schema/fields.c lists them. */
struct field_type {
    enum field_kind kind;
    const char *name;
    enum db_col_type column;
    enum db_col_type column_multiple; /* where `multiple` is possible, else the same */
    enum value_type value;
    /* Options of a stored definition into the field; tolerant of missing keys. */
    struct err *(*read_options)(struct arena *a, const struct json *def,
                                struct schema_field *field);
    /* Submitted JSON to a value; never fails: bad input becomes a zero value (records.md 6). */
    struct value (*accept)(struct arena *a, const struct schema_field *field,
                           const struct json *in);
    /* Whether PocketBase can read the cell; if not, it never loads the row. NULL: any cell. `a` is
     * scratch. */
    bool (*is_readable)(struct arena *a, const struct schema_field *field, struct db_value cell);
    /* A stored cell to a value, normalised (data-dir.md 5.3). */
    struct value (*load)(struct arena *a, const struct schema_field *field, struct db_value cell);
    /* A value to what is stored. */
    struct db_value (*store)(struct arena *a, const struct schema_field *field,
                             const struct value *value);
    /* The checks that need no database (records.md 6); adds at most one item under field->name. Of
     * a primary key: for a create; an id that did not change is not checked. */
    void (*check)(struct arena *a, const struct schema_field *field, const struct value *value,
                  struct err **err);
    /* A stored cell as JSON, straight into the answer (records.md 5.2). `a` is scratch. */
    void (*write)(struct arena *a, struct buf *out, const struct schema_field *field,
                  struct db_value cell);
};

/* By the name that definitions have; NULL: there is no such type. */
const struct field_type *field_type_find(struct str name);
/* What a field without a value has; whether a value is as good as that (records.md 6). */
struct value field_zero(const struct schema_field *field);
bool field_value_is_zero(const struct value *value);
/* Whether two values of one field are the same. */
bool field_value_eq(const struct value *a, const struct value *b);
/* The value as a rule sees it in @request.body.<field>. */
struct json field_value_json(struct arena *a, const struct schema_field *field,
                             const struct value *value);
/* Whether a file field's value has only names that `old` has, too; else adds
 * validation_invalid_file (records.md 6.11, before the type's own check). */
bool field_check_files(struct arena *a, const struct schema_field *field, const struct value *value,
                       const struct value *old, struct err **err);
/* Of a text field's text, or of a password as it was submitted: whether it has a length that the
 * field's check lets pass; else its pattern is not asked. */
bool field_length_fits(const struct schema_field *field, struct str text);
/* A file that is to be stored under a name of the field's value. */
struct field_upload {
    struct str name;        /* as it will be stored */
    struct str client_name; /* as it came */
    uint64_t size;
    struct file_type type;
};
/* Its size and content type against the field's options; adds at most one item. */
void field_check_upload(struct arena *a, const struct schema_field *field,
                        const struct field_upload *upload, struct err **err);
/* Generic conversions, records.md 6.1 and 6.2. */
struct str field_json_text(struct arena *a, const struct json *in);
struct str_list field_json_list(struct arena *a, const struct json *in);
struct str_list str_list_unique(struct arena *a, struct str_list list); /* no empty, no duplicate */

/* --- collections ----------------------------------------------------------------------------- */

enum schema_type { SCHEMA_BASE, SCHEMA_AUTH, SCHEMA_VIEW };

/* NULL rules are for superusers only; empty ones for everyone. */
struct schema_rule {
    bool set;
    struct str text;
};

/* A stored index, parsed (collections.md 7). */
struct schema_index {
    struct str name;
    bool unique;
    struct str_list columns;    /* names or expressions, without collation and direction */
    struct str_list collations; /* one a column, upper case, or empty */
    struct str where;
    struct str normal;   /* normal form with the collection's table name */
    struct db_index def; /* the same, for a dialect's create_index() */
};

struct schema_token {
    struct str secret;
    int64_t duration_s;
};

enum schema_token_kind {
    TOKEN_AUTH,
    TOKEN_FILE,
    TOKEN_VERIFICATION,
    TOKEN_PASSWORD_RESET,
    TOKEN_EMAIL_CHANGE,
    TOKEN_KINDS,
};

/* The mails that an auth collection has words for (auth.md 15). */
enum schema_mail_kind {
    SCHEMA_MAIL_VERIFICATION,
    SCHEMA_MAIL_PASSWORD_RESET,
    SCHEMA_MAIL_EMAIL_CHANGE,
    SCHEMA_MAIL_OTP,
    SCHEMA_MAIL_ALERT,
    SCHEMA_MAIL_KINDS,
};

struct schema_mail {
    struct str subject, body; /* with placeholders; the body is HTML */
};

/* Signing in through other systems (auth.md 7, 9.4). */
struct schema_oauth2 {
    bool enabled;
    struct oauth_conf *providers; /* in their order */
    size_t n_providers;
    /* Names of fields that a new record gets something of its profile in; empty: none. */
    struct str id_field, name_field, username_field, avatar_field;
};

struct schema_auth {
    struct schema_rule auth_rule, manage_rule;
    struct schema_token tokens[TOKEN_KINDS];
    bool password_enabled;
    struct str_list identity_fields;
    bool mfa_enabled;
    int64_t mfa_duration_s;
    struct str mfa_rule;
    bool otp_enabled;
    int64_t otp_duration_s, otp_length;
    bool alerts_enabled; /* about logins from somewhere new */
    struct schema_mail mails[SCHEMA_MAIL_KINDS];
    struct schema_oauth2 oauth2;
    /* of every auth collection */
    const struct schema_field *password, *token_key, *email, *email_visibility, *verified;
};

struct schema_back { /* a relation field of another collection that points here */
    const struct schema_col *col;
    const struct schema_field *field;
};

struct schema_col {
    struct str id;
    struct str name;
    enum schema_type type;
    bool system;
    struct schema_rule list_rule, view_rule, create_rule, update_rule, delete_rule;
    struct schema_field *fields;
    size_t n_fields;
    const struct schema_field **by_name; /* fields sorted bytewise by name: answers' key order */
    struct map field_map;                /* exact name to field */
    const struct schema_field *id_field;
    struct schema_index *indexes;
    size_t n_indexes;
    struct schema_auth *auth;  /* NULL unless SCHEMA_AUTH */
    struct schema_back *backs; /* relations of others (and itself) to it, collections by name */
    size_t n_backs;
    struct str view_query;
    struct str created, updated;
    struct str options_json, fields_json, indexes_json; /* as stored */
    uint64_t record_body_limit;                         /* bytes (collections.md 4.15) */
    unsigned number;                                    /* its place in the snapshot */
    /* No collection but a table of the program's own: names in a filter are its columns and what is
     * in their JSON, no modifiers, no @request; a row is written as its fields, in their order. */
    bool is_plain;
    uint64_t code; /* of its definition as stored: another one as soon as that changes */
};

struct schema {
    struct snapshot snapshot;
    int64_t db_version;       /* db_schema_version() of the snapshot it was read in */
    struct schema_col **cols; /* rowid order */
    size_t n_cols;
    struct schema_col **by_name_order; /* sorted by name */
    struct map by_id;
    struct map by_name; /* lower-cased */
    const struct schema_col *superusers, *mfas, *otps, *external_auths, *auth_origins;
    const struct schema_col *logs; /* plain: `_logs`, which is in another database; not in cols */
};

/* Reads everything; the reference is the caller's. Errors name what this version does not know (an
 * unknown field type, an unknown column) in `cause`. */
MUST_CHECK struct err *schema_load(struct arena *a, struct db_conn *conn, struct schema **ret);

/* Of one file of a file field. */
int64_t field_most_bytes(const struct schema_field *field);

/* By id (exact), else by name (ASCII case ignored); NULL when there is none. */
const struct schema_col *schema_find(const struct schema *schema, struct str name_or_id);
/* By its exact name; NULL when there is none. */
const struct schema_field *schema_field(const struct schema_col *col, struct str name);
/* The field of a base or auth collection, through views of views, that a view's field of that name
 * is taken from as it is. NULL: it is an expression, or its source is not there any more. */
const struct schema_field *schema_view_source(struct arena *a, const struct schema *schema,
                                              const struct schema_col *view, struct str name,
                                              const struct schema_col **ret_col);
/* Whether no id of a view comes twice, as its query says; false where that cannot be told. `a` is
 * for what is needed on the way. Any thread. */
bool schema_view_is_unique(struct arena *a, const struct schema *schema,
                           const struct schema_col *view);
/* Whether a single-column unique index without expression covers the field; ret_nocase (may be
 * NULL): it is COLLATE NOCASE. */
bool schema_is_unique(const struct schema_col *col, struct str field, bool *ret_nocase);

/* --- the store ------------------------------------------------------------------------------- */

/* struct schema_store, and schema_ref() to schema_return(): base/snapshot.h. */
SNAPSHOT_STORE(schema);
/* Inside a snapshot or a unit, before anything is done there: E_STALE unless `schema` is the one
 * published last and that of the database, which another process may have changed. One that was
 * never published (tests, the command line) is taken as it is. Any thread that has conn. */
MUST_CHECK struct err *schema_check_fresh(struct arena *a, const struct schema *schema,
                                          const struct db_conn *conn);

/* --- a new data directory -------------------------------------------------------------------- */

/* On the write connection, leased: makes an empty data.db what PocketBase v0.40 would have made
 * (data-dir.md 3, 8, 9), or checks that an existing one is one that we can serve: unknown columns
 * of `_collections` or `_params` and directories before v0.23 are errors that name them. Adds
 * missing system migrations' effects and rows. A db_unit_fn: `in` is struct schema_bootstrap. */
struct schema_bootstrap {
    int64_t now_ms;
    struct str settings_json; /* the default settings row, for a fresh directory */
    bool settings_sealed;     /* it is the text that settings_seal() made */
};
struct err *schema_bootstrap_data(struct db_conn *tx, const void *in, struct arena *a,
                                  void **ret_out);
/* The same for auxiliary.db. `in` is struct schema_bootstrap; its settings are not used. */
struct err *schema_bootstrap_auxiliary(struct db_conn *tx, const void *in, struct arena *a,
                                       void **ret_out);
/* Whether data.db needs schema_bootstrap_data() to write anything; reads only, and makes the checks
 * above, so that a directory that is refused is not touched. */
MUST_CHECK struct err *schema_needs_bootstrap(struct arena *a, struct db_conn *conn, bool *ret);

#endif
