/*
 * A record in memory: finding it, and its cells as values.
 */
#include "base/limits.h"
#include "records/internal.h"

struct str rec_id(const struct rec *rec)
{
    struct db_value cell = rec->cells[rec->col->id_field->at];

    return cell.type == DB_TEXT || cell.type == DB_BLOB ? cell.s : STR_NONE;
}

struct value rec_value(struct arena *a, const struct rec *rec, const struct schema_field *field)
{
    return field->type->load(a, field, rec->cells[field->at]);
}

struct str_list rec_list_of(struct arena *a, const struct rec *rec,
                            const struct schema_field *field)
{
    struct value value = rec_value(a, rec, field);
    struct json text;

    if (value.type != VALUE_LIST)
        return (struct str_list){NULL, 0};
    if (!field->multiple && value.list.n == 1) { /* which may be the text of a list again */
        text = json_of_text(value.list.items[0]);
        return field_json_list(a, &text);
    }
    return (struct str_list){value.list.items, value.list.n};
}

struct str rec_text(struct arena *a, const struct rec *rec, const struct schema_field *field)
{
    struct value value = rec_value(a, rec, field);
    struct json json;

    if (value.type == VALUE_TEXT || value.type == VALUE_JSON)
        return value.text;
    if (value.type == VALUE_LIST)
        return value.list.n ? value.list.items[value.list.n - 1] : STR_NONE;
    json = field_value_json(a, field, &value);
    return field_json_text(a, &json);
}

bool rec_truth(struct arena *a, const struct rec *rec, const struct schema_field *field)
{
    struct value value = rec_value(a, rec, field);

    return value.type == VALUE_BOOL && value.truth;
}

bool rec_is_readable(struct arena *a, const struct rec *rec)
{
    for (size_t i = 0; i < rec->col->n_fields; i++) {
        const struct schema_field *field = &rec->col->fields[i];

        if (field->type->is_readable && !field->type->is_readable(a, field, rec->cells[field->at]))
            return false;
    }
    return true;
}

struct err *rec_check_readable(struct arena *a, const struct rec *rec)
{
    if (rec_is_readable(a, rec))
        return NULL;
    return err_new(a, E_BAD_REQUEST, NULL, "record %.*s of %.*s cannot be read",
                   STR_ARG(rec_id(rec)), STR_ARG(rec->col->name));
}

struct value *rec_load(struct arena *a, const struct rec *rec)
{
    struct value *values = ARENA_ARRAY(a, struct value, rec->col->n_fields);

    for (size_t i = 0; i < rec->col->n_fields; i++)
        values[i] = rec_value(a, rec, &rec->col->fields[i]);
    return values;
}

struct db_value *rec_store(struct arena *a, const struct schema_col *col,
                           const struct value *values)
{
    struct db_value *cells = ARENA_ARRAY(a, struct db_value, col->n_fields);

    for (size_t i = 0; i < col->n_fields; i++)
        cells[i] = col->fields[i].type->store(a, &col->fields[i], &values[i]);
    return cells;
}

void rec_borrow_row(const struct db_stmt *stmt, const struct schema_col *col,
                    struct db_value *cells)
{
    for (size_t i = 0; i < col->n_fields; i++)
        cells[i] = db_column(stmt, (unsigned)i);
}

struct rec rec_copy_row(struct arena *a, const struct db_stmt *stmt, const struct schema_col *col)
{
    struct db_value *cells = ARENA_ARRAY(a, struct db_value, col->n_fields);

    rec_borrow_row(stmt, col, cells);
    for (size_t i = 0; i < col->n_fields; i++)
        if (cells[i].type == DB_TEXT || cells[i].type == DB_BLOB)
            cells[i].s = arena_dup(a, cells[i].s);
    return (struct rec){.col = col, .cells = cells};
}

struct query_spec rec_spec(struct db_conn *conn, const struct rec_actor *actor,
                           const struct schema_col *col)
{
    return (struct query_spec){
        .schema = actor->schema,
        .col = col,
        .request = &actor->request,
        .dialect = db_conn_dialect(conn),
        .want = QUERY_ROWS,
        .client_is_superuser = actor->superuser,
        .limit = -1,
        .now_ms = actor->now_ms,
    };
}

struct err *rec_open(struct arena *a, struct db_conn *conn, const struct query_spec *spec,
                     struct db_stmt **ret)
{
    struct query_sql sql;
    struct err *err;

    err = query_compile(a, spec, &sql);
    return err ? err : db_prepare_bound(a, conn, sql.text, sql.values, sql.n, ret);
}

struct err *rec_rule_failed(struct arena *a, struct err *err, enum err_kind kind)
{
    struct err *failed;

    if (!err || (err->kind != E_BAD_REQUEST && !err->timed_out))
        return err;
    failed = err_new(a, kind, NULL, "%.*s", STR_ARG(err->cause));
    failed->timed_out = err->timed_out;
    return failed;
}

/* Rows that are kept must not outgrow what an answer may be. */
static struct err *check_kept(struct arena *a, struct db_conn *conn, size_t n_rows)
{
    if (arena_used(a) > LIMIT_RESPONSE_BYTES)
        return err_new(a, E_UNAVAILABLE, NULL, "the rows take over %llu bytes",
                       LIMIT_RESPONSE_BYTES);
    return n_rows % REC_ROWS_A_CHECK ? NULL : db_check_limits(a, conn);
}

struct err *rec_read_all(struct arena *a, struct db_conn *conn, const struct query_spec *spec,
                         struct rec_rows *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err;
    bool row = true;

    err = rec_open(a, conn, spec, &stmt);
    while (!err) {
        err = db_step(a, stmt, &row);
        if (err || !row)
            break;
        *VEC_PUSH(a, ret) = rec_copy_row(a, stmt, spec->col);
        err = rec_check_readable(a, &ret->items[ret->n - 1]);
        if (!err)
            err = check_kept(a, conn, ret->n);
    }
    return err;
}

/* Runs the query and copies its first row. */
static struct err *find_first(struct rec_sql *q, struct db_conn *conn, const struct schema_col *col,
                              struct rec **ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err;
    bool row = false;

    *ret = NULL;
    err = rec_sql_prepare(q, conn, &stmt);
    if (!err)
        err = db_step(q->a, stmt, &row);
    if (err || !row)
        return err;
    *ret = ARENA_NEW(q->a, struct rec);
    **ret = rec_copy_row(q->a, stmt, col);
    return NULL;
}

static void forget_unreadable(struct arena *a, struct rec **rec)
{
    if (*rec && !rec_is_readable(a, *rec))
        *rec = NULL;
}

struct err *rec_find_row(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                         struct str id, struct rec **ret)
{
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, a, conn);
    rec_sql_select(&q, col);
    rec_sql_ident(&q, col->id_field->name);
    REC_SQL(&q, " = ");
    rec_sql_param(&q, DB_V_TEXT(id));
    return find_first(&q, conn, col, ret);
}

struct err *rec_find(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                     struct str id, struct rec **ret)
{
    struct err *err = rec_find_row(a, conn, col, id, ret);

    forget_unreadable(a, ret);
    return err;
}

struct err *rec_find_by(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                        const struct schema_field *field, struct str text, bool nocase,
                        struct rec **ret)
{
    AUTO_SQL struct rec_sql q;
    struct err *err;

    rec_sql_init(&q, a, conn);
    rec_sql_select(&q, col);
    if (nocase) {
        rec_sql_equal_nocase(&q, field->name, DB_V_TEXT(text));
    } else {
        rec_sql_ident(&q, field->name);
        REC_SQL(&q, " = ");
        rec_sql_param(&q, DB_V_TEXT(text));
    }
    if (text.n > 0) { /* the indexes of e-mails are partial: WHERE email != '' */
        REC_SQL(&q, " AND ");
        rec_sql_ident(&q, field->name);
        REC_SQL(&q, " != ''");
    }
    REC_SQL(&q, " LIMIT 1");
    err = find_first(&q, conn, col, ret);
    forget_unreadable(a, ret);
    return err;
}

void rec_actor_set_auth(struct arena *a, struct rec_actor *actor, const struct rec *auth)
{
    const struct schema_auth *fields = auth ? auth->col->auth : NULL;
    struct query_request *request = &actor->request;

    actor->auth = auth;
    actor->superuser = auth && auth->col == actor->schema->superusers;
    request->auth_col = auth ? auth->col : NULL;
    if (!fields)
        return;
    request->auth_id = rec_id(auth);
    request->auth_email = rec_text(a, auth, fields->email);
    request->auth_verified = rec_truth(a, auth, fields->verified);
    request->auth_email_visibility = rec_truth(a, auth, fields->email_visibility);
}
