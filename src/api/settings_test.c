/*
 * POST /api/settings/test/…: whether what the settings name can be reached (services.md 6.2).
 */
#include "api/internal.h"
#include "base/limits.h"

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

/* What went wrong, for a superuser to read; err NULL: nothing did. */
static struct err *failed(struct api_call *call, const char *what, const struct err *err)
{
    if (!err)
        return NULL;
    return err_new(call->arena, E_BAD_REQUEST,
                   arena_cstr(call->arena, arena_printf(call->arena, "%s Raw error: \n%.*s.", what,
                                                        STR_ARG(err->cause))),
                   "%.*s", STR_ARG(err->cause));
}

static struct err *try_bucket(struct api_call *call)
{
    const struct settings_s3 *s3 = call->state;

    return failed(call, FAILED_S3,
                  s3->enabled ? file_store_try(call->arena, call->api->files, s3)
                              : err_new(call->arena, E_BAD_REQUEST, NULL,
                                        "S3 storage filesystem is not enabled"));
}

static struct err *say_good(struct api_call *call)
{
    req_answer_empty(call->req, 204);
    return NULL;
}

const struct api_work api_settings_test_s3 = {.steps = {{.place = AT_READ, .run = read_s3_test},
                                                        {.place = AT_REMOTE, .run = try_bucket},
                                                        {.place = AT_LOOP, .run = say_good}}};

/* --- mail ------------------------------------------------------------------------------------- */

#define FAILED_EMAIL "Failed to send the test email."

struct email_test {
    struct str email, template, collection;
    const struct schema_col *col;
};

static struct err *check_email_test(struct api_call *call, struct email_test *test)
{
    const struct str name = test->collection.n > 0 ? test->collection : STR("_superusers");
    struct err *items = NULL;

    test->col = schema_find(call->schema, name);
    auth_check_email(call->arena, STR("email"), test->email, &items);
    if (!test->col || !test->col->auth)
        err_add_raw_item(call->arena, &items, STR("collection"),
                         STR("validation_invalid_auth_collection"),
                         STR("Must be a valid auth collection id or name."), STR_NONE);
    if (test->template.n == 0)
        err_add_item(call->arena, &items, STR("template"), CODE_REQUIRED, STR_NONE);
    else if (!auth_test_mail_is(test->template))
        err_add_item(call->arena, &items, STR("template"), CODE_IN, STR_NONE);
    return items ? err_say(items, FAILED_EMAIL) : NULL;
}

/* It is call->state then. */
static struct err *read_email_test(struct api_call *call)
{
    static const struct form_field fields[] = {
        {"email", FORM_TEXT, offsetof(struct email_test, email)},
        {"template", FORM_TEXT, offsetof(struct email_test, template)},
        {"collection", FORM_TEXT, offsetof(struct email_test, collection)}};
    struct email_test *test = ARENA_NEW(call->arena, struct email_test);
    struct form_input form;
    struct err *err = api_form(call, &form);

    if (err && err->kind != E_BAD_REQUEST)
        return err;
    if (err || !form_decode(call->arena, fields, COUNT_OF(fields), &form, test))
        return err_new(call->arena, E_BAD_REQUEST, UNDECODABLE, "no such form");
    call->state = test;
    return check_email_test(call, test);
}

static struct err *send_test_mail(struct api_call *call)
{
    const struct email_test *test = call->state;
    const struct mail_message *message = NULL;
    struct err *err = auth_test_mail(call->arena, &call->caller.actor.scope, call->settings,
                                     test->col, test->template, test->email, &message);

    if (!err)
        err = outbox_send(call->arena, call->api->outbox, message, LIMIT_MAIL_MS);
    return failed(call, FAILED_EMAIL, err);
}

const struct api_work api_settings_test_email = {
    .steps = {{.place = AT_READ, .run = read_email_test},
              {.place = AT_MAIL, .run = send_test_mail},
              {.place = AT_LOOP, .run = say_good}}};
