"""What get, save and update cost the client, beside others, in one run.

CPU of the calling process alone; each contender runs in processes of its own, in turns with the others, so
that a machine that is busy for a while is busy for all of them.  Only ratios within one run mean anything.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import boto3

from dynamorm import local

from .item import KEYS, REGION, TABLE, WIRE
from .measure import OPERATIONS

ROOT = pathlib.Path(__file__).parent.parent
OTHERS = ROOT / ".venvs" / "bench" / "bin" / "python"
MARKS = {"connection:default": ("boto3_client", 0.33), "connection:direct": ("floor", 2.0)}
TITLES = {
    "boto3_client": "boto3 client",
    "boto3_resource": "boto3 resource",
    "connection:boto3": 'transport="boto3"',
    "connection:default": 'transport="default"',
    "connection:direct": 'transport="direct"',
    "floor": "floor (a bare socket)",
    "pynamo": "PynamoDB",
    "bloop_mapper": "bloop",
    "pydynox_mapper": "pydynox",
}
INSTALLED_BESIDE = ("pynamo", "bloop_mapper", "pydynox_mapper")


def contenders() -> Iterator[tuple[str, str]]:
    """Name and Python of each that can be measured here."""
    for name in TITLES:
        if name not in INSTALLED_BESIDE:
            yield name, sys.executable
        elif OTHERS.exists():
            yield name, str(OTHERS)


def measured(python: str, name: str, endpoint: str, calls: int) -> dict[str, float] | None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    run = subprocess.run(
        [python, "-m", "bench.measure", name, endpoint, str(calls), "2"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        sys.stderr.write(f"{name} is left out: {run.stderr.strip().splitlines()[-1]}\n")
        return None
    best: dict[str, float] = json.loads(run.stdout)
    return best


def measure_all(endpoint: str, calls: int, turns: int) -> dict[str, dict[str, float]]:
    results: dict[str, dict[str, float]] = {}
    left_out: set[str] = set()
    for _ in range(turns):
        for name, python in contenders():
            if name in left_out:
                continue
            once = measured(python, name, endpoint, calls)
            if once is None:
                left_out.add(name)
                continue
            known = results.setdefault(name, once)
            results[name] = {operation: min(known[operation], once[operation]) for operation in OPERATIONS}
    return results


def table(results: dict[str, dict[str, float]]) -> str:
    heads = ["", *(f"{operation}, us" for operation in OPERATIONS)]
    heads += [f"{operation} / {name}" for name in ("boto3", "floor") for operation in OPERATIONS]
    rows = [heads]
    for name, costs in results.items():
        row = [TITLES[name], *(f"{costs[operation] * 1e6:.0f}" for operation in OPERATIONS)]
        for base in ("boto3_client", "floor"):
            row += [f"{costs[operation] / results[base][operation]:.2f}" for operation in OPERATIONS]
        rows.append(row)
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in cells)
        for cells in (enumerate(zip(row, widths, strict=True)) for row in rows)
    )


def verdicts(results: dict[str, dict[str, float]]) -> Iterator[str]:
    for name, (base, mark) in MARKS.items():
        for operation in OPERATIONS:
            ratio = results[name][operation] / results[base][operation]
            met = "met" if ratio <= mark else "MISSED"
            yield f"{TITLES[name]}, {operation}: {ratio:.2f} of the {TITLES[base]}; mark {mark}: {met}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--calls", type=int, default=300, help="calls in a round (default: 300)")
    parser.add_argument("--turns", type=int, default=5, help="turns of two rounds each (default: 5)")
    arguments = parser.parse_args()
    if not OTHERS.exists():
        print("Other mappers are measured beside when they are there:")
        print("    python -m venv .venvs/bench && .venvs/bench/bin/pip install -r bench/requirements.txt\n")
    with local.start() as engine:
        client = boto3.client("dynamodb", endpoint_url=engine.endpoint_url, region_name=REGION, **KEYS)
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "isbn", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "isbn", "AttributeType": "S"}],
        )
        client.put_item(TableName=TABLE, Item=WIRE)
        results = measure_all(engine.endpoint_url, arguments.calls, arguments.turns)
    print(table(results))
    print()
    print("\n".join(verdicts(results)))


if __name__ == "__main__":
    main()
