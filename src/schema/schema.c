/*
 * Looking things up in a snapshot, and the store that publishes the current one.
 */
#include "schema/internal.h"

#include <pthread.h>

struct schema *schema_ref(struct schema *schema)
{
    atomic_fetch_add_explicit(&schema->refs, 1, memory_order_relaxed);
    return schema;
}

void schema_unref(struct schema *schema)
{
    if (schema && atomic_fetch_sub_explicit(&schema->refs, 1, memory_order_acq_rel) == 1)
        arena_free(schema->arena); /* it lives in there */
}

#define NAME_MAX_BYTES 255 /* collections.md 11 */

const struct schema_col *schema_find(const struct schema *schema, struct str name_or_id)
{
    const struct schema_col *by_id = map_find(&schema->by_id, name_or_id);
    const struct schema_col *by_name;
    char lower[NAME_MAX_BYTES];

    if (name_or_id.n > sizeof(lower))
        return by_id;
    for (size_t i = 0; i < name_or_id.n; i++) {
        char c = name_or_id.p[i];

        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    by_name = map_find(&schema->by_name, (struct str){lower, name_or_id.n});
    if (by_id && by_name) /* a collection's id may be another's name: the older one is meant */
        return by_id->number < by_name->number ? by_id : by_name;
    return by_id ? by_id : by_name;
}

const struct schema_field *schema_field(const struct schema_col *col, struct str name)
{
    return map_find(&col->field_map, name);
}

bool schema_is_unique(const struct schema_col *col, struct str field, bool *ret_nocase)
{
    for (size_t i = 0; i < col->n_indexes; i++) {
        const struct schema_index *index = &col->indexes[i];

        if (!index->unique || index->columns.n != 1 ||
            !str_eq_nocase(index->columns.items[0], field))
            continue;
        if (ret_nocase)
            *ret_nocase = str_eq(index->collations.items[0], STR("NOCASE"));
        return true;
    }
    return false;
}

/* --- the store ---------------------------------------------------------------------------------
 */

struct schema_store {
    struct arena *arena; /* it lives in there */
    pthread_mutex_t lock;
    struct schema *current;          /* any thread, under `lock` */
    atomic_uint_fast64_t generation; /* any thread; written under `lock` */
};

struct schema_store *schema_store_new(void)
{
    struct arena *a = arena_new();
    struct schema_store *store = ARENA_NEW(a, struct schema_store);

    store->arena = a;
    pthread_mutex_init(&store->lock, NULL);
    atomic_init(&store->generation, 0);
    return store;
}

void schema_store_free(struct schema_store *store)
{
    if (!store)
        return;
    schema_unref(store->current);
    pthread_mutex_destroy(&store->lock);
    arena_free(store->arena);
}

void schema_publish(struct schema_store *store, struct schema *take_schema)
{
    struct schema *former;
    uint64_t generation;

    pthread_mutex_lock(&store->lock);
    generation = atomic_load_explicit(&store->generation, memory_order_relaxed) + 1;
    take_schema->generation = generation;
    take_schema->store = store;
    former = store->current;
    store->current = take_schema;
    atomic_store_explicit(&store->generation, generation, memory_order_release);
    pthread_mutex_unlock(&store->lock);
    schema_unref(former);
}

struct schema *schema_current(struct schema_store *store)
{
    struct schema *schema;

    pthread_mutex_lock(&store->lock);
    schema = schema_ref(store->current);
    pthread_mutex_unlock(&store->lock);
    return schema;
}

uint64_t schema_generation(const struct schema_store *store)
{
    return atomic_load_explicit(&store->generation, memory_order_acquire);
}

struct err *schema_check_fresh(struct arena *a, const struct schema *schema,
                               const struct db_conn *conn)
{
    if (!schema->store || (schema->generation == schema_generation(schema->store) &&
                           schema->db_version == db_schema_version(conn)))
        return NULL;
    return err_new(a, E_STALE, NULL, "the schema changed");
}
