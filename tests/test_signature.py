"""Signatures, by the ssh-keygen that is installed: what was signed by whom for what, and why one does not hold."""

import subprocess

import pytest

from kzexpert.errors import UsageError
from kzexpert.signature import Verdict, sign, verify

TEXT = b"Kazakhstan is aligned with Russia in security\n"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Two keys, `anna` and `boris`."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("anna", "boris"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    return folder


@pytest.fixture
def signers(keys, tmp_path):
    """Write a file of signers with a line for the key of Anna."""

    def write(options: str = "", key: str = "anna") -> str:
        path = tmp_path / "signers"
        path.write_text(f"anna@example.org {options} {(keys / f'{key}.pub').read_text()}", encoding="utf-8")
        return str(path)

    return write


def test_a_signature_names_who_made_it(keys, signers):
    signature = sign(TEXT, str(keys / "anna"), "kzexpert-trace")
    assert signature.startswith("-----BEGIN SSH SIGNATURE-----\n")
    assert verify(TEXT, signature, signers(), "kzexpert-trace") == Verdict("anna@example.org")


@pytest.mark.parametrize(
    ("options", "key", "reason"),
    [
        ('valid-before="20200101"', "anna", "the signer's key expired on 2020-01-01"),
        ('valid-after="29990101"', "anna", "the signer's key is not valid before 2999-01-01"),
        ('namespaces="git"', "anna", "the signer's key is not allowed to sign for kzexpert-trace"),
        ("", "boris", "none of the signers in {} made it"),
    ],
)
def test_a_key_must_be_known_for_the_purpose_and_the_day(keys, signers, options, key, reason):
    file = signers(options, key)
    signature = sign(TEXT, str(keys / "anna"), "kzexpert-trace")
    assert verify(TEXT, signature, file, "kzexpert-trace") == Verdict(reason=reason.format(file))


def test_a_signature_of_something_else_does_not_hold(keys, signers):
    signature = sign(TEXT, str(keys / "anna"), "kzexpert-trace")
    assert "before it was changed" in verify(TEXT + b" ", signature, signers(), "kzexpert-trace").reason
    assert "another purpose" in verify(TEXT, signature, signers(), "kzexpert-review").reason
    for text in ("", "signed: Anna", signature[:90] + signature[99:], "\udc80"):
        assert verify(TEXT, text, signers(), "kzexpert-trace").reason == "it is not a signature by OpenSSH"


@pytest.mark.parametrize("key", ["no-such-key", "two\0halves", ""])
def test_a_key_that_cannot_be_used(key):
    with pytest.raises(UsageError, match="KZ511"):
        sign(TEXT, key, "kzexpert-trace")


def test_signers_that_are_not_there():
    with pytest.raises(UsageError, match="KZ511 nobody is not a file of signers"):
        verify(TEXT, "", "nobody", "kzexpert-trace")


def test_without_openssh(keys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="KZ511 signatures need ssh-keygen, which is not installed"):
        sign(TEXT, str(keys / "anna"), "kzexpert-trace")
