/*
 * The listener: takes many connections a wake-up and deals each to the loop with the fewest.
 * Beyond max_connections, or when no descriptor is left, it deals it to a loop where another one
 * may make room (crowd.c); where there is none, it is answered 503 and closed.
 *
 * While nothing can be taken, since those that make room are not gone yet or there is no
 * descriptor, the listener is not looked at: connections wait in the backlog until one that is open
 * has closed, or for RETRY_MS, and cost nothing meanwhile.
 *
 * For a restart (http_server_restart()) the listener stays open, and is not looked at any more.
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
#define RETRY_MS 100 /* a descriptor may become free without a word to us */

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

static struct sockaddr_storage bound_to(int fd)
{
    struct sockaddr_storage at = {0};
    socklen_t n = sizeof(at);

    if (getsockname(fd, (struct sockaddr *)&at, &n) != 0)
        at.ss_family = AF_UNSPEC;
    return at;
}

struct str accept_host(struct arena *a, int fd)
{
    const struct sockaddr_storage at = bound_to(fd);
    char host[INET6_ADDRSTRLEN + 1] = "";

    (void)getnameinfo((const struct sockaddr *)&at, sizeof(at), host, sizeof(host), NULL, 0,
                      NI_NUMERICHOST); /* empty then */
    if (strcmp(host, "::") == 0 || strcmp(host, "0.0.0.0") == 0)
        return STR_NONE;
    return arena_printf(a, at.ss_family == AF_INET6 ? "[%s]" : "%s", host);
}

static uint16_t bound_port(int fd)
{
    const struct sockaddr_storage at = bound_to(fd);
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;

    memcpy(&in4, &at, sizeof(in4));
    memcpy(&in6, &at, sizeof(in6));
    return ntohs(at.ss_family == AF_INET6 ? in6.sin6_port : in4.sin_port);
}

static int socket_option(int fd, int option)
{
    socklen_t n = sizeof(int);
    int value = -1;

    (void)getsockopt(fd, SOL_SOCKET, option, &value, &n); /* -1 then */
    return value;
}

/* A socket that somebody else has made: systemd, or the process that we were. */
static struct err *take_given(struct arena *a, int fd)
{
    const char *fault = NULL;
    int family = socket_option(fd, SO_DOMAIN), flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        fault = "is not open";
    else if (family < 0)
        fault = "is no socket";
    else if ((family != AF_INET && family != AF_INET6) || socket_option(fd, SO_TYPE) != SOCK_STREAM)
        fault = "is no TCP socket";
    else if (socket_option(fd, SO_ACCEPTCONN) != 1)
        fault = "does not listen";
    if (fault)
        return err_new(a, E_INTERNAL, NULL, "listen: the descriptor %d that was handed over %s", fd,
                       fault);
    if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return system_err(a, "listen");
    return NULL;
}

static struct err *make_listener(struct arena *a, struct http_server *server)
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
    for (int pass = 0; pass < 2 && server->listen_fd < 0; pass++) {
        /* IPv6 first where no host is named: it takes IPv4 as well */
        for (const struct addrinfo *at = found; at && server->listen_fd < 0; at = at->ai_next) {
            if (host || (at->ai_family == AF_INET6) == (pass == 0))
                server->listen_fd = bind_to(at);
        }
    }
    freeaddrinfo(found);
    return server->listen_fd < 0 ? system_err(a, "listen") : NULL;
}

struct err *accept_listen(struct arena *a, struct http_server *server)
{
    struct err *err;

    if (server->conf.listen_fd > 0) {
        server->listen_fd = server->conf.listen_fd;
        err = take_given(a, server->listen_fd);
    } else {
        err = make_listener(a, server);
    }
    if (err)
        return err;
    server->port = bound_port(server->listen_fd);
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return server->spare_fd < 0 ? system_err(a, "open /dev/null") : NULL;
}

/* ---- accepting ----------------------------------------------------------------------------- */

static void write_peer(struct http_conn *conn, struct str address)
{
    const unsigned char *b = (const unsigned char *)address.p;
    int n;

    if (address.n == 4)
        n = snprintf(conn->peer, sizeof(conn->peer), "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
    else
        n = snprintf(conn->peer, sizeof(conn->peer),
                     "%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x",
                     b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
                     b[12], b[13], b[14], b[15]);
    conn->peer_n = (uint8_t)n;
}

/* The 4 or 16 bytes of an address, in `at`. */
static struct str address_of(const struct sockaddr_storage *from, char at[16])
{
    static const char mapped[12] = {[10] = '\xff', [11] = '\xff'};
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;

    if (from->ss_family == AF_INET) {
        memcpy(&in4, from, sizeof(in4));
        memcpy(at, &in4.sin_addr, 4);
        return (struct str){at, 4};
    }
    memcpy(&in6, from, sizeof(in6));
    memcpy(at, &in6.sin6_addr, 16);
    if (memcmp(at, mapped, sizeof(mapped)) == 0)
        return (struct str){at + sizeof(mapped), 4};
    return (struct str){at, 16};
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

/* full: there are as many as may be, or as many as there are descriptors. fd -1: for none. */
static void deal(struct http_server *server, int fd, const struct sockaddr_storage *from, bool full)
{
    char bytes[16];
    struct str address = address_of(from, bytes);
    unsigned slot = crowd_slot(address);
    enum crowd crowd = crowd_of(server, slot, full);
    struct http_loop *loop = crowd == CROWD_NONE ? least_loaded(server) : crowd_loop(server, crowd);
    struct http_conn *conn;

    if (!loop) {
        crowd_refuse(fd);
        return;
    }
    conn = calloc(1, sizeof(*conn)); /* the heap's: it passes from one loop to another */
    if (!conn)
        BUG("out of memory");
    conn->fd = fd;
    conn->crowd = crowd;
    conn->slot = slot;
    write_peer(conn, address);
    atomic_fetch_add(&server->crowd_slots[slot], 1);
    atomic_fetch_add(&loop->n_conns, 1);
    if (loop->number == 0)
        crowd_open(loop, conn);
    else
        loop_give(loop, conn);
}

static int accept_next(const struct http_server *server, struct sockaddr_storage *from)
{
    socklen_t n = sizeof(*from);

    return accept4(server->listen_fd, (struct sockaddr *)from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static bool take_spare(struct http_server *server)
{
    if (server->spare_fd < 0) /* it was given up, or another thread took its number */
        server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return server->spare_fd >= 0;
}

/* The descriptors are used up: gives up the spare one for one connection. False: there is no more
 * to be had, now. */
static bool accept_with_spare(struct http_server *server)
{
    struct sockaddr_storage from = {0};
    int fd;

    if (!take_spare(server))
        return false;
    (void)close(server->spare_fd);
    server->spare_fd = -1;
    fd = accept_next(server, &from);
    if (fd >= 0)
        deal(server, fd, &from, true);
    return take_spare(server) && fd >= 0;
}

/* Without a spare one no client can be taken in for whom another makes room: it makes room for the
 * spare one. */
static void on_retry(uv_timer_t *retry)
{
    static const struct sockaddr_storage nobody;
    struct http_server *server = retry->data;

    accept_resume(server);
    if (!take_spare(server))
        deal(server, -1, &nobody, true);
}

static void pause_listening(struct http_server *server)
{
    (void)uv_poll_stop(&server->listener); /* always 0 */
    atomic_store(&server->paused, true);
    if (uv_timer_start(&server->retry, on_retry, RETRY_MS, 0) != 0)
        BUG("a timer that is closed");
}

/* Takes one connection. False: it is enough for this time. */
static bool accept_one(struct http_server *server)
{
    unsigned n = count_conns(server);
    struct sockaddr_storage from = {0};
    int fd;

    if (n >= server->conf.max_connections + CROWD_SLACK) {
        pause_listening(server);
        return false;
    }
    (void)take_spare(server); /* first: else one who takes the last descriptor leaves us without */
    fd = accept_next(server, &from);
    if (fd >= 0) {
        deal(server, fd, &from, n >= server->conf.max_connections);
        return true;
    }
    if (errno == EAGAIN)
        return false;
    if ((errno == EMFILE || errno == ENFILE) && accept_with_spare(server))
        return true;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        pause_listening(server);
    return !atomic_load(&server->paused); /* others are an error of that connection */
}

static void on_listener(uv_poll_t *poll, int status, int events)
{
    struct http_server *server = poll->data;

    (void)events;
    if (status != 0)
        return;
    for (int i = 0; i < PER_WAKE; i++)
        if (!accept_one(server))
            break;
    watch_end(&server->loops[0], "accept");
}

/* ---- start and stop ------------------------------------------------------------------------ */

static atomic_int stop_fd = -1; /* a signalfd */

static bool has_terminal(void)
{
    int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0)
        (void)close(fd); /* nothing was written */
    return fd >= 0;
}

/* Blocked, they wait to be read, and have no other effect: in this thread and, since thread_start()
 * masks them, in every other. */
struct err *accept_catch_signals(struct arena *a, struct http_server *server)
{
    sigset_t ends;

    server->terminal = has_terminal();
    if (sigemptyset(&ends) != 0 || sigaddset(&ends, SIGTERM) != 0 ||
        sigaddset(&ends, SIGINT) != 0 || sigaddset(&ends, SIGHUP) != 0 ||
        pthread_sigmask(SIG_BLOCK, &ends, NULL) != 0)
        BUG("signals cannot be blocked");
    if (atomic_load(&stop_fd) < 0)
        atomic_store(&stop_fd, signalfd(-1, &ends, SFD_NONBLOCK | SFD_CLOEXEC));
    return atomic_load(&stop_fd) < 0 ? system_err(a, "signals cannot be read") : NULL;
}

static void on_stop(uv_poll_t *poll, int status, int events)
{
    struct http_server *server = poll->data;
    struct signalfd_siginfo signal;

    (void)status;
    (void)events;
    while (read(atomic_load(&stop_fd), &signal, sizeof(signal)) == sizeof(signal)) {
        /* whose terminal is closed does not want it to go on without one */
        if (signal.ssi_signo == SIGHUP && !(server->terminal && !has_terminal()))
            loop_restart(server);
        else
            loop_stop(server);
    }
}

static void look_at_listener(struct http_server *server)
{
    if (uv_poll_start(&server->listener, UV_READABLE, on_listener) != 0)
        BUG("the listener cannot be watched");
}

void accept_resume(struct http_server *server)
{
    if (!server->listening || !atomic_load(&server->paused))
        return;
    atomic_store(&server->paused, false);
    (void)uv_timer_stop(&server->retry); /* always 0 */
    look_at_listener(server);
}

void accept_start(struct http_server *server)
{
    uv_loop_t *uv = &server->loops[0].uv;

    if (uv_poll_init(uv, &server->listener, server->listen_fd) != 0 ||
        uv_timer_init(uv, &server->retry) != 0)
        BUG("the listener cannot be watched");
    server->listener.data = server->retry.data = server;
    look_at_listener(server);
    if (uv_poll_init(uv, &server->stop_watch, atomic_load(&stop_fd)) != 0)
        BUG("signals cannot be watched");
    server->stop_watch.data = server;
    if (uv_poll_start(&server->stop_watch, UV_READABLE, on_stop) != 0)
        BUG("signals cannot be watched");
    uv_unref((uv_handle_t *)&server->stop_watch); /* the loop does not run for its sake */
    alive_start(server);
    server->watching = true;
    server->listening = true;
}

void accept_stop(struct http_server *server)
{
    server->listening = false;
    uv_close((uv_handle_t *)&server->listener, NULL);
    uv_close((uv_handle_t *)&server->retry, NULL);
    alive_stop(server);
    if (http_server_restarts(server))
        return;
    (void)close(server->listen_fd);
    server->listen_fd = -1;
}

void accept_end(struct http_server *server)
{
    if (server->watching)
        uv_close((uv_handle_t *)&server->stop_watch, NULL);
    server->watching = false;
}
