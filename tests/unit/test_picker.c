/*
 * The fields picker, and its excerpt of HTML.
 */
#include "unit/unit.h"

#include "base/compiler.h"
#include "base/json.h"
#include "base/limits.h"
#include "query/picker.h"

#include <stdlib.h>
#include <string.h>

static const char *pick(struct arena *a, const char *fields, const char *body)
{
    struct query_picker *picker;
    AUTO_BUF struct buf out;

    buf_init(&out, MIB);
    if (query_picker_parse(a, str_of(fields), &picker))
        return "error";
    if (!picker)
        return "as it is";
    assert_null(query_pick(a, picker, str_of(body), &out));
    return arena_cstr(a, buf_str(&out));
}

struct pick_case {
    const char *fields, *body, *out;
};

static void check(const struct pick_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        AUTO(arena_free) struct arena *a = arena_new();

        assert_string_equal(pick(a, cases[i].fields, cases[i].body), cases[i].out);
    }
}

#define RECORD "{\"id\":\"x\",\"n\":1.50,\"rel\":{\"id\":\"r\",\"name\":\"q\"},\"rel2\":1}"
#define PAGE(items) \
    "{\"items\":" items ",\"page\":1,\"perPage\":30,\"totalItems\":1,\"totalPages\":1}"

static void keys_are_picked_by_their_paths(void **state)
{
    static const struct pick_case cases[] = {
        {"id", RECORD, "{\"id\":\"x\"}"},
        {" id , nope ", RECORD, "{\"id\":\"x\"}"},
        {"nope", RECORD, "{}"},
        {"rel", RECORD, "{\"rel\":{\"id\":\"r\",\"name\":\"q\"}}"},
        {"rel.name", RECORD, "{\"rel\":{\"name\":\"q\"}}"},
        {"rel,rel.id", RECORD, "{\"rel\":{\"id\":\"r\",\"name\":\"q\"}}"},
        {"rel.nope", RECORD, "{\"rel\":{}}"},
        {"id.x", RECORD, "{\"id\":\"x\"}"},
        {"ID", RECORD, "{}"},
        {"*", RECORD, "{\"id\":\"x\",\"n\":1.5,\"rel\":{\"id\":\"r\",\"name\":\"q\"},\"rel2\":1}"},
        {"*,rel.id", RECORD, "{\"id\":\"x\",\"n\":1.5,\"rel\":{\"id\":\"r\"},\"rel2\":1}"},
        {"rel.*", RECORD, "{\"rel\":{\"id\":\"r\",\"name\":\"q\"}}"},
        {"a.b", "{\"a\":[{\"b\":1,\"c\":2},{\"c\":3}]}", "{\"a\":[{\"b\":1},{}]}"},
        {"a.b", "{\"a\":[1,{\"b\":1}]}", "{\"a\":[1,{\"b\":1}]}"},
        {"a.b", "{\"a.b\":1,\"c\":2}", "{\"a.b\":1}"},
        {"id", "[" RECORD ",{\"n\":1}]", "[{\"id\":\"x\"},{}]"},
        {"id", "7", "7"},
        {"id", PAGE("[" RECORD "]"), PAGE("[{\"id\":\"x\"}]")},
        {"items", PAGE("[" RECORD "]"), PAGE("[{}]")},
        {"items", "{\"items\":1,\"page\":2}", "{\"items\":1}"},
    };

    (void)state;
    check(cases, COUNT_OF(cases));
}

static void nothing_to_pick_is_everything(void **state)
{
    static const struct pick_case cases[] = {
        {"", RECORD, "as it is"},
        {",", RECORD, "as it is"},
        {" , ,", RECORD, "as it is"},
        {" ", "{\"n\":1.50}", "{\"n\":1.5}"},
    };

    (void)state;
    check(cases, COUNT_OF(cases));
}

static void bad_modifiers_are_refused(void **state)
{
    static const struct pick_case cases[] = {
        {"a:", RECORD, "error"},           {"a:nope(1)", RECORD, "error"},
        {"a:excerpt", RECORD, "error"},    {"a:excerpt()", RECORD, "error"},
        {"a:excerpt(0)", RECORD, "error"}, {"a:excerpt(-1)", RECORD, "error"},
        {"a:excerpt(x)", RECORD, "error"}, {"a:excerpt(1,2,3)", RECORD, "error"},
        {"a:excerpt(1", RECORD, "error"},  {"a\"", RECORD, "error"},
        {"(a", RECORD, "error"},
    };

    (void)state;
    check(cases, COUNT_OF(cases));
}

static void the_number_of_paths_is_bounded(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    AUTO_BUF struct buf text;

    (void)state;
    buf_init(&text, MIB);
    for (int i = 0; i < LIMIT_FIELDS; i++)
        buf_addf(&text, "p%d,", i);
    assert_string_equal(pick(a, text.p, "{}"), "{}");
    BUF_ADD(&text, "x");
    assert_string_equal(pick(a, text.p, "{}"), "error");
}

static void excerpts_are_the_beginning_of_the_text(void **state)
{
    static const struct {
        const char *fields, *html, *out;
    } cases[] = {
        {"t:excerpt(5)", "abcdefgh", "abcde"},
        {"t:excerpt(5,true)", "abcdefgh", "abcde..."},
        {"t:excerpt(5, 1)", "abcdefgh", "abcde..."},
        {"t:excerpt(5,x)", "abcdefgh", "abcde"},
        {"t:excerpt(4,true)", "abc defgh", "abc..."},
        {"t:excerpt(8,true)", "abcdefgh", "abcdefgh"},
        {"t:excerpt(2)", "\xc3\xa9\xc3\xa9\xc3\xa9", "\xc3\xa9\xc3\xa9"},
        {"*:excerpt(1)", "ab", "a"},
        {"t,t:excerpt(1)", "ab", "a"},
        {"t:excerpt(99)", "  a \n\t b  ", "a b"},
        {"t:excerpt(99)", "<p>a</p><p>b</p>", "a b"},
        {"t:excerpt(99)", "a<b>b</b>c<br>d", "abcd"},
        {"t:excerpt(99)", "a<div>b</div>c", "a b c"},
        {"t:excerpt(99)", "a<script>var x = '<b>';</script>b", "ab"},
        {"t:excerpt(99)", "a<style>b</style>c<img src='x>y'>d", "acd"},
        {"t:excerpt(99)", "a<select><option>x</option></select>b", "ab"},
        {"t:excerpt(99)", "a<!-- <b>x</b> -->b<!doctype html>c", "abc"},
        {"t:excerpt(99)", "&lt;b&gt; &amp; &#65;&#x42; &eacute &nope;", "<b> & AB \xc3\xa9 &nope;"},
        {"t:excerpt(99)", "1 < 2 <3", "1 < 2 <3"},
        {"t:excerpt(99)", "a</b>b<", "ab<"},
        {"t:excerpt(99)", "\xe2\x80\xa8sep\xe2\x80\xa9", "sep"},
        {"t:excerpt(99)", "<title>x</title>y", "y"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        AUTO_BUF struct buf body, want;

        buf_init(&body, 1000);
        buf_init(&want, 1000);
        BUF_ADD(&body, "{\"t\":");
        json_write_text(&body, str_of(cases[i].html));
        BUF_ADD(&body, "}");
        BUF_ADD(&want, "{\"t\":");
        json_write_text(&want, str_of(cases[i].out));
        BUF_ADD(&want, "}");
        assert_string_equal(pick(a, cases[i].fields, body.p), want.p);
    }
}

/* Of a long text no more is read than is needed; what is cut, and where, stays the same. */
static void excerpts_of_long_texts(void **state)
{
    static const struct {
        const char *before, *unit;
        unsigned n;
        const char *after, *fields, *out;
        bool out_is_all;
    } cases[] = {
        {"", "x", 100000, "", "t:excerpt(5,true)", "xxxxx...", false},
        {"", "&nbsp;", 10000, "abcdefgh", "t:excerpt(5,true)", "abcde...", false},
        {"", "&nbsp;", 10000, "abcde", "t:excerpt(5,true)", "abcde", false},
        {"", "\xe2\x80\x83", 5000, "", "t:excerpt(5,true)", "", false},
        {"", "\xc3\xa9", 5000, "", "t:excerpt(5000,true)", "", true},
        {"", "\xc3\xa9", 5000, " \xc2\xa0", "t:excerpt(5000,true)", "", true},
        {"", "abc\xc2\xa0 ", 3000, "", "t:excerpt(4,true)", "abc...", false},
        {"abcde", "\xe2\x80\x83", 5000, "", "t:excerpt(5,true)", "abcde", false},
        {"abcd", "\xe2\x80\x83", 5000, "", "t:excerpt(4,true)", "abcd", false},
        {"abc", "\xe2\x80\x83", 5000, "", "t:excerpt(3,true)", "abc", false},
        {"abcde", "\xe2\x80\x83", 5000, "f", "t:excerpt(5,true)", "abcde...", false},
        {"", "<p>a</p>", 10000, "", "t:excerpt(2,true)", "a...", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        AUTO_BUF struct buf body, want;

        buf_init(&body, MIB);
        buf_init(&want, MIB);
        buf_addf(&body, "{\"t\":\"%s", cases[i].before);
        BUF_ADD(&want, "{\"t\":\"");
        for (unsigned n = 0; n < cases[i].n; n++) {
            buf_addf(&body, "%s", cases[i].unit);
            if (cases[i].out_is_all)
                buf_addf(&want, "%s", cases[i].unit);
        }
        buf_addf(&body, "%s\"}", cases[i].after);
        buf_addf(&want, "%s\"}", cases[i].out);
        assert_string_equal(pick(a, cases[i].fields, body.p), want.p);
    }
}

/* ---- against the rule itself, path by path -------------------------------------------------- */

#define WORD_MAX 6
#define PATHS_MAX 8

/* What is left of the paths below a key, or which of them is all of it. */
struct left {
    struct str paths[PATHS_MAX];
    size_t numbers[PATHS_MAX]; /* of each, by which it is known again */
    size_t n;
    size_t whole; /* number of the path; 0: none */
    bool picked;
};

static struct left ask_each(const struct left *level, struct str key)
{
    struct left left = {0};
    size_t star = 0;

    for (size_t i = 0; i < level->n; i++) {
        struct str rest = str_from(level->paths[i], key.n);

        if (str_eq(level->paths[i], STR("*")))
            star = level->numbers[i];
        if (!str_starts(level->paths[i], key) || (rest.n > 0 && rest.p[0] != '.'))
            continue;
        if (rest.n <= 1) {
            left.whole = level->numbers[i];
            left.picked = true;
            return left;
        }
        left.numbers[left.n] = level->numbers[i];
        left.paths[left.n++] = str_from(rest, 1);
    }
    left.whole = left.n > 0 ? 0 : star;
    left.picked = left.n > 0 || star > 0;
    return left;
}

static struct str random_word(unsigned *seed, char *at)
{
    static const char letters[] = "aab..-*b";
    size_t n = 1 + (unsigned)rand_r(seed) % WORD_MAX;

    for (size_t i = 0; i < n; i++)
        at[i] = letters[(unsigned)rand_r(seed) % (sizeof(letters) - 1)];
    return (struct str){at, n};
}

/* Each path has an excerpt of as many characters as its number. */
static void same_below(unsigned *seed, struct arena *a, const struct query_picker *picker,
                       const struct left *level, unsigned depth)
{
    char word[WORD_MAX];
    struct str key = random_word(seed, word);
    struct left left = ask_each(level, key);
    struct query_pick pick;

    assert_int_equal(query_pick_key(a, picker, key, &pick), left.picked);
    if (!left.picked)
        return;
    assert_int_equal(pick.max, left.whole);
    if (left.whole == 0 && depth < 4)
        same_below(seed, a, pick.below, &left, depth + 1);
}

static void is_as_asked_path_by_path(void **state)
{
    unsigned seed = 7;

    (void)state;
    for (int round = 0; round < 100000; round++) {
        AUTO(arena_free) struct arena *a = arena_new();
        char words[PATHS_MAX][WORD_MAX];
        struct left level = {0};
        struct query_picker *picker;
        AUTO_BUF struct buf text;

        buf_init(&text, 1000);
        for (unsigned i = 0; i < PATHS_MAX; i++) {
            struct str word = random_word(&seed, words[level.n]);
            bool known = false;

            for (size_t k = 0; k < level.n; k++)
                known |= str_eq(level.paths[k], word);
            if (known)
                continue;
            level.paths[level.n++] = word;
            level.numbers[level.n - 1] = level.n;
            buf_add(&text, word);
            buf_addf(&text, ":excerpt(%zu),", level.n);
        }
        assert_null(query_picker_parse(a, buf_str(&text), &picker));
        same_below(&seed, a, picker, &level, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_picked_by_their_paths),
        cmocka_unit_test(nothing_to_pick_is_everything),
        cmocka_unit_test(bad_modifiers_are_refused),
        cmocka_unit_test(the_number_of_paths_is_bounded),
        cmocka_unit_test(excerpts_are_the_beginning_of_the_text),
        cmocka_unit_test(excerpts_of_long_texts),
        cmocka_unit_test(is_as_asked_path_by_path),
    };

    return cmocka_run_group_tests_name("picker", tests, NULL, NULL);
}
