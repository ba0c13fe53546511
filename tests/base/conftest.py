"""What several tests of the floor need.

pytest reads this file before Django is set up, so models are imported where they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from protoadmin.connections.models import Teamspace


@pytest.fixture
def teamspace(db: None) -> Teamspace:
    """A teamspace with a secret."""
    from protoadmin.connections.models import Teamspace  # noqa: PLC0415 - see above

    return Teamspace.objects.create(name="Acme", subcompany_id="acme", takeover_secret="open-sesame")
