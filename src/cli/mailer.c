/*
 * What the outbox asks of the rest of the program: the words of a mail, and what follows from its
 * being sent. Both need the schema as it is then.
 */
#include "cli/mailer.h"

#include "auth/auth.h"
#include "base/date.h"

static void unref_schema(void *schema)
{
    schema_unref(schema);
}

/* In a snapshot or a unit. The schema stays as long as `a`. */
static struct err *take_scope(struct arena *a, const struct app *app, struct db_conn *conn,
                              int64_t now_ms, struct rec_scope *ret)
{
    struct schema *schema = schema_current(app->schemas);

    arena_defer(a, unref_schema, schema);
    *ret = (struct rec_scope){
        .schema = schema, .now_ms = now_ms, .files = app->files, .events = app->options->events};
    return schema_check_fresh(a, schema, conn);
}

static struct err *compose_in(struct arena *a, const struct app *app, struct db_conn *conn,
                              const struct outbox_mail *mail, const struct mail_message **ret)
{
    AUTO(settings_unref) struct settings *settings = settings_current(app->settings);
    struct rec_scope scope;
    struct err *err = take_scope(a, app, conn, date_now_ms(), &scope);

    return err ? err : auth_mail_compose(a, conn, &scope, settings, mail, ret);
}

static struct err *compose(void *user, struct arena *a, const struct outbox_mail *mail,
                           const struct mail_message **ret)
{
    const struct app *app = user;
    struct db_conn *conn;
    struct err *err = db_reader(a, app->data, &conn);

    if (!err)
        err = db_read_begin(a, conn);
    if (err)
        return err;
    db_set_limits(conn, NULL);
    err = compose_in(a, app, conn, mail, ret);
    if (!db_read_end(conn) && !err)
        err = err_new(a, E_STALE, NULL, "the schema changed");
    return err;
}

static struct err *settle(void *user, struct db_conn *tx, struct arena *a,
                          const struct outbox_mail *mail, const struct mail_message *sent,
                          int64_t now_ms)
{
    struct rec_scope scope;
    struct err *err = take_scope(a, user, tx, now_ms, &scope);

    return err ? err : auth_mail_settle(a, tx, &scope, mail, sent);
}

static struct err *follow(void *user, struct arena *a)
{
    return app_reload_schema(a, user);
}

static void thread_end(void *user)
{
    const struct app *app = user;

    db_reader_close(app->data);
    snapshot_thread_end();
}

struct outbox *mailer_start(struct app *app)
{
    const struct outbox_conf conf = {.db = app->data,
                                     .settings = app->settings,
                                     .compose = compose,
                                     .settle = settle,
                                     .follow = follow,
                                     .thread_end = thread_end,
                                     .user = app};

    return outbox_new(&conf);
}
