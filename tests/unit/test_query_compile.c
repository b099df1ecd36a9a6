/*
 * What filters, sorts and rules compile to: the worked examples of the language's description,
 * errors of resolution, a client's restrictions, and what the cache shares.
 */
#include "unit/site.h"

#include "base/compiler.h"
#include "db/dialect.h"

#include <string.h>

static struct query_spec spec_of(const char *col)
{
    return (struct query_spec){
        .schema = site.schema,
        .col = site_col(col),
        .request = &site.actor.request,
        .dialect = &db_dialect_sqlite,
        .client_is_superuser = true,
        .limit = -1,
        .now_ms = SITE_NOW_MS,
    };
}

#define PLACE STR(" (line ")

/* The SQL from FROM on, or the error without its place. */
static const char *compile(const struct query_spec *spec)
{
    struct query_sql sql;
    struct err *err = query_compile(site.a, spec, &sql);

    if (err)
        return arena_cstr(site.a, str_sub(err->cause, 0, str_find(err->cause, PLACE)));
    return arena_cstr(site.a, str_from(sql.text, str_find(sql.text, STR("FROM"))));
}

static const char *compile_filter(const char *filter)
{
    struct query_spec spec = spec_of("posts");

    spec.filter = str_of(filter);
    spec.joins_only = true;
    return compile(&spec);
}

static const char *compile_rule(const char *rule)
{
    struct query_spec spec = spec_of("posts");

    spec.rule = str_of(rule);
    return compile(&spec);
}

struct case_of {
    const char *in, *out;
};

#define TAGS(alias) "LEFT JOIN _reeve_items(t0.`tags`) `" alias "` ON TRUE"

static void filters_become_conditions(void **state)
{
    static const struct case_of cases[] = {
        {"title = 'a' || title = null",
         "FROM `posts` t0 WHERE (t0.`title` = ?1 OR (t0.`title` = '' OR t0.`title` IS NULL))"},
        {"title != 'a'", "FROM `posts` t0 WHERE t0.`title` IS NOT ?1"},
        {"'' != title", "FROM `posts` t0 WHERE ('' IS NOT t0.`title` AND t0.`title` IS NOT NULL)"},
        {"title = note",
         "FROM `posts` t0 WHERE COALESCE(t0.`title`, '') = COALESCE(t0.`note`, '')"},
        {"null = ''", "FROM `posts` t0 WHERE '' = ''"},
        {"score > 1 && (score <= 2 || title ~ 'x')",
         "FROM `posts` t0 WHERE (t0.`score` > ?1 AND (t0.`score` <= ?2 OR t0.`title` LIKE ?3 ESCAPE "
         "'\\'))"},
        {"score = 1 || score = 2 && score = 3",
         "FROM `posts` t0 WHERE (t0.`score` = ?1 OR t0.`score` = ?2 AND t0.`score` = ?3)"},
        {"title !~ note",
         "FROM `posts` t0 WHERE t0.`title` NOT LIKE ('%' || t0.`note` || '%') ESCAPE '\\'"},
        {"author.id = 'x'", "FROM `posts` t0 WHERE t0.`author` = ?1"},
        {"author.name = 'x'", "FROM `posts` t0 LEFT JOIN `authors` t1 ON t1.`id` = t0.`author` "
                              "WHERE t1.`name` = ?1"},
        {"author.name = 'x' && author.mentor != 'y'",
         "FROM `posts` t0 LEFT JOIN `authors` t1 ON t1.`id` = t0.`author` WHERE (t1.`name` = ?1 "
         "AND t1.`mentor` IS NOT ?2)"},
        {"tags.name ?= 'go'",
         "FROM `posts` t0 " TAGS(
             "e1") " LEFT JOIN `tags` t2 ON t2.`id` = e1.value WHERE t2.`name` = ?1"},
        {"meta.a.0.b = true",
         "FROM `posts` t0 WHERE (CASE WHEN json_valid(t0.`meta`) THEN json_extract(t0.`meta`, "
         "'$.a[0].b') ELSE json_extract(json_object('pb', t0.`meta`), '$.pb.a[0].b') END) IS 1"},
        {"title:lower = 'x'", "FROM `posts` t0 WHERE lower(t0.`title`) = ?1"},
        {"@month = 1 && @now > created", "FROM `posts` t0 WHERE (?1 = ?2 AND ?3 > t0.`created`)"},
        {"strftime('%Y', created) = '2024'",
         "FROM `posts` t0 WHERE strftime(?1,t0.`created`) = ?2"},
        {"strftime('%Y', created) = ''", "FROM `posts` t0 WHERE (strftime(?1,t0.`created`) = '' "
                                         "OR strftime(?1,t0.`created`) IS NULL)"},
        {"strftime('%Y') = '2024'", "FROM `posts` t0 WHERE strftime(?1,?3) = ?2"},
        {"strftime('') = title",
         "FROM `posts` t0 WHERE COALESCE(strftime(?1), '') = COALESCE(t0.`title`, '')"},
        {"true = TRUE", "FROM `posts` t0 WHERE 1 = 1"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(compile_filter(cases[i].in), cases[i].out);
}

static void every_value_of_a_path_must_match(void **state)
{
    (void)state;
    assert_string_equal(
        compile_filter("tags:each != 'x'"),
        "FROM `posts` t0 " TAGS(
            "e1") " WHERE (e1.value IS NOT ?1 AND NOT EXISTS (SELECT 1 FROM "
                  "(SELECT e4.value AS v FROM `posts` m3 LEFT JOIN _reeve_items(m3.`tags`) `e4` ON TRUE WHERE m3.`id` = t0.`id`) s2 WHERE NOT (s2.v IS "
                  "NOT ?1)))");
    assert_string_equal(
        compile_filter("pins_via_post.id ~ title"),
        "FROM `posts` t0 LEFT JOIN `pins` t1 ON t1.`post` = t0.`id` WHERE (t1.`id` LIKE ('%' || "
        "t0.`title` || '%') ESCAPE '\\' AND NOT EXISTS (SELECT 1 FROM (SELECT m4.`id` AS v FROM "
        "`posts` m3 LEFT JOIN `pins` m4 ON m4.`post` = m3.`id` WHERE m3.`id` = t0.`id`) s2 WHERE "
        "NOT (s2.v LIKE ('%' || t0.`title` || '%') ESCAPE '\\')))");
}

/* A sub-select that were spelt twice would take up names, and its length be the other one's. */
static void sub_selects_are_spelt_once(void **state)
{
    (void)state;
    assert_string_equal(
        compile_filter("pins_via_post.id = 'x' && pins_via_post.post = 'y'"),
        "FROM `posts` t0 LEFT JOIN `pins` t1 ON t1.`post` = t0.`id` WHERE ((t1.`id` = ?1 AND NOT "
        "EXISTS (SELECT 1 FROM (SELECT m4.`id` AS v FROM `posts` m3 LEFT JOIN `pins` m4 ON "
        "m4.`post` = m3.`id` WHERE m3.`id` = t0.`id`) s2 WHERE NOT (s2.v = ?1))) AND (t1.`post` = "
        "?2 AND NOT EXISTS (SELECT 1 FROM (SELECT m7.`post` AS v FROM `posts` m6 LEFT JOIN `pins` "
        "m7 ON m7.`post` = m6.`id` WHERE m6.`id` = t0.`id`) s5 WHERE NOT (s5.v = ?2))))");
}

/* What may give several rows is asked by a sub-select of its own, with all that is asked of it. */
static void rows_are_not_multiplied(void **state)
{
    static const struct case_of cases[] = {
        {"tags:each != 'x'",
         "FROM `posts` t0 WHERE NOT EXISTS (SELECT 1 FROM (SELECT e3.value AS v FROM (SELECT 1) o4 " TAGS(
             "e3") ") s2 WHERE NOT (s2.v IS NOT ?1))"},
        {"tags:each = 'x'",
         "FROM `posts` t0 WHERE (EXISTS (SELECT 1 FROM (SELECT e3.value AS v FROM (SELECT 1) o4 " TAGS(
             "e3") ") s2 WHERE s2.v = ?1) AND NOT EXISTS (SELECT 1 FROM (SELECT e3.value AS v FROM "
                   "(SELECT 1) o4 " TAGS("e3") ") s2 WHERE NOT (s2.v = ?1)))"},
        {"tags:each ?= 'x'",
         "FROM `posts` t0 WHERE EXISTS (SELECT 1 FROM (SELECT 1) o3 " TAGS("e2") " WHERE e2.value "
                                                                                 "= ?1)"},
        {"tags:each ?= 'x' && title = 'a' && tags:each ?!= 'y'",
         "FROM `posts` t0 WHERE (EXISTS (SELECT 1 FROM (SELECT 1) o3 " TAGS(
             "e2") " WHERE "
                   "(e2.value = ?1 AND e2.value IS NOT ?3)) AND t0.`title` = ?2)"},
        {"tags:each ?= 'x' && title = 'a' || tags:each ?= 'y'",
         "FROM `posts` t0 WHERE (EXISTS (SELECT 1 FROM (SELECT 1) o3 " TAGS(
             "e2") " WHERE e2.value "
                   "= ?1) AND t0.`title` = ?2 OR EXISTS (SELECT 1 FROM (SELECT 1) o5 " TAGS(
                       "e4") " WHERE "
                             "e4.value = ?3))"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(compile_rule(cases[i].in), cases[i].out);
}

/* One sub-select a related record, whatever is asked of it; but not of one that the order needs. */
static void related_records_are_asked_once(void **state)
{
    struct query_spec spec = spec_of("posts");

    (void)state;
    assert_null(strstr(compile_rule("author.name = 'x'"), "FROM `posts` t0 LEFT JOIN"));
    assert_non_null(strstr(compile_rule("author.name = 'x' && score = 1 && author.mentor != 'y'"),
                           "WHERE (m2.`name` = ?1 AND m2.`mentor` IS NOT ?3)) END"));
    spec.rule = STR("author.name = 'x'");
    spec.sort = STR("author.mentor");
    assert_non_null(strstr(compile(&spec), "FROM `posts` t0 LEFT JOIN"));
}

static void what_cannot_be_resolved_is_named(void **state)
{
    static const struct case_of cases[] = {
        {"x=1", "invalid left operand \"x\" - unknown field \"x\""},
        {"1=x", "invalid right operand \"x\" - unknown field \"x\""},
        {"title=nope && zzz=1", "invalid right operand \"nope\" - unknown field \"nope\""},
        {"x.y=1", "invalid left operand \"x.y\" - failed to resolve field \"x\""},
        {"@nope=1", "invalid left operand \"@nope\" - failed to resolve field \"@nope\""},
        {"#x=1", "invalid left operand \"#x\" - failed to resolve field \"#x\""},
        {"@request.auth=1", "invalid left operand \"@request.auth\" - failed to resolve field "
                            "\"@request.auth\""},
        {"@request.context.x=1", "invalid left operand \"@request.context.x\" - failed to resolve "
                                 "field \"@request.context.x\""},
        {"@collection.tags=1", "invalid left operand \"@collection.tags\" - failed to resolve "
                               "field \"@collection.tags\""},
        {"@collection.x.y=1", "invalid left operand \"@collection.x.y\" - failed to load "
                              "collection \"x\" from field path \"@collection.x.y\""},
        {"title.x=1", "invalid left operand \"title.x\" - field \"title\" is not a valid relation"},
        {"title:nope=1",
         "invalid left operand \"title:nope\" - unknown modifier in \"title:nope\""},
        {"title:a:b=1", "invalid left operand \"title:a:b\" - unknown field \"title:a:b\""},
        {"pins_via_nope.id=1",
         "invalid left operand \"pins_via_nope.id\" - missing back relation field \"nope\""},
        {"nope_via_post.id=1", "invalid left operand \"nope_via_post.id\" - failed to load back "
                               "relation field \"nope_via_post\" collection"},
        {"posts_via_title.id=1",
         "invalid left operand \"posts_via_title.id\" - invalid back relation field \"title\""},
        {"posts_via_author.id=1", "invalid left operand \"posts_via_author.id\" - invalid "
                                  "collection reference of a back relation field \"author\""},
        {"author.mentor.mentor.mentor.mentor.mentor.mentor.name=1",
         "invalid left operand \"author.mentor.mentor.mentor.mentor.mentor.mentor.name\" - max "
         "nested relations reached for field \"mentor\""},
        {"foo(1)=1", "invalid left operand \"foo\" - unknown function \"foo\""},
        {"geoDistance(1)=1",
         "invalid left operand \"geoDistance\" - [geoDistance] expected 4 arguments, got 1"},
        {"geoDistance('a',1,1,1)=1", "invalid left operand \"geoDistance\" - [geoDistance] "
                                     "argument 0 must be an identifier or number"},
        {"geoDistance(nope,1,2,3)=1", "invalid left operand \"geoDistance\" - [geoDistance] "
                                      "failed to resolve argument 0: unknown field \"nope\""},
        {"strftime()=1",
         "invalid left operand \"strftime\" - [strftime] expected at least 1 arguments, got 0"},
        {"strftime(title)=1", "invalid left operand \"strftime\" - [strftime] expects the first "
                              "argument to be a format string"},
        {"strftime('%Y',title,title)=1", "invalid left operand \"strftime\" - [strftime] invalid "
                                         "modifier argument 0 - can be only string"},
        {"strftime('%Y',strftime('%Y'))=1", "invalid left operand \"strftime\" - [strftime] "
                                            "expects the second argument to be of a valid "
                                            "time-value type"},
        {"strftime('','','','','','','','','','','')=1",
         "invalid left operand \"strftime\" - [strftime] too many arguments (max allowed 10, got "
         "11)"},
        {"true:lower=1", "invalid left operand \"true:lower\" - unknown field \"true\""},
        {"@request.query.a:length=1",
         "invalid left operand \"@request.query.a:length\" - invalid modifier sequence a:length"},
        {"@request.body.score:each=1", "invalid left operand \"@request.body.score:each\" - field "
                                       "\"score\" doesn't support multivalue operations"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(compile_filter(cases[i].in), cases[i].out);
}

/* The place that the error names, or "" */
static const char *place_of(struct query_spec spec)
{
    struct query_sql sql;
    struct err *err = query_compile(site.a, &spec, &sql);

    assert_non_null(err);
    return arena_cstr(site.a, str_from(err->cause, str_find(err->cause, PLACE)));
}

static void what_is_wrong_has_a_place(void **state)
{
    static const struct case_of cases[] = {
        /* operands: a path's segment, a function's argument */
        {"x=1", " (line 1, column 1: \"x=1\")"},
        {"title = 1 && zzz = 1", " (line 1, column 14: \"zzz\")"},
        {"title = nope", " (line 1, column 9: \"nope\")"},
        {"title = 'é\u00e9' && x = 1", " (line 1, column 17: \"x\")"},
        {"title = 'a' // x\n&& (score = 1 ||\n  x = 1)", " (line 3, column 3: \"x\")"},
        {"author.nope = 1", " (line 1, column 8: \"nope\")"},
        {"author.mentor.nope:lower = 1", " (line 1, column 15: \"nope:lower\")"},
        {"author.nope.name = 1", " (line 1, column 8: \"nope.name\")"},
        {"title:nope = 1", " (line 1, column 1: \"title:nope\")"},
        {"@nope = 1", " (line 1, column 1: \"@nope\")"},
        {"1 = @request.auth", " (line 1, column 5: \"@request.auth\")"},
        {"@collection.posts.nope = 1", " (line 1, column 19: \"nope\")"},
        {"@collection.nope.title = 1", " (line 1, column 1: \"@collection.nope.tit\"...)"},
        {"@request.body.score:each = 1", " (line 1, column 1: \"@request.body.score:\"...)"},
        {"author.mentor.mentor.mentor.mentor.mentor.mentor.name=1",
         " (line 1, column 43: \"mentor.name=1\")"},
        {"title = null && (true:lower = 1)", " (line 1, column 18: \"true:lower\")"},
        {"1 = foo(1)", " (line 1, column 5: \"foo(1)\")"},
        {"geoDistance(1) = 1", " (line 1, column 1: \"geoDistance(1)\")"},
        {"geoDistance(1, 'a', 1, 1) = 1", " (line 1, column 16: \"'a',\")"},
        {"geoDistance(1, 1, author.nope, 1) = 1", " (line 1, column 26: \"nope,\")"},
        {"strftime(title) = 1", " (line 1, column 10: \"title)\")"},
        {"strftime('%Y', nope) = 1", " (line 1, column 16: \"nope)\")"},
        {"strftime('%Y', title, 2) = 1", " (line 1, column 23: \"2)\")"},
        /* after a try to ask a comparison alone */
        {"author.name = 'x' && author.mentor.nope = 'x'", " (line 1, column 36: \"nope\")"},
        {"tags:each != 'x' && pins_via_post.id != author.name && nope = 1",
         " (line 1, column 56: \"nope\")"},
        /* the parser's */
        {" ", " (line 1, column 2: the end)"},
        {"title = 1 && ()", " (line 1, column 15: \")\")"},
        {"title", " (line 1, column 6: the end)"},
        {"title = 1 &&\n", " (line 2, column 1: the end)"},
        {"title = 1 title = 2", " (line 1, column 11: \"title\")"},
        {"title = && 1", " (line 1, column 9: \"&&\")"},
        {"= 1", " (line 1, column 1: \"=\")"},
        {"title 1", " (line 1, column 7: \"1\")"},
        {"title = 1 && (score = 1", " (line 1, column 14: \"(score\")"},
        {"title = 1 && ((score = 1)", " (line 1, column 14: \"((score\")"},
        {"title = 'abc", " (line 1, column 9: \"'abc\")"},
        {"(title = 'abc)", " (line 1, column 10: \"'abc)\")"},
        {"(title = \"abc)", " (line 1, column 10: \"\\\"abc)\")"},
        {"title = 1 ; x", " (line 1, column 11: \";\")"},
        {"title = 1 / 2", " (line 1, column 11: \"/\")"},
        {"title = 1.", " (line 1, column 9: \"1.\")"},
        {"title == 1", " (line 1, column 7: \"==\")"},
        {"title = 1 & score = 1", " (line 1, column 11: \"&\")"},
        {"title. = 1", " (line 1, column 1: \"title.\")"},
        {"foo(1 = 1", " (line 1, column 7: \"=\")"},
        {"foo(1, ", " (line 1, column 1: \"foo(1,\")"},
        {"foo(1 2) = 1", " (line 1, column 7: \"2)\")"},
        {"foo(,1) = 1", " (line 1, column 5: \",1)\")"},
        {"foo(1, bar(?)) = 1", " (line 1, column 12: \"?))\")"},
        {"foo(1, 'x) = 1", " (line 1, column 8: \"'x)\")"},
        {"foo(a, b(c, 1.)) = 1", " (line 1, column 13: \"1.))\")"},
        {"title = 1 && \xff", " (line 1, column 14: \"\\xff\")"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct query_spec spec = spec_of("posts");

        spec.rule = str_of(cases[i].in);
        assert_string_equal(place_of(spec), cases[i].out);
        spec.filter = spec.rule;
        spec.rule = STR("title = 1 &&\n score = 2");
        assert_string_equal(place_of(spec), cases[i].out);
    }
}

static void a_long_name_leaves_room_for_the_place(void **state)
{
    struct query_spec spec = spec_of("posts");
    AUTO_BUF struct buf text;

    (void)state;
    buf_init(&text, 100000);
    BUF_ADD(&text, "title = 1 && ");
    for (int i = 0; i < 10000; i++)
        BUF_ADD(&text, "x");
    BUF_ADD(&text, " = 1");
    spec.rule = buf_str(&text);
    assert_string_equal(place_of(spec), " (line 1, column 14: \"xxxxxxxxxxxxxxxxxxxx\"...)");
    spec = spec_of("posts");
    spec.sort = STR("nope");
    assert_string_equal(place_of(spec), "");
}

static void a_joined_rule_is_not_where_the_filter_is_wrong(void **state)
{
    static const char *const rules[] = {"title = 1 && nope = 1", "&&"};
    struct schema_col *tags = site.schema->cols[site_col("tags")->number];
    const struct schema_rule before = tags->list_rule;
    struct query_spec spec = spec_of("posts");

    (void)state;
    spec.client_is_superuser = false;
    spec.filter = STR("title = 1 && tags.name = 'x'");
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        tags->list_rule = (struct schema_rule){true, str_of(rules[i])};
        assert_string_equal(place_of(spec), " (line 1, column 14: \"tags.name\")");
    }
    tags->list_rule = before;
}

/* Also where a comparison is asked alone, which begins one relation later. */
static void relations_of_a_path_are_counted(void **state)
{
    (void)state;
    assert_non_null(strstr(compile_rule("author.mentor.mentor.mentor.mentor.mentor.name = 'x'"),
                           "FROM `posts`"));
    assert_string_equal(compile_rule("author.mentor.mentor.mentor.mentor.mentor.mentor.name = 'x'"),
                        "invalid left operand "
                        "\"author.mentor.mentor.mentor.mentor.mentor.mentor.name\" - max nested "
                        "relations reached for field \"mentor\"");
    assert_non_null(strstr(compile_rule("author.id !~ 'x'"), "WHERE t0.`author` NOT LIKE ?1"));
}

static void comparisons_are_counted(void **state)
{
    AUTO_BUF struct buf text;

    (void)state;
    buf_init(&text, 100000);
    BUF_ADD(&text, "score=1");
    for (int i = 1; i < 200; i++)
        BUF_ADD(&text, "||score=1");
    assert_non_null(strstr(compile_rule(text.p), "FROM `posts`"));
    BUF_ADD(&text, "||score=1");
    assert_string_equal(compile_rule(text.p), "max filter expressions limit reached");
    while (text.n <= 3500)
        BUF_ADD(&text, " ");
    assert_string_equal(compile_filter(text.p), "max filter length reached");
}

static const char *compile_sort(const char *sort)
{
    struct query_spec spec = spec_of("posts");

    spec.sort = str_of(sort);
    return compile(&spec);
}

static void sorts_become_an_order(void **state)
{
    static const struct case_of cases[] = {
        {"title", "FROM `posts` t0 ORDER BY t0.`title` ASC"},
        {" -score , +title", "FROM `posts` t0 ORDER BY t0.`score` DESC, t0.`title` ASC"},
        {"-@rowid", "FROM `posts` t0 ORDER BY `t0`.`_rowid_` DESC"},
        {"-@random", "FROM `posts` t0 ORDER BY RANDOM()"},
        {"author.name", "FROM `posts` t0 LEFT JOIN `authors` t1 ON t1.`id` = t0.`author` ORDER BY "
                        "t1.`name` ASC"},
        {"title,", "failed to resolve field \"\""},
        {"--title", "failed to resolve field \"-title\""},
        {"title desc", "failed to resolve field \"title desc\""},
        {"@now", "failed to resolve field \"@now\""},
        {"null", "unknown field \"null\""},
        {"@request.context", "invalid sort field \"@request.context\""},
        {"title,title,title,title,title,title,title,title,title", "max sort fields limit reached"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(compile_sort(cases[i].in), cases[i].out);
}

/* Of a client's order the list rules count, as rows that they hide are in no list: of these the
 * rule alone is asked, and no row is joined. */
static void a_count_has_no_order(void **state)
{
    struct query_spec spec = spec_of("posts");
    const char *text;

    (void)state;
    spec.want = QUERY_COUNT;
    spec.sort = STR("author.name,tags.name");
    assert_string_equal(compile(&spec), "FROM `posts` t0");
    spec.client_is_superuser = false;
    assert_null(strstr(compile(&spec), "FROM `posts` t0 LEFT JOIN"));
    site_rule("authors", "listRule", "name != 'x'");
    spec = spec_of("posts");
    spec.client_is_superuser = false;
    spec.want = QUERY_COUNT;
    spec.sort = STR("author.name");
    text = compile(&spec);
    assert_null(strstr(text, "FROM `posts` t0 LEFT JOIN"));
    assert_non_null(strstr(text, "`name` IS NOT ?1"));
    site_rule("authors", "listRule", "");
}

static void clients_are_restricted(void **state)
{
    struct query_spec spec = spec_of("posts");

    (void)state;
    spec.client_is_superuser = false;
    spec.filter = STR("note = 'x'");
    assert_string_equal(compile(&spec),
                        "invalid left operand \"note\" - non-filterable field \"note\"");
    site_rule("authors", "listRule", "name != 'Eve'");
    spec = spec_of("posts");
    spec.client_is_superuser = false;
    spec.filter = STR("author.name = 'x'");
    spec.joins_only = true;
    assert_string_equal(compile(&spec),
                        "FROM `posts` t0 LEFT JOIN `authors` t1 ON t1.`id` = t0.`author` WHERE "
                        "t1.`name` = ?1 AND (t1.`id` = '' OR t1.`id` IS NULL OR t1.`name` IS NOT "
                        "?2)");
    site_rule("authors", "listRule", NULL);
    spec.schema = site.schema;
    spec.col = site_col("posts");
    assert_string_equal(compile(&spec), "invalid left operand \"author.name\" - only superusers "
                                        "can join collection \"authors\"");
    spec.client_is_superuser = true;
    assert_non_null(strstr(compile(&spec), "LEFT JOIN `authors`"));
}

static void emails_of_others_are_guarded(void **state)
{
    struct query_spec spec = spec_of("users");

    (void)state;
    spec.client_is_superuser = false;
    spec.filter = STR("email = 'x'");
    assert_string_equal(compile(&spec),
                        "FROM `users` t0 WHERE (t0.`email` = ?1 AND t0.`emailVisibility` = TRUE)");
}

static void identifiers_are_checked_before_parsing(void **state)
{
    struct err *err;

    (void)state;
    assert_null(query_check_identifiers(site.a, STR("a=1"), STR("b")));
    err = query_check_identifiers(site.a, STR("'@request.'"), STR_NONE);
    assert_int_equal(err->kind, E_FORBIDDEN);
    assert_string_equal(err->message, "Only superusers can filter by @request.");
    err = query_check_identifiers(site.a, STR("("), STR("@collection.x"));
    assert_string_equal(err->message, "Only superusers can filter by @collection.");
}

/* --- values ---------------------------------------------------------------------------------- */

static struct query_sql must_compile(const struct query_spec *spec)
{
    struct query_sql sql;

    site_ok(query_compile(site.a, spec, &sql));
    return sql;
}

static void patterns_keep_their_wildcards(void **state)
{
    static const struct case_of cases[] = {
        {"abc", "%abc%"},           {"ab%c", "ab%c"},       {"ab\\\\%c", "%ab\\%c%"},
        {"ab_c", "%ab\\_c%"},       {"%ab_c", "%ab_c"},     {"ab\\\\c", "%ab\\\\c%"},
        {"a\\\\\\\\%c", "a\\\\%c"}, {"ab\\\\", "%ab\\\\%"}, {"a__b", "%a_\\_b%"},
        {"___", "%\\__\\_%"},       {"_\\\\", "%_\\\\%"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct query_spec spec = spec_of("posts");
        struct query_sql sql;

        spec.filter = arena_printf(site.a, "title ~ '%s'", cases[i].in);
        sql = must_compile(&spec);
        assert_int_equal(sql.n, 1);
        assert_string_equal(arena_cstr(site.a, sql.values[0].s), cases[i].out);
    }
}

static void macros_are_the_present(void **state)
{
    static const struct case_of texts[] = {
        {"@now", "2030-03-17 17:45:00.000Z"},      {"@yesterday", "2030-03-16 17:45:00.000Z"},
        {"@tomorrow", "2030-03-18 17:45:00.000Z"}, {"@todayStart", "2030-03-17 00:00:00.000Z"},
        {"@todayEnd", "2030-03-17 23:59:59.999Z"}, {"@monthStart", "2030-03-01 00:00:00.000Z"},
        {"@monthEnd", "2030-03-31 23:59:59.999Z"}, {"@yearStart", "2030-01-01 00:00:00.000Z"},
        {"@yearEnd", "2030-12-31 23:59:59.999Z"},
    };
    static const struct {
        const char *in;
        int64_t out;
    } numbers[] = {{"@second", 0}, {"@minute", 45}, {"@hour", 17},  {"@day", 17},
                   {"@month", 3},  {"@year", 2030}, {"@weekday", 0}};
    struct query_spec spec = spec_of("posts");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        spec.filter = arena_printf(site.a, "created > %s", texts[i].in);
        assert_string_equal(arena_cstr(site.a, must_compile(&spec).values[0].s), texts[i].out);
    }
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        spec.filter = arena_printf(site.a, "score = %s", numbers[i].in);
        assert_int_equal(must_compile(&spec).values[0].i, numbers[i].out);
    }
}

/* --- the cache ------------------------------------------------------------------------------- */

static void shapes_are_shared_and_values_are_not(void **state)
{
    struct query_spec spec = spec_of("posts");
    struct query_sql first, second;

    (void)state;
    site.schema->snapshot.generation = 7;
    spec.filter = STR("title = 'a' && score > 1");
    (void)must_compile(&spec);
    first = must_compile(&spec);
    spec.filter = STR("title='b' // other\n&& score>2.5");
    second = must_compile(&spec);
    assert_ptr_equal(first.text.p, second.text.p);
    assert_string_equal(arena_cstr(site.a, second.values[0].s), "b");
    assert_true(second.values[1].d > 2.4);
    spec.filter = STR("title = '' && score > 1");
    assert_ptr_not_equal(must_compile(&spec).text.p, first.text.p);
    spec.filter = STR("title = 'a' || score > 1");
    assert_ptr_not_equal(must_compile(&spec).text.p, first.text.p);
    site.schema->snapshot.generation = 8;
    spec.filter = STR("title = 'a' && score > 1");
    assert_ptr_not_equal(must_compile(&spec).text.p, first.text.p);
    site.schema->snapshot.generation = 0;
}

static void requests_share_what_they_answer_alike(void **state)
{
    struct query_spec spec = spec_of("posts");
    struct query_request request = {.context = STR("default"), .method = STR("GET")};
    struct query_pair pairs[] = {{STR("a"), STR("1")}};
    struct query_sql none, one, two;
    char rule[] = "@request.query.a = title";

    (void)state;
    site.schema->snapshot.generation = 7;
    spec.request = &request;
    spec.rule = str_of(rule);
    (void)must_compile(&spec);
    none = must_compile(&spec);
    request.query = pairs;
    request.n_query = 1;
    (void)must_compile(&spec);
    one = must_compile(&spec);
    assert_non_null(strstr(arena_cstr(site.a, none.text), "IS NULL"));
    assert_null(strstr(arena_cstr(site.a, one.text), "IS NULL"));
    pairs[0].value = STR("other");
    two = must_compile(&spec);
    assert_ptr_equal(one.text.p, two.text.p);
    assert_string_equal(arena_cstr(site.a, two.values[0].s), "other");
    /* another rule at the same address is another rule */
    memcpy(rule, "@request.query.b", strlen("@request.query.b"));
    assert_non_null(strstr(arena_cstr(site.a, must_compile(&spec).text), "IS NULL"));
    site.schema->snapshot.generation = 0;
}

static void the_cache_is_bounded(void **state)
{
    struct query_spec spec = spec_of("posts");

    (void)state;
    site.schema->snapshot.generation = 7;
    for (int i = 0; i < 20000; i++) {
        struct arena *a = arena_child(site.a);
        struct query_sql sql;

        spec.filter = arena_printf(a, "meta.key%d = 1", i);
        assert_null(query_compile(a, &spec, &sql));
        arena_free(a);
    }
    site.schema->snapshot.generation = 0;
    query_cache_release();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_become_conditions),
        cmocka_unit_test(sub_selects_are_spelt_once),
        cmocka_unit_test(every_value_of_a_path_must_match),
        cmocka_unit_test(rows_are_not_multiplied),
        cmocka_unit_test(related_records_are_asked_once),
        cmocka_unit_test(what_cannot_be_resolved_is_named),
        cmocka_unit_test(what_is_wrong_has_a_place),
        cmocka_unit_test(a_long_name_leaves_room_for_the_place),
        cmocka_unit_test(a_joined_rule_is_not_where_the_filter_is_wrong),
        cmocka_unit_test(relations_of_a_path_are_counted),
        cmocka_unit_test(comparisons_are_counted),
        cmocka_unit_test(sorts_become_an_order),
        cmocka_unit_test(a_count_has_no_order),
        cmocka_unit_test(clients_are_restricted),
        cmocka_unit_test(emails_of_others_are_guarded),
        cmocka_unit_test(identifiers_are_checked_before_parsing),
        cmocka_unit_test(patterns_keep_their_wildcards),
        cmocka_unit_test(macros_are_the_present),
        cmocka_unit_test(shapes_are_shared_and_values_are_not),
        cmocka_unit_test(requests_share_what_they_answer_alike),
        cmocka_unit_test(the_cache_is_bounded),
    };

    return cmocka_run_group_tests_name("query compile", tests, site_setup, site_teardown);
}
