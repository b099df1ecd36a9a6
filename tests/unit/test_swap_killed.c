/* Whatever is killed on the way, and however often: the directory is the old one or the new one. */
#include "unit/swap.h"

#include "backup/in_use.h"
#include "support/much.h"

#include <sys/wait.h>

#define KILLED 42
#define STEPS_MOST 200

/* A child copies the tables of all pages, also of those that are only not used again: with the
 * usual 256 MB of them the 900 of this program take 21 s of a processor, and 7 with so many. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=16";
}

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

/* Each pair of steps where the first is an early one, else every thirteenth; most are passed over
 * where it is not all. */
static void and_the_last_of_the_start_after_it(void **state)
{
    bool again;

    (void)state;
    for (int n = 0; n < STEPS_MOST; n++) {
        const int stride = n < (int)much(6, 1) ? 1 : (int)much(13, 41);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_step_may_be_the_last),
        cmocka_unit_test(a_command_may_come_between),
        cmocka_unit_test(going_back_may_be_killed_too),
        cmocka_unit_test(a_failure_may_be_killed_too),
        cmocka_unit_test(and_the_last_of_the_start_after_it),
        cmocka_unit_test(what_is_under_way_is_not_touched),
        cmocka_unit_test(not_while_others_have_it_open),
    };

    return cmocka_run_group_tests_name("swap, killed", tests, set_up, tear_down);
}
