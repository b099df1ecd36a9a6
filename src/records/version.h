/*
 * records/version: conditions of a request, compared inside its unit. Private to this folder.
 */
#ifndef REEVE_RECORDS_VERSION_H
#define REEVE_RECORDS_VERSION_H

#include "records/work.h"

/* E_PRECONDITION unless the stored record satisfies the request's condition; NULL: there is none
 * yet. */
MUST_CHECK struct err *rec_check_condition(const struct rec_work *work,
                                           const struct rec_request *request,
                                           const struct rec *rec);
/* The version of the record as it is stored now; empty where the request has no condition, or where
 * there is no such record. */
MUST_CHECK struct err *rec_version_now(const struct rec_work *work,
                                       const struct rec_request *request, struct str id,
                                       struct str *ret);

#endif
