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

enum { IN_QUOTES = 1, ESCAPED = 2 };

/* What a byte makes of its text: it needs quotes, or JSON does not have it as it is. */
static const unsigned char kinds[256] = {
    ['"'] = IN_QUOTES, [','] = IN_QUOTES, ['\r'] = IN_QUOTES, ['\n'] = IN_QUOTES, ['\\'] = ESCAPED,
};

static unsigned kinds_in(struct str text)
{
    unsigned found = 0;

    for (size_t i = 0; i < text.n; i++)
        found |= kinds[(unsigned char)text.p[i]];
    if (text.n > 0 && (text.p[0] == ' ' || text.p[text.n - 1] == ' '))
        found |= IN_QUOTES;
    return found;
}

static void write_text(struct buf *out, struct str text)
{
    if (!(kinds_in(text) & IN_QUOTES)) {
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

/* JSON whose value takes other bytes than it has. */
static void rewrite(struct arena *a, struct buf *out, size_t from)
{
    const struct str json = arena_dup(a, str_from(buf_str(out), from));
    const struct json *value;

    buf_cut(out, from);
    if (json.p[0] == '"' && json_read(a, json, &json_limits_stored, &value, NULL))
        write_text(out, value->text);
    else
        write_text(out, json);
}

/* Turns the JSON that was written from `from` on into what a line has: mostly the same bytes, of a
 * text without its quotes. */
static void unquote(struct arena *a, struct buf *out, size_t from)
{
    struct str json = str_from(buf_str(out), from);
    bool is_text = json.n >= 2 && json.p[0] == '"';

    if (json.n == 0)
        return;
    if (str_eq(json, STR("null"))) {
        buf_cut(out, from);
    } else if (kinds_in(is_text ? str_sub(json, 1, json.n - 2) : json)) {
        rewrite(a, out, from);
    } else if (is_text) {
        memmove(out->p + from, out->p + from + 1, json.n - 2);
        buf_cut(out, out->n - 2);
    }
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
    const size_t begin = w->out->n;

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
    if (csv->n == 1 && w->out->n == begin) /* an empty line is no row to many */
        BUF_ADD(w->out, "\"\"");
    BUF_ADD(w->out, "\r\n");
    return rec_end_row(w);
}
