/*
 * net/server.h: a server on loopback for tests of net/. A thread a connection; what it does with a
 * request is a row of the table below.
 */
#ifndef REEVE_TESTS_NET_SERVER_H
#define REEVE_TESTS_NET_SERVER_H

#include "unit/unit.h"

#include "base/compiler.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVER_CONNECTIONS 512 /* in its life */

struct server_connection {
    struct server *server;
    pthread_t thread;
    int fd;
    char head[64 * 1024]; /* of the request that is answered */
    size_t n_head;
    size_t n_read; /* bytes at head: the head, then what came with it */
    uint64_t n_body;
    unsigned n_requests;
};

struct server {
    int fd;
    unsigned port;
    pthread_t thread;
    atomic_uint n_connections;
    atomic_uint n_requests;
    atomic_uint_fast64_t n_sent; /* bytes of bodies */
    struct server_connection *connections[SERVER_CONNECTIONS];
};

static inline bool server_send(struct server_connection *c, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

static inline bool server_say(struct server_connection *c, const char *text)
{
    return server_send(c, text, strlen(text));
}

/* What follows the first "?" of the target, up to the blank; an empty text: nothing. */
static inline void server_query(const struct server_connection *c, char *out, size_t size)
{
    size_t line = strcspn(c->head, "\r");
    const char *at = memchr(c->head, '?', line);
    size_t n = at ? strcspn(at + 1, " ") : 0;

    assert_true(n < size);
    memcpy(out, at ? at + 1 : "", n);
    out[n] = '\0';
}

/* The body is read and dropped, its sum is told of: all bytes, each times its place modulo 251. */
static inline bool server_take(struct server_connection *c, uint64_t *ret_sum)
{
    static const size_t size = 64 * 1024;
    char *piece = malloc(size);
    uint64_t at = c->n_read - c->n_head;
    uint64_t sum = 0;
    ssize_t n = 1;

    assert_non_null(piece);
    for (uint64_t i = 0; i < at; i++)
        sum += (unsigned char)c->head[c->n_head + i] * (i % 251);
    while (at < c->n_body && (n = recv(c->fd, piece, size, 0)) > 0)
        for (ssize_t i = 0; i < n; i++, at++)
            sum += (unsigned char)piece[i] * (at % 251);
    free(piece);
    *ret_sum = sum;
    return n > 0;
}

static inline bool answer_sum(struct server_connection *c)
{
    char text[128];
    uint64_t sum;

    if (!server_take(c, &sum))
        return false;
    (void)snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n%020llu",
                   (unsigned long long)sum);
    return server_say(c, text);
}

/* The request as it came, but of a body only what came with the head. */
static inline bool answer_echo(struct server_connection *c)
{
    char head[128];
    size_t want = c->n_head + (size_t)c->n_body;

    while (c->n_read < want) {
        ssize_t n = recv(c->fd, c->head + c->n_read, want - c->n_read, 0);

        if (n <= 0)
            return false;
        c->n_read += (size_t)n;
    }
    (void)snprintf(head, sizeof(head),
                   "HTTP/1.1 200 OK\r\nX-Test: one\r\nx-TEST: two\r\nContent-Length: %zu\r\n\r\n",
                   c->n_read);
    return server_say(c, head) &&
           (strncmp(c->head, "HEAD", 4) == 0 || server_send(c, c->head, c->n_read));
}

static inline bool answer_status(struct server_connection *c)
{
    char status[16];
    char head[128];

    server_query(c, status, sizeof(status));
    (void)snprintf(
        head, sizeof(head), "HTTP/1.1 %s Text\r\n%s\r\n", status,
        strcmp(status, "204") == 0 || strcmp(status, "304") == 0 ? "" : "Content-Length: 0\r\n");
    return server_say(c, head);
}

static inline bool answer_chunked(struct server_connection *c)
{
    return server_say(c, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
                         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n"
                         "5\r\nhello\r\n1;x=y\r\n \r\n5\r\nworld\r\n0\r\nSum: 11\r\n\r\n");
}

static inline bool answer_big(struct server_connection *c)
{
    static const char piece[64 * 1024] = "big";
    char number[32];
    char head[128];
    uint64_t left;

    server_query(c, number, sizeof(number));
    left = strtoull(number, NULL, 10);
    (void)snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n", number);
    if (!server_say(c, head))
        return false;
    for (size_t n; left > 0; left -= n) {
        n = left < sizeof(piece) ? (size_t)left : sizeof(piece);
        if (!server_send(c, piece, n))
            return false;
        atomic_fetch_add(&c->server->n_sent, n);
    }
    return true;
}

/* The first request of a connection is echoed; the next finds that the server has left. */
static inline bool answer_once(struct server_connection *c)
{
    return c->n_requests == 1 && answer_echo(c);
}

/* Takes the body at once but for a rest after every 6 MB, longer than the sockets hide. */
static inline bool answer_resting(struct server_connection *c)
{
    static const size_t size = 64 * 1024;
    char *piece = malloc(size);
    uint64_t at = c->n_read - c->n_head;
    uint64_t rested = 0;
    ssize_t n = 1;

    assert_non_null(piece);
    for (; at < c->n_body && (n = recv(c->fd, piece, size, 0)) > 0; at += (uint64_t)n) {
        if (at - rested < 6000000)
            continue;
        rested = at;
        (void)usleep(250000);
    }
    free(piece);
    return n > 0 && server_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

/* Until the client leaves. */
static inline bool answer_silent(struct server_connection *c)
{
    char byte;

    while (recv(c->fd, &byte, 1, 0) > 0)
        continue;
    return false;
}

/* The same without reading: until the client, or the server's end, shuts the socket. */
static inline bool answer_stuck(struct server_connection *c)
{
    struct pollfd left = {.fd = c->fd, .events = POLLRDHUP};

    while (poll(&left, 1, -1) < 0)
        continue;
    return false;
}

static inline bool answer_half_silent(struct server_connection *c)
{
    return server_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") && answer_silent(c);
}

static inline bool answer_drip(struct server_connection *c)
{
    if (!server_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"))
        return false;
    while (server_say(c, "."))
        (void)usleep(20000);
    return false;
}

static inline bool answer_reset(struct server_connection *c)
{
    const struct linger hard = {.l_onoff = 1, .l_linger = 0};

    (void)server_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    return false;
}

static inline bool answer_garbage(struct server_connection *c)
{
    return server_say(c, "SSH-2.0-OpenSSH_9.2\r\n") && false;
}

static inline bool answer_redirect(struct server_connection *c)
{
    char to[1024];
    char head[1200];

    server_query(c, to, sizeof(to));
    (void)snprintf(head, sizeof(head),
                   "HTTP/1.1 302 Found\r\nX-Test: before\r\nLocation: %s\r\nContent-Length: "
                   "4\r\n\r\nmove",
                   to);
    return server_say(c, head);
}

static inline bool answer_long_head(struct server_connection *c)
{
    char line[1024];

    if (!server_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"))
        return false;
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(line, sizeof(line), "X-%d: %0900d\r\n", i, i);
        if (!server_say(c, line))
            return false;
    }
    return server_say(c, "\r\n");
}

/* Without having read the body. */
static inline bool answer_early(struct server_connection *c)
{
    (void)server_say(c,
                     "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    (void)shutdown(c->fd, SHUT_WR);
    return answer_silent(c);
}

/* Says that it stays, and does not. */
static inline bool answer_leave(struct server_connection *c)
{
    return server_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") && false;
}

static inline bool server_answer(struct server_connection *c)
{
    static const struct {
        const char *path;
        bool (*answer)(struct server_connection *c); /* true: the connection stays */
    } answers[] = {
        {"/echo", answer_echo},         {"/sum", answer_sum},
        {"/status", answer_status},     {"/chunked", answer_chunked},
        {"/big", answer_big},           {"/silent", answer_silent},
        {"/half", answer_half_silent},  {"/drip", answer_drip},
        {"/reset", answer_reset},       {"/garbage", answer_garbage},
        {"/redirect", answer_redirect}, {"/long-head", answer_long_head},
        {"/early", answer_early},       {"/leave", answer_leave},
        {"/stuck", answer_stuck},       {"/once", answer_once},
        {"/resting", answer_resting},
    };
    const char *path = strchr(c->head, ' ') + 1;

    for (size_t i = 0; i < COUNT_OF(answers); i++)
        if (strncmp(path, answers[i].path, strlen(answers[i].path)) == 0)
            return answers[i].answer(c);
    return server_say(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

/* Reads a head. False: the client has left. */
static inline bool server_read(struct server_connection *c)
{
    const char *length;
    const char *end = NULL;

    c->n_read = 0;
    while (!end) {
        ssize_t n = recv(c->fd, c->head + c->n_read, sizeof(c->head) - 1 - c->n_read, 0);

        if (n <= 0)
            return false;
        c->n_read += (size_t)n;
        c->head[c->n_read] = '\0';
        end = strstr(c->head, "\r\n\r\n");
    }
    c->n_head = (size_t)(end - c->head) + 4;
    length = strcasestr(c->head, "\r\ncontent-length: ");
    c->n_body = length && length < end ? strtoull(length + 18, NULL, 10) : 0;
    return true;
}

static inline void *server_serve(void *user)
{
    struct server_connection *c = user;

    while (server_read(c)) {
        c->n_requests++;
        atomic_fetch_add(&c->server->n_requests, 1);
        if (!server_answer(c))
            break;
    }
    (void)shutdown(c->fd, SHUT_WR);
    return NULL;
}

/* A connection that its thread has done with is closed here, so that its number is nobody else's
 * while server_stop() may still shut it down; a hard end needs no waiting. */
static inline void *server_run_connection(void *user)
{
    struct server_connection *c = user;
    struct linger linger = {0};
    socklen_t n = sizeof(linger);

    (void)server_serve(c);
    if (getsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, &n) == 0 && linger.l_onoff)
        (void)dup2(c->server->fd, c->fd);
    return NULL;
}

static inline void *server_run(void *user)
{
    struct server *server = user;
    int fd;

    while ((fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        unsigned at = atomic_fetch_add(&server->n_connections, 1);
        struct server_connection *c = calloc(1, sizeof(*c));

        if (!c || at >= SERVER_CONNECTIONS)
            abort();
        /* or a head and a body that are sent one by one take 40 ms */
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        c->server = server;
        c->fd = fd;
        server->connections[at] = c;
        if (pthread_create(&c->thread, NULL, server_run_connection, c) != 0)
            abort();
    }
    return NULL;
}

static inline struct server *server_start(void)
{
    struct server *server = calloc(1, sizeof(*server));
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t n = sizeof(address);

    assert_non_null(server);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(server->fd, 256), 0);
    assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &n), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
    return server;
}

static inline void server_stop(struct server *server)
{
    unsigned n;

    (void)shutdown(server->fd, SHUT_RDWR);
    (void)pthread_join(server->thread, NULL);
    n = atomic_load(&server->n_connections);
    for (unsigned i = 0; i < n; i++) {
        struct server_connection *c = server->connections[i];

        (void)shutdown(c->fd, SHUT_RDWR);
        (void)pthread_join(c->thread, NULL);
        (void)close(c->fd);
        free(c);
    }
    (void)close(server->fd);
    free(server);
}

#endif
