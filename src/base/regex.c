/*
 * Patterns in RE2's syntax, run by PCRE2 under a bound on steps.
 *
 * The parsed pattern is written anew in the part of PCRE2's syntax that means the same in both, so
 * nothing that RE2 refuses (back references, lookaround, callouts, verbs) gets through.
 *
 * The just-in-time compiler starts when a pattern has proved busy: most of a schema's patterns are
 * never asked between two starts, and the compiler costs more than a few hundred matches save.
 */
#include "base/regex.h"

#include "base/limits.h"
#include "base/regex_node.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdatomic.h>

#define BUSY_AFTER 64
#define HEAP_KIB 16384 /* PCRE2's own memory for one match */

struct regex {
    /* constant after regex_compile() */
    pcre2_code *code;
    pcre2_match_context *limits;
    /* any thread, atomic */
    _Atomic(pcre2_code *)
        compiled; /* a copy of `code` for the processor; NULL: not yet, or never */
    atomic_uint n_matches;
};

static void print_code(struct buf *out, uint32_t code)
{
    buf_addf(out, "\\x{%x}", code);
}

/* Surrogates are in no text, and PCRE2 does not take them in a pattern. */
static void print_range(struct buf *out, uint32_t low, uint32_t high)
{
    if (low < 0xd800 && high > 0xdfff) {
        print_range(out, low, 0xd7ff);
        print_range(out, 0xe000, high);
        return;
    }
    if (low >= 0xd800 && low <= 0xdfff)
        low = 0xe000;
    if (high >= 0xd800 && high <= 0xdfff)
        high = 0xd7ff;
    if (low > high)
        return;
    print_code(out, low);
    if (high > low) {
        BUF_ADD(out, "-");
        print_code(out, high);
    }
}

static void print_property(struct buf *out, const struct regex_property *property)
{
    buf_addf(out, "\\%c{%.*s}", property->negated ? 'P' : 'p', STR_ARG(property->name));
}

static void print_class(struct buf *out, const struct regex_node *node)
{
    const struct regex_set *set = node->set;
    size_t before;

    buf_add(out, node->fold ? STR("(?i:") : STR("(?:"));
    buf_add(out, set->negated ? STR("[^") : STR("["));
    before = out->n;
    for (size_t i = 0; i < set->ranges.n; i++)
        print_range(out, set->ranges.items[i].low, set->ranges.items[i].high);
    for (size_t i = 0; i < set->properties.n; i++)
        print_property(out, &set->properties.items[i]);
    if (out->n > before) {
        BUF_ADD(out, "])");
    } else { /* nothing, or all: PCRE2 knows no empty class */
        buf_cut(out, before - (set->negated ? 2 : 1));
        buf_add(out, set->negated ? STR("(?s:.))") : STR("(?!))"));
    }
}

static void print_literal(struct buf *out, const struct regex_node *node)
{
    if (node->code >= 0xd800 && node->code <= 0xdfff) {
        BUF_ADD(out, "(?!)");
        return;
    }
    if (node->fold)
        BUF_ADD(out, "(?i:");
    print_code(out, node->code);
    if (node->fold)
        BUF_ADD(out, ")");
}

static void print_repeat(struct buf *out, const struct regex_node *node)
{
    BUF_ADD(out, "(?:");
    regex_print(out, node->first);
    if (node->max < 0)
        buf_addf(out, "){%d,}", node->min);
    else
        buf_addf(out, "){%d,%d}", node->min, node->max);
}

static void print_children(struct buf *out, const struct regex_node *node)
{
    BUF_ADD(out, "(?:");
    for (const struct regex_node *child = node->first; child; child = child->next) {
        regex_print(out, child);
        if (child->next && node->op == REGEX_ALTERNATE)
            BUF_ADD(out, "|");
    }
    BUF_ADD(out, ")");
}

void regex_print(struct buf *out, const struct regex_node *node)
{
    static const struct str fixed[] = {
        [REGEX_EMPTY] = STR_INIT("(?:)"),
        [REGEX_ANY] = STR_INIT("(?s:.)"),
        [REGEX_ANY_BUT_NEWLINE] = STR_INIT("[^\\n]"),
        [REGEX_BEGIN_TEXT] = STR_INIT("\\A"),
        [REGEX_END_TEXT] = STR_INIT("\\z"),
        [REGEX_BEGIN_LINE] = STR_INIT("(?:\\A|(?<=\\n))"),
        [REGEX_END_LINE] = STR_INIT("(?=\\n|\\z)"),
        [REGEX_WORD_EDGE] = STR_INIT("\\b"),
        [REGEX_NO_WORD_EDGE] = STR_INIT("\\B"),
    };

    switch (node->op) {
    case REGEX_LITERAL:
        print_literal(out, node);
        break;
    case REGEX_CLASS:
        print_class(out, node);
        break;
    case REGEX_CONCAT:
    case REGEX_ALTERNATE:
        print_children(out, node);
        break;
    case REGEX_REPEAT:
        print_repeat(out, node);
        break;
    case REGEX_EMPTY:
    case REGEX_ANY:
    case REGEX_ANY_BUT_NEWLINE:
    case REGEX_BEGIN_TEXT:
    case REGEX_END_TEXT:
    case REGEX_BEGIN_LINE:
    case REGEX_END_LINE:
    case REGEX_WORD_EDGE:
    case REGEX_NO_WORD_EDGE:
        buf_add(out, fixed[node->op]);
        break;
    }
}

static void free_regex(void *arg)
{
    struct regex *re = arg;

    pcre2_code_free(atomic_load(&re->compiled));
    pcre2_code_free(re->code);
    pcre2_match_context_free(re->limits);
}

static void free_compile_context(pcre2_compile_context *context)
{
    pcre2_compile_context_free(context);
}
AUTO_DEFINE(free_compile_context, pcre2_compile_context *)

static pcre2_code *compile(struct arena *a, struct str text, struct str *ret_why)
{
    AUTO(free_compile_context) pcre2_compile_context *context = NULL;
    unsigned char message[256];
    pcre2_code *code;
    size_t at = 0;
    int error = 0;

    context = pcre2_compile_context_create(NULL);
    if (!context || pcre2_set_parens_nest_limit(context, 4 * LIMIT_REGEX_NESTING) != 0)
        BUG("out of memory");
    code = pcre2_compile((PCRE2_SPTR)text.p, text.n,
                         PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_NEVER_BACKSLASH_C |
                             PCRE2_DOLLAR_ENDONLY | PCRE2_NO_AUTO_CAPTURE,
                         &error, &at, context);
    if (!code) {
        if (pcre2_get_error_message(error, message, sizeof(message)) < 0)
            message[0] = '\0';
        *ret_why = arena_printf(a, "error parsing regexp: %s", (const char *)message);
    }
    return code;
}

bool regex_is_script(struct str name)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str why = STR_NONE;
    pcre2_code *code = compile(a, arena_printf(a, "\\p{sc:%.*s}", STR_ARG(name)), &why);

    pcre2_code_free(code);
    return code != NULL;
}

struct regex *regex_compile_printed(struct arena *a, struct str text, struct str *ret_why)
{
    pcre2_code *code = compile(a, text, ret_why);
    struct regex *re;

    if (!code)
        return NULL;
    re = ARENA_NEW(a, struct regex);
    re->code = code;
    re->limits = pcre2_match_context_create(NULL);
    if (!re->limits)
        BUG("out of memory");
    (void)pcre2_set_match_limit(re->limits, LIMIT_REGEX_STEPS); /* these two never fail */
    (void)pcre2_set_heap_limit(re->limits, HEAP_KIB);
    arena_defer(a, free_regex, re);
    return re;
}

bool regex_compile(struct arena *a, struct str pattern, struct regex **ret, struct str *ret_why)
{
    AUTO(arena_free) struct arena *own = arena_new();
    struct str why = STR_NONE;
    struct regex *re = NULL;
    struct regex_node *node;
    AUTO_BUF struct buf text;

    buf_init(&text, 64 * LIMIT_REGEX_BYTES);
    node = regex_parse(own, pattern, &why);
    if (node)
        regex_print(&text, node);
    if (text.full)
        why = STR("error parsing regexp: expression too large");
    else if (node)
        re = regex_compile_printed(a, buf_str(&text), &why);
    if (re)
        *ret = re;
    else if (ret_why)
        *ret_why = arena_dup(a, why);
    return re != NULL;
}

/* One thread comes here once: where the compiler gives up, the interpreter stays. */
static void compile_for_processor(struct regex *re)
{
    pcre2_code *copy = pcre2_code_copy(re->code);

    if (!copy)
        return;
    if (pcre2_jit_compile(copy, PCRE2_JIT_COMPLETE) == 0)
        atomic_store(&re->compiled, copy);
    else
        pcre2_code_free(copy);
}

static int run(const struct regex *re, const pcre2_code *code, uint32_t options, struct str text)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int found;

    if (!data)
        BUG("out of memory");
    found = pcre2_match(code, (PCRE2_SPTR)(text.n ? text.p : ""), text.n, 0,
                        options | PCRE2_NO_UTF_CHECK, data, re->limits);
    pcre2_match_data_free(data);
    return found;
}

static bool match_valid(struct regex *re, struct str text)
{
    const pcre2_code *code;
    int found;

    if (atomic_fetch_add_explicit(&re->n_matches, 1, memory_order_relaxed) == BUSY_AFTER)
        compile_for_processor(re);
    code = atomic_load(&re->compiled);
    found = run(re, code ? code : re->code, 0, text);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter has more room */
        found = run(re, re->code, PCRE2_NO_JIT, text);
    return found >= 0;
}

bool regex_match(const struct regex *re, struct str text)
{
    struct regex *mutable =
        (struct regex *)(uintptr_t)re; /* its atomics are no part of its value */
    AUTO_BUF struct buf clean;

    buf_init(&clean, text.n * 3);
    if (utf8_valid(text))
        return match_valid(mutable, text);
    while (text.n) { /* each bad byte counts as U+FFFD */
        uint32_t code;
        size_t n = utf8_decode(text, &code);

        buf_add(&clean, n ? str_sub(text, 0, n) : STR("\xef\xbf\xbd"));
        text = str_from(text, n ? n : 1);
    }
    return match_valid(mutable, buf_str(&clean));
}
