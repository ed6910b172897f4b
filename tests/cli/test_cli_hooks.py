"""The hooks and the action that ship do in a new base what they say."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import junitparser
import pytest
import yaml
from processes import CHECKOUT, environment, here

HOOKS: list[dict[str, Any]] = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
ACTION: dict[str, Any] = yaml.safe_load((CHECKOUT / ".github/actions/check/action.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"] if "name" in step}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    assert here("new", "base", "mine", cwd=tmp_path).returncode == 0
    return tmp_path / "mine"


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_passes_in_a_new_base(base: Path, hook: dict[str, Any]) -> None:
    program, *words = shlex.split(hook["entry"])
    files = [path.relative_to(base).as_posix() for path in sorted(base.rglob("*.*"))]
    meant = [name for name in files if re.search(hook["files"], name) and name.endswith(".yaml")]
    assert program == "kzexpert"
    assert len(meant) == 5
    result = here(*words, *(meant if hook.get("pass_filenames", True) else []), cwd=base)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.slow
def test_the_action_passes_in_a_new_base_and_annotates_a_broken_one(base: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    script = programs / "kzexpert"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m kzexpert "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    path = os.pathsep.join([str(programs), os.environ["PATH"]])

    def step(name: str) -> "subprocess.CompletedProcess[str]":
        assert STEPS[name]["env"] == {"FOLDER": "${{ inputs.folder }}"}
        words = ["bash", "-e", "-o", "pipefail", "-c", STEPS[name]["run"]]
        extra = environment(PATH=path, FOLDER="mine")
        return subprocess.run(words, cwd=tmp_path, env=extra, capture_output=True, text=True, check=False, timeout=120)

    assert [step(name).returncode for name in ("Layout", "Check", "Cases")] == [0, 0, 0]
    assert junitparser.JUnitXml.fromfile(str(tmp_path / ACTION["outputs"]["junit"]["value"])).failures == 0
    (base / "rules" / "x.yaml").write_text("rules:   []\ndrop: {}\n", encoding="utf-8")
    results = [step(name) for name in ("Layout", "Check")]
    assert [result.returncode for result in results] == [1, 1]
    assert "::error file=mine/rules/x.yaml,line=2,col=7,title=KZ110::" in results[1].stdout
    assert (tmp_path / ACTION["outputs"]["sarif"]["value"]).exists()
