/*
 * The stored `options` of a collection: a view's query, an auth collection's settings
 * (collections.md 8). Missing keys are zero values.
 */
#include "base/limits.h"
#include "base/num.h"
#include "schema/internal.h"

static struct str text_of(struct arena *a, const struct json *object, const char *key)
{
    const struct json *in = json_get(object, str_of(key));

    return in && in->type == JSON_TEXT ? arena_dup(a, in->text) : STR_NONE;
}

static bool truth_of(const struct json *object, const char *key)
{
    const struct json *in = json_get(object, str_of(key));

    return in && in->type == JSON_BOOL && in->truth;
}

static int64_t int_of(const struct json *object, const char *key)
{
    const struct json *in = json_get(object, str_of(key));
    int64_t number;

    return in && in->type == JSON_NUMBER && num_parse_i64(in->text, &number) ? number : 0;
}

static struct schema_rule rule_of(struct arena *a, const struct json *object, const char *key)
{
    const struct json *in = json_get(object, str_of(key));

    if (!in || in->type != JSON_TEXT)
        return (struct schema_rule){0};
    return (struct schema_rule){true, arena_dup(a, in->text)};
}

static struct str_list texts_of(struct arena *a, const struct json *object, const char *key)
{
    const struct json *in = json_get(object, str_of(key));
    struct str_list list = {0};

    if (!in || in->type != JSON_LIST)
        return list;
    list.items = ARENA_ARRAY(a, struct str, in->n);
    for (size_t i = 0; i < in->n; i++) {
        if (in->items[i].type == JSON_TEXT)
            list.items[list.n++] = arena_dup(a, in->items[i].text);
    }
    return list;
}

static void read_tokens(struct arena *a, const struct json *options, struct schema_auth *auth)
{
    static const char *const keys[TOKEN_KINDS] = {
        [TOKEN_AUTH] = "authToken",
        [TOKEN_FILE] = "fileToken",
        [TOKEN_VERIFICATION] = "verificationToken",
        [TOKEN_PASSWORD_RESET] = "passwordResetToken",
        [TOKEN_EMAIL_CHANGE] = "emailChangeToken",
    };

    for (size_t i = 0; i < TOKEN_KINDS; i++) {
        const struct json *token = json_get(options, str_of(keys[i]));

        auth->tokens[i].secret = text_of(a, token, "secret");
        auth->tokens[i].duration_s = int_of(token, "duration");
    }
}

static struct schema_mail mail_of(struct arena *a, const struct json *object, const char *key)
{
    const struct json *in = json_get(object, str_of(key));

    return (struct schema_mail){text_of(a, in, "subject"), text_of(a, in, "body")};
}

static void read_mails(struct arena *a, const struct json *options, struct schema_auth *auth)
{
    const struct json *otp = json_get(options, STR("otp"));
    const struct json *alert = json_get(options, STR("authAlert"));

    auth->otp_enabled = truth_of(otp, "enabled");
    auth->otp_duration_s = int_of(otp, "duration");
    auth->otp_length = int_of(otp, "length");
    auth->alerts_enabled = truth_of(alert, "enabled");
    auth->mails[SCHEMA_MAIL_OTP] = mail_of(a, otp, "emailTemplate");
    auth->mails[SCHEMA_MAIL_ALERT] = mail_of(a, alert, "emailTemplate");
    auth->mails[SCHEMA_MAIL_VERIFICATION] = mail_of(a, options, "verificationTemplate");
    auth->mails[SCHEMA_MAIL_PASSWORD_RESET] = mail_of(a, options, "resetPasswordTemplate");
    auth->mails[SCHEMA_MAIL_EMAIL_CHANGE] = mail_of(a, options, "confirmEmailChangeTemplate");
}

/* Not what it was read from, but the same. */
static const struct json *copy_of(struct arena *a, const struct json *object)
{
    const struct json *copy = NULL;
    AUTO_BUF struct buf text;

    buf_init(&text, LIMIT_RESPONSE_BYTES);
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    json_write(&text, object, false);
    return json_read(a, arena_dup(a, buf_str(&text)), &json_limits_stored, &copy, NULL) ? copy
                                                                                        : NULL;
}

static struct oauth_conf provider_of(struct arena *a, const struct json *in)
{
    const struct json *pkce = json_get(in, STR("pkce"));

    return (struct oauth_conf){
        .name = text_of(a, in, "name"),
        .client_id = text_of(a, in, "clientId"),
        .client_secret = text_of(a, in, "clientSecret"),
        .auth_url = text_of(a, in, "authURL"),
        .token_url = text_of(a, in, "tokenURL"),
        .userinfo_url = text_of(a, in, "userInfoURL"),
        .display_name = text_of(a, in, "displayName"),
        .pkce = pkce && pkce->type == JSON_BOOL ? pkce->truth : -1,
        .extra = copy_of(a, json_get(in, STR("extra"))),
    };
}

static void read_oauth2(struct arena *a, const struct json *in, struct schema_oauth2 *ret)
{
    const struct json *mapped = json_get(in, STR("mappedFields"));
    const struct json *providers = json_get(in, STR("providers"));

    ret->enabled = truth_of(in, "enabled");
    ret->id_field = text_of(a, mapped, "id");
    ret->name_field = text_of(a, mapped, "name");
    ret->username_field = text_of(a, mapped, "username");
    ret->avatar_field = text_of(a, mapped, "avatarURL");
    if (!providers || providers->type != JSON_LIST)
        return;
    ret->providers = ARENA_ARRAY(a, struct oauth_conf, providers->n);
    for (size_t i = 0; i < providers->n; i++)
        ret->providers[ret->n_providers++] = provider_of(a, &providers->items[i]);
}

static struct err *find_auth_fields(struct arena *a, const struct schema_col *col)
{
    const struct {
        const char *name;
        const struct schema_field **to;
    } fields[] = {{"password", &col->auth->password},
                  {"tokenKey", &col->auth->token_key},
                  {"email", &col->auth->email},
                  {"emailVisibility", &col->auth->email_visibility},
                  {"verified", &col->auth->verified}};

    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        *fields[i].to = schema_field(col, str_of(fields[i].name));
        if (!*fields[i].to)
            return err_new(a, E_INTERNAL, NULL, "collection %.*s: there is no field %s",
                           STR_ARG(col->name), fields[i].name);
    }
    return NULL;
}

static struct err *read_auth(struct arena *a, const struct json *options, struct schema_col *col)
{
    const struct json *password = json_get(options, STR("passwordAuth"));
    const struct json *mfa = json_get(options, STR("mfa"));
    struct schema_auth *auth = ARENA_NEW(a, struct schema_auth);

    auth->auth_rule = rule_of(a, options, "authRule");
    auth->manage_rule = rule_of(a, options, "manageRule");
    read_tokens(a, options, auth);
    auth->password_enabled = truth_of(password, "enabled");
    auth->identity_fields = texts_of(a, password, "identityFields");
    auth->mfa_enabled = truth_of(mfa, "enabled");
    auth->mfa_duration_s = int_of(mfa, "duration");
    auth->mfa_rule = text_of(a, mfa, "rule");
    read_mails(a, options, auth);
    read_oauth2(a, json_get(options, STR("oauth2")), &auth->oauth2);
    col->auth = auth;
    return find_auth_fields(a, col);
}

struct err *schema_read_options(struct arena *a, struct arena *scratch, struct schema_col *col)
{
    const struct json *options;

    if (col->type == SCHEMA_BASE)
        return NULL;
    if (!json_read(scratch, col->options_json, &json_limits_stored, &options, NULL) ||
        options->type != JSON_OBJECT)
        return err_new(a, E_INTERNAL, NULL, "collection %.*s: options are no JSON object",
                       STR_ARG(col->name));
    if (col->type == SCHEMA_AUTH)
        return read_auth(a, options, col);
    col->view_query = text_of(a, options, "viewQuery");
    return NULL;
}
