/*
 * What the system collections ask of their records and auth records of their companions
 * (data-dir.md 9.2, records.md 13.4).
 */
#include "records/system.h"

#include "records/companions.h"
#include "records/values.h"

/* --- references by collection and record id --------------------------------------------------- */

static struct str submitted_ref(const struct rec_work *work, struct str name)
{
    const struct schema_field *field = schema_field(work->col, name);

    return field && field->type->value == VALUE_TEXT ? work->values[field->at].text : STR_NONE;
}

static struct err *check_record_ref(const struct rec_work *work, const struct schema_col *target,
                                    struct err **items)
{
    struct str id = submitted_ref(work, REC_RECORD_REF);
    struct rec *rec = NULL;
    struct err *err;

    if (id.n == 0) {
        err_add_item(work->a, items, REC_RECORD_REF, CODE_REQUIRED, STR_NONE);
        return NULL;
    }
    err = rec_find(work->a, work->tx, target, id, &rec);
    if (!err && !rec)
        err_add_item(work->a, items, REC_RECORD_REF, CODE_RECORD, STR_NONE);
    return err;
}

/* Of a link to another system: it must be one that we know. */
static void check_provider(const struct rec_work *work, struct err **items)
{
    struct str name = submitted_ref(work, STR("provider"));

    if (name.n == 0)
        err_add_item(work->a, items, STR("provider"), CODE_REQUIRED, STR_NONE);
    else if (!oauth_provider_find(name))
        err_add_item(work->a, items, STR("provider"), CODE_IN, STR_NONE);
}

struct err *rec_check_system(const struct rec_work *work, struct err **items)
{
    const struct schema *schema = work->scope->schema;
    const struct schema_col *col = work->col;
    const struct schema_col *target;
    struct err *err;
    struct str id;

    if (col != schema->mfas && col != schema->otps && col != schema->external_auths &&
        col != schema->auth_origins)
        return NULL;
    id = submitted_ref(work, REC_COLLECTION_REF);
    if (id.n == 0) {
        err_add_item(work->a, items, REC_COLLECTION_REF, CODE_REQUIRED, STR_NONE);
        return NULL;
    }
    target = map_find(&schema->by_id, id);
    if (!target || !target->auth) {
        err_add_item(work->a, items, REC_COLLECTION_REF,
                     target ? CODE_COLLECTION_TYPE : CODE_COLLECTION_ID, STR_NONE);
        return NULL;
    }
    err = check_record_ref(work, target, items);
    if (!err && !*items && col == schema->external_auths)
        check_provider(work, items);
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
        err = rec_is_in(work->a, work->tx, work->scope->schema->external_auths, work->col,
                        rec_id(work->old), &external);
    if (!err && (rotate || external))
        work->values[auth->token_key->at].text = work->token_key;
    return err;
}

struct err *rec_react_after(const struct rec_work *work)
{
    const struct schema_auth *auth = work->col->auth;
    const struct schema_col *from[4];
    struct err *err = NULL;
    struct str id;
    size_t n = 0;

    if (!work->old || !auth)
        return NULL;
    if (text_changed(work, auth->password)) {
        from[n++] = work->scope->schema->mfas;
        from[n++] = work->scope->schema->auth_origins;
    }
    if (text_changed(work, auth->token_key))
        from[n++] = work->scope->schema->otps;
    if (became_verified(work))
        from[n++] = work->scope->schema->external_auths;
    id = rec_id(work->old);
    for (size_t i = 0; i < n && !err; i++)
        err = rec_forget_in(work->a, work->tx, work->scope, from[i], work->col,
                            (struct str_list){&id, 1});
    return err;
}
