/*
 * unit/unit.h: what every test program includes first: what cmocka.h wants before it, and cmocka.h.
 */
#ifndef REEVE_TESTS_UNIT_H
#define REEVE_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
