/*
 * Removing, at once and in the background: one thread takes what was queued, in order, so that
 * neither a loop nor the writer waits for a disk.
 */
#include "files/internal.h"

#include "base/buf.h"
#include "base/date.h"
#include "base/log.h"
#include "base/thread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_DEPTH 8 /* below storage/ there are four levels */

/* No request takes as long from storing a file to its record's commit. */
#define YOUNG_MS ((int64_t)10 * 60 * 1000)

/* One piece of work, in an arena of its own. */
struct file_removal {
    struct arena *arena;
    struct file_store *store;
    struct file_removal *next;
    struct str temp; /* a path */
    struct str col;  /* a whole folder */
    int64_t before_ms;
    VEC(struct file_key) keys;
};

static void complain(const char *what, const char *name)
{
    int e = errno;

    if (e != ENOENT && e != ENOTEMPTY && e != EEXIST)
        log_error("files.remove.failed", LOG_CSTR("what", what), LOG_CSTR("name", name),
                  LOG_CSTR("cause", strerror(e)));
}

/* --- folders ---------------------------------------------------------------------------------- */

static void remove_tree(int at, const char *name, int64_t before_ms, int depth);

static void remove_entry(int at, const char *name, int64_t before_ms, int depth)
{
    struct stat st;
    int64_t changed_ms;

    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    if (S_ISDIR(st.st_mode)) {
        remove_tree(at, name, before_ms, depth + 1);
        return;
    }
    changed_ms = (int64_t)st.st_ctim.tv_sec * 1000 + st.st_ctim.tv_nsec / 1000000;
    if (changed_ms <= before_ms && unlinkat(at, name, 0) != 0)
        complain("file", name);
}

/* No deeper than FOLDER_DEPTH. The folder itself stays where something in it does. */
static void remove_tree(int at, const char *name, int64_t before_ms, int depth)
{
    int fd = depth > FOLDER_DEPTH
                 ? -1
                 : openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    if (!dir) {
        complain("folder", name);
        if (fd >= 0)
            (void)close(fd); /* nothing was written */
        return;
    }
    while ((entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_entry(fd, entry->d_name, before_ms, depth);
    (void)closedir(dir); /* nothing was written */
    if (unlinkat(at, name, AT_REMOVEDIR) != 0)
        complain("folder", name);
}

static void remove_path(const char *path)
{
    if (unlink(path) != 0)
        complain("file", path);
}

/* Folders with something in them stay, and new ones are made by whoever needs them. */
static void remove_if_empty(struct arena *a, const struct file_store *store,
                            const struct file_key *key)
{
    if (rmdir(store_path(a, store, key->col, key->rec, STR_NONE)) == 0 || errno == ENOENT)
        (void)rmdir(store_path(a, store, key->col, STR_NONE, STR_NONE));
}

void remove_file(const struct file_store *store, const struct file_key *key)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str path = file_store_path(a, store, key->col, key->rec, key->name);
    struct str thumbs = arena_concat(a, STR("thumbs_"), key->name, STR_NONE);

    if (!path.p)
        return;
    remove_path(arena_cstr(a, path));
    remove_path(arena_cstr(a, arena_concat(a, path, STR(".attrs"), STR_NONE)));
    remove_tree(AT_FDCWD, store_path(a, store, key->col, key->rec, thumbs), INT64_MAX, 0);
    remove_if_empty(a, store, key);
}

static void sweep(const struct file_store *store, const struct file_key *key)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const char *path = store_path(a, store, key->col, key->rec, STR_NONE);

    remove_tree(AT_FDCWD, path, date_now_ms() - YOUNG_MS, 0);
    remove_if_empty(a, store, key);
}

/* --- the queue -------------------------------------------------------------------------------- */

static void carry_out(const struct file_removal *removal)
{
    AUTO(arena_free) struct arena *a = arena_new();

    if (removal->temp.p)
        remove_path(arena_cstr(a, removal->temp));
    if (removal->col.n)
        remove_tree(AT_FDCWD, store_path(a, removal->store, removal->col, STR_NONE, STR_NONE),
                    removal->before_ms, 0);
    for (size_t i = 0; i < removal->keys.n; i++) {
        const struct file_key *key = &removal->keys.items[i];

        if (key->name.n)
            remove_file(removal->store, key);
        else
            sweep(removal->store, key);
    }
}

static void run(void *arg)
{
    struct file_store *store = arg;
    struct file_removal *removal;

    pthread_mutex_lock(&store->lock);
    for (;;) {
        while (!store->first && !store->stopping)
            pthread_cond_wait(&store->changed, &store->lock);
        removal = store->first;
        if (!removal)
            break;
        store->first = removal->next;
        pthread_mutex_unlock(&store->lock);
        carry_out(removal);
        file_removal_free(removal);
        pthread_mutex_lock(&store->lock);
    }
    pthread_mutex_unlock(&store->lock);
}

void file_removal_queue(struct file_removal *removal)
{
    struct file_store *store = removal->store;

    pthread_mutex_lock(&store->lock);
    if (store->first)
        store->last->next = removal;
    else
        store->first = removal;
    store->last = removal;
    store->started = store->started || thread_start("files", run, store, &store->thread);
    pthread_cond_signal(&store->changed);
    pthread_mutex_unlock(&store->lock);
}

void remove_stop(struct file_store *store)
{
    pthread_mutex_lock(&store->lock);
    store->stopping = true;
    pthread_cond_signal(&store->changed);
    pthread_mutex_unlock(&store->lock);
    if (store->started)
        thread_join(store->thread);
    else
        run(store); /* the system had no thread for it */
}

/* --- what may be queued ----------------------------------------------------------------------- */

struct file_removal *file_removal_new(struct file_store *store)
{
    struct arena *a = arena_new();
    struct file_removal *removal = ARENA_NEW(a, struct file_removal);

    removal->arena = a;
    removal->store = store;
    return removal;
}

void file_removal_free(struct file_removal *removal)
{
    if (removal)
        arena_free(removal->arena);
}

void file_removal_add(struct file_removal *removal, const struct file_key *key)
{
    struct arena *a = removal->arena;

    if (file_is_segment(key->col) && file_is_segment(key->rec)) /* others were never stored */
        *VEC_PUSH(a, &removal->keys) = (struct file_key){
            arena_dup(a, key->col), arena_dup(a, key->rec), arena_dup(a, key->name)};
}

void file_store_remove_files(struct file_store *store, const struct file_key *keys, size_t n)
{
    struct file_removal *removal;

    if (n == 0)
        return;
    removal = file_removal_new(store);
    for (size_t i = 0; i < n; i++)
        file_removal_add(removal, &keys[i]);
    file_removal_queue(removal);
}

void file_store_remove_col(struct file_store *store, struct str col, int64_t before_ms)
{
    struct file_removal *removal;

    if (!file_is_segment(col))
        return;
    removal = file_removal_new(store);
    removal->col = arena_dup(removal->arena, col);
    removal->before_ms = before_ms;
    file_removal_queue(removal);
}

void file_store_remove_temp(struct file_store *store, struct str path)
{
    struct file_removal *removal = file_removal_new(store);

    removal->temp = arena_dup(removal->arena, path);
    file_removal_queue(removal);
}

/* --- what a killed process left --------------------------------------------------------------- */

void remove_start(struct file_store *store)
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
            unlinkat(dirfd(dir), entry->d_name, 0) != 0)
            complain("temporary file", entry->d_name);
    (void)closedir(dir); /* nothing was written */
}
