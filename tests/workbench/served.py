"""The real workbench as tests have it: the command on a base of its own, and who asks it."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from processes import started

__all__ = ["OF", "SMALL", "Serve", "Served", "form"]

SMALL = Path(__file__).parents[1] / "html" / "kb"
#: A judgement of that base, and a fact, a rule and a source that it rests on.
OF = "alignment(Ruritania, Borduria, security)"


class Served:
    """A running workbench, ``kzexpert review serve`` on a base.

    Attributes:
        base: the folder of the base.
        address: with the key.
        root: without it.
    """

    def __init__(self, base: Path, *arguments: str, reviewer: str = "A. Reviewer") -> None:
        words = ("review", "serve", "--no-browser", "--kb", str(base), "--reviewer", reviewer, *arguments)
        self.base, self.process = base, started(*words)
        self._clients: list[httpx.Client] = []
        assert self.process.stderr is not None
        said = self.process.stderr.readline()
        found = re.search(r"http://\S+", said)
        assert found, said + self.process.stderr.read()
        self.address = found[0]
        self.root = self.address.partition("?")[0]
        self.port = urlsplit(self.address).port

    @property
    def origin(self) -> str:
        """What its own pages say that they are of."""
        return self.root.rstrip("/")

    def stranger(self, **headers: str) -> httpx.Client:
        """Somebody without the key."""
        self._clients.append(httpx.Client(base_url=self.root, headers=headers, timeout=60))
        return self._clients[-1]

    def client(self, **headers: str) -> httpx.Client:
        """Somebody who came by the address, as a browser would."""
        client = self.stranger(**headers)
        assert client.get(self.address).status_code == 200
        return client

    def page(self) -> httpx.Client:
        """Somebody whose browser shows a page of it."""
        return self.client(origin=self.origin)

    def stop(self) -> None:
        """End it, whatever it is doing."""
        for client in self._clients:
            client.close()
        self.process.kill()
        self.process.communicate(timeout=30)

    @property
    def reviews(self) -> list[Path]:
        """The files of reviews, in the order of their names."""
        return sorted((self.base / "reviews").glob("*.yaml"))


Serve = Callable[..., Served]


def form(page: str) -> dict[str, str]:
    """The fields that a page of a judgement sends with whatever a reviewer says."""
    return dict(re.findall(r'<input type="hidden" name="(of|seen)" value="([^"]*)"', page.partition('id="act"')[2]))
