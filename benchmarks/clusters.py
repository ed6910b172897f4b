"""A standalone cluster of Spark on this machine: a master and workers of one core, each a process with executors below.

As a program it starts one and says where, and stops it once its stdin closes: so a cluster ends with the process that
uses it, however that ends. `cluster` is what tests use.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

__all__ = ["Cluster", "cluster"]

_HERE = "127.0.0.1"
#: Seconds. It takes five, but for a machine that is busy.
_WITHIN = 300.0


class Cluster(NamedTuple):
    """Where it runs.

    Attributes:
        master: its address, for ``--spark-master``.
        workers: the process id of each, which is also that of its group: its executors belong to it.
    """

    master: str
    workers: tuple[int, ...]

    def lose(self, worker: int) -> None:
        """Have a worker and its executors go at once, as the machine would that they run on."""
        os.killpg(self.workers[worker], signal.SIGKILL)


@contextmanager
def cluster(workers: int = 2) -> Iterator[Cluster]:
    """A cluster that runs until the block ends, or this process.

    Raises:
        RuntimeError: it cannot be started; the text says why.
    """
    command = [sys.executable, __file__, str(workers)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True) as process:
        assert process.stdout is not None and process.stderr is not None
        said = process.stdout.readline()
        if not said:
            raise RuntimeError(process.stderr.read())
        master, pids = json.loads(said)
        yield Cluster(master, tuple(pids))


def _run(workers: int) -> None:
    """Start it, say where it is, and stop it at the end of stdin."""
    with ExitStack() as started:
        folder = Path(started.enter_context(TemporaryDirectory(prefix="kzexpert-cluster-")))
        master = folder / "master.log"
        daemons = {master: started.enter_context(_daemon(master, "master.Master", "--host", _HERE, "--port", "0"))}
        address = _logged(daemons, master, r"Starting Spark master at (\S+)")[0]
        options = ["--host", _HERE, "--cores", "1", "--memory", "1g", "--work-dir", str(folder), address]
        logs = [folder / f"worker-{number}.log" for number in range(workers)]
        daemons |= {log: started.enter_context(_daemon(log, "worker.Worker", *options)) for log in logs}
        _logged(daemons, master, r"Registering worker", workers)
        print(json.dumps([address, [daemons[log].pid for log in logs]]), flush=True)
        sys.stdin.read()


@contextmanager
def _daemon(log: Path, name: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of Spark in a group of its own, which is killed as a whole."""
    import pyspark

    home = Path(pyspark.__file__).parent
    env = {
        **os.environ,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_DIRS": str(log.parent),
        "SPARK_LOCAL_IP": _HERE,
        "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
    }
    command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", "--webui-port", "0", *options]
    with (
        log.open("wb") as out,
        subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        ) as process,
    ):
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _logged(daemons: Mapping[Path, subprocess.Popen[bytes]], log: Path, what: str, times: int = 1) -> list[str]:
    """What a log says, once it says so.

    Args:
        daemons: what runs, by its log.

    Raises:
        RuntimeError: one of them has ended, with its log; or it takes minutes, with the log that is read.
    """
    end = time.monotonic() + _WITHIN
    while len(found := re.findall(what, log.read_text(encoding="utf-8"))) < times:
        ended = next((log for log, process in daemons.items() if process.poll() is not None), None)
        if ended or time.monotonic() > end:
            raise RuntimeError((ended or log).read_text(encoding="utf-8"))
        time.sleep(0.1)
    return found


if __name__ == "__main__":
    _run(int(sys.argv[1]))
