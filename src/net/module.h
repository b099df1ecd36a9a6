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
#define NET_MODULE_VERSION 2

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
};

extern const struct net_module reeve_net_module;

#endif
