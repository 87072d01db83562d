"""needflow report: a result file as one page of HTML with tables beside it.

`needflow report` carries these scripts in itself, has looked at the command line, starts them and hands its
own tables over. `report.py FILE FOLDER [--quiet] [--debug]` makes the page without those. Exit codes are the
program's.
"""

import logging
import os
import re
import shutil
import sys
import tempfile
import traceback
import warnings

import page
import section_facts
import section_grid
import section_runs
import section_trust
import summary
from choices import Story
from csv_tables import Tables
from result_file import Result, Trouble

PAGE = "index.html"
INTERNAL_ERROR, IO_ERROR, INTERRUPTED = 1, 4, 75


def build(path, given):
    """{name: bytes} of all files of the report."""
    result = Result(path)
    story, tables = Story(result), Tables(given)
    sections = [
        ("summary", "In short", summary.section(story)),
        ("endings", "How the runs end", section_grid.endings(story, tables)),
        ("axes", "What each axis does", section_grid.axes_section(story, tables)),
        ("maps", "Two axes at a time", section_grid.maps_section(story, tables)),
        ("curves", "Curves over size and degree", section_facts.curves(tables)),
        ("rounds", "Round by round", section_runs.traces(story, tables)),
        ("left-out", "Who is left out", section_runs.left_out(story, tables)),
        ("trust", "Trust over episodes", section_trust.section(story, tables)),
        ("network", "The network", section_facts.network(story, tables)),
        ("metrics", "All metrics", section_facts.metrics(story, tables)),
        ("scenario", "Scenario", section_facts.scenario(story)),
        ("tables", "Tables", section_facts.table_list(tables)),
        ("provenance", "Provenance", section_facts.provenance(story)),
    ]
    title = result.attribute("title") or os.path.basename(path)
    text = page.document(title, section_facts.facts(story), sections)
    return {**tables.files(), PAGE: text.encode()}


def publish(files, folder):
    """Whole files only, the page last; tables that an earlier report left and this one lacks go."""
    parent = os.path.dirname(os.path.abspath(folder))
    os.makedirs(parent, exist_ok=True)
    stage = tempfile.mkdtemp(prefix=f".{os.path.basename(os.path.abspath(folder))}.tmp-", dir=parent)
    try:
        for name, content in files.items():
            with open(os.path.join(stage, name), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        os.makedirs(folder, exist_ok=True)
        for name in tables_of_earlier(folder) - set(files):
            os.unlink(os.path.join(folder, name))
        for name in sorted(files, key=lambda name: name == PAGE):
            os.replace(os.path.join(stage, name), os.path.join(folder, name))
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def tables_of_earlier(folder):
    try:
        with open(os.path.join(folder, PAGE), encoding="utf-8", errors="replace") as file:
            named = set(re.findall(r'href="([A-Za-z0-9_.-]+\.csv)"', file.read()))
    except OSError:
        return set()
    return {name for name in named if os.path.isfile(os.path.join(folder, name))}


def write_report(path, folder, given):
    """Makes the report; what there is to say, and the exit code."""
    try:
        files = build(path, given)
        publish(files, folder)
    except Trouble as trouble:
        return str(trouble), trouble.code
    except OSError as problem:
        name = problem.filename or folder
        return f"cannot write {name}: {problem.strerror or problem}", IO_ERROR
    except MemoryError:
        return "not enough memory for the report", INTERNAL_ERROR
    except KeyboardInterrupt:
        return "interrupted; nothing was written", INTERRUPTED
    return f"report in {os.path.join(folder, PAGE)}, {len(files) - 1} tables beside it", 0


def main(arguments, given=None):
    """`given`: tables of the program, {name: text}."""
    debug = "--debug" in arguments[2:]
    if not debug:
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)  # Matplotlib tells of its caches
    try:
        text, code = write_report(*arguments[:2], given or {})
    except Exception as problem:  # a mistake of ours: said in a line, told in full with --debug
        if debug:
            traceback.print_exc()
        text = f"the report failed: {type(problem).__name__}: {problem} (--log-level debug tells where)"
        code = INTERNAL_ERROR
    if code != 0:
        print(f"needflow: {text}", file=sys.stderr)
    elif "--quiet" not in arguments[2:]:
        print(text)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
