/*
 * unit/swap.h: a data directory with what a restore leaves in it before swap_begin(), and what it
 * is told by: its tree before, and its tree afterwards.
 */
#ifndef REEVE_TESTS_UNIT_SWAP_H
#define REEVE_TESTS_UNIT_SWAP_H

#include "unit/unit.h"

#include "backup/sweep.h"

#include "base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SWAP_TEXT_BYTES (64 * 1024)

static char root[64];    /* of everything */
static char data[80];    /* the data directory */
static char outside[80]; /* what links lead to: it never changes */

/* --- trees ------------------------------------------------------------------------------------ */

static inline void must(bool ok, const char *what, const char *path)
{
    if (!ok)
        fail_msg("%s %s: %s", what, path, strerror(errno));
}

static inline const char *at(struct arena *a, const char *name)
{
    return arena_printf(a, "%s/%s", data, name).p;
}

static inline void make_folder(const char *path)
{
    must(mkdir(path, 0755) == 0 || errno == EEXIST, "mkdir", path);
}

/* With the folders that lead to it, inside the data directory. */
static inline void put(const char *name, const char *text)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const char *path = at(a, name);
    FILE *file;

    for (size_t i = strlen(data) + 1; path[i]; i++)
        if (path[i] == '/')
            make_folder(arena_printf(a, "%.*s", (int)i, path).p);
    file = fopen(path, "we");
    must(file != NULL, "creating", path);
    must(fputs(text, file) >= 0 && fclose(file) == 0, "writing", path);
}

static inline void describe_file(struct buf *out, const char *path, const char *name)
{
    char text[256] = "";
    FILE *file = fopen(path, "re");

    must(file != NULL, "opening", path);
    must(fread(text, 1, sizeof(text) - 1, file) < sizeof(text) - 1 && fclose(file) == 0, "reading",
         path);
    buf_addf(out, "%s=%s\n", name, text);
}

/* Every entry below with its content, in order; nothing where there is nothing. */
static inline void describe(struct buf *out, const char *folder, const char *prefix)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);

    for (int i = 0; i < n; i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        const char *path = arena_printf(a, "%s/%s", folder, entries[i]->d_name).p;
        const char *name = arena_printf(a, "%s%s", prefix, entries[i]->d_name).p;
        char target[256] = "";
        struct stat st;

        if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0) {
            must(lstat(path, &st) == 0, "looking at", path);
            if (S_ISDIR(st.st_mode)) {
                buf_addf(out, "%s/\n", name);
                describe(out, path, arena_printf(a, "%s/", name).p);
            } else if (S_ISLNK(st.st_mode)) {
                must(readlink(path, target, sizeof(target) - 1) > 0, "reading", path);
                buf_addf(out, "%s -> %s\n", name, target);
            } else {
                describe_file(out, path, name);
            }
        }
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

static inline struct str tree(struct arena *a, const char *folder)
{
    struct buf out;
    struct str text;

    buf_init(&out, SWAP_TEXT_BYTES);
    describe(&out, folder, "");
    text = arena_dup(a, (struct str){out.p, out.n});
    buf_done(&out);
    return text;
}

static inline bool is_tree(const char *folder, const char *wanted)
{
    AUTO(arena_free) struct arena *a = arena_new();

    return str_eq(tree(a, folder), str_of(wanted));
}

#define OLD_TREE                                                                               \
    ".autocert_cache/\n.autocert_cache/key=cert\n.notify/\n.pb_temp_to_delete/\n"              \
    ".pb_temp_to_delete/t=temp\nauxiliary.db=old logs\nbackups/\nbackups/a.zip=the only one\n" \
    "data.db=old\ndata.db-wal=old log\nstorage/\nstorage/c/\nstorage/c/r/\nstorage/c/r/f=old file\n"
#define NEW_TREE                                                        \
    ".autocert_cache/\n.autocert_cache/key=cert\n.pb_temp_to_delete/\n" \
    ".pb_temp_to_delete/t=temp\nbackups/\nbackups/a.zip=the only one\n" \
    "data.db=new\nstorage/\nstorage/d/\nstorage/d/f=new file\ntypes.d.ts=types\n"
#define OUTSIDE_TREE "kept=kept\n"

static inline void remove_tree(const char *path)
{
    char what[SWAP_WHAT_MAX];
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    must(swap_sweep(fd, NULL, NULL, what), "removing", path);
    must(close(fd) == 0 && rmdir(path) == 0, "removing", path);
}

/* What a restore leaves before swap_begin(). */
static inline void make_trees(void)
{
    AUTO(arena_free) struct arena *a = arena_new();

    remove_tree(data);
    make_folder(data);
    put(".autocert_cache/key", "cert");
    make_folder(at(a, ".notify"));
    put(".pb_temp_to_delete/t", "temp");
    put("auxiliary.db", "old logs");
    put("backups/a.zip", "the only one");
    put("data.db", "old");
    put("data.db-wal", "old log");
    put("storage/c/r/f", "old file");
    put(SWAP_NEW "/backups/evil.zip", "never seen");
    put(SWAP_NEW "/data.db", "new");
    put(SWAP_NEW "/storage/d/f", "new file");
    put(SWAP_NEW "/types.d.ts", "types");
    put(SWAP_NEW "/lost+found/x", "never seen");
}

static inline int set_up(void **state)
{
    (void)state;
    /* where syncing costs nothing, if there is such a place: it is done thousands of times */
    (void)snprintf(root, sizeof(root), "%s/reeve-swap-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    must(mkdtemp(root) != NULL, "making", root);
    (void)snprintf(outside, sizeof(outside), "%s/outside", root);
    (void)snprintf(data, sizeof(data), "%s", outside); /* put() writes below data */
    make_folder(outside);
    put("kept", "kept");
    (void)snprintf(data, sizeof(data), "%s/data", root);
    make_trees();
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    assert_true(is_tree(outside, OUTSIDE_TREE));
    remove_tree(data);
    remove_tree(outside);
    return rmdir(root);
}

static inline void assert_done(struct err *err)
{
    if (err)
        fail_msg("%.*s", STR_ARG(err->cause));
}

static inline void assert_refused(const struct err *err, const char *says)
{
    assert_non_null(err);
    if (!str_has(err->cause, str_of(says)))
        fail_msg("\"%.*s\" says nothing of \"%s\"", STR_ARG(err->cause), says);
}

/* --- starts ----------------------------------------------------------------------------------- */

enum end { SETTLE, GO_BACK };

static inline struct err *settle(struct arena *a, struct swap_start *start,
                                 const atomic_bool *until)
{
    struct err *err = swap_settle(a, data, start);

    return err || !start->is_kept ? err : swap_clean(a, data, until);
}

static inline void start_and_end(struct arena *a, enum end end, struct swap_start *ret)
{
    assert_done(swap_at_start(a, data, -1, SWAP_SERVER, ret));
    assert_done(end == SETTLE ? settle(a, ret, NULL) : swap_go_back(a, data, -1, ret));
}

#endif
