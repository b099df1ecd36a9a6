/*
 * Filters: their errors word for word, their trees printed, and what hostile ones cost.
 */
#include "unit/unit.h"

#include "base/compiler.h"
#include "base/limits.h"
#include "query/query.h"

#include <string.h>

static const char *parse(struct arena *a, struct str text)
{
    struct query_node *root = NULL;
    struct str why = STR("?");

    if (!query_parse(a, text, &root, &why))
        return arena_cstr(a, why);
    return arena_cstr(a, query_print(a, root));
}

struct parse_case {
    struct str in;
    const char *out; /* the error, or the filter as it is printed */
};

#define CASE(in, out)     \
    {                     \
        STR_INIT(in), out \
    }

static void check(const struct parse_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        AUTO(arena_free) struct arena *a = arena_new();

        assert_string_equal(parse(a, cases[i].in), cases[i].out);
    }
}

/* Each one was asked of the reference server. */
static void errors_are_worded_as_they_always_were(void **state)
{
    static const struct parse_case cases[] = {
        CASE("", "empty filter expression"),
        CASE("  ", "empty filter expression"),
        CASE("// nothing", "empty filter expression"),
        CASE("()", "empty filter expression"),
        CASE("a=1 &&()", "empty filter expression"),
        CASE("a=1 &&", "invalid or incomplete filter expression"),
        CASE("a=", "invalid or incomplete filter expression"),
        CASE("a", "invalid or incomplete filter expression"),
        CASE("a = 1 && // foo", "invalid or incomplete filter expression"),
        CASE("(a=1) && (n=2) ||", "invalid or incomplete filter expression"),
        CASE("a=1 b", "expected && or ||, got \"b\" (identifier)"),
        CASE("a=1 'x'", "expected && or ||, got \"x\" (text)"),
        CASE("a=1 foo(1)", "expected && or ||, got \"foo\" (function)"),
        CASE("a=1e5", "expected && or ||, got \"e5\" (identifier)"),
        CASE("a=0x1", "expected && or ||, got \"x1\" (identifier)"),
        CASE("(a=1) n=1", "expected && or ||, got \"n\" (identifier)"),
        CASE("a=1 'x\xc2\x80\xc3\xa9\xe2\x80\xa8\x01\x7f'",
             "expected && or ||, got \"x\\u0080\xc3\xa9\\u2028\\x01\\x7f\" (text)"),
        CASE("a='x' 'y\\n\\q\\\"'", "expected && or ||, got \"y\\n\\\\q\\\"\" (text)"),
        CASE("=1", "expected left operand (identifier, function, text or number), got \"=\" "
                   "(sign)"),
        CASE("a=1 &&  =", "expected left operand (identifier, function, text or number), got "
                          "\"=\" (sign)"),
        CASE("a b", "expected a sign operator, got \"b\" (identifier)"),
        CASE("a#b=1", "expected a sign operator, got \"#b\" (identifier)"),
        CASE("@x@y=1", "expected a sign operator, got \"@y\" (identifier)"),
        CASE("a= =", "expected right operand (identifier, function text or number), got \"=\" "
                     "(sign)"),
        CASE("a = &&", "expected right operand (identifier, function text or number), got "
                       "\"&&\" (join)"),
        CASE("(a=1", "invalid formatted group - missing 1 closing bracket(s)"),
        CASE("((", "invalid formatted group - missing 2 closing bracket(s)"),
        CASE("a=1 && (n=1", "invalid formatted group - missing 1 closing bracket(s)"),
        CASE("a=1)", "unexpected character ')'"),
        CASE("(a=1 // )\n)", "unexpected character ')'"),
        CASE("a='x", "invalid quoted text \"'x\""),
        CASE("a='q\\", "invalid quoted text \"'q\""),
        CASE("a='x\\'", "invalid quoted text \"'x'\""),
        CASE("a='x\\\\", "invalid quoted text \"'x\\\\\""),
        CASE("a='x\\n", "invalid quoted text \"'x\\n\""),
        CASE("(a='x\\n", "invalid quoted text \"'x\\\\n\""),
        CASE("a=\"x'", "invalid quoted text \"\\\"x'\""),
        CASE("a==1", "invalid sign operator \"==\""),
        CASE("a <> 1", "invalid sign operator \"<>\""),
        CASE("a => 1", "invalid sign operator \"=>\""),
        CASE("a !? 1", "invalid sign operator \"!?\""),
        CASE("a=1 & b=1", "invalid join operator \"&\""),
        CASE("a=1 &&& b=1", "invalid join operator \"&&&\""),
        CASE("a=1.", "invalid number \"1.\""),
        CASE("a=-", "invalid number \"-\""),
        CASE("--1=1", "invalid number \"-\""),
        CASE("1..2=1", "invalid number \"1.\""),
        CASE("1.2.3=1", "unexpected character '.'"),
        CASE(".5=1", "unexpected character '.'"),
        CASE("a:=1", "invalid identifier \"a:\""),
        CASE("a.=1", "invalid identifier \"a.\""),
        CASE("#=1", "invalid identifier \"#\""),
        CASE("_=1", "invalid identifier \"_\""),
        CASE("a=1 /x", "invalid comment"),
        CASE("a=1 /", "invalid comment"),
        CASE("a=\xc3\xa9", "unexpected character '\xc3\xa9'"),
        CASE("a=1\v", "unexpected character '\\v'"),
        CASE("a=1\xc2\xa0", "unexpected character '\\u00a0'"),
        CASE("a=`", "unexpected character '`'"),
    };

    (void)state;
    check(cases, COUNT_OF(cases));
}

static void arguments_of_functions_have_errors_of_their_own(void **state)
{
    static const struct parse_case cases[] = {
        CASE("f(=1", "unsupported argument character '=' in function \"f\""),
        CASE("f(;)=1", "unsupported argument character ';' in function \"f\""),
        CASE("f(,)=1", "unexpected comma in function \"f\""),
        CASE("f(1,,2)=1", "unexpected comma in function \"f\""),
        CASE("f(1 2)=1", "expected comma after the last argument in function \"f\""),
        CASE("f(1", "invalid or incomplete function \"f\" (expected ')')"),
        CASE("f(/x)=1", "failed to scan comment in function \"f\": invalid comment"),
        CASE("f('a)=1",
             "invalid text argument \"'a)=1\" in function \"f\": invalid quoted text \"'a)=1\""),
        CASE("f(1.)=1", "invalid number argument \"1.\" in function \"f\": invalid number \"1.\""),
        CASE("f(a:)=1",
             "invalid identifier argument \"a:\" in function \"f\": invalid identifier \"a:\""),
        CASE("g(f(f(f(1))))=1",
             "invalid identifier argument \"f\" in function \"g\": invalid identifier argument "
             "\"f\" in function \"f\": invalid identifier argument \"f\" in function \"f\": max "
             "nested function arguments reached (max: 3)"),
        CASE("f(g(h(1)),'a',x:y, -1.5 ,)=1", "f(g(h(1)), \"a\", x:y, -1.5) = 1"),
        CASE("f(//x\n1)=1", "f(1) = 1"),
    };

    (void)state;
    check(cases, COUNT_OF(cases));
}

static void filters_print_as_they_were_understood(void **state)
{
    static const struct parse_case cases[] = {
        CASE("a=1", "a = 1"),
        CASE("01 ?!= -.5", "01 ?!= -.5"),
        CASE("a ?>= 1 || b !~ 'x' && c ?< d", "a ?>= 1 || b !~ \"x\" && c ?< d"),
        CASE("((a=1))", "((a = 1))"),
        CASE(" // c\n a\t=\n1 // d", "a = 1"),
        CASE("a='it\\'s \\\\ \\q \\t\"'", "a = \"it's \\\\ \\\\q \t\\\"\""),
        CASE("a='(' && (b=')')", "a = \"(\" && (b = \")\")"),
        /* what a group may stand for */
        CASE("a=1 (b=2)", "a = 1 && (b = 2)"),
        CASE("a=1 || a=2 (a=3)", "a = 1 || a = 2 || (a = 3)"),
        CASE("a = (b=1)", "(b = 1)"),
        CASE("a (b=1)", "(b = 1)"),
        CASE("(a=1)(b=1)", "(a = 1) && (b = 1)"),
        /* a NUL ends a token, then the input */
        CASE("a=1\0 && b=2", "a = 1 && b = 2"),
        CASE("a=1 \0\0 rubbish (", "a = 1"),
        CASE("\0", "empty filter expression"),
        CASE("a='x\0y'", "invalid quoted text \"'x\""),
    };

    (void)state;
    check(cases, COUNT_OF(cases));
}

/* n opening brackets, a comparison, n closing ones. */
static struct str nested(struct arena *a, size_t n)
{
    char *text = arena_alloc(a, 2 * n + 3);

    memset(text, '(', n);
    memcpy(text + n, "a=1", 3);
    memset(text + n + 3, ')', n);
    return (struct str){text, 2 * n + 3};
}

static void brackets_nest_up_to_the_limit(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct query_node *root;
    struct str why;

    (void)state;
    assert_true(query_parse(a, nested(a, LIMIT_QUERY_NESTING), &root, &why));
    assert_false(query_parse(a, nested(a, LIMIT_QUERY_NESTING + 1), &root, &why));
    assert_string_equal(arena_cstr(a, why), "max nested groups reached");
    assert_false(query_parse(a, nested(a, 500000), &root, &why));
}

/* A megabyte each; quotes in comments are what defeats the bookkeeping of brackets. */
static void long_rules_end(void **state)
{
    static const char *const units[] = {"(",       ")",      "'",  "(//'\n",      "a(",
                                        "a=1 && ", "// (\n", "\\", "((a=1)) && ", "f('(')=1 && "};
    AUTO(arena_free) struct arena *a = arena_new();
    AUTO_BUF struct buf text;

    (void)state;
    buf_init(&text, 2 * MIB);
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        struct query_node *root;
        struct str why;

        buf_reset(&text);
        while (text.n < MIB)
            buf_add(&text, str_of(units[i]));
        assert_false(query_parse(a, buf_str(&text), &root, &why));
        arena_reset(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_worded_as_they_always_were),
        cmocka_unit_test(arguments_of_functions_have_errors_of_their_own),
        cmocka_unit_test(filters_print_as_they_were_understood),
        cmocka_unit_test(brackets_nest_up_to_the_limit),
        cmocka_unit_test(long_rules_end),
    };

    return cmocka_run_group_tests_name("query parse", tests, NULL, NULL);
}
