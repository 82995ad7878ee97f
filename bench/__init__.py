"""Benchmarks: what one operation costs the client, beside others, in one run.  See ``python -m bench --help``."""
