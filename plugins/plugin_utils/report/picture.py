# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A topology as SVG, from left to right for a screen and from top to bottom for a phone. Pure.

Private to this collection. With too many real servers to show each in each service, services and hosts are one box each.
Colours and fonts are classes of page.css. Lengths are units of the view box, which is as wide as the place for it.
"""

from __future__ import annotations

from typing import Iterable, Sequence

from markupsafe import Markup

from .shown import STATES, Director, Host, Member, Service, View, Vip, counted
from .svg import Box, arrow, edge, element, icon, length, rect, text

MOST = {'rows': 30, 'directors': 6, 'hosts': 60}
"""What is shown one by one: real servers of services, directors, and hosts with their names."""
WIDE, NARROW = 1120, 344
LEFT = {'clients': 0, 'directors': 208, 'services': 486, 'hosts': 816}
"""Where columns of the wide picture begin."""
# Heights: of the heads of columns and of a VIP, of a service, of a real server and of a director with the space below.
HEAD, VIP, TITLE, ROW, PITCH = 28, 34, 44, 34, 84
SPACE = 22
SQUARE, GAP = 14, 5


def pictures(view: View) -> Markup:
    """Return the picture in both layouts, of which a style sheet shows the one that fits."""
    few = len(view.members) <= MOST['rows'] and len(view.directors) <= MOST['directors']
    return Markup('\n').join([
        _svg(view, 'wide', WIDE, *(_wide(view) if few else _wide_summary(view))),
        _svg(view, 'narrow', NARROW, *(_narrow(view) if few else _narrow_summary(view))),
    ])


def described(view: View) -> str:
    """Return in words what the picture shows."""
    sentences = ['Clients send to the VIPs.']
    for vip in view.vips:
        if len(view.vips) > MOST['directors']:
            break
        sentences.append('{0} is on {1}.'.format(vip.address, ', '.join(vip.holders) or 'no director'))
        for service in vip.services:
            if len(view.members) > MOST['rows']:
                break
            sentences.append('{0} goes to {1}.'.format(service.label, ', '.join(
                '{0} ({1})'.format(member.name, STATES[member.state]) for member in service.members) or 'nobody'))
    if len(view.members) > MOST['rows']:
        sentences.append('{0} on {1} go to {2}.'.format(
            counted(len(view.services), 'service'), counted(len(view.vips), 'VIP'), counted(len(view.hosts), 'host')))
    return ' '.join(sentences + [_replies(view) + '.'])


def _svg(view: View, layout: str, width: float, height: float, parts: Iterable[Markup]) -> Markup:
    title, description = 'picture-{0}-title'.format(layout), 'picture-{0}-text'.format(layout)
    return element(
        'svg', element('title', 'Topology', id=title), element('desc', described(view), id=description), *parts,
        class_='picture ' + layout, viewBox='0 0 {0} {1}'.format(width, length(height)), role='img',
        aria_labelledby=title, aria_describedby=description,
    )  # fmt: skip


def _wide(view: View) -> tuple[float, list[Markup]]:
    """Return the height and the parts of the picture from left to right."""
    parts: list[Markup] = []
    edges: list[Markup] = []
    tops = []
    blocks = [[max(TITLE + 6, len(one.members) * ROW + 4) for one in vip.services] for vip in view.vips]
    tall = sum(VIP + sum(heights) + SPACE for heights in blocks) - SPACE
    bottom = y = HEAD + max(0, (_directors_height(view) - tall) / 2)
    for vip, heights in zip(view.vips, blocks):
        box = Box(LEFT['services'], y, 270, VIP + sum(heights))
        parts += _vip(vip, box)
        tops.append((vip, box._replace(height=VIP)))
        y += VIP
        for service, height in zip(vip.services, heights):
            place = Box(box.x + 8, y + (height - TITLE) / 2 - 2, box.width - 16, TITLE)
            parts += _service(service, place)
            top = y + (height - len(service.members) * ROW) / 2
            for number, member in enumerate(service.members):
                row = Box(LEFT['hosts'], top + number * ROW, WIDE - LEFT['hosts'], ROW - 4)
                parts += _member(member, row)
                edges.append(edge((place.right, place.middle), (row.x, row.middle), 's-' + member.state))
                bottom = row.bottom
            y += height
        y += SPACE
    return _with_directors(view, max(tall, _directors_height(view)), tops, bottom, parts, edges)


def _wide_summary(view: View) -> tuple[float, list[Markup]]:
    services = Box(LEFT['services'], 0, 270, VIP + _mosaic_height(len(view.services), 254))
    hosts = Box(LEFT['hosts'], 0, WIDE - LEFT['hosts'], VIP + _chips_height(view, 2))
    tall = max(services.height, hosts.height, _directors_height(view))
    services, hosts = (box._replace(y=HEAD + (tall - box.height) / 2) for box in (services, hosts))
    parts = _services(view, services) + _hosts(view, hosts, 2)
    edges = [edge((services.right, services.middle), (hosts.x, hosts.middle), 'plain')]
    every = Vip('', [one.name for one in view.directors if one.held], view.services)
    return _with_directors(view, tall, [(every, services)], hosts.bottom, parts, edges)


def _with_directors(view: View, tall: float, vips: Iterable[tuple[Vip, Box]], end: float, parts: list[Markup],
                    edges: list[Markup]) -> tuple[float, list[Markup]]:
    """Put clients and directors to the left of the rest, and below it the way of the replies, which begin at `end`."""
    middle = HEAD + tall / 2
    clients = Box(0, middle - 34, 140, 68)
    parts = parts + _clients(view, clients)
    shown = view.directors if _shows_directors(view) else []
    boxes = [Box(LEFT['directors'], middle - _directors_height(view) / 2 + number * PITCH + 7, 220, PITCH - 14)
             for number in range(max(1, len(shown)))]
    for director, box in zip(shown, boxes):
        parts += _director(director, box, len(view.vips))
        edges.append(edge((clients.right, clients.middle), (box.x, box.middle), 'live' if director.held else 'idle'))
        edges += [
            edge((box.right, box.middle), (top.x, top.middle), 'live') for vip, top in vips if director.name in vip.holders
        ]
    if not shown:
        parts += _many_directors(view, boxes[0])
        edges.append(edge((clients.right, clients.middle), (boxes[0].x, boxes[0].middle), 'live'))
        edges += [edge((boxes[0].right, boxes[0].middle), (top.x, top.middle), 'live') for _vip_of_it, top in vips]
    words = ('Clients', 'Directors', 'VIPs and services', 'Real servers')
    heads = [text(x, 14, word, 'head') for x, word in zip(LEFT.values(), words)]
    low = HEAD + tall + 30
    back = 'M968 {0}V{1}Q968 {2} 956 {2}H82Q70 {2} 70 {1}V{3}'.format(
        *(length(one) for one in (end + 6, low - 12, low, clients.bottom + 8)))
    reply = [element('path', d=back, class_='edge reply', marker_end='url(#arrow)'),
             text(519, low + 18, _replies(view), 'small', anchor='middle')]
    return low + 28, [arrow()] + edges + heads + parts + reply


def _narrow(view: View) -> tuple[float, list[Markup]]:
    """Return the height and the parts of the picture from top to bottom."""
    parts, edges, y = _narrow_head(view)
    for number, vip in enumerate(view.vips):
        heights = [TITLE + len(service.members) * ROW + 10 for service in vip.services]
        box = Box(0, y, NARROW, VIP + sum(heights))
        if number:
            kind = 'live' if vip.holders else 'idle'
            edges.append(edge((box.center, y - SPACE), (box.center, y), kind, upright=True))
        parts += _vip(vip, box)
        y += VIP
        for service, height in zip(vip.services, heights):
            place = Box(8, y, NARROW - 16, TITLE)
            parts += _service(service, place)
            for place_in_service, member in enumerate(service.members):
                row = Box(40, y + TITLE + 4 + place_in_service * ROW, NARROW - 48, ROW - 4)
                parts += [element('path', d='M22 {0}V{1}H40'.format(length(place.bottom), length(row.middle)),
                                  class_='edge s-' + member.state)]
                parts += _member(member, row)
            y += height
        y += SPACE
    parts.append(text(NARROW / 2, y, _replies(view), 'small', anchor='middle', width=NARROW))
    return y + 10, edges + parts


def _narrow_summary(view: View) -> tuple[float, list[Markup]]:
    parts, edges, y = _narrow_head(view)
    services = Box(0, y, NARROW, VIP + _mosaic_height(len(view.services), NARROW - 16))
    hosts = Box(0, services.bottom + SPACE, NARROW, VIP + _chips_height(view, 2))
    edges.append(edge((services.center, services.bottom), (hosts.center, hosts.y), 'plain', upright=True))
    parts += _services(view, services) + _hosts(view, hosts, 2)
    parts.append(text(NARROW / 2, hosts.bottom + 22, _replies(view), 'small', anchor='middle', width=NARROW))
    return hosts.bottom + 32, edges + parts


def _narrow_head(view: View) -> tuple[list[Markup], list[Markup], float]:
    """Return the parts and edges of clients and directors, and where the rest begins."""
    clients = Box(72, 0, 200, 48)
    parts = _clients(view, clients)
    edges: list[Markup] = []
    y = clients.bottom + SPACE
    shown = view.directors if _shows_directors(view) else []
    if len(shown) > 2:
        # The way from an active one down to the VIPs leads through no other.
        shown = sorted(shown, key=lambda director: bool(director.held))
    for first in range(0, len(shown), 2):
        pair = shown[first:first + 2]
        width = NARROW if len(pair) == 1 else (NARROW - 12) / 2
        for place, director in enumerate(pair):
            box = Box(place * (width + 12), y, width, PITCH - 14)
            parts += _director(director, box, len(view.vips))
            kind = 'live' if director.held else 'idle'
            edges.append(edge((clients.center, clients.bottom), (box.center, box.y), kind, upright=True))
            if director.held:
                edges.append(edge((box.center, box.bottom), (NARROW / 2, box.bottom + SPACE), 'live', upright=True))
        y += PITCH - 14 + SPACE
    if not shown:
        parts += _many_directors(view, Box(0, y, NARROW, PITCH - 14))
        edges.append(edge((clients.center, clients.bottom), (NARROW / 2, y), 'live', upright=True))
        y += PITCH - 14 + SPACE
    return parts, edges, y


def _clients(view: View, box: Box) -> list[Markup]:
    names = ', '.join(view.clients) if view.clients else 'any network'
    return [
        rect(box, 'node'),
        text(box.center, box.middle - 3, 'Clients', 'strong', anchor='middle'),
        text(box.center, box.middle + 14, names, 'small', anchor='middle', width=box.width - 12),
    ]


def _director(director: Director, box: Box, vips: int) -> list[Markup]:
    words = {'active': 'active', 'backup': 'backup', 'idle': 'no VIP', 'unknown': 'not read'}[director.role]
    if director.held and len(director.held) < vips:
        words = 'active {0}/{1}'.format(len(director.held), vips)
    pill = Box(box.right - 12 - len(words) * 7 - 16, box.y + 11, len(words) * 7 + 16, 20)
    return [
        rect(box, 'node role-' + director.role),
        text(box.x + 14, box.y + 26, director.name, 'strong', width=pill.x - box.x - 20),
        element('rect', x=pill.x, y=pill.y, width=pill.width, height=pill.height, rx=10, class_='pill role-' + director.role),
        text(pill.center, pill.y + 14, words, 'word role-' + director.role, anchor='middle'),
        text(box.x + 14, box.y + 43, director.address, 'mono', width=box.width - 28),
        text(box.x + 14, box.y + 59, director.engine, 'small', width=box.width - 28),
    ]


def _many_directors(view: View, box: Box) -> list[Markup]:
    active = [one.name for one in view.directors if one.held]
    return [
        rect(box, 'node role-' + ('active' if active else 'idle')),
        text(box.x + 14, box.y + 28, counted(len(view.directors), 'director'), 'strong'),
        text(box.x + 14, box.y + 48, 'active: ' + (', '.join(active) or 'none'), 'small', width=box.width - 28),
    ]


def _vip(vip: Vip, box: Box) -> list[Markup]:
    owner = ', '.join(vip.holders) or 'no director'
    return [
        rect(box, 'group' + ('' if len(vip.holders) == 1 else ' wrong')),
        text(box.x + 14, box.y + 23, vip.address, 'mono strong', width=box.width - 106),
        text(box.right - 14, box.y + 23, owner, 'small' if len(vip.holders) == 1 else 'small wrong', anchor='end', width=84),
    ]


def _service(service: Service, box: Box) -> list[Markup]:
    settings = service.scheduler
    if service.persistence:
        settings += ', {0} s'.format(service.persistence)
    return [
        rect(box, 'node is-' + service.severity),
        text(box.x + 12, box.y + 19, service.name, 'strong', width=box.width - 100),
        text(box.right - 12, box.y + 19, '{0} of {1}'.format(service.serving, service.servers), 'small is-' + service.severity,
             anchor='end'),
        text(box.x + 12, box.y + 35, _short(service), 'mono', width=box.width - 100),
        text(box.right - 12, box.y + 35, settings, 'small', anchor='end', width=80),
    ]


def _member(member: Member, box: Box) -> list[Markup]:
    if member.state == 'serving':
        words = 'weight {0} · {1}'.format(member.weight, member.forward)
    elif member.state == 'drained':
        words = 'drained · weight 0 · {0}'.format(member.forward)
    elif member.weight is not None and member.state != 'failed':
        words = '{0} · {1}'.format(STATES[member.state].partition(',')[0], member.weight)
    else:
        words = STATES[member.state]
    room = len(words) * 6.3
    return [
        rect(box, 'row s-' + member.state),
        icon(member.state, box.x + 9, box.middle - 8, 's-' + member.state),
        text(box.x + 32, box.middle + 4.5, member.name, 'strong', width=box.width - 48 - room),
        text(box.right - 10, box.middle + 4.5, words, 'small s-' + member.state, anchor='end'),
    ]


def _services(view: View, box: Box) -> list[Markup]:
    """Return a box with a square for each service."""
    title = '{0}, {1}'.format(counted(len(view.services), 'service'), counted(len(view.vips), 'VIP'))
    across = int((box.width - 16 + GAP) // (SQUARE + GAP))
    squares = [
        element('rect', element('title', '{0}: {1} of {2} serve'.format(one.label, one.serving, one.servers)),
                x=box.x + 9 + number % across * (SQUARE + GAP), y=box.y + 36 + number // across * (SQUARE + GAP),
                width=SQUARE, height=SQUARE, rx=3, class_='square is-' + one.severity)
        for number, one in enumerate(view.services)
    ]
    return [rect(box, 'group'), text(box.x + 12, box.y + 23, title, 'strong', width=box.width - 24)] + squares


def _hosts(view: View, box: Box, across: int) -> list[Markup]:
    """Return a box with the name and state of each host."""
    shown = _named_hosts(view)
    title = counted(len(view.hosts), 'real server')
    if len(shown) < len(view.hosts):
        title += ', those that do not serve:' if shown else ', all of them serve'
    parts = [rect(box, 'group'), text(box.x + 12, box.y + 23, title, 'strong', width=box.width - 24)]
    width = (box.width - 16 - (across - 1) * 6) / across
    for number, host in enumerate(shown):
        chip = Box(box.x + 8 + number % across * (width + 6), box.y + 34 + number // across * 30, width, 26)
        kind = 's-' + host.state if host.severity != 'warning' else 'is-warning'
        share = '{0}/{1}'.format(host.serving, len(host.members))
        parts += [
            rect(chip, 'row ' + kind),
            icon('warning' if host.severity == 'warning' else host.state, chip.x + 6, chip.middle - 8, kind),
            text(chip.x + 28, chip.middle + 4.5, host.name, 'small ' + kind, width=chip.width - 44 - len(share) * 7),
            text(chip.right - 8, chip.middle + 4.5, share, 'small ' + kind, anchor='end'),
        ]
    return parts


def _named_hosts(view: View) -> Sequence[Host]:
    if len(view.hosts) <= MOST['hosts']:
        return view.hosts
    return [host for host in view.hosts if host.state not in ('serving', 'standby')][:MOST['hosts']]


def _chips_height(view: View, across: int) -> float:
    return -(-len(_named_hosts(view)) // across) * 30 + 6


def _mosaic_height(count: int, width: float) -> float:
    across = int((width + GAP) // (SQUARE + GAP))
    return -(-count // across) * (SQUARE + GAP) + 8


def _shows_directors(view: View) -> bool:
    return len(view.directors) <= MOST['directors']


def _directors_height(view: View) -> float:
    return PITCH * (max(1, len(view.directors)) if _shows_directors(view) else 1)


def _short(service: Service) -> str:
    """Return the endpoint without the VIP, which stands above it."""
    protocol, _blank, rest = service.endpoint.partition(' ')
    return service.endpoint if protocol == 'fwmark' else '{0} :{1}'.format(protocol, rest.rpartition(':')[2])


def _replies(view: View) -> str:
    forwards = sorted({member.forward for member in view.members})
    if 'nat' not in forwards:
        return 'Replies go straight to the client' + (' ({0})'.format(', '.join(forwards)) if forwards else '')
    if forwards == ['nat']:
        return 'Replies go through the director (nat)'
    return 'Replies of nat go through the director, others straight to the client'
