/*
 * POST …/request-email-change (auth.md 5.11): the mail goes to the new address, and its sender is
 * waited for, since the answer says whether that went well.
 */
#include "auth/mails.h"

#include "base/limits.h"

struct new_email_form {
    struct str email;
};

static struct err *check_new_email(struct arena *a, struct db_conn *conn,
                                   const struct schema_col *col, const struct rec *rec,
                                   struct str email, struct err **items)
{
    struct rec *other = NULL;
    struct err *err = NULL;

    auth_check_email(a, STR("newEmail"), email, items);
    if (!*items && str_eq(email, auth_cell(rec, col->auth->email)))
        err_add_item(a, items, STR("newEmail"), CODE_NOT_IN, STR_NONE);
    if (!*items)
        err = auth_find_email(a, conn, col, email, &other);
    if (!err && other)
        err_add_item(a, items, STR("newEmail"), CODE_NEW_EMAIL, STR_NONE);
    return err;
}

static struct err *read_new_email(struct arena *a, struct db_conn *conn,
                                  const struct auth_call *call, struct str *ret)
{
    static const struct form_field fields[] = {
        {"newEmail", FORM_TEXT, offsetof(struct new_email_form, email)}};
    struct new_email_form form;
    struct err *items = NULL;
    struct err *err =
        auth_decode(a, call, fields, COUNT_OF(fields), true, &form, AUTH_MESSAGE_LOADING);

    if (err)
        return err;
    *ret = form.email;
    err = check_new_email(a, conn, call->col, call->caller->token.rec, form.email, &items);
    if (items)
        items->message = AUTH_MESSAGE_VALIDATING;
    return err ? err : items;
}

struct err *auth_ask_email_change(struct arena *a, struct db_conn *conn,
                                  const struct auth_call *call, const struct mail_message **ret)
{
    const struct rec *rec = call->caller->token.rec;
    struct auth_mail mail = {.kind = SCHEMA_MAIL_EMAIL_CHANGE, .rec = rec};
    struct err *err = auth_check_collection(a, call->col);

    if (err)
        return err;
    if (call->col == call->caller->actor.scope.schema->superusers)
        return err_new(a, E_BAD_REQUEST, "All superusers can change their emails directly.",
                       "superusers");
    err = read_new_email(a, conn, call, &mail.to);
    if (err)
        return err;
    mail.token = auth_token_email_change(a, rec, mail.to, call->caller->actor.scope.now_ms);
    err = auth_mail_write(a, call->settings, &mail, ret);
    return err ? err_say(err, "Failed to request email change.") : NULL;
}

struct err *auth_send_email_change(struct arena *a, const struct auth_call *call,
                                   const struct mail_message *message)
{
    struct err *err = outbox_send(a, call->outbox, message, LIMIT_MAIL_MS);

    if (!err)
        return NULL;
    return err_new(a, E_BAD_REQUEST, "Failed to request email change.", "%.*s",
                   STR_ARG(err->cause));
}
