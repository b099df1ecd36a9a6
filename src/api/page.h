/*
 * api/page: the files below /_/, which are part of the program (tools/embed.py).
 */
#ifndef REEVE_API_PAGE_H
#define REEVE_API_PAGE_H

#include <stddef.h>

struct page_file {
    const char *name; /* NULL: the end of the list */
    const unsigned char *bytes;
    size_t n;
};
extern const struct page_file page_files[];

#endif
