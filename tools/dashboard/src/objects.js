// Queues, pipes, locks and the like, pools, names, and what doctor finds.
import { Component } from "preact";
import { age, bytes, count, rate } from "./format.js";
import { ActorName, ActorNames, Card, html, Table } from "./view.js";
import { ask } from "./stream.js";
import { shortId } from "./store.js";

export function Channels({ store, select }) {
    const rows = [...store.rows.channels.values()].filter((row) => row.kind === "queue" || row.kind === "pipe");
    const now = store.now(), names = (ids) => html`<${ActorNames} ids=${ids} store=${store} select=${select} />`;
    return html`<${Card} id="channels" title="Queues and pipes" note=${rows.length ? count(rows.length) : ""} empty=${rows.length ? null : "There are none."}>
        <${Table} label="Queues and pipes" rows=${rows} keyOf=${(row) => row.id} columns=${[
        ["", (row) => `${row.kind} ${shortId(row.id)}`], ["Items of", (row) => html`<code>${row.type || "many types"}</code>`],
        ["Items", (row) => html`<span class="bar" style=${{ "--share": row.capacity ? Math.min(1, row.messages / row.capacity) : 0 }}>${row.at_most ? "≤ " : ""}${count(row.messages)}${row.capacity ? html`<span class="dim"> of ${count(row.capacity)}</span>` : null}</span>`, "n"],
        ["Bytes", (row) => count(row.bytes), "n"], ["In/s", (row) => rate(row.in_per_second), "n"], ["Out/s", (row) => rate(row.out_per_second), "n"],
        ["Oldest", (row) => row.oldest ? age(now - row.oldest) : "-", "n"], ["Readers", (row) => names(row.readers)], ["Writers", (row) => names(row.writers)],
        ["Waiting", (row) => names([...(row.waiting_readers || []), ...(row.waiting_writers || [])])], ["", (row) => row.open ? "" : "closed"]]} />
    <//>`;
}

export function Locks({ store, select }) {
    const rows = [...store.rows.cells.values()], now = store.now();
    const value = (row) => row.kind === "semaphore" ? `${count(row.value)} of ${count(row.of_value)} free` : row.kind === "event" ? (row.value ? "set" : "not set") : row.kind === "barrier" && row.of_value ? `${count(row.value)} of ${count(row.of_value)} are there` : "";
    return html`<${Card} id="locks" title="Locks and events" note=${rows.length ? count(rows.length) : ""} empty=${rows.length ? null : "There are none."}>
        <${Table} label="Locks and events" rows=${rows} keyOf=${(row) => row.id} rowClass=${(row) => row.waiting?.length ? "waited" : ""} columns=${[
        ["", (row) => `${row.kind} ${shortId(row.id)}`], ["Made by", (row) => html`<${ActorName} id=${row.made_by} store=${store} select=${select} />`],
        ["Held by", (row) => row.holder ? html`<${ActorName} id=${row.holder} store=${store} select=${select} />` : row.kind === "semaphore" && row.awaited?.length ? html`${value(row)}: <${ActorNames} ids=${row.awaited} store=${store} select=${select} />` : value(row) || html`<span class="dim">nobody</span>`],
        ["For", (row) => row.holder && row.since ? age(now - row.since) : "", "n"], ["Waiting", (row) => html`<${ActorNames} ids=${row.waiting} store=${store} select=${select} />`]]} />
    <//>`;
}

// A row for each function of a pool; what is of the pool stands in the first. Of one that counts nothing, the workers
// alone are known.
export function Pools({ store, select }) {
    const pools = store.whole.pools || [];
    if (!pools.length) return null;
    const rows = pools.flatMap((pool) => {
        const functions = pool.functions?.length ? pool.functions : [{ ...pool, function: null }];
        return functions.map((tasks, i) => ({ pool: i ? null : pool, tasks, many: pool.functions?.length > 1 }));
    });
    const number = (value) => value == null ? "-" : count(value);
    const why = ({ replaced, retired, last_lost }) => !replaced ? number(replaced) : html`${count(replaced)}<span class="dim">${
        retired === replaced ? " had done their share" : last_lost ? `, the last ${last_lost}` : ""}</span>`;
    const over = (tasks) => tasks.done + tasks.failed + (tasks.dropped || 0);
    return html`<${Card} id="pools" title="Pools" note=${count(pools.length)}>
        <${Table} label="Pools" rows=${rows} columns=${[
        ["Pool", ({ pool }) => pool ? pool.name || "pool" : ""],
        ["Of", ({ pool }) => pool ? html`<${ActorName} id=${pool.owner} store=${store} select=${select} />` : ""],
        ["Workers", ({ pool }) => pool ? count(pool.workers.length) : "", "n"], ["Busy", ({ pool }) => pool ? count(pool.running) : "", "n"],
        ["Tasks of", ({ tasks, many }) => tasks.function ? html`<code>${tasks.function}</code>` : many ? "other functions" : ""],
        ["Done", ({ tasks }) => tasks.done == null ? "-" : html`<progress max=${Math.max(1, over(tasks) + tasks.running + tasks.waiting)} value=${over(tasks)} aria-label="Tasks that are done"></progress> ${count(tasks.done)}`],
        ["Running", ({ tasks }) => number(tasks.running), "n"], ["Waiting", ({ tasks }) => number(tasks.waiting), "n"],
        ["Failed", ({ tasks }) => number(tasks.failed), "n"], ["Replaced", ({ pool }) => pool ? why(pool) : ""]]} />
    <//>`;
}

export function Names({ store, select }) {
    const names = store.whole.names || [], circles = store.whole.circles || [];
    if (!names.length && !circles.length) return null;
    const rows = [...names.map((one) => ({ kind: "name", name: one.name, actors: [one.actor] })), ...circles];
    return html`<${Card} id="names" title="Names, topics and groups" note=${count(rows.length)}>
        <${Table} label="Names, topics and groups" rows=${rows} columns=${[["", (row) => row.kind], ["Name", (row) => row.name], ["Messages", (row) => row.type ? html`<code>${row.type}</code>` : ""], ["Actors", (row) => html`<${ActorNames} ids=${row.actors} store=${store} select=${select} most=${8} />`]]} />
    <//>`;
}

export class Doctor extends Component {
    state = { entries: null, failed: "" };
    componentDidMount() { this.read(); }
    read = async () => {
        try { this.setState({ entries: (await ask("doctor")).entries, failed: "" }); } catch (error) { this.setState({ failed: error.message }); }
    };
    render({ over }, { entries, failed }) {
        const rank = { low: 0, note: 1, ok: 2 }, rows = [...(entries || [])].sort((one, other) => rank[one.state] - rank[other.state]);
        const low = rows.filter((one) => one.state === "low").length;
        return html`<${Card} id="doctor" title="Doctor" note=${entries ? low ? `${low} too low` : "nothing is too low" : ""} tools=${html`<button disabled=${over} onClick=${this.read}>Look again</button>`} empty=${failed || null}>
            <${Table} label="Limits of the system" rows=${rows} keyOf=${(row) => row.name} columns=${[["", (row) => html`<span class="verdict ${row.state}">${row.state === "low" ? "too low" : row.state}</span>`], ["What", (row) => row.name], ["Is", (row) => row.value], ["Needed", (row) => row.needed || ""], ["Advice", (row) => row.advice || ""]]} />
        <//>`;
    }
}

export function memory(program) {
    return `${bytes(program.shared_bytes)} of ${bytes(program.shared_budget)}`;
}
