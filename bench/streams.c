/*
 * Streams of server-sent events that are subscribed and counted, and the writes that cause them:
 * one clock sees a record leave and arrive. One thread reads all streams, another one writes.
 *
 *   streams PORT STREAMS SECONDS RATE WRITERS SUBSCRIBE RECORD [TOKENS]
 *
 * Stream n comes from 127.0.0.(1 + n % 8); so does the POST that subscribes it, for a server may
 * compare the two. SUBSCRIBE is a file with the body of that POST; the word CLIENT_ID in it stands
 * for the id. TOKENS is a file with a token a line: stream n subscribes with the n-th, round again.
 * RECORD is a file with a whole request that writes a record. Some text of the record holds
 *
 *   @0000000000000000000,0000000000
 *
 * which is written over with the nanoseconds of the clock and the number of the write; each event
 * is to hold it, too. RATE is of all WRITERS together, a second; 0: each writes as soon as it has
 * its answer. WRITERS 0: nothing is written, the streams are only held. STREAMS 0: only written.
 *
 * Prints "ready SECONDS" when all are subscribed, that is how long it took. Then it writes for
 * SECONDS, waits for the events that are still to come (until a second passes without one, 30 s at
 * most) and prints one line:
 *
 *    1  deliveries: events with a stamp that arrived at a stream
 *    2  writes that were a success
 *    3  other writes
 *    4  seconds until the last write was answered
 *    5  seconds until the last delivery
 *    6  bytes that the streams got
 *    7  microseconds from the send of a write to a delivery: of half of them,
 *    8    of 99 in 100,
 *    9    of the longest
 *   10  the same to the last delivery of a write, of writes that every stream got: of half,
 *   11    of 99 in 100,
 *   12    of the longest
 *   13  writes that every stream got
 *   14  by how many microseconds 99 in 100 writes were sent late; 0 without a rate
 *   15  microseconds of processor time of the thread that reads: near to those of field 5, this
 *       program is what is measured
 *   16  the same of the thread that writes
 *   17  streams that ended
 *
 * Times are right to 1 in 100.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SOURCES = 8,
    STREAMS_MAX = 100000,
    WRITERS_MAX = 256,
    WRITES_MAX = 1 << 22,
    OPENING_MAX = 128, /* streams that wait for their id at once: fewer than any backlog */
    IN_BYTES = 256 * 1024,
    KEPT_MAX = 1024 * 1024, /* of an event that has not wholly arrived */
    ANSWER_BYTES = 64 * 1024,
    REQUEST_BYTES = 8 * 1024,
    STEPS = 128, /* of a histogram, for each power of two */
    OPEN_S = 60,
    DRAIN_S = 30,
    IO_S = 30,
};
#define SECOND_NS ((uint64_t)1000000000)
#define CLIENT_ID "CLIENT_ID"
#define POSTER ((uint64_t)1 << 32) /* in what epoll tells: a poster, not a stream */

enum { NS_DIGITS = 19, NUMBER_DIGITS = 10, STAMP_BYTES = 1 + NS_DIGITS + 1 + NUMBER_DIGITS };

enum state { STREAM_HEAD, STREAM_HELLO, STREAM_ASKED, STREAM_ON, STREAM_ENDED };

struct stream {
    int fd;
    enum state state;
    bool is_chunked;
    size_t chunk_digits; /* the size, as far as it is read */
    size_t chunk_left;   /* of the chunk's bytes */
    char *kept;          /* what has no end yet; grows, is never given back */
    size_t n_kept, kept_room;
    char id[256];
    struct stream *next; /* in a poster's queue */
};

/* Subscribes the streams of one source address, one after the other. */
struct poster {
    int fd;
    struct stream *first, *last; /* first: is asked for now */
    size_t n_got;
    char in[ANSWER_BYTES + 1];
};

struct writer {
    int fd;
    bool is_busy;
    size_t n_got;
    char in[ANSWER_BYTES + 1];
};

struct times {
    uint64_t n, max_us;
    uint64_t counts[64 * STEPS];
};

/* Of each write: how many streams got it, and after how long the last one did. */
struct write {
    uint64_t last_us;
    uint32_t n_got;
};

/* set before the threads begin, constant after */
static uint16_t port;
static size_t n_streams, n_writers;
static double rate;
static uint64_t begin_ns, end_ns;
static char *subscribe, *tokens;

/* the reading thread's */
static int epoll_fd;
static struct stream *streams;
static struct poster posters[SOURCES];
static char in[KEPT_MAX + IN_BYTES];
static struct write writes[WRITES_MAX];
static struct times delivered;
static uint64_t n_bytes, last_delivery_ns;
static size_t n_hello, n_on, n_ended;

/* the writing thread's, others' when it has ended */
static struct writer *writers;
static char *record, *stamp;
static size_t n_record;
static struct times late;
static size_t n_sent, n_busy, n_failed;
static uint64_t writer_cpu_us, written_ns;

/* any thread's */
static atomic_bool has_written;
static atomic_size_t n_written;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void give_up(const char *what, const char *text)
{
    fprintf(stderr, "streams: %s: %.600s\n", what, text);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static uint64_t thread_cpu_us(void)
{
    struct rusage used;

    getrusage(RUSAGE_THREAD, &used);
    return (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/* --- times ------------------------------------------------------------------------------------ */

/* Powers of two in STEPS steps each; what is below STEPS has a place of its own. */
static size_t step_of(uint64_t us)
{
    unsigned shift;

    if (us < STEPS)
        return us;
    shift = 63 - (unsigned)__builtin_clzll(us) - 7;
    return (shift + 1) * STEPS + ((us >> shift) - STEPS);
}

static uint64_t step_us(size_t step)
{
    size_t shift = step / STEPS;

    return shift == 0 ? step : (step % STEPS + STEPS) << (shift - 1);
}

static void add_time(struct times *times, uint64_t us)
{
    times->n++;
    times->counts[step_of(us)]++;
    if (us > times->max_us)
        times->max_us = us;
}

static uint64_t share(const struct times *times, unsigned of_100)
{
    uint64_t wanted = (times->n * of_100 + 99) / 100, seen = 0;

    for (size_t i = 0; i < sizeof(times->counts) / sizeof(*times->counts); i++) {
        seen += times->counts[i];
        if (seen >= wanted && seen > 0)
            return step_us(i);
    }
    return 0;
}

/* --- files and sockets ------------------------------------------------------------------------ */

/* All of a file, with a NUL at its end; the process keeps it. */
static char *read_file(const char *path, size_t *ret_n)
{
    FILE *f = fopen(path, "rb");
    char *p = malloc(REQUEST_BYTES);
    size_t n = 0, room = REQUEST_BYTES;

    if (!f)
        die(path);
    for (;;) {
        if (!p)
            die("malloc");
        n += fread(p + n, 1, room - n - 1, f);
        if (n + 1 < room)
            break;
        room *= 2;
        p = realloc(p, room);
    }
    fclose(f);
    p[n] = '\0';
    *ret_n = n;
    return p;
}

static int connect_from(size_t source)
{
    const struct sockaddr_in from = {
        .sin_family = AF_INET,
        .sin_addr = {htonl(INADDR_LOOPBACK + (uint32_t)source)},
    };
    const struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr = {htonl(INADDR_LOOPBACK)},
    };
    const struct timeval limit = {.tv_sec = IO_S};
    const int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes)) != 0 ||
        bind(fd, (const struct sockaddr *)&from, sizeof(from)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
        connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0)
        die("connect");
    return fd;
}

static void send_all(int fd, const char *p, size_t n)
{
    if (send(fd, p, n, MSG_NOSIGNAL) != (ssize_t)n)
        die("send");
}

static void watch(int fd, uint64_t what)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = what}};

    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll_ctl");
}

/* Whether the whole answer is there: by its length, by its last chunk, or without a body. */
static bool is_whole(const char *p, size_t n)
{
    const char *end = strstr(p, "\r\n\r\n");
    const char *length = strcasestr(p, "\r\nContent-Length: ");

    if (!end)
        return false;
    if (length && length < end)
        return n >= (size_t)(end - p) + 4 + strtoul(length + 18, NULL, 10);
    if (strncmp(p + 9, "204", 3) == 0)
        return true;
    if (!memmem(p, (size_t)(end - p), "chunked", 7))
        give_up("an answer without a length", p);
    return n >= 7 && memcmp(p + n - 7, "\r\n0\r\n\r\n", 7) == 0;
}

/* Reads on in an answer; whether it is whole then, and read from its beginning the next time. */
static bool read_answer(int fd, char *p, size_t *n_got)
{
    ssize_t k = recv(fd, p + *n_got, ANSWER_BYTES - *n_got, MSG_DONTWAIT);

    if (k < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (k <= 0)
        give_up("the connection ended before an answer", p);
    *n_got += (size_t)k;
    p[*n_got] = '\0';
    if (!is_whole(p, *n_got))
        return false;
    *n_got = 0;
    return true;
}

/* --- subscribing ------------------------------------------------------------------------------ */

static const char *token_of(size_t number, size_t *ret_n)
{
    static const char **lines;
    static size_t n_lines;

    if (!lines) {
        lines = calloc(STREAMS_MAX + 1, sizeof(*lines));
        if (!lines)
            die("calloc");
        for (char *p = tokens; p && *p && n_lines < STREAMS_MAX; p = strchr(p, '\n') + 1) {
            lines[n_lines++] = p;
            if (!strchr(p, '\n'))
                give_up("a token without a line end", p);
        }
        if (n_lines == 0)
            give_up("no tokens", "the file is empty");
    }
    *ret_n = strcspn(lines[number % n_lines], "\n");
    return lines[number % n_lines];
}

static void post_first(struct poster *poster)
{
    const struct stream *stream = poster->first;
    const char *hole = strstr(subscribe, CLIENT_ID);
    size_t n_body, n_token = 0;
    const char *token = tokens ? token_of((size_t)(stream - streams), &n_token) : "";
    char request[REQUEST_BYTES];
    int n;

    if (!hole)
        give_up("no " CLIENT_ID " in the body that subscribes", subscribe);
    n_body = strlen(subscribe) - strlen(CLIENT_ID) + strlen(stream->id);
    n = snprintf(request, sizeof(request),
                 "POST /api/realtime HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                 "%s%.*s%sContent-Length: %zu\r\n\r\n%.*s%s%s",
                 tokens ? "Authorization: " : "", (int)n_token, token, tokens ? "\r\n" : "", n_body,
                 (int)(hole - subscribe), subscribe, stream->id, hole + strlen(CLIENT_ID));
    if (n >= (int)sizeof(request))
        give_up("too long", request);
    send_all(poster->fd, request, (size_t)n);
}

static void enqueue(struct stream *stream)
{
    struct poster *poster = &posters[(size_t)(stream - streams) % SOURCES];

    stream->next = NULL;
    if (poster->first) {
        poster->last->next = stream;
        poster->last = stream;
        return;
    }
    poster->first = poster->last = stream;
    post_first(poster);
}

static void read_poster(struct poster *poster)
{
    if (!read_answer(poster->fd, poster->in, &poster->n_got))
        return;
    if (strncmp(poster->in + 9, "204", 3) != 0)
        give_up("not subscribed", poster->in);
    poster->first->state = STREAM_ON;
    n_on++;
    poster->first = poster->first->next;
    if (poster->first)
        post_first(poster);
}

/* --- streams ---------------------------------------------------------------------------------- */

static void end_stream(struct stream *stream)
{
    if (stream->state != STREAM_ON)
        give_up("a stream ended before it was subscribed", stream->id);
    close(stream->fd);
    stream->state = STREAM_ENDED;
    n_ended++;
}

/* The id of the first event is the client's. */
static void greet(struct stream *stream, const char *p, size_t n)
{
    const char *id = memmem(p, n, "id:", 3), *end;

    end = id ? memchr(id, '\n', n - (size_t)(id - p)) : NULL;
    if (!end || (size_t)(end - id) >= sizeof(stream->id))
        give_up("the first event has no id", p);
    id += 3 + (id[3] == ' ');
    memcpy(stream->id, id, (size_t)(end - id));
    stream->id[end - id] = '\0';
    stream->state = STREAM_ASKED;
    n_hello++;
    enqueue(stream);
}

static bool take_digits(const char *p, size_t n, uint64_t *ret)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(p[i] - '0');
    }
    *ret = value;
    return true;
}

static bool find_stamp(const char *p, size_t n, uint64_t *ret_ns, uint64_t *ret_number)
{
    const char *end = p + n;

    while ((p = memchr(p, '@', (size_t)(end - p))) != NULL) {
        if (end - p >= STAMP_BYTES && p[1 + NS_DIGITS] == ',' &&
            take_digits(p + 1, NS_DIGITS, ret_ns) &&
            take_digits(p + 2 + NS_DIGITS, NUMBER_DIGITS, ret_number))
            return *ret_number < WRITES_MAX;
        p++;
    }
    return false;
}

static void take_event(struct stream *stream, const char *p, size_t n, uint64_t now)
{
    uint64_t sent, number, us;

    if (stream->state == STREAM_HELLO) {
        greet(stream, p, n);
        return;
    }
    if (!find_stamp(p, n, &sent, &number) || sent > now)
        return;
    us = (now - sent) / 1000;
    add_time(&delivered, us);
    writes[number].n_got++;
    if (us > writes[number].last_us)
        writes[number].last_us = us;
    last_delivery_ns = now;
}

/* The bytes of whole events: each ends with an empty line. */
static size_t take_events(struct stream *stream, const char *p, size_t n, uint64_t now)
{
    const char *begin = p, *end = p + n, *line = p;

    while ((line = memchr(line, '\n', (size_t)(end - line))) != NULL && ++line < end)
        if (*line == '\n') {
            take_event(stream, p, (size_t)(line - p), now);
            p = ++line;
        }
    return (size_t)(p - begin);
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

/* Moves what the chunks hold to `out`, which is not behind p; returns its end. */
static char *unchunk(struct stream *stream, char *out, const char *p, const char *end)
{
    while (p < end) {
        if (stream->chunk_left > 0) {
            size_t n = stream->chunk_left;

            if (n > (size_t)(end - p))
                n = (size_t)(end - p);
            memmove(out, p, n);
            out += n;
            p += n;
            stream->chunk_left -= n;
        } else if (hex_of(*p) >= 0) {
            stream->chunk_digits = stream->chunk_digits * 16 + (size_t)hex_of(*p++);
        } else if (*p++ == '\n') {
            stream->chunk_left = stream->chunk_digits;
            stream->chunk_digits = 0;
        }
    }
    return out;
}

/* Where the body begins, or NULL when the head is not whole. */
static const char *take_head(struct stream *stream, const char *p, size_t n)
{
    const char *end = memmem(p, n, "\r\n\r\n", 4);
    const char *encoding;

    if (!end)
        return NULL;
    if (n < 12 || memcmp(p + 9, "200", 3) != 0)
        give_up("no stream", p);
    encoding = memmem(p, (size_t)(end - p), "chunked", 7);
    stream->is_chunked = encoding != NULL;
    stream->state = STREAM_HELLO;
    return end + 4;
}

static void keep(struct stream *stream, const char *p, size_t n)
{
    if (n > KEPT_MAX)
        give_up("an event has no end", stream->id);
    if (n > stream->kept_room) {
        free(stream->kept);
        stream->kept_room = n < 2048 ? 2048 : 2 * n;
        stream->kept = malloc(stream->kept_room);
        if (!stream->kept)
            die("malloc");
    }
    if (n > 0)
        memcpy(stream->kept, p, n);
    stream->n_kept = n;
}

static void read_stream(struct stream *stream)
{
    char *raw = in + stream->n_kept, *out = raw, *end;
    const char *body = raw;
    ssize_t k = recv(stream->fd, raw, IN_BYTES, MSG_DONTWAIT);
    uint64_t now = now_ns();
    size_t n;

    if (k < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (k <= 0) {
        end_stream(stream);
        return;
    }
    n_bytes += (uint64_t)k;
    end = raw + k;
    if (stream->n_kept > 0)
        memcpy(in, stream->kept, stream->n_kept);
    if (stream->state == STREAM_HEAD) {
        body = take_head(stream, in, (size_t)(end - in));
        out = in;
    }
    if (!body) {
        keep(stream, in, (size_t)(end - in));
        return;
    }
    if (stream->is_chunked) {
        out = unchunk(stream, out, body, end);
    } else {
        memmove(out, body, (size_t)(end - body));
        out += end - body;
    }
    n = take_events(stream, in, (size_t)(out - in), now);
    keep(stream, in + n, (size_t)(out - in) - n);
}

static void read_ready(int wait_ms)
{
    struct epoll_event ready[1024];
    int n = epoll_wait(epoll_fd, ready, 1024, wait_ms);

    if (n < 0 && errno != EINTR)
        die("epoll_wait");
    for (int i = 0; i < n; i++) {
        if (ready[i].data.u64 >= POSTER)
            read_poster(&posters[ready[i].data.u64 - POSTER]);
        else
            read_stream(&streams[ready[i].data.u64]);
    }
}

static void open_stream(size_t number)
{
    static const char get[] =
        "GET /api/realtime HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n";
    struct stream *stream = &streams[number];

    stream->fd = connect_from(number % SOURCES);
    send_all(stream->fd, get, sizeof(get) - 1);
    watch(stream->fd, number);
}

static void open_streams(void)
{
    uint64_t limit = now_ns() + OPEN_S * SECOND_NS;
    size_t n_open = 0;

    for (size_t i = 0; i < SOURCES && n_streams > 0; i++) {
        posters[i].fd = connect_from(i);
        watch(posters[i].fd, POSTER + i);
    }
    while (n_on < n_streams) {
        bool may_open = n_open < n_streams && n_open - n_hello < OPENING_MAX;

        if (may_open)
            open_stream(n_open++);
        read_ready(may_open ? 0 : 100);
        if (now_ns() > limit) {
            fprintf(stderr,
                    "streams: after %d s %zu are open, %zu have an id, %zu are subscribed\n",
                    OPEN_S, n_open, n_hello, n_on);
            exit(1);
        }
    }
    for (size_t i = 0; i < SOURCES && n_streams > 0; i++)
        close(posters[i].fd);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void write_stamp(uint64_t ns, uint64_t number)
{
    char text[STAMP_BYTES + 1];

    snprintf(text, sizeof(text), "@%0*llu,%0*llu", NS_DIGITS, (unsigned long long)ns, NUMBER_DIGITS,
             (unsigned long long)number);
    memcpy(stamp, text, STAMP_BYTES);
}

static void write_record(struct writer *writer)
{
    if (n_sent == WRITES_MAX)
        give_up("too many writes", "fewer seconds");
    write_stamp(now_ns(), n_sent++);
    send_all(writer->fd, record, n_record);
    writer->is_busy = true;
    n_busy++;
}

static void read_written(struct writer *writer)
{
    if (!read_answer(writer->fd, writer->in, &writer->n_got))
        return;
    writer->is_busy = false;
    n_busy--;
    if (writer->in[9] == '2')
        atomic_fetch_add(&n_written, 1);
    else if (n_failed++ == 0)
        fprintf(stderr, "%.*s\n%s\n", (int)n_record, record, writer->in);
}

static uint64_t due_ns(size_t number)
{
    return begin_ns + (uint64_t)((double)number / rate * (double)SECOND_NS);
}

static void write_due(void)
{
    for (size_t i = 0; i < n_writers; i++) {
        uint64_t now = now_ns();

        if (now >= end_ns || (rate > 0 && due_ns(n_sent) > now))
            return;
        if (writers[i].is_busy)
            continue;
        if (rate > 0)
            add_time(&late, (now - due_ns(n_sent)) / 1000);
        write_record(&writers[i]);
    }
}

/* Until there is an answer, or the next write is due. */
static void wait_for_answers(void)
{
    struct pollfd fds[WRITERS_MAX];
    uint64_t now = now_ns(), until = now + SECOND_NS / 10;
    struct timespec wait;

    for (size_t i = 0; i < n_writers; i++)
        fds[i] = (struct pollfd){.fd = writers[i].is_busy ? writers[i].fd : -1, .events = POLLIN};
    if (rate > 0 && n_busy < n_writers && due_ns(n_sent) < until)
        until = due_ns(n_sent);
    if (now < end_ns && until > end_ns)
        until = end_ns;
    until = until > now ? until - now : 0;
    wait = (struct timespec){(time_t)(until / SECOND_NS), (long)(until % SECOND_NS)};
    if (ppoll(fds, n_writers, &wait, NULL) <= 0)
        return;
    for (size_t i = 0; i < n_writers; i++)
        if (fds[i].revents)
            read_written(&writers[i]);
}

static void *write_records(void *arg)
{
    while (now_ns() < end_ns || n_busy > 0) {
        write_due();
        wait_for_answers();
        if (now_ns() > end_ns + IO_S * SECOND_NS)
            give_up("answers to writes do not come", record);
    }
    written_ns = now_ns();
    writer_cpu_us = thread_cpu_us();
    atomic_store(&has_written, true);
    return arg;
}

static void open_writers(void)
{
    uint64_t ns, number;

    for (stamp = record; (stamp = strchr(stamp, '@')) != NULL; stamp++)
        if (find_stamp(stamp, STAMP_BYTES, &ns, &number))
            break;
    if (!stamp)
        give_up("no stamp in the record", record);
    writers = calloc(n_writers, sizeof(*writers));
    if (!writers)
        die("calloc");
    for (size_t i = 0; i < n_writers; i++)
        writers[i].fd = connect_from(i % SOURCES);
}

/* --- the run ---------------------------------------------------------------------------------- */

/* Whether there is nothing to wait for any more. */
static bool is_over(uint64_t now)
{
    uint64_t last = last_delivery_ns > written_ns ? last_delivery_ns : written_ns;

    if (n_writers == 0)
        return now >= end_ns;
    if (!atomic_load(&has_written))
        return false;
    return n_ended == n_streams || delivered.n >= atomic_load(&n_written) * n_streams ||
           now > last + SECOND_NS || now > end_ns + DRAIN_S * SECOND_NS;
}

static void report(uint64_t reader_cpu_us)
{
    static struct times last;
    uint64_t written = n_writers > 0 ? written_ns : end_ns;
    double until = last_delivery_ns > begin_ns ? (double)(last_delivery_ns - begin_ns) : 0;

    for (size_t i = 0; i < n_sent; i++)
        if (n_streams > 0 && writes[i].n_got >= n_streams)
            add_time(&last, writes[i].last_us);
    printf("%llu %zu %zu %.3f %.3f %llu", (unsigned long long)delivered.n, atomic_load(&n_written),
           n_failed, (double)(written - begin_ns) / (double)SECOND_NS, until / (double)SECOND_NS,
           (unsigned long long)n_bytes);
    for (size_t i = 0; i < 2; i++) {
        const struct times *times = i == 0 ? &delivered : &last;

        printf(" %llu %llu %llu", (unsigned long long)share(times, 50),
               (unsigned long long)share(times, 99), (unsigned long long)times->max_us);
    }
    printf(" %llu %llu %llu %llu %zu\n", (unsigned long long)last.n,
           (unsigned long long)share(&late, 99), (unsigned long long)reader_cpu_us,
           (unsigned long long)writer_cpu_us, n_ended);
}

static void measure(double seconds)
{
    uint64_t cpu_us;
    pthread_t thread;

    n_bytes = 0;
    cpu_us = thread_cpu_us();
    begin_ns = now_ns();
    end_ns = begin_ns + (uint64_t)(seconds * (double)SECOND_NS);
    if (n_writers > 0 && pthread_create(&thread, NULL, write_records, NULL) != 0)
        die("pthread_create");
    while (!is_over(now_ns()))
        read_ready(20);
    if (n_writers > 0)
        pthread_join(thread, NULL);
    report(thread_cpu_us() - cpu_us);
}

static void allow_descriptors(void)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)(n_streams + n_writers + 64);

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        die("getrlimit");
    if (limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted; /* past rlim_max it fails, and says so */
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        die("setrlimit");
}

int main(int argc, char **argv)
{
    uint64_t begun = now_ns();
    size_t n;

    if (argc < 8 || argc > 9) {
        fprintf(stderr,
                "usage: streams PORT STREAMS SECONDS RATE WRITERS SUBSCRIBE RECORD [TOKENS]\n");
        return 2;
    }
    port = (uint16_t)strtoul(argv[1], NULL, 10);
    n_streams = strtoul(argv[2], NULL, 10);
    rate = strtod(argv[4], NULL);
    n_writers = strtoul(argv[5], NULL, 10);
    if (n_streams > STREAMS_MAX || n_writers > WRITERS_MAX)
        return 2;
    subscribe = read_file(argv[6], &n);
    record = read_file(argv[7], &n_record);
    tokens = argc > 8 ? read_file(argv[8], &n) : NULL;
    allow_descriptors();
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    streams = calloc(n_streams + 1, sizeof(*streams));
    if (epoll_fd < 0 || !streams)
        die("epoll_create1");
    open_streams();
    if (n_writers > 0)
        open_writers();
    printf("ready %.3f\n", (double)(now_ns() - begun) / (double)SECOND_NS);
    fflush(stdout);
    measure(strtod(argv[3], NULL));
    return 0;
}
