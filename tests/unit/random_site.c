/*
 * What unit/random_site.h makes.
 */
#include "unit/random_site.h"

#include "base/compiler.h"
#include "base/limits.h"
#include "unit/site.h"

#include <string.h>

static const struct random_relation relations[RANDOM_RELATIONS] = {
    {.name = "one"},
    {.name = "two"},
    {.name = "own"},
    {.name = "lot", .multiple = true},
    {.name = "kin", .multiple = true},
    {.name = "uniq", .unique = true},
    {.name = "user"},
};

unsigned random_site_below(struct random_site *gen, unsigned bound)
{
    /* xorshift64*, whose upper bits are good enough for this */
    gen->state ^= gen->state >> 12;
    gen->state ^= gen->state << 25;
    gen->state ^= gen->state >> 27;
    return (unsigned)((gen->state * 0x2545f4914f6cdd1dULL) >> 33) % bound;
}

static bool chance(struct random_site *gen, unsigned percent)
{
    return random_site_below(gen, 100) < percent;
}

#define PICK(gen, list) ((list)[random_site_below((gen), COUNT_OF(list))])

/* --- collections ------------------------------------------------------------------------------ */

static const char plain_fields[] =
    "[{\"id\":\"f0\",\"name\":\"id\",\"type\":\"text\",\"primaryKey\":true,\"required\":true,"
    "\"system\":true,\"min\":1,\"max\":99,\"pattern\":\"\"}"
    ",{\"id\":\"f1\",\"name\":\"t\",\"type\":\"text\"}"
    ",{\"id\":\"f2\",\"name\":\"n\",\"type\":\"number\"}"
    ",{\"id\":\"f3\",\"name\":\"b\",\"type\":\"bool\"}"
    ",{\"id\":\"f4\",\"name\":\"j\",\"type\":\"json\"}"
    ",{\"id\":\"f5\",\"name\":\"s\",\"type\":\"select\",\"maxSelect\":1,\"values\":[\"a\",\"b\"]}"
    ",{\"id\":\"f6\",\"name\":\"m\",\"type\":\"select\",\"maxSelect\":3,\"values\":[\"a\",\"b\"]}"
    ",{\"id\":\"f7\",\"name\":\"f\",\"type\":\"file\",\"maxSelect\":3,\"maxSize\":100}";

static void choose_relations(struct random_site *gen, unsigned col)
{
    struct random_relation *out = gen->relations[col];

    memcpy(out, relations, sizeof(relations));
    for (unsigned i = 0; i < RANDOM_RELATIONS; i++)
        out[i].target = random_site_below(gen, RANDOM_COLS);
    out[2].target = col;
    out[RANDOM_RELATIONS - 1].target = RANDOM_COLS;
}

static void write_relations(const struct random_site *gen, unsigned col, struct buf *out)
{
    for (unsigned i = 0; i < RANDOM_RELATIONS; i++) {
        const struct random_relation *one = &gen->relations[col][i];

        buf_addf(out,
                 ",{\"id\":\"r%u\",\"name\":\"%s\",\"type\":\"relation\",\"maxSelect\":%d,"
                 "\"collectionId\":\"",
                 i, one->name, one->multiple ? 9 : 1);
        if (one->target == RANDOM_COLS)
            buf_add(out, site_col("users")->id);
        else
            buf_addf(out, "c_q%u", one->target);
        BUF_ADD(out, "\"}");
    }
}

static void add_collection(const struct random_site *gen, unsigned col)
{
    AUTO_BUF struct buf sql;

    buf_init(&sql, 64 * KIB);
    buf_addf(&sql,
             "CREATE TABLE q%u (id TEXT PRIMARY KEY NOT NULL, t TEXT DEFAULT '' NOT NULL, "
             "n NUMERIC DEFAULT 0 NOT NULL, b BOOLEAN DEFAULT FALSE NOT NULL, j JSON, "
             "s TEXT DEFAULT '' NOT NULL, m JSON DEFAULT '[]' NOT NULL, "
             "f JSON DEFAULT '[]' NOT NULL",
             col);
    for (unsigned i = 0; i < RANDOM_RELATIONS; i++)
        buf_addf(&sql, ", \"%s\" %s NOT NULL", relations[i].name,
                 relations[i].multiple ? "JSON DEFAULT '[]'" : "TEXT DEFAULT ''");
    BUF_ADD(&sql, ")");
    site_exec(sql.p);
    buf_reset(&sql);
    buf_addf(&sql, "CREATE UNIQUE INDEX idx_q%u ON q%u (uniq)", col, col);
    site_exec(sql.p);
    buf_reset(&sql);
    buf_addf(&sql,
             "INSERT INTO _collections (id, system, type, name, indexes, listRule, viewRule, "
             "createRule, updateRule, deleteRule, options, fields) VALUES ('c_q%u', 0, 'base', "
             "'q%u', '[\"CREATE UNIQUE INDEX idx_q%u ON q%u (uniq)\"]', '', '', '', '', '', '{}', "
             "'%s",
             col, col, col, col, plain_fields);
    write_relations(gen, col, &sql);
    BUF_ADD(&sql, "]')");
    site_exec(sql.p);
}

/* Some have ids that repeat, and rows that are the same in all. */
static const char *const views[] = {
    "SELECT * FROM q%u",
    "SELECT a.* FROM q%u a LEFT JOIN q%u b ON TRUE",
    "SELECT a.id, b.t, b.n, b.b, b.j, b.s, b.m, b.f, b.one, b.two, b.own, b.lot, b.kin, b.uniq, "
    "b.user FROM q%u a, q%u b WHERE a.n >= b.n",
    "SELECT a.id, b.t, b.n, b.b, b.j, b.s, b.m, b.f, b.one, b.two, b.own, b.lot, b.kin, b.uniq, "
    "b.user FROM q%u a LEFT JOIN q%u b ON a.t = b.s GROUP BY a.id",
    "SELECT NULL AS id, t, n, b, j, s, m, f, one, two, own, lot, kin, uniq, user FROM q%u UNION "
    "ALL SELECT * FROM q%u",
};

static void add_view(struct random_site *gen, unsigned col)
{
    const unsigned of = gen->of[col];
    AUTO_BUF struct buf query;
    AUTO_BUF struct buf sql;

    buf_init(&query, 64 * KIB);
    buf_init(&sql, 64 * KIB);
    for (const char *p = PICK(gen, views); *p; p++) {
        if (strncmp(p, "q%u", 3) == 0)
            buf_addf(&query, "q%u", of);
        else
            buf_add_byte(&query, *p);
        p += strncmp(p, "q%u", 3) == 0 ? 2 : 0;
    }
    buf_addf(&sql, "CREATE VIEW q%u AS %.*s", col, STR_ARG(buf_str(&query)));
    site_exec(arena_cstr(site.a, buf_str(&sql)));
    buf_reset(&sql);
    buf_addf(&sql,
             "INSERT INTO _collections (id, system, type, name, indexes, listRule, viewRule, "
             "options, fields) VALUES ('c_q%u', 0, 'view', 'q%u', '[]', '', '', "
             "json_object('viewQuery', '%.*s'), '%s",
             col, col, STR_ARG(buf_str(&query)), plain_fields);
    write_relations(gen, col, &sql);
    BUF_ADD(&sql, "]')");
    site_exec(arena_cstr(site.a, buf_str(&sql)));
}

/* --- rows ------------------------------------------------------------------------------------- */

/* What columns hold and filters compare with: much is equal. */
static const char *const texts[] = {"", "a", "b", "ab", "A%", "1", "2024-01-02 03:04:05.000Z"};
static const char *const numbers[] = {"0", "1", "-1", "1.5", "2"};
static const char *const lists[] = {"[]", "[\"a\"]", "[\"b\",\"a\"]", "[\"a\",\"a\"]", "",
                                    "a",  "[\"\"]",  "null",          "[null,\"b\"]",  "{}",
                                    "[1]"};
static const char *const documents[] = {"NULL",    "'null'",          "'1'",
                                        "'\"a\"'", "'{\"a\":\"b\"}'", "'{\"a\":{\"b\":[1,\"a\"]}}'",
                                        "'[1,2]'", "'broken {'",      "''"};

static void write_id(struct random_site *gen, unsigned target, struct buf *out)
{
    if (target >= RANDOM_TABLES && target != RANDOM_COLS)
        target = gen->of[target];
    if (chance(gen, 15))
        buf_addf(out, "gone%u", random_site_below(gen, 3));
    else if (target == RANDOM_COLS)
        buf_addf(out, "user0000000000%c", "abc"[random_site_below(gen, 3)]);
    else
        buf_addf(out, "q%u_%u", target, random_site_below(gen, gen->n_rows[target] + 1));
}

static void write_related(struct random_site *gen, const struct random_relation *one, unsigned row,
                          struct buf *out)
{
    if (one->unique) {
        buf_addf(out, "q%u_%u", one->target, row);
    } else if (one->multiple && chance(gen, 90)) {
        BUF_ADD(out, "[");
        for (unsigned n = random_site_below(gen, 4), i = 0; i < n; i++) {
            buf_add(out, i == 0 ? STR("\"") : STR(",\""));
            write_id(gen, one->target, out);
            BUF_ADD(out, "\"");
        }
        BUF_ADD(out, "]");
    } else if (chance(gen, 70)) {
        write_id(gen, one->target, out);
    }
}

static void add_row(struct random_site *gen, unsigned col, unsigned row)
{
    AUTO_BUF struct buf sql;

    buf_init(&sql, 64 * KIB);
    buf_addf(&sql, "INSERT INTO q%u VALUES ('q%u_%u', '%s', %s, %u, %s, '%s', '%s', '%s'", col, col,
             row, PICK(gen, texts), PICK(gen, numbers), random_site_below(gen, 2),
             PICK(gen, documents), PICK(gen, texts), PICK(gen, lists), PICK(gen, lists));
    for (unsigned i = 0; i < RANDOM_RELATIONS; i++) {
        BUF_ADD(&sql, ", '");
        write_related(gen, &gen->relations[col][i], row, &sql);
        BUF_ADD(&sql, "'");
    }
    BUF_ADD(&sql, ")");
    site_exec(sql.p);
}

/* Rows that differ only where they must, for queries that count on few. */
static void add_many_rows(unsigned col)
{
    AUTO_BUF struct buf sql;

    buf_init(&sql, 4 * KIB);
    buf_addf(
        &sql,
        "INSERT INTO q%u (id, t, uniq) WITH RECURSIVE k(i) AS (SELECT 0 UNION ALL SELECT i + 1 "
        "FROM k WHERE i < %d) SELECT 'many_' || i, 't' || (i %% 7), 'many_' || i FROM k",
        col, RANDOM_LARGE);
    site_exec(sql.p);
}

/* Some collections show only some of their records to clients. */
static void choose_list_rule(struct random_site *gen, unsigned col)
{
    AUTO_BUF struct buf rule;
    AUTO_BUF struct buf sql;

    buf_init(&rule, 64 * KIB);
    buf_init(&sql, 64 * KIB);
    if (chance(gen, 50))
        random_site_filter(gen, col, &rule);
    BUF_ADD(&sql, "UPDATE _collections SET listRule = ");
    db_dialect(site.db)->text_literal(&sql, buf_str(&rule));
    buf_addf(&sql, " WHERE id = 'c_q%u'", col);
    site_exec(sql.p);
}

/* Relations of who asks. */
static void relate_users(struct random_site *gen)
{
    AUTO_BUF struct buf sql;

    buf_init(&sql, 64 * KIB);
    gen->pal = random_site_below(gen, RANDOM_COLS);
    gen->many = random_site_below(gen, RANDOM_COLS);
    site_exec("ALTER TABLE users ADD COLUMN pal TEXT DEFAULT '' NOT NULL");
    site_exec("ALTER TABLE users ADD COLUMN many JSON DEFAULT '[]' NOT NULL");
    buf_addf(
        &sql,
        "UPDATE _collections SET fields = json_insert(fields, '$[#]', json('{\"id\":\"rp\","
        "\"name\":\"pal\",\"type\":\"relation\",\"maxSelect\":1,\"collectionId\":\"c_q%u\"}'), "
        "'$[#]', json('{\"id\":\"rm\",\"name\":\"many\",\"type\":\"relation\",\"maxSelect\":9,"
        "\"collectionId\":\"c_q%u\"}')) WHERE name = 'users'",
        gen->pal, gen->many);
    site_exec(arena_cstr(site.a, buf_str(&sql)));
    for (const char *user = "abc"; *user; user++) {
        buf_reset(&sql);
        BUF_ADD(&sql, "UPDATE users SET pal = '");
        write_id(gen, gen->pal, &sql);
        BUF_ADD(&sql, "', many = '[\"");
        write_id(gen, gen->many, &sql);
        BUF_ADD(&sql, "\",\"");
        write_id(gen, gen->many, &sql);
        buf_addf(&sql, "\"]' WHERE id = 'user0000000000%c'", *user);
        site_exec(arena_cstr(site.a, buf_str(&sql)));
    }
}

static void choose_collections(struct random_site *gen)
{
    for (unsigned col = 0; col < RANDOM_TABLES; col++) {
        gen->n_rows[col] = random_site_below(gen, 9);
        choose_relations(gen, col);
    }
    for (unsigned col = RANDOM_TABLES; col < RANDOM_COLS; col++) {
        gen->of[col] = random_site_below(gen, RANDOM_TABLES - 1); /* not the large one */
        gen->n_rows[col] = gen->n_rows[gen->of[col]];
        memcpy(gen->relations[col], gen->relations[gen->of[col]], sizeof(relations));
    }
}

void random_site_add(struct random_site *gen, uint64_t seed)
{
    *gen = (struct random_site){.state = (seed + 1) * 0x9e3779b97f4a7c15ULL};
    gen->is_large = chance(gen, 25);
    choose_collections(gen);
    relate_users(gen);
    for (unsigned col = 0; col < RANDOM_TABLES; col++) {
        add_collection(gen, col);
        for (unsigned row = 0; row < gen->n_rows[col]; row++)
            add_row(gen, col, row);
    }
    for (unsigned col = RANDOM_TABLES; col < RANDOM_COLS; col++)
        add_view(gen, col);
    if (gen->is_large)
        add_many_rows(RANDOM_TABLES - 1);
    for (unsigned col = 0; col < RANDOM_COLS; col++)
        choose_list_rule(gen, col);
    site_reload();
}

/* --- filters ---------------------------------------------------------------------------------- */

static void write_field(struct random_site *gen, struct buf *out)
{
    static const char *const fields[] = {
        "id",       "id",      "t",        "t:lower",  "n",      "b",        "j",
        "j.a",      "j.a.b.0", "j:length", "s",        "m",      "m:each",   "m:each",
        "m:length", "f:each",  "f:length", "f",        "s:each", "one",      "two",
        "own",      "lot",     "kin",      "lot:each", "uniq",   "kin:each", "kin:length"};

    buf_addf(out, "%s", PICK(gen, fields));
}

/* A hop from collection `col` to the one returned. */
static unsigned write_hop(struct random_site *gen, unsigned col, struct buf *out)
{
    unsigned at = random_site_below(gen, RANDOM_RELATIONS - 1);
    unsigned from = random_site_below(gen, RANDOM_COLS);

    /* where another collection has such a field that leads here, at times the way back */
    for (unsigned i = 0; i < RANDOM_COLS && chance(gen, 70); i++, from = (from + 1) % RANDOM_COLS)
        if (gen->relations[from][at].target == col) {
            buf_addf(out, "q%u_via_%s.", from, relations[at].name);
            return from;
        }
    buf_addf(out, "%s.", relations[at].name);
    return gen->relations[col][at].target;
}

static void write_field_path(struct random_site *gen, unsigned col, struct buf *out)
{
    static const char *const of_user[] = {"name",        "id",     "verified",   "email",
                                          "email:lower", "pal",    "many:each",  "many:length",
                                          "pal.t",       "many.t", "many.m:each"};

    while (chance(gen, 50))
        col = write_hop(gen, col, out);
    if (chance(gen, 8))
        buf_addf(out, "user.%s", PICK(gen, of_user));
    else
        write_field(gen, out);
}

/* What was submitted, and what is behind it. */
static void write_body_path(struct random_site *gen, unsigned col, struct buf *out)
{
    static const char *const of_body[] = {
        "t",         "t:lower", "t:changed", "t:isset",  "n",         "n:changed",
        "m:changed", "m:each",  "m:each",    "m:length", "f:each",    "s:each",
        "j",         "j.a",     "one",       "lot:each", "lot:length"};
    const unsigned at = random_site_below(gen, RANDOM_RELATIONS - 1);

    BUF_ADD(out, "@request.body.");
    if (chance(gen, 50)) {
        buf_addf(out, "%s", PICK(gen, of_body));
        return;
    }
    buf_addf(out, "%s.", relations[at].name);
    write_field_path(gen, gen->relations[col][at].target, out);
}

static void write_auth_path(struct random_site *gen, struct buf *out)
{
    const unsigned col = random_site_below(gen, RANDOM_COLS);

    BUF_ADD(out, "@request.auth.");
    if (chance(gen, 30)) {
        buf_addf(out, "q%u_via_user.", col);
        write_field_path(gen, col, out);
    } else if (chance(gen, 50)) {
        BUF_ADD(out, "pal.");
        write_field_path(gen, gen->pal, out);
    } else {
        BUF_ADD(out, "many.");
        write_field_path(gen, gen->many, out);
    }
}

static void write_path(struct random_site *gen, unsigned col, struct buf *out)
{
    if (chance(gen, 6))
        write_body_path(gen, col, out);
    else if (chance(gen, 5))
        write_auth_path(gen, out);
    else
        write_field_path(gen, col, out);
}

static void write_constant(struct random_site *gen, struct buf *out)
{
    static const char *const others[] = {
        "null", "true", "false", "@now", "@request.auth.id", "@request.query.x", "@request.method"};

    if (chance(gen, 40))
        buf_addf(out, "'%s'", PICK(gen, texts));
    else if (chance(gen, 30))
        buf_addf(out, "%s", PICK(gen, numbers));
    else if (chance(gen, 30))
        buf_addf(out, "'q%u_%u'", random_site_below(gen, RANDOM_COLS), random_site_below(gen, 9));
    else
        buf_addf(out, "%s", PICK(gen, others));
}

static void write_operand(struct random_site *gen, unsigned col, unsigned percent_paths,
                          struct buf *out)
{
    if (chance(gen, 3)) {
        static const char *const labels[] = {"", ":x", ":x", ":y"};
        unsigned other = random_site_below(gen, RANDOM_TABLES - 1); /* not the large one */

        buf_addf(out, "@collection.q%u%s.", other, PICK(gen, labels));
        write_field_path(gen, other, out);
    } else if (chance(gen, 4)) {
        BUF_ADD(out, "geoDistance(");
        write_path(gen, col, out);
        BUF_ADD(out, ", ");
        write_path(gen, col, out);
        BUF_ADD(out, ", 1, 2)");
    } else if (chance(gen, 3)) {
        BUF_ADD(out, "strftime('%Y', ");
        write_path(gen, col, out);
        BUF_ADD(out, ")");
    } else if (chance(gen, percent_paths)) {
        write_path(gen, col, out);
    } else {
        write_constant(gen, out);
    }
}

static void write_comparison(struct random_site *gen, unsigned col, struct buf *out)
{
    static const char *const ops[] = {"=", "!=", "=", "!=", ">", ">=", "<", "<=", "~", "!~"};
    bool turned = chance(gen, 20);

    write_operand(gen, col, turned ? 15 : 90, out);
    buf_addf(out, " %s%s ", chance(gen, 25) ? "?" : "", PICK(gen, ops));
    write_operand(gen, col, turned ? 90 : 15, out);
}

static void write_group(struct random_site *gen, unsigned col, unsigned depth, struct buf *out)
{
    do {
        if (depth > 0 && chance(gen, 25)) {
            BUF_ADD(out, "(");
            write_group(gen, col, depth - 1, out);
            BUF_ADD(out, ")");
        } else {
            write_comparison(gen, col, out);
        }
        if (chance(gen, 60))
            return;
        buf_add(out, chance(gen, 50) ? STR(" && ") : STR(" || "));
    } while (true);
}

void random_site_filter(struct random_site *gen, unsigned col, struct buf *out)
{
    size_t mark;

    do {
        mark = out->n;
        write_group(gen, col, 2, out);
        if (out->n - mark < 600)
            return;
        buf_cut(out, mark);
    } while (true);
}

void random_site_sort(struct random_site *gen, unsigned col, struct buf *out)
{
    if (chance(gen, 70))
        return;
    buf_add(out, chance(gen, 50) ? STR("-") : STR(""));
    write_field_path(gen, col, out);
}
