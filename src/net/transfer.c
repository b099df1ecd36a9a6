/*
 * Invariants
 *  1. With only_public no byte is sent to an address that is not: a new connection is refused when
 *     its socket is asked for, and one that is there already (a redirect may lead to it) before the
 *     request is written to it.
 *  2. Bytes for which `data` has asked to pause are libcurl's to keep, and it reads no more then.
 *     HTTP/2 would go on until its window is full, some megabytes: hence HTTP/1.1.
 */
#include "net/transfer.h"

#include "net/address.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- what libcurl calls ---------------------------------------------------------------------- */

static size_t on_header(char *p, size_t size, size_t n, void *user)
{
    struct net_transfer *t = user;

    t->moved_ms = *t->now_ms;
    t->enough = !t->order.line(t->order.user, p, size * n);
    return t->enough ? 0 : size * n;
}

static size_t on_data(char *p, size_t size, size_t n, void *user)
{
    struct net_transfer *t = user;

    t->moved_ms = *t->now_ms;
    switch (t->order.data(t->order.user, p, size * n)) {
    case NET_MODULE_TAKEN:
        return size * n;
    case NET_MODULE_PAUSE:
        t->paused = true;
        t->paused_ms = *t->now_ms;
        return CURL_WRITEFUNC_PAUSE;
    case NET_MODULE_ENOUGH:
        break;
    }
    t->enough = true;
    return CURL_WRITEFUNC_ERROR;
}

static size_t on_read(char *p, size_t size, size_t n, void *user)
{
    struct net_transfer *t = user;
    uint64_t left = t->order.n - t->sent;
    size_t want = size * n < left ? size * n : (size_t)left;
    ssize_t got = (ssize_t)want;

    if (t->order.body)
        memcpy(p, t->order.body + t->sent, want);
    else
        got = pread(t->order.fd, p, want, (off_t)(t->order.at + t->sent));
    if (got < 0 || (got == 0 && want > 0)) {
        t->fault = "the file cannot be read to its end";
        return CURL_READFUNC_ABORT;
    }
    t->sent += (uint64_t)got;
    return (size_t)got;
}

/* A connection that was kept may prove dead: the body begins anew on another one. */
static int on_seek(void *user, curl_off_t to, int whence)
{
    struct net_transfer *t = user;

    if (whence != SEEK_SET || to < 0 || (uint64_t)to > t->order.n)
        return CURL_SEEKFUNC_FAIL;
    t->sent = (uint64_t)to;
    return CURL_SEEKFUNC_OK;
}

static int on_progress(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    struct net_transfer *t = user;

    (void)down_total;
    (void)up_total;
    if (down + up != t->moved) {
        t->moved = down + up;
        t->moved_ms = *t->now_ms;
    }
    return 0;
}

static curl_socket_t on_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct net_transfer *t = user;

    (void)purpose;
    if (t->order.only_public && !net_address_is_public(&address->addr)) {
        t->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int on_request(void *user, char *their_ip, char *our_ip, int their_port, int our_port)
{
    struct net_transfer *t = user;

    (void)our_ip;
    (void)their_port;
    (void)our_port;
    if (!t->order.only_public || net_address_text_is_public(their_ip)) {
        t->asked = true;
        return CURL_PREREQFUNC_OK;
    }
    t->refused = true;
    return CURL_PREREQFUNC_ABORT;
}

/* --- options --------------------------------------------------------------------------------- */

/* Of every request. Certificates are checked as libcurl does without being told; said here so that
 * nobody has to know. */
static const struct {
    CURLoption option;
    long value;
} longs[] = {
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_NOPROGRESS, 0},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
    {CURLOPT_SSL_VERIFYPEER, 1},
    {CURLOPT_SSL_VERIFYHOST, 2},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2}, /* or later */
    {CURLOPT_PATH_AS_IS, 1},
    {CURLOPT_TCP_KEEPALIVE, 1},
    {CURLOPT_QUICK_EXIT, 1}, /* whoever ends while a name is looked up does not wait for that */
};

static const struct {
    CURLoption option;
    const char *value;
} texts[] = {
    {CURLOPT_PROTOCOLS_STR, "http,https"},
    {CURLOPT_REDIR_PROTOCOLS_STR, "http,https"},
    {CURLOPT_NOPROXY, ""}, /* nor is the environment asked what goes past a proxy */
};

#define SET(option, value) (curl_easy_setopt(t->easy, (option), (value)) == CURLE_OK)

static bool set_fixed(struct net_transfer *t)
{
    for (size_t i = 0; i < sizeof(longs) / sizeof(*longs); i++)
        if (!SET(longs[i].option, longs[i].value))
            return false;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (!SET(texts[i].option, texts[i].value))
            return false;
    return true;
}

static bool set_callbacks(struct net_transfer *t)
{
    return SET(CURLOPT_PRIVATE, t) && SET(CURLOPT_ERRORBUFFER, t->words) &&
           SET(CURLOPT_HEADERFUNCTION, on_header) && SET(CURLOPT_HEADERDATA, t) &&
           SET(CURLOPT_WRITEFUNCTION, on_data) && SET(CURLOPT_WRITEDATA, t) &&
           SET(CURLOPT_READFUNCTION, on_read) && SET(CURLOPT_READDATA, t) &&
           SET(CURLOPT_SEEKFUNCTION, on_seek) && SET(CURLOPT_SEEKDATA, t) &&
           SET(CURLOPT_XFERINFOFUNCTION, on_progress) && SET(CURLOPT_XFERINFODATA, t) &&
           SET(CURLOPT_OPENSOCKETFUNCTION, on_socket) && SET(CURLOPT_OPENSOCKETDATA, t) &&
           SET(CURLOPT_PREREQFUNCTION, on_request) && SET(CURLOPT_PREREQDATA, t);
}

static bool add_header(struct net_transfer *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);

    if (!longer)
        return false;
    t->headers = longer;
    return true;
}

static bool set_headers(struct net_transfer *t)
{
    /* Without this libcurl asks before it sends a large body, and waits a second for the answer. */
    if (!add_header(t, "Expect:"))
        return false;
    for (size_t i = 0; i < t->order.n_headers; i++)
        if (!add_header(t, t->order.headers[i]))
            return false;
    return SET(CURLOPT_HTTPHEADER, t->headers);
}

static bool set_request(struct net_transfer *t)
{
    const struct net_order *order = &t->order;
    bool is_head = strcmp(order->method, "HEAD") == 0;
    bool set = SET(CURLOPT_URL, order->url) && SET(CURLOPT_PROXY, order->proxy) &&
               /* "": and the environment is not asked */
               SET(CURLOPT_CONNECTTIMEOUT_MS, (long)order->connect_ms);

    if (order->has_body)
        set = set && SET(CURLOPT_UPLOAD, 1L) && SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)order->n);
    if (is_head)
        set = set && SET(CURLOPT_NOBODY, 1L);
    else
        set = set && SET(CURLOPT_CUSTOMREQUEST, order->method);
    if (order->redirects > 0 && (is_head || strcmp(order->method, "GET") == 0))
        set = set && SET(CURLOPT_FOLLOWLOCATION, 1L) &&
              SET(CURLOPT_MAXREDIRS, (long)order->redirects);
    if (order->only_public)
        set = set && SET(CURLOPT_FRESH_CONNECT, 1L) && SET(CURLOPT_FORBID_REUSE, 1L);
    return set;
}

bool transfer_open(struct net_transfer *t, const uint64_t *now_ms)
{
    t->now_ms = now_ms;
    t->moved_ms = *now_ms;
    t->easy = curl_easy_init();
    return t->easy && set_fixed(t) && set_callbacks(t) && set_headers(t) && set_request(t);
}

void transfer_close(struct net_transfer *t)
{
    curl_easy_cleanup(t->easy); /* NULL is fine for both */
    curl_slist_free_all(t->headers);
    t->easy = NULL;
    t->headers = NULL;
}

/* --- its course ------------------------------------------------------------------------------ */

bool transfer_resume(struct net_transfer *t)
{
    if (!t->paused)
        return true;
    t->paused = false;
    t->moved_ms = *t->now_ms;
    return curl_easy_pause(t->easy, CURLPAUSE_CONT) == CURLE_OK; /* calls on_data() */
}

static uint64_t ms_after(uint64_t from_ms, unsigned ms)
{
    return ms ? from_ms + ms : UINT64_MAX;
}

struct transfer_due transfer_due(const struct net_transfer *t)
{
    const char *idle =
        t->easy ? "no byte has moved for too long" : "it has waited too long for its turn";
    const struct transfer_due total = {ms_after(t->began_ms, t->order.total_ms), NET_WHY_FAILED,
                                       "it takes too long"};
    struct transfer_due due = {t->moved_ms + t->order.idle_ms, NET_WHY_FAILED, idle};

    if (t->paused)
        due = (struct transfer_due){ms_after(t->paused_ms, t->order.pause_ms), NET_WHY_PAUSED, ""};
    return total.at_ms <= due.at_ms ? total : due;
}

const char *transfer_words(const struct net_transfer *t, CURLcode code)
{
    if (t->fault)
        return t->fault;
    return t->words[0] ? t->words : curl_easy_strerror(code);
}

enum net_why transfer_why(const struct net_transfer *t, CURLcode code)
{
    if (code == CURLE_OK)
        return NET_WHY_DONE;
    if (t->enough)
        return NET_WHY_ENDED;
    if (t->refused)
        return NET_WHY_REFUSED;
    if (!t->asked && (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL))
        return NET_WHY_URL;
    return NET_WHY_FAILED;
}
