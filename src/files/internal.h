/*
 * files/internal: what the files of this folder share.
 */
#ifndef REEVE_FILES_INTERNAL_H
#define REEVE_FILES_INTERNAL_H

#include "files/files.h"

#include <pthread.h>

#define FILE_TEMP_FOLDER ".pb_temp_to_delete" /* PocketBase's, which backups leave out */
#define FILE_TEMP_PREFIX "reeve_"             /* of what we make in there */

struct file_removal;

struct file_store {
    struct arena *arena;
    struct str dir;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under the lock */
    struct file_removal *first, *last;
    bool started, stopping;
    pthread_t thread;
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

/* remove.c */
void remove_start(struct file_store *store);
void remove_stop(struct file_store *store);
/* A stored file with side-car and thumbs; at once. */
void remove_file(const struct file_store *store, const struct file_key *key);

/* "<dir>/storage/<col>/<rec>/<name>"; empty parts are left out. Parts must be segments. */
const char *store_path(struct arena *a, const struct file_store *store, struct str col,
                       struct str rec, struct str name);

#endif
