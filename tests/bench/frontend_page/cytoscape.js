import cytoscape from "cytoscape";

export function start(place, run) {
  const boxes = new Map(run.placed.boxes.map((box) => [box.id, box]));
  let drawn = false;
  const graph = cytoscape({
    container: place,
    layout: { name: "preset" },
    style: [{ selector: "node", style: { shape: "round-rectangle", width: 144, height: 46, label: "data(label)", "background-color": "#eee" } }, { selector: "edge", style: { "curve-style": "bezier", width: 1, "target-arrow-shape": "triangle" } }],
    elements: [
      ...run.graph.nodes.map((node) => ({ data: { id: node.id, label: node.label }, position: { x: boxes.get(node.id).x + 72, y: boxes.get(node.id).y + 23 } })),
      ...run.graph.edges.map((edge) => ({ data: { source: edge.source, target: edge.target } })),
    ],
  });
  graph.one("render", () => (drawn = true));
  return {
    ready: () => drawn,
    pan: (dx) => graph.panBy({ x: dx, y: 0 }),
    zoom: (by) => graph.zoom(graph.zoom() * by),
    change: (ids) => graph.batch(() => { for (const id of ids) graph.getElementById(id).style("background-color", "#cfc"); }),
  };
}
