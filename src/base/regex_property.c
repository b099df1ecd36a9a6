/*
 * Names of Unicode's categories and scripts, written in any case and with spaces, hyphens and
 * underscores where one likes.
 */
#include "base/regex_node.h"

#define LONGEST_NAME 64

/* Written without what does not count; the categories' own names stand for themselves. */
static const struct {
    struct str name, category;
} aliases[] = {
    {STR_INIT("other"), STR_INIT("C")},
    {STR_INIT("control"), STR_INIT("Cc")},
    {STR_INIT("cntrl"), STR_INIT("Cc")},
    {STR_INIT("format"), STR_INIT("Cf")},
    {STR_INIT("unassigned"), STR_INIT("Cn")},
    {STR_INIT("privateuse"), STR_INIT("Co")},
    {STR_INIT("surrogate"), STR_INIT("Cs")},
    {STR_INIT("letter"), STR_INIT("L")},
    {STR_INIT("casedletter"), STR_INIT("L&")},
    {STR_INIT("lc"), STR_INIT("L&")},
    {STR_INIT("lowercaseletter"), STR_INIT("Ll")},
    {STR_INIT("modifierletter"), STR_INIT("Lm")},
    {STR_INIT("otherletter"), STR_INIT("Lo")},
    {STR_INIT("titlecaseletter"), STR_INIT("Lt")},
    {STR_INIT("uppercaseletter"), STR_INIT("Lu")},
    {STR_INIT("mark"), STR_INIT("M")},
    {STR_INIT("combiningmark"), STR_INIT("M")},
    {STR_INIT("spacingmark"), STR_INIT("Mc")},
    {STR_INIT("enclosingmark"), STR_INIT("Me")},
    {STR_INIT("nonspacingmark"), STR_INIT("Mn")},
    {STR_INIT("number"), STR_INIT("N")},
    {STR_INIT("decimalnumber"), STR_INIT("Nd")},
    {STR_INIT("digit"), STR_INIT("Nd")},
    {STR_INIT("letternumber"), STR_INIT("Nl")},
    {STR_INIT("othernumber"), STR_INIT("No")},
    {STR_INIT("punctuation"), STR_INIT("P")},
    {STR_INIT("punct"), STR_INIT("P")},
    {STR_INIT("connectorpunctuation"), STR_INIT("Pc")},
    {STR_INIT("dashpunctuation"), STR_INIT("Pd")},
    {STR_INIT("closepunctuation"), STR_INIT("Pe")},
    {STR_INIT("finalpunctuation"), STR_INIT("Pf")},
    {STR_INIT("initialpunctuation"), STR_INIT("Pi")},
    {STR_INIT("otherpunctuation"), STR_INIT("Po")},
    {STR_INIT("openpunctuation"), STR_INIT("Ps")},
    {STR_INIT("symbol"), STR_INIT("S")},
    {STR_INIT("currencysymbol"), STR_INIT("Sc")},
    {STR_INIT("modifiersymbol"), STR_INIT("Sk")},
    {STR_INIT("mathsymbol"), STR_INIT("Sm")},
    {STR_INIT("othersymbol"), STR_INIT("So")},
    {STR_INIT("separator"), STR_INIT("Z")},
    {STR_INIT("lineseparator"), STR_INIT("Zl")},
    {STR_INIT("paragraphseparator"), STR_INIT("Zp")},
    {STR_INIT("spaceseparator"), STR_INIT("Zs")},
    {STR_INIT("assigned"), STR_INIT("^Cn")},
};

/* The letters of the name in lower case; empty when there is anything else in it. */
static struct str bare_name(struct arena *a, struct str name)
{
    char bare[LONGEST_NAME];
    size_t n = 0;

    if (name.n > sizeof(bare))
        return STR_NONE;
    for (size_t i = 0; i < name.n; i++) {
        char c = (char)(name.p[i] | 0x20);

        if (c >= 'a' && c <= 'z')
            bare[n++] = c;
        else if (name.p[i] != ' ' && name.p[i] != '_' && name.p[i] != '-')
            return STR_NONE;
    }
    return arena_dup(a, (struct str){bare, n});
}

/* One or two letters that name a category: "L", "Lu". */
static bool is_category(struct str bare)
{
    static const char *const kinds[] = {"ccfnos",   "llmotu", "mcen", "ndlo",
                                        "pcdefios", "sckmo",  "zlps"};

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct str kind = str_of(kinds[i]);

        if (bare.p[0] == kind.p[0])
            return bare.n == 1 || str_find_byte(str_from(kind, 1), bare.p[1]) < kind.n - 1;
    }
    return false;
}

static struct str capitalised(struct arena *a, struct str bare)
{
    char first = (char)(bare.p[0] & ~0x20);

    return arena_concat(a, (struct str){&first, 1}, str_from(bare, 1), STR_NONE);
}

static void add(struct arena *a, struct regex_set *set, const char *prefix, struct str name,
                bool negated)
{
    if (str_starts(name, STR("^"))) {
        negated = !negated;
        name = str_from(name, 1);
    }
    name = arena_concat(a, str_of(prefix), name, STR_NONE);
    *VEC_PUSH(a, &set->properties) = (struct regex_property){name, negated};
}

bool regex_set_add_property(struct arena *a, struct regex_set *set, struct str name, bool negated)
{
    static const struct regex_range any[] = {{0, REGEX_MAX_CODE}};
    static const struct regex_range ascii[] = {{0, 0x7f}};
    struct str bare = bare_name(a, name);

    if (bare.n == 0)
        return false;
    if (str_eq(bare, STR("any"))) {
        regex_set_add_all(a, set, any, 1, negated);
    } else if (str_eq(bare, STR("ascii"))) {
        regex_set_add_all(a, set, ascii, 1, negated);
    } else if (bare.n <= 2 && is_category(bare)) {
        add(a, set, "", capitalised(a, bare), negated);
    } else {
        for (size_t i = 0; i < COUNT_OF(aliases); i++) {
            if (str_eq(aliases[i].name, bare)) {
                add(a, set, "", aliases[i].category, negated);
                return true;
            }
        }
        if (!regex_is_script(bare))
            return false;
        add(a, set, "sc:", bare, negated); /* a bare name would mean a script's extensions too */
    }
    return true;
}
