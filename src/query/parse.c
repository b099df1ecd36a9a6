/*
 * The parser: a list of items, with groups as lists of their own.
 *
 * A group is accepted wherever an item or an operand may stand and begins a new item: `a = (b = 1)`
 * is
 * `(b = 1)`, and `a = 1 (b = 2)` joins the group as the item before was joined. Rules that users
 * have stored rely on it.
 */
#include "query/internal.h"

#include "base/limits.h"

enum step { WANT_LEFT, WANT_SIGN, WANT_RIGHT, WANT_JOIN };

struct parse {
    struct lex lex;
    unsigned depth;
};

struct parse_list {
    VEC(struct query_node) items;
    struct query_node item; /* being read */
    bool began;             /* a left operand was read, ever */
    bool is_or;             /* the join read last */
    enum step step;
};

static const char *token_name(enum query_token kind)
{
    switch (kind) {
    case QUERY_IDENT:
        return "identifier";
    case QUERY_CALL:
        return "function";
    case QUERY_NUMBER:
        return "number";
    case QUERY_TEXT:
        return "text";
    case QUERY_SIGN:
        return "sign";
    case QUERY_JOIN:
        return "join";
    case QUERY_GROUP:
        return "group";
    case QUERY_END:
        return "eof";
    }
    BUG("not a token");
}

/* What begins at byte `at` is wrong. */
static bool fail(struct parse *p, size_t at, struct str why)
{
    p->lex.from = at;
    p->lex.why = why;
    return false;
}

static bool fail_expected(struct parse *p, const char *what, const struct lex_token *token)
{
    return fail(p, token->at,
                arena_printf(p->lex.a, "expected %s, got %.*s (%s)", what,
                             STR_ARG(query_quote(p->lex.a, token->text)), token_name(token->kind)));
}

static bool is_operand(enum query_token kind)
{
    return kind == QUERY_IDENT || kind == QUERY_CALL || kind == QUERY_NUMBER || kind == QUERY_TEXT;
}

static struct query_operand operand_of(const struct lex_token *token)
{
    return (struct query_operand){token->kind,   token->text,      token->args,
                                  token->n_args, QUERY_NO_LITERAL, token->at};
}

static bool take_token(struct parse *p, struct parse_list *list, const struct lex_token *token)
{
    switch (list->step) {
    case WANT_LEFT:
        if (!is_operand(token->kind))
            return fail_expected(p, "left operand (identifier, function, text or number)", token);
        list->item = (struct query_node){.left = operand_of(token)};
        list->began = true;
        list->step = WANT_SIGN;
        return true;
    case WANT_SIGN:
        if (token->kind != QUERY_SIGN)
            return fail_expected(p, "a sign operator", token);
        list->item.op = token->op;
        list->item.any = token->any;
        list->step = WANT_RIGHT;
        return true;
    case WANT_RIGHT:
        if (!is_operand(token->kind))
            return fail_expected(p, "right operand (identifier, function text or number)", token);
        list->item.right = operand_of(token);
        list->item.is_or = list->is_or;
        *VEC_PUSH(p->lex.a, &list->items) = list->item;
        list->step = WANT_JOIN;
        return true;
    case WANT_JOIN:
        if (token->kind != QUERY_JOIN)
            return fail_expected(p, "&& or ||", token);
        list->is_or = token->is_or;
        list->step = WANT_LEFT;
        return true;
    }
    BUG("not a step");
}

static bool parse_list(struct parse *p, struct query_node *ret);

static bool take_group(struct parse *p, struct parse_list *list, const struct lex_token *token)
{
    size_t at = p->lex.at, end = p->lex.end;
    struct query_node group = {.is_group = true};

    if (p->depth == LIMIT_QUERY_NESTING)
        return fail(p, token->at, STR("max nested groups reached"));
    p->lex.at = token->from;
    p->lex.end = token->to;
    p->depth++;
    if (!parse_list(p, &group))
        return false;
    p->depth--;
    p->lex.at = at;
    p->lex.end = end;
    group.is_or = list->is_or;
    *VEC_PUSH(p->lex.a, &list->items) = group;
    list->step = WANT_JOIN;
    return true;
}

/* What lies between lex.at and lex.end. */
static bool parse_list(struct parse *p, struct query_node *ret)
{
    struct parse_list list = {.step = WANT_LEFT};
    struct lex_token token;
    bool ok;

    for (;;) {
        if (!lex_next(&p->lex, &token))
            return false;
        if (token.kind == QUERY_END)
            break;
        if (token.kind == QUERY_GROUP)
            ok = take_group(p, &list, &token);
        else
            ok = take_token(p, &list, &token);
        if (!ok)
            return false;
    }
    if (list.step != WANT_JOIN)
        return fail(p, token.at,
                    list.items.n == 0 && !list.began
                        ? STR("empty filter expression")
                        : STR("invalid or incomplete filter expression"));
    list.items.items[0].is_or = false;
    ret->is_group = true;
    ret->items = list.items.items;
    ret->n = list.items.n;
    return true;
}

bool query_parse_at(struct arena *a, struct str text, struct query_node **ret, struct str *ret_why,
                    size_t *ret_at)
{
    struct parse p = {.lex = {.a = a, .text = text, .end = text.n}};
    struct query_node *root = ARENA_NEW(a, struct query_node);

    if (!parse_list(&p, root)) {
        *ret_why = p.lex.why;
        *ret_at = p.lex.from + 1;
        return false;
    }
    *ret = root;
    return true;
}

bool query_parse(struct arena *a, struct str text, struct query_node **ret, struct str *ret_why)
{
    size_t at;

    return query_parse_at(a, text, ret, ret_why, &at);
}
