/*
 * A rule is tried: may he, and why not.
 *
 * Writes are judged by the very functions that judge them in their units, on a reader: these look
 * and do not write. Beside that the rule is asked of the database as one statement, which is what
 * is told of it, and so is each part of it.
 */
#include "base/date.h"
#include "query/ast.h"
#include "records/check.h"
#include "records/draft.h"
#include "records/rows.h"
#include "records/rules.h"
#include "records/total.h"

#define MOST_IDS 100
#define MOST_MATCHES 1000 /* that are counted of a part */

/* What the rule is asked of. */
struct subject {
    struct arena *a;
    struct db_conn *conn;
    const struct rec_try *try;
    const struct rec_actor *actor; /* its body as the rule sees it */
    struct query_virtual row;      /* of a create; no cells: there is nothing to ask */
};

const struct schema_rule *rec_try_rule(const struct schema_col *col, enum rec_try_action action)
{
    const bool writes = col->type != SCHEMA_VIEW;

    switch (action) {
    case REC_TRY_LIST:
        return &col->list_rule;
    case REC_TRY_VIEW:
        return &col->view_rule;
    case REC_TRY_CREATE:
        return writes ? &col->create_rule : NULL;
    case REC_TRY_UPDATE:
        return writes ? &col->update_rule : NULL;
    case REC_TRY_DELETE:
        return writes ? &col->delete_rule : NULL;
    case REC_TRY_MANAGE:
        return col->auth ? &col->auth->manage_rule : NULL;
    case REC_TRY_AUTH:
        return col->auth ? &col->auth->auth_rule : NULL;
    }
    BUG("not an action");
}

/* --- beginning -------------------------------------------------------------------------------- */

static bool is_locked(const struct rec_try *try)
{
    return !try->actor->superuser && !try->rule->set;
}

/* The write that asks the rule; false: none does. */
static bool write_of(enum rec_try_action action, enum rec_action *ret)
{
    switch (action) {
    case REC_TRY_CREATE:
        *ret = REC_CREATE;
        return true;
    case REC_TRY_UPDATE:
    case REC_TRY_MANAGE:
        *ret = REC_UPDATE;
        return true;
    case REC_TRY_DELETE:
        *ret = REC_DELETE;
        return true;
    case REC_TRY_LIST:
    case REC_TRY_VIEW:
    case REC_TRY_AUTH:
        return false;
    }
    BUG("not an action");
}

struct err *rec_try_begin(struct arena *a, struct db_conn *conn, struct rec_try *question)
{
    static const struct schema_rule open = {.set = true};
    struct rec_request request = {.actor = question->actor,
                                  .col = question->col,
                                  .rule = question->rule,
                                  .id = question->id,
                                  .body = question->body,
                                  .gone = question->gone};
    struct err *err;

    question->draft = NULL;
    if (is_locked(question) || !write_of(question->action, &request.action))
        return NULL;
    if (question->action == REC_TRY_MANAGE) /* the update is to be let through as far as that */
        request.rule = &open;
    err = rec_draft_new(a, &request, &question->draft);
    return err ? err : rec_draft_read(a, conn, question->draft);
}

/* --- asking ----------------------------------------------------------------------------------- */

static bool is_list(const struct subject *subject)
{
    return subject->try->action == REC_TRY_LIST;
}

static struct query_spec spec_of(const struct subject *subject, struct str rule)
{
    struct query_spec spec = rec_spec(subject->conn, subject->actor, subject->try->col);

    spec.rule = rule;
    if (is_list(subject))
        return spec;
    spec.want = QUERY_EXISTS;
    if (subject->try->action == REC_TRY_CREATE)
        spec.virtual_row = &subject->row;
    else
        spec.id = subject->try->id;
    return spec;
}

/* The rule, and no failure of ours, is why there is no answer. */
static bool is_rules_fault(const struct err *err)
{
    return err && err->kind == E_BAD_REQUEST && !err->timed_out;
}

/* ids: at most as many as there is room for; NULL: whether there is a row. */
static struct err *step_rows(const struct subject *subject, struct db_stmt *stmt,
                             struct str_list *ids, bool *ret_any)
{
    const unsigned at = subject->try->col->id_field->at;
    struct err *err;
    bool row = false;

    *ret_any = false;
    do {
        err = db_step(subject->a, stmt, &row);
        if (err || !row)
            break;
        *ret_any = true;
        if (ids) {
            const struct db_value id = db_column(stmt, at);

            ids->items[ids->n++] =
                id.type == DB_TEXT ? arena_dup(subject->a, id.s) : STR(""); /* of a view */
        }
    } while (ids && ids->n < MOST_IDS);
    return err;
}

/* The statement of the whole rule. */
static struct err *ask_whole(const struct subject *subject, struct str rule, struct rec_tried *ret,
                             bool *ret_holds)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct query_spec spec = spec_of(subject, rule);
    struct arena *a = subject->a;
    struct query_sql sql;
    struct err *err;
    uint64_t start_us;

    if (is_list(subject))
        spec.limit = MOST_IDS;
    err = query_compile(a, &spec, &sql);
    if (err)
        return err;
    ret->sql = arena_dup(a, sql.text);
    ret->values = sql.values;
    ret->n_values = sql.n;
    if (is_list(subject))
        ret->ids.items = ARENA_ARRAY(a, struct str, MOST_IDS);
    start_us = clock_us();
    err = db_prepare_bound(a, subject->conn, ret->sql, sql.values, sql.n, &stmt);
    if (!err)
        err = step_rows(subject, stmt, is_list(subject) ? &ret->ids : NULL, ret_holds);
    ret->elapsed_us = clock_us() - start_us;
    if (!err)
        err = db_explain(a, subject->conn, ret->sql, ret->values, ret->n_values, &ret->plan);
    if (err || !is_list(subject))
        return err;
    ret->total = (int64_t)ret->ids.n;
    if (ret->ids.n < MOST_IDS && subject->try->col->type != SCHEMA_VIEW) /* whose ids may repeat */
        return NULL;
    spec.limit = -1;
    return rec_total(a, subject->conn, &spec, &ret->total);
}

/* --- parts ------------------------------------------------------------------------------------ */

/* Brackets around one item mean nothing; so there are fewer groups than comparisons, of which
 * there are LIMIT_FILTER_EXPRESSIONS at most. */
static const struct query_node *unwrap(const struct query_node *node)
{
    while (node->is_group && node->n == 1)
        node = &node->items[0];
    return node;
}

static struct str text_of(struct arena *a, const struct query_node *node)
{
    struct query_node item = *node;
    const struct query_node alone = {.is_group = true, .items = &item, .n = 1};

    return query_print(a, node->is_group ? node : &alone);
}

/* As deep as there are groups. */
static struct rec_try_part *parts_of(struct arena *a, const struct query_node *items, size_t n)
{
    struct rec_try_part *parts = ARENA_ARRAY(a, struct rec_try_part, n);

    for (size_t i = 0; i < n; i++) {
        const struct query_node *node = unwrap(&items[i]);

        parts[i] = (struct rec_try_part){.text = text_of(a, node),
                                         .is_or = i > 0 && items[i].is_or,
                                         .value = QUERY_CANNOT,
                                         .matches = -1};
        if (!node->is_group)
            continue;
        parts[i].parts = parts_of(a, node->items, node->n);
        parts[i].n = node->n;
    }
    return parts;
}

static void read_parts(struct arena *a, const struct schema_rule *rule, struct rec_tried *ret)
{
    struct query_node *root;
    const struct query_node *node;
    struct str why;

    if (!rule->set || rule->text.n == 0 || !query_parse(a, rule->text, &root, &why))
        return;
    node = unwrap(root);
    ret->n_parts = node->is_group ? node->n : 1;
    ret->parts = parts_of(a, node->is_group ? node->items : node, ret->n_parts);
}

/* Views have no keys that are theirs. */
static struct err *count_matches(const struct subject *subject, struct str rule,
                                 struct rec_try_part *part)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    const struct query_seek keys = {.keys_only = true};
    struct query_spec spec = spec_of(subject, rule);
    struct err *err;
    int64_t n = 0;
    bool row = true;

    if (subject->try->col->type != SCHEMA_VIEW)
        spec.seek = &keys;
    spec.limit = MOST_MATCHES + 1;
    err = rec_open(subject->a, subject->conn, &spec, &stmt);
    while (!err && row && n <= MOST_MATCHES) {
        err = db_step(subject->a, stmt, &row);
        n += !err && row;
    }
    if (err)
        return err;
    part->more = n > MOST_MATCHES;
    part->matches = part->more ? MOST_MATCHES : n;
    return NULL;
}

static struct err *ask_part(const struct subject *subject, struct rec_try_part *part)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    const struct query_spec spec = spec_of(subject, part->text);
    struct err *err;
    bool holds;

    if (is_list(subject))
        return count_matches(subject, part->text, part);
    err = rec_open(subject->a, subject->conn, &spec, &stmt);
    if (!err)
        err = step_rows(subject, stmt, NULL, &holds);
    if (!err)
        part->value = holds ? QUERY_YES : QUERY_NO;
    return err;
}

/* The whole has an answer by now, so a part that has none does not take it away. */
static struct err *ask_parts(const struct subject *subject, struct rec_try_part *parts, size_t n)
{
    struct err *err = NULL;

    for (size_t i = 0; i < n && !err; i++) {
        err = ask_part(subject, &parts[i]);
        if (err && err->timed_out) {
            parts[i].why = STR("There was no time to ask it.");
            err = NULL;
        } else if (is_rules_fault(err)) {
            parts[i].why = err_sentence(subject->a, err->cause);
            err = NULL;
        }
        if (!err)
            err = ask_parts(subject, parts[i].parts, parts[i].n);
    }
    return err;
}

/* --- judging ---------------------------------------------------------------------------------- */

/* Whether there is a record to ask about; else says why not. */
static struct err *find_record(const struct subject *subject, struct rec_tried *tried, bool *ret)
{
    const struct rec_try *try = subject->try;
    struct rec *row;
    struct err *err;

    *ret = true;
    if (try->action == REC_TRY_LIST || try->action == REC_TRY_CREATE)
        return NULL;
    err = rec_find_row(subject->a, subject->conn, try->col, try->id, &row);
    if (err)
        return err;
    *ret = row && rec_is_readable(subject->a, row);
    if (!row)
        tried->reason = STR("There is no record with this id.");
    else if (!*ret)
        tried->reason = STR("The record has a value that cannot be read, so nobody gets to it.");
    return NULL;
}

/* As its unit will; the actor's body is as the rule sees it then. */
static struct err *judge_write(struct subject *subject, bool *ret)
{
    const struct rec_draft *draft = subject->try->draft;
    struct rec_work work = rec_draft_work(draft, subject->conn, subject->a);
    struct err *err = rec_part_of(draft)->judge(draft, &work);

    subject->actor = work.actor ? work.actor : &draft->actor;
    subject->row.cells = draft->virtual_cells;
    *ret = !err;
    if (err && !err->timed_out && (err->kind == E_BAD_REQUEST || err->kind == E_NOT_FOUND))
        return NULL;
    return err;
}

/* Nothing is asked of a row that is to be stored whatever it is. */
static bool asks_nothing(const struct subject *subject)
{
    return subject->try->action == REC_TRY_CREATE && !subject->row.cells;
}

static bool has_unhashed(const struct subject *subject)
{
    return subject->try->action == REC_TRY_CREATE &&
           rec_has_unhashed(subject->try->col, subject->try->draft->values);
}

static struct str reason_of(const struct subject *subject, const struct rec_tried *tried)
{
    const bool is_new = subject->try->action == REC_TRY_CREATE;

    if (subject->actor->superuser)
        return STR("The caller is a superuser, who passes every rule.");
    if (!tried->allowed && has_unhashed(subject))
        return STR("The password cannot be hashed, and no rule is asked of a record without one.");
    if (subject->try->rule->text.n == 0)
        return STR("The rule is empty, so everybody passes.");
    if (is_list(subject) && tried->total == 0)
        return STR("The caller may list, but no record satisfies the rule.");
    if (is_list(subject))
        return STR("The caller may list, and sees the records that satisfy the rule.");
    if (tried->allowed)
        return is_new ? STR("The new record satisfies the rule.")
                      : STR("The record satisfies the rule.");
    return is_new ? STR("The new record does not satisfy the rule.")
                  : STR("The record does not satisfy the rule.");
}

static void put_record(const struct subject *subject, struct rec_tried *tried)
{
    if (is_list(subject))
        return;
    tried->ids = (struct str_list){ARENA_ARRAY(subject->a, struct str, 1), 0};
    if (tried->allowed && subject->try->action != REC_TRY_CREATE)
        tried->ids.items[tried->ids.n++] = subject->try->id;
    tried->total = (int64_t)tried->ids.n;
}

static struct err *answer(struct subject *subject, struct rec_tried *ret)
{
    const struct rec_try *try = subject->try;
    bool holds = true;
    struct err *err = NULL;

    ret->allowed = true;
    if (try->draft)
        err = judge_write(subject, &ret->allowed);
    if (!err && !asks_nothing(subject))
        err = ask_whole(subject, try->actor->superuser ? STR("") : try->rule->text, ret, &holds);
    if (is_rules_fault(err)) { /* by its text it is good, but not for who asks */
        ret->allowed = false;
        ret->reason =
            arena_concat(subject->a, STR("The rule cannot be evaluated for this request: "),
                         err->cause, STR("."));
        return NULL;
    }
    if (err)
        return err;
    if (!try->draft || try->action == REC_TRY_MANAGE)
        ret->allowed = is_list(subject) || holds;
    ret->reason = reason_of(subject, ret);
    put_record(subject, ret);
    return NULL;
}

struct err *rec_try_run(struct arena *a, struct db_conn *conn, const struct rec_try *question,
                        struct rec_tried *ret)
{
    struct rec_actor *actor = ARENA_NEW(a, struct rec_actor);
    struct subject subject = {.a = a, .conn = conn, .try = question, .actor = actor};
    bool is_there;
    struct err *err;

    *actor = *question->actor;
    actor->request.body = question->body;
    *ret = (struct rec_tried){0};
    read_parts(a, question->rule, ret);
    if (is_locked(question)) {
        ret->reason = STR("The rule is for superusers only.");
        return NULL;
    }
    if (question->action == REC_TRY_MANAGE && !actor->auth) {
        ret->reason = STR("A guest manages no record.");
        return NULL;
    }
    err = find_record(&subject, ret, &is_there);
    if (!err && is_there)
        err = answer(&subject, ret);
    if (err || !is_there || actor->superuser || asks_nothing(&subject))
        return err;
    return ask_parts(&subject, ret->parts, ret->n_parts);
}
