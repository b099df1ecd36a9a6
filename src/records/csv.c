/*
 * CSV (RFC 4180): what needs quotes has them, lines end in CR LF.
 *
 * A value is what the record's JSON has, texts without their quotes and escapes; null is empty.
 */
#include "records/csv.h"

#include <string.h>

void rec_csv_init(struct arena *a, const struct rec_plan *plan, struct rec_csv *ret)
{
    const struct rec_key **places = ARENA_ARRAY(a, const struct rec_key *, plan->col->n_fields);
    size_t n = 0;

    for (size_t i = 0; i < plan->n; i++)
        if (plan->keys[i].field)
            places[plan->keys[i].field->at] = &plan->keys[i];
    for (size_t i = 0; i < plan->col->n_fields; i++)
        if (places[i])
            places[n++] = places[i];
    *ret = (struct rec_csv){plan, places, n};
}

/* --- values ---------------------------------------------------------------------------------- */

static bool needs_quotes(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i];

        if (c == '"' || c == ',' || c == '\r' || c == '\n')
            return true;
    }
    return text.n > 0 && (text.p[0] == ' ' || text.p[text.n - 1] == ' ');
}

static void write_text(struct buf *out, struct str text)
{
    if (!needs_quotes(text)) {
        buf_add(out, text);
        return;
    }
    BUF_ADD(out, "\"");
    for (struct str rest = text; rest.p;) {
        buf_add(out, str_split(&rest, '"'));
        if (rest.p)
            BUF_ADD(out, "\"\"");
    }
    BUF_ADD(out, "\"");
}

/* A text of JSON that is the same without its quotes, as most are. */
static bool is_plain(struct str json)
{
    struct str inner = str_sub(json, 1, json.n - 1);

    return json.n > 2 && json.p[0] == '"' && str_find_byte(inner, '\\') == inner.n &&
           !needs_quotes(inner);
}

static void write_json(struct arena *a, struct buf *out, struct str json)
{
    const struct json *value;

    if (json.n > 0 && json.p[0] == '"' && json_read(a, json, &json_limits_stored, &value, NULL))
        write_text(out, value->text);
    else if (!str_eq(json, STR("null")))
        write_text(out, json);
}

/* Turns the JSON that was written from `from` on into what a line has. */
static void unquote(struct arena *a, struct buf *out, size_t from)
{
    struct str json = str_from(buf_str(out), from);

    if (is_plain(json)) {
        memmove(out->p + from, out->p + from + 1, json.n - 2);
        buf_cut(out, out->n - 2);
        return;
    }
    json = arena_dup(a, json);
    buf_cut(out, from);
    write_json(a, out, json);
}

/* --- lines ----------------------------------------------------------------------------------- */

void rec_csv_write_names(const struct rec_csv *csv, struct buf *out)
{
    for (size_t i = 0; i < csv->n; i++) {
        if (i > 0)
            BUF_ADD(out, ",");
        write_text(out, csv->keys[i]->field->name);
    }
    BUF_ADD(out, "\r\n");
}

struct err *rec_csv_write_row(struct rec_writer *w, const struct rec_level *level,
                              const struct rec_csv *csv, const struct db_value *cells)
{
    const struct rec rec = {.col = csv->plan->col, .cells = cells};
    const bool hides_email = rec_hides_email(w, level, &rec);

    for (size_t i = 0; i < csv->n; i++) {
        const struct rec_key *key = csv->keys[i];
        size_t from;
        struct err *err;

        if (i > 0)
            BUF_ADD(w->out, ",");
        from = w->out->n;
        if (hides_email && key->field == csv->plan->email)
            continue;
        err = rec_write_value(w, key, cells[key->field->at]);
        if (err)
            return err;
        if (!w->out->full)
            unquote(w->scratch, w->out, from);
    }
    BUF_ADD(w->out, "\r\n");
    return rec_end_row(w);
}
