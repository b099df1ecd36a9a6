/*
 * files: what records keep beside the database: names, content types, and the local storage
 * (data-dir.md 12).
 *
 * A stored file is <data directory>/storage/<collection id>/<record id>/<name> with a side-car
 * <name>.attrs. Folders here are "<collection id>/<record id>" or "<collection id>".
 */
#ifndef REEVE_FILES_FILES_H
#define REEVE_FILES_FILES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "net/net.h"
#include "settings/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- content --------------------------------------------------------------------------------- */

#define FILE_HEAD_BYTES 3072 /* of a file, what its type is told from */
#define FILE_MD5_LEN 16

/* A file's content: in memory, or in a file of its own, which is linked where it can be and copied
 * where storage/ is on another file system. */
struct file_content {
    struct str data; /* p NULL: `path` has it */
    struct str path;
    uint64_t size;
    unsigned char md5[FILE_MD5_LEN];
};
/* The first FILE_HEAD_BYTES, or fewer where there are no more. Blocks. */
MUST_CHECK struct err *file_head(struct arena *a, const struct file_content *content,
                                 struct str *ret);

/* A content type told from a file's head, as PocketBase tells it. Constant. */
struct file_type {
    struct str mime;      /* without parameters */
    struct str charset;   /* empty: none is named */
    struct str extension; /* with its dot; empty: none */
    struct str aliases;   /* other names, comma separated */
};
struct file_type file_sniff(struct str head);
/* "text/plain; charset=utf-8" */
struct str file_type_text(struct arena *a, const struct file_type *type);
/* Whether it is one of these; parameters and aliases do not count. */
bool file_type_is_among(const struct file_type *type, const struct str *mimes, size_t n);

/* --- names ----------------------------------------------------------------------------------- */

/* The name under which a client's file is stored: made safe, with a random part. Never empty, at
 * most 150 bytes of [A-Za-z0-9_.*\-+=#]. extension: of the file's type, for a name without one. */
struct str file_name(struct arena *a, struct str client_name, struct str extension);
/* Whether text can be one segment of a path below storage/: not empty, no slash, no leading dot, no
 * control character, at most 255 bytes. */
bool file_is_segment(struct str text);

/* --- the storage ----------------------------------------------------------------------------- */

struct file_store;
/* dir: the data directory; what a killed process left in its folder for temporary files is removed
 * when `serving`. One thread is started on first need. */
struct file_store *file_store_new(struct str dir, bool serving);
/* What waits for another server ends: what reads, or all of it, from now on (net_stop()). What is
 * on this machine's disk goes on. Any thread, before file_store_free(). */
void file_store_stop(struct file_store *store, enum net_stop what);
/* Finishes what waits to be removed: nothing may be removed after it. */
void file_store_finish(struct file_store *store);
/* Finishes, unless that is done. NULL is fine. */
void file_store_free(struct file_store *store);

/* Where files are from now on: in that bucket where it is enabled, else in the data directory. What
 * has begun ends where it began; nothing is moved. Copies s3. Any thread. */
void file_store_use(struct file_store *store, const struct settings_s3 *s3);
/* Whether that is another server: what blocks here waits for it, then. Any thread. */
bool file_store_is_remote(struct file_store *store);
/* Whether files can be stored in that bucket and removed: E_UNAVAILABLE or whatever says why not.
 * Blocks. */
MUST_CHECK struct err *file_store_try(struct arena *a, struct file_store *store,
                                      const struct settings_s3 *s3);

/* Where files are now, for what has to stay together whatever the settings say meanwhile: the calls
 * below take such a place, or NULL for the one that is current then. file_place_unref() in the end;
 * any thread. */
struct blob_place;
struct blob_place *file_store_hold(struct file_store *store);
void file_place_unref(struct blob_place *place); /* NULL is fine */

/* Makes the folder for temporary files if it is missing; its path, with a slash at its end. Any
 * thread that may block. */
MUST_CHECK struct err *file_store_temp_dir(struct arena *a, const struct file_store *store,
                                           struct str *ret);

/* Where and what a file is stored as: segments each, but that the name of a thumb is two of them,
 * "thumbs_<name>/100x100_<name>". */
struct file_key {
    struct str col, rec, name;
};
/* The key of a text "col/rec/name" or "col/rec/thumbs_name/100x100_name", which is borrowed.
 * False: no file of a record can have it. */
bool file_key_read(struct str text, struct file_key *ret);
/* The same text; of a folder, where name or also record are empty. */
struct str file_key_text(struct arena *a, const struct file_key *key);
/* Stores it with its side-car, both on disk when this returns; content in a file stays there, so
 * that it can be stored again. original: the client's name for it; p NULL: there is none. On an
 * error nothing of it is left. Blocks. */
MUST_CHECK struct err *file_store_put(struct arena *a, struct file_store *store,
                                      struct blob_place *place, const struct file_key *key,
                                      const struct file_content *content,
                                      const struct file_type *type, struct str original);
/* Once for all files put into a record's folder: their names are on disk when this returns. */
MUST_CHECK struct err *file_store_sync(struct arena *a, struct file_store *store,
                                       struct blob_place *place, struct str col, struct str rec);

/* A stored file, to be read from its start. */
struct file_opened {
    int fd; /* what was stored under a name does not change. -1: it is elsewhere, file_fetch() */
    uint64_t size;
    int64_t modified_s; /* Unix time */
    struct str type;    /* of content, with its parameters; in the arena */
    struct str key;     /* the storage's, where fd is -1; in the arena */
    struct blob_place *place;
};
/* E_NOT_FOUND: there is no such file, or something else has its name. The caller closes it. Blocks,
 * and gives up with E_GONE where it waits for another server and *gone is true; gone may be NULL.
 */
MUST_CHECK struct err *file_store_open(struct arena *a, struct file_store *store,
                                       const struct file_key *key, const atomic_bool *gone,
                                       struct file_opened *ret);
/* The same for a thread that may not wait for a disk. False: it would have to, or there is none. */
bool file_store_open_cached(struct arena *a, struct file_store *store, const struct file_key *key,
                            struct file_opened *ret);

void file_close(struct file_opened *file);
/* One that is elsewhere is brought here and has a descriptor then, unless it is of more than `most`
 * bytes (E_TOO_LARGE). Blocks. */
MUST_CHECK struct err *file_bring(struct arena *a, struct file_opened *file, uint64_t most);
/* Begins to bring n > 0 bytes of a file that is elsewhere, from `at` on, as net_fetch() does: its
 * events may come before this returns. The status of a good answer is 200 or 206. It ends with
 * E_GONE once *gone (as in struct net_request), and when it has paused for a
 * second: so that whoever reads slowly keeps no place, and asks again. */
MUST_CHECK struct err *file_fetch(struct arena *a, const struct file_opened *file, uint64_t at,
                                  uint64_t n, const atomic_bool *gone,
                                  const struct net_events *events, void *user,
                                  struct net_fetch **ret);

/* Where backups are by these settings: a bucket of their own, or the data directory. As
 * file_store_hold(); keys are names of one segment. */
struct blob_place *file_store_backups(struct file_store *store, const struct settings_s3 *s3);
/* What a place has under a key, whatever kind of key: as file_store_open(). */
MUST_CHECK struct err *file_place_open(struct arena *a, struct blob_place *place, struct str key,
                                       const atomic_bool *gone, struct file_opened *ret);

/* --- thumbs ---------------------------------------------------------------------------------- */

/* Whether there are thumbs of files of that type, as they were stored. */
bool file_has_thumbs(struct str type);
/* The key of a file's thumb of a size, "100x100" (data-dir.md 12.1). */
struct file_key file_thumb_key(struct arena *a, const struct file_key *key, struct str size);
/* The name of the file that a key is about: its own, or the one whose thumb it is. Empty: it has
 * the folder of a thumb, but is none of that file. */
struct str file_key_original(const struct file_key *key);

struct file_thumb {
    const struct file_key *key;       /* the file's own */
    const struct file_opened *source; /* with a descriptor */
    struct str size;
    uint64_t max_pixels, max_bytes; /* of a picture, decoded: larger ones have no thumbs */
};
/* The thumb, which is made and stored unless it is there: once, however many ask for it at the same
 * time. E_BAD_REQUEST: the file is none that a thumb can be made of, or there is no such size.
 * Blocks, for seconds where the picture is large. */
MUST_CHECK struct err *file_store_thumb(struct arena *a, struct file_store *store,
                                        const struct file_thumb *thumb, struct file_opened *ret);

/* Frees what thumbs have left behind for the calling thread: before it ends. */
void file_thread_end(void);

/* --- removing in the background -------------------------------------------------------------- */

/* Any thread, also the writer's: these copy what they are given, queue it, and return at once. What
 * cannot be removed is logged. */

/* Each with its side-car and thumbs; and its folders, should they be empty then. */
void file_store_remove_files(struct file_store *store, struct blob_place *place,
                             const struct file_key *keys, size_t n);
/* A collection's folder with everything in it that is not younger than before_ms (Unix time, as
 * file systems know it): what was stored since belongs to whoever has the id now. */
void file_store_remove_col(struct file_store *store, struct str col, int64_t before_ms);
/* A temporary file. */
void file_store_remove_temp(struct file_store *store, struct str path);

/* While `held`, files of the data directory that are to be removed stay there, and go afterwards:
 * a backup may still want them. So it is for every process that serves the directory: its folder of
 * temporary files, which must be there, is locked meanwhile (flock, shared). Any thread; one of a
 * process holds at a time. */
void file_store_hold_removals(struct file_store *store, bool held);
/* Whether a process holds them now: for what removes by itself. */
bool file_store_removals_are_held(const struct file_store *store);

/* The same of many, collected one by one; one thread at a time. */
struct file_removal;
struct file_removal *file_removal_new(struct file_store *store, struct blob_place *place);
void file_removal_free(struct file_removal *removal); /* nothing is removed; NULL is fine */
/* A file; with an empty name, whatever else is in the record's folder, except what is young enough
 * to have been stored for a record that is not there yet. Segments that cannot be are left out. */
void file_removal_add(struct file_removal *removal, const struct file_key *key);
/* Queues it; the removal is the queue's then. */
void file_removal_queue(struct file_removal *take_removal);

#endif
