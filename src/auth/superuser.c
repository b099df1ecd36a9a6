/*
 * Superusers from the command line, and the account of the first start (services.md 16.2,
 * data-dir.md 10). Messages for the terminal are the errors' causes: no client reads them.
 */
#include "auth/internal.h"

#include "base/id.h"

#define INSTALLER_TOKEN_S (30 * 60)

/* --- preparing ------------------------------------------------------------------------------- */

struct err *auth_superuser_prepare(struct arena *a, struct auth_superuser *superuser,
                                   bool with_password)
{
    superuser->fixed = rec_fix(a, superuser->scope.schema->superusers);
    if (with_password && (!superuser->email.p || !superuser->password.p))
        return err_new(a, E_BAD_REQUEST, NULL, "missing email and password arguments");
    if (!auth_is_email(a, superuser->email))
        return err_new(a, E_BAD_REQUEST, NULL, "%s",
                       with_password ? "missing or invalid email address"
                                     : "invalid or missing email address");
    if (with_password)
        superuser->hash =
            auth_hash(a, superuser->scope.schema->superusers->auth->password, superuser->password);
    return NULL;
}

/* --- errors for the terminal ----------------------------------------------------------------- */

static const struct err_item *next_item(const struct err_item *items, struct str after)
{
    const struct err_item *found = NULL;

    for (const struct err_item *item = items; item; item = item->next)
        if (str_cmp(item->path, after) > 0 && (!found || str_cmp(item->path, found->path) < 0))
            found = item;
    return found;
}

/* "what: email: Value must be unique; password: cannot be blank." by name of the field. */
static struct err *explain(struct arena *a, const struct err *err, struct str what)
{
    AUTO_BUF struct buf out;
    const struct err_item *item = next_item(err->items, STR(""));

    buf_init(&out, 64 * 1024);
    for (; item; item = next_item(err->items, item->path)) {
        struct str message = item->message;

        if (str_ends(message, STR("."))) /* it comes at the end of all */
            message.n--;
        if (str_eq(item->code, STR("validation_required")))
            message = STR("cannot be blank");
        buf_addf(&out, "%s%.*s: %.*s", out.n > 0 ? "; " : "", STR_ARG(item->path),
                 STR_ARG(message));
    }
    if (out.n > 0)
        BUF_ADD(&out, ".");
    else
        buf_add(&out, str_eq(str_of(err->message), STR(ERR_WENT_WRONG)) ? err->cause
                                                                        : str_of(err->message));
    return err_new(a, err->kind, NULL, "%.*s: %.*s", STR_ARG(what), STR_ARG(buf_str(&out)));
}

/* --- saving ---------------------------------------------------------------------------------- */

/* rec NULL: a new one. */
static struct err *save_superuser(struct arena *a, struct db_conn *tx,
                                  const struct auth_superuser *in, const struct rec *rec,
                                  struct str what)
{
    const struct rec_set sets[] = {
        {STR("password"), in->hash},
        {STR("email"), AUTH_TEXT(in->email)},
    };
    struct err *err;
    struct rec *after;

    if (in->hash.plain.n > 0 && in->hash.text.n == 0)
        return err_new(a, E_BAD_REQUEST, NULL,
                       "%.*s: password: bcrypt: password length exceeds 72 bytes.", STR_ARG(what));
    if (rec)
        err = rec_change(a, tx, &in->scope, &in->fixed, rec, sets, 1, &after);
    else
        err = rec_insert(a, tx, &in->scope, &in->fixed, sets, COUNT_OF(sets), &after);
    return err && err->kind == E_BAD_REQUEST ? explain(a, err, what) : err;
}

struct err *auth_superuser_upsert(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    const struct auth_superuser *superuser = in;
    struct rec *rec = NULL;
    struct err *err =
        auth_find_email(a, tx, superuser->scope.schema->superusers, superuser->email, &rec);

    (void)ret;
    return err ? err : save_superuser(a, tx, in, rec, STR("failed to upsert superuser account"));
}

struct err *auth_superuser_create(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    (void)ret;
    return save_superuser(a, tx, in, NULL, STR("failed to create new superuser account"));
}

struct err *auth_superuser_update(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    const struct auth_superuser *superuser = in;
    struct rec *rec = NULL;
    struct err *err =
        auth_find_email(a, tx, superuser->scope.schema->superusers, superuser->email, &rec);

    (void)ret;
    if (err)
        return err;
    if (!rec)
        return err_new(a, E_BAD_REQUEST, NULL, "superuser with email \"%.*s\" doesn't exist",
                       STR_ARG(superuser->email));
    return save_superuser(a, tx, superuser, rec,
                          arena_printf(a, "failed to change superuser \"%.*s\" password",
                                       STR_ARG(auth_cell(rec, rec->col->auth->email))));
}

/* --- deleting -------------------------------------------------------------------------------- */

struct err *auth_superuser_delete(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    static char deleted[] = "deleted";
    const struct auth_superuser *superuser = in;
    struct rec *rec = NULL;
    struct err *err;

    *ret = NULL;
    err = auth_find_email(a, tx, superuser->scope.schema->superusers, superuser->email, &rec);
    if (err || !rec)
        return err;
    err = rec_remove(a, tx, &superuser->scope, NULL, rec);
    if (!err)
        *ret = deleted;
    return err && err->kind == E_BAD_REQUEST
               ? explain(a, err,
                         arena_printf(a, "failed to delete superuser \"%.*s\"",
                                      STR_ARG(auth_cell(rec, rec->col->auth->email))))
               : err;
}

/* --- a one-time password ---------------------------------------------------------------------- */

struct err *auth_superuser_otp_prepare(struct arena *a, struct auth_superuser_otp *otp)
{
    const struct schema *schema = otp->scope.schema;
    const struct schema_auth *auth = schema->superusers->auth;

    if (!auth_is_email(a, otp->email))
        return err_new(a, E_BAD_REQUEST, NULL, "invalid or missing email address");
    if (!auth->otp_enabled || !schema->otps)
        return err_new(a, E_BAD_REQUEST, NULL,
                       "OTP auth is not enabled for the _superusers collection");
    otp->id = random_text(a, ID_LEN, ALPHABET_ID);
    otp->code = auth_otp_code(a, auth);
    otp->valid_s = auth->otp_duration_s;
    otp->fixed = rec_fix(a, schema->otps);
    return auth_otp_hash(a, schema->otps, otp->code, &otp->hash);
}

struct err *auth_superuser_otp_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    const struct auth_superuser_otp *otp = in;
    const struct schema_col *col = otp->scope.schema->superusers;
    struct rec *rec = NULL;
    struct err *err = auth_find_email(a, tx, col, otp->email, &rec);

    *ret = NULL;
    if (err)
        return err;
    if (!rec)
        return err_new(a, E_BAD_REQUEST, NULL, "superuser with email \"%.*s\" doesn't exist",
                       STR_ARG(otp->email));
    return auth_otp_add(a, tx, &otp->scope, &otp->fixed, otp->id, rec, otp->hash);
}

/* --- the installer --------------------------------------------------------------------------- */

struct err *auth_installer_prepare(struct arena *a, struct auth_installer *installer)
{
    installer->fixed = rec_fix(a, installer->scope.schema->superusers);
    installer->hash = auth_hash_random(a, installer->scope.schema->superusers->auth->password);
    if (installer->hash.text.n == 0)
        return err_new(a, E_INTERNAL, NULL, "the installer's password cannot be hashed");
    return NULL;
}

static struct err *find_or_make(struct arena *a, struct db_conn *tx,
                                const struct auth_installer *installer, struct rec **ret)
{
    const struct schema_col *col = installer->scope.schema->superusers;
    const struct rec_set sets[] = {
        {STR("email"), AUTH_TEXT(REC_INSTALLER_EMAIL)},
        {STR("password"), installer->hash},
    };
    struct err *err;

    err = rec_find_by(a, tx, col, col->auth->email, REC_INSTALLER_EMAIL, false, ret);
    if (err || *ret)
        return err;
    return rec_insert(a, tx, &installer->scope, &installer->fixed, sets, COUNT_OF(sets), ret);
}

struct err *auth_has_superuser(struct arena *a, struct db_conn *conn, bool *ret)
{
    const struct db_value email = DB_V_TEXT(REC_INSTALLER_EMAIL);
    struct db_row *other = NULL;
    struct err *err = db_query_row(
        a, conn, db_sql(a, conn, "SELECT 1 FROM [_superusers] WHERE [email] <> {1} LIMIT 1"),
        &email, 1, &other);

    *ret = other != NULL;
    return err;
}

struct err *auth_installer_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    const struct auth_installer *installer = in;
    struct rec *rec = NULL;
    struct str *token;
    struct err *err;
    bool there;

    *ret = NULL;
    err = auth_has_superuser(a, tx, &there);
    if (err || there)
        return err;
    err = find_or_make(a, tx, installer, &rec);
    if (err)
        return err;
    token = ARENA_NEW(a, struct str);
    *token = auth_token_new(a, rec, TOKEN_AUTH, false, INSTALLER_TOKEN_S, installer->scope.now_ms);
    *ret = token;
    return NULL;
}
