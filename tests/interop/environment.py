"""Make the environment that harbor itself runs in: `python -m tests.interop.environment`, once, with network."""

import subprocess
import sys
from pathlib import Path

from reviewapp.dev.bootstrap import ensure_uv

HERE = Path(__file__).parent
HOME = HERE.parents[1] / ".cache" / "interop"
PYTHON = HOME / "bin" / "python"


def make() -> None:
    """Create .cache/interop with the pinned harbor. Raises CalledProcessError when no package index answers."""
    uv = ensure_uv()
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(HOME)], check=True)
    wanted = ["-r", str(HERE / "requirements.txt"), "--override", str(HERE / "overrides.txt")]
    subprocess.run([uv, "pip", "install", "--quiet", "--python", str(PYTHON), *wanted], check=True)


if __name__ == "__main__":
    make()
