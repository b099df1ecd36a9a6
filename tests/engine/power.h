/*
 * engine/power: a file system in memory whose power can be cut.
 *
 * A file is what was there at its last sync plus the writes since then. A cut keeps, drops or tears
 * each of these by chance, in any combination: a disk may write them in any order. Files that were
 * removed without a sync of their folder may be back.
 *
 * A cut leaves the running world alone: it makes an image, which power_restore() turns into a world
 * of its own. So one run of a workload can be cut many times.
 */
#ifndef REEVE_TESTS_POWER_H
#define REEVE_TESTS_POWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct power;
struct power_image;

/* Registers a VFS of this name; one world. */
struct power *power_new(const char *name);
void power_free(struct power *power);
const char *power_name(const struct power *power);

/* Calls cut(user) before write or sync number `at` from now (1: the next), on the thread that
 * writes. It returns how many more until the next call. 0: never. */
typedef uint64_t power_cut_fn(void *user);
void power_arm(struct power *power, uint64_t at, power_cut_fn *cut, void *user);

/* Only from cut(). */
struct power_image *power_cut(struct power *power, uint64_t seed);
/* The world becomes what the image holds; no connection is open in it. */
void power_restore(struct power *power, const struct power_image *image);
void power_image_free(struct power_image *image);

#endif
