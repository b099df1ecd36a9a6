/*
 * The steps of a change (collections.md 12): which ones, in which order, and their statements.
 */
#include "schema/plan.h"

#include "base/id.h"
#include "schema/internal.h"

#define SQL_MAX SCHEMA_SQL_BYTES

/* --- statements ------------------------------------------------------------------------------- */

/* Texts and identifiers in turn make one, ended by end(). */
struct spelling {
    struct arena *a;
    const struct db_dialect *dialect;
    struct buf sql;
    VEC(struct str) statements;
};

static void name(struct spelling *out, const char *before, struct str ident)
{
    buf_add(&out->sql, str_of(before));
    out->dialect->ident(&out->sql, ident);
}

static void end(struct spelling *out)
{
    *VEC_PUSH(out->a, &out->statements) = arena_dup(out->a, buf_str(&out->sql));
    buf_reset(&out->sql);
}

static void create_table(struct spelling *out, const struct schema_step *step)
{
    out->dialect->create_table(&out->sql, step->table, step->columns, step->n_columns);
    end(out);
}

static void rename_table(struct spelling *out, const struct schema_step *step)
{
    name(out, "ALTER TABLE ", step->table);
    name(out, " RENAME TO ", step->to);
    end(out);
}

static void drop_table(struct spelling *out, const struct schema_step *step)
{
    name(out, "DROP TABLE IF EXISTS ", step->table);
    end(out);
}

static void add_column(struct spelling *out, const struct schema_step *step)
{
    name(out, "ALTER TABLE ", step->table);
    BUF_ADD(&out->sql, " ADD COLUMN ");
    out->dialect->column_def(&out->sql, step->name, step->type);
    end(out);
}

static void rename_column(struct spelling *out, const struct schema_step *step)
{
    name(out, "ALTER TABLE ", step->table);
    name(out, " RENAME COLUMN ", step->name);
    name(out, " TO ", step->to);
    end(out);
}

static void drop_column(struct spelling *out, const struct schema_step *step)
{
    name(out, "ALTER TABLE ", step->table);
    name(out, " DROP COLUMN ", step->name);
    end(out);
}

/* A column of the other type takes the values over from the former one. */
static void convert_column(struct spelling *out, const struct schema_step *step)
{
    const struct schema_step former = {.table = step->table, .name = step->to};
    AUTO_BUF struct buf column;

    buf_init(&column, SQL_MAX);
    out->dialect->ident(&column, step->to);
    rename_column(out, step);
    add_column(out, step);
    name(out, "UPDATE ", step->table);
    name(out, " SET ", step->name);
    BUF_ADD(&out->sql, " = (");
    (step->multiple ? out->dialect->one_to_list : out->dialect->list_to_one)(&out->sql,
                                                                             buf_str(&column));
    BUF_ADD(&out->sql, ")");
    end(out);
    drop_column(out, &former);
}

static void create_index(struct spelling *out, const struct schema_step *step)
{
    if (step->index)
        out->dialect->create_index(&out->sql, step->index);
    else
        buf_add(&out->sql, step->text);
    end(out);
}

static void drop_index(struct spelling *out, const struct schema_step *step)
{
    name(out, "DROP INDEX IF EXISTS ", step->name);
    end(out);
}

static void drop_view(struct spelling *out, const struct schema_step *step)
{
    name(out, "DROP VIEW IF EXISTS ", step->table);
    end(out);
}

static void create_view(struct spelling *out, const struct schema_step *step)
{
    drop_view(out, step);
    out->dialect->create_view(&out->sql, step->table, step->text);
    end(out);
}

/* clang-format off */
const struct schema_step_info schema_step_info[STEP_KINDS] = {
    [STEP_CREATE_TABLE]   = {.name = "create_table"},
    [STEP_RENAME_TABLE]   = {.name = "rename_table"},
    [STEP_DROP_TABLE]     = {.name = "drop_table"},
    [STEP_ADD_COLUMN]     = {.name = "add_column"},
    [STEP_RENAME_COLUMN]  = {.name = "rename_column"},
    [STEP_DROP_COLUMN]    = {.name = "drop_column", .rewrites = true},
    [STEP_CONVERT_COLUMN] = {.name = "convert_column", .rewrites = true},
    [STEP_CREATE_INDEX]   = {.name = "create_index", .scans = true},
    [STEP_DROP_INDEX]     = {.name = "drop_index"},
    [STEP_CREATE_VIEW]    = {.name = "create_view"},
    [STEP_DROP_VIEW]      = {.name = "drop_view"},
};

static void (*const spellings[STEP_KINDS])(struct spelling *out, const struct schema_step *step) = {
    [STEP_CREATE_TABLE]   = create_table,
    [STEP_RENAME_TABLE]   = rename_table,
    [STEP_DROP_TABLE]     = drop_table,
    [STEP_ADD_COLUMN]     = add_column,
    [STEP_RENAME_COLUMN]  = rename_column,
    [STEP_DROP_COLUMN]    = drop_column,
    [STEP_CONVERT_COLUMN] = convert_column,
    [STEP_CREATE_INDEX]   = create_index,
    [STEP_DROP_INDEX]     = drop_index,
    [STEP_CREATE_VIEW]    = create_view,
    [STEP_DROP_VIEW]      = drop_view,
};
/* clang-format on */

struct str_list schema_step_statements(struct arena *a, const struct db_dialect *dialect,
                                       const struct schema_step *step)
{
    struct spelling out = {.a = a, .dialect = dialect};

    buf_init(&out.sql, SQL_MAX);
    spellings[step->kind](&out, step);
    buf_done(&out.sql);
    return (struct str_list){out.statements.items, out.statements.n};
}

void schema_step_sql(struct arena *a, const struct db_dialect *dialect,
                     const struct schema_step *step, struct buf *out)
{
    struct str_list statements = schema_step_statements(a, dialect, step);

    for (size_t i = 0; i < statements.n; i++) {
        buf_add(out, i ? STR(";\n") : STR_NONE);
        buf_add(out, statements.items[i]);
    }
}

/* --- which steps ------------------------------------------------------------------------------ */

/* A change on its way into a list. */
struct planning {
    struct arena *a;
    struct schema_plan *plan;
    const struct schema_col *old, *col;
};

static struct schema_step *add(struct planning *in, enum schema_step_kind kind, struct str table)
{
    struct schema_step *step = VEC_PUSH(in->a, &in->plan->steps);

    step->kind = kind;
    step->table = arena_dup(in->a, table);
    return step;
}

static enum db_col_type column_type(const struct schema_field *field)
{
    if (field->type->kind == FIELD_TEXT && field->text.primary_key)
        return DB_COL_ID;
    return field->multiple ? field->type->column_multiple : field->type->column;
}

static const struct schema_field *field_by_id(const struct schema_col *col, struct str id)
{
    for (size_t i = 0; i < col->n_fields; i++)
        if (str_eq(col->fields[i].id, id))
            return &col->fields[i];
    return NULL;
}

static void drop_indexes(struct planning *in)
{
    for (size_t i = 0; i < in->old->n_indexes; i++)
        add(in, STEP_DROP_INDEX, in->old->name)->name = arena_dup(in->a, in->old->indexes[i].name);
}

/* Of all entries of the list: one that is no index is told together with those that fail. */
static struct err *create_indexes(struct planning *in)
{
    const struct schema_col *col = in->col;
    const struct json *texts;

    if (!json_read(in->a, col->indexes_json, &json_limits_stored, &texts, NULL))
        return err_new(in->a, E_INTERNAL, NULL, "indexes are no JSON");
    for (uint32_t i = 0; i < texts->n; i++) {
        struct schema_step *step = add(in, STEP_CREATE_INDEX, col->name);
        struct schema_index *index = ARENA_NEW(in->a, struct schema_index);

        step->at = i;
        step->text = arena_dup(in->a, texts->items[i].text);
        if (col->name.n == 0 || !schema_parse_index(in->a, step->text, step->table, index))
            continue;
        step->name = index->name;
        step->index = &index->def;
    }
    return NULL;
}

static void drop_gone_columns(struct planning *in)
{
    for (size_t i = 0; i < in->old->n_fields; i++) {
        const struct schema_field *field = &in->old->fields[i];
        struct schema_step *step;

        if (field_by_id(in->col, field->id))
            continue;
        step = add(in, STEP_DROP_COLUMN, in->col->name);
        step->name = step->field = arena_dup(in->a, field->name);
    }
}

/* A new column, or one that is there already, under a name that it only passes through. */
static void pass(struct planning *in, const struct schema_field *was,
                 const struct schema_field *field, struct str passing)
{
    struct schema_step *step = add(in, was ? STEP_RENAME_COLUMN : STEP_ADD_COLUMN, in->col->name);

    step->field = arena_dup(in->a, was ? was->name : field->name);
    step->name = was ? step->field : passing;
    step->to = was ? passing : STR_NONE;
    step->type = column_type(field);
}

/* New and renamed columns get their names last, so that names may be swapped. */
static void place_columns(struct planning *in)
{
    const struct schema_col *col = in->col;
    struct str *passing = ARENA_ARRAY(in->a, struct str, col->n_fields);

    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *was = field_by_id(in->old, col->fields[i].id);

        if (was && str_eq(was->name, col->fields[i].name))
            continue;
        passing[i] =
            arena_concat(in->a, col->fields[i].name, random_text(in->a, 5, ALPHABET_ID), STR_NONE);
        pass(in, was, &col->fields[i], passing[i]);
    }
    for (size_t i = 0; i < col->n_fields; i++) {
        struct schema_step *step;

        if (!passing[i].p)
            continue;
        step = add(in, STEP_RENAME_COLUMN, col->name);
        step->name = passing[i];
        step->to = arena_dup(in->a, col->fields[i].name);
    }
}

static void convert_columns(struct planning *in)
{
    for (size_t i = 0; i < in->col->n_fields; i++) {
        const struct schema_field *field = &in->col->fields[i];
        const struct schema_field *was = field_by_id(in->old, field->id);
        struct schema_step *step;

        if (!was || was->multiple == field->multiple)
            continue;
        step = add(in, STEP_CONVERT_COLUMN, in->col->name);
        step->name = arena_dup(in->a, field->name);
        step->to = arena_concat(in->a, STR("_"), field->name, random_text(in->a, 5, ALPHABET_ID));
        step->type = column_type(field);
        step->multiple = field->multiple;
    }
}

static struct err *change_table(struct planning *in)
{
    const struct schema_col *old = in->old, *col = in->col;
    const bool renamed = !str_eq_nocase(old->name, col->name);
    const bool indexes = renamed || !str_eq(old->fields_json, col->fields_json) ||
                         !str_eq(old->indexes_json, col->indexes_json);

    if (indexes)
        drop_indexes(in);
    if (renamed)
        add(in, STEP_RENAME_TABLE, old->name)->to = arena_dup(in->a, col->name);
    drop_gone_columns(in);
    place_columns(in);
    convert_columns(in);
    return indexes ? create_indexes(in) : NULL;
}

static struct err *new_table(struct planning *in)
{
    const struct schema_col *col = in->col;
    struct schema_step *step = add(in, STEP_CREATE_TABLE, col->name);

    step->columns = ARENA_ARRAY(in->a, struct db_col, col->n_fields);
    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *field = &col->fields[i];

        if (schema_field(col, field->name) == field) /* an import's names are checked afterwards */
            step->columns[step->n_columns++] =
                (struct db_col){arena_dup(in->a, field->name), column_type(field)};
    }
    return create_indexes(in);
}

static void change_view(struct planning *in, struct str select)
{
    if (in->old && !str_eq(in->old->name, in->col->name))
        add(in, STEP_DROP_VIEW, in->old->name);
    add(in, STEP_CREATE_VIEW, in->col->name)->text = arena_dup(in->a, select);
}

struct err *schema_plan_make(struct arena *a, const struct schema_col *old,
                             const struct schema_col *col, struct str view_select,
                             struct schema_plan *plan)
{
    struct planning in = {.a = a, .plan = plan, .old = old, .col = col};

    if (!col)
        add(&in, old->type == SCHEMA_VIEW ? STEP_DROP_VIEW : STEP_DROP_TABLE, old->name);
    else if (col->type == SCHEMA_VIEW)
        change_view(&in, view_select);
    else
        return old ? change_table(&in) : new_table(&in);
    return NULL;
}
