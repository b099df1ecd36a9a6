/*
 * Snapshots: what is loaded, how it is joined, found, shared and published.
 */
#include "unit/data.h"

static const char fields[] =
    "INSERT INTO _collections (id, type, name, fields, indexes, listRule, options) VALUES "
    "('pbc_1', 'base', 'Posts', '["
    "{\"id\":\"a\",\"name\":\"id\",\"type\":\"text\",\"primaryKey\":true,\"system\":true},"
    "{\"id\":\"b\",\"name\":\"author\",\"type\":\"relation\",\"collectionId\":\"_pb_users_auth_\","
    "\"maxSelect\":1,\"cascadeDelete\":true},"
    "{\"id\":\"c\",\"name\":\"links\",\"type\":\"relation\",\"collectionId\":\"pbc_1\","
    "\"maxSelect\":5,\"minSelect\":1},"
    "{\"id\":\"d\",\"name\":\"gone\",\"type\":\"relation\",\"collectionId\":\"nowhere\"},"
    "{\"id\":\"e\",\"name\":\"body\",\"type\":\"editor\",\"maxSize\":1000,\"help\":null},"
    "{\"id\":\"f\",\"name\":\"docs\",\"type\":\"file\",\"maxSelect\":3,\"maxSize\":100,"
    "\"mimeTypes\":null,\"protected\":true,\"unknown\":{\"x\":1}},"
    "{\"id\":\"g\",\"name\":\"meta\",\"type\":\"json\",\"maxSize\":10},"
    "{\"id\":\"h\",\"name\":\"kind\",\"type\":\"select\",\"maxSelect\":2,"
    "\"values\":[\"x\",\"\\u003cy\"]},"
    "{\"id\":\"i\",\"name\":\"n\",\"type\":\"number\",\"min\":null,\"max\":2.5,\"onlyInt\":false},"
    "{\"id\":\"j\",\"name\":\"on\",\"type\":\"date\",\"min\":\"2024-01-01\"},"
    "{\"id\":\"k\",\"name\":\"secret\",\"type\":\"password\",\"cost\":4,\"hidden\":true},"
    "{\"id\":\"l\",\"name\":\"created\",\"type\":\"autodate\",\"onCreate\":true}"
    "]', '[\"create unique index u on posts (kind)\"]', '', '{}'), "
    "('pbc_2', 'view', 'a_view', '["
    "{\"id\":\"a\",\"name\":\"id\",\"type\":\"text\",\"primaryKey\":true,\"system\":true},"
    "{\"id\":\"_clone_1\",\"name\":\"author\",\"type\":\"relation\","
    "\"collectionId\":\"_pb_users_auth_\",\"maxSelect\":1}]', 'null', NULL, "
    "'{\"viewQuery\":\"select id, author from posts\"}')";

static struct schema *load(struct data *data)
{
    struct schema *schema = NULL;

    data_open(data);
    DATA_EXEC(data, fields);
    no_err(schema_load(data->a, data->reader, &schema));
    return schema;
}

static const char *text(struct data *data, struct str s)
{
    return arena_cstr(data->a, s);
}

static void options_of_types(void **state)
{
    struct data data;
    AUTO(schema_unref) struct schema *schema = load(&data);
    const struct schema_col *posts = schema_find(schema, STR("posts"));
    const struct schema_field *field;

    (void)state;
    assert_int_equal(posts->n_fields, 12);
    field = schema_field(posts, STR("author"));
    assert_ptr_equal(field->relation.target, schema_find(schema, STR("users")));
    assert_true(field->relation.cascade_delete);
    assert_false(field->multiple);
    field = schema_field(posts, STR("links"));
    assert_true(field->multiple);
    assert_int_equal(field->relation.min_select, 1);
    assert_int_equal(field->at, 2);
    assert_null(schema_field(posts, STR("gone"))->relation.target);
    field = schema_field(posts, STR("docs"));
    assert_true(field->file.is_protected);
    assert_int_equal(field->file.mime_types.n, 0);
    field = schema_field(posts, STR("kind"));
    assert_string_equal(text(&data, field->select.values.items[1]), "<y");
    field = schema_field(posts, STR("n"));
    assert_false(field->number.has_min);
    assert_true(field->number.has_max && field->number.max > 2.4 && field->number.max < 2.6);
    field = schema_field(posts, STR("on"));
    assert_string_equal(text(&data, field->date.min), "2024-01-01 00:00:00.000Z");
    assert_int_equal(schema_field(posts, STR("secret"))->password.cost, 4);
    assert_true(schema_field(posts, STR("secret"))->hidden);
    assert_true(schema_field(posts, STR("created"))->autodate.on_create);
    assert_null(schema_field(posts, STR("Author")));
    assert_int_equal(posts->record_body_limit, 33554432 + 1000 + 300 + 10);
    assert_ptr_equal(posts->by_name[0], schema_field(posts, STR("author")));
    assert_ptr_equal(posts->id_field, &posts->fields[0]);
    data_close(&data);
}

static void collections(void **state)
{
    struct data data;
    AUTO(schema_unref) struct schema *schema = load(&data);
    const struct schema_col *posts = schema_find(schema, STR("pbc_1"));
    const struct schema_col *view = schema_find(schema, STR("A_VIEW"));

    (void)state;
    assert_int_equal(schema->n_cols, 8);
    assert_string_equal(text(&data, posts->name), "Posts");
    assert_ptr_equal(schema_find(schema, STR("pOsTs")), posts);
    assert_null(schema_find(schema, STR("PBC_1")));
    assert_null(schema_find(schema, STR("")));
    assert_null(schema_find(schema, (struct str){fields, 300}));
    assert_true(posts->list_rule.set);
    assert_int_equal(posts->list_rule.text.n, 0);
    assert_false(posts->view_rule.set);
    assert_int_equal(posts->number, 6);
    assert_string_equal(text(&data, posts->indexes[0].normal),
                        "CREATE UNIQUE INDEX `u` ON `Posts` (`kind`)");
    assert_true(view->type == SCHEMA_VIEW && view->auth == NULL && view->n_indexes == 0);
    assert_string_equal(text(&data, view->view_query), "select id, author from posts");
    assert_string_equal(text(&data, schema->by_name_order[0]->name), "Posts");
    assert_ptr_equal(schema->superusers, schema_find(schema, STR("_superusers")));
    data_close(&data);
}

static void back_relations(void **state)
{
    struct data data;
    AUTO(schema_unref) struct schema *schema = load(&data);
    const struct schema_col *users = schema_find(schema, STR("users"));
    const struct schema_col *posts = schema_find(schema, STR("posts"));

    (void)state;
    assert_int_equal(users->n_backs, 2);
    assert_string_equal(text(&data, users->backs[0].col->name), "Posts");
    assert_string_equal(text(&data, users->backs[1].col->name), "a_view");
    assert_string_equal(text(&data, users->backs[1].field->name), "author");
    assert_int_equal(posts->n_backs, 1);
    assert_ptr_equal(posts->backs[0].col, posts);
    data_close(&data);
}

static void auth_options(void **state)
{
    struct data data;
    AUTO(schema_unref) struct schema *schema = load(&data);
    const struct schema_auth *auth = schema_find(schema, STR("users"))->auth;

    (void)state;
    assert_true(auth->auth_rule.set && auth->auth_rule.text.n == 0);
    assert_false(auth->manage_rule.set);
    assert_int_equal(auth->tokens[TOKEN_AUTH].duration_s, 432000);
    assert_int_equal(auth->tokens[TOKEN_EMAIL_CHANGE].duration_s, 1800);
    assert_int_equal(auth->tokens[TOKEN_FILE].secret.n, 50);
    assert_true(auth->password_enabled);
    assert_string_equal(text(&data, auth->identity_fields.items[0]), "email");
    assert_false(auth->mfa_enabled || auth->otp_enabled || auth->oauth2.enabled);
    assert_int_equal(auth->mfa_duration_s, 600);
    assert_string_equal(text(&data, auth->token_key->name), "tokenKey");
    data_close(&data);
}

static void published_snapshots(void **state)
{
    struct data data;
    struct schema_store *store = schema_store_new();
    struct schema *first = load(&data);
    struct schema *second, *held;

    (void)state;
    no_err(schema_load(data.a, data.reader, &second));
    assert_int_equal(schema_generation(store), 0);
    schema_publish(store, first);
    assert_int_equal(schema_generation(store), 1);
    held = schema_current(store);
    assert_ptr_equal(held, first);
    assert_int_equal(held->snapshot.generation, 1);
    schema_publish(store, second);
    assert_int_equal(schema_generation(store), 2);
    assert_int_equal(held->n_cols, 8); /* still there */
    schema_unref(held);
    schema_unref(NULL);
    schema_store_free(store);
    data_close(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_of_types),    cmocka_unit_test(collections),
        cmocka_unit_test(back_relations),      cmocka_unit_test(auth_options),
        cmocka_unit_test(published_snapshots),
    };

    return cmocka_run_group_tests_name("schema_load", tests, NULL, NULL);
}
