/*
 * api/public: the site's own files, for all paths that no route has (services.md 14.1).
 */
#ifndef REEVE_API_PUBLIC_H
#define REEVE_API_PUBLIC_H

#include "api/internal.h"

/* Of GET and HEAD. */
extern const struct api_work api_public;

/* public_name.c; any thread. */
#define PUBLIC_INDEX STR("index.html")
/* What a decoded path names below the folder, which itself is "."; borrowed or in the arena. False:
 * it leads out of it, or no file can have that name. */
bool public_name(struct arena *a, struct str path, struct str *ret);
/* A name's last segment. */
struct str public_base(struct str name);
/* Whether the last segment says which content it is: "app.3f9a1c2e.js", "index-BxY12abc.css". */
bool public_is_hashed(struct str name);
/* How much a client likes a coding, by its Accept-Encoding header: in thousandths; 0: it does not
 * take it. */
unsigned public_quality(struct str accepted, struct str coding);

/* public_type.c; any thread. Content types with their charsets, constant. */
#define PUBLIC_HEAD_BYTES 512 /* of a file, what its type is told from */
/* p NULL: the name does not say. */
struct str public_type_by_name(struct str name);
struct str public_type_by_content(struct str head);

#endif
