/*
 * net/module: what reeve-net.so and the program agree on.
 *
 * Plain C types, no symbol of the program: the module is one struct of functions, to be found as
 * `reeve_net_module`. It asks for no memory of its own; the program gives storage for a client and
 * for each transfer, zeroed and aligned for any type.
 */
#ifndef REEVE_NET_MODULE_H
#define REEVE_NET_MODULE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_MODULE_FILE "reeve-net.so"
#define NET_MODULE_NAME "reeve_net_module"
#define NET_MODULE_VERSION 3

struct net_client;   /* all transfers and what they share */
struct net_transfer; /* one request */

struct net_bounds {
    unsigned running;  /* transfers at once */
    unsigned per_host; /* of them to one host */
    unsigned waiting;  /* for their turn */
    unsigned kept;     /* of each of these, for calls alone */
};

/* Why a transfer has ended. */
enum net_why {
    NET_WHY_DONE,    /* the answer is whole */
    NET_WHY_ENDED,   /* end(), or NET_MODULE_ENOUGH */
    NET_WHY_LEFT,    /* *gone */
    NET_WHY_PAUSED,  /* for too long */
    NET_WHY_STOPPED, /* stop() */
    NET_WHY_REFUSED, /* the address is not public */
    NET_WHY_URL,     /* it is none, or not http or https */
    NET_WHY_FAILED,  /* out of time included */
};

enum net_module_ends { NET_MODULE_ENDS_NONE, NET_MODULE_ENDS_DROPPABLE, NET_MODULE_ENDS_ALL };

enum net_module_go { NET_MODULE_TAKEN, NET_MODULE_PAUSE, NET_MODULE_ENOUGH };

/* What pointers point to stays until `end` is called. All calls come from the thread in run(). */
struct net_order {
    const char *method;
    const char *url;
    const char *const *headers; /* as "Name: value", or "Name;" without a value */
    size_t n_headers;
    bool has_body;
    const char *body; /* NULL: n bytes of fd from `at` on */
    int fd;
    uint64_t at;
    uint64_t n;
    unsigned connect_ms; /* the times: as struct net_request has them, but without defaults */
    unsigned idle_ms;
    unsigned total_ms;
    unsigned pause_ms;
    unsigned redirects;
    bool only_public;
    const char *proxy; /* "": none */
    bool is_call;
    bool droppable;
    const atomic_bool *gone; /* may be NULL; until unwatch() */
    void *user;
    /* Each line of each head that comes (of answers in between, redirects and trailers, too), with
     * its line end. False: enough. */
    bool (*line)(void *user, const char *p, size_t n);
    enum net_module_go (*data)(void *user, const char *p, size_t n);
    /* The last call; the transfer's storage is not touched any more. words: the library's, "" for
     * none. */
    void (*end)(void *user, enum net_why why, const char *words);
};

/* A message to a mail server. What pointers point to stays until mail() has returned. */
struct net_mail_order {
    const char *url;      /* smtp: or smtps:, the path is what we call ourselves */
    const char *user;     /* NULL: no login */
    const char *password; /* with user */
    const char *method;   /* "PLAIN" or "LOGIN" */
    bool must_encrypt;    /* by STARTTLS, or nothing is sent; else where it is offered */
    bool utf8;            /* some address is no ASCII: SMTPUTF8, or nothing is sent */
    const char *ca_file;  /* of certificates that are trusted; NULL: the system's */
    const char *from;
    const char *const *to;
    size_t n_to;
    const char *message; /* lines end in CRLF, 998 bytes at most */
    size_t n;
    unsigned connect_ms;
    unsigned total_ms;
    /* Asked at least once a second: whether to give up. On the thread that mail() was called on. */
    bool (*enough)(void *user);
    void *enough_user;
};

struct net_mail_end {
    enum net_mail_why {
        NET_MAIL_TAKEN,   /* by the server, for all recipients */
        NET_MAIL_ENOUGH,  /* enough() */
        NET_MAIL_REFUSED, /* for good */
        NET_MAIL_FAILED,  /* may work later */
    } why;
    char words[1024]; /* one line: what failed, the server's own words first; "" if TAKEN */
};

struct net_module {
    unsigned version; /* NET_MODULE_VERSION */
    size_t client_size;
    size_t transfer_size;
    /* NULL, or what is wrong. The storage stays where it is until close(). */
    const char *(*open)(struct net_client *client, const struct net_bounds *bounds);
    /* The thread: returns after stop() of all, when every transfer has ended. */
    void (*run)(void *client);
    /* Any thread: ends them, and takes no more of them; what it was told before stays. */
    void (*stop)(struct net_client *client, enum net_module_ends ends);
    /* After run() has returned. */
    void (*close)(struct net_client *client);
    /* Any thread. False: stopped, or too many wait; nothing has begun and `end` does not come. */
    bool (*begin)(struct net_client *client, struct net_transfer *transfer,
                  const struct net_order *order);
    /* Any thread, while the transfer's storage and the client's are there, also when it has ended.
     */
    void (*resume)(struct net_client *client, struct net_transfer *transfer);
    void (*unwatch)(struct net_client *client, struct net_transfer *transfer);
    void (*end)(struct net_client *client, struct net_transfer *transfer);
    /* Any thread that may wait, any number at once, after open(). SIGPIPE is ignored or blocked. */
    void (*mail)(const struct net_mail_order *order, struct net_mail_end *ret);
};

/* module_mail.c */
void module_mail(const struct net_mail_order *order, struct net_mail_end *ret);

extern const struct net_module reeve_net_module;

#endif
