"""Starts processes, starts them again when they die, and ends them all within five seconds.

One thread and one loop: it waits for lines to pass on, for children that ended and for the next start that is due.
Should the supervisor itself be killed, its watchdog ends the children.
"""

import contextlib
import selectors
import signal
import time
from collections.abc import Callable, Collection
from pathlib import Path
from types import TracebackType

from local import offspring
from local.child import Child
from local.console import Console
from local.process import Process, StopStep
from local.stop_signals import StopSignals
from local.watchdog import Watchdog

# How often the loop looks at things that nobody tells it about.
TURN_SECONDS = 0.5
POLL_SECONDS = 0.02

KILLED_LIMIT_SECONDS = 0.3  # how long the kernel may take to bury what SIGKILL hit
LAST_WORDS_LIMIT_SECONDS = 0.2  # for a slow reader of the console


class StopAsked(Exception):
    """Ctrl-C, SIGTERM or a hang-up came, or `stop_when` said so: leave the `with` block."""


class Supervisor:
    """`with Supervisor(...)`: everything started inside has ended when the block is left."""

    def __init__(
        self,
        home: Path,
        console: Console,
        *,
        locks: Collection[int] = (),
        stop_when: Callable[[], bool] = lambda: False,
    ) -> None:
        """`locks` are file descriptors of locks to keep until the last child is gone, even if we are killed."""
        self._home = home
        self._console = console
        self._stop_when = stop_when
        self._watchdog = Watchdog(home, locks=locks)
        self._children: list[Child] = []
        self._kept: set[Child] = set()  # those to be started again
        self._due: dict[Child, float] = {}  # when
        self._exit_codes: dict[Child, int] = {}
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> "Supervisor":
        self._signals = StopSignals()
        self._selector.register(self._signals.fd, selectors.EVENT_READ)
        self._watchdog.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._stop()
        finally:
            self._selector.close()
            self._signals.close()
            self._console.flush(LAST_WORDS_LIMIT_SECONDS)

    def start(self, process: Process) -> None:
        """Start it, and again whenever it ends."""
        child = Child(process, self._home, self._console)
        self._children.append(child)
        self._kept.add(child)
        self._start(child)

    def run_to_end(self, process: Process) -> tuple[int, str]:
        """Start it once and wait for its end; its exit code and the last line it wrote."""
        child = Child(process, self._home, self._console)
        self._children.append(child)
        self._start(child)
        while child not in self._exit_codes:
            self._turn(TURN_SECONDS)
        return self._exit_codes.pop(child), child.last_line

    def wait_until(self, condition: Callable[[], bool], limit_seconds: float) -> bool:
        """Keep everything running until the condition holds; False when it did not in time."""
        deadline = time.monotonic() + limit_seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self._turn(POLL_SECONDS)
        return True

    def last_line_of(self, name: str) -> str:
        return next((child.last_line for child in self._children if child.process.name == name), "")

    def run(self) -> None:
        """Keep everything running until StopAsked."""
        while True:
            self._turn(TURN_SECONDS)

    def _turn(self, seconds: float) -> None:
        if self._signals.asked or self._stop_when():
            raise StopAsked
        if not self._watchdog.lives():
            self._watchdog.start()
        self._listen(min([seconds, *(due - time.monotonic() for due in self._due.values())]))
        self._bury()
        for child in [child for child, due in self._due.items() if due <= time.monotonic()]:
            del self._due[child]
            self._start(child)

    def _listen(self, seconds: float) -> None:
        """Pass on lines, for as long as nothing else is to be done."""
        self._console.flush()
        if self._console.pending:
            seconds = min(seconds, POLL_SECONDS)
        for key, _ in self._selector.select(max(0.0, seconds)):
            if key.data is None:
                self._signals.drain()
            elif key.data.read() == 0:
                self._selector.unregister(key.fd)

    def _start(self, child: Child) -> None:
        problem = child.start()
        if problem is None:
            self._selector.register(child.output, selectors.EVENT_READ, child)
        else:
            self._after_end(child, -1, problem)

    def _bury(self) -> None:
        """Take note of who ended, and end what they left behind."""
        ended = {child: code for child in self._children if (code := child.exit_code()) is not None}
        if not ended:
            return
        # Also after a proper end: nothing may keep the port, lock or connection that the next one needs.
        offspring.kill(self._home, {child.process.name for child in ended})
        for child, code in ended.items():
            with contextlib.suppress(KeyError):
                self._selector.unregister(child.output)
            child.close_output()
            self._after_end(child, code, _how_it_ended(code))

    def _after_end(self, child: Child, code: int, how: str) -> None:
        if child in self._kept:
            delay = child.next_delay(child.age_seconds())
            self._due[child] = time.monotonic() + delay
            self._console.say(f"{child.process.name} {how}; starting it again in {delay:g} s")
        else:
            self._exit_codes[child] = code

    def _stop(self) -> None:
        began = time.monotonic()
        self._kept.clear()
        self._due.clear()
        for order in sorted({child.process.stop_order for child in self._children}):
            self._stop_layer([child for child in self._children if child.process.stop_order == order], began)
        offspring.kill(self._home)
        self._watchdog.dismiss()

    def _stop_layer(self, children: list[Child], began: float) -> None:
        """Send each child the signals of its stop steps, each when the one before has had its time."""
        steps = {child: [*child.process.stop, _kill_after(child.process.stop)] for child in children}
        next_at = dict.fromkeys(children, began)
        deadline = began + max(plan[-1].until_seconds for plan in steps.values())
        while any(child.runs for child in children) and time.monotonic() < deadline:
            for child in children:
                if child.runs and steps[child] and time.monotonic() >= next_at[child]:
                    step = steps[child].pop(0)
                    child.send(step.signal)
                    next_at[child] = began + step.until_seconds
                    if step.signal == signal.SIGKILL:
                        self._console.say(f"{child.process.name} did not end in time and was killed")
            self._listen(POLL_SECONDS)
            self._bury()


def _kill_after(steps: tuple[StopStep, ...]) -> StopStep:
    return StopStep(signal=signal.SIGKILL, until_seconds=steps[-1].until_seconds + KILLED_LIMIT_SECONDS)


def _how_it_ended(code: int) -> str:
    if code < 0:
        names = {number.value: number.name for number in signal.Signals}
        return f"was ended by {names.get(-code, f'signal {-code}')}"
    return f"ended with exit code {code}"
