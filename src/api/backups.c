/*
 * /api/backups (services.md 8), and /api/reeve/backups: what is known of them beside.
 *
 * What they wait for, a disk or a bucket, they wait for in the remote lane.
 */
#include "api/serve.h"

#include "backup/backup.h"
#include "base/date.h"

#define UNDECODABLE "An error occurred while loading the submitted data."
#define INVALID "An error occurred while validating the submitted data."
#define NO_ACCESS "Insufficient permissions to access the resource."
#define NAME_MOST 150
#define NAME_EXISTS "validation_backup_name_exists"
#define TYPE_ZIP STR("application/zip")

static struct err *say_done(struct api_call *call)
{
    req_answer_empty(call->req, 204);
    return NULL;
}

/* What went wrong, for a superuser to read. */
static struct err *with_cause(struct api_call *call, const char *what, const struct err *err)
{
    return err_new(call->arena, E_BAD_REQUEST,
                   arena_cstr(call->arena, arena_printf(call->arena, "%s Raw error: \n%.*s.", what,
                                                        STR_ARG(err->cause))),
                   "%.*s", STR_ARG(err->cause));
}

static struct err *check_busy(struct api_call *call)
{
    return backups_are_busy(call->api->backups)
               ? err_new(call->arena, E_BAD_REQUEST, BACKUP_BUSY, "busy")
               : NULL;
}

/* --- the list --------------------------------------------------------------------------------- */

static struct err *read_history(struct api_call *call)
{
    struct backup_history *history = ARENA_NEW(call->arena, struct backup_history);

    call->state = history;
    return backups_history(call->arena, call->api->backups, call->conn, history);
}

static void write_told(struct buf *out, const struct backup_told *told)
{
    BUF_ADD(out, "\"verified\":");
    buf_add(out, told->error.n > 0 ? STR("false") : STR("true"));
    BUF_ADD(out, ",\"node\":");
    json_write_text(out, told->node);
    BUF_ADD(out, ",\"started\":");
    json_write_text(out, told->started);
    BUF_ADD(out, ",\"tookMs\":");
    buf_add_i64(out, told->took_ms);
    BUF_ADD(out, ",\"files\":");
    buf_add_i64(out, told->files);
    BUF_ADD(out, ",\"rows\":");
    buf_add_i64(out, told->rows);
    BUF_ADD(out, ",\"error\":");
    json_write_text(out, told->error);
}

static void write_item(struct buf *out, const struct backup_item *item, bool all)
{
    char modified[DATE_TEXT_LEN + 1];

    date_format(modified, item->modified_s * 1000);
    BUF_ADD(out, "{\"modified\":\"");
    buf_add(out, str_of(modified));
    BUF_ADD(out, "\",\"key\":");
    json_write_text(out, item->key);
    BUF_ADD(out, ",\"size\":");
    buf_add_u64(out, item->size);
    if (item->told && all) {
        BUF_ADD(out, ",");
        write_told(out, item->told);
    } else if (item->told) {
        BUF_ADD(out, ",\"verified\":true");
    }
    BUF_ADD(out, "}");
}

static void write_items(struct buf *out, const struct backup_list *list, bool all)
{
    BUF_ADD(out, "[");
    for (size_t i = 0; i < list->n; i++) {
        if (i > 0)
            BUF_ADD(out, ",");
        write_item(out, &list->items[i], all);
    }
    BUF_ADD(out, "]");
}

static struct err *list(struct api_call *call)
{
    struct backup_list found;
    struct err *err =
        backups_list(call->arena, call->api->backups, call->settings, call->state, &found);

    if (err)
        return with_cause(call, "Failed to retrieve backup items.", err);
    write_items(&call->req->resp.body, &found, false);
    req_answer_json(call->req, 200);
    return NULL;
}

const struct api_work api_backups_list = {
    .steps = {{.place = AT_READ, .run = read_history}, {.place = AT_REMOTE, .run = list}}};

/* --- what is known beside --------------------------------------------------------------------- */

static void write_running(struct buf *out, struct backups *backups)
{
    struct backup_progress progress;

    if (!backups_progress(backups, &progress)) {
        BUF_ADD(out, "null");
        return;
    }
    buf_addf(out, "{\"what\":\"%s\",\"part\":%.3f}", progress.what, progress.part);
}

/* Those of which there is nothing but what is told. */
static void write_failed(struct buf *out, const struct backup_history *history)
{
    bool is_first = true;

    BUF_ADD(out, "[");
    for (size_t i = 0; i < history->n; i++) {
        if (history->items[i].told.error.n == 0)
            continue;
        buf_add(out, is_first ? STR("{\"key\":") : STR(",{\"key\":"));
        json_write_text(out, history->items[i].key);
        BUF_ADD(out, ",");
        write_told(out, &history->items[i].told);
        BUF_ADD(out, "}");
        is_first = false;
    }
    BUF_ADD(out, "]");
}

static struct err *report(struct api_call *call)
{
    struct buf *out = &call->req->resp.body;
    struct backup_list found;
    struct err *err =
        backups_list(call->arena, call->api->backups, call->settings, call->state, &found);

    if (err)
        return err;
    BUF_ADD(out, "{\"running\":");
    write_running(out, call->api->backups);
    BUF_ADD(out, ",\"items\":");
    write_items(out, &found, true);
    BUF_ADD(out, ",\"failed\":");
    write_failed(out, call->state);
    BUF_ADD(out, "}");
    req_answer_json(call->req, 200);
    return NULL;
}

static struct err *verify(struct api_call *call)
{
    struct buf *out = &call->req->resp.body;
    struct backup_checked checked;
    struct err *err = backup_verify(call->arena, call->api->backups, call->settings,
                                    call->req->params[0], &checked);

    if (err && err->kind == E_BAD_REQUEST)
        return err_new(call->arena, E_BAD_REQUEST,
                       arena_cstr(call->arena, arena_printf(call->arena,
                                                            "The backup could not be verified: "
                                                            "%.*s.",
                                                            STR_ARG(err->cause))),
                       "%.*s", STR_ARG(err->cause));
    if (err)
        return err;
    buf_addf(out, "{\"files\":%llu,\"bytes\":%llu,\"tables\":%llu,\"rows\":%llu}",
             (unsigned long long)checked.files, (unsigned long long)checked.bytes,
             (unsigned long long)checked.tables, (unsigned long long)checked.rows);
    req_answer_json(call->req, 200);
    return NULL;
}

const struct api_work api_backups_report = {
    .steps = {{.place = AT_READ, .run = read_history}, {.place = AT_REMOTE, .run = report}}};
const struct api_work api_backups_verify = {
    .steps = {{.place = AT_READ, .run = api_begin}, {.place = AT_REMOTE, .run = verify}}};

/* --- a new one -------------------------------------------------------------------------------- */

struct creation {
    struct str name;
};

static bool is_name(struct str name)
{
    if (!str_ends(name, STR(".zip")) || name.n == sizeof(".zip") - 1)
        return false;
    for (size_t i = 0; i < name.n - (sizeof(".zip") - 1); i++)
        if (!((name.p[i] >= 'a' && name.p[i] <= 'z') || (name.p[i] >= '0' && name.p[i] <= '9') ||
              name.p[i] == '_' || name.p[i] == '-'))
            return false;
    return true;
}

static struct err *read_creation(struct api_call *call)
{
    static const struct form_field fields[] = {
        {"name", FORM_TEXT, offsetof(struct creation, name)}};
    struct creation *creation = ARENA_NEW(call->arena, struct creation);
    struct form_input form;
    struct err *err = check_busy(call);

    call->state = creation;
    if (err)
        return err;
    err = api_form(call, &form);
    if (err && err->kind != E_BAD_REQUEST)
        return err;
    if (err || !form_decode(call->arena, fields, COUNT_OF(fields), &form, creation))
        return err_new(call->arena, E_BAD_REQUEST, UNDECODABLE, "no such form");
    if (creation->name.n > NAME_MOST)
        err_add_item(call->arena, &err, STR("name"), CODE_LENGTH_RANGE,
                     STR("{\"max\":150,\"min\":1}"));
    else if (creation->name.n > 0 && !is_name(creation->name))
        err_add_item(call->arena, &err, STR("name"), CODE_MATCH, STR_NONE);
    return err_say(err, INVALID);
}

static struct err *refuse(struct api_call *call, const char *field, const char *code,
                          struct str words)
{
    struct err *err = NULL;

    err_add_raw_item(call->arena, &err, str_of(field), str_of(code), words, STR_NONE);
    return err_say(err, INVALID);
}

static struct err *create(struct api_call *call)
{
    struct creation *creation = call->state;
    const bool is_unnamed =
        creation->name.n == 0; /* two in a second have one name, as PocketBase's */
    struct err *err;

    if (is_unnamed)
        creation->name = backup_name(call->arena, BACKUP_PREFIX, call->settings);
    err =
        backup_create(call->arena, call->api->backups, call->settings, creation->name, is_unnamed);
    if (!err || err->kind != E_PRECONDITION)
        return err;
    return refuse(call, "name", NAME_EXISTS,
                  STR("The backup file name is invalid or already exists."));
}

const struct api_work api_backups_create = {.steps = {{.place = AT_READ, .run = read_creation},
                                                      {.place = AT_REMOTE, .run = create},
                                                      {.place = AT_LOOP, .run = say_done}}};

/* --- one from elsewhere ----------------------------------------------------------------------- */

/* Whatever is wrong with the body, it is a file that is missing. */
static struct err *read_upload(struct api_call *call)
{
    const struct json *body;
    struct err *err = call->req->unread ? NULL : api_body(call, &body);

    if (err && err->kind != E_BAD_REQUEST)
        return err;
    for (size_t i = 0; i < call->n_uploads && !err; i++) {
        if (str_eq(call->uploads[i].key, STR("file"))) {
            call->state = &call->uploads[i];
            return NULL;
        }
    }
    return refuse(call, "file", "validation_required", STR("Cannot be blank."));
}

/* By the name that a record's file would have got, as PocketBase says it. */
static struct err *refuse_type(struct api_call *call, const struct rec_upload *upload,
                               const struct file_type *type)
{
    const struct str name = file_name(call->arena, upload->name, type->extension);

    return refuse(call, "file", "validation_invalid_mime_type",
                  arena_printf(call->arena, "\"%.*s\" mime type must be one of: application/zip.",
                               STR_ARG(name)));
}

static struct err *store_upload(struct api_call *call)
{
    const struct rec_upload *upload = call->state;
    struct file_type type;
    struct str head;
    bool has = false;
    struct err *err = file_head(call->arena, &upload->content, &head);

    if (err)
        return err;
    type = file_sniff(head);
    if (!str_eq(type.mime, TYPE_ZIP))
        return refuse_type(call, upload, &type);
    err = backups_has(call->arena, call->api->backups, call->settings, upload->name, &has);
    if (err)
        return err;
    if (has || str_ends(upload->name, STR(".attrs")))
        return refuse(call, "file", NAME_EXISTS,
                      STR("Backup file with the specified name already exists."));
    err = backup_put(call->arena, call->api->backups, call->settings, upload->name,
                     &upload->content, &type);
    if (err && err->kind != E_GONE)
        return err_new(call->arena, E_BAD_REQUEST, "Failed to upload backup.", "%.*s",
                       STR_ARG(err->cause));
    return err;
}

const struct api_work api_backups_upload = {.steps = {{.place = AT_READ, .run = read_upload},
                                                      {.place = AT_REMOTE, .run = store_upload},
                                                      {.place = AT_LOOP, .run = say_done}}};

/* --- one of them ------------------------------------------------------------------------------ */

struct download {
    bool open;
    struct serve_file served;
};

/* A file token of a superuser, in the query; who asks by a header is nobody here. */
static struct err *check_token(struct api_call *call)
{
    struct auth_token token;
    struct err *err = auth_token_verify(call->arena, call->conn, call->schema,
                                        req_query_get(call->req, STR("token")), TOKEN_FILE,
                                        call->caller.actor.scope.now_ms, &token);

    call->state = ARENA_NEW(call->arena, struct download);
    if (err)
        return err;
    if (!token.rec || token.rec->col != call->schema->superusers ||
        !call->caller.superuser_ip_allowed)
        return err_new(call->arena, E_FORBIDDEN, NO_ACCESS, "no file token of a superuser");
    return NULL;
}

static struct err *open_backup(struct api_call *call)
{
    struct download *download = call->state;
    struct err *err;

    download->served.name = call->req->params[0];
    download->served.is_private = true;
    err = backup_open(call->arena, call->api->backups, call->settings, call->req->params[0],
                      &call->req->gone, &download->served.file);
    download->open = !err;
    if (err && err->kind != E_GONE)
        return err_new(call->arena, E_NOT_FOUND, NULL, "%.*s", STR_ARG(err->cause));
    return err;
}

static struct err *send_backup(struct api_call *call)
{
    struct download *download = call->state;

    download->open = false;
    serve_file(call, &download->served);
    return NULL;
}

static void close_backup(struct api_call *call)
{
    struct download *download = call->state;

    if (download && download->open)
        file_close(&download->served.file);
    call->state = NULL;
}

const struct api_work api_backups_download = {.steps = {{.place = AT_READ, .run = check_token},
                                                        {.place = AT_REMOTE, .run = open_backup},
                                                        {.place = AT_LOOP, .run = send_backup}},
                                              .undo = close_backup};

static struct err *remove_backup(struct api_call *call)
{
    struct err *err =
        backup_remove(call->arena, call->api->backups, call->settings, call->req->params[0]);

    if (!err || (err->kind == E_BAD_REQUEST && !err->items && err->message &&
                 !str_eq(str_of(err->message), STR(ERR_WENT_WRONG))))
        return err;
    return with_cause(call, "Invalid or already deleted backup file.", err);
}

static struct err *restore(struct api_call *call)
{
    return backup_restore(call->arena, call->api->backups, call->settings, call->req->params[0]);
}

const struct api_work api_backups_delete = {.steps = {{.place = AT_READ, .run = api_begin},
                                                      {.place = AT_REMOTE, .run = remove_backup},
                                                      {.place = AT_LOOP, .run = say_done}}};
const struct api_work api_backups_restore = {.steps = {{.place = AT_READ, .run = api_begin},
                                                       {.place = AT_REMOTE, .run = restore},
                                                       {.place = AT_LOOP, .run = say_done}}};
