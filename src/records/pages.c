/*
 * Pages by number, and the rows by their number that the process remembers.
 *
 * Each list has its places in the order of their numbers. Where they are too many, the one goes
 * whose neighbours are nearest to each other: so a client that walks through the list leaves them
 * behind evenly. The lock is held while a place is looked up or put there, never while rows are
 * read.
 */
#include "records/pages.h"

#include "base/limits.h"

#include <pthread.h>
#include <string.h>

#define MAX_KEYS (LIMIT_SORT_FIELDS + 1)

struct place {
    int64_t number; /* of the row, from 0 */
    unsigned n;
    struct db_value values[MAX_KEYS]; /* of its keys; their bytes are in `texts`, one by one */
    struct buf texts;
};

struct list {
    struct buf key;
    uint64_t used;       /* when it was asked for last, in calls; 0: there is none here */
    struct db_seen seen; /* the table, as all places are in it */
    struct place places[LIMIT_PAGE_PLACES + 1];
    unsigned n;
};

static struct {
    pthread_mutex_t lock;
    /* under lock */
    uint64_t calls;
    struct list lists[LIMIT_PAGED_LISTS];
} paged = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- which lists ------------------------------------------------------------------------------ */

static bool is_row_id(struct str name)
{
    return str_eq(name, STR("id")) || str_eq(name, STR("@rowid"));
}

/* A column that is sorted by as it is, whoever asks. */
static bool is_plain_column(const struct query_spec *spec, struct str name)
{
    const struct schema_field *field = schema_field(spec->col, name);
    const struct schema_auth *auth = spec->col->auth;

    if (!field || field->absent || field->type->kind == FIELD_JSON)
        return false;
    return spec->client_is_superuser || !(field->hidden || (auth && field == auth->email));
}

/* An index of all rows that begins with the column. */
static bool is_index_on(const struct db_index *index, struct str name)
{
    return index->where.n == 0 && !index->columns[0].is_expr &&
           str_eq_nocase(index->columns[0].name, name);
}

static bool is_unique(const struct schema_col *col, struct str name)
{
    for (size_t i = 0; i < col->n_indexes; i++) {
        const struct db_index *index = &col->indexes[i].def;

        if (index->unique && index->n_columns == 1 && is_index_on(index, name))
            return true;
    }
    return is_row_id(name);
}

/* A place is soon found by it. */
static bool is_indexed(const struct schema_col *col, struct str name)
{
    for (size_t i = 0; i < col->n_indexes; i++) {
        const struct db_index *index = &col->indexes[i].def;

        if (is_index_on(index, name) && index->columns[0].collate.n == 0)
            return true;
    }
    return is_row_id(name);
}

/* One place a row, and no others are looked through to find it. */
static bool is_sort_served(const struct query_spec *spec)
{
    struct str rest = spec->sort;
    bool is_first = true, is_total = false;

    for (; rest.p; is_first = false) {
        struct str name = str_trim_space(str_split(&rest, ','));

        if (name.n > 0 && (name.p[0] == '-' || name.p[0] == '+'))
            name = str_from(name, 1);
        if (!str_eq(name, STR("@rowid")) && !is_plain_column(spec, name))
            return false;
        if (is_first && !is_indexed(spec->col, name))
            return false;
        is_total |= is_unique(spec->col, name);
    }
    return is_total;
}

static bool is_served(const struct query_spec *spec)
{
    return spec->offset >= LIMIT_PAGE_WALK && spec->col->type != SCHEMA_VIEW && !spec->rule.n &&
           !spec->filter.n && (spec->sort.n == 0 || is_sort_served(spec)) &&
           spec->sort.n <= LIMIT_PAGE_SORT_BYTES;
}

/* Rows without an order come as the engine finds them, which is that of their own keys unless it
 * reads an index that has all columns in place of the table. */
static struct err *check_unsorted(struct arena *a, struct db_conn *conn,
                                  const struct query_spec *spec, bool *ret)
{
    struct query_sql sql;
    struct db_plan plan;
    struct err *err = query_compile(a, spec, &sql);

    if (!err)
        err = db_explain(a, conn, sql.text, sql.values, sql.n, &plan);
    *ret = !err && plan.n == 1 && !str_has(plan.items[0].text, STR("INDEX"));
    return err;
}

/* --- lists ------------------------------------------------------------------------------------ */

static struct str key_of(struct arena *a, const struct query_spec *spec)
{
    return arena_printf(a, "%.*s %llu %d %.*s", STR_ARG(spec->col->id),
                        (unsigned long long)spec->col->code, spec->client_is_superuser,
                        STR_ARG(spec->sort));
}

static struct list *find(struct str key)
{
    for (size_t i = 0; i < LIMIT_PAGED_LISTS; i++)
        if (paged.lists[i].used && str_eq(buf_str(&paged.lists[i].key), key))
            return &paged.lists[i];
    return NULL;
}

static struct list *least_used(void)
{
    struct list *least = paged.lists;

    for (size_t i = 1; i < LIMIT_PAGED_LISTS; i++)
        if (paged.lists[i].used < least->used)
            least = &paged.lists[i];
    return least;
}

static void drop_places(struct list *list)
{
    while (list->n > 0)
        buf_done(&list->places[--list->n].texts);
}

/* An empty one for the key. */
static struct list *begin_list(struct str key, const struct db_seen *seen)
{
    struct list *list = find(key);

    if (!list) {
        list = least_used();
        buf_done(&list->key);
        buf_init(&list->key, key.n);
        buf_add(&list->key, key);
    }
    drop_places(list);
    list->seen = *seen;
    return list;
}

/* --- places ----------------------------------------------------------------------------------- */

static bool has_bytes(const struct db_value *value)
{
    return value->type == DB_TEXT || value->type == DB_BLOB;
}

/* False: it is none to remember. */
static bool pack(const struct query_seek *seek, int64_t number, struct place *ret)
{
    bool fits;

    if (seek->n > MAX_KEYS)
        return false;
    *ret = (struct place){.number = number, .n = seek->n};
    buf_init(&ret->texts, LIMIT_PAGE_PLACE_BYTES);
    for (unsigned i = 0; i < seek->n; i++) {
        ret->values[i] = seek->values[i];
        if (!has_bytes(&ret->values[i]))
            continue;
        buf_add(&ret->texts, ret->values[i].s);
        ret->values[i].s.p = NULL;
    }
    fits = !ret->texts.full;
    if (!fits)
        buf_done(&ret->texts);
    return fits;
}

static struct query_seek unpack(struct arena *a, const struct place *place)
{
    struct str texts = arena_dup(a, buf_str(&place->texts));
    struct db_value *values = ARENA_ARRAY(a, struct db_value, place->n);

    for (unsigned i = 0; i < place->n; i++) {
        values[i] = place->values[i];
        if (!has_bytes(&values[i]))
            continue;
        values[i].s = str_sub(texts, 0, values[i].s.n);
        texts = str_from(texts, values[i].s.n);
    }
    return (struct query_seek){.values = values, .n = place->n, .inclusive = true};
}

/* How many are at or before the row. */
static unsigned places_up_to(const struct list *list, int64_t number)
{
    unsigned n = 0;

    while (n < list->n && list->places[n].number <= number)
        n++;
    return n;
}

static void remove_place(struct list *list, unsigned at)
{
    buf_done(&list->places[at].texts);
    list->n--;
    memmove(&list->places[at], &list->places[at + 1], (list->n - at) * sizeof(list->places[0]));
}

/* Of all but `but`, the one that is missed least. */
static unsigned densest(const struct list *list, unsigned but)
{
    unsigned best = but == 0;
    int64_t best_gap = INT64_MAX;

    for (unsigned i = 0; i < list->n; i++) {
        const int64_t before = i > 0 ? list->places[i - 1].number : 0;
        const int64_t behind = i + 1 < list->n ? list->places[i + 1].number : INT64_MAX;

        if (i == but || behind - before >= best_gap)
            continue;
        best = i;
        best_gap = behind - before;
    }
    return best;
}

/* The list has it from here, or has it already. */
static void insert(struct list *list, struct place *take_place)
{
    const unsigned at = places_up_to(list, take_place->number);

    if (at > 0 && list->places[at - 1].number == take_place->number) {
        buf_done(&take_place->texts);
        return;
    }
    memmove(&list->places[at + 1], &list->places[at], (list->n - at) * sizeof(list->places[0]));
    list->places[at] = *take_place;
    list->n++;
    if (list->n > LIMIT_PAGE_PLACES)
        remove_place(list, densest(list, at));
}

/* The nearest place at or before the row, and its number; the list's begin where there is none.
 * False: nothing is known of the list. */
static bool recall(struct arena *a, const struct db_conn *conn, struct str key, int64_t number,
                   struct query_seek *ret, int64_t *ret_at)
{
    struct list *list;
    unsigned n;
    bool holds;

    *ret = (struct query_seek){0};
    *ret_at = 0;
    (void)pthread_mutex_lock(&paged.lock);
    list = find(key);
    holds = list && db_seen_holds_in(conn, &list->seen);
    n = holds ? places_up_to(list, number) : 0;
    if (holds)
        list->used = ++paged.calls;
    if (n > 0) {
        *ret = unpack(a, &list->places[n - 1]);
        *ret_at = list->places[n - 1].number;
    }
    (void)pthread_mutex_unlock(&paged.lock);
    return holds;
}

static void remember(const struct db_conn *conn, const struct query_spec *spec, struct str key,
                     const struct query_seek *seek)
{
    struct db_seen seen;
    struct place place;
    struct list *list;

    if (!db_seen_table(conn, spec->col->name, &seen) || !pack(seek, spec->offset, &place))
        return;
    (void)pthread_mutex_lock(&paged.lock);
    list = find(key);
    if (!list || !db_seen_holds_in(conn, &list->seen))
        list = begin_list(key, &seen);
    list->used = ++paged.calls;
    insert(list, &place);
    (void)pthread_mutex_unlock(&paged.lock);
}

struct query_seek rec_seek_of(struct arena *a, const struct db_stmt *stmt)
{
    const unsigned n = db_columns(stmt);
    struct db_value *values = ARENA_ARRAY(a, struct db_value, n);

    for (unsigned i = 0; i < n; i++) {
        values[i] = db_column(stmt, i);
        if (has_bytes(&values[i]))
            values[i].s = arena_dup(a, values[i].s);
    }
    return (struct query_seek){.values = values, .n = n, .inclusive = true};
}

/* --- all -------------------------------------------------------------------------------------- */

/* The keys of the row that is `skip` behind the place; n 0: there is none. With the limit of the
 * page: for one row alone an engine may sort them all, which is slow where so many come before. */
static struct err *walk(struct arena *a, struct db_conn *conn, const struct query_spec *rows_spec,
                        const struct query_seek *place, int64_t skip, struct query_seek *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct query_spec spec = *rows_spec;
    struct query_seek seek = *place;
    struct err *err;
    bool row = false;

    seek.keys_only = true;
    spec.seek = &seek;
    spec.offset = skip;
    spec.stops = true;
    err = rec_open(a, conn, &spec, &stmt);
    if (!err)
        err = db_step(a, stmt, &row);
    *ret = row ? rec_seek_of(a, stmt) : (struct query_seek){0};
    return err;
}

struct err *rec_page_begin(struct arena *a, struct db_conn *conn, const struct query_spec *spec,
                           struct rec_begin *ret)
{
    struct query_seek place;
    struct db_seen seen;
    struct err *err = NULL;
    struct str key;
    int64_t at;

    *ret = (struct rec_begin){0};
    if (!is_served(spec))
        return NULL;
    key = key_of(a, spec);
    ret->is_known = recall(a, conn, key, spec->offset, &place, &at);
    if (!ret->is_known) {
        ret->is_known = db_seen_table(conn, spec->col->name, &seen);
        if (ret->is_known && spec->sort.n == 0)
            err = check_unsorted(a, conn, spec, &ret->is_known);
    }
    if (err || !ret->is_known)
        return err;
    ret->seek = place;
    if (place.n > 0 && at == spec->offset)
        return NULL;
    err = walk(a, conn, spec, &place, spec->offset - at, &ret->seek);
    if (!err && ret->seek.n > 0)
        remember(conn, spec, key, &ret->seek);
    return err;
}
