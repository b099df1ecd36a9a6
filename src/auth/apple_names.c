/*
 * A few names, the oldest of which makes room for a new one.
 */
#include "auth/apple_names.h"

#include "base/json.h"
#include "base/limits.h"
#include <pthread.h>
#include <string.h>

#define NAME_BYTES 150
#define CODE_BYTES 985
#define KEPT_MS 60000

struct apple_name {
    uint64_t until_ms; /* 0: none */
    size_t code_n, name_n;
    char code[CODE_BYTES], name[NAME_BYTES];
};

struct apple_names {
    struct arena *arena; /* it lies in there */
    pthread_mutex_t lock;
    struct apple_name items[LIMIT_APPLE_NAMES];
    size_t next;
};

struct apple_names *apple_names_new(void)
{
    struct arena *a = arena_new();
    struct apple_names *names = ARENA_NEW(a, struct apple_names);

    names->arena = a;
    (void)pthread_mutex_init(&names->lock, NULL); /* of this kind it cannot fail */
    return names;
}

void apple_names_free(struct apple_names *names)
{
    if (!names)
        return;
    (void)pthread_mutex_destroy(&names->lock);
    arena_free(names->arena);
}

static struct str text_of(const struct json *object, const char *key)
{
    const struct json *in = json_get(object, str_of(key));

    return in && in->type == JSON_TEXT ? in->text : STR("");
}

/* Cut by bytes, a letter in two if need be, and trimmed then. */
static struct str read_name(struct arena *a, struct str user)
{
    const struct json *object = NULL;
    const struct json *name;
    struct str text;

    if (!json_read(a, user, &json_limits_strict, &object, NULL))
        return STR("");
    name = json_get(object, STR("name"));
    text = arena_concat(a, text_of(name, "firstName"), STR(" "), text_of(name, "lastName"));
    return str_trim_space(str_sub(text, 0, text.n < NAME_BYTES ? text.n : NAME_BYTES));
}

void apple_names_put(struct apple_names *names, struct str code, struct str user, uint64_t now_ms)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str name = code.n <= CODE_BYTES ? read_name(a, user) : STR("");
    struct apple_name *item;

    if (name.n == 0)
        return;
    (void)pthread_mutex_lock(&names->lock);
    item = &names->items[names->next];
    names->next = (names->next + 1) % LIMIT_APPLE_NAMES;
    item->until_ms = now_ms + KEPT_MS;
    item->code_n = code.n;
    item->name_n = name.n;
    memcpy(item->code, code.p, code.n);
    memcpy(item->name, name.p, name.n);
    (void)pthread_mutex_unlock(&names->lock);
}

struct str apple_names_take(struct arena *a, struct apple_names *names, struct str code,
                            uint64_t now_ms)
{
    struct str name = STR("");

    (void)pthread_mutex_lock(&names->lock);
    for (size_t i = 0; i < LIMIT_APPLE_NAMES && name.n == 0; i++) {
        struct apple_name *item = &names->items[i];

        if (item->until_ms <= now_ms || !str_eq((struct str){item->code, item->code_n}, code))
            continue;
        name = arena_dup(a, (struct str){item->name, item->name_n});
        item->until_ms = 0;
    }
    (void)pthread_mutex_unlock(&names->lock);
    return name;
}
