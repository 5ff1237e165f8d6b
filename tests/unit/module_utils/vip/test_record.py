# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""With a record a task is the whole declaration: what is ours and no longer wanted goes, and nothing else does."""

from __future__ import annotations

import os

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.lvs.direct_routing.plugins.module_utils.iproute import Address, Link
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip import record
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip.options import Vips
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip.plan import routed_interfaces
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip.record import Device, Record
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip.task import AddressError, RecordError, declare

from .doubles import DUMMY, LINK_LOCAL, LOOPBACK, NIC, Ip, having, planned, vips

V4, V6 = Address('192.0.2.100', 32), Address('2001:db8::100', 128)
OTHER = Address('192.0.2.101', 32)
PATH = '/var/lib/lvs/realserver.vips'


def recorded(interface, *entries, devices=(), routes=()):
    return Record(dict(devices), {(interface, entry.local): entry for entry in entries},
                  frozenset((interface, vip) for vip in routes))


ON_DUMMY = recorded('ipvs0', V4, V6, devices={'ipvs0': Device('dummy', True)})
ON_LO = recorded('lo', V4, OTHER)

interfaces = strategies.sampled_from(['lo', 'eth0', 'eth0.100', 'ipvs0', 'tunl0'])
entries = strategies.one_of(
    strategies.builds(
        Address, strategies.ip_addresses(v=4).map(str), strategies.integers(1, 32),
        label=strategies.sampled_from([None, 'lo:0']), scope=strategies.sampled_from(['global', 'host', '200']),
        broadcast=strategies.one_of(strategies.none(), strategies.ip_addresses(v=4).map(str)),
        metric=strategies.one_of(strategies.none(), strategies.integers(1, 2 ** 32 - 1)),
        noprefixroute=strategies.booleans()),
    strategies.builds(
        Address, strategies.ip_addresses(v=6).map(str), strategies.integers(1, 128),
        preferred=strategies.sampled_from([0, V6.preferred])),
)
records = strategies.builds(
    Record,
    strategies.dictionaries(interfaces, strategies.builds(
        Device, strategies.sampled_from(['dummy', 'ipip', 'ip6tnl']), strategies.booleans())),
    strategies.lists(strategies.tuples(interfaces, entries)).map(
        lambda pairs: {(name, entry.local): entry for name, entry in pairs}),
    strategies.frozensets(strategies.tuples(interfaces, strategies.ip_addresses(v=4).map(str))),
)


@hypothesis.given(records)
def test_a_record_is_read_back_as_it_was_written(ours):
    assert record.parse(record.render(ours), PATH) == ours


@hypothesis.given(records, records)
def test_a_union_has_the_vips_and_devices_of_both(one, other):
    both = one.union(other)
    assert set(both.entries) == set(one.entries) | set(other.entries)
    assert set(both.devices) == set(one.devices) | set(other.devices) and both.routes == one.routes | other.routes


def test_behind_its_first_line_a_record_is_what_ip_takes_again_and_again():
    ours = Record({'ipvs0': Device('dummy', True), 'tunl0': Device('ipip', False)},
                  {('lo', '192.0.2.9'): Address('192.0.2.9', 32, label='lo:0', broadcast='192.0.2.9'),
                   ('ipvs0', '2001:db8::9'): Address('2001:db8::9', 128)}, frozenset({('lo', '192.0.2.9')}))
    assert record.render(ours) == (
        '# lvs.direct_routing VIPs, version 1\n'
        'link add dev ipvs0 type dummy\n'
        'link set dev ipvs0 alias lvs.direct_routing\n'
        'link set dev ipvs0 up\n'
        'link add dev tunl0 type ipip\n'
        'link set dev tunl0 up\n'
        'address replace 2001:db8::9/128 dev ipvs0 nodad\n'
        'address replace 192.0.2.9/32 dev lo broadcast 192.0.2.9 label lo:0\n'
        'route replace 192.0.2.9 dev lo\n')


@pytest.mark.parametrize('content, message', [
    (b'', 'is not a record of this collection'),
    (b'address replace 192.0.2.100/32 dev lo\n', 'is not a record of this collection'),
    (b'# lvs.direct_routing VIPs, version 2\n', 'Use the newer collection'),
    (b'# lvs.direct_routing VIPs, version 1\nlink delete dev eth0\n', "is damaged: 'link delete dev eth0'"),
    (b'# lvs.direct_routing VIPs, version 1\naddress replace 192.0.2.100/32 dev\n', 'is damaged'),
    (b'# lvs.direct_routing VIPs, version 1\naddress replace 192.0.2.300/32 dev lo\n', 'is damaged'),
    (b'# lvs.direct_routing VIPs, version 1\nlink set dev eth0 alias lvs.direct_routing\n', 'is damaged'),
    (b'# lvs.direct_routing VIPs, version 1\nlink add dev x type bridge\nlink set dev x up\n', 'is damaged'),
    (b'# lvs.direct_routing VIPs, version 1\naddress replace 192.0.2.100/32 dev lo up\n', 'is damaged'),
    (b'# lvs.direct_routing VIPs, version 1\naddress replace 192.0.2.100/32 dev lo', 'is damaged'),
    (b'# lvs.direct_routing VIPs, version 1\n\xff\n', 'is damaged: it is not text'),
])
@pytest.mark.parametrize('state', ['present', 'absent'])
def test_a_record_that_cannot_be_trusted_is_refused_before_anything_is_run(tmp_path, content, message, state):
    path = tmp_path / 'record'
    path.write_bytes(content)
    ip = Ip()
    with pytest.raises(RecordError) as error:
        declare(ip, vips('192.0.2.7', record=str(path), state=state), check=False)
    assert message in str(error.value) and ip.calls == [] and path.read_bytes() == content


def test_a_symbolic_link_is_no_record(tmp_path):
    os.symlink(tmp_path / 'elsewhere', tmp_path / 'record')
    with pytest.raises(RecordError, match='is a symbolic link'):
        declare(Ip(), vips('192.0.2.7', record=str(tmp_path / 'record')), check=False)


@pytest.mark.parametrize('wanted, links, owned, commands', [
    pytest.param(vips('192.0.2.100', '192.0.2.101'), [having(LOOPBACK, V4, OTHER)], ON_LO, [], id='all as it was'),
    pytest.param(vips('192.0.2.100'), [having(LOOPBACK, V4, OTHER)], ON_LO,
                 ['ip address delete 192.0.2.101/32 dev lo'], id='one of two goes'),
    pytest.param(vips('192.0.2.100', '192.0.2.101', '192.0.2.102'), [having(LOOPBACK, V4, OTHER)], ON_LO,
                 ['ip address add 192.0.2.102/32 dev lo'], id='one more comes'),
    pytest.param(vips('192.0.2.100'), [having(LOOPBACK, V4, OTHER)], recorded('lo', V4), [], id='a foreign one stays'),
    pytest.param(vips('192.0.2.100', interface='ipvs0', create=True), [having(LOOPBACK, V4, OTHER)], recorded('lo', V4), [
        'ip link add dev ipvs0 type dummy',
        'ip link set dev ipvs0 alias lvs.direct_routing',
        'ip link set dev ipvs0 up',
        'ip address add 192.0.2.100/32 dev ipvs0',
        'ip address delete 192.0.2.100/32 dev lo',
    ], id='from lo to a dummy: new before old'),
    pytest.param(vips('192.0.2.100', '2001:db8::100'), [LOOPBACK, having(DUMMY, V4, V6, LINK_LOCAL)], ON_DUMMY, [
        'ip address add 192.0.2.100/32 dev lo',
        'ip address add 2001:db8::100/128 dev lo nodad',
        'ip address delete 192.0.2.100/32 dev ipvs0',
        'ip address delete 2001:db8::100/128 dev ipvs0',
        'ip link delete dev ipvs0',
    ], id='from a dummy to lo: the dummy goes last'),
    pytest.param(vips('192.0.2.100', purge='none'), [LOOPBACK, having(DUMMY, V4, V6)], ON_DUMMY,
                 ['ip address add 192.0.2.100/32 dev lo'], id='without a purge the dummy keeps its own'),
    pytest.param(Vips.from_options({'address': [], 'interface': 'lo', 'record': PATH}), [having(LOOPBACK, V4, OTHER)], ON_LO, [
        'ip address delete 192.0.2.100/32 dev lo',
        'ip address delete 192.0.2.101/32 dev lo',
    ], id='a record of nothing is a declaration'),
    pytest.param(vips('192.0.2.100', '2001:db8::100'), [having(LOOPBACK, V4, V6), DUMMY],
                 ON_DUMMY.union(recorded('lo', V4, V6)), ['ip link delete dev ipvs0'],
                 id='a task that was killed is finished'),
    pytest.param(vips('192.0.2.100', '2001:db8::100'), [LOOPBACK], ON_DUMMY, [
        'ip address add 192.0.2.100/32 dev lo',
        'ip address add 2001:db8::100/128 dev lo nodad',
    ], id='a former interface that is gone'),
    pytest.param(vips('2001:db8::100', interface='ipvs0', create=True),
                 [Link('ipvs0', kind='dummy', addresses=(V6,))], ON_DUMMY, [], id='a dummy we had no time to mark'),
    pytest.param(vips(state='absent', interface=None), [Link('ipvs0', kind='dummy', addresses=(V4, V6))], ON_DUMMY, [
        'ip address delete 192.0.2.100/32 dev ipvs0',
        'ip address delete 2001:db8::100/128 dev ipvs0',
        'ip link delete dev ipvs0',
    ], id='absent: all, with a dummy we had no time to mark'),
    pytest.param(vips(state='absent', interface=None), [having(DUMMY, V4, V6, OTHER)], ON_DUMMY, [
        'ip address delete 192.0.2.100/32 dev ipvs0',
        'ip address delete 2001:db8::100/128 dev ipvs0',
    ], id='absent: the dummy stays for a foreign address'),
    pytest.param(vips('192.0.2.100', state='absent', interface='lo'), [LOOPBACK, having(DUMMY, V4, V6)], ON_DUMMY,
                 ['ip address delete 192.0.2.100/32 dev ipvs0'], id='absent: these only, wherever they are'),
    pytest.param(vips('192.0.2.101', state='absent', interface='lo'), [having(LOOPBACK, V4, OTHER)],
                 recorded('lo', V4), ['ip address delete 192.0.2.101/32 dev lo'],
                 id='absent: what is named goes though it is not recorded'),
    pytest.param(vips(state='absent', interface=None), [having(LOOPBACK, Address('192.0.2.100', 24))], ON_LO,
                 ['ip address delete 192.0.2.100/24 dev lo'], id='a prefix length that someone changed on lo'),
    pytest.param(vips(state='absent', interface=None), [NIC], recorded('eth0', Address('192.0.2.11', 24)),
                 ['ip address delete 192.0.2.11/24 dev eth0'], id='a whole network that was ours'),
])
def test_the_plan_with_a_record(wanted, links, owned, commands):
    assert planned(wanted, *links, owned=owned).commands == commands


@pytest.mark.parametrize('wanted', [vips(state='absent', interface=None), vips('192.0.2.100')])
def test_a_recorded_vip_that_became_the_address_of_a_network_stays_with_a_warning(wanted):
    what = planned(wanted, having(LOOPBACK, V4), NIC, owned=recorded('eth0', Address('192.0.2.11', 32)))
    assert what.commands == [] and what.record.interfaces in ([], ['lo'])
    assert '192.0.2.11 is on eth0 as 192.0.2.11/24' in what.warnings[0]


@pytest.mark.parametrize('wanted, links, routes, owned, commands', [
    pytest.param(vips('192.0.2.100', interface='ipvs0', host_route=True), [having(LOOPBACK, V4), DUMMY],
                 {'lo': {'192.0.2.100'}}, recorded('lo', V4, routes=['192.0.2.100']), [
                     'ip address add 192.0.2.100/32 dev ipvs0',
                     'ip route replace 192.0.2.100 dev ipvs0',
                     'ip address delete 192.0.2.100/32 dev lo'], id='moves with its VIP'),
    pytest.param(vips('192.0.2.100'), [having(LOOPBACK, V4)], {'lo': {'192.0.2.100'}},
                 recorded('lo', V4, routes=['192.0.2.100']), ['ip route delete 192.0.2.100 dev lo'],
                 id='goes when it is no longer declared'),
    pytest.param(vips('192.0.2.100'), [having(LOOPBACK, V4)], {'lo': {'192.0.2.100'}}, recorded('lo', V4), [],
                 id='a foreign one stays'),
    pytest.param(vips('192.0.2.101'), [having(LOOPBACK, V4, OTHER)], {'lo': {'192.0.2.100'}}, ON_LO,
                 ['ip route delete 192.0.2.100 dev lo', 'ip address delete 192.0.2.100/32 dev lo'],
                 id='goes with its VIP'),
])
def test_host_routes_with_a_record(wanted, links, routes, owned, commands):
    assert planned(wanted, *links, routes=routes, owned=owned).commands == commands


def test_a_route_that_moved_back_on_failure_is_where_it_was():
    what = planned(vips('192.0.2.100', interface='ipvs0', host_route=True), having(LOOPBACK, V4), DUMMY,
                   routes={'lo': {'192.0.2.100'}}, owned=recorded('lo', V4, routes=['192.0.2.100']))
    assert what.changes[1].undo == ('ip', 'route', 'replace', '192.0.2.100', 'dev', 'lo')


def test_a_foreign_host_route_is_not_recorded():
    what = planned(vips('192.0.2.100'), having(LOOPBACK, V4), routes=['192.0.2.100'], owned=recorded('lo', V4))
    assert what.record == recorded('lo', V4)


@pytest.mark.parametrize('wanted, owned, read', [
    (vips('192.0.2.100', interface='eth0'), recorded('eth0', V4), []),
    (vips('192.0.2.100', interface='eth0'), recorded('eth0', V4, routes=['192.0.2.100']), ['eth0']),
    (vips('192.0.2.100', interface='eth0'), recorded('eth0', V4, OTHER), []),
    (vips('192.0.2.100', interface='eth0'), recorded('lo', OTHER), ['lo']),
    (vips('192.0.2.100', interface='eth0'), recorded('gone', OTHER), []),
    (vips('192.0.2.100', interface='eth0', host_route=True), Record(), ['eth0']),
])
def test_host_routes_are_read_where_the_plan_depends_on_them(wanted, owned, read):
    assert routed_interfaces({'lo': LOOPBACK, 'eth0': NIC}, wanted, owned) == read


def test_what_moved_is_not_reported_as_elsewhere():
    wanted = vips('192.0.2.100', interface='ipvs0')
    assert planned(wanted, having(LOOPBACK, V4), DUMMY, owned=recorded('lo', V4)).elsewhere == ()
    assert planned(wanted, having(LOOPBACK, V4), DUMMY).elsewhere[0]['interface'] == 'lo'


@pytest.mark.parametrize('wanted, links, owned, after', [
    (vips('192.0.2.100', label='lo:0', host_route=True), [LOOPBACK], ON_DUMMY,
     recorded('lo', Address('192.0.2.100', 32, label='lo:0'), routes=['192.0.2.100'])),
    (vips('192.0.2.100', '2001:db8::100', interface='ipvs0', create=True), [LOOPBACK], Record(), ON_DUMMY),
    (vips('192.0.2.100', interface='ipvs0', create=True), [Link('ipvs0', kind='dummy')], Record(),
     recorded('ipvs0', V4, devices={'ipvs0': Device('dummy', False)})),
    (vips('192.0.2.100', interface='ipvs0'), [DUMMY], Record(),
     recorded('ipvs0', V4, devices={'ipvs0': Device('dummy', True)})),
    (vips('192.0.2.100', interface='ipvs0'), [Link('ipvs0', kind='dummy')], Record(), recorded('ipvs0', V4)),
    (vips('192.0.2.100'), [having(LOOPBACK, Address('192.0.2.100', 32, label='lo'))], Record(), recorded('lo', V4)),
    (vips('192.0.2.100', state='absent'), [having(LOOPBACK, V4, OTHER)], ON_LO, recorded('lo', OTHER)),
    (vips('192.0.2.100', interface='ipvs0', state='absent'), [having(DUMMY, V4, V6)], ON_DUMMY,
     recorded('ipvs0', V6, devices={'ipvs0': Device('dummy', True)})),
    (vips(state='absent', interface=None), [LOOPBACK], ON_DUMMY, Record()),
])
def test_what_is_recorded_in_the_end(wanted, links, owned, after):
    assert planned(wanted, *links, owned=owned).record == after


def test_a_route_that_goes_without_a_purge_goes_from_the_record_too():
    what = planned(vips('192.0.2.100', purge='none'), having(LOOPBACK, V4, OTHER), routes={'lo': {'192.0.2.100'}},
                   owned=recorded('lo', V4, OTHER, routes=['192.0.2.100']))
    assert what.commands == ['ip route delete 192.0.2.100 dev lo']
    assert what.record == recorded('lo', V4, OTHER)


class Seen(Ip):
    """An `ip` that remembers what the record held while it wrote."""

    def __init__(self, path, *batches, **golden):
        super().__init__(*batches, **golden)
        self.path, self.seen = path, []

    def __call__(self, argv, stdin=None):
        if '-batch' in argv:
            self.seen.append(record.read(str(self.path)))
        return super().__call__(argv, stdin)


def test_while_the_kernel_is_written_the_record_has_what_was_and_what_will_be(tmp_path):
    path = tmp_path / 'lvs' / 'record'
    os.mkdir(path.parent)
    record.write(str(path), recorded('lo', V4))
    ip = Seen(path)
    result = declare(ip, vips('192.0.2.7', interface='ipvs0', record=str(path)), check=False)
    new = recorded('ipvs0', Address('192.0.2.7', 32), devices={'ipvs0': Device('dummy', True)})
    assert ip.seen == [recorded('lo', V4).union(new)] and record.read(str(path)) == new
    assert path.stat().st_mode & 0o777 == 0o644
    assert result['diff'][1] == {'before_header': str(path), 'after_header': str(path),
                                 'before': 'address replace 192.0.2.100/32 dev lo\n',
                                 'after': ''.join(line + '\n' for line in new.lines())}


@pytest.mark.parametrize('undoing, left', [((0, ''), False), ((1, 'Error: no\nCommand failed -:1\n'), True)])
def test_after_a_failure_the_record_has_what_is_left(tmp_path, undoing, left):
    path = tmp_path / 'record'
    ip = Ip((1, 'Error: no\nCommand failed -:2\n'), undoing)
    with pytest.raises(AddressError):
        declare(ip, vips('192.0.2.7', '192.0.2.8', record=str(path)), check=False)
    assert path.exists() == left


def test_what_is_left_without_a_purge_is_said_and_goes_with_one(tmp_path):
    path = tmp_path / 'record'
    record.write(str(path), ON_LO)
    result = declare(Ip(), vips('192.0.2.100', purge='none', record=str(path)), check=False)
    assert result['stale'] == [{'address': '192.0.2.101', 'interface': 'lo'}] and result['removed'] == []
    assert set(record.read(str(path)).entries) == set(ON_LO.entries)
    result = declare(Ip(), vips('192.0.2.100', record=str(path)), check=False)
    assert result['removed'] == ['192.0.2.101']
    assert result['stale'] == [] and list(record.read(str(path)).entries) == [('lo', '192.0.2.100')]


def test_a_second_run_and_check_mode_write_nothing(tmp_path):
    path = tmp_path / 'lvs' / 'record'
    wanted = vips('192.0.2.100', record=str(path))
    ip = Ip()
    predicted = declare(ip, wanted, check=True)
    assert predicted['changed'] and not path.parent.exists()
    assert declare(ip, wanted, check=False) == predicted and path.parent.stat().st_mode & 0o777 == 0o755
    before = path.stat().st_mtime_ns
    again = declare(ip, wanted, check=False)
    assert not again['changed'] and len(again['diff']) == 1 and path.stat().st_mtime_ns == before
    assert ip.written == []


def test_the_record_of_nothing_goes_with_its_folder(tmp_path):
    path = tmp_path / 'lvs' / 'record'
    declare(Ip(), vips('192.0.2.100', record=str(path)), check=False)
    ip = Ip()
    assert declare(ip, vips(state='absent', interface=None, record=str(path)), check=False)['changed']
    assert ip.written == [['route delete 192.0.2.100 dev lo', 'address delete 192.0.2.100/32 dev lo']]
    assert not path.parent.exists()
    assert not declare(Ip(), vips(state='absent', interface=None, record=str(path)), check=False)['changed']


def test_a_place_where_no_record_can_be_is_said_before_anything_is_run(tmp_path):
    ip = Ip()
    (tmp_path / 'file').touch()
    with pytest.raises(RecordError, match='Not a directory'):
        declare(ip, vips('192.0.2.100', record=str(tmp_path / 'file' / 'record')), check=False)
    with pytest.raises(RecordError, match='is not a folder'):
        declare(ip, vips('192.0.2.100', record=str(tmp_path / 'no' / 'such' / 'record')), check=False)
    assert ip.calls == []
