# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever stands in the place of a value of a service is a sentence or is taken, and never an exception."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import virtual_services
from ansible_collections.lvs.direct_routing.plugins.plugin_utils.declared import REALSERVER_KEYS, SERVICE_KEYS
from ansible_collections.lvs.direct_routing.plugins.plugin_utils.keepalived import checks, configuration, health

GROUPS = {'directors': ['director'], 'realservers': ['real1', 'real2']}
HOSTVARS = {
    'director': {'lvs_address': '192.0.2.10', 'lvs_address_ipv6': '2001:db8::10'},
    'real1': {'lvs_address': '192.0.2.21', 'lvs_address_ipv6': '2001:db8::21'},
    'real2': {'lvs_address': '192.0.2.22', 'lvs_address_ipv6': '2001:db8::22'},
}
WORDS = ('', '0', '1', '80', '80-90', '²', '٣', '1e3', 'tcp', 'udp', 'wrr', 'mh', 'http', 'misc', 'dns', 'nat', 'tun', 'gue', 'true',
         '192.0.2.21', '192.0.2.100', '2001:db8::1', 'realservers', 'eth0', '200-299', '/x', '%', '\n')
# A float that is no number would be another key each time.
KEYS = st.one_of(st.none(), st.booleans(), st.integers(-2, 2 ** 33), st.sampled_from(WORDS), st.text(max_size=3))
PLAIN = st.one_of(KEYS, st.floats())
CHECK_KEYS = sorted({'type', 'port', 'retries', *checks.TIMES, *(key for readers in checks.OPTIONS.values() for key in readers)})
INNER = sorted({*CHECK_KEYS, *health.SORRY_KEYS, *REALSERVER_KEYS, 'checksum'})
ODD = st.recursive(PLAIN, lambda one: st.one_of(
    st.lists(one, max_size=3), st.dictionaries(st.one_of(st.sampled_from(INNER), KEYS), one, max_size=3)), max_leaves=6)


def with_odd(plain, keys):
    """Return mappings with a few odd values among plain ones."""
    return st.tuples(st.fixed_dictionaries(plain), st.dictionaries(st.sampled_from(sorted(keys)), ODD, max_size=3)).map(
        lambda two: {**two[0], **two[1]})


CHECK = st.one_of(
    with_odd({'type': st.sampled_from([*checks.CHECKERS, 'none'])}, CHECK_KEYS),
    with_odd({'type': st.sampled_from(['tcp', 'http', 'udp']), 'data_path': st.just(True)}, CHECK_KEYS))
SERVER = with_odd({'address': st.sampled_from(['192.0.2.21', '192.0.2.22', '2001:db8::21'])}, REALSERVER_KEYS)
SERVICE = with_odd({
    'vip': st.sampled_from(['192.0.2.100', '2001:db8::100']), 'port': st.sampled_from([80, '443']),
    'realservers': st.one_of(st.just('realservers'), st.lists(SERVER, max_size=2)), 'check': st.one_of(st.none(), CHECK),
}, SERVICE_KEYS)
SERVICES = st.one_of(ODD, st.lists(st.one_of(SERVICE, ODD), max_size=2))


@given(SERVICES)
def test_odd_values_are_sentences(services):
    found = virtual_services.faults(services, GROUPS, HOSTVARS, 'lvs_virtual_services')
    assert all(isinstance(sentence, str) for sentence in found)
    if not found:
        resolved = virtual_services.resolve(services, GROUPS, HOSTVARS, 'lvs_virtual_services')
        virtual_services.ipvs_services(resolved)
        virtual_services.firewall_marks(resolved)
        virtual_services.realserver(resolved, 'real1', GROUPS, dict(HOSTVARS, director={'director_engine': 'keepalived'}))


@given(SERVICES)
def test_odd_values_are_sentences_for_keepalived(services):
    found = configuration.faults(configuration.director(services, 'lvs_virtual_services', None, None), '')
    assert all(isinstance(sentence, str) for sentence in found)
