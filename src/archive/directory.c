/*
 * The directory of an archive, looked at before anything else of it is.
 *
 * Readers take some things from the directory and others from the header that stands before each
 * file's bytes. So the two must agree in all that decides what is extracted, and to where.
 */
#include "archive/internal.h"

#include "archive/bytes.h"
#include "base/memory.h"

#include <stdlib.h>
#include <sys/stat.h>

#define ENTRY_BYTES 46
#define LOCAL_BYTES 30
#define EXTRA_ZIP64 1

#define FLAG_ENCRYPTED 0x0001
#define FLAG_PATCH 0x0020
#define FLAG_STRONG 0x0040
#define FLAG_MASKED 0x2000
#define FLAGS_REFUSED (FLAG_ENCRYPTED | FLAG_PATCH | FLAG_STRONG | FLAG_MASKED)

#define METHOD_STORED 0
#define METHOD_DEFLATED 8

struct directory {
    struct arena *arena;
    struct zip *zip;
    struct zip_end end;
    uint64_t max_bytes;
    struct str rest; /* of the directory's bytes */
};

/* --- an entry --------------------------------------------------------------------------------- */

/* The next 8 bytes of *field if *value says that it stands there. */
static bool take_big(struct str *field, uint64_t *value)
{
    if (*value != UINT32_MAX)
        return true;
    if (field->n < sizeof(*value))
        return false;
    *value = le64_at(field->p);
    *field = str_from(*field, sizeof(*value));
    return true;
}

/* False: it is no list of fields, or one of 64-bit numbers is too short. */
static bool read_extra(struct str extra, struct zip_entry *entry)
{
    while (extra.n >= 4) {
        struct str field = str_sub(extra, 4, le16_at(extra.p + 2));

        if (field.n != le16_at(extra.p + 2))
            return false;
        if (le16_at(extra.p) == EXTRA_ZIP64 &&
            !(take_big(&field, &entry->sum.size) && take_big(&field, &entry->packed) &&
              take_big(&field, &entry->at)))
            return false;
        extra = str_from(extra, 4 + (size_t)le16_at(extra.p + 2));
    }
    return true;
}

/* Cuts a record off what is left. NULL: there is no whole one. */
static const char *cut_record(struct directory *d, struct zip_entry *ret, struct str *ret_extra)
{
    const char *record = d->rest.p;
    size_t n_name, n_extra, n;

    if (d->rest.n < ENTRY_BYTES || le32_at(record) != ZIP_SIGN_ENTRY)
        return NULL;
    n_name = le16_at(record + 28);
    n_extra = le16_at(record + 30);
    n = ENTRY_BYTES + n_name + n_extra + le16_at(record + 32);
    if (d->rest.n < n)
        return NULL;
    *ret = (struct zip_entry){.sum = {.name = str_sub(d->rest, ENTRY_BYTES, n_name),
                                      .size = le32_at(record + 24),
                                      .crc = le32_at(record + 16)},
                              .packed = le32_at(record + 20),
                              .at = le32_at(record + 42),
                              .method = le16_at(record + 10)};
    *ret_extra = str_sub(d->rest, ENTRY_BYTES + n_name, n_extra);
    d->rest = str_from(d->rest, n);
    return record;
}

/* Of what the directory says about one file, whatever else it holds. NULL: nothing is wrong. */
static const char *entry_fault(const struct zip_entry *entry, const char *record)
{
    unsigned type = le32_at(record + 38) >> 16 & S_IFMT; /* none where no Unix has packed it */
    const char *fault = zip_name_fault(entry->sum.name);

    if (fault)
        return fault;
    if (type != 0 && type != S_IFREG && !(type == S_IFDIR && entry->is_folder))
        return "is no regular file";
    if (le16_at(record + 8) & FLAGS_REFUSED)
        return "is encrypted, or a patch";
    if (entry->method != METHOD_STORED && entry->method != METHOD_DEFLATED)
        return "is compressed in a way that is not known here";
    if (entry->is_folder && entry->sum.size > 0)
        return "is a folder with content";
    if (entry->method == METHOD_STORED && entry->sum.size != entry->packed)
        return "has two sizes";
    if (le16_at(record + 34) != 0)
        return "is in another part of the archive";
    return NULL;
}

static struct err *read_entry(struct directory *d, struct zip_entry *entry)
{
    struct str extra;
    const char *record = cut_record(d, entry, &extra), *fault;

    if (!record)
        return err_new(d->arena, E_BAD_REQUEST, NULL, "the directory of the archive is damaged");
    if (!read_extra(extra, entry))
        return zip_refused(d->arena, entry->sum.name, "has damaged fields");
    entry->is_folder = str_ends(entry->sum.name, STR("/"));
    fault = entry_fault(entry, record);
    if (fault)
        return zip_refused(d->arena, entry->sum.name, fault);
    if (entry->sum.size > d->max_bytes - d->zip->bytes)
        return err_new(d->arena, E_BAD_REQUEST, NULL,
                       "unpacked it is larger than the %llu bytes that there is room for",
                       (unsigned long long)d->max_bytes);
    d->zip->bytes += entry->sum.size;
    d->zip->n_files += !entry->is_folder;
    return NULL;
}

/* --- all of them ------------------------------------------------------------------------------ */

static int by_place(const void *x, const void *y)
{
    const struct zip_entry *a = x, *b = y;

    return a->at < b->at ? -1 : a->at > b->at;
}

static int by_name(const void *x, const void *y, void *user)
{
    const struct zip_entry *entries = user;
    const uint32_t *a = x, *b = y;

    return zip_name_cmp(entries[*a].sum.name, entries[*b].sum.name);
}

static bool is_in_order(const struct zip *zip)
{
    for (size_t i = 1; i < zip->n; i++)
        if (zip->entries[i - 1].at > zip->entries[i].at)
            return false;
    return true;
}

static struct err *check_names(struct directory *d)
{
    struct zip *zip = d->zip;
    uint32_t *order = ARENA_ARRAY(d->arena, uint32_t, zip->n);

    for (size_t i = 0; i < zip->n; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, zip->n, sizeof(*order), by_name, zip->entries);
    zip->by_name = order;
    for (size_t i = 1; i < zip->n; i++) {
        struct str before = zip->entries[order[i - 1]].sum.name;
        struct str name = zip->entries[order[i]].sum.name;

        if (str_eq(before, name))
            return zip_refused(d->arena, name, "is there twice");
        if (!str_ends(before, STR("/")) && str_starts(name, before) && name.p[before.n] == '/')
            return zip_refused(d->arena, before, "is a file and a folder");
    }
    return NULL;
}

/* What the header says is nothing, to be found in the directory, or the same. */
static bool agrees(uint32_t local, uint64_t size)
{
    return local == 0 || local == UINT32_MAX || local == size;
}

/* The entry's bytes are to end before `end`. */
static struct err *check_local(struct directory *d, const struct zip_entry *entry, uint64_t end)
{
    char head[LOCAL_BYTES + LIMIT_ZIP_NAME_BYTES];
    size_t n = LOCAL_BYTES + entry->sum.name.n;
    struct err *err;

    if (entry->at > end || end - entry->at < n)
        return zip_refused(d->arena, entry->sum.name, "overlaps what follows it");
    err = zip_read_at(d->arena, d->zip->fd, entry->at, head, n);
    if (err)
        return err;
    if (le32_at(head) != ZIP_SIGN_LOCAL || le16_at(head + 8) != entry->method ||
        le16_at(head + 6) & FLAGS_REFUSED || !agrees(le32_at(head + 14), entry->sum.crc) ||
        !agrees(le32_at(head + 18), entry->packed) ||
        !agrees(le32_at(head + 22), entry->sum.size) ||
        !str_eq(entry->sum.name, (struct str){head + LOCAL_BYTES, le16_at(head + 26)}))
        return zip_refused(d->arena, entry->sum.name, "is not what the directory says");
    n += le16_at(head + 28);
    if (end - entry->at < n || end - entry->at - n < entry->packed)
        return zip_refused(d->arena, entry->sum.name, "overlaps what follows it");
    return NULL;
}

static struct err *check_places(struct directory *d)
{
    const struct zip *zip = d->zip;
    struct err *err = NULL;

    for (size_t i = 0; i < zip->n && !err; i++)
        err =
            check_local(d, &zip->entries[i], i + 1 < zip->n ? zip->entries[i + 1].at : d->end.from);
    return err;
}

static struct err *read_directory(struct directory *d)
{
    size_t n = (size_t)d->end.bytes;
    char *bytes = arena_alloc(d->arena, n);
    struct zip *zip = d->zip;
    struct err *err = zip_read_at(d->arena, zip->fd, d->end.from, bytes, n);

    zip->n = (size_t)d->end.n;
    zip->entries = ARENA_ARRAY(d->arena, struct zip_entry, zip->n);
    d->rest = (struct str){bytes, n};
    for (size_t i = 0; i < zip->n && !err; i++)
        err = read_entry(d, &zip->entries[i]);
    if (!err && d->rest.n > 0)
        err = err_new(d->arena, E_BAD_REQUEST, NULL, "the directory of the archive is damaged");
    if (err)
        return err;
    if (!is_in_order(zip))
        qsort(zip->entries, zip->n, sizeof(*zip->entries), by_place);
    err = check_names(d);
    return err ? err : check_places(d);
}

/* Before memory is asked for by it. */
static struct err *check_end(struct arena *a, const struct zip_end *end, size_t max_entries)
{
    if (end->n > max_entries)
        return err_new(a, E_BAD_REQUEST, NULL, "it has more than %zu files", max_entries);
    if (end->bytes > LIMIT_ZIP_DIRECTORY_BYTES)
        return err_new(a, E_BAD_REQUEST, NULL, "its directory is larger than %llu bytes",
                       LIMIT_ZIP_DIRECTORY_BYTES);
    if (end->bytes / ENTRY_BYTES < end->n)
        return err_new(a, E_BAD_REQUEST, NULL, "the directory of the archive is damaged");
    if (!memory_has_room(end->bytes + end->n * sizeof(struct zip_entry)))
        return err_starved(a, "the directory of an archive");
    return NULL;
}

struct err *zip_check(struct arena *a, int fd, const struct zip_bounds *bounds, struct zip **ret)
{
    struct zip *zip = ARENA_NEW(a, struct zip);
    struct directory d = {.arena = a, .zip = zip, .max_bytes = bounds->max_bytes};
    size_t max_entries = LIMIT_ZIP_ENTRIES;
    struct stat st;
    struct err *err;

    if (fstat(fd, &st) != 0)
        return zip_failed(a, "the archive");
    if (!S_ISREG(st.st_mode))
        return err_new(a, E_BAD_REQUEST, NULL, "it is no file");
    if (bounds->max_entries > 0 && bounds->max_entries < max_entries)
        max_entries = bounds->max_entries;
    zip->fd = fd;
    err = zip_end_read(a, fd, (uint64_t)st.st_size, &d.end);
    if (!err)
        err = check_end(a, &d.end, max_entries);
    if (!err)
        err = read_directory(&d);
    if (!err)
        *ret = zip;
    return err;
}

/* --- looking into it -------------------------------------------------------------------------- */

const struct zip_entry *zip_find(const struct zip *zip, struct str name)
{
    size_t from = 0, to = zip->n;

    while (from < to) {
        size_t mid = from + (to - from) / 2;
        const struct zip_entry *entry = &zip->entries[zip->by_name[mid]];
        int cmp = zip_name_cmp(name, entry->sum.name);

        if (cmp == 0)
            return entry;
        if (cmp < 0)
            to = mid;
        else
            from = mid + 1;
    }
    return NULL;
}

struct err *zip_compare(struct arena *a, const struct zip *zip, const struct zip_sum *sums,
                        size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct zip_entry *entry = zip_find(zip, sums[i].name);

        if (!entry || entry->is_folder)
            return zip_refused(a, sums[i].name, "is missing");
        if (entry->sum.size != sums[i].size || entry->sum.crc != sums[i].crc)
            return zip_refused(a, sums[i].name, "is another file than it was");
    }
    return NULL;
}
