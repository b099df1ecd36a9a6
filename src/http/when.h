/*
 * http/when: an instant as headers have it (RFC 9110 5.6.7). Any thread.
 */
#ifndef REEVE_HTTP_WHEN_H
#define REEVE_HTTP_WHEN_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define HTTP_WHEN_LEN 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/* Seconds since 1970; years outside of 0 to 9999 are cut to them. */
void http_when_write(char out[HTTP_WHEN_LEN + 1], int64_t s);
/* Each of the three forms that a recipient has to take. The name of the day is not compared with
 * the date. False: it is none, or a day that does not exist. */
bool http_when_read(struct str text, int64_t *ret_s);

#endif
