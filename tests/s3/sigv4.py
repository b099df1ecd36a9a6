"""What AWS asks of a signed S3 request (Signature Version 4), of one that came over the wire.

Stricter than AWS in one thing: whatever must be percent-encoded must come so, in capital hex digits,
and nothing else may. So what was signed, what was sent and what AWS makes of it are the same.
"""

import base64
import binascii
import datetime
import hashlib
import hmac
import re
from urllib.parse import quote, unquote_to_bytes

SKEW_S = 15 * 60
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/, ]+)/(\d{8})/([^/, ]+)/([^/, ]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})")
UNSIGNED = "UNSIGNED-PAYLOAD"


class Refused(Exception):
    """The answer that S3 gives instead."""

    def __init__(self, status, code, message):
        super().__init__("%d %s: %s" % (status, code, message))
        self.status, self.code, self.message = status, code, message


def mismatch(message):
    return Refused(403, "SignatureDoesNotMatch", message)


def verify(request, keys, region, now=None):
    """Raises Refused unless the request is signed with one of the keys {id: secret}.

    request: (method, target, [(name, value)]) as they came. now: seconds since 1970.
    """
    method, target, headers = request
    fields = combined(headers)
    words = AUTHORIZATION.fullmatch(fields.get("authorization", ""))
    if not words:
        raise Refused(403, "AccessDenied", "no Authorization of AWS4-HMAC-SHA256")
    key, day, in_region, service, signed, signature = words.groups()
    if key not in keys:
        raise Refused(403, "InvalidAccessKeyId", "unknown key " + key)
    if (in_region, service) != (region, "s3"):
        raise Refused(400, "AuthorizationHeaderMalformed", "scope %s/%s" % (in_region, service))
    moment = fields.get("x-amz-date", "")
    check_date(moment, day, now)
    names = signed.split(";")
    check_names(names, fields)
    if "x-amz-content-sha256" not in fields:
        raise Refused(400, "InvalidRequest", "no x-amz-content-sha256")
    canonical = "\n".join([method, *canonical_target(target), *(n + ":" + fields[n] for n in names),
                           "", signed, fields["x-amz-content-sha256"]])
    scope = "/".join((day, region, "s3", "aws4_request"))
    text = "\n".join(("AWS4-HMAC-SHA256", moment, scope,
                      hashlib.sha256(canonical.encode("latin-1")).hexdigest()))
    if not hmac.compare_digest(sign(keys[key], scope, text), signature):
        raise mismatch("the canonical request is\n" + canonical)


def combined(headers):
    """Fields by their name in lower case, as they stand in the canonical request."""
    fields = {}
    for name, value in headers:
        value = re.sub(" +", " ", value.strip())
        fields.setdefault(name.lower(), []).append(value)
    return {name: ",".join(values) for name, values in fields.items()}


def check_date(moment, day, now):
    try:
        at = datetime.datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        raise Refused(403, "AccessDenied", "x-amz-date is `%s`" % moment) from None
    if moment[:8] != day:
        raise mismatch("the scope's date is %s, x-amz-date %s" % (day, moment))
    now = datetime.datetime.now(datetime.timezone.utc).timestamp() if now is None else now
    if abs(at.timestamp() - now) > SKEW_S:
        raise Refused(403, "RequestTimeTooSkewed", "x-amz-date is " + moment)


def check_names(names, fields):
    if names != sorted(set(names)):
        raise mismatch("SignedHeaders are not sorted")
    lacking = [n for n in names if n not in fields]
    if lacking:
        raise mismatch("signed, but not sent: " + ", ".join(lacking))
    unsigned = [n for n in fields if (n == "host" or n.startswith("x-amz-")) and n not in names]
    if unsigned or "host" not in fields:
        raise Refused(403, "AccessDenied", "not signed: " + ", ".join(unsigned or ["host"]))


def canonical_target(target):
    """(path, query) of the canonical request."""
    path, _, query = target.partition("?")
    pairs = []
    for pair in query.split("&") if query else []:
        name, _, value = pair.partition("=")
        pairs.append((encoded(name, ""), encoded(value, "")))
    return encoded(path, "/"), "&".join("%s=%s" % pair for pair in sorted(pairs))


def encoded(text, safe):
    if quote(unquote_to_bytes(text), safe=safe + "-_.~") != text:
        raise mismatch("`%s` is not percent-encoded as AWS does it" % text)
    return text


def sign(secret, scope, text):
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Payload:
    """What the headers promise of a body, held against its bytes while they come."""

    def __init__(self, headers):
        fields = combined(headers)
        self.promised = fields["x-amz-content-sha256"]
        if self.promised != UNSIGNED and not re.fullmatch("[0-9a-f]{64}", self.promised):
            raise Refused(501, "NotImplemented", "x-amz-content-sha256 `%s`" % self.promised)
        self.sha256 = hashlib.sha256() if self.promised != UNSIGNED else None
        self.promised_md5 = self.md5 = None
        if "content-md5" in fields:
            self.promised_md5, self.md5 = md5_of(fields["content-md5"]), hashlib.md5()

    def add(self, piece):
        for digest in (self.sha256, self.md5):
            if digest:
                digest.update(piece)

    def end(self):
        if self.sha256 and self.sha256.hexdigest() != self.promised:
            raise Refused(400, "XAmzContentSHA256Mismatch", "the body's is " + self.sha256.hexdigest())
        if self.md5 and self.md5.digest() != self.promised_md5:
            raise Refused(400, "BadDigest", "the body's Content-MD5 is another")


def md5_of(text):
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != 16:
        raise Refused(400, "InvalidDigest", "Content-MD5 `%s`" % text)
    return raw
