/* A directory that takes another one's place: what is tried, kept, taken back, left alone. */
#include "unit/swap.h"

#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define NO_MOUNTS 42
#define DEEP 3000

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
static int steps_left;
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
            _exit(NO_MOUNTS);
        err = swap_begin(a, data);
        _exit(err && str_has(err->cause, STR("storage is a mount point")) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_MOUNTS)
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
        cmocka_unit_test(nobody_else_prepares_or_tries),
    };

    return cmocka_run_group_tests_name("swap", tests, set_up, tear_down);
}
