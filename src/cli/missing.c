/*
 * The one table of features that are not there yet; it shrinks.
 */
#include "cli/missing.h"

#include <dirent.h>

struct asked {
    const struct app *app;
    struct arena *arena;
};

static bool asks_https(const struct asked *by)
{
    return by->app->options->https.n > 0;
}

/* Whether a file of that ending lies in the folder for which `asks`, when given, says so. */
static bool folder_has(const struct asked *by, struct str folder, struct str ending,
                       bool (*asks)(const struct asked *by, struct str file))
{
    DIR *dir = opendir(arena_cstr(by->arena, folder));
    bool found = false;

    if (!dir)
        return false;
    for (struct dirent *entry = readdir(dir); entry && !found; entry = readdir(dir)) {
        struct str file = str_of(entry->d_name);

        found = str_ends(file, ending) && (!asks || asks(by, file));
    }
    closedir(dir);
    return found;
}

static bool asks_hooks(const struct asked *by)
{
    return folder_has(by, by->app->options->hooks_dir, STR(".pb.js"), NULL);
}

/* One that PocketBase has applied already asks for nothing more. */
static bool is_pending(const struct asked *by, struct str file)
{
    struct db_value name = DB_V_TEXT(file);
    struct db_conn *conn;
    struct db_row *row;

    return db_reader(by->arena, by->app->data, &conn) ||
           db_query_row(by->arena, conn, STR("SELECT 1 FROM _migrations WHERE file = ?1"), &name, 1,
                        &row) ||
           !row;
}

static bool asks_migrations(const struct asked *by)
{
    return folder_has(by, by->app->options->migrations_dir, STR(".js"), is_pending);
}

static const struct {
    const char *name;
    const char *what;
    bool (*asks)(const struct asked *by);
} missing_table[] = {
    {"hooks", "the hooks folder holds .pb.js files", asks_hooks},
    {"migrations", "the migrations folder holds .js files that were not applied", asks_migrations},
    {"https", "--https asks for TLS", asks_https},
};

static bool allowed(const struct options *options, const char *name)
{
    for (struct str rest = options->allow_missing; rest.p;)
        if (str_eq(str_trim_space(str_split(&rest, ',')), str_of(name)))
            return true;
    return false;
}

struct err *missing_check(struct arena *a, struct app *app)
{
    struct asked by = {.app = app, .arena = a};

    for (size_t i = 0; i < COUNT_OF(missing_table); i++) {
        if (!missing_table[i].asks(&by) || allowed(app->options, missing_table[i].name))
            continue;
        return err_new(a, E_INTERNAL, NULL,
                       "%s, which this version does not support; to start without it, add "
                       "--allow-missing=%s",
                       missing_table[i].what, missing_table[i].name);
    }
    return NULL;
}
