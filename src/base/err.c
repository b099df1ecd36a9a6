/*
 * Errors as values, and the envelope they are sent in.
 */
#include "base/err.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/map.h"

#include <stdlib.h>

static const struct {
    int status;
    const char *message;
} kinds[] = {
#define X(kind, status, message) [kind] = {status, message},
    FOR_EACH_ERR_KIND(X)
#undef X
};

static const struct err_code codes[] = {
#define X(id, code, message) [id] = {code, message},
    FOR_EACH_ERR_CODE(X)
#undef X
};

const struct err_code *err_code(enum err_code_id id)
{
    return &codes[id];
}

int err_status(const struct err *err)
{
    return kinds[err->kind].status;
}

struct err *err_new(struct arena *a, enum err_kind kind, const char *message, const char *format,
                    ...)
{
    struct err *err = ARENA_NEW(a, struct err);
    va_list args;

    err->kind = kind;
    err->message = message ? message : kinds[kind].message;
    va_start(args, format);
    if (format)
        err->cause = arena_vprintf(a, format, args);
    va_end(args);
    return err;
}

/* A member of params as it stands in a message: texts bare, lists as "[a b]". */
static void add_param(struct buf *out, const struct json *value)
{
    if (value->type == JSON_TEXT) {
        buf_add(out, value->text);
    } else if (value->type == JSON_LIST) {
        BUF_ADD(out, "[");
        for (size_t i = 0; i < value->n; i++) {
            if (i)
                BUF_ADD(out, " ");
            if (value->items[i].type == JSON_TEXT)
                buf_add(out, value->items[i].text);
            else
                json_write(out, &value->items[i], true);
        }
        BUF_ADD(out, "]");
    } else {
        json_write(out, value, false);
    }
}

/* "{name}" becomes the member `name` of params; one that is not there stays as it is. */
static void fill_in(struct buf *out, struct str message, const struct json *params)
{
    while (message.n) {
        size_t open = str_find_byte(message, '{');
        size_t close = str_find_byte(message, '}');
        const struct json *value = NULL;

        if (open < close && close < message.n)
            value = json_get(params, str_sub(message, open + 1, close - open - 1));
        if (!value) {
            size_t n = open < message.n ? open + 1 : message.n;

            buf_add(out, str_sub(message, 0, n));
            message = str_from(message, n);
            continue;
        }
        buf_add(out, str_sub(message, 0, open));
        add_param(out, value);
        message = str_from(message, close + 1);
    }
}

static struct str filled_message(struct arena *a, struct str message, struct str params)
{
    const struct json *object = NULL;
    AUTO_BUF struct buf out;

    buf_init(&out, 64 * 1024);
    if (params.n == 0 || str_find_byte(message, '{') == message.n)
        return message;
    if (!json_read(a, params, &json_limits_stored, &object, NULL))
        BUG("params that are no JSON");
    fill_in(&out, message, object);
    return arena_dup(a, buf_str(&out));
}

void err_add_item(struct arena *a, struct err **err, struct str path, enum err_code_id code,
                  struct str params)
{
    struct str message = filled_message(a, str_of(codes[code].message), params);

    err_add_raw_item(a, err, path, str_of(codes[code].code), message, params);
}

struct str err_params_text(struct arena *a, const char *name, struct str text)
{
    AUTO_BUF struct buf out;

    buf_init(&out, 8 * text.n + 256);
    buf_addf(&out, "{\"%s\":", name);
    json_write_text(&out, text);
    BUF_ADD(&out, "}");
    return arena_dup(a, buf_str(&out));
}

/* A client decides how many items there are: past a few they are found by their paths. */
#define FEW_ITEMS 16

struct err_index {
    struct map paths;
    struct err_item *last; /* of those that are in it */
};

/* With all items in it, also those that were linked by others meanwhile. */
static struct err_index *index_items(struct arena *a, struct err *err)
{
    struct err_item *item;

    if (!err->index)
        err->index = ARENA_NEW(a, struct err_index);
    item = err->index->last ? err->index->last->next : err->items;
    for (; item; item = item->next) {
        map_put(a, &err->index->paths, item->path, item);
        err->index->last = item;
    }
    return err->index;
}

/* Where the next item is linked; NULL: there is one with that path. */
static struct err_item **place_for(struct arena *a, struct err *err, struct str path)
{
    struct err_item **end = &err->items;
    struct err_index *index;
    size_t n = 0;

    for (; *end && n < FEW_ITEMS; end = &(*end)->next, n++)
        if (str_eq((*end)->path, path))
            return NULL;
    if (!*end)
        return end;
    index = index_items(a, err);
    return map_find(&index->paths, path) ? NULL : &index->last->next;
}

void err_add_raw_item(struct arena *a, struct err **err, struct str path, struct str code,
                      struct str message, struct str params)
{
    struct err_item **end;
    struct err_item *item;

    if (!*err)
        *err = err_new(a, E_BAD_REQUEST, NULL, NULL);
    end = place_for(a, *err, path);
    if (!end)
        return;
    item = ARENA_NEW(a, struct err_item);
    item->path = arena_dup(a, path);
    item->code = code;
    item->message = err_sentence(a, message);
    item->words = message;
    item->params = params;
    *end = item;
}

struct err *err_say(struct err *err, const char *message)
{
    if (err && err->kind == E_BAD_REQUEST && str_eq(str_of(err->message), STR(ERR_WENT_WRONG)))
        err->message = message;
    return err;
}

struct err *err_starved(struct arena *a, const char *what)
{
    static struct log_pace pace;
    struct err *err = err_new(a, E_UNAVAILABLE, NULL, "memory is short: %s", what);

    log_seldom(&pace, LOG_WARN, "memory.short", LOG_CSTR("for", what));
    err->logged = true;
    return err;
}

struct err *err_copy(struct arena *a, const struct err *err)
{
    struct err_item **end;
    struct err *copy;

    if (!err)
        return NULL;
    copy = ARENA_NEW(a, struct err);
    *copy = *err;
    copy->cause = arena_dup(a, err->cause);
    copy->index = NULL;
    end = &copy->items;
    for (const struct err_item *item = err->items; item; item = item->next) {
        *end = ARENA_NEW(a, struct err_item);
        **end = (struct err_item){
            .path = arena_dup(a, item->path),
            .code = arena_dup(a, item->code),
            .message = arena_dup(a, item->message),
            .words = arena_dup(a, item->words),
            .params = arena_dup(a, item->params),
            .extra = arena_dup(a, item->extra),
        };
        end = &(*end)->next;
    }
    *end = NULL;
    return copy;
}

/* Bytewise by path segment: '.' separates, so it sorts before every other byte. */
static int compare_paths(const void *x, const void *y)
{
    struct str a = (*(const struct err_item *const *)x)->path;
    struct str b = (*(const struct err_item *const *)y)->path;

    while (a.p && b.p) {
        int order = str_cmp(str_split(&a, '.'), str_split(&b, '.'));

        if (order)
            return order;
    }
    return (a.p != NULL) - (b.p != NULL);
}

/* Length of the leading segments, with their dots, that a and b share. */
static size_t shared_prefix(struct str a, struct str b)
{
    size_t shared = 0;

    for (size_t i = 0; i < a.n && i < b.n && a.p[i] == b.p[i]; i++) {
        if (a.p[i] == '.')
            shared = i + 1;
    }
    return shared;
}

static size_t count_dots(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '.';
    return n;
}

static void write_leaf(struct buf *out, const struct err_item *item)
{
    BUF_ADD(out, "{\"code\":");
    json_write_text(out, item->code);
    BUF_ADD(out, ",\"message\":");
    json_write_text(out, item->message);
    if (item->params.n) {
        BUF_ADD(out, ",\"params\":");
        buf_add(out, item->params);
    }
    if (item->extra.n) {
        BUF_ADD(out, ",");
        buf_add(out, item->extra);
    }
    BUF_ADD(out, "}");
}

/* A sentence of our table as a check says it: without a capital and a stop. */
static void write_words(struct buf *out, const struct err_item *item)
{
    struct str words = item->words;
    size_t at;

    if (!str_eq(words, item->message)) {
        json_write_text(out, words);
        return;
    }
    if (str_ends(words, STR(".")))
        words.n--;
    at = out->n + 1;
    json_write_text(out, words);
    if (at < out->n && out->p[at] >= 'A' && out->p[at] <= 'Z')
        out->p[at] = (char)(out->p[at] + 32);
}

typedef void write_leaf_fn(struct buf *out, const struct err_item *item);

/* Closes what `last` had open beyond the shared segments, opens what `item` needs, writes it. */
static void write_item(struct buf *out, struct str last, const struct err_item *item,
                       write_leaf_fn *leaf)
{
    size_t shared = shared_prefix(last, item->path);
    size_t closing = count_dots(str_from(last, shared));
    struct str rest = str_from(item->path, shared);

    for (size_t i = 0; i < closing; i++)
        BUF_ADD(out, "}");
    if (last.p)
        BUF_ADD(out, ",");
    while (rest.p) {
        json_write_text(out, str_split(&rest, '.'));
        BUF_ADD(out, ":");
        if (rest.p)
            BUF_ADD(out, "{");
    }
    leaf(out, item);
}

/* Whether `path` lies inside the leaf `last`, where there is no place for it. */
static bool is_inside(struct str path, struct str last)
{
    return path.n > last.n && str_starts(path, last) && path.p[last.n] == '.';
}

static void write_items(struct buf *out, const struct err_item *items, write_leaf_fn *leaf)
{
    AUTO(arena_free) struct arena *a = arena_new();
    VEC(const struct err_item *) sorted = {0};
    struct str last = STR_NONE;

    for (; items; items = items->next)
        *VEC_PUSH(a, &sorted) = items;
    qsort(sorted.items, sorted.n, sizeof(sorted.items[0]), compare_paths);
    for (size_t i = 0; i < sorted.n; i++) {
        if (last.p && is_inside(sorted.items[i]->path, last))
            continue;
        write_item(out, last, sorted.items[i], leaf);
        last = sorted.items[i]->path;
    }
    for (size_t i = count_dots(last); i > 0; i--)
        BUF_ADD(out, "}");
}

void err_write(struct buf *out, const struct err *err)
{
    BUF_ADD(out, "{\"data\":{");
    if (err->items)
        write_items(out, err->items, write_leaf);
    BUF_ADD(out, "},\"message\":");
    json_write_text(out, str_of(err->message));
    BUF_ADD(out, ",\"status\":");
    buf_add_i64(out, err_status(err));
    BUF_ADD(out, "}");
}

struct str err_sentence(struct arena *a, struct str text)
{
    static const struct str stops = STR_INIT(".?!");
    struct str s = str_trim_space(text);
    bool small, open;
    char first;

    if (s.n == 0)
        return s;
    small = s.p[0] >= 'a' && s.p[0] <= 'z';
    open = str_find_byte(stops, s.p[s.n - 1]) == stops.n;
    if (!small && !open)
        return s;
    first = (char)(small ? s.p[0] - 'a' + 'A' : s.p[0]);
    return arena_concat(a, (struct str){&first, 1}, str_from(s, 1), open ? STR(".") : STR_NONE);
}

void err_write_words(struct buf *out, const struct err *err)
{
    BUF_ADD(out, "{");
    write_items(out, err->items, write_words);
    BUF_ADD(out, "}");
}
