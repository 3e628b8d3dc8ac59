"""Work shared out among processes.

Each process is forked, so it begins with all that this one has at hand and is given nothing; what it finds comes back
as bytes (see `parcel`).
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from .parcel import Shared


def can_fork() -> bool:
    """Whether work can be shared out here: on macOS a forked process must not use what the system's libraries began."""
    return sys.platform == "linux"


@dataclass(frozen=True)
class _Failed:
    """What a task ended with."""

    error: Exception


Tell = Callable[[Any], None]
"""By which a task says how far it is."""


def next_task(kin: Sequence[Hashable], begun: Sequence[int], last: int | None) -> int | None:
    """What a process that ended the task ``last`` begins next: one of the same kin; else the first of a kin of which nothing
    was begun; else one of the kin of which most is left. None: all is begun.
    """
    left = [i for i in range(len(kin)) if not begun[i]]
    if not left:
        return None
    if last is not None:
        mine = [i for i in left if kin[i] == kin[last]]
        if mine:
            return mine[0]
    taken = {k for k, b in zip(kin, begun, strict=True) if b}
    untouched = [i for i in left if kin[i] not in taken]
    if untouched:
        return untouched[0]
    count = Counter(kin[i] for i in left)
    return max(left, key=lambda i: count[kin[i]])


class Workers:
    """``work(i, tell)`` for the numbers ``i`` below ``tasks``, in several processes. After Ctrl-C no other task is begun.

    ``kin[i]`` is equal for tasks that have much in common: a process goes on with those as long as there are some.
    """

    def __init__(
        self,
        work: Callable[[int, Tell], object],
        tasks: int,
        processes: int,
        shared: Shared,
        kin: Sequence[Hashable] | None = None,
    ) -> None:
        self.work = work
        self.tasks = tasks
        self.kin = kin if kin is not None else range(tasks)
        self.processes = processes
        self.shared = shared
        self.asked = 0
        """How often Ctrl-C was pressed."""
        context = multiprocessing.get_context("fork")
        self.begun = context.Array("b", max(tasks, 1))
        """Per task, whether some process has begun it."""
        self.stop = context.Value("b", 0, lock=False)
        self.workers: list[tuple[BaseProcess, Connection]] = []

    def _begin(self) -> None:
        """Fork. Ctrl-C waits meanwhile, here and there: Python drops what is raised in the midst of forking."""
        context = multiprocessing.get_context("fork")
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            for _ in range(min(self.processes, self.tasks)):
                here, there = context.Pipe(duplex=False)
                process = context.Process(target=self._worker, args=(there, mask), daemon=True)
                process.start()
                there.close()
                self.workers.append((process, here))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the work, wherever it was noticed."""
        return bool(self.stop.value)

    def results(self, done: Callable[[int], None], told: Tell) -> dict[int, Any]:
        """What was found, by the task's number. Raises what a task raised. ``told`` hears what tasks tell.

        A task is missing when it was not begun, or when its process did not live to tell.
        """
        found: dict[int, Any] = {}
        open_ones: set[Connection] = set()
        before = signal.getsignal(signal.SIGINT)
        # Only the main thread may say what Ctrl-C does; what ignores it goes on ignoring it.
        handled = threading.current_thread() is threading.main_thread() and before is not signal.SIG_IGN
        if handled:
            signal.signal(signal.SIGINT, self._interrupt)
        try:
            self._begin()
            open_ones.update(connection for _, connection in self.workers)
            while open_ones:
                for connection in wait(list(open_ones)):
                    assert isinstance(connection, Connection)
                    try:
                        number, parcel = pickle.loads(connection.recv_bytes())
                    except EOFError:
                        open_ones.discard(connection)
                        continue
                    result = self.shared.unpacked(parcel)
                    if number is None:
                        told(result)
                        continue
                    if isinstance(result, _Failed):
                        raise result.error
                    found[number] = result
                    done(number)
        finally:
            for process, connection in self.workers:
                if open_ones:
                    process.terminate()
                process.join()
                connection.close()
            if handled:
                signal.signal(signal.SIGINT, before)
        return found

    def _interrupt(self, *_: object) -> None:
        self.asked += 1
        if self.asked > 1:
            raise KeyboardInterrupt  # who asks twice does not want to wait for what was found so far
        self.stop.value = 1
        for process, _connection in self.workers:
            if process.is_alive() and process.pid is not None:
                os.kill(process.pid, signal.SIGINT)

    def _worker(self, out: Connection, mask: Iterable[int]) -> None:
        """In the new process: one task after the other."""
        sending = False

        def interrupted(*_: object) -> None:
            # The terminal asks every process, and the first process asks as well: once is enough.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self.stop.value = 1
            if not sending:
                raise KeyboardInterrupt

        def send(number: int | None, parcel: bytes) -> None:
            nonlocal sending
            sending = True  # half a message would be none
            out.send_bytes(pickle.dumps((number, parcel)))
            sending = False

        def tell(what: object) -> None:
            send(None, self.shared.packed(what))
            if self.stop.value:
                raise KeyboardInterrupt

        try:
            if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
                signal.signal(signal.SIGINT, interrupted)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            last: int | None = None
            while not self.stop.value:
                with self.begun.get_lock():
                    number = next_task(self.kin, self.begun[: self.tasks], last)
                    if number is None:
                        return
                    self.begun[number] = 1
                last = number
                send(number, self._result(number, tell))
        except KeyboardInterrupt:
            self.stop.value = 1
        finally:
            out.close()

    def _result(self, number: int, tell: Tell) -> bytes:
        try:
            return self.shared.packed(self.work(number, tell))
        except Exception as e:
            e.add_note(f"In the process of its own:\n{traceback.format_exc()}")
            return self.shared.packed(_Failed(e))
