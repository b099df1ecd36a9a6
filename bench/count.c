/*
 * Instructions a request, for callgrind: the server with one loop, and in the same process a client
 * that sends one request after the other and reads each answer whole. What is counted is said by
 * the client, so that neither the start nor the first requests of a kind are in it.
 *
 *   count REQUESTS serve --dir DIR --http 127.0.0.1:PORT --threads 1
 *
 * REQUESTS is a file of kinds: a line `kind NAME WARM COUNTED`, then for each of its WARM + COUNTED
 * requests a line with its length in bytes, and the bytes. An answer that is no 2xx ends the
 * process. bench/count.py writes the file and reads what callgrind has counted.
 */
#include "base/compiler.h"
#include "base/thread.h"
#include "cli/commands.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#define MOST_BYTES ((size_t)1 << 20) /* of a request, or an answer */

/* Instead of libc's: the time that a thread has computed stands still. Under callgrind everything
 * takes fifty times as long, and reads that seem slow would leave their loop, which costs. */
int clock_gettime(clockid_t clock, struct timespec *at)
{
    if (clock == CLOCK_THREAD_CPUTIME_ID) {
        *at = (struct timespec){0};
        return 0;
    }
    return (int)syscall(SYS_clock_gettime, clock, at);
}

struct client {
    FILE *requests;
    uint16_t port;
    int fd;
    char *in, *out;
};

static void fail(const char *what)
{
    (void)fprintf(stderr, "count: %s\n", what);
    exit(1);
}

static void connect_to(struct client *client)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(client->port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};

    for (int tries = 0; tries < 3000; tries++) { /* the server may not listen yet */
        client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (client->fd >= 0 && connect(client->fd, (struct sockaddr *)&at, sizeof(at)) == 0)
            return;
        (void)close(client->fd);
        (void)usleep(10000);
    }
    fail("the server does not listen");
}

/* Bytes of the whole answer, 0: more of it is to come. */
static size_t answer_size(const char *p, size_t n)
{
    const char *end = memmem(p, n, "\r\n\r\n", 4);
    const char *length = memmem(p, n, "\r\nContent-Length: ", 18);
    size_t size;

    if (!end)
        return 0;
    size = (size_t)(end - p) + 4;
    if (length && length < end)
        size += strtoul(length + 18, NULL, 10);
    return n >= size ? size : 0;
}

static void exchange(struct client *client, size_t n)
{
    size_t got = 0;

    for (size_t sent = 0; sent < n;) {
        ssize_t k = send(client->fd, client->out + sent, n - sent, MSG_NOSIGNAL);

        if (k <= 0)
            fail("a request cannot be sent");
        sent += (size_t)k;
    }
    do {
        ssize_t k = recv(client->fd, client->in + got, MOST_BYTES - got, 0);

        if (k <= 0)
            fail("an answer does not come");
        got += (size_t)k;
    } while (answer_size(client->in, got) == 0);
    if (got < 12 || client->in[9] != '2') {
        (void)fprintf(stderr, "%.*s\n%.*s\n", (int)n, client->out, (int)got, client->in);
        fail("an answer is no success");
    }
}

static void run_requests(struct client *client, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        size_t size;

        if (fscanf(client->requests, "%zu", &size) != 1 || size > MOST_BYTES ||
            fgetc(client->requests) != '\n' ||
            fread(client->out, 1, size, client->requests) != size)
            fail("the file of requests is broken");
        exchange(client, size);
    }
}

static void run_client(void *arg)
{
    struct client *client = arg;
    unsigned warm, counted;
    char name[64];

    connect_to(client);
    while (fscanf(client->requests, " kind %63s %u %u", name, &warm, &counted) == 3) {
        run_requests(client, warm);
        CALLGRIND_START_INSTRUMENTATION;
        run_requests(client, 2); /* callgrind's own start is over then */
        CALLGRIND_ZERO_STATS;
        run_requests(client, counted - 2);
        CALLGRIND_DUMP_STATS_AT(name);
        CALLGRIND_STOP_INSTRUMENTATION;
    }
    (void)close(client->fd);
    (void)kill(getpid(), SIGTERM);
}

static uint16_t port_of(struct str address)
{
    size_t colon = str_find_last_byte(address, ':');

    return (uint16_t)strtoul(address.p + colon + 1, NULL, 10);
}

int main(int argc, char **argv)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct client client = {.in = malloc(MOST_BYTES), .out = malloc(MOST_BYTES)};
    struct options options;
    struct str why = STR_NONE;
    pthread_t thread;
    int code;

    if (argc < 3 || !client.in || !client.out)
        fail("count REQUESTS serve FLAGS");
    client.requests = fopen(argv[1], "rb");
    argv[1] = argv[0];
    if (!client.requests || !options_parse(a, argc - 1, argv + 1, &options, &why))
        fail(client.requests ? arena_cstr(a, why) : "no file of requests");
    client.port = port_of(options.http);
    if (!thread_start("client", run_client, &client, &thread))
        fail("no thread");
    code = command_serve(a, &options);
    thread_join(thread);
    (void)fclose(client.requests);
    free(client.in);
    free(client.out);
    return code;
}
