#include "base/module.h"

#include "base/log.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The file beside the executable if there is one, whether or not it can be loaded: then that is
 * told of, and no older one taken in its stead. */
static void find_file(const char *file, char path[PATH_MAX])
{
    size_t n_file = strlen(file);
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - n_file - 2);
    char *slash;

    path[n > 0 ? n : 0] = '\0';
    slash = strrchr(path, '/');
    if (slash) {
        memcpy(slash + 1, file, n_file + 1);
        if (access(path, F_OK) == 0)
            return;
    }
    (void)snprintf(path, PATH_MAX, "%s/%s", REEVE_MODULE_DIR, file);
}

const void *module_open(const struct module_kind *kind, const char *path, char *why, size_t n)
{
    char looked_for[PATH_MAX];
    void *library;
    const void *found;
    unsigned version;

    if (!path) {
        find_file(kind->file, looked_for);
        path = looked_for;
    }
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        (void)snprintf(why, n, "%s", dlerror());
        return NULL;
    }
    found = dlsym(library, kind->symbol);
    if (!found) {
        (void)snprintf(why, n, "%s: it is no module for %s", path, kind->what);
        return NULL;
    }
    memcpy(&version, found, sizeof(version));
    if (version != kind->version) {
        (void)snprintf(why, n, "%s has version %u, not %u", path, version, kind->version);
        return NULL;
    }
    return !kind->start || kind->start(found, why, n) ? found : NULL;
}

static void open_once(struct module *m)
{
    const void *found;

    if (atomic_load(&m->tried))
        return;
    found = module_open(m->kind, m->path, m->why, sizeof(m->why));
    if (!found)
        log_error(m->event, LOG_CSTR("why", m->why));
    atomic_store(&m->found, found);
    atomic_store(&m->tried, true);
}

const void *module_get(struct module *m)
{
    if (!atomic_load(&m->tried)) {
        (void)pthread_mutex_lock(&m->lock); /* of this kind it cannot fail */
        open_once(m);
        (void)pthread_mutex_unlock(&m->lock);
    }
    return atomic_load(&m->found);
}

const void *module_find(struct module *m)
{
    return atomic_load(&m->found);
}
