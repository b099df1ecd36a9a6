/*
 * What checks of several field types share.
 */
#include "schema/internal.h"

#include <inttypes.h>

#define PARAMS_MAX (SIZE_MAX / 4)

void check_fail(struct arena *a, const struct schema_field *field, enum err_code_id code,
                struct str params, struct err **err)
{
    err_add_item(a, err, field->name, code, params);
}

struct str params_int(struct arena *a, const char *name, int64_t number)
{
    return arena_printf(a, "{\"%s\":%" PRId64 "}", name, number);
}

static bool is_lower_alnum(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9'))
            return false;
    }
    return text.n > 0;
}

bool pattern_matches(struct str pattern, const struct regex *regex, const struct value *value,
                     struct str text)
{
    if (pattern.n == 0 || value->pattern == PATTERN_FITS)
        return true;
    if (value->pattern == PATTERN_FAILS)
        return false;
    if (str_eq(pattern, DEFAULT_ID_PATTERN)) /* of nearly every id */
        return is_lower_alnum(text);
    return regex && regex_match(regex, text);
}

int64_t field_most_chars(const struct schema_field *field)
{
    if (field->type->kind == FIELD_PASSWORD)
        return field->password.max > 0 ? field->password.max : DEFAULT_PASSWORD_MAX;
    return field->text.max > 0 ? field->text.max : DEFAULT_TEXT_MAX;
}

bool field_length_fits(const struct schema_field *field, struct str text)
{
    int64_t least = field->type->kind == FIELD_PASSWORD ? field->password.min : field->text.min;
    int64_t count = (int64_t)utf8_count(text);

    return count >= least && count <= field_most_chars(field);
}

static bool list_has(struct str_list list, struct str text)
{
    for (size_t i = 0; i < list.n; i++) {
        if (str_eq(list.items[i], text))
            return true;
    }
    return false;
}

bool domain_allowed(const struct schema_field *field, struct str domain)
{
    if (field->domains.only.n && !list_has(field->domains.only, domain))
        return false;
    return !list_has(field->domains.except, domain);
}

const struct regex *pattern_compile(struct pattern_cache *cache, struct str pattern)
{
    struct regex *regex;

    if (pattern.n == 0 || str_eq(pattern, DEFAULT_ID_PATTERN))
        return NULL;
    regex = map_find(&cache->compiled, pattern);
    if (!regex && regex_compile(cache->a, pattern, &regex, NULL))
        map_put(cache->a, &cache->compiled, pattern, regex);
    return regex;
}
