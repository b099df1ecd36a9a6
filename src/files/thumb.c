/*
 * Thumbs (services.md 3.3): made the first time that somebody asks for one, and stored beside the
 * file. A file's content never changes under its name, so neither do they.
 *
 * Invariants
 *  1. One thread at a time makes a thumb; who asks for it meanwhile waits, and has its outcome.
 *  2. A thumb whose file is gone does not stay: who removes a file removes its thumbs last, and who
 *     stores a thumb looks for its file after that.
 */
#include "files/image.h"
#include "files/internal.h"
#include "files/thumb_size.h"

#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/md5.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define TEMP_NAME_LEN 20
#define PIECE_BYTES ((size_t)64 * KIB)

/* One that is being made; the store's list has it until its maker is done, and who waits for it
 * after that. */
struct making {
    struct making *next;
    struct arena *arena; /* its own */
    struct str key;      /* the maker's: read only while it is on the list */
    unsigned n_users;
    bool done, failed;
};

/* --- what is made of what --------------------------------------------------------------------- */

static const struct picture {
    struct str type;
    enum image_format format;
} pictures[] = {
    {STR_INIT("image/png"), IMAGE_PNG},   {STR_INIT("image/jpg"), IMAGE_PNG},
    {STR_INIT("image/jpeg"), IMAGE_JPEG}, {STR_INIT("image/gif"), IMAGE_GIF},
    {STR_INIT("image/webp"), IMAGE_PNG},
};

static const struct picture *picture_of(struct str type)
{
    for (size_t i = 0; i < COUNT_OF(pictures); i++)
        if (str_eq(pictures[i].type, type))
            return &pictures[i];
    return NULL;
}

bool file_has_thumbs(struct str type)
{
    return picture_of(type) != NULL;
}

static struct str type_of(enum image_format format)
{
    static const struct str types[] = {[IMAGE_PNG] = STR_INIT("image/png"),
                                       [IMAGE_JPEG] = STR_INIT("image/jpeg"),
                                       [IMAGE_GIF] = STR_INIT("image/gif")};

    return types[format];
}

struct file_key file_thumb_key(struct arena *a, const struct file_key *key, struct str size)
{
    struct str name = arena_printf(a, "thumbs_%.*s/%.*s_%.*s", STR_ARG(key->name), STR_ARG(size),
                                   STR_ARG(key->name));

    return (struct file_key){key->col, key->rec, name};
}

/* --- making one ------------------------------------------------------------------------------- */

/* Its size and checksum. */
static struct err *measure(struct arena *a, const char *path, struct file_content *ret)
{
    struct md5_sum *sum = md5_start(a);
    char *piece = arena_alloc(a, PIECE_BYTES);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = 1;

    if (fd < 0)
        return disk_failed(a, "opening", path);
    *ret = (struct file_content){.path = str_of(path)};
    while (n > 0 || (n < 0 && errno == EINTR)) {
        n = read(fd, piece, PIECE_BYTES);
        if (n > 0)
            md5_add(sum, (struct str){piece, (size_t)n});
        ret->size += n > 0 ? (uint64_t)n : 0;
    }
    (void)close(fd); /* nothing was written */
    md5_end(sum, ret->md5);
    return n < 0 ? disk_failed(a, "reading", path) : NULL;
}

/* Of a picture that is open, as a temporary file at out_path. */
static struct err *make(struct arena *a, const struct file_thumb *thumb, const char *out_path,
                        struct file_content *ret)
{
    struct thumb_size size;
    struct image_task task = {
        .in_path = arena_cstr(a, arena_printf(a, "/proc/self/fd/%d", thumb->source->fd)),
        .out_path = out_path,
        .out = picture_of(thumb->source->type)->format,
        .max_pixels = thumb->max_pixels,
        .max_bytes = thumb->max_bytes,
    };
    struct err *err;

    if (!thumb_size_read(thumb->size, &size))
        return err_new(a, E_BAD_REQUEST, NULL, "no size of a thumb: %.*s", STR_ARG(thumb->size));
    task.width = size.width;
    task.height = size.height;
    task.cut = size.cut;
    err = image_make(a, &task);
    return err ? err : measure(a, out_path, ret);
}

/* A thumb that was stored while its file went away. */
static void remove_thumb(struct arena *a, struct file_store *files, const struct file_key *key)
{
    AUTO(blob_place_unref) struct blob_place *place = file_store_hold(files);
    const struct str text = file_key_text(a, key);
    struct err *err = place->ops->remove(a, place->own, &text, 1);

    if (err)
        log_warn("thumb.stays", LOG_STR("key", text), LOG_STR("cause", err->cause));
}

static struct err *store(struct arena *a, struct file_store *files, const struct file_thumb *thumb,
                         const struct file_key *key, const struct file_content *content)
{
    const struct picture *picture = picture_of(thumb->source->type);
    const struct file_type type = {.mime = type_of(picture->format)};
    struct file_opened file;
    struct err *err = file_store_put(a, files, thumb->source->place, key, content, &type, STR_NONE);

    if (err)
        return err;
    err = file_store_open(a, files, thumb->key, NULL, &file);
    if (err && err->kind == E_NOT_FOUND)
        remove_thumb(a, files, key);
    else if (!err)
        file_close(&file);
    return err;
}

static struct err *make_and_store(struct arena *a, struct file_store *files,
                                  const struct file_thumb *thumb, const struct file_key *key)
{
    struct file_content content;
    const char *path;
    struct str prefix;
    struct err *err = file_store_temp_dir(a, files, &prefix);

    if (err)
        return err;
    path = arena_cstr(
        a, arena_concat(a, prefix, random_text(a, TEMP_NAME_LEN, ALPHABET_ID), STR_NONE));
    err = make(a, thumb, path, &content);
    if (!err)
        err = store(a, files, thumb, key, &content);
    (void)unlink(path); /* after a failure there is none */
    return err;
}

/* --- each once -------------------------------------------------------------------------------- */

/* *ret_mine: nobody is making it. */
static struct making *begin(struct file_store *store, struct str key, bool *ret_mine)
{
    struct making *making;

    pthread_mutex_lock(&store->thumbs_lock);
    for (making = store->making; making && !str_eq(making->key, key); making = making->next)
        ;
    *ret_mine = !making;
    if (!making) {
        struct arena *a = arena_new();

        making = ARENA_NEW(a, struct making);
        making->arena = a;
        making->key = key;
        making->next = store->making;
        store->making = making;
    }
    making->n_users++;
    pthread_mutex_unlock(&store->thumbs_lock);
    return making;
}

static void leave(struct file_store *store, struct making *making)
{
    bool last = --making->n_users == 0;

    pthread_mutex_unlock(&store->thumbs_lock);
    if (last)
        arena_free(making->arena);
}

static void finish(struct file_store *store, struct making *making, bool failed)
{
    struct making **at = &store->making;

    pthread_mutex_lock(&store->thumbs_lock);
    while (*at != making)
        at = &(*at)->next;
    *at = making->next;
    making->done = true;
    making->failed = failed;
    pthread_cond_broadcast(&store->thumbs_changed);
    leave(store, making);
}

/* Whether it is there then. */
static bool wait_for(struct file_store *store, struct making *making)
{
    bool failed;

    pthread_mutex_lock(&store->thumbs_lock);
    while (!making->done)
        pthread_cond_wait(&store->thumbs_changed, &store->thumbs_lock);
    failed = making->failed;
    leave(store, making);
    return !failed;
}

struct err *file_store_thumb(struct arena *a, struct file_store *store,
                             const struct file_thumb *thumb, struct file_opened *ret)
{
    const struct file_key key = file_thumb_key(a, thumb->key, thumb->size);
    struct making *making;
    struct err *err;
    bool mine;

    if (thumb->source->fd < 0 || !picture_of(thumb->source->type) || !store_is_safe(&key))
        return err_new(a, E_BAD_REQUEST, NULL, "no picture");
    making = begin(store, file_key_text(a, &key), &mine);
    if (!mine && !wait_for(store, making))
        return err_new(a, E_BAD_REQUEST, NULL, "it could not be made");
    err = file_store_open(a, store, &key, NULL, ret); /* who was first may have been done already */
    if (mine && err && err->kind == E_NOT_FOUND) {
        err = make_and_store(a, store, thumb, &key);
        if (!err)
            err = file_store_open(a, store, &key, NULL, ret);
    }
    if (mine)
        finish(store, making, err != NULL);
    return err;
}

void file_thread_end(void)
{
    image_thread_end();
}
