#include "cli/privileges.h"

#include "base/log.h"

#include <sys/prctl.h>
#include <unistd.h>

/* A kernel that refuses leaves us as safe as we were: nothing here is worth not to serve. */
void privileges_drop(const struct options *options)
{
    /* Whatever is run from here on gains nothing by set-user-ID or file capabilities. */
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    /* Our memory holds keys and passwords: no core file of it, and no process of the same user may
     * read or trace it. LeakSanitizer lifts this for its own look at the end. */
    if (!options->dev)
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void privileges_warn(void)
{
    if (geteuid() == 0)
        log_warn("process.is_root",
                 LOG_CSTR("advice", "serve as a user that owns nothing but the data directory"));
}
