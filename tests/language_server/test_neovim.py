"""The server in a real Neovim, set up as docs/editors.md says, where one of 0.11 or later is installed."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from processes import command, environment

NVIM = os.environ.get("NVIM") or shutil.which("nvim")


def _version() -> tuple[int, ...]:
    if NVIM is None:
        return ()
    told = subprocess.run([NVIM, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"NVIM v(\d+)\.(\d+)", told)
    return tuple(map(int, found.groups())) if found else ()


@pytest.mark.slow
@pytest.mark.skipif(_version() < (0, 11), reason="no Neovim of 0.11 or later")
def test_a_session_in_neovim(checkout: Path, tmp_path: Path) -> None:
    assert NVIM is not None
    base = shutil.copytree(checkout / "tests" / "kb_small", tmp_path / "base")
    shim = tmp_path / "bin" / "kzexpert"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {" ".join(command())} "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    page = (checkout / "docs" / "editors.md").read_text(encoding="utf-8")
    (setup,) = re.findall(r"```lua\n(.*?)```", page, re.DOTALL)
    (tmp_path / "init.lua").write_text(setup, encoding="utf-8")
    report = tmp_path / "report.json"
    script = checkout / "tests" / "language_server" / "neovim.lua"
    subprocess.run(
        [
            NVIM,
            "--clean",
            "-u",
            tmp_path / "init.lua",
            "--headless",
            "-i",
            "NONE",
            "-n",
            "rules/alignment.yaml",
            "-S",
            script,
        ],
        cwd=base,
        env=environment(PATH=f"{shim.parent}{os.pathsep}{os.environ['PATH']}", REPORT=str(report), HOME=str(tmp_path)),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert json.loads(report.read_text(encoding="utf-8")) == {
        "completed": "- member(?state, ?bloc)",
        "wrong": ["KZ202"],
        "fixed": "- member(?state, ?bloc)",
        "renamed": [
            "      - member(?state, ?union)",
            "      - leads(?power, ?union)",
            "      - purpose(?union, ?sphere)",
            "      - ?state != ?power",
            "    then: alignment(?state, ?power, ?sphere)",
            "    certainty: 0.6",
            '    because: "{state} is in {union}, which {power} leads"',
        ],
        "definition": ["vocabulary.yaml", "leads:"],
        "hover": "**leads**(power: state, bloc: bloc) · interval",
        "lens": "1 case, 1 firing",
    }
