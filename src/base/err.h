/*
 * base/err: errors are values that know their HTTP answer. NULL means success.
 *
 * An error lives in the arena it was made in. Default messages: compat records.md 2.2.
 */
#ifndef REEVE_BASE_ERR_H
#define REEVE_BASE_ERR_H

#include "base/arena.h"
#include "base/compiler.h"
#include "base/str.h"

#define ERR_WENT_WRONG "Something went wrong while processing your request."

/* clang-format off */
#define FOR_EACH_ERR_KIND(X)                                                       \
    X(E_BAD_REQUEST,  400, ERR_WENT_WRONG)                                         \
    X(E_UNAUTHORIZED, 401, "Missing or invalid authentication.")                   \
    X(E_FORBIDDEN,    403, "You are not allowed to perform this request.")         \
    X(E_NOT_FOUND,    404, "The requested resource wasn't found.")                 \
    X(E_PRECONDITION, 412, "The record is not in the state that the request asks for.")       \
    X(E_TOO_LARGE,    413, "Request entity too large.")                            \
    X(E_TOO_MANY,     429, "Too Many Requests.")                                   \
    X(E_INTERNAL,     500, ERR_WENT_WRONG)                                         \
    X(E_UNAVAILABLE,  503, "The server is busy, please try again later.")          \
    /* for the server itself, never sent as they are */                            \
    X(E_OVER_BUDGET,  503, "The server is busy, please try again later.")          \
    X(E_STALE,        503, "The server is busy, please try again later.")          \
    X(E_GONE,         503, "The client has left.")
/* clang-format on */

/*
 * E_OVER_BUDGET: the statement's CPU budget is used up: run again on the pool, or leased.
 * E_STALE: the schema or settings changed since this was prepared: prepare again.
 * E_GONE: the client has left: nobody wants an answer.
 */
enum err_kind {
#define X(kind, status, message) kind,
    FOR_EACH_ERR_KIND(X)
#undef X
};

/* One refused field. Paths nest by '.', list positions are decimal: "requests.0.method". */
struct err_item {
    struct str path;
    struct str code;
    struct str message; /* as it is sent: a sentence */
    struct str words;   /* as the check said it */
    struct str params;  /* a JSON object as text, or empty */
    struct str extra;   /* further members as JSON text without braces, or empty */
    struct err_item *next;
};

struct err_index;

struct err {
    enum err_kind kind;
    const char *message;     /* for the client; never formatted from internals */
    struct err_item *items;  /* in the order they were added; NULL: none */
    struct err_index *index; /* err.c's, where there are many */
    struct str cause;        /* for the log only: SQL, path, errno, library text */
    unsigned retry_after_s;  /* 0: no Retry-After header, but for a 503, whose second is 1 */
    bool timed_out;          /* a statement ran past its time: the same again would do so, too */
    bool logged;             /* where it happened: the answer has no line of its own */
};

/* A code and its message, "{name}" in it replaced from the item's params (records.md 2.4). */
struct err_code {
    const char *code;
    const char *message;
};
/* clang-format off */
#define FOR_EACH_ERR_CODE(X)                                                                     \
    X(CODE_REQUIRED,             "validation_required",             "Cannot be blank.")          \
    X(CODE_NIL_OR_NOT_EMPTY,     "validation_nil_or_not_empty_required", "Cannot be blank.")     \
    X(CODE_NIL,                  "validation_nil",                  "Must be blank.")            \
    X(CODE_EMPTY,                "validation_empty",                "Must be blank.")            \
    X(CODE_LENGTH_RANGE,   "validation_length_out_of_range", "The length must be between {min} and {max}.") \
    X(CODE_LENGTH_TOO_LONG,      "validation_length_too_long",      "The length must be no more than {max}.") \
    X(CODE_LENGTH_TOO_SHORT,     "validation_length_too_short",     "The length must be no less than {min}.") \
    X(CODE_LENGTH_EXACT,   "validation_length_invalid", "The length must be exactly {min}.")     \
    X(CODE_MIN_THRESHOLD,  "validation_min_greater_equal_than_required", "Must be no less than {threshold}.") \
    X(CODE_MAX_THRESHOLD,  "validation_max_less_equal_than_required", "Must be no greater than {threshold}.") \
    X(CODE_MATCH,                "validation_match_invalid",        "Must be in a valid format.") \
    X(CODE_IN,                   "validation_in_invalid",           "Must be a valid value.")    \
    X(CODE_NOT_IN,               "validation_not_in_invalid",       "Must not be in list.")      \
    X(CODE_EMAIL,                "validation_is_email",             "Must be a valid email address.") \
    X(CODE_MISMATCH,             "validation_values_mismatch",      "Values don't match.")       \
    X(CODE_INVALID,              "validation_invalid_value",        "Invalid value.")            \
    X(CODE_NOT_UNIQUE,           "validation_not_unique",           "Value must be unique.")     \
    X(CODE_MIN_TEXT,       "validation_min_text_constraint", "Must be at least {min} character(s).") \
    X(CODE_MAX_TEXT,       "validation_max_text_constraint", "Must be no more than {max} character(s).") \
    X(CODE_MAX_PASSWORD,   "validation_max_text_constraint", "Must be less than {max} character(s).") \
    X(CODE_FORMAT,               "validation_invalid_format",       "Invalid value format.")     \
    X(CODE_PK_CHANGE,      "validation_pk_change", "The record primary key cannot be changed.")  \
    X(CODE_PK_INVALID,     "validation_pk_invalid", "The record primary key is invalid or already exists.") \
    X(CODE_PK_CHARACTER,   "validation_forbidden_pk_character", "'{ch}' is not a valid primary key character.") \
    X(CODE_PK_RESERVED,    "validation_reserved_pk", "The primary key '{reserved}' is reserved and cannot be used.") \
    X(CODE_CONTENT_SIZE,   "validation_content_size_limit", "The maximum allowed content size is {maxSize} bytes.") \
    X(CODE_NOT_A_NUMBER,   "validation_not_a_number", "The submitted number is not properly formatted.") \
    X(CODE_ONLY_INT,       "validation_only_int_constraint", "Decimal numbers are not allowed.") \
    X(CODE_MIN_NUMBER,     "validation_min_number_constraint", "Must be greater or equal than {min}.") \
    X(CODE_MAX_NUMBER,     "validation_max_number_constraint", "Must be less or equal than {max}.") \
    X(CODE_EMAIL_DOMAIN,   "validation_email_domain_not_allowed", "Email domain is not allowed.") \
    X(CODE_URL,                  "validation_invalid_url",          "Must be a valid url.")      \
    X(CODE_URL_DOMAIN,     "validation_url_domain_not_allowed", "Url domain is not allowed.")    \
    X(CODE_TOO_MANY,       "validation_too_many_values", "Select no more than {maxSelect}.")     \
    X(CODE_NOT_ENOUGH,     "validation_not_enough_values", "Select at least {minSelect}.")       \
    X(CODE_SELECT_VALUE,         "validation_invalid_value",        "Invalid value {value}.")    \
    X(CODE_REL_COLLECTION, "validation_missing_rel_collection", "Relation connection is missing or cannot be accessed.") \
    X(CODE_REL_RECORDS,    "validation_missing_rel_records", "Failed to find all relation records with the provided ids.") \
    X(CODE_INVALID_FILE,         "validation_invalid_file",         "Invalid new files: {invalidFiles}.") \
    X(CODE_TOO_MANY_FILES, "validation_too_many_files", "The maximum allowed files is {maxSelect}.") \
    X(CODE_FILE_SIZE,      "validation_file_size_limit", "Failed to upload {file} - the maximum allowed file size is {maxSize} bytes.") \
    X(CODE_JSON_SIZE,      "validation_json_size_limit", "The maximum allowed JSON size is {maxSize} bytes.") \
    X(CODE_JSON_INVALID,         "validation_invalid_json",         "Must be a valid json value.") \
    X(CODE_LATITUDE,       "validation_invalid_latitude", "Latitude must be between -90 and 90 degrees.") \
    X(CODE_LONGITUDE,      "validation_invalid_longitude", "Longitude must be between -180 and 180 degrees.") \
    X(CODE_AUTH_ID,        "validation_invalid_auth_id", "Invalid or duplicated auth record id.") \
    X(CODE_OLD_PASSWORD,   "validation_invalid_old_password", "Missing or invalid old password.") \
    X(CODE_PASSWORD_NUL,   "validation_invalid_value",        "Must not contain a NUL character.") \
    X(CODE_TOKEN,          "validation_invalid_token",        "Invalid or expired token.")      \
    X(CODE_TOKEN_COLLECTION, "validation_token_collection_mismatch", "The provided token is for different auth collection.") \
    X(CODE_TOKEN_CLAIMS,   "validation_invalid_token_claims", "Missing email token claim.")     \
    X(CODE_TOKEN_MISMATCH, "validation_token_email_mismatch", "The record email doesn't match with the requested token claims.") \
    X(CODE_TOKEN_PAYLOAD,  "validation_invalid_token_payload", "Invalid token payload - newEmail must be set.") \
    X(CODE_TOKEN_EMAIL,    "validation_invalid_token_email",  "The new email address is invalid.") \
    X(CODE_NEW_EMAIL,      "validation_invalid_new_email",    "Invalid new email address.")     \
    X(CODE_AUTH_PASSWORD,  "validation_invalid_password",     "Missing or invalid auth record password.") \
    X(CODE_COLLECTION_ID,        "validation_invalid_collection_id", "Missing or invalid collection.") \
    X(CODE_COLLECTION_TYPE,      "validation_invalid_collection_type", "Invalid collection type - must be auth.") \
    X(CODE_RECORD,               "validation_invalid_record",       "Missing or invalid record.")
/* clang-format on */
enum err_code_id {
#define X(id, code, message) id,
    FOR_EACH_ERR_CODE(X)
#undef X
};
const struct err_code *err_code(enum err_code_id id);

int err_status(const struct err *err);

/* `message` NULL: the kind's own. The format and what follows make the cause. */
MUST_CHECK PRINTF(4, 5)
struct err *err_new(struct arena *a, enum err_kind kind, const char *message, const char *format,
                    ...);

/* Adds an item, making *err (E_BAD_REQUEST) when it is NULL. params: a JSON object as text whose
 * members fill the "{name}"s of the message, or empty. A second item for a path is dropped. */
void err_add_item(struct arena *a, struct err **err, struct str path, enum err_code_id code,
                  struct str params);
/* The same with a code and message that are no row of the table above; message is made a sentence.
 */
void err_add_raw_item(struct arena *a, struct err **err, struct str path, struct str code,
                      struct str message, struct str params);

/* The params {"name":"text"} of an item. */
struct str err_params_text(struct arena *a, const char *name, struct str text);

/* Puts an E_BAD_REQUEST that has no words but its kind's into these. NULL gives NULL, else err. */
struct err *err_say(struct err *err, const char *message);

/* A copy in another arena: for an error that outlives the one it was made in. NULL gives NULL. */
struct err *err_copy(struct arena *a, const struct err *err);
/* E_UNAVAILABLE for want of memory (base/memory.h), which is logged here, seldom: whoever needs
 * more than there is needs it again and again. what: for the log. */
struct err *err_starved(struct arena *a, const char *what);

struct buf;
/* The envelope {"data":{…},"message":…,"status":…}, keys sorted (records.md 2.1). */
void err_write(struct buf *out, const struct err *err);
/* The items alone, in the same order, each with its words: {"title":"cannot be blank"}. */
void err_write_words(struct buf *out, const struct err *err);

/* Trim, upper-case first letter, full stop at the end (records.md 2.3). */
struct str err_sentence(struct arena *a, struct str text);

#endif
