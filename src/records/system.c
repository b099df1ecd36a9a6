/*
 * What the system collections ask of their records and auth records of their companions
 * (data-dir.md 9.2, records.md 13.4).
 */
#include "records/internal.h"

#define COLLECTION_REF STR("collectionRef")
#define RECORD_REF STR("recordRef")

/* --- references by collection and record id ----------------------------------------------------
 */

static bool holds_refs(const struct schema *schema, const struct schema_col *col)
{
    return col == schema->mfas || col == schema->otps || col == schema->external_auths ||
           col == schema->auth_origins;
}

static struct str text_of(const struct rec_work *work, struct str name)
{
    const struct schema_field *field = schema_field(work->col, name);

    return field && field->type->value == VALUE_TEXT ? work->values[field->at].text : STR_NONE;
}

static struct err *check_record_ref(const struct rec_work *work, const struct schema_col *target,
                                    struct err **items)
{
    struct str id = text_of(work, RECORD_REF);
    struct rec *rec = NULL;
    struct err *err;

    if (id.n == 0) {
        err_add_item(work->a, items, RECORD_REF, CODE_REQUIRED, STR_NONE);
        return NULL;
    }
    err = rec_find(work->a, work->tx, target, id, &rec);
    if (!err && !rec)
        err_add_item(work->a, items, RECORD_REF, CODE_RECORD, STR_NONE);
    return err;
}

struct err *rec_check_system(const struct rec_work *work, struct err **items)
{
    const struct schema_col *target;
    struct str id;

    if (!holds_refs(work->schema, work->col))
        return NULL;
    id = text_of(work, COLLECTION_REF);
    if (id.n == 0) {
        err_add_item(work->a, items, COLLECTION_REF, CODE_REQUIRED, STR_NONE);
        return NULL;
    }
    target = map_find(&work->schema->by_id, id);
    if (target && rec_is_auth(target))
        return check_record_ref(work, target, items);
    err_add_item(work->a, items, COLLECTION_REF, target ? CODE_COLLECTION_TYPE : CODE_COLLECTION_ID,
                 STR_NONE);
    return NULL;
}

/* --- rows that go with an auth record ----------------------------------------------------------
 */

static void refs_where(struct rec_sql *q, const struct schema_col *from,
                       const struct schema_col *col, const struct str *ids, size_t n)
{
    REC_SQL(q, " FROM ");
    rec_sql_ident(q, from->name);
    REC_SQL(q, " WHERE ");
    rec_sql_ident(q, COLLECTION_REF);
    REC_SQL(q, " = ");
    rec_sql_param(q, DB_V_TEXT(col->id));
    REC_SQL(q, " AND ");
    rec_sql_ident(q, RECORD_REF);
    rec_sql_among(q, ids, n);
}

/* from NULL: a directory without that collection has no such rows. */
static struct err *forget_in(struct arena *a, struct db_conn *tx, const struct schema_col *from,
                             const struct schema_col *col, const struct str *ids, size_t n)
{
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, a, tx);
    if (!from)
        return NULL;
    REC_SQL(&q, "DELETE");
    refs_where(&q, from, col, ids, n);
    return rec_sql_exec(&q, tx, NULL);
}

struct err *rec_forget_auth(struct arena *a, struct db_conn *tx, const struct schema *schema,
                            const struct schema_col *col, const struct str *ids, size_t n)
{
    const struct schema_col *const from[] = {schema->mfas, schema->otps, schema->external_auths,
                                             schema->auth_origins};
    struct err *err = NULL;

    for (size_t i = 0; i < COUNT_OF(from) && !err; i++)
        err = forget_in(a, tx, from[i], col, ids, n);
    return err;
}

/* --- reactions -------------------------------------------------------------------------------- */

static bool text_changed(const struct rec_work *work, const struct schema_field *field)
{
    return !str_eq(work->old_values[field->at].text, work->values[field->at].text);
}

static bool became_verified(const struct rec_work *work)
{
    size_t at = work->col->auth->verified->at;

    return !work->old_values[at].truth && work->values[at].truth;
}

static struct err *has_external(const struct rec_work *work, bool *ret)
{
    const struct schema_col *from = work->schema->external_auths;
    AUTO_SQL struct rec_sql q;
    struct str id = rec_id(work->old);

    *ret = false;
    rec_sql_init(&q, work->a, work->tx);
    if (!from)
        return NULL;
    REC_SQL(&q, "SELECT 1");
    refs_where(&q, from, work->col, &id, 1);
    REC_SQL(&q, " LIMIT 1");
    return rec_sql_exists(&q, work->tx, ret);
}

struct err *rec_react_before(const struct rec_work *work)
{
    const struct schema_auth *auth = work->col->auth;
    bool rotate, external = false;
    struct err *err = NULL;

    if (!work->old || !auth)
        return NULL;
    rotate = !text_changed(work, auth->token_key) &&
             (text_changed(work, auth->password) || text_changed(work, auth->email));
    if (became_verified(work))
        err = has_external(work, &external);
    if (!err && (rotate || external))
        work->values[auth->token_key->at].text = work->token_key;
    return err;
}

/* The account of the first start goes once there is a real one (data-dir.md 10). */
static struct err *drop_installer(const struct rec_work *work)
{
    const struct schema_field *email = work->col->auth->email;
    struct rec *rec = NULL;
    struct err *err;

    if (work->col != work->schema->superusers ||
        str_eq(work->values[email->at].text, REC_INSTALLER_EMAIL))
        return NULL;
    err = rec_find_by(work->a, work->tx, work->col, email, REC_INSTALLER_EMAIL, false, &rec);
    if (err || !rec)
        return err;
    return rec_remove(work->a, work->tx, work->schema, rec, work->now_ms);
}

struct err *rec_react_after(const struct rec_work *work)
{
    const struct schema_auth *auth = work->col->auth;
    const struct schema *schema = work->schema;
    struct err *err = NULL;
    struct str id;

    if (!auth)
        return NULL;
    if (!work->old)
        return drop_installer(work);
    id = rec_id(work->old);
    if (text_changed(work, auth->password)) {
        err = forget_in(work->a, work->tx, schema->mfas, work->col, &id, 1);
        if (!err)
            err = forget_in(work->a, work->tx, schema->auth_origins, work->col, &id, 1);
    }
    if (!err && text_changed(work, auth->token_key))
        err = forget_in(work->a, work->tx, schema->otps, work->col, &id, 1);
    if (!err && became_verified(work))
        err = forget_in(work->a, work->tx, schema->external_auths, work->col, &id, 1);
    return err;
}
