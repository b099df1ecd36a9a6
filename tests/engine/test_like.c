/*
 * LIKE compared with SQLite's own matcher, what it costs, and the limits that it keeps.
 */
#include "engine/engine.h"

#include "base/date.h"
#include "base/limits.h"
#include "db/like.h"
#include "support/much.h"

#include <sqlite3.h>

#define LONG_BYTES 4000000

/* --- results --------------------------------------------------------------------------------- */

static uint64_t seed = 1;

static size_t below(size_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (size_t)(seed >> 33) % n;
}

/* Up to `max` of the pieces of an alphabet, which are of one byte or more; a NUL at the end. */
static struct str random_of(char *out, size_t max, const struct str *pieces, size_t n_pieces)
{
    size_t n = 0;

    for (size_t i = below(max + 1); i > 0; i--) {
        struct str piece = pieces[below(n_pieces)];

        memcpy(out + n, piece.p, piece.n);
        n += piece.n;
    }
    out[n] = '\0';
    return (struct str){out, n};
}

static struct str close_pattern(char *out, size_t n, struct str end)
{
    memcpy(out + n, end.p, end.n);
    out[n + end.n] = '\0';
    return (struct str){out, n + end.n};
}

static bool go_on(struct like_work *work)
{
    work->left = 1 + (size_t)work->user;
    return true;
}

static void check(struct str pattern, struct str text, uint32_t escape)
{
    struct like_work work = {.more = go_on, .user = (void *)(uintptr_t)below(100)};
    struct like *like = like_new(pattern, escape);
    bool ours = like_match(like, text, &work) == LIKE_YES;
    bool theirs = sqlite3_strlike(pattern.p, text.p, escape) == 0;

    like_free(like);
    if (ours != theirs)
        print_error("'%.*s' LIKE '%.*s', escape %u: %d\n", STR_ARG(text), STR_ARG(pattern), escape,
                    ours);
    assert_int_equal(ours, theirs);
}

/* Few characters, so that much nearly matches. Overlong forms, surrogates, bytes that continue
 * nothing and what is cut off among them; test_dialect.c has the escapes `%` and `_`. */
static void results_are_sqlites(void **state)
{
    static const struct str pieces[] = {
        STR_INIT("a"),
        STR_INIT("a"),
        STR_INIT("b"),
        STR_INIT("A"),
        STR_INIT("\\"),
        STR_INIT("\1"),
        STR_INIT("\xc3\xa9"),
        STR_INIT("\xe2\x82\xac"),
        STR_INIT("\xc3"),
        STR_INIT("\xa9"),
        STR_INIT("\xc1\x81"),
        STR_INIT("\xed\xa0\x80"),
        STR_INIT("\xff\xbf"),
        STR_INIT("\0"),
        STR_INIT("\xe0\x83\xa9"),
        STR_INIT("\xef\xbf\xbf"),
        STR_INIT("%"),
        STR_INIT("%"),
        STR_INIT("%"),
        STR_INIT("_"),
        STR_INIT("_"),
    };
    static const uint32_t escapes[] = {0, '\\', 'a', 'A', 0xe9, 0xfffd, 1};
    char pattern[64], text[64];

    (void)state;
    for (unsigned i = 0; i < much(3000000, 120000); i++) {
        /* the first pieces only, in half the turns; in texts, wildcards are rare */
        size_t n_text = i % 2 ? 4 : COUNT_OF(pieces) - 4;
        const struct str *of = i % 4 == 3 ? pieces + COUNT_OF(pieces) - 8 : pieces;
        size_t n_of = i % 4 == 3 ? 8 : COUNT_OF(pieces);
        struct str p = random_of(pattern, 8, of, n_of);

        if (i % 4 == 1) {
            p = random_of(pattern + 1, 6, pieces, 4);
            pattern[0] = '%';
            p = close_pattern(pattern, 1 + p.n, below(2) ? STR("%") : STR("%a"));
        }
        check(p, random_of(text, 14, pieces, n_text), escapes[below(COUNT_OF(escapes))]);
    }
}

/* A piece of the text, changed in one place or in none, as the literal: the search goes over to its
 * table, and past the ends of its windows. */
static void long_literals_are_found(void **state)
{
    static const struct str pieces[] = {STR_INIT("a"), STR_INIT("a"), STR_INIT("a"), STR_INIT("a"),
                                        STR_INIT("a"), STR_INIT("b"), STR_INIT("é"), STR_INIT("B")};
    static char text[3 * LIMIT_LIKE_LOOK_BYTES], pattern[4000];

    (void)state;
    for (unsigned i = 0; i < much(1000, 300); i++) {
        size_t max = i % 100 ? 3000 : 2 * LIMIT_LIKE_LOOK_BYTES / 2;
        struct str t = random_of(text, max, pieces, i % 2 ? 6 : COUNT_OF(pieces));
        size_t n = t.n / (2 + below(20)) % 3000;
        size_t at = below(t.n - n + 1);

        if (i % 3 == 0) /* all the same */
            memset(text, 'a', t.n);
        pattern[0] = '%';
        memcpy(pattern + 1, t.p + at, n);
        if (n > 0 && i % 5)
            pattern[1 + below(n)] = "abA_\xc3"[below(5)];
        check(close_pattern(pattern, 1 + n, i % 7 ? STR("%") : STR("b%a%")), t, 0);
    }
}

/* Runs of one letter, of which the literal is the end, some whole and the beginning; no ASCII byte
 * of it is rare: only the table knows where to go on. */
static void runs_are_found(void **state)
{
    static char text[4001], pattern[1300];
    size_t n_found = 0;

    (void)state;
    for (unsigned i = 0; i < much(3000, 900); i++) {
        size_t n = 1, m = 200 + below(200);
        struct str p;

        memset(text, 'a', 4000);
        for (size_t at = below(m); at < 4000; at += m - below(4))
            memcpy(text + at, "é", at + 1 < 4000 ? 2 : 0);
        memset(pattern, 'a', sizeof(pattern));
        pattern[0] = '%';
        for (size_t k = below(3) + 1; k > 0; k--) {
            n += m - below(4);
            memcpy(pattern + n - 2, "é", 2);
        }
        p = close_pattern(pattern, n + below(50), STR("%"));
        check(p, (struct str){text, 4000}, 0);
        n_found += sqlite3_strlike(p.p, text, 0) == 0;
    }
    assert_in_range(n_found, much(300, 90), much(2700, 810));
}

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* A text in a block of its own, so that a sanitizer sees what is read behind it. */
static void check_alone(struct str pattern, struct str text)
{
    char *alone = malloc(text.n + 1);

    assert_non_null(alone);
    memcpy(alone, text.p, text.n + 1);
    check(pattern, (struct str){alone, text.n}, 0);
    free(alone);
}

/* Every length of text about those that are looked at together, and literals of every length up to
 * one more: what stands at some place of the text, its end in one turn of three, in any case, with
 * a byte changed or none, or with a bit that folding must not touch. */
static void literals_of_all_lengths_are_found(void **state)
{
    static const struct str pieces[] = {
        STR_INIT("a"), STR_INIT("b"), STR_INIT("Z"),    STR_INIT("q"), STR_INIT("@"),
        STR_INIT("`"), STR_INIT("["), STR_INIT("{"),    STR_INIT(" "), STR_INIT("0"),
        STR_INIT("A"), STR_INIT("é"), STR_INIT("\x10"), STR_INIT("€")};
    char text[3 * 140 + 1], pattern[3 * 140 + 4];
    size_t n_found = 0, n_missed = 0;

    (void)state;
    for (size_t i = 0; i < much(400000, 20000); i++) {
        struct str t =
            random_of(text, i % 70 + (i % 11 ? 0 : 70), pieces, i % 2 ? 4 : COUNT_OF(pieces));
        size_t n = below(t.n + 2);
        size_t at = n > t.n || i % 3 == 0 ? t.n - (n < t.n ? n : t.n) : below(t.n - n + 1);
        struct str p;

        memset(pattern, 'a', sizeof(pattern));
        memcpy(pattern + 1, t.p + at, n < t.n - at ? n : t.n - at);
        for (size_t k = 1; k <= n; k++)
            if (is_letter(pattern[k]) && below(2))
                pattern[k] ^= 0x20;
        if (n > 0 && i % 5 == 0)
            pattern[1 + below(n)] ^= i % 10 ? 0x20 : 3;
        pattern[0] = '%';
        p = close_pattern(pattern, n + 1, STR("%"));
        check_alone(p, t);
        if (i % 7 == 0)
            check_alone(close_pattern(pattern, n + 1, STR("%b")), t);
        *(sqlite3_strlike(p.p, text, 0) ? &n_missed : &n_found) += 1;
    }
    assert_true(n_found > much(100000, 5000));
    assert_true(n_missed > much(20000, 1000));
}

/* --- cost and limits ------------------------------------------------------------------------- */

/* 'zzz…' is a text, and '%zzz…a%' a pattern that it nearly matches; `one`: with a `_` in it. */
static struct db_value text_of_z(struct bench *b, size_t n)
{
    char *p = arena_alloc(b->a, n + 1);

    memset(p, 'z', n);
    p[n] = '\0';
    return DB_V_TEXT(((struct str){p, n}));
}

static struct db_value near_miss(struct bench *b, size_t n, bool one)
{
    struct str z = text_of_z(b, n).s;

    return DB_V_TEXT(arena_concat(b->a, one ? STR("%z_") : STR("%"), z, STR("a%")));
}

static struct err *run_like(struct bench *b, struct db_value text, struct db_value pattern,
                            const struct db_limits *limits, int64_t *ret)
{
    const struct db_value params[] = {text, pattern};
    struct db_conn *conn;
    struct db_row *row;
    struct err *err;

    assert_ok(db_reader(b->a, b->db, &conn));
    db_set_limits(conn, limits);
    err = db_query_row(b->a, conn, STR("SELECT ?1 LIKE ?2"), params, 2, &row);
    if (!err)
        *ret = row->cells[0].i;
    return err;
}

static bool count_looks(struct like_work *work)
{
    ++*(size_t *)work->user;
    work->left = LIMIT_LIKE_LOOK_BYTES;
    return true;
}

/* Steps are counted, since processor time is another on each machine and under each sanitizer. */
static void near_misses_cost_what_the_text_is_long(void **state)
{
    static const char *const patterns[] = {"%zzzza%", "%zé%", "%_zzzza%", "%a%z%", "%z%z%z%a%b%"};
    struct bench b = bench_new();
    struct str text = text_of_z(&b, LONG_BYTES).s;

    (void)state;
    for (size_t i = 0; i <= COUNT_OF(patterns); i++) {
        size_t looks = 0;
        struct like_work work = {.more = count_looks, .user = &looks};
        struct like *like = like_new(i ? str_of(patterns[i - 1]) : near_miss(&b, 3400, false).s, 0);

        assert_int_equal(like_match(like, text, &work), LIKE_NO);
        assert_true(looks >= LONG_BYTES / LIMIT_LIKE_LOOK_BYTES);
        assert_true(looks <= 8 * LONG_BYTES / LIMIT_LIKE_LOOK_BYTES);
        like_free(like);
    }
    bench_done(&b);
}

/* Compared byte by byte these were 14 and more thousand million bytes. */
static void near_misses_are_answered(void **state)
{
    struct bench b = bench_new();
    uint64_t start_us;
    int64_t matches = -1;

    (void)state;
    bench_open(&b);
    start_us = clock_thread_cpu_us();
    assert_ok(run_like(&b, text_of_z(&b, LONG_BYTES), near_miss(&b, 3400, false), NULL, &matches));
    assert_int_equal(matches, 0);
    assert_ok(
        run_like(&b, text_of_z(&b, 3000), DB_V_TEXT(STR("%z%z%z%z%z%z%z%za")), NULL, &matches));
    assert_int_equal(matches, 0);
    assert_true(clock_thread_cpu_us() - start_us < 1000000);
    bench_done(&b);
}

/* Each of these would take seconds, in one step of the statement. */
static void limits_are_seen_inside(void **state)
{
    atomic_bool gone = true;
    const struct {
        size_t n_text;
        struct db_limits limits;
        enum err_kind kind;
    } cases[] = {
        {LONG_BYTES, {.timeout_ms = 20}, E_UNAVAILABLE},
        {LONG_BYTES, {.gone = &gone, .timeout_ms = 600000}, E_GONE},
        {LIMIT_INLINE_BYTES, {.cpu_us = 1000, .timeout_ms = 600000}, E_OVER_BUDGET},
    };
    struct bench b = bench_new();

    (void)state;
    bench_open(&b);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct db_value text = text_of_z(&b, cases[i].n_text);
        struct db_value pattern = near_miss(&b, cases[i].n_text / 2 % 40000, true);
        uint64_t start_us = clock_thread_cpu_us();
        struct err *err;
        int64_t matches;

        err = run_like(&b, text, pattern, &cases[i].limits, &matches);
        assert_non_null(err);
        assert_int_equal(err->kind, cases[i].kind);
        assert_int_equal(err->timed_out, cases[i].kind == E_UNAVAILABLE);
        assert_true(clock_thread_cpu_us() - start_us < 500000);
    }
    bench_done(&b);
}

static void long_texts_are_not_for_the_loop(void **state)
{
    const struct db_limits loop = {.cpu_us = 1000000000, .timeout_ms = 600000};
    const struct db_limits pool = {.timeout_ms = 600000};
    struct bench b = bench_new();
    const struct db_value most = text_of_z(&b, LIMIT_INLINE_BYTES);
    const struct db_value more = text_of_z(&b, LIMIT_INLINE_BYTES + 1);
    const struct db_value pattern = DB_V_TEXT(STR("%z"));
    int64_t matches = 0;
    struct err *err;

    (void)state;
    bench_open(&b);
    assert_ok(run_like(&b, most, pattern, &loop, &matches));
    assert_int_equal(matches, 1);
    err = run_like(&b, more, pattern, &loop, &matches);
    assert_non_null(err);
    assert_int_equal(err->kind, E_OVER_BUDGET);
    matches = 0;
    assert_ok(run_like(&b, more, pattern, &pool, &matches));
    assert_int_equal(matches, 1);
    bench_done(&b);
}

/* No text is long, but all of them are. */
static void many_texts_are_one(void **state)
{
    atomic_bool gone = false;
    const struct db_limits limits = {.gone = &gone, .timeout_ms = 600000};
    struct bench b = bench_new();
    int64_t matches;
    struct err *err = NULL;

    (void)state;
    bench_open(&b);
    gone = true;
    for (int i = 0; i < 20 && !err; i++)
        err = run_like(&b, text_of_z(&b, 4000), DB_V_TEXT(STR("%a%")), &limits, &matches);
    assert_non_null(err);
    assert_int_equal(err->kind, E_GONE);
    bench_done(&b);
}

/* In memory, what takes too long is left to the engine. */
static void the_evaluator_has_a_bound(void **state)
{
    struct bench b = bench_new();
    const struct db_dialect *d = &db_dialect_sqlite;
    struct str text = text_of_z(&b, 100000).s;
    size_t left = 1000000;
    bool matches = false;

    (void)state;
    assert_true(d->like_match(STR("%\\Zz"), text, &left, &matches));
    assert_true(matches);
    assert_true(d->like_match(near_miss(&b, 3400, false).s, text, &left, &matches));
    assert_false(matches);
    assert_in_range(left, 1, 900000);
    assert_false(d->like_match(near_miss(&b, 3400, true).s, text, &left, &matches));
    assert_int_equal(left, 0);
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_sqlites),
        cmocka_unit_test(long_literals_are_found),
        cmocka_unit_test(runs_are_found),
        cmocka_unit_test(literals_of_all_lengths_are_found),
        cmocka_unit_test(near_misses_cost_what_the_text_is_long),
        cmocka_unit_test(near_misses_are_answered),
        cmocka_unit_test(limits_are_seen_inside),
        cmocka_unit_test(long_texts_are_not_for_the_loop),
        cmocka_unit_test(many_texts_are_one),
        cmocka_unit_test(the_evaluator_has_a_bound),
    };

    return cmocka_run_group_tests_name("like", tests, NULL, NULL);
}
