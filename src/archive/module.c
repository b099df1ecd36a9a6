/*
 * reeve-archive.so: zip files by libarchive.
 *
 * libarchive takes names for texts in the locale's encoding, and in the C locale gives up on one
 * that is not ASCII. So each call of it runs under a locale of our own, for the calling thread
 * alone, in which nothing but the encoding of characters is another one.
 */
#include "archive/module.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES (128 * 1024)

static locale_t utf8; /* constant after start() */

static bool start(char *why, size_t n)
{
    utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!utf8)
        (void)snprintf(why, n, "the system has no locale C.UTF-8");
    return utf8 != (locale_t)0;
}

/* archive: NULL: there was no memory for it. */
static void tell(struct archive *archive, char *why, size_t n)
{
    const char *text = archive ? archive_error_string(archive) : NULL;

    (void)snprintf(why, n, "%s", text ? text : strerror(ENOMEM));
    errno = archive ? archive_errno(archive) : ENOMEM;
}

/* --- writing ---------------------------------------------------------------------------------- */

/*
 * libarchive frees what it compresses with only where a file is ended in order, and never once it
 * has failed. So it is not told of failures: what it writes after one goes nowhere, and so does
 * what it still writes when a writer is left.
 */
struct zip_out {
    struct archive *archive;
    struct archive_entry *entry;
    int fd;      /* -1: nothing is written any more */
    int failure; /* errno, 0: none */
};

static la_ssize_t write_some(struct archive *archive, void *user, const void *p, size_t n)
{
    struct zip_out *out = user;
    ssize_t done;

    (void)archive;
    if (out->fd < 0)
        return (la_ssize_t)n;
    do
        done = write(out->fd, p, n);
    while (done < 0 && errno == EINTR);
    if (done >= 0)
        return done;
    out->failure = errno;
    out->fd = -1;
    return (la_ssize_t)n;
}

static void out_done(struct zip_out *out)
{
    out->fd = -1;
    if (out->archive)
        (void)archive_write_free(out->archive); /* closes it, if nobody has */
    archive_entry_free(out->entry);
}

/* False: `why` says why. */
static bool went_well(const struct zip_out *out, int done, char *why, size_t n)
{
    if (out->failure) {
        (void)snprintf(why, n, "writing: %s", strerror(out->failure));
        errno = out->failure;
        return false;
    }
    if (done == ARCHIVE_OK) /* a warning is that a name is none */
        return true;
    tell(out->archive, why, n);
    return false;
}

static bool out_begin(struct zip_out *out)
{
    return archive_write_set_format_zip(out->archive) == ARCHIVE_OK &&
           archive_write_set_options(out->archive, "zip:compression=deflate,"
                                                   "zip:compression-level=1") == ARCHIVE_OK &&
           archive_write_set_bytes_per_block(out->archive, PIECE_BYTES) == ARCHIVE_OK &&
           archive_write_set_bytes_in_last_block(out->archive, 1) == ARCHIVE_OK &&
           archive_write_open(out->archive, out, NULL, write_some, NULL) == ARCHIVE_OK;
}

static bool out_open(struct zip_out *out, int fd, char *why, size_t n)
{
    out->fd = fd;
    out->archive = archive_write_new();
    out->entry = archive_entry_new();
    if (out->archive && out->entry && out_begin(out))
        return true;
    tell(out->archive, why, n);
    return false;
}

/* The size is not told: libarchive would write it down before the first byte, and a file that turns
 * out shorter would not be what its header says. */
static bool out_entry(struct zip_out *out, const char *name, int64_t mtime_s, char *why, size_t n)
{
    locale_t before = uselocale(utf8);
    int done;

    archive_entry_clear(out->entry);
    archive_entry_set_pathname(out->entry, name);
    archive_entry_set_filetype(out->entry, AE_IFREG);
    archive_entry_set_perm(out->entry, 0644);
    archive_entry_set_mtime(out->entry, (time_t)mtime_s, 0);
    done = archive_write_header(out->archive, out->entry);
    (void)uselocale(before);
    return went_well(out, done, why, n);
}

static bool out_add(struct zip_out *out, const void *p, size_t size, char *why, size_t n)
{
    const char *from = p;

    while (size > 0) {
        la_ssize_t done = archive_write_data(out->archive, from, size);

        if (!went_well(out, done > 0 ? ARCHIVE_OK : ARCHIVE_FATAL, why, n))
            return false;
        from += done;
        size -= (size_t)done;
    }
    return true;
}

static bool out_entry_end(struct zip_out *out, char *why, size_t n)
{
    return went_well(out, archive_write_finish_entry(out->archive), why, n);
}

static bool out_close(struct zip_out *out, char *why, size_t n)
{
    return went_well(out, archive_write_close(out->archive), why, n);
}

/* --- reading ---------------------------------------------------------------------------------- */

struct zip_in {
    struct archive *archive;
    struct archive_entry *entry;
    int fd;
    int64_t at;
    int64_t n; /* bytes of the file */
    char piece[PIECE_BYTES];
};

static la_ssize_t read_some(struct archive *archive, void *user, const void **ret)
{
    struct zip_in *in = user;
    ssize_t got;

    do
        got = pread(in->fd, in->piece, sizeof(in->piece), in->at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        archive_set_error(archive, errno, "reading: %s", strerror(errno));
    else
        in->at += got;
    *ret = in->piece;
    return got;
}

static la_int64_t skip_some(struct archive *archive, void *user, la_int64_t n)
{
    struct zip_in *in = user;

    (void)archive;
    if (n > in->n - in->at)
        n = in->n > in->at ? in->n - in->at : 0;
    in->at += n;
    return n;
}

static la_int64_t seek_to(struct archive *archive, void *user, la_int64_t at, int whence)
{
    struct zip_in *in = user;
    int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? in->at : in->n;

    if (__builtin_add_overflow(from, at, &at) || at < 0) {
        archive_set_error(archive, EINVAL, "a place before the file's first byte");
        return ARCHIVE_FATAL;
    }
    in->at = at;
    return at;
}

static void in_done(struct zip_in *in)
{
    if (in->archive)
        (void)archive_read_free(in->archive);
    archive_entry_free(in->entry);
}

static bool in_begin(struct zip_in *in)
{
    return archive_read_support_format_zip_seekable(in->archive) == ARCHIVE_OK &&
           archive_read_set_callback_data(in->archive, in) == ARCHIVE_OK &&
           archive_read_set_read_callback(in->archive, read_some) == ARCHIVE_OK &&
           archive_read_set_skip_callback(in->archive, skip_some) == ARCHIVE_OK &&
           archive_read_set_seek_callback(in->archive, seek_to) == ARCHIVE_OK &&
           archive_read_open1(in->archive) == ARCHIVE_OK;
}

static bool in_open(struct zip_in *in, int fd, char *why, size_t n)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        (void)snprintf(why, n, "%s", strerror(errno));
        return false;
    }
    in->fd = fd;
    in->n = st.st_size;
    in->archive = archive_read_new();
    in->entry = archive_entry_new();
    if (in->archive && in->entry && in_begin(in))
        return true;
    tell(in->archive, why, n);
    return false;
}

static enum zip_got in_next(struct zip_in *in, int64_t *ret_mtime_s, char *why, size_t n)
{
    locale_t before = uselocale(utf8);
    int got = archive_read_next_header2(in->archive, in->entry);

    (void)uselocale(before);
    if (got == ARCHIVE_EOF)
        return ZIP_GOT_END;
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN) { /* that is about names: the caller has them */
        tell(in->archive, why, n);
        return ZIP_GOT_FAULT;
    }
    *ret_mtime_s = archive_entry_mtime(in->entry);
    return ZIP_GOT_SOME;
}

static enum zip_got in_read(struct zip_in *in, const void **ret, size_t *ret_n, char *why, size_t n)
{
    la_int64_t at; /* entries of zip files have no holes */
    int got = archive_read_data_block(in->archive, ret, ret_n, &at);

    if (got == ARCHIVE_OK)
        return ZIP_GOT_SOME;
    if (got == ARCHIVE_EOF)
        return ZIP_GOT_END;
    tell(in->archive, why, n);
    return ZIP_GOT_FAULT;
}

__attribute__((visibility("default"))) const struct zip_module reeve_zip_module = {
    .version = ZIP_MODULE_VERSION,
    .start = start,
    .out_size = sizeof(struct zip_out),
    .in_size = sizeof(struct zip_in),
    .out_open = out_open,
    .out_entry = out_entry,
    .out_add = out_add,
    .out_entry_end = out_entry_end,
    .out_close = out_close,
    .out_done = out_done,
    .in_open = in_open,
    .in_next = in_next,
    .in_read = in_read,
    .in_done = in_done,
};
