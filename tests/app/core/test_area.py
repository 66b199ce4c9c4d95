from app.core.area import Area


def test_area_has_edges_and_middle() -> None:
    area = Area(10, 20, 30, 40)
    assert (area.right, area.bottom, area.middle) == (40, 60, (25, 40))
    assert area.grown(2) == (8, 18, 34, 44)


def test_shared_counts_pixels_of_both_areas() -> None:
    area = Area(0, 0, 10, 10)
    assert area.shared_pixels(Area(8, 7, 10, 10)) == 2 * 3
    assert area.shared_pixels(Area(2, 2, 3, 3)) == 9
    assert area.shared_pixels(Area(10, 0, 5, 5)) == area.shared_pixels(Area(-9, -9, 5, 30)) == 0
