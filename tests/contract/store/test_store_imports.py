from __future__ import annotations

import subprocess
import sys


def test_store_imports_no_heavy_library() -> None:
    code = (
        "import sys, taskcell.store, taskcell.store.opening, taskcell.store.collecting\n"
        "print(sorted({'fsspec', 'sqlite3', 'platformdirs', 'numpy', 'asyncio', 's3fs', 'botocore'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
