/*
 * The list of fields as a whole (collections.md 3, 11).
 */
#include "schema/check.h"

static struct str field_path(struct check *check, size_t i, const char *key)
{
    return arena_printf(check->a, "fields.%zu%s%s", i, *key ? "." : "", key);
}

static const struct json *field_named(const struct schema_def *def, const char *name)
{
    for (size_t i = 0; i < def->fields.n; i++)
        if (str_eq(def_text(&def->fields.items[i], "name"), str_of(name)))
            return &def->fields.items[i];
    return NULL;
}

static const struct json *field_with_id(const struct schema_def *def, struct str id)
{
    for (size_t i = 0; i < def->fields.n; i++)
        if (str_eq(def_text(&def->fields.items[i], "id"), id))
            return &def->fields.items[i];
    return NULL;
}

/* --- duplicates ------------------------------------------------------------------------------- */

static bool refuse_duplicate(struct check *check)
{
    const struct schema_def *def = check->in->def;

    for (size_t i = 0; i < def->fields.n; i++) {
        struct str id = def_text(&def->fields.items[i], "id");
        struct str name = def_text(&def->fields.items[i], "name");

        for (size_t j = 0; j < i; j++) {
            if (str_eq(def_text(&def->fields.items[j], "id"), id)) {
                check_refuse(
                    check, field_path(check, i, "id"), "validation_duplicated_field_id",
                    arena_printf(check->a, "Duplicated or invalid field id \"%.*s\".", STR_ARG(id)),
                    STR_NONE);
                return true;
            }
            if (str_eq_nocase(def_text(&def->fields.items[j], "name"), name)) {
                check_refuse(
                    check, field_path(check, i, "name"), "validation_duplicated_field_name",
                    arena_printf(check->a, "Duplicated or invalid field name %.*s.", STR_ARG(name)),
                    err_params_text(check->a, "fieldName", name));
                return true;
            }
        }
    }
    return false;
}

/* --- what has to be there --------------------------------------------------------------------- */

static const struct needed {
    const char *name, *type, *code;
    bool hidden;
} needed[] = {
    {"password", "password", "validation_missing_password_field", true},
    {"tokenKey", "text", "validation_missing_tokenKey_field", true},
    {"email", "email", "validation_missing_email_field", false},
    {"emailVisibility", "bool", "validation_missing_emailVisibility_field", false},
    {"verified", "bool", "validation_missing_verified_field", false},
};

static bool refuse_missing_auth(struct check *check)
{
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        const struct json *field = field_named(check->in->def, needed[i].name);

        if (!field || !str_eq(def_text(field, "type"), str_of(needed[i].type))) {
            check_refuse(check, STR("fields"), needed[i].code,
                         arena_printf(check->a, "System \"%s\" field is required.", needed[i].name),
                         STR_NONE);
            return true;
        }
    }
    return false;
}

static bool refuse_missing(struct check *check)
{
    const struct schema_def *def = check->in->def;
    const struct json *id = field_named(def, "id");

    if (def->fields.n == 0) {
        err_add_item(check->a, &check->refused, STR("fields"), CODE_REQUIRED, STR_NONE);
        return true;
    }
    if (!id || !def_truth(id, "primaryKey")) {
        check_refuse(check, STR("fields"), "validation_missing_primary_key",
                     STR("Missing or invalid \"id\" PK field."), STR_NONE);
        return true;
    }
    return check->in->col->type == SCHEMA_AUTH && refuse_missing_auth(check);
}

/* --- what may not change ---------------------------------------------------------------------- */

static bool refuse_changed(struct check *check)
{
    const struct schema_col *old = check->in->old;
    const struct schema_def *def = check->in->def;

    if (!old || old->type == SCHEMA_VIEW)
        return false;
    for (size_t i = 0; i < old->n_fields; i++) {
        const struct json *now = field_with_id(def, old->fields[i].id);

        if (!old->fields[i].system || (now && str_eq(def_text(now, "name"), old->fields[i].name)))
            continue;
        check_refuse(check, STR("fields"), "validation_system_field_change",
                     STR("System fields cannot be deleted or renamed."), STR_NONE);
        return true;
    }
    for (size_t i = 0; i < def->fields.n; i++) {
        struct str id = def_text(&def->fields.items[i], "id");
        struct str type = def_text(&def->fields.items[i], "type");

        for (size_t j = 0; j < old->n_fields; j++) {
            if (!str_eq(old->fields[j].id, id) || str_eq(str_of(old->fields[j].type->name), type))
                continue;
            check_refuse(check, field_path(check, i, ""), "validation_field_type_change",
                         STR("Field type cannot be changed."), STR_NONE);
            return true;
        }
    }
    return false;
}

static bool refuse_reserved(struct check *check)
{
    const struct schema_def *def = check->in->def;
    bool refused = false;

    for (size_t i = 0; check->in->col->type == SCHEMA_AUTH && i < def->fields.n; i++) {
        struct str name = def_text(&def->fields.items[i], "name");

        if (!str_eq(name, STR("passwordConfirm")) && !str_eq(name, STR("oldPassword")))
            continue;
        check_refuse(check, field_path(check, i, "name"), "validation_reserved_field_name",
                     STR("The field name is reserved and cannot be used."), STR_NONE);
        refused = true;
    }
    return refused;
}

void check_fields(struct check *check)
{
    if (refuse_duplicate(check) || refuse_missing(check) || refuse_changed(check) ||
        refuse_reserved(check))
        return;
    for (size_t i = 0; i < check->in->def->fields.n; i++)
        check_field_options(check, i);
}
