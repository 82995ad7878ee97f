"""Measures what DynamORM costs the client beside others: python -m bench --help"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import chart, pages, report
from .items import KINDS
from .results import Results
from .run import OTHER_TASKS, QUICK, Plan, Run

EPILOG = f"""
--only takes words with commas in between: operations (get, save, update, query, scan, batch_get, batch_write), other
tasks ({", ".join(OTHER_TASKS)}), kinds of items ({", ".join(KINDS)}), and parts of the names of contenders, for example
--only get,query,book,direct,pydynox,boto3_client,floor
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__, epilog=EPILOG)
    parser.add_argument("--quick", action="store_true", help="few items and calls: to see that everything runs")
    parser.add_argument("--turns", type=int, help="turns of all contenders (default: 4; 2 for all kinds but the first)")
    parser.add_argument("--only", type=lambda words: words.split(","), default=[], help="measure a part; see below")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the chart there")
    parser.add_argument("--docs", action="store_true", help="put figures, tables and chart into the documentation")
    parser.add_argument("--from", type=Path, metavar="FILE", dest="source", help="measure nothing: take these figures")
    arguments = parser.parse_args()
    if arguments.docs and (arguments.quick or arguments.only):
        parser.error("--docs shows a whole run, without --quick and --only")
    results = Results.read(arguments.source) if arguments.source else measured(arguments)
    print(report.text(results))
    if arguments.json:
        results.write(arguments.json)
    if arguments.svg:
        arguments.svg.write_text(chart.svg(results))
    if arguments.docs:
        pages.write(results)


def measured(arguments: argparse.Namespace) -> Results:
    plan = QUICK if arguments.quick else Plan()
    if arguments.turns:
        plan = plan._replace(turns=arguments.turns, fewer_turns=min(arguments.turns, plan.fewer_turns))
    shows = sys.stderr.isatty()

    def say(line: str) -> None:
        if shows:
            sys.stderr.write(f"\r\033[K{line}")
            sys.stderr.flush()

    results = Run(plan.restricted(arguments.only), say).everything()
    say("")
    return results


if __name__ == "__main__":
    main()
