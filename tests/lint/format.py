#!/usr/bin/env python3
"""Every C file is as clang-format writes it."""

import concurrent.futures
import os
import subprocess
import sys

import tree

BATCH = 16


def check(paths):
    done = subprocess.run(
        ["clang-format-14", "--dry-run", "-Werror", *map(str, paths)],
        cwd=tree.ROOT, capture_output=True, text=True, check=False,
    )
    return done.stderr.splitlines() if done.returncode != 0 else []


def main():
    paths = tree.c_files()
    batches = [paths[i:i + BATCH] for i in range(0, len(paths), BATCH)]
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        problems = [line for lines in pool.map(check, batches) for line in lines]
    return tree.finish(problems, len(paths))


sys.exit(main())
