/*
 * http/req: one request and its answer.
 *
 * The connection fills a request in and hands it to the handler on its loop. From then on the
 * handler owns the answer: it calls req_send() exactly once, on that loop, whether or not the
 * client is still there. In between the request may be handed to other threads; only one has it at
 * a time.
 */
#ifndef REEVE_HTTP_REQ_H
#define REEVE_HTTP_REQ_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/thread.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_route;
struct http_conn;
struct req_sink;

#define REQ_PARAMS_MAX 4

/* What giving a request up would cost. The layer above raises it as the request gets on; what it
 * does not say, may be dropped. */
enum req_stake {                /* in this order */
                 REQ_DROPPABLE, /* a read: given up two seconds after its client has sent a FIN */
                 REQ_AWAITED,   /* a write on its way: a FIN does not end it; that it was refused is
                                   still true */
                 /* may take effect, until its client has left as a read's may: gets the true answer
                    or none */
                 REQ_UNDOABLE,
                 REQ_DECIDED, /* may take effect, or has: its client gets the true answer or none at
                                 all */
};

struct req_pair {
    struct str name; /* of a header: as sent */
    struct str value;
};

struct req_pairs {
    struct req_pair *items;
    size_t n;
};

/* A piece of an answer from a file: some bytes of the answer's `body`, then some of the file. */
struct resp_part {
    size_t n_text;
    uint64_t at, n;
};

/* A body from a file. */
struct resp_file {
    bool open; /* it is the answer's body */
    int fd;
    uint64_t size;           /* of the whole body */
    uint64_t at, n;          /* what is still to be sent of the part in hand */
    struct resp_part *parts; /* the others; from malloc(), may be NULL */
    size_t n_parts, part;    /* how many, the next of them */
    size_t text_at;          /* its place in `body` */
};

/* The answer, built up by the handler. */
struct resp {
    int status;
    const char *content_type; /* NULL: none */
    struct buf body;          /* an answer to HEAD keeps it; the connection does not send it */
    struct str borrowed;      /* p not NULL: the body, in place of `body` */
    struct resp_file file;    /* open: the body, in place of both */
    bool sized;               /* a stream: its length is known, and told */
    uint64_t size;            /* ... in bytes */
    struct buf headers;       /* further header lines, each ending in CR LF */
    bool bare;                /* no security headers (services.md 12.4: redirects, OPTIONS) */
    bool framable;            /* no X-Frame-Options: file downloads (services.md 12.4) */
    bool close;               /* close the connection after it */
};

struct req {
    /* set before the handler runs, constant after */
    struct arena *arena;
    struct str method;
    struct str target;                 /* as sent */
    struct str path;                   /* raw, without the query */
    struct str query;                  /* raw, without the question mark */
    const struct http_route *route;    /* NULL: no route has this path and method */
    struct str params[REQ_PARAMS_MAX]; /* decoded {name}s of the route's pattern, in their order */
    struct req_pairs headers;
    struct str content_type; /* of the body; empty when there is none */
    struct str body;
    bool has_body;     /* Content-Length above 0 or chunked */
    bool too_large;    /* over the body limit: the body was not read */
    bool unread;       /* as http_conf.body() has said; a short one is read all the same */
    bool body_broken;  /* chunked, and broken: `body` is what came before; it may not be taken for
                          the whole, except a JSON value that is complete (records.md 3.6) */
    uint64_t began_us; /* clock_us(): its head had come */
    struct str peer;   /* the TCP peer's address; IPv6 fully expanded (services.md 13) */

    /* any thread */
    atomic_bool gone; /* nobody gets the answer: no need to go on; the loop sets it */

    /* the loop's thread only */
    enum req_stake stake;

    /* whoever has the request */
    const struct req_sink *sink; /* has taken the body; NULL: `body` is all of it */
    void *sink_user;             /* of that */
    struct resp resp;
    struct job job;                      /* to hand it to the pool */
    void *user;                          /* of the layer above */
    const struct req_pairs *query_pairs; /* what req_query() has parsed */

    /* the connection's */
    struct http_conn *conn;
    void (*resume)(struct req *req);
    struct req *next;
};

/*
 * Where a body goes that is not gathered in memory. The request has its head, no more, until all of
 * the body has come; then it goes to the handler.
 */
enum sink_says {
    SINK_GOES_ON, /* the next piece, please; after the end: to the handler */
    SINK_PAUSES,  /* it has the request until req_sink_resume(): nothing is read meanwhile */
    SINK_IS_DONE, /* the rest is of no use: to the handler; then the connection ends */
};
struct req_sink {
    /* On the loop: the next bytes, which are the caller's again when it returns. */
    enum sink_says (*write)(struct req *req, struct str bytes);
    /* On the loop: all has come, or what comes is broken (req->body_broken). */
    enum sink_says (*end)(struct req *req);
    /* On the loop, while it does not pause: bytes of memory that it holds. */
    size_t (*held)(const struct req *req);
    /* On the loop, once, when the request is over, however that comes; never while it pauses. */
    void (*release)(struct req *req);
};
/* Any thread: what a sink that pauses has to say in the end; not SINK_PAUSES. */
void req_sink_resume(struct req *req, enum sink_says says);

/* Value of the first header of that name (ASCII case ignored), or a slice with p NULL. */
struct str req_header(const struct req *req, struct str name);

/* Whether a text has so many pairs at most, empty ones counted. Stops where it knows: what does not
 * fit is never taken apart. */
bool req_pairs_fit(struct str text, size_t max);
/* The query string's pairs, decoded as Go's url.ParseQuery does: a pair with a broken escape or a
 * ';' is dropped. None when there are more than LIMIT_QUERY_PARAMS, which the layer above refuses.
 * Parsed once, kept. */
const struct req_pairs *req_query(struct req *req);
/* First value of a query parameter, or a slice with p NULL. */
struct str req_query_get(struct req *req, struct str name);

/* application/x-www-form-urlencoded pairs in the same way, from any text whose pairs fit a limit
 * (req_pairs_fit()). False when a pair is broken (*ret then holds the others). */
bool req_parse_pairs(struct arena *a, struct str text, struct req_pairs *ret);

/* Percent-decoding; plus: '+' is a space too. False: a broken escape. */
bool req_decode(struct arena *a, struct str text, bool plus, struct str *ret);

/* Filling the answer. */
void req_answer_json(struct req *req, int status); /* body written by the caller into resp.body */
void req_answer_empty(struct req *req, int status);
void req_answer_err(struct req *req, const struct err *err); /* envelope; discards what was there */
PRINTF(2, 3)
void req_add_header(struct req *req, const char *format, ...); /* "Name: value" */

/* The body is text that outlives the answer, an embedded file's. */
void req_answer_borrowed(struct req *req, int status, struct str body);
/* The body is n bytes of a file, from `at` on; the descriptor is the answer's from here on. Should
 * the file be shorter, or not be readable, the connection ends early. */
void req_answer_file(struct req *req, int status, int fd, uint64_t at, uint64_t n);
/* The same of several parts, which are copied; all their texts are in resp.body. */
void req_answer_parts(struct req *req, int status, int fd, const struct resp_part *parts, size_t n);

/* Sends the answer and lets go of the request. On the request's loop. */
void req_send(struct req *req);

/*
 * A stream: an answer whose body comes as it comes, for as long as both sides like. All of it on
 * the request's loop.
 */
struct req_stream_events {
    /* All that was written is on its way, after some of it had to wait; may be NULL. */
    void (*drained)(struct req *req);
    /* The client has left, or the server stops: once at most, never inside one of the calls below.
     * Nothing more need be written; req_stream_close() now or soon. */
    void (*ended)(struct req *req);
};
/* In place of req_send(): sends the head, made of status, content type, headers and size. What the
 * request points to (path, headers, arena) is gone after it, but for `user`. False: there is no
 * body to write, since the client has left or wants the head alone, and the request was let go of.
 * events outlives the request. */
MUST_CHECK bool req_stream_open(struct req *req, const struct req_stream_events *events);
/* Sends the bytes, or keeps a copy until the client has taken what came before. False: nobody reads
 * it any more, or LIMIT_STREAM_BYTES wait already, or memory is short; what was written before may
 * not arrive, and it has to be closed. */
MUST_CHECK bool req_stream_write(struct req *req, struct str bytes);
/* Something waits: who has as much as one likes to write goes on when it is drained. */
bool req_stream_waits(const struct req *req);
/* Ends the answer, once all that was written is out, and lets go of the request. Where a size was
 * told and less was written, the connection ends: that is how the client sees it. */
void req_stream_close(struct req *req);
/* The same in place of it where not all is written that should have been: the connection ends, by a
 * reset where its end would else be that of the answer. */
void req_stream_break(struct req *req);
/* What the user keeps for it beside: who is to be ended for want of memory is found by that. */
void req_stream_holds(struct req *req, size_t bytes);

/* Any thread: has resume(req) called on the request's loop, which is woken at the next
 * http_server_wake() or at once when `wake`. */
void req_resume(struct req *req, void (*resume)(struct req *req), bool wake);

#define REQ_PAUSE_MOST_MS 500
/* On the request's loop: has resume(req) called there after so many milliseconds, which are
 * REQ_PAUSE_MOST_MS at most; at once where the client leaves or the server stops. */
void req_pause(struct req *req, unsigned ms, void (*resume)(struct req *req));

#endif
