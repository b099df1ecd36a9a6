/*
 * What a client submits over the settings as they are, by the table.
 */
#include "settings/internal.h"

static const enum form_type form_types[] = {
    [SETTING_BOOL] = FORM_BOOL,   [SETTING_INT] = FORM_INT,   [SETTING_TEXT] = FORM_TEXT,
    [SETTING_TEXTS] = FORM_TEXTS, [SETTING_RULE] = FORM_TEXT, [SETTING_RULES] = FORM_JSON,
};

struct merge {
    struct settings settings;
    const struct json *rules; /* NULL: none any more; or `same_rules` */
};

static const struct json same_rules;

/* Members that are missing are zero, as is null for a whole rule. */
static bool read_rule(struct arena *a, const struct json *in, struct settings_rate_rule *rule)
{
    static const struct form_field fields[] = {
        {"label", FORM_TEXT, offsetof(struct settings_rate_rule, label)},
        {"audience", FORM_TEXT, offsetof(struct settings_rate_rule, audience)},
        {"duration", FORM_INT, offsetof(struct settings_rate_rule, duration_s)},
        {"maxRequests", FORM_INT, offsetof(struct settings_rate_rule, max_requests)},
    };
    const struct form_input form = {.body = in};

    return form_decode(a, fields, COUNT_OF(fields), &form, rule);
}

static bool read_rules(struct arena *a, const struct json *in, struct settings *settings)
{
    size_t n = in ? in->n : 0;

    if (in && in->type != JSON_LIST)
        return false;
    settings->rate_limits.rules = ARENA_ARRAY(a, struct settings_rate_rule, n);
    settings->rate_limits.n_rules = n;
    for (size_t i = 0; i < n; i++)
        if (!read_rule(a, &in->items[i], &settings->rate_limits.rules[i]))
            return false;
    return true;
}

bool settings_merge(struct arena *a, const struct setting_table *table,
                    const struct form_input *form, struct settings *settings)
{
    struct form_field *fields = ARENA_ARRAY(a, struct form_field, table->n);
    struct merge merge = {.settings = *settings, .rules = &same_rules};

    for (size_t i = 0; i < table->n; i++) {
        const struct setting *row = &table->rows[i];

        fields[i] = (struct form_field){row->name, form_types[row->type],
                                        row->type == SETTING_RULES
                                            ? offsetof(struct merge, rules)
                                            : offsetof(struct merge, settings) + row->at};
    }
    if (!form_merge(a, fields, table->n, form, &merge) ||
        (merge.rules != &same_rules && !read_rules(a, merge.rules, &merge.settings)))
        return false;
    *settings = merge.settings;
    return true;
}
