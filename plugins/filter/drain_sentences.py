# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drain_sentences
short_description: Say who is drained
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Says of each drained host since when, by whom, until when and why, and whether that time is over.
options:
  _input:
    description:
      - The record of drained hosts, as P(lvs.direct_routing.drain_record#filter) returns it.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Say who is drained
  ansible.builtin.debug:
    msg: "{{ record | lvs.direct_routing.drain_sentences }}"
"""

RETURN = r"""
_value:
  description:
    - A sentence for each drained host.
  type: list
  elements: str
"""

import datetime

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import drains


def drain_sentences(record):
    return drains.sentences(record, datetime.datetime.now(datetime.timezone.utc))


class FilterModule:
    """The filter."""

    def filters(self):
        return {'drain_sentences': drain_sentences}
