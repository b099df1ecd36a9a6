#include "engine/power.h"

#include "base/compiler.h"
#include "db/sqlite_memory.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512
#define FILES_MAX 8
#define NAME_MAX_BYTES 64
#define SHM_REGION 32768
#define SHM_REGIONS_MAX 16

/* --- bytes that grow ------------------------------------------------------------------------ */

struct bytes {
    unsigned char *p;
    size_t n;
    size_t cap;
};

static void bytes_resize(struct bytes *b, size_t n)
{
    if (n > b->cap) {
        b->cap = n * 2;
        b->p = realloc(b->p, b->cap);
        if (!b->p)
            abort();
    }
    if (n > b->n)
        memset(b->p + b->n, 0, n - b->n);
    b->n = n;
}

static void bytes_write(struct bytes *b, size_t at, const void *p, size_t n)
{
    if (at + n > b->n)
        bytes_resize(b, at + n);
    memcpy(b->p + at, p, n);
}

static void bytes_copy(struct bytes *to, const struct bytes *from)
{
    bytes_resize(to, 0);
    if (from->n > 0)
        bytes_write(to, 0, from->p, from->n);
}

static void bytes_done(struct bytes *b)
{
    free(b->p);
    *b = (struct bytes){0};
}

/* --- files ---------------------------------------------------------------------------------- */

/* Since the last sync: bytes written, or a new length (p NULL). */
struct pending {
    size_t at;
    size_t n;
    unsigned char *p;
    struct pending *next;
};

struct file {
    char name[NAME_MAX_BYTES]; /* empty: a free slot */
    bool present;
    bool maybe_back; /* removed, but the folder was not synced */
    bool is_new;     /* its first sync syncs the folder, as SQLite does for logs and journals */
    struct bytes now;
    struct bytes durable;
    struct pending *first, *last;
    /* locks of the database file */
    int n_shared;
    bool reserved, pending_lock, exclusive;
    /* shared memory */
    unsigned char *regions[SHM_REGIONS_MAX];
    int n_maps;
    int shm_shared[SQLITE_SHM_NLOCK];
    bool shm_exclusive[SQLITE_SHM_NLOCK];
};

struct power {
    sqlite3_vfs vfs;
    char name[NAME_MAX_BYTES];
    pthread_mutex_t lock;
    struct file files[FILES_MAX];
    uint64_t n_ops;
    uint64_t cut_at; /* in n_ops; 0: never */
    power_cut_fn *cut;
    void *user;
};

struct power_image {
    struct {
        char name[NAME_MAX_BYTES];
        bool present;
        struct bytes bytes;
    } files[FILES_MAX];
};

struct handle {
    sqlite3_file base;
    struct power *power;
    struct file *file;
    int level; /* SQLITE_LOCK_… */
    bool mapped;
    unsigned shm_shared;
    unsigned shm_exclusive;
    bool delete_on_close;
};

static void pending_drop(struct file *file)
{
    while (file->first) {
        struct pending *next = file->first->next;

        free(file->first->p);
        free(file->first);
        file->first = next;
    }
    file->last = NULL;
}

static void pending_add(struct file *file, size_t at, const void *p, size_t n)
{
    struct pending *op = calloc(1, sizeof(*op));

    if (!op)
        abort();
    op->at = at;
    op->n = n;
    if (p) {
        op->p = malloc(n);
        if (!op->p)
            abort();
        memcpy(op->p, p, n);
    }
    if (file->last)
        file->last->next = op;
    else
        file->first = op;
    file->last = op;
}

/* Under lock, before a write or sync takes effect. */
static void count_op(struct power *power)
{
    uint64_t more;

    power->n_ops++;
    if (power->n_ops != power->cut_at)
        return;
    more = power->cut(power->user);
    power->cut_at = more ? power->n_ops + more : 0;
}

/* --- cuts ----------------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *seed)
{
    uint64_t x = *seed += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Some of the sectors that a write covers. */
static void tear(struct bytes *to, const struct pending *op, uint64_t *seed)
{
    for (size_t at = 0; at < op->n;) {
        size_t n = SECTOR - (op->at + at) % SECTOR;

        if (n > op->n - at)
            n = op->n - at;
        if (next_random(seed) % 2)
            bytes_write(to, op->at + at, op->p + at, n);
        at += n;
    }
}

static void survive(struct bytes *to, const struct file *file, uint64_t *seed)
{
    /* Sometimes all or nothing of it, or else the odd cases hide behind the likely ones. */
    const uint64_t mood = next_random(seed) % 4;

    bytes_copy(to, &file->durable);
    for (const struct pending *op = file->first; op; op = op->next) {
        const uint64_t fate = mood == 0 ? 0 : mood == 1 ? 1 : next_random(seed) % 3;

        if (fate == 1)
            continue;
        if (!op->p)
            bytes_resize(to, op->at);
        else if (fate == 0)
            bytes_write(to, op->at, op->p, op->n);
        else
            tear(to, op, seed);
    }
}

struct power_image *power_cut(struct power *power, uint64_t seed)
{
    struct power_image *image = calloc(1, sizeof(*image));

    if (!image)
        abort();
    for (size_t i = 0; i < FILES_MAX; i++) {
        const struct file *file = &power->files[i];

        memcpy(image->files[i].name, file->name, sizeof(file->name));
        image->files[i].present =
            file->present || (file->maybe_back && next_random(&seed) % 2 == 0);
        if (image->files[i].present)
            survive(&image->files[i].bytes, file, &seed);
    }
    return image;
}

static void file_clear(struct file *file)
{
    pending_drop(file);
    bytes_done(&file->now);
    bytes_done(&file->durable);
    for (size_t i = 0; i < SHM_REGIONS_MAX; i++)
        free(file->regions[i]);
    *file = (struct file){0};
}

void power_restore(struct power *power, const struct power_image *image)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        struct file *file = &power->files[i];

        file_clear(file);
        if (!image->files[i].present)
            continue;
        memcpy(file->name, image->files[i].name, sizeof(file->name));
        file->present = true;
        bytes_copy(&file->now, &image->files[i].bytes);
        bytes_copy(&file->durable, &image->files[i].bytes);
    }
}

void power_image_free(struct power_image *image)
{
    if (!image)
        return;
    for (size_t i = 0; i < FILES_MAX; i++)
        bytes_done(&image->files[i].bytes);
    free(image);
}

void power_arm(struct power *power, uint64_t at, power_cut_fn *cut, void *user)
{
    pthread_mutex_lock(&power->lock);
    power->cut_at = at ? power->n_ops + at : 0;
    power->cut = cut;
    power->user = user;
    pthread_mutex_unlock(&power->lock);
}

const char *power_name(const struct power *power)
{
    return power->name;
}

/* --- methods of a file ---------------------------------------------------------------------- */

#define HANDLE(p) ((struct handle *)(p))

static int file_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at)
{
    struct handle *h = HANDLE(f);
    const struct bytes *now = &h->file->now;
    size_t there;

    pthread_mutex_lock(&h->power->lock);
    there = (size_t)at < now->n ? now->n - (size_t)at : 0;
    if (there > (size_t)n)
        there = (size_t)n;
    if (there > 0)
        memcpy(out, now->p + at, there);
    pthread_mutex_unlock(&h->power->lock);
    memset((char *)out + there, 0, (size_t)n - there);
    return there == (size_t)n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    struct handle *h = HANDLE(f);

    pthread_mutex_lock(&h->power->lock);
    count_op(h->power);
    bytes_write(&h->file->now, (size_t)at, p, (size_t)n);
    pending_add(h->file, (size_t)at, p, (size_t)n);
    pthread_mutex_unlock(&h->power->lock);
    return SQLITE_OK;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct handle *h = HANDLE(f);

    pthread_mutex_lock(&h->power->lock);
    count_op(h->power);
    bytes_resize(&h->file->now, (size_t)size);
    pending_add(h->file, (size_t)size, NULL, 0);
    pthread_mutex_unlock(&h->power->lock);
    return SQLITE_OK;
}

static int file_sync(sqlite3_file *f, int flags)
{
    struct handle *h = HANDLE(f);

    (void)flags;
    pthread_mutex_lock(&h->power->lock);
    count_op(h->power);
    for (const struct pending *op = h->file->first; op; op = op->next) {
        if (op->p)
            bytes_write(&h->file->durable, op->at, op->p, op->n);
        else
            bytes_resize(&h->file->durable, op->at);
    }
    pending_drop(h->file);
    for (size_t i = 0; h->file->is_new && i < FILES_MAX; i++)
        h->power->files[i].maybe_back = false;
    h->file->is_new = false;
    pthread_mutex_unlock(&h->power->lock);
    return SQLITE_OK;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size)
{
    struct handle *h = HANDLE(f);

    pthread_mutex_lock(&h->power->lock);
    *size = (sqlite3_int64)h->file->now.n;
    pthread_mutex_unlock(&h->power->lock);
    return SQLITE_OK;
}

static void file_remove(struct file *file, bool synced)
{
    file->present = false;
    file->maybe_back = !synced;
}

/* The rules of SQLite's five levels; true: the handle has the level now. */
static bool take_level(struct file *file, const struct handle *h, int level)
{
    switch (level) {
    case SQLITE_LOCK_SHARED:
        if (file->exclusive || file->pending_lock)
            return false;
        file->n_shared++;
        return true;
    case SQLITE_LOCK_RESERVED:
        if (file->reserved)
            return false;
        file->reserved = true;
        return true;
    case SQLITE_LOCK_EXCLUSIVE:
        if (file->reserved && h->level < SQLITE_LOCK_RESERVED)
            return false;
        file->reserved = true;
        file->pending_lock = true;
        if (file->n_shared > 1)
            return false;
        file->exclusive = true;
        return true;
    default:
        return true;
    }
}

static int file_lock(sqlite3_file *f, int level)
{
    struct handle *h = HANDLE(f);
    bool taken;

    if (level <= h->level)
        return SQLITE_OK;
    pthread_mutex_lock(&h->power->lock);
    taken = take_level(h->file, h, level);
    if (taken)
        h->level = level;
    else if (level == SQLITE_LOCK_EXCLUSIVE && h->file->pending_lock)
        h->level = SQLITE_LOCK_PENDING;
    pthread_mutex_unlock(&h->power->lock);
    return taken ? SQLITE_OK : SQLITE_BUSY;
}

static int file_unlock(sqlite3_file *f, int level)
{
    struct handle *h = HANDLE(f);
    struct file *file = h->file;

    if (level >= h->level)
        return SQLITE_OK;
    pthread_mutex_lock(&h->power->lock);
    if (h->level >= SQLITE_LOCK_RESERVED) {
        file->reserved = false;
        file->pending_lock = false;
        file->exclusive = false;
    }
    if (level == SQLITE_LOCK_NONE && h->level >= SQLITE_LOCK_SHARED)
        file->n_shared--;
    h->level = level;
    pthread_mutex_unlock(&h->power->lock);
    return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *f, int *ret)
{
    *ret = HANDLE(f)->file->reserved;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *f, int op, void *arg)
{
    (void)f;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *f)
{
    (void)f;
    return 4096;
}

/* As the real one: bytes beside a write are not harmed by it. */
static int file_characteristics(sqlite3_file *f)
{
    (void)f;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* --- shared memory -------------------------------------------------------------------------- */

static int shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **ret)
{
    struct handle *h = HANDLE(f);
    struct file *file = h->file;

    assert(size == SHM_REGION && region < SHM_REGIONS_MAX);
    pthread_mutex_lock(&h->power->lock);
    if (!h->mapped) {
        h->mapped = true;
        file->n_maps++;
    }
    if (!file->regions[region] && extend)
        file->regions[region] = calloc(1, SHM_REGION);
    *ret = file->regions[region];
    pthread_mutex_unlock(&h->power->lock);
    return SQLITE_OK;
}

static bool shm_take(struct handle *h, int offset, int n, bool exclusive)
{
    struct file *file = h->file;

    for (int i = offset; i < offset + n; i++) {
        const bool own_shared = (h->shm_shared >> i) & 1;

        if (file->shm_exclusive[i] || (exclusive && file->shm_shared[i] > (own_shared ? 1 : 0)))
            return false;
    }
    for (int i = offset; i < offset + n; i++) {
        if (exclusive) {
            file->shm_exclusive[i] = true;
            h->shm_exclusive |= 1U << i;
        } else if (!((h->shm_shared >> i) & 1)) {
            file->shm_shared[i]++;
            h->shm_shared |= 1U << i;
        }
    }
    return true;
}

static void shm_give(struct handle *h, int offset, int n)
{
    for (int i = offset; i < offset + n; i++) {
        if ((h->shm_exclusive >> i) & 1)
            h->file->shm_exclusive[i] = false;
        if ((h->shm_shared >> i) & 1)
            h->file->shm_shared[i]--;
        h->shm_exclusive &= ~(1U << i);
        h->shm_shared &= ~(1U << i);
    }
}

static int shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    struct handle *h = HANDLE(f);
    bool done = true;

    pthread_mutex_lock(&h->power->lock);
    if (flags & SQLITE_SHM_UNLOCK)
        shm_give(h, offset, n);
    else
        done = shm_take(h, offset, n, flags & SQLITE_SHM_EXCLUSIVE);
    pthread_mutex_unlock(&h->power->lock);
    return done ? SQLITE_OK : SQLITE_BUSY;
}

static void shm_barrier(sqlite3_file *f)
{
    struct handle *h = HANDLE(f);

    pthread_mutex_lock(&h->power->lock); /* a barrier for the compiler and the processor */
    pthread_mutex_unlock(&h->power->lock);
}

static int shm_unmap(sqlite3_file *f, int delete_it)
{
    struct handle *h = HANDLE(f);

    pthread_mutex_lock(&h->power->lock);
    if (h->mapped) {
        shm_give(h, 0, SQLITE_SHM_NLOCK);
        h->mapped = false;
        h->file->n_maps--;
        for (size_t i = 0; delete_it && h->file->n_maps == 0 && i < SHM_REGIONS_MAX; i++) {
            free(h->file->regions[i]);
            h->file->regions[i] = NULL;
        }
    }
    pthread_mutex_unlock(&h->power->lock);
    return SQLITE_OK;
}

static int file_close(sqlite3_file *f)
{
    struct handle *h = HANDLE(f);

    (void)file_unlock(f, SQLITE_LOCK_NONE); /* always succeeds */
    if (h->delete_on_close)
        file_remove(h->file, true);
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

/* --- methods of the file system ------------------------------------------------------------- */

#define POWER(vfs) ((struct power *)(vfs))

static struct file *file_find(struct power *power, const char *name)
{
    for (size_t i = 0; i < FILES_MAX; i++)
        if (power->files[i].name[0] && strcmp(power->files[i].name, name) == 0)
            return &power->files[i];
    return NULL;
}

/* A file of this name that was removed is gone for good once a new one takes its place. */
static struct file *file_create(struct power *power, const char *name)
{
    struct file *file = file_find(power, name);
    size_t n = strlen(name);

    for (size_t i = 0; !file && i < FILES_MAX; i++)
        if (!power->files[i].name[0])
            file = &power->files[i];
    if (!file || n >= NAME_MAX_BYTES)
        abort();
    file_clear(file);
    memcpy(file->name, name, n + 1);
    file->present = true;
    file->is_new = true;
    return file;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    struct power *power = POWER(vfs);
    struct handle *h = HANDLE(f);
    struct file *file;

    memset(h, 0, sizeof(*h));
    if (!name)
        name = "temporary";
    pthread_mutex_lock(&power->lock);
    file = file_find(power, name);
    if ((!file || !file->present) && (flags & SQLITE_OPEN_CREATE))
        file = file_create(power, name);
    pthread_mutex_unlock(&power->lock);
    if (!file || !file->present)
        return SQLITE_CANTOPEN;
    h->power = power;
    h->file = file;
    h->delete_on_close = flags & SQLITE_OPEN_DELETEONCLOSE;
    h->base.pMethods = &methods;
    if (out_flags)
        *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    struct power *power = POWER(vfs);
    struct file *file;

    pthread_mutex_lock(&power->lock);
    count_op(power);
    file = file_find(power, name);
    if (file)
        file_remove(file, sync_folder);
    pthread_mutex_unlock(&power->lock);
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
    struct power *power = POWER(vfs);
    struct file *file;

    pthread_mutex_lock(&power->lock);
    file = file_find(power, name);
    *ret = file && file->present && (flags != SQLITE_ACCESS_EXISTS || file->now.n > 0);
    pthread_mutex_unlock(&power->lock);
    return SQLITE_OK;
}

static int vfs_full_name(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    (void)vfs;
    return sqlite3_snprintf(n, out, "%s", name) ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int vfs_randomness(sqlite3_vfs *vfs, int n, char *out)
{
    static uint64_t seed = 1;

    (void)vfs;
    for (int i = 0; i < n; i++)
        out[i] = (char)next_random(&seed);
    return n;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *ret)
{
    (void)vfs;
    *ret = INT64_C(212700000000000); /* some day */
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    (void)n;
    (void)out;
    return 0;
}

struct power *power_new(const char *name)
{
    struct power *power = calloc(1, sizeof(*power));

    if (!power || strlen(name) >= sizeof(power->name))
        abort();
    memcpy(power->name, name, strlen(name) + 1);
    pthread_mutex_init(&power->lock, NULL);
    power->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(struct handle),
        .mxPathname = NAME_MAX_BYTES,
        .zName = power->name,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_name,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTimeInt64 = vfs_time,
        .xGetLastError = vfs_last_error,
    };
    sqlite_memory_setup();
    if (sqlite3_vfs_register(&power->vfs, 0) != SQLITE_OK)
        abort();
    return power;
}

void power_free(struct power *power)
{
    (void)sqlite3_vfs_unregister(&power->vfs); /* it was registered */
    for (size_t i = 0; i < FILES_MAX; i++)
        file_clear(&power->files[i]);
    pthread_mutex_destroy(&power->lock);
    free(power);
}
