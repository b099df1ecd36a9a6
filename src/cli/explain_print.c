/*
 * What `reeve explain` prints, laid out for people.
 */
#include "cli/explain.h"

#include "base/json.h"

#include <inttypes.h>

#define NAME_WIDTH 9
#define TEXT_SHOWN 200 /* bytes of a parameter */

/* --- lines ------------------------------------------------------------------------------------ */

static void add_spaces(struct buf *out, size_t n)
{
    while (n-- > 0)
        buf_add_byte(out, ' ');
}

void explain_print_fact(struct buf *out, const char *name, struct str text)
{
    buf_addf(out, "%-*s ", NAME_WIDTH, name);
    while (text.p) {
        buf_add(out, str_split(&text, '\n'));
        if (!text.p)
            break;
        buf_add_byte(out, '\n');
        add_spaces(out, NAME_WIDTH + 1);
    }
    buf_add_byte(out, '\n');
}

void explain_print_count(struct buf *out, uint64_t n, const char *one, const char *many)
{
    buf_addf(out, "%" PRIu64 " %s", n, n == 1 ? one : many);
}

void explain_print_ms(struct buf *out, uint64_t us)
{
    buf_addf(out, "%" PRIu64 ".%03" PRIu64 " ms", us / 1000, us % 1000);
}

/* --- statements ------------------------------------------------------------------------------- */

/* Whether an outermost clause begins here, which gets a line of its own. */
static bool begins_clause(struct str sql)
{
    static const char *const words[] = {"SELECT ",     "FROM ",     "LEFT JOIN ", "INNER JOIN ",
                                        "CROSS JOIN ", "WHERE ",    "GROUP BY ",  "ORDER BY ",
                                        "LIMIT ",      "UNION ALL "};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_starts(sql, str_of(words[i])))
            return true;
    return false;
}

static void add_sql(struct buf *out, struct str sql)
{
    char quote = 0;
    int depth = 0;

    BUF_ADD(out, "  ");
    for (size_t i = 0; i < sql.n; i++) {
        const char c = sql.p[i];

        if (quote) {
            if (c == quote) /* a doubled one ends the text and begins it again */
                quote = 0;
        } else if (c == '\'' || c == '"' || c == '`') {
            quote = c;
        } else if (c == '(' || c == ')') {
            depth += c == '(' ? 1 : -1;
        }
        if (c == ' ' && !quote && depth == 0 && begins_clause(str_from(sql, i + 1)))
            BUF_ADD(out, "\n  ");
        else
            buf_add_byte(out, c);
    }
    BUF_ADD(out, "\n");
}

/* Cut between characters. */
static void add_text(struct buf *out, struct str text)
{
    size_t n = text.n;

    if (n > TEXT_SHOWN)
        for (n = TEXT_SHOWN; n > TEXT_SHOWN - 4 && (text.p[n] & 0xC0) == 0x80;)
            n--;
    json_write_text(out, str_sub(text, 0, n));
    if (n < text.n)
        buf_addf(out, "... (%zu bytes)", text.n);
}

static void add_value(struct buf *out, struct db_value value)
{
    switch (value.type) {
    case DB_NULL:
        BUF_ADD(out, "NULL");
        return;
    case DB_INT:
        buf_add_i64(out, value.i);
        return;
    case DB_REAL:
        json_write_double(out, value.d);
        return;
    case DB_TEXT:
        add_text(out, value.s);
        return;
    case DB_BLOB:
        buf_addf(out, "a blob of %zu bytes", value.s.n);
        return;
    }
    BUG("no type of a value");
}

void explain_print_sql(struct buf *out, struct str sql, const struct db_value *values, unsigned n)
{
    add_sql(out, sql);
    for (unsigned i = 0; i < n; i++) {
        buf_addf(out, "  ?%u = ", i + 1);
        add_value(out, values[i]);
        BUF_ADD(out, "\n");
    }
}

void explain_print_advice(struct buf *out, const struct rec_advice *advice)
{
    struct str rest = advice->index;

    buf_addf(out, "  advice: %.*s with\n", STR_ARG(advice->reason));
    while (rest.p) {
        add_spaces(out, 4);
        buf_add(out, str_split(&rest, '\n'));
        BUF_ADD(out, "\n");
    }
}

void explain_print_plan(struct buf *out, const struct db_plan *plan)
{
    BUF_ADD(out, "  plan\n");
    for (size_t i = 0; i < plan->n; i++) {
        add_spaces(out, 4 + 2 * (size_t)plan->items[i].depth);
        buf_add(out, plan->items[i].text);
        BUF_ADD(out, "\n");
    }
}
