/*
 * The list of indexes (collections.md 7.4). The first failing check counts.
 */
#include "schema/check.h"

struct parsed {
    struct schema_index index;
    struct str definition; /* without what only names it */
};

static struct str index_path(struct check *check, size_t i)
{
    return arena_printf(check->a, "indexes.%zu", i);
}

static struct str definition_of(struct check *check, const struct schema_index *index)
{
    struct db_index def = index->def;
    struct buf out;

    def.schema = STR_NONE;
    def.name = def.table = STR("_");
    buf_init(&out, 1024 * 1024);
    db_conn_dialect(check->tx)->create_index(&out, &def);
    return buf_take(check->a, &out);
}

/* --- one statement ---------------------------------------------------------------------------- */

/* Where what begins at `at` ends: a quoted text, a comment, or one byte. */
static size_t token_end(struct str sql, size_t at)
{
    static const struct {
        const char *begin, *end;
    } pairs[] = {{"'", "'"}, {"\"", "\""}, {"`", "`"}, {"[", "]"}, {"--", "\n"}, {"/*", "*/"}};
    struct str rest = str_from(sql, at);

    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        struct str begin = str_of(pairs[i].begin), end = str_of(pairs[i].end);
        size_t found;

        if (!str_starts(rest, begin))
            continue;
        found = at + begin.n + str_find(str_from(rest, begin.n), end);
        return found < sql.n ? found + end.n : sql.n;
    }
    return at + 1;
}

static bool is_blank(struct str token)
{
    return str_starts(token, STR("--")) || str_starts(token, STR("/*")) ||
           str_trim_space(token).n == 0;
}

/* Something stands behind a ';'. */
static bool has_second_statement(struct str sql)
{
    bool ended = false;

    for (size_t at = 0, end; at < sql.n; at = end) {
        struct str token;

        end = token_end(sql, at);
        token = str_sub(sql, at, end - at);
        if (str_eq(token, STR(";")))
            ended = true;
        else if (ended && !is_blank(token))
            return true;
    }
    return false;
}

/* A condition takes all that follows it. PocketBase runs what stands behind a ';', so what is
 * stored must not have that either. */
static bool is_index(struct check *check, struct str text, struct schema_index *ret)
{
    return schema_parse_index(check->a, text, check->in->def->name, ret) &&
           !has_second_statement(ret->normal);
}

/* --- each by itself --------------------------------------------------------------------------- */

static bool refuse_name_twice(struct check *check, const struct parsed *list, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (!str_eq_nocase(list[j].index.name, list[i].index.name))
            continue;
        check_refuse(check, index_path(check, i), "validation_duplicated_index_name",
                     STR("The index name already exists."), STR_NONE);
        return true;
    }
    return false;
}

static bool refuse_definition_twice(struct check *check, const struct parsed *list, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (!str_eq(list[j].definition, list[i].definition))
            continue;
        check_refuse(check, index_path(check, i), "validation_duplicated_index_definition",
                     STR("The index definition already exists."), STR_NONE);
        return true;
    }
    return false;
}

static bool refuse_used(struct check *check, const struct db_table_indexes *there, struct str name,
                        size_t i)
{
    const struct schema_check *in = check->in;

    for (size_t j = 0; j < there->n; j++) {
        const struct db_table_index *index = &there->items[j];

        if (!str_eq_nocase(index->name, name) || str_eq_nocase(index->table, in->def->name) ||
            (in->old && str_eq_nocase(index->table, in->old->name)))
            continue;
        check_refuse(check, index_path(check, i), "validation_existing_index_name",
                     arena_printf(check->a, "The index name is already used in %.*s collection.",
                                  STR_ARG(index->table)),
                     err_params_text(check->a, "usedTableName", index->table));
        return true;
    }
    return false;
}

static bool refuse_each(struct check *check, const struct db_table_indexes *there)
{
    const struct schema_def *def = check->in->def;
    struct parsed *list = ARENA_ARRAY(check->a, struct parsed, def->indexes.n);

    for (size_t i = 0; i < def->indexes.n; i++) {
        struct schema_index *index = &list[i].index;

        if (!is_index(check, def->indexes.items[i], index)) {
            check_refuse(check, index_path(check, i), "validation_invalid_index_expression",
                         STR("Invalid CREATE INDEX expression."), STR_NONE);
            return true;
        }
        list[i].definition = definition_of(check, index);
        if (refuse_name_twice(check, list, i) || refuse_used(check, there, index->name, i) ||
            refuse_definition_twice(check, list, i))
            return true;
    }
    return false;
}

/* --- what system fields need ------------------------------------------------------------------ */

static bool same_columns(const struct schema_index *x, const struct schema_index *y)
{
    if (x->unique != y->unique || x->columns.n != y->columns.n)
        return false;
    for (size_t i = 0; i < x->columns.n; i++)
        if (!str_eq(x->columns.items[i], y->columns.items[i]))
            return false;
    return true;
}

static const struct schema_field *system_field_of(const struct schema_col *col,
                                                  const struct schema_index *index)
{
    for (size_t i = 0; i < index->columns.n; i++) {
        const struct schema_field *field = schema_field(col, index->columns.items[i]);

        if (field && field->system)
            return field;
    }
    return NULL;
}

static bool refuse_lost_unique(struct check *check)
{
    const struct schema_col *old = check->in->old;
    const struct schema_col *col = check->in->col;

    for (size_t i = 0; old && i < old->n_indexes; i++) {
        const struct schema_index *index = &old->indexes[i];
        const struct schema_field *field = index->unique ? system_field_of(old, index) : NULL;
        bool kept = !field;

        for (size_t j = 0; j < col->n_indexes && !kept; j++)
            kept = same_columns(index, &col->indexes[j]);
        if (kept)
            continue;
        check_refuse(check, STR("indexes"), "validation_invalid_unique_system_field_index",
                     arena_printf(check->a,
                                  "Unique index definition on system fields (%.*s) is invalid or "
                                  "missing.",
                                  STR_ARG(field->name)),
                     err_params_text(check->a, "fieldName", field->name));
        return true;
    }
    return false;
}

static void refuse_missing_auth(struct check *check)
{
    static const char *const fields[] = {"tokenKey", "email"};

    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (schema_is_unique(check->in->col, str_of(fields[i]), NULL))
            continue;
        check_refuse(
            check, STR("indexes"), "validation_missing_required_unique_index",
            arena_printf(check->a, "Missing required unique index for field \"%s\".", fields[i]),
            err_params_text(check->a, "fieldName", str_of(fields[i])));
        return;
    }
}

struct err *check_indexes(struct check *check)
{
    const struct schema_check *in = check->in;
    struct db_table_indexes there;
    struct err *err;

    if (in->col->type == SCHEMA_VIEW) {
        if (in->def->indexes.n > 0)
            check_refuse(check, STR("indexes"), "validation_indexes_not_supported",
                         STR("View collections don't support indexes."), STR_NONE);
        return NULL;
    }
    err = db_list_indexes(check->a, check->tx, STR(""), &there);
    if (err)
        return err;
    if (!refuse_each(check, &there) && !refuse_lost_unique(check) && in->col->type == SCHEMA_AUTH)
        refuse_missing_auth(check);
    return NULL;
}
