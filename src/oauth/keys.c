/*
 * Keys of ID tokens, by the address they come from.
 *
 * Invariants
 *  1. One thread fetches from an address at a time; others who want it wait, no longer than their
 *     sign-in may take. No lock is held meanwhile.
 *  2. Keys that are there are asked for again when they are OAUTH_KEYS_MS old, or for a key that is
 *     not among them; the latter not before OAUTH_KEYS_AGAIN_MS have passed since it was tried
 *     last, whoever wants it. So tokens with made-up keys cost their provider nothing.
 *  3. A set that could not be fetched leaves the one before as it was, with its age.
 *  4. At most OAUTH_KEYS_URLS sets of OAUTH_KEYS_MOST keys are kept, of which no more than
 *     OAUTH_KEYS_BYTES have been sent, and of a key only what is used here.
 */
#include "oauth/internal.h"

#include "base/compiler.h"

#include <pthread.h>
#include <time.h>

struct set {
    struct arena *a; /* NULL: nothing is kept here */
    struct str url;
    struct json *keys; /* NULL: not fetched yet */
    size_t n;
    uint64_t asked_ms, fetched_ms, used_ms;
    bool busy; /* somebody fetches: the set stays where it is */
};

struct oauth_keys {
    struct arena *a;
    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t wake; /* a set is no more busy */
    struct set sets[OAUTH_KEYS_URLS];
};

struct oauth_keys *oauth_keys_new(void)
{
    struct arena *a = arena_new();
    struct oauth_keys *keys = ARENA_NEW(a, struct oauth_keys);
    pthread_condattr_t attr;

    keys->a = a;
    /* None can fail with such arguments. */
    (void)pthread_mutex_init(&keys->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&keys->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    return keys;
}

void oauth_keys_free(struct oauth_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < OAUTH_KEYS_URLS; i++)
        arena_free(keys->sets[i].a);
    (void)pthread_cond_destroy(&keys->wake);
    (void)pthread_mutex_destroy(&keys->lock);
    arena_free(keys->a);
}

/* --- under the lock --------------------------------------------------------------------------- */

/* The set of that address, made where there is none, maybe in the place of the one that was unused
 * for longest. NULL: all are busy. */
static struct set *set_of(struct oauth_keys *keys, struct str url)
{
    struct set *oldest = NULL;

    for (size_t i = 0; i < OAUTH_KEYS_URLS; i++) {
        struct set *set = &keys->sets[i];

        if (set->a && str_eq(set->url, url))
            return set;
        if (!set->busy && (!oldest || (oldest->a && (!set->a || set->used_ms < oldest->used_ms))))
            oldest = set;
    }
    if (!oldest)
        return NULL;
    arena_free(oldest->a);
    *oldest = (struct set){.a = arena_new()};
    oldest->url = arena_dup(oldest->a, url);
    return oldest;
}

static const struct json *find(const struct set *set, struct str kid)
{
    for (size_t i = 0; i < set->n; i++)
        if (str_eq(json_get(&set->keys[i], STR("kid"))->text, kid))
            return &set->keys[i];
    return NULL;
}

/* What of a key is used; all of it are texts. */
static struct json copy(struct arena *a, const struct json *key)
{
    static const char *const names[] = {"kid", "kty", "alg", "n", "e", "crv", "x"};
    struct json_member *members = ARENA_ARRAY(a, struct json_member, COUNT_OF(names));

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct str text;

        if (!oauth_look_text(key, names[i], &text))
            text = STR("");
        members[i] = (struct json_member){str_of(names[i]), json_of_text(arena_dup(a, text))};
    }
    return json_of_object(members, COUNT_OF(names));
}

/* False: the time of the sign-in is over. */
static bool wait_for(struct oauth_keys *keys, struct oauth_work *work)
{
    struct timespec until = {.tv_sec = (time_t)(work->end_ms / 1000),
                             .tv_nsec = (long)(work->end_ms % 1000) * 1000000};

    return pthread_cond_timedwait(&keys->wake, &keys->lock, &until) == 0;
}

/* --- fetching --------------------------------------------------------------------------------- */

static struct err *fetch(struct oauth_work *work, struct str url, struct net_answer *ret)
{
    const struct net_header headers[] = {{STR_INIT("User-Agent"), STR_INIT("Reeve/1")}};
    struct net_request request = {
        .method = STR("GET"),
        .url = url,
        .headers = headers,
        .n_headers = 1,
        .redirects = OAUTH_REDIRECTS,
        .max_answer = OAUTH_KEYS_BYTES,
    };
    struct err *err;

    err = oauth_ask(work, &request, ret);
    if (!err && (ret->head.status < 200 || ret->head.status > 299))
        return oauth_refuse(work->a, url, "the keys are refused");
    return err;
}

/* Those of an answer that have a name. False: it is no set of keys. */
static bool read_keys(struct oauth_work *work, struct str text, struct set *ret)
{
    const struct json *all, *list;

    if (!json_read(work->a, text, &json_limits_stored, &all, NULL) ||
        !oauth_look(all, "keys", &list) || !list || list->type != JSON_LIST)
        return false;
    ret->a = arena_new();
    ret->keys = ARENA_ARRAY(ret->a, struct json, OAUTH_KEYS_MOST);
    for (uint32_t i = 0; i < list->n && ret->n < OAUTH_KEYS_MOST; i++) {
        struct str kid;

        if (oauth_look_text(&list->items[i], "kid", &kid) && kid.n)
            ret->keys[ret->n++] = copy(ret->a, &list->items[i]);
    }
    return true;
}

/* Fills the busy set, without the lock while it waits. */
static struct err *fill(struct oauth_keys *keys, struct set *set, struct oauth_work *work,
                        struct str url, uint64_t now_ms)
{
    struct set filled = {.asked_ms = now_ms, .fetched_ms = now_ms, .used_ms = now_ms, .busy = true};
    struct net_answer answer;
    struct err *err;

    set->asked_ms = now_ms;
    (void)pthread_mutex_unlock(&keys->lock);
    err = fetch(work, url, &answer);
    if (!err && !read_keys(work, answer.body, &filled))
        err = oauth_refuse(work->a, url, "the keys cannot be read");
    (void)pthread_mutex_lock(&keys->lock);
    if (!err) {
        filled.url = arena_dup(filled.a, url);
        arena_free(set->a);
        *set = filled;
    }
    return err;
}

static uint64_t passed_ms(uint64_t since_ms, uint64_t now_ms)
{
    return now_ms > since_ms ? now_ms - since_ms : 0;
}

/* Under the lock. */
static struct err *get(struct oauth_keys *keys, struct oauth_work *work, struct str url,
                       struct str kid, uint64_t now_ms, const struct json **ret)
{
    for (;;) {
        struct set *set = set_of(keys, url);
        const struct json *key;
        struct err *err;

        if (set && !set->busy) {
            set->used_ms = now_ms;
            key = find(set, kid);
            if (key && passed_ms(set->fetched_ms, now_ms) < OAUTH_KEYS_MS) {
                struct json *out = ARENA_NEW(work->a, struct json);

                *out = copy(work->a, key);
                *ret = out;
                return NULL;
            }
            if (set->keys && !key && passed_ms(set->asked_ms, now_ms) < OAUTH_KEYS_AGAIN_MS)
                return oauth_refuse(work->a, url, "no key of the name that the ID token says");
            set->busy = true;
            err = fill(keys, set, work, url, now_ms);
            set->busy = false;
            (void)pthread_cond_broadcast(&keys->wake);
            if (err)
                return err;
            continue;
        }
        if (!wait_for(keys, work))
            return err_new(work->a, E_UNAVAILABLE, NULL, "keys of a sign-on provider: out of time");
    }
}

struct err *oauth_keys_get(struct oauth_work *work, struct str url, struct str kid, uint64_t now_ms,
                           const struct json **ret)
{
    struct oauth_keys *keys = work->call->keys;
    struct err *err;

    (void)pthread_mutex_lock(&keys->lock);
    err = get(keys, work, url, kid, now_ms, ret);
    (void)pthread_mutex_unlock(&keys->lock);
    return err;
}
