#!/usr/bin/env python3
"""verify_test.py

The S3 server of these tests itself: Amazon's own client passes with all that it can do, and whatever
AWS would refuse is refused. So what passes here is right, and what is refused here is wrong.
"""

import datetime
import hashlib
import http.client
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
import reeve  # noqa: E402
import s3  # noqa: E402
import sigv4  # noqa: E402

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # it lies in a place of its own
    MOTO = subprocess.check_output([os.path.join(HERE, "..", "..", "tools", "moto.sh")], text=True).strip()
    os.execv(MOTO, [MOTO, *sys.argv])

KEYS = ("plain.txt", "a b+c/ü.txt", "日本語 %2F", "100%25", "()'!*&=@,;:$", "x//y", "~-_.", "q?uery#x",
        'quote"<>')
METADATA = {"original": "a%20b"}
UNSIGNED = sigv4.UNSIGNED
MEMORY = 64 << 20
LARGE = 1 << 30


def client(server, key=None, secret=None, region=None, **s3_config):
    return boto3.client(
        "s3", endpoint_url=server.endpoint, region_name=region or server.region,
        aws_access_key_id=key or server.key, aws_secret_access_key=secret or server.secret,
        config=Config(s3={"addressing_style": "path", **s3_config}, retries={"total_max_attempts": 1}))


def code_of(call, *args, **kwargs):
    """S3's word for why it refused; None when it did not."""
    try:
        call(*args, **kwargs)
    except ClientError as e:
        return e.response["Error"]["Code"]
    except BotoCoreError as e:
        return type(e).__name__
    return None


def boto(server, tally):
    """All that Amazon's client sends passes, and comes back as it was."""
    for signed in (False, True):
        server.reset()
        c = client(server, payload_signing_enabled=signed)
        bucket = {"Bucket": server.bucket}
        for key in KEYS:
            c.put_object(**bucket, Key=key, Body=key.encode(), ContentType="text/x", Metadata=METADATA)
            got = c.get_object(**bucket, Key=key)
            tally.check("gets " + key, (got["Body"].read(), got["Metadata"]) == (key.encode(), METADATA), got)
            part = c.get_object(**bucket, Key=key, Range="bytes=1-3")
            tally.check("gets a part of " + key, part["Body"].read() == key.encode()[1:4], part)
            tally.check("heads " + key, c.head_object(**bucket, Key=key)["ContentLength"] == len(key.encode()))
        c.copy_object(**bucket, Key="copy of é", CopySource={**bucket, "Key": KEYS[2]})
        listed = [o["Key"] for o in c.list_objects_v2(**bucket)["Contents"]]
        tally.check("lists", sorted(listed) == sorted([*KEYS, "copy of é"]), listed)
        tally.check("tells its objects", server.objects()["plain.txt"] == {
            "size": 9, "type": "text/x", "metadata": METADATA}, server.objects())
        tally.check("lists a prefix", c.list_objects_v2(**bucket, Prefix="a b+c/", Delimiter="/")["KeyCount"] == 1)
        c.delete_object(**bucket, Key=KEYS[0])
        gone = c.delete_objects(**bucket, Delete={"Objects": [{"Key": key} for key in KEYS[1:]]})
        tally.check("deletes several", len(gone["Deleted"]) == len(KEYS) - 1, gone)
        tally.check("tells what is missing", code_of(c.head_object, **bucket, Key=KEYS[1]) == "404")
        multipart(server, c, tally)
        tally.check("refuses none of these", server.refused() == [], server.refused())
        counts = server.ask("/counts")
        tally.check("counts them", all(counts.get(kind) == n for kind, n in (
            ("PutObject", len(KEYS)), ("GetObjectRange", len(KEYS)), ("CopyObject", 1), ("DeleteObject", 1),
            ("DeleteObjects", 1), ("ListObjectsV2", 2), ("UploadPart", 2), ("CompleteMultipartUpload", 1),
            ("AbortMultipartUpload", 1))), counts)


def multipart(server, c, tally):
    at = {"Bucket": server.bucket, "Key": "parts/é 1"}
    upload = {**at, "UploadId": c.create_multipart_upload(**at)["UploadId"]}
    pieces = [os.urandom(5 << 20), b"end"]
    tags = [c.upload_part(**upload, PartNumber=i, Body=piece)["ETag"] for i, piece in enumerate(pieces, 1)]
    c.complete_multipart_upload(**upload, MultipartUpload={
        "Parts": [{"ETag": tag, "PartNumber": i} for i, tag in enumerate(tags, 1)]})
    tally.check("puts parts together", c.get_object(**at)["Body"].read() == b"".join(pieces))
    c.abort_multipart_upload(**at, UploadId=c.create_multipart_upload(**at)["UploadId"])


def wrong_keys(server, tally):
    bucket = {"Bucket": server.bucket, "Key": "k"}
    for name, c, code in (
            ("a wrong secret", client(server, secret="x" * 40), "SignatureDoesNotMatch"),
            ("an unknown key", client(server, key="AKIANOBODY"), "InvalidAccessKeyId"),
            ("another region", client(server, region="eu-west-1"), "AuthorizationHeaderMalformed")):
        got = code_of(c.put_object, **bucket, Body=b"x"), code_of(c.list_objects_v2, Bucket=server.bucket)
        tally.check("refuses " + name, got == (code, code), got)


class Raw:
    """A request by hand, signed as AWS wants it; what is sent may differ from what was signed."""

    def __init__(self, server):
        self.server, self.host = server, server.endpoint.partition("//")[2]

    def head(self, method, target, payload=UNSIGNED, at=None, **more):
        """Signed headers; `more` are signed, too."""
        at = at or datetime.datetime.now(datetime.timezone.utc)
        fields = {"host": self.host, "x-amz-content-sha256": payload,
                  "x-amz-date": at.strftime("%Y%m%dT%H%M%SZ"),
                  **{name.replace("_", "-"): value for name, value in more.items()}}
        names = sorted(fields)
        path, _, query = target.partition("?")
        query = "&".join(sorted(p if "=" in p else p + "=" for p in query.split("&"))) if query else ""
        canonical = "\n".join([method, path, query, *(n + ":" + fields[n] for n in names), "",
                               ";".join(names), payload])
        scope = "%s/%s/s3/aws4_request" % (at.strftime("%Y%m%d"), self.server.region)
        text = "\n".join(("AWS4-HMAC-SHA256", fields["x-amz-date"], scope,
                          hashlib.sha256(canonical.encode()).hexdigest()))
        return {**fields, "Authorization": "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
            self.server.key, scope, ";".join(names), sigv4.sign(self.server.secret, scope, text))}

    def send(self, method, target, head, body=b"", length=True):
        conn = reeve.Connection(self.host.partition(":")[0], int(self.host.partition(":")[2]), timeout=60)
        try:
            conn.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in head.items():
                conn.putheader(name, value)
            if length and (body or method == "PUT"):
                conn.putheader("Content-Length", str(len(body)))
            conn.endheaders(body)
            reply = conn.getresponse()
            return reply.status, reply.read().partition(b"<Code>")[2].partition(b"</Code>")[0].decode()
        finally:
            conn.close()


def by_hand(server, tally):
    """One thing wrong at a time."""
    raw, put = Raw(server), "/%s/hand" % server.bucket
    sha = hashlib.sha256(b"body").hexdigest()
    md5 = "hBotaJrYa9FhFEdFPCLG/A=="  # of "body"
    late = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=16)
    good = raw.head("PUT", put)
    lacking = {name: value for name, value in good.items() if name != "x-amz-content-sha256"}
    mismatch, wrong_hash = (403, "SignatureDoesNotMatch"), (400, "XAmzContentSHA256Mismatch")
    cases = (
        ("what is right", put, good, b"body", (200, "")),
        ("a right hash", put, raw.head("PUT", put, sha), b"body", (200, "")),
        ("a right MD5", put, raw.head("PUT", put, content_md5=md5), b"body", (200, "")),
        ("an MD5 that is not signed", put, {**good, "Content-MD5": md5}, b"body", (200, "")),
        ("a body that is not the hash's", put, raw.head("PUT", put, sha), b"bodY", wrong_hash),
        ("a large one that is not", put, raw.head("PUT", put, sha), b"x" * 999999, wrong_hash),
        ("an empty one that is not", put, raw.head("PUT", put, sha), b"", wrong_hash),
        ("another hash than was signed", put, {**good, "x-amz-content-sha256": sha}, b"body", mismatch),
        ("a body that is not the MD5's", put, raw.head("PUT", put, content_md5=md5), b"bodY", (400, "BadDigest")),
        ("what is no MD5", put, raw.head("PUT", put, content_md5="abc"), b"body", (400, "InvalidDigest")),
        ("what was signed and is not sent", put, lacking, b"body", mismatch),
        ("an old date", put, raw.head("PUT", put, at=late), b"body", (403, "RequestTimeTooSkewed")),
        ("another path", put + "2", good, b"body", mismatch),
        ("another query", put + "?acl=", good, b"body", mismatch),
        ("x-amz-* that is not signed", put, {**good, "x-amz-acl": "private"}, b"body", (403, "AccessDenied")),
        ("no signature", put, {"host": raw.host}, b"body", (403, "AccessDenied")),
    )
    for name, target, head, body, wanted in cases:
        got = raw.send("PUT", target, head, body)
        tally.check(("takes " if wanted[0] == 200 else "refuses ") + name, got == wanted, got)
    for path in ("a+b", "a(b", "a%2fb", "%61", "a%zz", "a'b", "a?list=x/y", "a?b=c+d"):
        target = "/%s/%s" % (server.bucket, path)
        got = raw.send("GET", target, raw.head("GET", target))
        tally.check("refuses the raw " + path, got == mismatch, got)
    for query in ("?delete", "?delete=", "?b=2&a=1"):
        got = raw.send("GET", put + query, raw.head("GET", put + query))
        tally.check("takes " + query, got[0] == 200, got)
    host = server.bucket + "." + raw.host
    got = raw.send("PUT", "/hosted", raw.head("PUT", "/hosted", host=host), b"body")
    tally.check("takes the bucket in the host", got == (200, "") and "hosted" in server.objects(), got)
    got = raw.send("PUT", put, good, length=False)
    tally.check("refuses a body without a length", got == (411, "MissingContentLength"), got)
    got = raw.send("PUT", put, {**good, "Transfer-Encoding": "chunked"}, b"0\r\n\r\n", length=False)
    tally.check("refuses chunks", got == (501, "NotImplemented"), got)


def nothing_of_refused(server, tally):
    """The body of which the hash was wrong is not there, not even a part."""
    server.reset()
    raw, put = Raw(server), "/%s/hand" % server.bucket
    for size in (5, 999999):
        raw.send("PUT", put, raw.head("PUT", put, "0" * 64), b"x" * size)
    tally.check("keeps nothing of a refused body", server.objects() == {}, server.objects())


def faults(server, tally):
    server.reset()
    c = client(server)
    at = {"Bucket": server.bucket, "Key": "f"}
    body = os.urandom(300000)
    c.put_object(**at, Body=body)
    server.faults(unavailable=2)
    got = [code_of(c.head_object, **at) for _ in range(3)]
    tally.check("is unavailable for a while", got == ["503", "503", None], got)
    server.faults(delay_s=0.3)
    begun = time.monotonic()
    c.head_object(**at)
    tally.check("is slow to begin", time.monotonic() - begun >= 0.3)
    server.faults(rate=1000000)
    begun = time.monotonic()
    c.get_object(**at)["Body"].read()
    tally.check("is slow", time.monotonic() - begun >= 0.25)
    server.faults(cut_at=100000)
    reply = c.get_object(**at)["Body"]
    tally.check("breaks off what it sends", isinstance(error_of(reply.read), Exception))
    tally.check("breaks off what it takes", code_of(c.put_object, **{**at, "Key": "g"}, Body=body) is not None)
    server.faults(hang_up=True)
    tally.check("hangs up", code_of(c.head_object, **at) is not None)
    server.faults()
    tally.check("recovers", c.get_object(**at)["Body"].read() == body)
    tally.check("keeps nothing of what was cut", set(server.objects()) == {"f"}, server.objects())
    server.reset()
    tally.check("forgets all when told so", server.objects() == {} and server.counts("HeadObject") == 0)


def error_of(call):
    try:
        call()
    except Exception as e:  # whichever it is
        return e
    return None


def large(server, tally):
    """The verifier's memory is bounded, both ways; moto's is its own affair."""
    server.reset()
    raw, put = Raw(server), "/%s/large" % server.bucket
    sha = hashlib.sha256()
    for _ in range(LARGE >> 20):
        sha.update(bytes(1 << 20))
    before, most = rss(server), 0
    conn = http.client.HTTPConnection(raw.host, timeout=600)
    conn.putrequest("PUT", put, skip_host=True, skip_accept_encoding=True)
    for name, value in raw.head("PUT", put, sha.hexdigest()).items():
        conn.putheader(name, value)
    conn.putheader("Content-Length", str(LARGE))
    conn.endheaders()
    for _ in range(LARGE >> 20):
        conn.send(bytes(1 << 20))
        most = max(most, rss(server))
    reply = conn.getresponse()
    tally.check("takes 1 GB", (reply.status, reply.read()) == (200, b""), reply.status)
    conn.request("GET", put, headers=raw.head("GET", put))
    reply, n = conn.getresponse(), 0
    while piece := reply.read(1 << 20):
        n += len(piece)
        most = max(most, rss(server))
    tally.check("gives 1 GB", (reply.status, n) == (200, LARGE), (reply.status, n))
    tally.check("in little memory", most - before < MEMORY, "%d MB more" % (most - before >> 20))
    server.reset()


def rss(server):
    with open("/proc/%d/status" % server.process.pid, encoding="ascii") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith("RssAnon"))


def main():
    tally = reeve.Tally()
    with s3.S3() as server:
        for part in (boto, wrong_keys, by_hand, nothing_of_refused, faults, large):
            part(server, tally)
    tally.check("ends when its input does", server.process.returncode == 0, server.process.returncode)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
