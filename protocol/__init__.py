"""Messages and values that cross process boundaries: data and pure functions only.

The modules are split by audience: ``protocol.session`` is spoken between client and gateway, ``protocol.job``
between gateway and worker, ``protocol.engine`` between a worker and its engine process. Nothing is re-exported
here, so that an import shows which audience a module belongs to.
"""
