/*
 * base/inflate: gzip (RFC 1952) unpacked.
 */
#ifndef REEVE_BASE_INFLATE_H
#define REEVE_BASE_INFLATE_H

#include "base/compiler.h"
#include "base/str.h"

/* Into exactly n bytes at `to`. False: it is damaged, or of another length, or memory is short;
 * what is at `to` is of no use then. Any thread. */
MUST_CHECK bool gzip_unpack(struct str packed, char *to, size_t n);

#endif
