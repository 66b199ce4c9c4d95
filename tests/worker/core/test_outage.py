"""Warnings about a broker that does not answer."""

from worker.core.outage import BrokerOutage


def warned(outage: BrokerOutage, *moments: float) -> list[float]:
    return [moment for moment in moments if outage.is_warning_due(moment)]


def test_outage_at_a_start_is_reported_once_it_lasts() -> None:
    assert warned(BrokerOutage(5.0), 100.0, 100.1, 101.0, 104.9, 105.0, 106.0, 107.0) == [105.0]


def test_outage_of_a_working_broker_is_reported_at_once_and_then_each_minute() -> None:
    assert warned(BrokerOutage(), 100.0, 102.0, 159.9, 160.0, 162.0, 230.0) == [100.0, 160.0, 230.0]
