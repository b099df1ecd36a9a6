/*
 * Who is at the other end of a connection.
 */
#include "api/internal.h"

bool api_peers_are_clients(void *user)
{
    const struct api *api = user;
    AUTO(settings_unref) struct settings *settings = settings_current(api->settings);

    return settings->trusted_proxy.headers.n == 0;
}

uint64_t api_client(void *user, const struct req *req)
{
    const struct api *api = user;
    AUTO(settings_unref) struct settings *settings = settings_current(api->settings);

    return settings_ip_client(api_real_ip(req->arena, req, settings));
}
