/*
 * Which views have ids that never repeat, as their query says.
 */
#include "unit/site.h"

#include "base/compiler.h"

struct row {
    const char *query;
    bool is_unique;
};

static const struct row rows[] = {
    {"SELECT id FROM posts", true},
    {"select id, title from posts where score > 1 order by title limit 5", true},
    {"SELECT `p`.`id`, [title] FROM \"posts\" AS p", true},
    {"SELECT p.id, (SELECT COUNT(*) FROM pins WHERE post = p.id) AS n FROM posts p", true},
    {"SELECT id, 'a)b union , ' AS x FROM posts", true},
    {"SELECT DISTINCT id FROM posts", true},
    {"SELECT posts.id, COUNT(pins.id) AS n FROM posts LEFT JOIN pins ON pins.post = posts.id "
     "GROUP BY posts.id",
     true},
    {"SELECT p.id FROM posts p, authors GROUP BY p.id HAVING COUNT(*) > 1", true},
    /* rows come several times */
    {"SELECT posts.id FROM posts LEFT JOIN pins ON pins.post = posts.id", false},
    {"SELECT p.id FROM posts p, authors a", false},
    {"SELECT p.id FROM posts p CROSS JOIN authors a", false},
    {"SELECT p.id FROM posts p NATURAL JOIN authors a", false},
    {"SELECT id FROM posts UNION ALL SELECT id FROM posts", false},
    {"SELECT posts.id FROM posts LEFT JOIN pins ON pins.post = posts.id GROUP BY posts.id, pins.id",
     false},
    {"SELECT posts.id FROM posts LEFT JOIN pins ON pins.post = posts.id GROUP BY pins.id", false},
    {"SELECT p.id FROM posts p, json_each(p.tags) GROUP BY title", false},
    /* ids of another table: an outer join makes them NULL */
    {"SELECT pins.id FROM posts LEFT JOIN pins ON pins.post = posts.id GROUP BY pins.id", false},
    {"SELECT posts.id FROM posts RIGHT JOIN pins ON pins.post = posts.id GROUP BY posts.id", false},
    /* no id of a collection */
    {"SELECT title AS id FROM posts", false},
    {"SELECT lower(id) AS id FROM posts", false},
    {"SELECT (ROW_NUMBER() OVER ()) AS id FROM posts", false},
    {"SELECT id FROM (SELECT id FROM posts)", false},
    {"SELECT id FROM nope", false},
    {"WITH posts AS (SELECT 1 AS id UNION ALL SELECT 1) SELECT id FROM posts", false},
    /* not understood */
    {"SELECT id FROM posts /* , authors */", false},
    {"SELECT id, 1 AS \"from\", 2 AS \"where\" FROM posts, authors", false},
    {"SELECT id FROM posts WHERE (title = 'x'", false},
    {"SELECT id FROM posts WHERE title = 'x)", false},
    {"SELECT id FROM posts)", false},
    {"SELECT id FROM \"a b\"", false},
    {"SELECT posts.id FROM posts WHERE title != \"one\"UNION ALL SELECT id FROM posts", false},
    {"SELECT posts.id FROM posts WHERE title != 'one'UNION ALL SELECT id FROM posts", false},
    {"SELECT posts.id FROM posts JOIN[pins]ON 1", false},
    {"", false},
};

static void only_plain_queries_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct schema_col view = *site_col("posts");

        view.type = SCHEMA_VIEW;
        view.view_query = str_of(rows[i].query);
        if (schema_view_is_unique(site.a, site.schema, &view) != rows[i].is_unique)
            fail_msg("%s", rows[i].query);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_plain_queries_are),
    };

    return cmocka_run_group_tests_name("view unique", tests, site_setup, site_teardown);
}
