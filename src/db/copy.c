/*
 * Copies of a database, made beside its writers, and checked.
 */
#include "db/db.h"

#include "base/limits.h"
#include "db/internal.h"

#include <unistd.h>

struct copying {
    struct db_eng_copy *copy; /* NULL: not begun */
    const char *path;
    bool pinned;
    double done; /* a part of it, from 0 to 1 */
};

/* Each of these with the write connection's turn, in no transaction. */

static struct err *begin(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct copying *copying = *(struct copying *const *)in;

    (void)ret_out;
    return tx->db->ops->copy_begin(a, tx->eng, copying->path, copying->pinned, &copying->copy);
}

static struct err *step(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct copying *copying = *(struct copying *const *)in;

    (void)ret_out;
    return tx->db->ops->copy_step(a, copying->copy, LIMIT_COPY_SLICE_US, &copying->done);
}

static struct err *end(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct copying *copying = *(struct copying *const *)in;

    (void)a;
    (void)ret_out;
    tx->db->ops->copy_end(TAKE(copying->copy));
    return NULL;
}

static struct err *run(struct arena *a, struct db *db, db_unit_fn *unit, struct copying *copying)
{
    const struct db_lease lease = {.apart = true};

    return db_run_leased(a, db, &lease, unit, &copying, NULL);
}

/* What a slice leaves in its arena goes with it: there are many. */
static struct err *step_on(struct arena *a, struct db *db, struct copying *copying)
{
    AUTO(arena_free) struct arena *scratch = arena_new();

    return err_copy(a, run(scratch, db, step, copying));
}

static bool goes_on(const struct db_copy_watch *watch, const struct copying *copying)
{
    return !watch || !watch->go_on || watch->go_on(watch->user, copying->done);
}

static struct err *copy(struct arena *a, struct db *db, struct copying *copying,
                        const struct db_copy_watch *watch)
{
    struct err *err = run(a, db, begin, copying);
    struct err *end_err;

    if (err)
        return err;
    while (!err && copying->done < 1) {
        if (goes_on(watch, copying))
            err = step_on(a, db, copying);
        else
            err = err_new(a, E_GONE, NULL, "the copy was given up");
    }
    end_err = run(a, db, end, copying);
    if (!err)
        err = end_err;
    if (err)
        (void)unlink(copying->path); /* what is left of it is for who cleans the folder up */
    return err;
}

struct err *db_copy(struct arena *a, struct db *db, struct str path,
                    const struct db_copy_watch *watch)
{
    struct copying copying = {.path = arena_cstr(a, path)};
    struct err *err;

    if (!db->ops->copy_begin)
        return err_new(a, E_UNAVAILABLE, NULL, "%s: it has tools of its own for backups",
                       db->ops->name);
    err = copy(a, db, &copying, watch);
    if (!err || err->kind != E_STALE)
        return err;
    copying = (struct copying){.path = copying.path, .pinned = true};
    return copy(a, db, &copying, watch);
}

struct err *db_check_copy(struct arena *a, const struct db_ops *ops, struct str path,
                          const atomic_bool *gone, struct db_checked *ret)
{
    const struct db_ops *engine = ops ? ops : &db_ops_sqlite;

    if (!engine->check_copy)
        return err_new(a, E_UNAVAILABLE, NULL, "%s: its files are checked by its own tools",
                       engine->name);
    return engine->check_copy(a, arena_cstr(a, path), gone, ret);
}
