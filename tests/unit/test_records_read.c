/*
 * Lists, views, what they show, and expands.
 */
#include "unit/site.h"

#include "base/compiler.h"

#define POST_1                                                                                   \
    "{\"author\":\"author000000ada\",\"collectionId\":\"c_posts\",\"collectionName\":\"posts\"," \
    "\"created\":\"\",\"files\":[\"a.png\",\"b.png\"],\"id\":\"post00000000001\","               \
    "\"meta\":{\"k\":[1,2]},\"score\":1.5,\"tags\":[\"tag0000000000go\",\"tag00000000000c\"],"   \
    "\"title\":\"first\",\"updated\":\"\"}"

static void keys_are_sorted_and_hidden_fields_left_out(void **state)
{
    (void)state;
    assert_string_equal(site_view("posts", "post00000000001", NULL), POST_1);
}

static void superusers_see_hidden_fields_but_no_secrets(void **state)
{
    (void)state;
    site_act("super");
    site_has(site_view("posts", "post00000000001", NULL), "\"note\":\"psst\"");
    site_lacks(site_view("users", "user0000000000a", NULL), "tokenKey");
    site_lacks(site_view("users", "user0000000000a", NULL), "password");
}

static void unknown_ids_are_not_found(void **state)
{
    (void)state;
    assert_string_equal(site_view("posts", "POST00000000001", NULL),
                        "{\"data\":{},\"message\":\"The requested resource wasn't found.\","
                        "\"status\":404}");
    site_has(site_view("posts", "", NULL), "\"status\":404");
}

static void rules_decide(void **state)
{
    (void)state;
    site_rule("posts", "viewRule", NULL);
    site_rule("posts", "listRule", "title = 'second'");
    site_has(
        site_view("posts", "post00000000001", NULL),
        "{\"data\":{},\"message\":\"Only superusers can perform this action.\",\"status\":403}");
    site_has(site_list("posts", NULL, NULL, NULL), "\"totalItems\":1,\"totalPages\":1}");
    site_rule("posts", "viewRule", "title = 'second'");
    site_has(site_view("posts", "post00000000001", NULL), "\"status\":404");
    site_has(site_view("posts", "post00000000002", NULL), "\"title\":\"second\"");
    site_rule("posts", "viewRule", "nonsense = 1");
    site_has(site_view("posts", "post00000000002", NULL), "\"status\":404");
}

/* However late a rule is asked, or asked again. */
static void now_is_the_requests(void **state)
{
    (void)state;
    site_rule("posts", "viewRule", "@now = '2030-03-17 17:45:00.000Z' && @year = 2030");
    site_has(site_view("posts", "post00000000002", NULL), "\"title\":\"second\"");
}

static void pages(void **state)
{
    static const struct {
        const char *page, *per_page, *skip, *end;
    } cases[] = {
        {NULL, NULL, NULL, "\"page\":1,\"perPage\":30,\"totalItems\":3,\"totalPages\":1}"},
        {"2", "2", NULL, "\"page\":2,\"perPage\":2,\"totalItems\":3,\"totalPages\":2}"},
        {"1", "2", NULL, "\"page\":1,\"perPage\":2,\"totalItems\":3,\"totalPages\":2}"},
        {"9", "2", NULL, "[],\"page\":9,\"perPage\":2,\"totalItems\":3,\"totalPages\":2}"},
        {"-4", "0", NULL, "\"page\":1,\"perPage\":30,\"totalItems\":3,\"totalPages\":1}"},
        {"1", "5000", "T", "\"page\":1,\"perPage\":1000,\"totalItems\":-1,\"totalPages\":-1}"},
        {"9223372036854775807", "2", NULL, "\"totalItems\":3,\"totalPages\":2}"},
        {"x", NULL, NULL, "\"status\":400}"},
        {"1", "1.5", NULL, "\"status\":400}"},
        {"1", "1", "yes", "\"status\":400}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rec_list_params params = {.page = str_of(cases[i].page),
                                         .per_page = str_of(cases[i].per_page),
                                         .skip_total = str_of(cases[i].skip)};

        site_has(site_list_page("posts", &params), cases[i].end);
    }
}

static void emails_are_shown_to_who_may_see_them(void **state)
{
    (void)state;
    site_rule("users", "listRule", "");
    site_rule("users", "viewRule", "");
    site_lacks(site_view("users", "user0000000000a", NULL), "a@example.com");
    site_has(site_view("users", "user0000000000c", NULL), "c@example.com");
    site_act("user0000000000a");
    site_has(site_view("users", "user0000000000a", NULL), "a@example.com");
    site_lacks(site_list("users", NULL, NULL, NULL), "b@example.com");
    site_rule("users", "manageRule", "@request.auth.name = 'a' && name = 'b'");
    site_act("user0000000000a");
    site_has(site_list("users", NULL, NULL, NULL), "b@example.com");
    site_act("user0000000000c");
    site_lacks(site_list("users", NULL, NULL, NULL), "b@example.com");
    site_act("super");
    site_has(site_list("users", NULL, NULL, NULL), "b@example.com");
}

static void expands(void **state)
{
    static const struct {
        const char *post, *expand, *part;
    } cases[] = {
        {"post00000000002", "author", "\"expand\":{\"author\":{\"collectionId\":\"c_authors\""},
        {"post00000000002", "author.mentor", "\"expand\":{\"mentor\":{"},
        {"post00000000002", "author, author.mentor ,", "\"expand\":{\"mentor\":{"},
        {"post00000000001", "tags",
         "\"expand\":{\"tags\":[{\"collectionId\":\"c_tags\",\"collectionName\":\"tags\","
         "\"id\":\"tag0000000000go\",\"name\":\"go\"},{"},
        {"post00000000003", "tags", "\"expand\":{}"},
        {"post00000000003", "author.mentor", "\"expand\":{},\"id\":\"author000000eve\""},
        {"post00000000003", "tags.nonsense", "\"expand\":{}"},
        {"post00000000001", "author,author.posts_via_author.tags",
         "\"posts_via_author\":[{\"author\":\"author000000ada\""},
        {"post00000000001", "pins_via_post", "\"expand\":{}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        site_has(site_view("posts", cases[i].post, cases[i].expand), cases[i].part);
}

static void a_path_that_fails_leaves_no_trace(void **state)
{
    (void)state;
    site_lacks(site_view("posts", "post00000000001", "nonsense"), "\"expand\"");
    site_lacks(site_view("posts", "post00000000001", "title"), "\"expand\"");
    site_lacks(site_view("posts", "post00000000001", "tags.nonsense"), "\"expand\"");
    site_has(site_view("posts", "post00000000001", "tags.nonsense,author"),
             "\"expand\":{\"author\":{");
    site_rule("tags", "viewRule", NULL);
    site_lacks(site_view("posts", "post00000000001", "tags"), "\"expand\"");
    site_lacks(site_view("posts", "post00000000003", "tags"), "\"expand\"");
    site_act("super");
    site_has(site_view("posts", "post00000000001", "tags"), "\"expand\"");
}

static void view_rules_filter_expands(void **state)
{
    (void)state;
    site_rule("tags", "viewRule", "name = 'c' && @request.context = 'expand'");
    site_has(site_view("posts", "post00000000001", "tags"),
             "\"expand\":{\"tags\":[{\"collectionId\":\"c_tags\",\"collectionName\":\"tags\","
             "\"id\":\"tag00000000000c\",\"name\":\"c\"}]}");
}

static void lists_expand_all_rows_at_once(void **state)
{
    const char *answer = site_list("authors", NULL, "name", "posts_via_author.tags,mentor");

    (void)state;
    site_has(answer, "{\"items\":[{\"collectionId\":\"c_authors\",\"collectionName\":\"authors\","
                     "\"expand\":{\"posts_via_author\":[{\"author\":\"author000000ada\"");
    site_has(answer, "\"expand\":{\"mentor\":{");
}

static void a_number_that_is_none_is_null(void **state)
{
    (void)state;
    site_exec("UPDATE posts SET score = 9e999 WHERE id = 'post00000000002'");
    site_has(site_view("posts", "post00000000002", NULL), "\"score\":null");
    site_has(site_list("posts", NULL, NULL, NULL), "\"score\":null");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, site_setup, site_teardown)
    const struct CMUnitTest tests[] = {
        CASE(keys_are_sorted_and_hidden_fields_left_out),
        CASE(superusers_see_hidden_fields_but_no_secrets),
        CASE(unknown_ids_are_not_found),
        CASE(rules_decide),
        CASE(now_is_the_requests),
        CASE(pages),
        CASE(emails_are_shown_to_who_may_see_them),
        CASE(expands),
        CASE(a_path_that_fails_leaves_no_trace),
        CASE(view_rules_filter_expands),
        CASE(lists_expand_all_rows_at_once),
        CASE(a_number_that_is_none_is_null),
    };

    return cmocka_run_group_tests_name("records: reading", tests, NULL, NULL);
}
