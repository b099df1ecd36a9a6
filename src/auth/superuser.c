/*
 * Superusers from the command line, and the account of the first start (services.md 16.2,
 * data-dir.md 10). Messages for the terminal are the errors' causes: no client reads them.
 */
#include "auth/internal.h"

#include "base/crypto.h"
#include "base/id.h"

#define INSTALLER_TOKEN_S (30 * 60)

static struct err *plain(struct arena *a, const char *text)
{
    return err_new(a, E_BAD_REQUEST, NULL, "%s", text);
}

/* --- preparing ------------------------------------------------------------------------------- */

static int hash_cost(const struct schema *schema)
{
    int64_t cost = schema->superusers->auth->password->password.cost;

    return cost >= 4 && cost <= 31 ? (int)cost : 10;
}

/* One that is refused keeps an empty hash. */
static struct value hash_password(struct arena *a, const struct schema *schema, struct str password)
{
    struct value value = {.type = VALUE_TEXT, .changed = true, .plain = password};

    if (password.n > 0 && !bcrypt_hash(a, password, hash_cost(schema), &value.text))
        value.text = STR("");
    return value;
}

struct err *auth_superuser_prepare(struct arena *a, struct auth_superuser *superuser,
                                   bool with_password)
{
    superuser->fixed = rec_fix(a, superuser->scope.schema->superusers);
    if (with_password && (!superuser->email.p || !superuser->password.p))
        return plain(a, "missing email and password arguments");
    if (!auth_is_email(a, superuser->email))
        return plain(a, with_password ? "missing or invalid email address"
                                      : "invalid or missing email address");
    if (with_password)
        superuser->hash = hash_password(a, superuser->scope.schema, superuser->password);
    return NULL;
}

/* --- errors for the terminal ----------------------------------------------------------------- */

/* An item's message as part of a sentence: the full stop comes at the end of all. */
static void add_item_text(struct buf *out, const struct err_item *item)
{
    struct str message = item->message;

    if (str_ends(message, STR(".")))
        message.n--;
    if (str_eq(item->code, STR("validation_required")))
        message = STR("cannot be blank");
    buf_add(out, item->path);
    BUF_ADD(out, ": ");
    buf_add(out, message);
}

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
        if (out.n > 0)
            BUF_ADD(&out, "; ");
        add_item_text(&out, item);
    }
    if (out.n > 0)
        BUF_ADD(&out, ".");
    else
        buf_add(&out, str_eq(str_of(err->message), STR(ERR_WENT_WRONG)) ? err->cause
                                                                        : str_of(err->message));
    return err_new(a, err->kind, NULL, "%.*s: %.*s", STR_ARG(what), STR_ARG(buf_str(&out)));
}

/* --- saving ---------------------------------------------------------------------------------- */

static struct err *find(struct arena *a, struct db_conn *tx, const struct auth_superuser *in,
                        struct rec **ret)
{
    const struct schema_col *col = in->scope.schema->superusers;
    bool nocase = false;

    (void)schema_is_unique(col, STR("email"), &nocase); /* system collection: there is an index */
    return rec_find_by(a, tx, col, col->auth->email, in->email, nocase, ret);
}

/* rec NULL: a new one. */
static struct err *save(struct arena *a, struct db_conn *tx, const struct auth_superuser *in,
                        const struct rec *rec, struct str what)
{
    const struct rec_set sets[] = {
        {STR("password"), in->hash},
        {STR("email"), auth_value_of_text(in->email)},
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
    struct rec *rec = NULL;
    struct err *err = find(a, tx, in, &rec);

    (void)ret;
    return err ? err : save(a, tx, in, rec, STR("failed to upsert superuser account"));
}

struct err *auth_superuser_create(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    (void)ret;
    return save(a, tx, in, NULL, STR("failed to create new superuser account"));
}

static struct err *missing(struct arena *a, const struct auth_superuser *superuser)
{
    return err_new(a, E_BAD_REQUEST, NULL, "superuser with email \"%.*s\" doesn't exist",
                   STR_ARG(superuser->email));
}

struct err *auth_superuser_update(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    const struct auth_superuser *superuser = in;
    struct rec *rec = NULL;
    struct err *err = find(a, tx, superuser, &rec);

    (void)ret;
    if (err)
        return err;
    if (!rec)
        return missing(a, superuser);
    return save(a, tx, superuser, rec,
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
    err = find(a, tx, superuser, &rec);
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

/* --- the installer --------------------------------------------------------------------------- */

struct err *auth_installer_prepare(struct arena *a, struct auth_installer *installer)
{
    installer->fixed = rec_fix(a, installer->scope.schema->superusers);
    installer->hash =
        hash_password(a, installer->scope.schema, random_text(a, 30, ALPHABET_SECRET));
    if (installer->hash.text.n == 0)
        return err_new(a, E_INTERNAL, NULL, "the installer's password cannot be hashed");
    return NULL;
}

/* Superusers whose address is not `email`. */
static struct err *count_others(struct arena *a, struct db_conn *tx, struct str email, int64_t *ret)
{
    const struct db_value value = DB_V_TEXT(email);
    struct db_row *row = NULL;
    struct err *err;

    err = db_query_row(a, tx,
                       auth_sql(a, tx, "SELECT COUNT(*) FROM [_superusers] WHERE [email] <> {1}"),
                       &value, 1, &row);
    *ret = !err && row ? row->cells[0].i : 0;
    return err;
}

static struct err *find_or_make(struct arena *a, struct db_conn *tx,
                                const struct auth_installer *installer, struct rec **ret)
{
    const struct schema_col *col = installer->scope.schema->superusers;
    const struct rec_set sets[] = {
        {STR("email"), auth_value_of_text(REC_INSTALLER_EMAIL)},
        {STR("password"), installer->hash},
    };
    struct err *err;

    err = rec_find_by(a, tx, col, col->auth->email, REC_INSTALLER_EMAIL, false, ret);
    if (err || *ret)
        return err;
    return rec_insert(a, tx, &installer->scope, &installer->fixed, sets, COUNT_OF(sets), ret);
}

struct err *auth_installer_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    const struct auth_installer *installer = in;
    struct rec *rec = NULL;
    struct str *token;
    int64_t others;
    struct err *err;

    *ret = NULL;
    err = count_others(a, tx, REC_INSTALLER_EMAIL, &others);
    if (err || others > 0)
        return err;
    err = find_or_make(a, tx, installer, &rec);
    if (err)
        return err;
    token = ARENA_NEW(a, struct str);
    *token = auth_token_new(a, rec, TOKEN_AUTH, false, INSTALLER_TOKEN_S, installer->scope.now_ms);
    *ret = token;
    return NULL;
}
