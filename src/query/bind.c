/*
 * From recipes to the values of a statement's parameters.
 */
#include "query/internal.h"

#include "base/limits.h"
#include "base/num.h"

#include <math.h>

double query_number(struct str digits)
{
    double number;

    return num_parse_loose(digits, &number) && isfinite(number) ? number : 0;
}

static bool has_wildcard(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\\')
            i++;
        else if (text.p[i] == '%')
            return true;
    }
    return false;
}

static bool is_special(char c)
{
    return c == '\\' || c == '%' || c == '_';
}

/* PocketBase reads from the end: what stands before a special character is looked at for whether it
 * escapes that, and not for being one itself. */
struct str query_like_pattern(struct arena *a, struct str text)
{
    const size_t room = text.n * 2 + 2;
    char *out;
    size_t at = room, i = text.n;

    if (has_wildcard(text))
        return text;
    out = arena_alloc(a, room);
    out[--at] = '%';
    while (i > 0) {
        char c = text.p[--i];

        out[--at] = c;
        if (!is_special(c))
            continue;
        if (i == 0 || text.p[i - 1] != '\\')
            out[--at] = '\\';
        if (i > 0)
            out[--at] = text.p[--i];
    }
    out[--at] = '%';
    return (struct str){out + at, room - at};
}

static struct str value_text(struct arena *a, struct db_value value, bool is_bool)
{
    char text[NUM_TEXT_MAX];

    switch (value.type) {
    case DB_TEXT:
    case DB_BLOB:
        return value.s;
    case DB_INT:
        if (is_bool)
            return value.i ? STR("true") : STR("false");
        return arena_printf(a, "%lld", (long long)value.i);
    case DB_REAL:
        if (!isfinite(value.d))
            return isnan(value.d) ? STR("NaN") : value.d > 0 ? STR("+Inf") : STR("-Inf");
        return arena_dup(a, (struct str){text, num_format_plain(text, value.d)});
    case DB_NULL:
        return STR("");
    }
    BUG("not a database value");
}

static struct str ids_json(struct arena *a, const struct query_spec *spec)
{
    AUTO_BUF struct buf out;

    buf_init(&out, 64 * MIB);
    buf_add_byte(&out, '[');
    for (size_t i = 0; i < spec->n_ids; i++) {
        if (i > 0)
            buf_add_byte(&out, ',');
        json_write_text(&out, spec->ids[i]);
    }
    buf_add_byte(&out, ']');
    return arena_dup(a, buf_str(&out));
}

static struct db_value recipe_value(struct arena *a, const struct query_spec *spec,
                                    const struct query_recipe *recipe,
                                    const struct query_answer *answers,
                                    const struct db_value *literals)
{
    switch (recipe->kind) {
    case RECIPE_CONST:
        return recipe->text.p ? DB_V_TEXT(recipe->text) : DB_V_REAL(recipe->number);
    case RECIPE_LITERAL:
        return literals[recipe->index];
    case RECIPE_PROBE:
        return answers[recipe->index].value;
    case RECIPE_MACRO:
        return query_macro_value(a, recipe->index, spec->now_ms);
    case RECIPE_NOW:
        return query_date_value(a, spec->now_ms);
    case RECIPE_AUTH_ID:
        return DB_V_TEXT(spec->request->auth_id);
    case RECIPE_ID:
        return DB_V_TEXT(spec->id);
    case RECIPE_FIRST_ID:
        return DB_V_TEXT(spec->ids[0]);
    case RECIPE_IDS:
        return DB_V_TEXT(ids_json(a, spec));
    case RECIPE_CELL:
        return spec->virtual_row->cells[recipe->index];
    case RECIPE_LIMIT:
        return DB_V_INT(spec->limit);
    case RECIPE_OFFSET:
        return DB_V_INT(spec->offset);
    case RECIPE_SEEK:
        return spec->seek->values[recipe->index];
    }
    BUG("not a kind of recipe");
}

/* What the engine would take for its own clock. */
static bool is_now(struct db_value value)
{
    return value.type == DB_TEXT && str_eq_nocase(value.s, STR("now"));
}

void query_bind(struct arena *a, const struct query_spec *spec, const struct query_recipe *recipes,
                size_t n, const struct query_answer *answers, const struct db_value *literals,
                struct db_value *ret)
{
    for (size_t i = 0; i < n; i++) {
        const struct query_recipe *recipe = &recipes[i];
        bool is_bool = recipe->kind == RECIPE_PROBE && answers[recipe->index].class == CLASS_BOOL;

        ret[i] = recipe_value(a, spec, recipe, answers, literals);
        if (recipe->like)
            ret[i] = DB_V_TEXT(query_like_pattern(a, value_text(a, ret[i], is_bool)));
        if (recipe->is_time && is_now(ret[i]))
            ret[i] = query_date_value(a, spec->now_ms);
    }
}
