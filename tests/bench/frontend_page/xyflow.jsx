import { ReactFlow, useReactFlow } from "@xyflow/react";
import css from "@xyflow/react/dist/style.css";
import { createRoot } from "react-dom/client";

export function start(place, run) {
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  const boxes = new Map(run.placed.boxes.map((box) => [box.id, box]));
  const nodes = run.graph.nodes.map((node) => {
    const { x, y, width, height } = boxes.get(node.id);
    return { id: node.id, position: { x, y }, width, height, data: { label: node.label }, style: { width, height } };
  });
  const edges = run.graph.edges.map((edge) => ({ id: `${edge.source}>${edge.target}`, source: edge.source, target: edge.target }));
  let flow;
  function Inner() {
    flow = useReactFlow();
    return null;
  }
  createRoot(place).render(
    <ReactFlow defaultNodes={nodes} defaultEdges={edges} fitView minZoom={0.01}><Inner /></ReactFlow>,
  );
  return {
    ready: () => place.querySelectorAll(".react-flow__node").length > 0 && place.querySelector(".react-flow__edge") !== null,
    pan(dx) { const now = flow.getViewport(); flow.setViewport({ ...now, x: now.x + dx }); },
    zoom(by) { const now = flow.getViewport(); flow.setViewport({ ...now, zoom: now.zoom * by }); },
    change(ids) { const chosen = new Set(ids); flow.setNodes((all) => all.map((node) => (chosen.has(node.id) ? { ...node, data: { label: `${node.data.label}.` }, style: { ...node.style, background: "#cfc" } } : node))); },
  };
}
