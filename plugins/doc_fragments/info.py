# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules that read lists promise."""

from __future__ import annotations


class ModuleDocFragment:
    """The option and attributes of such modules."""

    DOCUMENTATION = r"""
options:
  query:
    description:
      - A JMESPath expression (U(https://jmespath.org/)) that is applied to the list; what it makes of it is RV(result).
      - Needs the Python library jmespath where the module runs.
    type: str
attributes:
  check_mode:
    description: Changes nothing in any mode.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
"""
