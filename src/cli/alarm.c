/*
 * Word to all superusers that a backup of the schedule could not be made (services.md 8).
 */
#include "cli/alarm.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "db/dialect.h"
#include "mail/outbox.h"
#include "records/records.h"

/* Who has made the installer's account reads no mail there. */
static struct err *find_superusers(struct arena *a, struct db *db, struct mail_message *message)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    const struct db_value installer = DB_V_TEXT(REC_INSTALLER_EMAIL);
    struct mail_address *to = ARENA_ARRAY(a, struct mail_address, LIMIT_MAIL_RECIPIENTS);
    struct db_conn *conn;
    bool row = true;
    struct err *err = db_reader(a, db, &conn);

    if (!err)
        err = db_prepare_bound(
            a, conn, db_sql(a, conn, "SELECT [email] FROM [_superusers] WHERE [email] <> {1}"),
            &installer, 1, &stmt);
    while (!err && message->n_to < LIMIT_MAIL_RECIPIENTS && !(err = db_step(a, stmt, &row)) && row)
        to[message->n_to++].address = arena_dup(a, db_column_text(stmt, 0));
    message->to = to;
    return err;
}

static struct str words(struct arena *a, const struct app *app, struct str why)
{
    return arena_printf(a,
                        "The scheduled backup of %.*s could not be made.\n\n%.*s\n\n"
                        "The log has more of it. Until this is mended there is no new backup.\n",
                        STR_ARG(app->node), STR_ARG(why));
}

void alarm_backup_failed(struct arena *a, const struct app *app, struct str why)
{
    AUTO(settings_unref) struct settings *settings = settings_current(app->settings);
    struct mail_message message = {
        .from = {settings->meta.sender_name, settings->meta.sender_address},
        .subject = STR("Autobackup failure"),
        .text = words(a, app, why),
    };
    struct err *err = find_superusers(a, app->data, &message);

    if (!err && message.n_to > 0)
        err = outbox_send(a, app->outbox, &message, LIMIT_MAIL_MS);
    if (err)
        log_warn("backup.alarm.failed", LOG_STR("cause", err->cause));
}
