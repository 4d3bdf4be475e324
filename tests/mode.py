"""Loaded before the settings: every test runs in test mode with a broker folder of its own, whatever the shell says."""

import atexit
import os
import shutil
import tempfile

os.environ["MODE"] = "test"
if "BROKER_DIR" not in os.environ:
    os.environ["BROKER_DIR"] = tempfile.mkdtemp(prefix="broker-")
    atexit.register(shutil.rmtree, os.environ["BROKER_DIR"], ignore_errors=True)
