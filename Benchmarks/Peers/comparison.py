# SPDX-License-Identifier: Apache-2.0
"""What every comparison needs: the environments of the peers, our program, a run on one core."""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class Missing(Exception):
    """Something that this needs is not there; says what to do."""


def note(text):
    print(text, file=sys.stderr, flush=True)


def environment(peer, folder):
    """The interpreter of a virtual environment with the peer in it."""
    requirements = HERE / f"requirements-{peer}.txt"
    folder = folder or HERE / f".venv-{peer}"
    python, stamp = folder / "bin" / "python", folder / "requirements.sha256"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == digest and python.exists():
        return python
    try:
        import ensurepip  # noqa: F401  Debian splits it off
        import venv  # noqa: F401
    except ImportError:
        raise Missing("this Python cannot make virtual environments: apt-get install python3-venv")
    note(f"making {folder.name} with the versions of {requirements.name}")
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements]
    if subprocess.run(install, stdout=sys.stderr).returncode != 0:
        raise Missing(
            f"the packages of {requirements.name} could not be installed (see above): that takes a network with a Python "
            f"package index, or `pip config`, and a Python that they support (this one is {platform.python_version()})"
        )
    stamp.write_text(digest)
    return python


def program(given):
    """Our program."""
    if given:
        if not os.access(given, os.X_OK):
            raise Missing(f"{given} is not a program")
        return given.resolve()
    if not shutil.which("swift"):
        raise Missing("no Swift toolchain is on the path; with --fedsum PROGRAM none is needed")
    build = ["swift", "build", "--package-path", ROOT, "--configuration", "release"]
    note("building fedsum")
    if subprocess.run([*build, "--product", "fedsum"], stdout=sys.stderr).returncode != 0:
        raise Missing("fedsum does not build; Scripts/bootstrap installs what the build needs")
    folder = subprocess.run([*build, "--show-bin-path"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    return Path(folder) / "fedsum"


def measured(command, cpu):
    """Runs a command on one core; what it printed."""
    done = subprocess.run(["taskset", "--cpu-list", str(cpu), *map(str, command)], stdout=subprocess.PIPE, text=True)
    if not done.stdout.strip():
        raise Missing(f"`{' '.join(map(str, command))}` failed with exit code {done.returncode}")
    return json.loads(done.stdout)


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
