#!/usr/bin/env python3
"""Makes the machine rough while tests run beside it, to find those that hold on a quiet one only.

    rough.py busy                                two processes that keep two processors busy
    rough.py stall [--ms 250] [--seed N] ROOT    stops servers that were built below ROOT, one at a
                                                 time, each for so long, at random intervals

Both go on until SIGTERM, SIGINT or the end of the parent. `stall` chooses among the processes whose
program lies below ROOT (a checkout): `reeve serve` and the server of tests/http. What it has stopped
it continues before it ends. Python 3.11 standard library only.
"""

import argparse
import os
import random
import signal
import sys
import time

SPIN = 1_000_000
INTERVAL_S = (0.1, 1.5)


class Ended(Exception):
    pass


def end(*_):
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # a second one must not end the clearing up
    raise Ended


def busy(_args):
    """The parent only waits: should it be killed, its children notice that they have another."""
    me = os.getpid()
    children = [spinner(me) for _ in range(2)]
    try:
        while True:
            pause(1)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def spinner(parent):
    child = os.fork()
    if child:
        return child
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    while os.getppid() == parent:
        for _ in range(SPIN):
            pass
    os._exit(0)


def stall(args):
    seed = args.seed if args.seed is not None else int(time.time())
    rng = random.Random(seed)
    root = os.path.realpath(args.root)
    count = 0
    print("seed %d" % seed, flush=True)
    try:
        while True:
            pause(rng.uniform(*INTERVAL_S))
            found = servers(root)
            count += bool(found) and stop_one(rng.choice(found), root, args.ms / 1000)
    finally:
        print("stopped a server %d times" % count, flush=True)


def servers(root):
    return [int(name) for name in sorted(os.listdir("/proc"))
            if name.isdigit() and is_server(name, root)]


def is_server(pid, root):
    try:
        exe = os.readlink("/proc/%s/exe" % pid).removesuffix(" (deleted)")
        with open("/proc/%s/cmdline" % pid, "rb") as f:
            args = f.read().split(b"\0")[1:]
    except OSError:  # it has ended, or is somebody else's
        return False
    if not exe.startswith(root + os.sep):
        return False
    name = os.path.basename(exe)
    return name == "http_server" or name == "reeve" and b"serve" in args


def stop_one(pid, root, seconds):
    """False where it ended meanwhile. A pid may pass to another process, a descriptor does not."""
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if not is_server(pid, root):
            return False
        signal.pidfd_send_signal(fd, signal.SIGSTOP)
        pause(seconds)
    except ProcessLookupError:
        return False
    finally:
        try:
            signal.pidfd_send_signal(fd, signal.SIGCONT)
        except ProcessLookupError:
            pass
        os.close(fd)
    return True


def pause(seconds):
    time.sleep(seconds)
    if os.getppid() != PARENT:
        raise Ended


PARENT = os.getppid()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("busy").set_defaults(run=busy)
    stalls = kinds.add_parser("stall")
    stalls.add_argument("--ms", type=int, default=250)
    stalls.add_argument("--seed", type=int)
    stalls.add_argument("root")
    stalls.set_defaults(run=stall)
    args = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    try:
        args.run(args)
    except Ended:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
