"""`python -m protoadmin.sandbox --port N [--state-dir DIR]`: the sandbox without Django."""

import sys

from protoadmin.sandbox.launch import main

if __name__ == "__main__":
    sys.exit(main())
