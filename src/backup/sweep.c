/*
 * Removes a tree, however deep, with two open folders and no stack: a folder in a folder that is
 * not empty is moved up to the top, and is emptied when its turn comes. What is stopped on the way
 * leaves a tree that is smaller and no deeper.
 *
 * Only what can be moved is gone into: a mount point cannot.
 */
#include "backup/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TRIES 100 /* at a folder into which somebody goes on writing */

struct sweep {
    int top;
    const char *keep;
    const atomic_bool *stop;
    uint64_t n_moved; /* up: their names */
    char *what;       /* SWAP_WHAT_MAX bytes */
};

static bool fail(struct sweep *sweep, const char *name)
{
    int e = errno;

    (void)snprintf(sweep->what, SWAP_WHAT_MAX, "%s", name);
    errno = e;
    return false;
}

static bool stopped(const struct sweep *sweep)
{
    return sweep->stop && atomic_load_explicit(sweep->stop, memory_order_relaxed);
}

static bool is_occupied(int e)
{
    return e == ENOTEMPTY || e == EEXIST;
}

static bool unlink_in(int in, const char *name, int flag)
{
    swap_next_step();
    return unlinkat(in, name, flag) == 0 || errno == ENOENT;
}

/* A file, a link, or a folder that is empty. */
static bool drop(int in, const char *name)
{
    if (unlink_in(in, name, 0))
        return true;
    return (errno == EISDIR || errno == EPERM) && /* EPERM: POSIX's word for a folder */
           unlink_in(in, name, AT_REMOVEDIR);
}

/* Names that a sweep left which was stopped are passed over; an empty folder is replaced. */
static bool move_up(struct sweep *sweep, int in, const char *name)
{
    char to[32];

    for (;;) {
        (void)snprintf(to, sizeof(to), "%llu", (unsigned long long)sweep->n_moved++);
        swap_next_step();
        if (renameat(in, name, sweep->top, to) == 0)
            return true;
        if (!is_occupied(errno) && errno != ENOTDIR)
            return false;
    }
}

static bool drop_or_move_up(struct sweep *sweep, int in, const char *name)
{
    return drop(in, name) || (is_occupied(errno) && move_up(sweep, in, name)) || fail(sweep, name);
}

static bool drop_folder(struct sweep *sweep, const char *name);

static bool drop_from_top(struct sweep *sweep, int top, const char *name)
{
    if (sweep->keep && strcmp(name, sweep->keep) == 0)
        return true;
    return drop(top, name) || (is_occupied(errno) && drop_folder(sweep, name)) || fail(sweep, name);
}

/* One look through a folder. *ret_found: how many entries it had. */
static bool pass(struct sweep *sweep, int folder,
                 bool (*entry)(struct sweep *sweep, int folder, const char *name),
                 uint64_t *ret_found)
{
    DIR *list = swap_list(folder);
    const char *name;
    bool ok = list != NULL;
    int e = errno;

    *ret_found = 0;
    while (ok && !stopped(sweep)) {
        name = swap_next(list);
        if (!name)
            break;
        *ret_found += !sweep->keep || folder != sweep->top || strcmp(name, sweep->keep) != 0;
        ok = entry(sweep, folder, name);
        e = errno;
    }
    if (list)
        (void)closedir(list); /* nothing was written */
    errno = e;
    return ok;
}

/* An entry of the top that is a folder and not empty. */
static bool drop_folder(struct sweep *sweep, const char *name)
{
    int folder = swap_open(sweep->top, name);
    bool ok = folder >= 0, gone = false;
    uint64_t found;
    int e = errno;

    for (int i = 0; i < TRIES && ok && !gone && !stopped(sweep); i++) {
        ok = pass(sweep, folder, drop_or_move_up, &found);
        gone = ok && !stopped(sweep) && unlink_in(sweep->top, name, AT_REMOVEDIR);
        e = errno;
        ok = ok && (gone || stopped(sweep) || is_occupied(e));
    }
    if (folder >= 0)
        (void)close(folder); /* nothing was written */
    errno = e;
    return gone || (ok && stopped(sweep));
}

bool swap_sweep(int folder, const char *keep, const atomic_bool *stop, char ret_what[SWAP_WHAT_MAX])
{
    struct sweep sweep = {.top = folder, .keep = keep, .stop = stop, .what = ret_what};
    uint64_t found = 1;

    ret_what[0] = '\0';
    while (found > 0 && !stopped(&sweep)) /* folders come up behind the reader's back */
        if (!pass(&sweep, folder, drop_from_top, &found))
            return false;
    errno = 0;
    return !stopped(&sweep);
}
