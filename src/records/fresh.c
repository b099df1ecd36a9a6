/*
 * Values that nobody submits: generated texts, token keys, autodates.
 */
#include "records/fresh.h"

#include "base/date.h"
#include "base/id.h"
#include "records/values.h"

/* A pattern that generation does not know leaves the field empty, as upstream. */
static struct str generated_text(struct arena *a, const struct schema_field *field)
{
    struct str text;

    return regex_generate(a, field->text.autogenerate, &text) ? text : STR_NONE;
}

void rec_fill_generated(struct arena *a, const struct schema_col *col, struct value *values)
{
    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *field = &col->fields[i];

        if (field->type->kind == FIELD_TEXT && field->text.autogenerate.n > 0 &&
            values[i].text.n == 0)
            values[i].text = generated_text(a, field);
    }
}

struct str rec_new_token_key(struct arena *a, const struct schema_col *col)
{
    const struct schema_field *field = col->auth->token_key;

    if (field->type->kind == FIELD_TEXT && field->text.autogenerate.n > 0)
        return generated_text(a, field);
    return random_text(a, 50, ALPHABET_SECRET);
}

void rec_stamp(const struct rec_work *work)
{
    char text[DATE_TEXT_LEN + 1];
    struct str now = {text, DATE_TEXT_LEN};

    date_format(text, work->scope->now_ms);
    now = arena_dup(work->a, now);
    for (size_t i = 0; i < work->col->n_fields; i++) {
        const struct schema_field *field = &work->col->fields[i];

        if (field->type->kind == FIELD_AUTODATE &&
            (work->old ? field->autodate.on_update : field->autodate.on_create))
            work->values[i].text = now;
    }
    if (work->col == work->scope->schema->superusers)
        work->values[work->col->auth->verified->at].truth = true;
}
