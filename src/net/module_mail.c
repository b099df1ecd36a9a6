/*
 * Mail by libcurl, on the thread of whoever sends it.
 *
 * Invariants
 *  1. With must_encrypt libcurl says nothing but EHLO and STARTTLS before there is TLS.
 *  2. What has become of a message is told by the server's answers, which come as "headers": the
 *     first of 250 after the 354 that asked for the message takes it, whatever happens later.
 *  3. Where an address needs SMTPUTF8 and the server has not named it, the answer to whatever comes
 *     after its greeting ends the dialogue: no recipient is told, and no message sent.
 */
#include "net/module.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#define QUIT_MS 1000 /* for a server's good-bye, once all is decided */

struct talk {
    const struct net_mail_order *order;
    size_t sent; /* of the message */
    uint64_t end_ms;
    /* The server's answers. */
    unsigned code;     /* of the last one */
    unsigned code_was; /* of the one before */
    bool goes_on;      /* another line of it comes */
    bool has_utf8;     /* the last greeting named SMTPUTF8 */
    bool has_greeted;  /* EHLO or HELO was answered */
    unsigned n_250;    /* since the greeting */
    bool taken;
    bool lacks_utf8; /* why it was ended, if so */
    bool enough;
    unsigned refusal;         /* the last answer of 400 and above; */
    struct net_mail_end *ret; /* its words */
};

static uint64_t clock_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* that clock is always there */
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- what the server says -------------------------------------------------------------------- */

/* One line of printable text behind what is there already; the rest of a long one is dropped. */
static void add_words(struct net_mail_end *ret, const char *p, size_t n)
{
    size_t at = strlen(ret->words);

    if (at > 0 && at < sizeof(ret->words) - 1)
        ret->words[at++] = ' ';
    for (size_t i = 0; i < n && at < sizeof(ret->words) - 1; i++)
        if (p[i] != '\r' && p[i] != '\n')
            ret->words[at++] = (unsigned char)p[i] < ' ' || p[i] == 127 ? '?' : p[i];
    ret->words[at] = '\0';
}

static bool names_utf8(const char *p, size_t n)
{
    static const char word[] = "SMTPUTF8";
    size_t len = sizeof(word) - 1;

    return n >= 4 + len && strncasecmp(p + 4, word, len) == 0 && strchr(" \r\n", p[4 + len]);
}

static void begin_answer(struct talk *talk, unsigned code)
{
    talk->code_was = talk->code;
    talk->code = code;
    if (code >= 400) {
        talk->refusal = code;
        talk->ret->words[0] = '\0';
    }
    if (code == 220) { /* a new connection, or STARTTLS: what was said before counts no more */
        talk->has_greeted = false;
        talk->has_utf8 = false;
        talk->n_250 = 0;
    }
}

/* False: the dialogue is to end. */
static bool end_answer(struct talk *talk)
{
    uint64_t quit_by_ms = clock_now_ms() + QUIT_MS;
    bool refused;

    if (talk->code_was == 354 && talk->code == 250 && talk->sent == talk->order->n)
        talk->taken = true;
    if (talk->has_greeted && talk->code != 220 && talk->order->utf8 && !talk->has_utf8)
        talk->lacks_utf8 = true;
    if (talk->code == 250)
        talk->has_greeted = true;
    talk->n_250 += talk->code == 250;
    /* of a recipient, or the message: nothing but the good-bye follows */
    refused = talk->code >= 400 && talk->n_250 >= 2;
    if ((talk->taken || talk->lacks_utf8 || refused) && talk->end_ms > quit_by_ms)
        talk->end_ms = quit_by_ms;
    return !talk->lacks_utf8;
}

static size_t on_answer(char *p, size_t size, size_t n, void *user)
{
    struct talk *talk = user;
    unsigned code = 0;

    (void)size; /* always 1 */
    for (size_t i = 0; i < 3; i++) {
        if (n < 4 || p[i] < '0' || p[i] > '9')
            return n; /* no line of an answer: libcurl makes of it what it likes */
        code = code * 10 + (unsigned)(p[i] - '0');
    }
    if (!talk->goes_on)
        begin_answer(talk, code);
    if (code >= 400)
        add_words(talk->ret, p, n);
    if (!talk->has_greeted && code == 250)
        talk->has_utf8 = talk->has_utf8 || names_utf8(p, n);
    talk->goes_on = p[3] == '-';
    return talk->goes_on || end_answer(talk) ? n : 0;
}

/* --- what else libcurl calls ----------------------------------------------------------------- */

static size_t on_read(char *p, size_t size, size_t n, void *user)
{
    struct talk *talk = user;
    size_t left = talk->order->n - talk->sent;
    size_t want = size * n < left ? size * n : left;

    memcpy(p, talk->order->message + talk->sent, want);
    talk->sent += want;
    return want;
}

static int on_progress(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    struct talk *talk = user;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    if (talk->order->enough(talk->order->enough_user))
        talk->enough = true;
    return talk->enough || clock_now_ms() >= talk->end_ms;
}

static curl_socket_t on_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)user;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t on_data(char *p, size_t size, size_t n, void *user)
{
    (void)p;
    (void)user;
    return size * n; /* there is none; libcurl's own default would print it */
}

/* --- options --------------------------------------------------------------------------------- */

static const struct {
    CURLoption option;
    long value;
} longs[] = {
    {CURLOPT_NOSIGNAL, 1},       {CURLOPT_NOPROGRESS, 0},
    {CURLOPT_UPLOAD, 1},         {CURLOPT_SSL_VERIFYPEER, 1},
    {CURLOPT_SSL_VERIFYHOST, 2}, {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_FORBID_REUSE, 1}, /* closed at once: what closes later waits two minutes for QUIT */
    {CURLOPT_QUICK_EXIT, 1},
};

#define SET(option, value) (curl_easy_setopt(easy, (option), (value)) == CURLE_OK)

static bool set_fixed(CURL *easy)
{
    for (size_t i = 0; i < sizeof(longs) / sizeof(*longs); i++)
        if (!SET(longs[i].option, longs[i].value))
            return false;
    return SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps") && SET(CURLOPT_PROXY, "");
}

static bool set_callbacks(CURL *easy, struct talk *talk)
{
    return SET(CURLOPT_HEADERFUNCTION, on_answer) && SET(CURLOPT_HEADERDATA, talk) &&
           SET(CURLOPT_READFUNCTION, on_read) && SET(CURLOPT_READDATA, talk) &&
           SET(CURLOPT_XFERINFOFUNCTION, on_progress) && SET(CURLOPT_XFERINFODATA, talk) &&
           SET(CURLOPT_OPENSOCKETFUNCTION, on_socket) && SET(CURLOPT_WRITEFUNCTION, on_data);
}

static bool set_login(CURL *easy, const struct net_mail_order *order)
{
    bool is_login = strcmp(order->method, "LOGIN") == 0;

    if (!order->user)
        return true;
    /* Some servers know AUTH LOGIN only without the name on the same line. */
    return SET(CURLOPT_USERNAME, order->user) && SET(CURLOPT_PASSWORD, order->password) &&
           SET(CURLOPT_LOGIN_OPTIONS, is_login ? "AUTH=LOGIN" : "AUTH=PLAIN") &&
           SET(CURLOPT_SASL_IR, is_login ? 0L : 1L);
}

static bool set_order(CURL *easy, const struct net_mail_order *order, struct curl_slist **to)
{
    for (size_t i = 0; i < order->n_to; i++) {
        struct curl_slist *longer = curl_slist_append(*to, order->to[i]);

        if (!longer)
            return false;
        *to = longer;
    }
    return SET(CURLOPT_URL, order->url) && SET(CURLOPT_MAIL_FROM, order->from) &&
           SET(CURLOPT_MAIL_RCPT, *to) &&
           SET(CURLOPT_USE_SSL, (long)(order->must_encrypt ? CURLUSESSL_ALL : CURLUSESSL_TRY)) &&
           (!order->ca_file || SET(CURLOPT_CAINFO, order->ca_file)) &&
           SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)order->n) &&
           SET(CURLOPT_CONNECTTIMEOUT_MS, (long)order->connect_ms) &&
           SET(CURLOPT_TIMEOUT_MS, (long)order->total_ms);
}

/* --- its course ------------------------------------------------------------------------------ */

static void say(struct net_mail_end *ret, enum net_mail_why why, const char *words)
{
    ret->why = why;
    ret->words[0] = '\0';
    add_words(ret, words, strlen(words));
}

/* answered: the last code, but for what answers QUIT. */
static void tell_failure(const struct talk *talk, CURLcode code, long answered, const char *words)
{
    struct net_mail_end *ret = talk->ret;

    if (answered >= 400 && answered == (long)talk->refusal)
        ret->why = answered >= 500 ? NET_MAIL_REFUSED : NET_MAIL_FAILED;
    else if (code == CURLE_USE_SSL_FAILED)
        say(ret, NET_MAIL_REFUSED, "it offers no TLS, without which no password is sent to it");
    else if (code == CURLE_LOGIN_DENIED)
        say(ret, NET_MAIL_REFUSED, "it does not offer that way to log in");
    else if (code == CURLE_OPERATION_TIMEDOUT || code == CURLE_ABORTED_BY_CALLBACK)
        say(ret, NET_MAIL_FAILED, answered > 0 ? "it takes too long" : "it does not answer");
    else
        say(ret, NET_MAIL_FAILED, words);
}

static void tell_end(const struct talk *talk, CURLcode code, long answered, const char *words)
{
    if (talk->taken)
        *talk->ret = (struct net_mail_end){.why = NET_MAIL_TAKEN};
    else if (talk->enough)
        say(talk->ret, NET_MAIL_ENOUGH, "enough");
    else if (talk->lacks_utf8)
        say(talk->ret, NET_MAIL_REFUSED,
            "it takes no addresses with other letters than those of ASCII (SMTPUTF8)");
    else
        tell_failure(talk, code, answered, words);
}

void module_mail(const struct net_mail_order *order, struct net_mail_end *ret)
{
    struct talk talk = {.order = order, .ret = ret, .end_ms = clock_now_ms() + order->total_ms};
    char words[CURL_ERROR_SIZE] = "";
    struct curl_slist *to = NULL;
    CURL *easy = curl_easy_init();
    CURLcode code = CURLE_OUT_OF_MEMORY;
    long answered = 0;

    *ret = (struct net_mail_end){.why = NET_MAIL_FAILED};
    if (easy && SET(CURLOPT_ERRORBUFFER, words) && set_fixed(easy) && set_callbacks(easy, &talk) &&
        set_login(easy, order) && set_order(easy, order, &to))
        code = curl_easy_perform(easy);
    if (easy)
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answered); /* 0 where it fails */
    curl_easy_cleanup(easy); /* NULL is fine for both */
    curl_slist_free_all(to);
    tell_end(&talk, code, answered, words[0] ? words : curl_easy_strerror(code));
}
