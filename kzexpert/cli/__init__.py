"""The command line: the only layer that prints, reads options or exits."""

from typing import NoReturn

__all__ = ["main"]


def main() -> None:
    """The console command: runs once and exits."""
    import gc
    import sys

    # A command lives for a fraction of a second, and nearly all that it allocates lives as long as it does. To look
    # through that again and again, and twice more on the way out, takes a quarter of the time of a cold start.
    # Collection still sets in where a long run leaves many objects behind.
    gc.set_threshold(500_000, 50, 100)
    try:
        from kzexpert.cli.group import cli

        cli(prog_name="kzexpert")
    except KeyboardInterrupt:  # before the command group could catch it
        raise SystemExit(130) from None
    except SystemExit as end:
        if end.code == 130 and "duckdb" in sys.modules:
            _leave()
        raise
    finally:
        if "duckdb" not in sys.modules:  # whose bindings tell stderr what was not collected
            gc.freeze()


def _leave() -> NoReturn:
    """Exit at once after an interrupt: a statement of the database may still run, and would be waited for."""
    import os
    import sys

    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()
    os._exit(130)
