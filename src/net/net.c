#include "net/internal.h"

#include "base/limits.h"
#include "base/thread.h"

#define KEPT_FOR_CALLS 64

struct net *net_new_with(const struct net_conf *conf)
{
    struct arena *a = arena_new();
    struct net *net = ARENA_NEW(a, struct net);

    net->arena = a;
    net->conf = *conf;
    atomic_init(&net->refs, 1);
    (void)pthread_mutex_init(&net->lock, NULL); /* of this kind it cannot fail */
    return net;
}

struct net *net_new(void)
{
    const struct net_conf conf = {
        .bounds = {LIMIT_NET_RUNNING, LIMIT_NET_PER_HOST, LIMIT_NET_WAITING, KEPT_FOR_CALLS}};

    return net_new_with(&conf);
}

void net_unref(struct net *net)
{
    if (atomic_fetch_sub(&net->refs, 1) > 1)
        return;
    (void)pthread_mutex_destroy(&net->lock);
    arena_free(net->arena);
}

void net_free(struct net *net)
{
    if (!net)
        return;
    if (net->module) {
        net->module->stop(net->client, NET_MODULE_ENDS_ALL);
        thread_join(net->thread);
        net->module->close(net->client);
    }
    net_unref(net);
}

static void tell_stop(struct net *net)
{
    static const enum net_module_ends ends[] = {[NET_STOP_NONE] = NET_MODULE_ENDS_NONE,
                                                [NET_STOP_READS] = NET_MODULE_ENDS_DROPPABLE,
                                                [NET_STOP_ALL] = NET_MODULE_ENDS_ALL};

    net->module->stop(net->client, ends[net->stop]);
}

void net_stop(struct net *net, enum net_stop what)
{
    (void)pthread_mutex_lock(&net->lock);
    if (what > net->stop)
        net->stop = what;
    if (net->module)
        tell_stop(net);
    (void)pthread_mutex_unlock(&net->lock);
}

/* Under the lock. */
static struct err *start(struct arena *a, struct net *net)
{
    const struct net_module *module;
    struct net_client *client;
    const char *fault;
    struct err *err = net_module_load(a, net->conf.folder, &module);

    if (err)
        return err;
    client = arena_zalloc(net->arena, module->client_size);
    fault = module->open(client, &net->conf.bounds);
    if (fault)
        return err_new(a, E_UNAVAILABLE, NULL, "net: %s", fault);
    if (!thread_start("net", module->run, client, &net->thread)) {
        module->close(client);
        return err_new(a, E_UNAVAILABLE, NULL, "net: the system has no thread left");
    }
    net->client = client;
    net->module = module;
    tell_stop(net);
    return NULL;
}

struct err *net_load(struct arena *a, struct net *net)
{
    struct err *err = NULL;

    (void)pthread_mutex_lock(&net->lock);
    if (!net->module)
        err = start(a, net);
    (void)pthread_mutex_unlock(&net->lock);
    return err;
}
