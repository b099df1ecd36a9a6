/*
 * cli/missing: what a data directory may ask for that this version does not do yet. Such a
 * directory is refused by the feature's name, unless --allow-missing names it.
 */
#ifndef REEVE_CLI_MISSING_H
#define REEVE_CLI_MISSING_H

#include "cli/app.h"

MUST_CHECK struct err *missing_check(struct arena *a, struct app *app);

#endif
