# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries of ipvs_table are checked as AnsibleModule would, and the message says where."""

from __future__ import annotations

import hypothesis
import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import strategies as st

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import model, nested, options, rules

WEB = {'address': '192.0.2.100', 'port': 80}


@pytest.mark.parametrize(
    ('entry', 'line'),
    [
        (dict(WEB, port='80'), '-A -t 192.0.2.100:80 -s wlc'),
        (dict(WEB, port=80.0), '-A -t 192.0.2.100:80 -s wlc'),
        (dict(WEB, protocol=None, scheduler=None), '-A -t 192.0.2.100:80 -s wlc'),
        (dict(WEB, protocol='udp', one_packet='yes'), '-A -u 192.0.2.100:80 -s wlc -o'),
        (dict(WEB, protocol='udp', one_packet='off'), '-A -u 192.0.2.100:80 -s wlc'),
        (dict(WEB, persistence_timeout='60', persistence_netmask=24), '-A -t 192.0.2.100:80 -s wlc -p 60 -M 255.255.255.0'),
        (dict(WEB, scheduler='sh', scheduler_flags='sh-port,sh-fallback'), '-A -t 192.0.2.100:80 -s sh -b sh-fallback,sh-port'),
        (dict(WEB, realservers=None), '-A -t 192.0.2.100:80 -s wlc'),
    ],
)
def test_values_are_converted_as_everywhere_in_ansible(entry, line):
    assert rules.ruleset(options.table([entry])) == [line]


@pytest.mark.parametrize(
    ('services', 'message'),
    [
        ('web', "services: 'web' is not a list"),
        (['web'], "services[0]: 'web' is not a dictionary of options"),
        ([WEB, ['x']], "services[1]: ['x'] is not a dictionary"),
        ([WEB, {'adress': '192.0.2.1'}], "services[1] option: 'adress' is unknown; a service has address, port, protocol,"),
        ([{80: 'port'}], 'services[0] option: 80 is unknown'),
        ([dict(WEB, port='http')], "services[0] port: 'http' is not a whole number"),
        ([dict(WEB, port=80.5)], 'services[0] port: 80.5 is not a whole number'),
        ([dict(WEB, port=True)], 'services[0] port: True is not a whole number'),
        ([dict(WEB, port='Infinity')], "services[0] port: 'Infinity' is not a whole number"),
        ([dict(WEB, port='8\u0660')], 'is not a whole number'),
        ([dict(WEB, port=[80])], 'services[0] port: [80] is not a whole number'),
        ([dict(WEB, protocol='TCP')], "services[0] protocol: 'TCP' is none of tcp, udp, sctp"),
        ([dict(WEB, scheduler=['rr'])], "services[0] scheduler: ['rr'] is not a text"),
        ([dict(WEB, scheduler=True)], 'services[0] scheduler: True is not a text'),
        ([dict(WEB, one_packet='perhaps')], "services[0] one_packet: 'perhaps' is not true or false"),
        ([dict(WEB, scheduler_flags={'sh-port': True})], 'scheduler_flags: '),
        ([dict(WEB, scheduler_flags=['sh-port', ['x']])], "scheduler_flags[1]: ['x'] is not a text"),
        ([dict(WEB, realservers='192.0.2.21')], "realservers: '192.0.2.21' is not a list"),
        ([dict(WEB, realservers=['192.0.2.21'])], "(tcp 192.0.2.100:80) realservers[0]: '192.0.2.21' is not a dictionary"),
        (
            [dict(WEB, realservers=[{'address': '192.0.2.21'}, {'adress': 'x'}])],
            "services[0] (tcp 192.0.2.100:80) realservers[1] option: 'adress' is unknown; a real server has",
        ),
        ([dict(WEB, realservers=[{'weight': 1}])], 'realservers[0] address: None is missing'),
        ([dict(WEB, realservers=[{'address': '192.0.2.21', 'weight': 'heavy'}])], "weight: 'heavy' is not a whole number"),
        ([dict(WEB, realservers=[{'address': '192.0.2.21', 'forward': 'DR'}])], "forward: 'DR' is none of dr, tun, nat"),
        ([dict(WEB, realservers=[{'address': '192.0.2.21', 'tunnel': 'gue'}])], "tunnel: 'gue' is not a dictionary"),
        (
            [dict(WEB, realservers=[{'address': '192.0.2.21', 'tunnel': {'type': 'ip6'}}])],
            "realservers[0] tunnel.type: 'ip6' is none of ipip, gue, gre",
        ),
        (
            [dict(WEB, realservers=[{'address': '192.0.2.21', 'tunnel': {'prot': 1}}])],
            "realservers[0] tunnel.option: 'prot' is unknown; a tunnel has type, port, checksum",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_position_option_and_value(services, message):
    with pytest.raises(model.InvalidEntry) as caught:
        options.table(services)
    assert message in str(caught.value)


def test_a_given_entry_is_not_changed():
    entry = dict(WEB, port='80')
    options.table([entry])
    assert entry == dict(WEB, port='80')


values = st.one_of(
    st.none(),
    st.integers(),
    st.sampled_from(['tcp', 'udp', 'gue', '80', ' 7', '8_0', '1e3', '80.0', 'yes', 'off', 'True', '']),
    # Ansible ends with an OverflowError at an infinite port, and takes the digits of every script.
    st.text(max_size=5).filter(lambda text: 'inf' not in text.lower() and not any(map(str.isdecimal, text))),
    st.lists(st.text(max_size=3), max_size=2),
)
FLAT = {name: spec for name, spec in options.TABLE_SERVICE.items() if name != 'realservers'}


@hypothesis.given(st.dictionaries(st.sampled_from([*FLAT, 'adress']), values, max_size=4))
def test_the_same_is_taken_and_made_of_it_as_by_ansible(entry):
    # None is an option that is left out, also where Ansible misses it among the choices.
    given = {name: value for name, value in entry.items() if value is not None or name not in FLAT}
    result = ArgumentSpecValidator(FLAT).validate(given)
    # A list is no text, and a number no list.
    confused = {('str', list), ('list', int)}
    stricter = any((FLAT[name]['type'], type(value)) in confused for name, value in entry.items() if name in FLAT)
    try:
        mine = nested.accepted(entry, nested.fields(FLAT), 'a service')
    except model.InvalidEntry:
        assert result.error_messages or stricter
    else:
        assert not result.error_messages
        assert {name: mine[name] for name in given} == {name: result.validated_parameters[name] for name in given}
