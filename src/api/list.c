/*
 * Lists of records: a page of one, or all of it (api/export.h).
 */
#include "api/rate.h"

#include "base/num.h"

/* --- which format ----------------------------------------------------------------------------- */

/* Of an Accept header, what we know of; what is not named here is not to be had. */
static const struct {
    struct str name;
    bool is_json;
    enum rec_format format;
} media_types[] = {
    {STR_INIT("application/json"), true, 0},
    {STR_INIT("application/*"), true, 0},
    {STR_INIT("*/*"), true, 0},
    {STR_INIT("application/x-ndjson"), false, REC_NDJSON},
    {STR_INIT("application/ndjson"), false, REC_NDJSON},
    {STR_INIT("application/jsonl"), false, REC_NDJSON},
    {STR_INIT("text/csv"), false, REC_CSV},
};

/* In thousandths; what is no number is all of it. */
static unsigned quality_of(struct str params)
{
    while (params.p) {
        struct str param = str_trim_space(str_split(&params, ';'));
        double q;

        if (str_starts(param, STR("q=")) && num_parse_json(str_from(param, 2), &q) && q >= 0 &&
            q <= 1)
            return (unsigned)(q * 1000);
    }
    return 1000;
}

static bool is_export_wanted(struct api_call *call, enum rec_format *ret)
{
    struct str rest = req_header(call->req, STR("Accept"));
    unsigned best = 0;
    bool is_json = true;

    while (rest.p) {
        struct str params = str_split(&rest, ',');
        struct str type = str_trim_space(str_split(&params, ';'));
        unsigned quality = quality_of(params);

        for (size_t i = 0; i < COUNT_OF(media_types) && quality > best; i++) {
            if (!str_eq_nocase(media_types[i].name, type))
                continue;
            best = quality;
            is_json = media_types[i].is_json;
            *ret = media_types[i].format;
        }
    }
    return !is_json;
}

/* --- GET …/records --------------------------------------------------------------------------- */

static struct rec_list_params params_of(struct api_call *call)
{
    return (struct rec_list_params){
        .picker = api_picker(call),
        .page = req_query_get(call->req, STR("page")),
        .per_page = req_query_get(call->req, STR("perPage")),
        .skip_total = req_query_get(call->req, STR("skipTotal")),
        .filter = req_query_get(call->req, STR("filter")),
        .sort = req_query_get(call->req, STR("sort")),
        .expand = req_query_get(call->req, STR("expand")),
        .cursor = req_query_get(call->req, STR("cursor")),
        .from = req_query_get(call->req, STR("from")),
        .group_by = req_query_get(call->req, STR("groupBy")),
        .aggregate = req_query_get(call->req, STR("aggregate")),
    };
}

/* Whether no record is in the answer, also where it is one group of all of them: then each of its
 * values is null or 0. */
static bool found_nothing(const struct api_call *call, const struct rec_list_params *params)
{
    const struct str body = buf_str(&call->req->resp.body);
    const struct json *answer, *items;

    if (str_starts(body, STR("{\"items\":[]")))
        return true;
    if (params->aggregate.n == 0 || params->group_by.n > 0 ||
        !json_read(call->arena, body, &json_limits_stored, &answer, NULL))
        return false;
    items = json_get(answer, STR("items"));
    if (!items || items->type != JSON_LIST || items->n != 1 || items->items[0].type != JSON_OBJECT)
        return false;
    for (uint32_t i = 0; i < items->items[0].n; i++) {
        const struct json *value = &items->items[0].members[i].value;

        if (value->type != JSON_NULL && !(value->type == JSON_NUMBER && json_double(value) == 0))
            return false;
    }
    return true;
}

static struct err *list_records(struct api_call *call)
{
    const struct schema_col *col;
    struct rec_list_params params;
    enum rec_format format;
    struct err *err;

    call->wait_ms = 0;
    err = api_collection(call, "Missing collection context.", &col);
    if (!err)
        err = api_body(call, &call->caller.actor.request.body);
    if (err)
        return err;
    params = params_of(call);
    if (is_export_wanted(call, &format))
        return export_prepare(call, col, &params, format);
    err =
        rec_list(call->arena, call->conn, &call->caller.actor, col, &params, &call->req->resp.body);
    if (err)
        return err;
    if (found_nothing(call, &params))
        call->wait_ms = rate_empty_list_ms(call, col);
    req_answer_json(call->req, 200);
    return NULL;
}

const struct api_work api_records_list = {
    .steps = {{.place = AT_READ, .run = list_records},
              {.place = AT_POOL_READ, .run = export_begin, .needed = export_is_prepared}},
    .undo = export_undo,
};

/* --- /api/reeve/export/{collection} ----------------------------------------------------------- */

static struct err *read_format(struct api_call *call, enum rec_format *ret)
{
    struct str format = req_query_get(call->req, STR("format"));

    *ret = REC_NDJSON;
    if (format.n == 0) {
        (void)is_export_wanted(call, ret);
        return NULL;
    }
    if (export_find_format(format, ret))
        return NULL;
    return err_new(call->arena, E_BAD_REQUEST, "format must be csv or ndjson.", "format");
}

static struct err *export_collection(struct api_call *call)
{
    const struct schema_col *col;
    struct rec_list_params params;
    enum rec_format format;
    struct err *err = api_collection(call, "Missing collection context.", &col);

    if (!err)
        err = read_format(call, &format);
    if (!err)
        err = api_body(call, &call->caller.actor.request.body);
    if (err)
        return err;
    params = params_of(call);
    return export_prepare(call, col, &params, format);
}

const struct api_work api_export = {
    .steps = {{.place = AT_READ, .run = export_collection},
              {.place = AT_POOL_READ, .run = export_begin, .needed = export_is_prepared}},
    .undo = export_undo,
};
