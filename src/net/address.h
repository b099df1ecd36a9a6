/*
 * net/address: which addresses are of the public internet.
 *
 * Needs nothing of the program: it is in the module, too.
 */
#ifndef REEVE_NET_ADDRESS_H
#define REEVE_NET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * False for loopback, private, link-local, shared, multicast, reserved and documentation ranges, of
 * IPv6 for all but global unicast, and for whatever has an IPv4 address inside (mapped, 6to4,
 * Teredo, NAT64): what that leads to is the gateway's to decide. False for other families.
 */
bool net_address_is_public(const struct sockaddr *address);
/* The same of text as inet_ntop() writes it, perhaps with "%" and a zone; false for what is none.
 */
bool net_address_text_is_public(const char *text);

#endif
