/*
 * records/form: what a body says about passwords, beside the record's own values (records.md
 * 13.2). Private to this folder; any thread.
 */
#ifndef REEVE_RECORDS_FORM_H
#define REEVE_RECORDS_FORM_H

#include "records/work.h"

struct rec_form {
    struct str password, confirm, old_password;
    bool changes; /* there is a new one: who does not manage the record has to know the old one */
};
/* body may be NULL. */
void rec_form_parse(struct arena *a, const struct json *body, struct rec_form *ret);
/* old_matches: the submitted old password is the stored one. Items are reported alone. */
void rec_form_check(const struct rec_work *work, const struct rec_form *form, bool manages,
                    bool old_matches, struct err **items);

#endif
