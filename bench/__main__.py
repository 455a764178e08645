"""Run the benchmarks named on the command line, or all; exit 1 when a figure breaks its limit."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench
from bench.figures import Figure, line, write

NAMES = sorted(
    module.name.removeprefix("bench_")
    for module in pkgutil.iter_modules(bench.__path__)
    if module.name.startswith("bench_")
)


def main(arguments: list[str]) -> int:
    chosen = arguments or NAMES
    if unknown := sorted(set(chosen) - set(NAMES)):
        print(f"no benchmark '{unknown[0]}'. Known: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    for name in chosen:
        print(f"{name} …", file=sys.stderr)
        for figure in importlib.import_module(f"bench.bench_{name}").measure():
            figures.append(figure)
            print(line(figure), flush=True)
    write(figures)
    return 0 if all(figure.is_within_limit for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
