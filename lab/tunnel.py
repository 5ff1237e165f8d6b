# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to the VM's Docker socket: SSH with keys made for this boot, from a unix socket that only we can reach."""
from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Dict, Optional

from lab import config, procs
from lab.clone import Clone, private_dir, runtime_base, socket_dir
from lab.command import SEARCH, run, tail
from lab.errors import LabError

HOST_ALIAS = 'lvs-lab'


class Tunnel:
    """One `ssh -N -L` per clone."""

    def __init__(self, clone: Clone) -> None:
        self.clone = clone
        self.marks = {**clone.marks, procs.ROLE: 'tunnel'}
        self.keys = clone.dir / 'ssh'
        self.log = clone.dir / 'tunnel.log'
        recorded = str(clone.state().get('docker_host', ''))
        # Where `up` put it: XDG_RUNTIME_DIR may be another one in this session.
        self.socket = Path(recorded[len('unix://'):]) if recorded.startswith('unix://') else \
            socket_dir(runtime_base(clone.id), clone.id) / 'docker.sock'

    def make_keys(self) -> None:
        """A key for us and one for the VM, so that each knows the other; the VM keeps them in memory only."""
        self.keys.mkdir(mode=0o700, exist_ok=True)
        for name in ('client', 'host'):
            for old in self.keys.glob(f'{name}*'):
                old.unlink()
            run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', HOST_ALIAS, '-f', str(self.keys / name)], 60)
        (self.keys / 'known_hosts').write_text(f'{HOST_ALIAS} {(self.keys / "host.pub").read_text()}')

    def firmware(self) -> Dict[str, Path]:
        """What the VM reads at boot, by the name it looks for."""
        return {'authorized_keys': self.keys / 'client.pub', 'ssh_host_key': self.keys / 'host'}

    def argv(self, port: int) -> list[str]:
        settings = {
            'BatchMode': 'yes',
            'ConnectTimeout': '30',
            'ExitOnForwardFailure': 'yes',
            'GlobalKnownHostsFile': '/dev/null',
            'HostKeyAlias': HOST_ALIAS,
            'IdentitiesOnly': 'yes',
            'IdentityFile': f'"{self.keys / "client"}"',
            # A busy emulated guest may take its time; a VM that died closes the connection by itself.
            'ServerAliveCountMax': '12',
            'ServerAliveInterval': '5',
            'StreamLocalBindMask': '0177',
            'StreamLocalBindUnlink': 'yes',
            'StrictHostKeyChecking': 'yes',
            'UserKnownHostsFile': f'"{self.keys / "known_hosts"}"',
        }
        options = [part for key, value in settings.items() for part in ('-o', f'{key}={value}')]
        return ['ssh', '-F', '/dev/null', *options, '-N', '-L', f'{self.socket}:/var/run/docker.sock', '-p', str(port),
                'root@127.0.0.1']

    def open(self, port: int) -> None:
        """Connect and wait until Docker answers through the socket."""
        private_dir(self.socket.parent)
        deadline = time.monotonic() + config.TUNNEL_LIMIT
        process: Optional[subprocess.Popen] = None
        while time.monotonic() < deadline:
            if process is None or process.poll() is not None:
                self.close()
                with self.log.open('a') as sink:
                    process = subprocess.Popen(self.argv(port), stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                                               start_new_session=True, cwd='/',
                                               env={**os.environ, **self.marks, 'PATH': SEARCH})
            if self.ping(10):
                return
            time.sleep(0.3)
        self.close()
        raise LabError(f"the VM's Docker Engine cannot be reached over SSH within {config.TUNNEL_LIMIT} s:\n"
                       f'{tail(self.log)}')

    def alive(self) -> bool:
        return bool(procs.marked(self.marks))

    def close(self) -> None:
        procs.end(self.marks, 2)
        self.socket.unlink(missing_ok=True)

    def ping(self, limit: float) -> bool:
        """Whether Docker answers within the limit (seconds, in all)."""
        deadline = time.monotonic() + limit
        answer = b''
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(limit)
                link.connect(str(self.socket))
                link.sendall(b'GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n')
                while len(answer) < 65536:
                    link.settimeout(max(deadline - time.monotonic(), 0.01))
                    chunk = link.recv(4096)
                    if not chunk:
                        break
                    answer += chunk
        except OSError:
            return False
        return answer.startswith(b'HTTP/') and b' 200 ' in answer.split(b'\r\n', 1)[0] and answer.endswith(b'OK')
