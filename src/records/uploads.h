/*
 * records/uploads: the files that come with a draft. Private to this folder.
 */
#ifndef REEVE_RECORDS_UPLOADS_H
#define REEVE_RECORDS_UPLOADS_H

#include "records/edits.h"

/* A file that came for a field. */
struct rec_new_file {
    const struct rec_upload *from;
    const struct schema_field *field;
    enum rec_op op;
    struct field_upload file;
    bool stored;
};

struct rec_uploads {
    struct rec_new_file *items;
    size_t n;
    struct str col, rec;      /* whose folder they are stored in */
    struct blob_place *place; /* where that is: all of them stay together */
};

/* Those for file fields that may be set. */
void rec_uploads_find(struct arena *a, const struct rec_request *request, bool superuser,
                      struct rec_uploads *ret);
/* Reads their types and gives them their names. Blocks. */
MUST_CHECK struct err *rec_uploads_look(struct arena *a, struct rec_uploads *uploads);
/* Adds what they do to the record; body: the texts that came with them, may be NULL. */
void rec_uploads_edit(struct arena *a, const struct rec_uploads *uploads, const struct json *body,
                      struct rec_edits *edits);
/* The body, which may be NULL, with their fields among its keys. */
const struct json *rec_uploads_body(struct arena *a, const struct rec_uploads *uploads,
                                    const struct json *body);

/* The names that may stand in the field: those of its stored value, which may be NULL, and those of
 * the uploads, which may be NULL as well. */
struct value rec_uploads_known(struct arena *a, const struct rec_uploads *uploads,
                               const struct schema_field *field, const struct value *stored);
/* Checks the uploads that the field's value names, in its order: items are added to *err. */
void rec_uploads_check(struct arena *a, const struct rec_uploads *uploads,
                       const struct schema_field *field, const struct value *value,
                       struct err **err);

/* Stores what may become part of the record; values: what it will have, NULL: not known yet. What
 * is stored when this fails is for rec_uploads_discard(). store may be NULL; gone, which may be
 * NULL: once true no more is stored (E_GONE). `a` lives as long as the uploads. Blocks. */
MUST_CHECK struct err *rec_uploads_store(struct arena *a, struct rec_uploads *uploads,
                                         struct file_store *store, struct str col, struct str rec,
                                         const struct value *values, const atomic_bool *gone);
/* Removes what was stored; a second time does nothing. Blocks. */
void rec_uploads_discard(struct rec_uploads *uploads, struct file_store *store);
/* What the record's values name is stored. */
MUST_CHECK struct err *rec_uploads_check_stored(struct arena *a, const struct rec_uploads *uploads,
                                                struct str rec, const struct value *values);

#endif
