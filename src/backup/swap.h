/*
 * backup/swap: a restored data directory takes the place of the one in use, between two starts.
 *
 * Whoever restores extracts into `.reeve_restore/new/` of the data directory, complete and on disk,
 * with `.reeve_restore` locked (flock) so that no start of another process takes it for what a
 * crash has left; then calls swap_begin() and restarts. The next start moves what is there aside
 * and the new content in; if it comes to its end the old content goes, if not it comes back. What
 * is killed, or loses power, at any point goes on from there at the next start: in the end the
 * directory is the old one or the new one, whole.
 *
 *   struct swap_start start;
 *   err = swap_at_start(a, dir, &start);    before anything of the directory is opened
 *   ...                                     the start, which may fail
 *   err = swap_settle(a, dir, &start, &stop);    it has started; on a thread
 *   err = swap_go_back(a, dir, &start);          it has failed, and has closed what it opened
 *
 * `backups`, `.pb_temp_to_delete`, `.autocert_cache` and `lost+found` stay where they are
 * (data-dir.md 13), and are not taken from a backup. An entry that is a link is moved as a link.
 *
 * Errors' causes are for a person.
 */
#ifndef REEVE_BACKUP_SWAP_H
#define REEVE_BACKUP_SWAP_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>

/* In the data directory; no part of a backup. */
#define SWAP_FOLDER ".reeve_restore"
#define SWAP_NEW SWAP_FOLDER "/new"

struct swap_start {
    bool is_trial;   /* the content is a backup's: swap_settle() or swap_go_back() must follow */
    bool taken_back; /* a restore was: the content is the old one */
    struct str why;  /* that was done */
    struct str left; /* what of it could not be removed, and why; empty: nothing */
    int lock;        /* -1, or held while it is a trial: others leave the directory alone */
};

/* The restart that follows brings the content of SWAP_NEW. Changes nothing but that; an error where
 * something is a mount point, which cannot be moved. */
MUST_CHECK struct err *swap_begin(struct arena *a, const char *dir);

/* Removes what an extraction left that was not begun. An error: neither the old content nor the new
 * one could be put in place; the next start tries again. */
MUST_CHECK struct err *swap_at_start(struct arena *a, const char *dir, struct swap_start *ret);

/* The new content stays. An error: it stays, too, and what is left of the old one could not be
 * removed, unless the very first step failed: then the next start goes back, and says so. Takes as
 * long as it takes to remove many files; once *stop is true the rest is left to the next start. A
 * restore may be begun meanwhile. Does nothing where it is no trial. */
MUST_CHECK struct err *swap_settle(struct arena *a, const char *dir, struct swap_start *start,
                                   const atomic_bool *stop);

/* The old content is back in its place. Does nothing where it is no trial. */
MUST_CHECK struct err *swap_go_back(struct arena *a, const char *dir, struct swap_start *start);

#endif
