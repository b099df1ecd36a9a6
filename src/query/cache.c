/*
 * Compiled statements of the calling thread, the least recently used given up first.
 *
 * Invariants
 *  1. An entry lies, with everything it points to, in one block of memory that its `memory` owns.
 *  2. `bytes` is the sum of those blocks and at most LIMIT_SHAPES_BYTES.
 *  3. Entries hold no pointer into a schema that is followed: the snapshot's address and generation
 *     only tell it from others.
 */
#include "query/internal.h"

#include "base/limits.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#define BUCKETS 512 /* a power of two */

struct entry {
    struct buf memory;
    struct entry *chain;         /* the next of its bucket */
    struct entry *newer, *older; /* by use */
    uint64_t hash;
    struct query_shape_key key;
    struct query_shape shape;
};

struct cache {
    struct entry *buckets[BUCKETS];
    struct entry *newest, *oldest;
    size_t bytes;
};

static _Thread_local struct cache cache;
static pthread_key_t at_thread_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint64_t mix(uint64_t hash, uint64_t more)
{
    hash = (hash ^ more) * 0x9e3779b97f4a7c15ULL;
    return hash ^ (hash >> 29);
}

static uint64_t hash_key(const struct query_shape_key *key)
{
    uint64_t hash = mix(key->generation, (uintptr_t)key->schema);

    hash = mix(hash, ((uint64_t)key->col << 32) | key->auth_col);
    hash = mix(hash, key->ref_field);
    hash = mix(hash, ((uint64_t)key->want << 32) | key->flags);
    hash = mix(hash, (uint64_t)key->limit);
    if (key->seek)
        hash = mix(hash, key->seek);
    hash = mix(hash, (uintptr_t)key->rule.p ^ key->rule.n); /* a snapshot's rules stay in place */
    if (key->filter.n > 0)
        hash = mix(hash, str_hash(key->filter));
    if (key->sort.n > 0)
        hash = mix(hash, str_hash(key->sort));
    if (key->groups.n > 0)
        hash = mix(hash, str_hash(key->groups));
    return hash;
}

static bool key_eq(const struct query_shape_key *x, const struct query_shape_key *y)
{
    return x->generation == y->generation && x->schema == y->schema && x->dialect == y->dialect &&
           x->col == y->col && x->auth_col == y->auth_col && x->ref_field == y->ref_field &&
           x->want == y->want && x->flags == y->flags && x->limit == y->limit &&
           x->seek == y->seek && str_eq(x->rule, y->rule) && str_eq(x->filter, y->filter) &&
           str_eq(x->sort, y->sort) && str_eq(x->groups, y->groups);
}

/* --- the order of use ------------------------------------------------------------------------ */

static void unlink_entry(struct entry *e)
{
    if (e->newer)
        e->newer->older = e->older;
    else
        cache.newest = e->older;
    if (e->older)
        e->older->newer = e->newer;
    else
        cache.oldest = e->newer;
}

static void link_newest(struct entry *e)
{
    e->newer = NULL;
    e->older = cache.newest;
    if (cache.newest)
        cache.newest->newer = e;
    else
        cache.oldest = e;
    cache.newest = e;
}

static void drop(struct entry *e)
{
    struct entry **slot = &cache.buckets[e->hash & (BUCKETS - 1)];
    struct buf memory = e->memory;

    while (*slot != e)
        slot = &(*slot)->chain;
    *slot = e->chain;
    unlink_entry(e);
    cache.bytes -= memory.cap;
    buf_done(&memory);
}

/* --- copying in ------------------------------------------------------------------------------ */

/* Where the next thing goes in an entry's block; with `at` NULL only `n` is counted. */
struct filling {
    char *at;
    size_t n;
};

static void *fill(struct filling *f, const void *from, size_t n)
{
    const size_t step = _Alignof(max_align_t);
    char *to = f->at ? f->at + f->n : NULL;

    if (to && n > 0)
        memcpy(to, from, n);
    f->n += (n + step - 1) / step * step;
    return to;
}

static struct str fill_str(struct filling *f, struct str s)
{
    return (struct str){fill(f, s.p, s.n), s.n};
}

/* What it points to in a schema is not followed any more: see query/eval.c. */
static void fill_tree(struct filling *f, struct query_tree *tree)
{
    struct tree_operand *operands =
        fill(f, tree->operands.items, tree->operands.n * sizeof(*operands));

    for (size_t i = 0; i < tree->operands.n; i++) {
        struct str path = fill_str(f, tree->operands.items[i].path);

        if (operands)
            operands[i].path = path;
    }
    tree->operands.items = operands;
    tree->args.items = fill(f, tree->args.items, tree->args.n * sizeof(*tree->args.items));
    tree->tests.items = fill(f, tree->tests.items, tree->tests.n * sizeof(*tree->tests.items));
    tree->hops.items = fill(f, tree->hops.items, tree->hops.n * sizeof(*tree->hops.items));
}

/* Everything of an entry behind its head. */
static void fill_entry(struct filling *f, struct entry *e, const struct query_shape_key *key,
                       const struct query_shape *shape)
{
    struct query_probe *probes;
    struct query_recipe *recipes;

    e->key = *key;
    e->key.rule = fill_str(f, key->rule);
    e->key.filter = fill_str(f, key->filter);
    e->key.sort = fill_str(f, key->sort);
    e->key.groups = fill_str(f, key->groups);
    e->shape = *shape;
    e->shape.text = fill_str(f, shape->text);
    probes = fill(f, shape->probes, shape->n_probes * sizeof(*probes));
    recipes = fill(f, shape->recipes, shape->n_recipes * sizeof(*recipes));
    for (unsigned i = 0; i < shape->n_probes; i++) {
        struct str path = fill_str(f, shape->probes[i].path);

        if (probes)
            probes[i].path = path;
    }
    for (unsigned i = 0; i < shape->n_recipes; i++) {
        struct str text = fill_str(f, shape->recipes[i].text);

        if (recipes && recipes[i].text.p)
            recipes[i].text = text;
    }
    e->shape.probes = probes;
    e->shape.recipes = recipes;
    e->shape.columns = fill(f, shape->columns, shape->n_columns * sizeof(*shape->columns));
    if (e->shape.program.dialect)
        fill_tree(f, &e->shape.program.tree);
}

static struct entry *entry_new(const struct query_shape_key *key, const struct query_shape *shape)
{
    struct entry head = {.hash = 0};
    struct filling size = {NULL, 0}, f;
    struct buf memory;
    struct entry *e;

    fill(&size, &head, sizeof(head));
    fill_entry(&size, &head, key, shape);
    if (size.n > LIMIT_SHAPES_BYTES / 4)
        return NULL;
    buf_init(&memory, size.n + 1);
    f = (struct filling){buf_reserve(&memory, size.n), 0};
    e = fill(&f, &head, sizeof(head));
    fill_entry(&f, e, key, shape);
    e->memory = memory;
    return e;
}

/* --- use ------------------------------------------------------------------------------------- */

static bool answers_alike(struct arena *a, const struct query_shape *shape,
                          const struct query_request *request, struct query_answer *answers)
{
    for (unsigned i = 0; i < shape->n_probes; i++) {
        query_answer_to(a, request, &shape->probes[i], &answers[i]);
        if (answers[i].class != shape->probes[i].class)
            return false;
    }
    return true;
}

const struct query_shape *query_cache_find(struct arena *a, const struct query_shape_key *key,
                                           const struct query_request *request,
                                           struct query_answer **ret_answers)
{
    uint64_t hash = hash_key(key);

    for (struct entry *e = cache.buckets[hash & (BUCKETS - 1)]; e; e = e->chain) {
        struct query_answer *answers = NULL;

        if (e->hash != hash || !key_eq(&e->key, key))
            continue;
        if (e->shape.n_probes > 0)
            answers = arena_alloc(a, e->shape.n_probes * sizeof(*answers));
        if (!answers_alike(a, &e->shape, request, answers))
            continue;
        if (cache.newest != e) {
            unlink_entry(e);
            link_newest(e);
        }
        *ret_answers = answers;
        return &e->shape;
    }
    return NULL;
}

static void release(void *unused)
{
    (void)unused;
    query_cache_release();
}

static void make_key(void)
{
    if (pthread_key_create(&at_thread_end, release) != 0)
        BUG("no thread key to be had");
}

/* Has the cache freed when the thread ends. */
static void release_with_thread(void)
{
    (void)pthread_once(&once, make_key); /* cannot fail: `once` is a valid control */
    if (pthread_setspecific(at_thread_end, &cache) != 0)
        BUG("out of memory");
}

void query_cache_put(const struct query_shape_key *key, const struct query_shape *shape)
{
    struct entry *e = entry_new(key, shape);

    if (!e)
        return;
    if (!cache.oldest)
        release_with_thread();
    while (cache.oldest && cache.bytes + e->memory.cap > LIMIT_SHAPES_BYTES)
        drop(cache.oldest);
    e->hash = hash_key(key);
    e->chain = cache.buckets[e->hash & (BUCKETS - 1)];
    cache.buckets[e->hash & (BUCKETS - 1)] = e;
    cache.bytes += e->memory.cap;
    link_newest(e);
}

void query_cache_release(void)
{
    while (cache.oldest)
        drop(cache.oldest);
    assert(cache.bytes == 0);
}
