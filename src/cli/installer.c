#include "cli/installer.h"

#include "auth/auth.h"
#include "base/date.h"
#include "base/log.h"

#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

extern char **environ;

/* Whether there is anybody but the account that the link stands for. */
static struct err *has_superuser(struct arena *a, const struct app *app, bool *ret)
{
    struct db_conn *conn;
    struct err *err = db_reader(a, app->data, &conn);

    *ret = false;
    return err ? err : auth_has_superuser(a, conn, ret);
}

/* *ret NULL: there is a superuser by now. */
static struct err *make_token(struct arena *a, const struct app *app, struct str **ret)
{
    AUTO(schema_unref) struct schema *schema = schema_current(app->schemas);
    struct auth_installer installer = {
        .scope = {.schema = schema, .now_ms = date_now_ms(), .events = app->options->events}};
    const struct db_lease lease = {.timeout_s = (unsigned)app->options->query_timeout_s,
                                   .wait_s = (unsigned)app->options->query_timeout_s};
    void *out = NULL;
    struct err *err = auth_installer_prepare(a, &installer);

    if (!err)
        err = db_run_leased(a, app->data, &lease, auth_installer_unit, &installer, &out);
    *ret = out;
    return err;
}

/* By the desktop's own opener, which a shell leaves to itself: it may live for long. Whoever has
 * none reads the link. */
static void open_in_browser(struct arena *a, struct str url)
{
    char shell[] = "/bin/sh", option[] = "-c", script[] = "xdg-open \"$0\" >/dev/null 2>&1 &";
    char *const arguments[] = {shell, option, script, (char *)(uintptr_t)arena_cstr(a, url), NULL};
    pid_t pid;

    if (posix_spawn(&pid, shell, NULL, NULL, arguments, environ) != 0 || waitpid(pid, NULL, 0) < 0)
        log_warn("installer.not_opened");
}

void installer_offer(struct arena *a, struct app *app, struct str base)
{
    const struct options *options = app->options;
    struct str *token = NULL;
    struct str url;
    bool there = false;
    struct err *err = has_superuser(a, app, &there);

    if (!err && !there)
        err = make_token(a, app, &token);
    if (err)
        log_warn("installer.failed", LOG_STR("cause", err->cause));
    if (!token)
        return;
    url = arena_printf(a, "%.*s/_/#/pbinstall/%.*s", STR_ARG(base), STR_ARG(*token));
    printf("\n(!) Launch the URL below in a browser to create the first superuser:\n"
           "%.*s\n"
           "(or run: %.*s superuser upsert EMAIL PASS --dir %.*s)\n\n",
           STR_ARG(url), STR_ARG(options->exe), STR_ARG(options->dir));
    fflush(stdout);
    if (options->open)
        open_in_browser(a, url);
}
