/*
 * Requests at a pace, or without pause, and how long each took. A thread a connection, which waits
 * in the kernel: at a few thousand requests a second it takes some per cent of a processor.
 *
 *   paced PORT SECONDS RATE CONNECTIONS REQUESTS
 *
 * REQUESTS is a file: for each request a line with its length in bytes, and the bytes. Connection n
 * comes from 127.0.0.(n + 1) and sends every CONNECTIONS-th of them, from the n-th on and round
 * again. RATE is of all together, a second; 0: each sends as soon as it has its answer. With a rate
 * a request's time runs from when it was due, not from when it could be sent, so that a server that
 * stands still is seen by all who would have come meanwhile.
 *
 * Prints one line: answers that were a success, others, seconds, microseconds of half of them, of
 * 99 in 100 and of the longest, by how many 99 in 100 threads woke late, microseconds of processor
 * time in all.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 200, REQUESTS_MAX = 4096, ANSWER_BYTES = 256 * 1024 };
#define SECOND_NS ((uint64_t)1000000000)

struct request {
    char *p;
    size_t n;
};

struct times {
    uint32_t *us;
    size_t n, room;
};

struct conn {
    pthread_t thread;
    size_t number;
    int fd;
    size_t n_failed;
    struct times took, late;
    char in[ANSWER_BYTES + 1];
};

static struct request requests[REQUESTS_MAX];
static size_t n_requests, n_conns;
static uint16_t port;
static uint64_t begin_ns, end_ns, pause_ns; /* pause_ns: of one connection; 0: none */

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
    const struct timespec t = {.tv_sec = (time_t)(ns / SECOND_NS),
                               .tv_nsec = (long)(ns % SECOND_NS)};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0)
        continue;
}

static void add_time(struct times *times, uint64_t ns)
{
    if (times->n == times->room) {
        times->room = times->room ? 2 * times->room : 4096;
        times->us = realloc(times->us, times->room * sizeof(*times->us));
        if (!times->us)
            die("realloc");
    }
    times->us[times->n++] = (uint32_t)(ns / 1000);
}

static void read_requests(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t n;

    if (!f)
        die(path);
    while (n_requests < REQUESTS_MAX && fscanf(f, "%zu", &n) == 1) {
        char *p = malloc(n);

        if (!p || fgetc(f) != '\n' || fread(p, 1, n, f) != n)
            die("the file of requests is broken");
        requests[n_requests++] = (struct request){p, n};
    }
    fclose(f);
    if (n_requests == 0)
        die("no requests");
}

static void connect_from(struct conn *conn)
{
    const struct sockaddr_in from = {
        .sin_family = AF_INET,
        .sin_addr = {htonl(INADDR_LOOPBACK + (uint32_t)conn->number)},
    };
    const struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr = {htonl(INADDR_LOOPBACK)},
    };
    const int yes = 1;

    conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (conn->fd < 0 || bind(conn->fd, (const struct sockaddr *)&from, sizeof(from)) != 0 ||
        connect(conn->fd, (const struct sockaddr *)&to, sizeof(to)) != 0 ||
        setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0)
        die("connect");
}

/* Whether the whole answer is there. */
static bool is_whole(const char *p, size_t n)
{
    const char *end = strstr(p, "\r\n\r\n");
    const char *length = strcasestr(p, "\r\nContent-Length: ");

    if (!end)
        return false;
    if (!length || length > end)
        die("an answer without a length");
    return n >= (size_t)(end - p) + 4 + strtoul(length + 18, NULL, 10);
}

/* Whether the answer is a success. */
static bool exchange(struct conn *conn, const struct request *request)
{
    size_t got = 0;

    if (send(conn->fd, request->p, request->n, MSG_NOSIGNAL) != (ssize_t)request->n)
        die("send");
    do {
        ssize_t k = recv(conn->fd, conn->in + got, ANSWER_BYTES - got, 0);

        if (k <= 0)
            die("an answer does not come");
        got += (size_t)k;
        conn->in[got] = '\0';
    } while (!is_whole(conn->in, got));
    return conn->in[9] == '2';
}

/* When the request is due: now, or at its turn, which may be past. */
static uint64_t wait_for_turn(struct conn *conn, uint64_t turn)
{
    uint64_t now = now_ns();
    uint64_t due = begin_ns + pause_ns * turn + pause_ns / n_conns * conn->number;

    if (pause_ns == 0)
        return now;
    if (due > now) {
        sleep_until(due);
        add_time(&conn->late, now_ns() - due);
    }
    return due;
}

static void *run(void *arg)
{
    struct conn *conn = arg;

    for (uint64_t turn = 0;; turn++) {
        const struct request *request = &requests[(conn->number + turn * n_conns) % n_requests];
        uint64_t due = wait_for_turn(conn, turn);

        if (due >= end_ns)
            return NULL;
        if (exchange(conn, request))
            add_time(&conn->took, now_ns() - due);
        else if (conn->n_failed++ == 0)
            fprintf(stderr, "%.*s\n%s\n", (int)request->n, request->p, conn->in);
    }
}

static int compare_us(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Moves the times of `from` to the end of `into`. */
static void join_times(struct times *into, struct times *from)
{
    for (size_t i = 0; i < from->n; i++)
        add_time(into, (uint64_t)from->us[i] * 1000);
    free(from->us);
}

static uint32_t share(const struct times *sorted, size_t of_100)
{
    return sorted->n ? sorted->us[(sorted->n - 1) * of_100 / 100] : 0;
}

static void report(struct conn *conns, double seconds)
{
    struct times took = {NULL, 0, 0}, late = {NULL, 0, 0};
    size_t n_failed = 0;
    struct rusage used;

    for (size_t i = 0; i < n_conns; i++) {
        join_times(&took, &conns[i].took);
        join_times(&late, &conns[i].late);
        n_failed += conns[i].n_failed;
    }
    qsort(took.us, took.n, sizeof(*took.us), compare_us);
    qsort(late.us, late.n, sizeof(*late.us), compare_us);
    getrusage(RUSAGE_SELF, &used);
    printf("%zu %zu %.3f %u %u %u %u %ld\n", took.n, n_failed, seconds, share(&took, 50),
           share(&took, 99), share(&took, 100), share(&late, 99),
           (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000L + used.ru_utime.tv_usec +
               used.ru_stime.tv_usec);
    free(took.us);
    free(late.us);
}

int main(int argc, char **argv)
{
    struct conn *conns;
    double rate, seconds;

    if (argc != 6) {
        fprintf(stderr, "usage: paced PORT SECONDS RATE CONNECTIONS REQUESTS\n");
        return 2;
    }
    port = (uint16_t)strtoul(argv[1], NULL, 10);
    seconds = strtod(argv[2], NULL);
    rate = strtod(argv[3], NULL);
    n_conns = strtoul(argv[4], NULL, 10);
    if (n_conns < 1 || n_conns > CONNECTIONS_MAX)
        return 2;
    read_requests(argv[5]);
    conns = calloc(n_conns, sizeof(*conns));
    if (!conns)
        die("calloc");
    for (size_t i = 0; i < n_conns; i++) {
        conns[i].number = i;
        connect_from(&conns[i]);
    }
    pause_ns = rate > 0 ? (uint64_t)((double)SECOND_NS * (double)n_conns / rate) : 0;
    begin_ns = now_ns();
    end_ns = begin_ns + (uint64_t)(seconds * (double)SECOND_NS);
    for (size_t i = 0; i < n_conns; i++)
        if (pthread_create(&conns[i].thread, NULL, run, &conns[i]) != 0)
            die("pthread_create");
    for (size_t i = 0; i < n_conns; i++)
        pthread_join(conns[i].thread, NULL);
    report(conns, (double)(now_ns() - begin_ns) / (double)SECOND_NS);
    free(conns);
    return 0;
}
