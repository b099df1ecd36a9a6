#include "archive/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SENT_BYTES (8 * MIB)

struct zip_writer {
    const struct zip_module *module;
    struct zip_out *out;
    struct zip_watch watch;
    int fd;
    uint64_t done; /* bytes of all files, unpacked */
    uint64_t sent; /* of them, to the disk */
    char why[ZIP_WHY_BYTES];
    char name[LIMIT_ZIP_NAME_BYTES + 1];
    char piece[ZIP_PIECE_BYTES];
};

static void end_writer(void *arg)
{
    struct zip_writer *writer = arg;

    writer->module->out_done(writer->out);
}

static struct err *failed(struct arena *a, const struct zip_writer *writer)
{
    return err_new(a, errno == ENOSPC || errno == EDQUOT ? E_UNAVAILABLE : E_INTERNAL, NULL,
                   "the archive: %s", writer->why);
}

struct err *zip_writer_open(struct arena *a, int fd, struct zip_watch watch,
                            struct zip_writer **ret)
{
    struct zip_writer *writer = arena_alloc(a, sizeof(*writer));
    struct err *err = zip_module_get(a, &writer->module);

    if (err)
        return err;
    writer->watch = watch;
    writer->fd = fd;
    writer->done = writer->sent = 0;
    writer->out = arena_zalloc(a, writer->module->out_size);
    arena_defer(a, end_writer, writer);
    if (!writer->module->out_open(writer->out, fd, writer->why, sizeof(writer->why)))
        return failed(a, writer);
    *ret = writer;
    return NULL;
}

/* At most `left` bytes: the next ones, into writer->piece. */
static struct err *read_piece(struct arena *a, struct zip_writer *writer,
                              const struct zip_file *file, uint64_t left, size_t *ret_n)
{
    size_t most = left < sizeof(writer->piece) ? (size_t)left : sizeof(writer->piece);
    int64_t got;

    if (!zip_goes_on(&writer->watch, writer->done))
        return zip_stopped(a);
    got = most > 0 ? file->read(file->user, writer->piece, most) : 0;
    if (got < 0)
        return zip_failed_at(a, file->name);
    *ret_n = (size_t)got;
    return NULL;
}

/* A little at a time: where all of it goes to the disk at the end, others wait for that who have
 * only something small to write. */
static void send_on(struct zip_writer *writer)
{
    if (writer->done - writer->sent < SENT_BYTES)
        return;
    (void)sync_file_range(writer->fd, 0, 0,
                          SYNC_FILE_RANGE_WRITE); /* what fails is seen by fsync() */
    writer->sent = writer->done;
}

static struct err *add_bytes(struct arena *a, struct zip_writer *writer,
                             const struct zip_file *file, struct zip_sum *sum)
{
    const struct zip_module *module = writer->module;

    for (;;) {
        size_t n;
        struct err *err = read_piece(a, writer, file, file->size - sum->size, &n);

        if (err)
            return err;
        if (n == 0)
            return NULL;
        if (!module->out_add(writer->out, writer->piece, n, writer->why, sizeof(writer->why)))
            return failed(a, writer);
        sum->crc = zip_crc(sum->crc, writer->piece, n);
        sum->size += n;
        writer->done += n;
        send_on(writer);
    }
}

struct err *zip_writer_add(struct arena *a, struct zip_writer *writer, const struct zip_file *file,
                           struct zip_sum *ret)
{
    const struct zip_module *module = writer->module;
    const char *fault = zip_name_fault(file->name);
    struct zip_sum sum = {.name = file->name};
    struct err *err;

    if (!fault && file->name.p[file->name.n - 1] == '/')
        fault = "is a folder's";
    if (fault)
        return zip_refused(a, file->name, fault);
    memcpy(writer->name, file->name.p, file->name.n); /* no copy a file stays in the arena */
    writer->name[file->name.n] = '\0';
    if (!module->out_entry(writer->out, writer->name, file->mtime_s, writer->why,
                           sizeof(writer->why)))
        return failed(a, writer);
    err = add_bytes(a, writer, file, &sum);
    if (err)
        return err;
    if (!module->out_entry_end(writer->out, writer->why, sizeof(writer->why)))
        return failed(a, writer);
    *ret = sum;
    return NULL;
}

struct opened {
    int fd;
    int64_t at, sent;
};

/* What was written shortly before goes to the disk as it is read; see send_on(). */
static void send_read(struct opened *opened)
{
    if (opened->at - opened->sent < (int64_t)SENT_BYTES)
        return;
    (void)sync_file_range(opened->fd, opened->sent, opened->at - opened->sent,
                          SYNC_FILE_RANGE_WRITE);
    opened->sent = opened->at;
}

static int64_t read_opened(void *user, void *ret, size_t n)
{
    struct opened *opened = user;
    ssize_t got;

    do
        got = pread(opened->fd, ret, n, opened->at);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        opened->at += got;
    send_read(opened);
    return got;
}

struct err *zip_writer_add_fd(struct arena *a, struct zip_writer *writer, struct str name, int fd,
                              struct zip_sum *ret)
{
    struct opened opened = {.fd = fd};
    struct zip_file file = {.name = name, .read = read_opened, .user = &opened};
    struct stat st;

    if (fstat(fd, &st) != 0)
        return zip_failed_at(a, name);
    file.size = (uint64_t)st.st_size;
    file.mtime_s = st.st_mtim.tv_sec;
    return zip_writer_add(a, writer, &file, ret);
}

struct err *zip_writer_close(struct arena *a, struct zip_writer *writer)
{
    if (!writer->module->out_close(writer->out, writer->why, sizeof(writer->why)))
        return failed(a, writer);
    return NULL;
}
