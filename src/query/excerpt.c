/*
 * HTML to text, forgivingly: what is no tag is text, an end tag without its start is nothing.
 *
 * Elements are followed only as far as the text depends on them: which are dropped with their
 * content, and which are blocks, with a space on both sides.
 */
#include "query/excerpt.h"

#include "base/buf.h"
#include "base/limits.h"

#include <stdint.h>

#define DEPTH 256 /* open elements; deeper ones are read as if they were never opened */

enum element {
    ELEMENT_DROPPED = 1 << 0,
    ELEMENT_INLINE = 1 << 1,
    ELEMENT_VOID = 1 << 2,
    ELEMENT_RAW = 1 << 3,  /* its content has no tags */
    ELEMENT_HEAD = 1 << 4, /* dropped before the body begins */
};

struct element_row {
    struct str name;
    unsigned flags;
};

/* clang-format off */
static const struct element_row elements[] = {
    {STR_INIT("head"),     ELEMENT_DROPPED},
    {STR_INIT("style"),    ELEMENT_DROPPED | ELEMENT_RAW},
    {STR_INIT("script"),   ELEMENT_DROPPED | ELEMENT_RAW},
    {STR_INIT("iframe"),   ELEMENT_DROPPED | ELEMENT_RAW},
    {STR_INIT("embed"),    ELEMENT_DROPPED | ELEMENT_VOID},
    {STR_INIT("applet"),   ELEMENT_DROPPED},
    {STR_INIT("object"),   ELEMENT_DROPPED},
    {STR_INIT("svg"),      ELEMENT_DROPPED},
    {STR_INIT("img"),      ELEMENT_DROPPED | ELEMENT_VOID},
    {STR_INIT("picture"),  ELEMENT_DROPPED},
    {STR_INIT("dialog"),   ELEMENT_DROPPED},
    {STR_INIT("template"), ELEMENT_DROPPED},
    {STR_INIT("button"),   ELEMENT_DROPPED},
    {STR_INIT("form"),     ELEMENT_DROPPED},
    {STR_INIT("textarea"), ELEMENT_DROPPED | ELEMENT_RAW},
    {STR_INIT("input"),    ELEMENT_DROPPED | ELEMENT_VOID},
    {STR_INIT("select"),   ELEMENT_DROPPED},
    {STR_INIT("option"),   ELEMENT_DROPPED},
    {STR_INIT("a"),        ELEMENT_INLINE},
    {STR_INIT("abbr"),     ELEMENT_INLINE},
    {STR_INIT("acronym"),  ELEMENT_INLINE},
    {STR_INIT("b"),        ELEMENT_INLINE},
    {STR_INIT("bdo"),      ELEMENT_INLINE},
    {STR_INIT("big"),      ELEMENT_INLINE},
    {STR_INIT("br"),       ELEMENT_INLINE | ELEMENT_VOID},
    {STR_INIT("cite"),     ELEMENT_INLINE},
    {STR_INIT("code"),     ELEMENT_INLINE},
    {STR_INIT("em"),       ELEMENT_INLINE},
    {STR_INIT("i"),        ELEMENT_INLINE},
    {STR_INIT("label"),    ELEMENT_INLINE},
    {STR_INIT("q"),        ELEMENT_INLINE},
    {STR_INIT("small"),    ELEMENT_INLINE},
    {STR_INIT("span"),     ELEMENT_INLINE},
    {STR_INIT("strong"),   ELEMENT_INLINE},
    {STR_INIT("strike"),   ELEMENT_INLINE},
    {STR_INIT("sub"),      ELEMENT_INLINE},
    {STR_INIT("sup"),      ELEMENT_INLINE},
    {STR_INIT("time"),     ELEMENT_INLINE},
    {STR_INIT("area"),     ELEMENT_VOID},
    {STR_INIT("base"),     ELEMENT_VOID | ELEMENT_HEAD},
    {STR_INIT("col"),      ELEMENT_VOID},
    {STR_INIT("hr"),       ELEMENT_VOID},
    {STR_INIT("link"),     ELEMENT_VOID | ELEMENT_HEAD},
    {STR_INIT("meta"),     ELEMENT_VOID | ELEMENT_HEAD},
    {STR_INIT("param"),    ELEMENT_VOID},
    {STR_INIT("source"),   ELEMENT_VOID},
    {STR_INIT("track"),    ELEMENT_VOID},
    {STR_INIT("wbr"),      ELEMENT_VOID},
    {STR_INIT("title"),    ELEMENT_RAW | ELEMENT_HEAD},
    {STR_INIT("noscript"), ELEMENT_RAW | ELEMENT_HEAD},
    {STR_INIT("noembed"),  ELEMENT_RAW},
    {STR_INIT("noframes"), ELEMENT_RAW | ELEMENT_HEAD},
    {STR_INIT("xmp"),      ELEMENT_RAW},
};
/* clang-format on */

static unsigned element_flags(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(elements); i++)
        if (str_eq_nocase(elements[i].name, name))
            return elements[i].flags;
    return 0;
}

struct excerpt {
    struct str html;
    size_t at;
    struct buf text;
    size_t max;     /* characters that are kept */
    size_t enough;  /* bytes of text after the node with which nothing more is read */
    size_t look_at; /* bytes of text at which the rest of a node may be of no use any more */
    bool after_space;
    bool in_body;
    struct str open[DEPTH];
    size_t n_open;
};

/* --- text ------------------------------------------------------------------------------------ */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void add_space(struct excerpt *e)
{
    if (!e->after_space)
        buf_add_byte(&e->text, ' ');
    e->after_space = true;
}

static void add_code(struct excerpt *e, const char *p, size_t n)
{
    if (n == 1 && is_space(p[0])) {
        add_space(e);
        return;
    }
    buf_add_bytes(&e->text, p, n);
    e->after_space = false;
    e->in_body = true;
}

struct span {
    uint32_t from, to;
};

/* Unicode's white space. */
static const struct span white[] = {
    {0x09, 0x0d},     {0x20, 0x20},     {0x85, 0x85},     {0xa0, 0xa0},     {0x1680, 0x1680},
    {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000},
};

/* The length of the white space that s, not empty, begins with; 0: none. */
static size_t white_length(struct str s)
{
    uint32_t code;
    size_t n = utf8_decode(s, &code);

    for (size_t i = 0; n > 0 && i < COUNT_OF(white); i++)
        if (code >= white[i].from && code <= white[i].to)
            return n;
    return 0;
}

static struct str trim_white(struct str s)
{
    size_t n = 1;

    while (s.n > 0 && (n = white_length(s)) > 0)
        s = str_from(s, n);
    for (n = 1; n <= 3 && n <= s.n; n++) { /* no white space takes more bytes */
        if (white_length(str_from(s, s.n - n)) == n) {
            s.n -= n;
            n = 0;
        }
    }
    return s;
}

/* Whether what there is will be cut, whatever follows. It may end inside a character: the last one
 * does not count. */
static bool is_cut_anyway(struct excerpt *e)
{
    struct str text = buf_str(&e->text);

    e->look_at *= 2; /* so that all looks together read the text twice at most */
    while (text.n > 1 && ((unsigned char)text.p[text.n - 1] & 0xc0) == 0x80)
        text.n--;
    text.n--;
    return utf8_count(trim_white(text)) > e->max;
}

/* The text up to `end`, with its character references. */
static void add_text(struct excerpt *e, size_t end, bool has_entities)
{
    while (e->at < end) {
        uint32_t code = 0;
        char out[4];
        size_t n = 0;

        if (e->text.n >= e->look_at && is_cut_anyway(e)) {
            e->at = end;
            return;
        }
        if (has_entities && e->html.p[e->at] == '&')
            n = html_entity(str_sub(e->html, e->at, end - e->at), &code);
        if (n > 0) {
            add_code(e, out, utf8_encode(code, out));
            e->at += n;
        } else {
            add_code(e, e->html.p + e->at++, 1);
        }
    }
}

/* --- tags ------------------------------------------------------------------------------------ */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char byte_at(const struct excerpt *e, size_t at)
{
    if (at >= e->html.n)
        return '\0';
    return e->html.p[at];
}

static struct str tag_name(const struct excerpt *e, size_t from)
{
    size_t at = from;

    while (at < e->html.n && !is_space(e->html.p[at]) && e->html.p[at] != '/' &&
           e->html.p[at] != '>')
        at++;
    return str_sub(e->html, from, at - from);
}

/* Behind the tag whose attributes begin at `at`; the text's end when it is never closed. */
static size_t tag_end(const struct excerpt *e, size_t at)
{
    char quote = '\0';
    bool after_equals = false;

    for (; at < e->html.n; at++) {
        char c = e->html.p[at];

        if (quote) {
            if (c == quote)
                quote = '\0';
        } else if (c == '>') {
            return at + 1;
        } else if (after_equals && (c == '"' || c == '\'')) {
            quote = c;
        }
        if (!is_space(c))
            after_equals = c == '=' && !quote;
    }
    return at;
}

/* Where the end tag of an element without tags in it begins. */
static size_t raw_end(const struct excerpt *e, struct str name)
{
    for (size_t at = e->at; at + name.n + 2 <= e->html.n; at++) {
        char after = byte_at(e, at + 2 + name.n);

        if (e->html.p[at] == '<' && e->html.p[at + 1] == '/' &&
            str_eq_nocase(str_sub(e->html, at + 2, name.n), name) &&
            (after == '>' || after == '/' || after == '\0' || is_space(after)))
            return at;
    }
    return e->html.n;
}

/* Behind the element that has just begun and is dropped. */
static void skip_element(struct excerpt *e, struct str name)
{
    size_t depth = 1;

    while (e->at < e->html.n && depth > 0) {
        size_t from = e->at + str_find_byte(str_from(e->html, e->at), '<');
        bool is_end = byte_at(e, from + 1) == '/';
        struct str other = tag_name(e, from + 1 + is_end);

        if (from >= e->html.n) {
            e->at = e->html.n;
            return;
        }
        if (other.n == 0 || !is_letter(other.p[0])) {
            e->at = from + 1;
            continue;
        }
        e->at = tag_end(e, from + 1 + is_end + other.n);
        if (str_eq_nocase(other, name))
            depth = is_end ? depth - 1 : depth + 1;
    }
}

static void skip_raw(struct excerpt *e, struct str name)
{
    e->at = raw_end(e, name);
    e->at = tag_end(e, e->at);
}

static void open_element(struct excerpt *e, struct str name, unsigned flags)
{
    if (!(flags & ELEMENT_INLINE))
        add_space(e);
    if (flags & ELEMENT_RAW) {
        add_text(e, raw_end(e, name), str_eq_nocase(name, STR("title")));
        e->at = tag_end(e, e->at);
        add_space(e);
    } else if (!(flags & ELEMENT_VOID) && e->n_open < DEPTH) {
        e->open[e->n_open++] = name;
    }
}

static bool is_root(struct str name)
{
    return str_eq_nocase(name, STR("html")) || str_eq_nocase(name, STR("body"));
}

static void start_tag(struct excerpt *e)
{
    struct str name = tag_name(e, e->at + 1);
    unsigned flags = element_flags(name);
    bool is_closed;

    e->at = tag_end(e, e->at + 1 + name.n);
    is_closed = e->at >= 2 && e->html.p[e->at - 1] == '>' && e->html.p[e->at - 2] == '/';
    if (is_root(name))
        return;
    if ((flags & ELEMENT_HEAD) && !e->in_body)
        flags |= ELEMENT_DROPPED;
    else if (!(flags & ELEMENT_DROPPED))
        e->in_body = true;
    if (!(flags & ELEMENT_DROPPED))
        open_element(e, name, flags);
    else if (flags & ELEMENT_RAW)
        skip_raw(e, name);
    else if (!(flags & ELEMENT_VOID) && !(is_closed && str_eq_nocase(name, STR("svg"))))
        skip_element(e, name);
}

/* An inline element's end closes no block that began inside it. */
static void end_tag(struct excerpt *e)
{
    struct str name = tag_name(e, e->at + 2);
    size_t at = e->n_open;

    e->at = tag_end(e, e->at + 2 + name.n);
    while (at > 0 && !str_eq_nocase(e->open[at - 1], name))
        at--;
    if (at == 0) {
        if (str_eq_nocase(name, STR("p")))
            add_space(e); /* an empty paragraph */
        return;
    }
    if (element_flags(name) & ELEMENT_INLINE) {
        for (; at < e->n_open; at++)
            e->open[at - 1] = e->open[at];
        e->n_open--;
        return;
    }
    e->n_open = at - 1;
    add_space(e);
}

/* "<!…>" and "<?…>". */
static void skip_declaration(struct excerpt *e)
{
    struct str rest = str_from(e->html, e->at);
    struct str end = STR(">");
    size_t n;

    if (str_starts(rest, STR("<!-->")) || str_starts(rest, STR("<!--->"))) {
        e->at += str_find_byte(rest, '>') + 1;
        return;
    }
    if (str_starts(rest, STR("<!--")))
        end = STR("-->");
    n = str_find(rest, end);
    e->at = n == rest.n ? e->html.n : e->at + n + end.n;
}

static void read_html(struct excerpt *e)
{
    while (e->at < e->html.n && e->text.n <= e->enough) {
        char next = byte_at(e, e->at + 1);
        size_t text_end;

        if (e->html.p[e->at] == '<') {
            if (is_letter(next)) {
                start_tag(e);
                continue;
            }
            if (next == '/' && is_letter(byte_at(e, e->at + 2))) {
                end_tag(e);
                continue;
            }
            if (next == '!' || next == '?' || next == '/') {
                skip_declaration(e);
                continue;
            }
        }
        text_end = e->at + 1 + str_find_byte(str_from(e->html, e->at + 1), '<');
        while (text_end < e->html.n && !is_letter(byte_at(e, text_end + 1)) &&
               byte_at(e, text_end + 1) != '/' && byte_at(e, text_end + 1) != '!' &&
               byte_at(e, text_end + 1) != '?')
            text_end += 1 + str_find_byte(str_from(e->html, text_end + 1), '<');
        add_text(e, text_end, true);
    }
}

static struct str first_codes(struct str text, size_t max)
{
    size_t at = 0;
    uint32_t code;

    for (size_t n = 0; n < max && at < text.n; n++) {
        size_t size = utf8_decode(str_from(text, at), &code);

        at += size > 0 ? size : 1;
    }
    return str_sub(text, 0, at);
}

struct str query_excerpt(struct arena *a, struct str html, size_t max, bool with_ellipsis)
{
    AUTO_BUF struct buf text;
    struct excerpt e = {
        .html = html, .max = max, .enough = max + 2, .look_at = 2 * max + 64, .after_space = true};
    struct str out;

    buf_init(&e.text, html.n * 4 + 16);
    buf_add_byte(&e.text, ' '); /* of the document's own block */
    read_html(&e);
    text = e.text;
    out = trim_white(buf_str(&text));
    if (utf8_count(out) <= max)
        return arena_dup(a, out);
    out = trim_white(first_codes(out, max));
    return arena_concat(a, out, with_ellipsis ? STR("...") : STR(""), STR_NONE);
}
