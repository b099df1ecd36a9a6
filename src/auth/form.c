/*
 * The first steps of every endpoint here: collection, body, validation, in the order of
 * auth.md 1.4.
 */
#include "auth/internal.h"

struct err *auth_check_collection(struct arena *a, const struct schema_col *col)
{
    if (!col)
        return err_new(a, E_NOT_FOUND, "Missing or invalid collection context.",
                       "no such collection");
    if (!col->auth)
        return err_new(a, E_NOT_FOUND, "Missing or invalid auth collection context.",
                       "%.*s is no auth collection", STR_ARG(col->name));
    return NULL;
}

struct err *auth_decode(struct arena *a, const struct auth_call *call,
                        const struct form_field *fields, size_t n, bool keep, void *target,
                        const char *message)
{
    const struct form_input plain = {.body = call->body};

    if (call->body_err && keep &&
        (call->body_err->kind != E_BAD_REQUEST ||
         !str_eq(str_of(call->body_err->message), STR(ERR_WENT_WRONG))))
        return err_copy(a, call->body_err); /* a whole answer: too large, unsupported type */
    if (call->body_err)
        return err_new(a, E_BAD_REQUEST, message, "%.*s", STR_ARG(call->body_err->cause));
    if (!form_decode(a, fields, n, call->form ? call->form : &plain, target))
        return err_new(a, E_BAD_REQUEST, message, "a member of the wrong type, or named twice");
    return NULL;
}

bool auth_identifies_by(const struct schema_auth *auth, struct str name)
{
    for (size_t i = 0; i < auth->identity_fields.n; i++)
        if (str_eq(auth->identity_fields.items[i], name))
            return true;
    return false;
}

/* What an e-mail field accepts. */
bool auth_is_email(struct arena *a, struct str text)
{
    const struct field_type *type = field_type_find(STR("email"));
    const struct schema_field field = {.name = STR("email"), .type = type};
    const struct value value = AUTH_TEXT(text);
    struct err *err = NULL;

    if (text.n == 0)
        return false;
    type->check(a, &field, &value, &err);
    return err == NULL;
}

void auth_check_length(struct arena *a, struct str name, struct str text, bool required, int max,
                       struct err **err)
{
    if (text.n == 0 && required)
        err_add_item(a, err, name, CODE_REQUIRED, STR_NONE);
    else if (text.n > (size_t)max)
        err_add_item(a, err, name, CODE_LENGTH_RANGE,
                     arena_printf(a, "{\"max\":%d,\"min\":1}", max));
}

void auth_check_email(struct arena *a, struct str name, struct str text, struct err **err)
{
    if (text.n > 0 && text.n <= AUTH_TEXT_MAX && !auth_is_email(a, text))
        err_add_item(a, err, name, CODE_EMAIL, STR_NONE);
    else
        auth_check_length(a, name, text, true, AUTH_TEXT_MAX, err);
}
