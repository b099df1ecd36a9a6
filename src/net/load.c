#include "net/internal.h"

#include <dlfcn.h>
#include <unistd.h>

/* The folder of the executable; empty where the system does not say. */
static struct str program_folder(struct arena *a)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
    struct str whole = {path, n > 0 ? (size_t)n : 0};
    size_t slash = str_find_last_byte(whole, '/');

    return slash < whole.n ? arena_dup(a, str_sub(whole, 0, slash)) : STR_NONE;
}

static void *open_module(struct arena *a, struct str folder, const char **ret_path)
{
    *ret_path = arena_cstr(a, arena_concat(a, folder, STR("/"), STR(NET_MODULE_FILE)));
    return dlopen(*ret_path, RTLD_NOW | RTLD_LOCAL);
}

/* Where there is no such file the next folder is asked; a file that cannot be loaded is told of. */
static void *find_module(struct arena *a, const char *folder, const char **ret_path)
{
    struct str beside = folder ? str_of(folder) : program_folder(a);
    void *found = beside.n > 0 ? open_module(a, beside, ret_path) : NULL;

    if (found || folder || (beside.n > 0 && access(*ret_path, F_OK) == 0))
        return found;
    return open_module(a, STR(REEVE_MODULE_DIR), ret_path);
}

struct err *net_module_load(struct arena *a, const char *folder, const struct net_module **ret)
{
    const char *path;
    void *opened = find_module(a, folder, &path);
    const struct net_module *module;

    if (!opened)
        return err_new(a, E_UNAVAILABLE, NULL, "net: %s", dlerror());
    module = dlsym(opened, NET_MODULE_NAME);
    if (!module || module->version != NET_MODULE_VERSION)
        return err_new(a, E_UNAVAILABLE, NULL, "net: %s is not of this version", path);
    *ret = module;
    return NULL;
}
