/*
 * records/installer: the superuser of a first start. Private to this folder; in a unit.
 */
#ifndef REEVE_RECORDS_INSTALLER_H
#define REEVE_RECORDS_INSTALLER_H

#include "records/work.h"

/* After a new record was saved: the account of the first start goes once there is a real one
 * (data-dir.md 10). Records of other collections change nothing. */
MUST_CHECK struct err *rec_drop_installer(const struct rec_work *work);

#endif
