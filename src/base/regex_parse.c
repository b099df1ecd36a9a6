/*
 * RE2's syntax with the extensions that RE2 calls Perl's: a recursive descent over the pattern.
 * Messages are worded as users of that syntax know them.
 */
#include "base/limits.h"
#include "base/regex_node.h"

#define MOST_REPEATS 1000

struct parser {
    struct arena *a;
    struct str pattern;
    struct str rest;
    size_t depth;
    bool fold, any_newline, multi_line; /* flags i, s, m; U changes no yes or no */
    struct str why;                     /* empty: no error so far */
};

static struct regex_node *parse_alternatives(struct parser *p);

/* The first error counts. */
static bool fail(struct parser *p, const char *what, struct str where)
{
    if (p->why.n == 0)
        p->why = arena_printf(p->a, "error parsing regexp: %s: `%.*s`", what, STR_ARG(where));
    return false;
}

/* From `start`, an earlier state of p->rest, to where the parser is. */
static struct str since(const struct parser *p, struct str start)
{
    return str_sub(start, 0, start.n - p->rest.n);
}

static bool accept(struct parser *p, struct str text)
{
    if (!str_starts(p->rest, text))
        return false;
    p->rest = str_from(p->rest, text.n);
    return true;
}

/* The next code point, which is there: the pattern is valid UTF-8. */
static uint32_t next_code(struct parser *p)
{
    uint32_t code = 0;

    p->rest = str_from(p->rest, utf8_decode(p->rest, &code));
    return code;
}

static struct regex_node *new_node(struct parser *p, enum regex_op op)
{
    struct regex_node *node = ARENA_NEW(p->a, struct regex_node);

    node->op = op;
    return node;
}

static struct regex_node *literal(struct parser *p, uint32_t code)
{
    struct regex_node *node = new_node(p, REGEX_LITERAL);

    node->code = code;
    node->fold = p->fold;
    return node;
}

static struct regex_node *class_node(struct parser *p)
{
    struct regex_node *node = new_node(p, REGEX_CLASS);

    node->set = ARENA_NEW(p->a, struct regex_set);
    node->fold = p->fold;
    return node;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What follows "\x": two digits, or any number in braces. Takes the character that is wrong too. */
static bool parse_hex(struct parser *p, uint32_t *ret_code)
{
    bool braces = accept(p, STR("{"));
    uint32_t code = 0;
    size_t n = 0;
    bool ok = true;

    while (p->rest.n && (braces || n < 2)) {
        int digit = hex_value(p->rest.p[0]);
        uint32_t c = next_code(p);

        if (braces && c == '}') {
            *ret_code = code;
            return n > 0;
        }
        ok = ok && digit >= 0;
        if (braces && !ok)
            return false;
        code = code * 16 + (uint32_t)(digit < 0 ? 0 : digit);
        n++;
        if (code > REGEX_MAX_CODE)
            return false;
    }
    *ret_code = code;
    return ok && !braces && n == 2;
}

static void parse_octal(struct parser *p, uint32_t *code)
{
    for (int i = 0; i < 2 && p->rest.n && p->rest.p[0] >= '0' && p->rest.p[0] <= '7'; i++) {
        *code = *code * 8 + (uint32_t)(p->rest.p[0] - '0');
        p->rest = str_from(p->rest, 1);
    }
}

/* An escape that stands for one character. */
static bool parse_escape(struct parser *p, uint32_t *ret_code)
{
    static const struct str letters = STR_INIT("afnrtv");
    static const char meanings[] = "\a\f\n\r\t\v";
    struct str start = p->rest;
    uint32_t c;
    size_t at;

    p->rest = str_from(p->rest, 1);
    if (p->rest.n == 0)
        return fail(p, "trailing backslash at end of expression", STR(""));
    c = next_code(p);
    at = c < 0x80 ? str_find_byte(letters, (char)c) : letters.n;
    if (at < letters.n) {
        *ret_code = (unsigned char)meanings[at];
        return true;
    }
    if (c == 'x') {
        if (parse_hex(p, ret_code))
            return true;
    } else if (c >= '0' && c <= '7') {
        bool octal = c == '0' || (p->rest.n && p->rest.p[0] >= '0' && p->rest.p[0] <= '7');

        *ret_code = c - '0';
        parse_octal(p, ret_code);
        if (octal)
            return true; /* a single other digit would be a back reference */
    } else if (c < 0x80 && !(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) {
        *ret_code = c;
        return true;
    }
    return fail(p, "invalid escape sequence", since(p, start));
}

/* "\pN", "\p{Greek}", "\P…": adds to the set. False with p->why set, or when it is none. */
static bool parse_property(struct parser *p, struct regex_set *set)
{
    struct str start = p->rest;
    bool negated = str_starts(p->rest, STR("\\P"));
    struct str name;

    if (!negated && !str_starts(p->rest, STR("\\p")))
        return false;
    p->rest = str_from(p->rest, 2);
    if (p->rest.n == 0)
        return fail(p, "invalid character class range", start);
    if (accept(p, STR("{"))) {
        size_t end = str_find_byte(p->rest, '}');

        name = str_sub(p->rest, 0, end);
        if (end == p->rest.n)
            return fail(p, "invalid character class range", start);
        p->rest = str_from(p->rest, end + 1);
    } else {
        name = p->rest;
        next_code(p);
        name = since(p, name);
    }
    if (str_starts(name, STR("^"))) {
        negated = !negated;
        name = str_from(name, 1);
    }
    if (!regex_set_add_property(p->a, set, name, negated, p->fold))
        return fail(p, "invalid character class range", since(p, start));
    return true;
}

/* "\d" and its like. */
static bool parse_letter_class(struct parser *p, struct regex_set *set)
{
    if (p->rest.n < 2 || p->rest.p[0] != '\\' ||
        !regex_set_add_letter(p->a, set, p->rest.p[1], p->fold))
        return false;
    p->rest = str_from(p->rest, 2);
    return true;
}

/* "[:alpha:]" inside a class; without an end it is no more than characters. */
static bool parse_named_class(struct parser *p, struct regex_set *set)
{
    struct str inner = str_from(p->rest, 2);
    size_t end = str_find(inner, STR(":]"));
    bool negated = str_starts(inner, STR("^"));
    struct str name;

    if (!str_starts(p->rest, STR("[:")) || end == inner.n)
        return false;
    name = str_sub(inner, negated, end - negated);
    if (!regex_set_add_named(p->a, set, name, negated, p->fold))
        return fail(p, "invalid character class range", str_sub(p->rest, 0, end + 4));
    p->rest = str_from(p->rest, end + 4);
    return true;
}

static bool parse_class_char(struct parser *p, struct str class_start, uint32_t *ret_code)
{
    if (p->rest.n == 0)
        return fail(p, "missing closing ]", class_start);
    if (p->rest.p[0] == '\\')
        return parse_escape(p, ret_code);
    *ret_code = next_code(p);
    return true;
}

static bool parse_class_range(struct parser *p, struct regex_set *set, struct str class_start)
{
    struct str start = p->rest;
    uint32_t low = 0, high;

    if (!parse_class_char(p, class_start, &low))
        return false;
    high = low;
    if (p->rest.n >= 2 && p->rest.p[0] == '-' && p->rest.p[1] != ']') {
        p->rest = str_from(p->rest, 1);
        if (!parse_class_char(p, class_start, &high))
            return false;
        if (high < low)
            return fail(p, "invalid character class range", since(p, start));
    }
    regex_set_add(p->a, set, low, high);
    return true;
}

static struct regex_node *parse_class(struct parser *p)
{
    struct str start = p->rest;
    struct regex_node *node = class_node(p);
    bool first = true;

    p->rest = str_from(p->rest, 1);
    node->set->negated = accept(p, STR("^"));
    while (first || p->rest.n == 0 || p->rest.p[0] != ']') {
        bool done = parse_named_class(p, node->set) || parse_property(p, node->set) ||
                    parse_letter_class(p, node->set);

        if (p->why.n || (!done && !parse_class_range(p, node->set, start)))
            return NULL;
        first = false;
    }
    p->rest = str_from(p->rest, 1);
    return node;
}

static bool parse_count(struct str *s, int *ret)
{
    size_t n = 0;
    int value = 0;

    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9') {
        if (value <= MOST_REPEATS)
            value = value * 10 + (s->p[n] - '0');
        n++;
    }
    if (n == 0 || (n > 1 && s->p[0] == '0'))
        return false;
    *s = str_from(*s, n);
    *ret = value;
    return true;
}

/* "{n}", "{n,}", "{n,m}"; anything else in braces is text. */
static bool parse_braces(struct parser *p, int *ret_min, int *ret_max)
{
    struct str s = str_from(p->rest, 1);

    if (!parse_count(&s, ret_min))
        return false;
    *ret_max = *ret_min;
    if (str_starts(s, STR(","))) {
        s = str_from(s, 1);
        *ret_max = -1;
        if (!str_starts(s, STR("}")) && !parse_count(&s, ret_max))
            return false;
    }
    if (!str_starts(s, STR("}")))
        return false;
    p->rest = str_from(s, 1);
    return true;
}

/* A repetition operator: false, and nothing taken, when there is none. */
static bool parse_operator(struct parser *p, int *ret_min, int *ret_max)
{
    char c = p->rest.n ? p->rest.p[0] : '\0';

    if (c == '{') {
        if (!parse_braces(p, ret_min, ret_max))
            return false;
    } else if (c == '*' || c == '+' || c == '?') {
        *ret_min = c == '+';
        *ret_max = c == '?' ? 1 : -1;
        p->rest = str_from(p->rest, 1);
    } else {
        return false;
    }
    (void)accept(p, STR("?")); /* lazy: the same texts match */
    return true;
}

/* Repeats inside of repeats multiply; all of them together may make `most` copies. */
static bool repeats_fit(const struct regex_node *node, int most)
{
    if (node->op == REGEX_REPEAT && node->max != 0) {
        int copies = node->max < 0 ? node->min : node->max;

        if (copies > most)
            return false;
        if (copies > 0)
            most /= copies;
    }
    for (const struct regex_node *child = node->first; child; child = child->next) {
        if (!repeats_fit(child, most))
            return false;
    }
    return true;
}

/* What a sequence has so far. `operator_at` is where the operator before began, if one did. */
struct sequence {
    struct regex_node *concat;
    struct regex_node **end;  /* where the next child goes */
    struct regex_node **last; /* where the last child hangs; NULL: none */
    struct str operator_at;
};

static void append(struct sequence *s, struct regex_node *node)
{
    s->last = s->end;
    *s->end = node;
    s->end = &node->next;
    s->operator_at = STR_NONE;
}

static void apply_operator(struct parser *p, struct sequence *s, struct str start, int min, int max)
{
    struct regex_node *repeat;
    bool counted = start.p[0] == '{';

    if (counted && (min > MOST_REPEATS || max > MOST_REPEATS || (max >= 0 && min > max))) {
        fail(p, "invalid repeat count", since(p, start));
        return;
    }
    if (s->operator_at.p) {
        fail(p, "invalid nested repetition operator", since(p, s->operator_at));
        return;
    }
    if (!s->last) {
        fail(p, "missing argument to repetition operator", since(p, start));
        return;
    }
    repeat = new_node(p, REGEX_REPEAT);
    repeat->min = min;
    repeat->max = max;
    repeat->first = *s->last;
    *s->last = repeat;
    s->end = &repeat->next;
    s->operator_at = start;
    if (counted && (min >= 2 || max >= 2) && !repeats_fit(repeat, MOST_REPEATS))
        fail(p, "invalid repeat count", since(p, start));
}

static bool is_group_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (c != '_' && !(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
            return false;
    }
    return name.n > 0;
}

static bool parse_group_name(struct parser *p, struct str start)
{
    size_t end = str_find_byte(p->rest, '>');
    struct str name = str_sub(p->rest, 0, end);

    if (end == p->rest.n)
        return fail(p, "invalid named capture", start);
    p->rest = str_from(p->rest, end + 1);
    return is_group_name(name) || fail(p, "invalid named capture", since(p, start));
}

/* One letter of "(?ims-U". */
static bool set_flag(struct parser *p, char c, bool on)
{
    switch (c) {
    case 'i':
        p->fold = on;
        return true;
    case 's':
        p->any_newline = on;
        return true;
    case 'm':
        p->multi_line = on;
        return true;
    case 'U':
        return true;
    default:
        return false;
    }
}

/* Behind "(?": true for a group that goes on, *ret_flags_only for one that only sets flags. */
static bool parse_flags(struct parser *p, struct str start, bool *ret_flags_only)
{
    bool on = true;
    bool saw_flag = true; /* "(?:" needs none */

    while (p->rest.n) {
        char c = p->rest.p[0];

        next_code(p);
        *ret_flags_only = c == ')';
        if ((c == ':' || c == ')') && saw_flag)
            return true;
        if (c == '-' && on) {
            on = false;
            saw_flag = false;
        } else if (set_flag(p, c, on)) {
            saw_flag = true;
        } else {
            return fail(p, "invalid or unsupported Perl syntax", since(p, start));
        }
    }
    return fail(p, "invalid or unsupported Perl syntax", start);
}

/* From "(" to its ")". NULL without an error: the group only set flags. */
static struct regex_node *parse_group(struct parser *p)
{
    struct parser before = *p;
    struct str start = p->rest;
    struct regex_node *node;
    bool flags_only = false;

    p->rest = str_from(p->rest, 1);
    if (accept(p, STR("?P<")) || accept(p, STR("?<"))) {
        if (!parse_group_name(p, start))
            return NULL;
    } else if (accept(p, STR("?"))) {
        if (!parse_flags(p, start, &flags_only) || flags_only)
            return NULL;
    }
    if (++p->depth > LIMIT_REGEX_NESTING) {
        fail(p, "expression nests too deeply", p->pattern);
        return NULL;
    }
    node = parse_alternatives(p);
    p->depth--;
    if (p->why.n || (!accept(p, STR(")")) && !fail(p, "missing closing )", p->pattern)))
        return NULL;
    p->fold = before.fold;
    p->any_newline = before.any_newline;
    p->multi_line = before.multi_line;
    return node;
}

static struct regex_node *parse_backslash(struct parser *p)
{
    static const struct {
        struct str text;
        enum regex_op op;
    } edges[] = {{STR_INIT("\\A"), REGEX_BEGIN_TEXT},
                 {STR_INIT("\\z"), REGEX_END_TEXT},
                 {STR_INIT("\\b"), REGEX_WORD_EDGE},
                 {STR_INIT("\\B"), REGEX_NO_WORD_EDGE}};
    struct regex_node *node;
    uint32_t code = 0;

    for (size_t i = 0; i < COUNT_OF(edges); i++) {
        if (accept(p, edges[i].text))
            return new_node(p, edges[i].op);
    }
    node = class_node(p);
    if (parse_property(p, node->set) || parse_letter_class(p, node->set))
        return node;
    return p->why.n == 0 && parse_escape(p, &code) ? literal(p, code) : NULL;
}

/* "\Q…\E": text as it is. */
static void parse_quoted(struct parser *p, struct sequence *s)
{
    size_t end = str_find(p->rest, STR("\\E"));
    struct str after = str_from(p->rest, end + 2);

    p->rest = str_sub(p->rest, 0, end);
    while (p->rest.n)
        append(s, literal(p, next_code(p)));
    p->rest = after;
}

/* One piece that is no operator. NULL: an error, or nothing that matches. */
static struct regex_node *parse_piece(struct parser *p)
{
    switch (p->rest.p[0]) {
    case '(':
        return parse_group(p);
    case '[':
        return parse_class(p);
    case '\\':
        return parse_backslash(p);
    case '^':
        next_code(p);
        return new_node(p, p->multi_line ? REGEX_BEGIN_LINE : REGEX_BEGIN_TEXT);
    case '$':
        next_code(p);
        return new_node(p, p->multi_line ? REGEX_END_LINE : REGEX_END_TEXT);
    case '.':
        next_code(p);
        return new_node(p, p->any_newline ? REGEX_ANY : REGEX_ANY_BUT_NEWLINE);
    default:
        return literal(p, next_code(p));
    }
}

static struct regex_node *parse_sequence(struct parser *p)
{
    struct sequence s = {.concat = new_node(p, REGEX_CONCAT)};

    s.end = &s.concat->first;
    while (p->why.n == 0 && p->rest.n && p->rest.p[0] != '|' && p->rest.p[0] != ')') {
        struct str start = p->rest;
        struct regex_node *piece;
        int min = 0, max = 0;

        if (parse_operator(p, &min, &max)) {
            apply_operator(p, &s, start, min, max);
        } else if (accept(p, STR("\\Q"))) {
            parse_quoted(p, &s);
        } else {
            s.operator_at = STR_NONE;
            piece = parse_piece(p);
            if (piece)
                append(&s, piece);
        }
    }
    if (!s.concat->first)
        s.concat->op = REGEX_EMPTY;
    return s.concat->first && !s.concat->first->next ? s.concat->first : s.concat;
}

static struct regex_node *parse_alternatives(struct parser *p)
{
    struct regex_node *first = parse_sequence(p);
    struct regex_node *last = first;
    struct regex_node *node;

    if (!str_starts(p->rest, STR("|")))
        return first;
    node = new_node(p, REGEX_ALTERNATE);
    node->first = first;
    while (p->why.n == 0 && accept(p, STR("|"))) {
        last->next = parse_sequence(p);
        last = last->next;
    }
    return node;
}

struct regex_node *regex_parse(struct arena *a, struct str pattern, struct str *ret_why)
{
    struct parser p = {.a = a, .pattern = pattern, .rest = pattern};
    struct regex_node *node = NULL;

    if (pattern.n > LIMIT_REGEX_BYTES)
        p.why = REGEX_TOO_LARGE;
    else if (!utf8_valid(pattern))
        p.why = STR("error parsing regexp: invalid UTF-8");
    if (p.why.n == 0)
        node = parse_alternatives(&p);
    if (p.why.n == 0 && p.rest.n)
        fail(&p, "unexpected )", pattern);
    if (p.why.n == 0)
        return node;
    *ret_why = p.why;
    return NULL;
}
