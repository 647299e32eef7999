// One actor: what it is, what waits in its mailbox, what it did last, and its stack when that is asked for.
import { Component } from "preact";
import { age, bytes, count, many, percent, place, rate, span, waiting } from "./format.js";
import { ActorName, html, Spark, State } from "./view.js";
import { ask } from "./stream.js";

export class Actor extends Component {
    state = { found: null, failed: "", stack: null, stackFailed: "", reading: false };

    componentDidMount() { this.turn(); this.timer = setInterval(() => this.turn(), 1000); }
    componentWillUnmount() { this.gone = true; clearInterval(this.timer); }

    async turn() {
        if (this.busy || this.props.over) return;
        this.busy = true;
        try {
            const found = await ask("actor", this.props.id);
            if (!this.gone) this.setState({ found, failed: "" });
        } catch (error) {
            if (!this.gone) this.setState({ failed: error.message });
        }
        this.busy = false;
    }

    readStack = async () => {
        this.setState({ reading: true, stackFailed: "" });
        try {
            const stack = await ask("stack", this.props.id);
            if (!this.gone) this.setState({ stack, reading: false });
        } catch (error) {
            if (!this.gone) this.setState({ stack: null, stackFailed: error.message, reading: false });
        }
    };

    render({ id, store, select, control, order, over }, { found, failed, stack, stackFailed, reading }) {
        const row = store.actor(id);
        if (!row) return html`<section class="card actor" id="actor" tabindex="-1"><header><h2>Actor ${id}</h2></header><p class="empty">It has ended. If it ended by a crash, the list of ends says how.</p></section>`;
        const now = store.now(), history = store.history(id);
        return html`<section class="card actor" id="actor" tabindex="-1" aria-labelledby="actor-title">
            <header><h2 id="actor-title">${row.name}</h2><${State} row=${row} /><span class="note">${age(now - row.since)}</span>
            <span class="tools">${control && !over && row.parent ? html`
                <button onClick=${() => order("restart", row)} disabled=${!row.supervised} title=${row.supervised ? "" : "It has no supervisor, so nobody would start it again."}>Restart</button>
                <button onClick=${() => order("stop", row)}>Stop</button>
                <button class="danger" onClick=${() => order("kill", row)}>Kill</button>` : null}</span></header>
            <dl>${facts(row, store, select, now)}</dl>
            <div class="sparks">
                <figure><figcaption>Taken/s <b>${rate(history.taken.mean(2))}</b></figcaption><${Spark} values=${history.taken.last(120)} width=${112} height=${28} /></figure>
                <figure><figcaption>Queued <b>${count(row.mailbox?.messages || 0)}</b></figcaption><${Spark} values=${history.depth.last(120)} width=${112} height=${28} /></figure>
                <figure><figcaption>CPU <b>${percent(row.cpu)}</b></figcaption><${Spark} values=${history.cpu.last(120)} width=${112} height=${28} most=${1} /></figure>
            </div>
            ${failed ? html`<p class="failed">${failed}</p>` : null}
            <${Mailbox} found=${found} row=${row} now=${now} />
            <h3>Stack <button disabled=${reading || over} onClick=${this.readStack}>${reading ? "Reading" : stack ? "Read it again" : "Read it"}</button></h3>
            ${stackFailed ? html`<p class="failed">${stackFailed}</p>` : null}
            ${stack ? html`<${Stack} stack=${stack} store=${store} now=${now} />` : html`<p class="dim">Reading it holds the process for some milliseconds.</p>`}
            <${Events} events=${found?.events && [...found.events].reverse()} now=${now} title="What it did last, newest first" />
        </section>`;
    }
}

function facts(row, store, select, now) {
    const pid = row.outer_pid && row.outer_pid !== row.pid ? `${row.pid} (outside: ${row.outer_pid})` : row.pid || "-";
    const shown = [
        ["Process", pid], ["Function", row.function || "-"],
        ["Started by", row.parent ? html`<${ActorName} id=${row.parent} store=${store} select=${select} />` : "the shell"],
        ["Restarts", row.supervised ? `${count(row.restarts)}, incarnation ${count(row.incarnation)}` : row.restarts ? count(row.restarts) : "no supervisor"],
        ["Memory", bytes(row.memory)],
        ["Messages", `${count(row.taken)} taken, ${count(row.sent)} sent, ${count(row.handled)} handled`],
    ];
    if (row.handling) shown.push(["Handles", html`<code>${row.handling.type}</code> for ${age(now - row.handling.since)}${row.handling.of ? html`, from <${ActorName} id=${row.handling.of} store=${store} select=${select} />` : null}${row.handling.deliveries > 1 ? `, delivered ${row.handling.deliveries} times` : ""}`]);
    (row.waits || []).forEach((why, i) => shown.push([i ? "" : "Waits for", html`${waiting(why, (it) => store.named(it), now)}${why.since ? html`<span class="dim"> for ${age(now - why.since)}</span>` : null}${!i && place(row.place) ? html` <span class="dim" title=${row.place.file}>at ${place(row.place)}</span>` : null}`]));
    if (row.cycle) shown.push(["Cycle", html`<b class="cycle">cycle ${row.cycle}</b> of the wait graph`]);
    return shown.map(([what, value]) => html`<dt>${what}</dt><dd>${value}</dd>`);
}

function Mailbox({ found, row, now }) {
    const types = found?.types || [], box = row.mailbox;
    if (!box) return null;
    const most = Math.max(1, ...types.map((one) => one.messages));
    const left = box.of_granules ? `, ${count(box.granules)} of ${count(box.of_granules)} granules` : "";
    return html`<h3>Mailbox <span class="note">${many(box.messages, "message")}, ${count(box.bytes)} bytes${left}</span></h3>
        ${types.length ? html`<table class="bars" aria-label="Messages by type"><thead><tr><th>Type</th><th class="n">Count</th><th class="n">Bytes</th><th class="n">Oldest</th></tr></thead>
            <tbody>${types.map((one) => html`<tr key=${one.type}><td><span class="length" style=${{ "--share": one.messages / most }}><code>${one.type}</code></span></td><td class="n">${count(one.messages)}</td><td class="n">${count(one.bytes)}</td><td class="n">${age(one.oldest_seconds ?? undefined)}</td></tr>`)}</tbody></table>
            ${found.from?.length ? html`<p class="dim">From ${found.from.map((one) => `${one.name} ${count(one.messages)}`).join(", ")}</p>` : null}`
        : html`<p class="dim">Nothing waits in it.</p>`}`;
}

export function Events({ events, now, title }) {
    if (!events?.length) return null;
    return html`<h3>${title}</h3><ol class="events">${events.map((one) => html`<li><span class="n dim">${span(now - one.at)}</span> <b>${one.kind}</b> ${one.type ? html`<code>${one.type}</code>` : null} ${one.peer_name ? html`<span class="dim">${one.peer_name}</span>` : null}</li>`)}</ol>`;
}

export function Frames({ frames }) {
    const mine = frames.filter((one) => !one.of_runtime), hidden = frames.length - mine.length;
    const line = (one) => html`<li class=${one.of_runtime ? "dim" : ""}><code>${one.function || `${(one.module || "?").split("/").pop()}+0x${(one.offset || 0).toString(16)}`}</code>${place(one) ? html` <span class="dim" title=${one.file}>${place(one)}</span>` : null}</li>`;
    return html`<ol class="frames">${mine.map(line)}</ol>${hidden ? html`<details><summary>${many(hidden, "frame")} of the runtime</summary><ol class="frames">${frames.map(line)}</ol></details>` : null}`;
}

function Stack({ stack, store, now }) {
    return html`<p class="dim">It was held for ${stack.held_ms.toFixed(1)} ms.</p>
        ${(stack.waiting || []).map((one) => html`<p>Waits for ${waiting(one.why, (it) => store.named(it), now)}</p>
            <ol class="frames">${one.places.map((at) => html`<li><code>${at.function || "a coroutine"}</code> <span class="dim" title=${at.file}>${place(at)}</span></li>`)}</ol>`)}
        <${Frames} frames=${stack.frames} />`;
}
