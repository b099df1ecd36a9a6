/*
 * Making the archive: copies of the databases first, as PocketBase has them, then the other files;
 * then all of it is read again.
 *
 * What records have named until the copy of the data was made is still there when its turn comes:
 * nothing is removed from storage/ meanwhile, by whatever process.
 */
#include "backup/internal.h"

#include "base/log.h"
#include "base/md5.h"
#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define DATABASES 2
#define PIECE_BYTES ((size_t)256 * 1024)
#define DROPPED_BYTES ((uint64_t)8 * 1024 * 1024)
#define DROPPED_US 20000
#define MOST_PARTS 3

struct packing {
    struct arena *a;
    struct backups *backups;
    struct str copies[DATABASES]; /* paths */
    const char *path;
    int fd; /* of the archive */
    struct zip_writer *writer;
    VEC(struct zip_sum) sums;
    struct backup_files files;
    struct backup_watch watch;
    struct backup_packed *packed;
};

static const struct str names[DATABASES] = {STR_INIT("data.db"), STR_INIT("auxiliary.db")};

/* --- copies ----------------------------------------------------------------------------------- */

struct copy_watch {
    struct backups *backups;
    double begin, share; /* of all that is copied */
};

static bool copy_goes_on(void *user, double part)
{
    const struct copy_watch *watch = user;

    return backups_say(watch->backups, "copying", watch->begin + watch->share * part);
}

static struct err *copy(struct packing *p, struct db *db, size_t which)
{
    struct copy_watch watch = {p->backups, which ? 0.9 : 0, which ? 0.1 : 0.9};
    const struct db_copy_watch to = {copy_goes_on, &watch};

    return db_copy(p->a, db, p->copies[which], &to);
}

/* What a copy of the database and the archive may take, generously: better to say so before than to
 * fill the disk up. */
static struct err *check_room(struct packing *p)
{
    const struct str dir = p->backups->conf.dir;
    struct statvfs disk;
    uint64_t needed = 0;

    for (size_t i = 0; i < DATABASES; i++) {
        struct stat st;

        if (stat(arena_cstr(p->a, arena_concat(p->a, dir, STR("/"), names[i])), &st) == 0)
            needed += (uint64_t)st.st_size;
    }
    if (statvfs(arena_cstr(p->a, dir), &disk) != 0)
        return backup_failed(p->a, "looking at", arena_cstr(p->a, dir));
    if ((uint64_t)disk.f_bavail * disk.f_frsize > needed)
        return NULL;
    return err_new(p->a, E_UNAVAILABLE, NULL,
                   "the disk has %llu bytes left, and the copy of the databases alone needs %llu",
                   (unsigned long long)((uint64_t)disk.f_bavail * disk.f_frsize),
                   (unsigned long long)needed);
}

/* --- the archive ------------------------------------------------------------------------------ */

static struct err *add_fd(struct packing *p, struct arena *a, struct str name, int fd)
{
    struct zip_sum sum = {0};
    struct err *err = zip_writer_add_fd(a, p->writer, name, fd, &sum);

    sum.name = name;
    if (!err)
        *VEC_PUSH(p->a, &p->sums) = sum;
    close(fd);
    return err_copy(p->a, err);
}

static struct err *add_copy(struct packing *p, size_t which)
{
    const char *path = arena_cstr(p->a, p->copies[which]);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    return fd < 0 ? backup_failed(p->a, "opening", path) : add_fd(p, p->a, names[which], fd);
}

/* One that is gone by now was none of a record's; one with a name that cannot be in an archive is
 * named in the log. */
static struct err *add_file(struct packing *p, struct arena *a, const struct backup_file *file)
{
    const char *path = arena_cstr(a, arena_concat(a, p->backups->conf.dir, STR("/"), file->name));
    const char *fault = zip_name_fault(file->name);
    int fd;

    if (fault) {
        log_warn("backup.file_left_out", LOG_STR("name", file->name), LOG_CSTR("why", fault));
        return NULL;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return add_fd(p, a, file->name, fd);
    return errno == ENOENT ? NULL : err_copy(p->a, backup_failed(a, "opening", path));
}

static uint64_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* a: for one file at a time. */
static struct err *write_archive(struct arena *a, struct packing *p)
{
    struct err *err;

    p->watch = (struct backup_watch){p->backups, "packing", p->files.bytes};
    for (size_t i = 0; i < DATABASES; i++)
        p->watch.bytes += size_of(arena_cstr(p->a, p->copies[i]));
    err = zip_writer_open(p->a, p->fd, backup_zip_watch(&p->watch), &p->writer);
    for (size_t i = 0; i < DATABASES && !err; i++)
        err = add_copy(p, i);
    for (size_t i = 0; i < p->files.n && !err; i++) {
        err = add_file(p, a, &p->files.items[i]);
        arena_reset(a);
    }
    if (!err)
        err = zip_writer_close(p->a, p->writer);
    if (!err && fsync(p->fd) != 0)
        err = backup_failed(p->a, "writing", p->path);
    return err;
}

/* --- beside each other ------------------------------------------------------------------------ */

/* What takes long. Requests come first, so it has a thread of its own. */
typedef struct err *(*part_fn)(struct arena *a, struct packing *p);

struct part {
    part_fn run;
    struct packing *p;
    struct arena *arena;
    struct err *err;
    bool has_thread;
    pthread_t thread;
};

static void part_main(void *arg)
{
    struct part *part = arg;

    thread_to_background();
    part->err = part->run(part->arena, part->p);
}

static void part_end(struct part *part)
{
    if (part->has_thread)
        thread_join(part->thread);
    else
        part->err = part->run(part->arena, part->p);
}

/* All of them beside each other, which takes as long as the longest; the error of the first one
 * that has one. */
static struct err *compute(struct packing *p, const part_fn *runs, size_t n)
{
    struct part parts[MOST_PARTS];
    struct err *err = NULL;

    for (size_t i = 0; i < n; i++) /* from there on p->a is the first one's */
        parts[i] = (struct part){.run = runs[i], .p = p, .arena = arena_child(p->a)};
    for (size_t i = 0; i < n; i++)
        parts[i].has_thread = thread_start("backup", part_main, &parts[i], &parts[i].thread);
    for (size_t i = 0; i < n; i++) {
        part_end(&parts[i]);
        err = err ? err : parts[i].err;
    }
    return err;
}

/* --- what has been written ------------------------------------------------------------------- */

static struct err *fingerprint(struct arena *a, struct packing *p)
{
    char *piece = arena_alloc(a, PIECE_BYTES);
    struct md5_sum *sum = md5_start(a);
    off_t at = 0;
    ssize_t n;

    while ((n = pread(p->fd, piece, PIECE_BYTES, at)) > 0 && !atomic_load(&p->backups->stopping)) {
        md5_add(sum, (struct str){piece, (size_t)n});
        at += n;
    }
    md5_end(sum, p->packed->md5);
    p->packed->size = (uint64_t)at;
    if (n > 0)
        return backups_gone(a);
    return n < 0 ? backup_failed(a, "reading", p->path) : NULL;
}

static struct err *check_copies(struct arena *a, struct packing *p)
{
    const atomic_bool *stopping = &p->backups->stopping;
    struct db_checked rows = {0}, logs;
    struct err *err = db_check_copy(a, NULL, p->copies[0], stopping, &rows);

    p->packed->rows = rows.rows;
    return err ? err : db_check_copy(a, NULL, p->copies[1], stopping, &logs);
}

static struct err *check_archive(struct arena *a, struct packing *p)
{
    const struct zip_bounds bounds = {.max_bytes = UINT64_MAX};
    struct zip *zip;
    struct err *err;

    err = zip_check(a, p->fd, &bounds, &zip);
    if (!err)
        err = zip_compare(a, zip, p->sums.items, p->sums.n);
    if (err)
        return err;
    p->packed->files = zip->n_files;
    p->watch = (struct backup_watch){p->backups, "checking", zip->bytes};
    return zip_verify(a, zip, backup_zip_watch(&p->watch));
}

/* A little at a time: while a file system gives back a large file's room, it commits nothing. */
static void drop_copy(const char *path)
{
    uint64_t left = size_of(path);

    for (; left > DROPPED_BYTES && truncate(path, (off_t)(left - DROPPED_BYTES)) == 0;
         left -= DROPPED_BYTES)
        usleep(DROPPED_US);
    (void)unlink(path);
}

static struct err *drop_copies(struct arena *a, struct packing *p)
{
    for (size_t i = 0; i < DATABASES; i++)
        drop_copy(arena_cstr(a, p->copies[i]));
    return NULL;
}

/* --- all of it -------------------------------------------------------------------------------- */

static struct err *pack(struct packing *p)
{
    static const part_fn writing[] = {write_archive, check_copies};
    const struct backups_conf *conf = &p->backups->conf;
    struct err *err = check_room(p);

    if (!err)
        err = copy(p, conf->data, 0);
    if (!err)
        err = copy(p, conf->logs, 1);
    if (!err)
        err = backup_walk(p->a, conf->dir, &p->files);
    return err ? err : compute(p, writing, COUNT_OF(writing));
}

struct err *backup_pack(struct arena *a, struct backups *backups, struct str folder,
                        struct str path, struct backup_packed *ret)
{
    static const part_fn reading[] = {check_archive, fingerprint, drop_copies};
    struct packing p = {.a = a, .backups = backups, .path = arena_cstr(a, path), .packed = ret};
    struct err *err;

    for (size_t i = 0; i < DATABASES; i++)
        p.copies[i] = arena_concat(a, folder, STR("/"), names[i]);
    p.fd = open(p.path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (p.fd < 0)
        return backup_failed(a, "making", p.path);
    file_store_hold_removals(backups->conf.files, true);
    err = pack(&p);
    file_store_hold_removals(backups->conf.files, false);
    if (!err)
        err = compute(&p, reading, COUNT_OF(reading));
    close(p.fd);
    for (size_t i = 0; i < DATABASES; i++)
        (void)unlink(arena_cstr(a, p.copies[i])); /* where they are still there */
    return err;
}
