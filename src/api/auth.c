/*
 * Logins: /api/collections/{collection}/auth-… (auth.md 5).
 */
#include "api/internal.h"

/* Unknown collections are refused before anything else (auth.md 1.4). */
static struct err *collection_exists(struct api_call *call)
{
    const struct schema_col *col;

    return api_collection(call, "Missing or invalid collection context.", &col);
}

static struct auth_call auth_call(struct api_call *call)
{
    return (struct auth_call){.actor = &call->actor,
                              .col = schema_find(call->schema, call->req->params[0]),
                              .id = call->req->params[1],
                              .mfa_id = api_query(call, STR("mfaId")),
                              .expand = api_query(call, STR("expand")),
                              .client_ip = call->real_ip,
                              .superuser_ip_allowed = call->superuser_ip_allowed,
                              .now_ms = call->now_ms};
}

/* The body as rules see it and as the endpoint decodes it; a failure is the endpoint's to report.
 */
static void read_body(struct api_call *call, struct form_input *form, struct auth_call *auth)
{
    auth->body_err = api_form(call, form);
    auth->form = form;
    auth->body = NULL;
    if (!auth->body_err)
        auth->rules_err = api_body(call, &auth->body);
}

static struct err *send(struct api_call *call, const struct auth_answer *answer)
{
    buf_add(&call->req->resp.body, answer->body);
    req_answer_json(call->req, answer->status);
    return NULL;
}

struct err *api_auth_with_password(struct api_call *call)
{
    struct auth_call auth = auth_call(call);
    struct auth_answer answer;
    struct form_input form;
    struct err *err = collection_exists(call);

    if (err)
        return err;
    read_body(call, &form, &auth);
    err = auth_with_password(call->arena, call->api->db, &auth, &answer);
    return err ? err : send(call, &answer);
}

/* A body is ignored, but one that can't be decoded is refused. */
struct err *api_auth_refresh(struct api_call *call)
{
    struct auth_call auth = auth_call(call);
    struct auth_answer answer;
    struct err *err = api_body(call, &auth.body);

    if (!err)
        err = auth_refresh(call->arena, call->conn, &auth, &call->token, &answer);
    return err ? err : send(call, &answer);
}

struct err *api_auth_methods(struct api_call *call)
{
    struct auth_answer answer;
    struct err *err = collection_exists(call);

    if (!err)
        err = auth_methods(call->arena, schema_find(call->schema, call->req->params[0]), &answer);
    return err ? err : send(call, &answer);
}

struct err *api_auth_impersonate(struct api_call *call)
{
    struct auth_call auth = auth_call(call);
    struct auth_answer answer;
    struct form_input form;
    struct err *err;

    read_body(call, &form, &auth);
    err = auth_impersonate(call->arena, call->conn, &auth, &answer);
    return err ? err : send(call, &answer);
}
