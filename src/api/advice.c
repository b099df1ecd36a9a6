/*
 * GET /api/reeve/advice: statements that take longer than a loop has for them, and what would help.
 *
 * A read that has passed the loop's budget runs again on the pool; there its statements are timed,
 * and those of lists that are slow themselves are added up, by their text, in a few places that all
 * threads share. The text has placeholders for all values, and paths into JSON are left out, so
 * nobody's data is in here. What of it
 * an index could serve is told by the names of columns, and made advice of when somebody asks.
 */
#include "api/internal.h"

#include "base/limits.h"
#include "records/advice.h"

#include <pthread.h>
#include <stdlib.h>

struct shape {
    struct arena *a; /* what it points to; NULL: the place is free */
    uint64_t hash;   /* of the SQL */
    struct str sql;
    struct str col; /* the collection's id */
    struct rec_wants wants;
    uint64_t count, total_us, slowest_us;
};

static struct {
    pthread_mutex_t lock;
    struct shape places[LIMIT_SLOW_SHAPES]; /* under lock */
} shapes = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- remembering ------------------------------------------------------------------------------ */

static bool is_shape(const struct shape *shape, const struct shape *other)
{
    return shape->a && shape->hash == other->hash && str_eq(shape->sql, other->sql) &&
           str_eq(shape->col, other->col);
}

/* With the lock: where the shape is. NULL: nowhere. */
static struct shape *find_shape(const struct shape *shape)
{
    for (size_t i = 0; i < COUNT_OF(shapes.places); i++)
        if (is_shape(&shapes.places[i], shape))
            return &shapes.places[i];
    return NULL;
}

/* With the lock: a free place, or that which has cost least so far. */
static struct shape *place_to_take(void)
{
    struct shape *least = &shapes.places[0];

    for (size_t i = 0; i < COUNT_OF(shapes.places) && least->a; i++)
        if (!shapes.places[i].a || shapes.places[i].total_us < least->total_us)
            least = &shapes.places[i];
    return least;
}

static void add_times(struct shape *to, const struct shape *more)
{
    to->count += more->count;
    to->total_us += more->total_us;
    if (to->slowest_us < more->slowest_us)
        to->slowest_us = more->slowest_us;
}

/* False: it is not known yet. */
static bool add_to_known(const struct shape *shape)
{
    struct shape *known;

    (void)pthread_mutex_lock(&shapes.lock);
    known = find_shape(shape);
    if (known)
        add_times(known, shape);
    (void)pthread_mutex_unlock(&shapes.lock);
    return known != NULL;
}

/* take_shape: with an arena of its own. Another thread may have been faster. */
static void add_new(struct shape take_shape)
{
    struct arena *gone = take_shape.a;
    struct shape *place;

    (void)pthread_mutex_lock(&shapes.lock);
    place = find_shape(&take_shape);
    if (place) {
        add_times(place, &take_shape);
    } else {
        place = place_to_take();
        gone = place->a;
        *place = take_shape;
    }
    (void)pthread_mutex_unlock(&shapes.lock);
    arena_free(gone);
}

/* --- watching --------------------------------------------------------------------------------- */

struct slow_run {
    struct str sql;
    uint64_t elapsed_us;
};

struct slow_watch {
    struct arena *a;
    VEC(struct slow_run) runs;
};

/* Paths into JSON are words of whoever asks, and the only ones in the text: they are left out. */
static struct str without_paths(struct arena *a, struct str sql)
{
    const struct str begin = STR("'$");
    AUTO_BUF struct buf out;

    buf_init(&out, sql.n);
    for (size_t at; (at = str_find(sql, begin)) < sql.n;) {
        buf_add(&out, str_sub(sql, 0, at + begin.n));
        sql = str_from(sql, at + begin.n);
        sql = str_from(sql, str_find_byte(sql, '\'')); /* a path has none */
    }
    buf_add(&out, sql);
    return arena_dup(a, buf_str(&out));
}

void api_note_slow(struct slow_watch *watch, const struct db_traced *traced)
{
    if (traced->elapsed_us >= LIMIT_INLINE_CPU_US && traced->sql.n <= LIMIT_SLOW_SQL_BYTES)
        *VEC_PUSH(watch->a, &watch->runs) =
            (struct slow_run){without_paths(watch->a, traced->sql), traced->elapsed_us};
}

/* Parameters count for lists only: filters of others are nobody's. */
static void find_wants(const struct api_call *call, struct str sql, struct rec_wants *ret)
{
    const bool is_list = call->work == &api_records_list || call->work == &api_export;
    const struct rec_list_params params = {
        .filter = req_query_get(call->req, STR("filter")),
        .sort = req_query_get(call->req, STR("sort")),
        .group_by = req_query_get(call->req, STR("groupBy")),
        .aggregate = req_query_get(call->req, STR("aggregate")),
    };

    rec_wants_find(call->arena, call->conn, &call->caller.actor,
                   is_list ? schema_find(call->schema, call->req->params[0]) : NULL, &params, sql,
                   ret);
}

static void remember(const struct api_call *call, const struct slow_run *run)
{
    const struct schema_col *col =
        rec_statement_col(call->arena, call->conn, call->schema, run->sql);
    struct shape shape = {.hash = str_hash(run->sql),
                          .sql = run->sql,
                          .count = 1,
                          .total_us = run->elapsed_us,
                          .slowest_us = run->elapsed_us};
    struct rec_wants wants;

    if (!col)
        return;
    shape.col = col->id;
    if (add_to_known(&shape))
        return;
    shape.a = arena_new();
    shape.sql = arena_dup(shape.a, shape.sql);
    shape.col = arena_dup(shape.a, shape.col);
    find_wants(call, run->sql, &wants);
    shape.wants = rec_wants_copy(shape.a, &wants);
    add_new(shape);
}

/* It runs again, and is counted then. */
static bool runs_again(const struct err *err)
{
    return err && (err->kind == E_OVER_BUDGET || err->kind == E_STALE);
}

struct err *api_watch_slow(struct api_call *call, struct err *(*run)(struct api_call *call))
{
    struct slow_watch watch = {.a = call->arena};
    struct err *err;

    call->slow = &watch;
    db_trace(call->conn, &call->trace);
    err = run(call);
    db_trace(call->conn, NULL);
    call->slow = NULL;
    for (size_t i = 0; i < watch.runs.n && !runs_again(err); i++)
        remember(call, &watch.runs.items[i]);
    return err;
}

/* --- telling ---------------------------------------------------------------------------------- */

/* Copies in `a`, so that nobody waits while advice is sought. */
static size_t copy_shapes(struct arena *a, struct shape *ret)
{
    size_t n = 0;

    (void)pthread_mutex_lock(&shapes.lock);
    for (size_t i = 0; i < COUNT_OF(shapes.places); i++) {
        if (!shapes.places[i].a)
            continue;
        ret[n] = shapes.places[i];
        ret[n].sql = arena_dup(a, ret[n].sql);
        ret[n].col = arena_dup(a, ret[n].col);
        ret[n].wants = rec_wants_copy(a, &ret[n].wants);
        n++;
    }
    (void)pthread_mutex_unlock(&shapes.lock);
    return n;
}

static int compare_totals(const void *x, const void *y)
{
    const struct shape *a = x, *b = y;

    return (a->total_us < b->total_us) - (a->total_us > b->total_us);
}

static void write_shape(struct buf *out, const struct schema_col *col, const struct shape *shape,
                        const struct rec_advice *advice)
{
    BUF_ADD(out, "{\"collection\":");
    json_write_text(out, col->name);
    BUF_ADD(out, ",\"sql\":");
    json_write_text(out, shape->sql);
    BUF_ADD(out, ",\"count\":");
    buf_add_u64(out, shape->count);
    BUF_ADD(out, ",\"slowestMs\":");
    json_write_double(out, (double)shape->slowest_us / 1000);
    BUF_ADD(out, ",\"totalMs\":");
    json_write_double(out, (double)shape->total_us / 1000);
    BUF_ADD(out, ",\"index\":");
    if (advice->index.p)
        json_write_text(out, advice->index);
    else
        BUF_ADD(out, "null");
    BUF_ADD(out, ",\"reason\":");
    json_write_text(out, advice->reason);
    BUF_ADD(out, "}");
}

/* One that is gone, or another of that name, has other statements. */
static const struct schema_col *find_col(const struct schema *schema, struct str id)
{
    const struct schema_col *col = schema_find(schema, id);

    return col && str_eq(col->id, id) ? col : NULL;
}

/* One index may serve several of them: it is to be made once. */
static bool is_told(const struct rec_advice *told, size_t n, struct str index)
{
    for (size_t i = 0; i < n; i++)
        if (told[i].index.p && index.p && str_eq(told[i].index, index))
            return true;
    return false;
}

/* What is told of the shapes before it: `told`. */
static struct err *advise_shape(struct api_call *call, const struct schema_col *col,
                                const struct shape *shape, const struct rec_advice *told, size_t n,
                                struct rec_advice *ret)
{
    struct err *err = rec_advise(call->arena, call->conn, call->schema, col, &shape->wants, ret);

    if (err && !err->timed_out)
        return err;
    if (err)
        *ret = (struct rec_advice){.reason = STR("there was no time to look at its rows")};
    else if (is_told(told, n, ret->index))
        *ret = (struct rec_advice){.reason = STR("the same index as above would serve it")};
    return NULL;
}

static struct err *advise(struct api_call *call)
{
    struct shape *found = ARENA_ARRAY(call->arena, struct shape, LIMIT_SLOW_SHAPES);
    const size_t n = copy_shapes(call->arena, found);
    struct rec_advice *told = ARENA_ARRAY(call->arena, struct rec_advice, n);
    struct buf *out = &call->req->resp.body;
    struct err *err;
    bool is_first = true;

    qsort(found, n, sizeof(*found), compare_totals);
    BUF_ADD(out, "{\"items\":[");
    for (size_t i = 0; i < n; i++) {
        const struct schema_col *col = find_col(call->schema, found[i].col);

        if (!col)
            continue;
        err = advise_shape(call, col, &found[i], told, i, &told[i]);
        if (err)
            return err;
        buf_add(out, is_first ? STR_NONE : STR(","));
        is_first = false;
        write_shape(out, col, &found[i], &told[i]);
    }
    BUF_ADD(out, "]}");
    req_answer_json(call->req, 200);
    return NULL;
}

const struct api_work api_advice = {.steps = {{.place = AT_POOL_READ, .run = advise}}};
