// The page: what the tool tells of one program, and questions before anything is done to it.
import { Component, render } from "preact";
import { age, count, many, percent, rate } from "./format.js";
import { html } from "./view.js";
import { Store } from "./store.js";
import { enter, listen, post } from "./stream.js";
import { Tree } from "./tree.js";
import { Actor } from "./actor.js";
import { Latencies, Throughput } from "./plots.js";
import { WaitGraph } from "./graph.js";
import { Ends } from "./ends.js";
import { Channels, Doctor, Locks, memory, Names, Pools } from "./objects.js";

const ORDERS = {
    restart: (row) => `Its process ${row.pid} is ended, and its supervisor starts it again. What waits in its mailbox stays.`,
    stop: (row) => `Its process ${row.pid} is asked to stop. It does so when it next looks.`,
    kill: (row) => `Its process ${row.pid} is ended at once. ${row.supervised ? "Its supervisor starts it again." : "Nobody starts it again, and what waits in its mailbox is lost."}`,
};
const PARTS = [["actors", "Actors"], ["throughput", "Throughput"], ["waits", "Waits"], ["ends", "Ends"], ["channels", "Queues"], ["locks", "Locks"], ["latencies", "Latency"], ["doctor", "Doctor"]];

class Question extends Component {
    componentDidMount() { this.box.showModal(); }
    render({ order, row, yes, no }) {
        return html`<dialog ref=${(box) => { this.box = box; }} onClose=${no} aria-labelledby="question">
            <h2 id="question">${order[0].toUpperCase() + order.slice(1)} ${row.name}?</h2><p>${ORDERS[order](row)}</p>
            <div class="answers"><button id="no" autofocus onClick=${() => this.box.close()}>No</button><button id="yes" class="danger" onClick=${yes}>Yes, ${order} it</button></div></dialog>`;
    }
}

class Page extends Component {
    store = new Store();
    state = { turn: 0, selected: 0, failed: "", lost: false, ended: "", question: null, said: null };

    async componentDidMount() {
        setInterval(() => this.setState({}), 1000);
        addEventListener("keydown", this.onKey);
        try {
            await enter();
            listen(this.hear);
        } catch (error) {
            this.setState({ failed: error.message });
        }
    }

    hear = (event, said) => {
        if (event === "found") return this.setState({ lost: false });
        if (event === "lost") return this.setState({ lost: true });
        if (event === "ended") { this.store.stop(); return this.setState({ ended: said.text, question: null }); }
        this.store.hear(event, said);
        const { selected } = this.state;
        this.setState({ lost: false, selected: selected || this.interesting() });
    };

    // What is looked at first: an actor of a cycle, else the one with the most messages.
    interesting() {
        const rows = this.store.actors();
        const worst = rows.find((row) => row.cycle) || [...rows].sort((one, other) => (other.mailbox?.messages || 0) - (one.mailbox?.messages || 0) || one.id - other.id)[0];
        return worst?.id || 0;
    }

    onKey = (event) => {
        if (/INPUT|TEXTAREA/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
        const to = { "/": "#filter", a: ".grid", d: "#actor" }[event.key];
        if (!to || this.state.question) return;
        document.querySelector(to)?.focus();
        event.preventDefault();
    };

    select = (id) => this.setState({ selected: id });
    order = (order, row) => this.setState({ question: { order, row }, said: null });
    no = () => this.setState({ question: null });
    yes = async () => {
        const { order, row } = this.state.question;
        this.setState({ question: null, said: { text: `${row.name}: ${order} was asked for.` } });
        try {
            this.setState({ said: await post("order", { order, actor: row.id, pid: row.pid }) });
        } catch (error) {
            this.setState({ said: { text: error.message, failed: true } });
        }
    };

    render(_, { selected, failed, lost, ended, question, said }) {
        const { store } = this, { program } = store;
        if (failed) return html`<main class="alone"><h1>troupe</h1><p class="alarm">${failed}</p></main>`;
        if (!program) return html`<main class="alone"><h1>troupe</h1><p>${ended || (lost ? "troupe dash does not answer." : "Looking at the program.")}</p></main>`;
        document.title = `${program.name}, pid ${program.pid}${ended ? ", ended" : ""}`;
        const over = Boolean(ended), props = { store, selected, over, select: this.select };
        const alarms = store.whole.cycles?.length || 0, damaged = store.whole.damaged || [];
        const queued = store.actors().reduce((sum, row) => sum + (row.mailbox?.messages || 0), 0);
        const tiles = [["Actors", count(store.rows.actors.size)], ["Taken/s", rate(store.total.taken.mean(2))], ["Queued", count(queued)], ["CPU", percent(store.total.cpu.mean(1))],
            ["Restarts", count(program.restarts)], ["Ends", count(program.ends)], ["Cycles", count(alarms), alarms ? "bad" : ""], ["Shared memory", memory(program)]];
        return html`<header class="top"><div class="who"><h1>${program.name}</h1><span class="note">pid ${program.pid}, up ${age(store.now() - program.began)}</span>
                <span class="live ${over ? "over" : lost ? "lost" : ""}" role="status">${over ? "ended" : lost ? "no answer" : "live"}</span></div>
            <div class="tiles">${tiles.map(([title, value, kind]) => html`<div class="tile ${kind || ""}"><span>${title}</span><b>${value}</b></div>`)}</div>
            <nav aria-label="Parts of the page">${PARTS.map(([id, title]) => html`<a href=${`#${id}`} onClick=${(event) => { event.preventDefault(); document.getElementById(id)?.scrollIntoView(); }}>${title}</a>`)}</nav></header>
        <main>
            ${over ? html`<p class="alarm" role="alert">${ended}</p>` : lost ? html`<p class="alarm" role="alert">troupe dash does not answer. This is what it said last; the page tries again.</p>` : null}
            ${said ? html`<p class=${said.failed ? "alarm" : "said"} role="status">${said.text} <button class="link" onClick=${() => this.setState({ said: null })}>Close</button></p>` : null}
            ${damaged.map((text) => html`<p class="alarm">${text}</p>`)}
            <div class="all"><div class="left"><${Tree} ...${props} />
            <${Throughput} ...${props} /><${WaitGraph} ...${props} />
                <div class="pair"><${Ends} ...${props} /><div class="left"><${Locks} ...${props} /><${Pools} ...${props} /><${Names} ...${props} /></div></div>
                <${Channels} ...${props} /><${Latencies} ...${props} /><${Doctor} ...${props} /></div>
            ${selected ? html`<aside><${Actor} key=${selected} id=${selected} ...${props} control=${store.whole.control} order=${this.order} /></aside>` : null}</div>
        </main>
        <footer><span>${program.executable}</span><span>${program.library ? `troupe ${program.library}, ` : ""}layout ${program.layout}</span><span>${many(store.rows.actors.size, "actor")}</span><span>Keys: <kbd>/</kbd> filter, <kbd>a</kbd> actors, arrows move, <kbd>d</kbd> the chosen one</span><button class="link" onClick=${() => document.getElementById("licences").showModal()}>Licences</button></footer>
        ${question ? html`<${Question} ...${question} yes=${this.yes} no=${this.no} />` : null}`;
    }
}

render(html`<${Page} />`, document.getElementById("page"));
