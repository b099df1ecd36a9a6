/*
 * Looking things up in a snapshot.
 */
#include "schema/internal.h"

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

struct err *schema_check_fresh(struct arena *a, const struct schema *schema,
                               const struct db_conn *conn)
{
    const struct snapshot *own = &schema->snapshot;

    if (!own->store || (own->generation == snapshot_generation(own->store) &&
                        schema->db_version == db_schema_version(conn)))
        return NULL;
    return err_new(a, E_STALE, NULL, "the schema changed");
}
