"""Benchmarks: what one operation costs the client, beside others.  See ``python -m bench --help``."""
