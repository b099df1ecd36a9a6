/*
 * POST …/auth-with-password (auth.md 5.2).
 *
 * The time an answer takes must not tell whether an address is known: where nobody is found, a hash
 * is compared all the same.
 */
#include "auth/internal.h"

#include "base/crypto.h"

struct login_form {
    struct str identity, password, field;
};

static struct err *check_form(struct arena *a, const struct schema_col *col,
                              const struct login_form *form)
{
    struct err *err = NULL;

    auth_check_length(a, STR("identity"), form->identity, true, AUTH_TEXT_MAX, &err);
    auth_check_length(a, STR("identityField"), form->field, false, AUTH_TEXT_MAX, &err);
    auth_check_length(a, STR("password"), form->password, true, AUTH_TEXT_MAX, &err);
    if (form->field.n > 0 && form->field.n <= AUTH_TEXT_MAX &&
        !auth_identifies_by(col->auth, form->field))
        err_add_item(a, &err, STR("identityField"), CODE_IN, STR_NONE);
    if (err)
        err->message = AUTH_MESSAGE_VALIDATING;
    return err;
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
    return err ? err : check_form(a, call->col, ret);
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

/* By one field after the other until a record is found, the e-mail first; the error is the last
 * one's. */
static struct err *find_any(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                            struct str identity, struct rec **ret)
{
    const struct str_list *names = &col->auth->identity_fields;
    const struct str email = STR("email");
    struct err *err = NULL;

    if (auth_identifies_by(col->auth, email) && auth_is_email(a, identity)) {
        err = find_by(a, conn, col, email, identity, ret);
        if (!err && *ret)
            return NULL;
    }
    for (size_t i = 0; i < names->n; i++) {
        if (str_eq(names->items[i], email))
            continue;
        err = find_by(a, conn, col, names->items[i], identity, ret);
        if (!err && *ret)
            return NULL;
    }
    return err;
}

/* Whose attempts are counted: the name as it was sent, be it somebody's or not. Counted by the
 * record, names of one would be slowed together, those of nobody would not, and who tries two in
 * turn would learn of the record. An index may ignore the case of ASCII letters. */
static struct str counted_name(struct arena *a, struct str identity)
{
    char *p = arena_alloc(a, identity.n + 1);

    for (size_t i = 0; i < identity.n; i++) {
        const char c = identity.p[i];

        p[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    return (struct str){p, identity.n};
}

struct err *auth_password_find(struct arena *a, struct db_conn *conn, const struct auth_call *call,
                               struct auth_login **ret)
{
    struct auth_login *login = ARENA_NEW(a, struct auth_login);
    const struct schema_col *col = call->col;
    struct login_form form;
    struct rec *rec = NULL;
    struct err *err;

    call->caller->actor.request.context = STR("password");
    err = read_form(a, call, &form);
    if (err)
        return err;
    if (form.field.n > 0)
        err = find_by(a, conn, col, form.field, form.identity, &rec);
    else
        err = find_any(a, conn, col, form.identity, &rec);
    *login = (struct auth_login){.call = call,
                                 .method = STR("password"),
                                 .rec = rec,
                                 .id = rec ? rec_id(rec) : STR(""),
                                 .identity = counted_name(a, form.identity),
                                 .password = form.password};
    if (!err && rec)
        login->hash = auth_cell(rec, col->auth->password);
    if (!err && login->hash.n == 0) {
        login->rec = NULL;
        login->hash = auth_dummy_hash(a, col->auth->password);
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
