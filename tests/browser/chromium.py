# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A headless Chromium, told what to do over a pair of pipes in the DevTools protocol, without a driver in between."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome')
# The ends of the pipes that --remote-debugging-pipe reads and writes.
CHILD_READS, CHILD_WRITES = 3, 4
# After so many seconds it is ended, whatever became of the tests.
SECONDS = '900'


def found() -> str | None:
    """Return the program, the one that $CHROMIUM names before any other."""
    named = os.environ.get('CHROMIUM')
    return named or next((path for path in map(shutil.which, NAMES) if path), None)


class Chromium:
    """A browser with one tab."""

    def __init__(self, program: str, profile: str) -> None:
        commands, self._commands = os.pipe()
        self._replies, replies = os.pipe()
        words = [program, '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
                 '--hide-scrollbars', '--remote-debugging-pipe', '--user-data-dir=' + profile, 'about:blank']
        # The shell gives the pipes the numbers that the browser expects, whatever they are here.
        plumbing = 'exec {0}<&{2} {1}>&{3} timeout {4} "$@"'.format(CHILD_READS, CHILD_WRITES, commands, replies, SECONDS)
        with open(os.path.join(profile, 'log'), 'wb') as log:
            self._process = subprocess.Popen(
                ['bash', '-c', plumbing, 'bash', *words], pass_fds=(commands, replies), stderr=log)
        os.close(commands)
        os.close(replies)
        self._received = b''
        self._count = 0
        self._session = None
        self.events: list[dict] = []
        target = next(one for one in self._call('Target.getTargets')['targetInfos'] if one['type'] == 'page')
        self._session = self._call('Target.attachToTarget', targetId=target['targetId'], flatten=True)['sessionId']
        for domain in ('Page', 'Network', 'Log'):
            self._call(domain + '.enable')

    def close(self) -> None:
        self._session = None
        self._call('Browser.close')
        self._process.wait()
        os.close(self._commands)
        os.close(self._replies)

    def look(self, width: int, height: int = 900, scheme: str = 'light', media: str = 'screen') -> None:
        """Make the window so many CSS pixels wide, light or dark, of a screen or of paper."""
        self._call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        features = [{'name': 'prefers-color-scheme', 'value': scheme}]
        self._call('Emulation.setEmulatedMedia', media=media, features=features)

    def open(self, url: str) -> None:
        """Load a page, and forget what was said of others."""
        self.events.clear()
        self._call('Page.navigate', url=url)
        self._wait_for('Page.loadEventFired')

    def wait_for_reload(self) -> None:
        self.events.clear()
        self._wait_for('Page.loadEventFired')

    def ask(self, expression: str):
        """Return the value of an expression of JavaScript, asked from outside the page."""
        reply = self._call('Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in reply:
            raise RuntimeError(reply['exceptionDetails'])
        return reply['result'].get('value')

    def picture(self) -> bytes:
        """Return the whole page as PNG."""
        return base64.b64decode(self._call('Page.captureScreenshot', captureBeyondViewport=True)['data'])

    def paper(self) -> bytes:
        """Return the page as it is printed, as PDF."""
        return base64.b64decode(self._call('Page.printToPDF', preferCSSPageSize=True)['data'])

    def requested(self) -> list[str]:
        """Return what the page asked for since it was opened."""
        return [one['params']['request']['url'] for one in self.events if one['method'] == 'Network.requestWillBeSent']

    def complaints(self) -> list[str]:
        """Return what the browser had to say, such as what the page was not allowed to do."""
        return [one['params']['entry']['text'] for one in self.events if one['method'] == 'Log.entryAdded']

    def _call(self, method: str, **parameters) -> dict:
        self._count += 1
        message = {'id': self._count, 'method': method, 'params': parameters}
        if self._session:
            message['sessionId'] = self._session
        os.write(self._commands, json.dumps(message).encode() + b'\0')
        while True:
            reply = self._receive()
            if reply.get('id') == self._count:
                if 'error' in reply:
                    raise RuntimeError('{0}: {1}'.format(method, reply['error']['message']))
                return reply['result']

    def _wait_for(self, method: str) -> None:
        while not any(one['method'] == method for one in self.events):
            self._receive()

    def _receive(self) -> dict:
        while b'\0' not in self._received:
            more = os.read(self._replies, 1 << 20)
            if not more:
                raise RuntimeError('the browser ended')
            self._received += more
        line, _end, self._received = self._received.partition(b'\0')
        message = json.loads(line)
        if 'id' not in message:
            self.events.append(message)
        return message
