/*
 * oauth/provider.h: a sign-on provider on loopback for tests of oauth/. It answers by path, as a
 * sample's `answers` say (samples.json), one connection at a time, and remembers what it was asked.
 */
#ifndef REEVE_TESTS_OAUTH_PROVIDER_H
#define REEVE_TESTS_OAUTH_PROVIDER_H

#include "unit/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/num.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROVIDER_ASKED 32   /* requests between two provider_says() */
#define PROVIDER_ANSWERS 16 /* paths */

struct provider_request {
    struct str line; /* "GET /user" */
    struct str head, body;
};

struct provider {
    int fd;
    unsigned port;
    pthread_t thread;
    /* under lock */
    pthread_mutex_t lock;
    struct arena *a;
    const struct json *answers; /* the caller's */
    size_t turns[PROVIDER_ANSWERS];
    struct provider_request asked[PROVIDER_ASKED];
    size_t n_asked;
};

/* --- requests --------------------------------------------------------------------------------- */

/* False: the client has left. */
static inline bool provider_read(int fd, struct arena *a, struct provider_request *ret)
{
    static const size_t size = (size_t)256 * 1024;
    char *text = arena_zalloc(a, size);
    const char *length;
    size_t want = 0;
    size_t n = 0;
    char *end = NULL;

    while (!end || n < want) {
        ssize_t got = recv(fd, text + n, size - 1 - n, 0);

        if (got <= 0)
            return false;
        n += (size_t)got;
        end = strstr(text, "\r\n\r\n");
        length = end ? strcasestr(text, "\r\ncontent-length: ") : NULL;
        if (end)
            want = (size_t)(end - text) + 4 +
                   (length && length < end ? strtoul(length + 18, NULL, 10) : 0);
    }
    ret->head = (struct str){text, (size_t)(end - text) + 2};
    ret->body = (struct str){end + 4, want - ret->head.n - 2};
    ret->line = str_sub(ret->head, 0, str_find(ret->head, STR(" HTTP/1.1\r\n")));
    return true;
}

/* The value of a header, in whatever case its name is; p is NULL where there is none. */
static inline struct str provider_header(const struct provider_request *request, struct str name)
{
    struct str rest = request->head;

    while (rest.p) {
        struct str line = str_trim_space(str_split(&rest, '\n'));
        size_t colon = str_find_byte(line, ':');

        if (str_eq_nocase(str_sub(line, 0, colon), name) && colon < line.n)
            return str_trim_space(str_from(line, colon + 1));
    }
    return STR_NONE;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* What a sample says of that path: the next of several turns, of which the last stays. */
static inline const struct json *provider_answer(struct provider *p, struct str path)
{
    for (uint32_t i = 0; p->answers && i < p->answers->n && i < PROVIDER_ANSWERS; i++) {
        const struct json *answer = &p->answers->members[i].value;

        if (!str_eq(p->answers->members[i].key, path))
            continue;
        if (answer->type != JSON_LIST || answer->n == 0 ||
            !json_get(&answer->items[0], STR("turn")))
            return answer;
        answer = &answer->items[p->turns[i]];
        if (p->turns[i] + 1 < p->answers->members[i].value.n)
            p->turns[i]++;
        return json_get(answer, STR("turn"));
    }
    return NULL;
}

static inline void provider_write(struct buf *out, const struct json *answer)
{
    const struct json *body = json_get(answer, STR("body"));
    const struct json *status = body ? json_get(answer, STR("status")) : NULL;
    const struct json *type = body ? json_get(answer, STR("type")) : NULL;
    AUTO_BUF struct buf text;

    buf_init(&text, (size_t)64 * MIB);
    if (!answer)
        BUF_ADD(&text, "none");
    else if (body && body->type == JSON_TEXT)
        buf_add(&text, body->text);
    else
        json_write(&text, body ? body : answer, false);
    buf_addf(out, "HTTP/1.1 %.*s Text\r\n",
             STR_ARG(!answer  ? STR("404")
                     : status ? status->text
                              : STR("200")));
    if (!type || type->text.n)
        buf_addf(out, "Content-Type: %.*s\r\n",
                 STR_ARG(type ? type->text : STR("application/json")));
    buf_addf(out, "Content-Length: %zu\r\nConnection: close\r\n\r\n", text.n);
    buf_add(out, buf_str(&text));
}

static inline void provider_serve(struct provider *p, int fd)
{
    struct arena *a = arena_new();
    struct provider_request request;
    AUTO_BUF struct buf out;
    size_t sent = 0;

    buf_init(&out, (size_t)128 * MIB);
    if (provider_read(fd, a, &request)) {
        struct str path = str_from(request.line, str_find_byte(request.line, ' ') + 1);

        (void)pthread_mutex_lock(&p->lock);
        if (p->n_asked < PROVIDER_ASKED)
            p->asked[p->n_asked++] = (struct provider_request){arena_dup(p->a, request.line),
                                                               arena_dup(p->a, request.head),
                                                               arena_dup(p->a, request.body)};
        provider_write(&out, provider_answer(p, str_sub(path, 0, str_find_byte(path, '?'))));
        (void)pthread_mutex_unlock(&p->lock);
    }
    while (sent < out.n) {
        ssize_t n = send(fd, out.p + sent, out.n - sent, MSG_NOSIGNAL);

        if (n <= 0)
            break;
        sent += (size_t)n;
    }
    arena_free(a);
}

static inline void *provider_run(void *user)
{
    struct provider *p = user;
    int fd;

    while ((fd = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        const struct timeval wait = {.tv_sec = 10};

        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
        provider_serve(p, fd);
        (void)close(fd);
    }
    return NULL;
}

/* --- for tests -------------------------------------------------------------------------------- */

static inline struct provider *provider_start(void)
{
    struct provider *p = calloc(1, sizeof(*p));
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t n = sizeof(address);

    assert_non_null(p);
    p->a = arena_new();
    (void)pthread_mutex_init(&p->lock, NULL);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(p->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(p->fd, 64), 0);
    assert_int_equal(getsockname(p->fd, (struct sockaddr *)&address, &n), 0);
    p->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&p->thread, NULL, provider_run, p), 0);
    return p;
}

static inline void provider_stop(struct provider *p)
{
    (void)shutdown(p->fd, SHUT_RDWR);
    (void)pthread_join(p->thread, NULL);
    (void)close(p->fd);
    (void)pthread_mutex_destroy(&p->lock);
    arena_free(p->a);
    free(p);
}

/* From now on; what it was asked before is forgotten. */
static inline void provider_says(struct provider *p, const struct json *answers)
{
    (void)pthread_mutex_lock(&p->lock);
    p->answers = answers;
    p->n_asked = 0;
    memset(p->turns, 0, sizeof(p->turns));
    (void)pthread_mutex_unlock(&p->lock);
}

static inline size_t provider_asked(struct provider *p)
{
    size_t n;

    (void)pthread_mutex_lock(&p->lock);
    n = p->n_asked;
    (void)pthread_mutex_unlock(&p->lock);
    return n;
}

/* A file of JSON beside this one. Tests run where the sources are. */
static inline const struct json *provider_file(struct arena *a, const char *name)
{
    char *text = arena_alloc(a, MIB);
    FILE *in = fopen(arena_cstr(a, arena_printf(a, "tests/oauth/%s", name)), "re");
    const struct json *ret = NULL;
    size_t n;

    if (!in)
        fail_msg("tests/oauth/%s cannot be read", name);
    n = fread(text, 1, MIB, in);
    (void)fclose(in);
    if (n == MIB || !json_read(a, (struct str){text, n}, &json_limits_stored, &ret, NULL))
        fail_msg("tests/oauth/%s is too long, or no JSON", name);
    return ret;
}

static inline struct str provider_text(const struct json *object, const char *name)
{
    const struct json *value = json_get(object, str_of(name));

    return value && value->type == JSON_TEXT ? value->text : STR("");
}

#endif
