/*
 * base/format: whether a text is an address of some kind. Any thread; any text will do.
 */
#ifndef REEVE_BASE_FORMAT_H
#define REEVE_BASE_FORMAT_H

#include "base/str.h"

#include <stdbool.h>

/* An e-mail address (records.md 6.7). */
bool email_valid(struct str text);
/* A URL (records.md 6.8). *ret_host: as a URL parser sees it, with port; empty for a URL without
 * scheme. */
bool url_valid(struct str text, struct str *ret_host);
/* A DNS name as mail servers and S3 are named: labels of letters, digits, '_' and '-', 63 bytes at
 * most each, a dot at the end allowed. */
bool dns_name_valid(struct str text);

#endif
