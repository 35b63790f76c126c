"""What a run will need first, so that it can be started while its driver is."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from taskcell.cache.results import Results
from taskcell.engine.nodes import Graph, Node
from taskcell.engine.ordering import Orders
from taskcell.engine.warm import foreseeing
from taskcell.environment import installed_version
from taskcell.model.runs import Plan
from taskcell.model.tasks import Isolation, Task, TaskOptions
from taskcell.store import paths, pooling
from taskcell.store.opening import Store

MOST = 16
"""Tasks that are looked at."""


def first(where: Store, plan: Plan, tasks: dict[str, Task]) -> tuple[TaskOptions, ...]:
    """Return the options of the first tasks that wait for no other one and whose results the store doesn't have.

    A guess: what is installed where they execute is not known here, and a result may turn out to be damaged.

    Parameters
    ----------
    tasks
        The version's, by address.
    """
    graph = Graph(plan, tasks.__getitem__)
    orders = Orders(plan, graph, Results(where), installed_version)

    def is_missing(node: Node) -> bool:
        mapped = node.task.options.map_over is not None
        if mapped or not plan.use_cache or not node.task.options.cache:
            return True
        key = orders.order(node, 1).key
        return key is None or not where.records.exists(paths.cache_entry(key))

    nodes = list(islice(graph.ready, MOST))
    missing = pooling.each(where.files, is_missing, nodes)
    return tuple(node.task.options for node, is_so in zip(nodes, missing, strict=True) if is_so)


def warm(plan: Plan) -> None:
    """Start the server that task runs here are forked from; this process holds it, so that the next launch finds it."""
    if plan.isolation is Isolation.PROCESS:
        foreseeing.server(plan.imports, [Path(plan.folder)])
