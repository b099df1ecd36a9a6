/*
 * Well-behaved clients: a thread and a connection that is kept each. Readers view one small record
 * again and again, a writer creates records.
 *
 *   guests PORT READERS SECONDS
 *
 * Prints one object of JSON: how long reads took, what was refused, and the id of each record whose
 * create was answered with 200.
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
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_NS 2000000
#define PATIENCE_S 20 /* with an answer: it counts as lost */
#define MAX_READERS 16
#define MAX_ASKED 200000 /* by one guest */
#define ID_LEN 15
#define READ_RECORD \
    "GET /api/collections/people/records/person000000001 HTTP/1.1\r\nHost: a\r\n\r\n"
#define CREATE_RECORD                                                                             \
    "POST /api/collections/entries/records HTTP/1.1\r\nHost: a\r\nContent-Type: application/json" \
    "\r\nContent-Length: 17\r\n\r\n{\"title\":\"guest\"}"

struct guest {
    pthread_t thread;
    const char *request;
    bool writes;
    int fd;            /* -1: none */
    char answer[4096]; /* with a NUL */
    /* of answers with 200, n_good each */
    uint32_t *took_us;
    char (*ids)[ID_LEN + 1];
    size_t n_good;
    unsigned long refused, lost, wrong; /* 503; no answer; another one */
};

static uint16_t port;
static uint64_t until_ns;

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int connect_to_server(void)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* All of an answer with a Content-Length; 0: it did not come. */
static int read_answer(struct guest *guest)
{
    size_t n = 0, wanted = 0;

    while (n < sizeof(guest->answer) - 1) {
        ssize_t got = recv(guest->fd, guest->answer + n, sizeof(guest->answer) - 1 - n, 0);
        const char *end, *length;

        if (got <= 0)
            return 0;
        n += (size_t)got;
        guest->answer[n] = '\0';
        end = strstr(guest->answer, "\r\n\r\n");
        if (!end)
            continue;
        length = strstr(guest->answer, "\r\nContent-Length: ");
        if (!length || length > end)
            return 0;
        wanted = (size_t)(end + 4 - guest->answer) + strtoul(length + 18, NULL, 10);
        if (n == wanted)
            return (int)strtol(guest->answer + 9, NULL, 10);
    }
    return 0;
}

static void note_good(struct guest *guest, uint64_t took_ns)
{
    const char *id = strstr(guest->answer, "\"id\":\"");

    guest->took_us[guest->n_good] = (uint32_t)(took_ns / 1000);
    if (guest->writes && id)
        memcpy(guest->ids[guest->n_good], id + 6, ID_LEN);
    guest->n_good++;
}

static void ask(struct guest *guest)
{
    const size_t n = strlen(guest->request);
    uint64_t began = now_ns();
    int status = 0;

    if (guest->fd < 0)
        guest->fd = connect_to_server();
    if (guest->fd >= 0 && send(guest->fd, guest->request, n, MSG_NOSIGNAL) == (ssize_t)n)
        status = read_answer(guest);
    if (status == 200)
        note_good(guest, now_ns() - began);
    else if (status == 503)
        guest->refused++;
    else if (status == 0)
        guest->lost++;
    else
        guest->wrong++;
    if (guest->fd >= 0 && (status == 0 || strstr(guest->answer, "\r\nConnection: close"))) {
        close(guest->fd);
        guest->fd = -1;
    }
}

static void *stay(void *arg)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct guest *guest = arg;

    while (now_ns() < until_ns && guest->n_good < MAX_ASKED) {
        ask(guest);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void report_times(const char *name, uint32_t *took_us, size_t n)
{
    qsort(took_us, n, sizeof(*took_us), by_size);
    printf("\"%s\": %zu, \"%s_p50_us\": %u, \"%s_p99_us\": %u, \"%s_worst_us\": %u, ", name, n,
           name, n ? took_us[n / 2] : 0, name, n ? took_us[n * 99 / 100] : 0, name,
           n ? took_us[n - 1] : 0);
}

/* The writer is the first. */
static int report(const struct guest *guests, size_t n)
{
    unsigned long refused = 0, lost = 0, wrong = 0;
    size_t n_reads = 0;
    uint32_t *reads;

    for (size_t i = 0; i < n; i++) {
        refused += guests[i].refused;
        lost += guests[i].lost;
        wrong += guests[i].wrong;
        n_reads += i > 0 ? guests[i].n_good : 0;
    }
    reads = malloc((n_reads + 1) * sizeof(*reads));
    if (!reads)
        return 2;
    n_reads = 0;
    for (size_t i = 1; i < n; i++) {
        memcpy(reads + n_reads, guests[i].took_us, guests[i].n_good * sizeof(*reads));
        n_reads += guests[i].n_good;
    }
    printf("{");
    report_times("reads", reads, n_reads);
    report_times("writes", guests[0].took_us, guests[0].n_good);
    printf("\"refused\": %lu, \"lost\": %lu, \"wrong\": %lu, \"ids\": [", refused, lost, wrong);
    for (size_t i = 0; i < guests[0].n_good; i++)
        printf("%s\"%s\"", i ? ", " : "", guests[0].ids[i]);
    printf("]}\n");
    free(reads);
    return 0;
}

int main(int argc, char **argv)
{
    static struct guest guests[MAX_READERS + 1];
    size_t n;

    if (argc != 4 || (n = 1 + strtoul(argv[2], NULL, 10)) > MAX_READERS + 1) {
        fputs("guests PORT READERS SECONDS\n", stderr);
        return 2;
    }
    port = (uint16_t)strtoul(argv[1], NULL, 10);
    until_ns = now_ns() + (uint64_t)(strtod(argv[3], NULL) * 1e9);
    for (size_t i = 0; i < n; i++) {
        struct guest *guest = &guests[i];

        *guest = (struct guest){.fd = -1, .writes = i == 0};
        guest->request = guest->writes ? CREATE_RECORD : READ_RECORD;
        guest->took_us = calloc(MAX_ASKED, sizeof(*guest->took_us));
        guest->ids = calloc(guest->writes ? MAX_ASKED : 1, sizeof(*guest->ids));
        if (!guest->took_us || !guest->ids ||
            pthread_create(&guest->thread, NULL, stay, guest) != 0)
            return 2;
    }
    for (size_t i = 0; i < n; i++)
        if (pthread_join(guests[i].thread, NULL) != 0)
            return 2;
    return report(guests, n);
}
