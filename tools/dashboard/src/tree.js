// The actors: a tree, or a list by whatever column was chosen. Only the rows that can be seen are drawn.
import { Component } from "preact";
import { age, bytes, count, percent, place, rate, waiting } from "./format.js";
import { heat, html, Spark, State } from "./view.js";

const ROW = 27;  // px, as in page.css
const COLUMNS = [
    ["Actor", "name", null], ["PID", "pid", "n", (row) => row.pid], ["State", "state", null],
    ["Since", "since", "n", (row) => -row.since], ["CPU", "cpu", "n", (row) => row.cpu || 0],
    ["Memory", "memory", "n", (row) => row.memory], ["Restarts", "restarts", "n", (row) => row.restarts],
    ["Queued", "queued", "n", (row) => row.mailbox?.messages || 0],
    ["Oldest", "oldest", "n", (row) => -(row.mailbox?.oldest ?? Infinity)],
    ["Taken/s", "taken", "n", (row, store) => store.history(row.id).taken.mean(3)],
    ["Waits for", "waits", null],
];

export class Tree extends Component {
    state = { sort: null, filter: "", top: 0, height: 560, closed: new Set() };

    componentDidMount() {
        this.seen = new ResizeObserver(() => this.setState({ height: this.box.clientHeight }));
        this.seen.observe(this.box);
    }
    componentWillUnmount() { this.seen.disconnect(); }

    entries() {
        const { store } = this.props, { sort, filter, closed } = this.state;
        let found = store.tree;
        if (filter) {
            const wanted = filter.toLowerCase();
            found = found.filter(({ row }) => `${row.name} ${row.function} ${row.pid} ${row.state} ${row.handling?.type || ""}`.toLowerCase().includes(wanted));
        }
        if (sort) {
            const by = COLUMNS.find(([, name]) => name === sort)[3];
            const value = new Map(found.map((one) => [one, by(one.row, store)]));
            found = [...found].sort((one, other) => value.get(other) - value.get(one) || one.row.id - other.row.id);
        }
        if (sort || filter) return found.map((one) => ({ ...one, rails: null }));
        let hidden = Infinity;
        return found.filter((one) => {
            if (one.depth > hidden) return false;
            hidden = closed.has(one.row.id) ? one.depth : Infinity;
            return true;
        });
    }

    fold(id, shut) {
        const closed = new Set(this.state.closed);
        if (shut ?? !closed.has(id)) closed.add(id); else closed.delete(id);
        this.setState({ closed });
    }

    onKey = (event, entries) => {
        const at = entries.findIndex(({ row }) => row.id === this.props.selected);
        const page = Math.max(1, Math.floor(this.state.height / ROW) - 2);
        const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: entries.length - 1 }[event.key];
        if (to !== undefined && entries.length) {
            const next = Math.min(entries.length - 1, Math.max(0, to));
            this.props.select(entries[next].row.id);
            this.show(next);
        } else if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && at >= 0 && entries[at].children) {
            this.fold(entries[at].row.id, event.key === "ArrowLeft");
        } else if (event.key === "Enter") {
            document.getElementById("actor")?.focus();
        } else {
            return;
        }
        event.preventDefault();
    };

    show(index) {
        const top = index * ROW, box = this.box, head = ROW;
        if (top < box.scrollTop) box.scrollTop = top;
        else if (top + ROW + head > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW + head - box.clientHeight;
    }

    row({ row, rails, last, children }, index) {
        const { store, selected, select } = this.props;
        const box = row.mailbox, now = store.now(), caught = row.cycle > 0;
        const waits = row.waits_known === false ? "being written" : row.waits?.length
            ? waiting(row.waits[0], (why) => store.named(why), now) + (row.waits.length + (row.waits_more || 0) > 1 ? `, and ${row.waits.length + (row.waits_more || 0) - 1} more` : "")
            : row.state === "handling" || row.state === "running" ? "nothing: it runs" : "";
        return html`<tr key=${row.id} id=${`row-${row.id}`} role="row" aria-selected=${row.id === selected} aria-level=${(rails?.length || 0) + 1}
                aria-rowindex=${index + 2} class=${row.id === selected ? "selected" : ""} onClick=${() => select(row.id)}>
            <td class="name" title=${row.function}>${rails?.map((_, i) => html`<i class=${i === rails.length - 1 ? (last ? "elbow" : "branch") : rails[i + 1] ? "rail" : ""}></i>`)}
                ${!rails ? null : !children ? html`<span class="fold"></span>` : html`<span class="fold" aria-hidden="true" onClick=${(event) => { event.stopPropagation(); this.fold(row.id); }}>${this.state.closed.has(row.id) ? "▸" : "▾"}</span>`}
                <span class="text">${row.name}</span>${row.stop_requested ? html`<em> stop requested</em>` : null}</td>
            <td class="n dim">${row.pid || "-"}</td>
            <td><${State} row=${row} /></td>
            <td class="n">${age(now - row.since)}</td>
            <td class="n"><span class="bar" style=${{ "--share": Math.min(1, row.cpu || 0) }}>${percent(row.cpu)}</span></td>
            <td class="n">${bytes(row.memory)}</td>
            <td class="n ${row.restarts ? "restarts" : "dim"}">${row.supervised || row.restarts ? count(row.restarts) : row.parent ? "0" : "-"}</td>
            <td class="n heat${heat(box)}">${box ? (box.at_most ? "≤ " : "") + count(box.messages) : "-"}</td>
            <td class="n">${box?.oldest ? age(now - box.oldest) : "-"}</td>
            <td class="n rate"><${Spark} values=${store.history(row.id).taken.last(60)} width=${40} />${rate(store.history(row.id).taken.mean(2))}</td>
            <td class="waits" title=${waits}>${caught ? html`<b class="cycle">cycle ${row.cycle}</b> ` : null}${waits} ${place(row.place) && row.waits?.length ? html`<span class="dim">${place(row.place)}</span>` : null}</td>
        </tr>`;
    }

    render({ store, selected }) {
        const entries = this.entries(), { top, height, sort, filter } = this.state;
        const from = Math.max(0, Math.floor(top / ROW) - 8), to = Math.min(entries.length, from + Math.ceil(height / ROW) + 16);
        const drawn = entries.slice(from, to);
        const active = drawn.some(({ row }) => row.id === selected) ? `row-${selected}` : undefined;
        return html`<section class="card actors" id="actors" aria-labelledby="actors-title">
            <header><h2 id="actors-title">Actors</h2><span class="note">${filter ? `${count(entries.length)} of ${count(store.tree.length)}` : count(store.tree.length)}${sort ? `, by ${sort}` : ""}</span>
                <span class="tools">${sort ? html`<button onClick=${() => this.setState({ sort: null })}>As a tree</button>` : null}
                <input id="filter" type="search" placeholder="Filter   /" aria-label="Filter the actors" value=${filter} onInput=${(event) => this.setState({ filter: event.target.value })} /></span></header>
            <div class="grid" tabindex="0" role="treegrid" aria-label="Actors" aria-rowcount=${entries.length + 1} aria-activedescendant=${active}
                ref=${(box) => { this.box = box; }} onScroll=${(event) => this.setState({ top: event.currentTarget.scrollTop })} onKeyDown=${(event) => event.target === this.box && this.onKey(event, entries)}>
                <table role="presentation"><thead><tr role="row">${COLUMNS.map(([title, name, kind, by]) => html`<th role="columnheader" class="${kind || ""} of-${name}" aria-sort=${sort === name ? "descending" : "none"}>
                    ${by ? html`<button class="head" onClick=${() => this.setState({ sort: sort === name ? null : name })}>${title}${sort === name ? " ▾" : ""}</button>` : name === "name" ? html`<button class="head" onClick=${() => this.setState({ sort: null })}>${title}</button>` : title}</th>`)}</tr></thead>
                <tbody><tr aria-hidden="true" style=${{ height: `${from * ROW}px` }}></tr>${drawn.map((one, i) => this.row(one, from + i))}<tr aria-hidden="true" style=${{ height: `${(entries.length - to) * ROW}px` }}></tr></tbody></table>
                ${entries.length ? null : html`<p class="empty">No actor fits. <button class="link" onClick=${() => this.setState({ filter: "" })}>Show all</button></p>`}
            </div></section>`;
    }
}
