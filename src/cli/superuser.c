/*
 * reeve superuser upsert|create|update|delete|otp|ips (services.md 16.2).
 */
#include "auth/auth.h"
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/notify.h"

#include "base/date.h"

#include <stdio.h>

#define PASSWORD_LINE_MAX 1024 /* well above what bcrypt takes, which has a message of its own */

struct superuser_command {
    const char *name;
    bool with_password;
    db_unit_fn *unit;
    const char *done;    /* the line on success, with the address */
    const char *nothing; /* the line when nothing was there to do, or NULL */
};

static const struct superuser_command table[] = {
    {"upsert", true, auth_superuser_upsert, "Successfully saved superuser \"%.*s\"!\n", NULL},
    {"create", true, auth_superuser_create, "Successfully created new superuser \"%.*s\"!\n", NULL},
    {"update", true, auth_superuser_update, "Successfully changed superuser \"%.*s\" password!\n",
     NULL},
    {"delete", false, auth_superuser_delete, "Successfully deleted superuser \"%.*s\"!\n",
     "superuser \"%.*s\" is missing or already deleted\n"},
};

static struct err *run_account(struct app *app, const struct superuser_command *command,
                               struct auth_superuser *superuser, void **ret_out)
{
    AUTO(schema_unref) struct schema *schema = schema_current(app->schemas);
    struct db_lease lease = {0};
    struct err *err;

    superuser->scope = (struct rec_scope){.schema = schema, .now_ms = date_now_ms()};
    err = auth_superuser_prepare(app->arena, superuser, command->with_password);
    if (err)
        return err;
    return db_run_leased(app->arena, app->data, &lease, command->unit, superuser, ret_out);
}

static void say(const char *format, struct str email)
{
    /* the formats are the table's own */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    printf(format, STR_ARG(email));
#pragma GCC diagnostic pop
}

static int account(struct app *app, const struct superuser_command *command, struct str password)
{
    const struct options *options = app->options;
    struct auth_superuser superuser = {.password = password};
    void *out = NULL;
    struct err *err;

    if (options->n_words > 2)
        superuser.email = options->words[2];
    err = run_account(app, command, &superuser, &out);
    if (err)
        return command_fail_err(err);
    say(command->nothing && !out ? command->nothing : command->done, superuser.email);
    return 0;
}

static int make_otp(struct app *app)
{
    AUTO(schema_unref) struct schema *schema = schema_current(app->schemas);
    struct auth_superuser_otp otp = {.scope = {.schema = schema, .now_ms = date_now_ms()}};
    struct db_lease lease = {0};
    struct err *err;

    if (app->options->n_words > 2)
        otp.email = app->options->words[2];
    err = auth_superuser_otp_prepare(app->arena, &otp);
    if (!err)
        err = db_run_leased(app->arena, app->data, &lease, auth_superuser_otp_unit, &otp, NULL);
    if (err)
        return command_fail_err(err);
    printf("Successfully created OTP for superuser \"%.*s\":\n├─ Id:    %.*s\n├─ Pass:  %.*s\n"
           "└─ Valid: %llds\n\n",
           STR_ARG(otp.email), STR_ARG(otp.id), STR_ARG(otp.code), (long long)otp.valid_s);
    return 0;
}

/* {"superuserIPs":[…]} */
static const struct json *ips_body(struct arena *a, const struct form_texts *ips)
{
    struct json *items = ARENA_ARRAY(a, struct json, ips->n);
    struct json_member *member = ARENA_NEW(a, struct json_member);
    struct json *body = ARENA_NEW(a, struct json);

    for (size_t i = 0; i < ips->n; i++)
        items[i] = json_of_text(ips->items[i]);
    *member = (struct json_member){STR("superuserIPs"), json_of_list(items, ips->n)};
    *body = json_of_object(member, 1);
    return body;
}

static int set_ips(struct app *app)
{
    const struct options *options = app->options;
    const struct form_texts ips = {options->words + 2, options->n_words - 2};
    const struct form_input form = {.body = ips_body(app->arena, &ips)};
    const struct settings_change in = {
        .form = &form, .key = app->encryption_key, .now_ms = date_now_ms()};
    struct db_lease lease = {0};
    struct err *err;

    for (size_t i = 0; i < ips.n; i++)
        if (!settings_ip_valid(ips.items[i]))
            return command_fail("superuserIPs: (%zu: invalid IP or CIDR subnet.).", i);
    err = db_run_leased(app->arena, app->data, &lease, settings_change_unit, &in, NULL);
    if (err)
        return command_fail_err(err);
    notify_announce(app, "settings");
    if (ips.n == 0) {
        puts("Successfully cleared SuperuserIPs setting!");
        return 0;
    }
    puts("Successfully updated SuperuserIPs setting:");
    for (size_t i = 0; i < ips.n; i++)
        printf("%s%.*s\n", i + 1 < ips.n ? "├─ " : "└─ ", STR_ARG(ips.items[i]));
    return 0;
}

/* The first line of standard input, without its end. */
static struct err *read_password(struct arena *a, struct str *ret)
{
    char *line = arena_alloc(a, PASSWORD_LINE_MAX);
    size_t n = 0;
    int c;

    while ((c = getchar()) != EOF && c != '\n') {
        if (n == PASSWORD_LINE_MAX)
            return err_new(a, E_BAD_REQUEST, NULL,
                           "the password on standard input has more than %d bytes",
                           PASSWORD_LINE_MAX);
        if (c == '\0')
            return err_new(a, E_BAD_REQUEST, NULL, "a password cannot hold a NUL");
        line[n++] = (char)c;
    }
    if (n > 0 && line[n - 1] == '\r')
        n--;
    if (n == 0)
        return err_new(a, E_BAD_REQUEST, NULL, "there is no password on standard input");
    *ret = (struct str){line, n};
    return NULL;
}

static struct err *find_password(struct arena *a, const struct options *options, struct str *ret)
{
    *ret = STR_NONE;
    if (options->n_words != 4) /* one more is as wrong as one less */
        return NULL;
    *ret = options->words[3];
    return str_eq(*ret, STR("-")) ? read_password(a, ret) : NULL;
}

/* What is no saving of an account. */
static const struct other_command {
    const char *name;
    int (*run)(struct app *app);
} others[] = {{"ips", set_ips}, {"otp", make_otp}};

static const struct other_command *find_other(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (str_eq(name, str_of(others[i].name)))
            return &others[i];
    return NULL;
}

static const struct superuser_command *find_command(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (str_eq(name, str_of(table[i].name)))
            return &table[i];
    return NULL;
}

int command_superuser(struct arena *a, const struct options *options)
{
    struct str name = options->n_words > 1 ? options->words[1] : STR_NONE;
    const struct superuser_command *command = find_command(name);
    const struct other_command *other = find_other(name);
    struct str password = STR_NONE;
    struct err *err = NULL;
    struct app app;
    int code;

    if (!command && !other) {
        options_usage(options);
        return 0;
    }
    if (command && command->with_password)
        err = find_password(a, options, &password); /* before anything is made */
    if (err)
        return command_fail_err(err);
    err = app_open(a, options, &(const struct app_hooks){0}, &app);
    if (err)
        code = command_fail_err(err);
    else
        code = command ? account(&app, command, password) : other->run(&app);
    app_close(&app);
    return code;
}
