/*
 * A unique index of some rows alone: several others may refer to one record all the same.
 */
#include "unit/site.h"

static int setup(void **state)
{
    site_setup(state);
    site_exec("DELETE FROM posts");
    site_exec("CREATE UNIQUE INDEX one_main ON posts (author) WHERE score = 1");
    site_exec("UPDATE _collections SET indexes = '[\"CREATE UNIQUE INDEX one_main ON posts "
              "(author) WHERE score = 1\"]' WHERE name = 'posts'");
    site_reload();
    site_exec("INSERT INTO authors (id, name) VALUES ('a0', 'has two'), ('a1', 'has one'), "
              "('a2', 'has none')");
    site_exec("INSERT INTO posts (id, title, score, author) VALUES ('p0', 'x', 1, 'a0'), "
              "('p1', 'y', 2, 'a0'), ('p2', 'x', 1, 'a1')");
    site_exec("INSERT INTO authors (id, name, mentor) VALUES ('b0', 'n', 'a0'), ('b1', 'n', "
              "'a1'), ('b2', 'n', 'a2'), ('b9', 'n', 'gone')");
    return 0;
}

static void some_row_satisfies_it(void **state)
{
    const char *answer =
        site_list("authors", "name = 'n' && mentor.posts_via_author.title != 'x'", "", "");

    (void)state;
    site_has(answer, "\"b0\"");
    site_lacks(answer, "\"b1\"");
    site_has(answer, "\"b2\"");
    site_has(answer, "\"b9\"");
    site_has(answer, "\"totalItems\":3");
}

static void no_record_comes_twice(void **state)
{
    const char *answer = site_list("authors", "posts_via_author.score > 0", "", "");

    (void)state;
    site_has(answer, "\"totalItems\":2");
}

static void by_the_order_neither(void **state)
{
    const char *answer = site_list("authors", "name ~ 'has'", "posts_via_author.title", "");

    (void)state;
    site_has(answer, "\"totalItems\":3");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, site_teardown)
    const struct CMUnitTest tests[] = {
        TEST(some_row_satisfies_it),
        TEST(no_record_comes_twice),
        TEST(by_the_order_neither),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
