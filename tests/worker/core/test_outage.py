"""Warnings about a broker that does not answer."""

from worker.core.outage import BrokerOutage


def warned(outage: BrokerOutage, *moments: float) -> list[float]:
    return [moment for moment in moments if outage.is_warning_due(moment)]


def test_outage_at_a_start_is_reported_once_it_lasts() -> None:
    assert warned(BrokerOutage(5.0), 100.0, 100.1, 101.0, 104.9, 105.0, 106.0, 107.0) == [105.0]


def test_outage_of_a_working_broker_is_reported_at_once_and_then_each_minute() -> None:
    assert warned(BrokerOutage(), 100.0, 102.0, 159.9, 160.0, 162.0, 230.0) == [100.0, 160.0, 230.0]


def test_end_of_a_reported_outage_is_reported_with_its_length() -> None:
    outage = BrokerOutage()
    assert outage.end(90.0) is None, "there was none"
    assert warned(outage, 100.0, 130.0) == [100.0]
    assert outage.end(170.5) == 70.5
    assert outage.end(171.0) is None
    assert warned(outage, 180.0) == [180.0], "the next one is a new one"


def test_end_of_an_unreported_outage_is_not_reported() -> None:
    outage = BrokerOutage(5.0)
    assert warned(outage, 100.0, 104.0) == []
    assert outage.end(104.5) is None
    assert warned(outage, 200.0, 204.0) == [], "patience begins anew"
