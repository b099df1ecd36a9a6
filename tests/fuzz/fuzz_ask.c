/*
 * Queries from a grammar as wide as the language: the input's bytes are choices, so nearly every
 * one compiles. What compiles is prepared, bound and run to its end on rows: an engine may refuse
 * it, but nothing of ours may be at fault.
 */
#include "fuzz/fuzz.h"

#include "base/compiler.h"
#include "base/json.h"
#include "base/limits.h"
#include "fuzz/site.h"
#include "query/query.h"

#include <stdio.h>

struct choices {
    const uint8_t *p;
    size_t n;
};

/* In [0, bound); 0 once the input is used up, so every list begins with what ends soonest. */
static unsigned choose(struct choices *c, unsigned bound)
{
    if (c->n == 0)
        return 0;
    c->n--;
    return *c->p++ % bound;
}

#define PICK(c, list) str_of((list)[choose((c), COUNT_OF(list))])

/* clang-format off */
static const char *const cols[] = {"posts", "tags", "users", "stats"};
static const char *const literals[] = {
    "''", "'a'", "1", "null", "true", "false", "'%'", "'a%b'", "'_'", "'\\\\'", "0", "-3", "1.5", "1e3",
    "9999999999999999999999", "@now", "@todayStart", "@monthEnd", "@year", "'Now'", "'2020-01-01'", "\"x\""};
static const char *const posts[] = {
    "id", "title", "n", "flag", "j", "j.a", "j.a.0", "geo", "geo.lon", "d", "mail", "site", "body", "secret", "s",
    "m", "m:each", "m:length", "files", "files:each", "files:length", "author", "author.name", "author.email",
    "author.id", "tags", "tags.name", "tags.id", "tags:each", "tags:length", "own", "own.title", "own.author.email",
    "own.own.own.title", "own.tags.name", "own.tags:each", "posts_via_own.title", "posts_via_own.tags.name",
    "created", "title:lower", "tags.posts_via_tags.title", "j:length", "geo:each", "missing", "author.posts_via_author.n"};
static const char *const tags[] = {"id", "name", "name:lower", "posts_via_tags.title", "posts_via_tags.n",
    "posts_via_tags.author.email", "posts_via_tags.m:each", "posts_via_tags.tags.name"};
static const char *const users[] = {"id", "email", "name", "verified", "emailVisibility", "posts_via_author.title",
    "posts_via_author.tags.name", "avatar", "email:lower", "password", "tokenKey"};
static const char *const stats[] = {"id", "title", "author", "n", "author.name", "author.posts_via_author.title"};
static const char *const requests[] = {
    "@request.auth.id", "@request.auth.email", "@request.auth.posts_via_author.title", "@request.auth.missing.x",
    "@request.query.a", "@request.headers.host", "@request.method", "@request.context", "@request.body.title",
    "@request.body.a:isset", "@request.body.title:changed", "@request.body.title:lower", "@request.body.m:each",
    "@request.body.m:length", "@request.body.tags:each", "@request.body.tags.name", "@request.body.author.name",
    "@request.body.j.a", "@collection.posts.title", "@collection.posts:x.tags.name", "@collection.tags:x.name",
    "@collection.users.email"};
static const char *const operators[] = {"=", "!=", ">", ">=", "<", "<=", "~", "!~", "?=", "?!=", "?>", "?>=", "?<",
    "?<=", "?~", "?!~"};
static const char *const formats[] = {"''", "'%Y'", "'%s'", "'%Y-%m-%d %H:%M:%fZ'"};
static const char *const modifiers[] = {"''", "'+1 day'", "'utc'", "'start of month'", "'weekday 0'"};
static const char *const numbers[] = {"1", "2.5", "geo.lon", "geo.lat", "n", "own.geo.lon", "tags.n", "posts_via_own.geo.lat"};
/* clang-format on */

static struct str field(struct choices *c, unsigned col)
{
    switch (col) {
    case 0:
        return PICK(c, posts);
    case 1:
        return PICK(c, tags);
    case 2:
        return PICK(c, users);
    default:
        return PICK(c, stats);
    }
}

static void operand(struct choices *c, unsigned col, struct buf *out, unsigned depth);

static void call(struct choices *c, unsigned col, struct buf *out, unsigned depth)
{
    if (choose(c, 2)) {
        BUF_ADD(out, "geoDistance(");
        for (unsigned i = 0, n = 4 - (choose(c, 8) == 7); i < n; i++) {
            buf_add(out, i ? STR(",") : STR(""));
            buf_add(out, PICK(c, numbers));
        }
    } else {
        BUF_ADD(out, "strftime(");
        buf_add(out, PICK(c, formats));
        for (unsigned i = 0, n = choose(c, 4); i < n; i++) {
            BUF_ADD(out, ",");
            if (i == 0)
                operand(c, col, out, depth + 1);
            else
                buf_add(out, PICK(c, modifiers));
        }
    }
    BUF_ADD(out, ")");
}

static void operand(struct choices *c, unsigned col, struct buf *out, unsigned depth)
{
    unsigned kind = choose(c, depth < 2 ? 16 : 14);

    if (kind < 7)
        buf_add(out, field(c, col));
    else if (kind < 11)
        buf_add(out, PICK(c, literals));
    else if (kind < 14)
        buf_add(out, PICK(c, requests));
    else
        call(c, col, out, depth);
}

static void expression(struct choices *c, unsigned col, struct buf *out, unsigned depth)
{
    for (unsigned i = 0, n = 1 + choose(c, 3); i < n; i++) {
        if (i)
            buf_add(out, choose(c, 2) ? STR(" || ") : STR(" && "));
        if (depth < 2 && choose(c, 8) == 7) {
            BUF_ADD(out, "(");
            expression(c, col, out, depth + 1);
            BUF_ADD(out, ")");
            continue;
        }
        operand(c, col, out, 0);
        BUF_ADD(out, " ");
        buf_add(out, PICK(c, operators));
        BUF_ADD(out, " ");
        operand(c, col, out, 0);
    }
}

static void sort(struct choices *c, unsigned col, struct buf *out)
{
    static const char *const signs[] = {"", "-", "+"};

    for (unsigned i = 0, n = choose(c, 4); i < n; i++) {
        buf_add(out, i ? STR(",") : STR(""));
        buf_add(out, PICK(c, signs));
        buf_add(out, choose(c, 6) == 5 ? (choose(c, 2) ? STR("@random") : STR("@rowid"))
                                       : field(c, col));
    }
}

static struct str taken(struct arena *a, struct buf *out)
{
    struct str text = arena_dup(a, buf_str(out));

    buf_reset(out);
    return text;
}

/* --- running it ------------------------------------------------------------------------------- */

static struct err *add_rows(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    static const char *const rows[] = {
        "INSERT INTO tags (id, name) VALUES ('t1', 'a'), ('t2', 'b%'), ('t3', '')",
        "INSERT INTO users (id, email, name, tokenKey, password, verified) VALUES "
        "('u1', 'a@x.y', 'A', 'k1', '', TRUE), ('u2', 'b@x.y', '', 'k2', '', FALSE)",
        "INSERT INTO posts (id, title, n, flag, j, m, author, tags, own, d) VALUES "
        "('p1', 'a', 1, TRUE, '{\"a\":[1]}', '[\"a\",\"b\"]', 'u1', '[\"t1\",\"t2\"]', 'p2', "
        "'2024-01-01 10:00:00.000Z'), ('p2', '%', -3, FALSE, 'null', '[]', 'gone', '[\"t3\",\"x\"]', "
        "'p2', ''), ('p3', '', 0, FALSE, '\"a\"', 'no list', '', '[]', '', '')",
    };
    struct err *err = NULL;

    (void)in;
    (void)ret;
    for (size_t i = 0; i < COUNT_OF(rows) && !err; i++)
        err = db_exec(a, tx, str_of(rows[i]), NULL, 0, NULL);
    return err;
}

static const struct fuzz_site *site_with_rows(void)
{
    static const struct fuzz_site *site;

    if (site)
        return site;
    site = fuzz_site();
    db_read_end(site->reader);
    if (db_run(site->a, site->db, add_rows, NULL, NULL) || db_read_begin(site->a, site->reader))
        abort();
    return site;
}

static void must_not_be_ours(const struct err *err, const struct query_spec *spec)
{
    if (!err || err->kind != E_INTERNAL)
        return;
    (void)fprintf(stderr, "%.*s\nrule: %.*s\nfilter: %.*s\nsort: %.*s\n", STR_ARG(err->cause),
                  STR_ARG(spec->rule), STR_ARG(spec->filter), STR_ARG(spec->sort));
    abort();
}

static struct err *ask(struct arena *a, struct db_conn *conn, const struct query_spec *spec)
{
    static const struct db_limits limits = {.cpu_us = 100000};
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct query_sql sql;
    struct err *err;
    bool row = true;

    err = query_compile(a, spec, &sql);
    if (err)
        return err;
    db_set_limits(conn, &limits);
    err = db_prepare_bound(a, conn, sql.text, sql.values, sql.n, &stmt);
    for (unsigned n = 0; !err && row && n < 1000; n++)
        err = db_step(a, stmt, &row);
    db_set_limits(conn, NULL);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char body[] = "{\"title\":\"a\",\"n\":1,\"tags\":[\"t1\",\"y\"],\"author\":\"u1\","
                               "\"m\":[\"a\"],\"j\":{\"a\":[1]},\"a\":null}";
    AUTO(arena_free) struct arena *a = arena_new();
    const struct fuzz_site *site = site_with_rows();
    struct choices c = {data, size};
    struct query_request request = {.context = STR("default"), .method = STR("GET")};
    unsigned how = choose(&c, 32), col = choose(&c, COUNT_OF(cols));
    struct query_spec spec = {.schema = site->schema,
                              .col = schema_find(site->schema, str_of(cols[col])),
                              .request = &request,
                              .dialect = db_dialect(site->db),
                              .want = (enum query_want)(how % 3),
                              .client_is_superuser = how & 4,
                              .limit = how & 8 ? 2 : -1,
                              .offset = how & 8 && how & 16 ? 1 : 0,
                              .now_ms = FUZZ_NOW_MS};
    AUTO_BUF struct buf text;

    if (!json_read(a, str_of(body), &json_limits_body, &request.body, NULL))
        abort();
    if (choose(&c, 4)) {
        request.auth_col = schema_find(site->schema, STR("users"));
        request.auth_id = STR("u1");
        request.auth_email = STR("a@x.y");
    }
    buf_init(&text, 64 * KIB);
    if (choose(&c, 3) == 2) {
        expression(&c, col, &text, 0);
        spec.rule = taken(a, &text);
    }
    expression(&c, col, &text, 0);
    spec.filter = taken(a, &text);
    sort(&c, col, &text);
    spec.sort = taken(a, &text);
    must_not_be_ours(ask(a, site->reader, &spec), &spec);
    return 0;
}
