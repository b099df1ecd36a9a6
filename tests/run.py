#!/usr/bin/env python3
"""Runs the stages of ./dev test: run.py [--all] [--list] [--beside busy|stall] [STAGE...]

Stages run side by side, as many at a time as there are processors, each once what it needs is built.
A stage prints what it found, its time, its budget and its counts. Over its budget it is only said to
be; over its limit it is ended, fails, and says what it waited for. What waits for a server, and failed
beside other stages, runs once more by itself; that it had to is said in the end.
--all runs the long halves too.
--beside runs all of it next to two processes that keep the processors busy, or next to one that stops
servers for a moment at random (support/rough.py): nothing here may depend on the machine's speed.

The last line is the sum of all, `N passed, N failed`, and the exit status is 1 when anything failed.
What could not be run for want of ../shared is said in a line before it.
"""

import argparse
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import stages

SLOTS = max(2, os.cpu_count() or 1)
MEMORY = "/dev/shm"
LEAST_MEMORY = 10 << 30
REPORT = re.compile(r"Sanitizer|runtime error:")  # never a matter of a slow machine


class Overdue(Exception):
    """A stage has reached its limit."""


class Job:
    """A stage while it runs: its options, what it has to say, what it waits for."""

    def __init__(self, stage, everything):
        self.stage, self.all = stage, everything
        self.lines = []
        self.not_run = []  # what could not be run here, each with the reason
        self.again = 0  # what failed in this stage's first run, where this is its second
        self.cpu_s = 0.0  # of a processor, by all that its commands started and waited for
        self.begun = time.monotonic()

    def say(self, text):
        self.lines.append(text.rstrip("\n"))

    def took(self):
        return time.monotonic() - self.begun

    def run(self, *command, cwd=stages.TOP, show=True, **env):
        """(exit status, output); the output is also said where `show`. Raises Overdue."""
        left = max(0.1, self.stage.limit_s - self.took())
        child = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, errors="replace",
                                 start_new_session=True,
                                 env={**os.environ, **stages.SANITIZERS, **env})
        alarm = threading.Timer(left, end_group, [child.pid])
        alarm.start()
        lines = []
        for line in child.stdout:
            lines.append(line)
            if show:
                self.say("  " + line)
        _, ended, used = os.wait4(child.pid, 0)
        status = child.returncode = os.waitstatus_to_exitcode(ended)
        self.cpu_s += used.ru_utime + used.ru_stime
        late = not alarm.is_alive()
        alarm.cancel()
        if late:
            raise Overdue("`%s`, whose last words are: %s" % (
                " ".join(command), "".join(lines[-5:]).strip() or "none"))
        return status, "".join(lines)


def end_group(leader):
    """Ends a command with all that it has started."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


def perform(job):
    """(passed, failed) of one stage."""
    try:
        good, bad = job.stage.run(job)
    except Overdue as late:
        job.say("  FAIL %s: over its limit of %d s, waiting for %s" % (
            job.stage.name, job.stage.limit_s, late))
        good, bad = 0, 1
    took, budget = job.took(), job.stage.budget_s
    job.say("== %s: %.1f s of %d s%s; %.0f s of a processor; %d good, %d bad" % (
        job.stage.name, took, budget, "" if took <= budget else ", OVER ITS BUDGET", job.cpu_s, good, bad))
    return good, bad


def schedule(wanted, everything):
    """Runs the stages; yields (job, good, bad) as they end."""
    waiting, running, done = list(wanted), {}, {}
    with concurrent.futures.ThreadPoolExecutor(SLOTS) as pool:
        while waiting or running:
            for stage in [s for s in waiting if all(n in done for n in s.needs)]:
                broken = [n for n in stage.needs if not done[n]]
                if not broken and len(running) == SLOTS:
                    continue
                waiting.remove(stage)
                job = Job(stage, everything)
                if broken:
                    done[stage.name] = False
                    job.say("== %s: not run, for %s failed" % (stage.name, broken[0]))
                    yield job, 0, 1
                else:
                    running[pool.submit(perform, job)] = job
            ended, _ = concurrent.futures.wait(running, return_when="FIRST_COMPLETED")
            for future in ended:
                job = running.pop(future)
                good, bad = future.result()
                done[job.stage.name] = not bad
                yield job, good, bad


def settle(wanted, everything, say):
    """Runs the stages, say(job) for each; returns what they come to: {name: (job, good, bad)}. Those of
    stages.TIMED that failed run again when nothing else does."""
    found = {}
    for job, good, bad in schedule(wanted, everything):
        say(job)
        found[job.stage.name] = job, good, bad
    for first, _, bad in [f for f in found.values() if f[2] and f[0].stage.name in stages.TIMED]:
        if REPORT.search("\n".join(first.lines)) or any(found[n][2] for n in first.stage.needs):
            continue
        job = Job(first.stage, everything)
        job.again = bad
        found[first.stage.name] = (job, *perform(job))
        say(job)
    return found


def choose(names, everything):
    """The stages to run, in the table's order, with those that they need."""
    table = {stage.name: stage for stage in stages.STAGES}
    for name in names:
        if name not in table:
            sys.exit("no such stage: %s (--list names them)" % name)
    wanted = set(names) or {s.name for s in stages.STAGES if everything or not s.only_all}
    for name in list(wanted):
        wanted.update(table[name].needs)
    return [stage for stage in stages.STAGES if stage.name in wanted]


def beside(how):
    """A process that makes the machine rough while the stages run; None: none."""
    if not how:
        return None
    script = os.path.join(stages.TESTS, "support", "rough.py")
    return subprocess.Popen([sys.executable, script, how] + ([stages.TOP] if how == "stall" else []))


def room_in_memory():
    """A folder in memory, or None where there is not enough of it: there the tests' servers need not
    wait for a disk, which is what most of them did most of the time. Nothing is lost by that: no test
    cuts the power, and who kills a server keeps the machine's memory."""
    try:
        with open("/proc/meminfo", encoding="ascii") as f:
            free = next(int(line.split()[1]) * 1024 for line in f if line.startswith("MemAvailable:"))
        disk = os.statvfs(MEMORY)
    except (OSError, StopIteration):
        return None
    for name in os.listdir(MEMORY):  # of runs that were killed
        found = re.fullmatch(r"reeve-test-(\d+)-.*", name)
        if found and not os.path.exists("/proc/" + found[1]):
            shutil.rmtree(os.path.join(MEMORY, name), ignore_errors=True)
    if min(free, disk.f_bavail * disk.f_frsize) < LEAST_MEMORY:
        return None
    folder = tempfile.mkdtemp(prefix="reeve-test-%d-" % os.getpid(), dir=MEMORY)
    os.chmod(folder, 0o1777)  # as /tmp is: some tests become another user
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="the long halves, too")
    parser.add_argument("--list", action="store_true", help="name the stages")
    parser.add_argument("--beside", choices=("busy", "stall"), help="on a rough machine")
    parser.add_argument("stages", nargs="*")
    args = parser.parse_args()
    if args.list:
        for stage in stages.STAGES:
            print("%-12s %s%s" % (stage.name, stage.run.__doc__, " (--all)" * stage.only_all))
        return 0
    if args.all:
        os.environ["REEVE_TEST_ALL"] = "1"  # support/much.h
    begun = time.monotonic()
    rough = beside(args.beside)
    memory = room_in_memory()
    if memory:
        os.environ["TMPDIR"] = tempfile.tempdir = memory
    try:
        found = settle(choose(args.stages, args.all), args.all, lambda job: print("\n".join(
            ["== %s%s: %s" % (job.stage.name, ", by itself" * bool(job.again), job.stage.run.__doc__),
             *job.lines]), flush=True)).values()
    finally:
        if rough:
            rough.terminate()
            rough.wait()
        if memory:
            shutil.rmtree(memory, ignore_errors=True)
    passed, failed = (sum(f[i] for f in found) for i in (1, 2))
    print("all stages: %.0f s" % (time.monotonic() - begun))
    for job, _, bad in found:
        for what in job.not_run:
            print("not run: " + what)
        if job.again and not bad:
            print("only by itself: %s (%d bad beside other stages)" % (job.stage.name, job.again))
    print("%d passed, %d failed" % (passed, failed), flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
