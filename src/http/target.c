/*
 * Request targets: what may be one, and which paths are clean. The rules are those of Go's
 * url.ParseRequestURI and ServeMux, because clients rely on what they let through.
 */
#include "http/internal.h"

#include <string.h>

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

/* Eight bytes at once: the high bit of a byte of the result is set only where there is one below
 * 0x20, or DEL, at it or before. */
static uint64_t controls(uint64_t word)
{
    const uint64_t ones = UINT64_MAX / 255, high = ones * 0x80;
    uint64_t del = word ^ (ones * 0x7f);

    return ((word - ones * 0x20) & ~word & high) | ((del - ones) & ~del & high);
}

/* Targets may have a megabyte, and a loop looks at them. */
static bool has_control(struct str s)
{
    uint64_t word;

    for (; s.n >= sizeof(word); s = str_from(s, sizeof(word))) {
        memcpy(&word, s.p, sizeof(word));
        if (controls(word))
            return true;
    }
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return true;
    return false;
}

/* Length of "scheme:" at the start, 0 where there is none; false: it begins with a colon. */
static bool scheme_length(struct str s, size_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ':') {
            *ret = i + 1;
            return i > 0;
        }
        if (!is_alpha(s.p[i]) && (i == 0 || (!is_digit(s.p[i]) && !one_of(s.p[i], "+-."))))
            return true;
    }
    return true;
}

static bool all_from(struct str s, const char *others)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!is_alpha(c) && !is_digit(c) && (unsigned char)c < 0x80 && !one_of(c, others))
            return false;
    }
    return true;
}

/* ":" and digits, or nothing. */
static bool port_ok(struct str s)
{
    if (s.n == 0)
        return true;
    if (s.p[0] != ':')
        return false;
    for (size_t i = 1; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
    }
    return true;
}

static bool authority_ok(struct str s)
{
    size_t at = str_find_last_byte(s, '@');
    struct str host = at < s.n ? str_from(s, at + 1) : s;
    size_t end;

    if (at < s.n && !all_from(str_sub(s, 0, at), "-._:~!$&'()*+,;=%@"))
        return false;
    if (!all_from(host, "-._~!$&'()*+,;=:[]<>\""))
        return false;
    if (host.n && host.p[0] == '[') {
        end = str_find_last_byte(host, ']');
        return end < host.n && port_ok(str_from(host, end + 1));
    }
    end = str_find_last_byte(host, ':');
    return port_ok(str_from(host, end));
}

static bool escapes_ok(struct str path)
{
    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] == '%' &&
            (i + 2 >= path.n || !is_hex(path.p[i + 1]) || !is_hex(path.p[i + 2])))
            return false;
    }
    return true;
}

/* Whether a path may stand as it was sent. */
static bool is_escaped(struct str path)
{
    for (size_t i = 0; i < path.n; i++) {
        char c = path.p[i];

        if (!is_alpha(c) && !is_digit(c) && !one_of(c, "-_.~$&+,/:;=@%!'()*[]"))
            return false;
    }
    return true;
}

/* Escaped anew, from what it decodes to. */
static struct str escape(struct arena *a, struct str path)
{
    static const char digits[] = "0123456789ABCDEF";
    struct str plain;
    char *out;
    size_t n = 0;

    if (!req_decode(a, path, false, &plain))
        BUG("an escape that was checked is broken");
    out = arena_alloc(a, plain.n * 3);
    for (size_t i = 0; i < plain.n; i++) {
        unsigned char c = (unsigned char)plain.p[i];

        if (is_alpha(plain.p[i]) || is_digit(plain.p[i]) || one_of(plain.p[i], "-_.~$&+,/:;=@")) {
            out[n++] = plain.p[i];
            continue;
        }
        out[n++] = '%';
        out[n++] = digits[c >> 4];
        out[n++] = digits[c & 15];
    }
    return (struct str){out, n};
}

bool target_parse(struct arena *a, struct str method, struct str text, struct target *ret)
{
    bool connect = str_eq(method, STR("CONNECT")) && !str_starts(text, STR("/"));
    size_t at = str_find_byte(text, '?');
    struct str rest = str_sub(text, 0, at);
    size_t scheme = 0;

    if (text.n == 0 || has_control(text))
        return false;
    *ret = (struct target){.path = text, .query = STR_NONE};
    if (str_eq(text, STR("*")))
        return true;
    if (at < text.n)
        ret->query = str_from(text, at + 1);
    if (!connect && !scheme_length(rest, &scheme))
        return false;
    rest = str_from(rest, scheme);
    if (!connect && !str_starts(rest, STR("/"))) {
        ret->path = STR("");
        return scheme > 0; /* opaque: no path in it */
    }
    if (connect || (scheme > 0 && str_starts(rest, STR("//")))) {
        struct str host = str_from(rest, connect ? 0 : 2);
        size_t slash = str_find_byte(host, '/');

        if (!authority_ok(str_sub(host, 0, slash)))
            return false;
        rest = str_from(host, slash);
    }
    if (!escapes_ok(rest))
        return false;
    ret->path = is_escaped(rest) ? rest : escape(a, rest);
    return true;
}

static bool is_clean(struct str path)
{
    if (path.n == 0 || path.p[0] != '/')
        return false;
    for (size_t i = 0; i < path.n; i++) {
        struct str next;

        if (path.p[i] != '/')
            continue;
        next = str_from(path, i + 1);
        if (next.n && next.p[0] == '/')
            return false;
        if (next.n && next.p[0] == '.') {
            next = str_sub(next, 0, str_find_byte(next, '/'));
            if (str_eq(next, STR(".")) || str_eq(next, STR("..")))
                return false;
        }
    }
    return true;
}

struct str target_clean(struct arena *a, struct str path)
{
    struct str rest = path;
    bool slash = false; /* the last segment was a directory */
    char *out;
    size_t n = 0;

    if (is_clean(path))
        return path;
    out = arena_alloc(a, path.n + 2);
    while (rest.p) {
        struct str segment = str_split(&rest, '/');

        slash = segment.n == 0;
        if (segment.n == 0 || str_eq(segment, STR(".")))
            continue;
        if (str_eq(segment, STR(".."))) {
            while (n > 0 && out[--n] != '/')
                ;
            continue;
        }
        out[n++] = '/';
        memcpy(out + n, segment.p, segment.n);
        n += segment.n;
    }
    if (n == 0 || slash)
        out[n++] = '/';
    return (struct str){out, n};
}
