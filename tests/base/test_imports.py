"""Imports run downwards only (DESIGN, section 2): read from the source, not from what happens to be loaded."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef
OURS = ("protoadmin", "customers", "conversations", "webhooks")

# From low to high; a module may import from its own package, and from every line above its own.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("protoadmin.clients",),
    (
        "protoadmin.workers",
        "protoadmin.files",
        "protoadmin.encryption",
        "protoadmin.storable",
        "protoadmin.refusals",
        "protoadmin.addresses",
        "protoadmin.ids",
    ),
    ("protoadmin.connections",),
    ("protoadmin.runs",),
    ("protoadmin.outbox",),
    ("customers",),
    ("conversations",),
    ("webhooks",),
    ("protoadmin.health",),
    ("protoadmin.dashboard", "protoadmin.staff", "protoadmin.api"),
    # The project itself: what puts the rooms together.
    ("protoadmin",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
# The screens stand beside the layers: every admin-side module may use them, and they know only this.
SCREENS = "protoadmin.screens"
SCREENS_MAY_IMPORT = ("protoadmin.connections", "protoadmin.refusals", "protoadmin.ids")
TEMPLATE_TAGS_MAY_IMPORT = (*SCREENS_MAY_IMPORT, "protoadmin.outbox.registry")
SANDBOX = "protoadmin.sandbox"
# What works without anybody looking must not need the screens, not even by a detour.
WITHOUT_SCREENS = frozenset({"models", "services", "operations", "tasks", "sending", "settling", "working", "bulk"})


@cache
def sources() -> dict[str, ast.Module]:
    """Return every module of ours, parsed, by its dotted name."""
    found = {}
    for package in OURS:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = ast.parse(path.read_text(), str(path))
    return found


def is_package(name: str) -> bool:
    return (ROOT / Path(*name.split("."))).is_dir()


def imported(name: str, node: ast.AST) -> Iterator[str]:
    """Yield the modules that an import statement of module `name` names, as far as they exist here."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        parts = name.split(".")
        base = ".".join(parts[: len(parts) - node.level + is_package(name)]) if node.level else ""
        module = ".".join(filter(None, (base, node.module or "")))
        for alias in node.names:
            inner = f"{module}.{alias.name}"
            yield inner if inner in sources() else module


@cache
def imports_of(name: str) -> frozenset[str]:
    return frozenset(module for node in ast.walk(sources()[name]) for module in imported(name, node))


def is_in(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def home_of(module: str) -> str:
    """Return the longest known package that a module is in."""
    known = (*RANK, SCREENS, SANDBOX)
    return max((package for package in known if is_in(module, package)), key=len)


def arrows() -> Iterator[tuple[str, str]]:
    """Yield every import of one of our modules by another, migrations left out."""
    for name in sources():
        if ".migrations" not in name:
            yield from ((name, module) for module in sorted(imports_of(name)) if is_in(module, *OURS))


def test_the_source_was_found() -> None:
    assert {"customers.services", "protoadmin.clients.transport", "conversations.models"} <= sources().keys()
    assert ("customers.services", "protoadmin.outbox.services") in set(arrows())


def is_allowed(name: str, module: str) -> bool:
    here, there = home_of(name), home_of(module)
    if here == there:
        return True
    if there == SANDBOX:
        # It stands for somebody else's system; its address alone leads there (the start command is its own).
        return False
    if here == SANDBOX:
        return False
    if here == SCREENS:
        tags = is_in(name, f"{SCREENS}.templatetags")
        return is_in(module, *(TEMPLATE_TAGS_MAY_IMPORT if tags else SCREENS_MAY_IMPORT))
    if there == SCREENS:
        return RANK[here] >= RANK["protoadmin.connections"]
    return RANK[there] < RANK[here]


def test_imports_run_downwards() -> None:
    wrong = [f"{name} imports {module}" for name, module in arrows() if not is_allowed(name, module)]
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("protoadmin.outbox.services", "customers.models"),
        ("customers.admin", "conversations.models"),
        ("protoadmin.clients.platform", "protoadmin.storable"),
        ("protoadmin.runs.services", "protoadmin.outbox.models"),
        ("conversations.services", "webhooks.models"),
        ("protoadmin.staff.admin", "protoadmin.dashboard.demo"),
        ("customers.services", "protoadmin.sandbox.server"),
        ("protoadmin.sandbox.server", "protoadmin.clients.platform"),
        ("protoadmin.screens.base", "protoadmin.outbox.registry"),
        ("protoadmin.clients.platform", "protoadmin.screens.base"),
        ("customers.services", "protoadmin.settings"),
    ],
)
def test_what_would_be_wrong(name: str, module: str) -> None:
    assert not is_allowed(name, module)


def test_what_workers_run_needs_no_screens() -> None:
    wrong = []
    for name in sources():
        if name.rpartition(".")[2] in WITHOUT_SCREENS and ".migrations" not in name:
            reached, waiting = {name}, [name]
            while waiting:
                for module in imports_of(waiting.pop()) & sources().keys():
                    if module not in reached:
                        reached.add(module)
                        waiting.append(module)
            wrong += [f"{name} needs {module}" for module in sorted(reached) if is_in(module, SCREENS)]
    assert wrong == []


def test_clients_and_sandbox_know_no_django() -> None:
    start_command = f"{SANDBOX}.management"
    wrong = [
        f"{name} imports {module}"
        for name in sources()
        if is_in(name, "protoadmin.clients", SANDBOX) and not is_in(name, start_command, f"{SANDBOX}.apps")
        for module in imports_of(name)
        if is_in(module, "django")
    ]
    assert wrong == []


def _in_functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Yield the imports inside functions, each with the qualified name of its function."""

    def walk(node: ast.AST, trail: tuple[str, ...], inside: bool) -> Iterator[tuple[str, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import | ast.ImportFrom) and inside:
                yield ".".join(trail), child
            further = (*trail, child.name) if isinstance(child, ast.ClassDef | Function) else trail
            yield from walk(child, further, inside or isinstance(child, Function))

    yield from walk(tree, (), False)


def test_imports_stand_at_the_top() -> None:
    wrong = [
        f"{name}: {function}"
        for name, tree in sources().items()
        for function, _ in _in_functions(tree)
        if not (name.endswith(".apps") and function.endswith("Config.ready"))
    ]
    assert wrong == []


def test_no_star_imports_and_no_utils() -> None:
    stars = [
        name
        for name, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    ]
    assert stars == []
    assert [name for name in sources() if name.rpartition(".")[2] in {"utils", "util", "helpers", "common"}] == []
