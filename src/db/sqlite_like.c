/*
 * LIKE for SQLite, with the same results and faster where they can be had by a search.
 *
 * SQLite walks the text code point by code point. Most patterns are `%literal%` with an ASCII
 * literal: then the answer is whether the text, up to its first NUL, holds the literal, ASCII
 * letters in any case. An ASCII byte is never part of a longer sequence in the way SQLite decodes
 * them, also in text that is not valid UTF-8, so bytes may be compared. All other patterns go to
 * SQLite's own matcher, sqlite3_strlike().
 *
 * As in SQLite built with LIKE_DOESNT_MATCH_BLOBS: a blob on either side is no match, NULL gives
 * NULL, a number is its text, a pattern over the limit and an ESCAPE of more than a character are
 * errors.
 */
#include "db/sqlite.h"

#include "base/compiler.h"

#include <stdlib.h>
#include <string.h>

/* A pattern, understood once a statement run. */
struct like {
    bool literal; /* `%text%` */
    size_t n;
    size_t anchor; /* offset of the byte that is searched for */
    char lower, upper;
    char text[]; /* ASCII letters in lower case */
};

/* How common bytes are in what people write, roughly; what is not listed is rare. */
static unsigned commonness(char c)
{
    static const char by_commonness[] = "zqxjkvbpygfwmucldrhsnioate ";
    const char *at = c ? strchr(by_commonness, c) : NULL;

    return at ? (unsigned)(at - by_commonness) + 1 : 0;
}

static char ascii_lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c | 0x20);
    return c;
}

static char ascii_upper(char c)
{
    if (c >= 'a' && c <= 'z')
        return (char)(c & ~0x20);
    return c;
}

/* The literal of `%literal%`, unescaped and in lower case; false when the pattern is anything else.
 */
static bool like_parse(struct like *like, struct str pattern, int escape)
{
    size_t i = 1;

    if (pattern.n < 3 || pattern.p[0] != '%' || escape == '%' || escape == '_')
        return false;
    for (; i < pattern.n; i++) {
        char c = pattern.p[i];

        if (c == '%' && i == pattern.n - 1)
            break;
        if (c == '%' || c == '_')
            return false;
        if (escape && c == escape && ++i < pattern.n)
            c = pattern.p[i];
        if (i >= pattern.n || c <= 0) /* NUL, and what is not ASCII */
            return false;
        like->text[like->n++] = ascii_lower(c);
    }
    return i == pattern.n - 1 && like->n > 0;
}

/* NULL: no memory. */
static struct like *like_new(struct str pattern, int escape)
{
    struct like *like = sqlite3_malloc64(sizeof(*like) + pattern.n);

    if (!like)
        return NULL;
    memset(like, 0, sizeof(*like));
    like->literal = like_parse(like, pattern, escape);
    for (size_t i = 1; like->literal && i < like->n; i++)
        if (commonness(like->text[i]) < commonness(like->text[like->anchor]))
            like->anchor = i;
    if (like->literal) {
        like->lower = like->text[like->anchor];
        like->upper = ascii_upper(like->lower);
    }
    return like;
}

static bool equal_nocase(const char *text, const char *lower, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ascii_lower(text[i]) != lower[i])
            return false;
    return true;
}

/* Both cases of the anchor are searched for, each on its own; the nearer hit is looked at. */
static bool like_search(const struct like *like, struct str text)
{
    const char *end, *at, *low, *up;

    if (text.n < like->n)
        return false;
    at = text.p + like->anchor;
    end = text.p + text.n - (like->n - like->anchor) + 1; /* anchors stand before this */
    low = memchr(at, like->lower, (size_t)(end - at));
    up = like->upper == like->lower ? NULL : memchr(at, like->upper, (size_t)(end - at));
    while (low || up) {
        at = !up || (low && low < up) ? low : up;
        if (equal_nocase(at - like->anchor, like->text, like->n))
            return !memchr(text.p, '\0', (size_t)(at - text.p)); /* SQLite stops at a NUL */
        if (at == low)
            low = memchr(at + 1, like->lower, (size_t)(end - at - 1));
        else
            up = memchr(at + 1, like->upper, (size_t)(end - at - 1));
    }
    return false;
}

/* sqlite3_strlike() takes no `%` or `_` as the escape. The same pattern with U+0001 for it: what
 * was escaped is escaped, and so is U+0001 itself. */
static int like_odd_escape(const char *pattern, const char *text, char escape)
{
    char *other = sqlite3_malloc64(2 * strlen(pattern) + 1);
    size_t n = 0;
    int result;

    if (!other)
        return -1;
    for (const char *p = pattern; *p; p++) {
        if (*p == escape) {
            other[n++] = '\1';
            if (p[1])
                other[n++] = *++p;
            continue;
        }
        if (*p == '\1')
            other[n++] = '\1';
        other[n++] = *p;
    }
    other[n] = '\0';
    result = sqlite3_strlike(other, text, 1) == 0;
    sqlite3_free(other);
    return result;
}

/* The one code point of an ESCAPE; false: it has more or none. Invalid UTF-8 gives what SQLite's
 * reader makes of it, which sqlite3_strlike() compares with. */
static bool escape_parse(struct str text, unsigned *ret)
{
    uint32_t code = 0;
    size_t n;

    if (text.n == 0)
        return false;
    n = utf8_decode(text, &code);
    if (n == 0 || n != text.n)
        return false;
    *ret = code;
    return true;
}

static void like_slow(sqlite3_context *context, const char *pattern, const char *text,
                      unsigned escape)
{
    int result;

    if (escape == '%' || escape == '_')
        result = like_odd_escape(pattern, text, (char)escape);
    else
        result = sqlite3_strlike(pattern, text, escape) == 0;
    if (result < 0)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_int(context, result);
}

static struct str text_of(sqlite3_value *value)
{
    const unsigned char *p = sqlite3_value_text(value);

    return (struct str){(const char *)p, (size_t)sqlite3_value_bytes(value)};
}

static void like_run(sqlite3_context *context, struct str pattern, struct str text, unsigned escape)
{
    struct like *like = sqlite3_get_auxdata(context, 0);

    if (!like) {
        like = like_new(pattern, escape < 0x80 ? (int)escape : 0);
        if (!like) {
            sqlite3_result_error_nomem(context);
            return;
        }
        sqlite3_set_auxdata(context, 0, like, sqlite3_free);
        like = sqlite3_get_auxdata(context, 0); /* NULL: it was freed at once */
    }
    if (like && like->literal)
        sqlite3_result_int(context, like_search(like, text));
    else
        like_slow(context, pattern.p, text.p, escape);
}

/* like(pattern, text [, escape]) */
static void like_call(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    sqlite3 *db = sqlite3_context_db_handle(context);
    struct str pattern, text;
    unsigned escape = 0;

    if (sqlite3_value_type(argv[0]) == SQLITE_BLOB || sqlite3_value_type(argv[1]) == SQLITE_BLOB) {
        sqlite3_result_int(context, 0);
        return;
    }
    if (sqlite3_value_bytes(argv[0]) > sqlite3_limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, -1)) {
        sqlite3_result_error(context, "LIKE or GLOB pattern too complex", -1);
        return;
    }
    if (argc == 3) {
        struct str given = text_of(argv[2]);

        if (!given.p)
            return;
        if (!escape_parse(given, &escape)) {
            sqlite3_result_error(context, "ESCAPE expression must be a single character", -1);
            return;
        }
    }
    pattern = text_of(argv[0]);
    text = text_of(argv[1]);
    if (pattern.p && text.p)
        like_run(context, pattern, text, escape);
}

int sqlite_like_register(sqlite3 *db)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int rc = sqlite3_create_function_v2(db, "like", 2, flags, NULL, like_call, NULL, NULL, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_create_function_v2(db, "like", 3, flags, NULL, like_call, NULL, NULL, NULL);
    return rc;
}
