/* Whatever is killed on the way, and however often: the directory is the old one or the new one. */
#include "unit/unit.h"

#include "backup/in_use.h"
#include "backup/sweep.h"

#include "base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILLED 42
#define DEEP 3000
#define STEPS_MOST 200
#define TEXT_BYTES (64 * 1024)

static char root[64];    /* of everything */
static char data[80];    /* the data directory */
static char outside[80]; /* what links lead to: it never changes */

/* --- trees ------------------------------------------------------------------------------------ */

static void must(bool ok, const char *what, const char *path)
{
    if (!ok)
        fail_msg("%s %s: %s", what, path, strerror(errno));
}

static const char *at(struct arena *a, const char *name)
{
    return arena_printf(a, "%s/%s", data, name).p;
}

static void make_folder(const char *path)
{
    must(mkdir(path, 0755) == 0 || errno == EEXIST, "mkdir", path);
}

/* With the folders that lead to it, inside the data directory. */
static void put(const char *name, const char *text)
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

static void describe_file(struct buf *out, const char *path, const char *name)
{
    char text[256] = "";
    FILE *file = fopen(path, "re");

    must(file != NULL, "opening", path);
    must(fread(text, 1, sizeof(text) - 1, file) < sizeof(text) - 1 && fclose(file) == 0, "reading",
         path);
    buf_addf(out, "%s=%s\n", name, text);
}

/* Every entry below with its content, in order; nothing where there is nothing. */
static void describe(struct buf *out, const char *folder, const char *prefix)
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

static struct str tree(struct arena *a, const char *folder)
{
    struct buf out;
    struct str text;

    buf_init(&out, TEXT_BYTES);
    describe(&out, folder, "");
    text = arena_dup(a, (struct str){out.p, out.n});
    buf_done(&out);
    return text;
}

static bool is_tree(const char *folder, const char *wanted)
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

static void remove_tree(const char *path)
{
    char what[SWAP_WHAT_MAX];
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    must(swap_sweep(fd, NULL, NULL, what), "removing", path);
    must(close(fd) == 0 && rmdir(path) == 0, "removing", path);
}

/* What a restore leaves before swap_begin(). */
static void make_trees(void)
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

static int set_up(void **state)
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

static int tear_down(void **state)
{
    (void)state;
    assert_true(is_tree(outside, OUTSIDE_TREE));
    remove_tree(data);
    remove_tree(outside);
    return rmdir(root);
}

static void assert_done(struct err *err)
{
    if (err)
        fail_msg("%.*s", STR_ARG(err->cause));
}

static void assert_refused(const struct err *err, const char *says)
{
    assert_non_null(err);
    if (!str_has(err->cause, str_of(says)))
        fail_msg("\"%.*s\" says nothing of \"%s\"", STR_ARG(err->cause), says);
}

/* --- kills ------------------------------------------------------------------------------------ */

static int steps_left;

static void count_down(void)
{
    if (steps_left-- == 0)
        _exit(KILLED);
}

/* Somebody writes what is in the way, halfway through moving in. */
static void count_down_and_disturb(void)
{
    AUTO(arena_free) struct arena *a = arena_new();
    FILE *file = fopen(at(a, SWAP_FOLDER "/state"), "re");
    char word[16] = "";

    count_down();
    if (!file)
        return;
    must(fgets(word, sizeof(word), file) && fclose(file) == 0, "reading", "the state");
    if (strcmp(word, "in\n") != 0)
        return;
    if (access(at(a, "data.db"), F_OK) == 0 && access(at(a, "storage"), F_OK) != 0)
        put("storage", "in the way");
    else if (access(at(a, "storage"), F_OK) == 0 && access(at(a, "data.db"), F_OK) != 0)
        put("data.db", "in the way");
}

enum end { SETTLE, GO_BACK };

static struct err *settle(struct arena *a, struct swap_start *start, const atomic_bool *until)
{
    struct err *err = swap_settle(a, data, start);

    return err || !start->is_kept ? err : swap_clean(a, data, until);
}

static void start_and_end(struct arena *a, enum end end, struct swap_start *ret)
{
    assert_done(swap_at_start(a, data, -1, SWAP_SERVER, ret));
    assert_done(end == SETTLE ? settle(a, ret, NULL) : swap_go_back(a, data, -1, ret));
}

static bool disturbed;

/* Runs a restore, or only the start after one, and kills it before its n-th step. False: it had no
 * such step, and came to its end. */
static bool run_killed(int n, bool begins, enum end end)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        struct arena *a = arena_new();
        struct swap_start start;

        steps_left = n;
        swap_step = disturbed ? count_down_and_disturb : count_down;
        if ((begins && swap_begin(a, data)) || swap_at_start(a, data, -1, SWAP_SERVER, &start) ||
            (end == SETTLE ? settle(a, &start, NULL) : swap_go_back(a, data, -1, &start)))
            _exit(1);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != KILLED)
        fail_msg("step %d: an error", n);
    return WEXITSTATUS(status) == KILLED;
}

/* After a start that was not killed. Whether it is the new one. */
static bool is_whole(int n, int m, const struct swap_start *start)
{
    AUTO(arena_free) struct arena *a = arena_new();
    bool is_new = is_tree(data, NEW_TREE);

    if (!is_new && !is_tree(data, OLD_TREE))
        fail_msg("killed before step %d and then %d: mixed:\n%.*s", n, m, STR_ARG(tree(a, data)));
    assert_int_equal(start->left.n, 0);
    assert_int_equal(start->lock, -1);
    assert_false(start->taken_back && is_new);
    assert_int_equal(start->taken_back, start->why.n > 0);
    return is_new;
}

/* Killed before step n, and its next start, where it is to be killed, too, before step m. */
static bool survive(int n, int m, enum end end, bool *ret_again)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct swap_start start;

    make_trees();
    if (!run_killed(n, true, end)) {
        *ret_again = false;
        return false;
    }
    *ret_again = m >= 0 && run_killed(m, false, SETTLE);
    start_and_end(a, SETTLE, &start);
    (void)is_whole(n, m, &start);
    return true;
}

static void any_step_may_be_the_last(void **state)
{
    int n_new = 0, n_old = 0, n = 0;

    (void)state;
    for (make_trees(); run_killed(n, true, SETTLE); n++, make_trees()) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct swap_start start;
        bool is_new;

        assert_true(n < STEPS_MOST);
        start_and_end(a, SETTLE, &start);
        is_new = is_whole(n, -1, &start);
        n_new += is_new;
        n_old += !is_new;
    }
    assert_true(is_tree(data, NEW_TREE));
    assert_true(n_old >= 10);
    assert_true(n_new >= 30);
}

/* Each pair of steps where the first is an early one, else every thirteenth. */
static void and_the_last_of_the_start_after_it(void **state)
{
    bool again;

    (void)state;
    for (int n = 0; n < STEPS_MOST; n++) {
        const int stride = n < 6 ? 1 : 13;
        int m = n % stride;

        if (!survive(n, -1, SETTLE, &again))
            return;
        do
            assert_true(survive(n, m, SETTLE, &again));
        while (again && (m += stride) < STEPS_MOST);
        assert_true(m < STEPS_MOST);
    }
    fail_msg("more than %d steps", STEPS_MOST);
}

/* Which finds the content that the next start will try, or goes back to: what it writes stays. */
static void a_command_may_come_between(void **state)
{
    int n_new = 0, n = 0;

    (void)state;
    for (make_trees(); run_killed(n, true, SETTLE); n++, make_trees()) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct swap_start start;

        assert_true(n < STEPS_MOST);
        for (int i = 0; i < 2; i++) {
            assert_done(swap_at_start(a, data, -1, SWAP_COMMAND, &start));
            assert_false(start.is_trial);
            assert_int_equal(start.lock, -1);
        }
        assert_int_equal(access(at(a, "data.db"), F_OK), 0);
        put("by-a-command", "kept");
        start_and_end(a, SETTLE, &start);
        assert_int_equal(unlink(at(a, "by-a-command")), 0);
        n_new += is_whole(n, -1, &start);
    }
    assert_true(n_new >= 30);
}

static void going_back_may_be_killed_too(void **state)
{
    int n = 0;
    bool again;

    (void)state;
    while (survive(n, -1, GO_BACK, &again))
        assert_true(n++ < STEPS_MOST);
    assert_true(n > 40);
    assert_true(is_tree(data, OLD_TREE));
}

static void a_failure_may_be_killed_too(void **state)
{
    int n = 0;
    bool again;

    (void)state;
    disturbed = true;
    while (survive(n, -1, SETTLE, &again))
        assert_true(n++ < STEPS_MOST);
    disturbed = false;
    assert_true(n > 40);
    assert_true(is_tree(data, OLD_TREE));
}

/* --- one after the other ---------------------------------------------------------------------- */

static void the_new_one_is_tried_and_stays(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct swap_start start;

    (void)state;
    make_trees();
    assert_done(swap_begin(a, data));
    assert_refused(swap_begin(a, data), "another one is under way");
    assert_done(swap_at_start(a, data, -1, SWAP_SERVER, &start));
    assert_true(start.is_trial && !start.taken_back && start.lock >= 0);
    put("data.db-wal", "new log");
    assert_done(settle(a, &start, NULL));
    assert_int_equal(unlink(at(a, "data.db-wal")), 0);
    assert_true(is_tree(data, NEW_TREE));
    start_and_end(a, SETTLE, &start);
    assert_false(start.is_trial || start.taken_back);
    assert_true(is_tree(data, NEW_TREE));
}

static void the_old_one_comes_back(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct swap_start start;

    (void)state;
    make_trees();
    assert_done(swap_begin(a, data));
    assert_done(swap_at_start(a, data, -1, SWAP_SERVER, &start));
    put("data.db-wal", "of the trial");
    assert_done(swap_go_back(a, data, -1, &start));
    assert_true(start.taken_back && !start.is_trial);
    assert_true(is_tree(data, OLD_TREE));
}

static void what_cannot_be_settled_goes_back(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct swap_start start;

    (void)state;
    make_trees();
    assert_done(swap_begin(a, data));
    assert_done(swap_at_start(a, data, -1, SWAP_SERVER, &start));
    make_folder(at(a, SWAP_FOLDER "/state.new"));
    assert_refused(swap_settle(a, data, &start), "state.new");
    assert_true(start.is_trial && !start.is_kept);
    assert_int_equal(rmdir(at(a, SWAP_FOLDER "/state.new")), 0);
    assert_done(swap_go_back(a, data, -1, &start));
    assert_true(is_tree(data, OLD_TREE));
}

static void what_cannot_be_moved_in_is_taken_back(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct swap_start start;

    (void)state;
    make_trees();
    assert_done(swap_begin(a, data));
    assert_int_equal(rename(at(a, SWAP_NEW), at(a, SWAP_FOLDER "/elsewhere")), 0);
    assert_done(swap_at_start(a, data, -1, SWAP_SERVER, &start));
    assert_true(start.taken_back && !start.is_trial);
    assert_true(str_has(start.why, STR(SWAP_NEW)));
    assert_true(is_tree(data, OLD_TREE));
}

static void nothing_is_written_over(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct swap_start start;

    (void)state;
    make_trees();
    assert_done(swap_begin(a, data));
    put(SWAP_FOLDER "/old/data.db", "whose is this");
    assert_refused(swap_at_start(a, data, -1, SWAP_SERVER, &start), "data.db: File exists");
    assert_int_equal(unlink(at(a, SWAP_FOLDER "/old/data.db")), 0);
    start_and_end(a, SETTLE, &start);
    assert_true(start.taken_back);
    assert_true(is_tree(data, OLD_TREE));
}

static void without_a_state_it_was_not_begun(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct swap_start start;

    (void)state;
    make_trees();
    start_and_end(a, SETTLE, &start);
    assert_false(start.is_trial || start.taken_back);
    assert_true(is_tree(data, OLD_TREE));
    assert_refused(swap_begin(a, data), SWAP_NEW);
    put(SWAP_NEW "/backups/a.zip", "nothing but what stays");
    assert_refused(swap_begin(a, data), "is empty");
    start_and_end(a, SETTLE, &start);
    remove_tree(data);
    start_and_end(a, SETTLE, &start);
    assert_int_not_equal(access(data, F_OK), 0);
}

static void what_is_not_ours_stays(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct swap_start start;

    (void)state;
    make_trees();
    put(SWAP_FOLDER "/old/data.db", "somebody's");
    assert_refused(swap_at_start(a, data, -1, SWAP_SERVER, &start), "no state says whose");
    assert_refused(swap_begin(a, data), SWAP_FOLDER "/old");
    put(SWAP_FOLDER "/state", "sideways\n");
    assert_refused(swap_at_start(a, data, -1, SWAP_SERVER, &start), "\"sideways\"");
    assert_int_equal(access(at(a, SWAP_FOLDER "/old/data.db"), F_OK), 0);
    remove_tree(at(a, SWAP_FOLDER));
    assert_int_equal(symlink(outside, at(a, SWAP_FOLDER)), 0);
    assert_refused(swap_at_start(a, data, -1, SWAP_SERVER, &start), SWAP_FOLDER);
    assert_refused(swap_begin(a, data), SWAP_FOLDER);
    assert_int_equal(unlink(at(a, SWAP_FOLDER)), 0);
}

/* --- links, depth, others --------------------------------------------------------------------- */

static void links_are_moved_and_not_followed(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct swap_start start;

    (void)state;
    for (int end = SETTLE; end <= GO_BACK; end++) {
        make_trees();
        assert_int_equal(rename(at(a, "storage"), at(a, "elsewhere")), 0);
        assert_int_equal(symlink(outside, at(a, "storage")), 0);
        assert_int_equal(symlink(outside, at(a, "elsewhere/c/link")), 0);
        assert_int_equal(symlink(outside, at(a, SWAP_NEW "/link")), 0);
        assert_done(swap_begin(a, data));
        start_and_end(a, (enum end)end, &start);
        assert_int_equal(access(at(a, "link"), F_OK), end == SETTLE ? 0 : -1);
        assert_int_equal(access(at(a, "elsewhere"), F_OK), end == SETTLE ? -1 : 0);
        assert_int_equal(access(at(a, "storage/kept"), F_OK), end == SETTLE ? -1 : 0);
        assert_int_equal(access(at(a, SWAP_FOLDER), F_OK), -1);
    }
}

static void no_depth_is_too_deep(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct swap_start start;
    int fd;

    (void)state;
    make_trees();
    fd = open(at(a, "storage"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < DEEP; i++) {
        int deeper;

        assert_int_equal(mkdirat(fd, "a", 0700), 0);
        assert_int_equal(mkdirat(fd, "0", 0700), 0);
        deeper = swap_open(fd, "a");
        assert_true(deeper >= 0);
        assert_int_equal(close(fd), 0);
        fd = deeper;
    }
    assert_int_equal(close(fd), 0);
    assert_done(swap_begin(a, data));
    start_and_end(a, SETTLE, &start);
    assert_true(is_tree(data, NEW_TREE));
}

static atomic_bool stop;
static void stop_soon(void)
{
    if (--steps_left == 0)
        atomic_store(&stop, true);
}

/* The rest goes at the next start, and is in no restore's way. */
static void removing_can_be_stopped(void **state)
{
    (void)state;
    for (int n = 1; n < 40; n++) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct swap_start start;

        make_trees();
        assert_done(swap_begin(a, data));
        assert_done(swap_at_start(a, data, -1, SWAP_SERVER, &start));
        steps_left = n;
        atomic_store(&stop, false);
        swap_step = stop_soon;
        assert_done(settle(a, &start, &stop));
        swap_step = NULL;
        put(SWAP_NEW "/data.db", "newer");
        assert_done(swap_begin(a, data));
        start_and_end(a, n % 2 ? SETTLE : GO_BACK, &start);
        put("data.db", "new");
        if (n % 2) {
            put("storage/d/f", "new file");
            put("types.d.ts", "types");
        }
        if (access(at(a, SWAP_FOLDER), F_OK) == 0)
            start_and_end(a, SETTLE, &start);
        assert_true(is_tree(data, NEW_TREE));
    }
}

static void a_neighbour_is_left_alone(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct swap_start start, other;
    int fd;

    (void)state;
    make_trees();
    fd = open(at(a, SWAP_FOLDER), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    start_and_end(a, SETTLE, &other);
    assert_int_equal(access(at(a, SWAP_NEW "/data.db"), F_OK), 0);
    assert_done(swap_begin(a, data));
    assert_refused(swap_at_start(a, data, -1, SWAP_SERVER, &other), "another process");
    assert_int_equal(close(fd), 0);
    assert_done(swap_at_start(a, data, -1, SWAP_SERVER, &start));
    assert_refused(swap_at_start(a, data, -1, SWAP_SERVER, &other), "another process");
    assert_done(settle(a, &start, NULL));
    assert_true(is_tree(data, NEW_TREE));
}

/* --- what is prepared ------------------------------------------------------------------------- */

static void prepare(struct arena *a)
{
    int lock;

    assert_done(swap_prepare(a, data, &lock));
    assert_true(lock >= 0);
    put(SWAP_NEW "/data.db", "new");
    put(SWAP_NEW "/storage/d/f", "new file");
    put(SWAP_NEW "/types.d.ts", "types");
    assert_done(swap_begin(a, data));
    assert_int_equal(close(lock), 0);
}

static void what_was_left_is_in_no_way(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct swap_start start;

    (void)state;
    make_trees();
    prepare(a);
    start_and_end(a, SETTLE, &start);
    assert_true(is_tree(data, NEW_TREE));
}

static void another_one_takes_its_place(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct swap_start start;
    int lock;

    (void)state;
    make_trees();
    put(SWAP_NEW "/data.db", "newer");
    assert_done(swap_begin(a, data));
    assert_done(swap_at_start(a, data, -1, SWAP_BACKUPS, &start));
    prepare(a);
    start_and_end(a, SETTLE, &start);
    assert_true(is_tree(data, NEW_TREE));
    make_trees();
    assert_done(swap_begin(a, data));
    assert_done(swap_prepare(a, data, &lock)); /* of a backup that is none, as it turns out */
    assert_int_equal(close(lock), 0);
    start_and_end(a, SETTLE, &start);
    assert_true(is_tree(data, OLD_TREE));
}

/* What has been moved is the only copy of it. */
static void what_is_under_way_is_not_touched(void **state)
{
    int n, lock, n_refused = 0;

    (void)state;
    for (n = 0, make_trees(); run_killed(n, true, SETTLE); n++, make_trees()) {
        AUTO(arena_free) struct arena *a = arena_new();
        const struct err *err = swap_prepare(a, data, &lock);
        struct swap_start start;

        assert_int_equal(err != NULL, lock < 0);
        n_refused += err != NULL;
        if (!err)
            assert_int_equal(close(lock), 0);
        start_and_end(a, SETTLE, &start);
        (void)is_whole(n, -1, &start);
    }
    assert_true(n_refused > 20);
}

static void nobody_else_prepares_or_tries(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct swap_start start;
    int lock, other;

    (void)state;
    make_trees();
    assert_done(swap_prepare(a, data, &lock));
    assert_refused(swap_prepare(a, data, &other), "another process");
    assert_int_equal(other, -1);
    assert_int_equal(close(lock), 0);
    prepare(a);
    assert_done(swap_at_start(a, data, -1, SWAP_SERVER, &start));
    assert_refused(swap_prepare(a, data, &other), "another process");
    assert_done(settle(a, &start, NULL));
    assert_true(is_tree(data, NEW_TREE));
}

/* Others write into the files that are there. */
static void not_while_others_have_it_open(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct swap_start start;
    int lock, other;

    (void)state;
    make_trees();
    assert_done(in_use_share(a, data, &lock));
    assert_true(in_use_alone(lock));
    assert_done(in_use_share(a, data, &other));
    assert_false(in_use_alone(lock));
    assert_done(swap_begin(a, data));
    assert_done(swap_at_start(a, data, lock, SWAP_COMMAND, &start)); /* a command beside a server */
    assert_false(start.taken_back);
    assert_done(swap_at_start(a, data, lock, SWAP_SERVER, &start));
    assert_true(start.taken_back && !start.is_trial);
    assert_true(str_has(start.why, STR("other processes")));
    assert_true(is_tree(data, OLD_TREE));
    make_trees();
    assert_true(run_killed(25, true, SETTLE));
    assert_refused(swap_at_start(a, data, lock, SWAP_SERVER, &start), "other processes");
    assert_int_equal(close(other), 0);
    assert_done(swap_at_start(a, data, lock, SWAP_SERVER, &start));
    assert_done(settle(a, &start, NULL));
    assert_true(is_tree(data, OLD_TREE) || is_tree(data, NEW_TREE));
    assert_int_equal(close(lock), 0);
}

/* In a mount namespace of its own, where the system lets us have one. */
static void mounts_are_refused(void **state)
{
    int status;
    pid_t child;

    (void)state;
    make_trees();
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct arena *a = arena_new();
        struct err *err;

        if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0 ||
            mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount(outside, at(a, "storage"), NULL, MS_BIND, NULL) != 0)
            _exit(KILLED);
        err = swap_begin(a, data);
        _exit(err && str_has(err->cause, STR("storage is a mount point")) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == KILLED)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_new_one_is_tried_and_stays),
        cmocka_unit_test(the_old_one_comes_back),
        cmocka_unit_test(what_cannot_be_settled_goes_back),
        cmocka_unit_test(what_cannot_be_moved_in_is_taken_back),
        cmocka_unit_test(nothing_is_written_over),
        cmocka_unit_test(without_a_state_it_was_not_begun),
        cmocka_unit_test(what_is_not_ours_stays),
        cmocka_unit_test(links_are_moved_and_not_followed),
        cmocka_unit_test(no_depth_is_too_deep),
        cmocka_unit_test(removing_can_be_stopped),
        cmocka_unit_test(a_neighbour_is_left_alone),
        cmocka_unit_test(mounts_are_refused),
        cmocka_unit_test(what_was_left_is_in_no_way),
        cmocka_unit_test(another_one_takes_its_place),
        cmocka_unit_test(what_is_under_way_is_not_touched),
        cmocka_unit_test(nobody_else_prepares_or_tries),
        cmocka_unit_test(not_while_others_have_it_open),
        cmocka_unit_test(any_step_may_be_the_last),
        cmocka_unit_test(a_command_may_come_between),
        cmocka_unit_test(going_back_may_be_killed_too),
        cmocka_unit_test(a_failure_may_be_killed_too),
        cmocka_unit_test(and_the_last_of_the_start_after_it),
    };

    return cmocka_run_group_tests_name("swap", tests, set_up, tear_down);
}
