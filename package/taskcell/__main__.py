"""``python -m taskcell`` is the command ``taskcell``, where only an interpreter is known."""

import sys

from taskcell.cli import main

sys.exit(main())
