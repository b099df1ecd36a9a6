#!/usr/bin/env python3
"""run.py [--seconds N] [--keep] [TARGET...]: replays the kept corpus of each fuzz target, then
fuzzes it for N seconds, those that strangers' texts do not reach directly for half. An input that breaks a target is written into its corpus, so that it stays a
test; --keep also merges what reached new code. The last line is `N passed, N failed` (targets)."""

import argparse
import concurrent.futures
import glob
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build-fuzz", "tests")
FIRST = ("compile", "multipart", "picker", "query", "record", "sort")
LIMITS = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=8192"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("targets", nargs="*")
    args = parser.parse_args()
    names = args.targets or sorted(
        os.path.basename(path)[5:-2] for path in glob.glob(os.path.join(HERE, "fuzz_*.c")))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [(name, pool.submit(fuzz, name, share(name, args.seconds), args.keep))
                for name in names]
        for name, job in jobs:
            why = job.result()
            if why:
                failed += 1
                print("FAIL %s\n%s" % (name, why), flush=True)
    print("%d passed, %d failed" % (len(names) - failed, failed))
    return 1 if failed else 0


def share(name, seconds):
    return seconds if name in FIRST else (seconds + 1) // 2


def fuzz(name, seconds, keep):
    """None, or the report of what broke."""
    program = os.path.join(BUILD, "fuzz_" + name)
    corpus = os.path.join(HERE, "corpus", name)
    os.makedirs(corpus, exist_ok=True)
    seeds = sorted(glob.glob(os.path.join(corpus, "*")))
    words = os.path.join(HERE, name + ".dict")
    options = LIMITS + (["-dict=" + words] if os.path.exists(words) else [])
    if seeds:
        done = call(program, *options, "-runs=1", *seeds)
        if done:
            return done
    with tempfile.TemporaryDirectory() as work:
        done = call(program, *options, "-max_total_time=%d" % seconds, "-print_final_stats=0",
                    "-artifact_prefix=%s/" % corpus, work, corpus)
        if not done and keep:
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
