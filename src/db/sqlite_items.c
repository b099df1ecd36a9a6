/*
 * _reeve_items(list): the items of a cell, J(c) of query-language.md 13.1. Those of a JSON array
 * are its elements; any other cell is one item, itself. To read the cell once is all that this is
 * for: the rows are those of
 *
 *     json_each(CASE WHEN json_valid(c) AND json_type(c) = 'array' THEN c ELSE json_array(c) END)
 *
 * by the column `value`, the only one. What we write, an array of texts, is read here, and so is
 * what cannot be an array. All else is left to that expression, in a statement of its own
 * (odd_sql): numbers and nested values in an array, surrogates, JSON5, broken JSON, reals, blobs.
 */
#include "db/sqlite.h"

#include <string.h>

#define JSON_SUBTYPE 'J' /* SQLite's: the text was made by its JSON functions */

enum column { COLUMN_VALUE, COLUMN_LIST };

/* A text of JSON functions is no text to json_array(), but what it means. A bound value has
 * forgotten that, so parameter 2 tells. */
static const char odd_sql[] = "SELECT value FROM json_each(CASE "
                              "WHEN iif(json_valid(?1), json_type(?1) = 'array', FALSE) THEN ?1 "
                              "WHEN ?2 THEN '[' || ?1 || ']' ELSE json_array(?1) END)";

enum kind {
    ITEMS_END,
    ITEMS_NULL,
    ITEMS_INT,
    ITEMS_TEXT, /* one */
    ITEMS_LIST, /* of texts; `text` is the present one */
    ITEMS_ODD,  /* a row of `odd` */
};

struct items_table {
    sqlite3_vtab base;
    struct db_eng_conn *conn;
};

struct items {
    sqlite3_vtab_cursor base;
    enum kind kind; /* of the present item */
    sqlite3_int64 at;
    sqlite3_int64 number;
    struct str text; /* in `cell` */
    size_t rest;     /* of a list, where it goes on */
    char *cell;      /* a copy of the cell with a NUL at its end: SQLite's does not stay */
    size_t cap;
    sqlite3_stmt *odd; /* NULL: not needed so far */
};

static struct db_eng_conn *conn_of(const struct items *items)
{
    const struct items_table *table = (const struct items_table *)(void *)items->base.pVtab;

    return table->conn;
}

/* --- arrays of plain texts ------------------------------------------------------------------- */

static const char *skip_space(const char *p)
{
    while (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')
        p++;
    return p;
}

/* The four digits of \u, or 0: none that are a code point of their own, or a NUL. */
static uint32_t unicode_escape(const char *digits)
{
    uint32_t code = 0;

    for (size_t i = 0; i < 4; i++) {
        const char c = digits[i];

        if (c >= '0' && c <= '9')
            code = code << 4 | (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            code = code << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return 0;
    }
    return (code & 0xf800) == 0xd800 ? 0 : code;
}

static const char escapes[] = "\"\\/bfnrt";
static const char escaped[] = "\"\\/\b\f\n\r\t";

/* What the escape at p stands for, and the bytes that it takes; 0 where it is left to SQLite. */
static size_t escape_read(const char *p, uint32_t *ret_code)
{
    const char *simple;

    if (p[1] == 'u') {
        *ret_code = unicode_escape(p + 2);
        return *ret_code ? 6 : 0;
    }
    simple = p[1] ? strchr(escapes, p[1]) : NULL;
    if (!simple)
        return 0;
    *ret_code = (unsigned char)escaped[simple - escapes];
    return 2;
}

/* The quote that ends the text which begins at p, or NULL where it is not plain. */
static const char *plain_end(const char *p)
{
    uint32_t code;

    for (;;) {
        while (*p != '"' && *p != '\\' && (unsigned char)*p >= ' ')
            p++;
        if (*p == '"')
            return p;
        if (*p != '\\' || !escape_read(p, &code))
            return NULL;
        p += escape_read(p, &code);
    }
}

/* In place: no escape is shorter than what it stands for. */
static size_t unescape(char *text, size_t n)
{
    size_t from = 0, to = 0;
    uint32_t code;

    while (from < n) {
        if (text[from] == '\\') {
            from += escape_read(text + from, &code);
            to += utf8_encode(code, text + to);
        } else {
            text[to++] = text[from++];
        }
    }
    return to;
}

/* p: at the first item of an array, or its end. `end` is the NUL after the cell. *ret_n: items. */
static bool is_plain(const char *p, const char *end, sqlite3_int64 *ret_n)
{
    *ret_n = 0;
    if (*p == ']')
        return skip_space(p + 1) == end;
    while (*p == '"') {
        p = plain_end(p + 1);
        if (!p)
            return false;
        ++*ret_n;
        p = skip_space(p + 1);
        if (*p == ']')
            return skip_space(p + 1) == end;
        if (*p != ',')
            return false;
        p = skip_space(p + 1);
    }
    return false;
}

/* As above, of a plain one, which goes on at that byte of the cell. */
static void take_plain(struct items *items, size_t at)
{
    char *p = items->cell + at + 1;
    const char *end;

    items->kind = p[-1] == ']' ? ITEMS_END : ITEMS_LIST;
    if (items->kind == ITEMS_END)
        return;
    end = strchr(p, '"'); /* before which there is no escape, mostly */
    items->text = (struct str){p, (size_t)(end - p)};
    if (memchr(p, '\\', items->text.n)) {
        end = plain_end(p);
        items->text.n = unescape(p, (size_t)(end - p));
    }
    items->rest = (size_t)(end + 1 - items->cell);
}

static void next_plain(struct items *items)
{
    const char *p = skip_space(items->cell + items->rest);

    if (*p == ',')
        p = skip_space(p + 1);
    take_plain(items, (size_t)(p - items->cell));
}

/* --- all else -------------------------------------------------------------------------------- */

static int odd_done(struct items *items, int rc)
{
    items->kind = ITEMS_END;
    if (rc != SQLITE_DONE) {
        sqlite3_free(items->base.pVtab->zErrMsg);
        items->base.pVtab->zErrMsg = sqlite3_mprintf("%s", sqlite3_errmsg(conn_of(items)->db));
    }
    (void)sqlite3_reset(items->odd); /* repeats the error of the step */
    (void)sqlite3_clear_bindings(items->odd);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int odd_next(struct items *items)
{
    int rc = sqlite3_step(items->odd);

    items->kind = ITEMS_ODD;
    return rc == SQLITE_ROW ? SQLITE_OK : odd_done(items, rc);
}

/* The connection keeps a statement for the next cursor: one lives as long as a run of the statement
 * that has it. */
static int odd_take(struct items *items)
{
    struct db_eng_conn *conn = conn_of(items);

    items->odd = conn->odd_items;
    conn->odd_items = NULL;
    if (items->odd)
        return SQLITE_OK;
    return sqlite3_prepare_v3(conn->db, odd_sql, -1, SQLITE_PREPARE_PERSISTENT, &items->odd, NULL);
}

static void odd_give(struct items *items)
{
    struct db_eng_conn *conn = conn_of(items);

    (void)sqlite3_reset(items->odd); /* repeats the error of the step */
    (void)sqlite3_clear_bindings(items->odd);
    if (conn->odd_items)
        (void)sqlite3_finalize(items->odd);
    else
        conn->odd_items = items->odd;
}

/* What the inner statement names is not what the one around it reads. */
static int odd_begin(struct items *items, sqlite3_value *value)
{
    struct db_eng_conn *conn = conn_of(items);
    const struct sqlite_named named = conn->named;
    const bool is_json = sqlite3_value_subtype(value) == JSON_SUBTYPE;
    int rc = items->odd ? SQLITE_OK : odd_take(items);

    if (rc == SQLITE_OK)
        rc = sqlite3_bind_value(items->odd, 1, value);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int(items->odd, 2, is_json);
    if (rc == SQLITE_OK)
        rc = odd_next(items);
    conn->named = named;
    return rc;
}

/* --- the cell -------------------------------------------------------------------------------- */

static int copy_cell(struct items *items, struct str text)
{
    if (text.n >= items->cap) {
        const size_t cap = text.n + text.n / 2 + 64;
        char *cell = sqlite3_realloc64(items->cell, cap);

        if (!cell)
            return SQLITE_NOMEM;
        items->cell = cell;
        items->cap = cap;
    }
    memcpy(items->cell, text.p, text.n);
    items->cell[text.n] = '\0';
    return SQLITE_OK;
}

static int text_begin(struct items *items, sqlite3_value *value)
{
    const char *p = (const char *)sqlite3_value_text(value);
    const struct str text = {p, (size_t)sqlite3_value_bytes(value)};
    const char *first;
    sqlite3_int64 n;
    int rc;

    if (!p)
        return SQLITE_NOMEM;
    first = skip_space(p);
    if (*first == '[') {
        first = skip_space(first + 1);
        if (!is_plain(first, p + text.n, &n))
            return odd_begin(items, value);
    }
    rc = copy_cell(items, text);
    if (rc != SQLITE_OK)
        return rc;
    if (*skip_space(items->cell) == '[') {
        take_plain(items, (size_t)(first - p));
    } else {
        items->kind = ITEMS_TEXT;
        items->text = (struct str){items->cell, text.n};
    }
    return SQLITE_OK;
}

static int items_filter(sqlite3_vtab_cursor *cursor, int plan, const char *text, int argc,
                        sqlite3_value **argv)
{
    struct items *items = (struct items *)cursor;

    (void)plan;
    (void)text;
    items->kind = ITEMS_END;
    items->at = 0;
    if (items->odd)
        (void)sqlite3_reset(items->odd); /* left before its end, by a limit */
    if (argc == 0)
        return SQLITE_OK;
    if (sqlite3_value_subtype(argv[0]) == JSON_SUBTYPE)
        return odd_begin(items, argv[0]);
    switch (sqlite3_value_type(argv[0])) {
    case SQLITE_NULL:
        items->kind = ITEMS_NULL;
        return SQLITE_OK;
    case SQLITE_INTEGER:
        items->kind = ITEMS_INT;
        items->number = sqlite3_value_int64(argv[0]);
        return SQLITE_OK;
    case SQLITE_TEXT:
        return text_begin(items, argv[0]);
    default:
        return odd_begin(items, argv[0]);
    }
}

/* --- the table ------------------------------------------------------------------------------- */

static int items_connect(sqlite3 *db, void *arg, int argc, const char *const *argv,
                         sqlite3_vtab **ret, char **ret_message)
{
    struct items_table *table;
    int rc = sqlite3_declare_vtab(db, "CREATE TABLE x (value, list HIDDEN)");

    (void)argc;
    (void)argv;
    (void)ret_message;
    if (rc != SQLITE_OK)
        return rc;
    table = sqlite3_malloc64(sizeof(*table));
    if (!table)
        return SQLITE_NOMEM;
    *table = (struct items_table){.conn = arg};
    *ret = &table->base;
    return sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
}

static int items_disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

/* As json_each has it, so that plans are the same: a plan in which the cell is not known is
 * refused, and a table without one has no rows. */
static int items_plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
    bool unusable = false;
    int list = -1;

    (void)table;
    for (int i = 0; i < info->nConstraint; i++) {
        if (info->aConstraint[i].iColumn != COLUMN_LIST)
            continue;
        if (!info->aConstraint[i].usable)
            unusable = true;
        else if (info->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_EQ)
            list = i;
    }
    if (info->nOrderBy > 0 && info->aOrderBy[0].iColumn < 0 && !info->aOrderBy[0].desc)
        info->orderByConsumed = 1;
    if (list < 0)
        return unusable ? SQLITE_CONSTRAINT : SQLITE_OK;
    info->idxNum = 1;
    info->estimatedCost = 1;
    info->aConstraintUsage[list].argvIndex = 1;
    info->aConstraintUsage[list].omit = 1;
    return SQLITE_OK;
}

static int items_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret)
{
    struct items *items = sqlite3_malloc64(sizeof(*items));

    (void)table;
    if (!items)
        return SQLITE_NOMEM;
    *items = (struct items){.kind = ITEMS_END};
    *ret = &items->base;
    return SQLITE_OK;
}

static int items_close(sqlite3_vtab_cursor *cursor)
{
    struct items *items = (struct items *)cursor;

    if (items->odd)
        odd_give(items);
    sqlite3_free(items->cell);
    sqlite3_free(items);
    return SQLITE_OK;
}

static int items_next(sqlite3_vtab_cursor *cursor)
{
    struct items *items = (struct items *)cursor;

    items->at++;
    if (items->kind == ITEMS_ODD)
        return odd_next(items);
    if (items->kind == ITEMS_LIST)
        next_plain(items);
    else
        items->kind = ITEMS_END;
    return SQLITE_OK;
}

static int items_eof(sqlite3_vtab_cursor *cursor)
{
    return ((struct items *)cursor)->kind == ITEMS_END;
}

static int items_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column)
{
    const struct items *items = (struct items *)cursor;

    if (column != COLUMN_VALUE)
        return SQLITE_OK;
    switch (items->kind) {
    case ITEMS_END:
    case ITEMS_NULL:
        break;
    case ITEMS_INT:
        sqlite3_result_int64(context, items->number);
        break;
    case ITEMS_TEXT:
    case ITEMS_LIST:
        sqlite3_result_text64(context, items->text.p, items->text.n, SQLITE_TRANSIENT, SQLITE_UTF8);
        break;
    case ITEMS_ODD:
        sqlite3_result_value(context, sqlite3_column_value(items->odd, 0)); /* and its subtype */
        break;
    }
    return SQLITE_OK;
}

static int items_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret)
{
    *ret = ((struct items *)cursor)->at;
    return SQLITE_OK;
}

/* --- their number ---------------------------------------------------------------------------- */

/* _reeve_length(cell): LEN(c) of query-language.md 6, or NULL where SQLite is to be asked. */
static void length_call(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    const int type = sqlite3_value_type(argv[0]);
    sqlite3_int64 n = type == SQLITE_INTEGER;
    const char *p, *first;

    (void)argc;
    if (type == SQLITE_TEXT) {
        p = (const char *)sqlite3_value_text(argv[0]);
        if (!p) {
            sqlite3_result_error_nomem(context);
            return;
        }
        first = skip_space(p);
        n = sqlite3_value_bytes(argv[0]) > 0;
        if (*first == '[' && !is_plain(skip_space(first + 1), p + sqlite3_value_bytes(argv[0]), &n))
            return;
    } else if (type != SQLITE_INTEGER && type != SQLITE_NULL) {
        return;
    }
    sqlite3_result_int64(context, n);
}

int sqlite_items_register(struct db_eng_conn *conn)
{
    static const sqlite3_module module = {
        .xConnect = items_connect,
        .xBestIndex = items_plan,
        .xDisconnect = items_disconnect,
        .xOpen = items_open,
        .xClose = items_close,
        .xFilter = items_filter,
        .xNext = items_next,
        .xEof = items_eof,
        .xColumn = items_column,
        .xRowid = items_rowid,
    };

    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int rc = sqlite3_create_module_v2(conn->db, "_reeve_items", &module, conn, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_create_function_v2(conn->db, "_reeve_length", 1, flags, NULL, length_call,
                                        NULL, NULL, NULL);
    return rc;
}

void sqlite_items_close(struct db_eng_conn *conn)
{
    (void)sqlite3_finalize(conn->odd_items); /* repeats the error of the last step */
}
