# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Debian's packages come from: what the host itself uses, else Debian's own mirrors."""
from __future__ import annotations

import re
from typing import Dict, List, NamedTuple

from lab import config
from lab.command import find, run

# What a host may need to reach its mirror at all; everything else of its apt configuration is its own business.
OPTIONS = re.compile(r'^Acquire::(Check-Valid-Until|Check-Date|Retries|https?(::[^ ]*)?) "(.*)";$')
LOCAL = re.compile(r'//(localhost|127\.|\[::1\])')


class Source(NamedTuple):
    """Package sources and apt options, both for the build and for the nodes."""

    lines: List[str]
    options: List[str]

    def kernel_line(self) -> str:
        """The sources.list line of the suite that has a recent Linux source, on the mirror of the suite itself."""
        words = self.lines[0].split()
        return ' '.join([*words[:2], words[2], config.KERNEL_SUITE, 'main'])


def of_host() -> Source:
    """Read the host's apt, if it has one."""
    if not find('apt-get') or not find('apt-config'):
        return Source(lines({}), [])
    targets = run(['apt-get', 'indextargets', '--format', '$(CODENAME) $(COMPONENT) $(REPO_URI)'], 60, check=False)
    return Source(lines(mirrors(targets.stdout)), options(run(['apt-config', 'dump'], 60, check=False).stdout))


def mirrors(targets: str) -> Dict[str, str]:
    """Suite -> address, of the wanted suites that the host gets over HTTP from another machine."""
    found = {}
    for line in targets.splitlines():
        codename, component, uri = (line.split(' ', 2) + ['', ''])[:3]
        wanted = codename in (config.SUITE, f'{config.SUITE}-updates', f'{config.SUITE}-security')
        if wanted and component == 'main' and uri.startswith(('http://', 'https://')) and not LOCAL.search(uri):
            found.setdefault(codename, uri.rstrip('/'))
    return found


def lines(found: Dict[str, str]) -> List[str]:
    """sources.list lines of the suite, its updates and its security updates."""
    main = found.get(config.SUITE, config.DEFAULT_MIRROR)
    wanted = {
        config.SUITE: main,
        f'{config.SUITE}-updates': found.get(f'{config.SUITE}-updates', main),
        f'{config.SUITE}-security': found.get(f'{config.SUITE}-security', config.DEFAULT_SECURITY_MIRROR),
    }
    return [f'deb [signed-by={config.KEYRING}] {uri} {suite} main' for suite, uri in wanted.items()]


def options(dump: str) -> List[str]:
    """The options of `apt-config dump` that matter for reaching a mirror; a proxy on the host itself is left out."""
    chosen = [line for line in dump.splitlines() if OPTIONS.match(line) and not line.endswith(' "";')]
    return [line.rstrip(';') for line in chosen if not LOCAL.search(line)]
