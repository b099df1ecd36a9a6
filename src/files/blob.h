/*
 * files/blob: where stored files are kept, behind one table of calls. For this folder, and for
 * commands that are about a whole place.
 *
 * A key is a text "col/rec/name" or "col/rec/thumbs_name/100x100_name", whose segments the caller
 * has checked (file_is_segment()). A prefix is what keys begin with up to one of their slashes, and
 * means everything below it.
 *
 * All of it blocks; any number of threads at once. A kind of place gives its calls `own`, which
 * lives as long as the place.
 */
#ifndef REEVE_FILES_BLOB_H
#define REEVE_FILES_BLOB_H

#include "files/files.h"

#include <stdatomic.h>

struct blob_info {
    uint64_t size;
    int64_t modified_s;  /* Unix time */
    struct str type;     /* of content, with its parameters */
    struct str original; /* the client's name for it; p NULL: none is kept, as of thumbs */
};

/* One that list() has found: size and modified_s alone. The key lives until it returns; an error
 * ends the list. */
typedef struct err *blob_each_fn(void *user, struct str key, const struct blob_info *info);

struct blob_ops {
    /* Stores it with its type and its original name. On an error nothing of it is left; on success
     * all of it is safe but for its name, for which there is sync(). */
    struct err *(*put)(struct arena *a, const void *own, struct str key,
                       const struct file_content *content, const struct blob_info *info);
    /* The names right below the prefix are safe, too; fine for one that is gone. */
    struct err *(*sync)(struct arena *a, const void *own, struct str prefix);
    /* E_NOT_FOUND; what has no type is application/octet-stream. gone: may be NULL; where it takes
     * long, it ends with E_GONE once that is true. */
    struct err *(*info)(struct arena *a, const void *own, struct str key, const atomic_bool *gone,
                        struct blob_info *ret);
    /* The same, and a descriptor to read it from its start, which is the caller's to close. */
    struct err *(*open)(struct arena *a, const void *own, struct str key, int *ret_fd,
                        struct blob_info *ret);
    /* The same where that waits for nothing; false: it would have to, or there is none. NULL: it
     * always has to. The original name is not told. */
    bool (*open_cached)(struct arena *a, const void *own, struct str key, int *ret_fd,
                        struct blob_info *ret);
    /* Begins to bring n bytes from `at` on, as file_fetch() says. NULL where files lie on a disk,
     * and open() is the way. */
    struct err *(*fetch)(struct arena *a, const void *own, struct str key, uint64_t at, uint64_t n,
                         const atomic_bool *gone, const struct net_events *events, void *user,
                         struct net_fetch **ret);
    /* Keys that are not there are fine. These two go on with the rest after a failure, and return
     * the first one. */
    struct err *(*remove)(struct arena *a, const void *own, const struct str *keys, size_t n);
    /* All but what is younger than before_ms (Unix time, as the place knows it). */
    struct err *(*remove_tree)(struct arena *a, const void *own, struct str prefix,
                               int64_t before_ms);
    /* In no order. */
    struct err *(*list)(struct arena *a, const void *own, struct str prefix, blob_each_fn *each,
                        void *user);
};

/* A kind of storage, and which one. Shared and counted. */
struct blob_place {
    const struct blob_ops *ops;
    const void *own;
    struct arena *arena;
    atomic_uint refs;
};
/* own lives in `take_a`, which is freed with the place; the reference is the caller's. */
struct blob_place *blob_place_new(struct arena *take_a, const struct blob_ops *ops,
                                  const void *own);
struct blob_place *blob_place_ref(struct blob_place *place);
void blob_place_unref(struct blob_place *place); /* NULL is fine */
AUTO_DEFINE(blob_place_unref, struct blob_place *)

/* A client's name as it is kept: at most 255 bytes (data-dir.md 12.2), cut between characters. */
struct str blob_original(struct str name);

/* local.c: the folder storage/ of a data directory. */
struct blob_place *local_place(struct str dir);
/* The same of its folder backups/, where a key is a name alone (data-dir.md 13). */
struct blob_place *local_backups_place(struct str dir);

/* place.c: a bucket, whether or not it is enabled; nothing is asked of it. Copies s3; net must
 * outlive it. temp_dir: for files without a name. */
struct blob_place *bucket_place(const struct settings_s3 *s3, struct str temp_dir, struct net *net);

/* local_cars.c: what else there is to know of such a place; `own` is its own. */
/* Side-cars whose files are not there: the key is the file's, the size the side-car's. */
MUST_CHECK struct err *local_list_cars(struct arena *a, const void *own, blob_each_fn *each,
                                       void *user);
/* Whether a request that may still be under way has the content of a file, too: it has more names
 * than one, and got or lost one after since_s (Unix time). */
bool local_is_shared(struct arena *a, const void *own, struct str key, int64_t since_s);
/* What a content's MD5 was when it was stored. False: nothing tells. */
typedef bool blob_md5_fn(struct arena *a, const void *own, struct str key,
                         unsigned char ret[FILE_MD5_LEN]);
blob_md5_fn local_md5;

#endif
