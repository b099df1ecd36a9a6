/*
 * base/version: which release this is, and whose API it speaks.
 */
#ifndef REEVE_BASE_VERSION_H
#define REEVE_BASE_VERSION_H

#define REEVE_VERSION "0.1.0"
#define POCKETBASE_VERSION "0.40.6"

#endif
