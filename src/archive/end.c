/*
 * The end of an archive: the record that says where its directory is, and its 64-bit twin.
 *
 * Readers differ in which of several such records they take, in what may stand before the archive
 * and behind it. What one reader checks and another extracts must be the same archive: so there is
 * one record in the last bytes, it ends where the file does, and the directory where it begins.
 */
#include "archive/internal.h"

#include "archive/bytes.h"

#include <errno.h>
#include <unistd.h>

#define END_BYTES 22
#define LOCATOR_BYTES 20
#define END64_BYTES 56
#define TAIL_BYTES (16 * KIB) /* where libarchive looks for it, but not in the first byte */
#define NO_ARCHIVE "it is no zip file, or a part of one"

struct err *zip_read_at(struct arena *a, int fd, uint64_t at, void *ret, size_t n)
{
    char *to = ret;

    while (n > 0) {
        ssize_t got = pread(fd, to, n, (off_t)at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return zip_failed(a, "reading the archive");
        if (got == 0)
            return err_new(a, E_BAD_REQUEST, NULL, NO_ARCHIVE);
        to += got;
        at += (size_t)got;
        n -= (size_t)got;
    }
    return NULL;
}

static struct err *odd(struct arena *a, const char *what)
{
    return err_new(a, E_BAD_REQUEST, NULL, "the end of the archive %s", what);
}

/* tail.n: there is none. */
static size_t find_end(struct str tail)
{
    for (size_t i = tail.n - END_BYTES + 1; i-- > 0;)
        if (le32_at(tail.p + i) == ZIP_SIGN_END)
            return i;
    return tail.n;
}

/* The record at `at` says the same as the 32-bit one, where that one has room for it. */
static struct err *read_end64(struct arena *a, int fd, uint64_t locator_at, const char *locator,
                              struct zip_end *end)
{
    uint64_t at = le64_at(locator + 8);
    char record[END64_BYTES];
    struct zip_end big;
    struct err *err;

    if (locator_at < END64_BYTES || at > locator_at - END64_BYTES)
        return odd(a, "leads nowhere");
    err = zip_read_at(a, fd, at, record, sizeof(record));
    if (err)
        return err;
    if (le32_at(record) != ZIP_SIGN_END64 || le64_at(record + 4) != locator_at - at - 12)
        return odd(a, "leads nowhere");
    if (le32_at(locator + 4) != 0 || le32_at(locator + 16) != 1 || le32_at(record + 16) != 0 ||
        le32_at(record + 20) != 0)
        return odd(a, "is that of several files");
    big = (struct zip_end){.n = le64_at(record + 32),
                           .bytes = le64_at(record + 40),
                           .from = le64_at(record + 48),
                           .to = at};
    if (le64_at(record + 24) != big.n || (end->n != UINT16_MAX && end->n != big.n) ||
        (end->bytes != UINT32_MAX && end->bytes != big.bytes) ||
        (end->from != UINT32_MAX && end->from != big.from))
        return odd(a, "contradicts itself");
    *end = big;
    return NULL;
}

static struct err *read_tail(struct arena *a, int fd, uint64_t n_file, struct str tail,
                             struct zip_end *ret)
{
    size_t i = find_end(tail);
    uint64_t at = n_file - tail.n + i;
    const char *record = tail.p + i;
    struct err *err = NULL;

    if (i == tail.n)
        return err_new(a, E_BAD_REQUEST, NULL, NO_ARCHIVE);
    if (i + END_BYTES + le16_at(record + 20) != tail.n)
        return odd(a, "is not the file's");
    if (le16_at(record + 4) != 0 || le16_at(record + 6) != 0 ||
        le16_at(record + 8) != le16_at(record + 10))
        return odd(a, "is that of several files");
    *ret = (struct zip_end){.n = le16_at(record + 10),
                            .bytes = le32_at(record + 12),
                            .from = le32_at(record + 16),
                            .to = at};
    if (i >= LOCATOR_BYTES && le32_at(record - LOCATOR_BYTES) == ZIP_SIGN_LOCATOR)
        err = read_end64(a, fd, at - LOCATOR_BYTES, record - LOCATOR_BYTES, ret);
    if (err)
        return err;
    if (ret->from > ret->to || ret->bytes != ret->to - ret->from)
        return odd(a, "does not fit its directory");
    return NULL;
}

struct err *zip_end_read(struct arena *a, int fd, uint64_t n_file, struct zip_end *ret)
{
    char bytes[TAIL_BYTES];
    struct str tail = {bytes, n_file < TAIL_BYTES ? (size_t)n_file : TAIL_BYTES};
    struct err *err;

    if (n_file < END_BYTES)
        return err_new(a, E_BAD_REQUEST, NULL, NO_ARCHIVE);
    err = zip_read_at(a, fd, n_file - tail.n, bytes, tail.n);
    return err ? err : read_tail(a, fd, n_file, tail, ret);
}
