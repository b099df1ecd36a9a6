/*
 * POST …/request-verification, …/request-password-reset and …/request-otp (auth.md 5.5, 5.7, 5.9).
 *
 * An answer tells nobody whether an address is known, neither by its words nor by its time: for one
 * that is not, the same statements are run and as many rows written, which are sent to nobody.
 */
#include "auth/mails.h"

#include "base/id.h"

#define OTP_MAX 10 /* unexpired ones of a record: then the newest is told again */

/* --- who asks for what ------------------------------------------------------------------------ */

struct auth_asked {
    struct rec_scope scope;
    const struct auth_call *call;
    const struct rec *rec; /* who gets the mail; NULL: nobody */
    struct outbox_mail post;
    struct outbox_mail twin; /* of a code: a blank in place of its row */
    /* of a code */
    struct str code;
    struct value hash;
    struct rec_fixed fixed;
};

struct email_form {
    struct str email;
};

static struct err *read_email(struct arena *a, const struct auth_call *call, struct str *ret)
{
    static const struct form_field fields[] = {
        {"email", FORM_TEXT, offsetof(struct email_form, email)}};
    struct email_form form;
    struct err *err =
        auth_decode(a, call, fields, COUNT_OF(fields), true, &form, AUTH_MESSAGE_LOADING);

    if (err)
        return err;
    *ret = form.email;
    auth_check_email(a, STR("email"), form.email, &err);
    if (err)
        err->message = AUTH_MESSAGE_VALIDATING;
    return err;
}

struct err *auth_find_email(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                            struct str email, struct rec **ret)
{
    bool nocase = false;

    (void)schema_is_unique(col, STR("email"), &nocase);
    return rec_find_by(a, conn, col, col->auth->email, email, nocase, ret);
}

static struct auth_asked *new_asked(struct arena *a, const struct auth_call *call,
                                    const struct rec *rec, struct str address,
                                    enum schema_mail_kind kind)
{
    struct auth_asked *asked = ARENA_NEW(a, struct auth_asked);

    asked->scope = call->caller->actor.scope;
    asked->call = call;
    asked->rec = rec;
    asked->post = auth_posted(a, call->col, rec, address, kind, asked->scope.now_ms);
    return asked;
}

struct err *auth_ask_verification(struct arena *a, struct db_conn *conn,
                                  const struct auth_call *call, struct auth_asked **ret)
{
    struct rec *rec = NULL;
    struct str email;
    struct err *err = auth_check_collection(a, call->col);

    if (err)
        return err;
    if (call->col == call->caller->actor.scope.schema->superusers)
        return err_new(a, E_BAD_REQUEST, "All superusers are verified by default.", "superusers");
    err = read_email(a, call, &email);
    if (!err)
        err = auth_find_email(a, conn, call->col, email, &rec);
    if (err)
        return err;
    if (rec && rec_truth(a, rec, call->col->auth->verified))
        rec = NULL;
    *ret = new_asked(a, call, rec, email, SCHEMA_MAIL_VERIFICATION);
    return NULL;
}

struct err *auth_ask_password_reset(struct arena *a, struct db_conn *conn,
                                    const struct auth_call *call, struct auth_asked **ret)
{
    struct rec *rec = NULL;
    struct str email;
    struct err *err = auth_check_collection(a, call->col);

    if (err)
        return err;
    if (!call->col->auth->password_enabled)
        return err_new(a, E_BAD_REQUEST,
                       "The collection is not configured to allow password authentication.",
                       "password authentication is off");
    err = read_email(a, call, &email);
    if (!err)
        err = auth_find_email(a, conn, call->col, email, &rec);
    if (err)
        return err;
    if (rec && call->col == call->caller->actor.scope.schema->superusers &&
        str_eq(auth_cell(rec, call->col->auth->email), REC_INSTALLER_EMAIL))
        rec = NULL;
    *ret = new_asked(a, call, rec, email, SCHEMA_MAIL_PASSWORD_RESET);
    return NULL;
}

struct err *auth_asked_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct auth_asked *asked = in;
    struct str newest;
    struct err *err;
    int64_t n;

    *ret_out = NULL;
    err = outbox_count(a, tx, &asked->post, &n, &newest);
    if (!err && n > 0)
        *ret_out = (void *)(uintptr_t) "the mail was sent a moment ago";
    if (err || n > 0)
        return err;
    return outbox_post(a, tx, asked->call->outbox, &asked->post);
}

const char *auth_asked_hidden(const struct auth_asked *asked)
{
    return asked->rec ? NULL : "there is nobody who is to get the mail";
}

/* --- codes ------------------------------------------------------------------------------------ */

struct err *auth_ask_otp(struct arena *a, struct db_conn *conn, const struct auth_call *call,
                         struct auth_asked **ret)
{
    const struct schema_col *otps = call->caller->actor.scope.schema->otps;
    struct auth_asked *asked;
    struct rec *rec = NULL;
    struct str email;
    struct err *err = auth_check_collection(a, call->col);

    if (err)
        return err;
    if (!call->col->auth->otp_enabled || !otps)
        return err_new(a, E_FORBIDDEN,
                       "The collection is not configured to allow OTP authentication.",
                       "one-time passwords are off");
    err = read_email(a, call, &email);
    if (!err)
        err = auth_find_email(a, conn, call->col, email, &rec);
    if (err)
        return err;
    asked = new_asked(a, call, rec, email, SCHEMA_MAIL_OTP);
    asked->code = auth_otp_code(a, call->col->auth);
    asked->fixed = rec_fix(a, otps);
    asked->post.keep_ms = auth_otp_duration_ms(call->col);
    asked->twin = asked->post;
    asked->twin.is_blank = true;
    asked->twin.id = random_text(a, ID_LEN, ALPHABET_ID);
    asked->twin.kind = STR("twin");
    *ret = asked;
    return NULL;
}

struct err *auth_asked_hash(struct arena *a, struct auth_asked *asked)
{
    return auth_otp_hash(a, asked->fixed.col, asked->code, &asked->hash);
}

/* How many of the record's codes are good, and the newest one. */
static struct err *count_codes(struct arena *a, struct db_conn *tx, const struct auth_asked *asked,
                               int64_t *ret_n, struct str *ret_newest)
{
    const struct db_value values[] = {DB_V_TEXT(asked->post.collection),
                                      DB_V_TEXT(asked->post.record)};
    AUTO(db_release) struct db_stmt *stmt = NULL;
    bool row = true;
    struct err *err;

    *ret_n = 0;
    *ret_newest = STR("");
    err = db_prepare_bound(a, tx,
                           db_sql(a, tx,
                                  "SELECT [id], [created] FROM [_otps] WHERE [collectionRef] = {1} "
                                  "AND [recordRef] = {2} ORDER BY [created] DESC"),
                           values, COUNT_OF(values), &stmt);
    while (!err && !(err = db_step(a, stmt, &row)) && row) {
        if (auth_otp_is_over(asked->call->col, db_column_text(stmt, 1), asked->scope.now_ms))
            continue;
        if ((*ret_n)++ == 0)
            *ret_newest = arena_dup(a, db_column_text(stmt, 0));
    }
    return err;
}

/* The code; or, for nobody, what takes as many statements. */
static struct err *add_code(struct arena *a, struct db_conn *tx, const struct auth_asked *asked)
{
    if (!asked->rec)
        return outbox_post(a, tx, asked->call->outbox, &asked->twin);
    return auth_otp_add(a, tx, &asked->scope, &asked->fixed, asked->post.id, asked->rec,
                        asked->hash);
}

/* {"code":…} of a mail */
static struct str code_data(struct arena *a, const struct auth_asked *asked)
{
    return arena_printf(a, "{\"code\":\"%.*s\"}", STR_ARG(asked->code));
}

/* *ret_out: the id that is told. */
struct err *auth_asked_otp_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct auth_asked *asked = in;
    struct outbox_mail post = asked->post;
    struct str *id = ARENA_NEW(a, struct str);
    struct str newest, newest_posted;
    int64_t n, n_posted;
    struct err *err;

    *ret_out = id;
    err = count_codes(a, tx, asked, &n, &newest);
    if (!err)
        err = outbox_count(a, tx, &post, &n_posted, &newest_posted);
    if (err)
        return err;
    if (n_posted > n) { /* there is no code, or no more: it could not be sent */
        n = n_posted;
        newest = newest_posted;
    }
    *id = n < OTP_MAX || asked->call->dev ? post.id : newest;
    if (!str_eq(*id, post.id))
        return NULL;
    post.data = code_data(a, asked);
    err = add_code(a, tx, asked);
    return err ? err : outbox_post(a, tx, asked->call->outbox, &post);
}

struct auth_answer auth_asked_otp_answer(struct arena *a, const void *out)
{
    const struct str *id = out;

    return (struct auth_answer){200, arena_printf(a, "{\"otpId\":\"%.*s\"}", STR_ARG(*id))};
}
