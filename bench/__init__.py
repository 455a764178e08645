"""Benchmarks: each module `bench_*.py` gives figures, as ratios against a peer or a limit measured in the same run.

Run all with `make bench`, one with `python -m bench first_load`.
"""
