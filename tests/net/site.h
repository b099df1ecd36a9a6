/*
 * net/site.h: a server and a client for tests of net/.
 */
#ifndef REEVE_TESTS_NET_SITE_H
#define REEVE_TESTS_NET_SITE_H

#include "net/server.h"

#include "net/internal.h"

struct net_site {
    struct arena *a;
    struct server *server;
    struct net *net;
};

/* Where the build has put the module: tests are in a folder of their own beside it. */
static inline const char *module_folder(struct arena *a)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
    struct str folder = {path, (size_t)n};

    assert_true(n > 0);
    folder = str_sub(folder, 0, str_find_last_byte(folder, '/'));
    return arena_cstr(a, str_sub(folder, 0, str_find_last_byte(folder, '/')));
}

static inline struct net_site net_site_new(struct net_bounds bounds)
{
    struct net_site site = {.a = arena_new(), .server = server_start()};
    struct net_conf conf = {bounds, module_folder(site.a)};

    site.net = net_new_with(&conf);
    return site;
}

static inline struct net_site net_site(void)
{
    return net_site_new((struct net_bounds){.running = 64, .per_host = 64, .waiting = 256});
}

static inline void net_site_done(struct net_site *site)
{
    net_free(site->net);
    server_stop(site->server);
    arena_free(site->a);
}

static inline struct str site_url(const struct net_site *site, const char *path)
{
    return arena_printf(site->a, "http://127.0.0.1:%u%s", site->server->port, path);
}

static inline struct net_request site_get(const struct net_site *site, const char *path)
{
    return (struct net_request){.method = STR("GET"), .url = site_url(site, path)};
}

#endif
