"""Logs: text of an attempt, written in chunks while it runs, so that any reader of the store can follow."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from taskcell import errors
from taskcell.store import paths
from taskcell.store.opening import Store

FLUSH_AFTER_S = 0.5
"""How long text waits for more of it, where text comes all the time or each chunk is a request."""
GATHER_S = 0.002
"""How long the first text after a silence waits, where a chunk is a file on this machine: a viewer sees it at once."""
AT_ONCE = 10
"""Chunks that are stored that soon before text waits; as many more come free as there are pauses."""
FLUSH_AT_CHARACTERS = 1 << 16
CAP_CHARACTERS = 100_000_000
"""What one attempt may log."""


class LogWriter:
    """Collects text and stores it as numbered chunks, in the long run one every half second; a context that stores the rest.

    A background thread flushes, so that the last lines before a long silence are seen too. When that fails (the store
    is full), the next ``write`` or the end says so.
    """

    def __init__(self, store: Store, run_id: str, task_id: str, attempt: int) -> None:
        self._store = store
        self._where = (run_id, task_id, attempt)
        self._pieces: list[str] = []
        self._size = 0
        self._total = 0
        self._chunk = 0
        self._fault: errors.TaskcellError | None = None
        self._lock = threading.Lock()
        self._is_near = store.pause_s(0.0) == 0.0
        self._free = float(AT_ONCE)
        self._counted = time.monotonic()
        self._wanted = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="taskcell-log", daemon=True)
        self._thread.start()

    def __enter__(self) -> LogWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.close()
        except errors.TaskcellError:
            if kind is None:
                raise

    def write(self, text: str) -> None:
        """Add text; stored soon."""
        with self._lock:
            self._check()
            room = CAP_CHARACTERS - self._total
            if room <= 0:
                return
            self._total += len(text)
            if len(text) >= room:
                text = f"{text[:room]}\n[the log ends here, at {CAP_CHARACTERS:,} characters]\n"
            self._pieces.append(text)
            self._size += len(text)
            if self._size >= FLUSH_AT_CHARACTERS:
                self._flush()
            else:
                self._wanted.set()

    def close(self) -> None:
        """Store what is left."""
        self._closed.set()
        self._wanted.set()
        self._thread.join()
        with self._lock:
            self._check()
            self._flush()

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _tick(self) -> None:
        while not self._closed.is_set():  # it may be closed between a look at that and the end of being wanted
            self._wanted.wait()
            if self._closed.wait(self._pause_s()):
                return
            with self._lock:
                self._wanted.clear()
                try:
                    self._flush()
                except errors.TaskcellError as exc:
                    self._fault = exc
                    return

    def _pause_s(self) -> float:
        """Return how long text is gathered."""
        now = time.monotonic()
        self._free = min(AT_ONCE, self._free + (now - self._counted) / FLUSH_AFTER_S)
        self._counted = now
        if not self._is_near or self._free < 1:
            return FLUSH_AFTER_S
        self._free -= 1
        return GATHER_S

    def _flush(self) -> None:
        if not self._pieces:
            return
        data = "".join(self._pieces).encode("utf-8", "replace")
        self._pieces.clear()
        self._size = 0
        while True:
            self._chunk += 1
            try:
                self._store.project_files.create(paths.log_chunk(*self._where, self._chunk), data)
            except errors.AlreadyExistsError:
                continue  # of a worker that died before the end of an attempt that nobody had claimed
            return


def read_log(store: Store, run_id: str, task_id: str, attempt: int, after: int = 0) -> tuple[str, int]:
    """Return the text of all chunks after number ``after``, and the number of the last one."""
    texts = []
    for number, data in _chunks(store, run_id, task_id, attempt, after):
        texts.append(data.decode("utf-8", "replace"))
        after = number
    return "".join(texts), after


def _chunks(store: Store, run_id: str, task_id: str, attempt: int, after: int) -> Iterator[tuple[int, bytes]]:
    for entry in store.project_files.list(paths.logs(run_id, task_id, attempt)):
        number = paths.number(entry.path)
        if number is not None and number > after:
            yield number, store.project_files.read(paths.log_chunk(run_id, task_id, attempt, number))
