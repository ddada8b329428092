"""Ctrl-C as a wish to stop: what is going on is finished first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from types import FrameType
from typing import TypeVar

R = TypeVar("R")


def until_interrupt(work: Callable[[threading.Event], R]) -> R:
    """Call `work` with an event that the first Ctrl-C sets; the second one interrupts as ever.

    It works in a thread of its own: in a process's main thread Snowflake's connector has a handler of its own
    while a statement runs, which cancels the statement. Where this is not called in the main thread, which
    alone hears of signals (Python, "signal"), the event is never set.
    """
    stop = threading.Event()
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)

    def heard(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    with ThreadPoolExecutor(1, thread_name_prefix="until-interrupt") as thread:
        if is_main:
            signal.signal(signal.SIGINT, heard)
        try:
            return thread.submit(copy_context().run, work, stop).result()
        except BaseException:
            stop.set()
            raise
        finally:
            if is_main:
                signal.signal(signal.SIGINT, before)
