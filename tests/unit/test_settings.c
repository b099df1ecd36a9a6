/*
 * Settings: defaults, the stored row in all its forms, and address lists.
 */
#include "unit/data.h"

#include "base/crypto.h"
#include "settings/internal.h"

#define KEY STR("0123456789abcdef0123456789abcdef")

static void default_json(void **state)
{
    static const char want[] =
        "{\"superuserIPs\":[],\"smtp\":{\"enabled\":false,\"port\":587,\"host\":"
        "\"smtp.example.com\",\"username\":\"\",\"password\":\"\",\"authMethod\":\"\",\"tls\":"
        "false,\"localName\":\"\"},\"backups\":{\"cron\":\"\",\"cronMaxKeep\":3,\"s3\":{"
        "\"enabled\":false,\"bucket\":\"\",\"region\":\"\",\"endpoint\":\"\",\"accessKey\":\"\","
        "\"forcePathStyle\":false}},\"s3\":{\"enabled\":false,\"bucket\":\"\",\"region\":\"\","
        "\"endpoint\":\"\",\"accessKey\":\"\",\"forcePathStyle\":false},\"meta\":{\"accentColor\":"
        "\"#1055c9\",\"appName\":\"Acme\",\"appURL\":\"http://localhost:8090\",\"senderName\":"
        "\"Support\",\"senderAddress\":\"support@example.com\",\"hideControls\":false},"
        "\"rateLimits\":{\"rules\":[{\"label\":\"*:auth\",\"audience\":\"\",\"duration\":3,"
        "\"maxRequests\":2},{\"label\":\"*:create\",\"audience\":\"\",\"duration\":5,"
        "\"maxRequests\":20},{\"label\":\"/api/batch\",\"audience\":\"\",\"duration\":1,"
        "\"maxRequests\":3},{\"label\":\"/api/\",\"audience\":\"\",\"duration\":10,"
        "\"maxRequests\":300}],\"excludedIPs\":[],\"enabled\":false},\"trustedProxy\":{\"headers\":"
        "[],\"useLeftmostIP\":false},\"batch\":{\"enabled\":false,\"maxRequests\":50,\"timeout\":3,"
        "\"maxBodySize\":0},\"logs\":{\"maxDataSize\":0,\"maxDays\":5,\"minLevel\":0,\"logIP\":"
        "true,\"logAuthId\":false}}";
    AUTO(arena_free) struct arena *a = arena_new();

    (void)state;
    assert_string_equal(arena_cstr(a, settings_default_json(a, SETTINGS_POCKETBASE)), want);
}

static void table_is_sound(void **state)
{
    (void)state;
    for (unsigned kind = SETTINGS_POCKETBASE; kind <= SETTINGS_OWN; kind++) {
        const struct setting_table *table = &settings_tables[kind];

        for (size_t i = 0; i < table->n; i++) {
            assert_true(json_valid(str_of(table->rows[i].initial), &json_limits_strict));
            assert_true(table->rows[i].help[0] != '\0');
            for (size_t j = 0; j < i; j++)
                assert_string_not_equal(table->rows[i].name, table->rows[j].name);
        }
    }
}

static struct settings *load(struct data *data, struct str key)
{
    struct settings *settings = NULL;

    no_err(settings_load(data->a, data->reader, key, &settings));
    return settings;
}

static void defaults(void **state)
{
    struct data data;
    AUTO(settings_unref) struct settings *settings = NULL;

    (void)state;
    data_open(&data);
    settings = load(&data, STR_NONE);
    assert_int_equal(settings->smtp.port, 587);
    assert_string_equal(arena_cstr(data.a, settings->meta.app_name), "Acme");
    assert_int_equal(settings->rate_limits.n_rules, 4);
    assert_string_equal(arena_cstr(data.a, settings->rate_limits.rules[2].label), "/api/batch");
    assert_int_equal(settings->rate_limits.rules[3].max_requests, 300);
    assert_int_equal(settings->logs.max_days, 5);
    assert_true(settings->logs.log_ip);
    assert_int_equal(settings->superuser_ips.n, 0);
    data_close(&data);
}

static void missing_keys_keep_defaults(void **state)
{
    struct data data;
    AUTO(settings_unref) struct settings *settings = NULL;

    (void)state;
    data_open(&data);
    DATA_EXEC(&data, "UPDATE _params SET value = '{\"meta\":{\"appName\":\"x\"},\"unknown\":[1],"
                     "\"s3\":{\"secret\":\"s\",\"enabled\":true},\"logs\":null,"
                     "\"rateLimits\":{\"rules\":null},\"superuserIPs\":[\"10.0.0.0/8\"]}'");
    settings = load(&data, STR_NONE);
    assert_string_equal(arena_cstr(data.a, settings->meta.app_name), "x");
    assert_string_equal(arena_cstr(data.a, settings->meta.sender_name), "Support");
    assert_string_equal(arena_cstr(data.a, settings->s3.secret), "s");
    assert_true(settings->s3.enabled);
    assert_false(settings->backups.s3.enabled);
    assert_int_equal(settings->logs.max_days, 5);
    assert_int_equal(settings->rate_limits.n_rules, 4);
    assert_true(settings_ip_in(&settings->superuser_ips, STR("10.1.2.3")));
    data_close(&data);
}

static void refused_rows(void **state)
{
    static const struct {
        const char *sql, *cause;
    } cases[] = {
        {"UPDATE _params SET value = '{\"smtp\":{\"port\":\"x\"}}'", "smtp.port"},
        {"UPDATE _params SET value = '{\"smtp\":{\"port\":1.5}}'", "smtp.port"},
        {"UPDATE _params SET value = '{\"superuserIPs\":[1]}'", "superuserIPs"},
        {"UPDATE _params SET value = '{\"rateLimits\":{\"rules\":[1]}}'", "rateLimits.rules"},
        {"UPDATE _params SET value = '[]'", "encrypted (or broken)"},
        {"UPDATE _params SET value = 'YWJj'", "encrypted (or broken)"},
        {"UPDATE _params SET value = NULL", "no settings"},
        {"DELETE FROM _params", "no settings"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct data data;
        struct settings *settings;
        struct err *err;

        data_open(&data);
        DATA_EXEC(&data, cases[i].sql);
        err = settings_load(data.a, data.reader, STR_NONE, &settings);
        assert_non_null(err);
        if (!str_has(err->cause, str_of(cases[i].cause)))
            fail_msg("%s: %.*s", cases[i].sql, STR_ARG(err->cause));
        data_close(&data);
    }
}

static void write_ips(struct data *data, struct str key, const char *ip)
{
    struct str text = arena_printf(data->a, "{\"superuserIPs\":[\"%s\"]}", ip);
    struct form_input form = {0};
    const struct settings_change change = {.form = &form, .key = key, .now_ms = DATA_NOW_MS + 1000};

    assert_true(json_read(data->a, text, &json_limits_strict, &form.body, NULL));
    data_run(data, settings_change_unit, &change);
}

static void ips_are_written(void **state)
{
    struct data data;

    (void)state;
    data_open(&data);
    write_ips(&data, STR_NONE, "10.0.0.1");
    assert_string_equal(data_text(&data, "SELECT typeof(value) FROM _params"), "blob");
    assert_string_equal(data_text(&data, "SELECT substr(CAST(value AS TEXT), 1, 44) FROM _params"),
                        "{\"superuserIPs\":[\"10.0.0.1\"],\"smtp\":{\"enable");
    assert_string_equal(data_text(&data, "SELECT updated FROM _params"),
                        "2026-01-01 00:00:01.123Z");
    assert_string_equal(data_text(&data, "SELECT created FROM _params"), DATA_NOW);
    data_close(&data);
}

static void encrypted_row(void **state)
{
    struct data data;
    struct settings *settings;
    struct err *err;

    (void)state;
    data_open(&data);
    settings_unref(load(&data, KEY)); /* plain is fine with a key, too */
    write_ips(&data, KEY, "10.0.0.9");
    assert_string_equal(data_text(&data, "SELECT typeof(value) FROM _params"), "text");
    settings = load(&data, KEY);
    assert_string_equal(arena_cstr(data.a, settings->superuser_ips.items[0]), "10.0.0.9");
    assert_string_equal(arena_cstr(data.a, settings->meta.app_name), "Acme");
    settings_unref(settings);
    err = settings_load(data.a, data.reader, STR_NONE, &settings);
    assert_true(err && str_has(err->cause, STR("--encryptionEnv")));
    err = settings_load(data.a, data.reader, STR("0123456789abcdef0123456789abcdeX"), &settings);
    assert_true(err && str_has(err->cause, STR("cannot be decrypted")));
    err = settings_load(data.a, data.reader, STR("short"), &settings);
    assert_non_null(err);
    data_close(&data);
}

/* A fresh directory with a key is encrypted from the start. */
static void sealed_from_the_start(void **state)
{
    struct data data;
    struct schema_bootstrap in = {.now_ms = DATA_NOW_MS, .settings_sealed = true};
    struct settings *settings;

    (void)state;
    data_open_empty(&data);
    assert_false(settings_seal(data.a, settings_default_json(data.a, SETTINGS_POCKETBASE),
                               STR("short"), &in.settings_json));
    assert_true(settings_seal(data.a, settings_default_json(data.a, SETTINGS_POCKETBASE), KEY,
                              &in.settings_json));
    data_run(&data, schema_bootstrap_data, &in);
    assert_string_equal(data_text(&data, "SELECT typeof(value) FROM _params"), "text");
    settings = load(&data, KEY);
    assert_int_equal(settings->smtp.port, 587);
    settings_unref(settings);
    data_close(&data);
}

static void published_snapshots(void **state)
{
    struct data data;
    struct settings_store *store = settings_store_new();
    struct settings *held;

    (void)state;
    data_open(&data);
    settings_publish(store, load(&data, STR_NONE));
    held = settings_current(store);
    settings_publish(store, load(&data, STR_NONE));
    assert_int_equal(settings_generation(store), 2);
    assert_int_equal(held->smtp.port, 587);
    settings_unref(held);
    settings_unref(NULL);
    settings_store_free(store);
    data_close(&data);
}

static void addresses(void **state)
{
    static const struct {
        const char *range, *ip;
        bool in;
    } cases[] = {
        {"1.2.3.4", "1.2.3.4", true},
        {"1.2.3.4", "1.2.3.5", false},
        {"1.2.3.0/24", "1.2.3.255", true},
        {"1.2.3.0/24", "1.2.4.0", false},
        {"1.2.3.128/25", "1.2.3.127", false},
        {"0.0.0.0/0", "9.9.9.9", true},
        {"0.0.0.0/0", "::1", false},
        {"::1", "0000:0000:0000:0000:0000:0000:0000:0001", true},
        {"2001:db8::/32", "2001:0db8:0000:0000:0000:0000:0000:0001", true},
        {"2001:db8::/33", "2001:0db8:8000:0000:0000:0000:0000:0001", false},
        {"1.2.3.4", "::ffff:1.2.3.4", true},
        {"::ffff:1.2.3.0/120", "1.2.3.9", true},
        {"1.2.3.4", "", false},
        {"1.2.3.4", "x", false},
        {"x", "1.2.3.4", false},
    };
    static const char *const invalid[] = {
        "",           "x",          "1.2.3",      "1.2.3.4/33", "1.2.3.4/",     "::1/129",
        "1.2.3.4/-1", "1.2.3.4/08", "1.2.3.4/+8", "1.2.3.4 ",   "1.2.3.4/24/1", "::ffff:1.2.3.4/8"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str range = str_of(cases[i].range);
        struct form_texts list = {&range, 1};

        if (settings_ip_in(&list, str_of(cases[i].ip)) != cases[i].in)
            fail_msg("%s in %s", cases[i].ip, cases[i].range);
    }
    for (size_t i = 0; i < COUNT_OF(invalid); i++) {
        if (settings_ip_valid(str_of(invalid[i])))
            fail_msg("%s passes", invalid[i]);
    }
    assert_true(settings_ip_valid(STR("10.0.0.0/8")));
    assert_true(settings_ip_valid(STR("fe80::1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_json),
        cmocka_unit_test(table_is_sound),
        cmocka_unit_test(defaults),
        cmocka_unit_test(missing_keys_keep_defaults),
        cmocka_unit_test(refused_rows),
        cmocka_unit_test(ips_are_written),
        cmocka_unit_test(encrypted_row),
        cmocka_unit_test(sealed_from_the_start),
        cmocka_unit_test(published_snapshots),
        cmocka_unit_test(addresses),
    };

    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
