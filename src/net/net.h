/*
 * net/net: requests to other servers, over HTTP and HTTPS.
 *
 *   struct net *net = net_new();
 *   struct net_request request = {.method = STR("GET"), .url = STR("https://example.com/keys")};
 *   struct net_answer answer;
 *
 *   err = net_call(a, net, &request, &answer);
 *
 * libcurl does the work, in the module reeve-net.so, which is opened when the first request is
 * made; one thread carries all of them out. Connections are kept and used again, but for requests
 * with only_public. Certificates are always checked, no proxy is asked but a request's own, paths
 * are sent as they are written, and bodies arrive as the server encoded them.
 *
 * Every request ends: see the times of struct net_request. So many run at once, so many to one
 * host; more wait their turn, and of those there is a bound, too: limits.h, LIMIT_NET_.... Of all
 * three some are kept for net_call(): fetches last as long as their readers like.
 */
#ifndef REEVE_NET_NET_H
#define REEVE_NET_NET_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdint.h>

struct net;

/* Cheap: nothing is loaded and no thread started yet. */
struct net *net_new(void);
/* Ends what runs or waits (E_UNAVAILABLE) and waits for the last end event. No request may be begun
 * while it runs or after it. NULL is fine. */
void net_free(struct net *net);

enum net_stop {
    NET_STOP_NONE,
    NET_STOP_READS, /* what is `droppable` */
    NET_STOP_ALL,
};
/* From now on none of those requests is made, and what runs or waits of them ends: E_UNAVAILABLE
 * for both. Does not wait for the ends. Never loosened again; any thread, before net_free(). */
void net_stop(struct net *net, enum net_stop what);
AUTO_DEFINE(net_free, struct net *)

struct net_header {
    struct str name;
    struct str value;
};

/* Zeroed but for method and url it is a request without a body, under the bounds of limits.h. */
struct net_request {
    struct str method; /* upper case letters */
    struct str url;    /* http:// or https://; what is no ASCII is percent-encoded already */
    const struct net_header *headers;
    size_t n_headers;

    /* The body: `body`, or, with has_file, n bytes of fd from `at` on; neither moves the position
     * of fd. Both must stay until the request has ended; all else is copied. A file that proves
     * shorter ends the request. HEAD has none. */
    struct str body;
    bool has_file;
    int fd;
    uint64_t at;
    uint64_t n;

    unsigned connect_ms; /* for name, connection and TLS; 0: LIMIT_NET_CONNECT_MS */
    unsigned idle_ms;    /* without a byte in either direction, and to wait for its turn; 0:
                          * LIMIT_NET_IDLE_MS. It stands still while a reader pauses */
    unsigned total_ms;   /* for everything; 0: none */

    /* Followed where the method is GET or HEAD; 0: a redirect is the answer. Headers go along, but
     * Authorization and Cookie only to the same host. */
    unsigned redirects;
    /* Addresses that are not of the public internet are refused when they are connected to, also
     * after redirects and whatever a name stands for (net/address.h). */
    bool only_public;

    /* "http://[user:password@]host:port" that it goes through; empty: none. Not where only_public
     * is set: what a proxy connects to nobody here would see. */
    struct str proxy;

    bool droppable;          /* nothing is lost if NET_STOP_READS ends it */
    const atomic_bool *gone; /* may be NULL; once true the request ends soon, with E_GONE. Stays
                              * until the request has ended, or net_fetch_unwatch() */

    size_t max_answer; /* for net_call(): bytes of a body; more: E_TOO_LARGE. 0:
                        * LIMIT_NET_ANSWER_BYTES */
    unsigned pause_ms; /* for net_fetch(): who pauses for longer is ended, with E_GONE, and makes
                        * room for others; 0: no bound */
};

struct net_head {
    unsigned status; /* 200 and above */
    const struct net_header *headers;
    size_t n_headers;
};

/* The value of the first header of that name, in whatever case; p is NULL where there is none. */
struct str net_header(const struct net_head *head, struct str name);

struct net_answer {
    struct net_head head;
    struct str body;
};

/*
 * Makes the request and waits for the whole answer, whatever its status; on any thread that may
 * wait. The answer lives in a.
 *
 * Errors of both kinds of request; their causes say what failed, where (the host) and libcurl's
 * words, and nothing else of the request:
 *   E_BAD_REQUEST  no such URL, method or header, or an address that only_public refuses
 *   E_TOO_LARGE    more than max_answer, or a head of more than LIMIT_NET_HEAD_BYTES
 *   E_GONE         *gone, net_fetch_end(), NET_ENOUGH, or a pause of more than pause_ms
 *   E_UNAVAILABLE  all else: out of reach, out of time, broken off, too many requests, no module
 */
MUST_CHECK struct err *net_call(struct arena *a, struct net *net, const struct net_request *request,
                                struct net_answer *ret);

/* --- answers that are read as they come ------------------------------------------------------ */

enum net_go {
    NET_TAKEN,
    NET_PAUSE,  /* not taken: the same bytes come again, perhaps cut otherwise, when resumed */
    NET_ENOUGH, /* the request ends here, with E_GONE */
};

/*
 * What happens to a fetch. All run on the thread that carries out all requests, so none may block;
 * they may call net_fetch_…() but not net_fetch() or net_free(). In this order: `head` at most
 * once, `data` any number of times, and exactly once, as the last, `end`: err is NULL when the
 * answer is whole. What they are given is borrowed until they return.
 */
struct net_events {
    void (*head)(void *user, const struct net_head *head);
    enum net_go (*data)(void *user, struct str piece); /* never empty */
    void (*end)(void *user, const struct err *err);
};

struct net_fetch;

/*
 * Begins a request and does not wait; any thread, also a loop. But for the first request, which
 * loads the module: call net_load() before where some 10 ms matter.
 *
 * Who owns what: after an error nothing has begun and no event comes. Else
 *  - `user` (and the body) must stay until `end` has returned; nothing touches it afterwards.
 * Events may come before net_fetch() has returned, but not before *ret is set.
 *  - *ret is the caller's, who gives it back with net_fetch_free(), once, before, in or after
 * `end`. Until then resume, unwatch and end may be called from any thread, at any time, also after
 * `end` and after net_free(), when they do nothing. So a consumer on a loop has `end` post to the
 * loop, and there frees both. One that loses interest calls net_fetch_free() at once, and lets
 * `user` go when `end` has come.
 *
 * While a fetch pauses, at most what libcurl reads at a time is kept, some 16 KiB; the rest stays
 * with the sender.
 */
MUST_CHECK struct err *net_fetch(struct arena *a, struct net *net,
                                 const struct net_request *request, const struct net_events *events,
                                 void *user, struct net_fetch **ret);
/* Data comes again. Call it after what made `data` pause has changed, as seen by `data`; without a
 * pause it does nothing. */
void net_fetch_resume(struct net_fetch *fetch);
/* The request's `gone` is looked at no more, and may go. */
void net_fetch_unwatch(struct net_fetch *fetch);
/* The request ends soon, with E_GONE if it has not ended by then. Data may still come before. */
void net_fetch_end(struct net_fetch *fetch);
/* Ends it, and gives the handle back. NULL is fine. */
void net_fetch_free(struct net_fetch *fetch);

/* --- mail ------------------------------------------------------------------------------------- */

/* A message to a mail server, by SMTP. No text has a byte below 32 or a 127 but the message. */
struct net_mail {
    struct str host; /* a name, or an address without brackets */
    unsigned port;   /* 1..65535 */
    bool tls;        /* from the first byte; else STARTTLS where the server offers it */
    /* Empty: no login. Never sent without TLS but to localhost, 127.0.0.1 and ::1. */
    struct str user;
    struct str password;
    bool by_login;         /* AUTH LOGIN, else PLAIN */
    struct str local_name; /* what we call ourselves: a DNS name or an address */
    struct str ca_file;    /* of certificates that are trusted; empty: the system's */
    struct str from;       /* of the envelope: x@y, without brackets and blanks */
    const struct str *to;
    size_t n_to;             /* one at least */
    struct str message;      /* lines end in CRLF, 998 bytes at most */
    unsigned total_ms;       /* for everything, above 0 */
    const atomic_bool *gone; /* may be NULL; looked at about once a second */
};

/*
 * Sends it over a connection of its own and waits until the server has taken it for all recipients;
 * on any thread that may wait. A server that has no SMTPUTF8 is sent nothing where an address needs
 * it. SIGPIPE is ignored in this process. Causes name the server and have its words, and nothing of
 * the message but addresses that the server repeats:
 *   E_BAD_REQUEST  refused for good: an answer of 5xx, a login that failed, no TLS where it is
 *                  needed, no SMTPUTF8, texts that cannot be sent
 *   E_GONE         *gone
 *   E_UNAVAILABLE  may work later: out of reach, out of time, a certificate that is not valid, an
 *                  answer of 4xx, net_stop() of all, no module
 */
MUST_CHECK struct err *net_mail_send(struct arena *a, struct net *net, const struct net_mail *mail);

/* Opens the module and starts the thread, unless that is done. Any thread that may wait. */
MUST_CHECK struct err *net_load(struct arena *a, struct net *net);

#endif
