/*
 * backup/swap: a restored data directory takes the place of the one in use, between two starts.
 *
 * Whoever restores extracts into `.reeve_restore/new/` of the data directory, complete and on disk,
 * between swap_prepare() and swap_begin(), and restarts. The next start moves what is there aside
 * and the new content in; if it comes to its end the old content goes, if not it comes back. What
 * is killed, or loses power, at any point goes on from there at the next start: in the end the
 * directory is the old one or the new one, whole.
 *
 *   struct swap_start start;
 *   err = swap_at_start(a, dir, lock, SWAP_SERVER, &start);   before anything of the directory is
 * opened
 *   ...                                                the start, which may fail
 *   err = swap_settle(a, dir, &start);      it has started, and nobody has been answered yet
 *   err = swap_clean(a, dir, &stop);        what was there before is removed; on a thread
 *   err = swap_go_back(a, dir, lock, &start);          it has failed, and has closed what it opened
 * *
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

/* Who opens the directory. */
enum swap_who {
    SWAP_COMMAND, /* works on what the next server will try, or will have gone back to */
    SWAP_SERVER,  /* tries the new content, and removes what was left that was not begun */
    SWAP_BACKUPS, /* the same, but it may drop what has only been begun */
};

struct swap_start {
    bool is_trial;   /* the content is a backup's: swap_settle() or swap_go_back() must follow */
    bool is_kept;    /* it has been settled: swap_clean() is due */
    bool taken_back; /* a restore was: the content is the old one */
    struct str why;  /* that was done */
    struct str left; /* what of it could not be removed, and why; empty: nothing */
    int lock;        /* -1, or held while it is a trial: others leave the directory alone */
};

/* SWAP_NEW is there, and empty. One that was begun before, and that no start has touched yet, is
 * dropped. An error: another process prepares or tries one, or one is under way. *ret_lock, which
 * is to be closed after swap_begin() or an error, keeps others out. */
MUST_CHECK struct err *swap_prepare(struct arena *a, const char *dir, int *ret_lock);

/* The restart that follows brings the content of SWAP_NEW. Changes nothing but that; an error where
 * something is a mount point, which cannot be moved. */
MUST_CHECK struct err *swap_begin(struct arena *a, const char *dir);

/* lock: of in_use_share(). An error: neither the old content nor the new one could be put in place;
 * the next start tries again. Where others have the directory open nothing is moved: what was only
 * begun a server drops then. */
MUST_CHECK struct err *swap_at_start(struct arena *a, const char *dir, int lock, enum swap_who who,
                                     struct swap_start *ret);

/* The new content stays, on disk, once this returns. An error: it does not, and swap_go_back() must
 * follow. Does nothing where it is no trial. */
MUST_CHECK struct err *swap_settle(struct arena *a, const char *dir, struct swap_start *start);
/* Then: what was there before is removed, which takes as long as that takes; once *stop is true the
 * rest is left to the next start. Restores may be begun meanwhile. */
MUST_CHECK struct err *swap_clean(struct arena *a, const char *dir, const atomic_bool *stop);

/* The old content is back in its place. Does nothing where it is no trial. */
MUST_CHECK struct err *swap_go_back(struct arena *a, const char *dir, int lock,
                                    struct swap_start *start);

#endif
