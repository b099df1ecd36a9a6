/*
 * The swap of data directories as a state machine on disk.
 *
 *   (none)    → out       swap_begin(): the new content is whole in new/
 *   out       → in        what is there was moved into old/
 *   in        → trial     what is in new/ was moved here; the start that follows tries it
 *   trial     → done      swap_settle(): it has started
 *   trial     → back-out  it has not: swap_go_back(), or a start that finds a trial nobody is in
 *   back-out  → back-in   what was tried was moved into failed/
 *   back-in   → (none)    what is in old/ was moved back
 *   out, in   → back-in, back-out: something could not be moved
 *
 * Invariants
 *  1. The state is replaced whole, and is on disk before the first step of what it stands for; what
 *     it stands for is on disk before the next one.
 *  2. Each state's moves go one way and take what is still there: they can be begun again anywhere.
 *     Nothing is written over: a name that is in the way is an error.
 *  3. While there is a state old/ may hold the only copy of what was; it gets another name before
 *     `done` goes, and is empty before `back-in` does. So a folder without a state whose old/ is
 * not empty was not left by us, and is not touched.
 *  4. The folder is locked while a process prepares a restore in it or tries one, from before it
 * looks at the state. A start that finds it so is that process's neighbour, not its successor, and
 * moves nothing. Nothing is moved either while others have the directory open (in_use.h).
 *  5. `done` is on disk before anybody is answered: what was answered is never gone back behind.
 *  6. What is doomed is nobody's: it is removed at any time, by whoever comes, without a lock.
 */
#include "backup/moves.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_FILE "state"
#define STATE_FRESH "state.new"
#define STATE_MAX 16
#define FAILED "failed"
#define DOOMED "done-" /* and a number: what old/ and others are called from `done` on */
#define DOOMED_MOST 100000

const char *const swap_state_names[] = {
    [STATE_NONE] = "",       [STATE_OUT] = "out",           [STATE_IN] = "in",
    [STATE_TRIAL] = "trial", [STATE_BACK_OUT] = "back-out", [STATE_BACK_IN] = "back-in",
    [STATE_DONE] = "done"};

static const char *const staying[] = {"backups", ".pb_temp_to_delete", ".autocert_cache",
                                      "lost+found", SWAP_FOLDER};

void (*swap_step)(void);

/* --- folders ---------------------------------------------------------------------------------- */

struct err *swap_failed(const struct swap *swap, const char *what, const char *name)
{
    return err_new(swap->a, E_INTERNAL, NULL, "restore: %s %s/%s: %s", what, swap->path, name,
                   strerror(errno));
}

struct err *swap_failed_inside(const struct swap *swap, const char *what, const char *name)
{
    int e = errno;
    const char *path = arena_printf(swap->a, "%s/%s", SWAP_FOLDER, name).p;

    errno = e;
    return swap_failed(swap, what, path);
}

int swap_open(int in, const char *name)
{
    return openat(in, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

DIR *swap_list(int folder)
{
    int fd = swap_open(folder, ".");
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    int e = errno;

    if (!list && fd >= 0)
        (void)close(fd); /* nothing was written */
    errno = e;
    return list;
}

const char *swap_next(DIR *list)
{
    const struct dirent *entry;

    do
        entry = readdir(list); /* no other thread has this list */
    while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    return entry ? entry->d_name : NULL;
}

static bool stays(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(staying); i++)
        if (strcmp(name, staying[i]) == 0)
            return true;
    return false;
}

/* Of the folder's entries those that are moved. */
struct err *swap_list_moved(const struct swap *swap, int folder, struct swap_names *ret)
{
    DIR *list = swap_list(folder);
    const char *name;

    *ret = (struct swap_names){0};
    if (!list)
        return swap_failed(swap, "listing", "");
    for (errno = 0; (name = swap_next(list)) != NULL; errno = 0)
        if (!stays(name))
            *VEC_PUSH(swap->a, ret) = arena_dup(swap->a, str_of(name)).p;
    if (errno != 0) {
        struct err *err = swap_failed(swap, "listing", "");

        (void)closedir(list); /* nothing was written */
        return err;
    }
    (void)closedir(list); /* the same */
    return NULL;
}

struct err *swap_sync_folder(const struct swap *swap, int folder, const char *name)
{
    swap_next_step();
    return fsync(folder) == 0 ? NULL : swap_failed(swap, "syncing", name);
}

struct err *swap_open_inside(const struct swap *swap, const char *name, int *ret)
{
    *ret = swap_open(swap->folder, name);
    return *ret >= 0 ? NULL : swap_failed_inside(swap, "opening", name);
}

/* --- the state -------------------------------------------------------------------------------- */

struct err *swap_read_state(struct swap *swap)
{
    char text[STATE_MAX + 1];
    int fd = openat(swap->folder, STATE_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct str word;
    ssize_t n;
    int e;

    swap->state = STATE_NONE;
    if (fd < 0)
        return errno == ENOENT ? NULL : swap_failed_inside(swap, "opening", STATE_FILE);
    n = read(fd, text, STATE_MAX);
    e = errno;
    (void)close(fd); /* nothing was written */
    errno = e;
    if (n < 0)
        return swap_failed_inside(swap, "reading", STATE_FILE);
    word = str_trim_space((struct str){text, (size_t)n});
    for (enum swap_state state = STATE_OUT; state <= STATE_DONE; state++)
        if (str_eq(word, str_of(swap_state_names[state])))
            swap->state = state;
    if (swap->state != STATE_NONE)
        return NULL;
    return err_new(swap->a, E_INTERNAL, NULL,
                   "restore: %s/%s/%s says \"%.*s\", which is no state of a restore: the content "
                   "before it may be in the folder %s beside it",
                   swap->path, SWAP_FOLDER, STATE_FILE, STR_ARG(word), SWAP_IN_OLD);
}

static struct err *write_fresh(const struct swap *swap, enum swap_state state)
{
    struct str line = arena_printf(swap->a, "%s\n", swap_state_names[state]);
    int fd;
    bool ok;
    int e;

    swap_next_step();
    fd = openat(swap->folder, STATE_FRESH, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                0600);
    if (fd < 0)
        return swap_failed_inside(swap, "creating", STATE_FRESH);
    swap_next_step();
    ok = write(fd, line.p, line.n) == (ssize_t)line.n; /* so few bytes come whole or not at all */
    swap_next_step();
    ok = ok && fsync(fd) == 0;
    e = errno;
    ok = close(fd) == 0 && ok;
    errno = e;
    return ok ? NULL : swap_failed_inside(swap, "writing", STATE_FRESH);
}

struct err *swap_set_state(struct swap *swap, enum swap_state state)
{
    struct err *err = write_fresh(swap, state);

    if (err)
        return err;
    swap_next_step();
    if (renameat(swap->folder, STATE_FRESH, swap->folder, STATE_FILE) != 0)
        return swap_failed_inside(swap, "writing", STATE_FILE);
    err = swap_sync_folder(swap, swap->folder, SWAP_FOLDER);
    if (!err)
        swap->state = state;
    return err;
}

struct err *swap_clear_state(struct swap *swap)
{
    swap_next_step();
    if (unlinkat(swap->folder, STATE_FILE, 0) != 0 && errno != ENOENT)
        return swap_failed_inside(swap, "removing", STATE_FILE);
    swap->state = STATE_NONE;
    return swap_sync_folder(swap, swap->folder, SWAP_FOLDER);
}

/* --- moving ----------------------------------------------------------------------------------- */

/* Over nothing: where the file system cannot see to that, we look before. */
static bool rename_into(int from, int to, const char *name)
{
    struct stat there;

    swap_next_step();
    if (renameat2(from, name, to, name, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    if (fstatat(to, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
        errno = EEXIST;
    return errno == ENOENT && renameat(from, name, to, name) == 0;
}

static struct err *move(const struct swap *swap, int from, int to, const char *name)
{
    return rename_into(from, to, name) ? NULL : swap_failed(swap, "moving", name);
}

static struct err *move_all(const struct swap *swap, int from, int to)
{
    struct swap_names names;
    struct err *err = swap_list_moved(swap, from, &names);

    for (size_t i = 0; i < names.n && !err; i++)
        err = move(swap, from, to, names.items[i]);
    if (!err)
        err = swap_sync_folder(swap, to, SWAP_FOLDER);
    return err ? err : swap_sync_folder(swap, from, SWAP_FOLDER);
}

static struct err *move_aside(const struct swap *swap, const char *to)
{
    struct err *err;
    int fd;

    swap_next_step();
    if (mkdirat(swap->folder, to, 0700) != 0 && errno != EEXIST)
        return swap_failed_inside(swap, "creating", to);
    err = swap_open_inside(swap, to, &fd);
    if (err)
        return err;
    err = swap_sync_folder(swap, swap->folder, SWAP_FOLDER);
    if (!err)
        err = move_all(swap, swap->dir, fd);
    (void)close(fd); /* nothing was written */
    return err;
}

static struct err *move_in(const struct swap *swap, const char *from)
{
    struct err *err;
    int fd;

    err = swap_open_inside(swap, from, &fd);
    if (err)
        return err;
    err = move_all(swap, fd, swap->dir);
    (void)close(fd); /* nothing was written */
    return err;
}

struct err *swap_doom(const struct swap *swap, const char *name)
{
    for (unsigned i = 0; i < DOOMED_MOST; i++) {
        const char *to = arena_printf(swap->a, DOOMED "%u", i).p;

        swap_next_step();
        if (renameat2(swap->folder, name, swap->folder, to, RENAME_NOREPLACE) == 0 ||
            errno == ENOENT)
            return NULL;
        if ((errno == EINVAL || errno == ENOSYS) &&
            (renameat(swap->folder, name, swap->folder, to) == 0 || errno == ENOENT))
            return NULL;
        if (errno != ENOTEMPTY && errno != EEXIST)
            break;
    }
    return swap_failed_inside(swap, "moving", name);
}

struct err *swap_move_over(struct swap *swap)
{
    struct err *err = NULL;

    if (swap->state == STATE_OUT) {
        err = move_aside(swap, SWAP_IN_OLD);
        if (!err)
            err = swap_set_state(swap, STATE_IN);
    }
    return err ? err : move_in(swap, SWAP_IN_NEW);
}

struct err *swap_go_forward(struct swap *swap)
{
    struct err *err = swap_move_over(swap);

    if (!err)
        err = swap_set_state(swap, STATE_TRIAL);
    return err ? err : swap_doom(swap, SWAP_IN_NEW); /* the name is for the next restore */
}

/* It is empty once its content is back. */
static struct err *remove_old(const struct swap *swap)
{
    swap_next_step();
    if (unlinkat(swap->folder, SWAP_IN_OLD, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return swap_failed_inside(swap, "removing", SWAP_IN_OLD);
    return swap_sync_folder(swap, swap->folder, SWAP_FOLDER);
}

bool swap_has_old(const struct swap *swap)
{
    struct stat st;

    return fstatat(swap->folder, SWAP_IN_OLD, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

struct err *swap_undo(struct swap *swap)
{
    struct err *err = NULL;

    if (swap->state == STATE_OUT) /* nothing was moved in: all that is here is old */
        err = swap_set_state(swap, STATE_BACK_IN);
    else if (swap->state != STATE_BACK_OUT && swap->state != STATE_BACK_IN)
        err = swap_set_state(swap, STATE_BACK_OUT);
    if (!err && swap->state == STATE_BACK_OUT) {
        err = move_aside(swap, FAILED);
        if (!err)
            err = swap_set_state(swap, STATE_BACK_IN);
    }
    if (!err && swap_has_old(swap))
        err = move_in(swap, SWAP_IN_OLD);
    if (!err)
        err = remove_old(swap);
    return err ? err : swap_clear_state(swap);
}

bool swap_is_empty(const struct swap *swap, const char *name)
{
    int fd = swap_open(swap->folder, name);
    DIR *list = fd < 0 ? NULL : swap_list(fd);
    bool ok = fd < 0 ? errno == ENOENT : list && !swap_next(list);

    if (list)
        (void)closedir(list); /* nothing was written */
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

/* --- removing --------------------------------------------------------------------------------- */

struct err *swap_remove_folder(struct swap *swap, const atomic_bool *stop)
{
    char what[SWAP_WHAT_MAX];
    struct err *err = NULL;

    if (!swap_sweep(swap->folder, swap->state == STATE_DONE ? STATE_FILE : NULL, stop, what))
        return errno == 0 ? NULL
                          : swap_failed(swap, "removing",
                                        arena_printf(swap->a, "%s (\"%s\")", SWAP_FOLDER, what).p);
    if (swap->state == STATE_DONE)
        err = swap_clear_state(swap);
    if (err)
        return err;
    swap_next_step();
    if (unlinkat(swap->dir, SWAP_FOLDER, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return swap_failed(swap, "removing", SWAP_FOLDER);
    return swap_sync_folder(swap, swap->dir, "");
}

/* Others may be at it, too: what has gone meanwhile is as well. */
static struct err *remove_doomed_one(struct swap *swap, const char *name, const atomic_bool *stop)
{
    char what[SWAP_WHAT_MAX];
    int fd = swap_open(swap->folder, name);
    bool ok;
    int e;

    if (fd < 0)
        return errno == ENOENT ? NULL : swap_failed_inside(swap, "opening", name);
    ok = swap_sweep(fd, NULL, stop, what);
    e = errno;
    (void)close(fd); /* nothing was written */
    errno = e;
    if (!ok)
        return e == 0 || e == ENOENT
                   ? NULL
                   : swap_failed_inside(swap, "removing",
                                        arena_printf(swap->a, "%s (\"%s\")", name, what).p);
    swap_next_step();
    if (unlinkat(swap->folder, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return swap_failed_inside(swap, "removing", name);
    return NULL;
}

struct err *swap_remove_doomed(struct swap *swap, const atomic_bool *stop)
{
    struct swap_names names;
    struct err *err = swap_list_moved(swap, swap->folder, &names);

    for (size_t i = 0; i < names.n && !err; i++)
        if (str_starts(str_of(names.items[i]), STR(DOOMED)))
            err = remove_doomed_one(swap, names.items[i], stop);
    return err;
}
