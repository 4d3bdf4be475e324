"""The benchmarks: `python -m tests.bench` measures each job and its limit side by side, and compares the two."""
