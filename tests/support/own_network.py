#!/usr/bin/env python3
"""own_network.py COMMAND [ARGUMENT...]

Runs a command in a network of its own, where the system allows that, else as it is. Who takes a port that
was free a moment ago, and asks whoever listens there, meets no server of another stage.
"""

import fcntl
import os
import socket
import struct
import subprocess
import sys

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1  # linux/sockios.h, linux/if.h
INSIDE = "--inside"


def begin_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        name, flags = struct.unpack("16sh", fcntl.ioctl(s, SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0)))
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh", name, flags | IFF_UP))


def main():
    command = sys.argv[1:]
    if command[0] == INSIDE:
        begin_loopback()
        os.execvp(command[1], command[1:])
    own = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"]),
           sys.executable, os.path.abspath(__file__), INSIDE]
    try:  # a network may be granted, and nothing in it
        allowed = subprocess.run([*own, "true"], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        allowed = False
    if allowed:
        command = [*own, *command]
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
