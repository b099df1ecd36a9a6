/*
 * archive/internal: shared inside archive/.
 */
#ifndef REEVE_ARCHIVE_INTERNAL_H
#define REEVE_ARCHIVE_INTERNAL_H

#include "archive/archive.h"
#include "archive/module.h"

#define ZIP_PIECE_BYTES (128 * KIB)
#define ZIP_WHY_BYTES 500

/* --- load.c ----------------------------------------------------------------------------------- */

MUST_CHECK struct err *zip_module_get(struct arena *a, const struct zip_module **ret);

/* --- failed.c: errors ------------------------------------------------------------------------- */

/* errno is about `what`, on the disk. */
struct err *zip_failed(struct arena *a, const char *what);
struct err *zip_failed_at(struct arena *a, struct str name);
struct err *zip_stopped(struct arena *a);
bool zip_goes_on(const struct zip_watch *watch, uint64_t bytes);
/* E_BAD_REQUEST about an entry: `"name": what`. */
struct err *zip_refused(struct arena *a, struct str name, const char *what);

/* --- end.c ------------------------------------------------------------------------------------ */

/* The directory: n entries in the bytes [from, to) of the file. */
struct zip_end {
    uint64_t n;
    uint64_t bytes; /* to - from */
    uint64_t from, to;
};

MUST_CHECK struct err *zip_end_read(struct arena *a, int fd, uint64_t n_file, struct zip_end *ret);
/* n bytes, all of them. */
MUST_CHECK struct err *zip_read_at(struct arena *a, int fd, uint64_t at, void *ret, size_t n);

/* --- name.c ----------------------------------------------------------------------------------- */

/* Bytewise, but a slash comes before all others: what lies in a folder follows it at once. */
int zip_name_cmp(struct str x, struct str y);
/* For a text: quoted, shortened, what is not printable replaced. */
struct str zip_name_quoted(struct arena *a, struct str name);

/* --- crc.c ------------------------------------------------------------------------------------ */

/* Of the bytes that `crc` is of and n more; 0 is the CRC of none. */
uint32_t zip_crc(uint32_t crc, const void *p, size_t n);

/* --- place.c: where an archive is extracted --------------------------------------------------- */

struct zip_place {
    int root;
    int folder;    /* the last one that was asked for; root, or ours to close */
    struct str at; /* its path, without a slash at the end, borrowed from a name */
};

void zip_place_init(struct zip_place *place, int root);
void zip_place_done(struct zip_place *place);
/* A new file, and the folders on its way. -1: errno says why. */
int zip_place_create(struct zip_place *place, struct str name);

#endif
