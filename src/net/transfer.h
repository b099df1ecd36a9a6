/*
 * net/transfer: one request as libcurl sees it. Inside the module; on its thread, but for the two
 * flags.
 */
#ifndef REEVE_NET_TRANSFER_H
#define REEVE_NET_TRANSFER_H

#include "net/module.h"

#include <curl/curl.h>
#include <stdatomic.h>

struct net_transfer {
    /* set before it is given to the thread, constant after */
    struct net_order order; /* but for `gone`, which is under the client's lock */
    uint64_t began_ms;
    /* any thread */
    atomic_bool wants_end;
    atomic_bool wants_resume;
    /* the thread's, and before it has it, under the client's lock */
    struct net_transfer *next;
    struct net_transfer *prev;
    /* the thread's */
    CURL *easy; /* NULL: it waits for its turn */
    struct curl_slist *headers;
    const uint64_t *now_ms; /* the client's clock */
    uint64_t moved_ms;      /* when the last byte did */
    curl_off_t moved;       /* bytes of bodies until then, in both directions */
    uint64_t sent;          /* bytes of the body that were read */
    unsigned host;          /* the client's */
    bool paused;
    uint64_t paused_ms; /* since when */
    bool refused;       /* an address */
    bool asked;        /* a request was about to be sent: what is wrong from here is the server's */
    bool enough;       /* a callback of the order has said so */
    const char *fault; /* what is wrong in our words; NULL: libcurl knows */
    char words[CURL_ERROR_SIZE]; /* libcurl's */
};

/* Makes t->easy. False: no memory; there may be an easy handle all the same. */
bool transfer_open(struct net_transfer *t, const uint64_t *now_ms);
/* What is the library's of it; t->easy must be in no multi handle. */
void transfer_close(struct net_transfer *t);
/* Goes on if it pauses. False: it has failed. */
bool transfer_resume(struct net_transfer *t);
/* When it has waited too long. */
struct transfer_due {
    uint64_t at_ms; /* of the clock; UINT64_MAX: never */
    enum net_why why;
    const char *words; /* for what it has waited */
};
struct transfer_due transfer_due(const struct net_transfer *t);
/* The words for how it has ended; borrowed from t. */
const char *transfer_words(const struct net_transfer *t, CURLcode code);
enum net_why transfer_why(const struct net_transfer *t, CURLcode code);

#endif
