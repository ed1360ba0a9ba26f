"""The command `faultline-fleet`."""

from __future__ import annotations

import argparse
import logging
import re
import shutil
import sys
from collections.abc import Sequence
from datetime import date

from . import __version__

log = logging.getLogger("faultline_fleet")

# As the program itself: 64 usage, 66 no such file, 70 internal, 74 I/O.
USAGE, NO_INPUT, INTERNAL, IO = 64, 66, 70, 74


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def positive(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above zero")
    return value


def mebibytes(text: str) -> int:
    return positive(text) << 20


def seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds")
    return value


def pattern(text: str) -> str:
    try:
        groups = re.compile(text).groups
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{error}") from error
    if groups < 1:
        raise argparse.ArgumentTypeError("it needs a group that is the machine's name, as in '/hosts/([^/]+)/'")
    return text


def parser() -> argparse.ArgumentParser:
    top = Parser(prog="faultline-fleet", description="Triage of many Windows crash dumps and logs on Apache Spark.")
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(dest="command", required=True, parser_class=Parser)

    common = Parser(add_help=False)
    group = common.add_argument_group("Spark")
    group.add_argument("--master", help="the cluster's address; without it this machine, on all its cores")
    group.add_argument(
        "--conf", action="append", default=[], metavar="KEY=VALUE", help="a setting of Spark; repeatable"
    )
    group.add_argument("--quiet", action="store_true", help="say nothing but errors")

    collect = commands.add_parser(
        "collect",
        parents=[common],
        help="read evidence into tables; a second run adds only what is new",
        epilog="example: faultline-fleet collect --input '/srv/dumps/*/Minidump/*.dmp' --output /srv/tables "
        "--program /usr/local/bin/faultline --kb /srv/kb.sqlite",
    )
    collect.add_argument(
        "--input",
        nargs="+",
        required=True,
        metavar="PATTERN",
        action="extend",
        help="files or folders, also in object stores, with * ? [a-c] {x,y}; folders are read with all below them",
    )
    collect.add_argument("--output", required=True, metavar="DIR", help="the folder of tables")
    collect.add_argument(
        "--program",
        metavar="PATH",
        default=shutil.which("faultline"),
        help="the program faultline, which is shipped to the workers (default: the one in PATH)",
    )
    collect.add_argument("--kb", metavar="FILE", help="the knowledge base to ship (default: the bundled catalogue)")
    collect.add_argument("--no-facts", action="store_true", help="leave the table of facts empty; it is the largest")
    collect.add_argument(
        "--machine-from-path",
        type=pattern,
        metavar="REGEX",
        help="names the machine by the path where the evidence does not (triage dumps never do): the first group",
    )
    collect.add_argument("--time-limit", type=seconds, default=60.0, metavar="SECONDS", help="for each file (60)")
    collect.add_argument("--memory-limit", type=positive, metavar="MIB", help="for each file (default: the program's)")
    collect.add_argument(
        "--batch-files",
        type=positive,
        default=1_000_000,
        metavar="N",
        help="files after which what is done is committed (1,000,000)",
    )
    collect.add_argument(
        "--task-files",
        type=positive,
        default=500,
        metavar="N",
        help="files for each task, which is what a worker's death costs (500)",
    )
    collect.add_argument(
        "--scratch", metavar="DIR", help="where workers keep fetched files (default: the executor's own folder)"
    )
    collect.add_argument(
        "--scratch-limit",
        type=mebibytes,
        default=4 << 30,
        metavar="MIB",
        help="of fetched files on a task's disk; larger ones are set aside (4096)",
    )
    collect.add_argument("--retry-poison", action="store_true", help="read files that were set aside again")

    report = commands.add_parser("report", parents=[common], help="answer the questions in one HTML page")
    report.add_argument("--tables", required=True, metavar="DIR")
    report.add_argument("--output", required=True, metavar="FILE")

    query = commands.add_parser("query", parents=[common], help="run one question, or an SQL file of yours, as CSV")
    query.add_argument("name", help="the question's name, or a file ending in .sql; 'list' lists them")
    query.add_argument("--tables", metavar="DIR")
    for command in (report, query):
        command.add_argument(
            "--until",
            type=date.fromisoformat,
            metavar="DATE",
            help="the day from which days and weeks are counted back (default: the newest failure's, at most today)",
        )
        command.add_argument("--top", type=positive, default=20, metavar="N", help="rows of each ranking (20)")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.ERROR if options.quiet else logging.INFO, format="%(message)s", stream=sys.stderr, force=True
    )
    logging.getLogger("py4j").setLevel(logging.ERROR)
    from .collect import InputError
    from .store import StoreError
    from .stream import ProgramError

    if options.command == "query" and options.name == "list":
        from .questions import names

        print("\n".join(names()))
        return 0
    if options.command == "query" and options.tables is None:
        return _fail(USAGE, "query: --tables is needed")
    if options.command == "collect" and options.program is None:
        return _fail(USAGE, "collect: --program is needed, for faultline is not in PATH")
    from .session import session

    spark = None
    try:
        spark = session(f"faultline-fleet {options.command}", options.master, options.conf)
        if options.command == "collect":
            return _collect(spark, options)
        if options.command == "report":
            from .report import write_report

            write_report(spark, options.tables, options.output, options.until, options.top)
            return 0
        from .questions import print_query

        print_query(spark, options.tables, options.name, options.until, options.top)
        return 0
    except InputError as error:
        return _fail(NO_INPUT, str(error))
    except ValueError as error:
        return _fail(USAGE, str(error))
    except (StoreError, OSError) as error:
        return _fail(IO, str(error))
    except ProgramError as error:
        return _fail(INTERNAL, str(error))
    except Exception as error:
        told = re.search(r"ProgramError: (.*)", str(error))
        if told is None:
            raise
        return _fail(INTERNAL, told[1])
    finally:
        if spark is not None:
            spark.stop()


def _collect(spark: object, options: argparse.Namespace) -> int:
    from .collect import Options, collect

    collect(
        spark,
        Options(
            inputs=options.input,
            output=options.output,
            program=options.program,
            kb=options.kb,
            facts=not options.no_facts,
            time_limit=options.time_limit,
            memory_limit=options.memory_limit,
            machine_from_path=options.machine_from_path,
            batch_files=options.batch_files,
            task_files=options.task_files,
            scratch=options.scratch,
            scratch_limit=options.scratch_limit,
            retry_poison=options.retry_poison,
        ),
    )
    return 0


def _fail(code: int, message: str) -> int:
    log.error("faultline-fleet: %s", message)
    return code
