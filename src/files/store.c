/*
 * The store: which keys there are, and the place that keeps them.
 *
 * Invariants
 *  1. Only checked keys reach a place.
 *  2. What has begun ends in the place that it began in: each call, and each removal from when it
 *     is made, has a reference of its own.
 */
#include "files/internal.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- places ----------------------------------------------------------------------------------- */

struct blob_place *blob_place_new(struct arena *take_a, const struct blob_ops *ops, const void *own)
{
    struct blob_place *place = ARENA_NEW(take_a, struct blob_place);

    place->arena = take_a;
    place->ops = ops;
    place->own = own;
    atomic_init(&place->refs, 1);
    return place;
}

struct blob_place *blob_place_ref(struct blob_place *place)
{
    atomic_fetch_add(&place->refs, 1);
    return place;
}

void blob_place_unref(struct blob_place *place)
{
    if (place && atomic_fetch_sub(&place->refs, 1) == 1)
        arena_free(place->arena);
}

struct blob_place *store_place(struct file_store *store)
{
    struct blob_place *place;

    pthread_mutex_lock(&store->lock);
    place = blob_place_ref(store->place);
    pthread_mutex_unlock(&store->lock);
    return place;
}

/* --- keys ------------------------------------------------------------------------------------- */

struct str store_key(struct arena *a, const struct file_key *key)
{
    struct str text = key->col;

    if (key->rec.n)
        text = arena_concat(a, text, STR("/"), key->rec);
    if (key->name.n)
        text = arena_concat(a, text, STR("/"), key->name);
    return text;
}

static bool is_name(struct str name)
{
    size_t slash = str_find_byte(name, '/');
    struct str folder = str_sub(name, 0, slash);

    if (slash < name.n) {
        if (!str_starts(folder, STR("thumbs_")) || !file_is_segment(folder))
            return false;
        name = str_from(name, slash + 1);
    }
    return file_is_segment(name) && !str_ends(name, STR(".attrs"));
}

bool store_is_safe(const struct file_key *key)
{
    return file_is_segment(key->col) && file_is_segment(key->rec) && is_name(key->name);
}

bool file_key_read(struct str text, struct file_key *ret)
{
    struct str rest = text.n > 0 && text.p[0] == '/' ? str_from(text, 1) : text;
    const size_t col_end = str_find_byte(rest, '/');

    ret->col = str_sub(rest, 0, col_end);
    rest = str_from(rest, col_end + 1);
    ret->rec = str_sub(rest, 0, str_find_byte(rest, '/'));
    ret->name = str_from(rest, ret->rec.n + 1);
    return store_is_safe(ret);
}

struct str file_key_text(struct arena *a, const struct file_key *key)
{
    return store_key(a, key);
}

struct str file_key_original(const struct file_key *key)
{
    const size_t slash = str_find_byte(key->name, '/');
    struct str thumb, name;

    if (slash == key->name.n)
        return key->name;
    name = str_from(str_sub(key->name, 0, slash), STR("thumbs_").n);
    thumb = str_from(key->name, slash + 1);
    if (thumb.n <= name.n + 1 || !str_ends(thumb, name) || thumb.p[thumb.n - name.n - 1] != '_')
        return STR_NONE;
    return name;
}

/* --- files ------------------------------------------------------------------------------------ */

struct err *file_store_put(struct arena *a, struct file_store *store, const struct file_key *key,
                           const struct file_content *content, const struct file_type *type,
                           struct str original)
{
    const struct blob_info info = {.type = file_type_text(a, type), .original = original};
    AUTO(blob_place_unref) struct blob_place *place = store_place(store);

    if (!store_is_safe(key))
        return err_new(a, E_BAD_REQUEST, NULL, "not to be stored: %.*s/%.*s/%.*s",
                       STR_ARG(key->col), STR_ARG(key->rec), STR_ARG(key->name));
    return place->ops->put(a, place->own, store_key(a, key), content, &info);
}

struct err *file_store_sync(struct arena *a, struct file_store *store, struct str col,
                            struct str rec)
{
    const struct file_key folder = {col, rec, STR_NONE};
    AUTO(blob_place_unref) struct blob_place *place = store_place(store);

    return place->ops->sync(a, place->own, store_key(a, &folder));
}

/* Where there is no disk to read from, what is known of it. */
static struct err *open_in(struct arena *a, struct blob_place *place, struct str key,
                           struct file_opened *ret)
{
    struct blob_info info = {0};
    struct err *err;
    int fd = -1;

    err = place->ops->fetch ? place->ops->info(a, place->own, key, &info)
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
                            struct file_opened *ret)
{
    AUTO(blob_place_unref) struct blob_place *place = store_place(store);

    if (!store_is_safe(key))
        return err_new(a, E_NOT_FOUND, NULL, "no key of a file");
    return open_in(a, place, store_key(a, key), ret);
}

void file_close(struct file_opened *file)
{
    if (file->fd >= 0)
        (void)close(file->fd); /* nothing was written */
    file->fd = -1;
    blob_place_unref(TAKE(file->place));
}

struct err *file_fetch(struct arena *a, const struct file_opened *file, uint64_t at, uint64_t n,
                       const struct net_events *events, void *user, struct net_fetch **ret)
{
    return file->place->ops->fetch(a, file->place->own, file->key, at, n, events, user, ret);
}

bool file_store_open_cached(struct arena *a, struct file_store *store, const struct file_key *key,
                            struct file_opened *ret)
{
    AUTO(blob_place_unref) struct blob_place *place = store_place(store);
    struct blob_info info = {0};
    int fd;

    if (!place->ops->open_cached || !store_is_safe(key) ||
        !place->ops->open_cached(a, place->own, store_key(a, key), &fd, &info))
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
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->changed, NULL);
    pthread_mutex_init(&store->thumbs_lock, NULL);
    pthread_cond_init(&store->thumbs_changed, NULL);
    if (serving)
        remove_start(store);
    return store;
}

void file_store_free(struct file_store *store)
{
    if (!store)
        return;
    remove_stop(store);
    pthread_cond_destroy(&store->changed);
    pthread_mutex_destroy(&store->lock);
    pthread_cond_destroy(&store->thumbs_changed);
    pthread_mutex_destroy(&store->thumbs_lock);
    blob_place_unref(store->place);
    arena_free(store->arena);
}
