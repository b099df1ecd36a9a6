/*
 * The backups that there are, and one more.
 */
#include "backup/internal.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"

#include <stdlib.h>

#define NAME_CHARS 50 /* of the application's name, in a backup's */
#define ZIP_TYPE STR("application/zip")

struct backups *backups_new(const struct backups_conf *conf)
{
    struct arena *a = arena_new();
    struct backups *backups = ARENA_NEW(a, struct backups);

    *backups = (struct backups){.arena = a, .conf = *conf};
    backups->conf.dir = arena_dup(a, conf->dir);
    backups->conf.node = arena_dup(a, conf->node);
    backups->conf.key = arena_dup(a, conf->key);
    pthread_mutex_init(&backups->lock, NULL);
    if (conf->restart)
        backup_work_left(backups);
    return backups;
}

void backups_stop(struct backups *backups)
{
    atomic_store(&backups->stopping, true);
}

void backups_free(struct backups *backups)
{
    if (!backups)
        return;
    backups_stop(backups);
    if (backups->has_thread)
        pthread_join(backups->thread, NULL);
    arena_free(backups->used);
    backup_drop_kept(backups);
    pthread_mutex_destroy(&backups->lock);
    arena_free(backups->arena);
}

/* --- names ------------------------------------------------------------------------------------ */

/* Words in lower case with "_" between them (data-dir.md 12.3, 4). */
static struct str snake_case(struct arena *a, struct str text)
{
    char *out = arena_alloc(a, 2 * text.n + 1);
    bool is_word = false, was_upper = true;
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i];
        const bool upper = c >= 'A' && c <= 'Z';

        if (!upper && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) {
            is_word = false;
            continue;
        }
        if (n > 0 && (!is_word || (upper && !was_upper)))
            out[n++] = '_';
        out[n++] = upper ? (char)(c + 32) : c;
        is_word = true;
        was_upper = upper;
    }
    return (struct str){out, n};
}

struct str backup_name(struct arena *a, struct str prefix, const struct settings *settings)
{
    const struct date_parts now = date_split(date_now_ms());
    const struct str name = str_sub(snake_case(a, settings->meta.app_name), 0, NAME_CHARS);

    return arena_printf(a, "%.*s%.*s_%04d%02d%02d%02d%02d%02d.zip", STR_ARG(prefix), STR_ARG(name),
                        now.year, now.month, now.day, now.hour, now.minute, now.second);
}

/* A key of one segment, which no side-car has. */
static bool is_key(struct str key)
{
    return key.n > 0 && key.n <= LIMIT_BACKUP_NAME_BYTES && str_find_byte(key, '/') == key.n &&
           str_find_byte(key, '\0') == key.n && !str_eq(key, STR(".")) && !str_eq(key, STR("..")) &&
           !str_ends(key, STR(".attrs"));
}

static struct err *no_such(struct arena *a, struct str key)
{
    return err_new(a, E_NOT_FOUND, NULL, "there is no backup %.*s", STR_ARG(key));
}

/* --- the list --------------------------------------------------------------------------------- */

struct listing {
    struct arena *a;
    VEC(struct backup_item) items;
};

/* What is being stored there has no name of its own yet. */
static struct err *list_one(void *user, struct str key, const struct blob_info *info)
{
    struct listing *listing = user;

    if (str_ends(key, STR(".tmp")))
        return NULL;
    *VEC_PUSH(listing->a, &listing->items) = (struct backup_item){
        .key = arena_dup(listing->a, key), .size = info->size, .modified_s = info->modified_s};
    return NULL;
}

static int compare_items(const void *x, const void *y)
{
    const struct backup_item *a = x;
    const struct backup_item *b = y;

    return str_cmp(a->key, b->key);
}

static struct err *list(struct arena *a, struct backups *backups, const struct settings *settings,
                        struct backup_list *ret)
{
    AUTO(blob_place_unref)
    struct blob_place *place = file_store_backups(backups->conf.files, &settings->backups.s3);
    struct listing listing = {.a = a};
    struct err *err = place->ops->list(a, place->own, STR(""), list_one, &listing);

    if (err && err->kind == E_NOT_FOUND)
        err = NULL;
    if (listing.items.n > 1)
        qsort(listing.items.items, listing.items.n, sizeof(*listing.items.items), compare_items);
    *ret = (struct backup_list){listing.items.items, listing.items.n};
    return err;
}

struct err *backups_list(struct arena *a, struct backups *backups, const struct settings *settings,
                         const struct backup_history *history, struct backup_list *ret)
{
    struct map told = {0};
    struct err *err = list(a, backups, settings, ret);

    if (err)
        return err;
    for (size_t i = 0; i < history->n; i++)
        map_put(a, &told, history->items[i].key, &history->items[i].told);
    for (size_t i = 0; i < ret->n; i++) {
        struct backup_item *item = &ret->items[i];
        const struct backup_told *found = map_find(&told, item->key);

        if (found && (uint64_t)found->size == item->size) /* another may have its name by now */
            item->told = found;
    }
    return NULL;
}

static struct err *info_of(struct arena *a, struct backups *backups,
                           const struct settings *settings, struct str key, struct blob_info *ret)
{
    AUTO(blob_place_unref)
    struct blob_place *place = file_store_backups(backups->conf.files, &settings->backups.s3);

    return place->ops->info(a, place->own, key, NULL, ret);
}

struct err *backups_has(struct arena *a, struct backups *backups, const struct settings *settings,
                        struct str key, bool *ret)
{
    struct blob_info info;
    struct err *err = is_key(key) ? info_of(a, backups, settings, key, &info) : no_such(a, key);

    *ret = !err;
    return err && err->kind == E_NOT_FOUND ? NULL : err;
}

/* --- one of them ------------------------------------------------------------------------------ */

struct err *backup_put(struct arena *a, struct backups *backups, const struct settings *settings,
                       struct str key, const struct file_content *content,
                       const struct file_type *type)
{
    const struct blob_info info = {.type = file_type_text(a, type), .original = key};
    AUTO(blob_place_unref)
    struct blob_place *place = file_store_backups(backups->conf.files, &settings->backups.s3);
    struct err *err;

    if (!is_key(key))
        return err_new(a, E_BAD_REQUEST, NULL, "%.*s cannot be a backup's name", STR_ARG(key));
    err = place->ops->put(a, place->own, key, content, &info);
    return err ? err : place->ops->sync(a, place->own, STR(""));
}

struct err *backup_remove(struct arena *a, struct backups *backups, const struct settings *settings,
                          struct str key)
{
    AUTO(blob_place_unref)
    struct blob_place *place = file_store_backups(backups->conf.files, &settings->backups.s3);
    struct blob_info info;
    struct err *err;

    if (!is_key(key))
        return no_such(a, key);
    if (backups_uses(backups, key))
        return err_new(a, E_BAD_REQUEST,
                       "The backup is currently being used and cannot be deleted.", "in use");
    err = place->ops->info(a, place->own, key, NULL, &info);
    if (!err)
        err = place->ops->remove(a, place->own, &key, 1);
    return err ? err : backup_forget(a, backups, key);
}

struct err *backup_open(struct arena *a, struct backups *backups, const struct settings *settings,
                        struct str key, const atomic_bool *gone, struct file_opened *ret)
{
    AUTO(blob_place_unref)
    struct blob_place *place = file_store_backups(backups->conf.files, &settings->backups.s3);

    if (!is_key(key))
        return no_such(a, key);
    return file_place_open(a, place, key, gone, ret);
}

/* --- a new one -------------------------------------------------------------------------------- */

static struct err *make(struct arena *a, struct backups *backups, const struct settings *settings,
                        struct str key, struct backup_packed *packed)
{
    const struct file_type type = {.mime = ZIP_TYPE};
    struct file_content content = {0};
    struct backup_work work;
    struct err *err = backup_work_begin(a, backups, "backup", &work);

    if (err)
        return err;
    content.path = arena_concat(a, work.path, STR("/backup.zip"), STR_NONE);
    err = backup_pack(a, backups, work.path, content.path, packed);
    if (!err && !backups_say(backups, "storing", 0))
        err = backups_gone(a);
    content.size = packed->size;
    for (size_t i = 0; i < FILE_MD5_LEN; i++)
        content.md5[i] = packed->md5[i];
    if (!err)
        err = backup_put(a, backups, settings, key, &content, &type);
    backup_work_end(a, &work);
    return err;
}

/* E_PRECONDITION: there is one of that name. */
static struct err *make_new(struct arena *a, struct backups *backups,
                            const struct settings *settings, struct str key, bool replaces,
                            struct backup_packed *packed)
{
    bool has = false;
    struct err *err = replaces ? NULL : backups_has(a, backups, settings, key, &has);

    if (has)
        return err_new(a, E_PRECONDITION, NULL, "there is one of that name");
    return err ? err : make(a, backups, settings, key, packed);
}

/* In the history, and the log. */
static void tell(struct arena *a, struct backups *backups, const struct backup_made *made)
{
    const struct backup_told *told = &made->told;
    struct err *err = backup_note(a, backups, made);

    if (err)
        log_warn("backup.note.failed", LOG_STR("cause", err->cause));
    if (told->error.n > 0)
        log_error("backup.failed", LOG_STR("key", made->key), LOG_STR("cause", told->error));
    else
        log_info("backup.made", LOG_STR("key", made->key), LOG_I64("bytes", told->size),
                 LOG_I64("files", told->files), LOG_I64("rows", told->rows),
                 LOG_I64("took_ms", told->took_ms));
}

struct err *backup_create(struct arena *a, struct backups *backups, const struct settings *settings,
                          struct str key, bool replaces)
{
    const uint64_t began_ms = clock_ms();
    struct backup_packed packed = {0};
    struct backup_made made = {.key = key, .told = {.node = backups->conf.node}};
    char started[DATE_TEXT_LEN + 1];
    struct err *err;

    if (!is_key(key))
        return err_new(a, E_BAD_REQUEST, BACKUP_CREATE_FAILED, "%.*s cannot be its name",
                       STR_ARG(key));
    if (!backups_take(backups, key))
        return err_new(a, E_BAD_REQUEST, BACKUP_BUSY, "busy");
    date_format(started, date_now_ms());
    made.told.started = str_of(started);
    err = make_new(a, backups, settings, key, replaces, &packed);
    if (err && err->kind == E_PRECONDITION) {
        backups_give(backups);
        return err;
    }
    made.told.took_ms = (int64_t)(clock_ms() - began_ms);
    made.told.size = (int64_t)packed.size;
    made.told.files = (int64_t)packed.files;
    made.told.rows = (int64_t)packed.rows;
    if (err)
        made.told.error = err->cause;
    tell(a, backups, &made);
    backups_give(backups);
    return err ? err_new(a, E_BAD_REQUEST, BACKUP_CREATE_FAILED, "%.*s", STR_ARG(err->cause))
               : NULL;
}

/* --- by schedule ------------------------------------------------------------------------------ */

/* The newest first, as PocketBase orders them; of the same second by name, which has the time. */
static int compare_ages(const void *x, const void *y)
{
    const struct backup_item *a = x;
    const struct backup_item *b = y;

    if (a->modified_s != b->modified_s)
        return a->modified_s > b->modified_s ? -1 : 1;
    return str_cmp(b->key, a->key);
}

/* Of those of the schedule the newest ones stay. The one that was just made is the first of them,
 * whatever a clock says that was put back, here or at the bucket. */
static struct err *remove_old(struct arena *a, struct backups *backups,
                              const struct settings *settings, struct str made)
{
    const int64_t most = settings->backups.cron_max_keep;
    struct backup_list found;
    struct err *err = list(a, backups, settings, &found);
    int64_t n = 1;

    if (err || most <= 0)
        return err;
    if (found.n > 1)
        qsort(found.items, found.n, sizeof(*found.items), compare_ages);
    for (size_t i = 0; i < found.n && !err; i++) {
        const struct str key = found.items[i].key;

        if (str_starts(key, BACKUP_AUTO_PREFIX) && !str_eq(key, made) && ++n > most)
            err = backup_remove(a, backups, settings, key);
    }
    return err;
}

struct err *backup_create_scheduled(struct arena *a, struct backups *backups,
                                    const struct settings *settings, const atomic_bool *stopping)
{
    const struct str key = backup_name(a, BACKUP_AUTO_PREFIX, settings);
    struct err *err = backup_create(a, backups, settings, key, true);

    if (err || atomic_load(stopping))
        return err;
    return remove_old(a, backups, settings, key);
}
