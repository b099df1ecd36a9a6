#include "cli/installer.h"

#include "auth/auth.h"
#include "base/date.h"
#include "base/log.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>

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

/* By the desktop's own opener, whose ways are its own; whoever has none reads the link. */
static void open_in_browser(struct arena *a, struct str url)
{
    char program[] = "xdg-open";
    char *const arguments[] = {program, (char *)(uintptr_t)arena_cstr(a, url), NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return;
    for (int fd = 0; fd < 3; fd++)
        (void)posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    if (posix_spawnp(&pid, program, &actions, NULL, arguments, environ) != 0)
        log_warn("installer.not_opened", LOG_CSTR("program", program));
    (void)posix_spawn_file_actions_destroy(&actions);
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
