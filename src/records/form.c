/*
 * The form of an auth record: what is checked of a submitted body before the record's own fields
 * (records.md 13.2).
 */
#include "records/form.h"

#define PASSWORD STR("password")
#define CONFIRM STR("passwordConfirm")
#define OLD_PASSWORD STR("oldPassword")

void rec_form_parse(struct arena *a, const struct json *body, struct rec_form *ret)
{
    const struct {
        struct str key;
        struct str *text;
    } fields[] = {
        {PASSWORD, &ret->password}, {CONFIRM, &ret->confirm}, {OLD_PASSWORD, &ret->old_password}};

    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        const struct json *value = json_get(body, fields[i].key);

        *fields[i].text = value ? field_json_text(a, value) : STR_NONE;
    }
    ret->changes = ret->password.n > 0 || ret->confirm.n > 0;
}

void rec_form_check(const struct rec_work *work, const struct rec_form *form, bool manages,
                    bool old_matches, struct err **items)
{
    const struct schema_auth *auth = work->col->auth;
    bool is_new = !work->old;
    bool was_verified = !is_new && work->old_values[auth->verified->at].truth;
    bool is_asked = is_new || form->old_password.n > 0;

    if (!manages && !is_new &&
        !str_eq(work->values[auth->email->at].text, work->old_values[auth->email->at].text))
        err_add_item(work->a, items, auth->email->name, CODE_MISMATCH, STR_NONE);
    if (!manages && work->values[auth->verified->at].truth != was_verified)
        err_add_item(work->a, items, auth->verified->name, CODE_MISMATCH, STR_NONE);

    if (form->password.n == 0 && (is_asked || form->confirm.n > 0))
        err_add_item(work->a, items, PASSWORD, CODE_REQUIRED, STR_NONE);
    if (form->confirm.n == 0 && (is_asked || form->password.n > 0))
        err_add_item(work->a, items, CONFIRM, CODE_REQUIRED, STR_NONE);
    else if (!str_eq(form->confirm, form->password))
        err_add_item(work->a, items, CONFIRM, CODE_MISMATCH, STR_NONE);

    if (manages || is_new || !form->changes)
        return;
    if (form->old_password.n == 0)
        err_add_item(work->a, items, OLD_PASSWORD, CODE_REQUIRED, STR_NONE);
    else if (!old_matches)
        err_add_item(work->a, items, OLD_PASSWORD, CODE_OLD_PASSWORD, STR_NONE);
}
