"""On the path of a product's processes: whoever records a message that says so dies at once, as by a bug in C."""

import importlib.machinery
import os
import signal
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Any

MODULE = "conversations.recording"
DEADLY = "this text kills its worker"


class _Poisoner(MetaPathFinder):
    """Load the module as it is, then put a deadly function before its own."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != MODULE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            load = loader.exec_module

            def exec_module(module: Any) -> None:
                load(module)
                module.record = _deadly(module.record)

            loader.exec_module = exec_module
        return spec


def _deadly(record: Any) -> Any:
    def deadly(events: list[Any]) -> Any:
        if any(said.text == DEADLY for event in events for said in event.said):
            os.kill(os.getpid(), signal.SIGKILL)
        return record(events)

    return deadly


sys.meta_path.insert(0, _Poisoner())
