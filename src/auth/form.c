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

/* Errors that already are complete answers: too large, unsupported type. */
static bool is_answer(const struct err *err)
{
    return err->kind != E_BAD_REQUEST || !str_eq(str_of(err->message), STR(ERR_WENT_WRONG));
}

struct err *auth_decode(struct arena *a, const struct auth_call *call,
                        const struct form_field *fields, size_t n, bool keep, void *target,
                        const char *message)
{
    const struct form_input plain = {.body = call->body};

    if (call->body_err && keep && is_answer(call->body_err))
        return err_copy(a, call->body_err);
    if (call->body_err)
        return err_new(a, E_BAD_REQUEST, message, "%.*s", STR_ARG(call->body_err->cause));
    if (!form_decode(a, fields, n, call->form ? call->form : &plain, target))
        return err_new(a, E_BAD_REQUEST, message, "a member of the wrong type, or named twice");
    return NULL;
}

void auth_check_length(struct arena *a, struct err **err, const char *name, struct str text,
                       size_t min, size_t max)
{
    if (text.n == 0 || (text.n >= min && text.n <= max))
        return;
    err_add_item(a, err, str_of(name), CODE_LENGTH_RANGE,
                 arena_printf(a, "{\"max\":%zu,\"min\":%zu}", max, min));
}

struct err *auth_validation(struct err *err)
{
    if (err)
        err->message = AUTH_MESSAGE_VALIDATING;
    return err;
}

/* What an e-mail field accepts. */
bool auth_is_email(struct arena *a, struct str text)
{
    const struct field_type *type = field_type_find(STR("email"));
    const struct schema_field field = {.name = STR("email"), .type = type};
    const struct value value = auth_value_of_text(text);
    struct err *err = NULL;

    if (text.n == 0)
        return false;
    type->check(a, &field, &value, &err);
    return err == NULL;
}

struct value auth_value_of_text(struct str text)
{
    return (struct value){.type = VALUE_TEXT, .text = text};
}
