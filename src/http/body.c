/*
 * multipart/form-data, read as Go's mime/multipart reads it, since that is what clients were tried
 * with: text before the first boundary is skipped, line ends may be bare LFs throughout, white
 * space may follow a boundary, and the closing boundary must be there.
 */
#include "http/body.h"

#include "base/limits.h"

#include <string.h>

#define PARTS_MAX 1000
#define PART_HEAD_MAX (64 * KIB)
#define BOUNDARY_MAX 70

/* ---- parameters of a header value ---------------------------------------------------------- */

static bool is_token_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static struct str take_token(struct str *rest)
{
    size_t n = 0;
    struct str token;

    while (n < rest->n && is_token_byte(rest->p[n]))
        n++;
    token = str_sub(*rest, 0, n);
    *rest = str_from(*rest, n);
    return token;
}

/* Offset of the quote that ends the string that s begins with, or s.n. */
static size_t closing_quote(struct str s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '"')
            return i;
        if (s.p[i] == '\r' || s.p[i] == '\n')
            return s.n;
        if (s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\\'))
            i++;
    }
    return s.n;
}

/* A quoted string; a backslash stands for itself unless it hides a quote or another one, because
 * browsers send Windows paths that way. */
static bool take_quoted(struct arena *a, struct str *rest, struct str *ret)
{
    size_t end = closing_quote(*rest);
    struct str raw = str_sub(*rest, 1, end - 1);
    char *out;
    size_t n = 0;

    if (end == rest->n)
        return false;
    *rest = str_from(*rest, end + 1);
    *ret = raw;
    if (str_find_byte(raw, '\\') == raw.n)
        return true;
    out = arena_alloc(a, raw.n);
    for (size_t i = 0; i < raw.n; i++) {
        if (raw.p[i] == '\\' && i + 1 < raw.n && (raw.p[i + 1] == '"' || raw.p[i + 1] == '\\'))
            i++;
        out[n++] = raw.p[i];
    }
    *ret = (struct str){out, n};
    return true;
}

/* One "; name=value" off *rest. False: there is no further one, or it is malformed; the two differ
 * in whether *rest is empty then. */
static bool take_param(struct arena *a, struct str *rest, struct str *ret_name,
                       struct str *ret_value)
{
    struct str s = str_trim_space(*rest);

    if (s.n == 0 || s.p[0] != ';')
        return false;
    s = str_trim_space(str_from(s, 1));
    if (s.n == 0) {
        *rest = s; /* a trailing semicolon */
        return false;
    }
    *ret_name = take_token(&s);
    s = str_trim_space(s);
    if (ret_name->n == 0 || s.n == 0 || s.p[0] != '=')
        return false;
    s = str_trim_space(str_from(s, 1));
    if (s.n && s.p[0] == '"') {
        if (!take_quoted(a, &s, ret_value))
            return false;
    } else {
        *ret_value = take_token(&s);
        if (ret_value->n == 0)
            return false;
    }
    *rest = s;
    return true;
}

static bool set_once(struct str *slot, struct str value)
{
    bool first = !slot->p;

    *slot = value;
    return first;
}

static struct str find_boundary(struct arena *a, struct str content_type)
{
    struct str rest = str_from(content_type, str_find_byte(content_type, ';'));
    struct str name, value, found = STR_NONE;
    bool ok = true;

    while (take_param(a, &rest, &name, &value)) {
        if (str_eq_nocase(name, STR("boundary")))
            ok &= set_once(&found, value);
    }
    return ok && str_trim_space(rest).n == 0 ? found : STR_NONE;
}

/* ---- parts --------------------------------------------------------------------------------- */

struct reader {
    struct arena *a;
    struct str rest;
    struct str dashes; /* "--" and the boundary */
    struct str eol;
};

enum line { LINE_PART, LINE_FINAL, LINE_OTHER };

static struct str take_line(struct reader *r)
{
    size_t at = str_find_byte(r->rest, '\n');
    struct str line = str_sub(r->rest, 0, at < r->rest.n ? at + 1 : at);

    r->rest = str_from(r->rest, line.n);
    return line;
}

static struct str skip_blanks(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = str_from(s, 1);
    return s;
}

static enum line line_kind(struct reader *r, struct str line, bool first)
{
    struct str tail;

    if (!str_starts(line, r->dashes))
        return LINE_OTHER;
    tail = str_from(line, r->dashes.n);
    if (str_starts(tail, STR("--"))) {
        tail = skip_blanks(str_from(tail, 2));
        return tail.n == 0 || str_eq(tail, r->eol) ? LINE_FINAL : LINE_OTHER;
    }
    tail = skip_blanks(tail);
    if (first && str_eq(tail, STR("\n")))
        r->eol = STR("\n"); /* then throughout */
    return str_eq(tail, r->eol) ? LINE_PART : LINE_OTHER;
}

static void read_disposition(struct reader *r, struct str value, struct body_part *part)
{
    struct str rest = value, name, text;
    struct str kind = take_token(&rest);
    bool ok = true;

    if (!str_eq_nocase(kind, STR("form-data")))
        return;
    while (take_param(r->a, &rest, &name, &text)) {
        if (str_eq_nocase(name, STR("name")))
            ok &= set_once(&part->name, text);
        else if (str_eq_nocase(name, STR("filename")))
            ok &= set_once(&part->filename, text);
    }
    if (!ok || str_trim_space(rest).n > 0)
        part->name = part->filename = STR_NONE; /* malformed: as if it were not there */
}

/* The part's header fields, up to an empty line. False: malformed. */
static bool read_head(struct reader *r, struct body_part *part)
{
    size_t before = r->rest.n;
    bool disposed = false;

    for (;;) {
        struct str line = take_line(r);
        struct str text = str_trim(line, STR("\r\n"));
        size_t colon = str_find_byte(text, ':');
        struct str name, value;

        if (line.n == 0 || line.p[line.n - 1] != '\n' || before - r->rest.n > PART_HEAD_MAX)
            return false;
        if (text.n == 0)
            return true;
        name = str_sub(text, 0, colon);
        if (colon == text.n || name.n == 0 || name.p[0] == ' ' || name.p[0] == '\t')
            return false;
        value = str_trim_space(str_from(text, colon + 1));
        if (str_eq_nocase(name, STR("Content-Disposition")) && !disposed) {
            read_disposition(r, value, part);
            disposed = true;
        } else if (str_eq_nocase(name, STR("Content-Type")) && !part->content_type.p) {
            part->content_type = value;
        }
    }
}

static bool ends_boundary(struct str s)
{
    return s.n > 0 && str_find_byte(STR(" \t\r\n-"), s.p[0]) < 5;
}

/* The part's content: what comes before a line end and a boundary. False: none follows. */
static bool read_content(struct reader *r, struct str mark, struct str *ret)
{
    struct str s = r->rest;

    if (str_starts(s, r->dashes) && ends_boundary(str_from(s, r->dashes.n))) {
        *ret = STR("");
        return true;
    }
    for (;;) {
        size_t at = str_find(s, mark);

        if (at == s.n)
            return false;
        s = str_from(s, at);
        if (ends_boundary(str_from(s, mark.n))) {
            *ret = str_sub(r->rest, 0, (size_t)(s.p - r->rest.p));
            r->rest = str_from(s, r->eol.n);
            return true;
        }
        s = str_from(s, 1);
    }
}

static struct str base_name(struct str path)
{
    size_t slash;

    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    slash = str_find_last_byte(path, '/');
    return slash < path.n && path.n > 1 ? str_from(path, slash + 1) : path;
}

static bool read_parts(struct reader *r, struct body_parts *ret)
{
    VEC(struct body_part) parts = {0};
    struct str mark;
    enum line kind;

    do {
        struct str line = take_line(r);

        if (line.n == 0)
            return false; /* no boundary at all */
        kind = line_kind(r, line, true);
    } while (kind == LINE_OTHER);
    mark = arena_concat(r->a, r->eol, r->dashes, STR_NONE);
    for (size_t n = 0; kind == LINE_PART; n++) {
        struct body_part part = {0};

        if (n == PARTS_MAX || !read_head(r, &part) || !read_content(r, mark, &part.value))
            return false;
        if (part.filename.n)
            part.filename = base_name(part.filename);
        else
            part.filename = STR_NONE; /* a text value, whatever its type */
        if (part.name.n)
            *VEC_PUSH(r->a, &parts) = part;
        kind = line_kind(r, take_line(r), false);
    }
    *ret = (struct body_parts){parts.items, parts.n};
    return kind == LINE_FINAL;
}

bool body_parse_multipart(struct arena *a, struct str content_type, struct str body,
                          struct body_parts *ret)
{
    struct str boundary = find_boundary(a, content_type);
    struct reader r = {.a = a, .rest = body, .eol = STR_INIT("\r\n")};

    if (boundary.n == 0 || boundary.n > BOUNDARY_MAX)
        return false;
    r.dashes = arena_concat(a, STR("--"), boundary, STR_NONE);
    return read_parts(&r, ret);
}
