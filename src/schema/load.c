/*
 * `_collections` into a snapshot. Everything that stays lives in the snapshot's own arena; parsed
 * JSON is dropped after each row.
 */
#include "base/crypto.h"
#include "schema/define.h"
#include "schema/internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct load {
    struct arena *a;       /* the snapshot's */
    struct arena *scratch; /* reset after each row */
    struct schema *schema;
    struct pattern_cache patterns;
    VEC(struct schema_col *) cols;
};

/* --- columns of the table --------------------------------------------------------------------- */

enum column {
    COLUMN_ID,
    COLUMN_SYSTEM,
    COLUMN_TYPE,
    COLUMN_NAME,
    COLUMN_FIELDS,
    COLUMN_INDEXES,
    COLUMN_LIST_RULE,
    COLUMN_VIEW_RULE,
    COLUMN_CREATE_RULE,
    COLUMN_UPDATE_RULE,
    COLUMN_DELETE_RULE,
    COLUMN_OPTIONS,
    COLUMN_CREATED,
    COLUMN_UPDATED,
    COLUMN_COUNT,
};

static const char *const column_names[COLUMN_COUNT] = {
    [COLUMN_ID] = "id",
    [COLUMN_SYSTEM] = "system",
    [COLUMN_TYPE] = "type",
    [COLUMN_NAME] = "name",
    [COLUMN_FIELDS] = "fields",
    [COLUMN_INDEXES] = "indexes",
    [COLUMN_LIST_RULE] = "listRule",
    [COLUMN_VIEW_RULE] = "viewRule",
    [COLUMN_CREATE_RULE] = "createRule",
    [COLUMN_UPDATE_RULE] = "updateRule",
    [COLUMN_DELETE_RULE] = "deleteRule",
    [COLUMN_OPTIONS] = "options",
    [COLUMN_CREATED] = "created",
    [COLUMN_UPDATED] = "updated",
};

struct err *schema_map_columns(struct arena *a, const struct db_stmt *stmt, const char *table,
                               const char *const *names, unsigned n_names, unsigned *at)
{
    bool found;

    for (unsigned i = 0; i < n_names; i++)
        at[i] = UINT_MAX;
    for (unsigned c = 0; c < db_columns(stmt); c++) {
        struct str name = db_column_name(stmt, c);

        found = false;
        for (unsigned i = 0; i < n_names && !found; i++) {
            found = str_eq(name, str_of(names[i]));
            if (found)
                at[i] = c;
        }
        if (!found)
            return err_new(a, E_INTERNAL, NULL,
                           "data.db: unknown column %.*s of table %s: the directory was written by "
                           "another version",
                           STR_ARG(name), table);
    }
    for (unsigned i = 0; i < n_names; i++) {
        if (at[i] == UINT_MAX)
            return err_new(a, E_INTERNAL, NULL,
                           "data.db: table %s has no column %s: the directory was written by "
                           "another version",
                           table, names[i]);
    }
    return NULL;
}

/* --- one row ---------------------------------------------------------------------------------- */

static struct str row_text(struct load *load, const struct db_stmt *stmt, unsigned at)
{
    return arena_dup(load->a, db_column_text(stmt, at));
}

static struct schema_rule row_rule(struct load *load, const struct db_stmt *stmt, unsigned at)
{
    if (db_column(stmt, at).type == DB_NULL)
        return (struct schema_rule){0};
    return (struct schema_rule){true, row_text(load, stmt, at)};
}

static bool read_type(struct str text, enum schema_type *ret)
{
    static const struct str names[] = {
        [SCHEMA_BASE] = STR_INIT("base"),
        [SCHEMA_AUTH] = STR_INIT("auth"),
        [SCHEMA_VIEW] = STR_INIT("view"),
    };

    for (unsigned i = 0; i < COUNT_OF(names); i++) {
        if (str_eq(text, names[i])) {
            *ret = (enum schema_type)i;
            return true;
        }
    }
    return false;
}

/* The dates say nothing: saving it anew changes them, too. */
static uint64_t definition_code(const struct db_stmt *stmt, const unsigned *at)
{
    unsigned char digest[SHA256_LEN];
    AUTO_BUF struct buf data;
    uint64_t code;

    buf_init(&data, COLUMN_COUNT * (sizeof(digest) + 1));
    for (unsigned i = 0; i < COLUMN_CREATED; i++) {
        struct str text = db_column_text(stmt, at[i]);

        buf_add_byte(&data, (char)db_column(stmt, at[i]).type); /* no rule is not an empty one */
        sha256(digest, text.p ? text : STR(""));
        buf_add_bytes(&data, digest, sizeof(digest));
    }
    sha256(digest, buf_str(&data));
    memcpy(&code, digest, sizeof(code));
    return code;
}

static void read_columns(struct load *load, const struct db_stmt *stmt, const unsigned *at,
                         struct schema_col *col)
{
    col->id = row_text(load, stmt, at[COLUMN_ID]);
    col->name = row_text(load, stmt, at[COLUMN_NAME]);
    col->system = db_column_int(stmt, at[COLUMN_SYSTEM]) != 0;
    col->fields_json = row_text(load, stmt, at[COLUMN_FIELDS]);
    col->indexes_json = row_text(load, stmt, at[COLUMN_INDEXES]);
    col->options_json = row_text(load, stmt, at[COLUMN_OPTIONS]);
    col->list_rule = row_rule(load, stmt, at[COLUMN_LIST_RULE]);
    col->view_rule = row_rule(load, stmt, at[COLUMN_VIEW_RULE]);
    col->create_rule = row_rule(load, stmt, at[COLUMN_CREATE_RULE]);
    col->update_rule = row_rule(load, stmt, at[COLUMN_UPDATE_RULE]);
    col->delete_rule = row_rule(load, stmt, at[COLUMN_DELETE_RULE]);
    col->created = row_text(load, stmt, at[COLUMN_CREATED]);
    col->updated = row_text(load, stmt, at[COLUMN_UPDATED]);
    col->code = definition_code(stmt, at);
}

/* Its texts and type are there: parses them. */
static struct err *add_col(struct load *load, struct schema_col *col)
{
    struct err *err;

    col->number = (unsigned)load->cols.n;
    err = schema_read_fields(load->a, load->scratch, &load->patterns, col);
    if (!err)
        err = schema_read_indexes(load->a, load->scratch, col);
    if (!err)
        err = schema_read_options(load->a, load->scratch, col);
    arena_reset(load->scratch);
    *VEC_PUSH(load->a, &load->cols) = col;
    return err;
}

static struct err *read_row(struct load *load, const struct db_stmt *stmt, const unsigned *at)
{
    struct schema_col *col = ARENA_NEW(load->a, struct schema_col);
    struct str type = db_column_text(stmt, at[COLUMN_TYPE]);

    read_columns(load, stmt, at, col);
    if (!read_type(type, &col->type))
        return err_new(load->a, E_INTERNAL, NULL, "collection %.*s: unknown type %.*s",
                       STR_ARG(col->name), STR_ARG(type));
    return add_col(load, col);
}

static struct err *prepare_rows(struct arena *a, struct db_conn *conn, struct db_stmt **ret,
                                unsigned *at)
{
    AUTO_BUF struct buf sql;
    struct err *err;

    buf_init(&sql, 1024);
    BUF_ADD(&sql, "SELECT * FROM ");
    db_conn_dialect(conn)->ident(&sql, STR("_collections"));
    BUF_ADD(&sql, " ORDER BY ");
    db_conn_dialect(conn)->row_id(&sql, STR("_collections"));
    err = db_prepare(a, conn, buf_str(&sql), ret);
    return err ? err : schema_map_columns(a, *ret, "_collections", column_names, COLUMN_COUNT, at);
}

struct err *schema_check_collections(struct arena *a, struct db_conn *conn)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    unsigned at[COLUMN_COUNT];

    return prepare_rows(a, conn, &stmt, at);
}

static struct err *read_rows(struct load *load, struct db_conn *conn)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    unsigned at[COLUMN_COUNT];
    struct err *err;
    bool row;

    err = prepare_rows(load->a, conn, &stmt, at);
    while (!err) {
        err = db_step(load->a, stmt, &row);
        if (err || !row)
            break;
        err = read_row(load, stmt, at);
    }
    return err;
}

/* --- columns that views have lost ------------------------------------------------------------ */

static bool has_column(const struct db_table_columns *columns, struct str name)
{
    for (size_t i = 0; i < columns->n; i++)
        if (str_eq(columns->items[i].name, name))
            return true;
    return false;
}

/* The engine renames a view's columns together with those of the tables it reads, while its fields
 * stay as they are stored. A view that cannot be looked at has none: reading it says why. */
static struct err *mark_absent_of(struct load *load, struct db_conn *conn, struct schema_col *col)
{
    struct db_table_columns columns = {0};
    struct err *err = db_list_columns(load->scratch, conn, col->name, &columns);

    for (size_t i = 0; i < col->n_fields && columns.n > 0; i++)
        col->fields[i].absent = !has_column(&columns, col->fields[i].name);
    if (err && err->kind == E_BAD_REQUEST)
        err = NULL;
    err = err_copy(load->a, err);
    arena_reset(load->scratch);
    return err;
}

static struct err *mark_absent(struct load *load, struct db_conn *conn)
{
    struct err *err = NULL;

    for (size_t i = 0; i < load->cols.n && !err; i++)
        if (load->cols.items[i]->type == SCHEMA_VIEW)
            err = mark_absent_of(load, conn, load->cols.items[i]);
    return err;
}

/* --- what joins collections ------------------------------------------------------------------- */

static struct str lower_name(struct arena *a, struct str text)
{
    char *p = arena_alloc(a, text.n);

    for (size_t i = 0; i < text.n; i++)
        p[i] = text.p[i] >= 'A' && text.p[i] <= 'Z' ? (char)(text.p[i] + 32) : text.p[i];
    return (struct str){p, text.n};
}

static int compare_cols(const void *x, const void *y)
{
    const struct schema_col *const *a = x;
    const struct schema_col *const *b = y;

    return str_cmp((*a)->name, (*b)->name);
}

static void index_cols(struct load *load)
{
    struct schema *schema = load->schema;

    schema->cols = load->cols.items;
    schema->n_cols = load->cols.n;
    schema->by_name_order =
        (struct schema_col **)arena_array(load->a, schema->n_cols, sizeof(*schema->by_name_order));
    for (size_t i = 0; i < schema->n_cols; i++) {
        struct schema_col *col = schema->cols[i];

        schema->by_name_order[i] = col;
        map_put(load->a, &schema->by_id, col->id, col);
        map_put(load->a, &schema->by_name, lower_name(load->a, col->name), col);
    }
    if (schema->n_cols)
        qsort(schema->by_name_order, schema->n_cols, sizeof(*schema->by_name_order), compare_cols);
}

static struct schema_col *relation_target(const struct schema *schema,
                                          const struct schema_field *field)
{
    if (field->type->kind != FIELD_RELATION)
        return NULL;
    return map_find(&schema->by_id, field->relation.collection_id);
}

/* Collections by name, so every list of back-relations is in that order, too. */
static void join_relations(struct load *load)
{
    struct schema *schema = load->schema;

    for (size_t i = 0; i < schema->n_cols; i++) {
        for (size_t f = 0; f < schema->cols[i]->n_fields; f++) {
            struct schema_field *field = &schema->cols[i]->fields[f];
            struct schema_col *target = relation_target(schema, field);

            if (!target)
                continue;
            field->relation.target = target;
            target->n_backs++;
        }
    }
    for (size_t i = 0; i < schema->n_cols; i++) {
        struct schema_col *col = schema->cols[i];

        col->backs = ARENA_ARRAY(load->a, struct schema_back, col->n_backs);
        col->n_backs = 0;
    }
    for (size_t i = 0; i < schema->n_cols; i++) {
        struct schema_col *col = schema->by_name_order[i];

        for (size_t f = 0; f < col->n_fields; f++) {
            struct schema_col *target = relation_target(schema, &col->fields[f]);

            if (target)
                target->backs[target->n_backs++] = (struct schema_back){col, &col->fields[f]};
        }
    }
}

/* By its name alone, whatever ids there are. */
static const struct schema_col *col_named(const struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->n_cols; i++)
        if (str_eq_nocase(schema->cols[i]->name, str_of(name)))
            return schema->cols[i];
    return NULL;
}

static struct err *find_system_cols(struct load *load)
{
    struct schema *schema = load->schema;
    const struct {
        const char *name;
        const struct schema_col **to;
    } cols[] = {{"_superusers", &schema->superusers},
                {"_mfas", &schema->mfas},
                {"_otps", &schema->otps},
                {"_externalAuths", &schema->external_auths},
                {"_authOrigins", &schema->auth_origins}};

    for (size_t i = 0; i < COUNT_OF(cols); i++) {
        *cols[i].to = col_named(schema, cols[i].name);
        if (!*cols[i].to)
            return err_new(load->a, E_INTERNAL, NULL, "data.db: there is no collection %s",
                           cols[i].name);
    }
    if (schema->superusers->type != SCHEMA_AUTH)
        return err_new(load->a, E_INTERNAL, NULL, "data.db: _superusers is no auth collection");
    return NULL;
}

static void load_init(struct load *load, struct arena *own, struct arena *scratch)
{
    *load = (struct load){.a = own, .scratch = scratch, .schema = ARENA_NEW(own, struct schema)};
    snapshot_init(&load->schema->snapshot, own);
    load->patterns.a = own;
}

#define PLAIN_FIELD(type, name, more) \
    "{\"id\":\"" name "\",\"name\":\"" name "\",\"type\":\"" type "\"" more "}"

/* data-dir.md 4, in the order of an answer (services.md 5.1). */
static struct err *add_logs(struct load *load)
{
    struct schema_col *col = ARENA_NEW(load->a, struct schema_col);
    struct err *err;

    *col = (struct schema_col){
        .id = STR("_logs"),
        .name = STR("_logs"),
        .type = SCHEMA_BASE,
        .system = true,
        .is_plain = true,
        .number = (unsigned)load->schema->n_cols,
        .fields_json = STR("[" PLAIN_FIELD("text", "id", ",\"primaryKey\":true") "," PLAIN_FIELD(
            "text", "created",
            "") "," PLAIN_FIELD("json", "data",
                                "") "," PLAIN_FIELD("text", "message",
                                                    "") "," PLAIN_FIELD("number", "level", "") "]"),
    };
    err = schema_read_fields(load->a, load->scratch, &load->patterns, col);
    arena_reset(load->scratch);
    load->schema->logs = col;
    return err;
}

static struct err *load_finish(struct load *load)
{
    struct err *err;

    index_cols(load);
    join_relations(load);
    err = find_system_cols(load);
    return err ? err : add_logs(load);
}

struct err *schema_load(struct arena *a, struct db_conn *conn, struct schema **ret)
{
    AUTO(arena_free) struct arena *own = arena_new();
    AUTO(arena_free) struct arena *scratch = arena_new();
    struct load load;
    struct err *err;

    load_init(&load, own, scratch);
    err = read_rows(&load, conn);
    if (!err)
        err = mark_absent(&load, conn);
    if (!err)
        err = load_finish(&load);
    if (err)
        return err_copy(a, err);
    *ret = TAKE(load.schema);
    (void)TAKE(own); /* the snapshot's from here */
    return NULL;
}

/* What a definition is made of; what follows from it is parsed again. */
static struct schema_col *copy_of(struct load *load, const struct schema_col *col)
{
    struct schema_col *copy = ARENA_NEW(load->a, struct schema_col);

    *copy = (struct schema_col){
        .id = col->id,
        .name = col->name,
        .type = col->type,
        .system = col->system,
        .list_rule = col->list_rule,
        .view_rule = col->view_rule,
        .create_rule = col->create_rule,
        .update_rule = col->update_rule,
        .delete_rule = col->delete_rule,
        .created = col->created,
        .updated = col->updated,
        .options_json = col->options_json,
        .fields_json = col->fields_json,
        .indexes_json = col->indexes_json,
    };
    return copy;
}

/* A view whose query could not be followed to its id has its rules checked all the same. */
static struct err *add_new(struct load *load, const struct schema_col *col)
{
    static const struct schema_field no_id = {.id = STR_INIT("id"), .name = STR_INIT("id")};
    struct schema_col *copy = copy_of(load, col);
    struct err *err = add_col(load, copy);

    if (!err || col->type != SCHEMA_VIEW || !copy->by_name || copy->id_field)
        return err;
    copy->id_field = &no_id;
    return NULL;
}

struct schema *schema_with(const struct schema *schema, const struct schema_col *col)
{
    AUTO(arena_free) struct arena *own = arena_new();
    AUTO(arena_free) struct arena *scratch = arena_new();
    bool placed = false;
    struct load load;
    struct err *err = NULL;

    load_init(&load, own, scratch);
    for (size_t i = 0; i < schema->n_cols && !err; i++) {
        bool same = str_eq(schema->cols[i]->id, col->id);

        placed = placed || same;
        err = same ? add_new(&load, col) : add_col(&load, copy_of(&load, schema->cols[i]));
    }
    if (!err && !placed)
        err = add_new(&load, col);
    if (!err)
        err = load_finish(&load);
    if (err)
        return NULL;
    (void)TAKE(own);
    return load.schema;
}
