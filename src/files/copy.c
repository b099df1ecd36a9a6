/*
 * From one place to another.
 *
 * Invariants
 *  1. What gets a name in the target is what the source had under it from before the first byte was
 *     read to after the last one.
 *  2. Nothing goes from the source but what the target has, and nothing goes from the target.
 *  3. Only keys that a record's file can have are asked for, or given to the target.
 */
#include "files/copy.h"

#include "base/id.h"
#include "base/limits.h"
#include "base/md5.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES (128 * KIB)
#define IN_MEMORY_BYTES (1 * MIB) /* what is larger goes through a temporary file */
#define KEY_MAX 1024              /* above four segments of 255 bytes with their slashes */
#define TAG_LEN 10
#define REMOVED_AT_ONCE 256

/* A run over the source's files. */
struct copying {
    const struct file_copy *copy;
    struct arena *a; /* the caller's */
    struct file_copy_report *report;
    /* What is done with one of them. E_NOT_FOUND: it went meanwhile. */
    struct err *(*one)(struct copying *c, struct arena *a, struct str key,
                       const struct blob_info *listed);
    char *piece;
    const char *temp;
    struct str folder; /* of the file that was last stored; its names may not be on disk yet */
    char folder_text[KEY_MAX];
    /* of a removal: what goes next */
    struct arena *batch_arena;
    struct str batch[REMOVED_AT_ONCE];
    uint64_t batch_bytes;
    size_t n_batch;
};

/* --- the run ---------------------------------------------------------------------------------- */

static void tell(const struct copying *c)
{
    if (c->copy->progress)
        c->copy->progress(c->copy->user, c->report);
}

static void fail_one(struct copying *c, struct str key, const struct err *err)
{
    struct file_copy_report *report = c->report;

    if (report->failed < FILE_COPY_FAILURES)
        report->failures[report->failed] = (struct file_copy_failure){
            arena_dup(c->a, key),
            arena_dup(c->a, err->cause.n > 0 ? err->cause : str_of(err->message))};
    report->failed++;
}

static struct err *count_one(void *user, struct str key, const struct blob_info *info)
{
    struct file_copy_report *report = ((struct copying *)user)->report;
    struct file_key parts;

    if (!file_key_read(key, &parts))
        return NULL;
    report->total_files++;
    report->total_bytes += info->size;
    return NULL;
}

static struct err *look_at_one(void *user, struct str key, const struct blob_info *listed)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct copying *c = user;
    const uint64_t bytes = c->report->bytes;
    struct file_key parts;
    struct err *err;

    if (!file_key_read(key, &parts)) {
        c->report->foreign++;
        return NULL;
    }
    key = file_key_text(a, &parts);
    err = c->one(c, a, key, listed);
    if (err && err->kind == E_NOT_FOUND)
        c->report->gone++;
    else if (err)
        fail_one(c, key, err);
    c->report->files++;
    c->report->bytes = bytes + listed->size;
    tell(c);
    return NULL;
}

static struct err *run(struct copying *c)
{
    const struct blob_place *from = c->copy->from;
    struct err *err;

    *c->report = (struct file_copy_report){0};
    err = from->ops->list(c->a, from->own, STR_NONE, count_one, c);
    return err ? err : from->ops->list(c->a, from->own, STR_NONE, look_at_one, c);
}

/* Whether the target has it, with that size. */
static struct err *is_at_target(struct arena *a, const struct copying *c, struct str key,
                                uint64_t size, bool *ret)
{
    const struct blob_place *to = c->copy->to;
    struct blob_info there = {0};
    struct err *err = to->ops->info(a, to->own, key, NULL, &there);

    *ret = !err && there.size == size;
    return err && err->kind == E_NOT_FOUND ? NULL : err;
}

/* --- reading ---------------------------------------------------------------------------------- */

static struct err *changed(struct arena *a, const char *when)
{
    return err_new(a, E_INTERNAL, NULL, "it changed %s", when);
}

static struct err *temp_failed(struct arena *a, const struct copying *c)
{
    return err_new(a, E_INTERNAL, NULL, "writing %s: %s", c->temp, strerror(errno));
}

/* The next bytes; 0: the end. */
static struct err *read_piece(struct arena *a, const struct copying *c, int fd, size_t *ret_n)
{
    ssize_t n;

    do
        n = read(fd, c->piece, PIECE_BYTES);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_new(a, E_INTERNAL, NULL, "reading it: %s", strerror(errno));
    *ret_n = (size_t)n;
    return NULL;
}

/* To memory, or to the temporary file where there is one. As many bytes as the content has. */
static struct err *read_pieces(struct arena *a, struct copying *c, int fd, char *data, FILE *file,
                               struct file_content *content)
{
    struct md5_sum *sum = md5_start(a);
    uint64_t at = 0;
    size_t n = 0;
    struct err *err;

    for (;;) {
        err = read_piece(a, c, fd, &n);
        if (err || n == 0)
            break;
        if (n > content->size - at)
            return changed(a, "while it was read");
        md5_add(sum, (struct str){c->piece, n});
        if (data)
            memcpy(data + at, c->piece, n);
        else if (fwrite(c->piece, 1, n, file) != n)
            return temp_failed(a, c);
        at += n;
        c->report->bytes += n;
        tell(c);
    }
    md5_end(sum, content->md5);
    return err || at == content->size ? err : changed(a, "while it was read");
}

/* A temporary file is the caller's to remove. */
static struct err *read_content(struct arena *a, struct copying *c, int fd,
                                struct file_content *content)
{
    struct err *err;
    FILE *file;
    char *data;

    if (content->size <= IN_MEMORY_BYTES) {
        data = arena_alloc(a, content->size + 1); /* never NULL */
        content->data = (struct str){data, content->size};
        return read_pieces(a, c, fd, data, NULL, content);
    }
    content->path = str_of(c->temp);
    file = fopen(c->temp, "wxe");
    if (!file)
        return temp_failed(a, c);
    err = read_pieces(a, c, fd, NULL, file, content);
    if (fclose(file) != 0 && !err)
        err = temp_failed(a, c);
    return err;
}

/* Whether what was read is what was stored, and is still there. */
static struct err *check_content(struct arena *a, const struct copying *c, struct str key,
                                 const struct blob_info *info, const struct file_content *content)
{
    const struct blob_place *from = c->copy->from;
    unsigned char md5[FILE_MD5_LEN];
    struct blob_info now = {0};
    struct err *err = from->ops->info(a, from->own, key, NULL, &now);

    if (err)
        return err;
    if (now.size != info->size || now.modified_s != info->modified_s)
        return changed(a, "while it was copied");
    if (c->copy->md5 && c->copy->md5(a, from->own, key, md5) &&
        memcmp(md5, content->md5, sizeof(md5)) != 0)
        return err_new(a, E_INTERNAL, NULL, "its content is not the one that was stored");
    return NULL;
}

static struct err *take_content(struct arena *a, struct copying *c, struct str key,
                                struct blob_info *info, struct file_content *content)
{
    const struct blob_place *from = c->copy->from;
    struct err *err;
    int fd;

    err = from->ops->open(a, from->own, key, &fd, info);
    if (err)
        return err;
    content->size = info->size;
    err = read_content(a, c, fd, content);
    (void)close(fd); /* nothing was written */
    return err ? err : check_content(a, c, key, info, content);
}

/* --- storing ---------------------------------------------------------------------------------- */

/* Names in the folder that was stored to are on disk, or it has failed. */
static void sync_folder(struct copying *c)
{
    const struct blob_place *to = c->copy->to;
    AUTO(arena_free) struct arena *a = arena_new();
    const struct str folder = c->folder;
    const struct err *err = folder.n > 0 ? to->ops->sync(a, to->own, folder) : NULL;

    if (err)
        fail_one(c, folder, err);
    c->folder = STR_NONE;
}

/* Once for the files that come after each other in a folder. */
static void stored_in(struct copying *c, struct str folder)
{
    if (str_eq(folder, c->folder))
        return;
    sync_folder(c);
    c->folder = (struct str){c->folder_text, folder.n};
    memcpy(c->folder_text, folder.p, folder.n);
}

/* E_NOT_FOUND of the target is no file of the source that went. */
static struct err *at_target(struct arena *a, const struct err *err)
{
    return err_new(a, E_INTERNAL, NULL, "at the target: %.*s", STR_ARG(err->cause));
}

static struct err *put(struct arena *a, struct copying *c, struct str key,
                       const struct file_content *content, const struct blob_info *info)
{
    const struct blob_place *to = c->copy->to;
    bool is_there = true;
    struct err *err = to->ops->put(a, to->own, key, content, info);

    if (!err) {
        stored_in(c, str_sub(key, 0, str_find_last_byte(key, '/')));
        err = is_at_target(a, c, key, content->size, &is_there);
    }
    if (err)
        return at_target(a, err);
    return is_there ? NULL : err_new(a, E_INTERNAL, NULL, "the target has it with another size");
}

static struct err *copy_one(struct copying *c, struct arena *a, struct str key,
                            const struct blob_info *listed)
{
    struct file_content content = {0};
    struct blob_info info = {0};
    bool is_there;
    struct err *err = is_at_target(a, c, key, listed->size, &is_there);

    if (err)
        return at_target(a, err);
    if (is_there) {
        c->report->kept++;
        return NULL;
    }
    err = take_content(a, c, key, &info, &content);
    if (!err)
        err = put(a, c, key, &content, &info);
    if (content.path.p && unlink(c->temp) != 0 && errno != ENOENT && !err)
        err = temp_failed(a, c);
    if (err)
        return err;
    c->report->done++;
    c->report->done_bytes += content.size;
    return NULL;
}

struct err *file_copy_run(struct arena *a, const struct file_copy *copy,
                          struct file_copy_report *ret)
{
    struct copying c = {
        .copy = copy,
        .a = a,
        .report = ret,
        .one = copy_one,
        .piece = arena_alloc(a, PIECE_BYTES),
        .temp = arena_cstr(
            a, arena_concat(a, copy->temp, random_text(a, TAG_LEN, ALPHABET_ID), STR_NONE))};
    struct err *err = run(&c);

    sync_folder(&c);
    return err;
}

/* --- removing --------------------------------------------------------------------------------- */

/* One by one, to learn which of them it is that cannot be. */
static void remove_singly(struct copying *c)
{
    const struct blob_place *from = c->copy->from;

    for (size_t i = 0; i < c->n_batch; i++) {
        const struct err *err = from->ops->remove(c->batch_arena, from->own, &c->batch[i], 1);

        if (!err)
            continue;
        fail_one(c, c->batch[i], err);
        c->report->done--;
    }
}

static void remove_batch(struct copying *c)
{
    const struct blob_place *from = c->copy->from;

    c->report->done += c->n_batch;
    c->report->done_bytes += c->batch_bytes;
    if (c->n_batch > 0 &&
        from->ops->remove(c->batch_arena, from->own, c->batch, c->n_batch) != NULL)
        remove_singly(c);
    arena_reset(c->batch_arena);
    c->n_batch = 0;
    c->batch_bytes = 0;
}

static struct err *remove_one(struct copying *c, struct arena *a, struct str key,
                              const struct blob_info *listed)
{
    bool is_there;
    struct err *err = is_at_target(a, c, key, listed->size, &is_there);

    if (err)
        return at_target(a, err);
    if (!is_there) {
        c->report->kept++;
        return NULL;
    }
    c->batch[c->n_batch++] = arena_dup(c->batch_arena, key);
    c->batch_bytes += listed->size;
    if (c->n_batch == REMOVED_AT_ONCE)
        remove_batch(c);
    return NULL;
}

struct err *file_copy_remove(struct arena *a, const struct file_copy *copy,
                             struct file_copy_report *ret)
{
    struct copying c = {
        .copy = copy, .a = a, .report = ret, .one = remove_one, .batch_arena = arena_child(a)};
    struct err *err = run(&c);

    remove_batch(&c);
    return err;
}
