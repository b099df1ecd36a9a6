/*
 * base/limits: every bound on what a client can make the program do, in one place.
 * What an operator may want to change is a flag or a setting, whose default stands here.
 */
#ifndef REEVE_BASE_LIMITS_H
#define REEVE_BASE_LIMITS_H

#define KIB 1024ULL
#define MIB (1024ULL * KIB)

/* HTTP. Times in milliseconds, sizes in bytes. */
#define LIMIT_CONNECTIONS 32768    /* open at once; also sets RLIMIT_NOFILE */
#define LIMIT_ADDRESS_SHARE 2      /* one address has a half of them at most */
#define LIMIT_HEAD_BYTES (1 * MIB) /* request line and headers: 431 beyond */
#define LIMIT_HEADERS 500          /* header fields of one request: 431 beyond */
#define LIMIT_RANGES 256        /* parts of a file that one request asks for: beyond, all of it */
#define LIMIT_QUERY_PARAMS 1000 /* of a URL: 400 beyond */
#define LIMIT_FORM_PAIRS 10000  /* of an urlencoded body: 400 beyond */
#define LIMIT_ORIGIN_BYTES (2 * KIB) /* a longer Origin is none that is allowed */
#define LIMIT_HEAD_MS 60000          /* services.md 15 */
#define LIMIT_BODY_MS 300000         /* whole body; of one that goes to disk, each piece */
#define LIMIT_IDLE_MS 180000         /* keep-alive without a request */
#define LIMIT_WRITE_MS 300000        /* for every LIMIT_WRITE_BYTES of an answer */
#define LIMIT_WRITE_BYTES (64 * KIB)
#define LIMIT_UNREAD_BYTES (256 * MIB) /* all answers together that wait for slow readers */
#define LIMIT_STREAM_QUIET_S 300       /* of a client of realtime, without an event */
#define LIMIT_STREAM_S 1800            /* ... in all */
#define LIMIT_HUB_BYTES (64 * MIB)     /* of changes that wait to be delivered */
#define LIMIT_CLIENT_BYTES (32 * MIB)  /* of events that wait for one that does not keep up */
#define LIMIT_HUB_CPU_US 10000     /* of one question to the database; what takes longer is asked */
#define LIMIT_QUICK_US 100         /* of one that is asked at once in any case; */
#define LIMIT_HUB_UNIT_US 20000    /* of all others, for a unit */
#define LIMIT_ASIDE_CPU_US 1000000 /* ... by another thread, for so long, */
#define LIMIT_ASIDE_QUESTIONS 10000 /* of which so many may wait */
#define LIMIT_SUBSCRIPTIONS 1000    /* of a client */
#define LIMIT_ROOM_CPU_US 100000 /* of the questions whether one client may listen to its rooms */
#define LIMIT_ROOMS 20           /* of them, that are of rooms: all there are told of each */
#define LIMIT_SUBSCRIPTION_BYTES 2500
#define LIMIT_CLIENT_ID_BYTES 255
#define LIMIT_STREAM_BYTES (1 * MIB)  /* of a stream that its client has not read yet */
#define LIMIT_DISCARD_BYTES (1 * MIB) /* read and dropped before an early error answer */
#define LIMIT_BODY_BYTES (32 * MIB)   /* services.md 12.1; record writes add per field */
#define LIMIT_BATCH_BYTES (128 * MIB) /* a batch's body where the settings name no limit */
#define LIMIT_PROXY_HEADERS 100       /* in the settings: each request looks for them all */
#define LIMIT_ADDRESSES 10000 /* of a list in the settings: each request may look through it */
#define LIMIT_COLLECTION_ITEMS                                                               \
    4096                           /* fields, and indexes, of one: each is compared with all \
                                      others; a table has 2,000 columns at most */
#define LIMIT_IMPORT_ITEMS 10000   /* collections of one import */
#define LIMIT_VIEW_BYTES (1 * MIB) /* the query of a view */
#define LIMIT_RATE_RULES 1000      /* in the settings: each is compared with all others */
#define LIMIT_ANY_BODY_BYTES (1ULL << 50) /* whatever fields and settings add up to */
#define LIMIT_RESPONSE_BYTES (256 * MIB)
#define LIMIT_MEMORY_LEAST (48 * MIB)    /* --memory: less is no budget to serve with */
#define LIMIT_FORM_TEXT_BYTES (26 * MIB) /* the texts of a multipart body that goes to disk */
#define LIMIT_SPOOL_BYTES (256 * KIB)    /* of a multipart body in memory: beyond, it does */
#define LIMIT_SHUTDOWN_MS 2000           /* --shutdownTimeout */

#define LIMIT_LOOP_CPU_US 10000 /* on one connection at a time: --dev warns beyond */

/* A body of any type that a loop parses; a larger one is for the pool. */
#define LIMIT_INLINE_BODY_BYTES (64 * KIB)

/* JSON bodies (records.md 3.2). */
#define LIMIT_JSON_DEPTH 10000
#define LIMIT_JSON_VALUES 4000000
#define LIMIT_JSON_PAYLOADS \
    100 /* "@jsonPayload"s of one form: each is merged into those before it */

/* Query language (query-language.md 1). */
#define LIMIT_FILTER_BYTES 3500
#define LIMIT_FILTER_EXPRESSIONS 200
#define LIMIT_SORT_FIELDS 8
#define LIMIT_SORT_NAME_BYTES 255
#define LIMIT_AGGREGATES 16
#define LIMIT_RELATION_HOPS 6
#define LIMIT_FUNCTION_NESTING 3
#define LIMIT_QUERY_JOINS 63 /* SQLite joins 64 tables at most */
#define LIMIT_STRFTIME_ARGS 10
#define LIMIT_EXPAND_DEPTH 6
#define LIMIT_EXPAND_PATHS 200
#define LIMIT_BACK_RELATION_IDS 1000
#define LIMIT_PER_PAGE 1000
#define LIMIT_EXPORT_ROWS 10000      /* of one part of an export */
#define LIMIT_EXPORT_ROWS_READ 500   /* the same where they are read before they are written */
#define LIMIT_EXPORT_BYTES (8 * MIB) /* after so many a part ends, if it took long to be found */
#define LIMIT_CURSOR_BYTES (4 * KIB) /* the sort's values in a cursor: beyond, the row's id is */
#define LIMIT_FIELDS 1000            /* paths of the fields picker: 400 beyond */
#define LIMIT_FIELDS_DEPTH 500       /* deeper values are picked whole */
#define LIMIT_EVAL_BYTES (2 * MIB)   /* looked at in memory for a row: SQL has a timeout */
#define LIMIT_EVAL_JSON_NESTING 64   /* deeper values are left to the database */
#define LIMIT_QUERY_NESTING 2000     /* brackets; the length of a filter allows 1750 */

/* Database. */
#define LIMIT_INLINE_CPU_US 1000          /* design: a read on the loop */
#define LIMIT_SLOW_SHAPES 64              /* statements over that which are remembered */
#define LIMIT_SLOW_SQL_BYTES (16 * KIB)   /* longer ones are not */
#define LIMIT_ESTIMATE_ROWS 4000          /* rows of a table that are looked at for it */
#define LIMIT_INLINE_BYTES (64 * KIB)     /* a text that LIKE looks through on the loop */
#define LIMIT_LIKE_LOOK_BYTES (64 * KIB)  /* that LIKE passes between two looks at the limits */
#define LIMIT_GROUPED_READ_US 5000        /* design: the reads of one unit in a group */
#define LIMIT_GROUPED_SAVES 500           /* records that one delete saves in a group */
#define LIMIT_GROUP_UNITS 256             /* units in one group commit */
#define LIMIT_WRITE_QUEUE 4096            /* units waiting: 503 beyond */
#define LIMIT_QUERY_TIMEOUT_S 30          /* --queryTimeout */
#define LIMIT_PREPARED_BYTES (4 * MIB)    /* statements cached per connection */
#define LIMIT_SEEN_SLOTS 4096             /* of tables and columns whose commits are counted */
#define LIMIT_SEEN_WRITTEN 64             /* of them in one transaction: all of them beyond */
#define LIMIT_SHAPES_BYTES (2 * MIB)      /* compiled query shapes per thread */
#define LIMIT_PAGE_CACHE_BYTES (32 * MIB) /* all page caches together */
#define LIMIT_ENGINE_BYTES                                                                        \
    (256 * MIB) /* the engine's heap, page caches included: some copies of a body's largest value \
                 */
#define LIMIT_WAL_RESTART_BYTES (64 * MIB)

/* Pool. */
#define LIMIT_WORK_CPU_US 100000 /* of a read, before it goes on among the slow ones */
#define LIMIT_POOL_QUEUE 1024    /* jobs waiting: 503 beyond */
#define LIMIT_SLOW_QUEUE 256     /* slow reads waiting: 503 beyond */
#define LIMIT_HASH_QUEUE 256     /* password hashes waiting: 503 beyond */
#define LIMIT_LEASE_QUEUE 256    /* leased units waiting: 503 beyond */

/* Rate limits (base/rate.h). 16 bytes each: 4 MiB once that many have been used. */
#define LIMIT_RATE_ENTRIES (1 << 18) /* clients times limits that are known at once */

/* Requests to other servers (net/net.h). */
#define LIMIT_NET_RUNNING 512  /* at once: more wait. A slow client's download is one, too */
#define LIMIT_NET_PER_HOST 256 /* of them to one host */
#define LIMIT_NET_WAITING 1024 /* for their turn: 503 beyond */
#define LIMIT_REMOTE_REMOVALS \
    10000 /* that wait for a bucket: later ones stay in it, and are logged */
#define LIMIT_NET_CONNECT_MS 10000
#define LIMIT_NET_IDLE_MS 60000
#define LIMIT_NET_HEAD_BYTES (256 * KIB) /* all heads of an answer, redirects included */
#define LIMIT_NET_ANSWER_BYTES (4 * MIB) /* a body in memory, where the request names no limit */

/* Signing in through other systems. */
#define LIMIT_OAUTH_TOTAL_MS 30000          /* for a sign-in, from the first byte to the last */
#define LIMIT_OAUTH_TOKEN_BYTES (1 * MIB)   /* of a token's answer */
#define LIMIT_OAUTH_PROFILE_BYTES (1 * MIB) /* of a profile, and of a list of addresses */
#define LIMIT_OAUTH_VALUES 50000            /* of JSON that a provider sends */
#define LIMIT_OAUTH_TEXT_BYTES \
    (8 * KIB) /* a name, an address, a key's number: a longer one is none */
#define LIMIT_OAUTH_ID_BYTES (1 * KIB)     /* of a user's id: what is longer is refused */
#define LIMIT_OAUTH_REDIRECTS 5            /* that are followed to a profile */
#define LIMIT_OAUTH_KEYS_BYTES (256 * KIB) /* of a set of keys */
#define LIMIT_OAUTH_KEYS_URLS 64           /* whose keys are kept; the one longest unused goes */
#define LIMIT_OAUTH_KEYS_MOST 100          /* of one address: the first ones */
#define LIMIT_OAUTH_KEYS_MS 600000         /* that they are kept */
#define LIMIT_OAUTH_KEYS_AGAIN_MS 10000    /* before they are fetched anew for an unknown one */
#define LIMIT_OAUTH_LEEWAY_S 300           /* that clocks may differ (auth.md 9.3), and */
#define LIMIT_OAUTH_LEEWAY_MOST_S 86400    /* where the environment says another number */
#define LIMIT_OAUTH_FORM_PAIRS 100         /* of a token's answer */
#define LIMIT_AVATAR_BYTES (32 * MIB)      /* a new record's picture, */
#define LIMIT_AVATAR_MS 10000              /* and for how long it is fetched */
#define LIMIT_AVATAR_REDIRECTS 10
#define LIMIT_APPLE_NAMES 256 /* that are kept for a minute: the oldest makes room */

/* Identities (auth/identity.c). */
#define LIMIT_IDENTITY_BYTES (16 * KIB) /* of a token and its record that a thread remembers */

/* Totals of lists (records/total.c). */
#define LIMIT_TOTAL_LOOK_MS 50 /* a wait for another thread's count looks at its limits */

/* What queries have found (records/memory.h): of totals and of pages, each. */
#define LIMIT_MEMOS 512                /* that are remembered */
#define LIMIT_MEMO_KEY_BYTES (8 * KIB) /* of the SQL and parameters of one that is */

/* Rows of pages (records/found.c). */
#define LIMIT_FOUND_BYTES (4 * KIB) /* all ids of a page that is remembered */
#define LIMIT_FOUND_STEPS 4000      /* of the engine: to find them again is slow from here on, */
#define LIMIT_FOUND_STEPS_A_ROW 200 /* ... for a page without rows, and for each of them */

/* Pages by number (records/pages.c). */
#define LIMIT_PAGE_WALK 200              /* rows: what begins before is walked to each time */
#define LIMIT_PAGED_LISTS 16             /* of which places are remembered */
#define LIMIT_PAGE_PLACES 64             /* of each */
#define LIMIT_PAGE_PLACE_BYTES (1 * KIB) /* the texts of a longer one are not */
#define LIMIT_PAGE_SORT_BYTES (1 * KIB)  /* of a list by a longer sort none are */

/* Mail (mail/mail.h, mail/outbox.h). */
#define LIMIT_MAIL_BYTES (32 * MIB)       /* a message as it is sent */
#define LIMIT_MAIL_FILLED_BYTES (4 * MIB) /* a template with its placeholders filled in */
#define LIMIT_MAIL_RECIPIENTS 1000        /* of a message */
#define LIMIT_MAIL_ADDRESS_BYTES 320      /* 64 before the "@", 255 behind it */
#define LIMIT_MAIL_HEADER_BYTES 10000     /* a name or a subject; the rest is cut off */
#define LIMIT_MAIL_WORDS_BYTES 1000       /* what sendmail says, in an error */
#define LIMIT_MAIL_MS 30000               /* for one, from the connection to the last answer */
#define LIMIT_MAIL_THREADS 4              /* mails of the outbox that are sent at the same time */

#define LIMIT_BACKUP_NAME_BYTES 255 /* of a name that a file can have */
/* Of zip files, written and read. */
#define LIMIT_ZIP_ENTRIES 1000000
#define LIMIT_ZIP_DIRECTORY_BYTES (256 * MIB) /* of which a name and its entry are some 120 */
#define LIMIT_ZIP_NAME_BYTES 1024
#define LIMIT_ZIP_SEGMENT_BYTES 255 /* between slashes: what file systems take */

/* Copies of a database (db_copy()). */
#define LIMIT_COPY_SLICE_US 2000 /* that writers wait for it at a time */
#define LIMIT_COPY_RESTARTS 20   /* by other processes that write */

/* The log book (telemetry/telemetry.h). */
#define LIMIT_LOG_WAITING_BYTES \
    (8 * MIB)                  /* of entries that are not written yet; the rest is dropped */
#define LIMIT_LOG_BATCH 200    /* entries that are written at once, ... */
#define LIMIT_LOG_WAIT_MS 3000 /* ... or after that time */
#define LIMIT_LOG_MESSAGE_BYTES 8000
#define LIMIT_LOG_DATA_BYTES 16384 /* where the settings say nothing */
#define LIMIT_LOG_DELETE_ROWS 2000 /* deleted in one transaction: others wait for it */

/* Buckets (files/s3.h). */
#define LIMIT_S3_WHOLE_BYTES (16 * MIB) /* stored with one request; more: in parts */
#define LIMIT_S3_PART_BYTES (8 * MIB)   /* or more, where there would be too many parts */
#define LIMIT_S3_PIECE_BYTES (4 * MIB)  /* brought at a time, and held in memory */
#define LIMIT_S3_PAGE_BYTES (8 * MIB)   /* 1000 keys with all that is told of them */
#define LIMIT_S3_ANSWER_BYTES (64 * KIB)
#define LIMIT_S3_TOTAL_MS 120000 /* of a request, besides what its bytes take */
#define LIMIT_S3_LEAST_SPEED 64  /* bytes a millisecond */
#define LIMIT_S3_RETRY_MS 250    /* before a busy server is asked a second time */
#define LIMIT_S3_UNDO_MS 5000    /* for taking back what failed halfway */

/* Regular expressions of fields. What a loop or the writer matches itself: bytes of a text, and
 * these times the pattern's instructions. */
#define LIMIT_REGEX_INLINE_BYTES (4 * KIB)
#define LIMIT_REGEX_INLINE_STEPS 1000000
#define LIMIT_REGEX_BYTES (64 * KIB) /* of a pattern */
#define LIMIT_REGEX_NESTING 1000     /* groups within groups */

/* Pictures and their thumbs. */
#define LIMIT_THUMB_SOURCE_BYTES (64 * MIB) /* of a file in a bucket: no thumb beyond */
#define LIMIT_THUMB_SIDE 10000              /* pixels: the original is served beyond */

#endif
