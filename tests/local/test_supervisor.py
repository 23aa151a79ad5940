"""The supervisor with small shell commands in place of the gateway's processes."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from local import offspring
from local.child import Child
from local.config import ROOT
from local.console import PENDING_LIMIT_BYTES, Console
from local.folder_lock import FolderLock
from local.process import CHILD_STOP, Process, StopStep
from local.supervisor import StopAsked, Supervisor

PATIENCE_SECONDS = 5.0


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Path]:
    """A file that the console writes to."""
    path = tmp_path / "screen"
    path.touch()
    yield path


@pytest.fixture
def supervisor(tmp_path: Path, screen: Path) -> Iterator[Supervisor]:
    fd = os.open(screen, os.O_WRONLY | os.O_APPEND)
    yield Supervisor(tmp_path, Console(fd, ["child", "other"]))
    os.close(fd)
    assert offspring.living(tmp_path) == [], "the supervisor left processes behind"


def shell(name: str, script: str, *, stop: tuple[StopStep, ...] = CHILD_STOP, stop_order: int = 0) -> Process:
    return Process(
        name=name,
        command=("/bin/sh", "-c", script),
        environment={"PATH": os.environ["PATH"]},
        stop=stop,
        stop_order=stop_order,
    )


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def wait(supervisor: Supervisor, condition: Callable[[], bool], hope: str) -> None:
    assert supervisor.wait_until(condition, PATIENCE_SECONDS), hope


def test_a_killed_child_is_started_again(supervisor: Supervisor, tmp_path: Path, screen: Path) -> None:
    pids = tmp_path / "pids"
    with supervisor:
        supervisor.start(shell("child", f"echo $$ >> {pids}; exec sleep 60"))
        wait(supervisor, lambda: len(lines(pids)) == 1, "the child did not start")
        killed_at = time.monotonic()
        os.kill(int(lines(pids)[0]), signal.SIGKILL)
        wait(supervisor, lambda: len(lines(pids)) == 2, "the child was not started again")
        assert time.monotonic() - killed_at < 0.5
    assert "gateway | child was ended by SIGKILL; starting it again in 0.05 s" in lines(screen)


def test_a_child_that_ends_by_itself_is_started_again_ever_more_slowly(
    supervisor: Supervisor, tmp_path: Path, screen: Path
) -> None:
    starts = tmp_path / "starts"
    with supervisor:
        supervisor.start(shell("child", f"echo start >> {starts}; exit 3"))
        wait(supervisor, lambda: len(lines(starts)) == 4, "the child was not started again")
    told = [line for line in lines(screen) if "exit code 3" in line]
    assert [line.rsplit(" in ")[-1] for line in told[:3]] == ["0.05 s", "0.1 s", "0.2 s"]


def test_the_wait_before_a_restart_grows_to_five_seconds_and_never_ends(tmp_path: Path) -> None:
    child = Child(shell("child", "true"), tmp_path, Console(1, []))
    delays = [child.next_delay(0.5) for _ in range(50)]
    assert delays[:3] == [0.05, 0.1, 0.2]
    assert delays == sorted(delays)
    assert delays[-1] == 5.0
    assert child.next_delay(1.0) == 0.05, "a long life is rewarded with a quick restart"


def test_a_command_that_is_missing_is_tried_again(supervisor: Supervisor, screen: Path) -> None:
    with supervisor:
        supervisor.start(Process(name="child", command=("/nowhere/at/all",), environment={}))
        wait(
            supervisor,
            lambda: sum("could not be started: No such file" in line for line in lines(screen)) >= 2,
            "it was not tried again",
        )


def test_what_a_killed_child_started_dies_with_it(supervisor: Supervisor, tmp_path: Path) -> None:
    """As RQ's work horse, in a session of its own: it would keep the worker's Redis connection."""
    pids = tmp_path / "pids"
    with supervisor:
        supervisor.start(shell("child", f"setsid sleep 60 & echo $! >> {pids}; echo $$ >> {pids}; wait"))
        wait(supervisor, lambda: len(lines(pids)) == 2, "the child did not start")
        horse, leader = [int(pid) for pid in lines(pids)]
        wait(supervisor, lambda: os.getsid(horse) == horse, "the horse has no session of its own")
        os.kill(leader, signal.SIGKILL)
        wait(supervisor, lambda: len(lines(pids)) == 4, "the child was not started again")
        assert not _lives(horse), "the horse runs on without its worker"


def test_a_stubborn_child_is_killed_and_all_is_over_within_five_seconds(
    supervisor: Supervisor, tmp_path: Path, screen: Path
) -> None:
    ready = tmp_path / "ready"
    with supervisor:
        # The shell and its child both ignore what they are told; one sits in another session.
        supervisor.start(
            shell("child", f"trap '' TERM INT; setsid sleep 61 & sleep 60 & touch {ready}; wait; sleep 62")
        )
        wait(supervisor, ready.exists, "the child did not start")
        began = time.monotonic()
    took = time.monotonic() - began
    assert 2.9 < took < 5.0, "it has three seconds, and no more"
    assert "gateway | child did not end in time and was killed" in lines(screen)


def test_children_end_before_the_servers_they_need(supervisor: Supervisor, tmp_path: Path) -> None:
    order = tmp_path / "order"

    def slow(name: str) -> str:
        return f"trap 'sleep 0.2; echo {name} >> {order}; exit' TERM; echo {name} up; while :; do sleep 0.05; done"

    with supervisor:
        supervisor.start(shell("database", slow("database"), stop_order=2))
        supervisor.start(shell("queue", slow("queue"), stop_order=1))
        supervisor.start(shell("child", slow("child")))
        for name in ("database", "queue", "child"):
            wait(supervisor, lambda name=name: supervisor.last_line_of(name) == f"{name} up", f"no {name}")
    assert lines(order) == ["child", "queue", "database"]


def test_a_one_time_process_tells_its_exit_code_and_last_line(supervisor: Supervisor) -> None:
    with supervisor:
        assert supervisor.run_to_end(shell("child", "echo first; printf last; exit 7")) == (7, "last")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_ends_the_block(supervisor: Supervisor, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with supervisor, pytest.raises(StopAsked):
        supervisor.start(shell("child", "exec sleep 60"))
        threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
        supervisor.run()
    assert signal.getsignal(number) is before


def test_a_killed_watchdog_is_replaced(supervisor: Supervisor) -> None:
    others = {child.pid for child in psutil.Process().children()}  # of the servers that serve all tests

    def watchdogs() -> list[psutil.Process]:
        children = [child for child in psutil.Process().children() if child.pid not in others and _lives(child.pid)]
        return [child for child in children if "local.watchdog" in child.cmdline()]

    with supervisor:
        (first,) = watchdogs()
        first.kill()
        wait(supervisor, lambda: [dog for dog in watchdogs() if dog.pid != first.pid] != [], "nobody watches")


def test_the_lock_of_a_killed_supervisor_is_held_until_its_last_child_is_gone(tmp_path: Path) -> None:
    """Else its watchdog would end the children of the next one, which look the same to it."""
    script = """
import os, sys
from pathlib import Path
from local.config import ROOT
from local.console import Console
from local.folder_lock import FolderLock
from local.folder_lock import FolderLock
from local.process import Process
from local.supervisor import Supervisor
home = Path(sys.argv[1])
lock = FolderLock(home / "lock")
lock.take()
with Supervisor(home, Console(1, ["child"]), locks=[lock.fd]) as supervisor:
    command = ("/bin/sh", "-c", "trap 'sleep 0.5; exit' TERM; echo up; while :; do sleep 0.05; done")
    supervisor.start(Process(name="child", command=command, environment={"PATH": os.environ["PATH"]}))
    supervisor.wait_until(lambda: supervisor.last_line_of("child") == "up", 5.0)
    os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    lock = FolderLock(tmp_path / "lock")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not lock.take():
        assert time.monotonic() < deadline, "the lock stays taken"
        time.sleep(0.01)
    lock.give_back()
    assert offspring.living(tmp_path) == [], "the lock was free while a child still lived"


def test_every_line_has_the_name_of_its_process(supervisor: Supervisor, screen: Path) -> None:
    with supervisor:
        supervisor.run_to_end(shell("child", "echo one; echo two >&2; printf three"))
    assert lines(screen) == ["child   | one", "child   | two", "child   | three"]


def test_a_console_that_nobody_reads_holds_nobody_up() -> None:
    reader, writer = os.pipe()
    console = Console(writer, ["child"])
    line = b"x" * 1000
    began = time.monotonic()
    for _ in range(3 * PENDING_LIMIT_BYTES // len(line)):
        console.line("child", line)
    assert time.monotonic() - began < 2.0
    thread = threading.Thread(target=_read_to_end, args=(reader, shown := bytearray()))
    thread.start()
    console.flush(PATIENCE_SECONDS)
    console.line("child", b"after")
    console.flush(PATIENCE_SECONDS)
    os.close(writer)
    thread.join()
    os.close(reader)
    assert b"lines were not shown, because nobody read them in time\nchild   | after\n" in shown


def test_colours_are_for_terminals() -> None:
    terminal, program = os.openpty()
    Console(program, ["child"]).line("child", b"hello")
    assert os.read(terminal, 100) == b"\x1b[36mchild   |\x1b[0m hello\r\n"
    os.close(terminal)
    os.close(program)


def _read_to_end(fd: int, into: bytearray) -> None:
    while text := os.read(fd, 1 << 16):
        into += text


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
