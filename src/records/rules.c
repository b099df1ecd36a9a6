/*
 * Who acts, and what rules let them do, which is asked of the database (records.md 4, 13.1).
 */
#include "records/rules.h"

#include "records/rows.h"
#include "records/values.h"

void rec_actor_set_auth(struct arena *a, struct rec_actor *actor, const struct rec *auth)
{
    const struct schema_auth *fields = auth ? auth->col->auth : NULL;
    struct query_request *request = &actor->request;

    actor->auth = auth;
    actor->superuser = auth && auth->col == actor->scope.schema->superusers;
    request->auth_col = auth ? auth->col : NULL;
    request->auth_id = request->auth_email = STR("");
    request->auth_verified = request->auth_email_visibility = false;
    if (!fields)
        return;
    request->auth_id = rec_id(auth);
    request->auth_email = rec_text(a, auth, fields->email);
    request->auth_verified = rec_truth(a, auth, fields->verified);
    request->auth_email_visibility = rec_truth(a, auth, fields->email_visibility);
}

struct err *rec_find_caller(struct arena *a, struct db_conn *conn, const struct schema *schema,
                            struct str which, struct rec **ret)
{
    const size_t slash = str_find_byte(which, '/');
    const struct schema_col *col = schema_find(schema, str_sub(which, 0, slash));

    *ret = NULL;
    if (!col || !col->auth || slash == which.n)
        return NULL;
    return rec_find(a, conn, col, str_from(which, slash + 1), ret);
}

/* --- rules ------------------------------------------------------------------------------------ */

struct err *rec_check_rule(struct arena *a, const struct rec_actor *actor,
                           const struct schema_rule *rule)
{
    if (actor->superuser || rule->set)
        return NULL;
    return err_new(a, E_FORBIDDEN, "Only superusers can perform this action.", "the rule is null");
}

bool rec_is_free(const struct rec_actor *actor, const struct schema_rule *rule)
{
    return actor->superuser || (rule->set && rule->text.n == 0);
}

/* In memory where that can tell, given the row that the spec is about (NULL: it has not been read);
 * else of the database, if it is to be asked. */
static struct err *ask(struct arena *a, struct db_conn *conn, bool asks,
                       const struct query_spec *spec, const struct db_value *cells,
                       enum query_verdict *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct query_sql sql;
    struct err *err;
    bool row = false;

    *ret = QUERY_CANNOT;
    err = query_compile(a, spec, &sql);
    if (!err && cells)
        *ret = query_eval(a, &sql, cells);
    if (err || *ret != QUERY_CANNOT || !asks)
        return err;
    err = db_prepare_bound(a, conn, sql.text, sql.values, sql.n, &stmt);
    if (!err)
        err = db_step(a, stmt, &row);
    if (!err)
        *ret = row ? QUERY_YES : QUERY_NO;
    return err;
}

static struct err *question_holds(struct arena *a, struct db_conn *conn,
                                  const struct query_spec *spec, const struct db_value *cells,
                                  bool *ret)
{
    enum query_verdict verdict;
    struct err *err = ask(a, conn, true, spec, cells, &verdict);

    *ret = !err && verdict == QUERY_YES;
    return err;
}

static struct err *stored_matches(struct arena *a, struct db_conn *conn,
                                  const struct rec_actor *actor, const struct schema_col *col,
                                  struct str id, struct str rule, const struct db_value *cells,
                                  bool *ret)
{
    struct query_spec spec = rec_spec(conn, actor, col);

    spec.want = QUERY_EXISTS;
    spec.id = id.p ? id : STR("");
    spec.rule = rule;
    return question_holds(a, conn, &spec, cells, ret);
}

struct err *rec_matches(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                        const struct schema_col *col, struct str id, struct str rule, bool *ret)
{
    return stored_matches(a, conn, actor, col, id, rule, NULL, ret);
}

struct err *rec_row_matches(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                            const struct rec *rec, struct str rule, bool *ret)
{
    return stored_matches(a, conn, actor, rec->col, rec_id(rec), rule, rec->cells, ret);
}

struct err *rec_virtual_matches(struct arena *a, struct db_conn *conn,
                                const struct rec_actor *actor, const struct schema_col *col,
                                struct str rule, const struct db_value *cells, bool *ret)
{
    const struct query_virtual row = {.cells = cells};
    struct query_spec spec = rec_spec(conn, actor, col);

    spec.want = QUERY_EXISTS;
    spec.virtual_row = &row;
    spec.rule = rule;
    return question_holds(a, conn, &spec, cells, ret);
}

static struct err *look(struct arena *a, struct db_conn *conn, const struct rec *rec,
                        struct rec_stored *stored)
{
    struct rec *row;
    struct err *err = rec_find_row(a, conn, rec->col, rec_id(rec), &row);

    if (err)
        return err;
    stored->is_known = true;
    stored->is_same = row != NULL;
    for (size_t i = 0; i < rec->col->n_fields && stored->is_same; i++)
        stored->is_same = db_value_eq(rec->cells[i], row->cells[i]);
    return NULL;
}

/* The stored row is asked where it is still what is asked about, as the rule is then asked of its
 * columns; else the cells, with other tables as they are. */
static struct err *ask_of_record(struct arena *a, struct db_conn *conn, struct query_spec *spec,
                                 const struct rec *rec, struct rec_stored *stored,
                                 enum query_verdict *ret)
{
    const struct query_virtual row = {.cells = rec->cells, .was_stored = true};
    struct err *err = stored->is_known ? NULL : look(a, conn, rec, stored);

    if (err)
        return err;
    if (!stored->is_same) {
        spec->virtual_row = &row;
        spec->id = STR_NONE;
    }
    return ask(a, conn, true, spec, NULL, ret);
}

struct err *rec_sees(struct arena *a, struct db_conn *conn, struct rec_stored *stored,
                     const struct rec_actor *actor, const struct schema_col *col,
                     const struct rec *rec, const struct schema_rule *rule, struct str filter,
                     enum query_verdict *ret)
{
    struct query_spec spec = rec_spec(conn, actor, col);
    const bool is_free = rec_is_free(actor, rule);
    struct err *err = NULL;

    *ret = actor->superuser || rule->set ? QUERY_YES : QUERY_NO;
    if (*ret == QUERY_NO || (is_free && filter.n == 0))
        return NULL;
    *ret = QUERY_NO;
    if (!rec)
        return NULL;
    if (!actor->superuser)
        err = query_check_identifiers(a, filter, STR_NONE);
    spec.want = QUERY_EXISTS;
    spec.client_is_superuser = false; /* as upstream, whoever the client is */
    spec.id = rec_id(rec);
    spec.rule = is_free ? STR("") : rule->text;
    spec.filter = filter;
    if (!err)
        err = ask(a, conn, false, &spec, rec->cells, ret);
    if (!err && stored && *ret == QUERY_CANNOT)
        err = ask_of_record(a, conn, &spec, rec, stored, ret);
    return err;
}

struct err *rec_rule_failed(struct arena *a, struct err *err, enum err_kind kind, bool is_leased)
{
    struct err *failed;

    if (!err || (err->kind != E_BAD_REQUEST && !err->timed_out) || (err->timed_out && is_leased))
        return err;
    failed = err_new(a, kind, NULL, "%.*s", STR_ARG(err->cause));
    failed->timed_out = err->timed_out;
    return failed;
}

/* --- the manage rule -------------------------------------------------------------------------- */

bool rec_asks_manage_rule(const struct rec_actor *actor, const struct schema_col *col)
{
    return !actor->superuser && col->auth && col->auth->manage_rule.set &&
           col->auth->manage_rule.text.n > 0;
}

struct err *rec_manages(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                        const struct schema_col *col, struct str id, const struct db_value *cells,
                        bool *ret)
{
    struct str rule;
    struct err *err;

    *ret = actor->superuser;
    if (!actor->auth || !rec_asks_manage_rule(actor, col))
        return NULL;
    rule = col->auth->manage_rule.text;
    err = cells ? rec_virtual_matches(a, conn, actor, col, rule, cells, ret)
                : rec_matches(a, conn, actor, col, id, rule, ret);
    if (!err || err->kind != E_BAD_REQUEST)
        return err;
    *ret = false;
    return NULL;
}
