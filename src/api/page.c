/*
 * GET /_/…: what the server shows of itself in a browser (services.md 14.2).
 */
#include "api/page.h"
#include "api/internal.h"

#define INDEX STR("index.html")
#define EXTENSIONS STR("extensions.js") /* of PocketBase's own dashboard: there are none */

static const char policy[] =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' http://127.0.0.1:* "
    "https://tile.openstreetmap.org data: blob:; connect-src 'self' http://127.0.0.1:* "
    "https://nominatim.openstreetmap.org; script-src 'self' http://127.0.0.1:*; frame-ancestors "
    "'none'";

static const struct {
    struct str ending;
    const char *type;
} types[] = {
    {STR_INIT(".html"), "text/html; charset=utf-8"},
    {STR_INIT(".css"), "text/css; charset=utf-8"},
    {STR_INIT(".js"), "text/javascript; charset=utf-8"},
};

static const struct page_file *find_file(struct str name)
{
    for (const struct page_file *file = page_files; file->name; file++)
        if (str_eq(name, str_of(file->name)))
            return file;
    return NULL;
}

static const char *type_of(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (str_ends(name, types[i].ending))
            return types[i].type;
    return "application/octet-stream";
}

static void add_headers(struct req *req, const char *type, bool is_kept)
{
    req_add_header(req, "Content-Security-Policy: %s", policy);
    req_add_header(req, "Content-Type: %s", type);
    req_add_header(req, "Vary: Accept-Encoding");
    if (is_kept)
        req_add_header(req, "Cache-Control: max-age=1209600, stale-while-revalidate=86400");
}

static struct err *show(struct api_call *call)
{
    const struct str asked = call->req->params[0];
    const struct str name = asked.n > 0 ? asked : INDEX;
    const struct page_file *file = find_file(name);

    if (str_eq(asked, EXTENSIONS)) {
        add_headers(call->req, "text/javascript", true);
        req_answer_borrowed(call->req, 200, STR(""));
        return NULL;
    }
    if (!file)
        return err_new(call->arena, E_NOT_FOUND, "File not found.", "no such page");
    add_headers(call->req, type_of(name), asked.n > 0);
    req_answer_borrowed(call->req, 200, (struct str){(const char *)file->bytes, file->n});
    return NULL;
}

const struct api_work api_page = {.is_quiet = true, .steps = {{.place = AT_LOOP, .run = show}}};
