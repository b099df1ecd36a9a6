/*
 * Expand paths, and what their segments mean.
 */
#include "unit/site.h"

#include "base/limits.h"

static void show(struct buf *out, const struct query_expand *node)
{
    for (; node; node = node->next) {
        buf_add(out, node->name);
        if (node->children) {
            buf_add_byte(out, '(');
            show(out, node->children);
            buf_add_byte(out, ')');
        }
        if (node->next)
            buf_add_byte(out, ' ');
    }
}

static void paths_become_one_tree(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},
        {" , ,.,", ""},
        {"a", "a"},
        {"a,b,a", "a b"},
        {"a.b,a.c,a", "a(b c)"},
        {" a . b , c ", "a(b) c"},
        {"..a.b..", "a(b)"},
        {"a..b", "a((b))"},
        {"ab,a.x", "ab a(x)"},
        {",,a,, . ,b.,,", "a b"},
        {"a b.c d,. .e", "ab(cd) e"},
        {"a.b.c.d.e.f.g.h", "a(b(c(d(e(f)))))"},
        {"x_via_y.z,x(y)", "x_via_y(z) x(y)"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        AUTO_BUF struct buf out;

        buf_init(&out, 1000);
        show(&out, query_expand_parse(a, str_of(cases[i].in)));
        assert_string_equal(out.p, cases[i].out);
    }
}

static void paths_are_bounded(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    AUTO_BUF struct buf text;
    size_t n = 0;

    (void)state;
    buf_init(&text, MIB);
    for (int i = 0; i < 5000; i++)
        buf_addf(&text, "p%d,", i);
    for (struct query_expand *node = query_expand_parse(a, buf_str(&text)); node; node = node->next)
        n++;
    assert_int_equal(n, LIMIT_EXPAND_PATHS);
}

static void segments_are_relations_of_either_side(void **state)
{
    static const struct {
        const char *col, *segment, *target; /* target NULL: leads nowhere */
        bool back, single;
    } cases[] = {
        {"posts", "author", "authors", false, true},
        {"posts", "tags", "tags", false, false},
        {"authors", "posts_via_author", "posts", true, false},
        {"authors", "posts(author)", "posts", true, false},
        {"authors", "c_posts_via_author", "posts", true, false},
        {"authors", "authors_via_mentor", "authors", true, false},
        {"tags", "posts_via_tags", "posts", true, false},
        {"posts", "title", NULL, false, false},
        {"posts", "nope", NULL, false, false},
        {"posts", "", NULL, false, false},
        {"posts", "posts_via_author", NULL, false, false},
        {"authors", "posts_via_title", NULL, false, false},
        {"authors", "posts_via_", NULL, false, false},
        {"authors", "_via_author", NULL, false, false},
        {"authors", "posts(", NULL, false, false},
        {"authors", "posts()", NULL, false, false},
        {"authors", "posts(author", NULL, false, false},
        {"authors", "(author)", NULL, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct query_hop hop;
        bool ok =
            query_hop_resolve(site.schema, site_col(cases[i].col), str_of(cases[i].segment), &hop);

        assert_int_equal(ok, cases[i].target != NULL);
        if (!ok)
            continue;
        assert_ptr_equal(hop.target, site_col(cases[i].target));
        assert_int_equal(hop.back, cases[i].back);
        assert_int_equal(hop.single, cases[i].single);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_become_one_tree),
        cmocka_unit_test(paths_are_bounded),
        cmocka_unit_test(segments_are_relations_of_either_side),
    };

    return cmocka_run_group_tests_name("expand", tests, site_setup, site_teardown);
}
