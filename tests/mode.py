"""Loaded before the settings: every test runs in test mode, whatever the shell says."""

import os

os.environ["MODE"] = "test"
