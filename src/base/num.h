/*
 * base/num: numbers to and from text.
 */
#ifndef REEVE_BASE_NUM_H
#define REEVE_BASE_NUM_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUM_TEXT_MAX 400 /* enough for every text below, NUL included */

/* JSON form (records.md 3.5): shortest digits that round-trip, exponent form `1e+21`, `1e-7` only
 * when |x| >= 1e21 or 0 < |x| < 1e-6. x is finite. Returns the length. */
size_t num_format_json(char out[NUM_TEXT_MAX], double x);
/* Shortest digits, plain decimal, never an exponent. x is finite. */
size_t num_format_plain(char out[NUM_TEXT_MAX], double x);
/* Shortest digits, exponent form when the decimal exponent is < -4 or >= `limit` (6 for REAL cells
 * of JSON columns, data-dir.md 5.3; 21 elsewhere), at least two exponent digits. x is finite. */
size_t num_format_general(char out[NUM_TEXT_MAX], double x, int limit);

/* Length of the JSON number that s starts with, 0 when there is none. */
size_t num_scan_json(struct str s);
/* Strict decimal or exponent form of the whole of s, as JSON spells numbers. Beyond float64 gives
 * an infinity. */
bool num_parse_json(struct str s, double *ret);
/* What PocketBase accepts as a number field's text (records.md 6.5): `12`, `+5`, `.5`, `5.`, `1e3`,
 * `0x1p4`, `1_000` (underscores only with a base prefix, as Go's ParseFloat has it: see the page),
 * `Inf`, `NaN` in any case. False: not a number. */
bool num_parse_loose(struct str s, double *ret);
/* Decimal 64-bit integer, optional sign, nothing else. */
bool num_parse_i64(struct str s, int64_t *ret);
bool num_parse_u64(struct str s, uint64_t *ret);

#endif
