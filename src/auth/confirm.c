/*
 * POST …/confirm-verification, …/confirm-password-reset and …/confirm-email-change (auth.md 5.8,
 * 5.10, 5.12): what the links in mails lead to.
 *
 * A token is looked at twice: for the client's sake, and once more inside the unit, so that of two
 * who bring the same one only the first has his way.
 */
#include "auth/mails.h"

#include "base/crypto.h"

#define OLD_PASSWORD_MAX 100 /* bytes */

struct auth_confirm {
    const struct auth_call *call;
    const struct confirm_kind *kind;
    struct str token;
    struct str password; /* of a reset: the new one; of another address: what he has */
    struct str hash;     /* what that is compared with */
    struct str account;  /* the id of the record that has it */
    struct str new_email;
    struct value new_hash;
    struct rec_fixed fixed;
};

/* What the kinds do differently. */
struct confirm_kind {
    enum schema_token_kind token;
    enum schema_mail_kind mail;
    const char *failed;
    /* In the unit: what is to be set, at most 3 of them; *ret_n 0: nothing. */
    void (*set)(struct arena *a, const struct auth_confirm *confirm, const struct auth_token *token,
                struct rec_set *sets, size_t *ret_n);
};

#define TRUE_VALUE ((struct value){.type = VALUE_BOOL, .truth = true})

/* --- tokens ----------------------------------------------------------------------------------- */

/* The token's record, or an item that says what is wrong with it. */
static struct err *check_token(struct arena *a, struct db_conn *conn,
                               const struct auth_confirm *confirm, struct auth_token *ret,
                               struct err **items)
{
    const struct auth_call *call = confirm->call;
    const struct rec_scope *scope = &call->caller->actor.scope;
    struct err *err;

    err = auth_token_verify(a, conn, scope->schema, confirm->token, confirm->kind->token,
                            scope->now_ms, ret);
    if (err)
        return err;
    if (!ret->rec)
        err_add_item(a, items, STR("token"), CODE_TOKEN, STR_NONE);
    else if (ret->rec->col != call->col)
        err_add_item(a, items, STR("token"), CODE_TOKEN_COLLECTION, STR_NONE);
    return NULL;
}

static struct err *refuse_superusers(struct arena *a, const struct auth_call *call,
                                     const char *message)
{
    struct err *err = auth_check_collection(a, call->col);

    if (!err && call->col == call->caller->actor.scope.schema->superusers)
        err = err_new(a, E_BAD_REQUEST, message, "superusers");
    return err;
}

static struct err *invalid(struct err *items)
{
    items->message = AUTH_MESSAGE_VALIDATING;
    return items;
}

static struct auth_confirm *new_confirm(struct arena *a, const struct auth_call *call,
                                        const struct confirm_kind *kind)
{
    struct auth_confirm *confirm = ARENA_NEW(a, struct auth_confirm);

    confirm->call = call;
    confirm->kind = kind;
    return confirm;
}

struct confirm_form {
    struct str token, password, confirm;
};

static const struct form_field form_fields[] = {
    {"token", FORM_TEXT, offsetof(struct confirm_form, token)},
    {"password", FORM_TEXT, offsetof(struct confirm_form, password)},
    {"passwordConfirm", FORM_TEXT, offsetof(struct confirm_form, confirm)},
};

/* --- verification ----------------------------------------------------------------------------- */

static bool is_verified(struct arena *a, const struct rec *rec)
{
    return rec_truth(a, rec, rec->col->auth->verified);
}

static void set_verified(struct arena *a, const struct auth_confirm *confirm,
                         const struct auth_token *token, struct rec_set *sets, size_t *ret_n)
{
    if (is_verified(a, token->rec))
        return;
    sets[(*ret_n)++] = (struct rec_set){STR("verified"), TRUE_VALUE};
    if (confirm->new_hash.text.n > 0)
        sets[(*ret_n)++] = (struct rec_set){STR("password"), confirm->new_hash};
}

static const struct confirm_kind verification = {
    TOKEN_VERIFICATION, SCHEMA_MAIL_VERIFICATION,
    "An error occurred while saving the verified state.", set_verified};

struct err *auth_confirm_verification(struct arena *a, struct db_conn *conn,
                                      const struct auth_call *call, struct auth_confirm **ret)
{
    struct auth_confirm *confirm = new_confirm(a, call, &verification);
    struct auth_token token = {0};
    struct confirm_form form;
    struct err *items = NULL;
    struct err *err = refuse_superusers(a, call, "All superusers are verified by default.");

    if (!err)
        err = auth_decode(a, call, form_fields, 1, true, &form, AUTH_MESSAGE_LOADING);
    if (err)
        return err;
    confirm->token = form.token;
    if (form.token.n == 0)
        err_add_item(a, &items, STR("token"), CODE_REQUIRED, STR_NONE);
    else if (auth_token_claim(a, form.token, STR("email")).n == 0)
        err_add_item(a, &items, STR("token"), CODE_TOKEN_CLAIMS, STR_NONE);
    else
        err = check_token(a, conn, confirm, &token, &items);
    if (!err && !items && !str_eq(auth_cell(token.rec, call->col->auth->email), token.email))
        err_add_item(a, &items, STR("token"), CODE_TOKEN_MISMATCH, STR_NONE);
    if (err || items)
        return err ? err : invalid(items);
    confirm->fixed = rec_fix(a, call->col);
    confirm->new_hash.changed = !call->col->auth->password_enabled && !is_verified(a, token.rec);
    *ret = confirm;
    return NULL;
}

/* --- a new password --------------------------------------------------------------------------- */

static void set_password(struct arena *a, const struct auth_confirm *confirm,
                         const struct auth_token *token, struct rec_set *sets, size_t *ret_n)
{
    const struct schema_auth *auth = token->rec->col->auth;

    sets[(*ret_n)++] = (struct rec_set){STR("password"), confirm->new_hash};
    if (!is_verified(a, token->rec) && str_eq(auth_cell(token->rec, auth->email), token->email))
        sets[(*ret_n)++] = (struct rec_set){STR("verified"), TRUE_VALUE};
}

static const struct confirm_kind password_reset = {TOKEN_PASSWORD_RESET, SCHEMA_MAIL_PASSWORD_RESET,
                                                   "Failed to set new password.", set_password};

static void check_new_password(struct arena *a, const struct schema_col *col,
                               const struct confirm_form *form, struct err **items)
{
    const int64_t least = col->auth->password->password.min;
    const int64_t min = least > 1 ? least : 1;

    if (form->password.n == 0)
        err_add_item(a, items, STR("password"), CODE_REQUIRED, STR_NONE);
    else if ((int64_t)form->password.n < min || form->password.n > AUTH_TEXT_MAX)
        err_add_item(a, items, STR("password"), CODE_LENGTH_RANGE,
                     arena_printf(a, "{\"max\":%d,\"min\":%lld}", AUTH_TEXT_MAX, (long long)min));
    if (form->confirm.n == 0)
        err_add_item(a, items, STR("passwordConfirm"), CODE_REQUIRED, STR_NONE);
    else if (!str_eq(form->confirm, form->password))
        err_add_item(a, items, STR("passwordConfirm"), CODE_MISMATCH, STR_NONE);
}

struct err *auth_confirm_password_reset(struct arena *a, struct db_conn *conn,
                                        const struct auth_call *call, struct auth_confirm **ret)
{
    struct auth_confirm *confirm = new_confirm(a, call, &password_reset);
    struct auth_token token = {0};
    struct confirm_form form;
    struct err *items = NULL;
    struct err *err = auth_check_collection(a, call->col);

    /* of a body that does not decode nothing but the message is told (auth.md 1.3) */
    if (!err)
        err = auth_decode(a, call, form_fields, 3, false, &form, AUTH_MESSAGE_LOADING);
    if (err)
        return err;
    confirm->token = form.token;
    confirm->password = form.password;
    if (form.token.n == 0)
        err_add_item(a, &items, STR("token"), CODE_REQUIRED, STR_NONE);
    else
        err = check_token(a, conn, confirm, &token, &items);
    check_new_password(a, call->col, &form, &items);
    if (err || items)
        return err ? err : invalid(items);
    confirm->fixed = rec_fix(a, call->col);
    confirm->new_hash.changed = true;
    *ret = confirm;
    return NULL;
}

/* --- another address -------------------------------------------------------------------------- */

static void set_email(struct arena *a, const struct auth_confirm *confirm,
                      const struct auth_token *token, struct rec_set *sets, size_t *ret_n)
{
    (void)a;
    (void)confirm;
    sets[(*ret_n)++] = (struct rec_set){STR("email"), AUTH_TEXT(token->new_email)};
    sets[(*ret_n)++] = (struct rec_set){STR("verified"), TRUE_VALUE};
}

static const struct confirm_kind email_change = {TOKEN_EMAIL_CHANGE, SCHEMA_MAIL_EMAIL_CHANGE,
                                                 "Failed to confirm email change.", set_email};

/* Whether somebody has the address. */
static struct err *check_free(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                              struct str email, struct err **items)
{
    struct rec *other = NULL;
    struct err *err = auth_find_email(a, conn, col, email, &other);

    if (!err && other)
        err_add_item(a, items, STR("token"), CODE_TOKEN_EMAIL, STR_NONE);
    return err;
}

static struct err *check_change_token(struct arena *a, struct db_conn *conn,
                                      const struct auth_confirm *confirm, struct auth_token *token,
                                      struct err **items)
{
    struct err *err = NULL;

    if (confirm->token.n == 0)
        err_add_item(a, items, STR("token"), CODE_REQUIRED, STR_NONE);
    else if (auth_token_claim(a, confirm->token, STR("newEmail")).n == 0)
        err_add_item(a, items, STR("token"), CODE_TOKEN_PAYLOAD, STR_NONE);
    else
        err = check_token(a, conn, confirm, token, items);
    if (!err && !*items)
        err = check_free(a, conn, confirm->call->col, token->new_email, items);
    return err;
}

/* An item about the token says the same of the password: it is not looked at. */
static void check_given_password(struct arena *a, struct str password, struct err **items)
{
    if (password.n > 0 && password.n <= OLD_PASSWORD_MAX && *items)
        err_add_item(a, items, STR("password"), CODE_AUTH_PASSWORD, STR_NONE);
    else
        auth_check_length(a, STR("password"), password, true, OLD_PASSWORD_MAX, items);
}

struct err *auth_confirm_email_change(struct arena *a, struct db_conn *conn,
                                      const struct auth_call *call, struct auth_confirm **ret)
{
    struct auth_confirm *confirm = new_confirm(a, call, &email_change);
    struct auth_token token = {0};
    struct confirm_form form;
    struct err *items = NULL;
    struct err *err =
        refuse_superusers(a, call, "All superusers can change their emails directly.");

    if (!err)
        err = auth_decode(a, call, form_fields, 2, true, &form, AUTH_MESSAGE_LOADING);
    if (err)
        return err;
    confirm->token = form.token;
    confirm->password = form.password;
    err = check_change_token(a, conn, confirm, &token, &items);
    check_given_password(a, form.password, &items);
    if (err || items)
        return err ? err : invalid(items);
    confirm->fixed = rec_fix(a, call->col);
    confirm->hash = auth_cell(token.rec, call->col->auth->password);
    confirm->account = rec_id(token.rec);
    *ret = confirm;
    return NULL;
}

/* --- the rest of them ------------------------------------------------------------------------- */

bool auth_confirm_hashes(const struct auth_confirm *confirm)
{
    return confirm->kind == &email_change || confirm->new_hash.changed;
}

struct err *auth_confirm_hash(struct arena *a, struct auth_confirm *confirm)
{
    const struct schema_field *field = confirm->call->col->auth->password;
    struct err *items = NULL;

    if (confirm->kind == &password_reset)
        confirm->new_hash = auth_hash(a, field, confirm->password);
    else if (confirm->kind == &verification)
        confirm->new_hash = auth_hash_random(a, field);
    else if (!bcrypt_check(confirm->password, confirm->hash))
        err_add_item(a, &items, STR("password"), CODE_AUTH_PASSWORD, STR_NONE);
    return items ? invalid(items) : NULL;
}

struct str auth_confirm_account(const struct auth_confirm *confirm)
{
    return confirm->account;
}

struct err *auth_confirm_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct auth_confirm *confirm = in;
    const struct rec_scope *scope = &confirm->call->caller->actor.scope;
    struct auth_token token = {0};
    struct outbox_mail sent;
    struct rec_set sets[3];
    struct err *items = NULL;
    struct rec *after;
    size_t n = 0;
    struct err *err = check_token(a, tx, confirm, &token, &items);

    *ret_out = NULL;
    if (err || items)
        return err ? err : invalid(items);
    confirm->kind->set(a, confirm, &token, sets, &n);
    if (n > 0)
        err = rec_change(a, tx, scope, &confirm->fixed, token.rec, sets, n, &after);
    if (err && err->kind == E_BAD_REQUEST)
        return err_say(err, confirm->kind->failed);
    if (err || confirm->kind == &email_change)
        return err;
    sent = auth_posted(a, token.rec->col, token.rec, STR(""), confirm->kind->mail, scope->now_ms);
    return outbox_forget(a, tx, &sent);
}
