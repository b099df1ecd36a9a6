/*
 * A backup unpacked and looked at: whether it can be restored.
 */
#include "backup/internal.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LEFT_FREE_BYTES (UINT64_C(64) << 20) /* of the disk */
#define BRING_MOST UINT64_MAX

/* --- unpacking -------------------------------------------------------------------------------- */

struct unpacking {
    struct arena *a;
    struct backups *backups;
    struct file_opened *file;
    struct str into; /* a folder that is made */
    struct zip *zip;
    struct db_checked checked;
};

static struct err *room(struct unpacking *u, uint64_t *ret)
{
    const char *path = arena_cstr(u->a, u->backups->conf.dir);
    struct statvfs disk;
    uint64_t left;

    if (statvfs(path, &disk) != 0)
        return backup_failed(u->a, "looking at", path);
    left = (uint64_t)disk.f_bavail * disk.f_frsize;
    *ret = left > LEFT_FREE_BYTES ? left - LEFT_FREE_BYTES : 0;
    return NULL;
}

static struct err *extract(struct unpacking *u)
{
    struct backup_watch watch = {u->backups, "unpacking", u->zip->bytes};
    const char *path = arena_cstr(u->a, u->into);
    struct err *err = backup_make_folder(u->a, u->into);
    int fd;

    if (err)
        return err;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return backup_failed(u->a, "opening", path);
    err = zip_extract(u->a, u->zip, fd, backup_zip_watch(&watch));
    close(fd);
    return err;
}

static size_t folders_of(struct str name)
{
    size_t n = 0;

    for (size_t i = 0; i < name.n; i++)
        n += name.p[i] == '/';
    return n;
}

/* Files where a server has folders, folders where it has a database, and what its next backup would
 * refuse to walk through. */
static struct err *check_places(struct unpacking *u)
{
    for (size_t i = 0; i < u->zip->n; i++) {
        const struct zip_entry *entry = &u->zip->entries[i];
        const struct str name = entry->sum.name;

        if (!entry->is_folder && str_eq(name, STR("storage")))
            return err_new(u->a, E_BAD_REQUEST, NULL, "storage is a file in it, and no folder");
        if (str_starts(name, STR("auxiliary.db/")))
            return err_new(u->a, E_BAD_REQUEST, NULL, "auxiliary.db is a folder in it");
        if (!entry->is_folder && folders_of(name) > BACKUP_DEPTH)
            return err_new(u->a, E_BAD_REQUEST, NULL, "there is a file in more than %d folders",
                           BACKUP_DEPTH);
    }
    return NULL;
}

static struct err *unpack(struct unpacking *u)
{
    struct zip_bounds bounds = {0};
    struct err *err = room(u, &bounds.max_bytes);

    if (!err)
        err = file_bring(u->a, u->file, BRING_MOST);
    if (!err)
        err = zip_check(u->a, u->file->fd, &bounds, &u->zip);
    if (!err && !zip_find(u->zip, STR("data.db")))
        err = err_new(u->a, E_BAD_REQUEST, NULL, "there is no data.db in it");
    if (!err)
        err = check_places(u);
    if (!err)
        err = extract(u);
    if (!err)
        err = backup_probe(u->a, u->backups, u->into, &u->checked);
    return err;
}

struct err *backup_unpack(struct arena *a, struct backups *backups, const struct settings *settings,
                          struct str key, struct str into, struct backup_checked *ret)
{
    struct file_opened file;
    struct unpacking u = {.a = a, .backups = backups, .file = &file, .into = into};
    struct err *err, *gone_err;

    err = backup_open(a, backups, settings, key, &backups->stopping, &file);
    if (err)
        return err;
    err = unpack(&u);
    file_close(&file);
    if (!err) {
        *ret =
            (struct backup_checked){u.zip->n_files, u.zip->bytes, u.checked.tables, u.checked.rows};
        return NULL;
    }
    gone_err = backup_remove_tree(a, into);
    if (gone_err)
        log_warn("backup.leftovers", LOG_STR("cause", gone_err->cause));
    return err;
}

/* --- looking ---------------------------------------------------------------------------------- */

static struct err *verify(struct arena *a, struct backups *backups, const struct settings *settings,
                          struct str key, struct backup_checked *ret)
{
    struct backup_work work;
    struct err *err = backup_work_begin(a, backups, "verify", &work);

    if (err)
        return err;
    err = backup_unpack(a, backups, settings, key,
                        arena_concat(a, work.path, STR("/new"), STR_NONE), ret);
    backup_work_end(a, &work);
    return err;
}

struct err *backup_verify(struct arena *a, struct backups *backups, const struct settings *settings,
                          struct str key, struct backup_checked *ret)
{
    struct err *err;

    if (!backups_take(backups, key))
        return err_new(a, E_BAD_REQUEST, BACKUP_BUSY, "another backup or restore is under way");
    err = verify(a, backups, settings, key, ret);
    backups_give(backups);
    return err;
}
