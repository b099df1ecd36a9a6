/*
 * A condition evaluated in memory holds exactly where its SQL does: on random collections, records,
 * requests and filters. The seed of a failure is printed with the case.
 */
#include "unit/site.h"

#include "base/compiler.h"
#include "base/date.h"
#include "base/limits.h"
#include "db/dialect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_ROUNDS 12   /* collections of a seed */
#define N_ROWS 12     /* of a collection */
#define N_FILTERS 60  /* of a collection, each asked of all its rows in two ways */
#define MAX_FIELDS 14 /* of a collection */
#define N_SEEDS 4
/* How many rows are answered in memory by these seeds at least; and by filters with strftime(). */
#define ANSWERED_MIN 40000
#define TIMED_MIN 10000

/* --- chance ----------------------------------------------------------------------------------- */

static uint64_t chance;

static unsigned below(unsigned n)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (unsigned)((chance >> 33) % n);
}

#define ONE_OF(list) ((list)[below((unsigned)COUNT_OF(list))])

/* --- collections ------------------------------------------------------------------------------ */

/* clang-format off */
static const struct kind {
    const char *def, *column;
    bool list;
} kinds[] = {
    {"\"type\":\"text\"", "TEXT DEFAULT '' NOT NULL", false},
    {"\"type\":\"text\"", "TEXT DEFAULT '' NOT NULL", false},
    {"\"type\":\"editor\"", "TEXT DEFAULT '' NOT NULL", false},
    {"\"type\":\"number\"", "NUMERIC DEFAULT 0 NOT NULL", false},
    {"\"type\":\"number\",\"onlyInt\":true", "NUMERIC DEFAULT 0 NOT NULL", false},
    {"\"type\":\"bool\"", "BOOLEAN DEFAULT FALSE NOT NULL", false},
    {"\"type\":\"email\"", "TEXT DEFAULT '' NOT NULL", false},
    {"\"type\":\"url\"", "TEXT DEFAULT '' NOT NULL", false},
    {"\"type\":\"date\"", "TEXT DEFAULT '' NOT NULL", false},
    {"\"type\":\"autodate\",\"onCreate\":true", "TEXT DEFAULT '' NOT NULL", false},
    {"\"type\":\"json\"", "JSON DEFAULT NULL", false},
    {"\"type\":\"json\"", "JSON DEFAULT NULL", false},
    {"\"type\":\"geoPoint\"", "JSON DEFAULT '{\"lon\":0,\"lat\":0}' NOT NULL", false},
    {"\"type\":\"select\",\"values\":[\"a\",\"b\"],\"maxSelect\":1", "TEXT DEFAULT '' NOT NULL", true},
    {"\"type\":\"select\",\"values\":[\"a\",\"b\"],\"maxSelect\":2", "JSON DEFAULT '[]' NOT NULL", true},
    {"\"type\":\"file\",\"maxSelect\":1", "TEXT DEFAULT '' NOT NULL", true},
    {"\"type\":\"file\",\"maxSelect\":3", "JSON DEFAULT '[]' NOT NULL", true},
    {"\"type\":\"relation\",\"collectionId\":\"c_tags\",\"maxSelect\":1", "TEXT DEFAULT '' NOT NULL", true},
    {"\"type\":\"relation\",\"collectionId\":\"c_tags\",\"maxSelect\":9", "JSON DEFAULT '[]' NOT NULL", true},
};

/* Texts that mean something to someone. */
static const char *const odd[] = {
    "", "", "0", "1", "-1", "1.0", "1.50", "01", " 7 ", "\t7\n", "+5", ".5", "5.", "1e3", "1E-2", "1e400", "-1e400",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-0", "-0.0", "0.1", "0.30000000000000004",
    "12345678901234567890", "0.1000000000000000055", "0x10", "1_0", "1e", "NaN", "Inf", "true", "false", "null", "NULL",
    "a", "b", "abc", "ABC", "aBc", "\xc3\x84" "bc", "\xc3\xa4" "BC", "\xe6\x97\xa5\xe6\x9c\xac", "\xff\xfe", "\xf0\x9f\x98\x80",
    "%", "_", "\\", "a%c", "a_c", "a\\%c", "%b%", "a''b", "\x01", "two words", "tag0000000000go",
    "[]", "{}", "[1]", "[1, 2 ,\"a\"]", "[\"a\",\"b\"]", "[\"a\"]", "[\"b\",\"a\",\"a\"]", "[null]", "[\"\"]", "[true,false,0.5]",
    "{\"a\":1}", "{\"a\":{\"b\":[1,\"x\",null,true,{\"c\":\"d\"}]}}", "{ \"a\" : [ 1 , 2.50 ], \"b\" : \"q\\\"\\/\\u00e9\" }",
    "{\"a\":1,\"a\":2}", "{\"\":1,\"a\":\"\\ud83d\\ude00\"}", "{\"a\":1e2,\"b\":-0.0}", "{\"\\u0061\":5}", "{\"a\":12345678901234567890}",
    "\"a\"", "\"\\u00e9\\n\"", "\"1\"", "1.5e2", "[", "{bad", "[1,]", "{'a':1}", "nul", "\"open", "[1] x", "[01]", "\"\t\"",
    "{\"lon\":12.5,\"lat\":-3}", "{\"lon\":\"12.5\",\"lat\":null}", "{\"lat\":90,\"lon\":181}",
    "2026-01-01 00:00:00.000Z", "2030-03-03 10:20:30.400Z", "2026", "2030", "now", "[\"NOW\",\"2026-01-01\"]",
};

static const char *const odd_numbers[] = {
    "0", "1", "-1", "2", "3.5", "0.1", "-0.0", "1e300", "-1e-300", "9007199254740993", "9223372036854775807", "1e18", "9223372036854775807.0",
    "9e18", "0.30000000000000004", "100", "NULL",
};
/* clang-format on */

static struct {
    const char *name;
    char fields[MAX_FIELDS][16];
    const struct kind *kinds[MAX_FIELDS];
    unsigned n_fields;
} made;

static void make_collection(unsigned number)
{
    AUTO_BUF struct buf fields;
    AUTO_BUF struct buf table;

    buf_init(&fields, MIB);
    buf_init(&table, MIB);
    made.name = arena_printf(site.a, "r%u", number).p;
    made.n_fields = 3 + below(MAX_FIELDS - 3);
    buf_addf(&table, "CREATE TABLE %s (id TEXT PRIMARY KEY NOT NULL", made.name);
    for (unsigned i = 0; i < made.n_fields; i++) {
        made.kinds[i] = &ONE_OF(kinds);
        (void)snprintf(made.fields[i], sizeof(made.fields[i]), "%c%u", 'a' + (char)below(3), i);
        buf_addf(&fields, ",{\"id\":\"f%u\",\"name\":\"%s\",%s}", i, made.fields[i],
                 made.kinds[i]->def);
        buf_addf(&table, ", %s %s", made.fields[i], made.kinds[i]->column);
    }
    BUF_ADD(&table, ")");
    site_exec(arena_cstr(site.a, buf_str(&table)));
    site_exec(arena_printf(site.a,
                           "INSERT INTO _collections (id, system, type, name, fields, indexes, "
                           "listRule, options) VALUES ('c_%s', 0, 'base', '%s', '[{\"id\":\"i\","
                           "\"name\":\"id\",\"primaryKey\":true,\"required\":true,\"system\":true,"
                           "\"type\":\"text\"}%.*s]', '[]', '', '{}')",
                           made.name, made.name, STR_ARG(buf_str(&fields)))
                  .p);
}

static void add_cell(struct buf *sql, const struct kind *kind)
{
    bool nullable = strstr(kind->column, "NOT NULL") == NULL;
    const char *number = ONE_OF(odd_numbers);

    if (strcmp(number, "NULL") == 0 && !nullable)
        number = "0";
    if (below(4) == 0)
        buf_add(sql, str_of(number));
    else
        db_dialect(site.db)->text_literal(sql, str_of(ONE_OF(odd)));
}

static void make_rows(void)
{
    for (unsigned r = 0; r < N_ROWS; r++) {
        AUTO_BUF struct buf sql;

        buf_init(&sql, MIB);
        buf_addf(&sql, "INSERT INTO %s VALUES ('row%u'", made.name, r);
        for (unsigned i = 0; i < made.n_fields; i++) {
            BUF_ADD(&sql, ", ");
            add_cell(&sql, made.kinds[i]);
        }
        BUF_ADD(&sql, ")");
        site_exec(arena_cstr(site.a, buf_str(&sql)));
    }
}

/* --- filters ---------------------------------------------------------------------------------- */

static const char *const words[] = {
    "null", "true", "false", "@now", "@todayStart", "@year", "@month", "@weekday", "@yearEnd",
};
static const char *const requests[] = {
    "@request.method",        "@request.context",          "@request.query.q",
    "@request.query.none",    "@request.headers.x_one",    "@request.auth.id",
    "@request.auth.email",    "@request.auth.verified",    "@request.query.q:isset",
    "@request.query.q:lower", "@request.headers.no:isset", "@request.body.other",
    "@request.auth.name",     "@request.body.other.a",     "@request.auth.collectionName",
};
static const char *const paths[] = {".a",   ".a.b", ".a.b.1", ".a.b.3", ".lon",
                                    ".lat", ".0",   ".1.a",   ".id",    ".b"};
static const char *const modifiers[] = {":lower", ":each", ":length", ":each", ":isset"};
static const char *const body_modifiers[] = {":lower",   ":each",    ":length", ":isset",
                                             ":changed", ":changed", ":each"};
static const char *const signs[] = {"=", "!=", ">", ">=", "<", "<=", "~", "!~", "=", "!=", "~"};

static void add_quoted(struct buf *out, const char *text)
{
    buf_add_byte(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            buf_add_byte(out, '\\');
        buf_add_byte(out, *text);
    }
    buf_add_byte(out, '"');
}

static void add_field(struct buf *out)
{
    unsigned at = below(made.n_fields);
    const struct kind *kind = made.kinds[at];

    buf_add(out, str_of(made.fields[at]));
    if (kind->list && below(2))
        buf_add(out, str_of(ONE_OF(modifiers)));
    else if (strchr("jg", kind->def[8]) && below(2))
        buf_add(out, str_of(ONE_OF(paths)));
    else if (below(8) == 0)
        buf_add(out, below(2) ? str_of(ONE_OF(modifiers)) : str_of(ONE_OF(paths)));
}

static void add_body(struct buf *out)
{
    unsigned at = below(made.n_fields);

    buf_addf(out, "@request.body.%s", made.fields[at]);
    if (below(2))
        buf_add(out, str_of(ONE_OF(body_modifiers)));
    else if (below(4) == 0)
        buf_add(out, str_of(ONE_OF(paths)));
}

static void add_number(struct buf *out)
{
    static const char *const numbers[] = {"0", "1", "-1", "2", "3.5", "0.1", "1000", "7", "12.5"};

    buf_add(out, str_of(ONE_OF(numbers)));
}

static void add_distance(struct buf *out)
{
    BUF_ADD(out, "geoDistance(");
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            BUF_ADD(out, ", ");
        if (below(2))
            add_number(out);
        else
            add_field(out);
    }
    BUF_ADD(out, ")");
}

/* As clients name a time, and as columns hold it: see odd[], too. */
static const char *const times[] = {
    "now",
    "NOW",
    "nOw",
    "now ",
    "subsec",
    "2026-01-01",
    "2024-02-29 23:59:59.999Z",
    "12:34",
    "2460370.5",
    "1700000000",
    "2030-03-03 10:20:30.400Z",
};
static const char *const formats[] = {
    "",
    "%Y",
    "%Y-%m",
    "%F %T",
    "%f",
    "%s",
    "%J",
    "%j",
    "%d/%m",
    "%H:%M",
    "%w",
    "%G-%V",
    "%%",
    "%",
    "%x",
    "x",
    "%Y-%m-%d %H:%M:%fZ",
};
static const char *const changes[] = {
    "",          "+1 day",    "-1 months",  "start of day", "start of month",
    "weekday 0", "unixepoch", "auto",       "julianday",    "subsec",
    "floor",     "utc",       "+1.5 hours", "now",          "rubbish",
};

static void add_time(struct buf *out)
{
    BUF_ADD(out, "strftime(");
    add_quoted(out, ONE_OF(formats));
    if (below(5)) {
        BUF_ADD(out, ", ");
        switch (below(8)) {
        case 0:
            add_quoted(out, ONE_OF(odd));
            break;
        case 1:
        case 2:
            add_quoted(out, ONE_OF(times));
            break;
        case 3:
            buf_add(out, str_of(ONE_OF(requests)));
            break;
        case 4:
            add_body(out);
            break;
        case 5:
            buf_add(out, str_of(ONE_OF(words)));
            break;
        default:
            add_field(out);
        }
        for (unsigned n = below(2) ? 0 : below(3); n > 0; n--) {
            BUF_ADD(out, ", ");
            add_quoted(out, ONE_OF(changes));
        }
    }
    BUF_ADD(out, ")");
}

static void add_operand(struct buf *out)
{
    switch (below(18)) {
    case 0:
        buf_add(out, str_of(ONE_OF(words)));
        return;
    case 1:
        buf_add(out, str_of(ONE_OF(requests)));
        return;
    case 2:
    case 3:
        add_body(out);
        return;
    case 4:
        add_distance(out);
        return;
    case 5:
    case 6:
        add_number(out);
        return;
    case 7:
    case 8:
    case 9:
        add_quoted(out, ONE_OF(odd));
        return;
    case 10:
    case 11:
        add_time(out);
        return;
    default:
        add_field(out);
    }
}

static void add_comparison(struct buf *out)
{
    if (below(2))
        add_field(out);
    else
        add_operand(out);
    buf_addf(out, " %s%s ", below(4) ? "" : "?", ONE_OF(signs));
    add_operand(out);
}

static void add_filter(struct buf *out, unsigned depth)
{
    unsigned n = 1 + below(depth == 0 ? 3 : 2);

    for (unsigned i = 0; i < n; i++) {
        if (i > 0)
            buf_add(out, below(2) ? STR(" && ") : STR(" || "));
        if (depth < 3 && below(4) == 0) {
            BUF_ADD(out, "(");
            add_filter(out, depth + 1);
            BUF_ADD(out, ")");
        } else {
            add_comparison(out);
        }
    }
}

/* --- requests --------------------------------------------------------------------------------- */

static struct json some_json(struct arena *a)
{
    struct str text = str_of(ONE_OF(odd));
    const struct json *parsed;
    struct json *items;
    unsigned n;

    switch (below(5)) {
    case 0:
        return json_of_double(a, (double)below(8) / 2 - 1);
    case 1:
        return json_of_bool(below(2));
    case 2:
        n = below(3);
        items = ARENA_ARRAY(a, struct json, n);
        for (unsigned i = 0; i < n; i++)
            items[i] = json_of_text(str_of(ONE_OF(odd)));
        return json_of_list(items, n);
    case 3:
        return json_read(a, text, &json_limits_strict, &parsed, NULL) ? *parsed : json_of_null();
    default:
        return json_of_text(utf8_valid(text) ? text : STR("?"));
    }
}

static void make_request(struct arena *a, struct query_request *request)
{
    struct query_pair *pairs = ARENA_ARRAY(a, struct query_pair, 2);
    struct json *body = ARENA_NEW(a, struct json);
    struct json_member *members = ARENA_ARRAY(a, struct json_member, MAX_FIELDS + 1);
    size_t n = 0;

    *request = site.actor.request;
    pairs[0] = (struct query_pair){STR("q"), str_of(ONE_OF(odd))};
    pairs[1] = (struct query_pair){STR("x_one"), str_of(ONE_OF(odd))};
    request->query = &pairs[0];
    request->headers = &pairs[1];
    request->n_query = request->n_headers = below(2);
    for (unsigned i = 0; i < made.n_fields; i++)
        if (below(2))
            members[n++] = (struct json_member){str_of(made.fields[i]), some_json(a)};
    if (below(2))
        members[n++] = (struct json_member){STR("other"), some_json(a)};
    *body = json_of_object(members, n);
    request->body = below(8) ? body : NULL;
    request->body_is_resolved = below(2);
}

/* --- the property ----------------------------------------------------------------------------- */

static struct {
    unsigned answered, left, failed;
    unsigned timed; /* of those answered: with strftime() in the filter */
} seen;

/* What SQL says: QUERY_CANNOT for an error. */
static enum query_verdict ask(struct arena *a, struct db_conn *conn, const struct query_sql *sql)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    bool row = false;

    if (db_prepare(a, conn, sql->text, &stmt))
        return QUERY_CANNOT;
    for (unsigned i = 0; i < sql->n; i++)
        db_bind(stmt, i + 1, sql->values[i]);
    if (db_step(a, stmt, &row))
        return QUERY_CANNOT;
    return row ? QUERY_YES : QUERY_NO;
}

static void print_case(const struct query_spec *spec, const struct query_sql *sql,
                       const struct db_value *cells)
{
    AUTO_BUF struct buf out;

    buf_init(&out, MIB);
    for (size_t i = 0; i < spec->col->n_fields; i++) {
        buf_addf(&out, "  %.*s %s = ", STR_ARG(spec->col->fields[i].name),
                 spec->col->fields[i].type->name);
        if (cells[i].type == DB_TEXT)
            json_write_text(&out, cells[i].s);
        else if (cells[i].type == DB_INT)
            buf_addf(&out, "%lld", (long long)cells[i].i);
        else if (cells[i].type == DB_REAL)
            buf_addf(&out, "%.17g", cells[i].d);
        BUF_ADD(&out, "\n");
    }
    for (unsigned i = 0; i < sql->n; i++) {
        buf_addf(&out, "  ?%u = ", i + 1);
        if (sql->values[i].type == DB_TEXT)
            json_write_text(&out, sql->values[i].s);
        else
            buf_addf(&out, "%.17g",
                     sql->values[i].type == DB_INT ? (double)sql->values[i].i : sql->values[i].d);
        BUF_ADD(&out, "\n");
    }
    print_error("%.*s%.*s\nrule %.*s, filter %.*s\n", STR_ARG(buf_str(&out)), STR_ARG(sql->text),
                STR_ARG(spec->rule), STR_ARG(spec->filter));
}

static void check(struct arena *a, struct db_conn *conn, const struct query_spec *spec,
                  const struct db_value *cells, uint64_t seed)
{
    struct query_sql sql;
    enum query_verdict in_memory, in_sql;

    if (query_compile(a, spec, &sql)) {
        seen.failed++;
        return;
    }
    in_memory = query_eval(a, &sql, cells);
    if (in_memory == QUERY_CANNOT) {
        seen.left++;
        return;
    }
    seen.answered++;
    seen.timed += str_has(spec->rule, STR("strftime")) || str_has(spec->filter, STR("strftime"));
    in_sql = ask(a, conn, &sql);
    if (in_memory != in_sql) {
        print_case(spec, &sql, cells);
        fail_msg("seed %llu: %s in memory, %s in SQL", (unsigned long long)seed,
                 in_memory == QUERY_YES ? "yes" : "no",
                 in_sql == QUERY_CANNOT ? "an error"
                 : in_sql == QUERY_YES  ? "yes"
                                        : "no");
    }
}

/* The row's cells, as they are stored. */
static const struct db_value *cells_of(struct arena *a, struct db_conn *conn, struct str id)
{
    struct query_spec spec = {.schema = site.schema,
                              .col = site_col(made.name),
                              .dialect = db_dialect(site.db),
                              .id = id,
                              .limit = -1};
    struct query_sql sql;
    struct db_row *row;

    site_ok(query_compile(a, &spec, &sql));
    site_ok(db_query_row(a, conn, sql.text, sql.values, sql.n, &row));
    assert_non_null(row);
    return row->cells;
}

/* A filter of a client now and then, else a rule; of the stored row, and as if it were not. */
static void check_row(struct arena *a, struct db_conn *conn, struct str filter, struct str id,
                      const struct query_request *request, uint64_t seed)
{
    struct query_virtual virtual_row = {.cells = cells_of(a, conn, id)};
    bool is_rule = below(4) > 0;
    struct query_spec spec = {
        .schema = site.schema,
        .col = site_col(made.name),
        .request = request,
        .dialect = db_dialect(site.db),
        .want = QUERY_EXISTS,
        .rule = is_rule ? filter : STR(""),
        .filter = is_rule ? STR("") : filter,
        .id = id,
        .limit = -1,
        .now_ms = SITE_NOW_MS,
    };

    check(a, conn, &spec, virtual_row.cells, seed);
    spec.id = STR_NONE;
    spec.virtual_row = &virtual_row;
    check(a, conn, &spec, virtual_row.cells, seed);
}

static void check_filters(struct db_conn *conn, uint64_t seed)
{
    AUTO(arena_free) struct arena *a = arena_new();

    for (unsigned f = 0; f < N_FILTERS; f++) {
        AUTO_BUF struct buf filter;

        buf_init(&filter, MIB);
        add_filter(&filter, 0);
        for (unsigned r = 0; r < N_ROWS; r++) {
            struct query_request request;

            arena_reset(a);
            make_request(a, &request);
            check_row(a, conn, buf_str(&filter), arena_printf(a, "row%u", r), &request, seed);
        }
    }
}

static void run(uint64_t seed)
{
    struct db_conn *conn;

    chance = seed * 0x9e3779b97f4a7c15ULL + 1;
    for (unsigned i = 0; i < N_ROUNDS; i++) {
        static unsigned n_collections;

        make_collection(n_collections++);
        make_rows();
        site_rule(made.name, "listRule", ""); /* the schema is read again */
        site_act(below(2) ? "user0000000000a" : NULL);
        site_ok(db_reader(site.a, site.db, &conn));
        site_ok(db_read_begin(site.a, conn));
        check_filters(conn, seed);
        db_read_end(conn);
    }
}

static void tell(void)
{
    print_message("%u answered, %u of them about times, %u left to SQL, %u refused\n",
                  seen.answered, seen.timed, seen.left, seen.failed);
}

static void memory_says_what_sql_says(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= N_SEEDS; seed++)
        run(seed);
    tell();
    assert_true(seen.answered >= ANSWERED_MIN);
    assert_true(seen.timed >= TIMED_MIN);
    assert_true(seen.answered > seen.left);
}

/* For hand: REEVE_SEED names another seed, REEVE_SEEDS how many from there. */
static void memory_says_what_sql_says_again(void **state)
{
    const char *first = getenv("REEVE_SEED"), *count = getenv("REEVE_SEEDS");
    uint64_t seed = first ? strtoull(first, NULL, 10) : clock_us();
    uint64_t n = count ? strtoull(count, NULL, 10) : 1;

    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (uint64_t i = 0; i < n; i++)
        run(seed + i);
    tell();
}

/* --- what is left to SQL ---------------------------------------------------------------------- */

struct verdict_case {
    const char *rule;
    enum query_verdict verdict;
};

/* Of a record with cells; cells NULL: as they are stored, where SQL has to agree. */
static enum query_verdict verdict_of(const char *col, const char *id, struct str rule,
                                     struct str filter, const struct db_value *cells)
{
    struct query_spec spec = {
        .schema = site.schema,
        .col = site_col(col),
        .request = &site.actor.request,
        .dialect = db_dialect(site.db),
        .want = QUERY_EXISTS,
        .rule = rule,
        .filter = filter,
        .id = str_of(id),
        .limit = -1,
        .now_ms = SITE_NOW_MS,
    };
    struct query_sql sql;
    struct db_conn *conn;
    const bool is_stored = !cells;
    enum query_verdict verdict;

    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    made.name = col;
    if (is_stored)
        cells = cells_of(site.a, conn, str_of(id));
    site_ok(query_compile(site.a, &spec, &sql));
    verdict = query_eval(site.a, &sql, cells);
    if (is_stored && verdict != QUERY_CANNOT)
        assert_int_equal(verdict, ask(site.a, conn, &sql));
    db_read_end(conn);
    return verdict;
}

static void check_verdicts(const char *col, const char *id, bool of_client,
                           const struct verdict_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct str text = str_of(cases[i].rule);
        enum query_verdict verdict =
            verdict_of(col, id, of_client ? STR("") : text, of_client ? text : STR(""), NULL);

        if (verdict != cases[i].verdict)
            fail_msg("%s: %d, not %d", cases[i].rule, (int)verdict, (int)cases[i].verdict);
    }
}

static void other_tables_are_left_to_sql(void **state)
{
    static const struct verdict_case cases[] = {
        {"title = 'first'", QUERY_YES},
        {"author = 'author000000ada' && tags:length = 2", QUERY_YES},
        {"author.id = 'author000000ada'", QUERY_YES},
        {"tags:each ~ 'go'", QUERY_NO},
        {"tags:each ?~ 'go'", QUERY_YES},
        {"meta.k.1 = 2 && meta.k = '[1,2]'", QUERY_YES},
        {"@request.auth.id = ''", QUERY_YES},
        {"@request.auth.name = ''", QUERY_YES},
        {"author.name = 'Ada'", QUERY_CANNOT},
        {"tags.name ?= 'go'", QUERY_CANNOT},
        {"title = 'x' || pins_via_post.id = ''", QUERY_CANNOT},
        {"title = 'first' && @collection.tags.name ?= 'go'", QUERY_CANNOT},
        {"author.name = 'Ada' || title = 'x'", QUERY_CANNOT},
        {"author.name = 'Ada' && title = 'first'", QUERY_CANNOT},
    };
    static const struct verdict_case signed_in[] = {
        {"@request.auth.id != '' && title = 'first'", QUERY_YES},
        {"@request.auth.collectionName = 'users'", QUERY_YES},
        {"@request.auth.name = 'a'", QUERY_CANNOT},
    };

    (void)state;
    check_verdicts("posts", "post00000000001", false, cases, COUNT_OF(cases));
    site_act("user0000000000a");
    check_verdicts("posts", "post00000000001", false, signed_in, COUNT_OF(signed_in));
    site_act(NULL);
}

/* What the engine alone can tell is not asked where the rest decides. */
static void what_decides_is_enough(void **state)
{
    static const struct verdict_case cases[] = {
        {"title = 'first' || author.name = 'y'", QUERY_YES},
        {"author.name = 'y' || title = 'first'", QUERY_YES},
        {"title = 'x' && author.name = 'y'", QUERY_NO},
        {"author.name = 'y' && title = 'x'", QUERY_NO},
        {"title = 'first' || tags.name = 'y'", QUERY_YES},
        {"tags.name ?= 'y' && title = 'x'", QUERY_NO},
        {"title = 'first' || @collection.tags.name ?= 'y'", QUERY_YES},
        {"pins_via_post.id = '' && title = 'x'", QUERY_NO},
        {"(title = 'x' || author.name = 'y') && title = 'x'", QUERY_NO},
        {"(title = 'x' || author.name = 'y') && title = 'first'", QUERY_CANNOT},
        {"title = 'first' || strftime('%Y', created, 'localtime') = '1'", QUERY_YES},
        {"strftime('%Y', created, 'localtime') = '1' && title = 'x'", QUERY_NO},
    };

    (void)state;
    check_verdicts("posts", "post00000000001", false, cases, COUNT_OF(cases));
}

static void a_client_sees_visible_addresses_only(void **state)
{
    static const struct verdict_case hidden[] = {
        {"email ~ 'example'", QUERY_NO},
        {"email != 'x'", QUERY_NO},
        {"'a@example.com' = email:lower", QUERY_NO},
        {"email = '' || name = 'a'", QUERY_YES},
    };
    static const struct verdict_case visible[] = {
        {"email ~ 'example'", QUERY_YES},
        {"'x' ~ email", QUERY_NO},
        {"email = email", QUERY_YES},
        {"email = email && email != email", QUERY_NO},
    };

    (void)state;
    check_verdicts("users", "user0000000000a", true, hidden, COUNT_OF(hidden));
    check_verdicts("users", "user0000000000c", true, visible, COUNT_OF(visible));
    check_verdicts("users", "user0000000000a", false, visible, 2);
}

/* The record post00000000001 with another value in `meta`. */
static enum query_verdict verdict_with(struct str meta, struct str tags, const char *rule)
{
    const struct schema_col *col = site_col("posts");
    struct db_value *cells = ARENA_ARRAY(site.a, struct db_value, col->n_fields);

    for (size_t i = 0; i < col->n_fields; i++)
        cells[i] = DB_V_TEXT(STR(""));
    cells[schema_field(col, STR("meta"))->at] = DB_V_TEXT(meta);
    cells[schema_field(col, STR("tags"))->at] = DB_V_TEXT(tags);
    return verdict_of("posts", "post00000000001", str_of(rule), STR(""), cells);
}

static struct str nested(size_t depth)
{
    AUTO_BUF struct buf out;

    buf_init(&out, MIB);
    for (size_t i = 0; i < depth; i++)
        BUF_ADD(&out, "[");
    for (size_t i = 0; i < depth; i++)
        BUF_ADD(&out, "]");
    return arena_dup(site.a, buf_str(&out));
}

static struct str many_items(size_t n)
{
    AUTO_BUF struct buf out;

    buf_init(&out, MIB);
    for (size_t i = 0; i < n; i++)
        buf_add(&out, i == 0 ? STR("[\"a\"") : STR(",\"a\""));
    BUF_ADD(&out, "]");
    return arena_dup(site.a, buf_str(&out));
}

static void what_takes_long_is_left_to_sql(void **state)
{
    const char *rule = "tags:each = 'b' || tags:each = 'c'";
    /* an item has four bytes in the list, and is a row of 64 and compared for 32 and a byte a side
     * in two sub-selects */
    const size_t n = (LIMIT_EVAL_BYTES - 1) / (4 + 2 * (64 + 2 * 33));

    (void)state;
    assert_int_equal(verdict_with(nested(LIMIT_EVAL_JSON_NESTING + 1), STR("[]"), "meta.0 != null"),
                     QUERY_YES);
    assert_int_equal(verdict_with(nested(LIMIT_EVAL_JSON_NESTING + 2), STR("[]"), "meta.0 != null"),
                     QUERY_CANNOT);
    assert_int_equal(verdict_with(STR("1"), many_items(n), rule), QUERY_NO);
    assert_int_equal(verdict_with(STR("1"), many_items(n + 1), rule), QUERY_CANNOT);
    assert_int_equal(verdict_with(STR("12345678901234567890"), STR("[]"), "meta > 1"),
                     QUERY_CANNOT);
    assert_int_equal(verdict_with(((struct str){"a\0b", 3}), STR("[]"), "meta ~ 'a'"),
                     QUERY_CANNOT);
}

/* However many rows they make, together they take no more than a list or two. */
static void long_lists_take_little_memory(void **state)
{
    const struct schema_col *col = site_col("posts");
    struct db_value *cells = ARENA_ARRAY(site.a, struct db_value, col->n_fields);
    const struct str list = many_items(8000);
    const size_t before = arena_used(site.a);

    (void)state;
    for (size_t i = 0; i < col->n_fields; i++)
        cells[i] = DB_V_TEXT(list);
    assert_int_equal(
        verdict_of("posts", "post00000000001", STR("tags:each != 'b'"), STR(""), cells), QUERY_YES);
    assert_int_equal(verdict_of("posts", "post00000000001",
                                STR("tags:each ?= 'a' && tags:each = 'b'"), STR(""), cells),
                     QUERY_NO);
    assert_int_equal(verdict_of("posts", "post00000000001",
                                STR("tags:each != @request.body.title:isset && files:each != "
                                    "@request.body.title:isset"),
                                STR(""), cells),
                     QUERY_CANNOT);
    assert_true(arena_used(site.a) - before < 4 * MIB);
}

/* Patterns are no lists: SQLite refuses them, and before it looks at the row if it likes. */
static void what_the_engine_refuses_is_left_to_it(void **state)
{
    static const struct verdict_case cases[] = {
        {"title = 'x' && 'a' ~ @request.body.tags:each", QUERY_CANNOT},
        {"title = 'first' || 'a' ~ @request.body.tags:each", QUERY_CANNOT},
        {"title = 'x' && @request.body.tags:each ~ 'a'", QUERY_NO},
    };

    (void)state;
    assert_true(json_read(site.a, STR("{\"tags\":[\"a\",\"b\"]}"), &json_limits_strict,
                          &site.actor.request.body, NULL));
    check_verdicts("posts", "post00000000001", false, cases, COUNT_OF(cases));
    site.actor.request.body = NULL;
}

/* 2030-03-17 17:45:00, whatever the engine's clock says. */
static void now_is_the_requests(void **state)
{
    static const struct verdict_case cases[] = {
        {"strftime('%Y') = '2030'", QUERY_YES},
        {"strftime('%F %T') = '2030-03-17 17:45:00'", QUERY_YES},
        {"strftime('%s') = '1899999900'", QUERY_YES},
        {"strftime('%F %f', 'NoW') = '2030-03-17 00.000'", QUERY_YES},
        {"strftime('%F', 'now', '+1 day') = '2030-03-18'", QUERY_YES},
        {"strftime('%Y', 'now ') = ''", QUERY_YES},
        {"strftime('%F', @now) = strftime('%F')", QUERY_YES},
        {"strftime('') = '' && title = 'first'", QUERY_YES},
        {"tags:each != strftime('') && tags:each != strftime('%Y')", QUERY_YES},
        {"'2030' ~ strftime('%Y')", QUERY_YES},
        {"'2030' ~ strftime('%Y', 'now')", QUERY_NO}, /* the pattern is %now% */
        {"strftime('%Y', 'subsec') = '2030'", QUERY_CANNOT},
        {"strftime('%Y', meta) = '2030'", QUERY_CANNOT}, /* 'now' in a column */
        {"strftime('%Y', meta:lower) = '2030'", QUERY_CANNOT},
        {"strftime('%Y', title) = ''", QUERY_YES},
    };

    (void)state;
    site_exec("UPDATE posts SET meta = 'now' WHERE id = 'post00000000001'");
    check_verdicts("posts", "post00000000001", false, cases, COUNT_OF(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(other_tables_are_left_to_sql, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(what_decides_is_enough, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(what_the_engine_refuses_is_left_to_it, site_setup,
                                        site_teardown),
        cmocka_unit_test_setup_teardown(now_is_the_requests, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(a_client_sees_visible_addresses_only, site_setup,
                                        site_teardown),
        cmocka_unit_test_setup_teardown(what_takes_long_is_left_to_sql, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(long_lists_take_little_memory, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(memory_says_what_sql_says, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(memory_says_what_sql_says_again, site_setup, site_teardown),
    };

    return cmocka_run_group_tests_name("query_eval", tests, NULL, NULL);
}
