// The last ten minutes as curves, each beside a table that says the same.
import { Component } from "preact";
import uPlot from "uplot";
import { age, count, mark, rate, span } from "./format.js";
import { ActorName, Card, html, Table } from "./view.js";
import { post } from "./stream.js";
import { HISTORY, Series } from "./store.js";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// series: [{label, colour: name of a variable, show}], data as uPlot takes it. What is drawn follows the scheme.
class Plot extends Component {
    componentDidMount() {
        this.scheme = matchMedia("(prefers-color-scheme: dark)");
        this.again = () => { this.plot?.destroy(); this.make(); };
        this.scheme.addEventListener("change", this.again);
        this.make();
        this.seen = new ResizeObserver(() => this.plot.setSize({ width: this.box.clientWidth, height: this.props.height }));
        this.seen.observe(this.box);
    }
    componentWillUnmount() {
        this.scheme.removeEventListener("change", this.again);
        this.seen.disconnect();
        this.plot.destroy();
    }
    shouldComponentUpdate(next) {
        if (next.series.map((one) => one.label).join() !== this.props.series.map((one) => one.label).join()) {
            this.props = next;
            this.again();
        } else if (next.data !== this.props.data && this.plot) {
            this.plot.setData(next.data);
        }
        return false;
    }
    make() {
        const { series, height, log, show } = this.props, ink = colour("--dim"), faint = colour("--line");
        const axis = { stroke: ink, grid: { stroke: faint, width: 1 }, ticks: { stroke: faint, width: 1, size: 4 }, font: "11px system-ui, sans-serif" };
        const end = () => this.props.data[0].at(-1) || Date.now() / 1000;
        const begin = () => Math.max(end() - HISTORY, Math.min(this.props.data[0][0] || end(), end() - 60));
        const clock = (at) => new Date(at * 1000).toTimeString().slice(0, end() - begin() < 200 ? 8 : 5);
        const tens = (u) => { const found = []; for (let one = 1e-9; one <= u.scales.y.max * 1.01; one *= 10) if (one >= u.scales.y.min * 0.99) found.push(one); return found; };
        this.plot = new uPlot({
            width: this.box.clientWidth || 400, height, legend: { show: series.length > 1, live: false }, cursor: { y: false, points: { show: false } },
            scales: { x: { time: true, range: () => [begin(), end()] }, y: log ? { distr: 3 } : { range: (u, low, high) => [0, Math.max(1, high || 0) * 1.08] } },
            axes: [{ ...axis, values: (u, marks) => marks.map(clock), space: 70 }, { ...axis, size: 58, ...(log ? { splits: tens, filter: (u, marks) => marks } : {}), values: (u, marks) => marks.map((one) => (one === null ? "" : mark(show(one)))) }],
            series: [{}, ...series.map((one) => ({ label: one.label, stroke: colour(one.colour), width: 1.5, fill: one.fill ? `${colour(one.colour)}22` : undefined, points: { show: false } }))],
        }, this.props.data, this.box);
    }
    render() {
        return html`<div class="plot" role="img" aria-label=${this.props.label} ref=${(box) => { this.box = box; }}></div>`;
    }
}

export class Throughput extends Component {
    state = { what: "taken" };
    render({ store, select }, { what }) {
        const total = store.total[what], show = what === "taken" ? rate : count;
        if (this.drawn !== `${what} ${total.length}`) {
            this.drawn = `${what} ${total.length}`;
            this.data = [[...store.times], total.last(HISTORY)];
        }
        const busiest = store.actors().map((row) => ({ row, it: store.history(row.id)[what] }))
            .map((one) => ({ ...one, minute: one.it.mean(60), peak: one.it.peak(), now: one.it.mean(2) }))
            .filter((one) => one.peak > 0).sort((one, other) => other.minute - one.minute || other.now - one.now).slice(0, 8);
        const words = what === "taken" ? "messages taken in a second" : "messages that wait in mailboxes";
        return html`<${Card} id="throughput" title="Throughput" note=${`${words}, the last ${age((store.times.at(-1) || 0) - (store.times[0] || 0))}`}
            tools=${html`<span class="choice" role="group" aria-label="What is drawn">${[["taken", "Taken/s"], ["depth", "Queued"]].map(([name, title]) => html`<button aria-pressed=${what === name} onClick=${() => this.setState({ what: name })}>${title}</button>`)}</span>`}>
            <div class="beside"><${Plot} key=${what} height=${190} label=${`${words}: now ${show(total.mean(2))}, at most ${show(total.peak())}. The table beside it names the actors.`} data=${this.data} show=${show}
                series=${[{ label: words, colour: "--accent", fill: true }]} />
            <${Table} label=${`Actors by ${words}`} rows=${[{ all: true, minute: total.mean(60), now: total.mean(2), peak: total.peak() }, ...busiest]} keyOf=${(one) => one.row?.id || 0} rowClass=${(one) => one.all ? "total" : ""} columns=${[
        ["Actor", (one) => one.all ? "all" : html`<${ActorName} id=${one.row.id} store=${store} select=${select} />`],
        ["Now", (one) => show(one.now), "n"], ["1 minute", (one) => show(one.minute), "n"], ["Peak", (one) => show(one.peak), "n"]]} /></div>
        <//>`;
    }
}

const COLOURS = ["--accent", "--second", "--third", "--fourth"];

// Measured while somebody asks for it, because the program then reads a clock for each message.
export class Latencies extends Component {
    state = { on: false, rows: [], failed: "", times: [], types: new Map() };
    componentWillUnmount() { clearInterval(this.timer); }
    turnOn = () => {
        const on = !this.state.on;
        clearInterval(this.timer);
        this.setState({ on, failed: "" });
        if (!on) return;
        this.timer = setInterval(this.turn, 2000);
        this.turn();
    };
    turn = async () => {
        if (this.busy) return;
        this.busy = true;
        try {
            const { latencies } = await post("latencies", {});
            this.note(latencies);
        } catch (error) {
            clearInterval(this.timer);
            this.setState({ failed: error.message, on: false });
        }
        this.busy = false;
    };
    note(rows) {
        const { times, types } = this.state;
        times.push(Date.now() / 1000);
        for (const row of rows) if (!types.has(row.type)) types.set(row.type, new Series());
        for (const [type, series] of types) {
            while (series.length < times.length - 1) series.push(NaN);
            const row = rows.find((one) => one.type === type);
            series.push(row?.messages ? row.handling.p99 : NaN);
        }
        this.setState({ rows, times, types });
    }
    render({ over }, { on, rows, failed, times, types }) {
        const shown = [...rows].sort((one, other) => other.messages - one.messages), drawn = shown.slice(0, COLOURS.length).map((row) => row.type).sort();
        if (this.drawn !== `${times.length} ${drawn}`) {
            this.drawn = `${times.length} ${drawn}`;
            const some = times.slice(-HISTORY / 2);
            this.data = [some, ...drawn.map((type) => types.get(type).last(some.length).map((one) => (one > 0 ? one : null)))];
        }
        const button = html`<button aria-pressed=${on} disabled=${over} onClick=${this.turnOn}>${on ? "Stop measuring" : "Measure"}</button>`;
        return html`<${Card} id="latencies" title="Latency by message type" note=${on ? "the line is what 99 of 100 messages of the last seconds took to handle" : ""} tools=${button}
            empty=${failed || (!rows.length ? on ? "The actors begin to measure; the first numbers come in some seconds." : "Not measured. While it is, each message costs its actor two readings of the clock." : null)}>
            <div class="beside"><${Plot} height=${190} log=${true} label="Handling time by message type. The table beside it has the numbers." show=${span} data=${this.data} series=${drawn.map((type, i) => ({ label: type, colour: COLOURS[i] }))} />
            <${Table} label="Latency by message type" rows=${shown} keyOf=${(row) => row.type} columns=${[
        ["Type", (row) => html`<code>${row.type}</code>`], ["Messages", (row) => count(row.messages), "n"],
        ["Handled 50 %", (row) => span(row.handling.p50), "n"], ["99 %", (row) => span(row.handling.p99), "n"],
        ["Queued 50 %", (row) => span(row.queueing?.p50), "n"], ["99 %", (row) => span(row.queueing?.p99), "n"]]} /></div>
        <//>`;
    }
}
