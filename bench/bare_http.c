/*
 * The least that answers over HTTP: libuv loops, llhttp, one canned answer. What Reeve's
 * /api/health is measured against.
 *
 *   bare_http PORT THREADS ANSWER_FILE    answers every request with the bytes of the file
 *
 * One thread accepts and deals the sockets out in turn, so that the loops carry equal loads.
 */
#include <errno.h>
#include <llhttp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum { READ_BYTES = 64 * 1024, BACKLOG = 512, LOOPS_MAX = 64, HANDED_MAX = 4096 };

struct loop {
    pthread_t thread;
    uv_loop_t uv;
    uv_async_t wake;
    pthread_mutex_t lock;
    int handed[HANDED_MAX]; /* accepted sockets, under `lock` */
    size_t n_handed;
};

struct conn {
    uv_tcp_t tcp;
    uv_write_t write;
    llhttp_t parser;
    unsigned n_complete; /* requests read and not yet answered */
    char input[READ_BYTES];
};

static llhttp_settings_t settings;
static char *answer;
static size_t answer_bytes;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int on_complete(llhttp_t *parser)
{
    struct conn *conn = parser->data;

    conn->n_complete++;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void close_conn(struct conn *conn)
{
    if (!uv_is_closing((uv_handle_t *)&conn->tcp))
        uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct conn *conn = handle->data;

    (void)size;
    *buf = uv_buf_init(conn->input, READ_BYTES);
}

/* The answers are short and the client waits for them, so the kernel takes them at once. */
static bool send_answer(struct conn *conn)
{
    uv_buf_t buf = uv_buf_init(answer, (unsigned)answer_bytes);

    return uv_try_write((uv_stream_t *)&conn->tcp, &buf, 1) == (int)answer_bytes;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct conn *conn = stream->data;

    if (n < 0 || llhttp_execute(&conn->parser, buf->base, (size_t)n) != HPE_OK) {
        close_conn(conn);
        return;
    }
    for (; conn->n_complete > 0; conn->n_complete--) {
        if (!send_answer(conn)) {
            close_conn(conn);
            return;
        }
    }
}

static void serve(struct loop *loop, int fd)
{
    struct conn *conn = calloc(1, sizeof(*conn));

    if (!conn)
        die("calloc");
    llhttp_init(&conn->parser, HTTP_REQUEST, &settings);
    conn->parser.data = conn;
    uv_tcp_init(&loop->uv, &conn->tcp);
    conn->tcp.data = conn;
    if (uv_tcp_open(&conn->tcp, fd) != 0)
        die("uv_tcp_open");
    uv_tcp_nodelay(&conn->tcp, 1);
    uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
}

static void on_wake(uv_async_t *wake)
{
    struct loop *loop = wake->data;

    pthread_mutex_lock(&loop->lock);
    for (size_t i = 0; i < loop->n_handed; i++)
        serve(loop, loop->handed[i]);
    loop->n_handed = 0;
    pthread_mutex_unlock(&loop->lock);
}

static void *run_loop(void *arg)
{
    struct loop *loop = arg;

    uv_run(&loop->uv, UV_RUN_DEFAULT);
    return NULL;
}

static void start_loop(struct loop *loop)
{
    uv_loop_init(&loop->uv);
    uv_async_init(&loop->uv, &loop->wake, on_wake);
    loop->wake.data = loop;
    pthread_mutex_init(&loop->lock, NULL);
    if (pthread_create(&loop->thread, NULL, run_loop, loop) != 0)
        die("pthread_create");
}

static void hand_over(struct loop *loop, int fd)
{
    pthread_mutex_lock(&loop->lock);
    if (loop->n_handed < HANDED_MAX)
        loop->handed[loop->n_handed++] = fd;
    else
        close(fd);
    pthread_mutex_unlock(&loop->lock);
    uv_async_send(&loop->wake);
}

static int listen_on(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        die("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, BACKLOG) != 0)
        die("listen");
    return fd;
}

static void read_answer(const char *path)
{
    FILE *f = fopen(path, "rb");

    answer = malloc(1 << 20);
    if (!f || !answer)
        die(path);
    answer_bytes = fread(answer, 1, 1 << 20, f);
    fclose(f);
}

int main(int argc, char **argv)
{
    static struct loop loops[LOOPS_MAX];
    unsigned long n;
    int fd;

    if (argc != 4) {
        fprintf(stderr, "usage: bare_http PORT THREADS ANSWER_FILE\n");
        return 2;
    }
    n = strtoul(argv[2], NULL, 10);
    if (n < 1 || n > LOOPS_MAX)
        return 2;
    read_answer(argv[3]);
    llhttp_settings_init(&settings);
    settings.on_message_complete = on_complete;
    for (unsigned long i = 0; i < n; i++)
        start_loop(&loops[i]);
    fd = listen_on((uint16_t)strtoul(argv[1], NULL, 10));
    for (unsigned long i = 0;; i++) {
        int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (accepted < 0 && errno != EINTR)
            die("accept");
        if (accepted >= 0)
            hand_over(&loops[i % n], accepted);
    }
}
