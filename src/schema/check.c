/*
 * A definition is checked: the collection itself and its rules (collections.md 10, 11). Every
 * failing property is reported; of one property, the first check that fails.
 */
#include "schema/check.h"

#include "db/dialect.h"

#define VIEW_WHY_BYTES 500

/* --- rules ------------------------------------------------------------------------------------ */

static void check_rules(struct check *check)
{
    static const char *const keys[] = {"listRule", "viewRule", "createRule", "updateRule",
                                       "deleteRule"};
    const struct schema_def *def = check->in->def;
    const struct schema_col *old = check->in->old;

    for (size_t i = 0; i < RULE_KINDS; i++) {
        const struct schema_rule *const before[] = {
            old ? &old->list_rule : NULL, old ? &old->view_rule : NULL,
            old ? &old->create_rule : NULL, old ? &old->update_rule : NULL,
            old ? &old->delete_rule : NULL};

        if (i >= RULE_CREATE && def->rules[i].set && str_eq(def->type, STR("view")))
            err_add_item(check->a, &check->refused, str_of(keys[i]), CODE_NIL, STR_NONE);
        else
            check_rule(check, str_of(keys[i]), &def->rules[i], before[i]);
    }
}

/* --- the collection --------------------------------------------------------------------------- */

static void check_id(struct check *check)
{
    const struct schema_check *in = check->in;
    struct str id = in->def->id;

    check_required(check, STR("id"), id);
    if (id.n == 0)
        return;
    if (in->old) {
        if (!str_eq(id, in->old->id))
            err_add_item(check->a, &check->refused, STR("id"), CODE_MISMATCH, STR_NONE);
        return;
    }
    if (!check_length(check, STR("id"), id, 1, 100))
        return;
    if (!check_word(id))
        err_add_item(check->a, &check->refused, STR("id"), CODE_MATCH, STR_NONE);
    else if (map_find(&in->schema->by_id, id) || str_eq(id, in->schema->superusers->name))
        check_refuse(check, STR("id"), "validation_invalid_or_existing_id",
                     STR("The model id is invalid or already exists."), STR_NONE);
}

static void check_type(struct check *check)
{
    const struct schema_check *in = check->in;
    struct str type = in->def->type;

    check_required(check, STR("type"), type);
    if (type.n == 0)
        return;
    if (!str_eq(type, STR("base")) && !str_eq(type, STR("auth")) && !str_eq(type, STR("view")))
        err_add_item(check->a, &check->refused, STR("type"), CODE_IN, STR_NONE);
    else if (in->old && in->old->type != in->col->type)
        check_refuse(check, STR("type"), "validation_collection_type_change",
                     STR("Collection type cannot be changed."), STR_NONE);
}

/* Whether anything else in the database has the name. */
static struct err *is_taken(struct check *check, bool *ret)
{
    const struct schema_check *in = check->in;
    struct db_table_columns columns;
    struct err *err;

    *ret = false;
    if ((in->old && str_eq_nocase(in->old->name, in->def->name)) ||
        schema_find(in->schema, in->def->name)) /* of its own, stored already */
        return NULL;
    if (str_starts_nocase(in->def->name, db_conn_dialect(check->tx)->reserved))
        return NULL;
    err = db_list_columns(check->a, check->tx, in->def->name, &columns);
    *ret = !err && columns.n > 0;
    return err;
}

static bool other_has_name(const struct check *check)
{
    const struct schema_check *in = check->in;

    for (size_t i = 0; i < in->schema->n_cols; i++) {
        const struct schema_col *col = in->schema->cols[i];

        if (col != in->old && !str_eq(col->id, in->def->id) &&
            str_eq_nocase(col->name, in->def->name))
            return true;
    }
    return false;
}

static struct err *check_name_against_database(struct check *check, struct str name)
{
    const struct schema_check *in = check->in;
    bool taken;
    struct err *err;

    if (in->old && in->old->system && !str_eq(in->old->name, name)) {
        check_refuse(check, STR("name"), "validation_collection_system_name_change",
                     STR("System collection name cannot be changed."), STR_NONE);
        return NULL;
    }
    if (other_has_name(check)) {
        check_refuse(check, STR("name"), "validation_collection_name_exists",
                     STR("Collection name must be unique (case insensitive)."), STR_NONE);
        return NULL;
    }
    if (map_find(&in->schema->by_id, name)) {
        check_refuse(check, STR("name"), "validation_collection_name_id_duplicate",
                     STR("The name must not match an existing collection id."), STR_NONE);
        return NULL;
    }
    err = is_taken(check, &taken);
    taken |= str_starts_nocase(name, STR("_reeve_")); /* ours are made when they are needed */
    if (!err && taken)
        check_refuse(check, STR("name"), "validation_collection_name_invalid",
                     STR("The name shouldn't match with an existing internal table."), STR_NONE);
    return err;
}

static struct err *check_name(struct check *check)
{
    struct str name = check->in->def->name;

    check_required(check, STR("name"), name);
    if (name.n == 0 || !check_length(check, STR("name"), name, 1, 255))
        return NULL;
    if (check_has_via(check->a, name)) {
        check_refuse(check, STR("name"), "validation_found_via",
                     STR("The value cannot contain \"_via_\"."), STR_NONE);
        return NULL;
    }
    if (!check_word(name)) {
        err_add_item(check->a, &check->refused, STR("name"), CODE_MATCH, STR_NONE);
        return NULL;
    }
    return check_name_against_database(check, name);
}

struct str schema_check_words(struct arena *a, const struct err_item *item)
{
    static const enum err_code_id small[] = {CODE_REQUIRED,      CODE_NIL_OR_NOT_EMPTY,
                                             CODE_NIL,           CODE_EMPTY,
                                             CODE_LENGTH_RANGE,  CODE_LENGTH_TOO_LONG,
                                             CODE_MIN_THRESHOLD, CODE_MAX_THRESHOLD,
                                             CODE_MATCH,         CODE_IN,
                                             CODE_NOT_IN};
    static const char *const small_own[] = {"validation_is_url", "validation_is_domain"};
    struct str text = item->words;
    bool found = false;
    char first;

    for (size_t i = 0; i < COUNT_OF(small); i++)
        found = found || str_eq(item->code, str_of(err_code(small[i])->code));
    for (size_t i = 0; i < COUNT_OF(small_own); i++)
        found = found || str_eq(item->code, str_of(small_own[i]));
    if (str_eq(item->code, str_of(err_code(CODE_MIN_NUMBER)->code)))
        return str_sub(text, 0, text.n - 1);
    if (!found || text.n < 2)
        return text;
    first = text.p[0] >= 'A' && text.p[0] <= 'Z' ? (char)(text.p[0] + 32) : text.p[0];
    return arena_concat(a, (struct str){&first, 1}, str_sub(text, 1, text.n - 2), STR_NONE);
}

/* Fields that a query gives but no collection may have spoil the query. p NULL: there is none. */
static struct str spoilt_field(struct check *check)
{
    const struct schema_def *def = check->in->def;

    for (size_t i = 0; i < def->fields.n; i++) {
        struct str prefix = arena_printf(check->a, "fields.%zu.", i);

        for (const struct err_item *item = check->refused ? check->refused->items : NULL; item;
             item = item->next) {
            struct str words, key;

            if (!str_starts(item->path, prefix))
                continue;
            key = str_from(item->path, prefix.n);
            words = schema_check_words(check->a, item);
            return arena_printf(check->a, "invalid field \"%.*s\" (%zu): %.*s: %.*s",
                                STR_ARG(def_text(&def->fields.items[i], "name")), i, STR_ARG(key),
                                STR_ARG(words));
        }
    }
    return STR_NONE;
}

static void check_view(struct check *check)
{
    const struct schema_check *in = check->in;
    struct str why = in->view_why;

    check_required(check, STR("viewQuery"), in->def->view_query);
    if (!why.p)
        why = spoilt_field(check);
    if (in->def->view_query.n > 0 && why.p)
        check_refuse(check, STR("viewQuery"), "validation_invalid_view_query",
                     arena_concat(check->a, STR("Invalid query - "),
                                  str_sub(why, 0, VIEW_WHY_BYTES), STR_NONE),
                     STR_NONE);
}

struct err *schema_check_def(struct arena *a, struct db_conn *tx, const struct schema_check *in)
{
    struct check check = {.a = a, .tx = tx, .in = in};
    struct err *err;

    check_id(&check);
    if (in->old && in->old->system != in->def->system)
        check_refuse(&check, STR("system"), "validation_collection_system_flag_change",
                     STR("System collection state cannot be changed."), STR_NONE);
    check_type(&check);
    err = check_name(&check);
    check_fields(&check);
    check_rules(&check);
    if (!err)
        err = check_indexes(&check);
    if (in->col->type == SCHEMA_VIEW)
        check_view(&check);
    if (in->col->type == SCHEMA_AUTH)
        check_auth_options(&check);
    schema_unref(check.with);
    return err ? err : check.refused;
}
