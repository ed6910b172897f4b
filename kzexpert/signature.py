"""Signatures by OpenSSH, ``ssh-keygen -Y``: who made a document, by a key that its reader has reason to trust.

It keeps no keys and chooses none: the user names the key to sign with, and the file of signers to believe.
"""

import os
import re
import subprocess
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Literal, TypeAlias

import msgspec

from kzexpert.errors import Issue, Location, UsageError

__all__ = ["SIGNERS", "Namespace", "Verdict", "check_signers", "sign", "verify"]

#: What a signature is for; OpenSSH lets none for the one pass as one for the other.
Namespace: TypeAlias = Literal["kzexpert-trace", "kzexpert-review"]
#: The environment variable that names the file of signers where no option does.
SIGNERS = "KZEXPERT_SIGNERS"
#: Seconds. Whoever signs may have to type a passphrase, or touch a token.
_SIGNING, _CHECKING = 120, 30
#: What ssh-keygen says, and what that means.
_REASONS = (
    (r"key has expired.*> valid-before (\S+?)T", "the signer's key expired on {0}"),
    (r"key is not yet valid.*< valid-after (\S+?)T", "the signer's key is not valid before {0}"),
    (r"key is not permitted for use in signature namespace", "the signer's key is not allowed to sign for {namespace}"),
    (r"namespace does not match", "it was made for another purpose than {namespace}"),
    (r"incorrect signature", "it is the signature of something else, or of what this was before it was changed"),
    (r"(?i)couldn't parse signature|invalid format", "it is not a signature by OpenSSH"),
    (r"(?i)no principal matched", "none of the signers in {signers} made it"),
)


class Verdict(msgspec.Struct, frozen=True):
    """What comes of checking a signature.

    Attributes:
        principal: who made it, as the file of signers calls the key; empty where it does not hold.
        reason: why it does not hold; empty where it does.
    """

    principal: str = ""
    reason: str = ""


def sign(content: bytes, key: str, namespace: Namespace) -> str:
    """An armoured signature of some bytes.

    Args:
        key: a file with a private key, or with a public key whose private one the SSH agent holds.

    Raises:
        UsageError: ssh-keygen is missing, or cannot use the key (KZ511).
    """
    done = _keygen(["sign", "-f", key, "-n", namespace], content, _SIGNING)
    if done.returncode != 0:
        hint = "name the file of a private SSH key; ssh-keygen -t ed25519 makes one"
        raise UsageError(Issue("KZ511", f"cannot sign with {key}: {_last(done)}", Location(key), hint))
    return done.stdout.decode("ascii")


def verify(content: bytes, signature: str, signers: str, namespace: Namespace) -> Verdict:
    """Who signed some bytes.

    Args:
        signers: a file of allowed signers, as ssh-keygen(1) describes it. The time is now: a key that has expired since
            proves nothing, for who has it today may say that it was used in time.

    Raises:
        UsageError: ssh-keygen is missing, or the file of signers cannot be read (KZ511).
    """
    check_signers(signers)
    with TemporaryDirectory(prefix="kzexpert-") as folder:
        file = os.path.join(folder, "sig")  # noqa: PTH118
        with open(file, "w", encoding="utf-8", errors="replace") as stream:  # noqa: PTH123
            stream.write(signature)
        done = _keygen(["find-principals", "-f", signers, "-s", file], b"", _CHECKING)
        for principal in done.stdout.decode("utf-8", "replace").splitlines():
            options = ["-f", signers, "-I", principal, "-n", namespace, "-s", file]
            done = _keygen(["verify", *options], content, _CHECKING)
            if done.returncode == 0:
                return Verdict(principal)
    return Verdict(reason=_reason(done, signers, namespace))


def check_signers(signers: str) -> None:
    """Refuse what is no file of signers, also where there is nothing to check by it.

    Raises:
        UsageError: there is no such file (KZ511).
    """
    if not os.path.isfile(signers):  # noqa: PTH113
        hint = 'write a line "NAME ssh-ed25519 KEY" for each signer, as ssh-keygen(1) has it under ALLOWED SIGNERS'
        raise UsageError(Issue("KZ511", f"{signers} is not a file of signers", Location(signers), hint))


def _reason(done: "subprocess.CompletedProcess[bytes]", signers: str, namespace: str) -> str:
    said = done.stderr.decode("utf-8", "replace")
    for pattern, reason in _REASONS:
        if found := re.search(pattern, said):
            return reason.format(*found.groups(), signers=signers, namespace=namespace)
    return f"ssh-keygen says: {_last(done)}"


def _last(done: "subprocess.CompletedProcess[bytes]") -> str:
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return said[-1].removeprefix("Enter passphrase: ") if said else f"ssh-keygen ends with {done.returncode}"


def _keygen(options: Sequence[str], content: bytes, seconds: int) -> "subprocess.CompletedProcess[bytes]":
    hint = "install OpenSSH 8.2 or later"
    try:
        return subprocess.run(["ssh-keygen", "-Y", *options], input=content, capture_output=True, timeout=seconds)
    except FileNotFoundError:
        raise UsageError(Issue("KZ511", "signatures need ssh-keygen, which is not installed", hint=hint)) from None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:  # ValueError: a NUL in a name
        raise UsageError(Issue("KZ511", f"ssh-keygen cannot be run: {error}", hint=hint)) from None
