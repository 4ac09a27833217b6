"""Check that the running interpreter's environment is whole; scripts/setup.sh asks it.

Every file that an installed distribution says it has must be there. Needs nothing but the standard
library. Prints what is missing and ends with exit code 1.
"""

import csv
import os
import sys
import sysconfig
from pathlib import Path

SHOWN = 3


def main() -> int:
    """Return 0 when nothing is missing, 1 otherwise."""
    if sys.version_info[:2] != (3, 10) or sys.prefix == sys.base_prefix:
        print(f"{sys.executable} is not a virtual environment of Python 3.10")
        return 1
    site = Path(sysconfig.get_paths()["purelib"])
    missing = [name for name in installed_files(site) if not os.path.exists(site / name)]
    by_setup = (Path(sys.prefix, "bin", "tenin"), site / "tenin_quiet_rasa.pth")
    missing += [file.name for file in by_setup if not file.exists()]
    for name in missing[:SHOWN]:
        print(f"missing: {name}")
    return 1 if missing else 0


def installed_files(site: Path) -> list[str]:
    """Return the files that the distributions in `site` list, relative to it; no bytecode."""
    names = []
    for folder in site.glob("*.dist-info"):
        try:
            with (folder / "RECORD").open(encoding="utf-8", newline="") as record:
                names += [row[0] for row in csv.reader(record) if row]
        except OSError:
            names.append(f"{folder.name}/RECORD")
    return [name for name in names if not name.endswith(".pyc")]


if __name__ == "__main__":
    sys.exit(main())
