"""Mend a run whose stored values were damaged after they were made: what made them is executed once more."""

from __future__ import annotations

import msgspec

from taskcell.cache.results import Results
from taskcell.engine import states
from taskcell.engine.nodes import Graph, Node
from taskcell.model.runs import TaskState


class Mender:
    """Finds which inputs of a failed node are damaged, and reopens the nodes that made them, each once."""

    def __init__(self, graph: Graph, results: Results) -> None:
        self._graph = graph
        self._results = results

    def mend(self, node: Node) -> bool:
        """Let a node wait for its damaged inputs to be made again; return False when none can be.

        An element of a map is not mended: the list that it is of belongs to its parent.
        """
        if node.parent is not None:
            return False
        found = False
        for source, output in self._graph.sources(node):
            if source.end is not None and output in source.end.outputs:
                damage = self._results.damage(source.end.outputs[output])
                if damage and not source.mended:
                    self._reopen(source, output, damage)
            if source.end is None and source.state not in (TaskState.FAILED, TaskState.SKIPPED):
                # Also one that another node's failure has reopened already.
                self._graph.wait_for(node, source)
                found = True
        return found

    def _reopen(self, source: Node, output: str, damage: str) -> None:
        source.mended = True
        source.notices = (
            *source.notices,
            f"its result {output!r} was damaged in the store and is made again: {damage}",
        )
        source.elements = []
        self._graph.reopen(source)

    def checked(self, attempt: states.Attempt) -> states.Attempt:
        """Return an attempt without its result when that is damaged."""
        end = attempt.end
        if end is None or not any(map(self._results.damage, end.outputs.values())):
            return attempt
        return states.Attempt(
            number=attempt.number,
            start=attempt.start,
            end=msgspec.structs.replace(
                end, state=TaskState.FAILED, error=states.damaged("its stored result is damaged")
            ),
        )
