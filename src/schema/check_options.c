/*
 * The options of single fields (collections.md 3.3, 4).
 */
#include "base/regex.h"
#include "files/thumb_size.h"
#include "schema/check.h"

#include <inttypes.h>

#define MAX_INT 9007199254740991.0
#define MAX_BCRYPT_BYTES 71

struct option {
    struct check *check;
    const struct json *field;
    size_t i;
};

static struct str option_path(const struct option *o, const char *key)
{
    return arena_printf(o->check->a, "fields.%zu.%s", o->i, key);
}

static void refuse_option(const struct option *o, const char *key, enum err_code_id code)
{
    err_add_item(o->check->a, &o->check->refused, option_path(o, key), code, STR_NONE);
}

static void refuse_own(const struct option *o, const char *key, const char *code,
                       struct str message)
{
    check_refuse(o->check, option_path(o, key), code, message, STR_NONE);
}

/* † of the page: 0 is no limit. */
static void in_range(const struct option *o, const char *key, double min, double max)
{
    double number = def_number(o->field, key);

    if (check_min(o->check, option_path(o, key), number, min))
        check_max(o->check, option_path(o, key), number, max);
}

static const struct schema_field *parsed(const struct option *o)
{
    const struct schema_col *col = o->check->in->col;

    return o->i < col->n_fields ? &col->fields[o->i] : NULL;
}

static const struct schema_field *stored(const struct option *o)
{
    const struct schema_col *old = o->check->in->old;
    struct str id = def_text(o->field, "id");

    for (size_t i = 0; old && i < old->n_fields; i++)
        if (str_eq(old->fields[i].id, id))
            return &old->fields[i];
    return NULL;
}

/* What a stored field has was found to fit when it was saved; to find out may take a second. */
static bool has_pattern(const struct schema_field *field, struct str pattern)
{
    if (!field)
        return false;
    if (field->type->kind == FIELD_TEXT)
        return str_eq(field->text.pattern, pattern);
    return field->type->kind == FIELD_PASSWORD && str_eq(field->password.pattern, pattern);
}

static void is_regex(const struct option *o, const char *key)
{
    struct str pattern = def_text(o->field, key);
    struct regex *regex;
    struct str why = STR("error parsing regexp: expression too large");

    if (pattern.n == 0)
        return;
    if (!regex_compile(o->check->a, pattern, &regex, &why) ||
        (!has_pattern(stored(o), pattern) && !regex_fits(regex)))
        refuse_own(o, key, "validation_invalid_regex", why);
}

/* --- text ------------------------------------------------------------------------------------- */

static void check_generation(const struct option *o)
{
    struct str pattern = def_text(o->field, "autogeneratePattern");
    const struct schema_field *field = parsed(o);
    struct regex *regex;
    struct str why = STR("unsupported pattern");

    if (pattern.n == 0)
        return;
    for (int i = 0; i < 10; i++) {
        struct value value = {.type = VALUE_TEXT};
        struct err *err = NULL;

        if (!regex_compile(o->check->a, pattern, &regex, &why)) {
            refuse_own(o, "autogeneratePattern", "validation_invalid_regex", why);
            return;
        }
        if (!regex_generate(o->check->a, pattern, &value.text)) {
            refuse_own(o, "autogeneratePattern", "validation_invalid_autogenerate_pattern", why);
            return;
        }
        if (!field)
            return;
        field->type->check(o->check->a, field, &value, &err);
        if (!err)
            continue;
        refuse_own(o, "autogeneratePattern", "validation_invalid_autogenerate_pattern_value",
                   arena_printf(o->check->a,
                                "The provided autogenerate pattern could produce invalid field "
                                "values, ex.: \"%.*s\"",
                                STR_ARG(value.text)));
        return;
    }
}

static size_t primary_keys(const struct schema_def *def)
{
    size_t n = 0;

    for (size_t i = 0; i < def->fields.n; i++)
        n += def_truth(&def->fields.items[i], "primaryKey");
    return n;
}

static void check_primary_key(const struct option *o)
{
    if (!def_truth(o->field, "primaryKey"))
        return;
    if (primary_keys(o->check->in->def) > 1)
        refuse_own(o, "primaryKey", "validation_unsupported_composite_pk",
                   STR("Composite PKs are not supported and the collection must have only 1 PK."));
    if (!str_eq(def_text(o->field, "name"), STR("id")))
        refuse_own(o, "name", "validation_in_invalid",
                   STR("The primary key must be named \"id\"."));
    if (def_text(o->field, "pattern").n == 0)
        refuse_option(o, "pattern", CODE_REQUIRED);
    if (def_truth(o->field, "hidden"))
        refuse_option(o, "hidden", CODE_EMPTY);
    if (!def_truth(o->field, "required"))
        refuse_option(o, "required", CODE_REQUIRED);
}

static void check_text(const struct option *o)
{
    check_primary_key(o);
    in_range(o, "min", 0, MAX_INT);
    in_range(o, "max", def_number(o->field, "min"), MAX_INT);
    is_regex(o, "pattern");
    check_generation(o);
}

/* --- others ----------------------------------------------------------------------------------- */

static void check_max_size(const struct option *o)
{
    in_range(o, "maxSize", 0, MAX_INT);
}

static bool is_null(const struct option *o, const char *key)
{
    const struct json *member = json_get(o->field, str_of(key));

    return !member || member->type == JSON_NULL;
}

static bool is_whole(double number)
{
    return number >= -MAX_INT && number <= MAX_INT && number == (double)(int64_t)number;
}

static void check_number(const struct option *o)
{
    double min = def_number(o->field, "min");
    double max = def_number(o->field, "max");
    bool whole = def_truth(o->field, "onlyInt");

    if (whole && !is_whole(min))
        refuse_option(o, "min", CODE_ONLY_INT);
    if (whole && !is_whole(max))
        refuse_option(o, "max", CODE_ONLY_INT);
    else if (!is_null(o, "min") && !is_null(o, "max") && max < min)
        err_add_item(o->check->a, &o->check->refused, option_path(o, "max"), CODE_MIN_NUMBER,
                     arena_printf(o->check->a, "{\"min\":%g}", min));
}

/* Capitals count only where a label begins, and in the last one; so does the space, upstream. */
static bool is_domain(struct check *check, struct str text)
{
    static const char pattern[] = "^(?:[a-zA-Z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+"
                                  "(?:[a-zA-Z]{1,63}| xn--[a-z0-9]{1,59})$";
    struct regex *regex;

    return text.n <= 255 && regex_compile(check->a, str_of(pattern), &regex, NULL) &&
           regex_match(regex, text);
}

static void check_domain_list(const struct option *o, const char *key, const char *other)
{
    const struct json *list = json_get(o->field, str_of(key));
    const struct json *against = json_get(o->field, str_of(other));

    if (list->n > 0 && against->n > 0) {
        refuse_option(o, key, CODE_EMPTY);
        return;
    }
    for (uint32_t i = 0; i < list->n; i++) {
        if (list->items[i].text.n == 0 || is_domain(o->check, list->items[i].text))
            continue;
        check_refuse(o->check, arena_printf(o->check->a, "fields.%zu.%s.%" PRIu32, o->i, key, i),
                     "validation_is_domain", STR("Must be a valid domain."), STR_NONE);
    }
}

static void check_domains(const struct option *o)
{
    check_domain_list(o, "onlyDomains", "exceptDomains");
    check_domain_list(o, "exceptDomains", "onlyDomains");
}

static void check_autodate(const struct option *o)
{
    static const char *const keys[] = {"onCreate", "onUpdate"};
    const struct schema_field *was = stored(o);
    bool none = !def_truth(o->field, keys[0]) && !def_truth(o->field, keys[1]);

    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (none)
            refuse_own(o, keys[i], "validation_required",
                       STR("Either onCreate or onUpdate must be enabled."));
        else if (was && was->type->kind == FIELD_AUTODATE && was->system &&
                 def_truth(o->field, keys[i]) !=
                     (i == 0 ? was->autodate.on_create : was->autodate.on_update))
            refuse_option(o, keys[i], CODE_MISMATCH);
    }
}

static void check_select(const struct option *o)
{
    double n = (double)json_get(o->field, STR("values"))->n;

    if (n == 0)
        refuse_option(o, "values", CODE_REQUIRED);
    in_range(o, "maxSelect", 0, n > 0 ? n : 1);
}

static void check_file(const struct option *o)
{
    const struct json *thumbs = json_get(o->field, STR("thumbs"));

    in_range(o, "maxSelect", 0, MAX_INT);
    in_range(o, "maxSize", 0, MAX_INT);
    for (uint32_t i = 0; i < thumbs->n; i++) {
        struct str text = thumbs->items[i].text;
        struct str path = arena_printf(o->check->a, "fields.%zu.thumbs.%" PRIu32, o->i, i);
        bool zero = str_starts(text, STR("0x0")) && (text.n == 3 || text.n == 4);

        if (text.n > 0 && !thumb_size_is(text))
            err_add_item(o->check->a, &o->check->refused, path,
                         zero && (text.n == 3 || str_find_byte(STR("tbf"), text.p[3]) < 3)
                             ? CODE_NOT_IN
                             : CODE_MATCH,
                         STR_NONE);
    }
}

static void check_target(const struct option *o)
{
    struct str id = def_text(o->field, "collectionId");
    const struct schema_field *was = stored(o);
    const struct schema_check *in = o->check->in;
    const struct schema_col *target =
        str_eq(id, in->def->id) ? in->col : map_find(&in->schema->by_id, id);

    if (id.n == 0)
        refuse_option(o, "collectionId", CODE_REQUIRED);
    else if (in->old && in->old->type != SCHEMA_VIEW && was && was->type->kind == FIELD_RELATION &&
             !str_eq(was->relation.collection_id, id))
        refuse_own(o, "collectionId", "validation_field_relation_change",
                   STR("The relation collection cannot be changed."));
    else if (!target)
        refuse_own(o, "collectionId", "validation_field_relation_missing_collection",
                   STR("The relation collection doesn't exist."));
    else if (target->type == SCHEMA_VIEW && in->col->type != SCHEMA_VIEW)
        refuse_own(o, "collectionId", "validation_relation_field_non_view_base_collection",
                   STR("Only view collections are allowed to have relations to other views."));
}

static void check_relation(const struct option *o)
{
    double min = def_number(o->field, "minSelect");

    check_target(o);
    in_range(o, "minSelect", 0, MAX_INT);
    if (min > 0 && def_number(o->field, "maxSelect") == 0)
        refuse_option(o, "maxSelect", CODE_REQUIRED);
    else
        in_range(o, "maxSelect", min, MAX_INT);
}

static void check_password(const struct option *o)
{
    double min = def_number(o->field, "min");

    in_range(o, "min", 1, MAX_BCRYPT_BYTES);
    in_range(o, "max", min, MAX_BCRYPT_BYTES);
    in_range(o, "cost", 4, 31);
    is_regex(o, "pattern");
}

static void (*const checks[])(const struct option *o) = {
    [FIELD_TEXT] = check_text, [FIELD_EDITOR] = check_max_size,   [FIELD_NUMBER] = check_number,
    [FIELD_BOOL] = NULL,       [FIELD_EMAIL] = check_domains,     [FIELD_URL] = check_domains,
    [FIELD_DATE] = NULL,       [FIELD_AUTODATE] = check_autodate, [FIELD_SELECT] = check_select,
    [FIELD_FILE] = check_file, [FIELD_RELATION] = check_relation, [FIELD_JSON] = check_max_size,
    [FIELD_GEO] = NULL,        [FIELD_PASSWORD] = check_password,
};

/* --- what all have ---------------------------------------------------------------------------- */

static bool is_reserved(struct str name)
{
    static const char *const names[] = {"null",         "true",           "false", "_rowid_",
                                        "collectionId", "collectionName", "expand"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_eq(name, str_of(names[i])))
            return true;
    return false;
}

static void check_field_name(const struct option *o)
{
    struct str name = def_text(o->field, "name");

    check_required(o->check, option_path(o, "name"), name);
    if (name.n == 0 || !check_length(o->check, option_path(o, "name"), name, 1, 100))
        return;
    if (!check_word(name))
        refuse_option(o, "name", CODE_MATCH);
    else if (is_reserved(name))
        refuse_option(o, "name", CODE_NOT_IN);
    else if (check_has_via(o->check->a, name))
        refuse_own(o, "name", "validation_found_via", STR("The value cannot contain \"_via_\"."));
}

void check_field_options(struct check *check, size_t i)
{
    const struct option o = {check, &check->in->def->fields.items[i], i};
    const struct field_type *type = field_type_find(def_text(o.field, "type"));

    check_required(check, option_path(&o, "id"), def_text(o.field, "id"));
    check_length(check, option_path(&o, "id"), def_text(o.field, "id"), 1, 100);
    check_field_name(&o);
    check_length(check, option_path(&o, "help"), def_text(o.field, "help"), 0, 300);
    if (type && checks[type->kind])
        checks[type->kind](&o);
}
