"""Rectangles on the screen."""

from typing import NamedTuple


class Area(NamedTuple):
    """A rectangle: left and upper edge, width and height, in pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column to the right of the area."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row below the area."""
        return self.y + self.height

    @property
    def middle(self) -> tuple[int, int]:
        """The point in the middle."""
        return self.x + self.width // 2, self.y + self.height // 2

    def grown(self, by: int) -> "Area":
        """Return the area with ``by`` more pixels on each side."""
        return Area(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def shared_pixels(self, other: "Area") -> int:
        """Return the number of pixels that are in both areas."""
        across = min(self.right, other.right) - max(self.x, other.x)
        down = min(self.bottom, other.bottom) - max(self.y, other.y)
        return max(0, across) * max(0, down)
