"""The command line: the only layer that prints, reads options or exits."""

__all__ = ["main"]


def main() -> None:
    """The console command: runs once and exits."""
    import gc

    # A command lives for a fraction of a second and nearly all it allocates lives as long as it does. Collecting that
    # again and again costs a tenth of a cold start. The high threshold still bounds what a long run may leave behind.
    gc.set_threshold(200_000, 20, 100)
    from kzexpert.cli.group import cli

    cli(prog_name="kzexpert")
