/*
 * Header values with parameters, and the header fields of a part of a form, as Go reads them.
 */
#include "http/part.h"

#include "base/buf.h"
#include "base/limits.h"
#include "http/req.h"

#include <string.h>

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

struct str part_boundary(struct arena *a, struct str content_type)
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

static struct str base_name(struct str path)
{
    size_t slash;

    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    slash = str_find_last_byte(path, '/');
    return slash < path.n && path.n > 1 ? str_from(path, slash + 1) : path;
}

/* ---- content disposition --------------------------------------------------------------------- */

/* "utf-8'en'na%20me" (RFC 2231). False: another charset, or malformed. */
static bool read_extended(struct arena *a, struct str value, struct str *ret)
{
    struct str charset = str_split(&value, '\'');
    struct str decoded;
    size_t quote = str_find_byte(value, '\''); /* behind the language */

    if (!str_eq_nocase(charset, STR("utf-8")) && !str_eq_nocase(charset, STR("us-ascii")))
        return false;
    if (quote == value.n || !req_decode(a, str_from(value, quote + 1), false, &decoded))
        return false;
    *ret = decoded;
    return true;
}

/* A parameter as it may come: plain, extended or both; then the extended one counts. */
struct param {
    struct str name;
    struct str plain, extended;
};

/* False: it came before. */
static bool set_param(struct param *param, struct str name, struct str value)
{
    if (str_eq_nocase(name, param->name))
        return set_once(&param->plain, value);
    if (name.n == param->name.n + 1 && name.p[name.n - 1] == '*' &&
        str_eq_nocase(str_sub(name, 0, param->name.n), param->name))
        return set_once(&param->extended, value);
    return true;
}

static struct str param_value(struct arena *a, const struct param *param)
{
    struct str value = param->plain;

    if (param->extended.p)
        (void)read_extended(a, param->extended, &value); /* else the plain one */
    return value;
}

static void read_disposition(struct arena *a, struct str text, struct body_part *part)
{
    struct param field = {.name = STR("name")}, file = {.name = STR("filename")};
    struct str rest = text, name, value;
    struct str kind = take_token(&rest);
    bool ok = true;

    if (!str_eq_nocase(kind, STR("form-data")))
        return;
    while (take_param(a, &rest, &name, &value))
        ok = set_param(&field, name, value) && set_param(&file, name, value) && ok;
    if (!ok || str_trim_space(rest).n > 0)
        return; /* malformed: as if it were not there */
    part->name = param_value(a, &field);
    part->filename = base_name(param_value(a, &file));
}

/* ---- header fields --------------------------------------------------------------------------- */

/* Off *rest, without its end. False: it has none. */
static bool take_line(struct str *rest, struct str *ret)
{
    size_t at = str_find_byte(*rest, '\n');

    if (at == rest->n)
        return false;
    *ret = str_sub(*rest, 0, at > 0 && rest->p[at - 1] == '\r' ? at - 1 : at);
    *rest = str_from(*rest, at + 1);
    return true;
}

static bool starts_blank(struct str s)
{
    return s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t');
}

/* A field with the lines that continue it, joined by blanks; empty: no further one. */
static bool take_field(struct arena *a, struct str *rest, struct str *ret)
{
    AUTO_BUF struct buf whole;
    struct str line;

    buf_init(&whole, PART_HEAD_MAX * 2);
    if (!take_line(rest, &line))
        return false;
    *ret = line;
    if (line.n == 0 || !starts_blank(*rest))
        return true;
    buf_add(&whole, str_trim(line, STR(" \t")));
    while (starts_blank(*rest)) {
        if (!take_line(rest, &line))
            return false;
        BUF_ADD(&whole, " ");
        buf_add(&whole, str_trim(line, STR(" \t")));
    }
    *ret = arena_dup(a, buf_str(&whole));
    return !whole.full;
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_token_byte(s.p[i]) && s.p[i] != ' ')
            return false;
    return s.n > 0;
}

static bool is_value(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 127)
            return false;
    return true;
}

bool part_head_read(struct arena *a, struct str *rest, struct body_part *ret)
{
    size_t before = rest->n;
    bool disposed = false;

    if (starts_blank(*rest))
        return false;
    for (;;) {
        struct str text, name, value;

        if (!take_field(a, rest, &text) || before - rest->n > PART_HEAD_MAX)
            return false;
        if (text.n == 0)
            break;
        name = str_sub(text, 0, str_find_byte(text, ':'));
        value = str_from(text, name.n + 1);
        if (name.n == text.n || !is_name(name) || !is_value(value))
            return false;
        value = str_trim_space(value);
        if (str_eq_nocase(name, STR("Content-Disposition")) && !disposed) {
            read_disposition(a, value, ret);
            disposed = true;
        } else if (str_eq_nocase(name, STR("Content-Type")) && !ret->content_type.p) {
            ret->content_type = value;
        }
    }
    if (ret->filename.n == 0)
        ret->filename = STR_NONE; /* a text value, whatever its type */
    return true;
}

bool part_head_is_whole(struct str rest)
{
    struct str line;

    while (take_line(&rest, &line))
        if (line.n == 0)
            return true;
    return false;
}
