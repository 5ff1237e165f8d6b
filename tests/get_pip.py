# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stand-in for the get-pip script with which ansible-test fills its virtual environments, for where that is out of reach.

Called with the packages to install and with ``--no-*`` options about packages that are not wanted.
"""

from __future__ import annotations

import subprocess
import sys

PIP = [sys.executable, '-m', 'pip', '--quiet', '--disable-pip-version-check']

if __name__ == '__main__':
    packages = [argument for argument in sys.argv[1:] if not argument.startswith('-')]
    subprocess.run([sys.executable, '-m', 'ensurepip'], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*PIP, 'install', *packages], check=True)
    # ensurepip brings it along on the older Pythons.
    subprocess.run([*PIP, 'uninstall', '--yes', 'setuptools'], check=True, stderr=subprocess.DEVNULL)
