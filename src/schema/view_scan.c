/*
 * What a view's query names, found by a loose scan (collections.md 9.3): good enough to tell which
 * column is a plain column of a collection, and never trusted for more.
 */
#include "schema/view_scan.h"

#include "base/buf.h"
#include "schema/internal.h"

#define SCAN_MAX (8 * LIMIT_VIEW_BYTES) /* what is made of a query is never so long */
#define MARK_JOIN '\1'
#define MARK_REST '\2'

/* --- tokens ----------------------------------------------------------------------------------- */

struct tokens {
    struct str text;
    size_t at;
    struct str separators;
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_in(struct str set, char c)
{
    return str_find_byte(set, c) < set.n;
}

/* The next token that is not empty, trimmed; separators inside of quotes and parentheses do not
 * count, nor does a parenthesis that closes nothing. False: none left. *ret_broken is set to one in
 * which a quote or parenthesis stays open. */
static bool next_token(struct tokens *tokens, struct str *ret, struct str *ret_broken)
{
    while (tokens->at < tokens->text.n) {
        size_t start = tokens->at;
        size_t i = start;
        int depth = 0;
        char quote = 0;

        for (; i < tokens->text.n; i++) {
            char c = tokens->text.p[i];

            if (quote) {
                quote = c == quote && tokens->text.p[i - 1] != '\\' ? 0 : quote;
            } else if (is_in(STR("'\"`"), c)) {
                quote = c;
            } else if (c == '(') {
                depth++;
            } else if (c == ')') {
                depth -= depth > 0;
            } else if (depth == 0 && is_in(tokens->separators, c)) {
                break;
            }
        }
        if (quote || depth > 0)
            *ret_broken = str_sub(tokens->text, start, i - start);
        tokens->at = i + 1;
        *ret = str_trim_space(str_sub(tokens->text, start, i - start));
        if (ret->n > 0)
            return true;
    }
    return false;
}

/* Parted by ';' outside of quotes and parentheses. Comments are not known here: where one opens a
 * quote or parenthesis, the statements cannot be told apart, and what they are is the engine's to
 * say. */
static bool has_many_statements(struct str query)
{
    struct tokens tokens = {.text = query, .separators = STR(";")};
    struct str token;
    struct str broken = STR_NONE;
    size_t n = 0;

    while (next_token(&tokens, &token, &broken))
        n++;
    return n > 1 && !broken.p;
}

/* --- marks ------------------------------------------------------------------------------------ */

static void drop_comments(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        struct str rest = str_from(text, i);
        size_t end = 0;

        if (str_starts(rest, STR("/*"))) {
            end = str_find(str_from(rest, 2), STR("*/")) + 2;
            end = end < rest.n ? end + 2 : 0;
        } else if (str_starts(rest, STR("--"))) {
            end = str_find_byte(rest, '\n');
            end = end > 2 ? end : 0;
        }
        buf_add_byte(out, end ? ' ' : text.p[i]);
        i += end ? end - 1 : 0;
    }
}

/* Bytes of `phrase` (words parted by any blanks, a blank behind it) at the start of text, or 0. */
static size_t eat_phrase(struct str text, const char *phrase)
{
    struct str words = str_of(phrase);
    size_t at = 0;

    while (words.p) {
        struct str word = str_split(&words, ' ');
        size_t blanks = 0;

        if (!str_starts_nocase(str_from(text, at), word))
            return 0;
        at += word.n;
        while (at + blanks < text.n && is_blank(text.p[at + blanks]))
            blanks++;
        if (blanks == 0)
            return 0;
        at += words.p ? blanks : 0;
    }
    return at;
}

static const struct phrase {
    const char *text;
    char mark;
} phrases[] = {
    {"full outer join", MARK_JOIN},
    {"left outer join", MARK_JOIN},
    {"right outer join", MARK_JOIN},
    {"full join", MARK_JOIN},
    {"cross join", MARK_JOIN},
    {"inner join", MARK_JOIN},
    {"outer join", MARK_JOIN},
    {"left join", MARK_JOIN},
    {"right join", MARK_JOIN},
    {"join", MARK_JOIN},
    {"where", MARK_REST},
    {"group by", MARK_REST},
    {"having", MARK_REST},
    {"order", MARK_REST},
    {"limit", MARK_REST},
    {"with", MARK_REST},
};

/* Joins, and words after which no identifier counts, become one byte each, blanks around it. */
static void mark_phrases(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        size_t eaten = 0;

        buf_add_byte(out, text.p[i]);
        for (size_t p = 0; p < COUNT_OF(phrases) && !eaten && is_blank(text.p[i]); p++) {
            eaten = eat_phrase(str_from(text, i + 1), phrases[p].text);
            if (eaten)
                buf_add_byte(out, phrases[p].mark);
        }
        i += eaten;
    }
}

/* --- identifiers ------------------------------------------------------------------------------ */

static struct str trim_parts(struct arena *a, struct str text, struct str set)
{
    struct buf out;

    buf_init(&out, SCAN_MAX);
    for (struct str rest = text; rest.p;) {
        buf_add(&out, str_trim(str_split(&rest, '.'), set));
        if (rest.p)
            BUF_ADD(&out, ".");
    }
    return buf_take(a, &out);
}

static bool add_ident(struct arena *a, struct view_idents *list, struct str *parts, size_t n,
                      struct str *ret_why)
{
    struct view_ident *ident;

    if (n == 3 && !str_eq_nocase(parts[1], STR("as"))) {
        *ret_why = arena_printf(a, "invalid identifier part - expected \"as\", got %.*s",
                                STR_ARG(parts[1]));
        return false;
    }
    ident = VEC_PUSH(a, list);
    ident->original = trim_parts(a, parts[0], STR("`\"[];"));
    ident->alias = parts[n - 1];
    if (n == 1)
        ident->alias = str_from(parts[0], str_find_last_byte(parts[0], '.') < parts[0].n
                                              ? str_find_last_byte(parts[0], '.') + 1
                                              : 0);
    ident->alias = trim_parts(a, ident->alias, STR("`\"[];'"));
    return true;
}

static bool read_ident(struct arena *a, struct str item, struct view_idents *list,
                       struct str *ret_why)
{
    struct tokens tokens = {.text = item, .separators = STR(" \n\t")};
    struct str parts[3], part;
    struct str broken = STR_NONE;
    size_t n = 0;

    while (next_token(&tokens, &part, &broken)) {
        if (n == COUNT_OF(parts)) {
            *ret_why = arena_printf(a, "invalid identifier parts [%.*s]", STR_ARG(item));
            return false;
        }
        parts[n++] = part;
    }
    return n == 0 || add_ident(a, list, parts, n, ret_why);
}

static bool read_idents(struct arena *a, const struct buf *text, struct view_idents *list,
                        struct str *ret_why)
{
    struct tokens tokens = {.text = buf_str(text), .separators = STR(",")};
    struct str item;
    struct str broken = STR_NONE;

    while (next_token(&tokens, &item, &broken))
        if (!read_ident(a, item, list, ret_why))
            return false;
    return true;
}

/* --- the scan --------------------------------------------------------------------------------- */

enum part { PART_NONE, PART_SELECT, PART_FROM, PART_JOIN, PARTS };

struct scan {
    struct buf parts[PARTS];
    enum part part;
    bool skip;
};

static void begin_part(struct scan *scan, enum part part)
{
    if (part == PART_JOIN && scan->part == PART_JOIN)
        BUF_ADD(&scan->parts[PART_JOIN], ",");
    scan->part = part;
    scan->skip = false;
}

static void scan_token(struct scan *scan, struct str token, bool comma)
{
    if (str_eq_nocase(token, STR("select"))) {
        begin_part(scan, PART_SELECT);
    } else if (str_eq_nocase(token, STR("from"))) {
        begin_part(scan, PART_FROM);
    } else if (token.n == 1 && token.p[0] == MARK_JOIN) {
        begin_part(scan, PART_JOIN);
    } else if (token.n == 1 && token.p[0] == MARK_REST) {
        scan->skip = true;
    } else if (!str_eq_nocase(token, STR("distinct"))) {
        scan->skip = scan->skip || (scan->part == PART_JOIN && str_eq_nocase(token, STR("on")));
        if (!scan->skip) {
            BUF_ADD(&scan->parts[scan->part], " ");
            buf_add(&scan->parts[scan->part], token);
        }
    }
    if (comma && !scan->skip)
        BUF_ADD(&scan->parts[scan->part], ",");
}

/* Whether a comma follows, blanks aside. */
static bool comma_at(struct str text, size_t at)
{
    while (at < text.n && is_in(STR(" \n\t"), text.p[at]))
        at++;
    return at < text.n && text.p[at] == ',';
}

static struct str scan_all(struct scan *scan, struct str text)
{
    struct tokens tokens = {.text = text, .separators = STR(", \n\t")};
    struct str token;
    struct str broken = STR_NONE;

    while (next_token(&tokens, &token, &broken))
        scan_token(scan, token, comma_at(text, tokens.at - 1));
    return broken;
}

static struct str unbalanced(struct arena *a, struct str token)
{
    struct buf out;

    buf_init(&out, SCAN_MAX);
    BUF_ADD(&out, "unbalanced parenthesis or quoted expression: ");
    json_write_text(&out, token);
    return buf_take(a, &out);
}

bool view_scan(struct arena *a, struct str query, struct view_idents *ret_columns,
               struct view_idents *ret_tables, struct str *ret_why)
{
    AUTO_BUF struct buf bare;
    AUTO_BUF struct buf marked;
    struct scan scan = {0};
    struct str broken;
    bool fine;

    *ret_why = STR_NONE;
    buf_init(&bare, SCAN_MAX);
    buf_init(&marked, SCAN_MAX);
    for (size_t i = 0; i < PARTS; i++)
        buf_init(&scan.parts[i], SCAN_MAX);
    drop_comments(&bare, query);
    mark_phrases(&marked, buf_str(&bare));
    broken = scan_all(&scan, buf_str(&marked));
    if (broken.p)
        *ret_why = unbalanced(a, broken);
    else if (has_many_statements(query))
        *ret_why = STR("multiple statements are not supported");
    fine = !ret_why->p && read_idents(a, &scan.parts[PART_SELECT], ret_columns, ret_why) &&
           read_idents(a, &scan.parts[PART_FROM], ret_tables, ret_why) &&
           read_idents(a, &scan.parts[PART_JOIN], ret_tables, ret_why);
    for (size_t i = 0; i < PARTS; i++)
        buf_done(&scan.parts[i]);
    return fine;
}
