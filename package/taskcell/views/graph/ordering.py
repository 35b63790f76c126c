"""Order within ranks (few crossings) and coordinates across ranks (straight edges, no overlap).

Barycentre sweeps with adjacent exchanges after Sugiyama, Tagawa and Toda (1981); coordinates by isotonic
regression: each node wants the mean of its neighbours, and pooling adjacent violators gives the closest
positions that keep the order and the distances.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence

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
        mean = {
            member: sum(place[other] for other in links[member]) / len(links[member])
            if links[member]
            else place[member]
            for member in rank
        }
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
                gain = _gain(left, right, up, place) + _gain(left, right, down, place)
                if gain > 0:
                    rank[index], rank[index + 1] = right, left
                    place[left], place[right] = index + 1, index
                    changed = True
        if not changed:
            break


def _gain(left: int, right: int, links: Links, place: list[int]) -> int:
    """Return how many crossings fewer there are when ``right`` comes before ``left``."""
    if not links[left] or not links[right]:
        return 0
    ones = [place[other] for other in links[left]]
    others = [place[other] for other in links[right]]
    if len(ones) * len(others) > 400:
        return 0  # two wide fans: the barycentre has settled them
    return sum((one > other) - (one < other) for one in ones for other in others)


def crossings(ranks: Ranks, down: Links, place: list[int]) -> int:
    """Count the crossings of edges between neighbouring ranks."""
    total = 0
    for rank in ranks:
        seen: list[int] = []
        for member in rank:
            targets = sorted(place[other] for other in down[member])
            total += sum(len(seen) - bisect_left(seen, target + 1) for target in targets)
            for target in targets:
                insort(seen, target)
    return total


def spread(ranks: Ranks, up: Links, down: Links, sizes: Sequence[float], gap: float) -> list[float]:
    """Return each member's centre across its rank: near its neighbours, in order, at least ``gap`` apart.

    A member of size 0 is a bend of an edge; edges between bends are kept straightest.
    """
    centre = [0.0] * len(up)
    for rank in ranks:
        _stack(rank, sizes, gap, centre)
    for downward in (True, False, True, False, True) if len(up) < 3000 else (True, False):
        for rank in ranks if downward else reversed(ranks):
            _settle(rank, up if downward else down, sizes, gap, centre)
    both = [[*above, *below] for above, below in zip(up, down, strict=True)]
    for turn in range(10 if len(up) < 600 else 1):
        for rank in ranks if turn % 2 else reversed(ranks):
            _settle(rank, both, sizes, gap, centre)
    return centre


def straighten(
    ranks: Ranks, chains: Sequence[Sequence[int]], sizes: Sequence[float], gap: float, centre: list[float]
) -> None:
    """Put all bends of one edge in a line where the members beside them leave room for it."""
    beside: dict[int, tuple[int | None, int | None]] = {}
    for rank in ranks:
        for index, member in enumerate(rank):
            after = rank[index + 1] if index + 1 < len(rank) else None
            beside[member] = (rank[index - 1] if index else None, after)
    for chain in chains:
        low, high = float("-inf"), float("inf")
        for bend in chain:
            left, right = beside[bend]
            if left is not None:
                low = max(low, centre[left] + sizes[left] / 2 + gap)
            if right is not None:
                high = min(high, centre[right] - sizes[right] / 2 - gap)
        if low <= high:
            middle = min(max(sum(centre[bend] for bend in chain) / len(chain), low), high)
            for bend in chain:
                centre[bend] = middle


def _stack(rank: Sequence[int], sizes: Sequence[float], gap: float, centre: list[float]) -> None:
    edge = 0.0
    for member in rank:
        centre[member] = edge + sizes[member] / 2
        edge += sizes[member] + gap


def _settle(rank: Sequence[int], links: Links, sizes: Sequence[float], gap: float, centre: list[float]) -> None:
    """Move the members of one rank to the closest allowed places to where their neighbours want them."""
    offset, edge = [], 0.0
    blocks: list[list[float]] = []  # [weight, weighted target, members]
    for member in rank:
        offset.append(edge + sizes[member] / 2)
        edge += sizes[member] + gap
        weight, target = _wish(member, links[member], sizes, centre)
        blocks.append([weight, weight * (target - offset[-1]), 1])
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][0] > blocks[-1][1] / blocks[-1][0]:
            weight, weighted, members = blocks.pop()
            blocks[-1][0] += weight
            blocks[-1][1] += weighted
            blocks[-1][2] += members
    index = 0
    for weight, weighted, members in blocks:
        for _ in range(int(members)):
            centre[rank[index]] = weighted / weight + offset[index]
            index += 1


def _wish(member: int, neighbours: Sequence[int], sizes: Sequence[float], centre: list[float]) -> tuple[float, float]:
    if not neighbours:
        return 0.05, centre[member]
    if len(neighbours) == 1:
        other = neighbours[0]
        return (8.0 if sizes[member] == 0 and sizes[other] == 0 else 1.0), centre[other]
    total = wanted = 0.0
    for other in neighbours:
        weight = 8.0 if sizes[member] == 0 and sizes[other] == 0 else 1.0
        total += weight
        wanted += weight * centre[other]
    return total, wanted / total
