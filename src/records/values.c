/*
 * A record in memory: its cells as values.
 */
#include "records/values.h"

bool rec_has_files(const struct schema_col *col)
{
    for (size_t i = 0; i < col->n_fields; i++)
        if (col->fields[i].type->kind == FIELD_FILE)
            return true;
    return false;
}

/* --- one cell --------------------------------------------------------------------------------- */

struct str rec_id(const struct rec *rec)
{
    struct db_value cell = rec->cells[rec->col->id_field->at];

    return cell.type == DB_TEXT || cell.type == DB_BLOB ? cell.s : STR_NONE;
}

struct value rec_value(struct arena *a, const struct rec *rec, const struct schema_field *field)
{
    return field->type->load(a, field, rec->cells[field->at]);
}

struct str_list rec_list_of(struct arena *a, const struct rec *rec,
                            const struct schema_field *field)
{
    struct value value = rec_value(a, rec, field);
    struct json text;

    if (value.type != VALUE_LIST)
        return (struct str_list){NULL, 0};
    if (!field->multiple && value.list.n == 1) { /* which may be the text of a list again */
        text = json_of_text(value.list.items[0]);
        return field_json_list(a, &text);
    }
    return (struct str_list){value.list.items, value.list.n};
}

struct str rec_text(struct arena *a, const struct rec *rec, const struct schema_field *field)
{
    struct value value = rec_value(a, rec, field);
    struct json json;

    if (value.type == VALUE_TEXT || value.type == VALUE_JSON)
        return value.text;
    if (value.type == VALUE_LIST)
        return value.list.n ? value.list.items[value.list.n - 1] : STR_NONE;
    json = field_value_json(a, field, &value);
    return field_json_text(a, &json);
}

bool rec_truth(struct arena *a, const struct rec *rec, const struct schema_field *field)
{
    struct value value = rec_value(a, rec, field);

    return value.type == VALUE_BOOL && value.truth;
}

bool rec_list_has(const struct value *value, struct str item)
{
    for (size_t i = 0; i < value->list.n; i++)
        if (str_eq(value->list.items[i], item))
            return true;
    return false;
}

struct str_list rec_list_join(struct arena *a, struct str_list x, struct str_list y)
{
    struct str_list both = {ARENA_ARRAY(a, struct str, x.n + y.n), x.n + y.n};

    for (size_t i = 0; i < x.n; i++)
        both.items[i] = x.items[i];
    for (size_t i = 0; i < y.n; i++)
        both.items[x.n + i] = y.items[i];
    return str_list_unique(a, both);
}

struct str_list rec_list_fit(const struct schema_field *field, struct str_list list)
{
    if (!field->multiple && list.n > 1) {
        list.items += list.n - 1;
        list.n = 1;
    }
    return list;
}

/* --- all of them ------------------------------------------------------------------------------ */

bool rec_is_readable(struct arena *a, const struct rec *rec)
{
    for (size_t i = 0; i < rec->col->n_fields; i++) {
        const struct schema_field *field = &rec->col->fields[i];

        if (field->type->is_readable && !field->type->is_readable(a, field, rec->cells[field->at]))
            return false;
    }
    return true;
}

struct err *rec_check_readable(struct arena *a, const struct rec *rec)
{
    if (rec_is_readable(a, rec))
        return NULL;
    return err_new(a, E_BAD_REQUEST, NULL, "record %.*s of %.*s cannot be read",
                   STR_ARG(rec_id(rec)), STR_ARG(rec->col->name));
}

struct value *rec_zero(struct arena *a, const struct schema_col *col)
{
    struct value *values = ARENA_ARRAY(a, struct value, col->n_fields);

    for (size_t i = 0; i < col->n_fields; i++)
        values[i] = field_zero(&col->fields[i]);
    return values;
}

struct value *rec_load(struct arena *a, const struct rec *rec)
{
    struct value *values = ARENA_ARRAY(a, struct value, rec->col->n_fields);

    for (size_t i = 0; i < rec->col->n_fields; i++)
        values[i] = rec_value(a, rec, &rec->col->fields[i]);
    return values;
}

struct db_value *rec_store(struct arena *a, const struct schema_col *col,
                           const struct value *values)
{
    struct db_value *cells = ARENA_ARRAY(a, struct db_value, col->n_fields);

    for (size_t i = 0; i < col->n_fields; i++)
        cells[i] = col->fields[i].type->store(a, &col->fields[i], &values[i]);
    return cells;
}
