/*
 * What rules of rate limits may say (services.md 11).
 */
#include "base/limits.h"
#include "settings/internal.h"

static size_t count_words(struct str text)
{
    size_t n = 0;

    while (n < text.n && (text.p[n] == '_' || (text.p[n] >= '0' && text.p[n] <= '9') ||
                          ((text.p[n] | 0x20) >= 'a' && (text.p[n] | 0x20) <= 'z')))
        n++;
    return n;
}

static bool is_path(struct str text)
{
    bool is = text.n > 0 && text.p[0] == '/';

    for (size_t i = 1; i < text.n; i++)
        is = is && (text.p[i] == '/' || text.p[i] == '-' || count_words(str_sub(text, i, 1)) == 1);
    return is;
}

/* "/path", "METHOD /path", "collection:tag", "*:tag" or "tag". */
static bool is_label(struct str text)
{
    size_t word = count_words(text);
    struct str rest = str_from(text, word);

    if (word == 0 && str_starts(text, STR("*:")))
        rest = str_from(text, 1);
    else if (word == 0)
        return is_path(text);
    if (rest.n == 0)
        return true;
    if (rest.p[0] == ' ')
        return is_path(str_from(rest, 1));
    return rest.p[0] == ':' && rest.n > 1 && count_words(str_from(rest, 1)) == rest.n - 1;
}

static void check_rule(const struct settings_checking *check, size_t i)
{
    const struct settings_rate_rule *rule = &check->settings->rate_limits.rules[i];
    struct str path = arena_printf(check->a, "rateLimits.rules.%zu.", i);
    struct str label = arena_concat(check->a, path, STR("label"), STR_NONE);

    if (rule->label.n == 0)
        settings_refuse(check, label, CODE_REQUIRED, STR_NONE);
    else if (!is_label(rule->label))
        settings_refuse(check, label, CODE_MATCH, STR_NONE);
    if (rule->audience.n > 0 && !str_eq(rule->audience, STR("@guest")) &&
        !str_eq(rule->audience, STR("@auth")))
        settings_refuse(check, arena_concat(check->a, path, STR("audience"), STR_NONE), CODE_IN,
                        STR_NONE);
    settings_check_number(check, arena_concat(check->a, path, STR("duration"), STR_NONE),
                          rule->duration_s, true, 1, INT64_MAX);
    settings_check_number(check, arena_concat(check->a, path, STR("maxRequests"), STR_NONE),
                          rule->max_requests, true, 1, INT64_MAX);
}

static struct str rule_key(const struct settings_checking *check, size_t i)
{
    const struct settings_rate_rule *rule = &check->settings->rate_limits.rules[i];

    return arena_concat(check->a, rule->label, STR("@@"), rule->audience);
}

/* Whether a rule says who is meant by one before it, too: the first that does is refused. */
static bool has_conflict(const struct settings_checking *check)
{
    size_t n = check->settings->rate_limits.n_rules;
    struct str *keys = ARENA_ARRAY(check->a, struct str, n);

    for (size_t i = 0; i < n; i++) {
        keys[i] = rule_key(check, i);
        for (size_t j = 0; j < i; j++) {
            struct str label = check->settings->rate_limits.rules[i].label;

            if (!str_starts(keys[i], keys[j]) && !str_starts(keys[j], keys[i]))
                continue;
            err_add_raw_item(
                check->a, check->refused, arena_printf(check->a, "rateLimits.rules.%zu.label", i),
                STR("validation_conflicting_rate_limit_rule"),
                arena_printf(check->a,
                             "Rate limit rule configuration with label %.*s already exists or "
                             "conflicts with another rule.",
                             STR_ARG(label)),
                err_params_text(check->a, "label", label));
            return true;
        }
    }
    return false;
}

void settings_check_rules(const struct settings_checking *check)
{
    size_t n = check->settings->rate_limits.n_rules;

    if (n == 0 && check->settings->rate_limits.enabled)
        settings_refuse(check, STR("rateLimits.rules"), CODE_REQUIRED, STR_NONE);
    if (n > LIMIT_RATE_RULES)
        settings_refuse(check, STR("rateLimits.rules"), CODE_LENGTH_TOO_LONG,
                        arena_printf(check->a, "{\"max\":%d,\"min\":0}", LIMIT_RATE_RULES));
    if (n > LIMIT_RATE_RULES || has_conflict(check))
        return;
    for (size_t i = 0; i < n; i++)
        check_rule(check, i);
}
