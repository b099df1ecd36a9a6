#include "files/image.h"

#include "base/buf.h"
#include "base/log.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WHY_BYTES (PATH_MAX + 500)

static const char *given_path;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic(const struct image_module *) module; /* set once, by whoever comes first */
static char why_none[WHY_BYTES];                    /* constant once that has been tried */

void image_module_path(const char *path)
{
    given_path = path;
}

static const char installed_path[] = REEVE_MODULE_DIR "/" IMAGE_MODULE_FILE;

/* Beside the executable, if it is there: then `path` has it. */
static const char *find(char path[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - sizeof("/" IMAGE_MODULE_FILE));
    char *slash;

    if (n <= 0)
        return installed_path;
    path[n] = '\0';
    slash = strrchr(path, '/');
    if (!slash)
        return installed_path;
    memcpy(slash + 1, IMAGE_MODULE_FILE, sizeof(IMAGE_MODULE_FILE));
    return access(path, R_OK) == 0 ? path : installed_path;
}

/* NULL: why_none says why. */
static const struct image_module *try_open(const char *path)
{
    const struct image_module *found;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (!library) {
        (void)snprintf(why_none, sizeof(why_none), "%s", dlerror());
        return NULL;
    }
    found = dlsym(library, IMAGE_MODULE_SYMBOL);
    if (!found)
        (void)snprintf(why_none, sizeof(why_none), "%s: it is no module for pictures", path);
    else if (found->version != IMAGE_MODULE_VERSION)
        (void)snprintf(why_none, sizeof(why_none), "%s has version %u, not %d", path,
                       found->version, IMAGE_MODULE_VERSION);
    else if (found->start(why_none, sizeof(why_none)))
        return found;
    return NULL; /* never closed: what it brought along may have threads */
}

static void open_module(void)
{
    const struct image_module *found;
    char path[PATH_MAX];

    found = try_open(given_path ? given_path : find(path));
    if (!found)
        log_error("image.no_module", LOG_CSTR("why", why_none));
    atomic_store(&module, found);
}

struct err *image_make(struct arena *a, const struct image_task *task)
{
    const struct image_module *found;
    char why[WHY_BYTES];

    (void)pthread_once(&once, open_module); /* fails for a broken `once` alone */
    found = atomic_load(&module);
    if (!found)
        return err_new(a, E_INTERNAL, NULL, "no module for pictures: %s", why_none);
    if (!found->make(task, why, sizeof(why)))
        return err_new(a, E_BAD_REQUEST, NULL, "%s: %s", task->in_path, why);
    return NULL;
}

void image_thread_end(void)
{
    const struct image_module *found = atomic_load(&module);

    if (found)
        found->thread_end();
}
