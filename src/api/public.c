/*
 * GET and HEAD of whatever no route has.
 *
 * A file is looked for by its path each time: one that is changed, replaced or removed, or a folder
 * that another one takes the place of, is seen by the next request. On the loop that is done with
 * what the kernel has at hand; where it would have to look at the disk, all of it is done again on
 * a pool thread. Nothing is kept between requests.
 *
 * Invariants
 *  1. What is opened lies below the folder, by a name without "..", or behind a link that somebody
 *     has put there: as in PocketBase, those are followed.
 *  2. Only regular files are served. What else has a name is opened without waiting for it at most.
 *  3. A descriptor is in `file` until it is the answer's.
 */
#include "api/public.h"

#include "api/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FOREVER "public, max-age=31536000, immutable"
#define ASK_FIRST "no-cache"

enum found {
    FOUND_FILE,   /* open, or not to be read: without a descriptor */
    FOUND_FOLDER, /* is not opened */
    FOUND_OTHER,  /* has the name, but no content */
    FOUND_NONE,
    FOUND_FAILED, /* look->failure says why */
    FOUND_WAITS,  /* nothing can be said without waiting for a disk */
};

struct public_file {
    int fd; /* -1: none */
    struct stat st;
};

struct look {
    struct api_call *call;
    bool may_wait;
    struct str path; /* decoded, as it was asked for */
    int failure;     /* an errno */

    /* what is found */
    enum found found;
    struct str location; /* not empty: it is elsewhere */
    struct public_file file;
    struct str type;
    const char *encoding; /* NULL: none */
    bool varies;          /* by what the client takes */
    struct str name;      /* of the file, without what its encoding adds */
};

static void drop(struct public_file *file)
{
    if (file->fd >= 0)
        (void)close(file->fd); /* nothing was written */
    file->fd = -1;
}

/* --- opening ---------------------------------------------------------------------------------- */

#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static enum found kind_of(const struct stat *st)
{
    if (S_ISREG(st->st_mode))
        return FOUND_FILE;
    return S_ISDIR(st->st_mode) ? FOUND_FOLDER : FOUND_OTHER;
}

static bool is_absence(int error)
{
    return error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG || error == ELOOP ||
           error == EACCES || error == EPERM;
}

/* What has failed on the loop is asked again where it may take its time, unless it is plain. */
static enum found open_cached(const char *path, struct public_file *ret)
{
    const struct open_how how = {.flags = OPEN_FLAGS, .resolve = RESOLVE_CACHED};
    enum found found;

    ret->fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
    if (ret->fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? FOUND_NONE : FOUND_WAITS;
    found = fstat(ret->fd, &ret->st) == 0 ? kind_of(&ret->st) : FOUND_WAITS;
    if (found != FOUND_FILE)
        drop(ret);
    return found;
}

/* A folder, or what is none, is told by its name alone: it may not be opened for anybody. */
static enum found open_waiting(struct look *look, const char *path, struct public_file *ret)
{
    enum found found;

    ret->fd = -1;
    if (stat(path, &ret->st) != 0) {
        look->failure = errno;
        return is_absence(errno) ? FOUND_NONE : FOUND_FAILED;
    }
    found = kind_of(&ret->st);
    if (found != FOUND_FILE)
        return found;
    ret->fd = open(path, OPEN_FLAGS);
    if (ret->fd < 0) {
        look->failure = errno;
        return is_absence(errno) ? FOUND_FILE : FOUND_FAILED;
    }
    found = fstat(ret->fd, &ret->st) == 0 ? kind_of(&ret->st) : FOUND_OTHER;
    if (found != FOUND_FILE)
        drop(ret);
    return found;
}

static enum found open_name(struct look *look, struct str name, struct public_file *ret)
{
    struct str folder = look->call->api->public_dir;
    const char *path;

    ret->fd = -1;
    if (folder.n == 0)
        return FOUND_NONE;
    path = arena_cstr(look->call->arena, arena_concat(look->call->arena, folder, STR("/"), name));
    return look->may_wait ? open_waiting(look, path, ret) : open_cached(path, ret);
}

static enum found open_file(struct look *look, struct str name)
{
    look->name = name;
    return open_name(look, name, &look->file);
}

/* --- which file ------------------------------------------------------------------------------- */

/* As PocketBase keeps it from being taken for another host's. */
static struct str on_this_host(struct arena *a, struct str path)
{
    const struct str slashes = STR("/\\");
    size_t n = 0;

    while (n < path.n && str_find_byte(slashes, path.p[n]) < slashes.n)
        n++;
    return n > 1 ? arena_concat(a, STR("/"), str_from(path, n), STR_NONE) : path;
}

static void redirect(struct look *look, struct str path)
{
    drop(&look->file);
    look->location = on_this_host(look->call->arena, path);
}

/* A file has one address: without a slash at its end, and an index that of its folder. */
static bool is_elsewhere(const struct look *look, struct str *ret)
{
    *ret = look->path;
    while (str_ends(*ret, STR("/")))
        ret->n--;
    if (ret->n < look->path.n)
        return ret->n > 0;
    ret->n -= str_ends(*ret, PUBLIC_INDEX) ? PUBLIC_INDEX.n : 0;
    return ret->n < look->path.n;
}

static enum found find_asked(struct look *look)
{
    struct arena *a = look->call->arena;
    struct str name, path;
    enum found found;

    if (!public_name(a, look->path, &name))
        return FOUND_NONE;
    found = open_file(look, name);
    if (found == FOUND_FILE && is_elsewhere(look, &path)) {
        redirect(look, path);
    } else if (found == FOUND_FOLDER && !str_ends(look->path, STR("/"))) {
        redirect(look, arena_concat(a, look->path, STR("/"), STR_NONE));
    } else if (found == FOUND_FOLDER) {
        found = open_file(look, arena_concat(a, name, STR("/"), PUBLIC_INDEX));
        found = found == FOUND_FOLDER ? FOUND_NONE : found;
    }
    if (found == FOUND_FILE && look->file.fd < 0 && look->location.n == 0)
        return FOUND_NONE; /* not to be read is as good as not there */
    return found;
}

static enum found find_file(struct look *look)
{
    enum found found = find_asked(look);

    if (found != FOUND_NONE || !look->call->api->index_fallback)
        return found;
    found = open_file(look, PUBLIC_INDEX);
    if (found == FOUND_FOLDER || (found == FOUND_FILE && look->file.fd < 0))
        return FOUND_NONE;
    return found;
}

/* --- its type and its encoding ---------------------------------------------------------------- */

static enum found find_type(struct look *look)
{
    char bytes[PUBLIC_HEAD_BYTES];
    struct iovec all = {bytes, sizeof(bytes)};
    ssize_t n;

    look->type = public_type_by_name(public_base(look->name));
    if (look->type.p)
        return FOUND_FILE;
    n = preadv2(look->file.fd, &all, 1, 0, look->may_wait ? 0 : RWF_NOWAIT);
    if (n < 0) {
        look->failure = errno;
        return look->may_wait ? FOUND_FAILED : FOUND_WAITS;
    }
    look->type = public_type_by_content((struct str){bytes, (size_t)n});
    return FOUND_FILE;
}

static bool is_older(const struct stat *st, const struct stat *than)
{
    if (st->st_mtim.tv_sec != than->st_mtim.tv_sec)
        return st->st_mtim.tv_sec < than->st_mtim.tv_sec;
    return st->st_mtim.tv_nsec < than->st_mtim.tv_nsec;
}

/* Takes the place of the file with one of those beside it that were packed before, the one that the
 * client likes best. */
static enum found find_packed(struct look *look)
{
    static const struct {
        struct str coding, ending;
    } codings[] = {{STR_INIT("br"), STR_INIT(".br")}, {STR_INIT("gzip"), STR_INIT(".gz")}};
    const struct str accepted = req_header(look->call->req, STR("Accept-Encoding"));
    const struct stat plain = look->file.st;
    unsigned best = 0;

    for (size_t i = 0; i < COUNT_OF(codings); i++) {
        unsigned q = public_quality(accepted, codings[i].coding);
        struct public_file packed;
        enum found found;

        if (look->varies && q <= best)
            continue;
        found = open_name(look,
                          arena_concat(look->call->arena, look->name, codings[i].ending, STR_NONE),
                          &packed);
        if (found == FOUND_WAITS)
            return found;
        if (packed.fd < 0 || is_older(&packed.st, &plain)) {
            drop(&packed);
            continue;
        }
        look->varies = true;
        if (q > best) {
            drop(&look->file);
            look->file = packed;
            look->encoding = codings[i].coding.p;
            best = q;
        } else {
            drop(&packed);
        }
    }
    return FOUND_FILE;
}

/* --- the steps -------------------------------------------------------------------------------- */

/* From nothing, which is also what the last time has left. */
static void search(struct look *look, bool may_wait)
{
    *look = (struct look){.call = look->call, .may_wait = may_wait, .path = look->path};
    look->file.fd = -1;
    look->found = find_file(look);
    if (look->found == FOUND_FILE && look->location.n == 0)
        look->found = find_type(look);
    if (look->found == FOUND_FILE && look->location.n == 0)
        look->found = find_packed(look);
    if (look->found != FOUND_FILE)
        drop(&look->file);
}

/* Opens nothing: the first step may be done again, and more than once. */
static struct err *begin(struct api_call *call)
{
    struct look *look = ARENA_NEW(call->arena, struct look);

    look->call = call;
    look->found = FOUND_NONE;
    look->file.fd = -1;
    call->state = look;
    if (!req_decode(call->arena, call->req->path, false, &look->path))
        return err_new(call->arena, E_NOT_FOUND, "File not found.", "a broken escape");
    return NULL;
}

static struct err *look_at_hand(struct api_call *call)
{
    struct look *look = call->state;

    search(look, false);
    return NULL;
}

static bool waits(const struct api_call *call)
{
    const struct look *look = call->state;

    return look->found == FOUND_WAITS;
}

static struct err *look_at_disk(struct api_call *call)
{
    struct look *look = call->state;

    search(look, true);
    return NULL;
}

static struct err *failure(const struct look *look)
{
    const bool is_short =
        look->failure == EMFILE || look->failure == ENFILE || look->failure == ENOMEM;

    return err_new(look->call->arena, is_short ? E_UNAVAILABLE : E_INTERNAL, NULL,
                   "public file %.*s: %s", STR_ARG(look->name), strerrordesc_np(look->failure));
}

static void send_file(struct api_call *call, struct look *look)
{
    const struct stat *st = &look->file.st;
    struct serve_file served = {.file = {.fd = look->file.fd,
                                         .size = (uint64_t)st->st_size,
                                         .modified_s = st->st_mtim.tv_sec,
                                         .type = look->type},
                                .encoding = look->encoding};

    look->file.fd = -1;
    if (call->settings->public.hashed_cache) {
        served.cache = public_is_hashed(look->name) ? FOREVER : ASK_FIRST;
        served.etag = arena_printf(call->arena, "\"%" PRIx64 "-%" PRIx64 ".%lx-%" PRIx64 "\"",
                                   served.file.size, (uint64_t)st->st_mtim.tv_sec,
                                   (unsigned long)st->st_mtim.tv_nsec, (uint64_t)st->st_ino);
    }
    if (look->varies)
        BUF_ADD(&call->req->resp.headers, "Vary: Accept-Encoding\r\n");
    serve_content(call, &served);
}

static struct err *answer(struct api_call *call)
{
    struct look *look = call->state;

    if (look->found == FOUND_FAILED)
        return failure(look);
    if (look->found != FOUND_FILE && look->location.n == 0)
        return err_new(call->arena, E_NOT_FOUND, "File not found.", "no such route and no file");
    if (look->location.n == 0) {
        send_file(call, look);
        return NULL;
    }
    req_add_header(call->req, "Location: %.*s", STR_ARG(look->location));
    req_answer_empty(call->req, 301);
    return NULL;
}

static void close_file(struct api_call *call)
{
    struct look *look = call->state;

    if (look)
        drop(&look->file);
    call->state = NULL;
}

const struct api_work api_public = {
    .is_quiet = true,
    .steps = {{.place = AT_LOOP, .run = begin},
              {.place = AT_LOOP, .run = look_at_hand},
              {.place = AT_POOL, .run = look_at_disk, .needed = waits},
              {.place = AT_LOOP, .run = answer}},
    .undo = close_file,
};
