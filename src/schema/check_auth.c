/*
 * The options of auth collections (collections.md 8): structure first, then what depends on it.
 */
#include "base/format.h"
#include "schema/check.h"

#include <inttypes.h>

static struct json *option(struct check *check, const char *path)
{
    struct json *options = (struct json *)(uintptr_t)&check->in->def->options;

    return schema_option(options, path);
}

static void refuse_auth(struct check *check, const char *path, enum err_code_id code)
{
    err_add_item(check->a, &check->refused, str_of(path), code, STR_NONE);
}

static void required(struct check *check, const char *path, const char *key)
{
    const struct json *object = option(check, path);

    check_required(check, path_join(check->a, str_of(path), key), def_text(object, key));
}

/* Required, and within. */
static void number_in(struct check *check, const char *path, const char *key, double min,
                      double max)
{
    struct str at = path_join(check->a, str_of(path), key);
    double number = def_number(option(check, path), key);

    if (number == 0)
        err_add_item(check->a, &check->refused, at, CODE_REQUIRED, STR_NONE);
    else if (check_min(check, at, number, min) && max > 0)
        check_max(check, at, number, max);
}

static bool is_enabled(struct check *check, const char *path)
{
    return def_truth(option(check, path), "enabled");
}

static struct schema_rule rule_of(const struct json *value)
{
    struct schema_rule rule = {.set = value->type == JSON_TEXT};

    if (rule.set)
        rule.text = value->text;
    return rule;
}

/* --- structure -------------------------------------------------------------------------------- */

static void check_secrets(struct check *check)
{
    static const char *const tokens[] = {"authToken", "passwordResetToken", "emailChangeToken",
                                         "verificationToken", "fileToken"};

    for (size_t i = 0; i < COUNT_OF(tokens); i++) {
        struct str at = path_join(check->a, str_of(tokens[i]), "secret");
        struct str secret = def_text(option(check, tokens[i]), "secret");

        check_required(check, at, secret);
        check_length(check, at, secret, 30, 255);
        number_in(check, tokens[i], "duration", 10, 94670856);
    }
}

static void check_templates(struct check *check)
{
    static const char *const templates[] = {"authAlert.emailTemplate", "otp.emailTemplate",
                                            "verificationTemplate", "resetPasswordTemplate",
                                            "confirmEmailChangeTemplate"};

    for (size_t i = 0; i < COUNT_OF(templates); i++) {
        required(check, templates[i], "subject");
        required(check, templates[i], "body");
    }
}

static bool is_registered(const struct json *providers, uint32_t i)
{
    for (uint32_t j = 0; j < i; j++)
        if (str_eq(def_text(&providers->items[j], "name"), def_text(&providers->items[i], "name")))
            return true;
    return false;
}

static void check_provider(struct check *check, const struct json *providers, uint32_t i)
{
    static const char *const urls[] = {"authURL", "tokenURL", "userInfoURL"};
    const struct json *provider = &providers->items[i];
    struct str at = arena_printf(check->a, "oauth2.providers.%" PRIu32, i);
    struct str name = def_text(provider, "name");

    check_required(check, path_join(check->a, at, "name"), name);
    if (name.n > 0 && !oauth_provider_find(name))
        check_refuse(
            check, path_join(check->a, at, "name"), "validation_missing_provider",
            arena_printf(check->a, "Invalid or missing provider with name %.*s.", STR_ARG(name)),
            err_params_text(check->a, "name", name));
    check_required(check, path_join(check->a, at, "clientId"), def_text(provider, "clientId"));
    check_required(check, path_join(check->a, at, "clientSecret"),
                   def_text(provider, "clientSecret"));
    for (size_t u = 0; u < COUNT_OF(urls); u++) {
        struct str url = def_text(provider, urls[u]);
        struct str host;

        if (url.n > 0 && !url_valid(url, &host))
            check_refuse(check, path_join(check->a, at, urls[u]), "validation_is_url",
                         STR("Must be a valid URL."), STR_NONE);
    }
}

static void check_oauth2(struct check *check)
{
    const struct json *providers = option(check, "oauth2.providers");

    for (uint32_t i = 0; is_enabled(check, "oauth2") && i < providers->n; i++) {
        struct str name = def_text(&providers->items[i], "name");

        if (name.n > 0 && is_registered(providers, i)) {
            check_refuse(
                check, arena_printf(check->a, "oauth2.providers.%" PRIu32 ".name", i),
                "validation_duplicated_provider",
                arena_printf(check->a, "The provider %.*s is already registered.", STR_ARG(name)),
                err_params_text(check->a, "name", name));
            return;
        }
        check_provider(check, providers, i);
    }
}

static void check_structure(struct check *check)
{
    const struct schema_auth *was = check->in->old ? check->in->old->auth : NULL;
    struct schema_rule auth_rule = rule_of(option(check, "authRule"));
    struct schema_rule manage_rule = rule_of(option(check, "manageRule"));

    check_rule(check, STR("authRule"), &auth_rule, was ? &was->auth_rule : NULL);
    if (manage_rule.set && manage_rule.text.n == 0)
        refuse_auth(check, "manageRule", CODE_NIL_OR_NOT_EMPTY);
    else
        check_rule(check, STR("manageRule"), &manage_rule, was ? &was->manage_rule : NULL);
    check_templates(check);
    if (is_enabled(check, "passwordAuth") && option(check, "passwordAuth.identityFields")->n == 0)
        refuse_auth(check, "passwordAuth.identityFields", CODE_REQUIRED);
    check_oauth2(check);
    if (is_enabled(check, "mfa"))
        number_in(check, "mfa", "duration", 10, 86400);
    if (is_enabled(check, "otp")) {
        number_in(check, "otp", "duration", 10, 86400);
        number_in(check, "otp", "length", 4, 0);
    }
    check_secrets(check);
}

/* --- what depends on it ----------------------------------------------------------------------- */

static void check_mfa(struct check *check)
{
    const struct schema_auth *was = check->in->old ? check->in->old->auth : NULL;
    struct schema_rule rule = {true, def_text(option(check, "mfa"), "rule")};
    struct schema_rule before = {true, was ? was->mfa_rule : STR("")};
    int n =
        is_enabled(check, "passwordAuth") + is_enabled(check, "oauth2") + is_enabled(check, "otp");

    if (is_enabled(check, "mfa") && n < 2)
        check_refuse(check, STR("mfa.enabled"), "validation_mfa_not_enough_auths",
                     STR("MFA requires at least 2 auth methods to be enabled."), STR_NONE);
    else if (is_enabled(check, "mfa")) /* else it may be anything, as upstream */
        check_rule(check, STR("mfa.rule"), &rule, was ? &before : NULL);
}

static void check_identities(struct check *check)
{
    const struct json *list = option(check, "passwordAuth.identityFields");
    const struct schema_col *col = check->in->col;

    for (uint32_t i = 0; is_enabled(check, "passwordAuth") && i < list->n; i++) {
        struct str name = list->items[i].text;
        bool there = schema_field(col, name);

        if (there && schema_is_unique(col, name, NULL))
            continue;
        check_refuse(
            check, STR("passwordAuth.identityFields"),
            there ? "validation_missing_unique_constraint" : "validation_missing_field",
            there ? arena_printf(check->a, "The field %.*s doesn't have a UNIQUE constraint.",
                                 STR_ARG(name))
                  : arena_printf(check->a, "Invalid or missing field %.*s.", STR_ARG(name)),
            err_params_text(check->a, "fieldName", name));
        return;
    }
}

void check_auth_options(struct check *check)
{
    struct err *others = check->refused;

    check->refused = NULL;
    check_structure(check);
    if (!check->refused)
        check_mfa(check);
    if (!check->refused)
        check_identities(check);
    if (others && check->refused) {
        struct err_item *last = others->items;

        while (last->next)
            last = last->next;
        last->next = check->refused->items;
    }
    if (others)
        check->refused = others;
}
