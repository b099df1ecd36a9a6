/*
 * cli/installer: the link of a first start (data-dir.md 10).
 */
#ifndef REEVE_CLI_INSTALLER_H
#define REEVE_CLI_INSTALLER_H

#include "cli/app.h"

/* Where there is no superuser: prints the link that makes one, and opens it in a browser where
 * --open asks for that. base: "http://127.0.0.1:8090". What fails is said in the log. */
void installer_offer(struct arena *a, struct app *app, struct str base);

#endif
