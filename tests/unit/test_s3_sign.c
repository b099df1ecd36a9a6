#include "unit/unit.h"

#include "base/date.h"
#include "files/s3_sign.h"

/* 2013-05-24T00:00:00Z, as in the documentation's examples. */
#define NOW_MS 1369353600000LL

static const struct s3_keys keys = {STR_INIT("us-east-1"), STR_INIT("AKIAIOSFODNN7EXAMPLE"),
                                    STR_INIT("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")};

#define HOST STR("examplebucket.s3.amazonaws.com")

static void assert_text_at(struct str got, const char *want, int line)
{
    if (!str_eq(got, str_of(want)))
        fail_msg("line %d: %.*s, want %s", line, STR_ARG(got), want);
}
#define assert_text(got, want) assert_text_at((got), (want), __LINE__)

static struct str value_of(const struct s3_signed *got, const char *name)
{
    const struct net_head head = {0, got->headers, got->n_headers};

    return net_header(&head, str_of(name));
}

static void assert_signed(const struct s3_request *request, const char *names, const char *sum)
{
    struct arena *a = arena_new();
    struct s3_signed got = s3_sign(a, &keys, request);
    struct str want = arena_printf(a,
                                   "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/"
                                   "us-east-1/s3/aws4_request,SignedHeaders=%s,Signature=%s",
                                   names, sum);

    assert_text(value_of(&got, "authorization"), want.p);
    assert_text(value_of(&got, "x-amz-date"), "20130524T000000Z");
    assert_true(str_eq(value_of(&got, "host"), request->host));
    assert_true(str_eq(value_of(&got, "x-amz-content-sha256"), request->hash));
    arena_free(a);
}

static void the_documented_examples_come_out(void **state)
{
    static const struct net_header range = {STR_INIT("Range"), STR_INIT("bytes=0-9")};
    static const struct net_header put[] = {
        {STR_INIT("x-amz-storage-class"), STR_INIT("REDUCED_REDUNDANCY")},
        {STR_INIT("Date"), STR_INIT("Fri, 24 May 2013 00:00:00 GMT")},
    };
    static const struct net_header lifecycle = {STR_INIT("lifecycle"), STR_INIT("")};
    static const struct net_header list[] = {{STR_INIT("prefix"), STR_INIT("J")},
                                             {STR_INIT("max-keys"), STR_INIT("2")}};
    struct arena *a = arena_new();
    struct s3_request request = {.method = STR("GET"),
                                 .host = HOST,
                                 .path = STR("/test.txt"),
                                 .headers = &range,
                                 .n_headers = 1,
                                 .hash = s3_hash(a, STR("")),
                                 .now_ms = NOW_MS};

    (void)state;
    assert_signed(&request, "host;range;x-amz-content-sha256;x-amz-date",
                  "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    request.path = STR("/");
    request.n_headers = 0;
    request.query = &lifecycle;
    request.n_query = 1;
    assert_signed(&request, "host;x-amz-content-sha256;x-amz-date",
                  "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    request.query = list;
    request.n_query = 2;
    assert_signed(&request, "host;x-amz-content-sha256;x-amz-date",
                  "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    request = (struct s3_request){.method = STR("PUT"),
                                  .host = HOST,
                                  .path = STR("/test$file.text"),
                                  .headers = put,
                                  .n_headers = 2,
                                  .hash = s3_hash(a, STR("Welcome to Amazon S3.")),
                                  .now_ms = NOW_MS};
    assert_signed(&request, "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                  "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    arena_free(a);
}

static void targets_are_encoded_byte_by_byte(void **state)
{
    static const struct {
        const char *path;
        const char *want;
    } cases[] = {
        {"/a b+c/\303\274 (1)'*!&=@,;:$",
         "/a%20b%2Bc/%C3%BC%20%281%29%27%2A%21%26%3D%40%2C%3B%3A%24"},
        {"/x//y", "/x//y"},
        {"/%25/%2F", "/%2525/%252F"},
        {"/../.-_~", "/../.-_~"},
        {"/\346\227\245?#\"<>\\^`{|}", "/%E6%97%A5%3F%23%22%3C%3E%5C%5E%60%7B%7C%7D"},
        {"/", "/"},
    };
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct s3_request request = {
            .method = STR("GET"), .host = HOST, .path = str_of(cases[i].path), .hash = S3_UNSIGNED};

        assert_text(s3_sign(a, &keys, &request).target, cases[i].want);
    }
    arena_free(a);
}

/* By name, then by value, both encoded. */
static void queries_are_sorted_as_they_are_sent(void **state)
{
    static const struct net_header pairs[] = {
        {STR_INIT("prefix"), STR_INIT("a/b c+\303\274")},
        {STR_INIT("b"), STR_INIT("2")},
        {STR_INIT("list-type"), STR_INIT("2")},
        {STR_INIT("b"), STR_INIT("/")},
        {STR_INIT("uploads"), STR_INIT("")},
    };
    struct arena *a = arena_new();
    const struct s3_request request = {.method = STR("GET"),
                                       .host = HOST,
                                       .path = STR("/"),
                                       .query = pairs,
                                       .n_query = COUNT_OF(pairs),
                                       .hash = S3_UNSIGNED};

    (void)state;
    assert_text(s3_sign(a, &keys, &request).target,
                "/?b=%2F&b=2&list-type=2&prefix=a%2Fb%20c%2B%C3%BC&uploads=");
    arena_free(a);
}

/* Signed in one form, whatever their blanks and case; sent as they are. */
static void headers_count_without_their_blanks(void **state)
{
    static const struct net_header plain = {STR_INIT("x-amz-meta-a"), STR_INIT("one two")};
    static const struct net_header odd = {STR_INIT("X-Amz-Meta-A"), STR_INIT(" one   two\t")};
    struct arena *a = arena_new();
    struct s3_request request = {.method = STR("PUT"),
                                 .host = HOST,
                                 .path = STR("/k"),
                                 .headers = &plain,
                                 .n_headers = 1,
                                 .hash = S3_UNSIGNED,
                                 .now_ms = NOW_MS};
    struct s3_signed once = s3_sign(a, &keys, &request);
    struct s3_signed again;

    (void)state;
    request.headers = &odd;
    again = s3_sign(a, &keys, &request);
    assert_true(str_eq(value_of(&once, "authorization"), value_of(&again, "authorization")));
    assert_text(value_of(&again, "x-amz-meta-a"), "one   two");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_examples_come_out),
        cmocka_unit_test(targets_are_encoded_byte_by_byte),
        cmocka_unit_test(queries_are_sorted_as_they_are_sent),
        cmocka_unit_test(headers_count_without_their_blanks),
    };

    return cmocka_run_group_tests_name("s3_sign", tests, NULL, NULL);
}
