/*
 * Data directories: a fresh one, existing ones that are fine, that lack something, or are refused.
 */
#include "unit/data.h"

#include "schema/internal.h"

static void fresh_tables(void **state)
{
    static const char *const tables[] = {"_migrations",  "_params",     "_collections",
                                         "_mfas",        "_otps",       "_externalAuths",
                                         "_authOrigins", "_superusers", "users"};
    struct data data;
    struct db_tables found;

    (void)state;
    data_open(&data);
    no_err(db_list_tables(data.a, data.reader, &found));
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        assert_string_equal(arena_cstr(data.a, found.items[i].name), tables[i]);
    assert_string_equal(data_text(&data, "SELECT count(*) FROM _collections"), "6");
    assert_string_equal(data_text(&data, "SELECT count(*) FROM _migrations"), "8");
    assert_string_equal(data_text(&data, "SELECT min(applied) FROM _migrations"),
                        "1767225600123000");
    assert_string_equal(data_text(&data, "SELECT typeof(value) FROM _params"), "blob");
    assert_string_equal(data_text(&data, "SELECT created || updated FROM _params"),
                        DATA_NOW DATA_NOW);
    assert_string_equal(data_text(&data, "SELECT count(*) FROM _superusers"), "0");
    data_close(&data);
}

static void fresh_rows(void **state)
{
    static const struct {
        const char *sql, *want;
    } cases[] = {
        {"SELECT group_concat(name, ' ') FROM (SELECT name FROM _collections ORDER BY rowid)",
         "_mfas _otps _externalAuths _authOrigins _superusers users"},
        {"SELECT id FROM _collections WHERE name = 'users'", "_pb_users_auth_"},
        {"SELECT listRule FROM _collections WHERE name = 'users'", "id = @request.auth.id"},
        {"SELECT createRule FROM _collections WHERE name = 'users'", ""},
        {"SELECT createRule FROM _collections WHERE name = '_mfas'", "NULL"},
        {"SELECT sum(system) FROM _collections", "5"},
        {"SELECT json_extract(options, '$.authToken.duration') FROM _collections "
         "WHERE name = '_superusers'",
         "86400"},
        {"SELECT json_extract(options, '$.oauth2.mappedFields.avatarURL') FROM _collections "
         "WHERE name = 'users'",
         "avatar"},
        {"SELECT min(length(json_extract(options, '$.fileToken.secret'))) FROM _collections "
         "WHERE type = 'auth'",
         "50"},
        {"SELECT count(DISTINCT json_extract(options, '$.authToken.secret')) FROM _collections "
         "WHERE type = 'auth'",
         "2"},
        {"SELECT json_extract(fields, '$[7].mimeTypes[2]') FROM _collections "
         "WHERE name = 'users'",
         "image/svg+xml"},
        {"SELECT options FROM _collections WHERE name = '_otps'", "{}"},
        {"SELECT typeof(fields) || typeof(options) || typeof(system) FROM _collections",
         "texttextinteger"},
        {"SELECT updated FROM _collections", DATA_NOW},
    };
    struct data data;

    (void)state;
    data_open(&data);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(data_text(&data, cases[i].sql), cases[i].want);
    data_close(&data);
}

/* Every default mail says what the flows need. */
static void mails_have_their_placeholders(void **state)
{
    static const struct {
        const char *path, *part;
    } cases[] = {
        {"authAlert.emailTemplate.body", "{ALERT_INFO}"},
        {"otp.emailTemplate.body", "<strong>{OTP}</strong>"},
        {"verificationTemplate.body",
         "href=\"{APP_URL}/_/#/auth/confirm-verification/{TOKEN}\" target=\"_blank\""},
        {"resetPasswordTemplate.body", "{APP_URL}/_/#/auth/confirm-password-reset/{TOKEN}"},
        {"confirmEmailChangeTemplate.body", "{APP_URL}/_/#/auth/confirm-email-change/{TOKEN}"},
        {"verificationTemplate.subject", "Verify your {APP_NAME} email"},
        {"resetPasswordTemplate.subject", "Reset your {APP_NAME} password"},
        {"confirmEmailChangeTemplate.subject", "Confirm your {APP_NAME} new email address"},
        {"otp.emailTemplate.subject", "OTP for {APP_NAME}"},
        {"authAlert.emailTemplate.subject", "Login from a new location"},
    };
    struct data data;

    (void)state;
    data_open(&data);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str sql = arena_printf(
            data.a, "SELECT json_extract(options, '$.%s') FROM _collections WHERE name = 'users'",
            cases[i].path);

        assert_non_null(strstr(data_text(&data, arena_cstr(data.a, sql)), cases[i].part));
    }
    data_close(&data);
}

static bool needs(struct data *data)
{
    bool needed = true;

    no_err(schema_needs_bootstrap(data->a, data->reader, &needed));
    return needed;
}

static void fresh_only_once(void **state)
{
    struct data data;
    const char *before;

    (void)state;
    data_open_empty(&data);
    assert_true(needs(&data));
    data_bootstrap(&data);
    assert_false(needs(&data));
    before = data_text(&data, "SELECT group_concat(options) FROM _collections");
    data_bootstrap(&data); /* nothing to do: nothing changes */
    assert_string_equal(data_text(&data, "SELECT group_concat(options) FROM _collections"), before);
    assert_string_equal(data_text(&data, "SELECT count(*) FROM _migrations"), "8");
    data_close(&data);
}

static void refuses(const char *sql, const char *cause)
{
    struct data data;
    struct err *err;
    bool needed;

    data_open(&data);
    DATA_EXEC(&data, sql);
    err = schema_needs_bootstrap(data.a, data.reader, &needed);
    if (!err) {
        struct schema *schema;

        err = schema_load(data.a, data.reader, &schema);
    }
    assert_non_null(err);
    if (!str_has(err->cause, str_of(cause)))
        fail_msg("%s: %.*s", sql, STR_ARG(err->cause));
    data_close(&data);
}

static void refused_directories(void **state)
{
    static const struct {
        const char *sql, *cause;
    } cases[] = {
        {"ALTER TABLE _collections ADD COLUMN colour TEXT", "unknown column colour"},
        {"ALTER TABLE _params ADD COLUMN colour TEXT", "unknown column colour of table _params"},
        {"ALTER TABLE _params DROP COLUMN updated", "no column updated"},
        {"ALTER TABLE _params RENAME TO elsewhere", "no table _params"},
        {"CREATE TABLE _admins (id TEXT)", "before v0.23"},
        {"DROP TABLE _mfas", "before v0.23"},
        {"UPDATE _collections SET fields = '[{\"name\":\"x\",\"type\":\"blob\"}]' "
         "WHERE name = 'users'",
         "collection users: field x: unknown type blob"},
        {"UPDATE _collections SET fields = '{' WHERE name = 'users'", "fields are no JSON list"},
        {"UPDATE _collections SET fields = '[]' WHERE name = 'users'", "no field id"},
        {"UPDATE _collections SET fields = json_remove(fields, '$[2]') WHERE name = 'users'",
         "no field tokenKey"},
        {"UPDATE _collections SET fields = json_set(fields, '$[0].min', 'x') WHERE name = 'users'",
         "field id: option min has the wrong type"},
        {"UPDATE _collections SET type = 'queue' WHERE name = 'users'", "unknown type queue"},
        {"UPDATE _collections SET options = '' WHERE name = 'users'", "options are no JSON"},
        {"DELETE FROM _collections WHERE name = '_superusers'", "no collection _superusers"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        refuses(cases[i].sql, cases[i].cause);
}

static void unknown_migrations_are_kept(void **state)
{
    struct data data;

    (void)state;
    data_open(&data);
    DATA_EXEC(&data, "INSERT INTO _migrations VALUES ('1735689600_updated_notes.js', 5)");
    assert_false(needs(&data));
    data_bootstrap(&data);
    assert_string_equal(data_text(&data, "SELECT count(*) FROM _migrations"), "9");
    data_close(&data);
}

/* A directory of v0.23 that has seen none of the later migrations. */
static void missing_migrations_are_made_up_for(void **state)
{
    struct data data;

    (void)state;
    data_open(&data);
    DATA_EXEC(
        &data, "DELETE FROM _migrations WHERE file > '1717233557'",
        "DROP INDEX idx__collections_type",
        "UPDATE _collections SET deleteRule = 'x' WHERE name IN ('_otps', '_mfas')",
        "ALTER TABLE _otps DROP COLUMN sentTo",
        "UPDATE _collections SET fields = json_remove(fields, '$[4]') WHERE name = '_otps'",
        "UPDATE _collections SET options = json_set(options, '$.authAlert.emailTemplate.body', "
        "'<p>Hello,</p>' || char(10) || '<p>We noticed a login to your {APP_NAME} account from "
        "a new location.</p>') WHERE name = 'users'",
        "CREATE INDEX `extra` ON users (name COLLATE NOCASE)",
        "CREATE UNIQUE INDEX `twice` ON users (`email`)");
    assert_true(needs(&data));
    data_bootstrap(&data);
    assert_false(needs(&data));
    assert_string_equal(
        data_text(&data, "SELECT count(*) FROM sqlite_schema WHERE name = 'idx__collections_type'"),
        "1");
    assert_string_equal(data_text(&data, "SELECT count(deleteRule) FROM _collections "
                                         "WHERE name IN ('_otps', '_mfas')"),
                        "0");
    assert_string_equal(data_text(&data, "SELECT count(sentTo) FROM _otps"), "0");
    assert_string_equal(data_text(&data, "SELECT json_extract(fields, '$[4].name') "
                                         "FROM _collections WHERE name = '_otps'"),
                        "sentTo");
    assert_string_equal(
        data_text(&data, "SELECT json_extract(options, '$.authAlert.emailTemplate.body') LIKE "
                         "'%{ALERT_INFO}%' FROM _collections WHERE name = 'users'"),
        "1");
    assert_string_equal(data_text(&data, "SELECT json_extract(indexes, '$[2]') FROM _collections "
                                         "WHERE name = 'users'"),
                        "CREATE INDEX `extra` ON `users` (`name` COLLATE NOCASE)");
    assert_string_equal(
        data_text(&data, "SELECT count(*) FROM sqlite_schema WHERE name IN ('extra', 'twice')"),
        "1");
    data_close(&data);
}

static void auxiliary(void **state)
{
    struct data data;
    struct schema_bootstrap in = {.now_ms = DATA_NOW_MS};

    (void)state;
    data_open_empty(&data);
    data_run(&data, schema_bootstrap_auxiliary, &in);
    data_run(&data, schema_bootstrap_auxiliary, &in);
    assert_string_equal(data_text(&data, "SELECT count(*) FROM sqlite_schema "
                                         "WHERE name LIKE 'idx_logs_%'"),
                        "3");
    assert_string_equal(data_text(&data, "SELECT count(*) FROM _logs"), "0");
    data_close(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_tables),
        cmocka_unit_test(fresh_rows),
        cmocka_unit_test(mails_have_their_placeholders),
        cmocka_unit_test(fresh_only_once),
        cmocka_unit_test(refused_directories),
        cmocka_unit_test(unknown_migrations_are_kept),
        cmocka_unit_test(missing_migrations_are_made_up_for),
        cmocka_unit_test(auxiliary),
    };

    return cmocka_run_group_tests_name("bootstrap", tests, NULL, NULL);
}
