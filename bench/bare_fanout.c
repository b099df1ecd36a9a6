/*
 * The least that sends events to many: one thread, epoll, a write() a stream. What realtime is
 * measured against, with bench/streams as the client.
 *
 *   bare_fanout PORT
 *
 *   GET /api/realtime          a stream; its first event tells the client's id
 *   POST /api/realtime         204; every stream gets everything
 *   POST of anything else      200; then its body, as the record of an event, goes to all streams
 *   anything else              200
 *
 * An event has the bytes that a server would send: a chunk with the client's id, the topic, and the
 * record between what is in every record. A stream that is not read for 10 s is closed.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    STREAMS_MAX = 100000,
    BACKLOG = 4096,
    IN_BYTES = 16 * 1024,
    ID_BYTES = 40,
    EVENT_BYTES = 32 * 1024,
    SEND_S = 10,
};

struct conn {
    int fd;
    bool is_stream;
    size_t at; /* in `streams` */
    char id[ID_BYTES + 1];
    size_t n_in;
    char in[IN_BYTES + 1];
};

static int epoll_fd;
static struct conn *streams[STREAMS_MAX];
static size_t n_streams, n_ids;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int listen_on(uint16_t port)
{
    const struct sockaddr_in at = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr = {htonl(INADDR_LOOPBACK)},
    };
    const int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
        bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, BACKLOG) != 0)
        die("listen");
    return fd;
}

static void watch(int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = what}};

    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll_ctl");
}

static void accept_conn(int listener)
{
    const struct timeval limit = {.tv_sec = SEND_S};
    const int yes = 1;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    struct conn *conn;

    if (fd < 0)
        return;
    conn = calloc(1, sizeof(*conn));
    if (!conn || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0)
        die("accept");
    conn->fd = fd;
    watch(fd, conn);
}

static void close_conn(struct conn *conn)
{
    if (conn->is_stream) {
        streams[conn->at] = streams[--n_streams];
        streams[conn->at]->at = conn->at;
    }
    close(conn->fd);
    free(conn);
}

/* A failure shows when the connection is read, and is dealt with there. */
static void send_text(const struct conn *conn, const char *p, size_t n)
{
    if (send(conn->fd, p, n, MSG_NOSIGNAL) != (ssize_t)n)
        shutdown(conn->fd, SHUT_RDWR);
}

static void begin_stream(struct conn *conn)
{
    char event[256], text[512];
    int n;

    if (n_streams == STREAMS_MAX)
        die("too many streams");
    snprintf(conn->id, sizeof(conn->id), "%0*zu", ID_BYTES, n_ids++);
    n = snprintf(event, sizeof(event), "id:%s\nevent:PB_CONNECT\ndata:{\"clientId\":\"%s\"}\n\n",
                 conn->id, conn->id);
    n = snprintf(text, sizeof(text),
                 "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n",
                 (unsigned)n, event);
    conn->is_stream = true;
    conn->at = n_streams;
    streams[n_streams++] = conn;
    send_text(conn, text, (size_t)n);
}

/* `body` is an object with something in it. */
static void fan_out(const char *body, size_t n_body)
{
    static char event[EVENT_BYTES], text[EVENT_BYTES + 64];
    char *id;
    int n;

    n = snprintf(event, sizeof(event),
                 "id:%0*d\nevent:posts/*\ndata:{\"record\":{\"collectionId\":\"pbc_0000000000\","
                 "\"collectionName\":\"posts\",\"id\":\"000000000000000\",%.*s,"
                 "\"action\":\"create\"}\n\n",
                 ID_BYTES, 0, (int)n_body - 1, body + 1);
    if (n >= (int)sizeof(event))
        die("a record is too long");
    n = snprintf(text, sizeof(text), "%x\r\n%s\r\n", (unsigned)n, event);
    id = strstr(text, "id:") + 3;
    for (size_t i = 0; i < n_streams; i++) {
        memcpy(id, streams[i]->id, ID_BYTES);
        send_text(streams[i], text, (size_t)n);
    }
}

static void answer(struct conn *conn, const char *head, const char *body, size_t n_body)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    static const char none[] = "HTTP/1.1 204 No Content\r\n\r\n";
    static const char get[] = "GET /api/realtime ", subscribe[] = "POST /api/realtime ";

    if (strncmp(head, get, sizeof(get) - 1) == 0) {
        begin_stream(conn);
    } else if (strncmp(head, subscribe, sizeof(subscribe) - 1) == 0) {
        send_text(conn, none, sizeof(none) - 1);
    } else {
        send_text(conn, ok, sizeof(ok) - 1);
        if (strncmp(head, "POST ", 5) == 0 && n_body > 2)
            fan_out(body, n_body);
    }
}

/* Answers a whole request and takes it from the input; false when there is none. */
static bool take_request(struct conn *conn)
{
    char *end, *length;
    size_t n_head, n_body = 0;

    conn->in[conn->n_in] = '\0';
    end = strstr(conn->in, "\r\n\r\n");
    if (!end)
        return false;
    n_head = (size_t)(end - conn->in) + 4;
    length = strcasestr(conn->in, "\r\nContent-Length: ");
    if (length && length < end)
        n_body = strtoul(length + 18, NULL, 10);
    if (n_body > conn->n_in - n_head)
        return false;
    answer(conn, conn->in, conn->in + n_head, n_body);
    conn->n_in -= n_head + n_body;
    memmove(conn->in, conn->in + n_head + n_body, conn->n_in);
    return true;
}

static void read_conn(struct conn *conn)
{
    ssize_t k = recv(conn->fd, conn->in + conn->n_in, IN_BYTES - conn->n_in, MSG_DONTWAIT);

    if (k < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (k <= 0) {
        close_conn(conn);
        return;
    }
    conn->n_in += (size_t)k;
    while (take_request(conn))
        continue;
}

/* As many as it may: a client that gets no stream says so. */
static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        die("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        die("setrlimit");
}

int main(int argc, char **argv)
{
    struct epoll_event ready[1024];
    int listener;

    if (argc != 2) {
        fprintf(stderr, "usage: bare_fanout PORT\n");
        return 2;
    }
    allow_descriptors();
    listener = listen_on((uint16_t)strtoul(argv[1], NULL, 10));
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        die("epoll_create1");
    watch(listener, NULL);
    for (;;) {
        int n = epoll_wait(epoll_fd, ready, 1024, -1);

        for (int i = 0; i < n; i++) {
            if (ready[i].data.ptr)
                read_conn(ready[i].data.ptr);
            else
                accept_conn(listener);
        }
    }
}
