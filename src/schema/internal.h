/*
 * schema/internal: what the files of this folder share.
 */
#ifndef REEVE_SCHEMA_INTERNAL_H
#define REEVE_SCHEMA_INTERNAL_H

#include "base/limits.h"
#include "schema/schema.h"

/* --- field types ----------------------------------------------------------------------------- */

extern const struct field_type field_text, field_editor, field_number, field_bool, field_email,
    field_url, field_date, field_autodate, field_select, field_file, field_relation, field_json,
    field_geo, field_password;

/* --- options of a stored definition ---------------------------------------------------------- */

enum field_opt_type {
    OPT_BOOL,
    OPT_INT,
    OPT_TEXT,
    OPT_LIST,
    OPT_DOUBLE, /* null is none: `at_has` is the flag beside it */
    OPT_DATE,   /* any date text, kept in storage form */
};

/* One option: where a key's value goes inside struct schema_field. */
struct field_opt {
    const char *key;
    enum field_opt_type type;
    size_t at;
    size_t at_has;
};

#define FIELD_AT(member) offsetof(struct schema_field, member)

/* Missing keys and null are zero values; a value of the wrong type is an error that names it. */
MUST_CHECK struct err *field_read_opts(struct arena *a, const struct json *def,
                                       struct schema_field *field, const struct field_opt *opts,
                                       size_t n);
/* For types without options of their own. */
MUST_CHECK struct err *field_no_opts(struct arena *a, const struct json *def,
                                     struct schema_field *field);
/* maxSelect of select, file and relation is read: `multiple` follows from it. */
int64_t field_max_select(const struct schema_field *field, int64_t max_select);

/* --- conversions ----------------------------------------------------------------------------- */

/* A cell of any type as the text that PocketBase's driver makes of it. NULL gives an empty one. */
struct str cell_text(struct arena *a, struct db_value cell);
/* The text of a JSON string array; any other text is one item (data-dir.md 5.3). Items are as they
 * stand there: empty ones and duplicates included. Empty text: no items. */
struct str_list text_list(struct arena *a, struct str text);
/* Where the first byte from s.p[at] on is that JSON does not call a space; s.n: there is none. */
size_t skip_json_space(struct str s, size_t at);
/* Compact JSON array of texts: as a text, and into a buffer. */
struct str list_json(struct arena *a, struct str_list list);
void list_write(struct buf *out, struct str_list list);
/* What a buf holds, in the arena; frees the buf. */
struct str buf_take(struct arena *a, struct buf *buf);

/* A value of type VALUE_TEXT; the text is borrowed. */
struct value value_text(struct str text);

/* Of types whose value is a text stored as it is. */
struct value text_accept(struct arena *a, const struct schema_field *field, const struct json *in);
struct value text_load(struct arena *a, const struct schema_field *field, struct db_value cell);
struct db_value text_store(struct arena *a, const struct schema_field *field,
                           const struct value *value);
void text_write(struct arena *a, struct buf *out, const struct schema_field *field,
                struct db_value cell);

/* Of types whose value is a list: select, file, relation. */
struct value items_accept(struct arena *a, const struct schema_field *field, const struct json *in);
struct value items_load(struct arena *a, const struct schema_field *field, struct db_value cell);
struct db_value items_store(struct arena *a, const struct schema_field *field,
                            const struct value *value);
void items_write(struct arena *a, struct buf *out, const struct schema_field *field,
                 struct db_value cell);
/* The items that checks look at: a single one is taken apart once more when it is a JSON array. */
struct str_list items_to_check(struct arena *a, const struct schema_field *field,
                               const struct value *value);

/* --- checks ---------------------------------------------------------------------------------- */

/* Adds the item of that code under the field's name. params: a JSON object, or empty. */
void check_fail(struct arena *a, const struct schema_field *field, enum err_code_id code,
                struct str params, struct err **err);
/* {"name":number} */
struct str params_int(struct arena *a, const char *name, int64_t number);
/* Of a text or a password, in code points. */
int64_t field_most_chars(const struct schema_field *field);
/* Whether a field's text matches its pattern (NULL regex with a pattern: never), unless the value
 * says that already. */
bool pattern_matches(struct str pattern, const struct regex *regex, const struct value *value,
                     struct str text);
/* onlyDomains and exceptDomains of email and url. */
bool domain_allowed(const struct schema_field *field, struct str domain);

#define DEFAULT_ID_PATTERN STR("^[a-z0-9]+$")
#define DEFAULT_TEXT_MAX 5000
#define DEFAULT_PASSWORD_MAX 71
#define DEFAULT_EDITOR_BYTES 5242880
#define DEFAULT_JSON_BYTES 1048576
#define DEFAULT_FILE_BYTES 5242880

/* --- loading --------------------------------------------------------------------------------- */

/* Patterns compiled once a snapshot, whoever uses them. */
struct pattern_cache {
    struct arena *a;
    struct map compiled; /* pattern to struct regex */
};
/* NULL when it does not compile. */
const struct regex *pattern_compile(struct pattern_cache *cache, struct str pattern);

/* Where each of `names` stands among the columns of SELECT * FROM table; a column beyond them, and
 * one of them that is not there, are errors that name it. */
MUST_CHECK struct err *schema_map_columns(struct arena *a, const struct db_stmt *stmt,
                                          const char *table, const char *const *names,
                                          unsigned n_names, unsigned *at);

/* The stored fields of a collection, parsed: col->fields_json is set. `a` is the snapshot's arena,
 * `scratch` anything; errors live in `a`. */
MUST_CHECK struct err *schema_read_fields(struct arena *a, struct arena *scratch,
                                          struct pattern_cache *patterns, struct schema_col *col);
/* col->indexes_json is set. Entries that are no CREATE INDEX are skipped. */
MUST_CHECK struct err *schema_read_indexes(struct arena *a, struct arena *scratch,
                                           struct schema_col *col);
/* False: the text is no index definition (collections.md 7.1). */
bool schema_parse_index(struct arena *a, struct str text, struct str table,
                        struct schema_index *ret);
/* The table that an index definition names, without quotes. False: no index definition. */
bool schema_index_table(struct str text, struct str *ret);
/* col->options_json and fields are set. */
MUST_CHECK struct err *schema_read_options(struct arena *a, struct arena *scratch,
                                           struct schema_col *col);

/* --- definitions ------------------------------------------------------------------------------ */

struct schema_def;
/* What stands at a path of an auth collection's options; the path exists. */
struct json *schema_option(struct json *options, const char *path);
/* A field as a literal of ours describes it, all members of its type there. */
struct json schema_literal_field(struct arena *a, const char *text);
/* The id of a collection that nobody gave one (data-dir.md 6). */
struct str schema_auto_id(struct arena *a, struct str type, struct str name);

/* --- views ------------------------------------------------------------------------------------ */

/* A view in place of the one of that name, if there is one; for a while. */
MUST_CHECK struct err *schema_make_view(struct arena *a, struct db_conn *tx, struct str name,
                                        struct str select);

/* More than what a body may hold comes to as SQL: what is too long for the engine it says itself.
 */
#define SCHEMA_SQL_BYTES (4 * LIMIT_BODY_BYTES)

/* --- bootstrap ------------------------------------------------------------------------------- */

/* Rows of `_collections` of a fresh directory, JSON texts as they are stored. */
struct boot_col {
    const char *id, *name, *type;
    bool system;
    const char *list_rule, *view_rule, *create_rule, *update_rule, *delete_rule; /* or NULL */
    const char *fields;
    const char *indexes;
    int64_t auth_duration_s;   /* auth collections */
    const char *mapped_fields; /* oauth2.mappedFields, JSON */
};
extern const struct boot_col boot_cols[];
extern const size_t boot_cols_n;

/* The options object of an auth collection with fresh secrets (data-dir.md 9.5). */
struct str boot_auth_options(struct arena *a, const struct boot_col *col);
/* The stock text of the login alert mail. */
struct str boot_alert_body(void);
/* Names of PocketBase's system migrations (data-dir.md 8). */
extern const char *const boot_migrations[];
extern const size_t boot_migrations_n;
/* The field of `_otps` that the fourth v0.23 migration adds. */
extern const char boot_sent_to_field[];

/* Whether `_collections` has the columns that we know, and no other. */
MUST_CHECK struct err *schema_check_collections(struct arena *a, struct db_conn *conn);
/* What a missing system migration does to a directory of v0.23 or later. now: storage form. */
MUST_CHECK struct err *schema_upgrade(struct arena *a, struct db_conn *tx, const char *migration,
                                      struct str now);
/* Of them, 1778828400_normalize_indexes.go. */
MUST_CHECK struct err *upgrade_indexes(struct arena *a, struct db_conn *tx, struct str now);

#endif
