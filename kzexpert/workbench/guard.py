"""Who may ask the workbench what: the gate before every request, and the headers on every answer.

It holds off other pages in the same browser, names that were bound to this machine anew, and other users of it: each
lacks the token, the host, or the origin. It knows nothing of what is behind it.
"""

from secrets import compare_digest
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard"]

#: Bytes of what is sent with a request: a reason in words, and not a document.
_LARGEST = 65_536
_FORM = "application/x-www-form-urlencoded"
_ANSWERED = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
_LOCKED = "Open the address that kzexpert printed: it carries the key to this workbench.\n"
_ENTERED = (
    "<!doctype html><title>kzexpert</title><link rel='icon' href='/icon.svg'><p><a href='/'>To the workbench</a></p>"
)


class Guard:
    """An application behind a gate.

    Args:
        port: where it listens on 127.0.0.1.
        token: what the first address carries, and a cookie from then on.
    """

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self.app = app
        self.hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        self.token = token
        # Cookies of all ports of a machine are one lot.
        self.cookie = f"kzexpert-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_ANSWERED)
            await send(message)

        if scope["type"] != "http":
            return
        refused = self._refused(scope, Headers(scope=scope))
        if refused is None and scope["method"] == "POST":
            body = await _body(receive)
            if body is None:
                refused = PlainTextResponse(f"more than {_LARGEST:,} bytes\n", 413)
            else:
                scope["form"] = body
        await (self.app if refused is None else refused)(scope, receive, answer)

    def _refused(self, scope: Scope, headers: Headers) -> Response | None:
        """What a request gets that is not let in."""
        method, site = scope["method"], headers.get("sec-fetch-site", "none")
        if method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("only GET and POST\n", 405, {"allow": "GET, HEAD, POST"})
        if headers.getlist("host") not in ([host] for host in self.hosts):
            return PlainTextResponse("this is 127.0.0.1 and no other host\n", 421)
        if method != "POST" and scope["path"] == "/" and self._holds(_query(scope, "token")):
            return self._entered()
        # Pages of other ports of this machine are of the same site, and their requests bear the cookie.
        if site not in ("none", "same-origin"):
            return PlainTextResponse("not from another page\n", 403)
        if not self._holds(_cookie(headers, self.cookie)):
            return PlainTextResponse(_LOCKED, 403)
        return self._refused_write(headers) if method == "POST" else None

    def _refused_write(self, headers: Headers) -> Response | None:
        """The same of what would write: the browser must say that it comes from a page of this workbench.

        A form that is sent without script says ``null`` here, since its page tells no referrer; only the browser itself
        can then say that it is of the same origin.
        """
        origin = headers.get("origin", "null")
        ours = origin == f"http://{headers['host']}"
        if not ours and (origin != "null" or headers.get("sec-fetch-site") != "same-origin"):
            return PlainTextResponse("not from another page\n", 403)
        if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            return PlainTextResponse(f"only {_FORM}\n", 415)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > _LARGEST:
            return PlainTextResponse(f"more than {_LARGEST:,} bytes\n", 413)
        return None

    def _holds(self, token: str) -> bool:
        return compare_digest(token.encode(), self.token.encode())

    def _entered(self) -> Response:
        """Takes the token out of the address. It is no redirect, with which a link elsewhere would bear no cookie."""
        response = HTMLResponse(_ENTERED, headers={"refresh": "0; url=/"})
        response.set_cookie(self.cookie, self.token, httponly=True, samesite="strict")
        return response


def _query(scope: Scope, name: str) -> str:
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("latin-1")).get(name, [""])[0]


def _cookie(headers: Headers, name: str) -> str:
    """A cookie; those of other servers on this machine come with it, and may be anything."""
    pairs = (pair.strip().partition("=") for line in headers.getlist("cookie") for pair in line.split(";"))
    return next((value for key, _, value in pairs if key == name), "")


async def _body(receive: Receive) -> bytes | None:
    """What is sent with a request; None where it is too long, whatever its header says."""
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _LARGEST:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return body
