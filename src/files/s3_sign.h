/*
 * files/s3_sign: requests to S3 are signed with Signature Version 4 (docs of AWS, "Authenticating
 * Requests: Using the Authorization Header"). Pure functions. Private to this folder.
 */
#ifndef REEVE_FILES_S3_SIGN_H
#define REEVE_FILES_S3_SIGN_H

#include "net/net.h"

#define S3_UNSIGNED STR("UNSIGNED-PAYLOAD") /* a body that is read once, as it is sent */

struct s3_keys {
    struct str region, access_key, secret;
};

/* Nothing of it is encoded. */
struct s3_request {
    struct str method;
    struct str host;                /* with its port, where it has one */
    struct str path;                /* from its first slash on */
    const struct net_header *query; /* in any order */
    size_t n_query;
    const struct net_header *headers; /* signed all; none that s3_sign() adds */
    size_t n_headers;
    struct str hash; /* of the body: s3_hash() or S3_UNSIGNED */
    int64_t now_ms;  /* Unix time; the server's, give or take 15 minutes */
};

struct s3_signed {
    struct str target;                /* path and query, encoded as they must be sent */
    const struct net_header *headers; /* the request's own, with host and what authorizes it */
    size_t n_headers;
};

/* Both live in a, but for the values of headers, which are borrowed. */
struct s3_signed s3_sign(struct arena *a, const struct s3_keys *keys,
                         const struct s3_request *request);

/* SHA-256 in lower-case hexadecimal digits. */
struct str s3_hash(struct arena *a, struct str body);

/* Each byte as %XX, but for letters, digits and those of `plain`. */
struct str s3_escape(struct arena *a, struct str text, const char *plain);

#endif
