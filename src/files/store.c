/*
 * The store: which keys there are, and the place that keeps them.
 *
 * Invariants
 *  1. Only checked keys reach a place.
 *  2. What has begun ends in the place that it began in: each call, and each removal from when it
 *     is made, has a reference of its own.
 */
#include "files/internal.h"

#include "base/log.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- files ------------------------------------------------------------------------------------ */

/* As PocketBase answers, whatever it is about the other server: the log says it. */
static struct err *refused(struct arena *a, const struct err *why)
{
    static struct log_pace pace;
    struct err *err = err_new(a, E_BAD_REQUEST, NULL, "%.*s", STR_ARG(why->cause));

    log_seldom(&pace, LOG_ERROR, "files.failed", LOG_STR("cause", why->cause));
    err->logged = true;
    return err;
}

struct err *file_store_put(struct arena *a, struct file_store *store, struct blob_place *in,
                           const struct file_key *key, const struct file_content *content,
                           const struct file_type *type, struct str original)
{
    const struct blob_info info = {.type = file_type_text(a, type), .original = original};
    AUTO(blob_place_unref) struct blob_place *place = place_or_current(store, in);
    struct err *err;

    if (!store_is_safe(key))
        return err_new(a, E_BAD_REQUEST, NULL, "not to be stored: %.*s/%.*s/%.*s",
                       STR_ARG(key->col), STR_ARG(key->rec), STR_ARG(key->name));
    err = place->ops->put(a, place->own, file_key_text(a, key), content, &info);
    return err && place->ops->fetch ? refused(a, err) : err;
}

struct err *file_store_sync(struct arena *a, struct file_store *store, struct blob_place *in,
                            struct str col, struct str rec)
{
    const struct file_key folder = {col, rec, STR_NONE};
    AUTO(blob_place_unref) struct blob_place *place = place_or_current(store, in);

    return place->ops->sync(a, place->own, file_key_text(a, &folder));
}

/* Where there is no disk to read from, what is known of it. */
struct err *file_place_open(struct arena *a, struct blob_place *place, struct str key,
                            const atomic_bool *gone, struct file_opened *ret)
{
    struct blob_info info = {0};
    struct err *err;
    int fd = -1;

    err = place->ops->fetch ? place->ops->info(a, place->own, key, gone, &info)
                            : place->ops->open(a, place->own, key, &fd, &info);
    if (err)
        return err;
    *ret = (struct file_opened){
        .fd = fd, .size = info.size, .modified_s = info.modified_s, .type = info.type, .key = key};
    if (fd < 0)
        ret->place = blob_place_ref(place);
    return NULL;
}

struct err *file_store_open(struct arena *a, struct file_store *store, const struct file_key *key,
                            const atomic_bool *gone, struct file_opened *ret)
{
    AUTO(blob_place_unref) struct blob_place *place = file_store_hold(store);

    if (!store_is_safe(key))
        return err_new(a, E_NOT_FOUND, NULL, "no key of a file");
    return file_place_open(a, place, file_key_text(a, key), gone, ret);
}

void file_close(struct file_opened *file)
{
    if (file->fd >= 0)
        (void)close(file->fd); /* nothing was written */
    file->fd = -1;
    blob_place_unref(TAKE(file->place));
}

struct err *file_bring(struct arena *a, struct file_opened *file, uint64_t most)
{
    struct blob_info info;

    if (file->fd >= 0)
        return NULL;
    if (file->size > most)
        return err_new(a, E_TOO_LARGE, NULL, "more than is brought here: %llu bytes",
                       (unsigned long long)file->size);
    return file->place->ops->open(a, file->place->own, file->key, &file->fd, &info);
}

struct err *file_fetch(struct arena *a, const struct file_opened *file, uint64_t at, uint64_t n,
                       const atomic_bool *gone, const struct net_events *events, void *user,
                       struct net_fetch **ret)
{
    return file->place->ops->fetch(a, file->place->own, file->key, at, n, gone, events, user, ret);
}

bool file_store_open_cached(struct arena *a, struct file_store *store, const struct file_key *key,
                            struct file_opened *ret)
{
    AUTO(blob_place_unref) struct blob_place *place = file_store_hold(store);
    struct blob_info info = {0};
    int fd;

    if (!place->ops->open_cached || !store_is_safe(key) ||
        !place->ops->open_cached(a, place->own, file_key_text(a, key), &fd, &info))
        return false;
    *ret = (struct file_opened){
        .fd = fd, .size = info.size, .modified_s = info.modified_s, .type = info.type};
    return true;
}

/* --- temporary files -------------------------------------------------------------------------- */

struct err *file_store_temp_dir(struct arena *a, const struct file_store *store, struct str *ret)
{
    struct str path = arena_concat(a, store->dir, STR("/" FILE_TEMP_FOLDER), STR_NONE);
    const char *c = arena_cstr(a, path);

    if (mkdir(c, 0777) != 0 && errno != EEXIST)
        return disk_failed(a, "making", c);
    *ret = arena_concat(a, path, STR("/" FILE_TEMP_PREFIX), STR_NONE);
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

struct file_store *file_store_new(struct str dir, bool serving)
{
    struct arena *a = arena_new();
    struct file_store *store = ARENA_NEW(a, struct file_store);

    store->arena = a;
    store->dir = arena_dup(a, dir);
    store->place = local_place(dir);
    store->net = net_new();
    store->s3_arena = arena_new();
    store->held_fd = -1;
    store->temp_dir = arena_concat(a, store->dir, STR("/" FILE_TEMP_FOLDER), STR_NONE);
    pthread_mutex_init(&store->lock, NULL);
    remove_init(store);
    pthread_mutex_init(&store->thumbs_lock, NULL);
    pthread_cond_init(&store->thumbs_changed, NULL);
    if (serving)
        remove_left(store);
    return store;
}

void file_store_stop(struct file_store *store, enum net_stop what)
{
    net_stop(store->net, what);
}

void file_store_finish(struct file_store *store)
{
    if (!store->finished)
        remove_stop(store);
    store->finished = true;
}

void file_store_free(struct file_store *store)
{
    if (!store)
        return;
    file_store_finish(store);
    pthread_mutex_destroy(&store->lock);
    pthread_cond_destroy(&store->thumbs_changed);
    pthread_mutex_destroy(&store->thumbs_lock);
    blob_place_unref(store->place);
    net_free(store->net);
    arena_free(store->s3_arena);
    arena_free(store->arena);
}
