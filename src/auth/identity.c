/*
 * Tokens that a thread has verified, and their records, as long as nothing of it can have changed:
 * no commit to the record's table (db_seen_holds()), no other definition of its collection (the
 * schema's generation), the token's time. Then its owner is known without a signature and a query.
 *
 * An identity is used by calls on any thread, after it has left the table, too: it is counted.
 */
#include "auth/internal.h"

#include "base/limits.h"

#include <stdatomic.h>

#define IDENTITIES 256 /* of a thread; a power of 2 */

struct identity {
    atomic_uint refs;    /* the table's and one of each call that uses it */
    struct arena *arena; /* it lies in there */
    /* constant once it is in the table */
    uint64_t hash; /* of the token's text */
    const struct db *db;
    const struct schema *schema; /* of `generation`; not to be looked into before that is checked */
    uint64_t generation;
    struct db_seen seen;
    struct auth_token token;
};

static _Thread_local struct identity **identities; /* IDENTITIES of them, or NULL */
static _Thread_local struct arena *identities_arena;

static void identity_unref(void *arg)
{
    struct identity *identity = arg;

    if (identity && atomic_fetch_sub(&identity->refs, 1) == 1)
        arena_free(identity->arena);
}

static struct identity **place_of(uint64_t hash)
{
    return &identities[hash & (IDENTITIES - 1)];
}

void auth_thread_end(void)
{
    for (size_t i = 0; identities && i < IDENTITIES; i++)
        identity_unref(identities[i]);
    arena_free(identities_arena);
    identities_arena = NULL;
    identities = NULL;
}

/* --- remembering ------------------------------------------------------------------------------ */

static size_t bytes_of(const struct rec *rec)
{
    size_t n = 0;

    for (size_t i = 0; i < rec->col->n_fields; i++)
        if (rec->cells[i].type == DB_TEXT || rec->cells[i].type == DB_BLOB)
            n += rec->cells[i].s.n;
    return n;
}

static const struct rec *copy_rec(struct arena *a, const struct rec *rec)
{
    struct db_value *cells = ARENA_ARRAY(a, struct db_value, rec->col->n_fields);
    struct rec *copy = ARENA_NEW(a, struct rec);

    for (size_t i = 0; i < rec->col->n_fields; i++) {
        cells[i] = rec->cells[i];
        if (cells[i].type == DB_TEXT || cells[i].type == DB_BLOB)
            cells[i].s = arena_dup(a, cells[i].s);
    }
    *copy = (struct rec){.col = rec->col, .cells = cells};
    return copy;
}

static struct identity *identity_new(const struct auth_token *token)
{
    struct arena *a = arena_new();
    struct identity *identity = ARENA_NEW(a, struct identity);

    atomic_init(&identity->refs, 1);
    identity->arena = a;
    identity->token = *token;
    identity->token.rec = copy_rec(a, token->rec);
    identity->token.text = arena_dup(a, token->text);
    identity->token.email = identity->token.new_email = STR("");
    return identity;
}

/* In the snapshot in which the token was verified. */
static void remember(const struct db *db, const struct db_conn *conn, const struct schema *schema,
                     const struct auth_token *token, uint64_t hash)
{
    struct identity *identity;
    struct db_seen seen;

    if (schema->snapshot.generation == 0 ||
        token->text.n + bytes_of(token->rec) > LIMIT_IDENTITY_BYTES ||
        !db_seen_table(conn, token->rec->col->name, &seen))
        return;
    if (!identities) {
        identities_arena = arena_new();
        identities = ARENA_ARRAY(identities_arena, struct identity *, IDENTITIES);
    }
    identity = identity_new(token);
    identity->hash = hash;
    identity->db = db;
    identity->schema = schema;
    identity->generation = schema->snapshot.generation;
    identity->seen = seen;
    identity_unref(*place_of(hash));
    *place_of(hash) = identity;
}

/* --- recalling -------------------------------------------------------------------------------- */

static struct identity *find(const struct db *db, const struct schema *schema, struct str token,
                             uint64_t hash, int64_t now_ms)
{
    struct identity *known = identities ? *place_of(hash) : NULL;

    if (!known || known->hash != hash || known->db != db || known->schema != schema ||
        known->generation != schema->snapshot.generation ||
        !str_eq_secret(known->token.text, token) || now_ms < known->token.from_ms ||
        now_ms >= known->token.until_ms || !db_seen_holds(db, &known->seen))
        return NULL;
    return known;
}

struct err *auth_identify(struct arena *a, const struct db *db, struct db_conn *conn,
                          const struct schema *schema, struct str token, int64_t now_ms,
                          struct auth_token *ret)
{
    const uint64_t hash = str_hash(token);
    struct identity *known = find(db, schema, token, hash, now_ms);
    struct err *err;

    if (known) {
        atomic_fetch_add(&known->refs, 1);
        arena_defer(a, identity_unref, known);
        *ret = known->token;
        return NULL;
    }
    err = auth_token_verify(a, conn, schema, token, TOKEN_AUTH, now_ms, ret);
    if (!err && ret->rec)
        remember(db, conn, schema, ret, hash);
    return err;
}
