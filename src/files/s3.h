/*
 * files/s3: a bucket of an S3 server as a place for stored files (services.md 3.6). Keys are those
 * of blob.h; type and original name are the objects' metadata. Private to this folder, but for
 * whoever reads the settings.
 */
#ifndef REEVE_FILES_S3_H
#define REEVE_FILES_S3_H

#include "files/blob.h"

struct s3_conf {
    struct str bucket, region;
    /* "https://host:port/path": without a scheme it is https, the path comes before all others. */
    struct str endpoint;
    struct str access_key, secret;
    bool force_path_style; /* else the bucket is the host's first label */
    struct str temp_dir;   /* for files without a name; made where it is missing */
};

/* conf is copied; net must live as long as the place. Nothing is asked of the server, nor is conf
 * checked: what is wrong with it is an E_INTERNAL of whatever is tried.
 *
 * Errors of its calls: E_NOT_FOUND as blob.h has it; E_UNAVAILABLE where the server is out of
 * reach, out of time or too busy; E_INTERNAL for all else that it refuses, with its words. */
struct blob_place *s3_place(const struct s3_conf *conf, struct net *net);

/* Whether files can be stored and removed there: tries it with one of its own. Blocks. */
MUST_CHECK struct err *s3_probe(struct arena *a, const struct s3_conf *conf, struct net *net);

#endif
