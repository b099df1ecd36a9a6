/*
 * Whether what a backup holds can be served: looked at where it was unpacked, before anything else
 * is touched.
 */
#include "backup/internal.h"

#include "schema/schema.h"

#include <unistd.h>

#define DATA STR("/data.db")

/* By what a start does first: a directory of another version is refused by it, too. */
static struct err *look(struct arena *a, struct db *db, struct str key)
{
    struct settings *settings;
    struct schema *schema;
    struct db_conn *conn;
    bool needed;
    struct err *err = db_reader(a, db, &conn);

    if (!err)
        err = schema_needs_bootstrap(a, conn, &needed);
    if (err)
        return err;
    if (needed) /* an older one, which its first start will mend */
        return NULL;
    err = db_read_begin(a, conn);
    if (err)
        return err;
    err = schema_load(a, conn, &schema);
    if (!err)
        schema_unref(schema);
    if (!err)
        err = settings_load(a, conn, key, &settings);
    if (!err)
        settings_unref(settings);
    (void)db_read_end(conn);
    return err;
}

static struct err *look_at(struct arena *a, struct str path, struct str key)
{
    static const char *const tails[] = {"-wal", "-shm"};
    const struct db_conf conf = {.path = path};
    struct db *db = NULL;
    struct err *err = db_open(a, &conf, &db);

    if (!err)
        err = look(a, db, key);
    db_close(db);
    for (size_t i = 0; i < COUNT_OF(tails); i++) /* an archive has none */
        (void)unlink(arena_cstr(a, arena_concat(a, path, str_of(tails[i]), STR_NONE)));
    return err;
}

struct err *backup_probe(struct arena *a, struct backups *backups, struct str dir,
                         struct db_checked *ret)
{
    const struct str path = arena_concat(a, dir, DATA, STR_NONE);
    struct err *err;

    if (access(arena_cstr(a, path), F_OK) != 0)
        return err_new(a, E_BAD_REQUEST, NULL, "there is no data.db in it");
    err = db_check_copy(a, NULL, path, &backups->stopping, ret);
    if (!err)
        err = look_at(a, path, backups->conf.key);
    if (err && err->kind != E_GONE)
        err->kind = E_BAD_REQUEST;
    return err;
}
