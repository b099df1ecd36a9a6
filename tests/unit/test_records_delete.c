/*
 * Deletes: rules, relation integrity, cascades.
 */
#include "unit/site.h"

#include "base/compiler.h"

#define REQUIRED                                                                                 \
    "{\"data\":{},\"message\":\"Failed to delete record. Make sure that the record is not part " \
    "of a required relation reference.\",\"status\":400}"

static void rules_decide(void **state)
{
    (void)state;
    site_rule("tags", "deleteRule", "name = 'c'");
    site_has(site_delete("tags", "tag0000000000go"), "\"status\":404");
    site_has(site_delete("tags", "nope"), "\"status\":404");
    assert_string_equal(site_delete("tags", "tag00000000000c"), "");
    site_rule("tags", "deleteRule", NULL);
    site_has(site_delete("tags", "tag0000000000go"), "\"status\":403");
}

static void references_are_let_go(void **state)
{
    (void)state;
    assert_string_equal(site_delete("tags", "tag00000000000c"), "");
    assert_int_equal(site_count("SELECT count(*) FROM posts WHERE tags = '[\"tag0000000000go\"]' "
                                "AND updated LIKE '2030%'"),
                     1);
    assert_int_equal(site_count("SELECT count(*) FROM posts WHERE tags = '[]'"), 2);
    assert_int_equal(site_count("SELECT count(*) FROM posts WHERE updated = ''"), 1);
}

static void cascades_delete_and_required_ones_forbid(void **state)
{
    (void)state;
    site_exec("INSERT INTO pins VALUES ('pin000000000001', 'post00000000001')");
    assert_string_equal(site_delete("authors", "author000000ada"), REQUIRED);
    assert_int_equal(site_count("SELECT count(*) FROM posts"), 3);
    assert_int_equal(site_count("SELECT count(*) FROM authors WHERE mentor != ''"), 2);
    assert_string_equal(site_delete("pins", "pin000000000001"), "");
    assert_string_equal(site_delete("authors", "author000000ada"), "");
    assert_int_equal(site_count("SELECT count(*) FROM posts"), 2);
    assert_int_equal(site_count("SELECT count(*) FROM authors WHERE mentor != ''"), 1);
}

static void set_option(const char *collection, const char *field, const char *options)
{
    site_exec(arena_printf(site.a,
                           "UPDATE _collections SET fields = replace(fields, "
                           "'\"name\":\"%s\"', '\"name\":\"%s\",%s') WHERE name = '%s'",
                           field, field, options, collection)
                  .p);
    site_rule(collection, "deleteRule", "");
}

/* A long chain of records, each cascading to the next, and a ring. */
static void chains_and_rings(void **state)
{
    (void)state;
    set_option("authors", "mentor", "\"cascadeDelete\":true");
    site_exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) "
              "INSERT INTO authors SELECT printf('chain%010d', i), 'x', CASE i WHEN 1 THEN "
              "'author000000ada' ELSE printf('chain%010d', i - 1) END FROM n");
    site_exec("UPDATE authors SET mentor = 'chain0000000500' WHERE id = 'author000000ada'");
    assert_string_equal(site_delete("authors", "author000000ada"), "");
    assert_int_equal(site_count("SELECT count(*) FROM authors"), 1);
    assert_int_equal(site_count("SELECT count(*) FROM posts"), 1);
}

/* A list that a cascade empties bit by bit. */
static void lists_cascade_once_they_are_empty(void **state)
{
    (void)state;
    set_option("posts", "tags", "\"cascadeDelete\":true");
    assert_string_equal(site_delete("tags", "tag00000000000c"), "");
    assert_int_equal(site_count("SELECT count(*) FROM posts WHERE id != 'post00000000002'"), 2);
    assert_int_equal(site_count("SELECT count(*) FROM posts"), 2);
}

/* The order decides here: a pin is required by its post, unless it went before. */
static void ordered_collections_go_record_by_record(void **state)
{
    (void)state;
    site_exec("ALTER TABLE pins ADD COLUMN author TEXT DEFAULT '' NOT NULL");
    set_option("pins", "post", "\"help\":\"\"");
    site_exec("UPDATE _collections SET fields = json_insert(fields, '$[#]', json('{\"id\":\"i2\","
              "\"name\":\"author\",\"type\":\"relation\",\"collectionId\":\"c_authors\","
              "\"maxSelect\":1,\"cascadeDelete\":true}')) WHERE name = 'pins'");
    site_rule("pins", "deleteRule", "");
    site_exec("INSERT INTO pins VALUES ('pin000000000001', 'post00000000001', 'author000000ada')");
    assert_string_equal(site_delete("authors", "author000000ada"), "");
    assert_int_equal(site_count("SELECT count(*) FROM pins"), 0);
    site_exec("INSERT INTO pins VALUES ('pin000000000002', 'post00000000002', '')");
    assert_string_equal(site_delete("authors", "author000000bob"), REQUIRED);
}

/* A relation or another field for a collection that is there, with its column. */
static void add_field(const char *collection, const char *name, const char *column,
                      const char *definition)
{
    site_exec(
        arena_printf(site.a, "ALTER TABLE \"%s\" ADD COLUMN %s %s", collection, name, column).p);
    site_exec(arena_printf(site.a,
                           "UPDATE _collections SET fields = json_insert(fields, '$[#]', "
                           "json('{\"id\":\"x_%s\",\"name\":\"%s\",%s}')) WHERE name = '%s'",
                           name, name, definition, collection)
                  .p);
    site_rule(collection, "deleteRule", "");
}

#define LIST "JSON DEFAULT '[]' NOT NULL"
#define LIST_OF(target) "\"type\":\"relation\",\"maxSelect\":9,\"collectionId\":\"c_" target "\""

/* Two posts go with their author: both leave the lists that name them, which may end with that. */
static void all_that_go_leave_the_lists_that_name_them(void **state)
{
    (void)state;
    add_field("pins", "some", LIST, LIST_OF("posts"));
    site_exec("UPDATE _collections SET fields = json_set(fields, '$[1].required', json('false')) "
              "WHERE name = 'pins'"); /* so that nothing depends on an order */
    add_field("pins", "whole", LIST, LIST_OF("posts") ",\"cascadeDelete\":true");
    site_exec("UPDATE posts SET author = 'author000000ada' WHERE id = 'post00000000002'");
    site_exec("INSERT INTO pins VALUES "
              "('pin000000000001', 'post00000000003', '[\"post00000000001\",\"post00000000002\"]',"
              " '[\"post00000000003\",\"post00000000002\"]'), "
              "('pin000000000002', 'post00000000003', '[]', '[\"post00000000001\"]'), "
              "('pin000000000003', 'post00000000003', '[]', '[\"post00000000002\"]')");
    assert_string_equal(site_delete("authors", "author000000ada"), "");
    assert_int_equal(site_count("SELECT count(*) FROM posts"), 1);
    assert_int_equal(site_count("SELECT count(*) FROM pins"), 1);
    assert_int_equal(site_count("SELECT count(*) FROM pins WHERE some = '[]' AND "
                                "whole = '[\"post00000000003\"]'"),
                     1);
}

/* Whatever its columns hold is brought to normal form; nothing is validated. */
static void who_loses_a_reference_is_saved_whole(void **state)
{
    (void)state;
    add_field("pins", "seen", "BOOLEAN DEFAULT FALSE NOT NULL", "\"type\":\"bool\"");
    add_field("pins", "day", "TEXT DEFAULT '' NOT NULL", "\"type\":\"date\"");
    add_field("pins", "tag", "TEXT DEFAULT '' NOT NULL",
              "\"type\":\"relation\",\"maxSelect\":1,\"collectionId\":\"c_tags\"");
    site_exec("INSERT INTO pins VALUES ('pin000000000001', '', 'yes', '2024-01-01T10:00:00Z', "
              "'tag00000000000c')");
    site_exec("UPDATE posts SET title = 'x', score = 'abc', created = '2024-01-01T10:00:00Z', "
              "meta = 'broken {', files = 'a.png' WHERE id = 'post00000000002'");
    assert_string_equal(site_delete("tags", "tag00000000000c"), "");
    assert_int_equal(site_count("SELECT count(*) FROM pins WHERE tag = '' AND seen = 0 AND "
                                "typeof(seen) = 'integer' AND day = '2024-01-01 10:00:00.000Z'"),
                     1);
    assert_int_equal(
        site_count("SELECT count(*) FROM posts WHERE id = 'post00000000002' AND tags = '[]' AND "
                   "title = 'x' AND score = 0 AND created = '2024-01-01 10:00:00.000Z' AND "
                   "meta = '\"broken {\"' AND files = '[\"a.png\"]' AND updated LIKE '2030%'"),
        1);
}

/* A list that names the id next to what is no text: as it is read, it does not name it. */
static void odd_lists_are_saved_as_they_are_read(void **state)
{
    (void)state;
    site_exec("UPDATE posts SET tags = '[1,\"tag00000000000c\"]' WHERE id = 'post00000000002'");
    assert_string_equal(site_delete("tags", "tag00000000000c"), "");
    assert_int_equal(site_count("SELECT count(*) FROM posts WHERE tags = "
                                "'[\"[1,\\\"tag00000000000c\\\"]\"]'"),
                     1);
}

static void what_cannot_be_read_refuses(void **state)
{
    (void)state;
    add_field("posts", "place", "JSON DEFAULT '{}' NOT NULL", "\"type\":\"geoPoint\"");
    site_exec("UPDATE posts SET place = '[1,2]' WHERE id = 'post00000000001'");
    assert_string_equal(site_delete("tags", "tag00000000000c"), REQUIRED);
    assert_string_equal(site_delete("authors", "author000000ada"), REQUIRED);
    site_has(site_delete("posts", "post00000000001"), "\"status\":404");
    assert_int_equal(site_count("SELECT count(*) FROM posts WHERE updated = ''"), 3);
    assert_int_equal(site_count("SELECT count(*) FROM authors WHERE mentor != ''"), 2);
    assert_string_equal(site_delete("authors", "author000000bob"), "");
}

/* Saving an auth record asks for its id in the other auth collections, as every save does. */
static void released_auth_records_have_ids_of_their_own(void **state)
{
    (void)state;
    add_field("users", "tags", LIST, LIST_OF("tags"));
    site_exec("UPDATE users SET email = 'none' WHERE id = 'user0000000000a'");
    site_exec("UPDATE users SET tags = '[\"tag00000000000c\"]'");
    site_exec("INSERT INTO _superusers (id, email, tokenKey, password) VALUES ('user0000000000b', "
              "'s@example.com', 'key', 'x')");
    site_has(site_delete("tags", "tag00000000000c"), "validation_invalid_auth_id");
    site_exec("DELETE FROM _superusers");
    assert_string_equal(site_delete("tags", "tag00000000000c"), "");
    assert_int_equal(site_count("SELECT count(*) FROM users WHERE tags = '[]' AND tokenKey LIKE "
                                "'key_that_is_long%'"),
                     3);
}

/* More references than are looked at in one question. */
static void references_are_released_to_the_last(void **state)
{
    (void)state;
    site_exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4003) "
              "INSERT INTO authors SELECT printf('many%011d', i), 'x', 'author000000bob' FROM n");
    site_exec("INSERT INTO posts (id, author, tags) SELECT id, id, '[\"tag0000000000go\"]' FROM "
              "authors WHERE id LIKE 'many%'");
    assert_string_equal(site_delete("tags", "tag0000000000go"), "");
    assert_int_equal(site_count("SELECT count(*) FROM posts WHERE tags LIKE '%go%'"), 0);
    assert_string_equal(site_delete("authors", "author000000bob"), "");
    assert_int_equal(site_count("SELECT count(*) FROM authors WHERE mentor = 'author000000bob'"),
                     0);
    set_option("posts", "tags", "\"cascadeDelete\":true");
    site_exec("UPDATE posts SET tags = '[\"tag00000000000c\"]' WHERE id LIKE 'many%'");
    assert_string_equal(site_delete("tags", "tag00000000000c"), "");
    assert_int_equal(site_count("SELECT count(*) FROM posts WHERE id LIKE 'many%'"), 0);
}

static void auth_records_take_their_companions_along(void **state)
{
    (void)state;
    site_exec("INSERT INTO _mfas (id, collectionRef, recordRef, method) VALUES ('m1', "
              "'_pb_users_auth_', 'user0000000000a', 'otp'), ('m2', '_pb_users_auth_', "
              "'user0000000000b', 'otp')");
    site_act("user0000000000a");
    assert_string_equal(site_delete("users", "user0000000000a"), "");
    assert_int_equal(site_count("SELECT count(*) FROM _mfas"), 1);
}

static void the_last_superuser_stays(void **state)
{
    (void)state;
    site_exec("INSERT INTO _superusers (id, email, tokenKey, password) VALUES ('super0000000001', "
              "'s@example.com', 'key', 'x')");
    site_act("super");
    assert_string_equal(site_delete("_superusers", "super0000000001"),
                        "{\"data\":{},\"message\":\"You can't delete the only existing "
                        "superuser.\",\"status\":400}");
    site_exec("INSERT INTO _superusers (id, email, tokenKey, password) VALUES ('super0000000002', "
              "'t@example.com', 'key2', 'x')");
    assert_string_equal(site_delete("_superusers", "super0000000001"), "");
}

static void cascading_deletes_are_leased(void **state)
{
    struct rec_request request = {.action = REC_DELETE, .actor = &site.actor, .id = STR("x")};
    struct rec_draft *draft;

    (void)state;
    request.col = site_col("authors");
    site_ok(rec_draft_new(site.a, &request, &draft));
    assert_int_equal(rec_draft_next(draft), REC_LEASED);
    request.col = site_col("tags");
    site_ok(rec_draft_new(site.a, &request, &draft));
    assert_int_equal(rec_draft_next(draft), REC_RUN);
}

/* --- how it runs ------------------------------------------------------------------------------ */

static bool was_grouped;

static struct err *remove_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    struct rec *rec;
    struct err *err = rec_find(a, tx, site_col("tags"), str_of(in), &rec);

    (void)ret;
    was_grouped = db_is_grouped(tx);
    return err ? err : rec_remove(a, tx, &site.actor.scope, NULL, rec);
}

/* The others of the group would wait for each of them to be saved. */
static void many_references_are_not_let_go_in_a_group(void **state)
{
    (void)state;
    site_ok(db_run(site.a, site.db, remove_unit, "tag00000000000c", NULL));
    assert_true(was_grouped);
    site_exec("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 600) "
              "INSERT INTO posts (id, title, tags) SELECT printf('many%011d', n), 't' || n, "
              "'[\"tag0000000000go\"]' FROM c");
    site_ok(db_run(site.a, site.db, remove_unit, "tag0000000000go", NULL));
    assert_false(was_grouped);
    assert_int_equal(site_count("SELECT count(*) FROM posts WHERE tags LIKE '%go%'"), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, site_setup, site_teardown)
    const struct CMUnitTest tests[] = {
        CASE(many_references_are_not_let_go_in_a_group),
        CASE(rules_decide),
        CASE(references_are_let_go),
        CASE(cascades_delete_and_required_ones_forbid),
        CASE(chains_and_rings),
        CASE(lists_cascade_once_they_are_empty),
        CASE(ordered_collections_go_record_by_record),
        CASE(all_that_go_leave_the_lists_that_name_them),
        CASE(who_loses_a_reference_is_saved_whole),
        CASE(odd_lists_are_saved_as_they_are_read),
        CASE(what_cannot_be_read_refuses),
        CASE(released_auth_records_have_ids_of_their_own),
        CASE(references_are_released_to_the_last),
        CASE(auth_records_take_their_companions_along),
        CASE(the_last_superuser_stays),
        CASE(cascading_deletes_are_leased),
    };

    return cmocka_run_group_tests_name("records: deleting", tests, NULL, NULL);
}
