/*
 * Logins, refreshes, second factors, origins and superusers on a fresh data directory.
 */
#include "unit/unit.h"

#include "auth/auth.h"

#include "base/compiler.h"
#include "base/date.h"
#include "settings/settings.h"
#include "support/temp.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOW_MS 1899999900000LL
#define PASSWORD "1234567890"

#define SCOPE ((struct rec_scope){.schema = env.schema, .now_ms = NOW_MS})

struct env {
    struct arena *a;
    char dir[TEMP_SIZE];
    struct db *db;
    struct schema *schema;
};

static struct env env;

/* --- a data directory with one user ---------------------------------------------------------- */

static void ok(const struct err *err)
{
    if (err)
        print_error("%d %s: %.*s\n", err_status(err), err->message ? err->message : "",
                    STR_ARG(err->cause));
    assert_null(err);
}

static void refresh_schema(void)
{
    struct schema *schema;
    struct db_conn *conn;

    ok(db_reader(env.a, env.db, &conn));
    ok(db_read_begin(env.a, conn));
    ok(schema_load(env.a, conn, &schema));
    db_read_end(conn);
    schema_unref(env.schema);
    env.schema = schema;
}

static struct err *exec_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    (void)ret;
    return db_exec(a, tx, str_of(in), NULL, 0, NULL);
}

static void exec(const char *sql)
{
    struct db_lease lease = {0};

    ok(db_run_leased(env.a, env.db, &lease, exec_unit, sql, NULL));
}

/* An option of the users collection, as stored JSON. */
static void set_option(const char *path, const char *json)
{
    exec(arena_printf(env.a,
                      "UPDATE _collections SET options = json_set(options, '%s', json('%s')) "
                      "WHERE name = 'users'",
                      path, json)
             .p);
    refresh_schema();
}

static const struct schema_col *users(void)
{
    return schema_find(env.schema, STR("users"));
}

static struct err *add_user_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    const struct value *hash = in;
    const struct rec_set sets[] = {
        {STR("id"), {.type = VALUE_TEXT, .text = STR("user00000000001")}},
        {STR("email"), {.type = VALUE_TEXT, .text = STR("ada@example.com")}},
        {STR("password"), *hash},
    };
    const struct rec_fixed fixed = rec_fix(a, users());
    struct rec *rec;

    (void)ret;
    return rec_insert(a, tx, &SCOPE, &fixed, sets, COUNT_OF(sets), &rec);
}

static int setup(void **state)
{
    struct schema_bootstrap bootstrap = {.now_ms = NOW_MS};
    struct auth_superuser superuser = {.email = STR("ada@example.com"), .password = STR(PASSWORD)};
    struct db_lease lease = {0};
    struct db_conf conf = {.create = true, .durability = DB_NORMAL};

    (void)state;
    memset(&env, 0, sizeof(env));
    env.a = arena_new();
    assert_non_null(mkdtemp(temp_path(env.dir, "auth")));
    conf.path = arena_printf(env.a, "%s/data.db", env.dir);
    ok(db_open(env.a, &conf, &env.db));
    bootstrap.settings_json = settings_default_json(env.a, SETTINGS_POCKETBASE);
    ok(db_run_leased(env.a, env.db, &lease, schema_bootstrap_data, &bootstrap, NULL));
    exec("UPDATE _collections SET fields = replace(fields, '\"cost\":0', '\"cost\":4')");
    refresh_schema();
    superuser.scope = SCOPE;
    ok(auth_superuser_prepare(env.a, &superuser, true));
    ok(db_run_leased(env.a, env.db, &lease, add_user_unit, &superuser.hash, NULL));
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"data.db", "data.db-wal", "data.db-shm"};

    (void)state;
    schema_unref(env.schema);
    db_reader_close(env.db);
    db_close(env.db);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        (void)unlink(arena_printf(env.a, "%s/%s", env.dir, names[i]).p);
    (void)rmdir(env.dir);
    arena_free(env.a);
    return 0;
}

/* --- asking ---------------------------------------------------------------------------------- */

static int64_t count(const char *sql)
{
    struct db_conn *conn;
    struct db_row *row;

    ok(db_reader(env.a, env.db, &conn));
    ok(db_query_row(env.a, conn, str_of(sql), NULL, 0, &row));
    return row->cells[0].i;
}

static struct auth_call call_of(struct auth_caller *caller, const char *body)
{
    struct auth_call call = {.caller = caller, .col = users(), .user_agent = STR("curl/8.0")};

    memset(caller, 0, sizeof(*caller));
    caller->ip = STR("203.0.113.5");
    caller->superuser_ip_allowed = true;
    caller->actor.scope = SCOPE;
    rec_actor_set_auth(env.a, &caller->actor, NULL);
    assert_true(json_read(env.a, str_of(body), &json_limits_body, &call.body, NULL));
    return call;
}

/* A login's steps, in the order that auth.h has them. */
static struct err *find_and_admit(const struct auth_call *call, struct db_conn *conn,
                                  struct auth_login **ret)
{
    struct err *err = auth_password_find(env.a, conn, call, ret);

    if (!err)
        err = auth_password_compare(env.a, *ret);
    return err ? err : auth_login_admit(env.a, conn, *ret);
}

static struct err *walk(const struct auth_call *call, struct auth_answer *ret)
{
    struct auth_login *login;
    struct db_conn *conn;
    struct err *err;
    void *out = NULL;

    ok(db_reader(env.a, env.db, &conn));
    err = find_and_admit(call, conn, &login);
    if (!err && login->session)
        err = db_run(env.a, env.db, auth_session_unit, login, &out);
    if (!err && login->session)
        err = auth_session_ended(env.a, login, out);
    if (!err && login->answer.status == 0)
        err = auth_login_write(env.a, conn, login);
    if (err)
        return err;
    if (login->origin) {
        err = db_run(env.a, env.db, auth_origin_unit, login, &out);
        auth_origin_noted(login, err, out);
    }
    *ret = login->answer;
    return NULL;
}

/* The answer to a login, an error as its envelope. */
static struct auth_answer send(const struct auth_call *call)
{
    struct auth_answer answer = {0};
    struct err *err = walk(call, &answer);
    AUTO_BUF struct buf out;

    buf_init(&out, 65536);
    if (!err)
        return answer;
    err_write(&out, err);
    return (struct auth_answer){err_status(err), arena_dup(env.a, buf_str(&out))};
}

static struct auth_answer login(const char *body)
{
    struct auth_caller caller;
    const struct auth_call call = call_of(&caller, body);

    return send(&call);
}

#define GOOD "{\"identity\":\"ada@example.com\",\"password\":\"" PASSWORD "\"}"

static struct str member(struct auth_answer answer, const char *name)
{
    const struct json *json, *value;

    assert_true(json_read(env.a, answer.body, &json_limits_strict, &json, NULL));
    value = json_get(json, str_of(name));
    assert_non_null(value);
    assert_int_equal(value->type, JSON_TEXT);
    return value->text;
}

static void verify(struct str token, struct auth_token *ret)
{
    struct db_conn *conn;

    ok(db_reader(env.a, env.db, &conn));
    ok(auth_token_verify(env.a, conn, env.schema, token, TOKEN_AUTH, NOW_MS, ret));
}

/* --- logins ---------------------------------------------------------------------------------- */

static void a_login_gives_a_token_that_counts(void **state)
{
    struct auth_answer answer = login(GOOD);
    struct auth_token token;
    struct str text;

    (void)state;
    assert_int_equal(answer.status, 200);
    assert_true(str_starts(answer.body, STR("{\"record\":{")));
    assert_true(str_has(answer.body, STR("\"email\":\"ada@example.com\"")));
    assert_false(str_has(answer.body, STR("tokenKey")));
    text = member(answer, "token");
    verify(text, &token);
    assert_non_null(token.rec);
    assert_true(token.refreshable);
    assert_true(str_eq(rec_id(token.rec), STR("user00000000001")));
    verify(str_sub(text, 0, text.n - 1), &token);
    assert_null(token.rec);
    verify(arena_concat(env.a, text, STR("="), STR("")), &token);
    assert_null(token.rec);
}

static void a_changed_byte_of_the_token_is_noticed(void **state)
{
    struct str text = member(login(GOOD), "token");
    char *copy = arena_alloc(env.a, text.n);

    (void)state;
    for (size_t i = 0; i + 1 < text.n; i++) { /* the last character has unused bits */
        struct auth_token token;

        memcpy(copy, text.p, text.n);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        verify((struct str){copy, text.n}, &token);
        assert_null(token.rec);
    }
}

static void refusals(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *has;
    } cases[] = {
        {"{}", 400,
         "{\"data\":{\"identity\":{\"code\":\"validation_required\",\"message\":\"Cannot be "
         "blank.\"},\"password\":{\"code\":\"validation_required\",\"message\":\"Cannot be "
         "blank.\"}},\"message\":\"An error occurred while validating the submitted "
         "data.\",\"status\":400}"},
        {"{\"identity\":5}", 400,
         "{\"data\":{},\"message\":\"An error occurred while loading the submitted "
         "data.\",\"status\":400}"},
        {"{\"identity\":\"ada@example.com\",\"password\":\"wrong\"}", 400,
         "{\"data\":{},\"message\":\"Failed to authenticate.\",\"status\":400}"},
        {"{\"identity\":\"eve@example.com\",\"password\":\"" PASSWORD "\"}", 400,
         "{\"data\":{},\"message\":\"Failed to authenticate.\",\"status\":400}"},
        {"{\"identity\":\"ada\",\"password\":\"" PASSWORD "\"}", 400, "Failed to authenticate."},
        {"{\"identity\":\"Ada@example.com\",\"password\":\"" PASSWORD "\"}", 400,
         "Failed to authenticate."},
        {"{\"identity\":\"ada@example.com\",\"password\":\"" PASSWORD
         "\",\"identityField\":\"name\"}",
         400, "\"identityField\":{\"code\":\"validation_in_invalid\""},
        {"{\"identity\":\"ada@example.com\",\"password\":\"" PASSWORD "\\u0000\"}", 400,
         "Failed to authenticate."},
        {"{\"identity\":\"ada@example.com\",\"password\":\"" PASSWORD
         "\",\"identityField\":\"email\"}",
         200, "\"token\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct auth_answer answer = login(cases[i].body);

        if (answer.status != cases[i].status || !str_has(answer.body, str_of(cases[i].has)))
            fail_msg("%s gives %d %.*s", cases[i].body, answer.status, STR_ARG(answer.body));
    }
}

static void collections_that_cannot_log_in(void **state)
{
    struct auth_caller caller;
    struct auth_call call = call_of(&caller, "[]");

    (void)state;
    call.col = NULL;
    assert_true(str_has(send(&call).body, STR("\"Missing or invalid collection context.\"")));
    call.col = schema_find(env.schema, STR("_mfas"));
    assert_true(str_has(send(&call).body, STR("\"Missing or invalid auth collection context.\"")));
    set_option("$.passwordAuth.enabled", "false");
    call = call_of(&caller, "[]");
    assert_int_equal(send(&call).status, 403);
}

static void auth_rule_is_asked(void **state)
{
    struct auth_caller caller;
    struct auth_call call;

    (void)state;
    set_option("$.authRule", "\"verified = true\"");
    assert_int_equal(login(GOOD).status, 403);
    call = call_of(&caller, GOOD);
    caller.actor.superuser = true;
    assert_int_equal(send(&call).status, 200);
    set_option("$.authRule", "\"@request.context = \\\"password\\\"\"");
    assert_int_equal(login(GOOD).status, 200);
    set_option("$.authRule", "null");
    assert_int_equal(login(GOOD).status, 403);
}

static void superusers_come_from_listed_addresses(void **state)
{
    struct auth_superuser superuser = {
        .scope = SCOPE, .email = STR("root@example.com"), .password = STR(PASSWORD)};
    struct db_lease lease = {0};
    struct auth_caller caller;
    struct auth_call call;

    (void)state;
    ok(auth_superuser_prepare(env.a, &superuser, true));
    ok(db_run_leased(env.a, env.db, &lease, auth_superuser_create, &superuser, NULL));
    call = call_of(&caller, "{\"identity\":\"root@example.com\",\"password\":\"" PASSWORD "\"}");
    call.col = env.schema->superusers;
    assert_int_equal(send(&call).status, 200);
    caller.superuser_ip_allowed = false;
    assert_int_equal(send(&call).status, 403);
}

/* --- second factors -------------------------------------------------------------------------- */

#define WITH_MFA(id) \
    "{\"identity\":\"ada@example.com\",\"password\":\"" PASSWORD "\",\"mfaId\":\"" id "\"}"

static void add_session(const char *id, const char *record, const char *method, const char *created)
{
    exec(arena_printf(env.a,
                      "INSERT INTO _mfas (id, collectionRef, recordRef, method, created, updated) "
                      "VALUES ('%s', '_pb_users_auth_', '%s', '%s', '%s', '%s')",
                      id, record, method, created, created)
             .p);
}

static void a_second_factor_is_asked_for_and_used_once(void **state)
{
    char now[DATE_TEXT_LEN + 1], old[DATE_TEXT_LEN + 1];
    struct auth_answer answer;

    (void)state;
    set_option("$.mfa.enabled", "true");
    answer = login(GOOD);
    assert_int_equal(answer.status, 401);
    assert_int_equal(member(answer, "mfaId").n, 15);
    assert_true(count("SELECT COUNT(*) FROM _mfas") == 1);
    assert_true(str_has(login(WITH_MFA("missing")).body, STR("Invalid or expired MFA session.")));
    date_format(now, NOW_MS);
    date_format(old, NOW_MS - 100000000);
    add_session("aaaaaaaaaaaaaaa", "user00000000001", "otp", now);
    add_session("bbbbbbbbbbbbbbb", "user00000000001", "password", now);
    add_session("ccccccccccccccc", "user00000000002", "otp", now);
    add_session("ddddddddddddddd", "user00000000001", "otp", old);
    assert_true(str_has(login(WITH_MFA("bbbbbbbbbbbbbbb")).body,
                        STR("A different authentication method is required.")));
    assert_true(str_has(login(WITH_MFA("ccccccccccccccc")).body, STR("Invalid MFA session.")));
    assert_true(count("SELECT COUNT(*) FROM _mfas") == 5);
    assert_true(
        str_has(login(WITH_MFA("ddddddddddddddd")).body, STR("Invalid or expired MFA session.")));
    assert_true(count("SELECT COUNT(*) FROM _mfas") == 4);
    assert_int_equal(login(WITH_MFA("aaaaaaaaaaaaaaa")).status, 200);
    assert_true(count("SELECT COUNT(*) FROM _mfas") == 3);
    assert_int_equal(login(WITH_MFA("aaaaaaaaaaaaaaa")).status, 400);
}

static void a_rule_says_who_needs_a_second_factor(void **state)
{
    (void)state;
    set_option("$.mfa.enabled", "true");
    set_option("$.mfa.rule", "\"verified = true\"");
    assert_int_equal(login(GOOD).status, 200);
    set_option("$.mfa.rule", "\"verified = false\"");
    assert_int_equal(login(GOOD).status, 401);
}

/* --- origins --------------------------------------------------------------------------------- */

static void origins_are_kept(void **state)
{
    struct auth_caller caller;
    struct auth_call call;

    (void)state;
    assert_int_equal(login(GOOD).status, 200);
    assert_true(count("SELECT COUNT(*) FROM _authOrigins WHERE "
                      "fingerprint = 'cc78f2f3581065f5304b8c5b9862b4ba'") == 1);
    call = call_of(&caller, GOOD);
    caller.actor.scope.now_ms = NOW_MS + 5000;
    assert_int_equal(send(&call).status, 200);
    assert_true(count("SELECT COUNT(*) FROM _authOrigins WHERE updated > created") == 1);
    call.user_agent = STR("elsewhere");
    assert_int_equal(send(&call).status, 200);
    assert_true(count("SELECT COUNT(*) FROM _authOrigins") == 1);
}

static void no_alert_no_origin(void **state)
{
    (void)state;
    set_option("$.authAlert.enabled", "false");
    assert_int_equal(login(GOOD).status, 200);
    assert_true(count("SELECT COUNT(*) FROM _authOrigins") == 0);
}

/* --- refresh, impersonation ------------------------------------------------------------------ */

static struct auth_answer refresh(const struct auth_token *token, int64_t now_ms)
{
    struct auth_caller caller;
    struct auth_call call = call_of(&caller, "{}");
    struct auth_answer answer;
    struct db_conn *conn;

    caller.actor.scope.now_ms = now_ms;
    rec_actor_set_auth(env.a, &caller.actor, token->rec);
    caller.token = *token;
    ok(db_reader(env.a, env.db, &conn));
    ok(auth_refresh(env.a, conn, &call, &answer));
    return answer;
}

static void refreshing_renews_unless_static(void **state)
{
    struct str text = member(login(GOOD), "token");
    struct auth_token token;
    struct str fixed;

    (void)state;
    verify(text, &token);
    assert_false(str_eq(member(refresh(&token, NOW_MS + 5000), "token"), text));
    fixed = auth_token_new(env.a, token.rec, TOKEN_AUTH, false, 100, NOW_MS);
    verify(fixed, &token);
    assert_non_null(token.rec);
    assert_true(str_eq(member(refresh(&token, NOW_MS + 5000), "token"), fixed));
}

static struct auth_answer impersonate(const char *id, const char *body)
{
    struct auth_token token;
    struct auth_caller caller;
    struct auth_call call = call_of(&caller, body);
    struct auth_answer answer = {0};
    struct db_conn *conn;
    struct err *err;

    verify(member(login(GOOD), "token"), &token);
    rec_actor_set_auth(env.a, &caller.actor, token.rec);
    caller.actor.superuser = true;
    call.id = str_of(id);
    ok(db_reader(env.a, env.db, &conn));
    err = auth_impersonate(env.a, conn, &call, &answer);
    return err ? (struct auth_answer){err_status(err), err->cause} : answer;
}

static void superusers_impersonate(void **state)
{
    struct auth_token token;
    struct auth_answer answer;

    (void)state;
    assert_int_equal(impersonate("missing", "{}").status, 404);
    assert_int_equal(impersonate("user00000000001", "{\"duration\":-1}").status, 400);
    assert_int_equal(impersonate("user00000000001", "{\"duration\":1.5}").status, 400);
    answer = impersonate("user00000000001", "{\"duration\":9223372036854775807}");
    assert_int_equal(answer.status, 200);
    verify(member(answer, "token"), &token);
    assert_non_null(token.rec);
    assert_false(token.refreshable);
}

static void methods_are_listed(void **state)
{
    struct auth_answer answer;

    (void)state;
    ok(auth_methods(env.a, users(), &answer));
    assert_true(
        str_eq(answer.body,
               STR("{\"password\":{\"identityFields\":[\"email\"],\"enabled\":true},\"oauth2\":{"
                   "\"providers\":[],\"enabled\":false},\"mfa\":{\"enabled\":false,\"duration\":0},"
                   "\"otp\":{\"enabled\":false,\"duration\":0},\"authProviders\":[],"
                   "\"usernamePassword\":false,\"emailPassword\":true}")));
}

/* --- superusers ------------------------------------------------------------------------------ */

struct command {
    const char *email, *password; /* NULL: missing */
    db_unit_fn *unit;
    const char *cause; /* NULL: success */
    bool out;          /* of a delete: something was deleted */
};

static void run_command(const struct command *command)
{
    struct auth_superuser superuser = {
        .scope = SCOPE, .email = str_of(command->email), .password = str_of(command->password)};
    struct db_lease lease = {0};
    void *out = NULL;
    struct err *err;

    err = auth_superuser_prepare(env.a, &superuser, command->unit != auth_superuser_delete);
    if (!err)
        err = db_run_leased(env.a, env.db, &lease, command->unit, &superuser, &out);
    if (!command->cause)
        ok(err);
    else if (!err || !str_eq(err->cause, str_of(command->cause)))
        fail_msg("wanted %s, have %.*s", command->cause, err ? (int)err->cause.n : 0,
                 err ? err->cause.p : "");
    if (!err && command->unit == auth_superuser_delete)
        assert_int_equal(out != NULL, command->out);
}

static void superuser_commands_say(void **state)
{
    static const struct command commands[] = {
        {"a@b.co", NULL, auth_superuser_upsert, "missing email and password arguments", false},
        {"bad", "12345678", auth_superuser_upsert, "missing or invalid email address", false},
        {"a@b.co", "123", auth_superuser_upsert,
         "failed to upsert superuser account: password: Must be at least 8 character(s).", false},
        {"a@b.co", "", auth_superuser_upsert,
         "failed to upsert superuser account: password: cannot be blank.", false},
        {"a@b.co", "12345678", auth_superuser_upsert, NULL, false},
        {"a@b.co", "123456789", auth_superuser_upsert, NULL, false},
        {"a@b.co", "12345678", auth_superuser_create,
         "failed to create new superuser account: email: Value must be unique.", false},
        {"A@b.co", "12345678", auth_superuser_create, NULL, false},
        {"z@b.co", "12345678", auth_superuser_update,
         "superuser with email \"z@b.co\" doesn't exist", false},
        {"a@b.co", "123", auth_superuser_update,
         "failed to change superuser \"a@b.co\" password: password: Must be at least 8 "
         "character(s).",
         false},
        {"a@b.co", "1234567890", auth_superuser_update, NULL, false},
        {"", NULL, auth_superuser_delete, "invalid or missing email address", false},
        {"bad", NULL, auth_superuser_delete, "invalid or missing email address", false},
        {"z@b.co", NULL, auth_superuser_delete, NULL, false},
        {"A@b.co", NULL, auth_superuser_delete, NULL, true},
        {"a@b.co", NULL, auth_superuser_delete,
         "failed to delete superuser \"a@b.co\": You can't delete the only existing superuser.",
         false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        run_command(&commands[i]);
    assert_true(count("SELECT COUNT(*) FROM _superusers WHERE verified") == 1);
}

static void too_many_bytes_for_bcrypt(void **state)
{
    char password[81];
    const struct command command = {
        "a@b.co", password, auth_superuser_upsert,
        "failed to upsert superuser account: password: bcrypt: password length exceeds 72 bytes.",
        false};

    (void)state;
    memset(password, 'a', sizeof(password) - 1);
    password[sizeof(password) - 1] = '\0';
    run_command(&command);
}

static void the_installer_comes_first_and_goes(void **state)
{
    static const struct command create = {"a@b.co", "12345678", auth_superuser_create, NULL, false};
    struct auth_installer installer = {.scope = SCOPE};
    struct db_lease lease = {0};
    struct auth_token token;
    void *out = NULL;

    (void)state;
    ok(auth_installer_prepare(env.a, &installer));
    for (int i = 0; i < 2; i++) {
        ok(db_run_leased(env.a, env.db, &lease, auth_installer_unit, &installer, &out));
        assert_non_null(out);
        verify(*(struct str *)out, &token);
        assert_non_null(token.rec);
        assert_false(token.refreshable);
        assert_true(count("SELECT COUNT(*) FROM _superusers") == 1);
    }
    run_command(&create);
    assert_true(count("SELECT COUNT(*) FROM _superusers") == 1);
    ok(db_run_leased(env.a, env.db, &lease, auth_installer_unit, &installer, &out));
    assert_null(out);
}

/* Makes the superuser, tells what was drawn for it, and lets nothing of it stay. */
static struct err *create_and_go_back(struct db_conn *tx, const void *in, struct arena *a,
                                      void **ret)
{
    struct db_row *row;
    struct err *err = auth_superuser_create(tx, in, a, ret);

    if (!err)
        err = db_query_row(a, tx,
                           STR("SELECT id || ' ' || tokenKey || ' ' || created FROM _superusers "
                               "WHERE email = 'x@y.co'"),
                           NULL, 0, &row);
    return err ? err : err_new(a, E_UNAVAILABLE, NULL, "%.*s", STR_ARG(row->cells[0].s));
}

/* A unit may run any number of times with the same result. */
static void a_unit_draws_nothing(void **state)
{
    struct auth_superuser superuser = {
        .scope = SCOPE, .email = STR("x@y.co"), .password = STR(PASSWORD)};
    struct db_lease lease = {0};
    struct err *runs[2];

    (void)state;
    ok(auth_superuser_prepare(env.a, &superuser, true));
    for (int i = 0; i < 2; i++) {
        runs[i] = db_run_leased(env.a, env.db, &lease, create_and_go_back, &superuser, NULL);
        assert_non_null(runs[i]);
        assert_int_equal(runs[i]->kind, E_UNAVAILABLE);
    }
    assert_true(runs[0]->cause.n > 60); /* an id, a key, a date */
    assert_true(str_eq(runs[0]->cause, runs[1]->cause));
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_login_gives_a_token_that_counts),
        CASE(a_changed_byte_of_the_token_is_noticed),
        CASE(refusals),
        CASE(collections_that_cannot_log_in),
        CASE(auth_rule_is_asked),
        CASE(superusers_come_from_listed_addresses),
        CASE(a_second_factor_is_asked_for_and_used_once),
        CASE(a_rule_says_who_needs_a_second_factor),
        CASE(origins_are_kept),
        CASE(no_alert_no_origin),
        CASE(refreshing_renews_unless_static),
        CASE(superusers_impersonate),
        CASE(methods_are_listed),
        CASE(superuser_commands_say),
        CASE(too_many_bytes_for_bcrypt),
        CASE(the_installer_comes_first_and_goes),
        CASE(a_unit_draws_nothing),
    };

    return cmocka_run_group_tests_name("auth_flow", tests, NULL, NULL);
}
