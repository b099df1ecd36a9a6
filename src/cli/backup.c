/*
 * reeve backup create|list|verify|restore: backups without a server, or beside one.
 *
 * A restore only gets ready: the data directory is exchanged by the next start of the server, which
 * goes back by itself where that start does not come to its end.
 */
#include "backup/backup.h"

#include "base/date.h"
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/privileges.h"

#include <inttypes.h>
#include <stdio.h>

struct backup_command {
    struct app app;
    struct backups *backups;
    struct settings *settings;
};

static struct err *open_all(struct arena *a, const struct options *options,
                            struct backup_command *c)
{
    const struct app_hooks hooks = {.who = SWAP_BACKUPS};
    struct backups_conf conf = {.dir = options->dir};
    struct err *err = app_open(a, options, &hooks, &c->app);

    if (err)
        return err;
    c->settings = settings_current(c->app.settings);
    c->app.files = file_store_new(options->dir, false);
    conf.data = c->app.data;
    conf.logs = c->app.auxiliary;
    conf.files = c->app.files;
    conf.node = c->app.node;
    conf.key = c->app.encryption_key;
    c->backups = backups_new(&conf);
    return NULL;
}

static void close_all(struct backup_command *c)
{
    backups_free(c->backups);
    settings_unref(c->settings);
    app_close(&c->app);
    file_store_free(c->app.files);
}

/* --- the commands ----------------------------------------------------------------------------- */

static struct err *create(struct arena *a, struct backup_command *c, struct str name)
{
    struct err *err;

    if (name.n == 0)
        name = backup_name(a, BACKUP_PREFIX, c->settings);
    err = backup_create(a, c->backups, c->settings, name, false);
    if (!err)
        printf("Successfully created backup \"%.*s\"!\n", STR_ARG(name));
    return err;
}

static struct err *list(struct arena *a, struct backup_command *c, struct str name)
{
    struct backup_history history;
    struct backup_list found;
    struct db_conn *conn;
    struct err *err = db_reader(a, c->app.data, &conn);

    (void)name;
    if (!err)
        err = backups_history(a, c->backups, conn, &history);
    if (!err)
        err = backups_list(a, c->backups, c->settings, &history, &found);
    for (size_t i = 0; !err && i < found.n; i++) {
        const struct backup_item *item = &found.items[i];
        char modified[DATE_TEXT_LEN + 1];

        date_format(modified, item->modified_s * 1000);
        printf("%.*s\t%" PRIu64 "\t%s\t%s\n", STR_ARG(item->key), item->size, modified,
               item->told ? "verified" : "");
    }
    return err;
}

static struct err *verify(struct arena *a, struct backup_command *c, struct str name)
{
    struct backup_checked checked;
    struct err *err = backup_verify(a, c->backups, c->settings, name, &checked);

    if (!err)
        printf("\"%.*s\" is good: %" PRIu64 " files, %" PRIu64 " bytes, %" PRIu64
               " rows in %" PRIu64 " tables\n",
               STR_ARG(name), checked.files, checked.bytes, checked.rows, checked.tables);
    return err;
}

static struct err *restore(struct arena *a, struct backup_command *c, struct str name)
{
    struct err *err = backup_prepare(a, c->backups, c->settings, name);

    if (!err)
        printf("\"%.*s\" is ready: the next start of the server serves it, and removes what is "
               "there now once it answers\n",
               STR_ARG(name));
    return err;
}

static const struct {
    const char *name;
    size_t least, most; /* words */
    struct err *(*run)(struct arena *a, struct backup_command *c, struct str name);
} table[] = {
    {"create", 2, 3, create},
    {"list", 2, 2, list},
    {"verify", 3, 3, verify},
    {"restore", 3, 3, restore},
};

int command_backup(struct arena *a, const struct options *options)
{
    struct backup_command c = {0};
    struct err *err;

    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (options->n_words < 2 || !str_eq(options->words[1], str_of(table[i].name)))
            continue;
        if (options->n_words < table[i].least || options->n_words > table[i].most)
            break;
        privileges_drop(options);
        err = open_all(a, options, &c);
        if (!err)
            err = table[i].run(a, &c, options->n_words > 2 ? options->words[2] : STR(""));
        close_all(&c);
        return err ? command_fail_err(err) : 0;
    }
    return command_fail("usage: %.*s backup create [NAME], list, verify NAME, or restore NAME",
                        STR_ARG(options->exe));
}
