#include "unit/unit.h"

#include "base/date.h"
#include "mail/internal.h"

#include <cmocka.h>

struct page {
    const char *html;
    const char *text;
};

static void assert_text(struct arena *a, struct str html, struct str wanted)
{
    struct str text = mail_plain(a, html);

    if (!str_eq(text, wanted))
        print_error("%.*s: %.*s\n", STR_ARG(html), STR_ARG(text));
    assert_true(str_eq(text, wanted));
}

static void html_becomes_text(void **state)
{
    static const struct page pages[] = {
        {"", ""},
        {"  \n ", ""},
        {"words", "words"},
        {"<p>Hello,</p>\n<p>Thanks,<br/>\n  Acme team</p>", "Hello,\nThanks,\nAcme team"},
        {"<h1>A</h1>b<div>c</div>d", "A\nb\nc\nd"},
        {"a<br><br><br>b<hr>c", "a\n\n\nb\nc"},
        {"<ul><li>a<ul><li>b</li></ul></li>\n<li> c</ul>d", "- a\n- b\n- c\nd"},
        {"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\nb\nc"},
        {"one <b>bold</b>er  \n\t<i>x</i>", "one bolder x"},
        {"<div><div>a</div></div>", "a"},
        /* links */
        {"<a href=\"https://x/?a=1&amp;b=2\">t</a>u", "[t](https://x/?a=1&b=2)u"},
        {"<A class=btn HREF = 'u' target=_blank >Go <b>on</b> </A> now", "[Go on](u) now"},
        {"<a href=u></a><a href=/v/>w</a>", "[LINK](u)[w](/v/)"},
        {"<a href=x>a<a href=y>b</a></a>c", "[a](x)[b](y)c"},
        {"<a href=x>a", "[a](x)"},
        {"<a name=x>a</a> <a href=''>b</a>", "a b"},
        {"<a href=x><p>a</p></a><p>b</p>", "[a](x)\nb"},
        {"<a href='x\r\ny'>a</a>", "[a](xy)"},
        /* entities */
        {"&amp;lt; &lt;b&gt; &quot;&apos;&#39; &#x1F600;&#233;&eacute;&yuml;&nbsp;&euro;",
         "&lt; <b> \"'' \xF0\x9F\x98\x80\xC3\xA9\xC3\xA9\xC3\xBF\xC2\xA0\xE2\x82\xAC"},
        {"&nonesuch; & &; &# &#x; &#xg &#0;&#xD800;&#1114112;&#9999999999999;",
         "&nonesuch; & &; &# &#x; &#xg \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
         "9999;"},
        {"&lt;p&gt;a&#10;b", "<p>a b"},
        /* what is left out */
        {"a<script>if (a<b) \"</p>\" </scrip></script>b<style>x</style>c", "abc"},
        {"<head><title>T</title><style>p{}</style></head><body>b</body>", "b"},
        {"a<form>b<form>c</form>d</form>e<button>f</button><select><option>g</select>h", "aeh"},
        {"a<svg><a href=x>y</a></svg>b<textarea><p></textarea>c", "abc"},
        {"a<script>b", "a"},
        {"a<form>b", "a"},
        {"a</form></script>b", "ab"},
        {"a<!-- <p>b --> c<!x>d<?php e ?>f", "a cdf"},
        {"a<!-- b", "a"},
        {"a<!", "a"},
        /* what is no tag, and no end of one */
        {"a < b <3 c<", "a < b <3 c<"},
        {"a</", "a</"},
        {"a<b", "a"},
        {"a<b c='d>e", "a"},
        {"a<b c=d/>e</b f=g>h<p / / =x = >i", "aeh\ni"},
        {"<p title='a > b' x=\">\">c", "c"},
        {"\x01\x7f"
         "a\0b\xFF\xC3",
         "a"},
    };
    AUTO(arena_free) struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(pages); i++)
        assert_text(a, str_of(pages[i].html), str_of(pages[i].text));
}

static void bytes_that_are_no_text_pass(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();

    (void)state;
    assert_text(a, STR("a\0b\xFF\xC3"), STR("ab\xFF\xC3"));
}

/* As often as there is room for in a megabyte: the text is bounded, and so is the time. */
static void hostile_pages_end(void **state)
{
    static const char *const pieces[] = {"<",
                                         "<a",
                                         "<a href=x>",
                                         "</a>",
                                         "<!--",
                                         "<!",
                                         "&",
                                         "&#",
                                         "&#x11",
                                         "&#0;",
                                         "<li>",
                                         "<p>",
                                         "<br>",
                                         "<script>",
                                         "<title>",
                                         "</script ",
                                         "<svg>",
                                         "<form><a>",
                                         "<a href='",
                                         "<a =",
                                         "<x y=\"z\" ",
                                         "<a href=&amp;>",
                                         "\n",
                                         "</",
                                         "<script></scripx",
                                         "<?",
                                         "\xFF",
                                         " <b>"};
    const size_t total = 1 << 20;
    AUTO(arena_free) struct arena *a = arena_new();
    uint64_t began_us = clock_thread_cpu_us();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        struct str piece = str_of(pieces[i]);
        char *page = arena_alloc(a, total);

        for (size_t at = 0; at < total; at++)
            page[at] = piece.p[at % piece.n];
        assert_true(mail_plain(a, (struct str){page, total}).n <= total + 16);
        arena_reset(a);
    }
    assert_true(clock_thread_cpu_us() - began_us < 60 * 1000000); /* some 2 s; squares take days */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_becomes_text),
        cmocka_unit_test(bytes_that_are_no_text_pass),
        cmocka_unit_test(hostile_pages_end),
    };

    return cmocka_run_group_tests_name("mail_plain", tests, NULL, NULL);
}
