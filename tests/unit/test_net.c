#include "unit/unit.h"

#include "net/address.h"
#include "net/site.h"
#include "support/temp.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static uint64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void assert_ok_at(const struct err *err, int line)
{
    if (err)
        fail_msg("line %d: %.*s", line, STR_ARG(err->cause));
}
#define assert_ok(err) assert_ok_at((err), __LINE__)

static void assert_err_at(const struct err *err, enum err_kind kind, const char *words, int line)
{
    if (!err)
        fail_msg("line %d: no error, want %s", line, words);
    else if (err->kind != kind || !str_has(err->cause, str_of(words)))
        fail_msg("line %d: %d, %.*s; want %d, %s", line, err->kind, STR_ARG(err->cause), kind,
                 words);
}
#define assert_err(err, kind, words) assert_err_at((err), (kind), (words), __LINE__)

static void assert_has(struct str text, const char *part)
{
    if (!str_has(text, str_of(part)))
        fail_msg("no \"%s\" in \"%.*s\"", part, STR_ARG(text));
}

static struct err *call(struct net_site *site, const struct net_request *request,
                        struct net_answer *ret)
{
    return net_call(site->a, site->net, request, ret);
}

/* --- requests -------------------------------------------------------------------------------- */

static void requests_arrive_as_they_are_written(void **state)
{
    static const struct {
        const char *method;
        const char *body;
        const char *want;
    } cases[] = {
        {"GET", "", "GET /echo/../a%2Fb?x=1&y=%20 HTTP/1.1\r\n"},
        {"GET", "with a body", "\r\n\r\nwith a body"},
        {"POST", "text", "Content-Length: 4\r\n"},
        {"POST", "", "Content-Length: 0\r\n"},
        {"PUT", "text", "PUT /echo/../a%2Fb"},
        {"PATCH", "text", "PATCH /echo"},
        {"DELETE", "", "DELETE /echo"},
        {"PROPFIND", "x", "PROPFIND /echo"},
    };
    static const struct net_header headers[] = {
        {STR_INIT("Authorization"), STR_INIT("Bearer secret")},
        {STR_INIT("X-Empty"), STR_INIT("")},
    };
    struct net_site site = net_site();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct net_request request = site_get(&site, "/echo/../a%2Fb?x=1&y=%20");
        struct net_answer answer;

        request.method = str_of(cases[i].method);
        request.body = str_of(cases[i].body);
        request.headers = headers;
        request.n_headers = COUNT_OF(headers);
        assert_ok(call(&site, &request, &answer));
        assert_int_equal(answer.head.status, 200);
        assert_has(answer.body, cases[i].want);
        assert_has(answer.body, "\r\nAuthorization: Bearer secret\r\n");
        assert_has(answer.body, "\r\nX-Empty:\r\n");
        assert_false(str_has(answer.body, STR("Expect")));
        assert_false(str_has(answer.body, STR("Accept-Encoding")));
        assert_false(str_has(answer.body, STR("Content-Type")));
        assert_false(str_has(answer.body, STR("Transfer-Encoding")));
    }
    assert_int_equal(atomic_load(&site.server->n_connections), 1);
    net_site_done(&site);
}

static void headers_are_found_in_any_case(void **state)
{
    struct net_site site = net_site();
    struct net_request request = site_get(&site, "/echo");
    struct net_answer answer;

    (void)state;
    request.method = STR("HEAD");
    assert_ok(call(&site, &request, &answer));
    assert_int_equal(answer.body.n, 0);
    assert_true(str_eq(net_header(&answer.head, STR("X-TEST")), STR("one")));
    assert_null(net_header(&answer.head, STR("X-Other")).p);
    net_site_done(&site);
}

static void answers_without_a_body_end(void **state)
{
    static const struct {
        const char *path;
        unsigned status;
        const char *body;
    } cases[] = {
        {"/status?204", 204, ""}, {"/status?304", 304, ""},         {"/status?404", 404, ""},
        {"/status?500", 500, ""}, {"/chunked", 200, "hello world"}, {"/leave", 200, "ok"},
        {"/leave", 200, "ok"},    {"/redirect?/echo", 302, "move"},
    };
    struct net_site site = net_site();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct net_request request = site_get(&site, cases[i].path);
        struct net_answer answer;

        assert_ok(call(&site, &request, &answer));
        assert_int_equal(answer.head.status, cases[i].status);
        assert_true(str_eq(answer.body, str_of(cases[i].body)));
        assert_null(net_header(&answer.head, STR("Sum")).p);
        assert_null(net_header(&answer.head, STR("Link")).p);
    }
    net_site_done(&site);
}

/* A file of n bytes without a name, its position at the start. */
static int make_file(size_t n)
{
    char path[TEMP_SIZE];
    char *bytes = malloc(n);
    int fd = mkostemp(temp_path(path, "net"), O_CLOEXEC);

    assert_non_null(bytes);
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(i * 7 + i / 1000);
    assert_int_equal(pwrite(fd, bytes, n, 0), n);
    free(bytes);
    return fd;
}

static uint64_t file_sum(int fd, uint64_t at, uint64_t n)
{
    char *bytes = malloc(n);
    uint64_t sum = 0;

    assert_non_null(bytes);
    assert_int_equal(pread(fd, bytes, n, (off_t)at), n);
    for (uint64_t i = 0; i < n; i++)
        sum += (unsigned char)bytes[i] * (i % 251);
    free(bytes);
    return sum;
}

static void a_part_of_a_file_is_a_body(void **state)
{
    struct net_site site = net_site();
    struct net_request request = site_get(&site, "/sum");
    struct net_answer answer;
    int fd = make_file(3000000);

    (void)state;
    request.method = STR("PUT");
    request.has_file = true;
    request.fd = fd;
    request.at = 12345;
    request.n = 2500000;
    assert_ok(call(&site, &request, &answer));
    assert_int_equal(strtoull(arena_cstr(site.a, answer.body), NULL, 10),
                     file_sum(fd, 12345, 2500000));
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
    request.n = 0;
    assert_ok(call(&site, &request, &answer));
    request.n = 3000000; /* there is less */
    assert_err(call(&site, &request, &answer), E_UNAVAILABLE, "read to its end");
    request.at = UINT64_MAX - 1;
    assert_err(call(&site, &request, &answer), E_BAD_REQUEST, "part of a file");
    request.at = 0;
    request.url = site_url(&site, "/early");
    assert_ok(call(&site, &request, &answer));
    assert_int_equal(answer.head.status, 413);
    (void)close(fd);
    net_site_done(&site);
}

/* What was kept may be dead, which shows when some of the body is on its way. */
static void a_body_is_sent_again_where_the_connection_was_dead(void **state)
{
    struct net_site site = net_site();
    struct net_request request = site_get(&site, "/once");
    struct net_answer answer;

    (void)state;
    request.method = STR("POST");
    request.body = STR("again");
    for (unsigned i = 1; i <= 5; i++) {
        assert_ok(call(&site, &request, &answer));
        assert_has(answer.body, "\r\n\r\nagain");
        assert_int_equal(atomic_load(&site.server->n_connections), i);
    }
    net_site_done(&site);
}

static void no_proxy_is_asked(void **state)
{
    static const char *const names[] = {"http_proxy", "all_proxy", "ALL_PROXY"};
    struct net_site site = net_site();
    struct net_request request = site_get(&site, "/echo");
    struct net_answer answer;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_int_equal(setenv(names[i], "http://127.0.0.1:1", 1), 0);
    assert_ok(call(&site, &request, &answer));
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_int_equal(unsetenv(names[i]), 0);
    net_site_done(&site);
}

/* --- what is refused ------------------------------------------------------------------------- */

static void what_is_no_request_is_refused(void **state)
{
    static const struct net_header bad_headers[] = {
        {STR_INIT("X-A"), STR_INIT("a\r\nX-B: b")}, {STR_INIT("X-A"), STR_INIT("a\nb")},
        {STR_INIT("X A"), STR_INIT("a")},           {STR_INIT(""), STR_INIT("a")},
        {STR_INIT("X:A"), STR_INIT("a")},           {STR_INIT("X-A"), STR_INIT("a\0b")},
    };
    static const char *const bad_urls[] = {
        "",
        "127.0.0.1",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://",
        "http:///x",
        "http://127.0.0.1:99999/",
        "http://a b/",
        "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/a\tb",
        "http://[::1/",
    };
    static const struct str bad_methods[] = {STR_INIT(""), STR_INIT("GET /"), STR_INIT("A\r\nB"),
                                             STR_INIT("G\0T")};
    struct net_site site = net_site();
    struct net_request good = site_get(&site, "/echo");
    struct net_answer answer;

    (void)state;
    good.n_headers = 1;
    for (size_t i = 0; i < COUNT_OF(bad_headers); i++) {
        good.headers = &bad_headers[i];
        assert_err(call(&site, &good, &answer), E_BAD_REQUEST, "header");
    }
    good.n_headers = 0;
    for (size_t i = 0; i < COUNT_OF(bad_methods); i++) {
        good.method = bad_methods[i];
        assert_err(call(&site, &good, &answer), E_BAD_REQUEST, "method");
    }
    good.method = STR("GET");
    for (size_t i = 0; i < COUNT_OF(bad_urls); i++) {
        good.url = str_of(bad_urls[i]);
        assert_err(call(&site, &good, &answer), E_BAD_REQUEST, "");
    }
    net_site_done(&site);
}

static void causes_tell_no_secrets(void **state)
{
    static const char *const urls[] = {
        "http://name:secret@127.0.0.1:1/secret?secret#secret",
        "http://127.0.0.1:1?secret@x",
        "http://na@me:secret@no-such-host.invalid/secret",
        "http://secret@127.0.0.1:99999/secret",
        "http://secret@127.0.0.1:x/secret",
        "secret://x/secret?secret",
    };
    struct net_site site = net_site();
    struct net_header header = {STR("Authorization"), STR("secret")};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct net_request request = {.method = STR("GET"), .url = str_of(urls[i])};
        struct net_answer answer;
        struct err *err;

        request.headers = &header;
        request.n_headers = 1;
        err = call(&site, &request, &answer);
        assert_non_null(err);
        if (str_has(err->cause, STR("secret")))
            fail_msg("%.*s", STR_ARG(err->cause));
    }
    net_site_done(&site);
}

static void an_answer_may_be_too_large(void **state)
{
    struct net_site site = net_site();
    struct net_request request = site_get(&site, "/big?100000");
    struct net_answer answer;

    (void)state;
    request.max_answer = 100000;
    assert_ok(call(&site, &request, &answer));
    assert_int_equal(answer.body.n, 100000);
    request.max_answer = 99999;
    assert_err(call(&site, &request, &answer), E_TOO_LARGE, "99999");
    request.url = site_url(&site, "/big?100000000");
    request.max_answer = 0;
    assert_err(call(&site, &request, &answer), E_TOO_LARGE, "4194304");
    request.url = site_url(&site, "/long-head");
    assert_err(call(&site, &request, &answer), E_TOO_LARGE, "head");
    net_site_done(&site);
}

static void what_breaks_off_is_an_error(void **state)
{
    struct net_site site = net_site();
    struct net_request request = site_get(&site, "/reset");
    struct net_answer answer;

    (void)state;
    assert_err(call(&site, &request, &answer), E_UNAVAILABLE, "GET 127.0.0.1:");
    request.url = site_url(&site, "/garbage");
    assert_err(call(&site, &request, &answer), E_UNAVAILABLE, "HTTP/0.9");
    request.url = STR("http://127.0.0.1:1/");
    assert_err(call(&site, &request, &answer), E_UNAVAILABLE, "127.0.0.1:1: Failed to connect");
    request.url = STR("http://no-such-host.invalid/");
    request.total_ms = 3000;
    assert_err(call(&site, &request, &answer), E_UNAVAILABLE, "no-such-host.invalid: ");
    net_site_done(&site);
}

static void every_wait_has_an_end(void **state)
{
    static const struct {
        const char *path;
        unsigned idle_ms;
        unsigned total_ms;
        const char *words;
    } cases[] = {
        {"/silent", 200, 0, "no byte"},   {"/half", 200, 0, "no byte"},
        {"/silent", 0, 200, "too long"},  {"/drip", 0, 200, "too long"},
        {"/half", 5000, 200, "too long"}, {"/drip", 190, 400, "it takes too long"},
    };
    struct net_site site = net_site();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct net_request request = site_get(&site, cases[i].path);
        struct net_answer answer;
        uint64_t began = now_ms();

        request.idle_ms = cases[i].idle_ms;
        request.total_ms = cases[i].total_ms;
        assert_err(call(&site, &request, &answer), E_UNAVAILABLE, cases[i].words);
        assert_true(now_ms() - began >= 190);
        assert_true(now_ms() - began < 4000);
    }
    net_site_done(&site);
}

/* A body that nobody takes moves no bytes once the sockets are full. */
static void a_body_that_is_not_taken_ends(void **state)
{
    struct net_site site = net_site();
    struct net_request request = site_get(&site, "/stuck");
    struct net_answer answer;
    int fd = make_file(30000000);

    (void)state;
    request.method = STR("PUT");
    request.has_file = true;
    request.fd = fd;
    request.n = 30000000;
    request.idle_ms = 300;
    assert_err(call(&site, &request, &answer), E_UNAVAILABLE, "no byte");
    (void)close(fd);
    net_site_done(&site);
}

static void a_body_that_is_taken_slowly_is_sent(void **state)
{
    struct net_site site = net_site();
    struct net_request request = site_get(&site, "/resting");
    struct net_answer answer;
    int fd = make_file(30000000);

    (void)state;
    request.method = STR("PUT");
    request.has_file = true;
    request.fd = fd;
    request.n = 30000000;
    request.idle_ms = 700; /* less than all rests together */
    assert_ok(call(&site, &request, &answer));
    (void)close(fd);
    net_site_done(&site);
}

static void a_handshake_that_does_not_come_ends(void **state)
{
    struct net_site site = net_site();
    struct net_request request = {.method = STR("GET"), .connect_ms = 200};
    struct net_answer answer;
    uint64_t began = now_ms();

    (void)state;
    request.url = arena_printf(site.a, "https://127.0.0.1:%u/", site.server->port);
    assert_err(call(&site, &request, &answer), E_UNAVAILABLE, "time");
    assert_true(now_ms() - began < 4000);
    net_site_done(&site);
}

static void *set_after_a_while(void *gone)
{
    (void)usleep(100000);
    atomic_store((atomic_bool *)gone, true);
    return NULL;
}

static void who_has_gone_is_not_waited_for(void **state)
{
    struct net_site site = net_site();
    struct net_request request = site_get(&site, "/silent");
    struct net_answer answer;
    atomic_bool gone = false;
    pthread_t thread;
    uint64_t began = now_ms();

    (void)state;
    request.gone = &gone;
    assert_int_equal(pthread_create(&thread, NULL, set_after_a_while, &gone), 0);
    assert_err(call(&site, &request, &answer), E_GONE, "");
    assert_true(now_ms() - began < 4000);
    (void)pthread_join(thread, NULL);
    net_site_done(&site);
}

/* --- addresses ------------------------------------------------------------------------------- */

static void addresses_are_public_or_not(void **state)
{
    static const struct {
        const char *text;
        bool is_public;
    } cases[] = {
        {"1.1.1.1", true},
        {"8.8.8.8", true},
        {"0.0.0.0", false},
        {"0.1.2.3", false},
        {"10.0.0.1", false},
        {"11.0.0.0", true},
        {"9.255.255.255", true},
        {"100.63.255.255", true},
        {"100.64.0.0", false},
        {"100.127.255.255", false},
        {"100.128.0.0", true},
        {"127.0.0.1", false},
        {"127.255.255.255", false},
        {"128.0.0.0", true},
        {"169.254.169.254", false},
        {"169.253.0.0", true},
        {"172.15.255.255", true},
        {"172.16.0.0", false},
        {"172.31.255.255", false},
        {"172.32.0.0", true},
        {"192.0.0.8", false},
        {"192.0.2.1", false},
        {"192.168.1.1", false},
        {"192.169.0.0", true},
        {"198.18.0.0", false},
        {"198.19.255.255", false},
        {"198.20.0.0", true},
        {"198.51.100.1", false},
        {"203.0.113.1", false},
        {"223.255.255.255", true},
        {"224.0.0.1", false},
        {"239.255.255.255", false},
        {"240.0.0.1", false},
        {"255.255.255.255", false},
        {"::", false},
        {"::1", false},
        {"::ffff:1.1.1.1", false},
        {"::ffff:127.0.0.1", false},
        {"::7f00:1", false},
        {"64:ff9b::7f00:1", false},
        {"64:ff9b:1::1", false},
        {"100::1", false},
        {"2001::1", false},
        {"2001:1ff::1", false},
        {"2001:200::1", true},
        {"2001:db8::1", false},
        {"2001:4860::8888", true},
        {"2002:7f00:1::1", false},
        {"2606:4700::1111", true},
        {"3fff::1", false},
        {"3fff:1000::1", true},
        {"4000::1", false},
        {"fc00::1", false},
        {"fd12::1", false},
        {"fe80::1%lo", false},
        {"fec0::1", false},
        {"ff02::1", false},
        {"5f00::1", false},
        {"", false},
        {"localhost", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (net_address_text_is_public(cases[i].text) != cases[i].is_public)
            fail_msg("%s", cases[i].text);
}

static void private_addresses_are_refused_however_they_are_spelt(void **state)
{
    static const char *const hosts[] = {
        "127.0.0.1",  "2130706433", "0x7f.1",          "0177.0.0.1",         "127.1",
        "0",          "localhost",  "[::1]",           "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
        "0x7f000001", "10.0.0.1",   "169.254.169.254", "[fe80::1]",          "[64:ff9b::7f00:1]",
    };
    struct net_site site = net_site();
    struct net_answer answer;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        struct net_request request = {.method = STR("GET"), .only_public = true, .redirects = 5};

        request.url = arena_printf(site.a, "http://%s:%u/echo", hosts[i], site.server->port);
        assert_err(call(&site, &request, &answer), E_BAD_REQUEST, "public");
    }
    assert_int_equal(atomic_load(&site.server->n_connections), 0);
    net_site_done(&site);
}

/* A connection that others have made must not serve either. */
static void private_connections_are_not_used_again(void **state)
{
    struct net_site site = net_site();
    struct net_request request = site_get(&site, "/echo");
    struct net_answer answer;

    (void)state;
    assert_ok(call(&site, &request, &answer));
    request.only_public = true;
    assert_err(call(&site, &request, &answer), E_BAD_REQUEST, "public");
    assert_int_equal(atomic_load(&site.server->n_requests), 1);
    net_site_done(&site);
}

static void redirects_are_followed_when_asked(void **state)
{
    struct net_site site = net_site();
    struct net_request request = site_get(&site, "/redirect?/redirect?/echo");
    struct net_answer answer;

    (void)state;
    request.redirects = 2;
    assert_ok(call(&site, &request, &answer));
    assert_int_equal(answer.head.status, 200);
    assert_true(str_eq(net_header(&answer.head, STR("x-test")), STR("one")));
    assert_has(answer.body, "GET /echo ");
    request.redirects = 1;
    assert_err(call(&site, &request, &answer), E_UNAVAILABLE, "redirects");
    request.redirects = 5;
    request.url = site_url(&site, "/redirect?file:///etc/passwd");
    assert_err(call(&site, &request, &answer), E_UNAVAILABLE, "Protocol");
    request.url = site_url(&site, "/redirect?/echo");
    request.method = STR("POST");
    assert_ok(call(&site, &request, &answer));
    assert_int_equal(answer.head.status, 302);
    net_site_done(&site);
}

/* --- TLS ------------------------------------------------------------------------------------- */

/* Starts tests/net/tls.py, which prints its port and serves until its input ends. */
static pid_t start_tls(int *ret_in, unsigned *ret_port)
{
    int in[2];
    int out[2];
    char port[16] = "";
    pid_t pid;

    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)execlp("python3", "python3", "tests/net/tls.py", (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    assert_true(read(out[0], port, sizeof(port) - 1) > 0);
    (void)close(out[0]);
    *ret_in = in[1];
    *ret_port = (unsigned)strtoul(port, NULL, 10);
    return pid;
}

static void a_certificate_that_nobody_vouches_for_is_refused(void **state)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1"};
    struct net_site site = net_site();
    struct net_answer answer;
    unsigned port;
    int in;
    pid_t pid = start_tls(&in, &port);
    int status;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        struct net_request request = {.method = STR("GET")};

        request.url = arena_printf(site.a, "https://%s:%u/", hosts[i], port);
        assert_err(call(&site, &request, &answer), E_UNAVAILABLE, "certificate");
    }
    (void)close(in);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    net_site_done(&site);
}

/* --- the module ------------------------------------------------------------------------------ */

static void without_the_module_there_is_an_error(void **state)
{
    struct arena *a = arena_new();
    struct net_conf conf = {{1, 1, 1, 0}, "/nowhere"};
    struct net *net = net_new_with(&conf);
    struct net_request request = {.method = STR("GET"), .url = STR("http://127.0.0.1/")};
    struct net_answer answer;

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_err(net_call(a, net, &request, &answer), E_UNAVAILABLE, "/nowhere/reeve-net.so");
    net_free(net);
    net_free(NULL);
    net = net_new();
    net_free(net);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_arrive_as_they_are_written),
        cmocka_unit_test(headers_are_found_in_any_case),
        cmocka_unit_test(answers_without_a_body_end),
        cmocka_unit_test(a_part_of_a_file_is_a_body),
        cmocka_unit_test(a_body_is_sent_again_where_the_connection_was_dead),
        cmocka_unit_test(no_proxy_is_asked),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(causes_tell_no_secrets),
        cmocka_unit_test(an_answer_may_be_too_large),
        cmocka_unit_test(what_breaks_off_is_an_error),
        cmocka_unit_test(every_wait_has_an_end),
        cmocka_unit_test(a_body_that_is_not_taken_ends),
        cmocka_unit_test(a_body_that_is_taken_slowly_is_sent),
        cmocka_unit_test(a_handshake_that_does_not_come_ends),
        cmocka_unit_test(who_has_gone_is_not_waited_for),
        cmocka_unit_test(addresses_are_public_or_not),
        cmocka_unit_test(private_addresses_are_refused_however_they_are_spelt),
        cmocka_unit_test(private_connections_are_not_used_again),
        cmocka_unit_test(redirects_are_followed_when_asked),
        cmocka_unit_test(a_certificate_that_nobody_vouches_for_is_refused),
        cmocka_unit_test(without_the_module_there_is_an_error),
    };

    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
