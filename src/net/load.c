#include "net/internal.h"

#include "base/module.h"

struct err *net_module_load(struct arena *a, const char *folder, const struct net_module **ret)
{
    static const struct module_kind kind = {.file = NET_MODULE_FILE,
                                            .symbol = NET_MODULE_NAME,
                                            .version = NET_MODULE_VERSION,
                                            .what = "requests to other servers"};
    char why[MODULE_WHY_BYTES];
    const char *path = NULL;
    const void *found;

    if (folder)
        path = arena_cstr(a, arena_concat(a, str_of(folder), STR("/"), STR(NET_MODULE_FILE)));
    found = module_open(&kind, path, why, sizeof(why));
    if (!found)
        return err_new(a, E_UNAVAILABLE, NULL, "net: %s", why);
    *ret = found;
    return NULL;
}
