/*
 * Patterns of a record's texts, matched before its unit of work: they may take a while, and units
 * share one writer. Which row an update will find is known to the unit alone, so what was matched
 * is the row as it was read for the draft; the unit compares the texts.
 */
#include "records/match.h"

#include "base/limits.h"
#include "records/values.h"

/* What a value of the field is matched with, NULL: nothing, and the text of it that is. The id of a
 * stored record is not matched again. */
static const struct regex *regex_for(const struct schema_col *col, const struct schema_field *field,
                                     bool update, const struct value *value, struct str *ret_text)
{
    if (update && field == col->id_field)
        return NULL;
    if (field->type->kind == FIELD_TEXT) {
        *ret_text = value->text;
        return field->text.regex;
    }
    if (field->type->kind == FIELD_PASSWORD) {
        *ret_text = value->plain;
        return field->password.regex;
    }
    return NULL;
}

bool rec_matches_need_row(const struct schema_col *col, const struct rec_edits *edits)
{
    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *field = &col->fields[i];
        const struct value none = {0};
        struct str text;
        bool is_set = false;

        if (!regex_for(col, field, true, &none, &text))
            continue;
        for (size_t j = 0; j < edits->n && !is_set; j++)
            is_set = edits->items[j].field == field && edits->items[j].op == REC_OP_SET;
        if (!is_set)
            return true;
    }
    return false;
}

/* Nobody knows yet what will be generated; it is short, but a first match is slow, too. */
static bool is_slow(const struct schema_field *field, const struct regex *regex, struct str text,
                    bool update)
{
    bool generated = !update && field->type->kind == FIELD_TEXT && field->text.autogenerate.n > 0;

    return (text.n > 0 || generated) && regex_is_slow(regex, text);
}

static const struct rec_match *find_match(const struct rec_matches *matches,
                                          const struct schema_field *field, struct str text)
{
    for (size_t i = 0; i < matches->items.n; i++) {
        const struct rec_match *match = &matches->items.items[i];

        if (match->field == field && str_eq(match->text, text))
            return match;
    }
    return matches->shared ? find_match(matches->shared, field, text) : NULL;
}

struct rec_matches *rec_matches_new(struct arena *a, struct rec_matches *shared)
{
    struct rec_matches *matches = ARENA_NEW(a, struct rec_matches);

    matches->shared = shared;
    return matches;
}

void rec_matches_gather(struct arena *a, const struct schema_col *col,
                        const struct rec_edits *edits, bool update, const struct rec *old,
                        struct rec_matches *matches)
{
    struct value *values = NULL;
    struct rec_matches *into;

    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *field = &col->fields[i];
        const struct value none = {0};
        const struct regex *regex;
        struct str text;

        if (!regex_for(col, field, update, values ? &values[i] : &none, &text))
            continue;
        if (!values) {
            values = old ? rec_load(a, old) : rec_zero(a, col);
            rec_edits_apply(a, edits, values);
        }
        regex = regex_for(col, field, update, &values[i], &text);
        if (text.n > 0 && (!field_length_fits(field, text) || find_match(matches, field, text)))
            continue;
        matches->slow = matches->slow || is_slow(field, regex, text, update);
        if (text.n == 0)
            continue;
        /* only long texts are shared, which are few: each is compared with all */
        into = matches->shared && text.n > LIMIT_REGEX_INLINE_BYTES ? matches->shared : matches;
        *VEC_PUSH(a, &into->items) =
            (struct rec_match){.field = field, .regex = regex, .text = text};
    }
}

bool rec_matches_pending(const struct rec_matches *matches)
{
    return matches->slow || (matches->shared && matches->shared->n_run < matches->shared->items.n);
}

struct err *rec_matches_run(struct arena *a, struct rec_matches *matches, const atomic_bool *gone)
{
    for (; matches->n_run < matches->items.n; matches->n_run++) {
        struct rec_match *match = &matches->items.items[matches->n_run];

        if (gone && atomic_load(gone))
            return err_new(a, E_GONE, NULL, "the client has left");
        match->verdict = regex_match(match->regex, match->text) ? PATTERN_FITS : PATTERN_FAILS;
    }
    matches->slow = false;
    return matches->shared ? rec_matches_run(a, matches->shared, gone) : NULL;
}

bool rec_matches_apply(const struct rec_matches *matches, const struct schema_col *col,
                       struct value *values)
{
    bool all = true;

    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *field = &col->fields[i];
        const struct rec_match *match;
        const struct regex *regex;
        struct str text;

        regex = regex_for(col, field, true, &values[i], &text);
        if (!regex)
            continue;
        match = find_match(matches, field, text);
        if (match && match->verdict != PATTERN_NOT_ASKED)
            values[i].pattern = match->verdict;
        else if (is_slow(field, regex, text, true) && field_length_fits(field, text))
            all = false;
    }
    return all;
}
