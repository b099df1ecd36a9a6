/*
 * One-time passwords, rows of `_otps`; and POST …/auth-with-otp (auth.md 5.6): a code is good for
 * one login, however many come at once.
 */
#include "auth/internal.h"

#include "base/crypto.h"
#include "base/date.h"
#include "base/id.h"
#include "base/log.h"

#define CODE_CHARS_MAX 71 /* bytes */

#define MESSAGE_INVALID "Invalid or expired OTP."

#define CODE_ALPHABET STR("1234567890")

/* --- making ---------------------------------------------------------------------------------- */

struct str auth_otp_code(struct arena *a, const struct schema_auth *auth)
{
    int64_t length = auth->otp_length;

    length = length < 1 ? 1 : length > CODE_CHARS_MAX ? CODE_CHARS_MAX : length;
    return random_text(a, (size_t)length, CODE_ALPHABET);
}

struct err *auth_otp_hash(struct arena *a, const struct schema_col *otps, struct str code,
                          struct value *ret)
{
    const struct schema_field *field = schema_field(otps, STR("password"));

    if (!field || field->type->kind != FIELD_PASSWORD)
        return err_new(a, E_INTERNAL, NULL, "_otps has no password");
    *ret = auth_hash(a, field, code);
    return NULL;
}

struct err *auth_otp_add(struct arena *a, struct db_conn *tx, const struct rec_scope *scope,
                         const struct rec_fixed *fixed, struct str id, const struct rec *rec,
                         struct value hash)
{
    const struct rec_set sets[] = {
        {STR("id"), AUTH_TEXT(id)},
        {STR("collectionRef"), AUTH_TEXT(rec->col->id)},
        {STR("recordRef"), AUTH_TEXT(rec_id(rec))},
        {STR("password"), hash},
    };
    struct rec *row;

    return rec_insert(a, tx, scope, fixed, sets, COUNT_OF(sets), &row);
}

/* --- logging in ------------------------------------------------------------------------------- */

struct otp_form {
    struct str id, password;
};

int64_t auth_otp_duration_ms(const struct schema_col *col)
{
    int64_t ms;

    return __builtin_mul_overflow(col->auth->otp_duration_s, 1000, &ms) ? 0 : ms;
}

bool auth_otp_is_over(const struct schema_col *col, struct str created, int64_t now_ms)
{
    int64_t created_ms, duration_ms;

    if (!date_parse_stored(created, &created_ms))
        return true;
    if (__builtin_mul_overflow(col->auth->otp_duration_s, 1000, &duration_ms))
        return col->auth->otp_duration_s < 0;
    return now_ms - created_ms > duration_ms;
}

static struct err *read_form(struct arena *a, const struct auth_call *call, struct otp_form *ret)
{
    static const struct form_field fields[] = {
        {"otpId", FORM_TEXT, offsetof(struct otp_form, id)},
        {"password", FORM_TEXT, offsetof(struct otp_form, password)},
    };
    struct err *items = NULL;
    struct err *err = auth_check_collection(a, call->col);

    if (err)
        return err;
    if (!call->col->auth->otp_enabled || !call->caller->actor.scope.schema->otps)
        return err_new(a, E_FORBIDDEN,
                       "The collection is not configured to allow OTP authentication.",
                       "one-time passwords are off");
    err = auth_decode(a, call, fields, COUNT_OF(fields), true, ret, AUTH_MESSAGE_LOADING);
    if (err)
        return err;
    auth_check_length(a, STR("otpId"), ret->id, true, AUTH_TEXT_MAX, &items);
    auth_check_length(a, STR("password"), ret->password, true, CODE_CHARS_MAX, &items);
    if (items)
        items->message = AUTH_MESSAGE_VALIDATING;
    return items;
}

static struct err *invalid(struct arena *a, const char *cause)
{
    return err_new(a, E_BAD_REQUEST, MESSAGE_INVALID, "%s", cause);
}

/* The stored code, and whose it is. */
static struct err *find_code(struct arena *a, struct db_conn *conn, const struct auth_call *call,
                             struct str id, const struct rec **ret_code, struct rec **ret_rec)
{
    const struct rec_scope *scope = &call->caller->actor.scope;
    struct rec *code = NULL;
    struct err *err = rec_find(a, conn, scope->schema->otps, id, &code);

    *ret_rec = NULL;
    if (err)
        return err;
    if (!code || !str_eq(auth_cell_named(code, "collectionRef"), call->col->id))
        return invalid(a, "no such code");
    if (auth_otp_is_over(call->col, auth_cell_named(code, "created"), scope->now_ms))
        return invalid(a, "the code is too old");
    err = rec_find(a, conn, call->col, auth_cell_named(code, "recordRef"), ret_rec);
    if (!err && !*ret_rec)
        return invalid(a, "the record is gone");
    *ret_code = code;
    return err;
}

/* What nobody was told the id of, in place of a code (asked.c): it is tried like one, so that the
 * answer does not tell that there is nobody. */
static struct err *find_blank(struct arena *a, struct db_conn *conn, const struct auth_call *call,
                              struct str id, struct auth_login *login)
{
    const struct outbox_mail like = {.id = id,
                                     .kind = STR(AUTH_OTP_MAIL),
                                     .collection = call->col->id,
                                     .created_ms = call->caller->actor.scope.now_ms,
                                     .keep_ms = auth_otp_duration_ms(call->col)};
    const struct schema_field *field =
        schema_field(call->caller->actor.scope.schema->otps, STR("password"));
    struct err *err = outbox_blank_owner(a, conn, &like, &login->identity);

    if (err)
        return err;
    if (login->identity.n == 0 || !field)
        return invalid(a, "no such code");
    login->hash = auth_dummy_hash(a, field);
    return NULL;
}

/* Whoever reads the mails of the record's address is who it belongs to. */
static bool proves_address(struct arena *a, const struct rec *code, const struct rec *rec)
{
    const struct str sent_to = auth_cell_named(code, "sentTo");
    const struct schema_auth *auth = rec->col->auth;

    return !rec_truth(a, rec, auth->verified) && sent_to.n > 0 &&
           str_eq(sent_to, auth_cell(rec, auth->email));
}

/* Whoever has set its password without having the address shall not know it any more; a second
 * factor keeps him out as well. */
static bool replaces_password(struct arena *a, const struct rec *code, const struct rec *rec)
{
    return proves_address(a, code, rec) && !rec->col->auth->mfa_enabled;
}

struct err *auth_otp_find(struct arena *a, struct db_conn *conn, const struct auth_call *call,
                          struct auth_login **ret)
{
    struct auth_login *login = ARENA_NEW(a, struct auth_login);
    struct rec *rec = NULL;
    struct otp_form form;
    struct err *err;

    call->caller->actor.request.context = STR("otp");
    err = read_form(a, call, &form);
    if (err)
        return err;
    *ret = login;
    login->call = call;
    login->method = STR("otp");
    login->password = form.password;
    login->fixed = rec_fix(a, call->col);
    err = find_code(a, conn, call, form.id, &login->code, &rec);
    if (err && err->kind == E_BAD_REQUEST)
        return find_blank(a, conn, call, form.id, login);
    if (err)
        return err;
    login->rec = rec;
    login->id = login->identity = rec_id(rec);
    login->hash = auth_cell_named(login->code, "password");
    return NULL;
}

struct err *auth_otp_compare(struct arena *a, struct auth_login *login)
{
    if (!bcrypt_check(login->password, login->hash) || !login->rec)
        return invalid(a, "the wrong code");
    if (replaces_password(a, login->code, login->rec))
        login->new_hash = auth_hash_random(a, login->rec->col->auth->password);
    return NULL;
}

static struct err *verify(struct arena *a, struct db_conn *tx, const struct auth_login *login,
                          const struct rec *rec, struct rec **ret)
{
    const struct rec_set sets[] = {
        {STR("verified"), {.type = VALUE_BOOL, .truth = true}},
        {STR("password"), login->new_hash},
    };
    struct err *err = db_savepoint(a, tx);

    if (err)
        return err;
    err = rec_change(a, tx, &login->call->caller->actor.scope, &login->fixed, rec, sets,
                     login->new_hash.text.n > 0 ? 2 : 1, ret);
    if (!err)
        return db_savepoint_release(a, tx);
    db_savepoint_rollback(tx);
    return err;
}

/* That the record cannot be saved, for whatever it holds, does not keep anybody from logging in. */
static struct err *try_to_verify(struct arena *a, struct db_conn *tx,
                                 const struct auth_login *login, struct rec **rec)
{
    struct rec *after = *rec;
    struct err *err = verify(a, tx, login, *rec, &after);

    *rec = after;
    if (!err || err->kind != E_BAD_REQUEST)
        return err;
    log_warn("auth.not_verified", LOG_STR("collection", (*rec)->col->name),
             LOG_STR("record", rec_id(*rec)), LOG_STR("cause", err->cause));
    return NULL;
}

/* *ret_out: the record as it is from then on. */
struct err *auth_otp_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct auth_login *login = in;
    const struct rec_scope *scope = &login->call->caller->actor.scope;
    const struct rec *code;
    struct rec *rec = NULL;
    struct err *err = find_code(a, tx, login->call, rec_id(login->code), &code, &rec);

    *ret_out = NULL;
    if (err)
        return err;
    if (replaces_password(a, code, rec) && login->new_hash.text.n == 0)
        return err_new(a, E_STALE, NULL, "the record has changed");
    err = rec_remove(a, tx, scope, NULL, code);
    if (!err) /* one that is used counts no more */
        err = outbox_forget_one(a, tx, rec_id(code));
    if (!err && proves_address(a, code, rec))
        err = try_to_verify(a, tx, login, &rec);
    *ret_out = rec;
    return err;
}
