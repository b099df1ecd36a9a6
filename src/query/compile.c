/*
 * From a spec to SQL and values, through the thread's cache.
 */
#include "query/internal.h"

#include "base/limits.h"
#include "base/timing.h"

#define STATEMENT_BYTES (16 * MIB) /* SQLite refuses longer ones anyway */

enum flag {
    FLAG_SUPERUSER = 1 << 0,
    FLAG_REQUEST = 1 << 1,
    FLAG_VIRTUAL = 1 << 2,
    FLAG_ID = 1 << 3,
    FLAG_IDS = 1 << 4,
    FLAG_ONE_ID = 1 << 5,
    FLAG_LIMIT = 1 << 6,
    FLAG_OFFSET = 1 << 7,
    FLAG_JOINS_ONLY = 1 << 8,
    FLAG_WAS_STORED = 1 << 9,
};

static unsigned flag(bool is_set, enum flag flag)
{
    return is_set ? (unsigned)flag : 0;
}

/* Which values of a place are NULL is a part of the shape. */
static uint64_t seek_code(const struct query_seek *seek)
{
    uint64_t code = 0;

    if (!seek)
        return 0;
    for (unsigned i = 0; i < seek->n; i++)
        code |= (uint64_t)(seek->values[i].type == DB_NULL) << i;
    return code << 16 | (uint64_t)seek->n << 8 | (uint64_t)seek->is_clients << 4 |
           (uint64_t)seek->keys_only << 3 | (uint64_t)seek->inclusive << 2 |
           (uint64_t)seek->backward << 1 | 1;
}

static struct query_shape_key key_of(const struct query_spec *spec, struct str filter_shape)
{
    const struct query_request *request = spec->request;

    return (struct query_shape_key){
        .generation = spec->schema->snapshot.generation,
        .schema = spec->schema,
        .dialect = spec->dialect,
        .col = spec->col->number,
        .auth_col = request && request->auth_col ? request->auth_col->number + 1 : 0,
        .ref_field = spec->ref_field ? spec->ref_field->at + 1 : 0,
        .want = (unsigned)spec->want,
        .flags = flag(spec->client_is_superuser, FLAG_SUPERUSER) | flag(request, FLAG_REQUEST) |
                 flag(spec->virtual_row, FLAG_VIRTUAL) |
                 flag(spec->virtual_row && spec->virtual_row->was_stored, FLAG_WAS_STORED) |
                 flag(spec->id.p, FLAG_ID) | flag(spec->ids, FLAG_IDS) |
                 flag(spec->ids && spec->n_ids == 1, FLAG_ONE_ID) |
                 flag(spec->limit >= 0, FLAG_LIMIT) | flag(spec->offset != 0, FLAG_OFFSET) |
                 flag(spec->joins_only, FLAG_JOINS_ONLY),
        .rule = spec->rule,
        .filter = filter_shape,
        .sort = spec->sort,
        .limit = query_limit_text(spec),
        .seek = seek_code(spec->seek),
        .groups = spec->groups ? spec->groups->text : STR_NONE,
    };
}

static struct err *refuse(struct arena *a, struct str why)
{
    return err_new(a, E_BAD_REQUEST, NULL, "%.*s", STR_ARG(why));
}

static void bind(struct arena *a, const struct query_spec *spec, const struct query_shape *shape,
                 const struct query_answer *answers, const struct query_literals *literals,
                 struct query_sql *ret)
{
    ret->text = shape->text;
    ret->n = shape->n_recipes;
    ret->program = shape->program.dialect ? &shape->program : NULL;
    ret->now_ms = spec->now_ms;
    ret->columns = shape->columns;
    ret->values = arena_alloc(a, shape->n_recipes * sizeof(*ret->values));
    query_bind(a, spec, shape->recipes, shape->n_recipes, answers, literals->values.items,
               ret->values);
}

/* Compiles and keeps. */
static struct err *compile(struct arena *a, const struct query_spec *spec,
                           const struct query_shape_key *key, const struct query_node *filter,
                           const struct query_literals *literals, struct query_sql *ret)
{
    struct query_make make = {.a = a, .spec = spec, .dialect = spec->dialect};
    struct query_shape *shape = ARENA_NEW(a, struct query_shape);
    struct str text;
    bool ok;

    buf_init(&make.tmp, STATEMENT_BYTES);
    ok = query_make_sql(&make, filter, &text);
    buf_done(&make.tmp);
    if (!ok && make.told.p)
        return err_new(a, E_BAD_REQUEST, make.told.p, "%.*s", STR_ARG(make.told));
    if (!ok)
        return refuse(a, query_cause(a, make.why, make.text, make.at));
    *shape = (struct query_shape){
        .text = text,
        .probes = make.probes.items,
        .n_probes = (unsigned)make.probes.n,
        .recipes = make.recipes.items,
        .n_recipes = (unsigned)make.recipes.n,
        .columns = make.columns.items,
        .n_columns = (unsigned)make.columns.n,
    };
    if (spec->want == QUERY_EXISTS && !spec->ids)
        shape->program = (struct query_program){make.dialect, make.tree, make.joined};
    if (key->generation > 0) /* a snapshot that was never published has no identity */
        query_cache_put(key, shape);
    bind(a, spec, shape, make.answers.items, literals, ret);
    return NULL;
}

static struct err *find_or_compile(struct arena *a, const struct query_spec *spec,
                                   struct query_sql *ret)
{
    struct query_literals literals = {0};
    struct query_answer *answers;
    const struct query_shape *shape;
    struct query_node *filter = NULL;
    struct query_shape_key key;
    struct str filter_shape = STR_NONE;
    struct str why;
    size_t at;

    if (spec->filter.n > LIMIT_FILTER_BYTES)
        return refuse(a, STR("max filter length reached"));
    if (spec->filter.n > 0) {
        if (!query_parse_at(a, spec->filter, &filter, &why, &at))
            return refuse(a, query_cause(a, why, spec->filter, at));
        filter_shape = query_filter_shape(a, filter, &literals);
    }
    key = key_of(spec, filter_shape);
    shape = query_cache_find(a, &key, spec->request, &answers);
    if (!shape)
        return compile(a, spec, &key, filter, &literals, ret);
    bind(a, spec, shape, answers, &literals, ret);
    return NULL;
}

struct err *query_compile(struct arena *a, const struct query_spec *spec, struct query_sql *ret)
{
    const uint64_t began_us = timing_begin();
    struct err *err = find_or_compile(a, spec, ret);

    timing_end(began_us);
    return err;
}

struct err *query_check_identifiers(struct arena *a, struct str filter, struct str sort)
{
    if (str_has(filter, STR("@collection.")) || str_has(sort, STR("@collection.")))
        return err_new(a, E_FORBIDDEN, "Only superusers can filter by @collection.",
                       "a client's filter or sort by @collection");
    if (str_has(filter, STR("@request.")) || str_has(sort, STR("@request.")))
        return err_new(a, E_FORBIDDEN, "Only superusers can filter by @request.",
                       "a client's filter or sort by @request");
    return NULL;
}
