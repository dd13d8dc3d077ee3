"""What the runs of the benchmark mean: medians, ratios, and whether the promises are kept."""
import statistics

MARUD, BARE, INSPIRCD, NGIRCD = 'marud', 'bare loop', 'InspIRCd', 'ngircd'
EDGES, HISTORY = 'marud, 4 edges', 'marud, history'
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
    Promise('burst-history', 2, ('burst', BARE), server=HISTORY),
    Promise('one-history', 1.12, ('one', BARE), server=HISTORY),
    Promise('sixteen-history', 1.4, ('sixteen', BARE), server=HISTORY),
    Promise('rooms4-history', 1.5, ('rooms4', BARE), server=HISTORY),
    Promise('rooms1-history', 1.25, ('rooms1', BARE), server=HISTORY),
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


def metrics(result, server=MARUD):
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
    if server == HISTORY:
        # The promises are about the edges; the store's own cost is told by itself.
        figures['main'] = result['edges_us'] / result['deliveries']
        figures['store'] = (result['cpu_us'] - result['edges_us']) / result['messages']
    if 'latency_median_us' in result:
        figures['spread'] = result['latency_p99_us'] / max(result['latency_median_us'], 1)
        figures['latency'] = result['latency_median_us']
        figures['p99'] = result['latency_p99_us']
    return figures


def values_of(runs):
    """scenario → server → metric → one figure for each pass."""
    values = {}
    for (scenario, server), results in runs.items():
        place = values.setdefault(scenario, {}).setdefault(server, {})
        for result in results:
            for metric, figure in metrics(result, server).items():
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


# Rows behind the table: scenario, metric, unit.
MORE = [
    ('storm', 'cpu', 'CPU s'), ('calm', 'latency', 'median µs'), ('calm', 'p99', 'p99 µs'),
    ('burst', 'throughput', 'deliveries/s'), ('burst-history', 'store', 'store µs/msg'),
    ('rooms4-history', 'store', 'store µs/msg'),
]


def print_table(values, about, passes):
    print(f"\n{about['processor']}, Linux {about['kernel']}, load {about['load_before']:.1f} before; "
          f'medians of {passes}. Processor time of the server.\n')
    shown = [name for name in (MARUD, BARE, *PEERS)
             if any(name in servers for servers in values.values())]
    rows = [['scenario', 'unit', *shown]]
    for scenario, servers in values.items():
        figures = [median_of(values, scenario, name) for name in shown]
        for variant in (EDGES, HISTORY):
            if variant in servers:
                figures[0] = median_of(values, scenario, variant)
        rows.append([scenario, unit_of(scenario), *map(show, figures)])
    for scenario, metric, unit in MORE:
        found = values.get(scenario, {})
        if found:
            own = HISTORY if HISTORY in found else MARUD
            rows.append([scenario, unit, *(show(median_of(values, scenario, server, metric))
                                           for server in (own, *shown[1:]))])
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
    ('burst', 'one room of 1000, ten speak at full speed'),
    ('sixteen', 'one room of 1000, 16 messages at a time'),
    ('one', 'one room of 1000, one message at a time'),
    ('calm', 'one room of 1000, 50 messages a second'),
    ('rooms4', '100 rooms of 10, everyone speaks'),
    ('rooms1', '100 rooms of 10, one message each'),
]
AXIS = 8  # times the bare loop; what is longer is cut, with a mark
STYLE = '''
text { font-family: system-ui, sans-serif; font-size: 12px; fill: #333; }
.title { font-size: 15px; font-weight: 600; fill: #111; }
.name { font-weight: 600; fill: #111; }
.quiet { fill: #666; }
.grid { stroke: #ddd; }
.limit { stroke: #888; stroke-dasharray: 4 3; }
.a { fill: #c2602e; } .b { fill: #6b7f93; } .c { fill: #a9b7c3; } .cut { fill: #fff; }
@media (prefers-color-scheme: dark) {
text { fill: #c9d1d9; }
.title, .name { fill: #f0f6fc; }
.quiet { fill: #8b949e; }
.grid { stroke: #30363d; }
.limit { stroke: #8b949e; }
.a { fill: #e0824f; } .b { fill: #7f95ab; } .c { fill: #556474; } .cut { fill: #0d1117; }
}'''
LEFT, STEP, BAR, GAP, TOP = 20, 82, 16, 34, 92


def text(x, y, words, kind='plain'):
    return f'<text class="{kind}" x="{x}" y="{y}">{words}</text>'


def draw_bar(top, kind, ratio, label):
    width = STEP * min(ratio, AXIS)
    out = [f'<rect class="{kind}" x="{LEFT}" y="{top}" width="{width:.0f}" height="{BAR - 3}"/>']
    if ratio > AXIS:
        for x in (width - 14, width - 6):
            out.append(f'<path class="cut" d="M{LEFT + x + 4:.0f} {top - 1}h3l-4 {BAR - 1}h-3z"/>')
        label += f', {ratio:.0f} × the limit'
    out.append(text(f'{LEFT + width + 6:.0f}', top + 10, label))
    return out


def draw(values, about, path):
    """Bars of processor time a delivery, as multiples of the bare loop's. Whether it was drawn."""
    servers = [(MARUD, 'a'), (INSPIRCD, 'b'), (NGIRCD, 'c')]
    rows = [(name, words) for name, words in DRAWN
            if all(median_of(values, name, server) for server in (MARUD, INSPIRCD, BARE))]
    if not rows:
        return False
    servers = [(name, kind) for name, kind in servers if median_of(values, rows[0][0], name)]
    bottom = TOP + len(rows) * (len(servers) * BAR + GAP)
    width, height = LEFT + AXIS * STEP + 190, bottom + 30
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
           f'width="{width}" height="{height}"><style>{STYLE}</style>',
           text(LEFT, 24, 'What a delivered message costs the server', 'title'),
           text(LEFT, 44, 'Processor time, as a multiple of a loop that parses nothing and only '
                'sends: the limit of the machine (dashed). Shorter is better.', 'quiet'),
           text(LEFT, 60, f"{about['processor']}, Linux {about['kernel'].split('-')[0]}, loopback, "
                f"one processor for the server; {about['date']}, medians.", 'quiet')]
    for tick in range(AXIS + 1):
        x = LEFT + tick * STEP
        kind = 'limit' if tick == 1 else 'grid'
        out.append(f'<path class="{kind}" d="M{x}.5 {TOP - 12}V{bottom - 8}"/>')
        out.append(text(x, bottom + 10, f'{tick} ×', 'quiet'))
    top = TOP
    for scenario, words in rows:
        limit = median_of(values, scenario, BARE)
        out.append(text(LEFT, top + 4, f'<tspan class="name">{scenario}</tspan> – {words}; '
                        f'the limit is {limit:.2g} µs', 'quiet'))
        top += 12
        for server, kind in servers:
            cost = median_of(values, scenario, server)
            out += draw_bar(top, kind, cost / limit, f'{server} {cost:.2g} µs')
            top += BAR
        top += GAP - 12
    out.append('</svg>')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join(out) + '\n')
    return True
