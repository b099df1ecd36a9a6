#include "backup/in_use.h"

#include "base/date.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define WAIT_MS 5000
#define STEP_US 20000

/* What is turned into another kind is let go first: on a failure it is none. */
static bool lock_within(int lock, int kind, uint64_t ms)
{
    const uint64_t end_ms = clock_ms() + ms;

    while (flock(lock, kind | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return true; /* there are no locks here */
        if (clock_ms() >= end_ms)
            return false;
        (void)usleep(STEP_US);
    }
    return true;
}

struct err *in_use_share(struct arena *a, const char *dir, int *ret)
{
    *ret = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*ret < 0)
        return err_new(a, E_INTERNAL, NULL, "opening %s: %s", dir, strerror(errno));
    if (lock_within(*ret, LOCK_SH, WAIT_MS))
        return NULL;
    (void)close(*ret); /* nothing was written */
    *ret = -1;
    return err_new(a, E_UNAVAILABLE, NULL,
                   "another process is moving the content of %s, for a restore: try again once it "
                   "has",
                   dir);
}

void in_use_give(int lock)
{
    if (lock >= 0)
        (void)flock(lock, LOCK_SH); /* whoever moves has it for moments */
}

static bool take_within(int lock, uint64_t ms)
{
    if (lock < 0 || lock_within(lock, LOCK_EX, ms))
        return true;
    in_use_give(lock);
    return false;
}

bool in_use_alone(int lock)
{
    const bool alone = take_within(lock, 0);

    if (alone)
        in_use_give(lock);
    return alone;
}

bool in_use_take(int lock)
{
    return take_within(lock, WAIT_MS);
}
