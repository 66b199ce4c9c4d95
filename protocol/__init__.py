"""Every type that crosses a process: data and pure functions, split by audience.

Nothing is re-exported here. The split is the point: ``protocol.session`` is what a client and a gateway say to
each other, ``protocol.job`` what a gateway and a worker say, ``protocol.engine`` what a worker and its engine
process say.
"""
