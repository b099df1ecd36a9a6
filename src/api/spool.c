/*
 * Invariants
 *  1. At most one temporary file is open, however many there are, and none between two pieces: a
 *     client that waits with the rest keeps no descriptor from others.
 *  2. Every temporary file made is a part's path: spool_close() has each removed.
 */
#include "api/spool.h"

#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/md5.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define TEMP_NAME_LEN 20
#define WRITE_BACK_BYTES (8 * MIB) /* of a large file at once; a disk's long transfer */

struct spool {
    struct arena *arena;
    const struct spool_conf *conf;
    struct body_sink sink;
    struct body_stream *stream; /* NULL: the content type has no boundary */
    VEC(struct body_part) parts;
    enum spool_state state;
    struct buf text;     /* of the part in hand */
    size_t held;         /* texts of the others */
    struct md5_sum *sum; /* of the part in hand; NULL: it has no file */
    const char *path;    /* of its file */
    int fd;              /* -1: not open */
};

static struct body_part *in_hand(struct spool *spool)
{
    return &spool->parts.items[spool->parts.n - 1];
}

/* For the log only; what the client reads is the API's business. */
static bool no_room(struct spool *spool, const char *what)
{
    static struct log_pace pace; /* on a full disk they all fail */

    log_seldom(&pace, LOG_ERROR, "upload.failed", LOG_CSTR("what", what),
               LOG_CSTR("cause", strerror(errno)));
    spool->state = SPOOL_NO_ROOM;
    return false;
}

/* For want of memory: whether it has too much text is asked before. */
static bool starved(struct spool *spool)
{
    spool->state = SPOOL_NO_ROOM;
    return false;
}

/* --- a part ----------------------------------------------------------------------------------- */

static bool open_again(struct spool *spool, int flags)
{
    spool->fd = open(spool->path, O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0666);
    return spool->fd >= 0 || no_room(spool, "opening a temporary file");
}

static bool close_file(struct spool *spool)
{
    int fd = spool->fd;

    spool->fd = -1;
    return fd < 0 || close(fd) == 0 || no_room(spool, "closing a temporary file");
}

static bool open_file(struct spool *spool, struct body_part *part)
{
    struct str prefix;
    struct err *err = spool->conf->temp_path(spool->conf->user, spool->arena, &prefix);

    if (err) {
        if (!err->logged)
            log_error("upload.failed", LOG_STR("cause", err->cause));
        spool->state = SPOOL_NO_ROOM;
        return false;
    }
    part->path = arena_concat(spool->arena, prefix,
                              random_text(spool->arena, TEMP_NAME_LEN, ALPHABET_ID), STR_NONE);
    spool->path = arena_cstr(spool->arena, part->path);
    if (!open_again(spool, O_CREAT | O_EXCL))
        return false;
    spool->sum = md5_start(spool->arena);
    return true;
}

static bool begin(void *user, const struct body_part *head)
{
    struct spool *spool = user;
    struct body_part *part = VEC_PUSH(spool->arena, &spool->parts);

    part->name = arena_dup(spool->arena, head->name);
    part->content_type = arena_dup(spool->arena, head->content_type);
    if (head->filename.p)
        part->filename = arena_dup(spool->arena, head->filename);
    spool->held += head->name.n + head->filename.n + head->content_type.n;
    buf_reset(&spool->text);
    if (spool->held > LIMIT_FORM_TEXT_BYTES)
        return false;
    return head->name.n == 0 || head->filename.n == 0 || open_file(spool, part);
}

/* What is there of a large file is on its way to the disk while the rest is still to come: the
 * file's end would wait for all of it. Only a hint: whether it is there is asked when it is stored.
 */
static void begin_write_back(const struct spool *spool, uint64_t from, uint64_t to)
{
    from -= from % WRITE_BACK_BYTES;
    to -= to % WRITE_BACK_BYTES;
    if (to > from)
        (void)sync_file_range(spool->fd, (off_t)from, (off_t)(to - from), SYNC_FILE_RANGE_WRITE);
}

static bool write_piece(struct spool *spool, struct str piece)
{
    struct body_part *part = in_hand(spool);
    uint64_t from = part->size;

    if (spool->fd < 0 && !open_again(spool, 0))
        return false;
    md5_add(spool->sum, piece);
    part->size += piece.n;
    while (piece.n > 0) {
        ssize_t n = write(spool->fd, piece.p, piece.n);

        if (n < 0 && errno != EINTR)
            return no_room(spool, "writing a temporary file");
        piece = str_from(piece, n > 0 ? (size_t)n : 0);
    }
    begin_write_back(spool, from, part->size);
    return true;
}

static bool data(void *user, struct str piece)
{
    struct spool *spool = user;

    if (spool->sum)
        return write_piece(spool, piece);
    if (in_hand(spool)->name.n == 0)
        return true; /* of nobody's interest */
    if (spool->held + spool->text.n + piece.n > LIMIT_FORM_TEXT_BYTES)
        return false;
    buf_add(&spool->text, piece);
    return !spool->text.full || starved(spool);
}

static bool end_file(struct spool *spool)
{
    md5_end(spool->sum, in_hand(spool)->md5);
    spool->sum = NULL;
    return close_file(spool);
}

static bool end(void *user)
{
    struct spool *spool = user;
    struct body_part *part = in_hand(spool);

    if (spool->sum)
        return end_file(spool);
    if (!memory_has_room(spool->text.n))
        return starved(spool);
    part->value = arena_dup(spool->arena, buf_str(&spool->text));
    spool->held += part->value.n;
    spool->parts.n -= part->name.n == 0;
    return true;
}

/* --- all of it -------------------------------------------------------------------------------- */

struct spool *spool_open(const struct spool_conf *conf, struct str content_type)
{
    struct arena *a = arena_new();
    struct spool *spool = ARENA_NEW(a, struct spool);

    spool->arena = a;
    spool->conf = conf;
    spool->fd = -1;
    spool->sink = (struct body_sink){spool, begin, data, end};
    buf_init(&spool->text, LIMIT_FORM_TEXT_BYTES);
    spool->text.asks = true;
    spool->stream = body_stream_new(a, content_type, &spool->sink);
    if (!spool->stream)
        spool->state = SPOOL_MALFORMED;
    return spool;
}

void spool_close(struct spool *spool)
{
    if (!spool)
        return;
    for (size_t i = 0; i < spool->parts.n; i++)
        if (spool->parts.items[i].path.p)
            spool->conf->remove(spool->conf->user, spool->parts.items[i].path);
    buf_done(&spool->text);
    arena_free(spool->arena);
}

void spool_feed(struct spool *spool, struct buf *bytes, bool last)
{
    size_t used = bytes->n;

    if (spool->state == SPOOL_GOOD &&
        !body_stream_feed(spool->stream, buf_str(bytes), last, &used)) {
        used = bytes->n;
        if (spool->state == SPOOL_GOOD)
            spool->state = SPOOL_MALFORMED;
    }
    (void)close_file(spool); /* sets the state */
    memmove(bytes->p, bytes->p + used, bytes->n - used);
    buf_cut(bytes, bytes->n - used);
}

size_t spool_held(const struct spool *spool)
{
    return arena_used(spool->arena) + spool->text.cap;
}

void spool_give_up(struct spool *spool)
{
    spool->state = SPOOL_NO_ROOM;
}

enum spool_state spool_state(const struct spool *spool)
{
    return spool->state;
}

struct body_parts spool_parts(const struct spool *spool)
{
    return (struct body_parts){spool->parts.items, spool->parts.n};
}
