"""The workbench as a server on this machine: its addresses, and what answers each of them.

It listens on 127.0.0.1 alone. Work is done beside the loop that takes requests, in threads that end with the process.
"""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from secrets import token_urlsafe
from urllib.parse import parse_qsl

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from kzexpert.errors import Issue, KzexpertError, Location, UsageError
from kzexpert.workbench import pages
from kzexpert.workbench.desk import Desk
from kzexpert.workbench.guard import Guard
from kzexpert.workbench.opinions import PostedAct
from kzexpert.workbench.trial import Trial, tried

__all__ = ["Workbench"]

#: How the name of a field begins that gives the weight of a rule.
_WEIGHT = "weight "


class Workbench:
    """A server that has a port and does not listen yet.

    Args:
        port: 0 for a free one.

    Raises:
        UsageError: the port cannot be had (KZ307).
    """

    def __init__(self, desk: Desk, port: int = 0) -> None:
        self.desk = desk
        try:
            self._socket = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            message = f"cannot listen on port {port}: {error.strerror or error}"
            hint = "give another --port, or none for one that is free"
            raise UsageError(Issue("KZ307", message, Location("--port"), hint)) from None
        self.port = self._socket.getsockname()[1]
        self._token = token_urlsafe(32)

    @property
    def address(self) -> str:
        """Where to go: it carries the key."""
        return f"http://127.0.0.1:{self.port}/?token={self._token}"

    def serve(self) -> None:
        """Answer until the process is interrupted.

        Raises:
            KeyboardInterrupt: it was.
        """
        config = uvicorn.Config(
            Guard(self.application(), self.port, self._token),
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=0,
        )
        uvicorn.Server(config).run(sockets=[self._socket])

    def application(self) -> Starlette:
        """What answers, without the gate before it."""
        works = {"/": self._bench, "/list": self._list, "/notice": self._notice, "/panel": self._panel}
        routes = [Route(path, _answering(work)) for path, work in {**works, "/what-if": self._what_if}.items()]
        routes += [Route(f"/{name}", _handing_out(name)) for name in pages.FILES]
        return Starlette(routes=[*routes, Route("/acts", _answering(self._act), methods=["POST"])])

    def _bench(self, request: Request) -> Response:
        state, of = self.desk.state(), _of(request)
        known = not of or of in state.ledger.atoms
        if of and known:  # what if is asked next
            threading.Thread(target=state.ledger.alone, args=(of,), daemon=True).start()
        return HTMLResponse(pages.bench(state, request.query_params), 200 if known else 404)

    def _list(self, request: Request) -> Response:
        return HTMLResponse(pages.listed(self.desk.state(), request.query_params))

    def _notice(self, request: Request) -> Response:
        return HTMLResponse(pages.notice(self.desk.state(), request.headers.get("x-version", ""), _of(request)))

    def _panel(self, request: Request) -> Response:
        state = self.desk.state()
        state.ledger.atom(_of(request))
        return HTMLResponse(pages.panel(state, _of(request), request.query_params.get("view", "")))

    def _what_if(self, request: Request) -> Response:
        ledger, query = self.desk.state().ledger, request.query_params
        try:
            assume = [text for text in query.getlist("assume") if text.strip()]
            found: Trial | KzexpertError = tried(
                ledger, _of(request), query.getlist("without"), assume, _weights(query)
            )
        except KzexpertError as error:
            found = error
        return HTMLResponse(pages.outcome(found))

    def _act(self, request: Request) -> Response:
        said = dict(parse_qsl(request.scope["form"].decode("utf-8", "replace"), keep_blank_values=True))
        try:
            act = msgspec.convert(said, PostedAct)
        except msgspec.ValidationError as error:
            return PlainTextResponse(f"{error}\n", 400)
        state = self.desk.state()
        try:
            file = state.opinions.record(act)
        except KzexpertError as error:
            return HTMLResponse(pages.refused(error), headers={"HX-Retarget": "#act-said"})
        return HTMLResponse(pages.recorded(self.desk.state(), act.of, file), headers={"HX-Trigger": "recorded"})


def _of(request: Request) -> str:
    """The judgement that an address is about."""
    return request.query_params.get("of", "")


def _weights(query: QueryParams) -> dict[str, float]:
    """Rule → the certainty that an address gives it.

    Raises:
        UsageError: one of them is no number.
    """
    found = {}
    for name, text in query.multi_items():
        if name.startswith(_WEIGHT):
            try:
                found[name.removeprefix(_WEIGHT)] = float(text)
            except ValueError:
                raise UsageError(Issue("KZ111", f"{text} is no certainty", Location("what if"))) from None
    return found


def _handing_out(name: str) -> Callable[[Request], Response]:
    path, kind = pages.FILES[name]
    return lambda _request: FileResponse(path, media_type=kind)


def _answering(work: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    """Work beside the loop, in a thread that holds up nobody who ends the process."""

    async def answer(request: Request) -> Response:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Response] = loop.create_future()

        def tell(response: Response) -> None:
            if not done.done():  # or whoever asked has gone
                done.set_result(response)

        def run() -> None:
            try:
                response = work(request)
            except KzexpertError as error:
                response = HTMLResponse(pages.refused(error), 422)
            except Exception as error:
                response = PlainTextResponse(f"a bug in kzexpert: {type(error).__name__}: {error}\n", 500)
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(tell, response)

        threading.Thread(target=run, daemon=True).start()
        return await done

    return answer
