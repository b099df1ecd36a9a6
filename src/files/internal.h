/*
 * files/internal: what the files of this folder share.
 */
#ifndef REEVE_FILES_INTERNAL_H
#define REEVE_FILES_INTERNAL_H

#include "files/blob.h"

#include <pthread.h>

#define FILE_TEMP_FOLDER ".pb_temp_to_delete" /* PocketBase's, which backups leave out */
#define FILE_TEMP_PREFIX "reeve_"             /* of what we make in there */

/* What waits to be removed. */
enum removals { REMOVALS_TEMP, REMOVALS_LOCAL, REMOVALS_REMOTE, REMOVALS };
struct removal_queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under the lock */
    struct file_removal *first, *last;
    size_t n;
    bool started, stopping, held;
    uint64_t give_up_ms; /* of clock_ms(): what is held then stays; 0: that is not told yet */
    pthread_t thread;
};

struct file_store {
    struct arena *arena;
    struct str dir, temp_dir;
    int held_fd;   /* of file_store_hold_removals(); -1: nothing is held */
    bool finished; /* nothing waits to be removed any more */
    struct net *net;
    pthread_mutex_t lock;
    /* under the lock */
    struct blob_place *place;
    struct settings_s3 s3; /* which one it is, in s3_arena */
    struct arena *s3_arena;
    struct removal_queue removals[REMOVALS];
    pthread_mutex_t thumbs_lock;
    pthread_cond_t thumbs_changed;
    struct making *making; /* under thumbs_lock; thumb.c's */
};

/* What a head is that no signature alone tells. False: something else. */
bool sniff_zip(struct str head, struct file_type *ret);
bool sniff_media(struct str head, struct file_type *ret);
bool sniff_binary(struct str head, struct file_type *ret);
/* What a text begins with: XML's and JSON's kinds. False: it is none of them. */
bool sniff_xml(struct str text, struct file_type *ret);
bool sniff_json(struct str text, struct file_type *ret);
/* The text signatures and the fallback: what a head is that nothing else knows. */
struct file_type sniff_text(struct str head);
/* A type without a charset. */
struct file_type sniff_type(struct str mime, struct str extension, struct str aliases);
/* 0 behind the end. */
unsigned char sniff_byte(struct str head, size_t at);
/* White space before a text is no part of it. */
struct str sniff_skip_space(struct str s);

/* place.c: the place, NULL: the current one; the reference is the caller's. */
struct blob_place *place_or_current(struct file_store *store, struct blob_place *place);
/* key.c: whether all of it, name included, can be a key. */
bool store_is_safe(const struct file_key *key);

/* remove.c */
void remove_init(struct file_store *store);
void remove_left(const struct file_store *store); /* by a killed process */
void remove_stop(struct file_store *store);

/* disk.c: whole files; none of these follows a link. After an error errno is its reason. */
/* The error of a call that has just failed. */
struct err *disk_failed(struct arena *a, const char *what, const char *path);
/* The first `most` bytes, or fewer where there are no more. */
MUST_CHECK struct err *disk_read(struct arena *a, const char *path, size_t most, struct str *ret);
/* A new file, on disk when these return. What is there of it after an error is the caller's. */
MUST_CHECK struct err *disk_write(struct arena *a, const char *path, struct str data);
MUST_CHECK struct err *disk_copy(struct arena *a, const char *from, const char *path);
/* A file's content, or a folder's names, are on disk when this returns. */
MUST_CHECK struct err *disk_sync(struct arena *a, const char *path);

#endif
