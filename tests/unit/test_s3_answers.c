/*
 * What is made of a server's answers, which are told here one by one.
 */
#include "unit/unit.h"

#include "base/buf.h"
#include "base/date.h"
#include "base/md5.h"
#include "files/s3.h"
#include "net/site.h"

#include <fcntl.h>

#define HEAD_MAX (64 * 1024)
#define LOG_MAX (1024 * 1024)

/* --- a server that answers in order ---------------------------------------------------------- */

struct script {
    const char *const *answers; /* status, a blank, more of the head, "\n\n", the body */
    size_t n;
    int fd;
    unsigned port;
    pthread_t thread;
    pthread_mutex_t lock;
    size_t n_requests;
    char log[LOG_MAX]; /* heads and bodies as they came */
    size_t n_log;
};

static size_t length_of(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");

    return at ? strtoul(at + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

static void note(struct script *script, const char *p, size_t n)
{
    (void)pthread_mutex_lock(&script->lock);
    if (n > LOG_MAX - 1 - script->n_log)
        n = LOG_MAX - 1 - script->n_log;
    memcpy(script->log + script->n_log, p, n);
    script->n_log += n;
    (void)pthread_mutex_unlock(&script->lock);
}

static bool read_request(struct script *script, int fd)
{
    static char piece[HEAD_MAX];
    size_t n = 0, left;
    char *end = NULL;
    ssize_t got;

    while (!end && (got = recv(fd, piece + n, sizeof(piece) - 1 - n, 0)) > 0) {
        n += (size_t)got;
        piece[n] = '\0';
        end = strstr(piece, "\r\n\r\n");
    }
    if (!end)
        return false;
    note(script, piece, n);
    left = length_of(piece) - (n - (size_t)(end + 4 - piece));
    for (; left > 0 && (got = recv(fd, piece, sizeof(piece), 0)) > 0; left -= (size_t)got)
        note(script, piece, (size_t)got);
    return true;
}

/* "\n" of the head becomes CR LF; without a Content-Length there is the body's. */
static void answer(struct script *script, int fd, const char *text)
{
    struct arena *a = arena_new();
    const char *body = strstr(text, "\n\n");
    struct str lines = {text, body ? (size_t)(body - text) : strlen(text)};
    struct str out = STR("HTTP/1.1 ");

    body = body ? body + 2 : "";
    for (struct str rest = lines; rest.p;)
        out = arena_concat(a, out, str_split(&rest, '\n'), STR("\r\n"));
    if (!str_has(lines, STR("Content-Length")))
        out = arena_concat(a, out, arena_printf(a, "Content-Length: %zu\r\n", strlen(body)),
                           STR_NONE);
    out = arena_concat(a, out, STR("Connection: close\r\n\r\n"), str_of(body));
    (void)pthread_mutex_lock(&script->lock);
    script->n_requests++;
    (void)pthread_mutex_unlock(&script->lock);
    (void)send(fd, out.p, out.n, MSG_NOSIGNAL);
    (void)shutdown(fd, SHUT_WR);
    arena_free(a);
}

static void *serve(void *arg)
{
    struct script *script = arg;
    size_t at = 0;

    for (;;) {
        int fd = accept4(script->fd, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0)
            return NULL;
        if (read_request(script, fd)) {
            answer(script, fd, script->answers[at]);
            at += at + 1 < script->n;
        }
        (void)close(fd);
    }
}

static struct script *script_start(const char *const *answers, size_t n)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    struct script *script = calloc(1, sizeof(*script));

    assert_non_null(script);
    script->answers = answers;
    script->n = n;
    (void)pthread_mutex_init(&script->lock, NULL);
    script->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(script->fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(script->fd, 64), 0);
    assert_int_equal(getsockname(script->fd, (struct sockaddr *)&address, &size), 0);
    script->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&script->thread, NULL, serve, script), 0);
    return script;
}

static void script_stop(struct script *script)
{
    (void)shutdown(script->fd, SHUT_RDWR);
    (void)pthread_join(script->thread, NULL);
    (void)close(script->fd);
    free(script);
}

/* --- a place that asks it -------------------------------------------------------------------- */

struct talk {
    struct script *script;
    struct net_site site;
    struct arena *a;
    struct blob_place *place;
    const struct blob_ops *ops;
    const void *own;
};

/* With the server's port in the place of "PORT". */
static struct str with_port(struct arena *a, struct str text, unsigned port)
{
    size_t at = str_find(text, STR("PORT"));

    if (at == text.n)
        return text;
    return arena_concat(a, str_sub(text, 0, at), arena_printf(a, "%u", port),
                        str_from(text, at + 4));
}

static struct talk talk_with(const struct s3_conf *conf, const char *const *answers, size_t n)
{
    struct talk t = {.script = script_start(answers, n), .site = net_site()};
    struct s3_conf all = *conf;

    t.a = t.site.a;
    all.endpoint = with_port(t.a, conf->endpoint, t.script->port);
    t.place = s3_place(&all, t.site.net);
    t.ops = t.place->ops;
    t.own = t.place->own;
    return t;
}

static const struct s3_conf plain_conf = {.bucket = STR_INIT("bk"),
                                          .region = STR_INIT("us-east-1"),
                                          .endpoint = STR_INIT("http://127.0.0.1:PORT"),
                                          .access_key = STR_INIT("AK"),
                                          .secret = STR_INIT("SK"),
                                          .force_path_style = true,
                                          .temp_dir = STR_INIT("/tmp")};

#define TALK(...)                                         \
    talk_with(&plain_conf, (const char *[]){__VA_ARGS__}, \
              sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *))

static void done(struct talk *t)
{
    blob_place_unref(t->place);
    net_site_done(&t->site);
    script_stop(t->script);
}

static size_t n_requests(struct talk *t)
{
    size_t n;

    (void)pthread_mutex_lock(&t->script->lock);
    n = t->script->n_requests;
    (void)pthread_mutex_unlock(&t->script->lock);
    return n;
}

/* What was asked since the start. */
static struct str asked(struct talk *t)
{
    struct str log;

    (void)pthread_mutex_lock(&t->script->lock);
    log = arena_dup(t->a, (struct str){t->script->log, t->script->n_log});
    (void)pthread_mutex_unlock(&t->script->lock);
    return log;
}

static void assert_asked_at(struct talk *t, const char *words, int line)
{
    if (!str_has(asked(t), str_of(words)))
        fail_msg("line %d: no %s in %.*s", line, words, STR_ARG(asked(t)));
}
#define assert_asked(t, words) assert_asked_at((t), (words), __LINE__)

static void ok_at(const struct err *err, int line)
{
    if (err)
        fail_msg("line %d: %.*s", line, STR_ARG(err->cause));
}
#define ok(err) ok_at((err), __LINE__)

static void fails_at(const struct err *err, enum err_kind kind, const char *words, int line)
{
    if (!err)
        fail_msg("line %d: no error, want %s", line, words);
    else if (err->kind != kind || !str_has(err->cause, str_of(words)))
        fail_msg("line %d: %d, %.*s; want %d, %s", line, err->kind, STR_ARG(err->cause), kind,
                 words);
}
#define fails(err, kind, words) fails_at((err), (kind), (words), __LINE__)

static struct err *put(struct talk *t, struct str data)
{
    const struct blob_info info = {.type = STR("text/plain"), .original = STR("n.txt")};
    struct file_content content = {.data = data, .size = data.n};

    md5(content.md5, data);
    return t->ops->put(t->a, t->own, STR("c/r/n"), &content, &info);
}

static struct err *look(struct talk *t)
{
    struct blob_info info;

    return t->ops->info(t->a, t->own, STR("c/r/n"), NULL, &info);
}

static struct err *bring(struct talk *t)
{
    struct blob_info info;
    int fd;
    struct err *err = t->ops->open(t->a, t->own, STR("c/r/n"), &fd, &info);

    if (!err)
        (void)close(fd);
    return err;
}

/* --- where the bucket is --------------------------------------------------------------------- */

static void the_endpoint_names_host_and_path(void **state)
{
    static const struct {
        const char *endpoint;
        bool path_style;
        const char *target;
        const char *host;
    } cases[] = {
        {"http://127.0.0.1:PORT", true, "PUT /bk/c/r/n HTTP/1.1\r\n", "Host: 127.0.0.1:PORT\r\n"},
        {"http://127.0.0.1:PORT/", true, "PUT /bk/c/r/n HTTP/1.1\r\n", "Host: 127.0.0.1:PORT\r\n"},
        {"http://127.0.0.1:PORT/a/b/", true, "PUT /a/b/bk/c/r/n HTTP/1.1\r\n", "Host: 127"},
        {"http://localhost:PORT", false, "PUT /c/r/n HTTP/1.1\r\n", "Host: bk.localhost:PORT\r\n"},
        {"http://localhost:PORT/a", false, "PUT /a/c/r/n HTTP/1.1\r\n",
         "Host: bk.localhost:PORT\r\n"},
    };
    static const char *const answers[] = {"200 OK\n\n"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct s3_conf conf = plain_conf;
        struct talk t;

        conf.endpoint = str_of(cases[i].endpoint);
        conf.force_path_style = cases[i].path_style;
        t = talk_with(&conf, answers, 1);
        ok(put(&t, STR("x")));
        assert_asked(&t, cases[i].target);
        assert_asked(&t, with_port(t.a, str_of(cases[i].host), t.script->port).p);
        assert_asked(&t, "content-type: text/plain\r\n");
        assert_asked(&t, "x-amz-meta-original-filename: n.txt\r\n");
        done(&t);
    }
}

/* --- failures -------------------------------------------------------------------------------- */

static void a_busy_server_is_asked_once_more(void **state)
{
    struct talk t = TALK("503 Slow Down\n\n", "200 OK\nContent-Length: 7\nContent-Type: a/b\n\n");

    (void)state;
    ok(look(&t));
    assert_int_equal(n_requests(&t), 2);
    done(&t);
    t = TALK("429 Too Many\n\n", "200 OK\n\n");
    ok(put(&t, STR("x")));
    assert_int_equal(n_requests(&t), 2);
    done(&t);
    t = TALK("503 Slow Down\n\n<Error><Code>SlowDown</Code><Message>a&amp;b</Message></Error>");
    fails(t.ops->remove(t.a, t.own, &STR("c/r/n"), 1), E_UNAVAILABLE,
          "[key: c/r/n] 503 SlowDown: a&b");
    assert_int_equal(n_requests(&t), 2);
    done(&t);
}

static void a_refusal_is_told_with_its_words(void **state)
{
    static const struct {
        const char *answer;
        enum err_kind kind;
        const char *words;
    } cases[] = {
        {"403 No\n\n<Error><Code>AccessDenied</Code><Message>a &lt;b&gt;</Message></Error>",
         E_INTERNAL, "403 AccessDenied: a <b>"},
        {"301 Moved\nLocation: http://127.0.0.1:1/\n\n<Error><Code>PermanentRedirect</Code></Error>",
         E_INTERNAL, "301 PermanentRedirect"},
        {"404 No\n\n<Error><Code>NoSuchBucket</Code></Error>", E_INTERNAL, "404 NoSuchBucket"},
        {"400 No\n\nnot XML at all <", E_INTERNAL, "400"},
        {"500 Oops\n\n", E_UNAVAILABLE, "500"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct talk t = talk_with(&plain_conf, &cases[i].answer, 1);

        fails(put(&t, STR("x")), cases[i].kind, cases[i].words);
        done(&t);
    }
}

/* Word for word as PocketBase says it, as far as the two can be alike. */
static void a_probe_says_what_failed(void **state)
{
    static const struct {
        const char *answers[3];
        const char *words;
    } cases[] = {
        {{"403 No\n\n<Error><Code>AccessDenied</Code><Message>No put</Message></Error>"},
         "/test.txt] 403 AccessDenied: No put"},
        {{"200 OK\n\n",
          "403 No\n\n<Error><Code>AccessDenied</Code><Message>No list</Message></Error>"},
         "failed to delete a test file: 403 AccessDenied: No list"},
        /* what it has not stored itself is not its to remove */
        {{"200 OK\n\n", "200 OK\n\n<L><Contents><Key>p/test.txt</Key></Contents></L>"},
         "a key that is not below it: p/test.txt"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct talk t = talk_with(&plain_conf, cases[i].answers, COUNT_OF(cases[i].answers));
        struct s3_conf conf = plain_conf;
        struct err *err;

        conf.endpoint = with_port(t.a, conf.endpoint, t.script->port);
        err = s3_probe(t.a, &conf, t.site.net);
        fails(err, E_INTERNAL, cases[i].words);
        done(&t);
    }
}

static void what_was_stored_without_an_answer_is_taken_back(void **state)
{
    struct talk t = TALK("200 OK\nContent-Length: 5\n\nx", "204 No Content\n\n");

    (void)state;
    fails(put(&t, STR("x")), E_UNAVAILABLE, "PUT 127.0.0.1");
    assert_asked(&t, "DELETE /bk/c/r/n HTTP/1.1\r\n");
    done(&t);
}

#define SIZE_5 "200 OK\nContent-Length: 5\n\n"

static void a_file_that_breaks_off_is_an_error(void **state)
{
    struct talk t = TALK(SIZE_5, "206 Partial\nContent-Length: 5\n\n01");

    (void)state;
    fails(bring(&t), E_UNAVAILABLE, "GET 127.0.0.1");
    assert_asked(&t, "range: bytes=0-4\r\n");
    done(&t);
    t = TALK(SIZE_5, "206 Partial\n\n01");
    fails(bring(&t), E_INTERNAL, "2 bytes instead of 5");
    done(&t);
    t = TALK(SIZE_5, "404 Not Found\n\n");
    fails(bring(&t), E_NOT_FOUND, "404");
    done(&t);
    t = TALK("200 OK\nTransfer-Encoding: chunked\nContent-Length-Is: no\n\n");
    fails(look(&t), E_INTERNAL, "no size");
    done(&t);
}

/* --- parts ----------------------------------------------------------------------------------- */

#define BEGUN "200 OK\n\n<R><UploadId>a&amp;b/c</UploadId></R>"
#define PART "200 OK\nETag: \"t<\"\n\n"

static void uploads_in_parts_end(void **state)
{
    static char bytes[17 << 20];
    const struct str data = {bytes, sizeof(bytes)};
    struct talk t = TALK(BEGUN, PART, PART, PART, "200 OK\n\n<Done><ETag>x</ETag></Done>");

    (void)state;
    ok(put(&t, data));
    assert_asked(&t, "POST /bk/c/r/n?uploads= HTTP/1.1\r\n");
    assert_asked(&t, "PUT /bk/c/r/n?partNumber=1&uploadId=a%26b%2Fc HTTP/1.1\r\n");
    assert_int_equal(n_requests(&t), 5);
    done(&t);
    t = TALK(BEGUN, PART, PART, PART, "200 OK\n\n<Error><Code>InternalError</Code></Error>",
             "204 No Content\n\n");
    fails(put(&t, data), E_UNAVAILABLE, "InternalError");
    assert_int_equal(n_requests(&t), 7); /* the parts are dropped, then what they may have become */
    done(&t);
    t = TALK(BEGUN, PART, "403 No\n\n", "204 No Content\n\n");
    fails(put(&t, data), E_INTERNAL, "403");
    assert_int_equal(n_requests(&t), 4);
    done(&t);
    t = TALK("200 OK\n\n<R/>");
    fails(put(&t, data), E_INTERNAL, "no upload's id");
    done(&t);
}

/* --- pages ----------------------------------------------------------------------------------- */

#define ENTRY(key, when) \
    "<Contents><Key>" key "</Key><LastModified>" when "</LastModified><Size>3</Size></Contents>"
#define OLD "2020-01-02T03:04:05.000Z"
#define MORE(token) \
    "<IsTruncated>true</IsTruncated><NextContinuationToken>" token "</NextContinuationToken>"

static struct err *take(void *user, struct str key, const struct blob_info *info)
{
    struct buf *out = user;

    buf_addf(out, "%.*s %llu %lld;", STR_ARG(key), (unsigned long long)info->size,
             (long long)info->modified_s);
    return NULL;
}

static void lists_have_pages(void **state)
{
    struct talk t = TALK("200 OK\n\n<L>" ENTRY("a/1&amp;", OLD) MORE("x+/=") "</L>",
                         "200 OK\n\n<L>" ENTRY("a/2", OLD) "<IsTruncated>false</IsTruncated></L>");
    AUTO_BUF struct buf out;

    (void)state;
    buf_init(&out, 1000);
    ok(t.ops->list(t.a, t.own, STR("a"), take, &out));
    assert_string_equal(out.p, "a/1& 3 1577934245;a/2 3 1577934245;");
    assert_asked(&t, "GET /bk/?list-type=2&prefix=a%2F HTTP/1.1\r\n");
    assert_asked(&t, "GET /bk/?continuation-token=x%2B%2F%3D&list-type=2&prefix=a%2F HTTP");
    done(&t);
    t = TALK("200 OK\n\n<L>" ENTRY("a/1", OLD) MORE("x") "</L>");
    fails(t.ops->list(t.a, t.own, STR("a"), take, &out), E_INTERNAL, "which page comes next");
    assert_int_equal(n_requests(&t), 2);
    done(&t);
    t = TALK("200 OK\n\n<L>" MORE("x") "</L>");
    fails(t.ops->list(t.a, t.own, STR("a"), take, &out), E_INTERNAL, "a page without keys");
    done(&t);
    t = TALK("200 OK\n\n<L>" ENTRY("ab/1", OLD) "</L>");
    fails(t.ops->remove_tree(t.a, t.own, STR("a"), INT64_MAX), E_INTERNAL, "not below it: ab/1");
    assert_int_equal(n_requests(&t), 1);
    done(&t);
    t = TALK("200 OK\n\n<L><IsTruncated>true</IsTruncated></L>");
    fails(t.ops->list(t.a, t.own, STR("a"), take, &out), E_INTERNAL, "which page comes next");
    done(&t);
}

/* --- removal --------------------------------------------------------------------------------- */

static void batches_fail_key_by_key(void **state)
{
    static const struct str keys[] = {STR_INIT("a/1"), STR_INIT("a/<2>")};
    struct talk t = TALK("200 OK\n\n<D><Error><Key>a/1</Key><Code>AccessDenied</Code>"
                         "<Message>no</Message></Error></D>");

    (void)state;
    fails(t.ops->remove(t.a, t.own, keys, 2), E_INTERNAL, "[key: a/1] AccessDenied: no");
    assert_asked(&t, "POST /bk/?delete= HTTP/1.1\r\n");
    assert_asked(&t, "<Object><Key>a/1</Key></Object><Object><Key>a/&lt;2&gt;</Key></Object>");
    done(&t);
    t = TALK("501 What\n\n", "204 No Content\n\n");
    ok(t.ops->remove(t.a, t.own, keys, 2));
    assert_asked(&t, "DELETE /bk/a/1 HTTP/1.1\r\n");
    assert_asked(&t, "DELETE /bk/a/%3C2%3E HTTP/1.1\r\n");
    done(&t);
    t = TALK("405 No\n\n", "403 No\n\n", "204 No Content\n\n");
    fails(t.ops->remove(t.a, t.own, keys, 2), E_INTERNAL, "[key: a/1] 403");
    assert_asked(&t, "DELETE /bk/a/%3C2%3E HTTP/1.1\r\n");
    done(&t);
}

/* Which is years behind ours here. */
static void what_is_young_by_the_servers_clock_stays(void **state)
{
    static const char page[] =
        "200 OK\nDate: Thu, 02 Jan 2020 03:04:07 GMT\n\n<L>" ENTRY("a/old", OLD)
            ENTRY("a/new", "2020-01-02T03:04:07.000Z") ENTRY("a/odd", "yesterday") "</L>";
    struct talk t = TALK(page, "204 No Content\n\n");

    (void)state;
    ok(t.ops->remove_tree(t.a, t.own, STR("a"), date_now_ms()));
    assert_asked(&t, "DELETE /bk/a/old HTTP/1.1\r\n");
    assert_int_equal(n_requests(&t), 2);
    done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_endpoint_names_host_and_path),
        cmocka_unit_test(a_busy_server_is_asked_once_more),
        cmocka_unit_test(a_refusal_is_told_with_its_words),
        cmocka_unit_test(a_probe_says_what_failed),
        cmocka_unit_test(what_was_stored_without_an_answer_is_taken_back),
        cmocka_unit_test(a_file_that_breaks_off_is_an_error),
        cmocka_unit_test(uploads_in_parts_end),
        cmocka_unit_test(lists_have_pages),
        cmocka_unit_test(batches_fail_key_by_key),
        cmocka_unit_test(what_is_young_by_the_servers_clock_stays),
    };

    return cmocka_run_group_tests_name("s3_answers", tests, NULL, NULL);
}
