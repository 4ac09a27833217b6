"""`python -m tenin`, the same as the command `tenin`."""

import sys

from tenin.cli import main

if __name__ == "__main__":
    sys.exit(main())
