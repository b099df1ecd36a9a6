/*
 * The form of an auth record: what is checked of a submitted body before the record's own fields
 * (records.md 13.2).
 */
#include "records/internal.h"

#define PASSWORD STR("password")
#define CONFIRM STR("passwordConfirm")
#define OLD_PASSWORD STR("oldPassword")

static struct str submitted(struct arena *a, const struct json *body, struct str key)
{
    const struct json *value = json_get(body, key);

    return value ? field_json_text(a, value) : STR_NONE;
}

void rec_form_parse(struct arena *a, const struct json *body, struct rec_form *ret)
{
    ret->password = submitted(a, body, PASSWORD);
    ret->confirm = submitted(a, body, CONFIRM);
    ret->old_password = submitted(a, body, OLD_PASSWORD);
}

bool rec_form_asks_old(const struct rec_form *form)
{
    return form->password.n > 0 || form->confirm.n > 0;
}

static void check_protected(const struct rec_work *work, struct err **items)
{
    const struct schema_auth *auth = work->col->auth;
    bool was_verified = work->old && work->old_values[auth->verified->at].truth;

    if (work->old &&
        !str_eq(work->values[auth->email->at].text, work->old_values[auth->email->at].text))
        err_add_item(work->a, items, auth->email->name, CODE_MISMATCH, STR_NONE);
    if (work->values[auth->verified->at].truth != was_verified)
        err_add_item(work->a, items, auth->verified->name, CODE_MISMATCH, STR_NONE);
}

static void check_passwords(const struct rec_work *work, const struct rec_form *form,
                            struct err **items)
{
    bool fresh = !work->old, old = form->old_password.n > 0;

    if (form->password.n == 0 && (fresh || form->confirm.n > 0 || old))
        err_add_item(work->a, items, PASSWORD, CODE_REQUIRED, STR_NONE);
    if (form->confirm.n == 0 && (fresh || form->password.n > 0 || old))
        err_add_item(work->a, items, CONFIRM, CODE_REQUIRED, STR_NONE);
    else if (!str_eq(form->confirm, form->password))
        err_add_item(work->a, items, CONFIRM, CODE_MISMATCH, STR_NONE);
}

void rec_form_check(const struct rec_work *work, const struct rec_form *form, bool manages,
                    bool old_matches, struct err **items)
{
    if (!manages)
        check_protected(work, items);
    check_passwords(work, form, items);
    if (manages || !work->old || !rec_form_asks_old(form))
        return;
    if (form->old_password.n == 0)
        err_add_item(work->a, items, OLD_PASSWORD, CODE_REQUIRED, STR_NONE);
    else if (!old_matches)
        err_add_item(work->a, items, OLD_PASSWORD, CODE_OLD_PASSWORD, STR_NONE);
}
