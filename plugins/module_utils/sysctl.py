# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ARP silence by kernel parameters: live values, effective values, the file that sets them at boot.

Private to this collection. Keys are in slash form (``net/ipv4/conf/eth0.100/arp_ignore``), which alone is unambiguous
for interfaces with a dot in their name. `plan` is pure; `Host` does the reading and writing below a root directory.
"""

from __future__ import annotations

import dataclasses
import os
import stat
import tempfile
from typing import Iterable, Mapping, Sequence

CONF = 'net/ipv4/conf'
PARAMETERS = ('arp_ignore', 'arp_announce')
SILENT = (1, 2, 8)
"""Values of arp_ignore with which a VIP of global scope on the loopback or a dummy is not answered for (ip-sysctl)."""

DEFAULT_FILE = '/etc/sysctl.d/90-lvs-arp.conf'
RUN_FILE = '/run/lvs-direct-routing/arp_sysctl.conf'
"""What was before, where nothing is persisted and while a task is at work: it goes with a reboot, as the values do."""

SYSCTL_DIRECTORIES = ('/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d')
"""Where sysctl --system and systemd-sysctl look, highest precedence first (sysctl.d(5))."""

MARKER = '# Managed by lvs.direct_routing.arp_sysctl'
BEFORE = '# before: '


class SysctlError(Exception):
    """Kernel parameters cannot be declared as asked."""


@dataclasses.dataclass(frozen=True)
class Silence:
    """The validated options of the arp_sysctl module."""

    interfaces: tuple[str, ...] = ()
    arp_ignore: int = 1
    arp_announce: int = 2
    persist: bool = True
    file: str = DEFAULT_FILE
    present: bool = True

    @classmethod
    def from_options(cls, options: Mapping) -> Silence:
        """Validate what can be judged without looking at the host; raise `SysctlError`."""
        positions: dict[str, int] = {}
        for index, name in enumerate(options.get('interfaces') or ()):
            if name in ('all', 'default'):
                raise SysctlError("interfaces[{0}]: '{1}' is not an interface; all is always set and default never, so "
                                  "name network cards only".format(index, name))
            if name in positions:
                raise SysctlError("interfaces[{0}]: '{1}' is already there as interfaces[{2}]; name each interface "
                                  "once".format(index, name, positions[name]))
            positions[name] = index
        file = options.get('file') or DEFAULT_FILE
        if not os.path.isabs(file) or file.endswith('/'):
            raise SysctlError("file: '{0}' is not an absolute path of a file, such as {1}".format(file, DEFAULT_FILE))
        return cls(
            interfaces=tuple(positions),
            arp_ignore=options['arp_ignore'],
            arp_announce=options['arp_announce'],
            persist=options['persist'],
            file=os.path.normpath(file),
            present=options['state'] == 'present',
        )

    @property
    def values(self) -> dict[str, str]:
        """Return every key that is declared, with its value."""
        return {key(name, parameter): str(getattr(self, parameter))
                for name in ('all',) + self.interfaces for parameter in PARAMETERS}


def key(interface: str, parameter: str) -> str:
    return '/'.join((CONF, interface, parameter))


def normalise(name: str) -> str:
    """Return a key in slash form; in dot form the slash stands for a dot (sysctl.d(5))."""
    dot, slash = name.find('.'), name.find('/')
    if dot < 0 or 0 <= slash < dot:
        return name
    return name.translate(str.maketrans('./', '/.'))


def parse_settings(text: str) -> dict[str, str]:
    """Return the keys that a sysctl.d file sets, in slash form, with their values."""
    settings = {}
    for line in text.splitlines():
        name, equals, value = line.partition('=')
        name = name.strip()
        if equals and name and name[0] not in '#;':
            # A leading minus only says that failures are to be ignored.
            settings[normalise(name[1:].strip() if name[0] == '-' else name)] = value.strip()
    return settings


@dataclasses.dataclass(frozen=True)
class Record:
    """What our file holds: the values that are ours, and those that were there before us."""

    ours: Mapping[str, str] = dataclasses.field(default_factory=dict)
    before: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None) -> Record | None:
        """Parse a file of ours; return None for one that is missing or not ours."""
        if text is None or not text.startswith(MARKER):
            return None
        before = '\n'.join(line[len(BEFORE):] for line in text.splitlines() if line.startswith(BEFORE))
        return cls(parse_settings(text), parse_settings(before))

    def render(self) -> str:
        lines = [
            MARKER + ': what is changed here by hand is lost.',
            '# ARP silence for virtual IP addresses. For an interface the higher value of all and its own counts.',
        ]
        lines += [BEFORE + line for line in _lines(self.before)]
        lines += _lines(self.ours)
        return '\n'.join(lines) + '\n'


def _lines(values: Mapping[str, str]) -> list[str]:
    return ['{0} = {1}'.format(name, value) for name, value in values.items()]


@dataclasses.dataclass(frozen=True)
class State:
    """What was read: live values by key, our two files, and what other files set at boot after ours."""

    live: Mapping[str, str]
    file: str | None = None
    run: str | None = None
    later: Sequence[tuple[str, Mapping[str, str]]] = ()

    @property
    def interfaces(self) -> list[str]:
        names = (name.split('/')[-2] for name in self.live if name.endswith('/' + PARAMETERS[0]))
        return sorted(name for name in names if name != 'all')


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be written. A file's text is None where the file is not to be there."""

    writes: Mapping[str, str]
    file: str | None
    run: str | None
    safeguard: str | None = None
    live: Mapping[str, str] = dataclasses.field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def effective(live: Mapping[str, str], interface: str) -> dict[str, int]:
    """Return what counts for an interface: the higher value of conf/all and its own (ip-sysctl)."""
    return {parameter: max(int(live[key('all', parameter)]), int(live[key(interface, parameter)]))
            for parameter in PARAMETERS}


def plan(state: State, wanted: Silence) -> Plan:
    """Return what takes the host from `state` to `wanted`."""
    file, run = Record.parse(state.file), Record.parse(state.run)
    records = [record for record in (run, file) if record]
    ours: dict[str, str] = {}
    before: dict[str, str] = {}
    for record in records:
        ours.update(record.ours)
        before.update(record.before)
    if wanted.present:
        return _plan_present(state, wanted, ours, before)
    return _plan_absent(state, ours, before)


def _plan_present(state: State, wanted: Silence, ours: Mapping[str, str], before: Mapping[str, str]) -> Plan:
    _check_present(state, wanted)
    values = wanted.values
    writes = {name: value for name, value in values.items() if state.live[name] != value}
    dropped = {name: value for name, value in before.items() if name not in values}
    given_back, kept = _give_back(state.live, ours, dropped)
    writes.update(given_back)
    record = Record(values, {name: before.get(name, state.live[name]) for name in values})
    live = dict(state.live, **writes)
    text = record.render()
    # The kernel is changed first and the file afterwards; what was before must not be lost if that is interrupted.
    lost = any(name not in before for name in values)
    safeguard = Record(dict(ours, **values), dict(dropped, **record.before)).render() if writes and lost else None
    foreign = state.file is not None and not state.file.startswith(MARKER)
    return Plan(
        writes=writes,
        file=text if wanted.persist else state.file if foreign else None,
        run=None if wanted.persist else text,
        safeguard=safeguard,
        live=live,
        warnings=tuple(kept) + _higher(live, state.interfaces, wanted) + _overruled(state, wanted),
    )


def _check_present(state: State, wanted: Silence) -> None:
    for index, name in enumerate(wanted.interfaces):
        if name not in state.interfaces:
            raise SysctlError("interfaces[{0}]: '{1}' does not exist on this host; there are {2}".format(
                index, name, ', '.join(name for name in state.interfaces if name != 'lo')))
    if wanted.persist and state.file is not None and not state.file.startswith(MARKER):
        raise SysctlError("file: {0} was not written by this module and is left alone; remove it, or name another "
                          "file".format(wanted.file))


def _plan_absent(state: State, ours: Mapping[str, str], before: Mapping[str, str]) -> Plan:
    writes, kept = _give_back(state.live, ours, before)
    return Plan(
        writes=writes,
        file=None if Record.parse(state.file) else state.file,
        run=None if Record.parse(state.run) else state.run,
        live=dict(state.live, **writes),
        warnings=tuple(kept),
    )


def _give_back(live: Mapping[str, str], ours: Mapping[str, str],
               before: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the writes that restore former values, and a warning for each value that is no longer ours."""
    writes, kept = {}, []
    for name, former in before.items():
        # An interface that is gone took its values along.
        if name not in live or live[name] == former:
            continue
        if live[name] == ours.get(name):
            writes[name] = former
        else:
            kept.append('{0} is {1}, which is not the value that this module set ({2}): it is left as it is, not given '
                        'back as {3}'.format(name, live[name], ours.get(name), former))
    return writes, kept


def _higher(live: Mapping[str, str], interfaces: Sequence[str], wanted: Silence) -> tuple[str, ...]:
    """Warn of interfaces for which something else counts than what is wanted, since their own value is higher."""
    warnings = []
    for name in interfaces:
        if name == 'lo' or name in wanted.interfaces:
            continue
        for parameter, value in effective(live, name).items():
            asked = getattr(wanted, parameter)
            loud = parameter == 'arp_ignore' and asked in SILENT and value not in SILENT
            # Named interfaces say which ones matter; without a name all of them do.
            if value != asked and (loud or not wanted.interfaces):
                warnings.append('{0} of {1} is effectively {2}, not {3}, since its own value is higher{4}'.format(
                    parameter, name, value, asked,
                    ', and with that it answers ARP for VIPs' if loud else ''))
    return tuple(warnings)


def _overruled(state: State, wanted: Silence) -> tuple[str, ...]:
    """Warn of files that are read after ours at boot and set our keys to something else."""
    if not wanted.persist:
        return ()
    last: dict[str, tuple[str, str]] = {}
    for path, settings in state.later:
        last.update({name: (path, value) for name, value in settings.items()})
    return tuple(
        '{0} sets {1} = {2} after {3} at boot and wins over {4}; remove the line there'.format(
            last[name][0], name, last[name][1], wanted.file, value)
        for name, value in wanted.values.items() if name in last and last[name][1] != value
    )


class Host:
    """Kernel parameters and files of a host. `root` is where its file system begins."""

    def __init__(self, root: str = '/') -> None:
        self.root = root

    def path(self, path: str) -> str:
        return os.path.join(self.root, path.lstrip('/'))

    def read(self, name: str) -> str:
        with open(self.path('/proc/sys/' + name)) as stream:
            return stream.read().strip()

    def write(self, name: str, value: str) -> None:
        try:
            with open(self.path('/proc/sys/' + name), 'w') as stream:
                stream.write(value)
        except OSError as error:
            raise SysctlError('Cannot set {0} to {1}: {2}. This needs root, and in a container a writable '
                              '/proc/sys'.format(name, value, error.strerror)) from None

    def live(self) -> dict[str, str]:
        """Read the ARP parameters of every interface and of `all`."""
        try:
            names = os.listdir(self.path('/proc/sys/' + CONF))
        except OSError as error:
            raise SysctlError('Cannot read /proc/sys/{0}: {1}. Is IPv4 in this kernel?'.format(
                CONF, error.strerror)) from None
        values = {}
        for name in sorted(names):
            if name == 'default':
                continue
            try:
                values.update({key(name, parameter): self.read(key(name, parameter)) for parameter in PARAMETERS})
            except FileNotFoundError:
                # The interface went away since the listing.
                for parameter in PARAMETERS:
                    values.pop(key(name, parameter), None)
        return values

    def text(self, path: str) -> str | None:
        """Read a file that may be missing; refuse what is not a regular file."""
        try:
            mode = os.lstat(self.path(path)).st_mode
            if not stat.S_ISREG(mode):
                raise SysctlError('file: {0} is {1}, not a regular file, and is left alone; name another file'.format(
                    path, 'a symbolic link' if stat.S_ISLNK(mode) else 'a directory or device'))
            with open(self.path(path), encoding='utf-8', errors='replace') as stream:
                return stream.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SysctlError('file: cannot read {0}: {1}'.format(path, error.strerror)) from None

    def replace(self, path: str, text: str | None) -> None:
        """Write a file in one step, or remove it."""
        target = self.path(path)
        try:
            if text is None:
                os.unlink(target)
                if path == RUN_FILE:
                    self._forget(os.path.dirname(target))
                return
            directory = os.path.dirname(target)
            if not os.path.isdir(directory):
                os.mkdir(directory, 0o755)
            # The temporary name does not end in .conf, so nothing reads it at boot if we are killed now.
            handle, temporary = tempfile.mkstemp(prefix='.' + os.path.basename(target) + '.', dir=directory)
            try:
                with os.fdopen(handle, 'w', encoding='utf-8') as stream:
                    stream.write(text)
                    stream.flush()
                    os.fchmod(stream.fileno(), 0o644)
                    os.fsync(stream.fileno())
                os.replace(temporary, target)
            except OSError:
                os.unlink(temporary)
                raise
        except OSError as error:
            raise SysctlError('file: cannot {0} {1}: {2}'.format(
                'remove' if text is None else 'write', path, error.strerror)) from None

    @staticmethod
    def _forget(directory: str) -> None:
        try:
            os.rmdir(directory)
        except OSError:
            # Something else of this collection is in it.
            pass

    def later(self, path: str, names: Iterable[str]) -> list[tuple[str, dict[str, str]]]:
        """Return which files set any of `names` after the file `path` at boot, in the order in which they are read."""
        directory, ours = os.path.split(path)
        if directory not in SYSCTL_DIRECTORIES:
            return []
        found: dict[str, str] = {}
        for folder in SYSCTL_DIRECTORIES:
            try:
                entries = os.listdir(self.path(folder))
            except OSError:
                continue
            for entry in entries:
                if entry.endswith('.conf'):
                    found.setdefault(entry, os.path.join(folder, entry))
        paths = [found[entry] for entry in sorted(found) if entry > ours]
        # The sysctl program reads this one last. Distributions often link to it from sysctl.d as well.
        if not any(os.path.realpath(self.path(name)) == os.path.realpath(self.path('/etc/sysctl.conf'))
                   for name in paths):
            paths.append('/etc/sysctl.conf')
        names = set(names)
        later = []
        for name in paths:
            try:
                with open(self.path(name), encoding='utf-8', errors='replace') as stream:
                    settings = parse_settings(stream.read())
            except OSError:
                continue
            settings = {item: value for item, value in settings.items() if item in names}
            if settings:
                later.append((name, settings))
        return later

    def state(self, wanted: Silence) -> State:
        later = self.later(wanted.file, wanted.values) if wanted.present and wanted.persist else []
        return State(self.live(), self.text(wanted.file), self.text(RUN_FILE), later)

    def apply(self, what: Plan, state: State, file: str) -> None:
        """Write a plan: the kernel first, then the files.

        What has been written stays where a later step fails: a host that is silent without a file is safe, one that
        answers for a VIP again is not.
        """
        done = []
        run = state.run
        try:
            if what.safeguard is not None and what.safeguard != run:
                self.replace(RUN_FILE, what.safeguard)
                run = what.safeguard
            for name, value in what.writes.items():
                self.write(name, value)
                done.append('{0} = {1}'.format(name, value))
            if what.file != state.file:
                self.replace(file, what.file)
            if what.run != run:
                self.replace(RUN_FILE, what.run)
        except SysctlError as error:
            if done:
                raise SysctlError('{0}. The running kernel has {1} by now, and keeps it'.format(
                    error, ', '.join(done))) from None
            raise


def declare(host: Host, wanted: Silence, check: bool) -> dict:
    """Read once, plan, and unless `check` write; return what the arp_sysctl module returns."""
    state = host.state(wanted)
    what = plan(state, wanted)
    changed = bool(what.writes) or what.file != state.file or what.run != state.run
    if changed and not check:
        host.apply(what, state, wanted.file)
    names = [name for name in what.live if name in what.writes or (wanted.present and name in wanted.values)]
    differences = [_difference('kernel', ''.join(line + '\n' for line in _lines({n: state.live[n] for n in names})),
                               ''.join(line + '\n' for line in _lines({n: what.live[n] for n in names})))]
    for path, old, new in ((wanted.file, state.file, what.file), (RUN_FILE, state.run, what.run)):
        if old != new:
            differences.append(_difference(path, old or '', new or ''))
    return {
        'changed': changed,
        'effective': {name: effective(what.live, name) for name in state.interfaces},
        'written': [{'key': name, 'before': state.live[name], 'after': value} for name, value in what.writes.items()],
        'file_changed': what.file != state.file,
        'warnings': list(what.warnings),
        'diff': differences,
    }


def _difference(header: str, before: str, after: str) -> dict:
    return {'before_header': header, 'after_header': header, 'before': before, 'after': after}
