"""From a node of a graph to the layer of a network that made it."""
from collections import namedtuple

from lasagne_ext.engine.origins import origins

#: Where in a network a node belongs: the layer's name, ``'forward'`` or ``'backward'``, and whether
#: the node itself says so, or else only one next to it.
Place = namedtuple('Place', 'name direction exact')


def places(node, names):
    """The layers that made a node.

    Parameters
    ----------
    node : Apply
        Of any graph, optimized or not.
    names : dict
        layer -> name, all layers of a network.

    Returns
    -------
    list of Place
        Several where the optimizer has made one node of several layers'; empty where no layer of this
        network has made it, as for a loss or an update.
    """
    found = []
    for output in node.outputs:
        for chain in origins(output):
            inside = [origin for origin in chain if origin.layer in names]
            if inside:
                place = Place(names[inside[0].layer], inside[0].direction, True)
                if place not in found:
                    found.append(place)
    return found


def nearest_place(node, names):
    """Where a node belongs; if it does not say so, where the nodes do that made its inputs.

    Returns
    -------
    Place or None
    """
    seen, remaining = {node}, [node]
    while remaining:
        current = remaining.pop(0)
        found = places(current, names)
        if found:
            return found[0]._replace(exact=current is node)
        for variable in current.inputs:
            if variable.owner is not None and variable.owner not in seen:
                seen.add(variable.owner)
                remaining.append(variable.owner)
    return None
