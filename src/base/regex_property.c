/*
 * Names of Unicode's categories and scripts, written in any case and with spaces, hyphens and
 * underscores where one likes. RE2 knows each of them by one spelling, and knows no categories but
 * those that Unicode's data has; the others are made of these, as ranges.
 */
#include "base/regex_node.h"
#include "base/regex_re2.h"

#include <pthread.h>
#include <string.h>

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
    {STR_INIT("casedletter"), STR_INIT("LC")},
    {STR_INIT("lc"), STR_INIT("LC")},
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

/* As RE2 spells them. */
static const struct str scripts = STR_INIT(
    "Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak "
    "Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian "
    "Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot "
    "Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs "
    "Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi "
    "Gurmukhi Han Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic "
    "Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana "
    "Kawi Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha "
    "Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean "
    "Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive "
    "Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean Nag_Mundari "
    "Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki "
    "Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian "
    "Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene "
    "Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra "
    "Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese "
    "Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut "
    "Telugu Thaana Thai Tibetan Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho "
    "Warang_Citi Yezidi Yi Zanabazar_Square");

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

/* Categories that RE2 does not know, or has less in, as classes of what it knows: cased letters,
 * what is not assigned, and that together with all else that is no text. Their code points are
 * looked up once a process, by whoever asks first. */
static struct {
    const struct str name;
    const char *const class;
    struct regex_set set;
} derived[] = {
    {.name = STR_INIT("LC"), .class = "[\\p{Lu}\\p{Ll}\\p{Lt}]+"},
    {.name = STR_INIT("Cn"), .class = "[^\\pL\\pM\\pN\\pP\\pS\\pZ\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}]+"},
    {.name = STR_INIT("C"), .class = "[^\\pL\\pM\\pN\\pP\\pS\\pZ]+"},
};
static pthread_once_t derived_once = PTHREAD_ONCE_INIT;
static struct arena *derived_kept; /* holds the sets as long as the process lives */

static uint32_t code_at(struct str text, size_t at)
{
    uint32_t code = 0;

    utf8_decode(str_from(text, at), &code);
    return code;
}

/* Runs of the class in a text of all code points are its ranges. Surrogates are in no text. */
static void derive(struct arena *a, struct str all, const char *class, struct regex_set *set)
{
    struct re2_pattern *re = re2_new(class, strlen(class));
    size_t end = 0;

    if (!re)
        BUG("a class that RE2 does not understand");
    for (size_t at = 0; re2_next(re, all.p, all.n, &at, &end); at = end) {
        struct str found = str_sub(all, at, end - at);
        size_t last = found.n - 1;

        while (((unsigned char)found.p[last] & 0xc0) == 0x80) /* to where it begins */
            last--;
        regex_set_add(a, set, code_at(found, 0), code_at(found, last));
    }
    re2_free(re);
}

static void derive_all(void)
{
    AUTO_BUF struct buf all;

    buf_init(&all, 4 * (size_t)REGEX_MAX_CODE);
    for (uint32_t code = 0; code <= REGEX_MAX_CODE; code++) {
        char utf8[4];

        if (code < 0xd800 || code > 0xdfff)
            buf_add_bytes(&all, utf8, utf8_encode(code, utf8));
    }
    derived_kept = arena_new();
    for (size_t i = 0; i < COUNT_OF(derived); i++)
        derive(derived_kept, buf_str(&all), derived[i].class, &derived[i].set);
}

static bool add_derived(struct arena *a, struct regex_set *set, struct str name, bool negated)
{
    for (size_t i = 0; i < COUNT_OF(derived); i++) {
        if (!str_eq(derived[i].name, name))
            continue;
        if (pthread_once(&derived_once, derive_all) != 0)
            BUG("pthread_once");
        regex_set_add_all(a, set, derived[i].set.ranges.items, derived[i].set.ranges.n, negated);
        return true;
    }
    return false;
}

static void add(struct arena *a, struct regex_set *set, struct str name, bool negated)
{
    if (str_starts(name, STR("^"))) {
        negated = !negated;
        name = str_from(name, 1);
    }
    if (!add_derived(a, set, name, negated))
        *VEC_PUSH(a, &set->properties) = (struct regex_property){arena_dup(a, name), negated};
}

static bool add_script(struct arena *a, struct regex_set *set, struct str bare, bool negated)
{
    struct str rest = scripts;

    while (rest.n) {
        struct str name = str_split(&rest, ' ');

        if (str_eq(bare_name(a, name), bare)) {
            add(a, set, name, negated);
            return true;
        }
    }
    return false;
}

/* By its alias: what "letter" means. */
static struct str category_of(struct str bare)
{
    for (size_t i = 0; i < COUNT_OF(aliases); i++) {
        if (str_eq(aliases[i].name, bare))
            return aliases[i].category;
    }
    return STR_NONE;
}

bool regex_set_add_property(struct arena *a, struct regex_set *set, struct str name, bool negated,
                            bool fold)
{
    static const struct regex_range any[] = {{0, REGEX_MAX_CODE}};
    static const struct regex_range ascii[] = {{0, 0x7f}};
    struct str bare = bare_name(a, name);

    if (bare.n == 0)
        return false;
    if (str_eq(bare, STR("any")))
        regex_set_add_all(a, set, any, 1, negated);
    else if (str_eq(bare, STR("ascii")))
        regex_set_add_ascii(a, set, ascii, 1, negated, fold);
    else if (bare.n <= 2 && is_category(bare))
        add(a, set, capitalised(a, bare), negated);
    else if (category_of(bare).n)
        add(a, set, category_of(bare), negated);
    else
        return add_script(a, set, bare, negated);
    return true;
}
