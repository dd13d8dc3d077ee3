#!/usr/bin/env python3
"""Every header compiles alone, with the include path of its folder."""

import concurrent.futures
import os
import shutil
import subprocess
import sys

import tree

# Packages whose headers a folder's headers include.
PACKAGES = {
    "client/model": ["gio-2.0"],
    "client/link": ["gio-2.0"],
    "client/ui": ["gtk4", "libadwaita-1"],
}
# Outside the tree of folders: tests include what they test.
TEST_PACKAGES = ["cmocka"]
TEST_FOLDERS = ["tests/scenario"]


def package_flags(packages):
    """Compiler flags, or None where a package is not installed."""
    if not packages:
        return []
    done = subprocess.run(["pkg-config", "--cflags", *packages],
                          capture_output=True, text=True, check=False)
    return done.stdout.split() if done.returncode == 0 else None


def include_dirs(path):
    folder = tree.folder_of(path)
    if folder is None:
        return [path.parent.relative_to(tree.ROOT).as_posix(), *TEST_FOLDERS, *tree.FOLDERS]
    below = {path.parent.relative_to(tree.ROOT).as_posix(), folder, *tree.FOLDERS[folder]}
    return sorted(below)


def compile_alone(job):
    path, flags = job
    pure = ["-DMARU_PURE"] if tree.folder_of(path) in tree.PURE else []
    command = [
        shutil.which("gcc") or "cc", "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only",
        "-Wall", "-Wextra", "-Wstrict-prototypes", "-Wno-unused-parameter",
        "-Werror", *pure,
        *(f"-I{folder}" for folder in include_dirs(path)), *flags, "-x", "c", str(path),
    ]
    done = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=False)
    return done.stderr.splitlines()[:5] if done.returncode != 0 else []


def main():
    headers = tree.c_files(".h")
    flags = {folder: package_flags(packages) for folder, packages in PACKAGES.items()}
    flags[None] = package_flags(TEST_PACKAGES)
    jobs = []
    for path in headers:
        wanted = flags.get(tree.folder_of(path), [])
        if wanted is None:
            print(f"skipped: {tree.show(path)}: its libraries are not installed")
        else:
            jobs.append((path, wanted))
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        problems = [line for lines in pool.map(compile_alone, jobs) for line in lines]
    return tree.finish(problems, len(jobs))


sys.exit(main())
