/*
 * POST …/request-verification, …/request-password-reset and …/request-otp (auth.md 5.5, 5.7, 5.9).
 *
 * An answer tells nobody whether an address is known, neither by its words nor by its time: for one
 * that is not, the same statements are run and as many rows written, which are sent to nobody.
 */
#include "auth/mails.h"

#include "base/crypto.h"
#include "base/id.h"

#define WINDOW_MS 120000  /* in which a record is not sent the same again */
#define START_MOST_MS 250 /* of chance, so that the sending tells nothing either */
#define OTP_MAX 10        /* unexpired ones of a record: then the newest is told again */

/* --- rows of the outbox ----------------------------------------------------------------------- */

static const struct mail_policy {
    const char *kind;
    enum schema_token_kind token; /* a mail is of no use for longer than what it brings */
    int64_t keep_ms;
} policies[SCHEMA_MAIL_KINDS] = {
    [SCHEMA_MAIL_VERIFICATION] = {"verification", TOKEN_VERIFICATION, WINDOW_MS},
    [SCHEMA_MAIL_PASSWORD_RESET] = {"passwordReset", TOKEN_PASSWORD_RESET, WINDOW_MS},
    [SCHEMA_MAIL_OTP] = {AUTH_OTP_MAIL, TOKEN_KINDS, 0}, /* tried once: asking again is faster */
};

/* ASCII alone, as indexes that ignore case do. */
static struct str fold_case(struct arena *a, struct str text)
{
    char *p = arena_alloc(a, text.n);

    for (size_t i = 0; i < text.n; i++)
        p[i] = text.p[i] >= 'A' && text.p[i] <= 'Z' ? (char)(text.p[i] | 32) : text.p[i];
    return (struct str){p, text.n};
}

/* Who is not there is known by the address, as far as it tells one from another; it is not stored.
 */
static struct str blank_owner(struct arena *a, const struct schema_col *col, struct str address)
{
    unsigned char digest[SHA256_LEN];
    bool nocase = false;

    if (schema_is_unique(col, STR("email"), &nocase) && nocase)
        address = fold_case(a, address);
    sha256(digest, address);
    return base64url_encode(a, (struct str){(const char *)digest, sizeof(digest)});
}

struct outbox_mail auth_posted(struct arena *a, const struct schema_col *col, const struct rec *rec,
                               struct str address, enum schema_mail_kind kind, int64_t now_ms)
{
    const struct mail_policy *policy = &policies[kind];
    int64_t life_ms = 0;

    if (policy->token < TOKEN_KINDS &&
        __builtin_mul_overflow(col->auth->tokens[policy->token].duration_s, 1000, &life_ms))
        life_ms = 0;
    return (struct outbox_mail){.id = random_text(a, ID_LEN, ALPHABET_ID),
                                .kind = str_of(policy->kind),
                                .collection = col->id,
                                .record = rec ? rec_id(rec) : blank_owner(a, col, address),
                                .data = STR(""),
                                .is_blank = !rec,
                                .created_ms = now_ms,
                                .until_ms = now_ms + life_ms,
                                .start_ms = random_below(START_MOST_MS),
                                .keep_ms = policy->keep_ms};
}

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
    if (err || n > 0)
        return err;
    return outbox_post(a, tx, asked->call->outbox, &asked->post);
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

/* --- the outbox's part ------------------------------------------------------------------------ */

static bool kind_of(struct str name, enum schema_mail_kind *ret)
{
    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        *ret = (enum schema_mail_kind)i;
        if (policies[i].kind && str_eq(name, str_of(policies[i].kind)))
            return true;
    }
    return false;
}

static struct str code_of(struct arena *a, const struct outbox_mail *mail)
{
    const struct json *data, *code;

    if (!json_read(a, mail->data, &json_limits_stored, &data, NULL))
        return STR("");
    code = json_get(data, STR("code"));
    return code && code->type == JSON_TEXT ? code->text : STR("");
}

/* A code that is not stored any more, or too old, is not sent. */
static struct err *is_wanted(struct arena *a, struct db_conn *conn, const struct auth_mail *mail,
                             const struct rec_scope *scope, bool *ret)
{
    struct rec *code = NULL;
    struct err *err = NULL;

    *ret = mail->kind != SCHEMA_MAIL_VERIFICATION ||
           !rec_truth(a, mail->rec, mail->rec->col->auth->verified);
    if (mail->kind == SCHEMA_MAIL_OTP) {
        err = rec_find(a, conn, scope->schema->otps, mail->otp_id, &code);
        *ret = code &&
               !auth_otp_is_over(mail->rec->col, auth_cell_named(code, "created"), scope->now_ms);
    }
    return err;
}

struct err *auth_mail_compose(struct arena *a, struct db_conn *conn, const struct rec_scope *scope,
                              const struct settings *settings, const struct outbox_mail *posted,
                              const struct mail_message **ret)
{
    const struct schema_col *col = schema_find(scope->schema, posted->collection);
    struct auth_mail mail = {0};
    struct rec *rec = NULL;
    bool wanted = false;
    struct err *err;

    *ret = NULL;
    if (!kind_of(posted->kind, &mail.kind) || !col || !col->auth)
        return NULL;
    err = rec_find(a, conn, col, posted->record, &rec);
    if (err || !rec || auth_cell(rec, col->auth->email).n == 0)
        return err;
    mail.rec = rec;
    if (mail.kind == SCHEMA_MAIL_OTP) {
        mail.otp = code_of(a, posted);
        mail.otp_id = posted->id;
    } else {
        mail.token = auth_token_new(a, rec, policies[mail.kind].token, false, 0, scope->now_ms);
    }
    err = is_wanted(a, conn, &mail, scope, &wanted);
    if (!err && wanted)
        err = auth_mail_write(a, settings, &mail, ret);
    return err;
}

/* What was sent is good for the address it went to; a code that nobody got is good for nothing. */
struct err *auth_mail_settle(struct arena *a, struct db_conn *tx, const struct rec_scope *scope,
                             const struct outbox_mail *posted, const struct mail_message *sent)
{
    const struct schema_col *otps = scope->schema->otps;
    struct rec *code = NULL, *after;
    struct rec_set set = {STR("sentTo"), AUTH_TEXT(sent ? sent->to[0].address : STR(""))};
    struct rec_fixed fixed;
    struct err *err;

    if (!str_eq(posted->kind, str_of(policies[SCHEMA_MAIL_OTP].kind)) || !otps)
        return NULL;
    err = rec_find(a, tx, otps, posted->id, &code);
    if (err || !code)
        return err;
    if (!sent)
        return rec_remove(a, tx, scope, NULL, code);
    if (auth_cell_named(code, "sentTo").n > 0)
        return NULL;
    fixed = rec_fix(a, otps);
    return rec_change(a, tx, scope, &fixed, code, &set, 1, &after);
}
