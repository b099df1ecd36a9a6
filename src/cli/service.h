/*
 * cli/service: the program under a service manager: sockets that are handed over, what it is told,
 * and the restart (sd_listen_fds(3), sd_notify(3), written by hand). Without one all of this does
 * nothing, except for the restart.
 */
#ifndef REEVE_CLI_SERVICE_H
#define REEVE_CLI_SERVICE_H

#include "base/err.h"

#include <stdint.h>

/* The socket that was handed to this process, which children do not get; 0: none was. An error
 * where there are several. Once, before there are threads. */
MUST_CHECK struct err *service_listener(struct arena *a, int *ret_fd);

/* Lines of NAME=VALUE for the manager. Any thread; does not block. */
void service_notify(struct str lines);
void service_ready(struct str url); /* it serves there */
void service_ending(bool restarts); /* it begins to stop */
void service_alive(void);           /* it is not stuck */
/* How often it is to say so, in milliseconds, with time to spare; 0: nobody asks. */
uint64_t service_alive_ms(void);

/* Runs the program again in this process, with the same arguments, environment and process id, and
 * hands the listener over; -1: there is none. What stands where the program stood is what runs, so
 * after an upgrade the new one. Everything is closed by then, and there are no other threads.
 * Returns only where it fails: the process's exit code. */
int service_restart(char *const *arguments, int listener);

#endif
