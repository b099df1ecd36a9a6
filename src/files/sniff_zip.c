/*
 * What a zip archive holds, told from the names of its first entries.
 */
#include "files/internal.h"

#define ENTRY STR("PK\x03\x04")
#define ENTRY_HEAD 30
#define ENTRIES_MAX 100

#define B(literal) STR_INIT(literal)
#define OPEN_DOCUMENT "application/vnd.oasis.opendocument."
#define OPEN_XML "application/vnd.openxmlformats-officedocument."

struct kind {
    struct str name; /* of an entry, or the start of one */
    struct str mime, extension, aliases;
};

/* What the first entry says, whose name is "mimetype" and which is not compressed. */
static const struct kind declared[] = {
    {B("application/epub+zip"), B("application/epub+zip"), B(".epub"), B("")},
    {B(OPEN_DOCUMENT "text-template"), B(OPEN_DOCUMENT "text-template"), B(".ott"), B("")},
    {B(OPEN_DOCUMENT "text"), B(OPEN_DOCUMENT "text"), B(".odt"), B("")},
    {B(OPEN_DOCUMENT "spreadsheet-template"), B(OPEN_DOCUMENT "spreadsheet-template"), B(".ots"),
     B("")},
    {B(OPEN_DOCUMENT "spreadsheet"), B(OPEN_DOCUMENT "spreadsheet"), B(".ods"), B("")},
    {B(OPEN_DOCUMENT "presentation-template"), B(OPEN_DOCUMENT "presentation-template"), B(".otp"),
     B("")},
    {B(OPEN_DOCUMENT "presentation"), B(OPEN_DOCUMENT "presentation"), B(".odp"), B("")},
    {B(OPEN_DOCUMENT "graphics-template"), B(OPEN_DOCUMENT "graphics-template"), B(".otg"), B("")},
    {B(OPEN_DOCUMENT "graphics"), B(OPEN_DOCUMENT "graphics"), B(".odg"), B("")},
    {B(OPEN_DOCUMENT "formula"), B(OPEN_DOCUMENT "formula"), B(".odf"), B("")},
    {B(OPEN_DOCUMENT "chart"), B(OPEN_DOCUMENT "chart"), B(".odc"), B("")},
    {B("application/vnd.sun.xml.calc"), B("application/vnd.sun.xml.calc"), B(".sxc"), B("")},
};

/* Folders of office documents; they count when only usual companions come before them. */
static const struct kind office[] = {
    {B("word/"), B(OPEN_XML "wordprocessingml.document"), B(".docx"), B("")},
    {B("xl/"), B(OPEN_XML "spreadsheetml.sheet"), B(".xlsx"), B("")},
    {B("ppt/"), B(OPEN_XML "presentationml.presentation"), B(".pptx"), B("")},
    {B("visio/"), B("application/vnd.ms-visio.drawing.main+xml"), B(".vsdx"), B("")},
};

static const struct kind android = {B(""), B("application/vnd.android.package-archive"), B(".apk"),
                                    B("")};
static const struct kind java = {B(""), B("application/java-archive"), B(".jar"),
                                 B("application/jar,application/jar-archive,"
                                   "application/x-java-archive")};
static const struct kind places = {B(""), B("application/vnd.google-earth.kmz"), B(".kmz"), B("")};
static const struct kind archive = {B(""), B("application/zip"), B(".zip"),
                                    B("application/x-zip,application/x-zip-compressed")};

static const struct str android_names[] = {
    B("AndroidManifest.xml"), B("classes.dex"), B("resources.arsc"),
    B("META-INF/com/android/build/gradle/app-metadata.properties")};
static const struct str java_names[] = {B("META-INF/MANIFEST.MF"), B("META-INF/")};
static const struct str companions[] = {B("[Content_Types].xml"), B("_rels/.rels"), B("docProps"),
                                        B("customXml"), B("[trash]")};

static size_t number_at(struct str s, size_t at)
{
    return s.n < at + 2 ? 0
                        : (size_t)(unsigned char)s.p[at] | (size_t)(unsigned char)s.p[at + 1] << 8;
}

/* The next entry's name, with *rest behind it. False: there is none in the head. */
static bool take_entry(struct str *rest, struct str *ret_name, struct str *ret_content)
{
    size_t at = str_find(*rest, ENTRY);
    struct str entry = str_from(*rest, at);
    size_t name = number_at(entry, 26);

    if (entry.n < ENTRY_HEAD + name)
        return false;
    *ret_name = str_sub(entry, ENTRY_HEAD, name);
    *ret_content = str_from(entry, ENTRY_HEAD + name + number_at(entry, 28));
    *rest = str_from(entry, ENTRY_HEAD + name);
    return true;
}

static const struct kind *starts_kind(const struct kind *kinds, size_t n, struct str text)
{
    for (size_t i = 0; i < n; i++)
        if (str_starts(text, kinds[i].name))
            return &kinds[i];
    return NULL;
}

static bool is_among(const struct str *names, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(names[i], name))
            return true;
    return false;
}

static bool is_companion(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(companions); i++)
        if (str_starts(name, companions[i]))
            return true;
    return false;
}

/* What the entries make of it, in the order of what counts most. */
static const struct kind *kind_of(struct str head)
{
    const struct kind *found = &archive, *office_kind;
    struct str name, content;
    bool is_office = true;

    for (int i = 0; i < ENTRIES_MAX && take_entry(&head, &name, &content); i++) {
        if (i == 0 && str_eq(name, STR("mimetype"))) {
            const struct kind *said = starts_kind(declared, COUNT_OF(declared), content);

            return said ? said : &archive;
        }
        office_kind = starts_kind(office, COUNT_OF(office), name);
        if (is_office && office_kind)
            return office_kind;
        is_office = i == 0 ? is_companion(name) : is_office;
        if (is_among(android_names, COUNT_OF(android_names), name))
            return &android;
        if (i == 0 && is_among(java_names, COUNT_OF(java_names), name))
            found = &java;
        if (found == &archive && str_eq(name, STR("doc.kml")))
            found = &places;
    }
    return found;
}

bool sniff_zip(struct str head, struct file_type *ret)
{
    const struct kind *kind;

    if (!str_starts(head, ENTRY) && !str_starts(head, STR("PK\x05\x06")) &&
        !str_starts(head, STR("PK\x07\x08")))
        return false;
    kind = kind_of(head);
    *ret = (struct file_type){
        .mime = kind->mime, .extension = kind->extension, .aliases = kind->aliases};
    return true;
}
