"""The gate of the workbench: who gets in, from where, with what, and what each answer forbids the browser."""

import re
import signal
import socket
from pathlib import Path

import httpx
import pytest
from processes import run, started
from served import OF, Serve, Served, form

#: A request that would write, as the page sends it.
ACT = {"of": OF, "kind": "judgement", "verdict": "accepted"}


def _fields(client: httpx.Client) -> dict[str, str]:
    return ACT | form(client.get("/", params={"of": OF}).text)


def test_only_the_address_with_its_key_lets_in(served: Served) -> None:
    stranger = served.stranger()
    for path in ("/", "/list", "/page.css", "/what-if", "/?token=", "/?token=x", "/?token=%ff", "/nothing"):
        assert stranger.get(path).status_code == 403
    assert (
        stranger.get("/", headers={"cookie": f"kzexpert-{served.port}=guess; kzexpert-{served.port}"}).status_code
        == 403
    )
    entered = stranger.get(served.address)
    cookie = entered.headers["set-cookie"]
    assert (entered.status_code, entered.headers["refresh"]) == (200, "0; url=/")
    assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower() and f"kzexpert-{served.port}=" in cookie
    assert stranger.get("/").status_code == 200
    held = f'other={{["x"]}}; {cookie.partition(";")[0]}'  # a server on another port of this machine sets what it likes
    assert served.stranger(cookie=held).get("/list", params={"start": "9" * 5000}).status_code == 200
    assert len(served.address.partition("token=")[2]) > 40


def test_it_listens_on_this_machine_alone(served: Served) -> None:
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for name in [name for name in others if not str(name).startswith("127.")]:
        with pytest.raises(OSError):
            socket.create_connection((str(name), served.port or 0), 1).close()


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost", "evil.example:{port}", "[::1]:{port}"]
)
def test_a_name_that_was_bound_to_this_machine_is_refused(served: Served, host: str) -> None:
    client = served.client()
    assert client.get("/", headers={"host": host.format(port=served.port)}).status_code == 421
    assert client.get(served.address, headers={"host": host.format(port=served.port)}).status_code == 421


def test_no_other_page_may_ask_or_write(served: Served) -> None:
    client = served.client()
    fields, own = _fields(client), served.origin
    for site in ("cross-site", "same-site"):  # pages of other ports are of the same site, and have the cookie
        assert client.get("/list", headers={"sec-fetch-site": site}).status_code == 403
        assert client.post("/acts", data=fields, headers={"origin": own, "sec-fetch-site": site}).status_code == 403
    for origin in (
        "http://evil.example",
        "null",
        f"http://127.0.0.1:{(served.port or 0) + 1}",
        f"https://127.0.0.1:{served.port}",
        own + "/",
    ):
        assert client.post("/acts", data=fields, headers={"origin": origin}).status_code == 403
    assert client.post("/acts", data=fields).status_code == 403
    assert (
        client.options(
            "/acts", headers={"origin": "http://evil.example", "access-control-request-method": "POST"}
        ).status_code
        == 405
    )
    assert served.reviews == []


def test_only_forms_of_some_size_are_taken(served: Served) -> None:
    client = served.page()
    fields = _fields(client)
    assert client.post("/acts", json=fields).status_code == 415
    assert client.post("/acts", data=fields | {"reason": "x" * 70_000}).status_code == 413
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/acts", content=(b"x" * 1000 for _ in range(100)), headers=kind).status_code == 413
    assert client.post("/acts", content=b"\xff%zz&of", headers=kind).status_code == 400
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "CONNECT"):
        assert client.request(method, "/acts").status_code in (400, 405)
    assert client.get("/acts").status_code == 405
    assert served.reviews == []


def test_every_answer_forbids_what_a_page_of_it_must_not_do(served: Served) -> None:
    client = served.client()
    stranger = served.stranger().get("/")
    for answer in (client.get("/"), client.get("/list"), client.get("/htmx.min.js"), client.get("/nowhere"), stranger):
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert {policy[name] for name in ("script-src", "style-src", "connect-src", "form-action")} == {"'self'"}
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers and "access-control-allow-origin" not in answer.headers
    page = client.get("/", params={"of": OF}).text
    assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|style=|javascript:", page)


@pytest.mark.parametrize(
    "path",
    [
        "/../kzexpert.yaml",
        "/..%2f..%2fetc/passwd",
        "//etc/passwd",
        "/page.css/../rules/world.yaml",
        "/rules/world.yaml",
        "/%00",
        "/page/htmx.min.js",
    ],
)
def test_nothing_else_of_the_disk_is_handed_out(served: Served, path: str) -> None:
    with socket.create_connection(("127.0.0.1", served.port or 0), 5) as line:
        cookie = "; ".join(f"{name}={value}" for name, value in served.client().cookies.items())
        head = (f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{served.port}", f"Cookie: {cookie}", "Connection: close")
        line.sendall("\r\n".join((*head, "", "")).encode())
        answer = b"".join(iter(lambda: line.recv(65536), b"")).decode()
    assert answer.startswith("HTTP/1.1 404")
    assert "predicates" not in answer and "root:" not in answer


def test_a_folder_of_reviews_that_leads_elsewhere_is_not_written_to(serve: Serve, tmp_path: Path) -> None:
    served, elsewhere = serve(), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (served.base / "reviews").symlink_to(elsewhere)
    client = served.page()
    assert "KZ306" in client.post("/acts", data=_fields(client)).text
    assert [*elsewhere.iterdir()] == []


def test_what_a_reviewer_sends_chooses_no_file(served: Served) -> None:
    client = served.page()
    fields = _fields(client)
    for change in (
        {"of": "../../x"},
        {"of": "alignment(?a, ?b, ?c)"},
        {"kind": "../x"},
        {"verdict": "../x"},
        {"kind": "rule", "name": "../../x", "reason": "x"},
    ):
        answer = client.post("/acts", data=fields | change)
        assert "KZ" in answer.text and "Recorded" not in answer.text
    assert served.reviews == []
    assert {path.name for path in served.base.parent.iterdir()} == {"base"}


def test_ctrl_c_ends_it_at_once_whatever_it_is_doing(serve: Serve) -> None:
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        served = serve()
        client = served.client()
        client.get("/")  # a connection that stays open
        served.process.send_signal(number)
        assert served.process.wait(timeout=10) == code
        assert "Traceback" not in served.process.stderr.read()  # type: ignore[union-attr]


def test_no_other_user_sees_the_key_where_the_browser_is_called(base: Path, tmp_path: Path) -> None:
    called = tmp_path / "called"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {called}.new && mv {called}.new {called}\n')
    browser.chmod(0o700)
    serving = started(
        "review", "serve", "--kb", str(base), "--reviewer", "A", BROWSER=f"{browser} %s", TMPDIR=str(tmp_path)
    )
    try:
        address = serving.stderr.readline().split()[-1]  # type: ignore[union-attr]
        while not called.exists():
            assert serving.poll() is None
        assert "token" not in called.read_text()
        file = Path(called.read_text().strip().removeprefix("file://"))
        assert f'url={address}"' in file.read_text()
        assert file.parent.stat().st_mode & 0o077 == 0
    finally:
        serving.terminate()
        serving.communicate(timeout=30)
    assert not file.parent.exists()


def test_a_port_that_is_taken_is_said(served: Served) -> None:
    came = run(
        "review", "serve", "--no-browser", "--reviewer", "A", "--kb", str(served.base), "--port", str(served.port)
    )
    assert (came.returncode, came.stdout) == (2, "")
    assert "KZ307 cannot listen on port" in came.stderr and "Traceback" not in came.stderr
