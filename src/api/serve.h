/*
 * api/serve: a stored file as an answer (services.md 3.4).
 */
#ifndef REEVE_API_SERVE_H
#define REEVE_API_SERVE_H

#include "api/internal.h"

struct serve_file {
    struct file_opened file; /* the answer's from here on */
    struct str name;         /* as the client is to keep it */
};
/* Fills in the answer, or what is to be relayed as it: what the request's conditions and ranges
 * leave of the file. On the loop or a pool thread. */
void serve_file(struct api_call *call, struct serve_file *served);

#endif
