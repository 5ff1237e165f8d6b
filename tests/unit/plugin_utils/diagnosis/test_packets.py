# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A packet is stopped only where every way through the rules stops it."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils.diagnosis.packets import Packet, is_stopped

PACKET = Packet('tcp', '192.0.2.100', 80, 'eth0')
ACCEPT, DROP = {'accept': None}, {'drop': None}


def match(left, right, op='=='):
    return {'match': {'op': op, 'left': left, 'right': right}}


def payload(protocol, field):
    return {'payload': {'protocol': protocol, 'field': field}}


def meta(key):
    return {'meta': {'key': key}}


DPORT = payload('tcp', 'dport')
ESTABLISHED = match({'ct': {'key': 'state'}}, ['established', 'related'], 'in')


def verdicts(key, entries):
    return {'vmap': {'key': key, 'data': {'set': entries}}}


def states(**kept):
    return verdicts({'ct': {'key': 'state'}}, [[state, {verdict: None}] for state, verdict in kept.items()])


def nft(*rules, policy='accept', family='inet', **chains):
    found = {'{0} filter input'.format(family): {'hook': 'input', 'policy': policy, 'rules': list(rules)}}
    found.update({'{0} filter {1}'.format(family, name): {'hook': None, 'policy': None, 'rules': list(expressions)}
                  for name, expressions in chains.items()})
    return {'nft': found, 'iptables': {}}


@pytest.mark.parametrize(('rules', 'stopped'), [
    pytest.param(nft(), False, id='no rule'),
    pytest.param(nft(policy='drop'), True, id='policy'),
    pytest.param(nft(policy='drop', family='ip6'), False, id='the other family'),
    pytest.param(nft([match(DPORT, 80), ACCEPT], policy='drop'), False, id='opened'),
    pytest.param(nft([match(DPORT, 81), ACCEPT], policy='drop'), True, id='another port opened'),
    pytest.param(nft([match(DPORT, {'set': [22, {'range': [70, 90]}]}), ACCEPT], policy='drop'), False, id='in a set'),
    pytest.param(nft([match(DPORT, {'set': [22, 443]}), ACCEPT], policy='drop'), True, id='not in a set'),
    pytest.param(nft([match(DPORT, '@open'), ACCEPT], policy='drop'), False, id='a named set is not known'),
    pytest.param(nft([match(DPORT, 80), {'counter': {}}, DROP]), True, id='dropped'),
    pytest.param(nft([match(DPORT, 80), {'reject': {'type': 'tcp reset'}}]), True, id='rejected'),
    pytest.param(nft([match(DPORT, 80, '!='), DROP]), False, id='all others dropped'),
    pytest.param(nft([match(payload('udp', 'dport'), 80), DROP]), False, id='another protocol dropped'),
    pytest.param(nft([match(payload('ip', 'daddr'), {'prefix': {'addr': '192.0.2.0', 'len': 24}}), DROP]), True, id='network'),
    pytest.param(nft([match(payload('ip', 'saddr'), '192.0.2.1'), DROP]), False, id='some clients dropped'),
    pytest.param(nft([match(payload('ip', 'saddr'), '192.0.2.1'), ACCEPT], policy='drop'), False, id='some clients let in'),
    pytest.param(nft([match(meta('iifname'), 'lo'), ACCEPT], [ESTABLISHED, ACCEPT], policy='drop'), True, id='lo and replies'),
    pytest.param(nft([match(meta('iifname'), 'eth*'), ACCEPT], policy='drop'), False, id='interfaces'),
    pytest.param(nft([match(payload('udp', 'dport'), 80, '!='), ACCEPT], policy='drop'), True, id='other ports of another protocol'),
    pytest.param(nft([match({'ct': {'key': 'status'}}, 'dnat', 'in'), ACCEPT], policy='drop'), True, id='translated'),
    pytest.param(nft([{'limit': {}}, DROP]), False, id='a limit is not known'),
    pytest.param(nft([{'xt': None}, ACCEPT], policy='drop'), False, id='what iptables brings along is not known'),
    pytest.param(nft([{'jump': {'target': 'web'}}], policy='drop', web=[[match(DPORT, 80), ACCEPT]]), False, id='jump'),
    pytest.param(nft([{'jump': {'target': 'web'}}], policy='drop', web=[[match(DPORT, 81), ACCEPT]]), True, id='jump and back'),
    pytest.param(nft([{'jump': {'target': 'web'}}], policy='drop', web=[[{'return': None}], [ACCEPT]]), True, id='return'),
    pytest.param(nft([{'goto': {'target': 'web'}}, [ACCEPT]], policy='drop', web=[]), True, id='goto does not come back'),
    pytest.param(nft([states(established='accept', related='accept', invalid='drop')], policy='drop'), True, id='states let in'),
    pytest.param(nft([states(invalid='drop')]), False, id='states dropped'),
    pytest.param(nft([states(established='accept', new='accept')], policy='drop'), False, id='new let in'),
    pytest.param(nft([verdicts(DPORT, [[22, {'accept': None}], [80, {'jump': {'target': 'web'}}]])], web=[[DROP]]), True, id='map of ports'),
    pytest.param(nft([verdicts(DPORT, [['*', {'drop': None}]])]), True, id='map of all'),
    pytest.param(nft([{'vmap': {'key': DPORT, 'data': '@ports'}}], policy='drop'), False, id='a named map is not known'),
    pytest.param(nft([verdicts(payload('ip', 'saddr'), [['192.0.2.1', {'accept': None}]])], policy='drop'), False, id='map of clients'),
    pytest.param(nft([{'jump': {'target': 'gone'}}], policy='drop'), False, id='a chain that is not known'),
    pytest.param(nft([{'jump': {'target': 'loop'}}], policy='drop', loop=[[{'jump': {'target': 'loop'}}]]), False, id='a loop'),
])
def test_rules_of_nft(rules, stopped):
    # The chains that are expressions alone are rules of one expression.
    for chain in rules['nft'].values():
        chain['rules'] = [[one] if isinstance(one, dict) else one for one in chain['rules']]
    assert is_stopped(PACKET, rules) is stopped


def saved(*lines, policy='ACCEPT'):
    return {'nft': {}, 'iptables': {'ip': '\n'.join(['*filter', ':INPUT {0} [0:0]'.format(policy), ':web - [0:0]', *lines, 'COMMIT'])}}


@pytest.mark.parametrize(('rules', 'stopped'), [
    pytest.param(saved(), False, id='no rule'),
    pytest.param(saved(policy='DROP'), True, id='policy'),
    pytest.param(saved('-A INPUT -p tcp -m tcp --dport 80 -j DROP'), True, id='dropped'),
    pytest.param(saved('-A INPUT -p udp -m udp --dport 80 -j DROP'), False, id='another protocol'),
    pytest.param(saved('-A INPUT -p tcp -m tcp ! --dport 80 -j DROP'), False, id='all others dropped'),
    pytest.param(saved('-A INPUT -d 192.0.2.100/32 -i eth0 -j REJECT --reject-with icmp-port-unreachable'), True, id='rejected'),
    pytest.param(saved('-A INPUT -s 192.0.2.1/32 -j DROP'), False, id='some clients dropped'),
    pytest.param(saved('-A INPUT -p tcp -m multiport --dports 22,70:90 -j ACCEPT', policy='DROP'), False, id='ports'),
    pytest.param(saved('-A INPUT -p tcp -m multiport --dports 22,443 -j ACCEPT', policy='DROP'), True, id='other ports'),
    pytest.param(saved('-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', '-A INPUT -i lo -j ACCEPT',
                       policy='DROP'), True, id='replies and lo'),
    pytest.param(saved('-A INPUT -m comment --comment "let it in" -j web', '-A web -p tcp -m tcp --dport 80 -j ACCEPT',
                       policy='DROP'), False, id='jump'),
    pytest.param(saved('-A INPUT -j web', '-A web -j RETURN', '-A web -j ACCEPT', policy='DROP'), True, id='return'),
    pytest.param(saved('-A INPUT -g web', '-A INPUT -j ACCEPT', policy='DROP'), True, id='goto does not come back'),
    pytest.param(saved('-A INPUT -j LOG --log-prefix "in "', '-A INPUT -j ACCEPT', policy='DROP'), False, id='log'),
    pytest.param(saved('-A INPUT -m set --match-set open dst -j ACCEPT', policy='DROP'), False, id='a set is not known'),
    pytest.param(saved('-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT', policy='DROP'), False, id='two values'),
    pytest.param(saved('-A INPUT -m comment --comment "-j ACCEPT" -j DROP'), True, id='a text like an option'),
    pytest.param(saved('-A INPUT -j SYNPROXY', policy='DROP'), False, id='a target that is not known'),
])
def test_rules_of_iptables(rules, stopped):
    assert is_stopped(PACKET, rules) is stopped


INVALID = match({'ct': {'key': 'state'}}, 'invalid', 'in')


@pytest.mark.parametrize(('rules', 'stopped'), [
    pytest.param(nft([INVALID, DROP]), {'invalid'}, id='nft drops what is invalid'),
    pytest.param(nft([states(new='accept')], policy='drop'), {'invalid', 'untracked'}, id='nft lets in what is new'),
    pytest.param(nft([states(new='accept', untracked='accept')], policy='drop'), {'invalid'}, id='nft lets in what is new or untracked'),
    pytest.param(saved('-A INPUT -m conntrack --ctstate INVALID -j DROP'), {'invalid'}, id='iptables drops what is invalid'),
    pytest.param(saved('-A INPUT -m state --state NEW -j ACCEPT', policy='DROP'), {'invalid', 'untracked'}, id='iptables lets in what is new'),
    pytest.param(saved('-A INPUT -m conntrack --ctstate NEW,UNTRACKED -j ACCEPT', policy='DROP'), {'invalid'},
                 id='iptables lets in what is new or untracked'),
])
def test_packets_of_a_connection_that_is_not_tracked(rules, stopped):
    assert {state for state in ('new', 'invalid', 'untracked') if is_stopped(PACKET._replace(state=state), rules)} == stopped


def test_what_iptables_keeps_in_nft_is_judged_once():
    rules = dict(nft([{'xt': None}, DROP], policy='drop', family='ip'), iptables=saved('-A INPUT -j ACCEPT')['iptables'])
    assert not is_stopped(PACKET, rules)


FIREWALLD = nft(
    [ESTABLISHED, ACCEPT], [match({'ct': {'key': 'status'}}, 'dnat', 'in'), ACCEPT], [match(meta('iifname'), 'lo'), ACCEPT],
    {'jump': {'target': 'zones'}}, [{'reject': {'type': 'icmpx', 'expr': 'admin-prohibited'}}],
    zones=[{'goto': {'target': 'public'}}],
    public=[{'jump': {'target': 'allow'}}, [match(meta('l4proto'), {'set': ['icmp', 'ipv6-icmp']}), ACCEPT],
            [{'reject': {'type': 'icmpx', 'expr': 'admin-prohibited'}}]],
    allow=[[match(DPORT, 22), ACCEPT], [match(payload('ip', 'daddr'), '192.0.2.100'), match(DPORT, 443), ACCEPT]],
)  # fmt: skip


@pytest.mark.parametrize(('port', 'stopped'), [(80, True), (443, False), (22, False)])
def test_firewalld_is_understood(port, stopped):
    rules = {'nft': {name: dict(chain, rules=[[one] if isinstance(one, dict) else one for one in chain['rules']])
                     for name, chain in FIREWALLD['nft'].items()}}
    assert is_stopped(PACKET._replace(port=port), rules) is stopped


def test_ipv6_has_rules_of_its_own():
    packet = PACKET._replace(address='2001:db8:2::100')
    assert is_stopped(packet, nft(policy='drop', family='ip6')) and not is_stopped(packet, nft(policy='drop', family='ip'))
    assert is_stopped(packet, nft([match(payload('ip6', 'daddr'), '2001:db8:2:0::100'), DROP]))
