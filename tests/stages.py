"""The stages of ./dev test: one row each in STAGES, at the end.

A stage is a function of a Job (run.py) and returns (passed, failed); its first line of documentation
is its title. Everything that it starts it starts by job.run(), which keeps the stage's limit.
"""

import collections
import json
import os
import re
import shutil
import sys
import tempfile

TESTS = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(TESTS)
SHARED = os.path.join(os.path.dirname(TOP), "shared", "conformance")
RELEASE = os.path.join(TOP, "build", "reeve")
ASAN = os.path.join(TOP, "build-asan", "reeve")
TSAN = os.path.join(TOP, "build-tsan", "reeve")
WEB = os.path.join(TOP, "web")
BLOCKING = os.path.join(TOP, "build-asan", "tests", "blocking_server")
# The runtime of gcc 12 guesses at the ends of blocks of thread-local storage, as no libc of today
# needs; about one in forty searches for leaks died of that, with other threads running.
SANITIZERS = {
    "ASAN_OPTIONS": "abort_on_error=0:detect_stack_use_after_return=1:strict_string_checks=1"
                    ":intercept_tls_get_addr=0",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=0:second_deadlock_stack=1:suppressions="
                    + os.path.join(TESTS, "tsan", "suppressions.txt"),
}

Stage = collections.namedtuple("Stage", "name run needs budget_s limit_s only_all", defaults=[False])


def counted(status, text):
    """The counts of a program that closes with `N passed, N failed`."""
    found = re.findall(r"^(\d+) passed, (\d+) failed$", text, re.M)
    if not found:
        return 0, 1
    passed, failed = map(int, found[-1])
    return passed, failed if failed or not status else 1


def script(job, *parts_and_arguments, show=True, **env):
    """Runs one of our Python programs that counts: script(job, "api/run.py", BINARY)."""
    path, *arguments = parts_and_arguments
    begun, cpu_s = job.took(), job.cpu_s
    found = counted(*job.run(sys.executable, os.path.join(TESTS, *path.split("/")), *arguments,
                             show=show, **env))
    job.say("  %s: %.0f s, %.0f of a processor" % (" ".join([path, *map(os.path.basename, arguments)]),
                                                   job.took() - begun, job.cpu_s - cpu_s))
    return found


def total(*counts):
    return sum(c[0] for c in counts), sum(c[1] for c in counts)


# --- builds ---------------------------------------------------------------------------------------


def build(job, flavour):
    status, text = job.run(os.path.join(TOP, "dev"), "flavour", flavour, show=False)
    warnings = len(re.findall(r"\bwarning: ", text))
    if status or warnings:
        job.say(text)
        return 0, 1
    return 1, 0


def build_release(job):
    """the release build"""
    return build(job, "release")


def count(job):
    """instructions a request, against the baseline where it was made with the same tools"""
    status, text = job.run(os.path.join(TOP, "dev"), "flavour", "release", "bench/count", show=False)
    if status:
        job.say(text)
        return 0, 1
    return counted(*job.run(sys.executable, os.path.join(TOP, "bench", "count.py"),
                            os.path.join(TOP, "build", "bench", "count")))


def build_asan(job):
    """everything, with AddressSanitizer and UBSan"""
    return build(job, "asan")


def build_tsan(job):
    """everything, with ThreadSanitizer"""
    return build(job, "tsan")


def build_fuzz(job):
    """the fuzz targets"""
    return build(job, "fuzz")


def build_clang(job):
    """a second compiler finds nothing to warn about"""
    directory = os.path.join(TOP, "build-clang")
    if os.path.exists(os.path.join(directory, "build.ninja")):
        job.run("ninja", "-C", directory, "-t", "clean", show=False)  # old warnings count, too
    return build(job, "clang")


# --- source ---------------------------------------------------------------------------------------


def lint(job):
    """shape of the code, format"""
    shape = total(script(job, "lint/shape.py", "src"), script(job, "lint/security.py"))
    files = sorted(os.path.join(root, name) for part in ("src", "tests", "bench")
                   for root, _, names in os.walk(os.path.join(TOP, part))
                   for name in names if name.endswith((".c", ".h")) and "node_modules" not in root)
    status, text = job.run(os.path.join(TOP, "dev"), "format-check", *files, show=False)
    bad = sorted(set(re.findall(r"^(?:%s/)?(\S+?):\d+:\d+: error:" % re.escape(TOP), text, re.M)))
    for path in bad:
        job.say("  FAIL %s: ./dev fmt would change it" % path)
    if status and not bad:
        job.say(text)
    failed = len(bad) or bool(status)
    return total(shape, (len(files) - failed, failed))


# --- programs in C --------------------------------------------------------------------------------


def programs(job, flavour, suite, **env):
    """Runs one suite of meson's and counts the cases inside its programs."""
    directory = os.path.join(TOP, "build-" + flavour)
    log = os.path.join(directory, "meson-logs", suite + ".json")
    if os.path.exists(log):
        os.remove(log)
    status, text = job.run("meson", "test", "-C", directory, "--suite", suite, "--no-rebuild",
                           "--logbase", suite, "--num-processes", str(os.cpu_count()), show=False,
                           **env)
    if not os.path.exists(log):
        job.say(text)
        return 0, 1
    counts = []
    with open(log, encoding="utf-8") as f:
        for line in f:
            counts.append(program_cases(job, json.loads(line)))
    passed, failed = total(*counts)
    return passed, failed if failed or not status else 1


def program_cases(job, record):
    text = (record.get("stdout") or "") + (record.get("stderr") or "")
    begun = len(re.findall(r"^\[ RUN      \]", text, re.M))
    good = len(re.findall(r"^\[       OK \]", text, re.M))
    bad = begun - good
    if record["result"] not in ("OK", "EXPECTEDFAIL") and not bad:
        bad = 1  # a sanitizer's report, a crash, a time-out
    if bad:
        job.say("  FAIL %s (%s)\n%s" % (record["name"], record["result"], text[-6000:]))
    return good, bad


def unit(job):
    """unit tests and the HTTP layer alone, ASan and UBSan"""
    return programs(job, "asan", "unit")


def engine(job):
    """what every database engine must do, ASan and UBSan"""
    return programs(job, "asan", "engine")


def tsan(job):
    """writer, pool and loops under load, ThreadSanitizer"""
    return programs(job, "tsan", "tsan")


def fuzz(job):
    """the kept corpus, then a fixed number of inputs from a fixed seed"""
    return script(job, "fuzz/run.py", "--runs", "20" if job.all else "1")


# --- the server, from outside ---------------------------------------------------------------------


def api(job):
    """our own API cases"""
    return script(job, "api/run.py", ASAN)


def api_tsan(job):
    """our own API cases, ThreadSanitizer"""
    return script(job, "api/run.py", TSAN)


def files(job):
    """files in records, from upload to removal"""
    return total(script(job, "files/run.py", ASAN), script(job, "files/mount.py", ASAN))


def extras(job):
    """what the reference lacks: ETags, cursors"""
    return script(job, "extras/run.py", ASAN)


def operating(job):
    """what an administrator works with: logs, scheduled work, metrics, the console"""
    return script(job, "extras/run.py", ASAN, "operating")


def recovery(job):
    """backups, restored here and elsewhere; directories of earlier versions; docs/operating.md"""
    return script(job, "extras/run.py", ASAN, "recovery")


def users(job):
    """the ways of an application's users, with real mails"""
    return script(job, "users/run.py", ASAN)


def guarded(job):
    """signing in through other systems, good ones and bad ones; what docs/security.md says"""
    return script(job, "users/run.py", "--side-by-side", ASAN, "oauth2", "rough_provider", "security")


def s3_server(job):
    """the S3 server of the tests: what it takes and what it refuses"""
    return script(job, "s3/verify_test.py")


def s3(job):
    """files in S3: stored, served, removed; outages; slow servers and clients"""
    place = os.path.join(TOP, "build-asan", "tests", "unit_s3")
    status, text = job.run(sys.executable, os.path.join(TESTS, "s3", "with_s3.py"), place, show=False)
    record = {"name": "unit_s3", "result": "FAIL" if status else "OK", "stdout": text}
    return total(program_cases(job, record), script(job, "s3/run.py", "--without-bounds", ASAN),
                 script(job, "s3/run.py", "--only", "slow_reader", RELEASE))


def mail(job):
    """mails to a real mail server, and to programs that pretend to be sendmail"""
    return script(job, "mail/run.py", os.path.join(TOP, "build-asan", "tests", "mail_send"))


def cli(job):
    """commands that look at a data directory: schema, explain"""
    return script(job, "cli/run.py", ASAN)


def events(job):
    """records with listeners, in each of their stages"""
    return script(job, "events/run.py", with_modules(os.path.join(TOP, "build-asan", "tests", "events_server")))


def events_tsan(job):
    """the same, with ThreadSanitizer"""
    return script(job, "events/run.py", with_modules(os.path.join(TOP, "build-tsan", "tests", "events_server")))


def realtime(job):
    """streams of events: what is told to whom, and 15 s of clients that come and go"""
    return total(script(job, "realtime/run.py", "--in-order", ASAN),
                 script(job, "realtime/soak.py", "--in-order", "--seconds", "15", ASAN))


def realtime_tsan(job):
    """the same, with ThreadSanitizer"""
    return script(job, "realtime/run.py", "--in-order", TSAN)


def soak(job):
    """ten minutes of clients that come and go, while the server is killed now and then"""
    return script(job, "realtime/soak.py", "--in-order", "--kill", "--seconds", "600", RELEASE)


def with_modules(binary):
    """The program, with the modules beside it that the build has beside its own."""
    for name in ("reeve-archive.so", "reeve-image.so", "reeve-net.so"):
        beside = os.path.join(os.path.dirname(binary), name)
        if not os.path.lexists(beside):
            os.symlink(os.path.join(os.pardir, name), beside)
    return binary


def blocking(job):
    """an engine whose calls block: round trips"""
    return script(job, "blocking/trips.py", with_modules(BLOCKING))


def api_blocking(job):
    """our own API cases, on an engine whose calls block"""
    return script(job, "api/run.py", with_modules(BLOCKING))


def conformance_blocking(job):
    """../shared/conformance, on an engine whose calls block"""
    return conformance(job, with_modules(BLOCKING))


def conformance(job, binary=ASAN):
    """../shared/conformance: what passed before still passes"""
    runner = os.path.join(SHARED, "run.py")
    listed = os.path.join(TESTS, "conformance", "passing.txt")
    with open(listed, encoding="utf-8") as f:
        ids = {line.strip() for line in f if line.strip() and not line.startswith("#")}
    if not os.path.exists(runner):
        job.not_run.append("%d conformance cases, for %s is not there" % (
            len(ids), os.path.relpath(runner, TOP)))
        return 0, 0
    with tempfile.TemporaryDirectory() as work:
        cases = os.path.join(work, "cases.json")
        only_listed(os.path.join(SHARED, "cases.json"), ids, cases)
        status, text = job.run(sys.executable, os.path.join(TESTS, "support", "own_network.py"),
                               sys.executable, runner, "--server", binary, "--cases", cases, "--data",
                               os.path.join(SHARED, "data"), "--jobs", str(os.cpu_count()),
                               "--expect", listed, show=False)
    for line in text.splitlines():
        if line.startswith(("REGRESSION", "expected")):
            job.say("  " + line)
    found = re.search(r"^expected to pass: (\d+), regressions: (\d+)", text, re.M)
    if not found:
        job.say(text)
        return 0, 1
    wanted, broken = map(int, found.groups())
    return wanted - broken, broken if broken or not status else 1


def only_listed(source, ids, target):
    """Cases that are not expected to pass only cost time here; ./tests/conformance/README.md says
    how to run them all."""
    with open(source, encoding="utf-8") as f:
        doc = json.load(f)
    doc["cases"] = [case for case in doc["cases"] if case["id"] in ids]
    with open(target, "w", encoding="utf-8") as f:
        json.dump(doc, f)


def sdk(job):
    """the official JavaScript SDK"""
    where = os.path.join(TESTS, "sdk")
    if not same_lock(where):
        status, text = job.run("npm", "ci", "--silent", "--no-audit", "--no-fund", cwd=where,
                               show=False)
        if status:
            job.say(text)
            return 0, 1
        shutil.copy(os.path.join(where, "package-lock.json"),
                    os.path.join(where, "node_modules", "installed.json"))
    in_s3 = [sys.executable, os.path.join(TESTS, "s3", "with_s3.py")]
    return total(node_tests(job, where, ["node", "--test", "--test-reporter=tap"]),
                 node_tests(job, where, in_s3 + ["node", "--test", "--test-reporter=tap",
                                                 "files.test.mjs", "downloads.test.mjs"]))


def flows_of(where, folder="test/flows"):
    return sorted(os.path.join(folder, name) for name in os.listdir(os.path.join(where, folder)) if name.endswith(".test.mjs"))


def web(job):
    """the dashboard: its parts, and all of it in a browser"""
    status, text = job.run(os.path.join(TOP, "dev"), "web-modules", show=False)
    if status:
        job.say(text)
        return 0, 1
    return total(node_tests(job, WEB, ["node", "tools/test.mjs"]),
                 node_tests(job, WEB, ["node", "--test", "--test-reporter=tap", *flows_of(WEB)]))


def web_flows(job, flows, **env):
    return node_tests(job, WEB, ["env", *("%s=%s" % pair for pair in env.items()), "node", "--test",
                                 "--test-concurrency=1", "--test-reporter=tap", *flows])


def more_flows():
    return flows_of(WEB, "test/flows/more")


def web_more(job):
    """more of the dashboard"""
    return web_flows(job, more_flows())


def web_dark(job):
    """all of the dashboard, in the dark"""
    return web_flows(job, flows_of(WEB) + more_flows(), WEB_THEME="dark")


def web_pocketbase(job):
    """all of the dashboard before PocketBase, where there is one"""
    share = os.environ.get("XDG_DATA_HOME", os.path.join(os.path.expanduser("~"), ".local", "share"))
    if not os.path.exists(os.path.join(share, "reeve", "reference", "bin", "pocketbase")):
        job.not_run.append("the dashboard before PocketBase, for ./dev differ has not fetched it")
        return 0, 0
    status, text = job.run("node", "tools/build.mjs", "--out", os.path.join(TOP, "build", "web"), cwd=WEB, show=False)
    if status:
        job.say(text)
        return 0, 1
    return web_flows(job, flows_of(WEB) + more_flows(), REEVE_TARGET="pocketbase")


def node_tests(job, where, command):
    status, text = job.run(*command, cwd=where, show=False, REEVE_BINARY=RELEASE)
    count = {k: int(n) for k, n in re.findall(r"^# (pass|fail|cancelled|skipped) (\d+)$", text, re.M)}
    failed = count.get("fail", 0) + count.get("cancelled", 0)
    if status or failed:
        job.say(text)
    skipped = collections.Counter(re.findall(r"^\s*ok .* # SKIP (.+)$", text, re.M))
    job.not_run.extend("%d tests of %s, for %s" % (n, os.path.basename(where), why) for why, n in skipped.items())
    return count.get("pass", 0), failed if failed or not status else 1


def same_lock(where):
    try:
        with open(os.path.join(where, "package-lock.json"), "rb") as a, \
                open(os.path.join(where, "node_modules", "installed.json"), "rb") as b:
            return a.read() == b.read()
    except OSError:
        return False


def schema(job):
    """changes of collections: planned, under load, on an engine that fails, on a disk that fills up"""
    return total(
        *(script(job, "schema/changes.py", binary) for binary in ([RELEASE, ASAN] if job.all else [ASAN])),
        script(job, "schema/plan.py", ASAN),
        script(job, "schema/faults.py", os.path.join(TOP, "build-asan", "tests", "fault_server"),
               "--every", "1" if job.all else "3"),
        script(job, "schema/full.py", ASAN),
        script(job, "schema/long.py", ASAN))


def hostile(job):
    """what a hostile client can send or hold, to both builds; numbers that overflow; what takes long"""
    return total(*(script(job, "hostile/run.py", binary) for binary in (RELEASE, ASAN)),
                 *(script(job, "hostile/connections.py", binary) for binary in (RELEASE, ASAN)),
                 script(job, "hostile/numbers.py", ASAN), script(job, "hostile/lanes.py", RELEASE),
                 script(job, "hostile/bodies.py", RELEASE))


def hostile_crowd(job, flavour, binary, *arguments):
    clients = (os.path.join(TOP, "build-" + flavour, "tests", "hostile_" + name) for name in ("crowd", "guests"))
    return script(job, "hostile/crowd.py", binary, *clients, *arguments)


def crowd(job):
    """a thousand hostile clients beside others, within a memory budget"""
    if not job.all:
        return hostile_crowd(job, "asan", RELEASE)
    return total(hostile_crowd(job, "asan", RELEASE, "--seconds", "40"),
                 hostile_crowd(job, "asan", ASAN, "--seconds", "20", "--without-bounds"))


def crowd_tsan(job):
    """the same crowd, ThreadSanitizer"""
    return hostile_crowd(job, "tsan", TSAN, "--seconds", "20", "--without-bounds")


def loops(job):
    """what is heavy to read, answer or forget, and that no loop is held by it"""
    return script(job, "hostile/loops.py", RELEASE)


def crash(job):
    """kill -9; batches that go wrong; clients that leave; full disks; directories that others change"""
    return total(
        script(job, "crash/kill9.py", RELEASE, "--rounds", "200" if job.all else "10"),
        script(job, "crash/uploads.py", RELEASE, "--rounds", "50" if job.all else "5"),
        script(job, "crash/batch.py", RELEASE),
        script(job, "crash/drop.py", RELEASE),
        script(job, "crash/leave.py", RELEASE, "--deletes", "8000" if job.all else "600"),
        script(job, "crash/upgrade.py", ASAN),
        script(job, "crash/signals.py", RELEASE),
        script(job, "crash/start.py", RELEASE),
        script(job, "crash/full.py", RELEASE),
        script(job, "crash/full_backup.py", RELEASE),
        script(job, "crash/directory.py", ASAN))


# fmt: off
STAGES = [
    #     name           function       needs              budget  limit (seconds; with empty caches)
    Stage("lint",        lint,          [],                    20,   120),
    Stage("asan",        build_asan,    [],                    90,   900),
    Stage("release",     build_release, [],                    60,   900),
    Stage("unit",        unit,          ["asan"],              60,   400),
    Stage("engine",      engine,        ["asan"],              60,   400),
    Stage("build-tsan",  build_tsan,    [],                    90,   900),
    Stage("tsan",        tsan,          ["build-tsan"],        60,   400),
    Stage("api",         api,           ["asan"],              60,   400),
    Stage("conformance", conformance,   ["asan"],              60,   400),
    Stage("files",       files,         ["asan"],              30,   300),
    Stage("extras",      extras,        ["asan"],              45,   200),
    Stage("operating",   operating,     ["asan"],              90,   400),
    Stage("recovery",    recovery,      ["asan"],              90,   400),
    Stage("users",       users,         ["asan"],              50,   300),
    Stage("guarded",     guarded,       ["asan"],              90,   400),
    Stage("s3-server",   s3_server,     [],                    30,   300),
    Stage("s3",          s3,            ["asan", "release"],   60,   400),
    Stage("mail",        mail,          ["asan"],              60,   300),
    Stage("cli",         cli,           ["asan"],              20,   200),
    Stage("events",      events,        ["asan"],              60,   300),
    Stage("clang",       build_clang,   [],                    60,   600),
    Stage("count",       count,         ["release"],           30,   300),
    Stage("sdk",         sdk,           ["release"],           90,   300),
    Stage("web",         web,           ["release"],          180,   500),
    Stage("realtime",    realtime,      ["asan"],              70,   400),
    Stage("schema",      schema,        ["asan", "release"],  120,   600),
    Stage("hostile",     hostile,       ["release", "asan"],   90,   500),
    Stage("crowd",       crowd,         ["release", "asan"],   20,   600),
    Stage("crash",       crash,         ["release", "asan"],   90,  1200),
    Stage("build-fuzz",  build_fuzz,    [],                    90,   900),
    Stage("fuzz",        fuzz,          ["build-fuzz"],        90,  3000),
    Stage("blocking",    blocking,      ["asan"],              30,   200),
    Stage("web-more",    web_more,      ["release", "web"],  1200,  3600, True),
    Stage("web-dark",    web_dark,      ["release", "web"],  1500,  3600, True),
    Stage("web-pocketbase", web_pocketbase, ["release", "web"], 1500, 3600, True),
    Stage("api-blocking", api_blocking, ["asan"],              60,   400, True),
    Stage("conformance-blocking", conformance_blocking, ["asan"], 60, 400, True),
    Stage("loops",       loops,         ["release"],          120,   400, True),
    Stage("crowd-tsan",  crowd_tsan,    ["build-tsan"],        60,   400, True),
    Stage("events-tsan", events_tsan,   ["build-tsan"],        90,   400, True),
    Stage("realtime-tsan", realtime_tsan, ["build-tsan"],      90,   600, True),
    Stage("soak",        soak,          ["release"],          620,  1200, True),
    Stage("api-tsan",    api_tsan,      ["build-tsan"],       300,  1200, True),
]
# fmt: on

# Clients here wait for a server that works beside other stages: for what a slow machine alone can bring
# about they get a second run, by themselves. What is a fault however seldom it is seen (a sanitizer's
# report, an answered write that is lost, an answer that differs) gets none.
TIMED = {"extras", "operating", "recovery", "users", "guarded", "s3", "s3-server", "mail", "sdk",
         "schema", "hostile", "crowd", "web", "web-more", "web-dark", "web-pocketbase"}
