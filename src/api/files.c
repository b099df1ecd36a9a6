/*
 * /api/files (services.md 3).
 */
#include "api/serve.h"

#include <unistd.h>

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
    bool open; /* `served.file` is */
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
    download->served.name = file.key.name;
    return NULL;
}

static struct err *open_cached(struct api_call *call)
{
    struct download *download = call->state;

    download->open = file_store_open_cached(call->arena, call->api->files, &download->key,
                                            &download->served.file);
    return NULL;
}

static bool is_closed(const struct api_call *call)
{
    const struct download *download = call->state;

    return !download->open;
}

static struct err *open_file(struct api_call *call)
{
    struct download *download = call->state;
    struct err *err =
        file_store_open(call->arena, call->api->files, &download->key, &download->served.file);

    download->open = !err;
    return err;
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
        (void)close(download->served.file.fd); /* it was only read */
    call->state = NULL;
}

const struct api_work api_files_download = {
    .steps = {{.place = AT_READ, .run = find_file},
              {.place = AT_LOOP, .run = open_cached},
              {.place = AT_POOL, .run = open_file, .needed = is_closed},
              {.place = AT_LOOP, .run = send_file}},
    .undo = close_file,
};
