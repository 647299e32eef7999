// Small pieces that every part of the page is made of.
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);

const STATES = {
    starting: "quiet", running: "busy", handling: "busy", asleep: "quiet", stopped: "held", traced: "held", down: "bad",
    dead: "bad", changing: "quiet",
};

export function stateText(row) {
    return row.state === "handling" && row.handling ? `in ${row.handling.type.split("::").pop()}` : row.state;
}

export function State({ row }) {
    return html`<span class="state ${STATES[row.state] || "quiet"} ${row.cycle ? "caught" : ""}"
        title=${row.handling ? `${row.state} ${row.handling.type}` : row.state}>${stateText(row)}</span>`;
}

// A card of the page with its heading.
export function Card({ id, title, note, tools, children, empty }) {
    return html`<section class="card" id=${id} aria-labelledby=${`${id}-title`}>
        <header><h2 id=${`${id}-title`}>${title}</h2>${note ? html`<span class="note">${note}</span>` : null}
        <span class="tools">${tools}</span></header>
        ${empty ? html`<p class="empty">${empty}</p>` : children}
    </section>`;
}

// columns: [[title, how to show a row, "n" for numbers]].
export function Table({ columns, rows, label, keyOf, rowClass }) {
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${label}><table aria-label=${label}>
        <thead><tr>${columns.map(([title, , kind]) => html`<th class=${kind || ""} scope="col">${title}</th>`)}</tr></thead>
        <tbody>${rows.map((row, i) => html`<tr key=${keyOf ? keyOf(row) : i} class=${rowClass ? rowClass(row) : ""}>
            ${columns.map(([, show, kind]) => html`<td class=${kind || ""}>${show(row)}</td>`)}</tr>`)}</tbody>
    </table></div>`;
}

// The last values as a line without axes.
export function Spark({ values, width = 64, height = 16, most }) {
    if (values.length < 2) return html`<svg class="spark" width=${width} height=${height} aria-hidden="true"></svg>`;
    const top = most || Math.max(...values, 1e-9);
    const at = (value, i) => `${(i * width / (values.length - 1)).toFixed(1)},` +
        `${(height - 1 - (height - 2) * Math.min(1, value / top)).toFixed(1)}`;
    const line = values.map(at).join(" ");
    return html`<svg class="spark" width=${width} height=${height} viewBox="0 0 ${width} ${height}" aria-hidden="true">
        <polygon points="0,${height} ${line} ${width},${height}" /><polyline points=${line} /></svg>`;
}

// How full a mailbox is, from 0 to 4: by its messages, or by the room that is left, whichever is worse.
export function heat(box) {
    if (!box?.messages) return 0;
    const full = box.of_granules ? box.granules / box.of_granules : 0;
    return Math.min(4, Math.max(1, Math.ceil(Math.log10(box.messages + 1)), Math.ceil(full * 4)));
}

export function ActorName({ id, store, select }) {
    if (!id) return html`<span class="dim">nobody</span>`;
    const name = store.nameOf(id);
    if (!store.actor(id)) return html`<span class="dim">${name}</span>`;
    return html`<button class="link" onClick=${() => select(id)}>${name}</button>`;
}

export function ActorNames({ ids, store, select, most = 4 }) {
    if (!ids?.length) return html`<span class="dim">nobody</span>`;
    const shown = ids.slice(0, most).map((id, i) => html`${i ? ", " : ""}<${ActorName} id=${id} store=${store} select=${select} />`);
    return html`${shown}${ids.length > most ? html`<span class="dim" title=${ids.map((id) => store.nameOf(id)).join(", ")}> and ${ids.length - most} more</span>` : null}`;
}
