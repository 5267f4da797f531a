"""Feature of the graphs that are compiled, by which the origins of nodes outlive the optimizer."""
from theano.gof.opt import Optimizer
from theano.gof.toolbox import Feature

from lasagne_ext.engine.origins import chains_of


class OriginsFeature(Feature):
    """Hand origins on from what a rewrite replaces to what takes its place."""

    def __init__(self):
        self._imported = []

    def on_attach(self, fgraph):
        fgraph.origins_feature = self

    def on_detach(self, fgraph):
        del fgraph.origins_feature

    def on_import(self, fgraph, node, reason):
        self._imported.append(node)

    def on_change_input(self, fgraph, node, i, r, new_r, reason=None):
        chains, made = chains_of(r.owner), new_r.owner
        for imported in self._imported if chains else ():
            if not chains_of(imported):
                imported.tag.origins = chains
        if not self._imported and chains and made and (r.owner.op, r.owner.inputs) == (made.op, made.inputs):
            # Two layers did the same to the same; of one layer's two directions, the node that stays tells.
            known = {chain[0][1] for chain in chains_of(made)}
            made.tag.origins = chains_of(made) + tuple(chain for chain in chains if chain[0][1] not in known)
        self._imported = []
        if made and hasattr(getattr(made.op, 'scalar_op', None), 'fgraph'):
            _add_fused(r, made)


def _add_fused(variable, fused):
    """Give a node that computes several scalar operations at once the origins of all of them."""
    chains = chains_of(fused)
    seen, remaining = set(fused.inputs), [variable]
    while remaining:
        current = remaining.pop()
        if current not in seen and hasattr(getattr(current.owner, 'op', None), 'scalar_op'):
            seen.add(current)
            remaining += current.owner.inputs
            chains += tuple(chain for chain in chains_of(current.owner) if chain not in chains)
    if chains:
        fused.tag.origins = chains


class _Attach(Optimizer):
    def apply(self, fgraph):
        fgraph.attach_feature(OriginsFeature())


class _Detach(Optimizer):
    """Leave no feature of ours in a compiled graph, that it can be loaded where this is not."""

    def apply(self, fgraph):
        fgraph.remove_feature(fgraph.origins_feature)


def register(database, *tags):
    """Hand origins on in the functions whose modes ask for one of some tags; harmless where that is done already.

    Parameters
    ----------
    database : theano.gof.DB
        Of the optimizations of whole graphs.
    *tags : str
        Such as ``'fast_run'``.
    """
    if 'follow_origins' not in database:
        database.register('follow_origins', _Attach(), -10, *tags)
        database.register('leave_origins', _Detach(), 10 ** 6, *tags)
