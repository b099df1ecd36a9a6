/*
 * Creates and updates: validation, modifiers, rules, auth records.
 */
#include "unit/site.h"

#include "base/compiler.h"

#define FAILED_CREATE "\"message\":\"Failed to create record.\",\"status\":400}"
#define FAILED_UPDATE "\"message\":\"Failed to update record.\",\"status\":400}"
#define NOW "2030-03-17 17:45:00.000Z"

static void a_create_fills_in_what_was_not_sent(void **state)
{
    const char *answer = site_create("posts", "{\"title\":\"fresh\",\"unknown\":1}");

    (void)state;
    site_has(answer, "{\"author\":\"\",\"collectionId\":\"c_posts\",\"collectionName\":\"posts\","
                     "\"created\":\"" NOW "\",\"files\":[],\"id\":\"");
    site_has(answer,
             "\"meta\":null,\"score\":0,\"tags\":[],\"title\":\"fresh\",\"updated\":\"" NOW "\"}");
    assert_int_equal(site_count("SELECT count(*) FROM posts WHERE title = 'fresh' AND "
                                "length(id) = 15"),
                     1);
}

static void every_wrong_field_is_named(void **state)
{
    (void)state;
    assert_string_equal(
        site_create("posts",
                    "{\"id\":\"x\",\"title\":\"no\",\"tags\":[\"nope\"],\"files\":[\"n\"]}"),
        "{\"data\":{\"files\":{\"code\":\"validation_invalid_file\",\"message\":\"Invalid new "
        "files: [n].\",\"params\":{\"invalidFiles\":[\"n\"]}},\"id\":{\"code\":"
        "\"validation_min_text_constraint\",\"message\":\"Must be at least 15 character(s).\","
        "\"params\":{\"min\":15}},\"tags\":{\"code\":\"validation_missing_rel_records\","
        "\"message\":\"Failed to find all relation records with the provided ids.\"},\"title\":"
        "{\"code\":\"validation_min_text_constraint\",\"message\":\"Must be at least 3 "
        "character(s).\",\"params\":{\"min\":3}}}," FAILED_CREATE);
    assert_int_equal(site_count("SELECT count(*) FROM posts"), 3);
}

static void unique_indexes_name_their_field(void **state)
{
    (void)state;
    assert_string_equal(site_create("tags", "{\"name\":\"go\"}"),
                        "{\"data\":{\"name\":{\"code\":\"validation_not_unique\",\"message\":"
                        "\"Value must be unique.\"}}," FAILED_CREATE);
    site_has(site_update("tags", "tag00000000000c", "{\"name\":\"go\"}"),
             "\"name\":{\"code\":\"validation_not_unique\"");
    site_has(site_create("tags", "{\"id\":\"tag00000000000c\"}"),
             "\"id\":{\"code\":\"validation_not_unique\"");
}

static void ids_stay(void **state)
{
    (void)state;
    site_has(site_update("tags", "tag00000000000c", "{\"id\":\"tag00000000000c\"}"), "\"name\"");
    site_has(site_update("tags", "tag00000000000c", "{\"id\":\"tag00000000000d\"}"),
             "{\"data\":{\"id\":{\"code\":\"validation_pk_change\"");
    site_has(site_update("tags", "tag0000000000xx", "{}"), "\"status\":404");
}

static void modifiers_work_on_the_stored_value(void **state)
{
    static const struct {
        const char *body, *part;
    } cases[] = {
        {"{\"score+\":2}", "\"score\":3.5"},
        {"{\"score-\":0.5}", "\"score\":1"},
        {"{\"score\":10,\"score+\":\"1\"}", "\"score\":11"},
        {"{\"tags-\":\"tag0000000000go\"}", "\"tags\":[\"tag00000000000c\"]"},
        {"{\"tags-\":[\"nope\"]}", "\"tags\":[\"tag0000000000go\",\"tag00000000000c\"]"},
        {"{\"tags\":[],\"+tags\":\"tag0000000000go\"}", "\"tags\":[\"tag0000000000go\"]"},
        {"{\"tags-\":\"tag0000000000go\",\"tags+\":\"tag0000000000go\"}",
         "\"tags\":[\"tag00000000000c\",\"tag0000000000go\"]"},
        {"{\"+author\":\"author000000bob\"}", "\"author\":\"author000000ada\""},
        {"{\"author+\":\"author000000bob\"}", "\"author\":\"author000000bob\""},
        {"{\"author-\":\"author000000ada\"}", "\"author\":\"\""},
        {"{\"files-\":\"a.png\"}", "\"files\":[\"b.png\"]"},
        {"{\"files\":[\"a.png\"]}", "\"files\":[\"a.png\"]"},
        {"{\"files\":\"\"}", "\"files\":[]"},
        {"{\"files+\":\"c.png\"}", "{\"data\":{\"files\":{\"code\":\"validation_invalid_file\""},
        {"{\"updated\":\"2001-01-01\"}", "\"updated\":\"" NOW "\""},
        {"{\"meta\":{\"b\":1,\"a\":[1.50]}}", "\"meta\":{\"a\":[1.5],\"b\":1}"},
        {"{\"meta\":null}", "\"meta\":null"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        site_has(site_update("posts", "post00000000001", cases[i].body), cases[i].part);
        (void)site_teardown(state);
        (void)site_setup(state);
    }
}

static void autogenerate_keeps_the_prefix(void **state)
{
    (void)state;
    site_has(site_create("tags", "{\"name:autogenerate\":\"pre\"}"), "\"name\":\"pre\"");
    site_has(site_create("tags", "{\"id:autogenerate\":\"\"}"), "\"id\":\"");
}

static void hidden_fields_are_for_superusers(void **state)
{
    (void)state;
    (void)site_update("posts", "post00000000001", "{\"note\":\"changed\"}");
    assert_int_equal(site_count("SELECT count(*) FROM posts WHERE note = 'psst'"), 1);
    site_act("super");
    site_has(site_update("posts", "post00000000001", "{\"note\":\"changed\"}"),
             "\"note\":\"changed\"");
}

static void rules_see_what_would_be_stored(void **state)
{
    (void)state;
    site_rule("posts", "createRule",
              "title = 'good' && @request.body.score = 4 && author.name = 'Ada' && "
              "@request.body.note:isset = false && created = ''");
    site_has(site_create("posts", "{\"title\":\"bad\"}"), "{\"data\":{}," FAILED_CREATE);
    site_has(site_create("posts", "{\"title\":\"good\",\"score+\":\"4\",\"note\":\"x\","
                                  "\"author\":\"author000000ada\"}"),
             "\"score\":4");
    site_rule("posts", "createRule", "posts_via_author.title = 'x'");
    site_has(site_create("posts", "{\"title\":\"good\"}"), "{\"data\":{}," FAILED_CREATE);
    site_rule("posts", "createRule", NULL);
    site_has(site_create("posts", "{\"title\":\"good\"}"), "\"status\":403");
    site_rule("posts", "updateRule", "score = 1.5 && @request.body.score = 2.5");
    site_has(site_update("posts", "post00000000002", "{\"score+\":1}"), "\"status\":404");
    site_has(site_update("posts", "post00000000001", "{\"score+\":1}"), "\"score\":2.5");
    site_has(site_update("posts", "post00000000001", "{\"score\":2.5}"), "\"status\":404");
}

static void writes_expand(void **state)
{
    (void)state;
    site_has(site_write(REC_CREATE, "posts", NULL,
                        "{\"title\":\"fresh\",\"author\":\"author000000bob\"}", "author.mentor"),
             "\"expand\":{\"author\":{");
    site_has(site_write(REC_UPDATE, "posts", "post00000000001", "{}", "author"),
             "\"expand\":{\"author\":{");
}

/* --- auth records --------------------------------------------------------------------------- */

#define SIGN_UP "\"password\":\"12345678\",\"passwordConfirm\":\"12345678\""

static void forms_come_before_fields(void **state)
{
    static const struct {
        const char *body, *part;
    } cases[] = {
        {"{\"email\":\"x\"}",
         "{\"data\":{\"password\":{\"code\":\"validation_required\",\"message\":"
         "\"Cannot be blank.\"},\"passwordConfirm\":{\"code\":"},
        {"{" SIGN_UP ",\"email\":\"x\",\"verified\":true}",
         "{\"data\":{\"verified\":{\"code\":\"validation_values_mismatch\",\"message\":\"Values "
         "don't match.\"}}," FAILED_CREATE},
        {"{\"password\":\"12345678\",\"passwordConfirm\":\"1\"}",
         "{\"data\":{\"passwordConfirm\":{\"code\":\"validation_values_mismatch\""},
        {"{" SIGN_UP ",\"email\":\"x\"}", "{\"data\":{\"email\":{\"code\":\"validation_is_email\""},
        {"{\"password\":\"1234567\",\"passwordConfirm\":\"1234567\",\"email\":\"n@example.com\"}",
         "{\"data\":{\"password\":{\"code\":\"validation_min_text_constraint\""},
        {"{" SIGN_UP ",\"email\":\"a@example.com\"}",
         "{\"data\":{\"email\":{\"code\":\"validation_not_unique\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        site_has(site_create("users", cases[i].body), cases[i].part);
}

static void signing_up_hides_the_email(void **state)
{
    const char *answer = site_create("users", "{" SIGN_UP ",\"email\":\"n@example.com\"}");

    (void)state;
    site_has(answer, "\"verified\":false");
    site_lacks(answer, "\"email\"");
    assert_int_equal(site_count("SELECT count(*) FROM users WHERE email = 'n@example.com' AND "
                                "length(tokenKey) = 50 AND password LIKE '$2_$04$%'"),
                     1);
}

static void who_may_change_what(void **state)
{
    static const char id[] = "user0000000000a";

    (void)state;
    site_act(id);
    site_has(site_update("users", id, "{\"email\":\"z@example.com\",\"verified\":true}"),
             "{\"data\":{\"email\":{\"code\":\"validation_values_mismatch\"");
    site_has(site_update("users", id, "{" SIGN_UP "}"),
             "{\"data\":{\"oldPassword\":{\"code\":\"validation_required\"");
    site_has(site_update("users", id, "{" SIGN_UP ",\"oldPassword\":\"wrong\"}"),
             "{\"data\":{\"oldPassword\":{\"code\":\"validation_invalid_old_password\"");
    site_act("super");
    site_has(site_update("users", id, "{" SIGN_UP "}"), "\"email\":\"a@example.com\"");
    site_act(id);
    site_has(site_update("users", id,
                         "{\"password\":\"87654321\",\"passwordConfirm\":\"87654321\","
                         "\"oldPassword\":\"12345678\"}"),
             "\"email\":\"a@example.com\"");
    site_rule("users", "manageRule", "@request.auth.id != id");
    site_rule("users", "updateRule", "");
    site_act("user0000000000b");
    site_has(site_update("users", id, "{\"verified\":true,\"email\":\"z@example.com\"}"),
             "\"email\":\"z@example.com\"");
}

/* What was compared on another thread is no longer what is stored: prepare again. */
static void a_password_that_changed_meanwhile_is_stale(void **state)
{
    struct rec_request request = {
        .action = REC_UPDATE, .actor = &site.actor, .id = STR("user0000000000a")};
    struct db_lease lease = {0};
    struct rec_draft *draft;
    struct db_conn *conn;
    struct err *err;
    void *out;

    (void)state;
    site_act("user0000000000a");
    request.col = site_col("users");
    assert_true(json_read(site.a, STR("{" SIGN_UP ",\"oldPassword\":\"x\"}"), &json_limits_body,
                          &request.body, NULL));
    site_ok(rec_draft_new(site.a, &request, &draft));
    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    site_ok(rec_draft_read(site.a, conn, draft));
    db_read_end(conn);
    assert_int_equal(rec_draft_next(draft), REC_HASH);
    site_ok(rec_draft_go_on(site.a, draft));
    assert_int_equal(rec_draft_next(draft), REC_RUN);
    site_exec("UPDATE users SET password = '$2a$04$other' WHERE id = 'user0000000000a'");
    err = db_run_leased(site.a, site.db, &lease, rec_draft_run, draft, &out);
    assert_non_null(err);
    assert_int_equal(err->kind, E_STALE);
}

/* A draft of `body` for post 1, read and matched. */
static struct rec_draft *draft_of_post(const char *body)
{
    struct rec_request request = {.action = REC_UPDATE,
                                  .actor = &site.actor,
                                  .col = site_col("posts"),
                                  .id = STR("post00000000001")};
    struct rec_draft *draft;
    struct db_conn *conn;

    assert_true(json_read(site.a, str_of(body), &json_limits_body, &request.body, NULL));
    site_ok(rec_draft_new(site.a, &request, &draft));
    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    site_ok(rec_draft_read(site.a, conn, draft));
    db_read_end(conn);
    if (rec_draft_next(draft) == REC_MATCH)
        site_ok(rec_draft_go_on(site.a, draft));
    assert_int_equal(rec_draft_next(draft), REC_RUN);
    return draft;
}

/* The HTTP status that it ends with, as a unit of a group. One that is not for a group runs again,
 * leased. */
static int run_draft(const struct rec_draft *draft)
{
    void *out;
    struct err *err = db_run(site.a, site.db, rec_draft_run, draft, &out);

    return err ? err_status(err) : 200;
}

static void set_title(const char *sql)
{
    site_exec(arena_cstr(site.a, arena_printf(site.a,
                                              "UPDATE posts SET title = %s WHERE id = "
                                              "'post00000000001'",
                                              sql)));
}

/* Patterns are matched before the unit; there, texts that changed since are matched again. */
static void texts_are_matched_before_the_unit(void **state)
{
    struct rec_draft *draft;

    (void)state;
    site_exec("UPDATE _collections SET fields = replace(replace(fields, '\"max\":20', "
              "'\"max\":9000'), '\"name\":\"title\"', "
              "'\"pattern\":\"^[a-z ]+$\",\"name\":\"title\"') WHERE name = 'posts'");
    site_reload();
    draft = draft_of_post("{\"score\":2}");
    set_title("'other'");
    assert_int_equal(run_draft(draft), 200);
    set_title("'Other'");
    assert_int_equal(run_draft(draft), 400);
    set_title("replace(hex(zeroblob(2500)), '0', 'a')");
    assert_int_equal(run_draft(draft), 200);
    set_title("replace(hex(zeroblob(2500)), '0', 'A')");
    assert_int_equal(run_draft(draft), 400);
    assert_int_equal(run_draft(draft_of_post("{\"title\":\"new\"}")), 200);
    assert_int_equal(run_draft(draft_of_post("{\"title\":\"New\"}")), 400);
    set_title(
        "replace(hex(zeroblob(9500)), '0', 'a')"); /* its length is refused: nothing is matched */
    site_has(site_update("posts", "post00000000001", "{\"score\":3}"),
             "validation_max_text_constraint");
}

static void a_new_password_ends_what_the_old_one_gave(void **state)
{
    (void)state;
    site_exec("INSERT INTO _mfas (id, collectionRef, recordRef, method) VALUES ('m1', "
              "'_pb_users_auth_', 'user0000000000a', 'otp'), ('m2', '_pb_users_auth_', "
              "'user0000000000b', 'otp')");
    site_exec("INSERT INTO _otps (id, collectionRef, recordRef, password) VALUES ('o1', "
              "'_pb_users_auth_', 'user0000000000a', 'x')");
    site_exec("INSERT INTO _authOrigins (id, collectionRef, recordRef, fingerprint) VALUES ('w1', "
              "'_pb_users_auth_', 'user0000000000a', 'x')");
    site_exec("INSERT INTO _externalAuths (id, collectionRef, recordRef, provider, providerId) "
              "VALUES ('e1', '_pb_users_auth_', 'user0000000000b', 'x', 'y')");
    site_act("super");
    site_has(site_update("users", "user0000000000a", "{" SIGN_UP "}"), "\"id\"");
    assert_int_equal(site_count("SELECT count(*) FROM _mfas"), 1);
    assert_int_equal(site_count("SELECT count(*) FROM _otps"), 0);
    assert_int_equal(site_count("SELECT count(*) FROM _authOrigins"), 0);
    assert_int_equal(site_count("SELECT count(*) FROM users WHERE tokenKey LIKE 'key_%'"), 2);
    site_has(site_update("users", "user0000000000b", "{\"verified\":true}"), "\"id\"");
    assert_int_equal(site_count("SELECT count(*) FROM _externalAuths"), 0);
    assert_int_equal(site_count("SELECT count(*) FROM users WHERE tokenKey LIKE 'key_%'"), 1);
}

static void system_collections_check_their_references(void **state)
{
    static const struct {
        const char *body, *part;
    } cases[] = {
        {"{\"method\":\"otp\"}", "\"collectionRef\":{\"code\":\"validation_required\""},
        {"{\"method\":\"otp\",\"collectionRef\":\"nope\",\"recordRef\":\"x\"}",
         "{\"data\":{\"collectionRef\":{\"code\":\"validation_invalid_collection_id\",\"message\":"
         "\"Missing or invalid collection.\"}}"},
        {"{\"method\":\"otp\",\"collectionRef\":\"c_tags\",\"recordRef\":\"x\"}",
         "{\"data\":{\"collectionRef\":{\"code\":\"validation_invalid_collection_type\""},
        {"{\"method\":\"otp\",\"collectionRef\":\"_pb_users_auth_\",\"recordRef\":\"x\"}",
         "{\"data\":{\"recordRef\":{\"code\":\"validation_invalid_record\""},
        {"{\"method\":\"otp\",\"collectionRef\":\"_pb_users_auth_\",\"recordRef\":"
         "\"user0000000000a\"}",
         "\"method\":\"otp\""},
    };

    (void)state;
    site_act("super");
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        site_has(site_create("_mfas", cases[i].body), cases[i].part);
}

static void ids_are_unique_among_all_auth_collections(void **state)
{
    (void)state;
    site_act("super");
    site_has(site_create("_superusers", "{" SIGN_UP ",\"email\":\"s@example.com\",\"id\":"
                                        "\"user0000000000a\"}"),
             "{\"data\":{\"id\":{\"code\":\"validation_invalid_auth_id\"");
    site_has(site_create("_superusers", "{" SIGN_UP ",\"email\":\"s@example.com\"}"),
             "\"verified\":true");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, site_setup, site_teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_create_fills_in_what_was_not_sent),
        CASE(every_wrong_field_is_named),
        CASE(unique_indexes_name_their_field),
        CASE(ids_stay),
        CASE(modifiers_work_on_the_stored_value),
        CASE(autogenerate_keeps_the_prefix),
        CASE(hidden_fields_are_for_superusers),
        CASE(rules_see_what_would_be_stored),
        CASE(writes_expand),
        CASE(forms_come_before_fields),
        CASE(signing_up_hides_the_email),
        CASE(who_may_change_what),
        CASE(a_password_that_changed_meanwhile_is_stale),
        CASE(texts_are_matched_before_the_unit),
        CASE(a_new_password_ends_what_the_old_one_gave),
        CASE(system_collections_check_their_references),
        CASE(ids_are_unique_among_all_auth_collections),
    };

    return cmocka_run_group_tests_name("records: writing", tests, NULL, NULL);
}
