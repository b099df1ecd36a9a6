/*
 * Kinds of XML and JSON, told from what stands at their beginning.
 */
#include "files/internal.h"

#include "base/json.h"

#define B(literal) STR_INIT(literal)

/* --- XML -------------------------------------------------------------------------------------- */

/* An element, and behind it the name of its vocabulary. */
static const struct {
    struct str element, space;
    struct str mime, extension, aliases;
} vocabularies[] = {
    {B("<svg"), B(""), B("image/svg+xml"), B(".svg"), B("")},
    {B("<rss"), B(""), B("application/rss+xml"), B(".rss"), B("text/rss")},
    {B("<feed"), B("\"http://www.w3.org/2005/Atom\""), B("application/atom+xml"), B(".atom"),
     B("")},
    {B("<X3D"), B("\"http://www.w3.org/2001/XMLSchema-instance\""), B("model/x3d+xml"), B(".x3d"),
     B("")},
    {B("<kml"), B("\"http://www.opengis.net/kml/2.2\""), B("application/vnd.google-earth.kml+xml"),
     B(".kml"), B("")},
    {B("<xliff"), B("\"urn:oasis:names:tc:xliff:document:1.2\""), B("application/x-xliff+xml"),
     B(".xlf"), B("")},
    {B("<COLLADA"), B("\"http://www.collada.org/2005/11/COLLADASchema\""),
     B("model/vnd.collada+xml"), B(".dae"), B("")},
    {B("<"), B("\"http://www.opengis.net/gml"), B("application/gml+xml"), B(".gml"), B("")},
    {B("<gpx"), B("\"http://www.topografix.com/GPX/1/1\""), B("application/gpx+xml"), B(".gpx"),
     B("")},
    {B("<TrainingCenterDatabase"),
     B("\"http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2\""),
     B("application/vnd.garmin.tcx+xml"), B(".tcx"), B("")},
    {B("<amf"), B(""), B("application/x-amf"), B(".amf"), B("")},
    {B("<model"), B("\"http://schemas.microsoft.com/3dmanufacturing/core/2015/02\""),
     B("application/vnd.ms-package.3dmanufacturing-3dmodel+xml"), B(".3mf"), B("")},
    {B("<xfdf"), B("\"http://ns.adobe.com/xfdf/\""), B("application/vnd.adobe.xfdf"), B(".xfdf"),
     B("")},
    {B("<Ontology"), B("\"http://www.w3.org/2002/07/owl#\""), B("application/owl+xml"), B(".owl"),
     B("")},
    {B("<html"), B("\"http://www.w3.org/1999/xhtml\""), B("application/xhtml+xml"), B(".html"),
     B("")},
};

static bool set(struct file_type *ret, struct str mime, struct str extension, struct str aliases)
{
    *ret = (struct file_type){.mime = mime, .extension = extension, .aliases = aliases};
    return true;
}

bool sniff_xml(struct str text, struct file_type *ret)
{
    struct str svg = str_from(text, str_find(text, STR("<svg")));

    if (!str_starts(text, STR("<?xml")))
        return str_starts(text, STR("<")) &&
               str_has(svg, STR("xmlns=\"http://www.w3.org/2000/svg\"")) &&
               set(ret, vocabularies[0].mime, vocabularies[0].extension, STR(""));
    for (size_t i = 0; i < COUNT_OF(vocabularies); i++) {
        struct str from = str_from(text, str_find(text, vocabularies[i].element));

        if (from.n > 0 && str_has(from, vocabularies[i].space))
            return set(ret, vocabularies[i].mime, vocabularies[i].extension,
                       vocabularies[i].aliases);
    }
    return false;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static const struct str geometries[] = {
    B("\"Feature\""),         B("\"FeatureCollection\""), B("\"Point\""),
    B("\"LineString\""),      B("\"Polygon\""),           B("\"MultiPoint\""),
    B("\"MultiLineString\""), B("\"MultiPolygon\""),      B("\"GeometryCollection\""),
};
static const struct str log_members[] = {B("\"version\""), B("\"creator\""), B("\"entries\"")};
static const struct str scene_versions[] = {B("\"1.0\""), B("\"2.0\"")};

static bool take(struct str *rest, struct str text)
{
    struct str s = sniff_skip_space(*rest);

    if (!str_starts(s, text))
        return false;
    *rest = str_from(s, text.n);
    return true;
}

static bool takes_one(struct str rest, const struct str *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (take(&rest, texts[i]))
            return true;
    return false;
}

/* A first member of that name, with *rest at its value. */
static bool take_member(struct str *rest, struct str name)
{
    return take(rest, STR("{")) && take(rest, name) && take(rest, STR(":"));
}

static bool is_scene(struct str text)
{
    struct str asset = str_from(text, str_find(text, STR("\"asset\"")));
    struct str version = str_from(asset, str_find(asset, STR("\"version\"")));

    return take(&version, STR("\"version\"")) && take(&version, STR(":")) &&
           takes_one(version, scene_versions, COUNT_OF(scene_versions));
}

/* Every structural sign where it may be, for a text that the end of the head cuts. */
static bool may_go_on(struct str text)
{
    const struct str outside = STR("{}[],:.+-0123456789E \t\r\ntruefalsn");
    bool in_text = false;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (in_text && c == '\\')
            i++;
        else if (c == '"')
            in_text = !in_text;
        else if (!in_text && str_find_byte(outside, c) == outside.n)
            return false;
    }
    return true;
}

static bool is_value(struct str text)
{
    return (str_starts(text, STR("{")) || str_starts(text, STR("["))) &&
           json_valid(text, &json_limits_stored);
}

/* Two lines or more, each of them a value; the last may be cut. */
static bool is_lines(struct str text)
{
    bool cut = text.n >= FILE_HEAD_BYTES;
    size_t n = 0;

    while (text.n > 0) {
        struct str line = str_sub(text, 0, str_find_byte(text, '\n'));
        bool whole = line.n < text.n || !cut;

        text = str_from(text, line.n + 1);
        line = str_trim_space(line);
        if (line.n == 0)
            continue;
        if (whole && !is_value(line))
            return false;
        n++;
    }
    return n > 1;
}

bool sniff_json(struct str text, struct file_type *ret)
{
    struct str type = text, log = text;

    if (!str_starts(text, STR("{")) && !str_starts(text, STR("[")))
        return false;
    if (is_lines(text))
        return set(ret, STR("application/x-ndjson"), STR(".ndjson"),
                   STR("application/jsonl,application/json-lines"));
    if (text.n >= FILE_HEAD_BYTES ? !may_go_on(text) : !is_value(text))
        return false;
    if (take_member(&type, STR("\"type\"")) && takes_one(type, geometries, COUNT_OF(geometries)))
        return set(ret, STR("application/geo+json"), STR(".geojson"), STR(""));
    if (take_member(&log, STR("\"log\"")) && take(&log, STR("{")) &&
        takes_one(log, log_members, COUNT_OF(log_members)))
        return set(ret, STR("application/json"), STR(".har"), STR(""));
    if (is_scene(text))
        return set(ret, STR("model/gltf+json"), STR(".gltf"), STR(""));
    return set(ret, STR("application/json"), STR(".json"), STR(""));
}
