/*
 * POST /api/settings/test/…: whether what the settings name can be reached (services.md 6.2).
 */
#include "api/internal.h"

#define UNDECODABLE "An error occurred while loading the submitted data."
#define FAILED_S3 "Failed to test the S3 filesystem."

struct s3_test {
    struct str filesystem;
};

/* The bucket in question is call->state then. */
static struct err *read_s3_test(struct api_call *call)
{
    static const struct form_field fields[] = {
        {"filesystem", FORM_TEXT, offsetof(struct s3_test, filesystem)}};
    struct s3_test test;
    struct form_input form;
    struct err *err = api_form(call, &form);

    if (err && err->kind != E_BAD_REQUEST)
        return err;
    if (err || !form_decode(call->arena, fields, COUNT_OF(fields), &form, &test))
        return err_new(call->arena, E_BAD_REQUEST, UNDECODABLE, "no such form");
    if (test.filesystem.n == 0)
        err_add_item(call->arena, &err, STR("filesystem"), CODE_REQUIRED, STR_NONE);
    else if (str_eq(test.filesystem, STR("storage")))
        call->state = &call->settings->s3;
    else if (str_eq(test.filesystem, STR("backups")))
        call->state = &call->settings->backups.s3;
    else
        err_add_item(call->arena, &err, STR("filesystem"), CODE_IN, STR_NONE);
    return err ? err_say(err, FAILED_S3) : NULL;
}

static struct err *try_bucket(struct api_call *call)
{
    const struct settings_s3 *s3 = call->state;
    struct err *err = s3->enabled ? file_store_try(call->arena, call->api->files, s3)
                                  : err_new(call->arena, E_BAD_REQUEST, NULL,
                                            "S3 storage filesystem is not enabled");

    if (!err)
        return NULL;
    return err_new(
        call->arena, E_BAD_REQUEST,
        arena_cstr(call->arena,
                   arena_printf(call->arena, FAILED_S3 " Raw error: \n%.*s.", STR_ARG(err->cause))),
        "%.*s", STR_ARG(err->cause));
}

static struct err *say_good(struct api_call *call)
{
    req_answer_empty(call->req, 204);
    return NULL;
}

const struct api_work api_settings_test_s3 = {.steps = {{.place = AT_READ, .run = read_s3_test},
                                                        {.place = AT_REMOTE, .run = try_bucket},
                                                        {.place = AT_LOOP, .run = say_good}}};
