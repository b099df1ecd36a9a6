/*
 * Parts of what providers send, by their paths (internal.h). One that is missing, or null, is not
 * known; one of another kind than is expected makes the whole one that we do not understand.
 */
#include "oauth/internal.h"

#include "base/compiler.h"

static bool step(const struct json **at, struct str name)
{
    bool first = str_ends(name, STR("[0]"));

    if (first)
        name.n -= 3;
    if ((*at)->type != JSON_OBJECT)
        return false;
    *at = json_get(*at, name);
    if (!*at || (*at)->type == JSON_NULL) {
        *at = NULL;
        return true;
    }
    if (!first)
        return true;
    if ((*at)->type != JSON_LIST)
        return false;
    *at = (*at)->n && (*at)->items[0].type != JSON_NULL ? &(*at)->items[0] : NULL;
    return true;
}

static bool look(const struct json *from, struct str path, const struct json **ret)
{
    while (from && path.p)
        if (!step(&from, str_split(&path, '.')))
            return false;
    *ret = from;
    return true;
}

bool oauth_look(const struct json *from, const char *path, const struct json **ret)
{
    *ret = NULL;
    return !path || look(from, str_of(path), ret);
}

bool oauth_look_text_at(const struct json *from, struct str path, struct str *ret)
{
    const struct json *value;

    *ret = STR("");
    if (!look(from, path, &value))
        return false;
    if (!value)
        return true;
    if (value->type != JSON_TEXT)
        return false;
    if (value->text.n <= LIMIT_OAUTH_TEXT_BYTES)
        *ret = value->text;
    return true;
}

bool oauth_look_text(const struct json *from, const char *path, struct str *ret)
{
    *ret = STR("");
    return !path || oauth_look_text_at(from, str_of(path), ret);
}

bool oauth_is_true(const struct json *value)
{
    static const struct str truths[] = {STR_INIT("1"),    STR_INIT("t"),    STR_INIT("T"),
                                        STR_INIT("true"), STR_INIT("TRUE"), STR_INIT("True")};

    if (!value)
        return false;
    if (value->type == JSON_BOOL)
        return value->truth;
    if (value->type == JSON_NUMBER)
        return json_double(value) < 0 || json_double(value) > 0;
    for (size_t i = 0; value->type == JSON_TEXT && i < COUNT_OF(truths); i++)
        if (str_eq(value->text, truths[i]))
            return true;
    return false;
}
