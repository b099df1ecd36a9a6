/*
 * POST …/auth-with-password (auth.md 5.2).
 *
 * The time an answer takes must not tell whether an address is known: where nobody is found, a hash
 * is compared all the same.
 */
#include "auth/internal.h"

#include "base/crypto.h"

/* Of a collection without records; nobody knows the password. */
#define DUMMY_HASH STR("$2a$10$N5yT0wQe8uVb2xKs7jLd9OSuxcFRBR9A/8AvC7K2bYeHugzsT3NMK")

struct login_form {
    struct str identity, password, field;
};

static bool is_identity_field(const struct schema_col *col, struct str name)
{
    for (size_t i = 0; i < col->auth->identity_fields.n; i++)
        if (str_eq(col->auth->identity_fields.items[i], name))
            return true;
    return false;
}

static struct err *validate(struct arena *a, const struct schema_col *col,
                            const struct login_form *form)
{
    struct err *err = NULL;

    if (form->identity.n == 0)
        err_add_item(a, &err, STR("identity"), CODE_REQUIRED, STR(""));
    auth_check_length(a, &err, "identity", form->identity, 1, 255);
    auth_check_length(a, &err, "identityField", form->field, 1, 255);
    if (form->field.n > 0 && form->field.n <= 255 && !is_identity_field(col, form->field))
        err_add_item(a, &err, STR("identityField"), CODE_IN, STR(""));
    if (form->password.n == 0)
        err_add_item(a, &err, STR("password"), CODE_REQUIRED, STR(""));
    auth_check_length(a, &err, "password", form->password, 1, 255);
    return auth_validation(err);
}

static struct err *read_form(struct arena *a, const struct auth_call *call, struct login_form *ret)
{
    static const struct form_field fields[] = {
        {"identity", FORM_TEXT, offsetof(struct login_form, identity)},
        {"password", FORM_TEXT, offsetof(struct login_form, password)},
        {"identityField", FORM_TEXT, offsetof(struct login_form, field)},
    };
    struct err *err;

    err = auth_check_collection(a, call->col);
    if (err)
        return err;
    if (!call->col->auth->password_enabled)
        return err_new(a, E_FORBIDDEN,
                       "The collection is not configured to allow password authentication.",
                       "password authentication is off");
    err = auth_decode(a, call, fields, COUNT_OF(fields), true, ret, AUTH_MESSAGE_LOADING);
    return err ? err : validate(a, call->col, ret);
}

/* --- who is meant ---------------------------------------------------------------------------- */

static struct err *find_by(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                           struct str name, struct str identity, struct rec **ret)
{
    const struct schema_field *field = schema_field(col, name);
    bool nocase = false;

    if (!field || !schema_is_unique(col, name, &nocase))
        return err_new(a, E_INTERNAL, NULL, "identity field %.*s has no unique index",
                       STR_ARG(name));
    return rec_find_by(a, conn, col, field, identity, nocase, ret);
}

/* One field after the other until a record is found; *err is the last one's. */
static bool try_field(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                      struct str name, struct str identity, struct rec **ret, struct err **err)
{
    if (str_eq(name, STR("email")) && !auth_is_email(a, identity))
        return false;
    *err = find_by(a, conn, col, name, identity, ret);
    return !*err && *ret;
}

/* The e-mail goes first. */
static struct err *find_any(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                            struct str identity, struct rec **ret)
{
    const struct str_list *names = &col->auth->identity_fields;
    struct err *err = NULL;

    if (is_identity_field(col, STR("email")) &&
        try_field(a, conn, col, STR("email"), identity, ret, &err))
        return NULL;
    for (size_t i = 0; i < names->n; i++)
        if (!str_eq(names->items[i], STR("email")) &&
            try_field(a, conn, col, names->items[i], identity, ret, &err))
            return NULL;
    return err;
}

/* The hash of any record of the collection. */
static struct err *find_dummy(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                              struct str *ret)
{
    const char *template = arena_printf(a, "SELECT [%.*s] FROM [%.*s] LIMIT 1",
                                        STR_ARG(col->auth->password->name), STR_ARG(col->name))
                               .p;
    struct db_row *row = NULL;
    struct err *err;

    *ret = DUMMY_HASH;
    err = db_query_row(a, conn, auth_sql(a, conn, template), NULL, 0, &row);
    if (!err && row && row->cells[0].type == DB_TEXT && row->cells[0].s.n > 0)
        *ret = row->cells[0].s;
    return err;
}

struct err *auth_password_find(struct arena *a, struct db_conn *conn, const struct auth_call *call,
                               struct auth_login **ret)
{
    struct auth_login *login = ARENA_NEW(a, struct auth_login);
    const struct schema_col *col = call->col;
    struct login_form form;
    struct rec *rec = NULL;
    struct err *err;

    call->actor->request.context = STR("password");
    err = read_form(a, call, &form);
    if (err)
        return err;
    if (form.field.n > 0)
        err = find_by(a, conn, col, form.field, form.identity, &rec);
    else
        err = find_any(a, conn, col, form.identity, &rec);
    *login = (struct auth_login){
        .call = call, .method = STR("password"), .rec = rec, .password = form.password};
    if (!err && rec)
        login->hash = auth_cell(rec, col->auth->password);
    if (!err && login->hash.n == 0) {
        login->rec = NULL;
        err = find_dummy(a, conn, col, &login->hash);
    }
    *ret = login;
    return err;
}

struct err *auth_password_compare(struct arena *a, const struct auth_login *login)
{
    bool matches = bcrypt_check(login->password, login->hash);

    if (matches && login->rec)
        return NULL;
    return err_new(a, E_BAD_REQUEST, AUTH_MESSAGE_FAILED, "unknown identity or wrong password");
}
