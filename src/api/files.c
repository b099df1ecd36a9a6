/*
 * /api/files (services.md 3).
 */
#include "api/serve.h"
#include "base/limits.h"
#include "base/log.h"

/* --- tokens ----------------------------------------------------------------------------------- */

static struct err *make_token(struct api_call *call)
{
    struct buf *out = &call->req->resp.body;
    struct str token = auth_token_new(call->arena, call->caller.token.rec, TOKEN_FILE, false, 0,
                                      call->caller.actor.scope.now_ms);

    if (token.n == 0)
        return err_new(call->arena, E_BAD_REQUEST, "Failed to generate file token", "no key");
    BUF_ADD(out, "{\"token\":");
    json_write_text(out, token);
    BUF_ADD(out, "}");
    req_answer_json(call->req, 200);
    return NULL;
}

const struct api_work api_files_token = {.steps = {{.place = AT_READ, .run = make_token}}};

/* --- downloads -------------------------------------------------------------------------------- */

struct download {
    struct file_key key;
    struct str size; /* of the thumb that is asked for and may be; empty: none */
    bool open;       /* `served.file` is */
    bool is_whole;   /* ... the file itself, of which a thumb is to be sent that is not there yet */
    struct serve_file served;
};

/* Who has the token in the query may see what its owner may; everyone else is a guest. */
static struct err *check_protected(struct api_call *call, const struct rec_file *file)
{
    struct rec_actor actor = call->caller.actor;
    struct auth_token token;
    struct err *err = auth_token_verify(call->arena, call->conn, call->schema,
                                        req_query_get(call->req, STR("token")), TOKEN_FILE,
                                        actor.scope.now_ms, &token);

    if (err)
        return err;
    if (token.rec && token.rec->col == call->schema->superusers &&
        !call->caller.superuser_ip_allowed)
        token.rec = NULL;
    actor.request.context = STR("protectedFile");
    rec_actor_set_auth(call->arena, &actor, token.rec);
    return rec_file_check(call->arena, call->conn, &actor, file);
}

/* "100x100" always, and what the field names; anything else is as if it were not there. */
static struct str wanted_size(struct api_call *call, const struct schema_field *field)
{
    struct str size = req_query_get(call->req, STR("thumb"));

    if (str_eq(size, STR("100x100")))
        return size;
    for (size_t i = 0; i < field->file.thumbs.n; i++)
        if (size.n > 0 && str_eq(size, field->file.thumbs.items[i]))
            return size;
    return STR("");
}

static struct err *find_file(struct api_call *call)
{
    struct download *download = ARENA_NEW(call->arena, struct download);
    const struct schema_col *col;
    struct rec_file file;
    struct err *err;

    call->state = download;
    err = api_collection(call, "Missing or invalid collection context.", &col);
    if (!err)
        err = rec_file_find(call->arena, call->conn, call->schema, col, call->req->params[1],
                            call->req->params[2], &file);
    if (!err && file.field->file.is_protected) {
        err = api_body(call, &call->caller.actor.request.body);
        if (!err)
            err = check_protected(call, &file);
    }
    if (err)
        return err;
    download->key = (struct file_key){arena_dup(call->arena, file.key.col),
                                      arena_dup(call->arena, file.key.rec), file.key.name};
    download->size = wanted_size(call, file.field);
    download->served.name = file.key.name;
    download->served.is_private = file.field->file.is_protected;
    return NULL;
}

/* In place of the file that is open. */
static void take_thumb(struct api_call *call, const struct file_opened *thumb)
{
    struct download *download = call->state;

    file_close(&download->served.file);
    download->served.file = *thumb;
    download->served.name = arena_concat(call->arena, download->size, STR("_"), download->key.name);
    download->is_whole = false;
}

/* Whether the file that is open now is to be looked for as a thumb. */
static bool wants_thumb(struct download *download)
{
    download->open = true;
    download->is_whole = download->size.n > 0 && file_has_thumbs(download->served.file.type);
    return download->is_whole;
}

static struct err *open_cached(struct api_call *call)
{
    struct download *download = call->state;
    struct file_store *store = call->api->files;
    struct file_opened *file = &download->served.file;
    struct file_opened thumb;
    struct file_key key;

    if (!file_store_open_cached(call->arena, store, &download->key, file) || !wants_thumb(download))
        return NULL;
    key = file_thumb_key(call->arena, &download->key, download->size);
    if (file_store_open_cached(call->arena, store, &key, &thumb))
        take_thumb(call, &thumb);
    return NULL;
}

static bool is_closed(const struct api_call *call)
{
    const struct download *download = call->state;

    return !download->open;
}

/* As PocketBase answers; the log says what it is. */
static struct err *is_out_of_reach(struct api_call *call, const struct err *why)
{
    static struct log_pace pace;

    log_seldom(&pace, LOG_ERROR, "files.failed", LOG_STR("path", call->req->path),
               LOG_STR("cause", why->cause));
    return err_new(call->arena, E_NOT_FOUND, NULL, "%.*s", STR_ARG(why->cause));
}

static struct err *open_file(struct api_call *call)
{
    struct download *download = call->state;
    struct err *err = file_store_open(call->arena, call->api->files, &download->key,
                                      &call->req->gone, &download->served.file);
    struct file_opened thumb;
    struct file_key key;

    if (err && err->kind != E_NOT_FOUND && err->kind != E_GONE &&
        file_store_is_remote(call->api->files))
        return is_out_of_reach(call, err);
    if (err || !wants_thumb(download))
        return err;
    key = file_thumb_key(call->arena, &download->key, download->size);
    if (!file_store_open(call->arena, call->api->files, &key, &call->req->gone, &thumb))
        take_thumb(call, &thumb); /* else it is to be made */
    return NULL;
}

static bool is_whole(const struct api_call *call)
{
    const struct download *download = call->state;

    return download->is_whole;
}

static bool is_elsewhere(const struct api_call *call)
{
    const struct download *download = call->state;

    return download->is_whole && download->served.file.fd < 0;
}

static void log_no_thumb(struct api_call *call, const struct err *why)
{
    static struct log_pace pace;
    const struct download *download = call->state;

    log_seldom(&pace, LOG_WARN, "thumb.failed", LOG_STR("path", call->req->path),
               LOG_STR("size", download->size), LOG_STR("cause", why->cause));
}

/* What a thumb is made of, where it waits for no picture. */
static struct err *bring_source(struct api_call *call)
{
    struct download *download = call->state;
    struct err *err = file_bring(call->arena, &download->served.file, LIMIT_THUMB_SOURCE_BYTES);

    if (err)
        log_no_thumb(call, err);
    download->is_whole = !err;
    return NULL;
}

/* What is stored is not checked. */
static uint64_t bound(int64_t setting)
{
    return setting > 0 ? (uint64_t)setting : 0;
}

/* What is no picture after all is sent as it is. */
static struct err *make_thumb(struct api_call *call)
{
    struct download *download = call->state;
    const struct file_thumb thumb = {.key = &download->key,
                                     .source = &download->served.file,
                                     .size = download->size,
                                     .max_pixels = bound(call->settings->thumbs.max_pixels),
                                     .max_bytes = bound(call->settings->thumbs.max_bytes)};
    struct file_opened made;
    struct err *err = file_store_thumb(call->arena, call->api->files, &thumb, &made);

    if (err)
        log_no_thumb(call, err);
    else
        take_thumb(call, &made);
    return NULL;
}

static struct err *send_file(struct api_call *call)
{
    struct download *download = call->state;

    download->open = false;
    call->req->resp.framable = true;
    serve_file(call, &download->served);
    return NULL;
}

static void close_file(struct api_call *call)
{
    struct download *download = call->state;

    if (download && download->open)
        file_close(&download->served.file);
    call->state = NULL;
}

const struct api_work api_files_download = {
    .steps = {{.place = AT_READ, .run = find_file},
              {.place = AT_LOOP, .run = open_cached},
              {.place = AT_STORE, .run = open_file, .needed = is_closed},
              {.place = AT_REMOTE, .run = bring_source, .needed = is_elsewhere},
              {.place = AT_IMAGE, .run = make_thumb, .needed = is_whole},
              {.place = AT_LOOP, .run = send_file}},
    .undo = close_file,
};
