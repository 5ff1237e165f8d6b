# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python remembers what it compiled from a zip, as it does for other files (PEP 3147).

An Ansible module comes as a zip of sources, and to compile them takes most of its time. Nothing but the time changes.
"""
import _imp
import marshal
import os
import sys
import zipimport

FOLDER = '/var/cache/lvs-lab/' + sys.implementation.cache_tag
compile_source = zipimport._compile_source


def remembered(pathname, source):
    """Stand in the place of zipimport's function that compiles."""
    path = os.path.join(FOLDER, _imp.source_hash(0, source).hex())
    try:
        with open(path, 'rb') as stream:
            code = marshal.load(stream)
    except (OSError, ValueError, EOFError):
        code = compile_source(pathname, source)
        remember(path, marshal.dumps(code))
    _imp._fix_co_filename(code, pathname)
    return code


def remember(path, content):
    aside = '{0}.{1}'.format(path, os.getpid())
    try:
        os.makedirs(FOLDER, exist_ok=True)
        with open(aside, 'wb') as stream:
            stream.write(content)
        os.replace(aside, path)
    except OSError:
        pass


zipimport._compile_source = remembered
