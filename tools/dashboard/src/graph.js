// Who waits for whom. What is in a cycle is red, and never goes on by itself.
import { Component } from "preact";
import dagre from "@dagrejs/dagre";
import { age, place } from "./format.js";
import { ActorName, Card, html, Table } from "./view.js";

const MOST = 60;  // nodes that a picture can show
const NODE = 30;

function caught(edge, cycles) {
    return cycles.some(({ actors }) => actors.some((from, i) => from === edge.from && actors[(i + 1) % actors.length] === edge.to));
}

function laidOut(edges, store) {
    const graph = new dagre.graphlib.Graph({ multigraph: true });
    graph.setGraph({ rankdir: "LR", nodesep: 22, ranksep: 80, marginx: 12, marginy: 14 });
    graph.setDefaultEdgeLabel(() => ({}));
    for (const id of new Set(edges.flatMap(({ from, to }) => [from, to]))) {
        const name = store.nameOf(id);
        graph.setNode(id, { id, name, width: Math.max(60, 20 + name.length * 7.5), height: NODE });
    }
    edges.forEach((edge, i) => graph.setEdge(edge.from, edge.to, { edge, width: label(edge).length * 6.4, height: 16, labelpos: "c" }, String(i)));
    dagre.layout(graph);
    return graph;
}

function label(edge) {
    return edge.type ? `${edge.kind}: ${edge.type.split("::").pop()}` : edge.kind;
}

function curve(points) {
    const [first, ...rest] = points;
    let path = `M${first.x},${first.y}`;
    for (let i = 0; i < rest.length - 1; i++) {
        const middle = i === rest.length - 2 ? rest[i + 1] : { x: (rest[i].x + rest[i + 1].x) / 2, y: (rest[i].y + rest[i + 1].y) / 2 };
        path += ` Q${rest[i].x},${rest[i].y} ${middle.x},${middle.y}`;
    }
    return rest.length > 1 ? path : `${path} L${rest[0].x},${rest[0].y}`;
}

class Picture extends Component {
    shouldComponentUpdate(next) { return next.drawn !== this.props.drawn || next.selected !== this.props.selected; }
    render({ edges, cycles, store, select, selected }) {
        const graph = laidOut(edges, store), { width, height } = graph.graph();
        return html`<div class="scroll graph" tabindex="0" role="region" aria-label="Picture of the wait graph"><svg width=${width} height=${height} viewBox="0 0 ${width} ${height}" role="group" aria-label="Wait graph">
            <defs>${["edge", "caught"].map((kind) => html`<marker id=${`tip-${kind}`} class=${kind} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" /></marker>`)}</defs>
            ${graph.edges().map((at) => {
        const { points, edge, x, y } = graph.edge(at), kind = caught(edge, cycles) ? "caught" : "edge";
        return html`<g class=${kind} data-from=${store.nameOf(edge.from)} data-to=${store.nameOf(edge.to)}><path d=${curve(points)} marker-end=${`url(#tip-${kind})`} /><text x=${x} y=${y - 5}>${label(edge)}</text></g>`;
    })}
            ${graph.nodes().map((id) => {
        const node = graph.node(id), red = cycles.some(({ actors }) => actors.includes(node.id));
        return html`<g class="node ${red ? "caught" : ""} ${node.id === selected ? "selected" : ""}" tabindex="0" role="button" aria-label=${node.name} onClick=${() => select(node.id)} onKeyDown=${(event) => event.key === "Enter" && select(node.id)}>
                <rect x=${node.x - node.width / 2} y=${node.y - NODE / 2} width=${node.width} height=${NODE} rx="5" /><text x=${node.x} y=${node.y + 4}>${node.name}</text></g>`;
    })}</svg></div>`;
    }
}

export function WaitGraph({ store, select, selected }) {
    const edges = store.whole.edges || [], cycles = store.whole.cycles || [], now = store.now();
    const sentence = (one) => `${[...one.actors, one.actors[0]].map((id) => store.nameOf(id)).join(" → ")}, for ${age(now - one.since)}. ` +
        (one.deadlock ? "None of them receives meanwhile, and none has a deadline: it never ends." : one.deadline ? `It ends by a deadline in ${age(one.deadline - now)} at the latest.` : "One of them still receives, so it may end.");
    let shown = edges;
    if (new Set(edges.flatMap(({ from, to }) => [from, to])).size > MOST) shown = edges.filter((edge) => caught(edge, cycles));
    const sorted = [...edges].sort((one, other) => caught(other, cycles) - caught(one, cycles) || (one.since || 0) - (other.since || 0)).slice(0, 200);
    const drawn = JSON.stringify([shown.map(({ from, to, kind, type }) => [from, to, kind, type, store.nameOf(from), store.nameOf(to)]), cycles.map(({ actors }) => actors)]);
    return html`<${Card} id="waits" title="Wait graph" note=${cycles.length ? "" : edges.length ? "no cycle" : ""} empty=${edges.length ? null : "No actor waits for another."}>
        ${cycles.map((one, i) => html`<p class="alarm" key=${i}><b>Cycle ${i + 1}:</b> ${sentence(one)}</p>`)}
        <div class="beside">${shown.length && shown.length <= 4 * MOST ? html`<${Picture} drawn=${drawn} edges=${shown} cycles=${cycles} store=${store} select=${select} selected=${selected} />` : html`<p class="empty">There are too many for a picture; the table has them.</p>`}
        <${Table} label="Who waits for whom" rows=${sorted} rowClass=${(edge) => caught(edge, cycles) ? "caught" : ""} columns=${[
        ["Who", (edge) => html`<${ActorName} id=${edge.from} store=${store} select=${select} />`], ["waits for", (edge) => html`<${ActorName} id=${edge.to} store=${store} select=${select} />`],
        ["Why", label], ["For", (edge) => edge.since ? age(now - edge.since) : "-", "n"], ["At", (edge) => place(edge.place || edge)], ["In its handler of", (edge) => edge.in_handler ? html`<code>${edge.in_handler}</code>` : ""]]} /></div>
    <//>`;
}
