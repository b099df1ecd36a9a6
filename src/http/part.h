/*
 * http/part: what stands before the content of a part of a form, and in the form's own content
 * type.
 */
#ifndef REEVE_HTTP_PART_H
#define REEVE_HTTP_PART_H

#include "base/limits.h"
#include "http/body.h"

#define PART_HEAD_MAX ((size_t)(64 * KIB))

/* The boundary that a content type names; empty: none, or malformed. */
struct str part_boundary(struct arena *a, struct str content_type);

/* Whether the empty line behind the header fields is there. */
bool part_head_is_whole(struct str rest);
/* Takes the header fields and that line off *rest. False: malformed, or over PART_HEAD_MAX. */
MUST_CHECK bool part_head_read(struct arena *a, struct str *rest, struct body_part *ret);

#endif
