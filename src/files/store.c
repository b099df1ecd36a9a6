/*
 * The local storage (data-dir.md 12): files with their side-cars, written so that a name is only
 * there with all of its content.
 *
 * Invariants
 *  1. Nothing outside <dir>/storage/<segment>/<segment>/ and the folder for temporary files is
 *     written.
 *  2. A file has its side-car and its whole content on disk before it has its name.
 */
#include "files/internal.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ORIGINAL_NAME_MAX 255
#define SIDE_CAR_MAX (64 * KIB)
#define FOLDER_TRIES 20 /* its last file may be removed while the next is on its way */

/* errno stays what it was. */
static struct err *failed(struct arena *a, const char *what, const char *path)
{
    static struct log_pace pace;
    int e = errno;
    bool full = e == ENOSPC || e == EDQUOT;
    struct err *err =
        err_new(a, full ? E_UNAVAILABLE : E_INTERNAL, NULL, "%s %s: %s", what, path, strerror(e));

    if (full) /* every upload fails like this */
        log_seldom(&pace, LOG_ERROR, "files.failed", LOG_STR("cause", err->cause));
    err->logged = full;
    errno = e;
    return err;
}

/* --- reading and writing whole files ---------------------------------------------------------- */

static bool write_all(int fd, struct str data)
{
    while (data.n > 0) {
        ssize_t n = write(fd, data.p, data.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data = str_from(data, (size_t)n);
    }
    return true;
}

static struct err *write_file(struct arena *a, const char *path, struct str data)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    struct err *err = NULL;

    if (fd < 0)
        return failed(a, "creating", path);
    if (!write_all(fd, data) || fsync(fd) != 0)
        err = failed(a, "writing", path);
    if (close(fd) != 0 && !err)
        err = failed(a, "closing", path);
    return err;
}

/* The first `most` bytes. */
static struct err *read_head(struct arena *a, const char *path, size_t most, struct str *ret)
{
    char *p = arena_alloc(a, most);
    size_t n = 0;
    ssize_t got = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return failed(a, "opening", path);
    while (n < most && got != 0) {
        got = read(fd, p + n, most - n);
        if (got < 0 && errno != EINTR)
            break;
        n += got > 0 ? (size_t)got : 0;
    }
    (void)close(fd); /* nothing was written */
    if (got < 0)
        return failed(a, "reading", path);
    *ret = (struct str){p, n};
    return NULL;
}

/* Its content, or a folder's names, are on disk. */
static struct err *sync_path(struct arena *a, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct err *err = NULL;

    if (fd < 0)
        return failed(a, "opening", path);
    if (fsync(fd) != 0)
        err = failed(a, "syncing", path);
    (void)close(fd); /* fsync() has said what there is to say */
    return err;
}

struct err *file_head(struct arena *a, const struct file_content *content, struct str *ret)
{
    if (!content->data.p)
        return read_head(a, arena_cstr(a, content->path), FILE_HEAD_BYTES, ret);
    *ret = str_sub(content->data, 0, FILE_HEAD_BYTES);
    return NULL;
}

/* --- paths ------------------------------------------------------------------------------------ */

const char *store_path(struct arena *a, const struct file_store *store, struct str col,
                       struct str rec, struct str name)
{
    struct str path = arena_concat(a, store->dir, STR("/storage"), STR_NONE);

    if (col.n)
        path = arena_concat(a, path, STR("/"), col);
    if (rec.n)
        path = arena_concat(a, path, STR("/"), rec);
    if (name.n)
        path = arena_concat(a, path, STR("/"), name);
    return arena_cstr(a, path);
}

static bool is_safe(const struct file_key *key)
{
    return file_is_segment(key->col) && file_is_segment(key->rec) && file_is_segment(key->name) &&
           !str_ends(key->name, STR(".attrs"));
}

struct str file_store_path(struct arena *a, const struct file_store *store, struct str col,
                           struct str rec, struct str name)
{
    const struct file_key key = {col, rec, name};

    return is_safe(&key) ? str_of(store_path(a, store, col, rec, name)) : STR_NONE;
}

/* Makes one folder; a new one is on disk in its parent when this returns. */
static struct err *make_folder(struct arena *a, const char *path, const char *parent)
{
    if (mkdir(path, 0777) == 0)
        return sync_path(a, parent);
    return errno == EEXIST ? NULL : failed(a, "making", path);
}

static struct err *make_folders(struct arena *a, const struct file_store *store, struct str col,
                                struct str rec)
{
    const char *top = store_path(a, store, STR_NONE, STR_NONE, STR_NONE);
    const char *col_path = store_path(a, store, col, STR_NONE, STR_NONE);
    struct err *err;

    err = make_folder(a, top, arena_cstr(a, store->dir));
    if (!err)
        err = make_folder(a, col_path, top);
    if (!err)
        err = make_folder(a, store_path(a, store, col, rec, STR_NONE), col_path);
    return err;
}

struct err *file_store_temp_dir(struct arena *a, const struct file_store *store, struct str *ret)
{
    struct str path = arena_concat(a, store->dir, STR("/" FILE_TEMP_FOLDER), STR_NONE);
    const char *c = arena_cstr(a, path);

    if (mkdir(c, 0777) != 0 && errno != EEXIST)
        return failed(a, "making", c);
    *ret = arena_concat(a, path, STR("/" FILE_TEMP_PREFIX), STR_NONE);
    return NULL;
}

/* --- side-cars -------------------------------------------------------------------------------- */

/* Cut between characters. */
static struct str cut(struct str text, size_t most)
{
    size_t n = text.n < most ? text.n : most;

    while (n < text.n && n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
        n--;
    return str_sub(text, 0, n);
}

static struct str side_car(struct arena *a, const struct file_content *content,
                           const struct file_type *type, struct str original)
{
    AUTO_BUF struct buf out;
    const struct str sum = {(const char *)content->md5, sizeof(content->md5)};

    buf_init(&out, SIDE_CAR_MAX);
    BUF_ADD(&out, "{\"user.cache_control\":\"\",\"user.content_disposition\":\"\","
                  "\"user.content_encoding\":\"\",\"user.content_language\":\"\","
                  "\"user.content_type\":");
    json_write_text(&out, file_type_text(a, type));
    BUF_ADD(&out, ",\"user.metadata\":{\"original-filename\":");
    json_write_text(&out, cut(original, ORIGINAL_NAME_MAX));
    BUF_ADD(&out, "},\"md5\":");
    json_write_text(&out, base64_encode(a, sum));
    BUF_ADD(&out, "}");
    return arena_dup(a, buf_str(&out));
}

struct err *file_store_type(struct arena *a, const struct file_store *store,
                            const struct file_key *key, struct str *ret)
{
    struct str name = arena_concat(a, key->name, STR(".attrs"), STR_NONE);
    const char *path = store_path(a, store, key->col, key->rec, name);
    const struct json *car, *type;
    struct str text = STR_NONE;
    struct err *err;

    *ret = STR("");
    if (!is_safe(key))
        return NULL;
    if (access(path, F_OK) != 0)
        return NULL;
    err = read_head(a, path, SIDE_CAR_MAX, &text);
    if (err)
        return err;
    if (!json_read(a, text, &json_limits_body, &car, NULL) || car->type != JSON_OBJECT)
        return NULL; /* as if it were not there */
    type = json_get(car, STR("user.content_type"));
    if (type && type->type == JSON_TEXT)
        *ret = type->text;
    return NULL;
}

/* --- storing ---------------------------------------------------------------------------------- */

/* Gets the content to where it can be renamed from, on disk. */
static struct err *bring(struct arena *a, const struct file_content *content, const char *temp)
{
    const char *from;

    if (content->data.p)
        return write_file(a, temp, content->data);
    from = arena_cstr(a, content->path);
    if (link(from, temp) != 0 && rename(from, temp) != 0) /* not every file system has links */
        return failed(a, "moving", from);
    return sync_path(a, temp);
}

static struct err *put(struct arena *a, const struct file_store *store, const struct file_key *key,
                       const struct file_content *content, struct str car, bool *ret_vanished)
{
    const char *path = store_path(a, store, key->col, key->rec, key->name);
    const char *temp = arena_cstr(a, arena_printf(a, "%s.tmp", path));
    const char *side = arena_cstr(a, arena_printf(a, "%s.attrs", path));
    struct err *err;

    err = make_folders(a, store, key->col, key->rec);
    if (!err)
        err = write_file(a, side, car);
    if (!err)
        err = bring(a, content, temp);
    if (!err && rename(temp, path) != 0)
        err = failed(a, "naming", path);
    if (!err)
        return NULL;
    *ret_vanished = errno == ENOENT;
    (void)unlink(temp); /* what is there of it goes; the error is what counts */
    (void)unlink(side);
    return err;
}

struct err *file_store_put(struct arena *a, struct file_store *store, const struct file_key *key,
                           const struct file_content *content, const struct file_type *type,
                           struct str original)
{
    struct str car = side_car(a, content, type, original);
    struct err *err;

    if (!is_safe(key))
        return err_new(a, E_BAD_REQUEST, NULL, "not to be stored: %.*s/%.*s/%.*s",
                       STR_ARG(key->col), STR_ARG(key->rec), STR_ARG(key->name));
    for (int i = 0;; i++) {
        bool vanished = false; /* a folder, or what was in it */

        err = put(a, store, key, content, car, &vanished);
        if (!vanished || i == FOLDER_TRIES)
            return err;
    }
}

struct err *file_store_sync(struct arena *a, struct file_store *store, struct str col,
                            struct str rec)
{
    struct err *err = sync_path(a, store_path(a, store, col, rec, STR_NONE));

    return err && errno == ENOENT ? NULL : err; /* gone with its collection: the unit will see */
}

/* --- life ------------------------------------------------------------------------------------- */

struct file_store *file_store_new(struct str dir, bool serving)
{
    struct arena *a = arena_new();
    struct file_store *store = ARENA_NEW(a, struct file_store);

    store->arena = a;
    store->dir = arena_dup(a, dir);
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->changed, NULL);
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
    arena_free(store->arena);
}
