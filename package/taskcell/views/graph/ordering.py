"""Order within ranks (few crossings) and coordinates across ranks (straight edges, no overlap).

Barycentre sweeps with adjacent exchanges after Sugiyama, Tagawa and Toda (1981); coordinates by isotonic
regression: each node wants the mean of its neighbours, and pooling adjacent violators gives the closest
positions that keep the order and the distances.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise

Ranks = list[list[int]]
Links = Sequence[Sequence[int]]


def order(ranks: Ranks, up: Links, down: Links) -> Ranks:
    """Return the ranks with their members reordered so that few edges cross."""
    members = sum(map(len, ranks))
    sweeps = 16 if members < 300 else 8 if members < 1500 else 3
    place = [0] * len(up)
    _number(ranks, place)
    best, fewest = [list(rank) for rank in ranks], crossings(ranks, down, place)
    for sweep in range(sweeps):
        if fewest == 0:
            break
        _sweep(ranks, up if sweep % 2 == 0 else down, place, downward=sweep % 2 == 0)
        _exchange(ranks, up, down, place, rounds=2 if members < 1500 else 1)
        now = crossings(ranks, down, place)
        if now < fewest:
            best, fewest = [list(rank) for rank in ranks], now
    return best


def _number(ranks: Ranks, place: list[int]) -> None:
    for rank in ranks:
        for index, member in enumerate(rank):
            place[member] = index


def _sweep(ranks: Ranks, links: Links, place: list[int], *, downward: bool) -> None:
    """Sort each rank by the mean place of its neighbours in the rank just done."""
    for rank in ranks if downward else reversed(ranks):
        mean: dict[int, float] = {}
        for member in rank:
            near = links[member]
            if len(near) == 1:  # most of a large graph's members are bends
                mean[member] = place[near[0]]
            elif near:
                mean[member] = sum([place[other] for other in near]) / len(near)
            else:
                mean[member] = place[member]
        rank.sort(key=mean.__getitem__)
        for index, member in enumerate(rank):
            place[member] = index


def _exchange(ranks: Ranks, up: Links, down: Links, place: list[int], rounds: int) -> None:
    """Exchange neighbours in a rank while that removes crossings."""
    for _ in range(rounds):
        changed = False
        for rank in ranks:
            for index in range(len(rank) - 1):
                left, right = rank[index], rank[index + 1]
                if _gain(up[left], up[right], place) + _gain(down[left], down[right], place) > 0:
                    rank[index], rank[index + 1] = right, left
                    place[left], place[right] = index + 1, index
                    changed = True
        if not changed:
            break


def _gain(left: Sequence[int], right: Sequence[int], place: list[int]) -> int:
    """Return how many crossings fewer there are when the one with neighbours ``right`` comes before that with ``left``."""
    if len(left) == 1 == len(right):
        one, other = place[left[0]], place[right[0]]
        return (one > other) - (one < other)
    if not left or not right or len(left) * len(right) > 400:
        return 0  # two wide fans: the barycentre has settled them
    total = 0
    others = [place[member] for member in right]
    for member in left:
        one = place[member]
        for other in others:
            if one > other:
                total += 1
            elif one < other:
                total -= 1
    return total


def crossings(ranks: Ranks, down: Links, place: list[int]) -> int:
    """Count the crossings of edges between neighbouring ranks."""
    total = 0
    for rank in ranks:
        seen: list[int] = []
        for member in rank:
            near = down[member]
            if len(near) == 1:
                target = place[near[0]]
                total += len(seen) - bisect_right(seen, target)
                insort(seen, target)
            elif near:
                targets = sorted([place[other] for other in near])
                count = len(seen)
                for target in targets:
                    total += count - bisect_right(seen, target)
                for target in targets:
                    insort(seen, target)
    return total


def spread(ranks: Ranks, up: Links, down: Links, sizes: Sequence[float], gap: float) -> list[float]:
    """Return each member's centre across its rank: near its neighbours, in order, at least ``gap`` apart.

    A member of size 0 is a bend of an edge; edges between bends are kept straightest.
    """
    centre = [0.0] * len(up)
    offsets = []
    for rank in ranks:
        offset = _offsets(rank, sizes, gap)
        offsets.append(offset)
        for member, start in zip(rank, offset, strict=True):
            centre[member] = start
    paired = list(zip(ranks, offsets, strict=True))
    for downward in (True, False, True, False, True) if len(up) < 3000 else (True, False):
        for rank, offset in paired if downward else reversed(paired):
            _settle(rank, offset, up if downward else down, sizes, centre)
    both = [[*above, *below] for above, below in zip(up, down, strict=True)]
    for turn in range(10 if len(up) < 600 else 1):
        for rank, offset in paired if turn % 2 else reversed(paired):
            _settle(rank, offset, both, sizes, centre)
    return centre


def straighten(
    ranks: Ranks, chains: Sequence[Sequence[int]], sizes: Sequence[float], gap: float, centre: list[float]
) -> None:
    """Put all bends of one edge in a line where the members beside them leave room for it."""
    left_of, right_of = [-1] * len(centre), [-1] * len(centre)
    for rank in ranks:
        for left, right in pairwise(rank):
            left_of[right], right_of[left] = left, right
    for chain in chains:
        low, high = float("-inf"), float("inf")
        for bend in chain:
            left, right = left_of[bend], right_of[bend]
            if left >= 0:
                low = max(low, centre[left] + sizes[left] / 2 + gap)
            if right >= 0:
                high = min(high, centre[right] - sizes[right] / 2 - gap)
        if low <= high:
            middle = min(max(sum([centre[bend] for bend in chain]) / len(chain), low), high)
            for bend in chain:
                centre[bend] = middle


def _offsets(rank: Sequence[int], sizes: Sequence[float], gap: float) -> list[float]:
    """Return where members stand that are packed as close as they may be."""
    found, edge = [], 0.0
    for member in rank:
        size = sizes[member]
        found.append(edge + size / 2)
        edge += size + gap
    return found


def _settle(
    rank: Sequence[int], offset: Sequence[float], links: Links, sizes: Sequence[float], centre: list[float]
) -> None:
    """Move the members of one rank to the closest allowed places to where their neighbours want them."""
    blocks: list[tuple[float, float, int]] = []  # weight, weighted target, members
    for member, start in zip(rank, offset, strict=True):
        near = links[member]
        if len(near) == 1:
            other = near[0]
            weight = 8.0 if sizes[member] == 0 and sizes[other] == 0 else 1.0
            target = centre[other]
        else:
            weight, target = _wish(member, near, sizes, centre)
        weighted, members = weight * (target - start), 1
        while blocks and blocks[-1][1] / blocks[-1][0] > weighted / weight:
            before = blocks.pop()
            weight, weighted, members = before[0] + weight, before[1] + weighted, before[2] + members
        blocks.append((weight, weighted, members))
    index = 0
    for weight, weighted, members in blocks:
        shift = weighted / weight
        for position in range(index, index + members):
            centre[rank[position]] = shift + offset[position]
        index += members


def _wish(member: int, neighbours: Sequence[int], sizes: Sequence[float], centre: list[float]) -> tuple[float, float]:
    if not neighbours:
        return 0.05, centre[member]
    total = wanted = 0.0
    is_bend = sizes[member] == 0
    for other in neighbours:
        weight = 8.0 if is_bend and sizes[other] == 0 else 1.0
        total += weight
        wanted += weight * centre[other]
    return total, wanted / total
