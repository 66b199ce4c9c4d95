"""Leases of the jobs that this worker holds, and which of them it may renew. Pure: time comes in as a value."""

from collections.abc import Iterable
from typing import NamedTuple

from worker.core.delivery import Delivery

Key = tuple[str, str]


class _Lease(NamedTuple):
    delivery: Delivery
    renew_until: float
    settling: bool = False


class Leases:
    """Jobs from their delivery until they are settled or lost.

    A waiting job is renewed without limit. A job that is being decoded is renewed only until its deadline, so that
    a hanging engine loses its job.
    """

    def __init__(self) -> None:
        self._held: dict[Key, _Lease] = {}

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, delivery: Delivery) -> None:
        """Hold a job that was delivered or waits again."""
        self._held[delivery.key] = _Lease(delivery, float("inf"))

    def decoding(self, deliveries: Iterable[Delivery], deadline: float) -> None:
        """Mark jobs whose decode has begun and must end by ``deadline``."""
        for delivery in deliveries:
            self._held[delivery.key] = _Lease(delivery, deadline)

    def to_renew(self, now: float) -> list[Delivery]:
        """Return the jobs whose leases to renew now."""
        mine = (lease for lease in self._held.values() if not lease.delivery.borrowed)
        return [lease.delivery for lease in mine if now < lease.renew_until]

    def holds(self, delivery: Delivery) -> bool:
        """Return whether this worker still holds the job."""
        return delivery.key in self._held

    def settling(self, delivery: Delivery) -> None:
        """Mark a job whose outcome is on its way: the broker's answer says whether the job was still ours."""
        self._held[delivery.key] = self._held[delivery.key]._replace(settling=True)

    def lose(self, deliveries: Iterable[Delivery]) -> list[Delivery]:
        """Release jobs that were not ours any more when their leases were renewed; return them.

        Leave out what is being settled, and what was settled and delivered again since.
        """
        return [each for each in deliveries if self._is_at_stake(each) and self.release([each.key])]

    def release(self, keys: Iterable[Key]) -> list[Delivery]:
        """Release settled or lost jobs; return those that were held."""
        return [lease.delivery for key in keys if (lease := self._held.pop(key, None))]

    def release_all(self) -> list[Delivery]:
        """Release every job, and return those that were held."""
        return self.release(tuple(self._held))

    def _is_at_stake(self, delivery: Delivery) -> bool:
        lease = self._held.get(delivery.key)
        return lease is not None and lease.delivery is delivery and not lease.settling
