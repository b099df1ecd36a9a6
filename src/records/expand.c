/*
 * Expands (query-language.md 8): every segment is fetched at once for all records of its level, in
 * a tree that the requested paths share.
 *
 * A path fails where a segment names no relation or the target's view rule is null, and then leaves
 * no trace: a branch is kept only when it is the end of a path or one of the paths through it is.
 */
#include "records/expand.h"

#include "base/limits.h"
#include "db/dialect.h"
#include "records/rules.h"
#include "records/sql.h"
#include "records/values.h"

#include <stdlib.h>

/* Ids in one question; a level that needs more fails, as it does upstream. */
#define MAX_IDS 32766

struct expand {
    struct arena *a;
    struct db_conn *conn;
    const struct rec_actor *actor; /* its context is "expand" below the first level */
};

/* --- who may see e-mails ---------------------------------------------------------------------- */

/* *ret_failed: the rule cannot be compiled. */
static struct err *find_managed(const struct expand *x, const struct schema_col *col,
                                const struct rec_rows *rows, struct map *ret, bool *ret_failed)
{
    struct rec_rows managed = {0};
    struct query_spec spec;
    struct str_list ids;
    struct err *err;

    *ret_failed = false;
    if (rows->n == 0 || !rec_asks_manage_rule(x->actor, col))
        return NULL;
    spec = rec_spec(x->conn, x->actor, col);
    ids = rec_ids_of(x->a, rows);
    spec.rule = col->auth->manage_rule.text;
    spec.ids = ids.items;
    spec.n_ids = ids.n;
    err = rec_read_all(x->a, x->conn, &spec, &managed, NULL);
    if (err && err->kind == E_BAD_REQUEST) {
        *ret_failed = true;
        return NULL;
    }
    for (size_t i = 0; !err && i < managed.n; i++)
        map_put(x->a, ret, rec_id(&managed.items[i]), &managed.items[i]);
    return err;
}

/* --- ids to fetch ----------------------------------------------------------------------------- */

struct id_set {
    struct map known;
    VEC(struct str) ids;
};

/* Pairs (id here, id there) of a back-relation, for all parents at once. */
static void back_question(struct rec_sql *q, const struct rec_branch *branch,
                          const struct str_list *parents)
{
    const struct schema_field *field = branch->hop.field;
    struct str here = STR("back"), each = STR("item");
    struct str from = field->multiple ? each : here;
    struct str column = field->multiple ? STR("value") : field->name;
    AUTO_BUF struct buf list;

    buf_init(&list, 1 * KIB);
    REC_SQL(q, "SELECT ");
    rec_sql_column(q, from, column);
    REC_SQL(q, ", ");
    rec_sql_column(q, here, branch->hop.target->id_field->name);
    REC_SQL(q, " FROM ");
    rec_sql_ident(q, branch->hop.target->name);
    REC_SQL(q, " ");
    rec_sql_ident(q, here);
    if (field->multiple) {
        q->dialect->ident(&list, here);
        BUF_ADD(&list, ".");
        q->dialect->ident(&list, field->name);
        REC_SQL(q, " CROSS JOIN ");
        q->dialect->json_each(&q->text, buf_str(&list), each);
    }
    REC_SQL(q, " WHERE ");
    rec_sql_column(q, from, column);
    rec_sql_among(q, parents->items, parents->n);
}

static void add_back_id(const struct expand *x, struct rec_branch *branch, struct str parent,
                        struct str id)
{
    struct back_list {
        struct str_list list;
        size_t cap;
    } *back = (struct back_list *)map_find(&branch->back_ids, parent);

    if (!back) {
        back = ARENA_NEW(x->a, struct back_list);
        map_put(x->a, &branch->back_ids, arena_dup(x->a, parent), back);
    }
    if (back->list.n >= LIMIT_BACK_RELATION_IDS)
        return;
    if (back->list.n && str_eq(back->list.items[back->list.n - 1], id))
        return; /* the same row holds the parent twice */
    back->list.items = vec_grow(x->a, back->list.items, back->list.n, &back->cap, sizeof(id));
    back->list.items[back->list.n++] = arena_dup(x->a, id);
}

static struct err *find_back_ids(const struct expand *x, struct rec_branch *branch,
                                 const struct rec_rows *rows)
{
    AUTO_SQL struct rec_sql q;
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct str_list parents;
    struct err *err;
    bool row = true;

    parents = rec_ids_of(x->a, rows);
    rec_sql_init(&q, x->a, x->conn);
    back_question(&q, branch, &parents);
    err = rec_sql_prepare(&q, x->conn, &stmt);
    while (!err) {
        err = db_step(x->a, stmt, &row);
        if (err || !row)
            break;
        add_back_id(x, branch, db_column_text(stmt, 0), db_column_text(stmt, 1));
    }
    return err;
}

/* Of all that the branch's segment leads to. */
static struct err *gather_ids(const struct expand *x, struct rec_branch *branch,
                              const struct rec_rows *rows, struct id_set *set)
{
    struct err *err = branch->hop.back ? find_back_ids(x, branch, rows) : NULL;

    if (err)
        return err;
    for (size_t i = 0; i < rows->n && set->ids.n <= MAX_IDS; i++) {
        struct str_list ids = rec_branch_ids(x->a, branch, &rows->items[i]);

        for (size_t j = 0; j < ids.n; j++) {
            if (ids.items[j].n == 0 || map_find(&set->known, ids.items[j]))
                continue;
            *VEC_PUSH(x->a, &set->ids) = ids.items[j];
            map_put(x->a, &set->known, ids.items[j], set);
        }
    }
    return NULL;
}

/* --- one branch ------------------------------------------------------------------------------- */

static struct err *grow_level(const struct expand *x, const struct rec_rows *rows,
                              const struct query_expand *wanted, unsigned depth,
                              struct rec_level *level);

/* The target's rows that the view rule shows. *ret_ok false: the rule fails the branch. */
static struct err *fetch_branch(const struct expand *x, struct rec_branch *branch,
                                const struct id_set *set, bool *ret_ok)
{
    const struct schema_rule *rule = &branch->hop.target->view_rule;
    struct query_spec spec = rec_spec(x->conn, x->actor, branch->hop.target);
    struct query_sql sql;
    struct err *err;

    *ret_ok = set->ids.n <= MAX_IDS && (x->actor->superuser || rule->set);
    if (!*ret_ok)
        return NULL;
    if (!x->actor->superuser)
        spec.rule = rule->text;
    spec.ids = set->ids.items;
    spec.n_ids = set->ids.n;
    if (set->ids.n == 0)
        err = spec.rule.n ? query_compile(x->a, &spec, &sql) : NULL;
    else
        err = rec_read_all(x->a, x->conn, &spec, &branch->rows, NULL);
    if (!err || err->kind != E_BAD_REQUEST)
        return err;
    *ret_ok = false;
    return NULL;
}

static struct err *grow_branch(const struct expand *x, const struct rec_rows *rows,
                               const struct query_expand *wanted, unsigned depth,
                               struct rec_branch *branch, bool *ret_kept)
{
    const struct query_expand *children = depth < LIMIT_EXPAND_DEPTH ? wanted->children : NULL;
    struct id_set set = {0};
    struct err *err;
    bool ok = false, failed;

    *ret_kept = false;
    err = gather_ids(x, branch, rows, &set);
    if (err && err->kind == E_BAD_REQUEST)
        return NULL; /* a row that refers to here holds what is no list */
    if (!err)
        err = fetch_branch(x, branch, &set, &ok);
    if (err || !ok)
        return err;
    for (size_t i = 0; i < branch->rows.n; i++)
        map_put(x->a, &branch->by_id, rec_id(&branch->rows.items[i]), &branch->rows.items[i]);
    err = find_managed(x, branch->hop.target, &branch->rows, &branch->level.managed, &failed);
    if (!err && children && branch->rows.n)
        err = grow_level(x, &branch->rows, children, depth + 1, &branch->level);
    *ret_kept = !children || branch->rows.n == 0 || branch->level.n_kept > 0;
    return err;
}

/* How its records are written, if they are. */
static void plan_branch(const struct expand *x, const struct rec_plan *above,
                        struct rec_branch *branch)
{
    struct query_pick pick = {0};

    if (above->expands)
        branch->is_left_out = !query_pick_key(x->a, above->expands, branch->name, &pick);
    branch->level.actor = x->actor;
    branch->level.plan = rec_plan_new(x->a, branch->hop.target, x->actor->superuser, pick.below);
}

static int compare_branches(const void *x, const void *y)
{
    return str_cmp((*(struct rec_branch *const *)x)->name, (*(struct rec_branch *const *)y)->name);
}

/* As deep as LIMIT_EXPAND_DEPTH. */
static struct err *grow_level(const struct expand *x, const struct rec_rows *rows,
                              const struct query_expand *wanted, unsigned depth,
                              struct rec_level *level)
{
    VEC(struct rec_branch *) kept = {0};

    for (; wanted; wanted = wanted->next) {
        struct rec_branch *branch = ARENA_NEW(x->a, struct rec_branch);
        struct err *err;
        bool keep;

        branch->name = wanted->name;
        if (!query_hop_resolve(x->actor->scope.schema, level->plan->col, wanted->name,
                               &branch->hop))
            continue;
        plan_branch(x, level->plan, branch);
        err = grow_branch(x, rows, wanted, depth, branch, &keep);
        if (err)
            return err;
        if (keep)
            *VEC_PUSH(x->a, &kept) = branch;
    }
    if (kept.n > 1)
        qsort(kept.items, kept.n, sizeof(kept.items[0]), compare_branches);
    level->kept = kept.items;
    level->n_kept = kept.n;
    return NULL;
}

/* --- the first level -------------------------------------------------------------------------- */

bool rec_level_needs_rows(const struct rec_actor *actor, const struct schema_col *col,
                          struct str expand)
{
    return expand.n > 0 || rec_asks_manage_rule(actor, col);
}

struct err *rec_level_init(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                           const struct schema_col *col, const struct rec_rows *rows,
                           const struct rec_shape *shape, struct rec_level *ret)
{
    struct rec_actor *expanding = ARENA_NEW(a, struct rec_actor);
    struct expand x = {.a = a, .conn = conn, .actor = actor};
    const struct query_expand *wanted;
    struct err *err;
    bool failed;

    *ret = (struct rec_level){.actor = actor,
                              .plan = rec_plan_new(a, col, actor->superuser, shape->picker)};
    err = find_managed(&x, col, rows, &ret->managed, &failed);
    if (err || failed || shape->expand.n == 0 || rows->n == 0)
        return err; /* a manage rule that cannot be compiled also costs the expands, as upstream */
    wanted = query_expand_parse(a, shape->expand);
    *expanding = *actor;
    expanding->request.context = STR("expand");
    x.actor = expanding;
    return grow_level(&x, rows, wanted, 1, ret);
}
