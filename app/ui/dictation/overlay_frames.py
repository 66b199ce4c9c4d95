"""Messages to the process that shows the overlay on XWayland."""

from typing import Final

from msgspec import Struct

from app.dictation.view import View
from app.ui.theme.colours import Scheme
from runtime.framing import Framing

LONGEST: Final = 1_000_000


class LookFrame(Struct, tag="look", frozen=True):
    """Language and look of the overlay, and what the user has chosen.

    ``wish``: a value of the setting ``general.overlay``. ``still``: motion is reduced. Empty keys are not named.
    """

    language: str
    scheme: Scheme
    text_size: str
    still: bool
    wish: str
    paste_key: str = ""
    cancel_key: str = ""


class ViewFrame(Struct, tag="view", frozen=True):
    """The view to show."""

    view: View


Frame = LookFrame | ViewFrame
FRAMES: Final = Framing[Frame](Frame, LONGEST)
