#!/usr/bin/env python3
"""reference.py [--write] POCKETBASE SAMPLES...: holds the samples of this folder against the real server.

A provider on loopback answers as a sample says; the real server signs in with it. What it made of the profile and what
it asked the provider must be what the sample wants, and so must the list of providers and the addresses to begin at
(addresses.json). A sample that says `ours` in it is passed over: the real server cannot be asked.

With --write what addresses.json says of the real server is written anew.
"""

import datetime
import http.server
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

WAIT_S = 20
HERE = pathlib.Path(__file__).parent


class Provider:
    """Answers by path, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                provider.asked.append({"line": f"{self.command} {self.path}", "headers": dict(self.headers), "body": body})
                answer = provider.answers.get(self.path.split("?")[0], {"status": 404, "body": "none"})
                if isinstance(answer, list) and answer and isinstance(answer[0], dict) and "turn" in answer[0]:
                    answer = answer.pop(0)["turn"] if len(answer) > 1 else answer[0]["turn"]
                if not (isinstance(answer, dict) and "body" in answer):
                    answer = {"body": answer}
                text = answer["body"] if isinstance(answer["body"], str) else json.dumps(answer["body"])
                self.send_response(answer.get("status", 200))
                if answer.get("type") != "":
                    self.send_header("Content-Type", answer.get("type", "application/json"))
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Real:
    """The real server in a directory of its own."""

    def __init__(self, binary: str, directory: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        login = ["a@example.com", "1234567890"]
        subprocess.run([binary, "superuser", "upsert", *login, "--dir", directory], check=True, stdout=subprocess.DEVNULL,
                       timeout=WAIT_S)
        self.process = subprocess.Popen([binary, "serve", "--dir", directory, "--http", f"127.0.0.1:{port}",
                                         "--migrationsDir", os.path.join(directory, "migrations")],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        self.url = f"http://127.0.0.1:{port}/api"
        self.token = ""
        self.n = 0  # sign-ins, each of which makes a user
        end = time.monotonic() + WAIT_S
        while True:
            try:
                status, answer = self.call("POST", "/collections/_superusers/auth-with-password",
                                           {"identity": login[0], "password": login[1]})
                break
            except urllib.error.URLError:
                if time.monotonic() > end:
                    raise SystemExit(f"the real server does not answer within {WAIT_S} s")
                time.sleep(0.05)
        assert status == 200, answer
        self.token = answer["token"]
        status, answer = self.call("POST", "/collections", {
            "name": "people", "type": "auth", "createRule": "",
            "oauth2": {"enabled": True, "providers": [], "mappedFields": {"id": "", "name": "", "username": "", "avatarURL": ""}}})
        assert status == 200, answer

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        if self.token and "auth-with-oauth2" not in path:
            request.add_header("Authorization", self.token)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S * 2) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read() or b"null")

    def configure(self, providers: list[dict[str, Any]]) -> None:
        """What is stored of a provider would be kept where nothing is sent, so the list is emptied first."""
        for wanted in ([], providers):
            status, answer = self.call("PATCH", "/collections/people", {"oauth2": {"enabled": True, "providers": wanted}})
            assert status == 200, answer

    def sign_in(self, sample: dict[str, Any]) -> tuple[int, Any]:
        body = dict(CALL, **sample.get("call", {}))
        self.n += 1
        body |= {"provider": sample["name"], "createData": {"email": f"u{self.n}@example.com"}}
        return self.call("POST", "/collections/people/auth-with-oauth2", body)


CLIENT = {"clientId": "id é&", "clientSecret": "se+cr/et %:é"}
CALL = {"code": "co de+&", "codeVerifier": "ver~ifier", "redirectURL": "http://x/r?a=b"}
USER = {"id": "id", "name": "name", "username": "username", "avatarURL": "avatarURL", "email": "email"}


def configured(sample: dict[str, Any], url: str) -> dict[str, Any]:
    conf = {"name": sample["name"], "tokenURL": url + "/token", "userInfoURL": url + "/user", **CLIENT, **sample.get("conf", {})}
    return json.loads(json.dumps(conf).replace("{url}", url))


def times(meta: dict[str, Any], wanted: int | None) -> str:
    """What is wrong with the expiry."""
    if wanted is None:
        return f"expires {meta['expiry']}" if meta["expiry"] else ""
    left = datetime.datetime.fromisoformat(meta["expiry"] or "1970-01-01T00:00:00Z").timestamp() - time.time()
    return "" if abs(left - wanted) < WAIT_S else f"expires in {left} s"


def judge(sample: dict[str, Any], status: int, answer: Any, asked: list[dict[str, Any]]) -> list[str]:
    """How the real server differs from the sample."""
    wrong = []
    fails = {"token": "Failed to fetch OAuth2 token.", "user": "Failed to fetch OAuth2 user."}
    if "fails" in sample:
        if status != 400 or answer["message"] != fails[sample["fails"]]:
            wrong.append(f"{status} {json.dumps(answer)[:300]}")
    elif status != 200:
        wrong.append(f"{status} {json.dumps(answer)[:300]}")
    else:
        meta = answer["meta"]
        wrong += [f"{name}: {meta[name]!r}" for name in USER if meta[name] != sample["want"].get(name, "")]
        wrong += [f"raw {name}: {meta['rawUser'].get(name)!r}" for name, value in sample.get("raw", {}).items()
                  if meta["rawUser"].get(name) != value]
        wrong += [f"{name}: {meta[name]!r}" for key, name in (("access", "accessToken"), ("refresh", "refreshToken"))
                  if sample.get(key, meta[name]) != meta[name]]
        if "expires_s" in sample:
            wrong += filter(None, [times(meta, sample["expires_s"])])
    lines = [request["line"] for request in asked]
    if "asked" in sample and lines != sample["asked"]:
        wrong.append(f"asked {lines}")
    if "sent" in sample:
        sent = [{"authorization": request["headers"].get("Authorization"), "body": request["body"]}
                for request in asked if request["line"] == "POST /token"]
        if sent != sample["sent"]:
            wrong.append(f"sent {sent}")
    for name, value in sample.get("headers", {}).items():
        found = [{key.lower(): text for key, text in request["headers"].items()}.get(name.lower()) for request in asked if request["line"].split("?")[0].endswith(" /user")]
        if [text and text.encode("latin-1").decode() for text in found] != [value]:
            wrong.append(f"header {name}: {found}")
    return wrong


def begin(real: Real, write: bool) -> list[str]:
    """The list of providers, and where a user is sent."""
    file = HERE / "addresses.json"
    wanted = json.loads(file.read_text())
    status, providers = real.call("GET", "/collections/meta/oauth2-providers")
    assert status == 200, providers
    found: dict[str, Any] = {"providers": [[one["name"], one["displayName"]] for one in providers], "addresses": []}
    for conf in [case["conf"] for case in wanted["addresses"]]:
        real.configure([{**CLIENT, **conf}])
        status, methods = real.call("GET", "/collections/people/auth-methods")
        assert status == 200, methods
        one = methods["oauth2"]["providers"][0]
        url = one["authURL"].replace(one["state"], "STATE")
        if one["codeChallenge"]:
            url = url.replace(one["codeChallenge"], "CHALLENGE")
        found["addresses"].append({"conf": conf, "display": one["displayName"], "url": url})
    if write:
        rows = ",\n".join(json.dumps(case, ensure_ascii=False) for case in found["addresses"])
        file.write_text('{"providers": %s,\n"addresses": [\n%s\n]}\n' % (json.dumps(found["providers"], ensure_ascii=False), rows))
        return []
    return ["the list of providers"] * (found["providers"] != wanted["providers"]) + [
        f"{one['conf']}: {one}" for one, other in zip(found["addresses"], wanted["addresses"], strict=True) if one != other]


def main() -> int:
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    provider = Provider()
    failed = passed = 0
    with tempfile.TemporaryDirectory(dir=os.path.expanduser("~")) as directory:
        real = Real(words[0], directory)
        try:
            for line in begin(real, "--write" in sys.argv):
                failed += 1
                print(f"addresses: {line}")
            for file in words[1:]:
                for sample in json.loads(pathlib.Path(file).read_text()):
                    if sample.get("ours"):
                        continue
                    real.configure([configured(sample, provider.url)])
                    provider.answers = {"/token": sample.get("token", {"access_token": "at"}), **sample["answers"]}
                    provider.asked = []
                    wrong = judge(sample, *real.sign_in(sample), provider.asked)
                    failed, passed = failed + bool(wrong), passed + (not wrong)
                    for line in wrong:
                        print(f"{sample['name']}: {sample.get('about', '')}: {line}")
        finally:
            real.process.terminate()
            real.process.wait(WAIT_S)
    print(f"{passed} samples as the real server has them, {failed} not")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
