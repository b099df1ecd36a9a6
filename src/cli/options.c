/*
 * The command line: PocketBase's flags by their names, and Reeve's own.
 */
#include "cli/options.h"

#include "base/compiler.h"
#include "base/limits.h"
#include "base/num.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum flag_type { FLAG_TEXT, FLAG_BOOL, FLAG_INT, FLAG_SIZE };
enum flag_scope { EVERY_COMMAND, SERVE, EXPLAIN, FILES };

struct flag {
    const char *name;
    enum flag_type type;
    enum flag_scope scope;
    size_t at;
    const char *fallback; /* the default; NULL: worked out from the executable's folder */
    const char *help;
};

#define AT(member) offsetof(struct options, member)
/* clang-format off */
static const struct flag flags[] = {
    {"dir",             FLAG_TEXT, EVERY_COMMAND, AT(dir),             NULL,    "data directory (default: pb_data next to the executable)"},
    {"encryptionEnv",   FLAG_TEXT, EVERY_COMMAND, AT(encryption_env),  "",      "environment variable that holds the 32-character key of encrypted settings"},
    {"queryTimeout",    FLAG_INT,  EVERY_COMMAND, AT(query_timeout_s), "30",    "longest time of a query, in seconds"},
    {"durability",      FLAG_TEXT, EVERY_COMMAND, AT(durability),      "full",  "full: an answered write survives power loss; normal: a crash of the program only"},
    {"dev",             FLAG_BOOL, EVERY_COMMAND, AT(dev),             "false", "print debug events"},
    {"hooksDir",        FLAG_TEXT, EVERY_COMMAND, AT(hooks_dir),       NULL,    "directory of JavaScript hooks (default: pb_hooks beside the data directory)"},
    {"hooksWatch",      FLAG_BOOL, EVERY_COMMAND, AT(hooks_watch),     "true",  "accepted for PocketBase's sake"},
    {"hooksPool",       FLAG_INT,  EVERY_COMMAND, AT(hooks_pool),      "15",    "accepted for PocketBase's sake"},
    {"migrationsDir",   FLAG_TEXT, EVERY_COMMAND, AT(migrations_dir),  NULL,    "directory of migrations (default: pb_migrations beside the data directory)"},
    {"automigrate",     FLAG_BOOL, EVERY_COMMAND, AT(automigrate),     "true",  "accepted for PocketBase's sake"},
    {"publicDir",       FLAG_TEXT, EVERY_COMMAND, AT(public_dir),      NULL,    "directory of the site's own files, for paths that no endpoint has (default: pb_public next to the executable)"},
    {"indexFallback",   FLAG_BOOL, EVERY_COMMAND, AT(index_fallback),  "true",  "answer paths that have no file with the public directory's index.html"},
    {"help",            FLAG_BOOL, EVERY_COMMAND, AT(help),            "false", "this text"},
    {"version",         FLAG_BOOL, EVERY_COMMAND, AT(version),         "false", "the version"},
    {"http",            FLAG_TEXT, SERVE,         AT(http),            "127.0.0.1:8090", "address to listen on"},
    {"https",           FLAG_TEXT, SERVE,         AT(https),           "",      "not supported yet"},
    {"origins",         FLAG_TEXT, SERVE,         AT(origins),         "*",     "origins allowed by CORS, separated by commas"},
    {"allow-missing",   FLAG_TEXT, SERVE,         AT(allow_missing),   "",      "start although the data directory asks for these unsupported features (names, separated by commas)"},
    {"open",            FLAG_BOOL, SERVE,         AT(open),            "false", "open the link that makes the first superuser in a browser"},
    {"shutdownTimeout", FLAG_INT,  SERVE,         AT(shutdown_ms),     "2000",  "what requests in flight get at the end, in milliseconds"},
    {"threads",         FLAG_INT,  SERVE,         AT(threads),         "0",     "I/O threads (0: one a core)"},
    {"node",            FLAG_TEXT, SERVE,         AT(node),            "",      "name of this process in what it says of itself (default: the host's name)"},
    {"memory",          FLAG_SIZE, SERVE,         AT(memory),          "0",     "most memory for clients' requests and answers, as 512M or 4G (0: half of what there is)"},
    {"as",              FLAG_TEXT, EXPLAIN,       AT(as),              "",      "COLLECTION/ID of the record that asks (default: a guest)"},
    {"fix",             FLAG_BOOL, FILES,         AT(fix),             "false", "check: remove files that no record names, take names without a file out of records"},
    {"to",              FLAG_TEXT, FILES,         AT(to),              "",      "move: s3 or local, where all files are copied to"},
    {"remove",          FLAG_BOOL, FILES,         AT(remove),          "false", "move: remove what the target has from where it was"},
};
/* clang-format on */

static const struct flag *flag_find(struct str name)
{
    if (str_eq(name, STR("h")))
        name = STR("help");
    if (str_eq(name, STR("v")))
        name = STR("version");
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        if (str_eq(name, str_of(flags[i].name)))
            return &flags[i];
    return NULL;
}

static bool parse_bool(struct str text, bool *ret)
{
    static const char *const words[][2] = {{"true", "false"}, {"1", "0"}, {"t", "f"},
                                           {"TRUE", "FALSE"}, {"T", "F"}, {"True", "False"}};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        for (int no = 0; no < 2; no++)
            if (str_eq(text, str_of(words[i][no]))) {
                *ret = no == 0;
                return true;
            }
    return false;
}

/* Bytes, or as many of 1024 of them as K, M, G or T say. */
static bool parse_size(struct str text, int64_t *ret)
{
    static const char units[] = "KMGT";
    const char *unit = text.n > 0 ? strchr(units, text.p[text.n - 1] & ~0x20) : NULL;
    int shift = 0;

    if (unit && *unit) {
        shift = 10 * (int)(unit - units + 1);
        text = str_sub(text, 0, text.n - 1);
    }
    if (!num_parse_i64(text, ret) || *ret < 0 || *ret > INT64_MAX >> shift)
        return false;
    *ret <<= shift;
    return true;
}

static bool flag_set(struct options *options, const struct flag *flag, struct str text)
{
    void *at = (char *)options + flag->at;

    switch (flag->type) {
    case FLAG_TEXT:
        *(struct str *)at = text;
        return true;
    case FLAG_BOOL:
        return parse_bool(text, at);
    case FLAG_INT:
        return num_parse_i64(text, at) && *(int64_t *)at >= 0 && *(int64_t *)at <= INT32_MAX;
    case FLAG_SIZE:
        return parse_size(text, at);
    }
    BUG("not a type of flag");
}

/* The folder that holds the executable, without the slash. */
static struct str exe_folder(struct arena *a)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
    struct str whole = n > 0 ? (struct str){path, (size_t)n} : STR("./reeve");

    return arena_dup(a, str_sub(whole, 0, str_find_last_byte(whole, '/')));
}

static struct str parent_of(struct arena *a, struct str dir)
{
    return arena_concat(a, dir, STR("/.."), STR_NONE);
}

static void set_defaults(struct arena *a, struct options *options)
{
    struct str folder = exe_folder(a);

    for (size_t i = 0; i < COUNT_OF(flags); i++)
        if (flags[i].fallback && !flag_set(options, &flags[i], str_of(flags[i].fallback)))
            BUG("a flag's default is not of its type");
    options->dir = arena_concat(a, folder, STR("/pb_data"), STR_NONE);
    options->public_dir = arena_concat(a, folder, STR("/pb_public"), STR_NONE);
}

static void set_derived(struct arena *a, struct options *options)
{
    if (options->hooks_dir.n == 0)
        options->hooks_dir =
            arena_concat(a, parent_of(a, options->dir), STR("/pb_hooks"), STR_NONE);
    if (options->migrations_dir.n == 0)
        options->migrations_dir =
            arena_concat(a, parent_of(a, options->dir), STR("/pb_migrations"), STR_NONE);
}

/* One "--name", "--name=value" or "--name value"; moves *at past the value it takes. */
static bool parse_flag(struct arena *a, struct options *options, int argc, char **argv, int *at,
                       struct str *ret_why)
{
    struct str word = str_of(argv[*at]);
    struct str name = str_trim(word, STR("-"));
    size_t equals = str_find_byte(name, '=');
    bool has_value = equals < name.n;
    struct str value = str_from(name, equals + 1);
    const struct flag *flag = flag_find(str_sub(name, 0, equals));

    if (!flag) {
        *ret_why = arena_printf(a, "unknown flag: --%.*s", STR_ARG(str_sub(name, 0, equals)));
        return false;
    }
    if (!has_value && flag->type == FLAG_BOOL) {
        value = STR("true");
    } else if (!has_value) {
        if (*at + 1 >= argc) {
            *ret_why = arena_printf(a, "flag needs an argument: --%s", flag->name);
            return false;
        }
        value = str_of(argv[++*at]);
    }
    if (flag_set(options, flag, value))
        return true;
    *ret_why =
        arena_printf(a, "invalid argument \"%.*s\" for \"--%s\" flag", STR_ARG(value), flag->name);
    return false;
}

bool options_parse(struct arena *a, int argc, char **argv, struct options *ret, struct str *ret_why)
{
    struct str exe = argc > 0 ? str_of(argv[0]) : STR("reeve");
    size_t slash = str_find_last_byte(exe, '/');

    *ret = (struct options){0};
    set_defaults(a, ret);
    ret->argv = argv;
    ret->exe = slash < exe.n ? str_from(exe, slash + 1) : exe;
    ret->words = ARENA_ARRAY(a, struct str, (size_t)argc + 1);
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-' || argv[i][1] == '\0')
            ret->words[ret->n_words++] = str_of(argv[i]);
        else if (!parse_flag(a, ret, argc, argv, &i, ret_why))
            return false;
    }
    set_derived(a, ret);
    if (!str_eq(ret->durability, STR("full")) && !str_eq(ret->durability, STR("normal"))) {
        *ret_why = STR("invalid argument for \"--durability\" flag: full or normal");
        return false;
    }
    return true;
}

void options_usage(const struct options *options)
{
    static const char *const titles[] = {"Flags", "Flags of serve", "Flags of explain",
                                         "Flags of files"};

    printf("Reeve: an application backend in one program\n\n"
           "Usage:\n"
           "  %.*s serve [flags]\n"
           "  %.*s superuser upsert|create|update EMAIL PASS|-\n"
           "  %.*s superuser delete EMAIL\n"
           "  %.*s superuser otp EMAIL\n"
           "  %.*s superuser ips [IP-or-CIDR ...]\n"
           "  %.*s schema [NAME ...]\n"
           "  %.*s explain METHOD URL [--as COLLECTION/ID]\n"
           "  %.*s files check [--fix]\n"
           "  %.*s files move --to s3|local [--remove]\n"
           "  %.*s backup create [NAME]\n"
           "  %.*s backup list\n"
           "  %.*s backup verify NAME\n"
           "  %.*s backup restore NAME\n"
           "With - for PASS the password is the first line of standard input, and in no process "
           "list.\n"
           "files check ends with 0 where nothing was found or all of it was mended, else with 1; "
           "what is\nyounger than ten minutes is left alone.\n",
           STR_ARG(options->exe), STR_ARG(options->exe), STR_ARG(options->exe),
           STR_ARG(options->exe), STR_ARG(options->exe), STR_ARG(options->exe),
           STR_ARG(options->exe), STR_ARG(options->exe), STR_ARG(options->exe),
           STR_ARG(options->exe), STR_ARG(options->exe), STR_ARG(options->exe),
           STR_ARG(options->exe));
    for (unsigned scope = EVERY_COMMAND; scope <= FILES; scope++) {
        printf("\n%s:\n", titles[scope]);
        for (size_t i = 0; i < COUNT_OF(flags); i++)
            if (flags[i].scope == scope)
                printf("  --%-16s %s\n", flags[i].name, flags[i].help);
    }
}
