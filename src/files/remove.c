/*
 * Removing, in the background: a thread for each queue takes what was queued, in order, so that
 * neither a loop nor the writer waits for a disk or another server.
 *
 * While a backup is made nothing goes that a record has named: what is queued was committed first,
 * so that who looks for a hold after the queue has it cannot miss that of a backup whose copy still
 * has the record. A backup of another process is known by its lock, which no kill outlives.
 */
#include "files/internal.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* No request takes as long from storing a file to its record's commit. */
#define YOUNG_MS ((int64_t)10 * 60 * 1000)
#define HELD_LOOK_MS 200 /* between two looks whether another process still makes a backup */
#define HELD_END_MS 3000 /* so long an ending process waits for that */

/* One piece of work, in an arena of its own. */
struct file_removal {
    struct arena *arena;
    struct file_store *store;
    struct blob_place *place; /* which it is about */
    struct file_removal *next;
    struct str temp; /* a path */
    struct str col;  /* a whole folder */
    int64_t before_ms;
    int64_t young_ms; /* what is younger was not known when it was made */
    VEC(struct file_key) keys;
};

/* --- the queues ------------------------------------------------------------------------------- */

/* An error of one that nobody waits for. */
static void complain(const struct err *err)
{
    static struct log_pace pace; /* of a storage that is out of reach they all fail */

    if (err && !err->logged)
        log_seldom(&pace, LOG_ERROR, "files.remove.failed", LOG_STR("cause", err->cause));
}

static void remove_temp(struct arena *a, struct str path)
{
    const char *c = arena_cstr(a, path);

    if (unlink(c) != 0 && errno != ENOENT)
        complain(disk_failed(a, "removing", c));
}

/* A stored file with its thumbs, or what is left of a record. */
static void remove_key(struct arena *a, const struct file_removal *removal,
                       const struct file_key *key)
{
    const struct blob_place *place = removal->place;
    const struct file_key thumbs = {key->col, key->rec,
                                    arena_concat(a, STR("thumbs_"), key->name, STR_NONE)};
    struct str text = file_key_text(a, key);
    struct err *err;

    if (key->name.n == 0) {
        complain(place->ops->remove_tree(a, place->own, text, removal->young_ms));
        return;
    }
    err = place->ops->remove(a, place->own, &text, 1);
    complain(err);
    if (!err || err->kind != E_UNAVAILABLE) /* one out of reach is not asked twice */
        complain(place->ops->remove_tree(a, place->own, file_key_text(a, &thumbs), INT64_MAX));
}

/* What is left of a record that has named no file: in a bucket it is not looked for, since each
 * look is a request. */
static bool is_unlikely(const struct file_removal *removal, size_t at)
{
    const struct file_key *key = &removal->keys.items[at];
    const struct file_key *before = at ? key - 1 : NULL;

    return removal->place->ops->fetch && key->name.n == 0 &&
           !(before && str_eq(before->rec, key->rec) && str_eq(before->col, key->col));
}

static void carry_out(const struct file_removal *removal)
{
    const struct blob_place *place = removal->place;
    AUTO(arena_free) struct arena *a = arena_new();

    if (removal->temp.p)
        remove_temp(a, removal->temp);
    if (removal->col.n)
        complain(place->ops->remove_tree(a, place->own, removal->col, removal->before_ms));
    for (size_t i = 0; i < removal->keys.n; i++) {
        if (is_unlikely(removal, i))
            continue;
        arena_reset(a);
        remove_key(a, removal, &removal->keys.items[i]);
    }
}

/* Where a file system has no locks on folders none is known of: file_store_hold_removals() has
 * warned of that. */
bool file_store_removals_are_held(const struct file_store *store)
{
    AUTO(arena_free) struct arena *a = arena_new();
    int fd = open(arena_cstr(a, store->temp_dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool held;

    if (fd < 0)
        return false; /* nobody has ever made one */
    held = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    (void)close(fd); /* and gives the lock back */
    return held;
}

/* A while, or until there is something new. False: the process ends, and has waited enough. */
static bool wait_a_while(struct removal_queue *queue)
{
    const uint64_t until_ms = clock_ms() + HELD_LOOK_MS;
    const struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                                   .tv_nsec = (long)(until_ms % 1000) * 1000000};
    bool goes_on = true;

    pthread_mutex_lock(&queue->lock);
    if (queue->stopping && queue->give_up_ms == 0)
        queue->give_up_ms = clock_ms() + HELD_END_MS;
    if (queue->stopping)
        goes_on = clock_ms() < queue->give_up_ms;
    if (goes_on)
        (void)pthread_cond_timedwait(&queue->changed, &queue->lock, &until);
    pthread_mutex_unlock(&queue->lock);
    return goes_on;
}

/* What the process cannot wait for stays: a file too many harms less than a backup that lacks it.
 */
static void carry_out_or_leave(struct removal_queue *queue, const struct file_removal *removal)
{
    static struct log_pace pace;

    while (queue == &removal->store->removals[REMOVALS_LOCAL] &&
           file_store_removals_are_held(removal->store))
        if (!wait_a_while(queue)) {
            log_seldom(&pace, LOG_ERROR, "files.removal.dropped",
                       LOG_CSTR("cause", "another process makes a backup while this one ends; "
                                         "reeve files check finds them"));
            return;
        }
    carry_out(removal);
}

static void run(void *arg)
{
    struct removal_queue *queue = arg;
    struct file_removal *removal;

    pthread_mutex_lock(&queue->lock);
    for (;;) {
        while ((!queue->first || queue->held) && !queue->stopping)
            pthread_cond_wait(&queue->changed, &queue->lock);
        removal = queue->first;
        if (!removal)
            break;
        queue->first = removal->next;
        queue->n--;
        pthread_mutex_unlock(&queue->lock);
        carry_out_or_leave(queue, removal);
        file_removal_free(removal);
        pthread_mutex_lock(&queue->lock);
    }
    pthread_mutex_unlock(&queue->lock);
}

/* Temporary files wait for the disk alone, and what is on the disk for no other server. */
static struct removal_queue *queue_of(const struct file_removal *removal)
{
    struct removal_queue *queues = removal->store->removals;

    if (removal->temp.p)
        return &queues[REMOVALS_TEMP];
    return &queues[removal->place->ops->fetch ? REMOVALS_REMOTE : REMOVALS_LOCAL];
}

/* The other server is too slow for what is removed: `reeve files check` finds it later. */
static void drop(struct file_removal *removal)
{
    static struct log_pace pace;

    log_seldom(&pace, LOG_ERROR, "files.removal.dropped",
               LOG_CSTR("cause", "too many wait for the storage; reeve files check finds them"));
    file_removal_free(removal);
}

void file_removal_queue(struct file_removal *removal)
{
    struct removal_queue *queue = queue_of(removal);
    bool full;

    pthread_mutex_lock(&queue->lock);
    full = queue == &removal->store->removals[REMOVALS_REMOTE] && queue->n >= LIMIT_REMOTE_REMOVALS;
    if (!full) {
        if (queue->first)
            queue->last->next = removal;
        else
            queue->first = removal;
        queue->last = removal;
        queue->n++;
        queue->started = queue->started || thread_start("files", run, queue, &queue->thread);
        pthread_cond_signal(&queue->changed);
    }
    pthread_mutex_unlock(&queue->lock);
    if (full)
        drop(removal);
}

/* The lock that other processes look for. A look has it for a moment: that is waited for. */
static void lock_temp(struct file_store *store)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const char *path = arena_cstr(a, store->temp_dir);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = -1;

    while (fd >= 0 && (rc = flock(fd, LOCK_SH)) != 0 && errno == EINTR)
        ;
    if (rc != 0)
        log_warn("files.hold.failed", LOG_STR("cause", disk_failed(a, "locking", path)->cause));
    store->held_fd = fd;
}

static void unlock_temp(struct file_store *store)
{
    if (store->held_fd >= 0)
        (void)close(store->held_fd); /* nothing was written */
    store->held_fd = -1;
}

void file_store_hold_removals(struct file_store *store, bool held)
{
    struct removal_queue *queue = &store->removals[REMOVALS_LOCAL];

    if (held)
        lock_temp(store);
    else
        unlock_temp(store);
    pthread_mutex_lock(&queue->lock);
    queue->held = held;
    pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

void remove_stop(struct file_store *store)
{
    for (size_t i = 0; i < REMOVALS; i++) {
        struct removal_queue *queue = &store->removals[i];

        pthread_mutex_lock(&queue->lock);
        queue->stopping = true;
        pthread_cond_signal(&queue->changed);
        pthread_mutex_unlock(&queue->lock);
        if (queue->started)
            thread_join(queue->thread);
        else
            run(queue); /* the system had no thread for it */
        pthread_cond_destroy(&queue->changed);
        pthread_mutex_destroy(&queue->lock);
    }
}

/* --- what may be queued ----------------------------------------------------------------------- */

struct file_removal *file_removal_new(struct file_store *store, struct blob_place *place)
{
    struct arena *a = arena_new();
    struct file_removal *removal = ARENA_NEW(a, struct file_removal);

    removal->arena = a;
    removal->store = store;
    removal->place = place_or_current(store, place);
    removal->young_ms = date_now_ms() - YOUNG_MS;
    return removal;
}

void file_removal_free(struct file_removal *removal)
{
    if (!removal)
        return;
    blob_place_unref(removal->place);
    arena_free(removal->arena);
}

void file_removal_add(struct file_removal *removal, const struct file_key *key)
{
    struct arena *a = removal->arena;

    if (file_is_segment(key->col) && file_is_segment(key->rec) && /* others were never stored */
        (key->name.n == 0 || store_is_safe(key)))
        *VEC_PUSH(a, &removal->keys) = (struct file_key){
            arena_dup(a, key->col), arena_dup(a, key->rec), arena_dup(a, key->name)};
}

void file_store_remove_files(struct file_store *store, struct blob_place *place,
                             const struct file_key *keys, size_t n)
{
    struct file_removal *removal;

    if (n == 0)
        return;
    removal = file_removal_new(store, place);
    for (size_t i = 0; i < n; i++)
        file_removal_add(removal, &keys[i]);
    file_removal_queue(removal);
}

void file_store_remove_col(struct file_store *store, struct str col, int64_t before_ms)
{
    struct file_removal *removal;

    if (!file_is_segment(col))
        return;
    removal = file_removal_new(store, NULL);
    removal->col = arena_dup(removal->arena, col);
    removal->before_ms = before_ms;
    file_removal_queue(removal);
}

void file_store_remove_temp(struct file_store *store, struct str path)
{
    struct file_removal *removal = file_removal_new(store, NULL);

    removal->temp = arena_dup(removal->arena, path);
    file_removal_queue(removal);
}

/* --- the start -------------------------------------------------------------------------------- */

void remove_init(struct file_store *store)
{
    pthread_condattr_t attr; /* a wait is no longer when somebody puts the clock back */

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    for (size_t i = 0; i < REMOVALS; i++) {
        pthread_mutex_init(&store->removals[i].lock, NULL);
        pthread_cond_init(&store->removals[i].changed, &attr);
    }
    pthread_condattr_destroy(&attr);
}

void remove_left(const struct file_store *store)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const char *path =
        arena_cstr(a, arena_concat(a, store->dir, STR("/" FILE_TEMP_FOLDER), STR_NONE));
    DIR *dir = opendir(path);
    struct dirent *entry;

    if (!dir)
        return; /* there is none */
    while ((entry = readdir(dir)) != NULL)
        if (str_starts(str_of(entry->d_name), STR(FILE_TEMP_PREFIX)) &&
            unlinkat(dirfd(dir), entry->d_name, 0) != 0 && errno != ENOENT &&
            errno != EISDIR) /* folders are of those who work in them: backup/work.c */
            complain(disk_failed(a, "removing", entry->d_name));
    (void)closedir(dir); /* nothing was written */
}
