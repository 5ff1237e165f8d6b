# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page is one well-formed file that runs nothing and asks for nothing, whatever hosts are called."""

from __future__ import annotations

import html.parser
import pathlib
import re
import xml.etree.ElementTree

import pytest

from ansible_collections.lvs.direct_routing.plugins.filter.report_page import report_page
from ansible_collections.lvs.direct_routing.plugins.plugin_utils.report import page, picture, svg, view

from .topologies import FINDING, Topology

BAD = '<script>alert("1")</script>\'"&{{ 7 * 7 }}'
CSS = pathlib.Path(page.__file__).with_name('page.css').read_text()
# Elements that have no end, and what may stand only in SVG.
VOID = ('meta', 'link', 'br')


class Page(html.parser.HTMLParser):
    """What a browser reads: elements with their attributes, and texts."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.opened = [], [], []
        self.feed(text)
        self.close()
        assert self.opened == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.opened.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.opened.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return ' '.join(''.join(self.texts).split())


def render(topology, **options):
    return report_page(topology.services, topology.groups, topology.hostvars, topology.findings, **options)


def named(text):
    """Return a topology in which all that can be any text is this one."""
    hosts = [text + '1', text + '2']
    topology = Topology(directors=2, declared=[
        {'name': text, 'vip': '192.0.2.100', 'port': 80, 'realservers': [{'address': '192.0.2.21'}, {'address': '192.0.2.22'}]},
    ])  # fmt: skip
    topology.without('real2')
    topology.live()[0]['scheduler'] = text
    topology.hostvars['lb2']['lvs_report'] = {'after': {'info': {'msg': text}}}
    topology.hostvars.update({
        text: {}, text + 'lb': dict(topology.hostvars['lb1'], director_engine=text),
        hosts[0]: {'lvs_address': '192.0.2.21'}, hosts[1]: {'lvs_address': '192.0.2.22'},
    })  # fmt: skip
    topology.groups = {'clients': [text], 'realservers': hosts, 'directors': [text + 'lb', 'lb2']}
    topology.findings = [dict({key: text for key in FINDING}, severity='error')]
    return topology


@pytest.mark.parametrize('rows', [30, 0], ids=['one by one', 'summed up'])
def test_what_hosts_are_called_does_no_harm(monkeypatch, rows):
    monkeypatch.setitem(picture.MOST, 'rows', rows)
    harmless, bad = (Page(render(named(text), generated=text)) for text in ('x' * len(BAD), BAD))
    assert 'script' not in {name for name, _attributes in bad.elements}
    assert [(name, sorted(attributes)) for name, attributes in bad.elements] == [
        (name, sorted(attributes)) for name, attributes in harmless.elements]
    assert BAD in bad.text


def test_nothing_runs_and_nothing_is_asked_for():
    text = render(Topology(directors=2), refresh=5)
    read = Page(text)
    policy = next(one['content'] for one in read.all('meta') if one.get('http-equiv') == 'Content-Security-Policy')
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert not {'script', 'img', 'iframe', 'object', 'form'} & {name for name, _attributes in read.elements}
    targets = [attributes[key] for _name, attributes in read.elements for key in ('href', 'src') if key in attributes]
    assert all(target.startswith(('#', 'data:')) for target in targets)
    assert not re.search(r'@import|url\(', CSS)
    anchors = {attributes['id'] for _name, attributes in read.elements if 'id' in attributes}
    assert {target[1:] for target in targets if target.startswith('#')} <= anchors


@pytest.mark.parametrize(('options', 'seconds'), [({}, None), ({'refresh': 5}, '5')])
def test_it_is_loaded_again_on_request(options, seconds):
    found = [one['content'] for one in Page(render(Topology(), **options)).all('meta') if one.get('http-equiv') == 'refresh']
    assert found == ([seconds] if seconds else [])


@pytest.mark.parametrize('size', [(2, 3, 2), (50, 20, 2), (1, 0, 1), (3, 70, 9)])
def test_identifiers_are_unique_and_headings_and_tables_have_names(size):
    services, servers, directors = size
    if not servers:
        topology = Topology(declared=[{'name': 'web', 'vip': '192.0.2.100', 'port': 80, 'realservers': []}])
    else:
        topology = Topology(services, servers, directors)
    text = render(topology)
    read = Page(text)
    identifiers = [attributes['id'] for _name, attributes in read.elements if 'id' in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert len(read.all('h1')) == 1 and len(read.all('table')) == len(read.all('caption'))
    pointed = [attributes[key] for _name, attributes in read.elements
               for key in ('aria-labelledby', 'aria-describedby') if key in attributes]
    assert set(pointed) <= set(identifiers)
    for svg in re.findall(r'<svg.*?</svg>', text, re.DOTALL):
        xml.etree.ElementTree.fromstring(svg)


def test_the_picture_is_told_in_words():
    topology = Topology(directors=2)
    topology.without('real2')
    said = picture.described(view.build(*topology.arguments()))
    assert '192.0.2.100 is on lb1.' in said
    assert 'web (tcp 192.0.2.100:80) goes to real1 (serving), real2 (out of the table), real3 (serving).' in said
    assert said.endswith('Replies go straight to the client (dr).')


@pytest.mark.parametrize(('forward', 'said'), [
    ('tun', 'Replies go straight to the client (tun)'), ('nat', 'Replies go through the director (nat)'),
])
def test_the_way_of_the_replies_is_that_of_the_forwarding(forward, said):
    declared = [{'name': 'web', 'vip': '192.0.2.100', 'port': 80, 'forward': forward, 'realservers': 'realservers'}]
    text = render(Topology(declared=declared))
    assert said in text
    assert 'weight 1 · {0}'.format(forward) in text


def test_a_name_that_is_too_long_is_cut_and_the_whole_is_its_title():
    assert svg.fitted('a' * 40, 120, 12) == 'a' * 15 + '…'
    assert svg.fitted('short', 120, 12) == 'short'
    assert len(svg.fitted('測' * 40, 120, 12)) < 12


@pytest.mark.parametrize(('value', 'text'), [(None, '–'), (0, '0'), (7, '7'), (0.5, '0.5'), (12.4, '12'), (12345, '12,345')])
def test_figures_are_for_people(value, text):
    assert page.figure(value) == text


@pytest.mark.parametrize(('value', 'text'), [
    (None, '–'), (0, '0 bit/s'), (10, '80 bit/s'), (1500, '12.0 kbit/s'), (40000, '320 kbit/s'), (2e9, '16.0 Gbit/s'),
])
def test_bytes_are_shown_as_bits(value, text):
    assert page.bits(value) == text


def luminance(color):
    channels = [int(color[place:place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear))


SCHEMES = [dict(re.findall(r'--([\w-]+): (#[0-9a-f]{6});', block)) for block in re.findall(r':root \{(.*?)\}', CSS, re.DOTALL)]


@pytest.mark.parametrize('scheme', SCHEMES, ids=['light', 'dark', 'print'])
@pytest.mark.parametrize(('text', 'grounds'), [
    ('text', ('page', 'surface', 'raised', 'ok-soft', 'warning-soft', 'error-soft', 'calm-soft')),
    ('muted', ('page', 'surface', 'raised')),
    ('ok', ('surface', 'ok-soft')), ('warning', ('surface', 'warning-soft')), ('error', ('surface', 'error-soft')),
    ('calm', ('surface', 'calm-soft')),
])
def test_texts_have_contrast(scheme, text, grounds):
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    for ground in grounds:
        light, dark = sorted((luminance(scheme[text]), luminance(scheme[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, ground
