/*
 * records/values: a record in memory, its cells as values. Private to this folder; any thread.
 */
#ifndef REEVE_RECORDS_VALUES_H
#define REEVE_RECORDS_VALUES_H

#include "records/records.h"

/* Whether one of its fields is of files. */
bool rec_has_files(const struct schema_col *col);

/* E_BAD_REQUEST unless the row can be read. */
MUST_CHECK struct err *rec_check_readable(struct arena *a, const struct rec *rec);
/* A cell's items: of a select, relation or file. */
struct str_list rec_list_of(struct arena *a, const struct rec *rec,
                            const struct schema_field *field);
/* Whether a value of that kind has the item. */
bool rec_list_has(const struct value *value, struct str item);
/* The items of x, then those of y, each once; texts are borrowed. */
struct str_list rec_list_join(struct arena *a, struct str_list x, struct str_list y);
/* What the field can hold of it: the last item, unless it is one of several. */
struct str_list rec_list_fit(const struct schema_field *field, struct str_list list);

/* Zero values, one a field. */
struct value *rec_zero(struct arena *a, const struct schema_col *col);
/* The cells as values, one a field; texts are borrowed from the record. */
struct value *rec_load(struct arena *a, const struct rec *rec);
/* The other way, for the table; texts are borrowed from the values. */
struct db_value *rec_store(struct arena *a, const struct schema_col *col,
                           const struct value *values);

#endif
