/*
 * Who is at the other end of a connection.
 */
#include "api/api.h"

bool api_peers_are_clients(void *user)
{
    const struct api *api = user;
    AUTO(settings_unref) struct settings *settings = settings_current(api->settings);

    return settings->trusted_proxy.headers.n == 0;
}
