"""Notebooks as they are committed: no outputs, no counts, no trace of the machine they ran on.

python scripts/stripped.py            says which are not, and fails
python scripts/stripped.py --write    strips them
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
# Of any Python: versions and names of one machine's kernels are not written.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def stripped(text: str) -> str:
    """The same notebook as it is committed."""
    notebook: dict[str, Any] = json.loads(text)
    notebook["metadata"] = METADATA
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        if cell["cell_type"] == "code":
            cell["execution_count"], cell["outputs"] = None, []
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main(arguments: list[str], folder: Path = NOTEBOOKS) -> int:
    found = 0
    for path in sorted(folder.glob("*.ipynb")):
        text = path.read_text("utf-8")
        wanted = stripped(text)
        if text == wanted:
            continue
        if "--write" in arguments:
            path.write_text(wanted, "utf-8", newline="\n")
            continue
        found += 1
        sys.stderr.write(f"{path.name} has outputs or metadata of one machine; make format strips it\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
