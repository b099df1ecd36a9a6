/*
 * What checks of a definition are made of, whatever part of it they look at.
 */
#include "schema/check.h"

/* --- refusing --------------------------------------------------------------------------------- */

void check_refuse(struct check *check, struct str path, const char *code, struct str message,
                  struct str params)
{
    err_add_raw_item(check->a, &check->refused, path, str_of(code), message, params);
}

void check_required(struct check *check, struct str path, struct str text)
{
    if (text.n == 0)
        err_add_item(check->a, &check->refused, path, CODE_REQUIRED, STR_NONE);
}

bool check_length(struct check *check, struct str path, struct str text, size_t min, size_t max)
{
    if (text.n == 0 || (text.n >= min && text.n <= max))
        return true;
    if (min == 0)
        err_add_item(check->a, &check->refused, path, CODE_LENGTH_TOO_LONG,
                     arena_printf(check->a, "{\"max\":%zu,\"min\":0}", max));
    else
        err_add_item(check->a, &check->refused, path, CODE_LENGTH_RANGE,
                     arena_printf(check->a, "{\"max\":%zu,\"min\":%zu}", max, min));
    return false;
}

static struct str threshold(struct check *check, double number)
{
    return arena_printf(check->a, "{\"threshold\":%.0f}", number);
}

bool check_min(struct check *check, struct str path, double number, double min)
{
    if (number == 0 || number >= min)
        return true;
    err_add_item(check->a, &check->refused, path, CODE_MIN_THRESHOLD, threshold(check, min));
    return false;
}

bool check_max(struct check *check, struct str path, double number, double max)
{
    if (number == 0 || number <= max)
        return true;
    err_add_item(check->a, &check->refused, path, CODE_MAX_THRESHOLD, threshold(check, max));
    return false;
}

/* --- texts and members ------------------------------------------------------------------------ */

bool check_word(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c != '_' && !(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z'))
            return false;
    }
    return text.n > 0;
}

bool check_has_via(struct arena *a, struct str name)
{
    char *lower = arena_alloc(a, name.n);

    for (size_t i = 0; i < name.n; i++)
        lower[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + 32) : name.p[i];
    return str_has((struct str){lower, name.n}, STR("_via_"));
}

struct str path_join(struct arena *a, struct str path, const char *key)
{
    return arena_printf(a, "%.*s%s%s", STR_ARG(path), path.n ? "." : "", key);
}

struct str def_text(const struct json *object, const char *key)
{
    const struct json *member = json_get(object, str_of(key));

    return member && member->type == JSON_TEXT ? member->text : STR("");
}

bool def_truth(const struct json *object, const char *key)
{
    const struct json *member = json_get(object, str_of(key));

    return member && member->type == JSON_BOOL && member->truth;
}

double def_number(const struct json *object, const char *key)
{
    const struct json *member = json_get(object, str_of(key));

    return member && member->type == JSON_NUMBER ? json_double(member) : 0;
}

/* --- rules ------------------------------------------------------------------------------------ */

static bool rule_eq(const struct schema_rule *x, const struct schema_rule *y)
{
    return x->set == y->set && (!x->set || str_eq(x->text, y->text));
}

/* Most collections have no rule but the open ones: then it is never made. */
static const struct schema *schema_with_it(struct check *check)
{
    if (!check->has_with)
        check->with = schema_with(check->in->schema, check->in->col);
    check->has_with = true;
    return check->with;
}

void check_rule(struct check *check, struct str path, const struct schema_rule *rule,
                const struct schema_rule *old)
{
    const struct schema_check *in = check->in;
    struct str why = STR_NONE;

    if (rule->set && rule->text.n > 0 && schema_with_it(check) &&
        !in->compiles(in->user, check->a, check->with, schema_find(check->with, in->col->id),
                      rule->text, &why)) {
        check_refuse(check, path, "validation_invalid_rule",
                     arena_concat(check->a, STR("Invalid rule. Raw error: "), why, STR_NONE),
                     STR_NONE);
        return;
    }
    if (in->old && in->old->system && old && !rule_eq(rule, old))
        check_refuse(check, path, "validation_collection_system_rule_change",
                     STR("System collection API rule cannot be changed."), STR_NONE);
}
