/*
 * The superuser of a first start. It goes as every record does, with what refers to it: a relation
 * may.
 */
#include "records/installer.h"

struct err *rec_drop_installer(const struct rec_work *work)
{
    const struct schema_field *email;
    struct rec *rec = NULL;
    struct err *err;

    if (work->col != work->scope->schema->superusers)
        return NULL;
    email = work->col->auth->email;
    if (str_eq(work->values[email->at].text, REC_INSTALLER_EMAIL))
        return NULL;
    err = rec_find_by(work->a, work->tx, work->col, email, REC_INSTALLER_EMAIL, false, &rec);
    if (err || !rec)
        return err;
    return rec_remove(work->a, work->tx, work->scope, NULL, rec);
}
