/*
 * Small look-ups. SQL is built by the connection's dialect from templates that are constant but for
 * collection names, which are words.
 */
#include "auth/internal.h"

#include "base/num.h"

#define SQL_MAX 4096

struct str auth_sql(struct arena *a, const struct db_conn *conn, const char *template)
{
    const struct db_dialect *dialect = db_conn_dialect(conn);
    struct str rest = str_of(template);
    AUTO_BUF struct buf out;

    buf_init(&out, SQL_MAX);
    while (rest.n > 0) {
        bool ident = rest.p[0] == '[';
        size_t end = ident || rest.p[0] == '{' ? str_find_byte(rest, ident ? ']' : '}') : 0;
        struct str inner = str_sub(rest, 1, end > 0 ? end - 1 : 0);
        int64_t param;

        if (ident)
            dialect->ident(&out, inner);
        else if (end > 0 && num_parse_i64(inner, &param))
            dialect->param(&out, (unsigned)param);
        else
            buf_add_byte(&out, rest.p[0]);
        rest = str_from(rest, end + 1);
    }
    return arena_dup(a, buf_str(&out));
}

struct str auth_cell(const struct rec *rec, const struct schema_field *field)
{
    struct db_value cell = rec->cells[field->at];

    return cell.type == DB_TEXT || cell.type == DB_BLOB ? cell.s : STR("");
}

struct str auth_cell_named(const struct rec *rec, const char *name)
{
    const struct schema_field *field = schema_field(rec->col, str_of(name));

    return field ? auth_cell(rec, field) : STR("");
}

const struct json *auth_option(struct arena *a, const struct schema_col *col, const char *name)
{
    const struct json *options;

    if (!json_read(a, col->options_json, &json_limits_stored, &options, NULL))
        return NULL;
    return json_get(options, str_of(name));
}
