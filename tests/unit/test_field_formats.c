/*
 * The formats of e-mail addresses and URLs, as PocketBase v0.40.6 judged these texts.
 */
#include "base/format.h"
#include "unit/fields.h"

struct format_case {
    const char *text;
    bool valid;
};

static void emails(void **state)
{
    static const struct format_case cases[] = {
        {"a@b.co", true},
        {"a@b", false},
        {"a.b@c.de.", true},
        {"a..b@c.de", false},
        {".a@b.co", false},
        {"a.@b.co", false},
        {"\"a b\"@c.de", false},
        {"\"a\\\"b\"@c.de", false},
        {"\"a@c.de", false},
        {"\"\"@b.co", false},
        {"a@b..co", false},
        {"a@b.c", true},
        {"a@-b.co", false},
        {"a@b-.co", false},
        {"a@b_c.co", true},
        {"a@b.c1", false},
        {"a@b.1c", false},
        {"a@1.co", true},
        {"\xc3\xa9@b.co", true},
        {"a@\xc3\xa9.co", true},
        {"a@b.\xc3\xa9", true},
        {"a@b.co..", false},
        {"a@b~c.co", true},
        {"a+b@c.de", true},
        {"a b@c.de", false},
        {"a@b c.de", false},
        {"a@[1.2.3.4]", false},
        {"a@b.co ", false},
        {"\"a\x0d\x0a b\"@c.de", false},
        {"\"a\x0d\x0a"
         "b\"@c.de",
         false},
        {"\"a\x09"
         "b\"@c.de",
         false},
        {"\"a\\\x09"
         "b\"@c.de",
         false},
        {"A@B.CO", true},
        {"@b.co", false},
        {"a@", false},
        {"a@b.c-d", true},
        {"a@b.c-", false},
        {"a@b.~c", false},
        {"a@.b.co", false},
        {"a@b.co@c.de", false},
        {"\"a\"b@c.de", false},
        {"a\"b@c.de", false},
        {"\"\x0d\x0a \x0d\x0a a\"@c.de", false},
        {"\" \x0d\x0a \"@c.de", false},
        {"\"\x01\"@c.de", true},
        {"\xef\xbf\xaf@b.co", true},
        {"\xef\xbf\xb0@b.co", false},
        {"\xf0\x9f\x98\x80@b.co", false},
        {"a@b.c~d", true},
        {"a@b.c_d", true},
        {"\"a\" @b.co", false},
        {"!#$%&'*+-/=?^_`{|}~@b.co", true},
        {"a,b@c.de", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (email_valid(str_of(cases[i].text)) != cases[i].valid)
            fail_msg("%s: %s", cases[i].text, cases[i].valid ? "refused" : "passes");
    }
}

static void urls(void **state)
{
    static const struct format_case cases[] = {
        {"http://a.co", true},
        {"https://example.com/a b", false},
        {"example.com", true},
        {"example", false},
        {"example:80", true},
        {"localhost", false},
        {"http://localhost", true},
        {"http://localhost:8090/x", true},
        {"ftp://a.b", true},
        {"gopher://a.b", false},
        {"mailto:a@b.c", true},
        {"http://", false},
        {"http://.a", false},
        {".a.b", false},
        {"a.b", false},
        {"ab.c", true},
        {"http://1.2.3.4", true},
        {"http://256.1.1.1", false},
        {"http://0.1.1.1", false},
        {"http://224.1.1.1", false},
        {"http://240.1.1.1", true},
        {"http://[::1]", true},
        {"http://[::1]:80/x", true},
        {"http://[1.2.3.4]", false},
        {"http://[fe80::1%25en0]", true},
        {"http://[::ffff:1.2.3.4]", true},
        {"http://a.co:123456", false},
        {"http://a.co:", false},
        {"http://a.co:0", true},
        {"http://user:pw@a.co", true},
        {"http://us er@a.co", false},
        {"http://a.co?x=1", true},
        {"http://a.co#f", true},
        {"http://a.co/%zz", false},
        {"http://a.co/%41", true},
        {"http://a.co?%zz", true},
        {"http://a_b.co", true},
        {"http://a--b.co", true},
        {"http://a---b.co", true},
        {"http://-a.co", false},
        {"http://a-.co", false},
        {"http://a.co.", true},
        {"http://a.co..", false},
        {"http://a..co", false},
        {"http://www.a", true},
        {"http://www.a.co", true},
        {"http://www..a", false},
        {"http://\xc3\xa9.co", true},
        {"http://\xc3\xa9", true},
        {"http://a.\xc3\xa9", true},
        {"http://a.b.c.d.e", false},
        {"http://a.c1", false},
        {"http://a.1", false},
        {"1.2.3", false},
        {"12.3", false},
        {"http://12.34", true},
        {"http://a.b-c.d_e", false},
        {"http://ab.c_d.e", false},
        {"http://a b.co", false},
        {"http://a.co/\x09", false},
        {"http://a.co/x\x01y", false},
        {"HTTP://a.co", false},
        {"http:/a.co", false},
        {"http//a.co", true},
        {"//a.co", false},
        {"///a.co", false},
        {"a.co/x", true},
        {"localhost/x.y", true},
        {"localhost/x", false},
        {"localhost?x=1.2", false},
        {"http://a.co/\xc3\xa9", true},
        {"http://a@b@c.co", true},
        {"http://a/b@c.co", true},
        {"http://{x}@c.co", false},
        {"http://a.co\\x", false},
        {"http://x.\xe4\xb8\xad\xe5\x9b\xbd", true},
        {"http://\xe4\xb8\xad\xe5\x9b\xbd.com", true},
        {"http://a.\xe4\xb8\xad\xe5\x9b\xbd.com", false},
        {"ws://a.co", true},
        {"wss://a.co", true},
        {"tcp://1.1.1.1:22", true},
        {"udp://a", true},
        {"http://a", true},
        {"a:1", false},
        {"a.b:80", true},
        {"1.2.3.4:80", true},
        {"1.2.3.4", true},
        {"999.1.1.1", false},
        {"a@b.co", true},
        {"x?y.z", false},
        {"a/b?http://c.d", false},
        {"http://a.co:80:80", false},
        {"http://a.co/[", true},
        {"http://a.co:80#", true},
        {"http://a_b", false},
        {"http://_a.co", false},
        {"http://a_.co", false},
        {"http://a.co_", false},
        {"http://a.b_c", false},
        {"http://1.2.3.4.", true},
        {"http://1.02.3.4", true},
        {"http://01.2.3.4", false},
        {"http://1.2.3.004", false},
        {"http://www.-a.co", false},
        {"http://ab-.co", false},
        {"http://ab_-_b.co", true},
        {"http://ab.c-d.e-f.co", true},
        {"http://ab.c--d.co", false},
        {"http://ab.c_d.co", false},
        {"http://a.b.co_x", false},
        {"http://\xc3\xa9"
         "a-b.co",
         true},
        {"http://\xc3\xa9-\xc3\xa9.\xc3\xa9", true},
        {"http://\xc3\xa9.\xc3\xa9.\xc3\xa9", false},
        {"http://xn--a.co", true},
        {"http://a.co-", false},
        {"http://<x>.co", false},
        {"http://x\"y.co", false},
        {"http://a.co/\"<>", true},
        {"http://%41.co", false},
        {"http://a.co%41", false},
        {"http://a%20b@c.co", true},
        {"http://a%zz@c.co", false},
        {"http:///x@y.com", true},
        {"http://[::]", true},
        {"http://[1::2::3]", false},
        {"http://[:::1]", false},
        {"http://[12345::]", false},
        {"http://[::1", false},
        {"foo:bar.baz", false},
        {"a.b?c:d", true},
        {"a:b:c", false},
        {"http://\xf0\x9f\x98\x80.co", false},
    };
    struct str host;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (url_valid(str_of(cases[i].text), &host) != cases[i].valid)
            fail_msg("%s: %s", cases[i].text, cases[i].valid ? "refused" : "passes");
    }
}

static void hosts(void **state)
{
    static const struct {
        const char *text, *host;
    } cases[] = {
        {"https://example.com/a?b", "example.com"},
        {"https://u:p@example.com:8090/a", "example.com:8090"},
        {"http://[::1]:80/x", "[::1]:80"},
        {"example.com/a", ""},
        {"example.com:80/a", ""},
        {"1.2.3.4:80", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct str host;

        assert_true(url_valid(str_of(cases[i].text), &host));
        assert_string_equal(arena_cstr(a, host), cases[i].host);
    }
}

/* Long texts of what the grammar is ambiguous about cost no more than others. */
static void hostile_texts(void **state)
{
    char text[2000];
    struct str host;

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_true(url_valid((struct str){text, sizeof(text)}, &host) ==
                url_valid(STR("aaaaaa"), &host));
    for (size_t i = 1; i < sizeof(text); i += 2)
        text[i] = '@';
    assert_false(url_valid((struct str){text, sizeof(text)}, &host));
    assert_false(email_valid((struct str){text, sizeof(text)}));
    for (size_t i = 1; i < sizeof(text); i += 2)
        text[i] = '-';
    assert_false(url_valid((struct str){text, sizeof(text)}, &host));
}

static void domains(void **state)
{
    static const struct accept_case email[] = {
        {"\"\"", "", "validation_required", 0, 0},
        {"\"a@b.co\"", "a@b.co", 0, 0, 0},
        {"\"a@B.co\"", "a@B.co", "validation_email_domain_not_allowed",
         "Email domain is not allowed.", 0},
        {"\"a\"", "a", "validation_is_email", "Must be a valid email address.", 0},
    };
    static const struct accept_case url[] = {
        {"\"http://a.co\"", "http://a.co", "validation_url_domain_not_allowed",
         "Url domain is not allowed.", 0},
        {"\"http://a.co:80/x\"", "http://a.co:80/x", 0, 0, 0},
        {"\"a.co\"", "a.co", "validation_url_domain_not_allowed", 0, 0},
        {"\"a b\"", "a b", "validation_invalid_url", "Must be a valid url.", 0},
    };
    static const struct accept_case except[] = {
        {"\"http://a.co\"", 0, "validation_url_domain_not_allowed", 0, 0},
        {"\"http://b.co\"", 0, 0, 0, 0},
    };

    (void)state;
    ACCEPT("\"type\":\"email\",\"required\":true,\"onlyDomains\":[\"b.co\"]", email);
    ACCEPT("\"type\":\"url\",\"onlyDomains\":[\"a.co:80\"]", url);
    ACCEPT("\"type\":\"url\",\"exceptDomains\":[\"a.co\"],\"onlyDomains\":null", except);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(emails),        cmocka_unit_test(urls),    cmocka_unit_test(hosts),
        cmocka_unit_test(hostile_texts), cmocka_unit_test(domains),
    };

    return cmocka_run_group_tests_name("field_formats", tests, NULL, NULL);
}
