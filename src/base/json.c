/*
 * Reading JSON. A first pass over the text counts values and levels, so that what is too much is
 * refused before any memory is spent on it; yyjson then reads, and its flat list of values is
 * turned into ours with an explicit stack. Of a large document, what has been turned is given back
 * on the way: yyjson's values and ours are never there as a whole side by side.
 */
#include "base/json.h"

#include "base/limits.h"
#include "base/memory.h"
#include "base/num.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <yyjson.h>

const struct json_limits json_limits_body = {
    .max_depth = LIMIT_JSON_DEPTH, .max_values = LIMIT_JSON_VALUES, .allow_trailing = true};
const struct json_limits json_limits_strict = {.max_depth = LIMIT_JSON_DEPTH,
                                               .max_values = LIMIT_JSON_VALUES};
const struct json_limits json_limits_raw = {
    .max_depth = LIMIT_JSON_DEPTH, .max_values = LIMIT_JSON_VALUES, .mend_texts = true};
const struct json_limits json_limits_stored = {.max_depth = LIMIT_JSON_DEPTH,
                                               .max_values = LIMIT_JSON_VALUES,
                                               .allow_duplicates = true,
                                               .allow_range = true,
                                               .mend_texts = true};

/* What the first pass finds. Right for valid JSON, and for any text up to its first error. */
struct outline {
    size_t depth;   /* deepest level */
    size_t values;  /* keys are none */
    size_t members; /* of all objects */
    size_t end;     /* behind the first value if that is a list or an object, else the end */
};

#define EACH_BYTE UINT64_C(0x0101010101010101)

/* Whether one of the eight bytes is that one. */
static bool has_byte(uint64_t word, unsigned char byte)
{
    const uint64_t zero = word ^ EACH_BYTE * byte;

    return ((zero - EACH_BYTE) & ~zero & EACH_BYTE * 0x80) != 0;
}

/* To the next quote or backslash: eight bytes at a time, as most bytes of a body are in texts. */
static size_t skip_plain(struct str text, size_t at)
{
    uint64_t word;

    for (; at + sizeof(word) <= text.n; at += sizeof(word)) {
        memcpy(&word, text.p + at, sizeof(word));
        if (has_byte(word, '"') || has_byte(word, '\\'))
            break;
    }
    while (at < text.n && text.p[at] != '"' && text.p[at] != '\\')
        at++;
    return at;
}

/* Behind the string whose first character stands at `at`. */
static size_t skip_string(struct str text, size_t at)
{
    at = skip_plain(text, at);
    while (at < text.n && text.p[at] == '\\')
        at = skip_plain(text, at + 2);
    return at + 1 < text.n ? at + 1 : text.n;
}

static const char *find_outline(struct str text, const struct json_limits *limits,
                                struct outline *ret, size_t *ret_at)
{
    size_t depth = 0;
    size_t at = 0;

    *ret = (struct outline){.end = text.n, .values = 1};
    while (at < text.n) {
        char c = text.p[at++];

        if (c == '"') {
            at = skip_string(text, at);
        } else if (c == '[' || c == '{') {
            ret->values++;
            if (++depth > ret->depth)
                ret->depth = depth;
        } else if (c == ',') {
            ret->values++;
        } else if (c == ':') {
            ret->members++;
        } else if ((c == ']' || c == '}') && (depth == 0 || --depth == 0)) {
            ret->end = at;
            break;
        }
        *ret_at = at;
        if (depth > limits->max_depth)
            return "too many levels";
        if (ret->values > limits->max_values)
            return "too many values";
    }
    return NULL;
}

/* --- memory ----------------------------------------------------------------------------------- */

/* Most bytes that yyjson takes for such a text, and our values after it. */
static size_t bytes_for(struct str text, const struct outline *outline)
{
    return text.n + (outline->values + outline->members) * sizeof(yyjson_val) +
           outline->values * sizeof(struct json) + outline->members * sizeof(struct json_member);
}

/* Of a block that is read once, where the part begins that is still there. What is before that is
 * back with the system, and what it held is lost. */
struct passing {
    uintptr_t at;
};

#define GIVEN_BACK ((size_t)1024 * 1024) /* at a time; smaller blocks stay whole */

/* Whole pages of it. */
static void give_back(struct passing *block, uintptr_t end)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = (block->at + page - 1) / page * page;

    end -= end % page;
    (void)madvise((void *)begin, end - begin, MADV_DONTNEED); /* else it stays */
    block->at = end;
}

/* `end`: where what is still to be read begins. */
static inline void pass(struct passing *block, const void *end)
{
    if ((uintptr_t)end - block->at >= GIVEN_BACK)
        give_back(block, (uintptr_t)end);
}

/* --- from yyjson's values to ours ------------------------------------------------------------- */

/* One list or object that is being filled. */
struct frame {
    struct json *of;
    uint32_t done;
};

struct reader {
    struct arena *a;
    struct str text;  /* what the caller gave */
    const char *copy; /* what yyjson made of it: strings unescaped in place */
    const struct json_limits *limits;
    struct frame *stack;
    size_t depth;
    char *room; /* of all items and members, in one piece */
    size_t left;
    struct passing values, texts;
    const char *fault;
    size_t fault_at;
};

static struct str copy_text(struct reader *r, const char *p, size_t n)
{
    char *copy = arena_alloc(r->a, n);

    for (size_t done = 0; done < n;) {
        size_t piece = n - done < GIVEN_BACK ? n - done : GIVEN_BACK;

        memcpy(copy + done, p + done, piece);
        done += piece;
        pass(&r->texts, p + done);
    }
    return (struct str){copy, n};
}

/* Strings that were not unescaped stay where they are: no copy. */
static struct str keep_text(struct reader *r, const char *p, size_t n)
{
    size_t at = (size_t)(p - r->copy);
    struct str kept = {r->text.p + at, n};

    if (at > r->text.n || n > r->text.n - at || memcmp(kept.p, p, n) != 0)
        kept = n < GIVEN_BACK ? arena_dup(r->a, (struct str){p, n}) : copy_text(r, p, n);
    pass(&r->texts, p + n);
    return kept;
}

static void *take_room(struct reader *r, size_t n, size_t size)
{
    char *p = r->room;

    assert(n <= r->left / size);
    r->room += n * size;
    r->left -= n * size;
    return p;
}

static bool in_range(struct str number)
{
    double x = 0;

    if (number.n < 300 && str_find_byte(number, 'e') == number.n &&
        str_find_byte(number, 'E') == number.n)
        return true;
    return num_parse_json(number, &x) && !isinf(x);
}

static void set_fault(struct reader *r, const char *what, const void *at)
{
    if (!r->fault) {
        r->fault = what;
        r->fault_at = (size_t)((const char *)at - r->copy);
    }
}

static void convert(struct reader *r, yyjson_val *from, struct json *to)
{
    size_t n = unsafe_yyjson_get_len(from);

    *to = (struct json){.type = JSON_NULL};
    switch (unsafe_yyjson_get_type(from)) {
    case YYJSON_TYPE_BOOL:
        *to = json_of_bool(unsafe_yyjson_get_bool(from));
        break;
    case YYJSON_TYPE_STR:
        *to = json_of_text(keep_text(r, unsafe_yyjson_get_str(from), n));
        break;
    case YYJSON_TYPE_RAW:
        to->type = JSON_NUMBER;
        to->text = keep_text(r, unsafe_yyjson_get_raw(from), n);
        if (!r->limits->allow_range && !in_range(to->text))
            set_fault(r, "a number out of range", unsafe_yyjson_get_raw(from));
        break;
    case YYJSON_TYPE_ARR:
        *to = json_of_list(take_room(r, n, sizeof(struct json)), n);
        break;
    case YYJSON_TYPE_OBJ:
        *to = json_of_object(take_room(r, n, sizeof(struct json_member)), n);
        break;
    default: /* null; nothing else comes with raw numbers */
        break;
    }
    if (to->n)
        r->stack[r->depth++] = (struct frame){.of = to};
}

/* yyjson's values follow each other in the order of the text, a key before its value. */
static void convert_all(struct reader *r, yyjson_val *from, struct json *root)
{
    convert(r, from++, root);
    while (r->depth && !r->fault) {
        struct frame *top = &r->stack[r->depth - 1];
        struct json *slot;

        if (top->done == top->of->n) {
            r->depth--;
            continue;
        }
        pass(&r->values, from);
        if (top->of->type == JSON_OBJECT) {
            struct json_member *member = &top->of->members[top->done];

            member->key = keep_text(r, unsafe_yyjson_get_str(from), unsafe_yyjson_get_len(from));
            from++;
            slot = &member->value;
        } else {
            slot = &top->of->items[top->done];
        }
        top->done++;
        convert(r, from++, slot); /* may push: `top` is stale from here */
    }
}

static bool few_are_distinct(const struct json *object)
{
    for (uint32_t i = 1; i < object->n; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (str_eq(object->members[i].key, object->members[j].key))
                return false;
        }
    }
    return true;
}

/* A table of positions + 1: a fraction of the members' own memory, freed at once. */
static bool many_are_distinct(const struct json *object)
{
    size_t cap = 64;
    uint32_t *table;
    bool distinct = true;

    while (cap < (size_t)object->n * 2)
        cap *= 2;
    table = calloc(cap, sizeof(*table));
    if (!table)
        BUG("out of memory");
    for (uint32_t i = 0; i < object->n && distinct; i++) {
        struct str key = object->members[i].key;
        size_t at = (size_t)str_hash(key) & (cap - 1);

        while (table[at] && distinct) {
            distinct = !str_eq(object->members[table[at] - 1].key, key);
            at = (at + 1) & (cap - 1);
        }
        table[at] = i + 1;
    }
    free(table);
    return distinct;
}

/* Looks at every object: the same walk as convert_all(), over our values. */
static bool keys_are_distinct(struct reader *r, struct json *root)
{
    r->depth = 0;
    if (root->type == JSON_OBJECT || root->type == JSON_LIST)
        r->stack[r->depth++] = (struct frame){.of = root};
    while (r->depth) {
        struct frame *top = &r->stack[r->depth - 1];
        bool object = top->of->type == JSON_OBJECT;
        struct json *next;

        if (top->done == 0 && object &&
            !(top->of->n <= 8 ? few_are_distinct(top->of) : many_are_distinct(top->of)))
            return false;
        if (top->done == top->of->n) {
            r->depth--;
            continue;
        }
        next = object ? &top->of->members[top->done].value : &top->of->items[top->done];
        top->done++;
        if ((next->type == JSON_OBJECT || next->type == JSON_LIST) && next->n)
            r->stack[r->depth++] = (struct frame){.of = next};
    }
    return true;
}

static bool fail(struct json_fault *ret_fault, const char *what, size_t at)
{
    if (ret_fault)
        *ret_fault = (struct json_fault){.what = what, .byte = at};
    return false;
}

static bool starve(struct json_fault *ret_fault)
{
    if (ret_fault)
        *ret_fault = (struct json_fault){.what = "memory is short", .starved = true};
    return false;
}

static void free_doc(yyjson_doc *doc)
{
    yyjson_doc_free(doc);
}
AUTO_DEFINE(free_doc, yyjson_doc *)

static yyjson_doc *parse(struct str text, bool allow_trailing, yyjson_read_err *ret_err)
{
    yyjson_read_flag flags = YYJSON_READ_NUMBER_AS_RAW;
    yyjson_doc *doc;

    if (allow_trailing)
        flags |= YYJSON_READ_STOP_WHEN_DONE;
    /* not written to without the in-situ flag, says yyjson's own header */
    doc = yyjson_read_opts((char *)(uintptr_t)text.p, text.n, flags, NULL, ret_err);
    if (!doc && ret_err->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        BUG("out of memory");
    return doc;
}

/* False: as the reader's fault says. */
static bool convert_doc(struct reader *r, yyjson_doc *doc, const struct outline *outline,
                        struct json *root)
{
    yyjson_val *from = yyjson_doc_get_root(doc);

    r->copy = doc->str_pool;
    r->texts = (struct passing){(uintptr_t)r->copy};
    r->values = (struct passing){(uintptr_t)from};
    r->stack = ARENA_ARRAY(r->a, struct frame, outline->depth);
    if (unsafe_yyjson_is_ctn(from)) { /* its count of values has keys in it, too */
        r->left = (yyjson_doc_get_val_count(doc) - 1 - 2 * outline->members) * sizeof(struct json) +
                  outline->members * sizeof(struct json_member);
        r->room = arena_alloc(r->a, r->left);
    }
    convert_all(r, from, root);
    return !r->fault;
}

static bool read_outlined(struct reader *r, struct str text, const struct outline *outline,
                          struct json *root, struct json_fault *ret_fault)
{
    AUTO(free_doc) yyjson_doc *doc = NULL;
    yyjson_read_err err = {0};

    if (r->limits->allow_trailing)
        text.n = outline->end;
    doc = parse(text, r->limits->allow_trailing, &err);
    if (!doc)
        return fail(ret_fault, err.msg ? err.msg : "nothing there", err.pos);
    if (!convert_doc(r, doc, outline, root))
        return fail(ret_fault, r->fault, r->fault_at);
    free_doc(TAKE(doc));
    if (!r->limits->allow_duplicates && !keys_are_distinct(r, root))
        return fail(ret_fault, "a key twice in one object", 0);
    return true;
}

/* What it takes is charged before it is there: the arena's own charge comes on top for a moment. */
static bool read_text(struct arena *a, struct str text, const struct json_limits *limits,
                      const struct json **ret, struct json_fault *ret_fault)
{
    struct reader r = {.a = a, .text = text, .limits = limits};
    struct json *root = ARENA_NEW(a, struct json);
    struct outline outline;
    size_t at = 0, bytes;
    bool good;

    r.fault = find_outline(text, limits, &outline, &at);
    if (r.fault)
        return fail(ret_fault, r.fault, at);
    bytes = bytes_for(text, &outline);
    if (!limits->asks)
        memory_charge(bytes);
    else if (!memory_take(bytes))
        return starve(ret_fault);
    good = read_outlined(&r, text, &outline, root, ret_fault);
    memory_give(bytes);
    if (good)
        *ret = root;
    return good;
}

bool json_read(struct arena *a, struct str text, const struct json_limits *limits,
               const struct json **ret, struct json_fault *ret_fault)
{
    AUTO_BUF struct buf clean;

    buf_init(&clean, text.n * 3 + 16); /* a bad byte becomes three */
    if (!limits->mend_texts)
        return read_text(a, text, limits, ret, ret_fault);
    /* stored JSON may hold broken UTF-8 and surrogates, which yyjson does not read */
    if (!json_write_checked(&clean, text, limits))
        return fail(ret_fault, "no valid JSON", 0);
    return read_text(a, arena_dup(a, buf_str(&clean)), limits, ret, ret_fault);
}

bool json_valid(struct str text, const struct json_limits *limits)
{
    AUTO(arena_free) struct arena *a = NULL;
    const struct json *value;

    if (limits->mend_texts && limits->allow_duplicates)
        return json_write_checked(NULL, text, limits);
    a = arena_new();
    return json_read(a, text, limits, &value, NULL);
}

const struct json *json_get(const struct json *object, struct str key)
{
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    for (uint32_t i = object->n; i > 0; i--) {
        if (str_eq(object->members[i - 1].key, key))
            return &object->members[i - 1].value;
    }
    return NULL;
}

const struct json *json_get_nocase(const struct json *object, struct str key)
{
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    for (uint32_t i = object->n; i > 0; i--) {
        if (str_eq_nocase(object->members[i - 1].key, key))
            return &object->members[i - 1].value;
    }
    return NULL;
}

double json_double(const struct json *value)
{
    double x = 0;

    if (!value || value->type != JSON_NUMBER)
        return 0;
    if (!num_parse_json(value->text, &x) && !num_parse_loose(value->text, &x))
        return 0;
    return x;
}

struct json json_of_null(void)
{
    return (struct json){.type = JSON_NULL};
}

struct json json_of_bool(bool truth)
{
    return (struct json){.type = JSON_BOOL, .truth = truth};
}

struct json json_of_text(struct str text)
{
    return (struct json){.type = JSON_TEXT, .text = text};
}

struct json json_of_double(struct arena *a, double number)
{
    char text[NUM_TEXT_MAX];
    struct json value = {.type = JSON_NUMBER};

    if (isnan(number))
        value.text = STR("NaN");
    else if (isinf(number))
        value.text = number < 0 ? STR("-Inf") : STR("+Inf");
    else
        value.text = arena_dup(a, (struct str){text, num_format_json(text, number)});
    return value;
}

struct json json_of_list(struct json *items, size_t n)
{
    if (n > UINT32_MAX)
        BUG("a list longer than its limit");
    return (struct json){.type = JSON_LIST, .n = (uint32_t)n, .items = items};
}

struct json json_of_object(struct json_member *members, size_t n)
{
    if (n > UINT32_MAX)
        BUG("an object larger than its limit");
    return (struct json){.type = JSON_OBJECT, .n = (uint32_t)n, .members = members};
}
