/*
 * Patterns, run by RE2.
 *
 * The parsed pattern is written anew in the part of RE2's syntax that needs no flags around it:
 * what is refused, and how, is our parser's, which knows what Go's package of the same syntax
 * takes.
 */
#include "base/regex.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/regex_node.h"
#include "base/regex_re2.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * What runs a pattern, shared by all that are printed alike: a schema's next snapshot has the same
 * patterns, and those with large classes of Unicode take a second to make.
 */
struct program {
    /* constant */
    char *printed;
    size_t n;
    uint64_t hash;
    /* any thread */
    _Atomic(struct re2_pattern *) made; /* NULL: not made yet, or refused */
    atomic_bool refused;                /* it would be too large */
    /* under programs.lock */
    size_t n_refs;
    struct program *next;
};

#define PROGRAM_BUCKETS 1024

static struct {
    pthread_mutex_t lock;
    struct program *buckets[PROGRAM_BUCKETS];
} programs = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct regex {
    struct program *program;
};

/* --- programs --------------------------------------------------------------------------------- */

static struct program *program_new(struct str printed, uint64_t hash)
{
    struct program *program = calloc(1, sizeof(*program));
    char *copy = malloc(printed.n + 1);

    if (!program || !copy)
        BUG("out of memory");
    memcpy(copy, printed.p, printed.n);
    program->printed = copy;
    program->n = printed.n;
    program->hash = hash;
    return program;
}

static struct program *program_ref(struct str printed)
{
    uint64_t hash = str_hash(printed);
    struct program **bucket = &programs.buckets[hash % PROGRAM_BUCKETS];
    struct program *program;

    pthread_mutex_lock(&programs.lock);
    for (program = *bucket; program; program = program->next)
        if (program->hash == hash && str_eq((struct str){program->printed, program->n}, printed))
            break;
    if (!program) {
        program = program_new(printed, hash);
        program->next = *bucket;
        *bucket = program;
    }
    program->n_refs++;
    pthread_mutex_unlock(&programs.lock);
    return program;
}

static void program_unref(struct program *program)
{
    struct program **at = &programs.buckets[program->hash % PROGRAM_BUCKETS];
    bool last;

    pthread_mutex_lock(&programs.lock);
    last = --program->n_refs == 0;
    while (last && *at != program)
        at = &(*at)->next;
    if (last)
        *at = program->next;
    pthread_mutex_unlock(&programs.lock);
    if (!last)
        return;
    re2_free(atomic_load(&program->made));
    free(program->printed);
    free(program);
}

/* NULL: it would be too large. Threads that come here together each make one, and the first one's
 * stays. */
static const struct re2_pattern *program_made(struct program *program)
{
    struct re2_pattern *made = atomic_load(&program->made);
    struct re2_pattern *before = NULL;

    if (made || atomic_load(&program->refused))
        return made;
    made = re2_new(program->printed, program->n);
    if (!made && !atomic_exchange(&program->refused, true))
        log_warn("regex.too_large", LOG_U64("bytes", program->n),
                 LOG_STR("begins", str_sub((struct str){program->printed, program->n}, 0, 200)));
    if (!made || atomic_compare_exchange_strong(&program->made, &before, made))
        return made;
    re2_free(made);
    return before;
}

/* --- patterns --------------------------------------------------------------------------------- */

static void free_regex(void *arg)
{
    struct regex *re = arg;

    program_unref(re->program);
}

/* RE2 looks for a match at each byte, and between the bytes of a character it finds that there is
 * no word's edge: where that is asked, all before the match are characters. */
struct regex *regex_of_printed(struct arena *a, struct str text)
{
    struct regex *re = ARENA_NEW(a, struct regex);

    if (str_has(text, STR("\\B"))) /* no literal is printed so */
        text = arena_concat(a, STR("\\A(?s:.*?)(?:"), text, STR(")"));
    re->program = program_ref(text);
    arena_defer(a, free_regex, re);
    return re;
}

bool regex_compile(struct arena *a, struct str pattern, struct regex **ret, struct str *ret_why)
{
    AUTO(arena_free) struct arena *own = arena_new();
    struct str why = STR_NONE;
    struct regex_node *node;
    AUTO_BUF struct buf text;

    buf_init(&text, 64 * LIMIT_REGEX_BYTES);
    node = regex_parse(own, pattern, &why);
    if (node)
        regex_print(&text, node);
    if (text.full)
        why = REGEX_TOO_LARGE;
    if (why.n == 0)
        *ret = regex_of_printed(a, buf_str(&text));
    else if (ret_why)
        *ret_why = arena_dup(a, why);
    return why.n == 0;
}

bool regex_fits(const struct regex *re)
{
    return program_made(re->program) != NULL;
}

static bool found(const struct regex *re, struct str text)
{
    const struct re2_pattern *made = program_made(re->program);

    return made && re2_found(made, text.p, text.n);
}

bool regex_match(const struct regex *re, struct str text)
{
    AUTO_BUF struct buf clean;

    buf_init(&clean, text.n * 3);
    if (utf8_valid(text))
        return found(re, text);
    while (text.n) {
        uint32_t code;
        size_t n = utf8_decode(text, &code);

        buf_add(&clean, n ? str_sub(text, 0, n) : STR("\xef\xbf\xbd"));
        text = str_from(text, n ? n : 1);
    }
    return found(re, buf_str(&clean));
}

bool regex_is_slow(const struct regex *re, struct str text)
{
    const struct re2_pattern *made = atomic_load(&re->program->made);

    if (!made)
        return !atomic_load(&re->program->refused);
    return text.n > LIMIT_REGEX_INLINE_BYTES || text.n * re2_size(made) > LIMIT_REGEX_INLINE_STEPS;
}
