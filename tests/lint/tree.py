"""What the checks of the suite `lint` know of the source tree: its C files and its folders."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Folders with C code, each with those whose headers it may include besides its own. A folder's
# headers are found by name alone, so this table is also the include path.
FOLDERS = {
    "src/base": [],
    "src/proto": ["src/base"],
    "src/event": ["src/base", "src/proto"],
    "src/session": ["src/base", "src/proto", "src/event"],
    "src/core": ["src/base", "src/proto", "src/event"],
    "src/store": ["src/base", "src/proto", "src/event"],
    "src/net": ["src/base", "src/proto", "src/event", "src/session"],
    "src/daemon": [
        "src/base", "src/proto", "src/event", "src/session", "src/core", "src/store", "src/net",
    ],
    "src/ctl": ["src/base", "src/proto"],
    "client/model": ["src/base", "src/proto"],
    "client/link": ["src/base", "src/proto", "client/model"],
    "client/ui": ["src/base", "src/proto", "client/model", "client/link"],
}

# Folders without clock, chance, locale, input and output, threads and logging.
PURE = ["src/proto", "src/session", "src/core"]


def c_files(*suffixes):
    """All C files of the project, sorted; those with the given suffixes only."""
    suffixes = suffixes or (".c", ".h")
    return sorted(
        path
        for top in ("src", "client", "tests")
        for path in (ROOT / top).rglob("*")
        if path.suffix in suffixes and path.is_file()
    )


def folder_of(path):
    """The entry of FOLDERS that a file belongs to, or None for a test."""
    name = path.relative_to(ROOT).as_posix()
    owners = [folder for folder in FOLDERS if name.startswith(folder + "/")]
    return max(owners, key=len, default=None)


def show(path):
    return path.relative_to(ROOT).as_posix()


def without_comments(text):
    """C text with comments blanked out, line by line as before."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'

    def blank(match):
        found = match.group(0)
        return found if found.startswith('"') else re.sub(r"[^\n]", " ", found)

    return re.sub(pattern, blank, text, flags=re.S)


def finish(problems, checked):
    """Prints what was found and returns the exit status. A check that saw nothing has failed."""
    for problem in problems:
        print(problem)
    print(f"{checked} checked, {len(problems)} problems")
    return 1 if problems or checked == 0 else 0
