#!/usr/bin/env python3
"""run.py [--runs N | --seconds N [--keep]] [TARGET...]

Replays the kept corpus of each fuzz target, then tries new inputs: with --runs, N times a fixed
number of them from a fixed seed, which finds the same on every machine; with --seconds, for so long
and another each time. An input that breaks a target is written into its corpus, so that it stays a
test; --keep also merges what reached new code. The last line is `N passed, N failed` (targets).
"""

import argparse
import concurrent.futures
import glob
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build-fuzz", "tests")
RUNS = 20000  # about two seconds of most targets; fewer where an input is slow:
RUNS_OF = {"define": 1000, "regex": 5000, "view": 300}
LIMITS = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=8192"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("targets", nargs="*")
    args = parser.parse_args()
    names = args.targets or sorted(
        os.path.basename(path)[5:-2] for path in glob.glob(os.path.join(HERE, "fuzz_*.c")))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [(name, pool.submit(fuzz, name, args))
                for name in names]
        for name, job in jobs:
            why = job.result()
            if why:
                failed += 1
                print("FAIL %s\n%s" % (name, why), flush=True)
    print("%d passed, %d failed" % (len(names) - failed, failed))
    return 1 if failed else 0


def fuzz(name, args):
    """None, or the report of what broke."""
    program = os.path.join(BUILD, "fuzz_" + name)
    corpus = os.path.join(HERE, "corpus", name)
    os.makedirs(corpus, exist_ok=True)
    seeds = sorted(glob.glob(os.path.join(corpus, "*")))
    words = os.path.join(HERE, name + ".dict")
    options = LIMITS + (["-dict=" + words] if os.path.exists(words) else [])
    if args.seconds:
        effort = ["-max_total_time=%d" % args.seconds]
    else:
        effort = ["-seed=1", "-runs=%d" % (args.runs * RUNS_OF.get(name, RUNS))]
    if seeds:
        done = call(program, *options, "-runs=1", *seeds)
        if done:
            return done
    with tempfile.TemporaryDirectory() as work:
        done = call(program, *options, *effort, "-print_final_stats=0",
                    "-artifact_prefix=%s/" % corpus, work, corpus)
        if not done and args.keep:
            done = call(program, *options, "-merge=1", corpus, work)
    return done


def call(program, *arguments):
    done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, errors="replace", env={
                              **os.environ, "ASAN_OPTIONS": "detect_leaks=1",
                              "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"})
    return None if done.returncode == 0 else done.stderr[-6000:] or "exit %d" % done.returncode


if __name__ == "__main__":
    sys.exit(main())
