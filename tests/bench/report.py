"""What the runs of the benchmark mean: medians, ratios, and whether the promises are kept."""
import statistics

MARUD, BARE, INSPIRCD, NGIRCD, EDGES = 'marud', 'bare loop', 'InspIRCd', 'ngircd', 'marud, 4 edges'
PEERS = (INSPIRCD, NGIRCD)
BEST = 'best peer'


class Promise:
    """At most `most` of `unit`, or of what is named as (scenario, server, metric)."""

    def __init__(self, scenario, most, against=None, metric='main', server=MARUD, least=False):
        self.scenario = scenario
        self.most = most
        self.against = against  # (scenario, server); None: the figure itself
        self.metric = metric
        self.server = server
        self.least = least  # it is a minimum


def ours(scenario, most, of, server=MARUD):
    return Promise(scenario, most, (of, MARUD), server=server)


PROMISES = [
    Promise('burst', 0.2, ('burst', INSPIRCD)),
    Promise('burst', 4, ('burst', INSPIRCD), metric='throughput', least=True),
    Promise('burst', 2, ('burst', BARE)),
    Promise('one', 0.9, ('one', BEST)),
    Promise('one', 1.12, ('one', BARE)),
    Promise('sixteen', 0.5, ('sixteen', INSPIRCD)),
    Promise('sixteen', 1.4, ('sixteen', BARE)),
    Promise('rooms4', 0.6, ('rooms4', INSPIRCD)),
    Promise('rooms4', 1.5, ('rooms4', BARE)),
    Promise('rooms1', 0.85, ('rooms1', INSPIRCD)),
    Promise('rooms1', 1.25, ('rooms1', BARE)),
    Promise('calm', 0.9, ('calm', BEST)),
    Promise('calm', 1.12, ('calm', BARE)),
    Promise('calm', 2.5, metric='spread'),
    Promise('storm', 0.35),
    Promise('storm', 0.6, ('storm', INSPIRCD), metric='cpu'),
    Promise('storm', 1.9, ('storm', BARE)),
    Promise('idle', 1024),
    Promise('idle', 4, ('idle', BARE)),
    Promise('idle-rush', 1024),
    Promise('idle-tls', 16 * 1024),
    Promise('many', 1024),
    ours('burst-tagged', 1.3, 'burst'),
    ours('sixteen-tagged', 1.3, 'sixteen'),
    ours('one-tagged', 1.3, 'one'),
    Promise('burst-tls', 1.3, ('burst-tls', BARE)),
    ours('burst-edges', 1.2, 'burst', EDGES),
    ours('sixteen-edges', 1.2, 'sixteen', EDGES),
    ours('one-edges', 1.2, 'one', EDGES),
    ours('burst-100', 1.3, 'burst'),
    ours('burst-10000', 1.3, 'burst'),
    ours('sixteen-100', 1.3, 'sixteen'),
    ours('sixteen-10000', 1.3, 'sixteen'),
]


def metrics(result):
    """The figures of one run: 'main' is what the table shows."""
    if 'points' in result:
        (few, low), (most, high) = result['points'][1], result['points'][-1]
        return {'main': (high - low) / (most - few)}
    if 'deliveries' not in result:
        return {'main': result['seconds'], 'cpu': result['cpu_us'] / 1e6}
    figures = {
        'main': result['cpu_us'] / result['deliveries'],
        'throughput': result['deliveries'] / result['seconds'],
    }
    if 'latency_median_us' in result:
        figures['spread'] = result['latency_p99_us'] / max(result['latency_median_us'], 1)
        figures['latency'] = result['latency_median_us']
    return figures


def values_of(runs):
    """scenario → server → metric → one figure for each pass."""
    values = {}
    for (scenario, server), results in runs.items():
        place = values.setdefault(scenario, {}).setdefault(server, {})
        for result in results:
            for metric, figure in metrics(result).items():
                place.setdefault(metric, []).append(figure)
    return values


def passes_of(values, scenario, server, metric):
    """One figure a pass; of the best peer, the smallest of each pass."""
    if server == BEST:
        found = [values.get(scenario, {}).get(peer, {}).get(metric) for peer in PEERS]
        found = [figures for figures in found if figures]
        return [min(figures) for figures in zip(*found)] if found else None
    return values.get(scenario, {}).get(server, {}).get(metric)


def judge(values, promise):
    """(figure or ratio, kept or not), or None where it was not measured. A ratio is the median of
    the ratios of each pass, whose runs lie close together in time."""
    own = passes_of(values, promise.scenario, promise.server, promise.metric)
    if not own:
        return None
    if promise.against is not None:
        other = passes_of(values, *promise.against, promise.metric)
        if not other:
            return None
        own = [a / b for a, b in zip(own, other)]
    figure = statistics.median(own)
    return figure, figure >= promise.most if promise.least else figure <= promise.most


def unit_of(scenario):
    if scenario.startswith(('idle', 'many')):
        return 'B/client'
    return 's' if scenario == 'storm' else 'µs/delivery'


def show(figure):
    if figure is None:
        return '–'
    return f'{figure:,.0f}' if figure >= 100 else f'{figure:.3g}'


def median_of(values, scenario, server, metric='main'):
    figures = passes_of(values, scenario, server, metric)
    return statistics.median(figures) if figures else None


def describe(promise):
    what = {'main': '', 'throughput': 'throughput ', 'cpu': 'CPU ', 'spread': 'p99/median ',
            'latency': ''}[promise.metric]
    sign = '≥' if promise.least else '≤'
    if promise.against is None:
        unit = '' if promise.metric == 'spread' else ' ' + unit_of(promise.scenario)
        return f'{what}{sign} {promise.most:g}{unit}'
    scenario, server = promise.against
    other = scenario if server == MARUD else server
    return f'{what}{sign} {promise.most:g} × {other}'


def print_rows(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        print('| ' + ' | '.join(cells) + ' |')
        if number == 0:
            print('|' + '|'.join('-' * (width + 2) for width in widths) + '|')


def print_table(values, about, passes):
    print(f"\n{about['processor']}, Linux {about['kernel']}, load {about['load_before']:.1f} before; "
          f'medians of {passes}. Processor time of the server.\n')
    shown = [name for name in (MARUD, BARE, *PEERS)
             if any(name in servers for servers in values.values())]
    rows = [['scenario', 'unit', *shown]]
    for scenario, servers in values.items():
        figures = [median_of(values, scenario, name) for name in shown]
        if EDGES in servers:
            figures[0] = median_of(values, scenario, EDGES)
        rows.append([scenario, unit_of(scenario), *map(show, figures)])
    if 'storm' in values:
        rows.append(['storm', 'CPU s',
                     *(show(median_of(values, 'storm', name, 'cpu')) for name in shown)])
    if 'calm' in values:
        rows.append(['calm', 'median µs',
                     *(show(median_of(values, 'calm', name, 'latency')) for name in shown)])
    if 'burst' in values:
        rows.append(['burst', 'deliveries/s',
                     *(show(median_of(values, 'burst', name, 'throughput')) for name in shown)])
    print_rows(rows)
    rows = [['scenario', 'reach', 'found', '']]
    for promise in PROMISES:
        found = judge(values, promise)
        if found is not None:
            rows.append([promise.scenario, describe(promise), show(found[0]),
                         'met' if found[1] else 'NOT MET'])
    print()
    print_rows(rows)


# ---- the picture ----

DRAWN = [
    ('burst', 'a busy room of 1000'), ('sixteen', '16 messages at a time'),
    ('one', 'one message at a time'), ('calm', '50 messages a second'),
    ('rooms4', '100 rooms of 10, busy'), ('rooms1', '100 rooms of 10, one each'),
]
COLOURS = {MARUD: '#c2602e', INSPIRCD: '#6b7f93', NGIRCD: '#9fb0bf', BARE: '#d9dde1'}


def draw(values, about, path):
    """Bars of processor time a delivery, each scenario to its own scale. Whether it was drawn."""
    rows = [(name, text) for name, text in DRAWN
            if all(median_of(values, name, server) for server in (MARUD, INSPIRCD))]
    if not rows:
        return False
    order = [name for name in (MARUD, INSPIRCD, NGIRCD, BARE)
             if any(name in servers for servers in values.values())]
    bar, gap, left, width = 15, 22, 210, 400
    height = 70 + len(rows) * (len(order) * bar + gap)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="720" height="{height}" '
           f'viewBox="0 0 720 {height}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="#ffffff"/>',
           '<text x="12" y="22" font-size="15" font-weight="bold" fill="#222">'
           'Processor time of the server for each message delivered, in µs</text>',
           '<text x="12" y="40" fill="#666">Shorter is better; each scenario has its own scale. '
           f"{about['processor']}, loopback, medians.</text>"]
    top = 60
    for scenario, text in rows:
        figures = {name: median_of(values, scenario, name) for name in order}
        most = max(figure for figure in figures.values() if figure)
        out.append(f'<text x="12" y="{top + 12}" font-weight="bold" fill="#222">{scenario}</text>')
        out.append(f'<text x="12" y="{top + 27}" fill="#666">{text}</text>')
        for name in order:
            if figures[name]:
                length = max(2, width * figures[name] / most)
                label = 'bare loop (limit)' if name == BARE else name
                out.append(f'<rect x="{left}" y="{top}" width="{length:.0f}" height="{bar - 3}" '
                           f'fill="{COLOURS[name]}"/>')
                out.append(f'<text x="{left + length + 6:.0f}" y="{top + 10}" fill="#222" '
                           f'font-size="11">{figures[name]:.2g} {label}</text>')
            top += bar
        top += gap
    out.append('</svg>')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join(out) + '\n')
    return True
