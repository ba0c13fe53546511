"""What a start says when it cannot be: an old Python, a taken port, a second one on the same data."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from protoadmin.serving.ports import require_free_port
from protoadmin.serving.problems import ServeError
from tests.support.product import ROOT, Product
from tests.support.servers import LOOPBACK

NewProduct = Callable[..., Product]


@contextmanager
def occupied(port: int) -> Iterator[None]:
    with socket.socket() as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taker.bind((LOOPBACK, port))
        taker.listen()
        yield


def start_in_vain(product: Product, *options: str) -> str:
    """Start `serve` where it must refuse; return what it said."""
    product.var_dir.mkdir(exist_ok=True, parents=True)
    done = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(product.port), *options],
        cwd=ROOT,
        env=product.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_taken_port_is_named_with_a_way_out(new_product: NewProduct) -> None:
    product = new_product()
    with occupied(product.port):
        said = start_in_vain(product)
    assert f"Port {product.port}, wanted for the web server, is taken" in said
    assert "PORT=8010 make run" in said
    assert product.all_pids() == []


def test_a_taken_port_of_the_sandbox_is_named(new_product: NewProduct) -> None:
    product = new_product()
    with occupied(product.port + 1):
        said = start_in_vain(product, "--sandbox")
    assert f"Port {product.port + 1}, wanted for the sandbox, is taken" in said
    assert "SANDBOX_PORT=8011 make run" in said


def test_a_port_that_is_none_is_refused() -> None:
    with pytest.raises(ServeError, match="between 1 and 65535"):
        require_free_port(LOOPBACK, 70000, use="the web server", hint="")


def test_a_database_that_does_not_answer_is_named(new_product: NewProduct) -> None:
    product = new_product(database_url=f"postgres://nobody@{LOOPBACK}:1/none")
    assert "The database does not answer (DATABASE_URL)" in start_in_vain(product)


def test_a_second_one_on_the_same_data_is_refused(product: Product) -> None:
    said = start_in_vain(product)
    assert f"already runs on {product.var_dir} (process {product.pids('serve')[0]})" in said
    assert product.status_of("/admin/login/") == 200


def test_without_keys_and_debug_it_refuses(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "manage.py", "serve"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "SECRET_KEY is not set" in done.stderr


# --- an old Python ------------------------------------------------------------------------------


def find_old_python() -> str | None:
    """Return a Python that is too old, if this machine has one that runs."""
    known = [f"python3.{minor}" for minor in range(10, 5, -1)]
    pyenv = [str(path) for path in Path.home().glob(".pyenv/versions/3.*/bin/python3")]
    for candidate in [*filter(None, map(shutil.which, known)), *pyenv]:
        code = "import sys; sys.exit(0 if (3, 6) <= sys.version_info < (3, 11) else 1)"
        if subprocess.run([candidate, "-c", code], check=False, capture_output=True).returncode == 0:
            return candidate
    return None


@pytest.fixture(scope="module")
def old_python() -> str:
    found = find_old_python()
    if found is None:
        pytest.skip("no Python older than 3.11 is installed")
    return found


def test_manage_py_says_that_python_is_too_old(old_python: str) -> None:
    done = subprocess.run([old_python, "manage.py", "check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Proto Admin needs Python 3.11 or newer; this is 3." in done.stderr


def run_venv_script(python: str, tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    env = {"PATH": os.environ["PATH"], "PYTHON": python}
    command = ["sh", str(ROOT / ".ci" / "venv"), str(tmp_path / "venv")]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_the_makefiles_script_says_that_python_is_too_old(tmp_path: Path) -> None:
    fake = tmp_path / "python3"
    # Answers as Python 3.9 does: a failed comparison of versions, and its name.
    fake.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    fake.chmod(0o755)
    done = run_venv_script(str(fake), tmp_path)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; here is Python 3.9.2" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_the_makefiles_script_says_that_venv_is_missing(tmp_path: Path) -> None:
    fake = tmp_path / "python3"
    fake.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.12.1" && exit 0\n'
        'case "$2" in *ensurepip*) exit 1;; esac\nexit 0\n'
    )
    fake.chmod(0o755)
    done = run_venv_script(str(fake), tmp_path)
    assert done.returncode == 1
    assert "venv module is missing" in done.stderr
    assert "apt-get install python3-venv" in done.stderr


def test_the_makefiles_script_says_that_there_is_no_python(tmp_path: Path) -> None:
    env = {"PATH": str(tmp_path)}
    command = ["/bin/sh", str(ROOT / ".ci" / "venv"), str(tmp_path / "venv")]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "there is no Python here" in done.stderr
