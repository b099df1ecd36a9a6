/*
 * Who a client is bound to: a record, for as long as it has the key that its tokens are signed
 * with; and which clients a record has, as its changes are theirs.
 */
#include "realtime/internal.h"

#include "base/memory.h"

static struct str key_of(struct arena *a, const struct rec *auth)
{
    const struct schema_auth *fields = auth->col->auth;

    return arena_concat(a, rec_text(a, auth, fields->token_key), STR("\n"),
                        fields->tokens[TOKEN_AUTH].secret);
}

struct identity identity_of(struct arena *a, const struct rec *auth)
{
    if (!auth)
        return (struct identity){0};
    return (struct identity){.col = arena_dup(a, auth->col->id),
                             .id = arena_dup(a, rec_id(auth)),
                             .key = key_of(a, auth)};
}

struct identity identity_copy(struct arena *a, const struct identity *identity)
{
    return (struct identity){.col = arena_dup(a, identity->col),
                             .id = arena_dup(a, identity->id),
                             .key = arena_dup(a, identity->key)};
}

bool identity_eq(const struct identity *x, const struct identity *y)
{
    return str_eq(x->col, y->col) && str_eq(x->id, y->id);
}

static size_t texts_of(const struct identity *identity)
{
    return identity->col.n + identity->id.n + identity->key.n;
}

void bound_free(struct bound *bound)
{
    memory_free(bound->texts, texts_of(&bound->identity));
    *bound = (struct bound){0};
}

void bound_set(struct bound *bound, const struct identity *identity)
{
    const size_t n = texts_of(identity);
    char *at;

    bound_free(bound);
    if (n == 0)
        return;
    at = bound->texts = memory_new(n);
    bound->identity.col = str_put(&at, identity->col);
    bound->identity.id = str_put(&at, identity->id);
    bound->identity.key = str_put(&at, identity->key);
}

struct err *identity_find(struct arena *a, struct db_conn *conn, const struct schema *schema,
                          const struct identity *identity, struct rec **ret)
{
    const struct schema_col *col = schema_find(schema, identity->col);
    struct err *err;

    *ret = NULL;
    if (!col || !col->auth)
        return NULL;
    err = rec_find(a, conn, col, identity->id, ret);
    if (!err && *ret && !str_eq_secret(key_of(a, *ret), identity->key))
        *ret = NULL;
    return err;
}
