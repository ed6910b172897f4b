"""``kzexpert completion``: what a shell runs so that the Tab key completes commands, options and their values."""

import click

from kzexpert.cli.group import COMPLETE, cli
from kzexpert.cli.options import command
from kzexpert.cli.output import to_stdout

__all__ = ["completion"]


@command(
    epilog="""\b
To switch it on, for good:
  bash   echo 'eval "$(kzexpert completion bash)"' >> ~/.bashrc
  zsh    echo 'eval "$(kzexpert completion zsh)"' >> ~/.zshrc
  fish   kzexpert completion fish > ~/.config/fish/completions/kzexpert.fish

\b
Examples:
  kzexpert completion bash
  kzexpert completion zsh > ~/.zfunc/_kzexpert"""
)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> int:
    """Print what makes a SHELL complete commands, options and values: bases, engines, predicates, entities, files.

    Names with spaces need no quotes where an argument takes many words. A pattern does, as the shell has a use of its
    own for brackets. In zsh, the line belongs behind compinit.
    """
    from click.shell_completion import get_completion_class

    import kzexpert.cli.values  # noqa: F401, which has bash know of quotes

    found = get_completion_class(shell)
    assert found is not None
    with to_stdout():
        click.echo(found(cli, {}, "kzexpert", COMPLETE).source())
    return 0
