/*
 * Index definitions (collections.md 7): a loose grammar, applied the way PocketBase's pattern does
 * it. Text before "create" is ignored; the columns end at the first ')' that is followed by the end
 * or by " where "; the table's name ends at the last '(' that leaves such columns.
 */
#include "schema/check.h"

#define NORMAL_MAX (1024 * 1024)

/* The pattern's \s: not the vertical tab. */
static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static size_t skip_space(struct str s, size_t at)
{
    while (at < s.n && is_space(s.p[at]))
        at++;
    return at;
}

static size_t word_end(struct str s, size_t at)
{
    while (at < s.n && !is_space(s.p[at]))
        at++;
    return at;
}

/* Moves *at behind `word` and at least one space; false: it is not there. */
static bool eat_word(struct str s, size_t *at, const char *word)
{
    struct str text = str_of(word);
    size_t end = *at + text.n;

    if (!str_starts_nocase(str_from(s, *at), text) || end >= s.n || !is_space(s.p[end]))
        return false;
    *at = skip_space(s, end);
    return true;
}

static struct str bare(struct str name)
{
    return str_trim(name, STR("`\"'[] \t\r\n\v\f"));
}

/* --- the parts -------------------------------------------------------------------------------- */

struct parts {
    bool unique, optional;
    struct str name, table, columns, where;
};

/* Whether what follows the columns' ')' is nothing, or a condition. */
static bool read_where(struct str rest, struct str *ret_where)
{
    size_t at = skip_space(rest, 0);

    *ret_where = STR_NONE;
    if (at == rest.n)
        return true;
    if (at == 0 || !eat_word(rest, &at, "where"))
        return false;
    *ret_where = str_trim_space(str_from(rest, at));
    return true;
}

static bool read_columns(struct str s, size_t open, struct parts *parts)
{
    for (size_t i = open + 1; i < s.n; i++) {
        if (s.p[i] == ')' && read_where(str_from(s, i + 1), &parts->where)) {
            parts->columns = str_sub(s, open + 1, i - open - 1);
            return true;
        }
    }
    return false;
}

/* From the table's name on. */
static bool read_table(struct str s, size_t at, struct parts *parts)
{
    size_t end = word_end(s, at);
    size_t open = skip_space(s, end);

    if (open < s.n && s.p[open] == '(' && end < s.n && end > at && read_columns(s, open, parts)) {
        parts->table = str_sub(s, at, end - at);
        return true;
    }
    for (size_t i = end; i > at + 1; i--) {
        if (s.p[i - 1] == '(' && read_columns(s, i - 1, parts)) {
            parts->table = str_sub(s, at, i - 1 - at);
            return true;
        }
    }
    return false;
}

static bool read_optional(struct str s, size_t *at)
{
    size_t i = *at;

    if (!eat_word(s, &i, "if") || !eat_word(s, &i, "not") || !eat_word(s, &i, "exists"))
        return false;
    *at = i;
    return true;
}

/* From behind "create" and its space. */
static bool read_index(struct str s, struct parts *parts)
{
    size_t at = 0;
    size_t end;

    parts->unique = eat_word(s, &at, "unique");
    if (!str_starts_nocase(str_from(s, at), STR("index")))
        return false;
    at = skip_space(s, at + 5);
    parts->optional = read_optional(s, &at);
    end = word_end(s, at);
    parts->name = str_sub(s, at, end - at);
    at = skip_space(s, end);
    return eat_word(s, &at, "on") && read_table(s, at, parts);
}

static bool read_parts(struct str text, struct parts *parts)
{
    for (size_t i = 0; i + 6 < text.n; i++) {
        size_t at = i;

        if (eat_word(text, &at, "create") && read_index(str_from(text, at), parts))
            return true;
    }
    return false;
}

/* --- columns ---------------------------------------------------------------------------------- */

struct column {
    struct str name, collation, direction;
};

/* Where `stop` comes next outside of quotes and parentheses, or the end. A quote behind a backslash
 * is none, other than in SQL. False: a quote or parenthesis stays open. */
static bool find_outside(struct str s, size_t at, char stop, size_t *ret)
{
    int depth = 0;
    char quote = 0;

    for (; at < s.n; at++) {
        char c = s.p[at];
        bool quotes = (c == '`' || c == '"' || c == '\'') && !(at > 0 && s.p[at - 1] == '\\');

        if (quote) {
            if (quotes && c == quote)
                quote = 0;
        } else if (quotes) {
            quote = c;
        } else if (c == '(') {
            depth++;
        } else if (c == ')') {
            depth--;
        } else if (c == stop && depth <= 0) {
            break;
        }
    }
    *ret = at;
    return !quote && depth <= 0;
}

/* The last word of *s, cut off when something stands before it. */
static struct str cut_last_word(struct str *s)
{
    size_t start = s->n;
    struct str word;

    while (start > 0 && !is_space(s->p[start - 1]))
        start--;
    word = str_from(*s, start);
    if (start > 0)
        *s = str_trim_space(str_sub(*s, 0, start));
    return word;
}

static struct column read_column(struct str text)
{
    struct column column = {0};
    struct str rest = str_trim_space(text);
    struct str before = rest;
    struct str word = cut_last_word(&before);

    if (before.n < rest.n &&
        (str_eq_nocase(word, STR("asc")) || str_eq_nocase(word, STR("desc")))) {
        column.direction = str_eq_nocase(word, STR("asc")) ? STR("ASC") : STR("DESC");
        rest = before;
        word = cut_last_word(&before);
    }
    if (before.n < rest.n && check_word(word)) {
        struct str name = before;

        if (str_eq_nocase(cut_last_word(&name), STR("collate")) && name.n < before.n) {
            column.collation = word;
            rest = name;
        }
    }
    column.name = bare(rest);
    return column;
}

/* --- normal form ------------------------------------------------------------------------------ */

static struct db_index_column *db_columns_of(struct arena *a, const struct column *columns,
                                             size_t n)
{
    struct db_index_column *out = ARENA_ARRAY(a, struct db_index_column, n);

    for (size_t i = 0; i < n; i++) {
        struct str name = columns[i].name;

        out[i] = (struct db_index_column){
            .name = name,
            .is_expr = str_find_byte(name, '(') < name.n || str_find_byte(name, ' ') < name.n,
            .collate = columns[i].collation,
            .direction = columns[i].direction,
        };
    }
    return out;
}

/* What is stored is SQLite's spelling, whatever the engine. */
static struct str normal_form(struct arena *a, const struct db_index *def)
{
    struct buf out;

    buf_init(&out, NORMAL_MAX);
    db_dialect_sqlite.create_index(&out, def);
    return buf_take(a, &out);
}

static struct str upper(struct arena *a, struct str text)
{
    char *p = arena_alloc(a, text.n);

    for (size_t i = 0; i < text.n; i++)
        p[i] = text.p[i] >= 'a' && text.p[i] <= 'z' ? (char)(text.p[i] - 32) : text.p[i];
    return (struct str){p, text.n};
}

/* `schema.name`, or a name alone, which may have dots inside of quotes. */
static bool read_name(struct str text, struct db_index *def)
{
    size_t dot;

    if (!find_outside(text, 0, '.', &dot))
        return false;
    if (dot < text.n)
        def->schema = bare(str_sub(text, 0, dot));
    def->name = bare(dot < text.n ? str_from(text, dot + 1) : text);
    return def->name.n > 0;
}

bool schema_index_table(struct str text, struct str *ret)
{
    struct parts parts;

    if (!read_parts(text, &parts))
        return false;
    *ret = bare(parts.table);
    return true;
}

bool schema_parse_index(struct arena *a, struct str text, struct str table,
                        struct schema_index *ret)
{
    VEC(struct column) columns = {0};
    struct parts parts;

    if (!read_parts(text, &parts))
        return false;
    for (size_t at = 0, end; at < parts.columns.n; at = end + 1) {
        struct column column;

        if (!find_outside(parts.columns, at, ',', &end))
            return false;
        column = read_column(str_sub(parts.columns, at, end - at));
        if (column.name.n)
            *VEC_PUSH(a, &columns) = column;
    }
    *ret = (struct schema_index){.unique = parts.unique, .where = parts.where};
    ret->def = (struct db_index){
        .unique = parts.unique,
        .if_not_exists = parts.optional,
        .table = table,
        .columns = db_columns_of(a, columns.items, columns.n),
        .n_columns = columns.n,
        .where = parts.where,
    };
    if (!read_name(parts.name, &ret->def) || columns.n == 0)
        return false;
    ret->name = ret->def.name;
    ret->columns = (struct str_list){ARENA_ARRAY(a, struct str, columns.n), columns.n};
    ret->collations = (struct str_list){ARENA_ARRAY(a, struct str, columns.n), columns.n};
    for (size_t i = 0; i < columns.n; i++) {
        ret->columns.items[i] = columns.items[i].name;
        ret->collations.items[i] = upper(a, columns.items[i].collation);
    }
    ret->normal = normal_form(a, &ret->def);
    return true;
}

struct err *schema_read_indexes(struct arena *a, struct arena *scratch, struct schema_col *col)
{
    const struct json *list;

    if (col->indexes_json.n == 0 || str_eq(col->indexes_json, STR("[]")))
        return NULL;
    if (!json_read(scratch, col->indexes_json, &json_limits_stored, &list, NULL) ||
        (list->type != JSON_LIST && list->type != JSON_NULL))
        return err_new(a, E_INTERNAL, NULL, "collection %.*s: indexes are no JSON list",
                       STR_ARG(col->name));
    if (list->type == JSON_NULL)
        return NULL;
    col->indexes = ARENA_ARRAY(a, struct schema_index, list->n);
    for (size_t i = 0; i < list->n; i++) {
        const struct json *item = &list->items[i];

        if (item->type == JSON_TEXT && schema_parse_index(a, arena_dup(a, item->text), col->name,
                                                          &col->indexes[col->n_indexes]))
            col->n_indexes++;
    }
    return NULL;
}
