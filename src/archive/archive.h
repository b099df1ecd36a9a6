/*
 * archive: zip files, as backups are (services.md 8, data-dir.md 13): written, checked, verified,
 * extracted.
 *
 * The prefix is zip_: archive_ is that of libarchive, which does the compressing in the module
 * reeve-archive.so (archive/module.h). The directory of an archive is read by us (directory.c), as
 * what is uploaded is not to be trusted: nothing is decompressed, and no memory asked for by its
 * size, before zip_check() has seen that
 *
 * - the directory is whole, at the file's end, and within the bounds given;
 * - each name is a plain relative path in UTF-8, there once, and none a folder of another;
 * - there are files alone (folders' own entries are passed over), stored or deflated, unencrypted;
 * - no two share bytes, and what stands before each one's bytes says the same as the directory;
 * - all together, unpacked, they are no larger than there is room for.
 *
 * What it allows the other calls hold the archive to: an entry that turns out longer than it has
 * said ends the work with the first byte too many.
 *
 * Everything here blocks: on a pool thread, one thread at a time. Memory: a few hundred KiB, and
 * the directory once here and once in libarchive, some 360 bytes a file; a writer's, some 150.
 * Errors: E_BAD_REQUEST the archive is none, or refused: `cause` is a text for a person, names in
 * it printable; E_GONE the watch has ended it; E_UNAVAILABLE no module, or the disk is full;
 * E_INTERNAL any other failure.
 */
#ifndef REEVE_ARCHIVE_ARCHIVE_H
#define REEVE_ARCHIVE_ARCHIVE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the module is instead, a text that stays; NULL: base/module.h. Before anything else here.
 */
void zip_module_path(const char *path);

/* Asked between pieces; `bytes` are those done, uncompressed, since the call's (or the writer's)
 * start. False ends the work. */
struct zip_watch {
    bool (*go_on)(void *user, uint64_t bytes); /* NULL: nobody watches */
    void *user;
};

/* NULL: it may be written below a folder. Else what is wrong with it, such as "is empty". One slash
 * at the end, as folders' own entries have it, is none of its segments. */
const char *zip_name_fault(struct str name);

/* What a file is known by. */
struct zip_sum {
    struct str name;
    uint64_t size;
    uint32_t crc; /* CRC-32 of its bytes, as zip has it */
};

/* --- writing ---------------------------------------------------------------------------------- */

struct zip_writer;

/* Into fd, which stays the caller's, from its offset on, forwards only. The writer dies with the
 * arena; without zip_writer_close() what it has written is no archive. */
MUST_CHECK struct err *zip_writer_open(struct arena *a, int fd, struct zip_watch watch,
                                       struct zip_writer **ret);

struct zip_file {
    struct str name; /* as zip_check() wants it: else it is refused, E_BAD_REQUEST */
    uint64_t size;   /* at most so many bytes are read: what is added meanwhile stays out */
    int64_t mtime_s;
    /* The next bytes, at most n; 0: the end. -1: errno says why. */
    int64_t (*read)(void *user, void *ret, size_t n);
    void *user;
};
/* After an error only the arena's end may follow. ret: what was read, name borrowed from `file`;
 * a file that has become shorter is no error. That names are not repeated is the caller's care. */
MUST_CHECK struct err *zip_writer_add(struct arena *a, struct zip_writer *writer,
                                      const struct zip_file *file, struct zip_sum *ret);
/* The same for the bytes of fd from its first one on, by pread(). */
MUST_CHECK struct err *zip_writer_add_fd(struct arena *a, struct zip_writer *writer,
                                         struct str name, int fd, struct zip_sum *ret);
/* Writes the directory: the last call. Syncing is the caller's. */
MUST_CHECK struct err *zip_writer_close(struct arena *a, struct zip_writer *writer);

/* --- reading ---------------------------------------------------------------------------------- */

struct zip_entry {
    struct zip_sum sum; /* as the directory says; zip_verify() compares */
    uint64_t packed;    /* bytes in the archive */
    uint64_t at;        /* of its header there */
    unsigned method;
    bool is_folder; /* the entry of a folder itself, passed over */
};

struct zip {
    struct zip_entry *entries; /* in the order in which they lie in the file */
    const uint32_t *by_name;   /* their numbers, for zip_find() */
    size_t n;
    size_t n_files; /* without the folders' */
    uint64_t bytes; /* of all files, unpacked */
    int fd;
};

struct zip_bounds {
    uint64_t max_bytes; /* all files, unpacked: what the disk has room for */
    size_t max_entries; /* 0: LIMIT_ZIP_ENTRIES, which it cannot pass */
};

/* fd, a regular file, stays open and as it is while *ret is used, which lives in the arena.
 * Nothing is decompressed; the module is not needed. */
MUST_CHECK struct err *zip_check(struct arena *a, int fd, const struct zip_bounds *bounds,
                                 struct zip **ret);

/* NULL: there is no such file in it. */
const struct zip_entry *zip_find(const struct zip *zip, struct str name);

/* Whether the directory has all of these files, of that size and CRC; it may have others. */
MUST_CHECK struct err *zip_compare(struct arena *a, const struct zip *zip,
                                   const struct zip_sum *sums, size_t n);

/* Decompresses everything: sizes and CRCs are what the directory says. */
MUST_CHECK struct err *zip_verify(struct arena *a, const struct zip *zip, struct zip_watch watch);

/* The same, and writes the files below `folder`, which is empty, with their times of modification.
 * All of it is on disk at the end. After an error some of it may be there: the caller removes it.
 */
MUST_CHECK struct err *zip_extract(struct arena *a, const struct zip *zip, int folder,
                                   struct zip_watch watch);

#endif
