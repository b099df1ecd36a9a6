/*
 * base/md5: MD5 (RFC 1321), for fingerprints and checksums of files that PocketBase's format asks
 * for. Never for secrets.
 */
#ifndef REEVE_BASE_MD5_H
#define REEVE_BASE_MD5_H

#include "base/arena.h"
#include "base/str.h"

#define MD5_LEN 16

void md5(unsigned char out[MD5_LEN], struct str data);
/* 32 lower-case hexadecimal digits. */
struct str md5_hex(struct arena *a, struct str data);

/* Of what comes in pieces; one thread at a time. */
struct md5_sum;
struct md5_sum *md5_start(struct arena *a);
void md5_add(struct md5_sum *sum, struct str piece);
void md5_end(struct md5_sum *sum, unsigned char out[MD5_LEN]); /* once */

#endif
