/*
 * The listener: takes many connections a wake-up and deals each to the loop with the fewest.
 * Beyond max_connections, or when no descriptor is left, a connection is answered 503 and closed.
 *
 * Signals that stop the server are blocked from the moment on that it listens until the process
 * ends, and read from a descriptor: one that comes before the loops run is found by them, one that
 * comes after they have ended has nothing left to do. libuv's own handles would give the signals
 * their default action again when they close.
 */
#include "http/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024
#define PER_WAKE 256 /* connections taken before the others have their turn */

/* ---- opening ------------------------------------------------------------------------------- */

static struct err *system_err(struct arena *a, const char *what)
{
    return err_new(a, E_INTERNAL, NULL, "%s: %s", what, strerror(errno));
}

static int bind_to(const struct addrinfo *at)
{
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1, off = 0, saved;

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)); /* bind() tells */
    if (at->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off,
                         sizeof(off)); /* IPv4 too, if may be */
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    saved = errno;
    (void)close(fd); /* nothing was done with it */
    errno = saved;
    return -1;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage at = {0};
    socklen_t n = sizeof(at);
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;

    if (getsockname(fd, (struct sockaddr *)&at, &n) != 0)
        return 0;
    memcpy(&in4, &at, sizeof(in4));
    memcpy(&in6, &at, sizeof(in6));
    return ntohs(at.ss_family == AF_INET6 ? in6.sin6_port : in4.sin_port);
}

struct err *accept_listen(struct arena *a, struct http_server *server)
{
    const struct http_conf *conf = &server->conf;
    const char *host = conf->host.n ? arena_cstr(a, conf->host) : NULL;
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char port[8];
    int why;

    (void)snprintf(port, sizeof(port), "%u", (unsigned)conf->port);
    why = getaddrinfo(host, port, &hints, &found);
    if (why != 0)
        return err_new(a, E_INTERNAL, NULL, "listen on %s: %s", host ? host : "*",
                       gai_strerror(why));
    server->listen_fd = -1;
    for (int pass = 0; pass < 2 && server->listen_fd < 0; pass++) {
        /* IPv6 first where no host is named: it takes IPv4 as well */
        for (const struct addrinfo *at = found; at && server->listen_fd < 0; at = at->ai_next) {
            if (host || (at->ai_family == AF_INET6) == (pass == 0))
                server->listen_fd = bind_to(at);
        }
    }
    freeaddrinfo(found);
    if (server->listen_fd < 0)
        return system_err(a, "listen");
    server->port = bound_port(server->listen_fd);
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return NULL;
}

/* ---- accepting ----------------------------------------------------------------------------- */

static void refuse(int fd)
{
    /* Best effort: an empty socket buffer takes it whole. */
    (void)send(fd, write_unavailable.p, write_unavailable.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)close(fd);
}

/* The descriptors are used up: gives up the spare one, so that the client learns why. */
static void refuse_with_spare(struct http_server *server)
{
    int fd;

    if (server->spare_fd < 0) /* another thread was quicker to take its number */
        server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (server->spare_fd < 0)
        return;
    (void)close(server->spare_fd);
    fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        refuse(fd);
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void write_peer4(struct http_conn *conn, const unsigned char *b)
{
    conn->peer_n =
        (uint8_t)snprintf(conn->peer, sizeof(conn->peer), "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

static void write_peer(struct http_conn *conn, const struct sockaddr_storage *from)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
    const unsigned char *b = in6.sin6_addr.s6_addr;

    if (from->ss_family == AF_INET) {
        memcpy(&in4, from, sizeof(in4));
        write_peer4(conn, (const unsigned char *)&in4.sin_addr);
        return;
    }
    memcpy(&in6, from, sizeof(in6));
    if (memcmp(b, mapped, sizeof(mapped)) == 0) {
        write_peer4(conn, b + sizeof(mapped));
        return;
    }
    conn->peer_n = (uint8_t)snprintf(
        conn->peer, sizeof(conn->peer),
        "%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x", b[0], b[1], b[2],
        b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static struct http_loop *least_loaded(struct http_server *server)
{
    unsigned best = server->next_loop % server->n_loops;

    for (unsigned i = 1; i < server->n_loops; i++) {
        unsigned at = (server->next_loop + i) % server->n_loops;

        if (atomic_load(&server->loops[at].n_conns) < atomic_load(&server->loops[best].n_conns))
            best = at;
    }
    server->next_loop = best + 1;
    return &server->loops[best];
}

static unsigned count_conns(const struct http_server *server)
{
    unsigned n = 0;

    for (unsigned i = 0; i < server->n_loops; i++)
        n += atomic_load(&server->loops[i].n_conns);
    return n;
}

static void deal(struct http_server *server, int fd, const struct sockaddr_storage *from)
{
    struct http_loop *loop = least_loaded(server);
    struct http_conn *conn;

    if (count_conns(server) >= server->conf.max_connections) {
        refuse(fd);
        return;
    }
    conn = calloc(1, sizeof(*conn)); /* the heap's: it passes from one loop to another */
    if (!conn)
        BUG("out of memory");
    conn->fd = fd;
    write_peer(conn, from);
    atomic_fetch_add(&loop->n_conns, 1);
    if (loop->number == 0)
        conn_open(loop, conn);
    else
        loop_give(loop, conn);
}

static void on_listener(uv_poll_t *poll, int status, int events)
{
    struct http_server *server = poll->data;

    (void)events;
    if (status != 0)
        return;
    for (int i = 0; i < PER_WAKE; i++) {
        struct sockaddr_storage from = {0};
        socklen_t n = sizeof(from);
        int fd =
            accept4(server->listen_fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0)
            deal(server, fd, &from);
        else if (errno == EMFILE || errno == ENFILE)
            refuse_with_spare(server);
        else if (errno == EAGAIN)
            return;
    }
}

/* ---- start and stop ------------------------------------------------------------------------ */

static atomic_int stop_fd = -1; /* a signalfd */

/* Blocked, they wait to be read, and have no other effect: in this thread and, since thread_start()
 * masks them, in every other. */
void accept_catch_signals(void)
{
    sigset_t ends;

    if (sigemptyset(&ends) != 0 || sigaddset(&ends, SIGTERM) != 0 ||
        sigaddset(&ends, SIGINT) != 0 || pthread_sigmask(SIG_BLOCK, &ends, NULL) != 0)
        BUG("signals cannot be blocked");
    if (atomic_load(&stop_fd) < 0)
        atomic_store(&stop_fd, signalfd(-1, &ends, SFD_NONBLOCK | SFD_CLOEXEC));
    if (atomic_load(&stop_fd) < 0)
        BUG("signals cannot be read");
}

static void on_stop(uv_poll_t *poll, int status, int events)
{
    struct signalfd_siginfo signal;
    bool any = false;

    (void)status;
    (void)events;
    while (read(atomic_load(&stop_fd), &signal, sizeof(signal)) == sizeof(signal))
        any = true;
    if (any)
        http_server_stop(poll->data);
}

void accept_start(struct http_server *server)
{
    uv_loop_t *uv = &server->loops[0].uv;

    if (uv_poll_init(uv, &server->listener, server->listen_fd) != 0)
        BUG("the listener cannot be watched");
    server->listener.data = server;
    if (uv_poll_start(&server->listener, UV_READABLE, on_listener) != 0)
        BUG("the listener cannot be watched");
    if (uv_poll_init(uv, &server->stop_watch, atomic_load(&stop_fd)) != 0)
        BUG("signals cannot be watched");
    server->stop_watch.data = server;
    if (uv_poll_start(&server->stop_watch, UV_READABLE, on_stop) != 0)
        BUG("signals cannot be watched");
    uv_unref((uv_handle_t *)&server->stop_watch); /* the loop does not run for its sake */
    server->watching = true;
    server->listening = true;
}

void accept_stop(struct http_server *server)
{
    server->listening = false;
    uv_close((uv_handle_t *)&server->listener, NULL);
    (void)close(server->listen_fd);
    server->listen_fd = -1;
}

void accept_end(struct http_server *server)
{
    if (server->watching)
        uv_close((uv_handle_t *)&server->stop_watch, NULL);
    server->watching = false;
}
