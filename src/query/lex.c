/*
 * The lexer. A NUL byte ends whatever is being read; where a token would begin it ends the input,
 * and at the end of a token it is taken with it.
 *
 * Where a group is closed is found without regard to comments, before its inside is read. Every
 * bracket that such a scan pairs is kept, so nested groups are scanned once and not once a level;
 * quotes in comments can defeat that, hence the bound on what all scans together may read.
 */
#include "query/lex.h"

#include "base/buf.h"
#include "base/limits.h"

#include <assert.h>

static const struct str ops[] = {
    [OP_EQ] = STR_INIT("?="),   [OP_NE] = STR_INIT("?!="),       [OP_GT] = STR_INIT("?>"),
    [OP_GE] = STR_INIT("?>="),  [OP_LT] = STR_INIT("?<"),        [OP_LE] = STR_INIT("?<="),
    [OP_LIKE] = STR_INIT("?~"), [OP_NOT_LIKE] = STR_INIT("?!~"),
};

struct str query_op_text(enum query_op op, bool any)
{
    return str_from(ops[op], any ? 0 : 1);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static bool is_one_of(char c, const char *set)
{
    for (; *set; set++)
        if (*set == c)
            return true;
    return false;
}

static bool is_ident_start(char c)
{
    return is_letter(c) || is_one_of(c, "_@#");
}

static bool is_ident(char c)
{
    return is_letter(c) || is_digit(c) || is_one_of(c, "_.:");
}

static bool is_number_start(char c)
{
    return c == '-' || is_digit(c);
}

static bool is_quote(char c)
{
    return c == '\'' || c == '"';
}

static bool fail(struct lex *lex, struct str why)
{
    lex->why = why;
    return false;
}

/* The token that began at `from`. */
static struct str since(const struct lex *lex, size_t from)
{
    return str_sub(lex->text, from, lex->at - from);
}

/* The next byte, or NUL at the end. */
static char peek(const struct lex *lex)
{
    if (lex->at >= lex->end)
        return '\0';
    return lex->text.p[lex->at];
}

/* A NUL byte behind a token goes with it. */
static void end_token(struct lex *lex)
{
    if (lex->at < lex->end && lex->text.p[lex->at] == '\0')
        lex->at++;
}

static bool skip_comment(struct lex *lex)
{
    lex->from = lex->at++;
    if (peek(lex) != '/') {
        end_token(lex);
        return fail(lex, STR("invalid comment"));
    }
    while (peek(lex) != '\n' && peek(lex) != '\0')
        lex->at++;
    end_token(lex);
    return true;
}

static bool skip_blank(struct lex *lex)
{
    for (;;) {
        if (is_space(peek(lex))) {
            while (is_space(peek(lex)))
                lex->at++;
            end_token(lex);
        } else if (peek(lex) == '/') {
            if (!skip_comment(lex))
                return false;
        } else {
            return true;
        }
    }
}

static char unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case '\\':
    case '\'':
    case '"':
        return c;
    default:
        return '\0';
    }
}

/* raw: the inside of a text, escapes and all. */
static struct str resolve_escapes(struct arena *a, struct str raw)
{
    char *out;
    size_t n = 0;

    if (str_find_byte(raw, '\\') == raw.n)
        return raw;
    out = arena_alloc(a, raw.n);
    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];

        if (c == '\\' && i + 1 == raw.n)
            break; /* only in a text that never ends, for its message */
        if (c == '\\' && unescape(raw.p[i + 1]))
            c = unescape(raw.p[++i]);
        out[n++] = c;
    }
    return (struct str){out, n};
}

/* Moves behind the closing quote; false: there is none. */
static bool skip_text(struct lex *lex)
{
    char quote = peek(lex);
    bool escaped = false;

    lex->at++;
    for (; peek(lex) != '\0'; lex->at++) {
        char c = peek(lex);

        if (c == quote && !escaped) {
            lex->at++;
            return true;
        }
        escaped = c == '\\' && !escaped;
    }
    return false;
}

static bool lex_text(struct lex *lex, struct lex_token *ret)
{
    size_t from = lex->at;

    ret->kind = QUERY_TEXT;
    if (!skip_text(lex)) {
        ret->text = resolve_escapes(lex->a, since(lex, from));
        return fail(lex, arena_concat(lex->a, STR("invalid quoted text "),
                                      query_quote(lex->a, ret->text), STR_NONE));
    }
    ret->text = resolve_escapes(lex->a, str_sub(lex->text, from + 1, lex->at - from - 2));
    return true;
}

static bool lex_number(struct lex *lex, struct lex_token *ret)
{
    size_t from = lex->at++;
    bool has_dot = false;
    char last;

    while (is_digit(peek(lex)) || (peek(lex) == '.' && !has_dot))
        has_dot |= lex->text.p[lex->at++] == '.';
    ret->kind = QUERY_NUMBER;
    ret->text = since(lex, from);
    end_token(lex);
    last = ret->text.p[ret->text.n - 1];
    if (last == '.' || last == '-')
        return fail(lex, arena_concat(lex->a, STR("invalid number "),
                                      query_quote(lex->a, ret->text), STR_NONE));
    return true;
}

static bool is_valid_name(struct str name)
{
    char last = name.p[name.n - 1];

    return last != '.' && last != ':' && !(name.n == 1 && is_one_of(last, "_@#"));
}

static bool lex_name(struct lex *lex, unsigned depth, struct lex_token *ret);

/* One argument, at its first byte. */
static bool lex_argument(struct lex *lex, struct str function, unsigned depth,
                         struct lex_token *ret)
{
    char c = peek(lex);
    const char *what;
    bool ok;

    ret->at = lex->from = lex->at;
    if (is_ident_start(c)) {
        what = "identifier";
        ok = lex_name(lex, depth - 1, ret);
    } else if (is_number_start(c)) {
        what = "number";
        ok = lex_number(lex, ret);
    } else if (is_quote(c)) {
        what = "text";
        ok = lex_text(lex, ret);
    } else {
        lex->why = arena_printf(
            lex->a, "unsupported argument character %.*s in function %.*s",
            STR_ARG(lex_quote_char(lex->a, str_sub(lex->text, lex->at, lex->end - lex->at))),
            STR_ARG(query_quote(lex->a, function)));
        return false;
    }
    if (!ok)
        lex->why = arena_printf(lex->a, "invalid %s argument %.*s in function %.*s: %.*s", what,
                                STR_ARG(query_quote(lex->a, ret->text)),
                                STR_ARG(query_quote(lex->a, function)), STR_ARG(lex->why));
    return ok;
}

static bool skip_argument_blank(struct lex *lex, struct str function)
{
    if (skip_blank(lex))
        return true;
    return fail(lex, arena_printf(lex->a, "failed to scan comment in function %.*s: %.*s",
                                  STR_ARG(query_quote(lex->a, function)), STR_ARG(lex->why)));
}

static bool fail_call(struct lex *lex, const char *before, struct str function, const char *after)
{
    return fail(lex, arena_printf(lex->a, "%s%.*s%s", before,
                                  STR_ARG(query_quote(lex->a, function)), after));
}

/* At the opening bracket. */
static bool lex_arguments(struct lex *lex, unsigned depth, struct lex_token *ret)
{
    VEC(struct query_operand) args = {0};
    const size_t from = lex->from;
    bool want_comma = false;

    for (lex->at++;;) {
        struct lex_token arg = {.kind = QUERY_END};

        if (!skip_argument_blank(lex, ret->text))
            return false;
        if (peek(lex) == ')')
            break;
        lex->from = peek(lex) == '\0' ? from : lex->at;
        if (peek(lex) == '\0')
            return fail_call(lex, "invalid or incomplete function ", ret->text, " (expected ')')");
        if (want_comma != (peek(lex) == ','))
            return fail_call(lex,
                             want_comma ? "expected comma after the last argument in function "
                                        : "unexpected comma in function ",
                             ret->text, "");
        if (want_comma) {
            lex->at++;
            want_comma = false;
            continue;
        }
        if (!lex_argument(lex, ret->text, depth, &arg))
            return false;
        *VEC_PUSH(lex->a, &args) = (struct query_operand){arg.kind,   arg.text,         arg.args,
                                                          arg.n_args, QUERY_NO_LITERAL, arg.at};
        want_comma = true;
    }
    lex->at++;
    ret->args = args.items;
    ret->n_args = args.n;
    return true;
}

/* An identifier, or a call; depth: how many levels of calls may begin here. */
static bool lex_name(struct lex *lex, unsigned depth, struct lex_token *ret)
{
    size_t from = lex->at++;

    while (is_ident(peek(lex)))
        lex->at++;
    ret->text = since(lex, from);
    if (peek(lex) == '(') {
        ret->kind = QUERY_CALL;
        if (depth == 0)
            return fail(lex, arena_printf(lex->a, "max nested function arguments reached (max: %d)",
                                          LIMIT_FUNCTION_NESTING));
        if (!is_valid_name(ret->text))
            return fail_call(lex, "invalid function name ", ret->text, "");
        return lex_arguments(lex, depth, ret);
    }
    ret->kind = QUERY_IDENT;
    end_token(lex);
    if (!is_valid_name(ret->text))
        return fail_call(lex, "invalid identifier ", ret->text, "");
    return true;
}

static bool lex_sign(struct lex *lex, struct lex_token *ret)
{
    size_t from = lex->at;

    while (peek(lex) != '\0' && is_one_of(peek(lex), "=?!><~"))
        lex->at++;
    ret->kind = QUERY_SIGN;
    ret->text = since(lex, from);
    end_token(lex);
    ret->any = ret->text.p[0] == '?';
    for (size_t i = 0; i < COUNT_OF(ops); i++) {
        if (str_eq(query_op_text((enum query_op)i, ret->any), ret->text)) {
            ret->op = (enum query_op)i;
            return true;
        }
    }
    return fail_call(lex, "invalid sign operator ", ret->text, "");
}

static bool lex_join(struct lex *lex, struct lex_token *ret)
{
    size_t from = lex->at;

    while (peek(lex) == '&' || peek(lex) == '|')
        lex->at++;
    ret->kind = QUERY_JOIN;
    ret->text = since(lex, from);
    end_token(lex);
    ret->is_or = str_eq(ret->text, STR("||"));
    if (!ret->is_or && !str_eq(ret->text, STR("&&")))
        return fail_call(lex, "invalid join operator ", ret->text, "");
    return true;
}

/* The closing bracket of the one at `open`, where an earlier scan found it. */
static bool find_close(const struct lex *lex, size_t open, size_t *ret)
{
    size_t low = 0, high = lex->brackets.n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (lex->brackets.items[middle].open < open)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == lex->brackets.n || lex->brackets.items[low].open != open)
        return false;
    *ret = lex->brackets.items[low].close;
    return true;
}

#define SCAN_BYTES (64 * MIB)

/* Pairs the brackets from the one at lex->at to its end; they replace those known so far. */
static bool pair_brackets(struct lex *lex)
{
    VEC(size_t) open = {0};

    lex->brackets.n = 0;
    lex->scanned += lex->end - lex->at;
    if (lex->scanned > SCAN_BYTES + lex->text.n)
        return fail(lex, STR("max nested groups reached"));
    while (peek(lex) != '\0') {
        char c = peek(lex);
        size_t from = lex->at;

        if (is_quote(c)) {
            if (!skip_text(lex)) {
                lex->from = from;
                return fail(lex, arena_concat(lex->a, STR("invalid quoted text "),
                                              query_quote(lex->a, since(lex, from)), STR_NONE));
            }
            continue;
        }
        if (c == '(') {
            *VEC_PUSH(lex->a, &open) = lex->brackets.n;
            VEC_PUSH(lex->a, &lex->brackets)->open = from;
        } else if (c == ')') {
            assert(open.n > 0); /* the scan begins at a bracket and ends with it */
            lex->brackets.items[open.items[--open.n]].close = from;
        }
        lex->at++;
        if (open.n == 0)
            return true;
    }
    return fail(
        lex,
        arena_printf(lex->a, "invalid formatted group - missing %zu closing bracket(s)", open.n));
}

static bool lex_group(struct lex *lex, struct lex_token *ret)
{
    size_t open = lex->at;
    size_t close;

    if (!find_close(lex, open, &close)) {
        if (!pair_brackets(lex))
            return false;
        close = lex->brackets.items[0].close;
    }
    if (close >= lex->end) /* a comment hides a bracket of the group around */
        return fail(lex, STR("invalid formatted group - missing 1 closing bracket(s)"));
    lex->at = close + 1;
    ret->kind = QUERY_GROUP;
    ret->from = open + 1;
    ret->to = close;
    ret->text = str_sub(lex->text, ret->from, ret->to - ret->from);
    return true;
}

bool lex_next(struct lex *lex, struct lex_token *ret)
{
    char c;

    *ret = (struct lex_token){.kind = QUERY_END};
    if (!skip_blank(lex))
        return false;
    ret->at = lex->from = lex->at;
    c = peek(lex);
    if (c == '\0')
        return true;
    if (c == '(')
        return lex_group(lex, ret);
    if (is_ident_start(c))
        return lex_name(lex, LIMIT_FUNCTION_NESTING, ret);
    if (is_number_start(c))
        return lex_number(lex, ret);
    if (is_quote(c))
        return lex_text(lex, ret);
    if (is_one_of(c, "=?!><~"))
        return lex_sign(lex, ret);
    if (c == '&' || c == '|')
        return lex_join(lex, ret);
    return fail(
        lex, arena_concat(lex->a, STR("unexpected character "),
                          lex_quote_char(lex->a, str_sub(lex->text, lex->at, lex->end - lex->at)),
                          STR_NONE));
}
