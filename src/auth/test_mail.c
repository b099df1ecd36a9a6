/*
 * POST /api/settings/test/email (services.md 6.2): a mail about a record that does not exist, whose
 * texts are named after their fields.
 */
#include "auth/mails.h"

static const struct {
    const char *name;
    enum schema_mail_kind kind;
} names[] = {
    {"verification", SCHEMA_MAIL_VERIFICATION}, {"password-reset", SCHEMA_MAIL_PASSWORD_RESET},
    {"email-change", SCHEMA_MAIL_EMAIL_CHANGE}, {"otp", SCHEMA_MAIL_OTP},
    {"login-alert", SCHEMA_MAIL_ALERT},
};

static bool find_kind(struct str name, enum schema_mail_kind *ret)
{
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        *ret = names[i].kind;
        if (str_eq(name, str_of(names[i].name)))
            return true;
    }
    return false;
}

static struct db_value test_cell(struct arena *a, const struct schema_field *field,
                                 const struct schema_auth *auth, struct str address)
{
    if (field == auth->email)
        return DB_V_TEXT(address);
    if (field == auth->token_key)
        return DB_V_TEXT(STR("__pb_test__"));
    if (field->hidden || field->type->value != VALUE_TEXT)
        return DB_V_NULL;
    return DB_V_TEXT(arena_printf(a, "__pb_test_%.*s__", STR_ARG(field->name)));
}

static const struct rec *test_rec(struct arena *a, const struct schema_col *col, struct str address)
{
    struct db_value *cells = ARENA_ARRAY(a, struct db_value, col->n_fields);
    struct rec *rec = ARENA_NEW(a, struct rec);

    for (size_t i = 0; i < col->n_fields; i++)
        cells[i] = test_cell(a, &col->fields[i], col->auth, address);
    *rec = (struct rec){.col = col, .cells = cells};
    return rec;
}

bool auth_test_mail_is(struct str name)
{
    enum schema_mail_kind kind;

    return find_kind(name, &kind);
}

struct err *auth_test_mail(struct arena *a, const struct rec_scope *scope,
                           const struct settings *settings, const struct schema_col *col,
                           struct str name, struct str address, const struct mail_message **ret)
{
    static const enum schema_token_kind tokens[SCHEMA_MAIL_KINDS] = {
        [SCHEMA_MAIL_VERIFICATION] = TOKEN_VERIFICATION,
        [SCHEMA_MAIL_PASSWORD_RESET] = TOKEN_PASSWORD_RESET,
    };
    struct auth_mail mail = {.rec = test_rec(a, col, address), .to = address};

    if (!find_kind(name, &mail.kind))
        return err_new(a, E_BAD_REQUEST, NULL, "no mail has that name");
    if (mail.kind == SCHEMA_MAIL_EMAIL_CHANGE)
        mail.token = auth_token_email_change(a, mail.rec, address, scope->now_ms);
    else if (tokens[mail.kind])
        mail.token = auth_token_new(a, mail.rec, tokens[mail.kind], false, 0, scope->now_ms);
    if (mail.kind == SCHEMA_MAIL_OTP) {
        mail.otp = STR("123456");
        mail.otp_id = STR("_PB_TEST_OTP_ID_");
    }
    if (mail.kind == SCHEMA_MAIL_ALERT)
        mail.alert_info = auth_alert_info(a, scope->now_ms, STR("TEST_IP"), STR("TEST_USER_AGENT"));
    return auth_mail_write(a, settings, &mail, ret);
}
