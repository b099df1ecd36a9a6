/*
 * net/internal: shared inside net/, and by its tests.
 */
#ifndef REEVE_NET_INTERNAL_H
#define REEVE_NET_INTERNAL_H

#include "net/module.h"
#include "net/net.h"

#include <pthread.h>

struct net_conf {
    struct net_bounds bounds;
    const char *folder; /* of the module; NULL: where it is installed */
};

struct net {
    /* set by net_new(), constant after */
    struct arena *arena;
    struct net_conf conf;
    /* any thread: net_free()'s own and one of each fetch that is there */
    atomic_uint refs;
    /* under lock until it is set, constant after */
    pthread_mutex_t lock;
    enum net_stop stop;
    const struct net_module *module; /* NULL: nothing is loaded yet */
    struct net_client *client;
    pthread_t thread;
};

struct net *net_new_with(const struct net_conf *conf);
void net_unref(struct net *net);
/* net_fetch(); is_call: somebody waits for it, so that it may have what is kept for calls. */
MUST_CHECK struct err *net_begin(struct arena *a, struct net *net,
                                 const struct net_request *request, bool is_call,
                                 const struct net_events *events, void *user,
                                 struct net_fetch **ret);

/* --- load.c ---------------------------------------------------------------------------------- */

/* folder: NULL for beside the executable, then where modules are installed. The module stays open
 * as long as the process runs. */
MUST_CHECK struct err *net_module_load(struct arena *a, const char *folder,
                                       const struct net_module **ret);

/* --- head.c: the head of an answer, gathered from the lines of all that come ----------------- */

struct net_lines {
    struct arena *arena;
    bool follows; /* redirects */
    size_t n_bytes;
    unsigned status;
    bool has_location;
    bool whole; /* the head of the answer is */
    VEC(struct net_header) headers;
};

/* False: it is too long. */
bool net_lines_add(struct net_lines *lines, struct str line);
struct net_head net_lines_head(const struct net_lines *lines);

#endif
