/*
 * What has gone wrong, as errors.
 */
#include "archive/internal.h"

#include <errno.h>
#include <string.h>

struct err *zip_failed(struct arena *a, const char *what)
{
    bool full = errno == ENOSPC || errno == EDQUOT;

    return err_new(a, full ? E_UNAVAILABLE : E_INTERNAL, NULL, "%s: %s", what, strerror(errno));
}

struct err *zip_failed_at(struct arena *a, struct str name)
{
    int failed = errno;
    const char *quoted = arena_cstr(a, zip_name_quoted(a, name));

    errno = failed;
    return zip_failed(a, quoted);
}

struct err *zip_stopped(struct arena *a)
{
    return err_new(a, E_GONE, NULL, "it was stopped");
}

bool zip_goes_on(const struct zip_watch *watch, uint64_t bytes)
{
    return !watch->go_on || watch->go_on(watch->user, bytes);
}

struct err *zip_refused(struct arena *a, struct str name, const char *what)
{
    return err_new(a, E_BAD_REQUEST, NULL, "%.*s %s", STR_ARG(zip_name_quoted(a, name)), what);
}
