#!/usr/bin/env python3
"""Runs the scenarios against the servers in turns and reports; see script/bench.

    run.py BUILD [quick|full|SCENARIO...]
"""
import json
import os
import platform
import subprocess
import sys
import time

import report
import servers

SERVER_PROCESSOR, LOAD_PROCESSOR = 0, 1
LOAD_LIMIT_S = 400


class Group:
    """What one run of a server measures: who is connected, and the phases that follow."""

    def __init__(self, name, who, load, phases, tls=False, rush=False, once=False):
        self.name = name
        self.who = who        # server classes
        self.load = load      # arguments of the load generator
        self.phases = phases  # scenario → phase
        self.tls = tls
        self.rush = rush      # everyone comes at once
        self.once = once      # in the first pass alone, since it takes long


ROOM = ['--rooms', '1', '--members', '1000']
ROOMS = ['--rooms', '100', '--members', '10']
HUNDREDS = ['--rooms', '190', '--members', '100']


def groups(peers):
    ours, all_four = [servers.Marud, servers.Bare], [servers.Marud, servers.Bare, *peers]
    marud, four = [servers.Marud], [servers.Marud4]
    return [
        Group('room', all_four, ROOM, {
            'storm': 'storm', 'burst': 'burst', 'one': 'one', 'sixteen': 'sixteen',
            'calm': 'calm'}, rush=True),
        Group('rooms', all_four, ROOMS, {'rooms4': 'rooms4', 'rooms1': 'rooms1'}),
        Group('idle', all_four, HUNDREDS, {'idle': 'idle:1000,3000'}),
        Group('rush', marud, HUNDREDS, {'idle-rush': 'idle:1000,3000'}, rush=True),
        Group('tagged', marud, [*ROOM, '--tagged'], {
            'burst-tagged': 'burst', 'sixteen-tagged': 'sixteen', 'one-tagged': 'one'}),
        Group('tls', ours, [*ROOM, '--tls'], {'burst-tls': 'burst'}, tls=True),
        Group('tls-idle', marud, [*HUNDREDS, '--tls'], {'idle-tls': 'idle:500,1500'}, tls=True),
        Group('history', [servers.MarudHistory], ROOM, {
            'burst-history': 'burst', 'sixteen-history': 'sixteen', 'one-history': 'one'}),
        Group('history-rooms', [servers.MarudHistory], ROOMS, {
            'rooms4-history': 'rooms4', 'rooms1-history': 'rooms1'}),
        Group('edges', four, ROOM, {
            'burst-edges': 'burst', 'sixteen-edges': 'sixteen', 'one-edges': 'one'}),
        Group('edges-rooms', four, ROOMS, {'rooms4-edges': 'rooms4', 'rooms1-edges': 'rooms1'}),
        Group('hundred', marud, ['--rooms', '1', '--members', '100'], {
            'burst-100': 'burst', 'sixteen-100': 'sixteen'}),
        Group('myriad', marud, ['--rooms', '1', '--members', '10000'], {
            'burst-10000': 'burst', 'sixteen-10000': 'sixteen'}, once=True),
        Group('many', marud, HUNDREDS, {'many': 'idle:1000,5000,10000,19000'}, once=True),
    ]


QUICK = {'storm', 'burst', 'one', 'sixteen', 'calm', 'rooms4', 'rooms1', 'idle', 'burst-tagged',
         'burst-tls'}


def run_load(build, server, group, phases, seconds):
    at_once = server.storm_at_once if group.rush else server.at_once
    command = ['taskset', '-c', str(LOAD_PROCESSOR),
               os.path.join(build, 'tests/bench/bench_load'), '--port', str(server.port), '--pid',
               str(server.process.pid), '--seconds', str(seconds), '--at-once', str(at_once),
               *group.load, *server.load_args, *phases]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LOAD_LIMIT_S,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f'{server.name}, {group.name}: {done.stderr}{server.output()}')
    return [json.loads(line) for line in done.stdout.splitlines()]


def measure(build, server_class, group, wanted, seconds):
    """Scenario → result, of one fresh server."""
    scenarios = [name for name in group.phases if name in wanted]
    if not scenarios:
        return {}
    args = {'tls': True} if group.tls else {}
    server = server_class(build, SERVER_PROCESSOR, **args)
    server.start()
    try:
        results = run_load(build, server, group, [group.phases[name] for name in scenarios],
                           seconds)
    finally:
        server.stop()
    return dict(zip(scenarios, results))


def run(build, wanted, passes, seconds, peers):
    """(scenario, server's name) → one result for each pass."""
    runs = {}
    for number in range(passes):
        for group in groups(peers):
            if group.once and number > 0:
                continue
            # In turns, each time another one first.
            turn = number % len(group.who)
            for server in group.who[turn:] + group.who[:turn]:
                started = time.monotonic()
                for name, result in measure(build, server, group, wanted, seconds).items():
                    runs.setdefault((name, server.name), []).append(result)
                spent = time.monotonic() - started
                if spent > 0.5:
                    print(f'pass {number + 1} of {passes}: {group.name}, {server.name}: '
                          f'{spent:.0f} s', file=sys.stderr, flush=True)
    return runs


def machine():
    model = ''
    with open('/proc/cpuinfo', encoding='utf-8') as file:
        for line in file:
            if line.startswith('model name'):
                model = line.split(':', 1)[1].strip()
                break
    return {'processor': model, 'processors': os.cpu_count(), 'kernel': platform.release(),
            'date': time.strftime('%Y-%m-%d', time.gmtime()),
            'load_before': os.getloadavg()[0]}


def main():
    build = os.path.abspath(sys.argv[1])
    words = sys.argv[2:] or ['full']
    if words == ['core']:
        sys.exit(subprocess.call([os.path.join(build, 'tests/bench/core_bench')]))
    known = [name for group in groups([]) for name in group.phases]
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit('two processors are needed: one for the server, one for the load')
    if words == ['quick']:
        wanted, passes, seconds, peers = QUICK, 1, 1.0, []
    elif words == ['full']:
        wanted, passes, seconds, peers = set(known), 3, 2.0, servers.has_peers(build)
    elif set(words) <= set(known):
        wanted, passes, seconds, peers = set(words), 3, 2.0, servers.has_peers(build)
    else:
        sys.exit(f'usage: script/bench [quick|full|core|SCENARIO...]\nscenarios: {" ".join(known)}')
    about = machine()
    runs = run(build, wanted, passes, seconds, peers)
    values = report.values_of(runs)
    report.print_table(values, about, passes)
    path = os.path.join(build, 'bench.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump({'machine': about, 'passes': passes,
                   'runs': [{'scenario': name, 'server': server, 'passes': results}
                            for (name, server), results in runs.items()]}, file, indent=1)
    print(f'\nfigures: {os.path.relpath(path)}')
    if peers:
        picture = os.path.join(build, 'bench.svg')
        if report.draw(values, about, picture):
            print(f'picture: {os.path.relpath(picture)}')


if __name__ == '__main__':
    main()
