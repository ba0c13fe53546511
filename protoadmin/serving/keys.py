"""Make the product's keys, once: `python -m protoadmin.serving.keys`.

Free of Django, since the settings cannot be loaded before the keys exist. What the environment
gives is not written down, and a key that is in the file already is never touched.
"""

import base64
import fcntl
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

KEYS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "FIELD_ENCRYPTION_KEYS": lambda: base64.urlsafe_b64encode(os.urandom(32)).decode(),
}
HEADER = "# Made by `make run` or `make serve`. Keep it safe and back it up apart from the database.\n"


def default_var_dir() -> Path:
    """Return where the product keeps its data; the same rule as in the settings."""
    return Path(os.environ.get("VAR_DIR") or Path(__file__).resolve().parents[2] / "var")


def ensure_keys(var_dir: Path) -> list[str]:
    """Write those keys that neither the environment nor var/secrets.env has; return their names."""
    var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = var_dir / "secrets.env"
    with _alone_in(var_dir):
        text = path.read_text() if path.exists() else ""
        missing = [name for name in KEYS if not os.environ.get(name) and not _has(text, name)]
        if missing:
            _replace(path, _with(text, missing))
        if path.exists() and path.stat().st_mode & 0o077:
            path.chmod(0o600)
    return missing


def _has(text: str, name: str) -> bool:
    return re.search(rf"^(?:export )?{name}=\S", text, re.MULTILINE) is not None


def _with(text: str, names: list[str]) -> str:
    """Return the file's text with new keys at its end; an empty entry would win over a later one, so it goes."""
    lines = [
        line for line in text.splitlines() if not any(re.match(rf"(?:export )?{name}=\s*$", line) for name in names)
    ]
    body = "".join(f"{line}\n" for line in lines) or HEADER
    return body + "".join(f"{name}={KEYS[name]()}\n" for name in names)


def _replace(path: Path, text: str) -> None:
    """Write the whole file or nothing, readable by its owner alone from the first byte."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".secrets.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def _alone_in(var_dir: Path) -> Iterator[None]:
    """Hold a lock on the folder, so that two starts at once make one set of keys."""
    folder = os.open(var_dir, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def main() -> None:
    """Make what is missing and say so."""
    var_dir = default_var_dir()
    try:
        made = ensure_keys(var_dir)
    except OSError as error:
        raise SystemExit(f"The keys cannot be written into {var_dir}: {error}") from None
    if not made:
        return
    print(f"New keys in {var_dir / 'secrets.env'}: {', '.join(made)}")
    if "FIELD_ENCRYPTION_KEYS" in made and (var_dir / "proto-admin.sqlite3").exists():
        print(
            "There is a database already: connection secrets in it that were encrypted with other keys cannot be read. "
            "Put the old FIELD_ENCRYPTION_KEYS back, or enter the secrets anew."
        )


if __name__ == "__main__":
    main()
