/*
 * Whether the ids of a view are different, told from its query: where each of its rows comes from
 * another row of one collection, or from another group of rows with one id.
 *
 * Only plain queries are understood; of all others the answer is no, which costs their lists a
 * DISTINCT.
 */
#include "schema/view_source.h"

#include "base/buf.h"
#include "base/limits.h"

#define VIEWS_OF_VIEWS 5
#define FLAT_BYTES (64 * KIB)

/* --- the query without what stands in brackets ------------------------------------------------ */

static bool is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static const char *const ends[] = {" where ",  " group ", " having ",
                                   " window ", " order ", " limit "};

/* A quoted name that would be taken for a word of the query. */
static bool is_confusing(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (str_eq_nocase(name, str_trim_space(str_of(ends[i]))))
            return true;
    return str_eq_nocase(name, STR("from"));
}

/* The end of what is quoted from `at` on; names that are words stay, texts go. 0: it is nothing
 * plain, as what touches a word is: `'x'UNION`. */
static size_t flatten_quoted(struct str query, size_t at, struct buf *out)
{
    const char quote = query.p[at] == '[' ? ']' : query.p[at];
    const struct str rest = str_from(query, at + 1);
    const struct str inside = str_sub(rest, 0, str_find_byte(rest, quote));

    for (size_t i = 0; i < inside.n && quote != '\''; i++)
        if (!is_word(inside.p[i]))
            return 0;
    if (inside.n == rest.n || is_confusing(inside) || (out->n > 0 && is_word(out->p[out->n - 1])) ||
        (inside.n + 1 < rest.n && is_word(rest.p[inside.n + 1])))
        return 0;
    if (quote != '\'')
        buf_add(out, inside);
    return at + 1 + inside.n;
}

/* In small letters, with one blank where there are many. False: it has comments or is no plain
 * query in another way. */
static bool flatten(struct str query, struct buf *out)
{
    size_t depth = 0;

    for (size_t i = 0; i < query.n; i++) {
        const char c = query.p[i];

        if (str_starts(str_from(query, i), STR("--")) || str_starts(str_from(query, i), STR("/*")))
            return false;
        if (c == ')' && depth-- == 0)
            return false;
        if (c == '\'' || (depth == 0 && (c == '"' || c == '`' || c == '['))) {
            i = flatten_quoted(query, i, out);
            if (i == 0)
                return false;
        } else if (depth == 0 && (is_word(c) || c == '.' || c == ',')) {
            buf_add_byte(out, c >= 'A' && c <= 'Z' ? (char)(c | 32) : c);
        } else if (out->n > 0 && out->p[out->n - 1] != ' ') {
            buf_add_byte(out, ' ');
        }
        if (c == '(') {
            depth++;
            buf_add_byte(out, '(');
        }
    }
    buf_add_byte(out, ' ');
    return depth == 0 && !out->full;
}

/* --- what it says ----------------------------------------------------------------------------- */

/* What stands behind the words, as far as the next part of the query. p NULL: they are not there.
 */
static struct str part(struct str flat, struct str words)
{
    size_t at = str_find(flat, words), end;
    struct str rest;

    if (at == flat.n)
        return STR_NONE;
    rest = str_from(flat, at + words.n - 1);
    end = rest.n;
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        size_t next = str_find(rest, str_of(ends[i]));

        if (next < end)
            end = next;
    }
    return str_trim_space(str_sub(rest, 0, end));
}

static bool has_one_of(struct str flat, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_has(flat, str_of(words[i])))
            return true;
    return false;
}

/* One row each of the first table, whose id the column `id` is. */
static bool has_one_each(struct str flat, struct str id)
{
    static const char *const compounds[] = {" union", " intersect", " except", " right", " full"};
    struct str from = part(flat, STR(" from "));
    struct str group = part(flat, STR(" group by "));

    if (!str_starts(flat, STR("select ")) || has_one_of(flat, compounds, COUNT_OF(compounds)) ||
        !from.p)
        return false;
    if (group.p)
        return str_eq_nocase(group, id);
    return str_find_byte(from, ',') == from.n && str_find_byte(from, '(') == from.n &&
           !str_has(from, STR("join "));
}

/* An outer join gives no NULL for it then. */
static bool is_of_first(const struct view_idents *tables, struct str name)
{
    size_t dot = str_find_byte(name, '.');

    return dot == name.n || str_eq(str_sub(name, 0, dot), tables->items[0].alias);
}

bool schema_view_is_unique(struct arena *a, const struct schema *schema,
                           const struct schema_col *view)
{
    for (int i = 0; i < VIEWS_OF_VIEWS && view && view->type == SCHEMA_VIEW; i++) {
        AUTO_BUF struct buf flat;
        struct view_idents columns = {0}, tables = {0};
        const struct view_ident *id;
        struct str why, name;

        buf_init(&flat, FLAT_BYTES);
        if (!view_scan(a, view->view_query, &columns, &tables, &why) || tables.n == 0)
            return false;
        id = view_column(&columns, STR("id"));
        if (!id || !is_of_first(&tables, id->original) || !flatten(view->view_query, &flat) ||
            !has_one_each(buf_str(&flat), id->original))
            return false;
        view = view_column_col(schema, &tables, id, &name);
        if (!view || !str_eq_nocase(name, STR("id")))
            return false;
    }
    return view && view->type != SCHEMA_VIEW;
}
