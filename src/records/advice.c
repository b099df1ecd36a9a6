/*
 * Which index a statement of a list could be served by.
 *
 * An index serves columns that are compared with = and, behind them, either the order of the rows
 * or one range. It is of no use where most rows are alike, nor in a small table.
 */
#include "records/advice.h"

#include "base/limits.h"
#include "db/dialect.h"
#include "records/rows.h"
#include "records/sql.h"

#define FEW_ROWS 100 /* are read as fast as found */
#define NAME_BYTES (4 * KIB)

/* --- statements ------------------------------------------------------------------------------- */

/* Statements of query/ call their base row t0, those of back-relations "back". */
static bool is_from(struct rec_sql *q, struct str sql, struct str name, bool is_back)
{
    buf_reset(&q->text);
    REC_SQL(q, " FROM ");
    rec_sql_ident(q, name);
    if (is_back) {
        REC_SQL(q, " ");
        rec_sql_ident(q, STR("back"));
    } else {
        REC_SQL(q, " t0");
    }
    return str_has(sql, buf_str(&q->text));
}

const struct schema_col *rec_statement_col(struct arena *a, const struct db_conn *conn,
                                           const struct schema *schema, struct str sql)
{
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, a, conn);
    for (size_t i = 0; i < schema->n_cols; i++)
        if (is_from(&q, sql, schema->cols[i]->name, false) ||
            is_from(&q, sql, schema->cols[i]->name, true))
            return schema->cols[i];
    return NULL;
}

/* The relation by which an expand has looked for records of col; NULL: it is another statement. */
static const struct schema_field *back_field(struct arena *a, const struct db_conn *conn,
                                             const struct schema_col *col, struct str sql)
{
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, a, conn);
    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *field = &col->fields[i];

        if (field->type->kind != FIELD_RELATION || field->multiple)
            continue;
        buf_reset(&q.text);
        REC_SQL(&q, "SELECT ");
        rec_sql_column(&q, STR("back"), field->name);
        REC_SQL(&q, ", ");
        if (str_starts(sql, buf_str(&q.text)))
            return field;
    }
    return NULL;
}

/* --- what is wanted --------------------------------------------------------------------------- */

static bool has_column(const struct rec_want *want, struct str name)
{
    for (size_t i = 0; i < want->n; i++)
        if (str_eq(want->columns[i].name, name))
            return true;
    return false;
}

static void add_column(struct rec_want *want, const struct query_use *use)
{
    if (!has_column(want, use->field->name))
        want->columns[want->n++] = (struct rec_want_column){use->field->name, use->descending};
}

static void add_back(struct arena *a, struct rec_wants *ret, const struct schema_col *col,
                     const struct schema_field *field)
{
    struct rec_want *want = VEC_PUSH(a, ret);

    *want = (struct rec_want){
        .col = col->id, .columns = ARENA_NEW(a, struct rec_want_column), .n = 1, .n_equal = 1};
    want->columns[0].name = field->name;
}

static const struct query_use *first_of(const struct query_uses *uses, enum query_use_kind kind)
{
    for (size_t i = 0; i < uses->n; i++)
        if (uses->items[i].kind == kind)
            return &uses->items[i];
    return NULL;
}

static void add_all(struct rec_want *want, const struct query_uses *uses, enum query_use_kind kind)
{
    for (size_t i = 0; i < uses->n; i++)
        if (uses->items[i].kind == kind)
            add_column(want, &uses->items[i]);
}

/* Of its base table. A range leaves fewer rows to be ordered; the order of its own column is in the
 * same index. */
static void add_base(struct arena *a, struct rec_wants *ret, const struct schema_col *col,
                     const struct query_uses *uses)
{
    const struct query_use *range = first_of(uses, QUERY_USE_RANGE),
                           *order = first_of(uses, QUERY_USE_ORDER);
    struct rec_want want = {.col = col->id,
                            .columns = ARENA_ARRAY(a, struct rec_want_column, uses->n)};

    add_all(&want, uses, QUERY_USE_EQUAL);
    want.n_equal = want.n;
    want.is_ordered = order && (!range || range->field == order->field);
    if (want.is_ordered)
        add_all(&want, uses, QUERY_USE_ORDER);
    else if (range)
        add_column(&want, range);
    want.is_ordered &= want.n > want.n_equal;
    if (want.n > 0)
        *VEC_PUSH(a, ret) = want;
}

static void add_uses(struct arena *a, struct rec_wants *ret, const struct schema_col *col,
                     const struct query_uses *uses)
{
    for (size_t i = 0; i < uses->n; i++)
        if (uses->items[i].kind == QUERY_USE_BACK)
            add_back(a, ret, uses->items[i].col, uses->items[i].field);
    if (col->type != SCHEMA_VIEW)
        add_base(a, ret, col, uses);
}

static struct query_spec spec_of(struct db_conn *conn, const struct rec_actor *actor,
                                 const struct schema_col *col, const struct rec_list_params *params,
                                 struct str sql)
{
    struct query_spec spec = rec_spec(conn, actor, col);

    if (!actor->superuser)
        spec.rule = col->list_rule.text;
    spec.filter = params->filter;
    if (params->group_by.n == 0 && params->aggregate.n == 0)
        spec.sort = params->sort;
    if (str_starts(sql, STR("SELECT COUNT(")))
        spec.want = QUERY_COUNT;
    return spec;
}

void rec_wants_find(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                    const struct schema_col *col, const struct rec_list_params *params,
                    struct str sql, struct rec_wants *ret)
{
    const struct schema_col *asked = rec_statement_col(a, conn, actor->scope.schema, sql);
    const struct schema_field *back = asked ? back_field(a, conn, asked, sql) : NULL;
    struct query_uses uses = {0};
    struct query_spec spec;

    *ret = (struct rec_wants){0};
    if (back)
        add_back(a, ret, asked, back);
    if (back || !col || asked != col)
        return;
    spec = spec_of(conn, actor, col, params, sql);
    if (!query_uses(a, &spec, &uses))
        add_uses(a, ret, col, &uses);
}

struct rec_wants rec_wants_copy(struct arena *a, const struct rec_wants *wants)
{
    struct rec_wants copy = {.items = ARENA_ARRAY(a, struct rec_want, wants->n), .n = wants->n};

    for (size_t i = 0; i < wants->n; i++) {
        struct rec_want *want = &copy.items[i];

        *want = wants->items[i];
        want->col = arena_dup(a, want->col);
        want->columns = ARENA_ARRAY(a, struct rec_want_column, want->n);
        for (size_t j = 0; j < want->n; j++) {
            want->columns[j] = wants->items[i].columns[j];
            want->columns[j].name = arena_dup(a, want->columns[j].name);
        }
    }
    return copy;
}

/* --- indexes that are there ------------------------------------------------------------------- */

static bool is_plain(const struct db_index_column *column)
{
    return !column->is_expr && column->collate.n == 0;
}

static bool is_among_equal(const struct rec_want *want, struct str name)
{
    for (size_t i = 0; i < want->n_equal; i++)
        if (str_eq_nocase(want->columns[i].name, name))
            return true;
    return false;
}

/* An index is read from either end. */
static bool has_order(const struct rec_want *want, const struct db_index_column *columns)
{
    bool is_same = true, is_opposite = true;

    for (size_t i = want->n_equal; i < want->n; i++) {
        const bool descending = str_eq_nocase(columns[i].direction, STR("DESC"));

        if (!str_eq_nocase(columns[i].name, want->columns[i].name))
            return false;
        is_same &= descending == want->columns[i].descending;
        is_opposite &= descending != want->columns[i].descending;
    }
    return !want->is_ordered || is_same || is_opposite;
}

static bool serves(const struct db_index *index, const struct rec_want *want)
{
    if (index->where.n > 0 || index->n_columns < want->n)
        return false;
    for (size_t i = 0; i < want->n; i++)
        if (!is_plain(&index->columns[i]) ||
            (i < want->n_equal && !is_among_equal(want, index->columns[i].name)))
            return false;
    return has_order(want, index->columns);
}

/* One row at most has the value. */
static bool finds_one(const struct db_index *index, const struct rec_want *want)
{
    return index->unique && index->where.n == 0 && index->n_columns == 1 &&
           is_plain(&index->columns[0]) && is_among_equal(want, index->columns[0].name);
}

/* p NULL: there is none. */
static struct str serving_index(const struct schema_col *col, const struct rec_want *want)
{
    const struct str id = col->id_field->name;

    for (size_t i = 0; i < col->n_indexes; i++)
        if (serves(&col->indexes[i].def, want) || finds_one(&col->indexes[i].def, want))
            return col->indexes[i].name;
    if (is_among_equal(want, id) || (want->n_equal == 0 && str_eq(want->columns[0].name, id)))
        return id; /* the primary key's */
    return STR_NONE;
}

/* --- an index to be made ---------------------------------------------------------------------- */

/* By an index, or a table. */
static bool is_name_taken(const struct schema *schema, struct str name)
{
    for (size_t i = 0; i < schema->n_cols; i++)
        if (str_eq_nocase(schema->cols[i]->name, name))
            return true;
    for (size_t i = 0; i < schema->n_cols; i++)
        for (size_t j = 0; j < schema->cols[i]->n_indexes; j++)
            if (str_eq_nocase(schema->cols[i]->indexes[j].name, name))
                return true;
    return false;
}

static struct str new_name(struct arena *a, const struct schema *schema,
                           const struct schema_col *col, const struct rec_want *want)
{
    AUTO_BUF struct buf out;
    struct str name;

    buf_init(&out, NAME_BYTES);
    buf_addf(&out, "idx_%.*s", STR_ARG(col->name));
    for (size_t i = 0; i < want->n; i++)
        buf_addf(&out, "_%.*s", STR_ARG(want->columns[i].name));
    name = arena_dup(a, buf_str(&out));
    for (unsigned i = 2; is_name_taken(schema, name); i++)
        name = arena_printf(a, "%.*s_%u", STR_ARG(buf_str(&out)), i);
    return name;
}

/* Whether rows come the same way round in all columns of the order: then it needs no direction. */
static bool is_mixed(const struct rec_want *want)
{
    for (size_t i = want->n_equal; i < want->n; i++)
        if (want->columns[i].descending != want->columns[want->n_equal].descending)
            return true;
    return false;
}

/* As collections store it, whatever the engine. */
static struct str write_index(struct arena *a, const struct schema *schema,
                              const struct schema_col *col, const struct rec_want *want)
{
    struct db_index_column *columns = ARENA_ARRAY(a, struct db_index_column, want->n);
    const struct db_index index = {.name = new_name(a, schema, col, want),
                                   .table = col->name,
                                   .columns = columns,
                                   .n_columns = want->n};
    const bool mixed = is_mixed(want);
    AUTO_BUF struct buf out;

    for (size_t i = 0; i < want->n; i++)
        columns[i] = (struct db_index_column){
            .name = want->columns[i].name,
            .direction = mixed && want->columns[i].descending ? STR("DESC") : STR_NONE};
    buf_init(&out, LIMIT_SLOW_SQL_BYTES);
    db_dialect_sqlite.create_index(&out, &index);
    return arena_dup(a, buf_str(&out));
}

/* --- what it saves ---------------------------------------------------------------------------- */

/* Two digits are all that an estimate knows. */
static long long about(int64_t n)
{
    int64_t unit = 1;

    while (n / unit >= 100)
        unit *= 10;
    return (n + unit / 2) / unit * unit;
}

static struct str saving(struct arena *a, const struct rec_want *want,
                         const struct db_estimate *estimate)
{
    const long long rows = about(estimate->rows);

    if (want->n_equal > 0)
        return arena_printf(a, "about %lld of %lld rows would be read", about(estimate->same),
                            rows);
    if (want->is_ordered)
        return arena_printf(a, "the rows of a page would be read, and not %lld to be sorted", rows);
    return arena_printf(a, "it helps where few of %lld rows are in the range", rows);
}

/* An order is worth an index however alike the rows are. */
static bool is_worth_it(const struct rec_want *want, const struct db_estimate *estimate)
{
    return want->n_equal == 0 || want->n > want->n_equal || estimate->same < estimate->rows / 4;
}

static struct err *weigh(struct arena *a, struct db_conn *conn, const struct schema *schema,
                         const struct schema_col *col, const struct rec_want *want,
                         struct rec_advice *ret)
{
    struct str *names = ARENA_ARRAY(a, struct str, want->n);
    struct db_estimate estimate;
    struct err *err;

    for (size_t i = 0; i < want->n; i++)
        names[i] = want->columns[i].name;
    err = db_estimate(a, conn, col->name, names, want->n_equal, &estimate);
    if (err)
        return err;
    if (estimate.rows <= FEW_ROWS)
        ret->reason = arena_printf(a, "there are only %lld rows", (long long)estimate.rows);
    else if (!is_worth_it(want, &estimate))
        ret->reason = arena_printf(a, "too many rows are alike: about %lld of %lld would be read",
                                   about(estimate.same), about(estimate.rows));
    else
        *ret = (struct rec_advice){write_index(a, schema, col, want), saving(a, want, &estimate)};
    return NULL;
}

static bool has_all_fields(const struct schema_col *col, const struct rec_want *want)
{
    for (size_t i = 0; i < want->n; i++)
        if (!schema_field(col, want->columns[i].name))
            return false;
    return true;
}

static struct err *advise(struct arena *a, struct db_conn *conn, const struct schema *schema,
                          const struct rec_want *want, struct rec_advice *ret)
{
    const struct schema_col *col = schema_find(schema, want->col);
    struct str there;

    *ret = (struct rec_advice){.reason = STR("its fields are not there any more")};
    if (!col || !str_eq(col->id, want->col) || !has_all_fields(col, want))
        return NULL;
    if (col->type == SCHEMA_VIEW) {
        ret->reason = STR("a view has no indexes of its own");
        return NULL;
    }
    there = serving_index(col, want);
    if (!there.p)
        return weigh(a, conn, schema, col, want, ret);
    ret->reason = arena_printf(a, "`%.*s` serves it", STR_ARG(there));
    return NULL;
}

struct err *rec_advise(struct arena *a, struct db_conn *conn, const struct schema *schema,
                       const struct schema_col *col, const struct rec_wants *wants,
                       struct rec_advice *ret)
{
    struct rec_advice found;
    struct err *err = NULL;

    *ret = (struct rec_advice){.reason = col->type == SCHEMA_VIEW
                                             ? STR("a view has no indexes of its own")
                                             : STR("no index would serve it")};
    for (size_t i = 0; i < wants->n && !err && !ret->index.p; i++) {
        err = advise(a, conn, schema, &wants->items[i], &found);
        if (!err && (i == 0 || found.index.p))
            *ret = found;
    }
    return err;
}
