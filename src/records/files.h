/*
 * records/files: stored files of records that change or go. Private to this folder; in a unit.
 */
#ifndef REEVE_RECORDS_FILES_H
#define REEVE_RECORDS_FILES_H

#include "records/work.h"

/* Once the record is saved: files that it names no more go after the commit. store may be NULL. */
void rec_files_replaced(const struct rec_work *work, struct file_store *store);
/* Before the rows are deleted: their files are to go. files NULL: they stay. */
MUST_CHECK struct err *rec_files_deleted(struct arena *a, struct db_conn *tx,
                                         struct file_removal *files, const struct schema_col *col,
                                         struct str_list ids);

#endif
