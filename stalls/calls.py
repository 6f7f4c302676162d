"""What a line was calling where that has no frame of its own, such as `time.sleep` or a lock: read from the bytecode."""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType

LOCKS = frozenset({"acquire", "__enter__", "with", "join", "result", "get", "put", "wait"})
"""What is called to wait for another thread, where the call uses no CPU and has no frame."""
WAITING_INSTRUCTIONS = (
    "CALL",
    "PRECALL",
    "BEFORE_",
    "WITH_",
    "LOAD_SPECIAL",
    "FOR_ITER",
    "SEND",
    "YIELD",
    "IMPORT_",
    "LIST_EXTEND",
    "SET_UPDATE",
    "UNPACK",
)
"""What instructions begin with that may wait in C: they call, enter, leave, import, or ask for the next of something."""
LOCK_MODULES = ("threading.py", "queue.py", "concurrent/futures/_base.py", "multiprocessing/connection.py")


@lru_cache(maxsize=256)
def called(code: CodeType, instruction: int) -> str | None:
    """The name of what this instruction calls; None where it calls nothing, or something without a name."""
    before = [step for step in dis.get_instructions(code) if step.offset <= instruction]
    if not before:
        return None
    call = before.pop()  # in 3.11 a call that has run often is made by the PRECALL before it
    if call.opname.startswith("BEFORE_"):
        return "with"
    if not call.opname.startswith(("CALL", "PRECALL")) or call.positions is None:
        return None
    start = call.positions[0], call.positions[2]
    for step in reversed(before):
        if step.positions is None or (step.positions[0], step.positions[2]) != start:
            continue
        if step.opname == "LOAD_SPECIAL":  # how 3.14 enters a `with`
            return "with"
        if _names(step):
            return str(step.argval)
    return None


def _names(step: dis.Instruction) -> bool:
    """Whether an instruction loads something by its name."""
    return step.opname.startswith("LOAD_") and isinstance(step.argval, str)


@lru_cache(maxsize=256)
def may_wait(code: CodeType, instruction: int) -> bool:
    """Whether this instruction may wait for anything; else whoever stands there, and uses no CPU, has none."""
    found = next((step.opname for step in dis.get_instructions(code) if step.offset == instruction), "CALL")
    return found.startswith(WAITING_INSTRUCTIONS)


def waits_for_a_thread(code: CodeType, instruction: int) -> bool:
    """Whether whoever stands here, using no CPU, waits for another thread."""
    return code.co_filename.endswith(LOCK_MODULES) or called(code, instruction) in LOCKS
