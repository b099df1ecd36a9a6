/*
 * A crowd of hostile clients: each has one connection, sends as its row of `kinds` says, and begins
 * anew when the server has ended it or its time is over. It is one thread that sends little at a
 * time, so that what is measured beside it is the server.
 *
 *   crowd PORT CLIENTS SECONDS
 *
 * Prints a line of JSON for each kind.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define KB ((size_t)1024)
#define MB (1024 * KB)
#define TICK_MS 5
#define SPREAD_MS 1500        /* all come at once, and begin to send within */
#define SPREAD_STEP 617       /* neighbours far from each other */
#define REST_MS 500           /* before a client comes again */
#define BLOCK_BYTES (64 * KB) /* of repeated units, sent as one */
#define SOCKET_BYTES 4096     /* of who does not read: the answer stays with the server */
#define CLASSES 6             /* of statuses */

enum framing { AS_IT_IS, WITH_LENGTH };
enum reads { NOTHING, A_BYTE_A_SECOND, ALL };
enum last { STAYS, SENDS_FIN, SENDS_RST };

/* In a kind's `reach`: so many parts are sent. WALK: a byte more each time, never all. */
#define WHOLE 1000
#define HALF 500
#define ALMOST 999
#define WALK 0

#define PLAIN "Host: a\r\n\r\n"
#define TO(path, type) "POST " path " HTTP/1.1\r\nHost: a\r\nContent-Type: " type "\r\n"
#define ENTRIES "/api/collections/entries/records"
#define PAPERS "/api/collections/papers/records"
#define GET_POINT "GET /api/collections/people/records/person000000001 HTTP/1.1\r\n" PLAIN
#define GET_LIST "GET " ENTRIES "?perPage=1000&skipTotal=1 HTTP/1.1\r\n" PLAIN
#define GET_PAGE "GET " ENTRIES "?perPage=30&skipTotal=1 HTTP/1.1\r\n" PLAIN
#define JSON_TO_ENTRIES TO(ENTRIES, "application/json")
#define FORM_TO_ENTRIES TO(ENTRIES, "application/x-www-form-urlencoded")
#define CHUNKS_TO_ENTRIES JSON_TO_ENTRIES "Transfer-Encoding: chunked\r\n\r\n"
#define PARTS_TO_PAPERS TO(PAPERS, "multipart/form-data; boundary=b")
#define FILE_PART "--b\r\nContent-Disposition: form-data; name=\"paper\"; filename=\"a\"\r\n\r\n"
#define TEXT_PART "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n"
#define LAST_PART "\r\n--b--\r\n"

struct kind {
    const char *name;
    unsigned share; /* of 1,000 clients */
    const char *head;
    enum framing framing;
    const char *before, *unit;
    size_t units;
    const char *after;
    unsigned reach;
    size_t step_bytes;
    unsigned step_ms;
    enum last last;
    enum reads reads;
    unsigned life_ms;
};

/* clang-format off */
static const struct kind kinds[] = {
    {"list unread",        30, GET_LIST,          AS_IT_IS,    "", "", 0, "",               WHOLE, KB, 5, STAYS, NOTHING, 3000},
    {"list by the byte",   20, GET_LIST,          AS_IT_IS,    "", "", 0, "",               WHOLE, KB, 5, STAYS, A_BYTE_A_SECOND, 3000},
    {"pages unread",       20, "",                AS_IT_IS,    "", GET_PAGE, 100, "",       WHOLE, 16 * KB, 5, STAYS, NOTHING, 3000},
    {"points unread",      40, "",                AS_IT_IS,    "", GET_POINT, 200, "",      WHOLE, 16 * KB, 5, STAYS, NOTHING, 3000},
    {"head, 1 KB",         80, "GET / HTTP/1.1\r\nX: ", AS_IT_IS, "", "a", KB, PLAIN,       HALF, 1, 100, STAYS, ALL, 60000},
    {"head, 500 KB",       60, "GET / HTTP/1.1\r\nX: ", AS_IT_IS, "", "a", 500 * KB, PLAIN, ALMOST, 16 * KB, 10, STAYS, ALL, 60000},
    {"head, 1 MB",         60, "GET / HTTP/1.1\r\nX: ", AS_IT_IS, "", "a", MB - KB, PLAIN,  ALMOST, 16 * KB, 10, STAYS, ALL, 60000},
    {"body by the byte",   110, JSON_TO_ENTRIES,   WITH_LENGTH, "{\"title\":\"", "a", 4 * KB, "\"}", WHOLE, 1, 50, STAYS, ALL, 60000},
    {"tiny chunks",        80, CHUNKS_TO_ENTRIES, AS_IT_IS,    "1\r\n{\r\n", "1\r\n \r\n", 100000, "1\r\n}\r\n0\r\n\r\n", WHOLE, 600, 10, STAYS, ALL, 60000},
    {"form",               20, FORM_TO_ENTRIES,   WITH_LENGTH, "n=1", "&k=%41+x", 9999, "", WHOLE, 16 * KB, 20, STAYS, ALL, 1000},
    {"form, half",         50, FORM_TO_ENTRIES,   WITH_LENGTH, "n=1", "&k=%41+x", 9999, "", HALF, 16 * KB, 20, STAYS, ALL, 60000},
    {"file, 1 MB",         30, PARTS_TO_PAPERS,   WITH_LENGTH, FILE_PART, "x", MB, LAST_PART, HALF, 32 * KB, 20, STAYS, ALL, 60000},
    {"file, 5 MB",         30, PARTS_TO_PAPERS,   WITH_LENGTH, FILE_PART, "x", 5 * MB, LAST_PART, HALF, 32 * KB, 20, STAYS, ALL, 60000},
    {"file, 20 MB",        20, PARTS_TO_PAPERS,   WITH_LENGTH, FILE_PART, "x", 20 * MB, LAST_PART, HALF, 64 * KB, 20, STAYS, ALL, 60000},
    {"part, 20 MB",        20, PARTS_TO_PAPERS,   WITH_LENGTH, TEXT_PART, "x", 20 * MB, LAST_PART, ALMOST, 64 * KB, 20, STAYS, ALL, 60000},
    {"text, 31 MB",        30, JSON_TO_ENTRIES,   WITH_LENGTH, "{\"title\":\"", "a", 31 * MB, "\"}", ALMOST, 64 * KB, 20, STAYS, ALL, 60000},
    {"objects, 31 MB",     10, JSON_TO_ENTRIES,   WITH_LENGTH, "{\"a\":[", "{\"x\":1},", 31 * MB / 8, "0]}", WHOLE, 64 * KB, 5, STAYS, ALL, 60000},
    {"objects, half",      20, JSON_TO_ENTRIES,   WITH_LENGTH, "{\"a\":[", "{\"x\":1},", 31 * MB / 8, "0]}", HALF, 64 * KB, 20, STAYS, ALL, 60000},
    {"objects, 3 MB",      10, JSON_TO_ENTRIES,   WITH_LENGTH, "{\"a\":[", "{\"x\":1},", 3 * MB / 8, "0]}", WHOLE, 64 * KB, 10, STAYS, ALL, 2000},
    {"half-close",         40, GET_PAGE,          AS_IT_IS,    "", "", 0, "",               WHOLE, KB, 5, SENDS_FIN, ALL, 1000},
    {"half-close, list",   10, GET_LIST,          AS_IT_IS,    "", "", 0, "",               WHOLE, KB, 5, SENDS_FIN, NOTHING, 3000},
    {"FIN, read",          40, JSON_TO_ENTRIES,   WITH_LENGTH, "{\"title\":\"a\"}", "", 0, "", WALK, KB, 5, SENDS_FIN, ALL, 500},
    {"FIN, pipeline",      40, GET_POINT,         AS_IT_IS,    "", GET_POINT, 1, "",        WALK, KB, 5, SENDS_FIN, ALL, 500},
    {"FIN, chunks",        40, CHUNKS_TO_ENTRIES, AS_IT_IS,    "1\r\n{\r\n", "1\r\n \r\n", 10, "1\r\n}\r\n0\r\n\r\n", WALK, KB, 5, SENDS_FIN, ALL, 500},
    {"RST",                40, JSON_TO_ENTRIES,   WITH_LENGTH, "{\"title\":\"a\"}", "", 0, "", WALK, KB, 5, SENDS_RST, ALL, 500},
    {"RST after a list",   10, GET_LIST,          AS_IT_IS,    "", "", 0, "",               WHOLE, KB, 50, SENDS_RST, NOTHING, 500},
    {"RST in a file",      40, PARTS_TO_PAPERS,   WITH_LENGTH, FILE_PART, "x", MB, LAST_PART, HALF, 32 * KB, 20, SENDS_RST, ALL, 60000},
};
/* clang-format on */

/* What a kind sends, and what became of it. */
struct story {
    char head[512];
    char block[BLOCK_BYTES]; /* whole units */
    size_t n_head, n_block, n_units, n_after, bytes;
    size_t walked;
    unsigned long opened, ended, failed, answers[CLASSES], unavailable;
    unsigned long long sent;
};

struct client {
    size_t kind;
    int fd; /* -1: none */
    size_t sent, stop;
    bool answered;
    uint64_t due_ms, over_ms;
    uint64_t patience_ms; /* before it begins to send */
};

static struct story stories[COUNT_OF(kinds)];
static char scratch[64 * KB];
static int epoll;

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void tell(struct story *story, const struct kind *kind)
{
    const size_t unit = strlen(kind->unit);
    const size_t before = strlen(kind->before);
    const size_t n = unit ? BLOCK_BYTES / unit : 0;
    char length[64] = "";

    story->n_units = unit * kind->units;
    story->n_after = strlen(kind->after);
    if (kind->framing == WITH_LENGTH)
        snprintf(length, sizeof(length), "Content-Length: %zu\r\n\r\n",
                 before + story->n_units + story->n_after);
    story->n_head = (size_t)snprintf(story->head, sizeof(story->head), "%s%s%s", kind->head, length,
                                     kind->before);
    if (story->n_head >= sizeof(story->head))
        fail("a head is too long");
    for (size_t i = 0; i < n; i++)
        memcpy(story->block + i * unit, kind->unit, unit);
    story->n_block = n * unit;
    story->bytes = story->n_head + story->n_units + story->n_after;
}

/* What lies at byte `at` in one piece. */
static const char *piece(const struct client *client, size_t *ret_n)
{
    const struct story *story = &stories[client->kind];
    size_t at = client->sent;

    if (at < story->n_head) {
        *ret_n = story->n_head - at;
        return story->head + at;
    }
    at -= story->n_head;
    if (at < story->n_units) {
        size_t in_block = at % story->n_block;

        *ret_n = story->n_block - in_block;
        if (*ret_n > story->n_units - at)
            *ret_n = story->n_units - at;
        return story->block + in_block;
    }
    at -= story->n_units;
    *ret_n = story->n_after - at;
    return kinds[client->kind].after + at;
}

static void leave(struct client *client, uint64_t now)
{
    close(client->fd);
    client->fd = -1;
    client->due_ms = now + REST_MS;
}

static void was_ended(struct client *client, uint64_t now)
{
    stories[client->kind].ended++;
    leave(client, now);
}

static void reset(struct client *client, uint64_t now)
{
    const struct linger at_once = {.l_onoff = 1};

    if (setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) != 0)
        fail("SO_LINGER");
    leave(client, now);
}

static int connect_to(uint16_t port, bool reads)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int bytes = SOCKET_BYTES;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        fail("socket");
    if (!reads && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) != 0)
        fail("SO_RCVBUF");
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 &&
        errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}

static void come(struct client *client, uint16_t port, uint64_t now)
{
    const struct kind *kind = &kinds[client->kind];
    struct story *story = &stories[client->kind];
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = client};

    client->fd = connect_to(port, kind->reads == ALL);
    if (client->fd < 0) {
        story->failed++;
        client->due_ms = now + REST_MS;
        return;
    }
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event) != 0)
        fail("epoll_ctl");
    story->opened++;
    client->sent = 0;
    client->answered = false;
    client->stop = kind->reach == WALK ? 1 + story->walked++ % (story->bytes - 1)
                                       : story->bytes / WHOLE * kind->reach +
                                             story->bytes % WHOLE * kind->reach / WHOLE;
    client->over_ms = now + kind->life_ms;
    client->due_ms = now + client->patience_ms;
    client->patience_ms = TICK_MS;
}

static void send_some(struct client *client, uint64_t now)
{
    const struct kind *kind = &kinds[client->kind];
    size_t left = client->stop - client->sent;

    client->due_ms = now + kind->step_ms;
    if (left > kind->step_bytes)
        left = kind->step_bytes;
    while (left > 0) {
        size_t n;
        const char *p = piece(client, &n);
        ssize_t sent = send(client->fd, p, n < left ? n : left, MSG_NOSIGNAL);

        if (sent < 0) {
            if (errno != EAGAIN)
                was_ended(client, now);
            return;
        }
        client->sent += (size_t)sent;
        stories[client->kind].sent += (unsigned long long)sent;
        left -= (size_t)sent;
    }
    if (client->sent < client->stop)
        return;
    switch (kind->last) {
    case STAYS:
        break;
    case SENDS_FIN:
        (void)shutdown(client->fd, SHUT_WR); /* it may have been ended: epoll says so */
        break;
    case SENDS_RST:
        reset(client, now);
        break;
    }
}

/* Returns what recv() does. */
static ssize_t receive(struct client *client, size_t n)
{
    struct story *story = &stories[client->kind];
    ssize_t got = recv(client->fd, scratch, n, 0);

    if (got < 12 || client->answered)
        return got;
    client->answered = true;
    if (scratch[9] >= '0' && scratch[9] < '0' + CLASSES)
        story->answers[scratch[9] - '0']++;
    if (memcmp(scratch + 9, "503", 3) == 0)
        story->unavailable++;
    return got;
}

static void step(struct client *client, uint16_t port, uint64_t now)
{
    const struct kind *kind = &kinds[client->kind];

    if (client->fd < 0) {
        come(client, port, now);
    } else if (now >= client->over_ms) {
        leave(client, now);
    } else if (client->sent < client->stop) {
        send_some(client, now);
    } else {
        client->due_ms = client->over_ms;
        if (kind->reads == A_BYTE_A_SECOND) {
            (void)receive(client, 1); /* its end is told by epoll */
            client->due_ms = now + 1000;
        }
    }
}

static void on_event(struct client *client, uint32_t events, uint64_t now)
{
    ssize_t got = 1;

    if (kinds[client->kind].reads == ALL) {
        while (got > 0)
            got = receive(client, sizeof(scratch));
        if (got == 0 || errno != EAGAIN)
            was_ended(client, now);
    } else if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        was_ended(client, now);
    }
}

static void run(struct client *clients, size_t n, uint16_t port, uint64_t until_ms)
{
    struct epoll_event events[256];
    uint64_t now;

    while ((now = now_ms()) < until_ms) {
        int n_events = epoll_wait(epoll, events, COUNT_OF(events), TICK_MS);

        if (n_events < 0 && errno != EINTR)
            fail("epoll_wait");
        for (int i = 0; i < n_events; i++)
            on_event(events[i].data.ptr, events[i].events, now);
        for (size_t i = 0; i < n; i++)
            if (clients[i].due_ms <= now)
                step(&clients[i], port, now);
    }
}

/* Everybody's kind, by the shares. */
static void cast(struct client *clients, size_t n)
{
    unsigned all = 0, upto = 0;
    size_t i = 0;

    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++)
        all += kinds[kind].share;
    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
        tell(&stories[kind], &kinds[kind]);
        upto += kinds[kind].share;
        for (; i < n * upto / all; i++)
            clients[i] =
                (struct client){.kind = kind, .fd = -1, .patience_ms = i * SPREAD_STEP % SPREAD_MS};
    }
}

static void report(void)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct story *s = &stories[i];

        printf(
            "{\"kind\": \"%s\", \"opened\": %lu, \"ended\": %lu, \"failed\": %lu, \"sent\": %llu, "
            "\"2xx\": %lu, \"4xx\": %lu, \"5xx\": %lu, \"503\": %lu, \"walked\": %zu, "
            "\"walk\": %zu}\n",
            kinds[i].name, s->opened, s->ended, s->failed, s->sent, s->answers[2], s->answers[4],
            s->answers[5], s->unavailable, s->walked, kinds[i].reach == WALK ? s->bytes - 1 : 0);
    }
}

int main(int argc, char **argv)
{
    struct client *clients;
    size_t n;

    if (argc != 4) {
        fputs("crowd PORT CLIENTS SECONDS\n", stderr);
        return 2;
    }
    n = strtoul(argv[2], NULL, 10);
    clients = calloc(n, sizeof(*clients));
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!clients || epoll < 0)
        fail("crowd");
    cast(clients, n);
    run(clients, n, (uint16_t)strtoul(argv[1], NULL, 10),
        now_ms() + (uint64_t)(strtod(argv[3], NULL) * 1000));
    report();
    free(clients);
    return 0;
}
