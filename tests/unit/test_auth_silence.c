/*
 * What is asked for an address that nobody has takes as many statements, and hashes, as for one
 * that somebody has: the time of an answer tells nothing.
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

#define NOW_MS date_now_ms()

struct env {
    struct arena *a;
    char dir[TEMP_SIZE];
    struct db *db;
    struct schema *schema;
    struct settings_store *settings;
    struct outbox *outbox;
};

static struct env env;

static void ok(const struct err *err)
{
    if (err)
        print_error("%d %s: %.*s\n", err_status(err), err->message ? err->message : "",
                    STR_ARG(err->cause));
    assert_null(err);
}

/* --- an outbox that sends nothing ------------------------------------------------------------- */

static struct err *compose(void *user, struct arena *a, const struct outbox_mail *mail,
                           const struct mail_message **ret)
{
    (void)user;
    (void)mail;
    *ret = NULL;
    return err_new(a, E_UNAVAILABLE, NULL, "not now");
}

static struct err *settle(void *user, struct db_conn *tx, struct arena *a,
                          const struct outbox_mail *mail, const struct mail_message *message,
                          int64_t now_ms)
{
    (void)user;
    (void)tx;
    (void)a;
    (void)mail;
    (void)message;
    (void)now_ms;
    return NULL;
}

static struct err *follow(void *user, struct arena *a)
{
    (void)user;
    (void)a;
    return NULL;
}

static void thread_end(void *user)
{
    db_reader_close(user);
}

/* --- a data directory with one user ----------------------------------------------------------- */

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

static void load(void)
{
    struct settings *settings;
    struct db_conn *conn;

    ok(db_reader(env.a, env.db, &conn));
    ok(db_read_begin(env.a, conn));
    ok(schema_load(env.a, conn, &env.schema));
    ok(settings_load(env.a, conn, STR(""), &settings));
    db_read_end(conn);
    settings_publish(env.settings, settings);
}

static int setup(void **state)
{
    struct schema_bootstrap bootstrap = {.now_ms = NOW_MS};
    struct db_lease lease = {0};
    struct db_conf conf = {.create = true, .durability = DB_NORMAL};
    struct outbox_conf outbox = {
        .compose = compose, .settle = settle, .follow = follow, .thread_end = thread_end};

    (void)state;
    memset(&env, 0, sizeof(env));
    env.a = arena_new();
    assert_non_null(mkdtemp(temp_path(env.dir, "silence")));
    conf.path = arena_printf(env.a, "%s/data.db", env.dir);
    ok(db_open(env.a, &conf, &env.db));
    bootstrap.settings_json = settings_default_json(env.a, SETTINGS_POCKETBASE);
    ok(db_run_leased(env.a, env.db, &lease, schema_bootstrap_data, &bootstrap, NULL));
    exec("UPDATE _collections SET options = json_set(options, '$.otp.enabled', json('true')) WHERE "
         "name = 'users'");
    exec("INSERT INTO users (id, email, tokenKey, password) VALUES ('user00000000001', "
         "'ada@example.com', 'key', '$2a$04$x')");
    env.settings = settings_store_new();
    load();
    outbox.db = env.db;
    outbox.settings = env.settings;
    outbox.user = env.db;
    env.outbox = outbox_new(&outbox);
    assert_non_null(env.outbox);
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"data.db", "data.db-wal", "data.db-shm"};

    (void)state;
    outbox_free(env.outbox);
    schema_unref(env.schema);
    db_reader_close(env.db);
    db_close(env.db);
    settings_store_free(env.settings);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        (void)unlink(arena_printf(env.a, "%s/%s", env.dir, names[i]).p);
    (void)rmdir(env.dir);
    arena_free(env.a);
    return 0;
}

/* --- counting --------------------------------------------------------------------------------- */

static void count_statement(void *user, const struct db_traced *traced)
{
    (void)traced;
    (*(unsigned *)user)++;
}

typedef struct err *ask_fn(struct arena *a, struct db_conn *conn, const struct auth_call *call,
                           struct auth_asked **ret);

struct counted {
    db_unit_fn *unit;
    const struct auth_asked *asked;
    unsigned *n;
};

static struct err *counted_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    const struct counted *counted = in;
    const struct db_trace trace = {count_statement, counted->n};
    struct err *err;

    db_trace(tx, &trace);
    err = counted->unit(tx, counted->asked, a, ret);
    db_trace(tx, NULL);
    return err;
}

/* Statements of both halves of a request for that address. */
static unsigned statements(ask_fn *ask, db_unit_fn *unit, bool hashes, const char *address)
{
    struct json_member *member = ARENA_NEW(env.a, struct json_member);
    const struct json *body;
    struct auth_caller caller = {.actor = {.scope = {.schema = env.schema, .now_ms = NOW_MS}}};
    AUTO(settings_unref) struct settings *settings = settings_current(env.settings);
    struct auth_call call = {.caller = &caller,
                             .col = schema_find(env.schema, STR("users")),
                             .settings = settings,
                             .outbox = env.outbox};
    unsigned n = 0;
    const struct db_trace trace = {count_statement, &n};
    struct counted counted = {unit, NULL, &n};
    struct auth_asked *asked = NULL;
    const struct db_lease lease = {.changes_schema = true};
    struct json *object = ARENA_NEW(env.a, struct json);
    struct db_conn *conn;

    *member = (struct json_member){STR("email"), json_of_text(str_of(address))};
    *object = json_of_object(member, 1);
    body = object;
    call.body = body;
    ok(db_reader(env.a, env.db, &conn));
    ok(db_read_begin(env.a, conn));
    db_trace(conn, &trace);
    ok(ask(env.a, conn, &call, &asked));
    db_trace(conn, NULL);
    db_read_end(conn);
    if (hashes)
        ok(auth_asked_hash(env.a, asked));
    counted.asked = asked;
    ok(db_run_leased(env.a, env.db, &lease, counted_unit, &counted, NULL));
    return n;
}

/* The first of each kind, once there is a table, and again within the window. */
static void compare(ask_fn *ask, db_unit_fn *unit, bool hashes)
{
    unsigned somebody, nobody;

    (void)statements(ask, unit, hashes, "first@example.com"); /* makes the table */
    for (int i = 0; i < 12; i++) {
        somebody = statements(ask, unit, hashes, "ada@example.com");
        nobody = statements(ask, unit, hashes, "nobody@example.com");
        assert_true(somebody > 0);
        assert_int_equal(somebody, nobody);
    }
}

static void verification_takes_the_same(void **state)
{
    (void)state;
    compare(auth_ask_verification, auth_asked_unit, false);
}

static void password_reset_takes_the_same(void **state)
{
    (void)state;
    compare(auth_ask_password_reset, auth_asked_unit, false);
}

static void a_code_takes_the_same(void **state)
{
    (void)state;
    compare(auth_ask_otp, auth_asked_otp_unit, true);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(verification_takes_the_same),
                                       CASE(password_reset_takes_the_same),
                                       CASE(a_code_takes_the_same)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
