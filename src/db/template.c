/*
 * SQL from a template: for statements whose words are fixed.
 */
#include "db/dialect.h"

#include "base/num.h"
#include "db/db.h"

#define SQL_MAX 4096

struct str db_sql(struct arena *a, const struct db_conn *conn, const char *template)
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
