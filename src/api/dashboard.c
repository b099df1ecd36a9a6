/*
 * GET /_/…: the dashboard (services.md 14.2; its policy is stricter than PocketBase's, as it runs
 * nothing that others have written).
 */
#include "api/dashboard.h"
#include "api/internal.h"
#include "api/public.h"
#include "base/inflate.h"

#define INDEX STR("index.html")
#define EXTENSIONS STR("extensions.js") /* of PocketBase's own dashboard: there are none */

static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src "
    "'self'; connect-src 'self'; media-src 'self' blob:; frame-src 'self' blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types "
    "'none'";

/* What others have written is read and shown in it, and nothing of that runs: no script is taken
   from anywhere. It stands only in pages of this origin. */
#define FRAME "frame.html"
static const char frame_policy[] =
    "default-src 'none'; script-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data: "
    "https:; media-src 'self' https:; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'";

static const char extensions_policy[] =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' http://127.0.0.1:* "
    "https://tile.openstreetmap.org data: blob:; connect-src 'self' http://127.0.0.1:* "
    "https://nominatim.openstreetmap.org; script-src 'self' http://127.0.0.1:*; frame-ancestors "
    "'none'";

/* --- files ------------------------------------------------------------------------------------ */

static const struct dashboard_file *find_file(struct str name)
{
    size_t low = 0, high = dashboard_n_files;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = str_cmp(name, str_of(dashboard_files[middle].name));

        if (order == 0)
            return &dashboard_files[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static void add_headers(struct req *req, const struct dashboard_file *file)
{
    req_add_header(req, "Content-Security-Policy: %s",
                   strcmp(file->name, FRAME) == 0 ? frame_policy : policy);
    req_add_header(req, "Content-Type: %s", file->type);
    req_add_header(req, "ETag: W/\"%s\"", file->tag);
    req_add_header(req, "Referrer-Policy: no-referrer");
    req_add_header(req, "Cache-Control: %s",
                   file->is_hashed ? "public, max-age=31536000, immutable" : "no-cache");
    if (file->gzip.n > 0)
        req_add_header(req, "Vary: Accept-Encoding");
}

static struct str bytes_of(struct dashboard_place place)
{
    return (struct str){(const char *)dashboard_pack + place.at, place.n};
}

/* For who takes nothing else. */
static struct err *unpack(struct api_call *call, const struct dashboard_file *file, struct buf *out)
{
    char *room = buf_reserve(out, file->n_plain);

    if (!room || !gzip_unpack(bytes_of(file->gzip), room, file->n_plain))
        return err_new(call->arena, E_INTERNAL, NULL, "%s cannot be unpacked", file->name);
    buf_grew(out, file->n_plain);
    return NULL;
}

static void answer_place(struct req *req, struct dashboard_place place, const char *coding)
{
    if (coding)
        req_add_header(req, "Content-Encoding: %s", coding);
    req_answer_borrowed(req, 200, bytes_of(place));
}

static struct err *answer_file(struct api_call *call, const struct dashboard_file *file)
{
    const struct str accepted = req_header(call->req, STR("Accept-Encoding"));
    const unsigned br = public_quality(accepted, STR("br"));
    const unsigned gzip = public_quality(accepted, STR("gzip"));
    struct err *err;

    if (file->plain.n > 0 || file->n_plain == 0) {
        answer_place(call->req, file->plain, NULL);
    } else if (br > 0 && br >= gzip) {
        answer_place(call->req, file->br, "br");
    } else if (gzip > 0) {
        answer_place(call->req, file->gzip, "gzip");
    } else {
        err = unpack(call, file, &call->req->resp.body);
        if (err)
            return err;
        call->req->resp.status = 200;
    }
    return NULL;
}

/* --- the call --------------------------------------------------------------------------------- */

static bool is_known(struct api_call *call, const struct dashboard_file *file)
{
    const struct rec_condition *condition = api_condition(call);

    return condition && condition->none_match.sent &&
           rec_tags_have(&condition->none_match, str_of(file->tag), true, false);
}

/* As PocketBase has it. */
static void answer_extensions(struct req *req)
{
    req_add_header(req, "Content-Security-Policy: %s", extensions_policy);
    req_add_header(req, "Content-Type: text/javascript");
    req_add_header(req, "Vary: Accept-Encoding");
    req_add_header(req, "Cache-Control: max-age=1209600, stale-while-revalidate=86400");
    req_answer_borrowed(req, 200, STR(""));
}

static struct err *show(struct api_call *call)
{
    const struct str asked = call->req->params[0];
    const struct dashboard_file *file = find_file(asked.n > 0 ? asked : INDEX);

    if (str_eq(asked, EXTENSIONS)) {
        answer_extensions(call->req);
        return NULL;
    }
    if (!file)
        return err_new(call->arena, E_NOT_FOUND, "File not found.", "no such page");
    add_headers(call->req, file);
    if (!is_known(call, file))
        return answer_file(call, file);
    req_answer_empty(call->req, 304);
    return NULL;
}

const struct api_work api_dashboard = {.is_quiet = true,
                                       .steps = {{.place = AT_LOOP, .run = show}}};
