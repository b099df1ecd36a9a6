/*
 * api/export: a list of records told as it is read, whole, however long. Private to api/.
 *
 * GET …/records with Accept: application/x-ndjson or text/csv, and /api/reeve/export/{collection}.
 */
#ifndef REEVE_API_EXPORT_H
#define REEVE_API_EXPORT_H

#include "records/records.h"

struct api_call;
struct req;

struct export;

/* By its name: csv, ndjson. */
bool export_find_format(struct str name, enum rec_format *ret);
/* In a first step, in its read transaction: call->exported is what the next steps tell. */
MUST_CHECK struct err *export_prepare(struct api_call *call, const struct schema_col *col,
                                      const struct rec_list_params *params, enum rec_format format);
/* For a step behind it: whether there is one, and its first part, AT_POOL_READ. */
bool export_is_prepared(const struct api_call *call);
MUST_CHECK struct err *export_begin(struct api_call *call);
/* The work's undo. */
void export_undo(struct api_call *call);
/* In place of req_send(), on the request's loop, once the call has ended well. Takes it. */
void export_send(struct req *req, struct export *take_export);

#endif
