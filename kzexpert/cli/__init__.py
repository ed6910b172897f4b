"""The command line: the only layer that prints, reads options or exits."""

__all__ = ["main"]


def main() -> None:
    """The console command: runs once and exits."""
    import gc
    import sys

    from kzexpert.cli.signals import exit_code, listen_for_signals

    listen_for_signals()
    # A command lives for a fraction of a second, and nearly all that it allocates lives as long as it does. To look
    # through that again and again, and twice more on the way out, takes a quarter of the time of a cold start.
    # Collection still sets in where a long run leaves many objects behind.
    gc.set_threshold(500_000, 50, 100)
    try:
        from kzexpert.cli.group import cli

        cli(prog_name="kzexpert")
    except KeyboardInterrupt:  # before the command group could catch it
        raise SystemExit(exit_code()) from None
    except SystemExit as end:
        _leave_databases(end.code if isinstance(end.code, int) else 1)
        raise
    finally:
        if "duckdb" not in sys.modules:  # whose bindings tell stderr what was not collected
            gc.freeze()


def _leave_databases(code: int) -> None:
    """Exit at once where Ctrl-C or a budget has left a statement of a database running, which would be waited for."""
    import os
    import sys

    database = sys.modules.get("kzexpert.engines.sql.store.database")
    if database is not None and database.remove_abandoned():
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code)
