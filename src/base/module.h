/*
 * base/module: parts of the program that are files of their own, since the libraries that they call
 * are loaded by nobody who does not need them.
 *
 * A module is one struct of functions, found by its symbol, whose first member is an `unsigned`:
 * the version of all the rest. It needs no function of the program. It is looked for beside the
 * executable, then where `meson install` puts it, and stays open as long as the process runs, since
 * what it has brought along may have threads.
 */
#ifndef REEVE_BASE_MODULE_H
#define REEVE_BASE_MODULE_H

#include "base/compiler.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define MODULE_WHY_BYTES (PATH_MAX + 500)

struct module_kind {
    const char *file;   /* "reeve-image.so" */
    const char *symbol; /* of its struct */
    unsigned version;   /* that the program was built with */
    const char *what;   /* "pictures": what it is for */
    /* Once, before its other functions; NULL: there is nothing to start. */
    bool (*start)(const void *module, char *why, size_t n);
};

/* Opens it and starts it; path: that file and no other, or NULL. NULL: `why` says why, at most n
 * bytes with the NUL. Any thread. */
MUST_CHECK const void *module_open(const struct module_kind *kind, const char *path, char *why,
                                   size_t n);

/* One that is opened when it is first asked for, and never again: what failed stays so. Static;
 * MODULE_INIT(&kind, "image.no_module"). */
struct module {
    /* constant */
    const struct module_kind *kind;
    const char *event; /* of the line in the log that says why there is none */
    /* before the first module_get() */
    const char *path; /* as in module_open(); stays */
    /* any thread */
    pthread_mutex_t lock;
    atomic_bool tried;
    _Atomic(const void *) found;
    char why[MODULE_WHY_BYTES]; /* constant once that has been tried */
};
#define MODULE_INIT(of_kind, no_module)                                            \
    {                                                                              \
        .kind = (of_kind), .event = (no_module), .lock = PTHREAD_MUTEX_INITIALIZER \
    }

/* NULL: m->why says why, and it has been logged the first time. Any thread. */
MUST_CHECK const void *module_get(struct module *m);
/* The same, but nothing is opened: NULL also if nobody has asked for it yet. */
const void *module_find(struct module *m);

#endif
