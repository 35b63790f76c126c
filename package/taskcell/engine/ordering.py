"""Make the order of a task run when its inputs are known, and look whether its result is there already."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec

from taskcell.backends.contracts import TaskOrder
from taskcell.cache import keys, seeds
from taskcell.cache.results import Found, Results
from taskcell.engine.nodes import Graph, Node
from taskcell.model.artifacts import Artifact
from taskcell.model.runs import Plan
from taskcell.model.tasks import Task


class Orders:
    """Orders of one run.

    Parameters
    ----------
    plan, graph, results
        The run.
    installed
        Version of a distribution where tasks execute.
    """

    def __init__(self, plan: Plan, graph: Graph, results: Results, installed: Callable[[str], str | None]) -> None:
        self._plan = plan
        self._graph = graph
        self._results = results
        self._installed = installed

    def order(self, node: Node, epoch: int) -> TaskOrder:
        """Return what a worker is to be told; raise NotFoundError when an input was not kept."""
        return bound(self._unbound(node, epoch), node.task, self._graph.inputs(node), self._installed)

    def following(self, node: Node, epoch: int, before: Collection[str]) -> TaskOrder:
        """Return the order of a first attempt that needs results of others which the same worker makes just before."""
        sources = {
            binding.input: (binding.source, binding.output) for binding in node.planned.bindings if binding.source
        }
        awaits = {name: source for name, source in sources.items() if source[0] in before}
        inputs = self._graph.inputs(node, but=awaits)
        return msgspec.structs.replace(self._unbound(node, epoch), attempt=1, inputs=inputs, awaits=awaits)

    def _unbound(self, node: Node, epoch: int) -> TaskOrder:
        return TaskOrder(
            run_id=self._plan.run_id,
            task_id=node.id,
            attempt=0,
            epoch=epoch,
            task=node.planned.task,
            inputs={},
            parameters=self._shown(node),
            use_cache=self._plan.use_cache and node.task.options.cache,
            write_cache=node.task.options.cache,
            options=node.task.options,
            element=node.element,
            notices=node.notices,
        )

    def _shown(self, node: Node) -> dict[str, object]:
        """Return the parameters that the executed notebook shows, in JSON form."""
        values = {**self._plan.parameters, **node.planned.branch}
        return {
            binding.input: values[binding.input]
            for binding in node.planned.bindings
            if binding.parameter and binding.input in values and binding.input != node.task.options.map_over
        }

    def result(self, order: TaskOrder) -> Found:
        """Return the result that the cache has for an order, if it may be used."""
        if not order.use_cache or order.key is None:
            return Found(entry=None)
        return self._results.look_up(order.key, keep=True)


def bound(
    order: TaskOrder, task: Task, inputs: Mapping[str, Artifact], installed: Callable[[str], str | None]
) -> TaskOrder:
    """Return an order with all its inputs, and with what follows from them."""
    digests = {
        name: keys.InputDigest(digest=artifact.digest, label=artifact.preview) for name, artifact in inputs.items()
    }
    key = keys.task_key(task, digests, installed=installed)
    mapped = task.options.map_over
    return msgspec.structs.replace(
        order,
        inputs=dict(inputs),
        awaits={},
        key=key.digest,
        parts=key.parts,
        seed=seeds.seed_of(task, digests[mapped].digest if mapped is not None else None),
    )
