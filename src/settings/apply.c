/*
 * JSON into struct settings, by the table.
 */
#include "base/num.h"
#include "settings/internal.h"

#include <string.h>

static bool read_int(const struct json *in, int64_t *ret)
{
    return in->type == JSON_NUMBER && num_parse_i64(in->text, ret);
}

static bool read_texts(struct arena *a, const struct json *in, struct form_texts *ret)
{
    struct form_texts texts = {0};

    if (in->type != JSON_LIST)
        return false;
    texts.items = ARENA_ARRAY(a, struct str, in->n);
    for (size_t i = 0; i < in->n; i++) {
        if (in->items[i].type != JSON_TEXT)
            return false;
        texts.items[texts.n++] = arena_dup(a, in->items[i].text);
    }
    *ret = texts;
    return true;
}

/* A missing member is a zero value. */
static bool read_rule(struct arena *a, const struct json *in, struct settings_rate_rule *rule)
{
    const struct json *label = json_get(in, STR("label"));
    const struct json *audience = json_get(in, STR("audience"));
    const struct json *duration = json_get(in, STR("duration"));
    const struct json *max = json_get(in, STR("maxRequests"));

    if (in->type != JSON_OBJECT || (label && label->type != JSON_TEXT) ||
        (audience && audience->type != JSON_TEXT))
        return false;
    if (label)
        rule->label = arena_dup(a, label->text);
    if (audience)
        rule->audience = arena_dup(a, audience->text);
    return (!duration || read_int(duration, &rule->duration_s)) &&
           (!max || read_int(max, &rule->max_requests));
}

static bool read_rules(struct arena *a, const struct json *in, struct settings *settings)
{
    struct settings_rate_rule *rules;

    if (in->type != JSON_LIST)
        return false;
    rules = ARENA_ARRAY(a, struct settings_rate_rule, in->n);
    for (size_t i = 0; i < in->n; i++) {
        if (!read_rule(a, &in->items[i], &rules[i]))
            return false;
    }
    settings->rate_limits.rules = rules;
    settings->rate_limits.n_rules = in->n;
    return true;
}

static bool apply_one(struct arena *a, const struct setting *setting, const struct json *in,
                      struct settings *settings)
{
    void *to = (char *)settings + setting->at;

    switch (setting->type) {
    case SETTING_BOOL:
        if (in->type == JSON_BOOL)
            *(bool *)to = in->truth;
        return in->type == JSON_BOOL;
    case SETTING_INT:
        return read_int(in, to);
    case SETTING_TEXT:
    case SETTING_RULE:
        if (in->type == JSON_TEXT)
            *(struct str *)to = arena_dup(a, in->text);
        return in->type == JSON_TEXT;
    case SETTING_TEXTS:
        return read_texts(a, in, to);
    case SETTING_RULES:
        return read_rules(a, in, settings);
    }
    BUG("not a setting type");
}

/* The value at a dotted name, or NULL. */
static const struct json *find_value(const struct json *object, struct str name)
{
    while (name.p && object)
        object = json_get(object, str_split(&name, '.'));
    return object;
}

struct err *settings_apply(struct arena *a, const struct setting_table *table,
                           const struct json *object, struct settings *settings)
{
    for (size_t i = 0; i < table->n; i++) {
        const struct setting *setting = &table->rows[i];
        const struct json *in = find_value(object, str_of(setting->name));

        if (!in || in->type == JSON_NULL)
            continue;
        if (!apply_one(a, setting, in, settings))
            return err_new(a, E_INTERNAL, NULL, "settings: %s has the wrong type", setting->name);
    }
    return NULL;
}
