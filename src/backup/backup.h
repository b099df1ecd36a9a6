/*
 * backup: the data directory as a zip file, and back (services.md 8, data-dir.md 13).
 *
 * A backup has a copy of both databases, each of one moment (db_copy()), and then every other file
 * of the directory. Writers go on meanwhile. What is stored is checked first: the copy of the data,
 * page by page, and the archive, entry by entry. It lies in backups/, or in the bucket that the
 * settings name for backups.
 *
 * One backup or restore at a time, of this process. All of it blocks: not on a loop.
 */
#ifndef REEVE_BACKUP_BACKUP_H
#define REEVE_BACKUP_BACKUP_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "db/db.h"
#include "files/files.h"
#include "settings/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* E_BAD_REQUEST has these words. */
#define BACKUP_BUSY "Try again later - another backup/restore process has already been started."
#define BACKUP_CREATE_FAILED "Failed to create backup."

struct backups;

struct backups_conf {
    struct str dir; /* the data directory */
    struct db *data, *logs;
    struct file_store *files;
    struct str node; /* the name of this process among others */
    struct str key;  /* settings_load() */
    /* Everything is ready for another directory's content: the program ends and starts anew. Any
     * thread; returns at once. NULL: a command, which does so itself. */
    void (*restart)(void *user);
    bool (*alone)(void *user); /* whether no other process has the directory open; any thread */
    void *user;
};

/* What conf points to outlives it. */
struct backups *backups_new(const struct backups_conf *conf);
/* What is under way ends soon, with E_GONE, and nothing begins. Any thread. */
void backups_stop(struct backups *backups);
/* Stops, and waits for what runs by itself. NULL is fine. */
void backups_free(struct backups *backups);

/* Any thread, also a loop. */
bool backups_are_busy(struct backups *backups);

/* What is known of a backup that was made here. */
struct backup_told {
    struct str node, started; /* storage form of a date */
    int64_t took_ms;
    int64_t size, files, rows;
    struct str error; /* why there is none, or why it is not to be relied on; empty: it is good */
};

struct backup_item {
    struct str key;
    uint64_t size;
    int64_t modified_s;             /* Unix time */
    const struct backup_told *told; /* NULL: it came from elsewhere */
};
struct backup_list {
    struct backup_item *items; /* by key */
    size_t n;
};
/* The last ones that were made here, or failed to be, the newest first: also those of this process
 * that could not be written down, such as on a full disk. In `a`; conn: the data's. */
struct backup_made {
    struct str key;
    struct backup_told told;
};
struct backup_history {
    struct backup_made *items;
    size_t n;
};
MUST_CHECK struct err *backups_history(struct arena *a, struct backups *backups,
                                       struct db_conn *conn, struct backup_history *ret);
/* In `a`; what is told of them is the history's. */
MUST_CHECK struct err *backups_list(struct arena *a, struct backups *backups,
                                    const struct settings *settings,
                                    const struct backup_history *history, struct backup_list *ret);
/* How far what runs has come. False: nothing does. */
struct backup_progress {
    const char *what; /* "copying", "packing", "checking", "storing", "unpacking" */
    double part;      /* of it, from 0 to 1 */
};
bool backups_progress(struct backups *backups, struct backup_progress *ret);

/* Whether there is one of that name. */
MUST_CHECK struct err *backups_has(struct arena *a, struct backups *backups,
                                   const struct settings *settings, struct str key, bool *ret);
/* "<prefix>acme_20250102030405.zip": of the application's name and the time. */
struct str backup_name(struct arena *a, struct str prefix, const struct settings *settings);
#define BACKUP_PREFIX STR("pb_backup_")
#define BACKUP_AUTO_PREFIX STR("@auto_pb_backup_")

/* Makes one under that name; E_BAD_REQUEST with BACKUP_BUSY or BACKUP_CREATE_FAILED, the reason as
 * its cause; E_PRECONDITION: there is one of that name, and it may not be replaced. A failure, too,
 * is in the history and the log. */
MUST_CHECK struct err *backup_create(struct arena *a, struct backups *backups,
                                     const struct settings *settings, struct str key,
                                     bool replaces);
/* The one of the schedule: a name of its own, and then those of the schedule that are too many
 * (backups.cronMaxKeep) go, the oldest first. */
MUST_CHECK struct err *backup_create_scheduled(struct arena *a, struct backups *backups,
                                               const struct settings *settings,
                                               const atomic_bool *stopping);
/* Stores one that came from elsewhere, as it is. */
MUST_CHECK struct err *backup_put(struct arena *a, struct backups *backups,
                                  const struct settings *settings, struct str key,
                                  const struct file_content *content, const struct file_type *type);
/* E_NOT_FOUND; in use: E_BAD_REQUEST. */
MUST_CHECK struct err *backup_remove(struct arena *a, struct backups *backups,
                                     const struct settings *settings, struct str key);
MUST_CHECK struct err *backup_open(struct arena *a, struct backups *backups,
                                   const struct settings *settings, struct str key,
                                   const atomic_bool *gone, struct file_opened *ret);

/* What a check has found of one. */
struct backup_checked {
    uint64_t files, bytes; /* unpacked */
    uint64_t tables, rows; /* of data.db */
};
/* Whether a backup can be restored: names and sizes, every entry's CRC, the pages of its databases,
 * and that this version can serve it. Changes nothing. E_BAD_REQUEST says what is wrong. */
MUST_CHECK struct err *backup_verify(struct arena *a, struct backups *backups,
                                     const struct settings *settings, struct str key,
                                     struct backup_checked *ret);
/* Checks it as backup_verify() does, and leaves it ready: the next start serves it (restore.c). In
 * the calling thread. */
MUST_CHECK struct err *backup_prepare(struct arena *a, struct backups *backups,
                                      const struct settings *settings, struct str key);
/* The same a second later in a thread of its own, then conf.restart(). E_BAD_REQUEST: it is busy,
 * or there is none of that name. What goes wrong later is logged. */
MUST_CHECK struct err *backup_restore(struct arena *a, struct backups *backups,
                                      struct settings *settings, struct str key);

#endif
