#!/usr/bin/env python3
"""Runs the stages of ./dev test: run.py [--list] [STAGE...]

Each stage prints what it found, its time and its counts; the last line is the sum of all,
`N passed, N failed`, and the exit status is 1 when anything failed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

TESTS = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(TESTS)
SHARED = os.path.join(os.path.dirname(TOP), "shared", "conformance")
RELEASE = os.path.join(TOP, "build", "reeve")
ASAN = os.path.join(TOP, "build-asan", "reeve")
SANITIZERS = {
    "ASAN_OPTIONS": "abort_on_error=0:detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=0:second_deadlock_stack=1:suppressions="
                    + os.path.join(TESTS, "tsan", "suppressions.txt"),
}


def run(*command, cwd=TOP, show=True, **env):
    """(exit status, output); the output also goes to the screen where `show`."""
    child = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace",
                             env={**os.environ, **SANITIZERS, **env})
    lines = []
    for line in child.stdout:
        lines.append(line)
        if show:
            print("  " + line, end="", flush=True)
    return child.wait(), "".join(lines)


def counted(status, text):
    """The counts of a program that closes with `N passed, N failed`."""
    found = re.findall(r"^(\d+) passed, (\d+) failed$", text, re.M)
    if not found:
        return 0, 1
    passed, failed = map(int, found[-1])
    return passed, failed if failed or not status else 1


def build(flavour):
    status, text = run(os.path.join(TOP, "dev"), "flavour", flavour, show=False)
    warnings = len(re.findall(r"\bwarning: ", text))
    if status or warnings:
        print(text)
    return (1, 0) if status == 0 and not warnings else (0, 1)


def build_again(flavour):
    """As build(), but a warning of an object that is up to date counts too."""
    directory = os.path.join(TOP, "build-" + flavour)
    if os.path.exists(os.path.join(directory, "build.ninja")):
        run("ninja", "-C", directory, "-t", "clean", show=False)
    return build(flavour)


def programs(directory, suite, **env):
    """Runs one suite of meson's and counts the cases inside its programs."""
    log = os.path.join(directory, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.remove(log)
    status, text = run("meson", "test", "-C", directory, "--suite", suite, "--no-rebuild",
                       "--num-processes", str(os.cpu_count()), show=False, **env)
    if not os.path.exists(log):
        if "No suitable tests" in text or "No tests defined" in text:
            return 0, 0
        print(text)
        return 0, 1
    passed = failed = 0
    with open(log, encoding="utf-8") as f:
        for line in f:
            good, bad = program_cases(json.loads(line))
            passed += good
            failed += bad
    return passed, failed if failed or not status else 1


def program_cases(record):
    text = (record.get("stdout") or "") + (record.get("stderr") or "")
    begun = len(re.findall(r"^\[ RUN      \]", text, re.M))
    good = len(re.findall(r"^\[       OK \]", text, re.M))
    bad = begun - good
    if record["result"] not in ("OK", "EXPECTEDFAIL") and not bad:
        bad = 1  # a sanitizer's report, a crash, a time-out
    if bad:
        print("  FAIL %s (%s)\n%s" % (record["name"], record["result"], text[-6000:]))
    return good, bad


def stage_lint():
    """shape of the code, format"""
    passed, failed = counted(*run(sys.executable, os.path.join(TESTS, "lint", "shape.py"), "src"))
    version = formatter_version()
    if version != 14:
        print("  format: not checked; clang-format 14 decides, and this is %s" % (version or "none"))
        return passed, failed
    files = sorted(os.path.join(root, name) for part in ("src", "tests", "bench")
                   for root, _, names in os.walk(os.path.join(TOP, part))
                   for name in names if name.endswith((".c", ".h")) and "node_modules" not in root)
    bad = [path for path in files
           if run("clang-format", "--dry-run", "-Werror", path, show=False)[0]]
    for path in bad:
        print("  FAIL %s: ./dev fmt would change it" % os.path.relpath(path, TOP))
    return passed + len(files) - len(bad), failed + len(bad)


def formatter_version():
    if not shutil.which("clang-format"):
        return None
    found = re.search(r"version (\d+)", run("clang-format", "--version", show=False)[1])
    return int(found[1]) if found else None


def stage_build():
    """the release build; everything with sanitizers"""
    done = [build("release"), build("asan")]
    return sum(d[0] for d in done), sum(d[1] for d in done)


def stage_unit():
    """unit tests and the HTTP layer alone, ASan and UBSan"""
    return programs(os.path.join(TOP, "build-asan"), "unit")


def stage_engine():
    """what every database engine must do, ASan and UBSan"""
    return programs(os.path.join(TOP, "build-asan"), "engine")


def stage_tsan():
    """writer, pool and loops under load, ThreadSanitizer"""
    built = build("tsan")
    if built[1]:
        return built
    return programs(os.path.join(TOP, "build-tsan"), "tsan")


def stage_clang():
    """a second compiler finds nothing to warn about"""
    return build_again("clang")


def stage_api():
    """our own API cases"""
    return counted(*run(sys.executable, os.path.join(TESTS, "api", "run.py"), ASAN))


def stage_files():
    """files in records, from upload to removal"""
    return counted(*run(sys.executable, os.path.join(TESTS, "files", "run.py"), ASAN))


def stage_extras():
    """what the reference lacks: ETags, cursors"""
    return counted(*run(sys.executable, os.path.join(TESTS, "extras", "run.py"), ASAN))


def stage_conformance():
    """../shared/conformance: what passed before still passes"""
    runner = os.path.join(SHARED, "run.py")
    if not os.path.exists(runner):
        print("  not run: %s is not there" % os.path.relpath(runner, TOP))
        return 0, 0
    listed = os.path.join(TESTS, "conformance", "passing.txt")
    with tempfile.TemporaryDirectory() as work:
        cases = os.path.join(work, "cases.json")
        only_listed(os.path.join(SHARED, "cases.json"), listed, cases)
        status, text = run(sys.executable, runner, "--server", ASAN, "--cases", cases, "--data",
                           os.path.join(SHARED, "data"), "--jobs", str(os.cpu_count()),
                           "--expect", listed, show=False)
    for line in text.splitlines():
        if line.startswith(("REGRESSION", "expected")):
            print("  " + line)
    found = re.search(r"^expected to pass: (\d+), regressions: (\d+)", text, re.M)
    if not found:
        print(text)
        return 0, 1
    wanted, broken = map(int, found.groups())
    return wanted - broken, broken if broken or not status else 1


def only_listed(source, listed, target):
    """Cases that are not expected to pass only cost time here; ./tests/conformance/README.md says
    how to run them all."""
    with open(listed, encoding="utf-8") as f:
        ids = {line.strip() for line in f if line.strip() and not line.startswith("#")}
    with open(source, encoding="utf-8") as f:
        doc = json.load(f)
    doc["cases"] = [case for case in doc["cases"] if case["id"] in ids]
    with open(target, "w", encoding="utf-8") as f:
        json.dump(doc, f)


def stage_sdk():
    """the official JavaScript SDK"""
    where = os.path.join(TESTS, "sdk")
    if not same_lock(where):
        status, text = run("npm", "ci", "--silent", "--no-audit", "--no-fund", cwd=where, show=False)
        if status:
            print(text)
            return 0, 1
        shutil.copy(os.path.join(where, "package-lock.json"),
                    os.path.join(where, "node_modules", "installed.json"))
    status, text = run("node", "--test", "--test-reporter=tap", cwd=where, show=False,
                       REEVE_BINARY=RELEASE)
    count = {k: int(n) for k, n in re.findall(r"^# (pass|fail|cancelled|skipped) (\d+)$", text, re.M)}
    failed = count.get("fail", 0) + count.get("cancelled", 0)
    if status or failed:
        print(text)
    if count.get("skipped"):
        print("  %d skipped: no ../shared" % count["skipped"])
    return count.get("pass", 0), failed if failed or not status else 1


def same_lock(where):
    try:
        with open(os.path.join(where, "package-lock.json"), "rb") as a, \
                open(os.path.join(where, "node_modules", "installed.json"), "rb") as b:
            return a.read() == b.read()
    except OSError:
        return False


def stage_hostile():
    """what a hostile client can send, to both builds"""
    done = [counted(*run(sys.executable, os.path.join(TESTS, "hostile", "run.py"), binary))
            for binary in (RELEASE, ASAN)]
    return sum(d[0] for d in done), sum(d[1] for d in done)


def stage_crash():
    """kill -9; batches that go wrong; slow requests that are dropped; directories that others change"""
    done = [counted(*run(sys.executable, os.path.join(TESTS, "crash", "kill9.py"), RELEASE,
                         "--rounds", "20")),
            counted(*run(sys.executable, os.path.join(TESTS, "crash", "batch.py"), RELEASE)),
            counted(*run(sys.executable, os.path.join(TESTS, "crash", "drop.py"), RELEASE)),
            counted(*run(sys.executable, os.path.join(TESTS, "crash", "directory.py"), ASAN))]
    return sum(d[0] for d in done), sum(d[1] for d in done)


def stage_fuzz():
    """the kept corpus, then 10 seconds a target"""
    built = build("fuzz")
    if built[1]:
        return built
    return counted(*run(sys.executable, os.path.join(TESTS, "fuzz", "run.py"), "--seconds", "10"))


STAGES = {name[6:]: stage for name, stage in list(globals().items()) if name.startswith("stage_")}


def main():
    names = [a for a in sys.argv[1:] if not a.startswith("-")] or list(STAGES)
    if "--list" in sys.argv:
        for name, stage in STAGES.items():
            print("%-12s %s" % (name, stage.__doc__))
        return 0
    if "build" not in names and set(names) - {"lint", "clang", "tsan", "fuzz"}:
        names.insert(0, "build")
    passed = failed = 0
    begun = time.monotonic()
    for name in names:
        good, bad = staged(name)
        passed += good
        failed += bad
        if name == "build" and bad:
            break
    print("all stages: %.0f s" % (time.monotonic() - begun))
    print("%d passed, %d failed" % (passed, failed), flush=True)
    return 1 if failed or not passed else 0


def staged(name):
    if name not in STAGES:
        sys.exit("no such stage: " + name)
    print("== %s: %s" % (name, STAGES[name].__doc__), flush=True)
    begun = time.monotonic()
    good, bad = STAGES[name]()
    print("== %s: %.1f s; %d good, %d bad" % (name, time.monotonic() - begun, good, bad), flush=True)
    return good, bad


if __name__ == "__main__":
    sys.exit(main())
