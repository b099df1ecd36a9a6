/*
 * base/id: random texts and the checksums that ids are made of (data-dir.md 6).
 */
#ifndef REEVE_BASE_ID_H
#define REEVE_BASE_ID_H

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>

#define ID_LEN 15

/* Cryptographically random bytes; never fails (the process ends if the kernel has none). */
void random_bytes(void *out, size_t n);
/* Uniform in [0, bound); bound > 0. */
uint32_t random_below(uint32_t bound);
/* n characters, each uniform from `alphabet` (1 to 256 bytes). */
struct str random_text(struct arena *a, size_t n, struct str alphabet);
#define ALPHABET_ID STR("abcdefghijklmnopqrstuvwxyz0123456789")
#define ALPHABET_SECRET STR("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")

/* CRC-32/IEEE. */
uint32_t crc32_ieee(struct str s);

#endif
