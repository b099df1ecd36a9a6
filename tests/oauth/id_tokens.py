#!/usr/bin/env python3
"""id_tokens.py: writes id_tokens.json, the samples in which a sign-in hangs on an ID token.

The keys are made anew each time, by `openssl`, and forgotten; what stays are their public halves and what they have
signed. Samples are as in samples.json; those with `ours` cannot be asked of the real server, or are answered otherwise by
it, for the reason given. `keys` is where the keys are, for a provider whose configuration cannot say it.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import subprocess
import tempfile
from typing import Any

CLIENT = "id é&"
NOW_S = 1700000000  # of the tests; not of the real server
NEVER_S = 4102444800
CLAIMS = {"sub": "1", "iss": "https://issuer", "aud": CLIENT, "iat": 1600000000, "exp": NEVER_S}


def run(*words: str, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *words], input=data, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60).stdout


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    """A key pair in a file, and its public half as a JWK."""

    def __init__(self, folder: str, kid: str, family: str, alg: str | None, *options: str) -> None:
        self.file, self.kid, self.family = f"{folder}/{kid}", kid, family
        run("genpkey", "-algorithm", family, *options, "-out", self.file)
        self.jwk: dict[str, Any] = {"kid": kid, "use": "sig"} | ({"alg": alg} if alg else {})
        der = run("pkey", "-in", self.file, "-pubout", "-outform", "DER")
        if family == "RSA":
            modulus = run("rsa", "-in", self.file, "-modulus", "-noout").decode().strip().split("=")[1]
            self.jwk |= {"kty": "RSA", "n": b64(bytes.fromhex(modulus)), "e": "AQAB"}
        elif family == "ED25519":
            self.jwk |= {"kty": "OKP", "crv": "Ed25519", "x": b64(der[-32:])}
        else:
            self.jwk |= {"kty": "EC", "crv": "P-256", "x": b64(der[-64:-32]), "y": b64(der[-32:])}

    def sign(self, alg: str, data: bytes) -> bytes:
        if alg == "EdDSA":
            with tempfile.NamedTemporaryFile() as file:
                file.write(data)
                file.flush()
                return run("pkeyutl", "-sign", "-rawin", "-inkey", self.file, "-in", file.name)
        if alg.startswith("HS"):
            return hmac.new(run("pkey", "-in", self.file, "-pubout"), data, hashlib.sha256).digest()
        if alg == "none":
            return b""
        pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1"] if alg.startswith("PS") else []
        signature = run("dgst", f"-sha{alg[2:]}", "-sign", self.file, *pss, data=data)
        return raw(signature) if alg.startswith("ES") else signature


def raw(der: bytes) -> bytes:
    """Two numbers of DER side by side."""
    first = der[4:4 + der[3]]
    second = der[6 + der[3]:]
    return b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in (first, second))


def unsigned(token: str) -> str:
    """A signature that anybody can make for a key whose exponent is one: what would be signed, itself (RFC 8017, 9.2)."""
    signed = token[:token.rindex(".")]
    what = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(signed.encode()).digest()
    return signed + "." + b64(b"\0\1" + b"\xff" * (256 - 3 - len(what)) + b"\0" + what)


class Samples:
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.rsa = Key(folder, "one", "RSA", "RS256")
        self.other = Key(folder, "two", "RSA", "RS256")
        self.rows: list[dict[str, Any]] = []

    def token(self, key: Key, alg: str = "RS256", claims: Any = None, header: dict[str, Any] | None = None) -> str:
        head = {"alg": alg, "kid": key.kid, "typ": "JWT"} | (header or {})
        texts = [part if isinstance(part, str) else json.dumps(part)
                 for part in ({name: value for name, value in head.items() if value is not None},
                              CLAIMS if claims is None else claims)]
        signed = ".".join(b64(text.encode()) for text in texts)
        return f"{signed}.{b64(key.sign(alg, signed.encode()))}"

    def add(self, about: str, token: str, keys: Any = None, fails: bool | str = False, want: dict[str, str] | None = None,
            extra: dict[str, Any] | None = None, **more: Any) -> None:
        """keys None: the signature is not looked at."""
        path = f"/keys/{len(self.rows)}"
        row: dict[str, Any] = {"name": "oidc", "about": about, "conf": {"userInfoURL": "", "extra": dict(extra or {})},
                               "token": {"access_token": "at", "id_token": token}, "answers": {}}
        if keys is not None:
            row["conf"]["extra"].setdefault("jwksURL", "{url}" + path)
            row["answers"] = {path: {"keys": keys} if isinstance(keys, list) else keys}
        row |= {"fails": fails if isinstance(fails, str) else "user"} if fails else {"want": want or {"id": "1"}}
        self.rows.append(row | more)

    def signatures(self) -> None:
        rsa, other = self.rsa, self.other
        for alg in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"):
            self.add(alg, self.token(rsa, alg), [rsa.jwk | {"alg": alg}])
        edwards = Key(self.folder, "three", "ED25519", "EdDSA")
        curve = Key(self.folder, "four", "EC", "ES256", "-pkeyopt", "ec_paramgen_curve:P-256")
        short = Key(self.folder, "five", "RSA", "RS256", "-pkeyopt", "rsa_keygen_bits:1024")
        good = self.token(rsa)
        self.add("EdDSA", self.token(edwards, "EdDSA"), [edwards.jwk])
        self.add("ES256", self.token(curve, "ES256"), [curve.jwk], fails=True)
        self.add("a short key", self.token(short), [short.jwk], fails=True, ours="a key of 1024 bits is good to the real server")
        self.add("the second of two", self.token(other), [rsa.jwk, other.jwk])
        self.add("of a name twice", good, [other.jwk | {"kid": "one"}, rsa.jwk], fails=True)
        self.add("another's signature", self.token(other, header={"kid": "one"}), [rsa.jwk], fails=True)
        self.add("a key that nobody knows", self.token(other), [rsa.jwk], fails=True)
        self.add("no key is named", self.token(rsa, header={"kid": None}), [rsa.jwk], fails=True)
        self.add("an empty name", self.token(rsa, header={"kid": ""}), [rsa.jwk | {"kid": ""}], fails=True)
        self.add("none", self.token(rsa, "none"), [rsa.jwk], fails=True)
        self.add("none, and the key says so", self.token(rsa, "none"), [rsa.jwk | {"alg": "none"}], fails=True)
        self.add("the public key as a secret", self.token(rsa, "HS256"), [rsa.jwk], fails=True)
        self.add("the public key as a secret, and the key says so", self.token(rsa, "HS256"), [rsa.jwk | {"alg": "HS256"}], fails=True)
        self.add("another algorithm than the key's", self.token(rsa, "RS512"), [rsa.jwk], fails=True)
        self.add("a key of another family", good, [edwards.jwk | {"kid": "one", "alg": "RS256"}], fails=True)
        self.add("a key without an algorithm", good, [{name: rsa.jwk[name] for name in ("kid", "kty", "n", "e")}], fails=True)
        self.add("claims changed", good.split(".")[0] + "." + b64(json.dumps(CLAIMS | {"sub": "2"}).encode()) + "." + good.split(".")[2],
                 [rsa.jwk], fails=True)
        self.add("a signature cut short", good[:-4], [rsa.jwk], fails=True)
        self.add("no signature", good[:good.rindex(".") + 1], [rsa.jwk], fails=True)
        self.add("an algorithm of another family", self.token(rsa, "RS512", header={"alg": "EdDSA"}), [rsa.jwk | {"alg": "EdDSA"}], fails=True)
        self.add("four parts where nobody looks", good + ".x", fails=True)
        self.add("an exponent of one", unsigned(good), [rsa.jwk | {"e": "AQ"}], fails=True)
        self.add("a number of the key with its padding", good, [rsa.jwk | {"n": rsa.jwk["n"] + "=="}])
        self.add("a header that demands more", self.token(rsa, header={"crit": ["x"], "x": 1}), [rsa.jwk], fails=True,
                 ours="the real server passes over `crit`, which RFC 7515 forbids")
        self.add("no keys there", good, {"status": 404, "body": "no"}, fails=True)
        self.add("a page for keys", good, {"body": "<html>", "type": "text/html"}, fails=True)
        self.add("no list of keys", good, {"body": "{}"}, fails=True)
        self.add("a key alone", good, {"body": json.dumps(rsa.jwk)}, fails=True)
        self.add("keys that are of no use beside one that is", good, [{"kid": "x", "kty": "RSA"}, {"kty": "EC"}, rsa.jwk])
        self.add("where keys are is no text", good, [rsa.jwk], extra={"jwksURL": 5}, fails=True)
        self.add("where keys are is null", self.token(other, header={"kid": "one"}), [rsa.jwk], extra={"jwksURL": None})
        self.add("where keys are is empty", self.token(other, header={"kid": "one"}), [rsa.jwk], extra={"jwksURL": ""})
        self.add("nobody looks at the signature", self.token(other, header={"kid": "one"}))
        self.add("none where nobody looks", self.token(rsa, "none"), fails=True, ours="the real server takes it")
        self.add("a word of no algorithm where nobody looks", self.token(rsa, header={"alg": "XX1"}), ours="the real server refuses a word that it does not know")

    def claims(self) -> None:
        def add(about: str, change: Any, fails: bool | str = False, **more: Any) -> None:
            claims = CLAIMS | change if isinstance(change, dict) else change
            if isinstance(claims, dict):
                claims = {name: value for name, value in claims.items() if value is not ...}
            self.add(about, self.token(self.rsa, claims=claims), [self.rsa.jwk], fails=fails, **more)

        add("an audience of several", {"aud": ["x", CLIENT]})
        add("for somebody else", {"aud": "x"}, fails=True)
        add("for others", {"aud": ["x", "y"]}, fails=True)
        add("for nobody", {"aud": ...}, fails=True)
        add("for a number", {"aud": 5}, fails=True)
        add("for none of a list", {"aud": []}, fails=True)
        add("an issuer of those", {}, extra={"issuers": ["https://x", "https://issuer"]})
        add("another issuer", {}, extra={"issuers": ["https://x"]}, fails=True)
        add("no issuer", {"iss": ...}, extra={"issuers": ["https://issuer"]}, fails=True)
        add("no issuer where any is good", {"iss": ...})
        add("issuers that are one text", {}, extra={"issuers": "https://issuer"})
        add("issuers that are another text", {}, extra={"issuers": "https://x"}, fails=True)
        add("a list of no issuers", {}, extra={"issuers": []})
        add("null for issuers", {}, extra={"issuers": None})
        add("issuers that are numbers", {}, extra={"issuers": [5]}, fails=True)
        add("expired", {"exp": 1600000001}, fails=True)
        add("it does not expire", {"exp": ...})
        add("a text for a time", {"exp": str(NEVER_S)}, fails=True)
        add("a fraction of a second", {"exp": NEVER_S + 0.5})
        add("made later", {"iat": NEVER_S}, fails=True)
        add("no word of when", {"iat": ...})
        add("not yet", {"nbf": NEVER_S}, fails=True)
        add("since a while", {"nbf": 1600000000})
        add("expired a little ago", {"exp": NOW_S - 299}, ours="by our clock")
        add("expired a little longer ago", {"exp": NOW_S - 300}, fails=True, ours="by our clock")
        add("made a little later", {"iat": NOW_S + 300}, ours="by our clock")
        add("made still later", {"iat": NOW_S + 301}, fails=True, ours="by our clock")
        for leeway in ("301", "0", "-5", "x", "86401"):
            add("made still later, where clocks may differ by " + leeway, {"iat": NOW_S + 301}, leeway=leeway, ours="by our clock",
                **({"want": {"id": "1"}} if leeway == "301" else {"fails": True}))
        add("soon", {"nbf": NOW_S + 300}, ours="by our clock")
        add("not that soon", {"nbf": NOW_S + 301}, fails=True, ours="by our clock")
        add("a list for claims", "[1]", fails=True)
        add("no JSON", "{", fails=True)
        add("nobody", {"sub": ...}, fails="nobody")
        add("an empty subject", {"sub": ""}, fails="nobody")
        add("a number for a subject", {"sub": 5}, fails=True)
        add("all that it may say", {"name": "Ada", "preferred_username": "ada", "picture": "https://x/p", "email": "ada@example.com",
                                    "email_verified": True},
            want={"id": "1", "name": "Ada", "username": "ada", "avatarURL": "https://x/p", "email": "ada@example.com"})
        add("an address of somebody", {"email": "ada@example.com"})
        add("four parts", {}, fails=True)
        self.rows[-1]["token"]["id_token"] += ".x"

    def apple(self) -> None:
        def add(about: str, change: dict[str, Any], fails: bool | str = False, **more: Any) -> None:
            claims = CLAIMS | {"iss": "https://appleid.apple.com"} | change
            claims = {name: value for name, value in claims.items() if value is not ...}
            self.add(about, self.token(self.rsa, claims=claims), [self.rsa.jwk], fails=fails, ours="the keys are elsewhere", **more)
            self.rows[-1] |= {"name": "apple", "keys": self.rows[-1]["conf"].pop("extra")["jwksURL"]}

        mail = {"email": "ada@example.com"}
        add("a name of its own", {"name": "Ada"}, want={"id": "1", "name": "Ada"})
        add("an address of truth", {"email_verified": True} | mail, want={"id": "1"} | mail)
        add("an address of somebody", {"email_verified": "false"} | mail)
        add("another issuer", {"iss": "https://issuer"}, fails=True)
        add("no issuer", {"iss": ...}, fails=True)
        add("it does not expire", {"exp": ...}, fails=True)
        add("for somebody else", {"aud": "x"}, fails=True)
        self.add("another's signature", self.token(self.other, claims=CLAIMS | {"iss": "https://appleid.apple.com"}, header={"kid": "one"}),
                 [self.rsa.jwk], fails=True, ours="the keys are elsewhere")
        self.rows[-1] |= {"name": "apple", "keys": self.rows[-1]["conf"].pop("extra")["jwksURL"]}

    def microsoft(self) -> None:
        def add(about: str, choice: Any, claims: dict[str, Any], email: str = "", **more: Any) -> None:
            self.add(about, self.token(self.rsa, claims=CLAIMS | claims), want={"id": "m1"} | ({"email": email} if email else {}),
                     extra={"idTokenEmailClaim": choice}, **more)
            row = self.rows[-1]
            row["name"] = "microsoft"
            row["conf"].pop("userInfoURL")
            row["answers"] = {"/user": {"id": "m1", "mail": "typed@example.com"}}

        primary, email = {"verified_primary_email": "p@example.com"}, {"email": "e@example.com"}
        listed = {"verified_primary_email": ["p@example.com"]}
        proven = {"xms_edov": True}
        add("no choice", "", primary | email, "typed@example.com")
        add("a choice of nothing known", "x", primary | email, "typed@example.com")
        add("the address", "email", primary | email, "e@example.com")
        add("no address", "email", primary)
        add("the primary one", "verified_primary_email", primary | email, "p@example.com")
        add("the primary one of a list", "verified_primary_email", listed | email)
        add("an empty list of them", "verified_primary_email", {"verified_primary_email": []} | email)
        add("no primary one", "verified_primary_email", email | proven)
        add("an address of its domain's owner", "email_and_xms_edov", primary | email | proven, "e@example.com")
        for value, good in ((1, True), ("1", True), ("true", True), (0, False), ("0", False), ("no", False), (None, False), ([], False)):
            add(f"owned: {json.dumps(value)}", "email_and_xms_edov", email | {"xms_edov": value}, "e@example.com" if good else "")
        add("an address of nobody's", "email_and_xms_edov", primary | email)
        add("any: the primary one", "any_verified", primary | email | proven, "p@example.com")
        add("any: the owned one", "any_verified", email | proven, "e@example.com")
        add("any: none", "any_verified", email)
        add("a token as long as many groups make it", "email", email | {"groups": ["x" * 36] * 300}, "e@example.com")
        add("a token for somebody else", "email", email | {"aud": "x"}, ours="the real server does not look for whom it is")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        samples = Samples(folder)
        samples.signatures()
        samples.claims()
        samples.apple()
        samples.microsoft()
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in samples.rows)
    (pathlib.Path(__file__).parent / "id_tokens.json").write_text(f"[\n{rows}\n]\n")


if __name__ == "__main__":
    main()
