#include "base/arena.h"
#include "http/req.h"
#include "unit/unit.h"

#include "http/router.h"

static const struct http_route routes[] = {
    {"GET", "/api/health", NULL},
    {"GET", "/api/collections/{c}/records", NULL},
    {"GET", "/api/collections/{c}/records/{id}", NULL},
    {"POST", "/api/collections/{c}/records", NULL},
    {"GET", "/api/collections/meta/scaffolds", NULL},
    {"GET", "/api/collections/{c}/{d}", NULL},
    {"HEAD", "/only/head", NULL},
    {"GET", "/_/{path...}", NULL},
    {"GET", "/{$}", NULL},
    {"PUT", "/files/{a}/{rest...}", NULL},
};

static void paths_find_their_route(void **state)
{
    static const struct {
        const char *method, *path;
        int row; /* -1: none */
        const char *first, *second;
    } cases[] = {
        {"GET", "/api/health", 0, NULL, NULL},
        {"HEAD", "/api/health", 0, NULL, NULL},
        {"POST", "/api/health", -1, NULL, NULL},
        {"GET", "/api/%68ealth", 0, NULL, NULL},
        {"GET", "/API/health", -1, NULL, NULL},
        {"GET", "/api/health/", -1, NULL, NULL},
        {"GET", "/api", -1, NULL, NULL},
        {"GET", "/api/collections/posts/records", 1, "posts", NULL},
        {"POST", "/api/collections/posts/records", 3, "posts", NULL},
        {"GET", "/api/collections/a%2Fb/records/x%20y", 2, "a/b", "x y"},
        {"GET", "/api/collections//records", -1, NULL, NULL},
        {"GET", "/api/collections/%2F/records", -1, NULL, NULL},
        {"GET", "/api/collections/meta/scaffolds", 4, NULL, NULL},
        {"GET", "/api/collections/meta/records", 1, "meta", NULL}, /* out of the literal again */
        {"GET", "/api/collections/meta/other", 5, "meta", "other"},
        {"GET", "/only/head", -1, NULL, NULL},
        {"HEAD", "/only/head", 6, NULL, NULL},
        {"GET", "/_/", 7, "", NULL},
        {"GET", "/_/a/b%2Fc", 7, "a/b/c", NULL},
        {"GET", "/_", -1, NULL, NULL},
        {"GET", "/", 8, NULL, NULL},
        {"GET", "/x", -1, NULL, NULL},
        {"PUT", "/files/a/b/c/", 9, "a", "b/c/"},
        {"PUT", "/files/a", -1, NULL, NULL},
        {"GET", "", -1, NULL, NULL},
        {"GET", "*", -1, NULL, NULL},
        {"GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20", -1, NULL, NULL},
    };
    struct arena *a = arena_new();
    struct router *router = router_new(a, routes, COUNT_OF(routes));

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str params[REQ_PARAMS_MAX] = {{0}};
        const struct http_route *found =
            router_match(router, a, str_of(cases[i].method), str_of(cases[i].path), params);

        assert_ptr_equal(found, cases[i].row < 0 ? NULL : &routes[cases[i].row]);
        if (cases[i].first)
            assert_string_equal(arena_cstr(a, params[0]), cases[i].first);
        if (cases[i].second)
            assert_string_equal(arena_cstr(a, params[1]), cases[i].second);
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paths_find_their_route)};

    return cmocka_run_group_tests_name("router", tests, NULL, NULL);
}
