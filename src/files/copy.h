/*
 * files/copy: all files of one place to another, and afterwards out of the first one.
 *
 * What the target has with the same size is not copied again: what was broken off goes on when it
 * is run again, and so does what came meanwhile. The source may be in use.
 */
#ifndef REEVE_FILES_COPY_H
#define REEVE_FILES_COPY_H

#include "files/blob.h"

#define FILE_COPY_FAILURES 20 /* are told */

struct file_copy_report {
    uint64_t total_files, total_bytes; /* in the source, counted before anything is done */
    uint64_t files, bytes;             /* that were looked at, whatever came of it */
    uint64_t done, done_bytes;         /* copied; or removed */
    uint64_t kept;    /* not copied: they are there; or not removed: the target lacks them */
    uint64_t gone;    /* went meanwhile */
    uint64_t foreign; /* can be no record's files (file_key_read()), and were left alone */
    uint64_t failed;
    struct file_copy_failure {
        struct str key, cause;
    } failures[FILE_COPY_FAILURES]; /* the first of them */
};

struct file_copy {
    const struct blob_place *from, *to;
    struct str temp;  /* what paths of temporary files begin with: file_store_temp_dir() */
    blob_md5_fn *md5; /* of the source; NULL: it knows none */
    /* Between files, and while one is read; may be NULL. */
    void (*progress)(void *user, const struct file_copy_report *so_far);
    void *user;
};

/* These two go on after the failure of a file, which is for *ret; an error: the source could not
 * be listed to its end, *ret says how far it went. Texts live in `a`. They block. */
/* Copies; what has changed while it was read, or is not what its sum says, has failed. */
MUST_CHECK struct err *file_copy_run(struct arena *a, const struct file_copy *copy,
                                     struct file_copy_report *ret);
/* Removes from the source what the target has with the same size. */
MUST_CHECK struct err *file_copy_remove(struct arena *a, const struct file_copy *copy,
                                        struct file_copy_report *ret);

#endif
