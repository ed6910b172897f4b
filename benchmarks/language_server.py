"""How long an editor waits: a rule typed key by key into a shipped base, through the protocol, in a process of its own;
and how long the server computes for a key, which is all of it where nobody else keeps the machine busy.

python -m benchmarks.language_server [FOLDER ...]
"""

import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "helpers"))

from language_clients import Editor  # noqa: E402

TYPED = """
  - id: typed
    when:
      - member(?state, ?bloc)
      - leads(?power, ?bloc)
    then: alignment(?state, ?power, security)
"""


def spent(editor: Editor) -> float:
    """Seconds that the server has computed so far."""
    process = editor.client._server
    stat = Path(f"/proc/{process.pid if process else 0}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def measure(folder: Path) -> None:
    name = min(path for path in folder.glob("rules/*.yaml") if "rules:" in path.read_text()).relative_to(folder)
    editor = Editor(folder)
    text = editor.show(str(name))
    editor.wrong(str(name))
    told, proposed, computed = [], [], []
    for count in range(1, len(TYPED)):
        marked = text + TYPED[:count]
        editor.calm()
        start, before = time.perf_counter(), spent(editor)
        editor.completions(str(name), f"{marked}|")
        proposed.append(time.perf_counter() - start)
        editor.wrong(str(name))
        told.append(time.perf_counter() - start)
        computed.append(spent(editor) - before)
        time.sleep(0.1)
    editor.close()
    for what, seconds in (("proposals", proposed), ("what is wrong", told), ("computed for both", computed)):
        cuts = statistics.quantiles(seconds, n=20)
        shown = [f"{1000 * value:.0f} ms" for value in (statistics.median(seconds), cuts[-1], max(seconds))]
        print(f"{folder.name}: {what} after a key: median {shown[0]}, 95 % within {shown[1]}, at most {shown[2]}")


if __name__ == "__main__":
    for argument in sys.argv[1:] or (ROOT, ROOT / "bases" / "world"):
        measure(Path(argument).resolve())
