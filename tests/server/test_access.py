"""Who gets in: every route and every verb, without credentials, without permission, with crafted parameters."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.auth import Authorizer

import fmtools.server.follow as follow

VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
RUN = "01J0000000000000000000000A"
OURS = "/fmtools/"


def our_rules(app: Any) -> Iterator[tuple[str, Any]]:
    """Yield (pattern, handler class) of each rule of ours that the live router knows."""
    for group in app.web_app.default_router.rules + app.web_app.wildcard_router.rules:
        for rule in getattr(group.target, "rules", [group]):
            pattern = getattr(getattr(rule.matcher, "regex", None), "pattern", "")
            if OURS in pattern:
                yield pattern, rule.target


def example(pattern: str, base: str) -> str:
    """Return a path that matches a rule's pattern, below the base URL."""
    filled = (
        pattern.replace("(/.*)?", "/else")
        .replace("([^/]*)", RUN, 1)
        .replace("([^/]*)", "5")
        .replace("(.*)", "predict")
        .rstrip("$")
    )
    path = filled.replace("\\", "")
    assert re.fullmatch(pattern, path)
    return path[len(base) :]


@pytest.fixture
def bare(http_server_client: Any, jp_base_url: str, jp_serverapp: Any) -> Any:
    """Ask without credentials."""

    async def fetch(path: str, **more: Any) -> Any:
        options = {"raise_error": False, "allow_nonstandard_methods": True, "follow_redirects": False, **more}
        return await http_server_client.fetch(jp_base_url + path, **options)

    return fetch


@pytest.fixture
def port(http_server: Any, http_server_port: Any) -> int:
    """The port of the running server, for requests that no client would send."""
    number: int = http_server_port[1]
    return number


async def test_nothing_is_open(bare: Any, jp_serverapp: Any, jp_base_url: str, make_run: Any) -> None:
    rules = list(our_rules(jp_serverapp))
    assert len(rules) == 12
    answers = {}
    for pattern, _ in rules:
        for verb in VERBS:
            body = b"{}" if verb in {"POST", "PUT", "PATCH"} else None
            response = await bare(example(pattern, jp_base_url), method=verb, body=body)
            answers[pattern, verb] = response.code
            assert b"fmtools-runs" not in response.body
    assert len(answers) == 84
    assert set(answers.values()) <= {401, 403, 302}, answers


async def test_no_websocket_is_open(jp_ws_fetch: Any, jp_serverapp: Any, jp_base_url: str) -> None:
    from tornado.httpclient import HTTPClientError

    for pattern, _ in our_rules(jp_serverapp):
        with pytest.raises(HTTPClientError) as caught:
            await jp_ws_fetch(*example(pattern, jp_base_url).split("/"), headers={"Authorization": "token wrong"})
        assert caught.value.code in {401, 403, 302}


async def test_verbs_a_route_lacks_are_405_for_those_who_may(ask: Any, make_run: Any) -> None:
    run = make_run([{"type": "status", "status": "running"}])
    for route, own in [(["runs"], "GET"), (["runs", run.id], "GET"), (["runs", run.id, "control"], "POST")]:
        for verb in set(VERBS) - {own}:
            code, _, _ = await ask(*route, method=verb, body=b"{}" if verb in {"POST", "PUT", "PATCH"} else None)
            assert code == 405


class Logged:
    """How a browser asks: a cookie, and only where wanted the XSRF token that belongs to it."""

    def __init__(self, client: Any, base: str, token: str) -> None:
        self.client, self.base, self.token = client, base, token
        self.cookie = self.xsrf = ""

    async def enter(self) -> None:
        page = await self.client.fetch(f"{self.base}login", raise_error=False)
        cookies = [c.split(";")[0] for c in page.headers.get_list("Set-Cookie")]
        self.xsrf = next(c.split("=", 1)[1] for c in cookies if c.startswith("_xsrf="))
        body = f"password={self.token}&_xsrf={self.xsrf}"
        headers = {"Cookie": "; ".join(cookies)}
        options = {"method": "POST", "headers": headers, "follow_redirects": False, "raise_error": False}
        answer = await self.client.fetch(f"{self.base}login", body=body, **options)
        cookies = [c.split(";")[0] for c in answer.headers.get_list("Set-Cookie")]
        page = await self.client.fetch(
            f"{self.base}api/status", headers={"Cookie": "; ".join(cookies)}, raise_error=False
        )
        assert page.code == 200
        again = await self.client.fetch(f"{self.base}tree", headers={"Cookie": "; ".join(cookies)}, raise_error=False)
        fresh = [c.split(";")[0] for c in again.headers.get_list("Set-Cookie") if c.startswith("_xsrf=")]
        if fresh:
            self.xsrf = fresh[0].split("=", 1)[1]
        self.cookie = "; ".join([*(c for c in cookies if not c.startswith("_xsrf=")), f"_xsrf={self.xsrf}"])

    async def post(self, path: str, **headers: str) -> Any:
        options = {"method": "POST", "body": '{"action": "pause"}', "raise_error": False}
        return await self.client.fetch(self.base + path, headers={"Cookie": self.cookie, **headers}, **options)


async def test_xsrf(http_server_client: Any, jp_base_url: str, jp_serverapp: Any, make_run: Any) -> None:
    from fmtools.store import lease

    run = make_run([{"type": "status", "status": "running"}])
    lease.claim(run.path)
    browser = Logged(http_server_client, jp_base_url, jp_serverapp.identity_provider.token)
    await browser.enter()
    path, wishes = f"fmtools/api/runs/{run.id}/control", run.path / "control"
    assert (await browser.post(path)).code == 403
    assert (await browser.post(path, **{"X-XSRFToken": "2|wrong|0|0"})).code == 403
    for origin in ("http://evil.example", "null", "http://localhost.evil.example"):
        response = await browser.post(path, **{"X-XSRFToken": browser.xsrf, "Origin": origin})
        assert response.code in {403, 404}
    assert list(wishes.iterdir()) == []
    assert (await browser.post(path, **{"X-XSRFToken": browser.xsrf})).code == 202
    assert len(list(wishes.iterdir())) == 1


async def test_a_foreign_host_is_refused(ask: Any) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example"):
        code, _, _ = await ask("runs", headers={"Host": host})
        assert code == 403


class Reader(Authorizer):
    """Lets everybody read and nobody write; notes what it was asked."""

    asked: list[tuple[str, str]] = []

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        self.asked.append((action, resource))
        return action == "read"


class TestPermissions:
    @pytest.fixture
    def jp_server_config(self, store: Path) -> dict[str, Any]:
        extensions = {"jpserver_extensions": {"fmtools.server": True}}
        return {"ServerApp": {**extensions, "authorizer_class": Reader}}

    async def test_who_may_read_may_not_steer(self, ask: Any, make_run: Any) -> None:
        Reader.asked.clear()
        run = make_run([{"type": "status", "status": "running"}])
        routes = (["runs"], ["runs", run.id], ["runs", run.id, "events"])
        for route in routes:
            assert (await ask(*route))[0] == 200
        assert (await ask("runs", run.id, "attention", "1"))[0] == 404
        assert set(Reader.asked) == {("read", "fmtools")}
        for verb in ("POST", "PUT", "PATCH", "DELETE"):
            for route in (*routes, ["runs", run.id, "control"], ["else"]):
                body = '{"action": "stop"}' if verb != "DELETE" else None
                code, answer, _ = await ask(*route, method=verb, body=body)
                assert (code, answer) == (403, {"error": "Forbidden."})
        assert ("write", "fmtools") in Reader.asked
        assert list((run.path / "control").iterdir()) == []


class TestStrictServer:
    @pytest.fixture
    def jp_server_config(self, store: Path) -> dict[str, Any]:
        extensions = {"jpserver_extensions": {"fmtools.server": True}}
        return {"ServerApp": {**extensions, "allow_unauthenticated_access": False}}

    async def test_no_endpoint_of_ours_lacks_a_login(self, jp_serverapp: Any, caplog: Any, ask: Any) -> None:
        assert (await ask("runs"))[0] == 200
        lines = [record.getMessage() for record in caplog.get_records("setup")]
        assert any("is running at" in line for line in lines)
        assert [line for line in lines if "without" in line.lower() and "fmtools" in line] == []


SPELLINGS = [
    "..", "../..", "%2e%2e", "%252e%252e", "..%2f..%2fetc%2fpasswd", "%2e%2e%2f%2e%2e", "....//", "..%5c..%5c",
    "..%c0%af", "%00",
    "%c0%ae%c0%ae", "%e2%80%ae", "%ef%bc%8e%ef%bc%8e", "..%ef%bc%8f", f"{RUN}%00", f"{RUN}%0a", f"{RUN}%20",
    f"{RUN}.", f"{RUN}%2f..", f"%2f{RUN}", "%2fetc%2fpasswd", "/etc/passwd", "//proc/self/root", "file:%2f%2f%2fetc",
    "C:%5C", "%5c%5chost%5cshare", ".nfs0001", "~", "~root", "*", "%3f", "%23", "con", "NUL", RUN.lower(),
    RUN[:-1], RUN + "A",
    "I" * 26, "A" * 300, "%F0%9F%92%A3", ".", "", "-", "%24%7bHOME%7d", "last", "%d9%a3" * 26, ".tmp-" + RUN,
]  # fmt: skip


async def test_crafted_parameters_reach_no_file(
    port: int, jp_base_url: str, jp_serverapp: Any, jp_auth_header: dict[str, str], make_run: Any, store: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """40 and more spellings of each parameter, sent as they stand: 400 or 404, and no other run is looked for."""
    run = make_run([{"type": "status", "status": "running"}])
    (store / "secret").write_text("canary")
    seen: list[str] = []
    real = follow.open_run
    monkeypatch.setattr(follow, "open_run", lambda word, *rest: seen.append(word) or real(word, *rest))
    templates = ["runs/{}", "runs/{}/events", "runs/{}/attention/5", "runs/{}/control", f"runs/{run.id}/attention/{{}}"]
    for spelling in SPELLINGS:
        for template in templates:
            verb = "POST" if template.endswith("control") else "GET"
            path = f"{jp_base_url}fmtools/api/{template.format(spelling)}"
            code, body = await raw(port, verb, path, jp_auth_header)
            assert code in {400, 404}, (spelling, template, code)
            assert b"canary" not in body
            assert b"Traceback" not in body
            assert str(store).encode() not in body
    assert set(seen) <= {run.id}


async def raw(port: int, verb: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    """Send a request line as it stands: clients would tidy the path up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"{verb} {path} HTTP/1.1", f"Host: localhost:{port}", "Connection: close", "Content-Length: 0"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    return int(answer.split(b" ", 2)[1]), answer


async def test_a_long_body_is_refused_unread(
    port: int, jp_base_url: str, jp_serverapp: Any, jp_auth_header: dict[str, str], make_run: Any
) -> None:
    run = make_run([{"type": "status", "status": "running"}])
    path = f"{jp_base_url}fmtools/api/runs/{run.id}/control"
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Length: 1000000000"]
    lines += [f"{name}: {value}" for name, value in jp_auth_header.items()]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(("\r\n".join(lines) + "\r\n\r\n" + "x" * 1000).encode())
    answer = await asyncio.wait_for(reader.read(2000), 10)
    writer.close()
    assert answer.split(b" ", 2)[1] in {b"400", b"413"}


async def test_a_long_chunked_body_is_refused(
    port: int, jp_base_url: str, jp_serverapp: Any, jp_auth_header: dict[str, str], make_run: Any
) -> None:
    run = make_run([{"type": "status", "status": "running"}])
    path = f"{jp_base_url}fmtools/api/runs/{run.id}/control"
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked"]
    lines += [f"{name}: {value}" for name, value in jp_auth_header.items()]
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    sent = 0
    try:
        while sent < 50_000_000:
            writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            await writer.drain()
            sent += 0x10000
    except ConnectionError:
        pass
    writer.close()
    assert sent < 20_000_000


async def test_refusals_are_json_and_name_no_path(ask: Any, store: Path) -> None:
    for route in (["runs", RUN], ["runs", "x"], ["nothing"], ["runs", RUN, "else"], []):
        code, body, _ = await ask(*route)
        assert code == 404
        assert list(body) == ["error"]
        assert str(store) not in json.dumps(body)
