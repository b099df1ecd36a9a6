/*
 * files/s3_internal: what the files about S3 share.
 */
#ifndef REEVE_FILES_S3_INTERNAL_H
#define REEVE_FILES_S3_INTERNAL_H

#include "files/internal.h"
#include "files/s3.h"
#include "files/s3_sign.h"

#define S3_PAGE_KEYS 1000 /* the most that a server lists, or removes, at once */

/* --- s3_call.c: one request ------------------------------------------------------------------- */

/* A place's own. Constant. */
struct s3 {
    struct s3_keys keys;
    struct str origin; /* "https://host:port" */
    struct str host;   /* "host:port" */
    struct str base;   /* what comes before each key: begins and ends with a slash */
    struct str temp_dir;
    struct net *net;
};

void s3_init(struct arena *a, const struct s3_conf *conf, struct net *net, struct s3 *ret);

/* What is asked of the bucket, or of one of its keys. Zeroed but for method it has neither query
 * nor headers nor body. */
struct s3_ask {
    struct str method;
    struct str key; /* empty: the bucket itself */
    struct net_header query[3];
    size_t n_query;
    struct net_header headers[4];
    size_t n_headers;
    struct str body;
    bool has_file; /* as in struct net_request */
    int fd;
    uint64_t at, n;
    bool reads;              /* nothing is lost where a stop ends it */
    const atomic_bool *gone; /* as in struct net_request */
    bool once;               /* to do it twice is not the same */
    unsigned total_ms;       /* 0: enough for a slow connection */
    size_t answer_size;      /* bytes, at most; 0: few */
};
/* The value must stay as long as ask. */
void s3_ask_query(struct s3_ask *ask, const char *name, struct str value);
void s3_ask_header(struct s3_ask *ask, const char *name, struct str value);

/* The signed request; lives in a. */
struct net_request s3_request(struct arena *a, const struct s3 *s3, const struct s3_ask *ask);
/* Whatever the server answers, asked a second time where it says that it is busy. Blocks. */
MUST_CHECK struct err *s3_send(struct arena *a, const struct s3 *s3, const struct s3_ask *ask,
                               struct net_answer *ret);
/* What an answer's status says, in PocketBase's words: "[key: x] 403 Code: Message". NULL: it is
 * one of success. */
MUST_CHECK struct err *s3_refusal(struct arena *a, const struct s3_ask *ask,
                                  const struct net_answer *answer);
/* Both. */
MUST_CHECK struct err *s3_call(struct arena *a, const struct s3 *s3, const struct s3_ask *ask,
                               struct net_answer *ret);

/* --- blob_ops, own being a struct s3 ---------------------------------------------------------- */

/* s3_put.c */
MUST_CHECK struct err *s3_put(struct arena *a, const void *own, struct str key,
                              const struct file_content *content, const struct blob_info *info);
/* s3_get.c */
MUST_CHECK struct err *s3_info(struct arena *a, const void *own, struct str key,
                               const atomic_bool *gone, struct blob_info *ret);
MUST_CHECK struct err *s3_open(struct arena *a, const void *own, struct str key, int *ret_fd,
                               struct blob_info *ret);
MUST_CHECK struct err *s3_fetch(struct arena *a, const void *own, struct str key, uint64_t at,
                                uint64_t n, const atomic_bool *gone,
                                const struct net_events *events, void *user,
                                struct net_fetch **ret);
/* s3_list.c */
MUST_CHECK struct err *s3_list(struct arena *a, const void *own, struct str prefix,
                               blob_each_fn *each, void *user);
/* s3_remove.c */
MUST_CHECK struct err *s3_remove(struct arena *a, const void *own, const struct str *keys,
                                 size_t n);
MUST_CHECK struct err *s3_remove_tree(struct arena *a, const void *own, struct str prefix,
                                      int64_t before_ms);

/* --- s3_list.c: pages ------------------------------------------------------------------------- */

struct s3_entry {
    struct str key;
    struct blob_info info; /* size and modified_s, each 0 where it is not told */
};
struct s3_page {
    VEC(struct s3_entry) entries;
    bool truncated;
    struct str next;  /* asks for the page after it; empty: it is the last one */
    int64_t clock_ms; /* the server's time less ours, as far as it tells */
};
/* One page of what is below a prefix; next: as the page before it says, or empty. Lives in a. */
MUST_CHECK struct err *s3_page(struct arena *a, const struct s3 *s3, struct str prefix,
                               struct str next, struct s3_page *ret);

#endif
