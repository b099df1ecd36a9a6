/*
 * Invariants
 *  1. What is read was checked: the n-th entry that the module finds is the n-th of the directory,
 *     since both go by where they lie in the file and no two lie at one place. Names are those of
 *     the directory as we have read it; the module's reading of them is not asked for.
 *  2. No file gets a byte more than its directory says.
 */
#include "archive/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct reading {
    struct arena *arena; /* of errors */
    const struct zip *zip;
    const struct zip_module *module;
    struct zip_in *in;
    struct zip_watch watch;
    uint64_t done;           /* bytes, unpacked */
    struct zip_place *place; /* NULL: nothing is written */
    int out;                 /* the file that is written; -1: none */
    char why[ZIP_WHY_BYTES];
};

static struct err *broken(const struct reading *r, const struct zip_entry *entry, const char *what)
{
    return zip_refused(r->arena, entry->sum.name, what);
}

static struct err *unwritten(const struct reading *r, const struct zip_entry *entry)
{
    return zip_failed_at(r->arena, entry->sum.name);
}

/* The module has failed: that is the archive's fault, but where the system has failed it. */
static struct err *unread(const struct reading *r, const struct zip_entry *entry)
{
    if (errno == EIO || errno == ENOMEM)
        return zip_failed_at(r->arena, entry->sum.name);
    return broken(r, entry, r->why);
}

static struct err *write_all(const struct reading *r, const struct zip_entry *entry, const void *p,
                             size_t n)
{
    const char *from = p;

    while (r->out >= 0 && n > 0) {
        ssize_t done = write(r->out, from, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return unwritten(r, entry);
        from += done;
        n -= (size_t)done;
    }
    return NULL;
}

static struct err *take(struct reading *r, const struct zip_entry *entry, struct zip_sum *sum,
                        const void *p, size_t n)
{
    if (n > entry->sum.size - sum->size)
        return broken(r, entry, "is longer than it says");
    sum->crc = zip_crc(sum->crc, p, n);
    sum->size += n;
    r->done += n;
    return write_all(r, entry, p, n);
}

static struct err *read_bytes(struct reading *r, const struct zip_entry *entry)
{
    struct zip_sum sum = {0};

    for (;;) {
        const void *p;
        size_t n;
        struct err *err = NULL;

        if (!zip_goes_on(&r->watch, r->done))
            return zip_stopped(r->arena);
        switch (r->module->in_read(r->in, &p, &n, r->why, sizeof(r->why))) {
        case ZIP_GOT_SOME:
            err = take(r, entry, &sum, p, n);
            break;
        case ZIP_GOT_END:
            if (sum.size != entry->sum.size)
                return broken(r, entry, "is shorter than it says");
            return sum.crc == entry->sum.crc ? NULL : broken(r, entry, "is damaged");
        case ZIP_GOT_FAULT:
            return unread(r, entry);
        }
        if (err)
            return err;
    }
}

static struct err *write_entry(struct reading *r, const struct zip_entry *entry, int64_t mtime_s)
{
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = mtime_s}};
    struct err *err;

    r->out = zip_place_create(r->place, entry->sum.name);
    if (r->out < 0)
        return unwritten(r, entry);
    err = read_bytes(r, entry);
    if (!err && futimens(r->out, times) != 0)
        err = unwritten(r, entry);
    if (close(r->out) != 0 && !err)
        err = unwritten(r, entry);
    r->out = -1;
    return err;
}

static struct err *read_entry(struct reading *r, const struct zip_entry *entry)
{
    int64_t mtime_s;

    switch (r->module->in_next(r->in, &mtime_s, r->why, sizeof(r->why))) {
    case ZIP_GOT_SOME:
        break;
    case ZIP_GOT_END:
        return broken(r, entry, "was not found again");
    case ZIP_GOT_FAULT:
        return unread(r, entry);
    }
    if (entry->is_folder)
        return NULL;
    return r->place ? write_entry(r, entry, mtime_s) : read_bytes(r, entry);
}

static struct err *read_all(struct reading *r)
{
    struct err *err = NULL;

    if (r->zip->n == 0) /* which libarchive takes for no archive */
        return NULL;
    if (!r->module->in_open(r->in, r->zip->fd, r->why, sizeof(r->why)))
        return unread(r, r->zip->entries);
    for (size_t i = 0; i < r->zip->n && !err; i++)
        err = read_entry(r, &r->zip->entries[i]);
    return err;
}

static struct err *read_into(struct arena *a, const struct zip *zip, struct zip_place *place,
                             struct zip_watch watch)
{
    AUTO(arena_free) struct arena *own = arena_new();
    struct reading r = {.arena = a, .zip = zip, .watch = watch, .place = place, .out = -1};
    struct err *err = zip_module_get(a, &r.module);

    if (err)
        return err;
    r.in = arena_zalloc(own, r.module->in_size);
    err = read_all(&r);
    r.module->in_done(r.in);
    return err;
}

struct err *zip_verify(struct arena *a, const struct zip *zip, struct zip_watch watch)
{
    return read_into(a, zip, NULL, watch);
}

struct err *zip_extract(struct arena *a, const struct zip *zip, int folder, struct zip_watch watch)
{
    struct zip_place place;
    struct err *err;

    zip_place_init(&place, folder);
    err = read_into(a, zip, &place, watch);
    zip_place_done(&place);
    if (!err && syncfs(folder) != 0) /* far quicker than each of many small files */
        err = zip_failed(a, "syncing what was extracted");
    return err;
}
