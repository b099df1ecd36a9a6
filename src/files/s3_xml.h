/*
 * files/s3_xml: reads what S3 answers, and writes texts into what it is asked. Private to this
 * folder.
 *
 *   struct s3_xml xml = {.rest = answer.body};
 *   while (s3_xml_next(&xml))
 *       … xml.name, xml.text
 *
 * Answers are lists of small elements; what counts is where one ends, and the text right before
 * that. Any bytes are fine: what is no XML has fewer elements.
 */
#ifndef REEVE_FILES_S3_XML_H
#define REEVE_FILES_S3_XML_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct s3_xml {
    struct str rest;
    /* of the element that ends here; both borrowed */
    struct str name;
    struct str text; /* as it is written; what elements within it have left is empty, or blanks */
};

/* Goes on to where the next element ends; false: there is none. */
bool s3_xml_next(struct s3_xml *xml);

/* With its entities decoded; those that are none stay as they are. */
struct str s3_xml_text(struct arena *a, struct str text);
/* The text of the first element of that name; p NULL: there is none. */
struct str s3_xml_find(struct arena *a, struct str xml, struct str name);

void s3_xml_add(struct buf *out, struct str text);

#endif
