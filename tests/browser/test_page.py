# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page in a real browser: nothing overflows on a phone or a screen, and what matters is seen.

Screenshots are left in tests/output/browser, to be looked at.
"""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.lvs.direct_routing.plugins.filter.report_page import report_page
from tests.unit.plugin_utils.report.topologies import FINDING, Topology

from .chromium import Chromium, found

SHOTS = pathlib.Path(__file__).parents[1] / 'output/browser'
SIZES = {'2x3': (2, 3), '50x20': (50, 20)}
ENGINES = ('static', 'keepalived')
WIDTHS = (360, 1440)
# A4 without its margins, in CSS pixels.
PAPER = 718
LONG = 'a-host-with-a-name-that-nobody-would-type-twice.rack-17.example.com'

# What would have to be scrolled sideways, or is cut off: the page, and texts that are wider than what they are in.
OVERFLOWING = """(() => {
    const page = document.documentElement, found = [];
    if (page.scrollWidth > page.clientWidth) found.push('page ' + page.scrollWidth);
    for (const one of document.querySelectorAll('main *, header *')) {
        if (one.closest('svg, .sr, .scroll, thead') || !one.getClientRects().length) continue;
        const box = one.getBoundingClientRect();
        if (box.right > page.clientWidth + 1 || box.left < -1) found.push(one.tagName + ' ' + one.textContent.trim());
    }
    for (const one of document.querySelectorAll('.scroll')) {
        if (one.clientWidth && one.scrollWidth > one.clientWidth + 1) found.push('table ' + one.scrollWidth);
    }
    for (const one of document.querySelectorAll('svg.picture text')) {
        if (!one.getClientRects().length) continue;
        const box = one.getBBox(), whole = one.ownerSVGElement.viewBox.baseVal;
        if (box.x < -1 || box.x + box.width > whole.width + 1 || box.y < -1 || box.y + box.height > whole.height + 1)
            found.push('picture ' + one.textContent);
    }
    return found;
})()"""
# Texts of the picture that are drawn over each other.
COLLIDING = """(() => {
    const texts = [...document.querySelectorAll('svg.picture text')].filter(one => one.getClientRects().length);
    const boxes = texts.map(one => [one.textContent, one.getBoundingClientRect()]), found = [];
    boxes.forEach(([text, box], number) => boxes.slice(number + 1).forEach(([other, its]) => {
        if (box.left < its.right - 1 && its.left < box.right - 1 && box.top < its.bottom - 3 && its.top < box.bottom - 3)
            found.push(text + ' / ' + other);
    }));
    return found;
})()"""


@pytest.fixture(name='browser', scope='module')
def headless_chromium(tmp_path_factory):
    assert found(), 'there is no Chromium: `make browser` installs the package chromium, or $CHROMIUM names the program'
    SHOTS.mkdir(parents=True, exist_ok=True)
    browser = Chromium(found(), str(tmp_path_factory.mktemp('profile')))
    yield browser
    browser.close()


@pytest.fixture(name='show')
def page_shown(browser, tmp_path):
    """Return `show(topology, width, scheme, **options)`, which opens the page of a topology."""
    file = tmp_path / 'lvs-report.html'

    def show(topology, width=1440, scheme='light', **options):
        file.write_text(written(topology, **options), encoding='utf-8')
        browser.look(width, scheme=scheme)
        browser.open(file.as_uri())
        return file

    return show


def written(topology, **options):
    return report_page(topology.services, topology.groups, topology.hostvars, topology.findings,
                       generated='2026-11-26 14:15:07 UTC', **options)


def broken(services, servers, engine):
    """Return a topology with a dead real server, a drained one and what the doctor found."""
    topology = Topology(services, servers, 2, engine)
    topology.without('real2')
    topology.live()[1]['realservers'][-1]['weight'] = 0
    topology.findings = [FINDING]
    return topology


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('width', WIDTHS)
@pytest.mark.parametrize('engine', ENGINES)
@pytest.mark.parametrize('size', SIZES)
def test_nothing_overflows_and_what_matters_is_seen(browser, show, size, engine, width, scheme):
    show(broken(*SIZES[size], engine), width, scheme)
    (SHOTS / '{0}-{1}-{2}-{3}.png'.format(size, engine, width, scheme)).write_bytes(browser.picture())
    assert browser.ask(OVERFLOWING) == []
    assert browser.ask(COLLIDING) == []
    seen = browser.ask('document.body.innerText')
    for text in ('Needs attention now', FINDING['seen'], FINDING['do'], 'is out of the table', 'lb1', 'backup', engine):
        assert text in seen, text
    # What is seen without scrolling.
    assert browser.ask("document.getElementById('verdict').getBoundingClientRect().bottom") < 200
    assert browser.ask("[...document.querySelectorAll('svg.picture')].filter(one => one.getClientRects().length).length") == 1
    dark = browser.ask("getComputedStyle(document.body).backgroundColor") == 'rgb(14, 19, 24)'
    assert dark is (scheme == 'dark')


@pytest.mark.parametrize('width', WIDTHS)
@pytest.mark.parametrize('size', SIZES)
def test_nothing_overflows_with_everything_open(browser, show, size, width):
    show(broken(*SIZES[size], 'static'), width)
    browser.ask("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert browser.ask(OVERFLOWING) == []


@pytest.mark.parametrize('width', [*WIDTHS, 768, 861])
def test_long_names_and_addresses_overflow_nothing(browser, show, width):
    declared = [{
        'name': 'the-service-with-the-longest-name-of-all-' + kind, 'vip': '2001:db8:1111:2222:3333:4444:5555:666' + kind,
        'port': 65535, 'persistence_timeout': 2678400,
        'realservers': [{'address': '2001:db8:1111:2222:3333:4444:5555:777' + kind}],
    } for kind in '12']  # fmt: skip
    topology = Topology(directors=3, declared=declared)
    topology.hostvars[LONG] = {'lvs_address_ipv6': '2001:db8:1111:2222:3333:4444:5555:7771'}
    topology.groups['realservers'] = [LONG]
    topology.hostvars[LONG + '.lb'] = topology.hostvars['lb1']
    topology.groups['directors'][0] = LONG + '.lb'
    topology.findings = [dict(FINDING, host=LONG, do='/etc/' + 'long' * 50)]
    show(topology, width)
    (SHOTS / 'long-{0}.png'.format(width)).write_bytes(browser.picture())
    assert browser.ask(OVERFLOWING) == []
    assert browser.ask(COLLIDING) == []


def test_a_host_called_script_runs_nothing(browser, show):
    name = '<script>document.title = "taken"</script><img src=x onerror="document.title = 1">'
    topology = Topology()
    topology.groups['realservers'][0] = name
    topology.hostvars[name] = topology.hostvars['real1']
    show(topology)
    assert name in browser.ask('document.body.textContent')
    assert browser.ask('document.title') == 'OK · Linux Virtual Server'
    assert browser.ask("document.querySelectorAll('script, img').length") == 0
    assert browser.complaints() == []


def test_where_escaping_failed_nothing_would_run_either(browser, show, tmp_path):
    show(Topology())
    bad = tmp_path / 'bad.html'
    bad.write_text(written(Topology()).replace('</main>', '<script>document.title = "taken"</script></main>'))
    browser.open(bad.as_uri())
    assert browser.ask('document.title') == 'OK · Linux Virtual Server'
    assert 'Content Security Policy' in ' '.join(browser.complaints())


def test_nothing_is_asked_for_from_elsewhere(browser, show):
    file = show(broken(2, 3, 'static'))
    assert [url for url in browser.requested() if not url.startswith('data:')] == [file.as_uri()]
    assert browser.complaints() == []


def test_it_loads_itself_again_and_stays_where_it_was_scrolled_to(browser, show):
    topology = Topology(50, 20)
    file = show(topology, refresh=1)
    browser.ask('window.scrollTo(0, 700)')
    file.write_text(written(topology, refresh=1).replace('14:15:07', '14:15:08'), encoding='utf-8')
    for _reload in range(5):
        browser.wait_for_reload()
        if '14:15:08' in browser.ask('document.body.innerText'):
            break
    assert '14:15:08' in browser.ask('document.body.innerText')
    drawn = 'new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(window.scrollY))))'
    assert browser.ask(drawn) == 700


@pytest.mark.parametrize('size', SIZES)
def test_paper_has_all_of_it(browser, show, size):
    show(broken(*SIZES[size], 'static'))
    assert browser.paper().startswith(b'%PDF')
    browser.look(PAPER, scheme='dark', media='print')
    (SHOTS / 'print-{0}.png'.format(size)).write_bytes(browser.picture())
    assert browser.ask(OVERFLOWING) == []
    assert browser.ask("getComputedStyle(document.body).backgroundColor") == 'rgb(255, 255, 255)'
    # Services that are not opened on the screen are on paper all the same.
    assert browser.ask("document.querySelector('.service:last-child table').checkVisibility()")
