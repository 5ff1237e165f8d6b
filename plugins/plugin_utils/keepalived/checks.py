# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The health check of a service as it is declared: read, judged, and what it is for keepalived. Pure.

Private to this collection. keepalived takes much without a word that it then does not do, so all of it is judged here.
"""

from __future__ import annotations

import re
from typing import Callable, Mapping, NamedTuple, Sequence

from ...module_utils.ipvs import model
from ..inventory import Findings, InventoryError
from .blocks import Block, words

TIMES = {'interval': ('delay_loop', 2), 'timeout': ('connect_timeout', 2), 'retry_delay': ('delay_before_retry', 1)}
"""Of each time its name in keepalived and its default, in seconds. keepalived's own interval is a minute."""

MAX_TIME = 3600
MAX_RETRIES = 100
RETRIES = 2

SCRIPT_USER = 'keepalived_script'
"""Who runs the program of a check that names no user."""

DATA_PATH = '/etc/keepalived/lvs-data-path'
"""What asks a real server at the VIP. The role director installs it, and what it needs, where nobody but root can write: in some
distributions a group can write below /usr/local, and there keepalived runs nothing as root."""

TEST_ID = 'lvs_test'
"""What `keepalived --config-test` has to be called with as `--config-id`, which otherwise is the name of the host."""

DNS_TYPES = ('A', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'AAAA')
CHECKERS = {
    'tcp': 'TCP_CHECK', 'http': 'HTTP_GET', 'https': 'SSL_GET', 'smtp': 'SMTP_CHECK', 'dns': 'DNS_CHECK', 'udp': 'UDP_CHECK',
    'ping': 'PING_CHECK', 'misc': 'MISC_CHECK',
}
"""Of each type its name in keepalived. The type none has none: such a real server always counts as alive."""

SINCE = {'udp': (2, 1, 0), 'ping': (2, 1, 0)}
"""The first version of keepalived that has a type. All others are as old as the collection can work with."""

OPTION_SINCE = {('udp', 'payload'): (2, 2, 0)}
"""The first version that has an option of a type, if that is a later one."""


class Check(NamedTuple):
    """A health check; `options` are those of its type, read.

    `service_port` is asked for where neither `port` is declared nor the real server has one, as with a firewall mark.
    """

    type: str
    port: int | None
    times: Mapping[str, float]
    retries: int
    options: Mapping[str, object]
    service_port: int | None = None

    @property
    def needs_port(self) -> bool:
        return self.type not in ('none', 'ping', 'misc')

    @property
    def over_data_path(self) -> bool:
        return bool(self.options.get('data_path'))

    @property
    def statuses(self) -> Sequence[str]:
        """The HTTP status codes that count as alive, single ones and ranges."""
        if self.type not in ('http', 'https'):
            return ()
        return self.options.get('status') or (() if self.options.get('digest') else ('200-299',))

    def port_of(self, server: model.RealServer) -> int | None:
        """Return the port at which a real server is asked."""
        return self.port or server.key.port or self.service_port

    def at_its_own_address(self) -> Check:
        return self._replace(options={key: value for key, value in self.options.items() if key != 'data_path'})

    def block(self, vip: str, server: model.RealServer) -> Block | None:
        """Return it as keepalived has it, for one real server of a service with this VIP."""
        if self.type == 'none':
            return None
        kind = CHECKERS[self.type]
        lines: list = []
        if self.over_data_path:
            kind = CHECKERS['misc']
            lines.append(words('misc_path', ' '.join(self._asks(vip, server))))
            # It keeps to the time itself, and says what was wrong.
            lines.append(words('misc_timeout', _whole(self.times['timeout']) + 1))
            lines.append(words('user', 'root'))
        elif self.type == 'misc':
            lines.append(words('misc_path', self.options['command']))
            lines.append(words('misc_timeout', _whole(self.times['timeout'])))
            # As keepalived 2.2.7 tests a configuration, it kills itself where another user than root is to run a program.
            lines.append('@^{0} {1}'.format(TEST_ID, words('user', self.options.get('user', SCRIPT_USER))))
            lines.append('@{0} {1}'.format(TEST_ID, words('user', 'root')))
        else:
            if self.needs_port and self.port_of(server) != server.key.port:
                lines.append(words('connect_port', self.port_of(server)))
            lines.append(words('connect_timeout', self.times['timeout']))
            lines += _OF_TYPE.get(self.type, lambda check: [])(self)
        lines.append(words('retry', self.retries))
        lines.append(words('delay_before_retry', self.times['retry_delay']))
        return Block(kind, lines)

    def _asks(self, vip: str, server: model.RealServer) -> list[str]:
        asked = [DATA_PATH, vip, str(self.port_of(server)), server.key.address, '--timeout', str(self.times['timeout'])]
        if server.forward == 'tun':
            asked += ['--forward', 'tun']
        if self.type == 'http':
            asked += ['--path', str(self.options.get('path', '/'))]
            for status in self.options.get('status', ()):
                asked += ['--status', status]
            if self.options.get('host'):
                asked += ['--host', str(self.options['host'])]
        if self.type == 'udp':
            asked += ['--protocol', 'udp', *(['--reply'] if self.options.get('reply') else [])]
            if self.options.get('payload'):
                asked += ['--payload', str(self.options['payload'])]
        return asked


def default(protocol: str, ports: Sequence[int], service_port: int | None = None) -> Check:
    """Return the check of a service that declares none: a connection where there is one to be had."""
    kind = 'tcp' if protocol == 'tcp' and ports and all(ports) else 'none'
    return Check(kind, None, {name: initial for name, (_theirs, initial) in TIMES.items()}, RETRIES, {}, service_port)


def read(given: object, where: str, protocol: str, ports: Sequence[int], found: Findings, service_port: int | None = None) -> Check | None:
    """Return the check that a service declares; None, with sentences in `found`, if it cannot be built.

    `where` is the key of the inventory, `ports` are those at which real servers would be asked, 0 for one that has none.
    """
    before = len(found.sentences)
    if given is None:
        return default(protocol, ports, service_port)
    if not isinstance(given, Mapping):
        found.add('{0}: {1} is not a check; write for example check: {{type: http, path: /}}'.format(where, model.shown(given)))
        return None
    kind = given.get('type', 'tcp' if protocol == 'tcp' else None)
    if not isinstance(kind, str) or kind not in CHECKERS and kind != 'none':
        found.add('{0}.type: {1} is none of {2}, none'.format(where, model.shown(kind), ', '.join(CHECKERS)))
        return None
    readers = OPTIONS.get(kind, {})
    known = ('type', 'port', 'retries', *TIMES, *readers)
    for key in sorted(set(given) - set(known), key=str):
        found.add('{0}: unknown key {1!r}; a check of type {2} has {3}'.format(where, key, kind, ', '.join(known)))
    for key in REQUIRED.get(kind, ()):
        if given.get(key) is None:
            found.add('{0}.{1}: is missing; a check of type {2} needs it'.format(where, key, kind))
    values: dict = {}
    for key, reader in {
        'port': _port, 'retries': _retries, **dict.fromkeys(TIMES, _time), **readers,
    }.items():  # fmt: skip
        if given.get(key) is not None:
            with found.collecting():
                values[key] = reader(given[key], '{0}.{1}'.format(where, key))
    check = Check(
        kind,
        values.get('port'),
        {name: values.get(name, initial) for name, (_theirs, initial) in TIMES.items()},
        values.get('retries', RETRIES),
        {key: values[key] for key in readers if key in values},
        service_port,
    )
    if check.over_data_path and "'" in str(check.options.get('path')):
        found.add("{0}.path: with data_path it cannot have the character ', write %27".format(where))
    if check.over_data_path and 'digest' in check.options:
        found.add('{0}.digest: with data_path only the status of the reply is looked at; leave out one of the two'.format(where))
    if check.needs_port and check.port is None and 'port' not in given and (not ports or 0 in ports):
        found.add('{0}.port: is missing; the service has no single port that could be asked for'.format(where))
    return check if len(found.sentences) == before else None


def _number(value: object, where: str, lowest: float, highest: float, whole: bool) -> float:
    try:
        if isinstance(value, bool):
            raise ValueError
        number = int(str(value)) if whole else float(str(value))
    except ValueError:
        number = None
    # Written so that a value that is not a number is out of range as well.
    if number is None or not lowest <= number <= highest:
        raise InventoryError('{0}: {1} is not a {2}number {3}..{4}'.format(
            where, model.shown(value), 'whole ' if whole else '', lowest, highest))
    return number


def _port(value: object, where: str) -> int:
    return int(_number(value, where, 1, model.MAX_PORT, True))


def _retries(value: object, where: str) -> int:
    return int(_number(value, where, 0, MAX_RETRIES, True))


def _time(value: object, where: str) -> float:
    number = _number(value, where, 0.1, MAX_TIME, False)
    return int(number) if number == int(number) else round(number, 3)


def _whole(seconds: float) -> int:
    """Return a time for what takes whole seconds only: not less."""
    return int(seconds) if seconds == int(seconds) else int(seconds) + 1


def text(value: object, where: str) -> str:
    """Return a string that keepalived.conf can hold; raise `InventoryError`."""
    if not isinstance(value, str) or not value:
        raise InventoryError('{0}: {1} is not a text'.format(where, model.shown(value)))
    # keepalived has no way to write these in a word, and puts what a variable holds in place of ${...}.
    if not value.isprintable() or any(character in value for character in '"\\$'):
        raise InventoryError('{0}: {1} has a character that keepalived.conf cannot hold: a quote, a backslash, a dollar '
                             'sign or a control character'.format(where, model.shown(value)))
    return value


def _path(value: object, where: str) -> str:
    path = text(value, where)
    if not path.startswith('/') or ' ' in path:
        raise InventoryError("{0}: {1} is not a path: it begins with '/' and has no spaces".format(where, model.shown(value)))
    return path


def _command(value: object, where: str) -> str:
    command = text(value, where)
    if not command.startswith('/'):
        raise InventoryError('{0}: {1} has to begin with the absolute path of a program'.format(where, model.shown(value)))
    return command


def _status(value: object, where: str) -> list[str]:
    listed = value if isinstance(value, list) and value else [value]
    codes = []
    for one in listed:
        low, _dash, high = str(one).partition('-')
        high = high or low
        if isinstance(one, bool) or not re.fullmatch(r'[1-5][0-9]{2}', low) or not re.fullmatch(r'[1-5][0-9]{2}', high) or low > high:
            raise InventoryError('{0}: {1} is not a status of HTTP, or a range of them: for example 200, or 200-299'.format(
                where, model.shown(one)))
        codes.append(low if low == high else '{0}-{1}'.format(low, high))
    return codes


def _digest(value: object, where: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r'[0-9a-fA-F]{32}', value):
        raise InventoryError('{0}: {1} is not what genhash prints: 32 hexadecimal digits'.format(where, model.shown(value)))
    return value.lower()


def _name(value: object, where: str) -> str:
    name = text(value, where)
    if not re.fullmatch(r'[A-Za-z0-9_.:\[\]-]+', name):
        raise InventoryError('{0}: {1} is not the name of a host'.format(where, model.shown(value)))
    return name


def _user(value: object, where: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r'[a-z_][a-z0-9_-]*\$?', value):
        raise InventoryError('{0}: {1} is not the name of a user'.format(where, model.shown(value)))
    return value


def _dns_type(value: object, where: str) -> str:
    if value not in DNS_TYPES:
        raise InventoryError('{0}: {1} is none of {2}'.format(where, model.shown(value), ', '.join(DNS_TYPES)))
    return str(value)


def _hex(value: object, where: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r'([0-9a-fA-F]{2})+', value):
        raise InventoryError('{0}: {1} is not a row of bytes, each of two hexadecimal digits'.format(where, model.shown(value)))
    if value.lower().endswith('ff'):
        raise InventoryError('{0}: {1} ends with ff, which keepalived takes for a mistake'.format(where, model.shown(value)))
    return value


def _bool(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise InventoryError('{0}: {1} is neither true nor false'.format(where, model.shown(value)))
    return value


_HTTP: dict[str, Callable] = {'path': _path, 'status': _status, 'digest': _digest, 'host': _name}
_DATA_PATH: dict[str, Callable] = {'data_path': _bool}
OPTIONS: dict[str, dict[str, Callable]] = {
    'tcp': _DATA_PATH,
    'http': {**_HTTP, **_DATA_PATH},
    'https': _HTTP,
    'smtp': {'helo': _name},
    'dns': {'query_type': _dns_type, 'query_name': _name},
    'udp': {'payload': _hex, 'reply': _bool, **_DATA_PATH},
    'misc': {'command': _command, 'user': _user},
}
REQUIRED = {'misc': ('command',)}


def _http(check: Check) -> list:
    options = check.options
    url: list = [words('path', options.get('path', '/'))]
    if options.get('digest'):
        url.append(words('digest', options['digest']))
    if check.statuses:
        url.append(words('status_code', *check.statuses))
    if options.get('host'):
        url.append(words('virtualhost', options['host']))
    return [Block('url', url)]


def _https(check: Check) -> list:
    return [*_http(check), *([words('enable_sni')] if check.options.get('host') else [])]


def _smtp(check: Check) -> list:
    options = check.options
    return [words('helo_name', options['helo'])] if options.get('helo') else []


def _dns(check: Check) -> list:
    options = check.options
    return [words('type', options.get('query_type', 'SOA')), words('name', options.get('query_name', '.'))]


def _udp(check: Check) -> list:
    options = check.options
    lines = [words('payload', options['payload'])] if options.get('payload') else []
    return lines + ([words('require_reply')] if options.get('reply') else [])


_OF_TYPE: dict[str, Callable[[Check], list]] = {'http': _http, 'https': _https, 'smtp': _smtp, 'dns': _dns, 'udp': _udp}
