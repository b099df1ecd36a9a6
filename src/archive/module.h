/*
 * archive/module: what the program and its module for zip files, reeve-archive.so, know of each
 * other.
 *
 * The module compresses and decompresses, by libarchive; what a name may be, and which archives are
 * trusted so far, is the program's to say, before it lets the module read. It needs no function of
 * the program, and of this header nothing but C's own types.
 *
 * A writer or reader belongs to one thread at a time.
 */
#ifndef REEVE_ARCHIVE_MODULE_H
#define REEVE_ARCHIVE_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZIP_MODULE_VERSION 1 /* of what stands below */
#define ZIP_MODULE_FILE "reeve-archive.so"
#define ZIP_MODULE_SYMBOL "reeve_zip_module"

struct zip_out;
struct zip_in;

enum zip_got {
    ZIP_GOT_SOME, /* there may be more */
    ZIP_GOT_END,
    ZIP_GOT_FAULT,
};

/* `why` takes a failure's reason, a text of at most n bytes with its NUL; n is at least 1. Then
 * errno is the system's reason, or that of no call of it. */
struct zip_module {
    unsigned version; /* ZIP_MODULE_VERSION: with another one the rest must not be called */
    /* Once, before the others. */
    bool (*start)(char *why, size_t n);

    /* The caller gives the storage of writers and readers, zeroed and aligned for any type, and
     * calls their `done` in any case once it has called their `open`. */
    size_t out_size;
    size_t in_size;

    /* Writes from fd's offset on, forwards only; fd stays the caller's. */
    bool (*out_open)(struct zip_out *out, int fd, char *why, size_t n);
    /* Begins a file; out_add() gives its bytes, in pieces. */
    bool (*out_entry)(struct zip_out *out, const char *name, int64_t mtime_s, char *why, size_t n);
    bool (*out_add)(struct zip_out *out, const void *p, size_t size, char *why, size_t n);
    bool (*out_entry_end)(struct zip_out *out, char *why, size_t n);
    /* Writes the directory. Then, or after any failure, only out_done(), */
    bool (*out_close)(struct zip_out *out, char *why, size_t n);
    /* which, without out_close(), leaves what is no archive. */
    void (*out_done)(struct zip_out *out);

    /* Reads by pread() alone; fd stays the caller's. */
    bool (*in_open)(struct zip_in *in, int fd, char *why, size_t n);
    /* The next entry in the order in which they lie in the file. ZIP_GOT_SOME: it is there. */
    enum zip_got (*in_next)(struct zip_in *in, int64_t *ret_mtime_s, char *why, size_t n);
    /* The next bytes of the entry, valid until the next call. */
    enum zip_got (*in_read)(struct zip_in *in, const void **ret, size_t *ret_n, char *why,
                            size_t n);
    void (*in_done)(struct zip_in *in);
};

extern const struct zip_module reeve_zip_module;

#endif
