/*
 * cli/files: the parts of `reeve files`: what both have in common (files_place.c), `check`
 * (files_check.c), `move` (files_move.c).
 */
#ifndef REEVE_CLI_FILES_H
#define REEVE_CLI_FILES_H

#include "base/err.h"
#include "cli/options.h"
#include "files/blob.h"
#include "settings/settings.h"

/* Where files can be kept, as people call it. */
enum files_where { FILES_LOCAL, FILES_S3 };
const char *files_where_name(enum files_where where);
bool files_where_read(struct str name, enum files_where *ret);
/* Where the settings say that they are kept now. */
enum files_where files_where_now(const struct settings *settings);

/* The reference is the caller's, and goes before `net`. The error is for a person: it names the
 * setting that lacks. */
MUST_CHECK struct err *files_place(struct arena *a, const struct options *options,
                                   const struct settings *settings, struct net *net,
                                   enum files_where where, struct blob_place **ret);

/* The settings of a directory that is only looked at; the reference is the caller's. */
MUST_CHECK struct err *files_settings(struct arena *a, const struct options *options,
                                      struct settings **ret);

/* "1 file", "2 files" */
struct str files_count(struct arena *a, uint64_t n, const char *one, const char *many);

/* The commands; their exit codes. */
int files_check(struct arena *a, const struct options *options);
int files_move(struct arena *a, const struct options *options);

#endif
