"""Much at once: large records, many events, clients that do not read, several changes of one record."""

import concurrent.futures
import time

import streams

THREADS, EACH, LISTENERS = 6, 40, 12
SLOW = 400
PAGE = 1 << 20
READ_S = 60


def prepare(site):
    site.collection("notes", listRule="", viewRule="", fields=[
        {"name": "n", "type": "number"}, {"name": "t", "type": "text"},
        {"name": "page", "type": "editor", "maxSize": 4 * PAGE}])


def counts(stream, wanted, limit_s=READ_S):
    """Reads so many events that are no marks: [n, …] in the order in which they came."""
    deadline = time.monotonic() + limit_s
    found = []
    while len(found) < wanted:
        event = stream.next(max(0.1, deadline - time.monotonic()), "event %d of %d" % (len(found) + 1, wanted))
        if event.name != streams.MARKS:
            found.append(event.json()["record"]["n"])
    return found


def one_record(site, _):
    """All changes of one record, none twice."""
    stream = site.open("notes/*")
    ident = site.make("notes", n=0)
    for n in range(1, 200):
        site.update("notes", ident, n=n)
    site.ordered("one record", counts(stream, 200), list(range(200)))
    site.seen("one record: no more", stream)


def many(site, _):
    """Writers beside each other, listeners of whom each gets each event once."""
    there = [site.open("notes/*") for _ in range(LISTENERS)]

    def write(thread):
        for at in range(EACH):
            site.make("notes", n=thread * EACH + at)

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(write, range(THREADS)))
    for at, stream in enumerate(there):
        site.same("many: listener %d" % at, sorted(counts(stream, THREADS * EACH)), list(range(THREADS * EACH)))
        site.seen("many: no more for listener %d" % at, stream)


def large(site, _):
    stream = site.open("notes/*")
    text = "<p>é" + "x" * PAGE + "</p>"
    ident = site.make("notes", n=1, page=text)
    event = stream.next(READ_S)
    site.tally.check("load: a large record",
                     event.json()["record"]["page"] == text and event.json()["record"]["id"] == ident,
                     "%d bytes" % len(event.data))
    site.drain(stream)
    for n in range(5):
        site.update("notes", ident, n=n)
    site.ordered("large records", counts(stream, 5), list(range(5)))


def line_ends(site, _):
    """A text's line ends are escaped: the frame has one line of data."""
    stream = site.open("notes/*")
    text = "a\nb\r\nc\rd\n\ne\u2028f\u0085g\ndata:x\n\nid:y\n"
    site.make("notes", n=1, t=text)
    event = stream.next()
    site.same("line ends", [event.json()["record"]["t"], event.raw.count(b"\n"), b"\r" in event.raw], [text, 4, False])


def not_reading(site, _):
    """Who does not read holds up nobody: neither the writer nor the other listeners."""
    idle = [site.open("notes/*") for _ in range(3)]
    stream = site.open("notes/*")
    text = "<p>" + "x" * (PAGE // 16) + "</p>"
    ident = site.make("notes", n=0, page=text)
    for n in range(1, SLOW):
        site.update("notes", ident, n=n)
    site.ordered("beside some who do not read", counts(stream, SLOW), list(range(SLOW)))
    for lazy in idle:
        lazy.close()
    made = site.make("notes", n=-1)
    site.seen("after they left", stream, ("notes/*", "create", made))


def come_and_go(site, _):
    """Many who connect and hang up, while events are sent; one who stays misses none."""
    stream = site.open("notes/*")
    for n in range(60):
        with streams.Stream(site.server.port) as brief:
            site.subscribe(brief, ["notes/*"])
            site.make("notes", n=n)
    site.ordered("come and go", counts(stream, 60), list(range(60)))


def resubscribed(site, _):
    """Submitting the same list again while events are sent loses and doubles none."""
    stream = site.open("notes/*")

    def write():
        for n in range(100):
            site.make("notes", n=n)

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not writing.done():
            site.watch(stream, "notes/*")
        writing.result()
    site.ordered("resubscribed", counts(stream, 100), list(range(100)))
    site.seen("resubscribed: no more", stream)


CASES = (one_record, many, large, line_ends, not_reading, come_and_go, resubscribed)
