/*
 * Patterns of a record's texts, matched before its unit of work: they may take a while, and units
 * share one writer. Which row an update will find is known to the unit alone, so what was matched
 * is the row as it was read for the draft; the unit compares the texts.
 */
#include "records/internal.h"

static const struct regex *regex_of(const struct schema_field *field)
{
    if (field->type->kind == FIELD_TEXT)
        return field->text.regex;
    return field->type->kind == FIELD_PASSWORD ? field->password.regex : NULL;
}

static struct str text_of(const struct schema_field *field, const struct value *value)
{
    return field->type->kind == FIELD_PASSWORD ? value->plain : value->text;
}

/* The id of a stored record is not matched again. */
static bool is_matched(const struct schema_col *col, const struct schema_field *field, bool update)
{
    return regex_of(field) && (!update || field != col->id_field);
}

static bool is_set(const struct rec_edits *edits, const struct schema_field *field)
{
    for (size_t i = 0; i < edits->n; i++)
        if (edits->items[i].field == field && edits->items[i].op == REC_OP_SET)
            return true;
    return false;
}

bool rec_matches_need_row(const struct schema_col *col, const struct rec_edits *edits)
{
    for (size_t i = 0; i < col->n_fields; i++)
        if (is_matched(col, &col->fields[i], true) && !is_set(edits, &col->fields[i]))
            return true;
    return false;
}

/* Nobody knows yet what will be generated; it is short, but a first match is slow, too. */
static bool is_slow(const struct schema_field *field, struct str text, bool update)
{
    bool generated = !update && field->type->kind == FIELD_TEXT && field->text.autogenerate.n > 0;

    return (text.n > 0 || generated) && regex_is_slow(regex_of(field), text);
}

void rec_matches_gather(struct arena *a, const struct schema_col *col,
                        const struct rec_edits *edits, bool update, const struct rec *old,
                        struct rec_matches *ret)
{
    struct value *values = NULL;

    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *field = &col->fields[i];
        struct str text;

        if (!is_matched(col, field, update))
            continue;
        if (!values) {
            values = old ? rec_load(a, old) : rec_zero(a, col);
            rec_edits_apply(a, edits, values);
        }
        text = text_of(field, &values[i]);
        ret->slow = ret->slow || is_slow(field, text, update);
        *VEC_PUSH(a, &ret->items) = (struct rec_match){.field = field, .text = text};
    }
}

void rec_matches_run(struct rec_matches *matches)
{
    for (size_t i = 0; i < matches->items.n; i++) {
        struct rec_match *match = &matches->items.items[i];

        match->fits = match->text.n == 0 || regex_match(regex_of(match->field), match->text);
    }
    matches->slow = false;
}

bool rec_matches_apply(const struct rec_matches *matches, struct value *values)
{
    bool all = true;

    for (size_t i = 0; i < matches->items.n; i++) {
        const struct rec_match *match = &matches->items.items[i];
        struct value *value = &values[match->field->at];
        struct str text = text_of(match->field, value);

        if (str_eq(text, match->text))
            value->pattern = match->fits ? PATTERN_FITS : PATTERN_FAILS;
        else if (is_slow(match->field, text, true))
            all = false;
    }
    return all;
}
