/*
 * The memory of what queries have found.
 */
#include "records/memory.h"

/* --- questions -------------------------------------------------------------------------------- */

static void add_text(struct buf *key, struct str text)
{
    buf_add_bytes(key, &text.n, sizeof(text.n));
    buf_add(key, text);
}

/* No key is the begin of another, nor two parameters of one the same as others of two. */
bool rec_wanted_init(struct rec_wanted *wanted, struct db_conn *conn, const struct query_spec *spec,
                     const struct query_sql *sql)
{
    const uint64_t generation = spec->schema->snapshot.generation;
    struct buf *key = &wanted->key;

    *wanted = (struct rec_wanted){.conn = conn};
    buf_init(key, LIMIT_MEMO_KEY_BYTES);
    buf_add_bytes(key, &generation, sizeof(generation));
    buf_add_bytes(key, &spec->limit,
                  sizeof(spec->limit)); /* SQL may have another: query_spec.stops */
    add_text(key, sql->text);
    for (unsigned i = 0; i < sql->n; i++) {
        const struct db_value *value = &sql->values[i];

        buf_add_byte(key, (char)value->type);
        if (value->type == DB_TEXT || value->type == DB_BLOB)
            add_text(key, value->s);
        else if (value->type != DB_NULL)
            buf_add_bytes(key, &value->i, sizeof(value->i)); /* a real's bits, too */
    }
    wanted->hash = str_hash(buf_str(key));
    return !key->full;
}

void rec_wanted_done(struct rec_wanted *wanted)
{
    buf_done(&wanted->key);
}

/* --- answers ---------------------------------------------------------------------------------- */

static struct rec_memo *set_of(struct rec_memory *memory, uint64_t hash)
{
    return memory->sets[hash % COUNT_OF(memory->sets)];
}

struct rec_memo *rec_memory_find(struct rec_memory *memory, const struct rec_wanted *wanted)
{
    struct rec_memo *set = set_of(memory, wanted->hash);

    for (size_t i = 0; i < REC_MEMORY_WAYS; i++)
        if (set[i].used && set[i].hash == wanted->hash &&
            str_eq(buf_str(&set[i].key), buf_str(&wanted->key)))
            return &set[i];
    return NULL;
}

static struct rec_memo *least_used(struct rec_memory *memory, uint64_t hash)
{
    struct rec_memo *set = set_of(memory, hash), *least = set;

    for (size_t i = 1; i < REC_MEMORY_WAYS; i++)
        if (set[i].used < least->used)
            least = &set[i];
    return least;
}

bool rec_memory_use(struct rec_memory *memory, const struct rec_wanted *wanted,
                    struct rec_memo *memo)
{
    if (!db_seen_holds_in(wanted->conn, &memo->seen))
        return false;
    memo->used = ++memory->calls;
    return true;
}

void rec_memory_keep(struct rec_memory *memory, struct rec_wanted *wanted, struct rec_memo *memo)
{
    struct rec_memo *place = rec_memory_find(memory, wanted);
    struct rec_memo kept = *memo;

    if (!place)
        place = least_used(memory, wanted->hash);
    kept.key = wanted->key;
    kept.hash = wanted->hash;
    kept.used = ++memory->calls;
    wanted->key = place->key;
    memo->bytes = place->bytes;
    *place = kept;
}
