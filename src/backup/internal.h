/*
 * backup/internal: what the files of this folder share.
 */
#ifndef REEVE_BACKUP_INTERNAL_H
#define REEVE_BACKUP_INTERNAL_H

#include "archive/archive.h"
#include "backup/backup.h"
#include "files/blob.h"

#include <pthread.h>
#include <stdatomic.h>

struct backup_kept;

struct backups {
    /* constant */
    struct arena *arena;
    struct backups_conf conf;
    /* any thread */
    atomic_bool stopping;
    _Atomic(const char *) doing; /* NULL: nothing runs */
    atomic_uint part;            /* in thousandths */
    /* under lock */
    pthread_mutex_t lock;
    bool busy;
    struct str key;           /* of the backup in use; in `used` */
    struct arena *used;       /* NULL unless busy */
    struct backup_kept *kept; /* made.c's */
    size_t n_kept;
    bool has_thread; /* of a restore */
    pthread_t thread;
};

/* busy.c: takes the one place there is, for a backup of that name. False: it is taken. */
MUST_CHECK bool backups_take(struct backups *backups, struct str key);
void backups_give(struct backups *backups);
/* What is being done, of which `part` is done. False: it is to end. */
bool backups_say(struct backups *backups, const char *doing, double part);
MUST_CHECK struct err *backups_gone(struct arena *a);
/* Whether it is the one in use. */
bool backups_uses(struct backups *backups, struct str key);

/* A watch of an archive's work: says how far it is of so many bytes. */
struct backup_watch {
    struct backups *backups;
    const char *doing;
    uint64_t bytes; /* of all of it */
};
struct zip_watch backup_zip_watch(struct backup_watch *watch);

/* walk.c: the files of the data directory that a backup has beside the databases. */
struct backup_file {
    struct str name; /* relative, with slashes */
    uint64_t size;
};
struct backup_files {
    struct backup_file *items;
    size_t n, cap;
    uint64_t bytes;
};
/* So many folders inside of each other: what is deeper was made by nobody who serves files. */
#define BACKUP_DEPTH 64
MUST_CHECK struct err *backup_walk(struct arena *a, struct str dir, struct backup_files *ret);

/* made.c: rows of the table _reeve_backups, made when it is first needed. What cannot be written is
 * kept in memory, and written with the next one that can. */
MUST_CHECK struct err *backup_note(struct arena *a, struct backups *backups,
                                   const struct backup_made *made);
MUST_CHECK struct err *backup_forget(struct arena *a, struct backups *backups, struct str key);
void backup_drop_kept(struct backups *backups);

/* work.c: an empty folder of one's own, for what is made or looked at. */
struct backup_work {
    struct str path;
    int fd; /* locked: it is in use; -1: there is none */
};
/* what: a word for its name. */
MUST_CHECK struct err *backup_work_begin(struct arena *a, struct backups *backups, const char *what,
                                         struct backup_work *ret);
/* Removes it with what is in it; fine where there is none. */
void backup_work_end(struct arena *a, struct backup_work *work);
/* Removes those that killed processes have left. */
void backup_work_left(struct backups *backups);

/* pack.c: the archive of a backup, in a new file at `path`, checked; copies are made in `folder`.
 */
struct backup_packed {
    uint64_t size, files, rows;
    unsigned char md5[FILE_MD5_LEN];
};
MUST_CHECK struct err *backup_pack(struct arena *a, struct backups *backups, struct str folder,
                                   struct str path, struct backup_packed *ret);

/* probe.c: whether a data directory's files, unpacked into `dir`, can be served by this version:
 * data.db is whole, and of a schema that it knows. */
MUST_CHECK struct err *backup_probe(struct arena *a, struct backups *backups, struct str dir,
                                    struct db_checked *ret);

/* unpack.c: into a new folder, and looks at it; an error removes it again. */
MUST_CHECK struct err *backup_unpack(struct arena *a, struct backups *backups,
                                     const struct settings *settings, struct str key,
                                     struct str into, struct backup_checked *ret);

/* The error of a call that has just failed: errno is about `path`. */
struct err *backup_failed(struct arena *a, const char *what, const char *path);
MUST_CHECK struct err *backup_make_folder(struct arena *a, struct str path);
/* A folder with everything in it, links not followed; fine where there is none. */
MUST_CHECK struct err *backup_remove_tree(struct arena *a, struct str path);

#endif
