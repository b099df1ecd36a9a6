/*
 * The text of an HTML document, in one pass.
 *
 * Invariants
 *  1. Every step takes at least one byte of the document, or ends; none looks at one that an
 *     earlier step has looked at, but for the few bytes of an entity or a name.
 *  2. There is no stack: one link at a time is open (HTML has none inside of another), and of what
 *     is left out only the outermost element is known, with how often its own name is open.
 *  3. What is written for a piece of the document is no longer than it, but for the last "[LINK]".
 */
#include "mail/internal.h"

#define SPACES " \t\r\n\f"

enum element_kind {
    ELEMENT_BLOCK,  /* begins a line, and ends one */
    ELEMENT_INLINE, /* shows nothing itself */
    ELEMENT_BREAK,
    ELEMENT_ITEM,
    ELEMENT_LINK,
    ELEMENT_HIDDEN, /* left out with what is inside */
    ELEMENT_RAW,    /* the same; and inside there are no tags but its own end */
};

/* All others are blocks. */
static const struct {
    const char *name;
    enum element_kind kind;
} elements[] = {
    {"a", ELEMENT_LINK},      {"abbr", ELEMENT_INLINE},     {"b", ELEMENT_INLINE},
    {"bdi", ELEMENT_INLINE},  {"bdo", ELEMENT_INLINE},      {"big", ELEMENT_INLINE},
    {"br", ELEMENT_BREAK},    {"button", ELEMENT_HIDDEN},   {"cite", ELEMENT_INLINE},
    {"code", ELEMENT_INLINE}, {"del", ELEMENT_INLINE},      {"em", ELEMENT_INLINE},
    {"font", ELEMENT_INLINE}, {"form", ELEMENT_HIDDEN},     {"i", ELEMENT_INLINE},
    {"iframe", ELEMENT_RAW},  {"img", ELEMENT_INLINE},      {"input", ELEMENT_INLINE},
    {"ins", ELEMENT_INLINE},  {"kbd", ELEMENT_INLINE},      {"label", ELEMENT_INLINE},
    {"li", ELEMENT_ITEM},     {"mark", ELEMENT_INLINE},     {"object", ELEMENT_HIDDEN},
    {"q", ELEMENT_INLINE},    {"s", ELEMENT_INLINE},        {"samp", ELEMENT_INLINE},
    {"script", ELEMENT_RAW},  {"select", ELEMENT_HIDDEN},   {"small", ELEMENT_INLINE},
    {"span", ELEMENT_INLINE}, {"strike", ELEMENT_INLINE},   {"strong", ELEMENT_INLINE},
    {"style", ELEMENT_RAW},   {"sub", ELEMENT_INLINE},      {"sup", ELEMENT_INLINE},
    {"svg", ELEMENT_HIDDEN},  {"template", ELEMENT_HIDDEN}, {"textarea", ELEMENT_RAW},
    {"time", ELEMENT_INLINE}, {"title", ELEMENT_RAW},       {"tt", ELEMENT_INLINE},
    {"u", ELEMENT_INLINE},    {"var", ELEMENT_INLINE},      {"wbr", ELEMENT_INLINE},
};

struct tag {
    struct str name;
    struct str href; /* as it stands; empty: there is none */
    bool closes;     /* "</...>" */
};

struct reader {
    struct str rest; /* of the document */
    struct buf out;
    bool space;          /* one is due before more text */
    bool line;           /* the same of a line end */
    struct str href;     /* of the open link; empty: none is open */
    size_t link_at;      /* where its text begins in out */
    struct str hidden;   /* the element that is left out; empty: none */
    size_t hidden_depth; /* so many of that name are open */
};

static bool is_space(char c)
{
    return str_find_byte(STR(SPACES), c) < sizeof(SPACES) - 1;
}

static bool is_letter(char c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static enum element_kind kind_of(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(elements); i++)
        if (str_eq_nocase(name, str_of(elements[i].name)))
            return elements[i].kind;
    return ELEMENT_BLOCK;
}

/* --- what is written ------------------------------------------------------------------------- */

/* Where a blank would be lost: at the start of the text, of a line, of an item, of a link. */
static bool at_start(const struct reader *r)
{
    return r->out.n == 0 || r->out.p[r->out.n - 1] == '\n' ||
           (r->href.n > 0 && r->out.n == r->link_at);
}

static void put_due(struct reader *r)
{
    if (r->line && !at_start(r))
        buf_add_byte(&r->out, '\n');
    if (r->space && !at_start(r) && r->out.p[r->out.n - 1] != ' ')
        buf_add_byte(&r->out, ' ');
    r->line = false;
    r->space = false;
}

static void put(struct reader *r, struct str text)
{
    put_due(r);
    buf_add(&r->out, text);
}

static void break_line(struct reader *r)
{
    r->space = false;
    put_due(r);
    buf_add_byte(&r->out, '\n');
}

static void put_character(struct reader *r, uint32_t code)
{
    char bytes[4];

    if (code < 128 && is_space((char)code))
        r->space = true;
    else
        put(r, (struct str){bytes, utf8_encode(code, bytes)});
}

/* A URL with its entities decoded. */
static void put_url(struct reader *r, struct str url)
{
    while (url.n > 0) {
        uint32_t code;
        size_t n = 1;
        char bytes[4];

        if (url.p[0] == '&' && mail_entity(url, &code, &n))
            buf_add_bytes(&r->out, bytes, utf8_encode(code, bytes));
        else if ((unsigned char)url.p[0] >= ' ' && url.p[0] != 127)
            buf_add_byte(&r->out, url.p[0]);
        url = str_from(url, n);
    }
}

static void end_link(struct reader *r)
{
    if (r->href.n == 0)
        return;
    if (r->out.n == r->link_at)
        buf_add(&r->out, STR("LINK"));
    BUF_ADD(&r->out, "](");
    put_url(r, r->href);
    buf_add_byte(&r->out, ')');
    r->href = STR_NONE;
}

static void begin_link(struct reader *r, struct str href)
{
    end_link(r);
    if (href.n == 0)
        return;
    put(r, STR("["));
    r->href = href;
    r->link_at = r->out.n;
}

/* --- tags ------------------------------------------------------------------------------------ */

static void skip(struct reader *r, size_t n)
{
    r->rest = str_from(r->rest, n);
}

static void skip_spaces(struct reader *r)
{
    while (r->rest.n > 0 && is_space(r->rest.p[0]))
        skip(r, 1);
}

/* Up to one of the bytes of `ends`, which stays. */
static struct str take_until(struct reader *r, struct str ends)
{
    struct str whole = r->rest;
    size_t n = 0;

    while (n < whole.n && str_find_byte(ends, whole.p[n]) == ends.n)
        n++;
    skip(r, n);
    return str_sub(whole, 0, n);
}

static struct str take_value(struct reader *r)
{
    char quote = r->rest.n > 0 ? r->rest.p[0] : ' ';
    struct str value;

    if (quote != '"' && quote != '\'')
        return take_until(r, STR(SPACES ">"));
    skip(r, 1);
    value = take_until(r, (struct str){&quote, 1});
    skip(r, 1);
    return value;
}

/* Behind the name of a tag: to behind its '>'. */
static void take_attributes(struct reader *r, struct tag *tag)
{
    while (skip_spaces(r), r->rest.n > 0 && r->rest.p[0] != '>') {
        size_t before = r->rest.n;
        struct str name = take_until(r, STR(SPACES "/>="));
        struct str value = STR_NONE;

        skip_spaces(r);
        if (r->rest.n > 0 && r->rest.p[0] == '=') {
            skip(r, 1);
            skip_spaces(r);
            value = take_value(r);
        }
        if (tag->href.n == 0 && str_eq_nocase(name, STR("href")))
            tag->href = str_trim_space(value);
        if (r->rest.n == before) /* a slash */
            skip(r, 1);
    }
    skip(r, 1);
}

/* What stands in an element of the raw kind, with the end tag's start: then that is a tag. */
static void skip_raw(struct reader *r, struct str name)
{
    while (r->rest.n > 0) {
        skip(r, str_find_byte(r->rest, '<'));
        if (r->rest.n > name.n + 1 && r->rest.p[1] == '/' &&
            str_starts_nocase(str_from(r->rest, 2), name))
            return;
        skip(r, 1);
    }
}

static void hide(struct reader *r, struct str name)
{
    if (r->hidden.n == 0)
        r->hidden = name;
    if (str_eq_nocase(r->hidden, name))
        r->hidden_depth++;
}

static void unhide(struct reader *r, struct str name)
{
    if (r->hidden.n > 0 && str_eq_nocase(r->hidden, name) && --r->hidden_depth == 0)
        r->hidden = STR_NONE;
}

static void show_tag(struct reader *r, const struct tag *tag, enum element_kind kind)
{
    switch (kind) {
    case ELEMENT_BLOCK:
        r->line = true;
        break;
    case ELEMENT_ITEM:
        r->line = true;
        if (!tag->closes)
            put(r, STR("- "));
        break;
    case ELEMENT_BREAK:
        break_line(r);
        break;
    case ELEMENT_LINK:
        if (tag->closes)
            end_link(r);
        else
            begin_link(r, tag->href);
        break;
    case ELEMENT_INLINE:
    case ELEMENT_HIDDEN:
    case ELEMENT_RAW:
        break;
    }
}

/* At the '<' of a tag. */
static void read_tag(struct reader *r)
{
    struct tag tag = {.closes = r->rest.p[1] == '/'};
    enum element_kind kind;

    skip(r, tag.closes ? 2 : 1);
    tag.name = take_until(r, STR(SPACES "/>"));
    take_attributes(r, &tag);
    kind = kind_of(tag.name);
    if (kind == ELEMENT_RAW && !tag.closes)
        skip_raw(r, tag.name);
    if (r->hidden.n == 0)
        show_tag(r, &tag, kind);
    if (kind == ELEMENT_HIDDEN)
        (tag.closes ? unhide : hide)(r, tag.name);
}

/* --- the whole ------------------------------------------------------------------------------- */

static bool is_tag(struct str s)
{
    return s.n > 1 && (is_letter(s.p[1]) || (s.p[1] == '/' && s.n > 2 && is_letter(s.p[2])));
}

static void skip_comment(struct reader *r)
{
    struct str end = str_starts(r->rest, STR("<!--")) ? STR("-->") : STR(">");

    skip(r, str_find(r->rest, end));
    skip(r, end.n);
}

static void read_character(struct reader *r)
{
    uint32_t code;
    size_t n = 1;
    char c = r->rest.p[0];

    if (r->hidden.n > 0)
        ;
    else if (c == '&' && mail_entity(r->rest, &code, &n))
        put_character(r, code);
    else if (is_space(c))
        r->space = true;
    else if ((unsigned char)c >= ' ' && c != 127)
        put(r, str_sub(r->rest, 0, 1));
    skip(r, n);
}

struct str mail_plain(struct arena *a, struct str html)
{
    struct reader r = {.rest = html};
    struct str text;

    buf_init(&r.out, html.n + sizeof("[LINK]()"));
    while (r.rest.n > 0) {
        bool is_mark = r.rest.n > 1 && r.rest.p[0] == '<';

        if (is_mark && (r.rest.p[1] == '!' || r.rest.p[1] == '?'))
            skip_comment(&r);
        else if (is_mark && is_tag(r.rest))
            read_tag(&r);
        else
            read_character(&r);
    }
    end_link(&r);
    text = arena_dup(a, str_trim_space(buf_str(&r.out)));
    buf_done(&r.out);
    return text;
}
